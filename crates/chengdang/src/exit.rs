//! Exit codes, and how an error is told to the person at the terminal.

use std::io::Write;
use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// done
    Done,
    /// the file was refused as a whole; its receipt was printed
    Refused,
    /// damage was found
    Damaged,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => Self::SUCCESS,
            Exit::Refused => Self::from(3),
            Exit::Damaged => Self::from(4),
        }
    }
}

/// Prints what went wrong and its causes on standard error. A reader who has seen enough (`| head`) is no error.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    let io = error.downcast_ref::<std::io::Error>();
    if io.is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe) {
        return ExitCode::SUCCESS;
    }
    // Standard error may be closed; then there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "chengdang: {error:#}");
    ExitCode::FAILURE
}

/// A panic is reported by its place alone: its message may quote what a cell holds.
pub(crate) fn install_panic_hook() {
    std::panic::set_hook(Box::new(|info| {
        let place = info
            .location()
            .map(|place| format!("{}:{}", place.file(), place.line()))
            .unwrap_or_default();
        tracing::error!(
            error.code = "CLI-0001",
            place,
            "a part of the program failed unexpectedly"
        );
    }));
}
