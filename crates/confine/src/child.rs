//! The process that reads one workbook.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::os::fd::AsFd;
use std::process::ExitCode;

use intake::{Limits, Pass};
use rustix::process::{DumpableBehavior, Resource, Rlimit, Signal};

use crate::confinement::Confinement;
use crate::filter;

/// What a reader may use up.
#[derive(Debug, Clone, Copy)]
pub struct Allowance {
    /// Address space.
    pub memory_bytes: u64,
    /// Processor time in seconds.
    pub processor_s: u64,
}

impl Default for Allowance {
    /// A workbook at its caps (768 MiB unpacked, 10 million cells) takes about half of the memory, and in a build that is not
    /// optimised about a third of the time.
    fn default() -> Self {
        Self {
            memory_bytes: 1 << 30,
            processor_s: 60,
        }
    }
}

/// The three that every process has.
const DESCRIPTORS_MAX: u64 = 3;
const BLOCK_BYTES: usize = 64 << 10;

/// Reads the workbook on standard input and writes its rows to standard output; `pass` is the second argument.
#[must_use]
pub fn serve(pass: Option<&str>) -> ExitCode {
    serve_by(pass, Allowance::default(), |file, pass, out| {
        let file = BufReader::with_capacity(BLOCK_BYTES, file);
        let mut out = BufWriter::with_capacity(BLOCK_BYTES, out);
        intake::write_frames(file, &Limits::default(), pass, &mut out)
    })
}

/// [`serve`] with another way to read, or another allowance. `read` is called when all is given up: with the file, the
/// pass, and where the rows go.
#[must_use]
pub fn serve_by(
    pass: Option<&str>,
    allowance: Allowance,
    read: impl FnOnce(File, Pass, &mut File) -> io::Result<()>,
) -> ExitCode {
    let pass = match pass {
        Some("count") => Pass::Count,
        Some("rows") => Pass::Rows,
        _ => return ExitCode::from(2),
    };
    // A panic message may quote what a cell holds.
    std::panic::set_hook(Box::new(|_| {}));
    let outcome = begin(allowance).and_then(|(file, mut out)| read(file, pass, &mut out));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// The file, and where the rows go; everything else is given up.
fn begin(allowance: Allowance) -> io::Result<(File, File)> {
    // Descriptors of our own: the locked handles of the library would be asked for terminals and encodings.
    let file = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut out = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let reached = confine(allowance)?;
    out.write_all(&[reached.to_byte()])?;
    Ok((file, out))
}

/// Gives up what reading needs not. The limits are a condition; the rest is reported.
fn confine(allowance: Allowance) -> io::Result<Confinement> {
    for (what, most) in [
        (Resource::As, allowance.memory_bytes),
        (Resource::Cpu, allowance.processor_s),
        (Resource::Nofile, DESCRIPTORS_MAX),
        (Resource::Nproc, 0),
        (Resource::Fsize, 0),
        (Resource::Core, 0),
    ] {
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        rustix::process::setrlimit(what, limit)?;
    }
    let is_private = rustix::process::set_parent_process_death_signal(Some(Signal::KILL)).is_ok()
        && rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable).is_ok();
    Ok(Confinement {
        is_private,
        // Last: it forbids all of the above.
        is_filtered: filter::apply(),
    })
}
