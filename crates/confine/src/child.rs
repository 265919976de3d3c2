//! The process that reads one workbook.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::os::fd::AsFd;
use std::process::ExitCode;

use intake::{Limits, Pass};
use rustix::process::{DumpableBehavior, Resource, Rlimit, Signal};

use crate::confinement::Confinement;
use crate::filter;

/// Address space. A workbook at its caps (768 MiB unpacked, 10 million cells) takes about half of it.
const MEMORY_BYTES_MAX: u64 = 1 << 30;
/// Processor time. A workbook at its caps takes about a third of it in a build that is not optimised.
const PROCESSOR_SECONDS_MAX: u64 = 60;
/// The three that every process has.
const DESCRIPTORS_MAX: u64 = 3;
const BLOCK_BYTES: usize = 64 << 10;

/// Reads the workbook on standard input and writes its rows to standard output; `pass` is the second argument.
#[must_use]
pub fn serve(pass: Option<&str>) -> ExitCode {
    let pass = match pass {
        Some("count") => Pass::Count,
        Some("rows") => Pass::Rows,
        _ => return ExitCode::from(2),
    };
    // A panic message may quote what a cell holds.
    std::panic::set_hook(Box::new(|_| {}));
    match read(pass) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn read(pass: Pass) -> io::Result<()> {
    // Descriptors of our own: the locked handles of the library would be asked for terminals and encodings.
    let file = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut out = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let reached = confine()?;
    out.write_all(&[reached.to_byte()])?;
    let mut out = BufWriter::with_capacity(BLOCK_BYTES, out);
    intake::write_frames(
        BufReader::with_capacity(BLOCK_BYTES, file),
        &Limits::default(),
        pass,
        &mut out,
    )
}

/// Gives up what reading needs not. The limits are a condition; the rest is reported.
fn confine() -> io::Result<Confinement> {
    for (what, most) in [
        (Resource::As, MEMORY_BYTES_MAX),
        (Resource::Cpu, PROCESSOR_SECONDS_MAX),
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
