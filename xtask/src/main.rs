//! Chores of the repository that need more than a shell line.
//!
//! `cargo xtask tidy` reads the tree and the package graph and reports every place that breaks a rule of `ARCHITECTURE.md`
//! or `CONTRIBUTING.md` which the compiler cannot see. It knows nothing of what the system does.

mod tidy;

use std::env;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};

const USAGE: &str = "usage: cargo xtask tidy    check layers, licences, documents and the other rules of the tree";

fn main() -> ExitCode {
    if env::args().nth(1).as_deref() != Some("tidy") {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    }
    match workspace_root().and_then(|root| tidy::run(&root)) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("tidy: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// The nearest folder above the current one that holds this crate.
fn workspace_root() -> Result<PathBuf> {
    let here = env::current_dir().context("the current folder is gone")?;
    let root = here
        .ancestors()
        .find(|folder| folder.join("xtask/Cargo.toml").is_file());
    Ok(root.context("start it inside the repository")?.to_path_buf())
}
