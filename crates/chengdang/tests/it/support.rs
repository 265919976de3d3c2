//! A city in a folder of its own, and the real binary over it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Root of the repository, where catalogue and policies lie.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The binary under test with a clean configuration over `data`.
pub(crate) fn chengdang(data: &Path, store: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chengdang"));
    command
        .current_dir(root())
        // The binary refuses settings that it does not know.
        .env_remove("CHENGDANG_TEST_SEED")
        .env("CHENGDANG_MODE", "test")
        .env("CHENGDANG_DATA", data)
        .env("CHENGDANG_STORE", store)
        // Small: some tests copy or search the data folder, and some keep it in memory.
        .env("CHENGDANG_RESERVE_MIB", "1")
        .env("CHENGDANG_REGISTER", data.join("city/register.csv"));
    command
}

/// Runs to the end and returns what was printed; panics with standard error if the exit code is not `code`.
pub(crate) fn run(command: &mut Command, code: i32) -> String {
    let output: Output = command.output().expect("the binary starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{command:?}\n{text}\n{errors}");
    text
}
