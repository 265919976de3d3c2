//! What is delivered again: the same bytes, the same rows in other bytes, changed rows, withdrawn rows, and eight processes
//! at once. On both stores.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::{Child, Output, Stdio};

use domain::Day;
use serde_json::Value;
use synth::{City, Dirt, FileEntry, FileKind, Outcome, Purpose, TextEncoding};

use crate::ledger::{Backend, ClearRecord, Ground, Installation, Ledger, manifest_in, receipt_of, synthesise};

#[test]
fn the_same_bytes_have_no_second_effect_on_sqlite() {
    same_bytes(Backend::Sqlite);
}

#[test]
fn the_same_bytes_have_no_second_effect_on_postgresql() {
    same_bytes(Backend::Postgres);
}

#[test]
fn rows_are_known_by_what_they_say_on_sqlite() {
    other_bytes(Backend::Sqlite);
}

#[test]
fn rows_are_known_by_what_they_say_on_postgresql() {
    other_bytes(Backend::Postgres);
}

#[test]
fn eight_processes_at_once_have_one_effect_on_sqlite() {
    at_once(Backend::Sqlite);
}

#[test]
fn eight_processes_at_once_have_one_effect_on_postgresql() {
    at_once(Backend::Postgres);
}

/// Every kind of file of a dirty city twice: what is printed is the same to the byte, and no table knows of it.
fn same_bytes(backend: Backend) {
    let ground = Ground::new(backend);
    let installation = ground.install("data");
    let manifest = synthesise(
        &installation,
        &ground.city(),
        &["--rows", "3000", "--residents", "1500"],
    );
    let deliver = |entry: &FileEntry| {
        let output = installation.deliver(&ground.city().join(&entry.file), &entry.item, &entry.provider);
        (output.status.code(), output.stdout)
    };
    let first: Vec<_> = manifest.files.iter().map(deliver).collect();
    let tables = ground.tables(&installation);
    for (entry, first) in manifest.files.iter().zip(&first).rev() {
        let again = deliver(entry);
        assert_eq!(again, *first, "{}", entry.file);
        let is_known = entry.purpose != Purpose::WrongProvider;
        assert_eq!(is_known, !again.1.is_empty(), "{}", entry.file);
    }
    assert_eq!(ground.tables(&installation), tables);
    let rows: i64 = tables.values().map(|(rows, _)| rows).sum();
    println!(
        "{backend:?}: {} files of every kind twice: receipts the same to the byte, {} tables with {rows} rows unchanged",
        manifest.files.len(),
        tables.len()
    );
    installation.verify();
}

