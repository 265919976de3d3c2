//! What SQLite answers, in the store's words. Its messages name tables and columns, never contents, but only fixed
//! texts are passed on.

use std::path::Path;

use rusqlite::ffi::{self, ErrorCode};
use store::StoreError;

/// A fault inside a job: the store's own, or SQLite's.
#[derive(Debug)]
pub(crate) enum Fault {
    /// Already in the store's words.
    Store(StoreError),
    /// As SQLite gave it.
    Sqlite(rusqlite::Error),
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Store(error) => error,
            Fault::Sqlite(error) => translate(&error),
        }
    }
}

/// A stored value that this version cannot read.
pub(crate) fn damaged(what: &str) -> Fault {
    Fault::Store(StoreError::Damaged { what: what.to_owned() })
}

/// Missing row.
pub(crate) fn missing(what: &'static str) -> Fault {
    Fault::Store(StoreError::Missing { what })
}

/// Lost race.
pub(crate) fn conflict(what: &'static str) -> Fault {
    Fault::Store(StoreError::Conflict { what })
}

/// Says of a failure on the disk of `folder` that the disk is full, if it is. SQLite tells that of a write alone: shared
/// memory that cannot grow, or a sync that finds no block, is an I/O error like any other.
pub(crate) fn or_full(error: StoreError, folder: &Path) -> StoreError {
    match error {
        StoreError::Unavailable { .. } if reserve::is_full(folder) => StoreError::Full,
        other => other,
    }
}

/// SQLite's error in the store's words.
pub(crate) fn translate(error: &rusqlite::Error) -> StoreError {
    match error {
        rusqlite::Error::SqliteFailure(code, message) => of_code(*code, message.as_deref().unwrap_or_default()),
        rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..) => StoreError::Damaged {
            what: "a stored value has another form".to_owned(),
        },
        // The rest are faults of the program's SQL; their texts can hold statements, so they are not passed on.
        _ => StoreError::Damaged {
            what: "a statement does not fit the schema".to_owned(),
        },
    }
}

fn of_code(error: ffi::Error, message: &str) -> StoreError {
    match (error.code, error.extended_code) {
        (_, ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID) => {
            StoreError::Conflict {
                what: collision(message),
            }
        }
        (_, ffi::SQLITE_CONSTRAINT_FOREIGNKEY) => StoreError::Missing {
            what: "a row that is referred to",
        },
        (_, ffi::SQLITE_CONSTRAINT_TRIGGER) => StoreError::Invalid {
            what: "the table is append-only",
        },
        (ErrorCode::ConstraintViolation, _) => StoreError::Invalid {
            what: "a value breaks a rule of its column",
        },
        (ErrorCode::DiskFull, _) => StoreError::Full,
        (ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::SchemaChanged, _) => StoreError::Damaged {
            what: ffi::code_to_str(error.extended_code).to_owned(),
        },
        _ => StoreError::Unavailable {
            cause: ffi::code_to_str(error.extended_code).to_owned(),
        },
    }
}

/// Which rule two writers met at, from the table that SQLite names.
fn collision(message: &str) -> &'static str {
    const TABLES: [(&str, &str); 9] = [
        (": record.", "a fact has a newer revision"),
        (": record_event.", "a record has a newer event"),
        (": chunk.", "the chunk is there already"),
        (": staged_row.", "the staged row is there already"),
        (": staged_resolution.", "the staged row was resolved already"),
        (": procedure.", "the procedure is there already"),
        (": procedure_step.", "the procedure has a newer step"),
        (": trace.", "the trace is there already"),
        (": delivery.", "the delivery is there already"),
    ];
    TABLES
        .iter()
        .find(|(table, _)| message.contains(table))
        .map_or("a row is there already", |(_, what)| what)
}
