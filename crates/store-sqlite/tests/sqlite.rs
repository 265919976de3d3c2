//! The suite of `store` on SQLite, and what only SQLite can break.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends at the first surprise, in its helpers too"
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;
use store::conformance::{Fixture, fill_every_table, run_all};
use store::{BlindIndex, ChunkCommit, DeliveryStore, LogStore, RecordStore, StagedKind, Store, StoreError, TraceKind};
use store_sqlite::{SqliteOptions, SqliteStore, migrate};

fn options() -> SqliteOptions {
    SqliteOptions {
        cache_mib: 8,
        readers: 2,
        reader_cache_mib: 2,
        ..SqliteOptions::default()
    }
}

fn fresh(folder: &Path, number: usize) -> (PathBuf, SqliteStore) {
    let path = folder.join(format!("{number}.db"));
    migrate(&path).unwrap();
    let store = SqliteStore::open(&path, &options()).unwrap();
    (path, store)
}

#[tokio::test(flavor = "multi_thread")]
async fn conforms() {
    let folder = tempfile::tempdir().unwrap();
    let number = std::sync::atomic::AtomicUsize::new(0);
    run_all(|| async {
        let number = number.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Arc::new(fresh(folder.path(), number).1) as Arc<dyn Store>
    })
    .await;
    assert!(number.into_inner() >= 39, "the suite ran");
}

#[test]
fn every_statement_is_prepared() {
    let folder = tempfile::tempdir().unwrap();
    let (path, store) = fresh(folder.path(), 0);
    drop(store);
    let connection = Connection::open(path).unwrap();
    let mut prepared = 0;
    let sql = Path::new(env!("CARGO_MANIFEST_DIR")).join("sql");
    for table in std::fs::read_dir(sql).unwrap() {
        for file in std::fs::read_dir(table.unwrap().path()).unwrap() {
            let file = file.unwrap().path();
            let text = std::fs::read_to_string(&file).unwrap();
            assert!(
                text.starts_with("-- "),
                "{} does not say what it answers",
                file.display()
            );
            connection
                .prepare(&text)
                .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            prepared += 1;
        }
    }
    assert!(prepared > 70, "only {prepared} statements were found");
}

#[test]
fn every_column_has_a_comment() {
    let schema = [
        include_str!("../migrations/V0001__create_tables.sql"),
        include_str!("../migrations/V0004__index_by_sorted_runs.sql"),
        include_str!("../migrations/V0005__write_records_fast.sql"),
        include_str!("../migrations/V0006__publish_log.sql"),
    ]
    .concat();
    let mut before = "";
    for line in schema.lines() {
        let is_column =
            [" INTEGER", " TEXT", " BLOB"].iter().any(|kind| line.contains(kind)) && line.starts_with("    ");
        let is_column = is_column && !line.trim_start().starts_with("--");
        assert!(
            !is_column || before.trim_start().starts_with("-- "),
            "no comment above: {line}"
        );
        before = line;
    }
}

#[test]
fn another_schema_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let open = || {
        SqliteStore::open(&path, &options())
            .map(drop)
            .map_err(|error| error.to_string())
    };
    assert!(open().unwrap_err().contains("not available"), "there is no file");
    Connection::open(&path)
        .unwrap()
        .execute_batch("CREATE TABLE other (x)")
        .unwrap();
    assert!(open().unwrap_err().contains("version 0"), "a file of another program");
    std::fs::remove_file(&path).unwrap();

    let migrations = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations")).unwrap();
    assert_eq!(migrate(&path).unwrap(), migrations.count());
    assert_eq!(migrate(&path).unwrap(), 0, "a second run has nothing to do");
    assert_eq!(open(), Ok(()));
    let raw = Connection::open(&path).unwrap();
    raw.execute_batch("INSERT INTO refinery_schema_history VALUES (9999, 'later', '2030-01-01T00:00:00Z', '1')")
        .unwrap();
    assert!(open().unwrap_err().contains("version 9999"), "a later program's file");
    raw.execute_batch("DELETE FROM refinery_schema_history WHERE version = 9999")
        .unwrap();
    raw.execute_batch("UPDATE refinery_schema_history SET checksum = '1' WHERE version = 1")
        .unwrap();
    assert!(
        open().unwrap_err().contains("other migrations"),
        "a schema that was edited"
    );
}

#[cfg(unix)]
#[test]
fn the_file_is_its_owners_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (path, _store) = fresh(folder.path(), 0);
    for suffix in ["", "-wal", "-shm"] {
        let mut file = path.clone().into_os_string();
        file.push(suffix);
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.display());
    }
}

const QUEUES: [&str; 11] = [
    "outbox",
    "session",
    "attempt",
    "lease",
    "procedure_open",
    "look_up_open",
    "account_use",
    "client_session",
    "client_nonce",
    "account_subject_live",
    "sign_in",
];
/// Derived from the rows they lead to: their runs are merged.
const INDEXES: [&str; 2] = ["index_run", "index_block"];

