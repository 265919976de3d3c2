//! What PostgreSQL answers, in the store's words. A server's message and DETAIL can quote a row, so neither is passed
//! on: only the error class and the table.

use store::StoreError;
use tokio_postgres::error::SqlState;

/// A fault inside a transaction: the store's own, or the server's.
#[derive(Debug)]
pub(crate) enum Fault {
    /// Already in the store's words.
    Store(StoreError),
    /// As the driver gave it.
    Postgres(tokio_postgres::Error),
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<tokio_postgres::Error> for Fault {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Postgres(error)
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Store(error) => error,
            Fault::Postgres(error) => translate(&error),
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

/// The driver's error in the store's words.
pub(crate) fn translate(error: &tokio_postgres::Error) -> StoreError {
    let Some(answer) = error.as_db_error() else {
        let cause = if error.is_closed() {
            "the connection was lost"
        } else {
            "the server did not answer as expected"
        };
        return StoreError::Unavailable {
            cause: cause.to_owned(),
        };
    };
    let code = answer.code();
    if *code == SqlState::UNIQUE_VIOLATION {
        return StoreError::Conflict {
            what: collision(answer.table().unwrap_or_default()),
        };
    }
    if [
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::LOCK_NOT_AVAILABLE,
    ]
    .contains(code)
    {
        return StoreError::Conflict {
            what: "another transaction was in the way",
        };
    }
    if *code == SqlState::FOREIGN_KEY_VIOLATION {
        return StoreError::Missing {
            what: "a row that is referred to",
        };
    }
    if [SqlState::RESTRICT_VIOLATION, SqlState::INSUFFICIENT_PRIVILEGE].contains(code) {
        return StoreError::Invalid {
            what: "the table is append-only",
        };
    }
    if *code == SqlState::DISK_FULL {
        return StoreError::Full;
    }
    match code.code().get(..2) {
        // Integrity constraint violations and data exceptions: a value breaks a rule of its column.
        Some("22" | "23") => StoreError::Invalid {
            what: "a value breaks a rule of its column",
        },
        // Syntax errors and unknown names: the schema is not as this version expects.
        Some("42") => StoreError::Damaged {
            what: "a statement does not fit the schema".to_owned(),
        },
        // Data corrupted, index corrupted.
        Some("XX") => StoreError::Damaged {
            what: format!("the server reports {}", code.code()),
        },
        _ => StoreError::Unavailable {
            cause: format!("the server reports {}", code.code()),
        },
    }
}

/// Which rule two writers met at, from the table that the server names.
fn collision(table: &str) -> &'static str {
    match table {
        "record" => "a fact has a newer revision",
        "record_event" => "a record has a newer event",
        "blind_index" => "a person appeared meanwhile",
        "chunk" => "the chunk is there already",
        "staged_row" => "the staged row is there already",
        "staged_resolution" => "the staged row was resolved already",
        "procedure" => "the procedure is there already",
        "procedure_step" => "the procedure has a newer step",
        "trace" => "the trace is there already",
        "delivery" => "the delivery is there already",
        "log_entry" => "another sequencer was faster",
        _ => "a row is there already",
    }
}
