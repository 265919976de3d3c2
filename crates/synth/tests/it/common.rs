//! The repository's own catalogue, and a day to live on.

use std::path::{Path, PathBuf};

use domain::Day;
use domain::catalogue::Catalogue;

pub(crate) fn catalogue() -> Catalogue {
    catalogue::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalogue")).unwrap()
}

pub(crate) fn today() -> Day {
    Day::parse_iso("2026-11-24").unwrap()
}

/// Names of the files in a folder, sorted.
pub(crate) fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}
