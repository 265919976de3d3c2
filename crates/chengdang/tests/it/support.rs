//! A city in a folder of its own, and the real binary over it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::str::FromStr;
use std::time::{Duration, Instant};

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
        .env_remove("CHENGDANG_SOAK")
        .env_remove("CHENGDANG_SOAK_S")
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

/// What `variable` of the environment says, as `make soak` sets it, or `otherwise`, which is for `make test`.
pub(crate) fn chosen<T: FromStr>(variable: &str, otherwise: T) -> T {
    let text = std::env::var(variable).ok();
    text.map_or(otherwise, |text| {
        text.parse().unwrap_or_else(|_| panic!("{variable} is no number"))
    })
}

/// The seed of a test: `CHENGDANG_TEST_SEED`, or a random one. It is printed.
pub(crate) fn seed() -> u64 {
    let seed = std::env::var("CHENGDANG_TEST_SEED").map_or_else(
        |_| u64::from_le_bytes(vault::random_bytes().unwrap()),
        |text| text.parse().unwrap(),
    );
    println!("CHENGDANG_TEST_SEED={seed}");
    seed
}

/// How long a run may go on that is bounded by a count: `CHENGDANG_SOAK_S` seconds, or until the count is reached.
pub(crate) struct Bound(Instant, Duration);

impl Bound {
    pub(crate) fn new() -> Self {
        Self(
            Instant::now(),
            Duration::from_secs(chosen("CHENGDANG_SOAK_S", u64::from(u32::MAX))),
        )
    }

    /// Says so when it ends a run.
    pub(crate) fn is_over(&self) -> bool {
        let is_over = self.0.elapsed() >= self.1;
        if is_over {
            println!("ended by CHENGDANG_SOAK_S before its count");
        }
        is_over
    }
}