/// The indexes are derived from the rows they lead to; one that leads astray is damage.
#[test]
fn an_index_that_leads_astray_is_found_on_sqlite() {
    let ground = Ground::new(Backend::Sqlite);
    let installation = ground.install("data");
    let arguments = ["--bulk", "--clean", "--rows", "300", "--residents", "100"];
    let entry = synthesise(&installation, &ground.city(), &arguments).files.remove(0);
    installation.deliver(&ground.city().join(&entry.file), &entry.item, &entry.provider);
    installation.verify();
    let store = rusqlite::Connection::open(installation.database()).unwrap();
    store.execute_batch("DROP TRIGGER index_block_keeps_columns").unwrap();
    for (kind, what) in [
        ("fact", "the index of facts does not lead to it"),
        ("tag", "the blind index does not lead to it"),
    ] {
        let (block, entries): (i64, Vec<u8>) = store
            .query_row(
                "SELECT block_id, b.entries FROM index_block b JOIN index_run USING (run_id) WHERE kind = ?1 LIMIT 1",
                [kind],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .unwrap();
        let write = |entries: &[u8]| {
            let sql = "UPDATE index_block SET entries = ?2 WHERE block_id = ?1";
            assert_eq!(store.execute(sql, rusqlite::params![block, entries]).unwrap(), 1);
        };
        let mut bent = entries.clone();
        // Within the key of the first entry, behind the person.
        bent[12] ^= 1;
        write(&bent);
        let output = installation.command().args(["verify", "--json"]).output().unwrap();
        let findings: Value = serde_json::from_slice(&output.stdout).unwrap();
        let damage = findings["damage"].as_array().unwrap();
        assert_eq!((output.status.code(), damage.len()), (Some(4), 1), "{damage:?}");
        assert_eq!(damage[0]["what"], what);
        write(&entries);
    }
    installation.verify();
}

/// The same facts in other bytes: repeated as they are, corrected when changed, withdrawn, and refused from then on.
fn other_bytes(backend: Backend) {
    let ground = Ground::new(backend);
    let mut installation = ground.install("data");
    installation.chunk_rows = 64;
    let arguments = ["--bulk", "--clean", "--rows", "500", "--residents", "200"];
    let entry = synthesise(&installation, &ground.city(), &arguments).files.remove(0);
    let sheet = Sheet::read(&ground.city().join(&entry.file));
    assert_eq!(sheet.rows.len(), 500);
    let office = Office {
        ground,
        installation,
        entry,
    };
    let receipt = office.deliver("first.csv", &sheet.utf8());
    assert_eq!(counts(&receipt), [("received", 500), ("recorded", 500)].into());
    repeat(&office, &sheet);
    let corrected = correct(&office, &sheet);
    withdraw(&office, &corrected);
    office.installation.verify();
    println!(
        "{backend:?}: 500 rows backwards in GB18030 and marked UTF-8 all repeated; 100 corrected, 100 withdrawn, 200 \
         resent and refused with E15"
    );
}

/// Who sends the same delivery in many forms.
struct Office {
    ground: Ground,
    installation: Installation,
    entry: FileEntry,
}

impl Office {
    fn deliver(&self, name: &str, bytes: &[u8]) -> Value {
        let path = self.ground.city().join(name);
        std::fs::write(&path, bytes).unwrap();
        let output = self.installation.deliver(&path, &self.entry.item, &self.entry.provider);
        assert_eq!(output.status.code(), Some(0), "{name}: {output:?}");
        receipt_of(&output.stdout)
    }

    fn ledger(&self) -> Ledger {
        self.ground.open(&self.installation)
    }
}

/// The rows backwards and in other encodings: nothing new but the delivery itself.
fn repeat(office: &Office, sheet: &Sheet) {
    let before = office.ground.tables(&office.installation);
    let mut backwards = sheet.clone();
    backwards.rows.reverse();
    for (name, bytes) in [
        ("backwards.csv", backwards.gb18030()),
        ("marked.csv", backwards.utf8_with_mark()),
    ] {
        let receipt = office.deliver(name, &bytes);
        assert_eq!(
            counts(&receipt),
            [("received", 500), ("repeated", 500)].into(),
            "{name}"
        );
    }
    let after = office.ground.tables(&office.installation);
    let changed: BTreeSet<&str> = after
        .iter()
        .filter(|(table, content)| before[*table] != **content)
        .map(|(table, _)| table.as_str())
        .collect();
    assert_eq!(
        changed,
        ["chunk", "delivery", "delivery_receipt", "log_entry"].into(),
        "a repeated row leaves nothing but its count"
    );
}

/// Every fifth row says something else now: a correction.
fn correct(office: &Office, sheet: &Sheet) -> Sheet {
    let wording = sheet.column("处罚内容");
    let mut corrected = sheet.clone();
    for row in corrected.rows.iter_mut().step_by(5) {
        row[wording].push_str("，已更正");
    }
    let receipt = office.deliver("corrected.csv", &corrected.utf8());
    let expected = [
        ("received", 500),
        ("recorded", 100),
        ("corrected", 100),
        ("repeated", 400),
    ];
    assert_eq!(counts(&receipt), expected.into());
    let ledger = office.ledger();
    assert_eq!(ledger.records().count(), 600);
    for record in ledger.records() {
        let is_new = record.revision == 1;
        let says = String::from_utf8_lossy(&record.content).contains("，已更正");
        assert_eq!(says, is_new);
        assert!(record.revision <= 1 && (!is_new || record.events.is_empty()));
    }
    assert_eq!(with_event(&ledger, "corrected"), 100);
    corrected
}

/// Every fifth row from the second on is withdrawn, once and for all.
fn withdraw(office: &Office, corrected: &Sheet) {
    let [wording, operation, document_no] =
        ["处罚内容", "数据状态", "行政处罚决定书文号"].map(|header| corrected.column(header));
    let mut tombstones = corrected.clone();
    tombstones.rows = corrected.rows.iter().skip(1).step_by(5).cloned().collect();
    for row in &mut tombstones.rows {
        "2".clone_into(&mut row[operation]);
    }
    let receipt = office.deliver("withdrawn.csv", &tombstones.utf8());
    let expected = [("received", 100), ("recorded", 100), ("withdrawn", 100)];
    assert_eq!(counts(&receipt), expected.into());
    // Withdrawing them once more says nothing new …
    tombstones.rows.reverse();
    let receipt = office.deliver("withdrawn-again.csv", &tombstones.utf8());
    assert_eq!(counts(&receipt), [("received", 100), ("repeated", 100)].into());

    // … but sent as new they are refused, as they were or changed, each at its line and in the column that says so.
    let facts: BTreeSet<&String> = tombstones.rows.iter().map(|row| &row[document_no]).collect();
    for (name, addition) in [("resent.csv", ""), ("resent-changed.csv", "，再次报送")] {
        let mut resent = corrected.clone();
        for row in resent.rows.iter_mut().skip(1).step_by(5) {
            row[wording].push_str(addition);
            row[operation].clear();
        }
        resent.rows.rotate_left(7);
        let receipt = office.deliver(name, &resent.gb18030());
        let expected = [("received", 500), ("repeated", 400), ("refused", 100)];
        assert_eq!(counts(&receipt), expected.into(), "{name}");
        let expected: Vec<_> = resent
            .lines()
            .zip(&resent.rows)
            .filter(|(_, row)| facts.contains(&row[document_no]))
            .map(|(line, _)| (line, "E15".to_owned(), "数据状态".to_owned()))
            .collect();
        let faults = office.installation.faults(receipt["delivery"].as_str().unwrap());
        assert_eq!(faults, expected, "{name}");
    }
    let ledger = office.ledger();
    assert_eq!(ledger.records().count(), 600, "nothing came back");
    assert_eq!(with_event(&ledger, "withdrawn"), 100);
}

/// Records to which this happened and nothing else.
fn with_event(ledger: &Ledger, event: &str) -> usize {
    ledger.records().filter(|record| record.events == [event]).count()
}

/// Where a chunk ends must not matter: a dirty file leads to the same whether it takes one transaction or hundreds.
#[test]
fn the_size_of_chunks_changes_nothing() {
    let ground = Ground::new(Backend::Sqlite);
    let mut seen: Option<(BTreeMap<String, u64>, Vec<_>)> = None;
    let mut chunks = Vec::new();
    for chunk_rows in [20_000, 97, 5, 1] {
        let mut installation = ground.install(&format!("chunks-of-{chunk_rows}"));
        installation.chunk_rows = chunk_rows;
        if seen.is_none() {
            write_rows_about_earlier_rows(&ground, &installation);
        }
        let manifest = manifest_in(&ground.city());
        let entry = &manifest.files[0];
        let output = installation.deliver(&ground.city().join(&entry.file), &entry.item, &entry.provider);
        let receipt = receipt_of(&output.stdout);
        let counts = counts(&receipt)
            .into_iter()
            .map(|(key, number)| (key.to_owned(), number))
            .collect();
        let mut ledger = ground.open(&installation);
        let (_, mut delivery) = ledger.deliveries.pop_first().unwrap();
        chunks.push(delivery.chunks);
        (delivery.chunks, delivery.receipt) = (0, None);
        let now = (counts, vec![delivery]);
        match &seen {
            None => {
                assert!(entry.outcomes[Outcome::Withdrawn.as_str()] > 20 && entry.faults["E15"] > 20);
                seen = Some(now);
            }
            Some(seen) => assert!(*seen == now, "chunks of {chunk_rows} rows: {:?}, {:?}", seen.0, now.0),
        }
        installation.verify();
    }
    assert!(chunks.is_sorted() && chunks[3] == 1500, "{chunks:?}");
    println!("1500 dirty rows in {chunks:?} chunks: the same counts, records, waiting rows and faults");
}

/// A delivery in which rows repeat, correct, withdraw and resend earlier ones far more often than a department's would.
fn write_rows_about_earlier_rows(ground: &Ground, installation: &Installation) {
    let dir = ground.city();
    let made = synthesise(installation, &dir, &["--bulk", "--rows", "1", "--residents", "300"]);
    let city = City::new(made.seed, made.residents, Day::parse_iso(&made.today).unwrap()).unwrap();
    let dirt = Dirt {
        repeat: 500,
        correction: 100,
        withdrawal: 300,
        after_withdrawal: 500,
        ..Dirt::default()
    };
    synth::bulk(
        &city,
        &ground.catalogue,
        1500,
        &dirt,
        FileKind::Csv(TextEncoding::Utf8),
        &dir,
    )
    .unwrap();
}

/// Eight processes take in the same bytes at once: each gets the one receipt or is told to come back, and one effect is there.
fn at_once(backend: Backend) {
    const ROUNDS: u64 = 4;
    let ground = Ground::new(backend);
    let mut installation = ground.install("data");
    installation.chunk_rows = 40;
    let mut undisturbed = ground.install("undisturbed");
    undisturbed.chunk_rows = 40;
    let (mut done, mut told) = (0, 0);
    for round in 0..ROUNDS {
        // Another seed is another city; the register is that of the city in hand.
        let seed = (round + 1).to_string();
        let arguments = ["--bulk", "--rows", "1200", "--residents", "400", "--seed", &seed];
        let manifest = synthesise(&installation, &ground.city(), &arguments);
        let entry = &manifest.files[0];
        let file = ground.city().join(&entry.file);
        let children: Vec<Child> = (0..8)
            .map(|_| {
                installation
                    .deliver_command(&file, &entry.item, &entry.provider)
                    .stdout(Stdio::piped())
                    .stderr(Stdio::piped())
                    .spawn()
                    .unwrap()
            })
            .collect();
        let outputs: Vec<Output> = children
            .into_iter()
            .map(|child| child.wait_with_output().unwrap())
            .collect();
        let receipt = installation.deliver(&file, &entry.item, &entry.provider).stdout;
        let before = done;
        for output in outputs {
            let errors = String::from_utf8_lossy(&output.stderr);
            match output.status.code() {
                Some(0) => {
                    assert_eq!(output.stdout, receipt);
                    done += 1;
                }
                Some(1) if errors.contains("DELIVER-0004") => told += 1,
                other => panic!("{other:?} {errors}"),
            }
        }
        assert!(done > before, "somebody finishes");
        undisturbed.deliver(&file, &entry.item, &entry.provider);
        let (together, alone) = (ground.open(&installation), ground.open(&undisturbed));
        assert_eq!(together.deliveries.len() as u64, round + 1);
        assert_eq!(sorted(&together), sorted(&alone));
        assert_eq!(together.persons, alone.persons);
        let rows = |installation: &Installation| -> BTreeMap<String, i64> {
            let tables = ground.tables(installation).into_iter();
            tables.map(|(table, (rows, _))| (table, rows)).collect()
        };
        let (mut together, mut alone) = (rows(&installation), rows(&undisturbed));
        // Where one process hands over to another a chunk may be cut elsewhere; everything else is there once.
        for table in ["chunk", "chunk_count", "fault_block", "fault_count", "log_entry"] {
            together.remove(table);
            alone.remove(table);
        }
        assert_eq!(together, alone);
        installation.verify();
    }
    println!(
        "{backend:?}: {ROUNDS} × 8 processes: {done} got the receipt, {told} were told to come back, one effect each"
    );
}

fn sorted(ledger: &Ledger) -> Vec<&ClearRecord> {
    let mut records: Vec<&ClearRecord> = ledger.records().collect();
    records.sort();
    records
}

/// Counts of a receipt that are not zero.
fn counts(receipt: &Value) -> BTreeMap<&'static str, u64> {
    [
        "received",
        "recorded",
        "repeated",
        "held",
        "pending",
        "refused",
        "corrected",
        "withdrawn",
    ]
    .into_iter()
    .map(|key| (key, receipt["rows"][key].as_u64().unwrap()))
    .filter(|(_, number)| *number > 0)
    .collect()
}

