//! G-20 and G-21: whatever is changed in rows, tiles, heads or checkpoint is detected and named.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::Ledger;

/// A log of 300 entries, published in five steps, whose tables may be written to.
async fn open_to_all() -> (Ledger, Connection) {
    let mut ledger = Ledger::new();
    for size in [1, 100, 256, 299, 300] {
        ledger.grown_to(size).await;
    }
    let database = Connection::open(ledger.database()).unwrap();
    database
        .execute_batch(
            "PRAGMA ignore_check_constraints = ON; PRAGMA busy_timeout = 10000; \
             DROP TRIGGER log_entry_keeps_columns; DROP TRIGGER log_entry_keeps_rows; \
             DROP TRIGGER log_head_keeps_columns; DROP TRIGGER log_head_keeps_rows;",
        )
        .unwrap();
    (ledger, database)
}

/// Places that are damaged, as named.
async fn named(ledger: &Ledger) -> BTreeSet<String> {
    let findings = ledger.findings().await;
    findings.damage.into_iter().map(|damage| damage.place).collect()
}

fn tiles_in(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            tiles_in(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// Each byte of each row: the same byte of all rows at once, and each row must be named.
#[tokio::test(flavor = "multi_thread")]
async fn g20_each_changed_byte_of_each_row_is_detected_and_the_row_is_named() {
    let (ledger, database) = open_to_all().await;
    assert!(named(&ledger).await.is_empty());
    let everyone: BTreeSet<String> = (0..300).map(|index| format!("log entry {index}")).collect();
    database
        .execute_batch("CREATE TEMP TABLE good AS SELECT * FROM log_entry")
        .unwrap();
    let put_back = "DELETE FROM log_entry; INSERT INTO log_entry SELECT * FROM good";
    let mut changes = Vec::new();
    for byte in 1..=32 {
        // One bit of a byte of a BLOB, by its hexadecimal digits: 0x01 is flipped by a table of sixteen.
        let digit = 2 * byte;
        changes.push(format!(
            "entry_hash = unhex(substr(hex(entry_hash), 1, {digit} - 1) || \
             substr('1032547698BADCFE', instr('0123456789ABCDEF', substr(hex(entry_hash), {digit}, 1)), 1) || \
             substr(hex(entry_hash), {digit} + 1))"
        ));
    }
    for bit in (0..64).step_by(8) {
        let mask = 1_i64 << bit;
        changes.push(format!(
            "sequenced_at = (sequenced_at | {mask}) - (sequenced_at & {mask})"
        ));
    }
    for letter in 1..=14 {
        // Past the end of a word a letter is added, which is a change, too.
        changes.push(format!(
            "kind = substr(kind, 1, {letter} - 1) || CASE substr(kind, {letter}, 1) WHEN 'x' THEN 'y' ELSE 'x' END || \
             substr(kind, {letter} + 1)"
        ));
    }
    for change in changes {
        database
            .execute_batch(&format!("UPDATE log_entry SET {change}"))
            .unwrap();
        assert_eq!(named(&ledger).await, everyone, "{change}");
        database.execute_batch(put_back).unwrap();
    }
    for mask in [1_i64, 1 << 8, 1 << 16, 1 << 32, 1 << 62] {
        for index in [0, 17, 255, 256, 299] {
            let moved = index ^ mask;
            let is_taken = (0..300).contains(&moved);
            if is_taken {
                continue;
            }
            let move_row = format!("UPDATE log_entry SET log_index = {moved} WHERE log_index = {index}");
            database.execute_batch(&move_row).unwrap();
            let places = named(&ledger).await;
            assert!(places.contains(&format!("log entry {index}")), "{move_row}: {places:?}");
            database.execute_batch(put_back).unwrap();
        }
    }
    assert!(named(&ledger).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn g20_each_changed_byte_of_each_head_is_detected_and_the_head_is_named() {
    let (ledger, database) = open_to_all().await;
    database
        .execute_batch("CREATE TEMP TABLE good AS SELECT * FROM log_head")
        .unwrap();
    let put_back = "DELETE FROM log_head; INSERT INTO log_head SELECT * FROM good";
    for size in [0, 1, 100, 256, 299, 300] {
        for (column, bytes) in [("root", 32), ("signature", 64)] {
            for byte in 1..=bytes {
                let digit = 2 * byte;
                let change = format!(
                    "UPDATE log_head SET {column} = unhex(substr(hex({column}), 1, {digit} - 1) || \
                     substr('1032547698BADCFE', instr('0123456789ABCDEF', substr(hex({column}), {digit}, 1)), 1) || \
                     substr(hex({column}), {digit} + 1)) WHERE size = {size}"
                );
                database.execute_batch(&change).unwrap();
                let places = named(&ledger).await;
                assert!(
                    places.contains(&format!("signed head of {size} entries")),
                    "{change}: {places:?}"
                );
                database.execute_batch(put_back).unwrap();
            }
        }
        for changed in [size ^ 2, size + 1000] {
            database
                .execute_batch(&format!(
                    "UPDATE OR REPLACE log_head SET size = {changed} WHERE size = {size}"
                ))
                .unwrap();
            let places = named(&ledger).await;
            assert!(
                places.contains(&format!("signed head of {changed} entries")),
                "{size}: {places:?}"
            );
            database.execute_batch(put_back).unwrap();
        }
    }
    assert!(named(&ledger).await.is_empty());
}

/// Bytes of each tile, also of the earlier forms that lie there, and of the checkpoint: each of the small files, one of each
/// hash of the large one, each of all in the long run.
#[tokio::test(flavor = "multi_thread")]
async fn g20_each_changed_byte_of_each_tile_and_of_the_checkpoint_is_detected_and_named() {
    let (ledger, _database) = open_to_all().await;
    let root = ledger.path().join("log");
    let mut files = Vec::new();
    tiles_in(&root, &mut files);
    assert!(files.len() >= 5, "{files:?}");
    let mut changed = 0;
    for path in files {
        let name = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
        let good = fs::read(&path).unwrap();
        // Of the one large tile a byte of each hash, at another place in each; all of them in the long run.
        let is_long_run = std::env::var_os("CHENGDANG_SOAK").is_some();
        let step = if good.len() > 2_000 && !is_long_run { 31 } else { 1 };
        for at in (0..good.len()).step_by(step) {
            let mut bad = good.clone();
            bad[at] ^= 1 << (at % 8);
            fs::write(&path, &bad).unwrap();
            let places = named(&ledger).await;
            assert_eq!(places, BTreeSet::from([name.clone()]), "byte {at}");
            changed += 1;
        }
        for cut in [&good[..good.len() - 1], &[]] {
            fs::write(&path, cut).unwrap();
            let places = named(&ledger).await;
            assert!(places.contains(&name), "{name}, cut to {}: {places:?}", cut.len());
        }
        fs::write(&path, good).unwrap();
    }
    println!("{changed} bytes changed, each alone");
    assert!(named(&ledger).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn g21_what_is_deleted_doubled_swapped_inserted_or_cut_off_is_named() {
    let (ledger, database) = open_to_all().await;
    database
        .execute_batch(
            "CREATE TEMP TABLE good AS SELECT * FROM log_entry; CREATE TEMP TABLE heads AS SELECT * FROM log_head",
        )
        .unwrap();
    let put_back = "DELETE FROM log_entry; INSERT INTO log_entry SELECT * FROM good; \
                    DELETE FROM log_head; INSERT INTO log_head SELECT * FROM heads";
    for index in (0..300).step_by(15) {
        let next = (index + 1) % 300;
        let entry = format!("log entry {index}");
        let moved = "UPDATE log_entry SET log_index = -1 - log_index";
        for change in [
            format!("DELETE FROM log_entry WHERE log_index = {index}"),
            // Deleted, and the others moved up.
            format!(
                "DELETE FROM log_entry WHERE log_index = {index}; {moved} WHERE log_index > {index}; \
                 UPDATE log_entry SET log_index = -2 - log_index WHERE log_index < 0"
            ),
            // Another one in its place, doubled there.
            format!(
                "UPDATE log_entry SET entry_hash = (SELECT entry_hash FROM good WHERE log_index = {next}), \
                 kind = (SELECT kind FROM good WHERE log_index = {next}) WHERE log_index = {index}"
            ),
            // Swapped with its neighbour.
            format!(
                "UPDATE log_entry SET log_index = 1000 WHERE log_index = {index}; \
                 UPDATE log_entry SET log_index = {index} WHERE log_index = {next}; \
                 UPDATE log_entry SET log_index = {next} WHERE log_index = 1000"
            ),
            // One more before it.
            format!(
                "{moved} WHERE log_index >= {index}; UPDATE log_entry SET log_index = -log_index WHERE log_index < 0; \
                 INSERT INTO log_entry VALUES ({index}, 'trace', zeroblob(32), 0)"
            ),
        ] {
            database.execute_batch(&change).unwrap();
            let places = named(&ledger).await;
            assert!(places.contains(&entry), "{change}: {places:?}");
            database.execute_batch(put_back).unwrap();
        }
        // The tail, with the heads that speak of it.
        database
            .execute_batch(&format!(
                "DELETE FROM log_entry WHERE log_index >= {index}; DELETE FROM log_head WHERE size > {index}"
            ))
            .unwrap();
        let places = named(&ledger).await;
        assert!(
            places.contains(&entry) && places.contains("checkpoint"),
            "{index}: {places:?}"
        );
        database.execute_batch(put_back).unwrap();
    }
    assert!(named(&ledger).await.is_empty());
}

/// Rows and tiles rewritten together, without the log's key: what was signed says otherwise.
#[tokio::test(flavor = "multi_thread")]
async fn g21_rows_and_tiles_that_were_rewritten_together_contradict_what_was_signed() {
    let (ledger, database) = open_to_all().await;
    database
        .execute_batch("UPDATE log_entry SET entry_hash = zeroblob(32) WHERE log_index = 120")
        .unwrap();
    let entries = ledger.store.log_entries(0, 1000).await.unwrap();
    let mut tree = translog::Tree::default();
    let mut filled = Vec::new();
    for entry in &entries {
        tree.append(&app::log::leaf_of(entry).to_bytes(), &mut filled);
    }
    filled.extend(tree.partial());
    translog::LogFiles::write(&ledger.files(), &filled).unwrap();
    let findings = ledger.findings().await;
    let places: Vec<_> = findings.damage.iter().map(|damage| damage.place.as_str()).collect();
    assert!(places.contains(&"log entries 100 to 255"), "{places:?}");
}
