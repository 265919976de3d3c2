//! Connections: the settings on which durability and append-only rest, asserted by reading them back.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Params, Row};
use store::{IndexTag, Sealed, StoreError};
use uuid::Uuid;

use crate::fault::{Fault, damaged, translate};

/// How long a write waits for another process's transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes to which the write-ahead log is cut when it begins anew, and from which it is moved into the file.
pub(crate) const WAL_BYTES_KEPT: u64 = 16 << 20;
/// Statements kept prepared per connection.
const STATEMENTS_CACHED: usize = 160;

/// Settings with the value that must be read back. `synchronous` 2 = FULL: a commit is on disk before it is answered.
/// `recursive_triggers`: without it INSERT OR REPLACE slips past the triggers that hold append-only. `secure_delete`:
/// an erased salt leaves no bytes in the file. `temp_store` 2 = memory: no temporary files.
const SETTINGS: [(&str, &str, &str); 6] = [
    ("synchronous", "FULL", "2"),
    ("foreign_keys", "ON", "1"),
    ("recursive_triggers", "ON", "1"),
    ("secure_delete", "ON", "1"),
    ("temp_store", "MEMORY", "2"),
    ("trusted_schema", "OFF", "0"),
];

/// Opens a connection that writes.
pub(crate) fn open_writing(path: &Path, cache_mib: u32) -> Result<Connection, StoreError> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE, cache_mib)?;
    // The checkpointer moves pages into the file, so that no commit waits for it; see `write`.
    set(&connection, "wal_autocheckpoint", "0", "0")?;
    let kept = WAL_BYTES_KEPT.to_string();
    set(&connection, "journal_size_limit", &kept, &kept)?;
    keep_names(path)?;
    Ok(connection)
}

/// Makes the names in the folder durable. SQLite syncs it when it has made a log, and goes on if that fails (`unixSync` in
/// its `os_unix.c`); a log that loses its name with the power takes along what was committed. So it is done here, while
/// nothing is acknowledged: from now on the log lives as long as this connection.
fn keep_names(path: &Path) -> Result<(), StoreError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = File::open(folder.unwrap_or(Path::new(".")));
    folder
        .and_then(|folder| folder.sync_all())
        .map_err(|error| StoreError::Unavailable {
            cause: format!("the folder of the store: {}", error.kind()),
        })
}

/// Opens a connection that only reads.
pub(crate) fn open_reading(path: &Path, cache_mib: u32) -> Result<Connection, StoreError> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE, cache_mib)?;
    set(&connection, "query_only", "ON", "1")?;
    Ok(connection)
}

fn open(path: &Path, flags: OpenFlags, cache_mib: u32) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .map_err(|error| translate(&error))?;
    connection
        .busy_timeout(BUSY_TIMEOUT)
        .map_err(|error| translate(&error))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    set(&connection, "journal_mode", "WAL", "wal")?;
    for (name, value, expected) in SETTINGS {
        set(&connection, name, value, expected)?;
    }
    // Negative: in KiB rather than pages.
    let cache = format!("-{}", u64::from(cache_mib) * 1024);
    set(&connection, "cache_size", &cache, &cache)?;
    Ok(connection)
}

/// Sets a pragma and refuses to go on unless it reads back as `expected`.
fn set(connection: &Connection, name: &str, value: &str, expected: &str) -> Result<(), StoreError> {
    connection
        .pragma_update(None, name, value)
        .map_err(|error| translate(&error))?;
    let read: rusqlite::types::Value = connection
        .pragma_query_value(None, name, |row| row.get(0))
        .map_err(|error| translate(&error))?;
    let read = match read {
        rusqlite::types::Value::Integer(number) => number.to_string(),
        rusqlite::types::Value::Text(text) => text,
        _ => String::new(),
    };
    if read == expected {
        Ok(())
    } else {
        Err(StoreError::Damaged {
            what: format!("SQLite does not take the setting {name} = {value}"),
        })
    }
}

/// Runs a statement that returns no rows; how many rows it touched.
pub(crate) fn execute(connection: &Connection, sql: &str, params: impl Params) -> Result<usize, Fault> {
    Ok(connection.prepare_cached(sql)?.execute(params)?)
}

/// All rows of a statement.
pub(crate) fn all<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    mut read: impl FnMut(&Row<'_>) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

/// The first row of a statement, if there is one.
pub(crate) fn first<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnOnce(&Row<'_>) -> Result<T, Fault>,
) -> Result<Option<T>, Fault> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    rows.next()?.map(read).transpose()
}

/// A column of exactly `N` bytes.
pub(crate) fn bytes<const N: usize>(row: &Row<'_>, column: usize) -> Result<[u8; N], Fault> {
    row.get_ref(column)?
        .as_blob()
        .ok()
        .and_then(|blob| blob.try_into().ok())
        .ok_or_else(|| damaged("a stored value has another length"))
}

/// The same where there may be none.
pub(crate) fn bytes_or_none<const N: usize>(row: &Row<'_>, column: usize) -> Result<Option<[u8; N]>, Fault> {
    match row.get_ref(column)?.as_blob_or_null().ok().flatten() {
        Some(_) => bytes(row, column).map(Some),
        None => Ok(None),
    }
}

/// A public id.
pub(crate) fn uuid(row: &Row<'_>, column: usize) -> Result<Uuid, Fault> {
    bytes(row, column).map(Uuid::from_bytes)
}

/// A sealed pair: salt in `column`, ciphertext in the next.
pub(crate) fn sealed(row: &Row<'_>, column: usize) -> Result<Sealed, Fault> {
    let ciphertext: Option<Vec<u8>> = row.get(column + 1)?;
    let salt = if ciphertext.is_some() {
        Some(bytes(row, column)?)
    } else {
        None
    };
    Ok(Sealed { salt, ciphertext })
}

/// A tag in three columns.
pub(crate) fn index_tag(row: &Row<'_>, column: usize) -> Result<IndexTag, Fault> {
    let index = store::BlindIndex::from_code(row.get(column + 1)?).ok_or_else(|| damaged("an unknown blind index"))?;
    Ok(IndexTag {
        tag: bytes(row, column)?,
        index,
        key_version: row.get(column + 2)?,
    })
}

/// A word of an enum.
pub(crate) fn word<T>(row: &Row<'_>, column: usize, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, Fault> {
    let text = row
        .get_ref(column)?
        .as_str()
        .map_err(|_| damaged("a stored word has another form"))?;
    parse(text).ok_or_else(|| damaged("a stored word is unknown"))
}

/// A count, which SQLite keeps signed.
pub(crate) fn count(row: &Row<'_>, column: usize) -> Result<u64, Fault> {
    u64::try_from(row.get::<_, i64>(column)?).map_err(|_| damaged("a stored count is negative"))
}

/// A count as SQLite keeps it.
pub(crate) fn signed(count: u64) -> Result<i64, Fault> {
    i64::try_from(count).map_err(|_| {
        Fault::Store(StoreError::Invalid {
            what: "a number is too large",
        })
    })
}
