//! The schema and its versions. Migrations run only when asked for; a store of another version is not opened.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use refinery::Migration;
use rusqlite::{Connection, OpenFlags};
use store::StoreError;

use crate::fault::translate;
use crate::folder_of;

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// Bytes of a page: set when the file is made. A chunk of an intake touches nearly every page of the indexes whatever their
/// size, and records of about a kilobyte fill large pages better: a million rows in chunks of 50,000 took 14.1 CPU-s with
/// 4 KiB, 11.8 with 8 KiB and 10.1 with 16 KiB (`store-sqlite-speed`).
const PAGE_BYTES: u32 = 16_384;

/// Creates the file at `path` if there is none, readable by its owner only, and brings it to this version's schema.
/// Returns how many migrations ran.
///
/// # Errors
///
/// [`StoreError::Damaged`] if the file was migrated by another version of the program.
pub fn migrate(path: &Path) -> Result<usize, StoreError> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(|error| StoreError::Unavailable {
            cause: error.kind().to_string(),
        })?;
    let mut connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(|error| translate(&error))?;
    connection
        .pragma_update(None, "page_size", PAGE_BYTES)
        .map_err(|error| translate(&error))?;
    connection
        .pragma_update(None, "journal_mode", "WAL")
        .map_err(|error| translate(&error))?;
    connection
        .pragma_update(None, "synchronous", "FULL")
        .map_err(|error| translate(&error))?;
    // A step may make a table anew that others refer to; what it leaves is looked at below.
    connection
        .pragma_update(None, "foreign_keys", "OFF")
        .map_err(|error| translate(&error))?;
    let report = embedded::migrations::runner()
        .set_abort_divergent(true)
        .set_abort_missing(true)
        // One transaction: else a step and the note that it was made are two, and a stop between them is never got over.
        .set_grouped(true)
        .run(&mut connection)
        .map_err(|error| {
            if reserve::is_full(folder_of(path)) {
                StoreError::Full
            } else {
                refused(&error)
            }
        })?;
    Ok(report.applied_migrations().len())
}

/// Whether the file at `path` has exactly this version's schema.
///
/// # Errors
///
/// [`StoreError::Damaged`] if it has another, [`StoreError::Unavailable`] if the file cannot be opened.
pub fn check_schema(path: &Path) -> Result<(), StoreError> {
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(|error| translate(&error))?;
    let found = applied(&connection).map_err(|error| translate(&error))?;
    let runner = embedded::migrations::runner();
    let expected: Vec<(i64, String)> = runner
        .get_migrations()
        .iter()
        .map(|step| (version(step), step.checksum().to_string()))
        .collect();
    if found == expected {
        return Ok(());
    }
    let versions = |list: &[(i64, String)]| list.last().map_or(0, |(version, _)| *version);
    let (have, want) = (versions(&found), versions(&expected));
    let what = match have.cmp(&want) {
        std::cmp::Ordering::Less => format!("its schema is version {have}, this program needs {want}: run migrate"),
        std::cmp::Ordering::Greater => format!("its schema is version {have}, this program knows only {want}"),
        std::cmp::Ordering::Equal => format!("its schema says version {have} but was made by other migrations"),
    };
    Err(StoreError::Damaged { what })
}

/// Versions and checksums in the file's history; none if it has no history.
fn applied(connection: &Connection) -> rusqlite::Result<Vec<(i64, String)>> {
    const HISTORY: &str = "refinery_schema_history";
    if !connection.table_exists(None, HISTORY)? {
        return Ok(Vec::new());
    }
    let mut statement = connection.prepare(include_str!("../sql/refinery_schema_history/list.sql"))?;
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

fn version(migration: &Migration) -> i64 {
    i64::from(migration.version())
}

/// The tool's refusal. Its texts name migrations, not contents.
fn refused(error: &refinery::Error) -> StoreError {
    StoreError::Damaged {
        what: format!("the migration was refused: {error}"),
    }
}