/// Tables that are not queues, each with its columns and their types.
fn tables(connection: &Connection) -> Vec<(String, Vec<(String, String)>)> {
    let names = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'refinery_%'";
    let mut statement = connection.prepare(names).unwrap();
    let names: Vec<String> = statement
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let columns = |table: &str| {
        let mut statement = connection
            .prepare("SELECT name, type FROM pragma_table_info(?1)")
            .unwrap();
        statement
            .query_map([table], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect()
    };
    names
        .into_iter()
        .filter(|name| !QUEUES.contains(&name.as_str()) && !INDEXES.contains(&name.as_str()))
        .map(|name| (name.clone(), columns(&name)))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn append_only_is_held_by_triggers() {
    let folder = tempfile::tempdir().unwrap();
    let (path, store) = fresh(folder.path(), 0);
    fill_every_table(&store).await;
    drop(store);
    let raw = Connection::open(path).unwrap();
    raw.pragma_update(None, "recursive_triggers", "ON").unwrap();
    let refused = |sql: &str| {
        let error = raw.execute(sql, []).expect_err(sql).to_string();
        assert!(error.contains("append-only"), "{sql}: {error}");
    };
    let tables = tables(&raw);
    assert!(tables.len() >= 20, "{tables:?}");
    for (table, columns) in &tables {
        let rows: i64 = raw
            .query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))
            .unwrap();
        assert!(rows > 0, "{table} is empty, so nothing is shown");
        refused(&format!("DELETE FROM {table}"));
        for (column, kind) in columns {
            if (table.as_str(), column.as_str()) == ("key_floor", "version") {
                refused("UPDATE key_floor SET version = version - 1");
                continue;
            }
            let changed = match kind.as_str() {
                "INTEGER" => format!("COALESCE({column}, 0) + 1"),
                "BLOB" => format!("randomblob(COALESCE(length({column}), 16))"),
                _ => "'changed'".to_owned(),
            };
            refused(&format!("UPDATE {table} SET {column} = {changed}"));
        }
        let list: Vec<&str> = columns.iter().map(|(column, _)| column.as_str()).collect();
        let list = list.join(", ");
        refused(&format!(
            "INSERT OR REPLACE INTO {table} ({list}) SELECT {list} FROM {table}"
        ));
    }
    refused("UPDATE index_run SET kind = 'fact'");
    refused("UPDATE index_block SET entries = zeroblob(27)");
    refused("UPDATE record SET rowid = rowid + 1");
    refused("UPDATE record SET content = zeroblob(3)");
    // The one change that is allowed, as a whole pair.
    assert_eq!(
        raw.execute("UPDATE record SET content = NULL, content_salt = NULL", [])
            .unwrap(),
        2
    );
    assert!(
        raw.execute("UPDATE trace SET content = NULL", []).is_err(),
        "a salt without content"
    );
    assert_eq!(raw.execute("UPDATE person SET secret = NULL", []).unwrap(), 2);
    refused("UPDATE person SET secret = x'01'");
    // A destroyed secret does not come back, as whatever it is dressed.
    refused("UPDATE person SET secret = x'01ffff0001'");
    refused("UPDATE delivery SET key = x'01ffff'");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stores_own_connections_cannot_replace() {
    // Without recursive_triggers INSERT OR REPLACE deletes silently; the store sets and asserts it.
    let folder = tempfile::tempdir().unwrap();
    let (path, store) = fresh(folder.path(), 0);
    let make = Fixture::default();
    let (person, _) = make.person(&store).await;
    make.record(&store, person.id).await;
    drop(store);
    let raw = Connection::open(path).unwrap();
    raw.pragma_update(None, "recursive_triggers", "OFF").unwrap();
    let slips = "INSERT OR REPLACE INTO record SELECT * FROM record";
    assert_eq!(
        raw.execute(slips, []).unwrap(),
        1,
        "this is why the setting is asserted"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn erased_bytes_leave_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let (path, store) = fresh(folder.path(), 0);
    let make = Fixture::default();
    let delivery = make.begun(&store).await;
    let mut held = make.staged(2, StagedKind::Held);
    held.content.ciphertext = Some(b"0123456789-planted-ciphertext-0123456789".repeat(200));
    let chunk = ChunkCommit {
        staged: vec![held.clone()],
        ..make.chunk(&delivery, 0, 5)
    };
    store.commit_chunk(&chunk).await.unwrap();
    let lies_in_files = || {
        let needle = b"planted-ciphertext";
        std::fs::read_dir(folder.path()).unwrap().any(|file| {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            bytes.windows(needle.len()).any(|window| window == needle)
        })
    };
    assert!(lies_in_files(), "the canary must be there before it can go");
    store
        .commit_chunk(&ChunkCommit {
            resolved: vec![held.uuid],
            ..make.act()
        })
        .await
        .unwrap();
    // The log is cut by another thread, while the store stays open.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while lies_in_files() {
        assert!(
            std::time::Instant::now() < deadline,
            "secure_delete and the cut log leave nothing of it"
        );
        tokio::task::yield_now().await;
    }
    drop(store);
    assert!(path.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_that_wait_together_share_a_commit_and_fail_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (_path, store) = fresh(folder.path(), 0);
    let make = Fixture::default();
    let first = make.trace(make.tag(BlindIndex::Number), TraceKind::LookUp);
    store.append_traces(std::slice::from_ref(&first)).await.unwrap();
    let traces: Vec<_> = (0..300)
        .map(|number| match number % 3 {
            0 => first.clone(),
            _ => make.trace(make.tag(BlindIndex::Number), TraceKind::LookUp),
        })
        .collect();
    let racing = traces
        .iter()
        .map(|trace| store.append_traces(std::slice::from_ref(trace)));
    let results = futures::future::join_all(racing).await;
    for (number, result) in results.iter().enumerate() {
        let is_conflict = matches!(result, Err(StoreError::Conflict { .. }));
        assert_eq!(is_conflict, number % 3 == 0, "write {number}: {result:?}");
    }
    assert_eq!(store.log_sizes().await.unwrap(), (0, 201));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let (path, store) = fresh(folder.path(), 0);
    let make = Fixture::default();
    let (person, _) = make.person(&store).await;
    let (record, _) = make.record(&store, person.id).await;
    drop(store);
    let again = SqliteStore::open(&path, &options()).unwrap();
    assert_eq!(again.backend(), "sqlite");
    assert_eq!(
        again.records_of(person.id).await.unwrap().first().map(|found| found.id),
        Some(record)
    );
}