/// A delivery as cells.
#[derive(Clone)]
struct Sheet {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Sheet {
    fn read(path: &PathBuf) -> Self {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_path(path).unwrap();
        let mut rows = reader
            .records()
            .map(|row| row.unwrap().iter().map(str::to_owned).collect());
        Self {
            header: rows.next().unwrap(),
            rows: rows.collect(),
        }
    }

    fn column(&self, header: &str) -> usize {
        self.header.iter().position(|cell| cell == header).unwrap()
    }

    /// The line on which each row begins; a cell may hold line feeds.
    fn lines(&self) -> impl Iterator<Item = u32> {
        self.rows.iter().scan(2, |line, row| {
            let begins = *line;
            let breaks: usize = row.iter().map(|cell| cell.matches('\n').count()).sum();
            *line += 1 + u32::try_from(breaks).unwrap();
            Some(begins)
        })
    }

    fn text(&self, end: csv::Terminator) -> String {
        let mut writer = csv::WriterBuilder::new().terminator(end).from_writer(Vec::new());
        writer.write_record(&self.header).unwrap();
        for row in &self.rows {
            writer.write_record(row).unwrap();
        }
        String::from_utf8(writer.into_inner().unwrap()).unwrap()
    }

    fn utf8(&self) -> Vec<u8> {
        self.text(csv::Terminator::Any(b'\n')).into_bytes()
    }

    fn utf8_with_mark(&self) -> Vec<u8> {
        format!("\u{feff}{}", self.text(csv::Terminator::CRLF)).into_bytes()
    }

    fn gb18030(&self) -> Vec<u8> {
        encoding_rs::GB18030
            .encode(&self.text(csv::Terminator::CRLF))
            .0
            .into_owned()
    }
}
