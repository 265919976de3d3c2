//! What a provider says it sent on a day: `FOLDER/USCC/DAY.manifest.json`.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use app::reconcile::{Statement, StatementUnreadable, Statements};
use domain::{Day, Uscc};

use super::MANIFEST;
use crate::adapters::folder::Folder;

/// Largest statement in bytes.
const STATEMENT_BYTES_MAX: u64 = 16 << 20;

/// Statements in the drop folder, for the service.
pub(crate) struct DroppedStatements(PathBuf);

impl DroppedStatements {
    /// Those below `folder`; none if it is empty.
    pub(crate) fn in_folder(folder: &Path) -> Self {
        Self(folder.to_owned())
    }
}

impl Statements for DroppedStatements {
    fn of(&self, provider: &Uscc, day: Day) -> Result<Vec<Statement>, StatementUnreadable> {
        find(&self.0, provider, day).map_err(|error| {
            tracing::warn!(
                error.code = StatementUnreadable::CODE,
                error = format_args!("{error:#}"),
                "the statement of a provider cannot be read"
            );
            StatementUnreadable
        })
    }
}

/// The statement of a provider and day below `folder`; nothing if there is none.
///
/// # Errors
///
/// If it cannot be read.
pub(crate) fn find(folder: &Path, provider: &Uscc, day: Day) -> anyhow::Result<Vec<Statement>> {
    if folder.as_os_str().is_empty() {
        return Ok(Vec::new());
    }
    let root = Folder::open(folder).context("the drop folder cannot be opened")?;
    if root.entry(provider.as_str())?.is_none() {
        return Ok(Vec::new());
    }
    let name = format!("{day}{MANIFEST}");
    let folder = root.child(provider.as_str())?;
    match folder.plain_file(&name)? {
        Some(file) => read(file),
        None if folder.entry(&name)?.is_some() => Err(anyhow!("it is no plain file")),
        None => Ok(Vec::new()),
    }
}

/// Reads a statement.
///
/// # Errors
///
/// If it is no list of statements.
pub(crate) fn read(file: File) -> anyhow::Result<Vec<Statement>> {
    let mut bytes = Vec::new();
    file.take(STATEMENT_BYTES_MAX).read_to_end(&mut bytes)?;
    // The parser's message would repeat what is there.
    serde_json::from_slice(&bytes).map_err(|error| anyhow!("line {}, column {}", error.line(), error.column()))
}
