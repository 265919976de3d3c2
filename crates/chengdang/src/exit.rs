//! Exit codes, and how an error is told to the person at the terminal.

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

/// Prints what went wrong and its causes on standard error.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    // Standard error may be closed; then there is nobody to tell.
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "chengdang: {error:#}");
    ExitCode::FAILURE
}
