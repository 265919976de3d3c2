//! The side that asks: hands the file over, and believes nothing that comes back.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use intake::{FileFault, Frames, Limits, Pass, WorkbookCap, Workbooks};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::{MemfdFlags, SealFlags};

use crate::{COMMAND, Confinement};

/// How long a reader may let us wait, all in all. Time in which we are busy ourselves does not count.
const WAIT_MAX: Duration = Duration::from_mins(2);
const BLOCK_BYTES: usize = 64 << 10;
/// What the kernel keeps between the two processes, so that both work at once.
const PIPE_BYTES: usize = 1 << 20;

/// Starts a confined process for each workbook and pass.
#[derive(Debug)]
pub struct ConfinedReader {
    program: PathBuf,
    wait_max: Duration,
    /// Somebody was told that confinement is not full.
    is_told: AtomicBool,
}

impl ConfinedReader {
    /// `program` calls [`crate::serve`] if its first argument is [`COMMAND`].
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        Self {
            program: program.as_ref().into(),
            wait_max: WAIT_MAX,
            is_told: AtomicBool::new(false),
        }
    }

    /// The program that runs, even if its file was replaced meanwhile.
    #[must_use]
    pub fn of_this_program() -> Self {
        Self::new("/proc/self/exe")
    }

    /// Waits at most so long for all of a reader's rows, instead of two minutes.
    #[must_use]
    pub const fn waiting_at_most(mut self, time: Duration) -> Self {
        self.wait_max = time;
        self
    }

    /// Starts a reader on nothing and asks how well it is confined.
    ///
    /// # Errors
    ///
    /// If none can be started.
    pub fn confinement(&self) -> io::Result<Confinement> {
        let (reading, reached) = self.start(&mut io::empty(), 0, Pass::Count)?;
        drop(reading);
        Ok(reached)
    }

    fn start(&self, file: &mut dyn Read, bytes_max: u64, pass: Pass) -> io::Result<(Reading, Confinement)> {
        let copy = sealed_copy(file, bytes_max)?;
        let mut child = Command::new(&self.program)
            .arg(COMMAND)
            .arg(match pass {
                Pass::Count => "count",
                Pass::Rows => "rows",
            })
            .env_clear()
            .current_dir("/")
            .stdin(copy)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let Some(out) = child.stdout.take() else {
            return Err(io::Error::other("no pipe"));
        };
        // The kernel may refuse a larger pipe; then it works with the one it has.
        let _ = rustix::pipe::fcntl_setpipe_size(&out, PIPE_BYTES);
        let left = self.wait_max;
        let out = Patient { out, left };
        let mut reading = Reading {
            child,
            out: BufReader::with_capacity(BLOCK_BYTES, out),
        };
        let mut byte = [0];
        reading.out.read_exact(&mut byte)?;
        let [byte] = byte;
        let reached = Confinement::from_byte(byte).ok_or_else(|| io::Error::other("no reader of workbooks"))?;
        if !reached.is_full() && !self.is_told.swap(true, Ordering::Relaxed) {
            tracing::warn!(confinement = %reached, "workbooks are read with less confinement than this program asks for");
        }
        Ok((reading, reached))
    }
}

impl Workbooks for ConfinedReader {
    fn begin(&self, file: &mut dyn Read, limits: &Limits, pass: Pass) -> Result<Box<dyn Frames>, FileFault> {
        match self.start(file, limits.xlsx_bytes_max, pass) {
            Ok((reading, _)) => Ok(Box::new(reading)),
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => Err(FileFault::WorkbookTooLarge {
                cap: WorkbookCap::Bytes,
            }),
            Err(error) => Err(FileFault::Read(error)),
        }
    }
}

/// The file in memory that this process does not map and nobody can change: what is read twice is the same twice.
fn sealed_copy(file: &mut dyn Read, bytes_max: u64) -> io::Result<File> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let mut copy = File::from(rustix::fs::memfd_create("workbook", flags)?);
    let mut block = vec![0; BLOCK_BYTES];
    let mut bytes = 0;
    loop {
        let read = match file.read(&mut block) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            other => other?,
        };
        if read == 0 {
            break;
        }
        bytes += read as u64;
        if bytes > bytes_max {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        copy.write_all(block.get(..read).unwrap_or_default())?;
    }
    let seals = SealFlags::GROW | SealFlags::SHRINK | SealFlags::WRITE | SealFlags::SEAL;
    rustix::fs::fcntl_add_seals(&copy, seals)?;
    io::Seek::rewind(&mut copy)?;
    Ok(copy)
}

/// A pipe that is waited for, but not for ever.
struct Patient {
    out: ChildStdout,
    left: Duration,
}

impl Read for Patient {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let begin = Instant::now();
        let timeout = Timespec::try_from(self.left).ok();
        let ready = loop {
            let mut pipe = [PollFd::new(&self.out, PollFlags::IN)];
            match rustix::event::poll(&mut pipe, timeout.as_ref()) {
                Err(rustix::io::Errno::INTR) => {}
                other => break other?,
            }
        };
        self.left = self.left.saturating_sub(begin.elapsed());
        if ready == 0 || self.left.is_zero() {
            self.left = Duration::ZERO;
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.out.read(into)
    }
}

/// A confined process at work. It ends with this value.
struct Reading {
    child: Child,
    out: BufReader<Patient>,
}

impl Read for Reading {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.out.read(into)
    }
}

impl Frames for Reading {
    fn broken(&mut self) -> FileFault {
        // Whoever died before keeps his own end; whoever did not has said something that no reader says.
        let _ = self.child.kill();
        let status = self.child.wait().ok();
        let signal = status.and_then(|status| status.signal());
        let was_patient = !self.out.get_ref().left.is_zero();
        let left_in_pipe = self.out.fill_buf().map_or(0, <[u8]>::len);
        tracing::warn!(
            signal,
            was_patient,
            left_in_pipe,
            "a reader of a workbook ended before its end"
        );
        match signal {
            // Out of processor time; out of memory (the allocator aborts), or of stack.
            Some(libc::SIGXCPU | libc::SIGABRT) => FileFault::WorkbookTooCostly,
            Some(libc::SIGKILL) if !was_patient || left_in_pipe == 0 => FileFault::WorkbookTooCostly,
            _ => FileFault::DamagedWorkbook { line: None },
        }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        // It may have ended already; then there is only its status to collect.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
