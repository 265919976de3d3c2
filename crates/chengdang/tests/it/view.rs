//! The database view through the real binary, from a real PostgreSQL, into both stores: every row once, none lost.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use serde_json::Value;
use store_postgres::testing::Cluster;
use synth::FileEntry;
use tokio_postgres::NoTls;

use crate::kill::{Spawned, end};
use crate::ledger::{Backend, ClearRecord, ClearStaged, Ground, Installation, receipt_of, synthesise};
use crate::support;

/// A provider's database with the rows of a delivery file.
struct Provider {
    cluster: Cluster,
    url: String,
}

struct Office {
    ground: Ground,
    installation: Installation,
    entry: FileEntry,
    headers: Vec<String>,
    rows: Vec<Vec<String>>,
    provider: Provider,
}

impl Office {
    fn new(backend: Backend, rows: &str) -> Self {
        let ground = Ground::new(backend);
        let mut installation = ground.install("data");
        installation.chunk_rows = 40;
        let arguments = ["--bulk", "--rows", rows, "--residents", "150"];
        let manifest = synthesise(&installation, &ground.city(), &arguments);
        let entry = manifest.files.into_iter().next().unwrap();
        let mut reader = csv::ReaderBuilder::new()
            .from_path(ground.city().join(&entry.file))
            .unwrap();
        let headers: Vec<String> = reader
            .headers()
            .unwrap()
            .iter()
            .map(|h| h.trim_start_matches('\u{feff}').to_owned())
            .collect();
        let rows = reader
            .records()
            .map(|row| row.unwrap().iter().map(ToOwned::to_owned).collect())
            .collect();
        let cluster = Cluster::start().unwrap();
        let url = ground.runtime.block_on(cluster.empty_database()).unwrap();
        let office = Self {
            ground,
            installation,
            entry,
            headers,
            rows,
            provider: Provider { cluster, url },
        };
        let columns = (0..office.headers.len()).fold(String::new(), |mut text, at| {
            write!(text, ", c{at} text").unwrap();
            text
        });
        office.sql(&format!(
            "CREATE TABLE matter (id bigint, changed timestamptz{columns}); CREATE VIEW out_credit AS SELECT * FROM matter"
        ));
        office
    }

    fn sql(&self, sql: &str) {
        self.ground.runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(&self.provider.url, NoTls).await.unwrap();
            let connection = tokio::spawn(connection);
            client.batch_execute(sql).await.unwrap();
            drop(client);
            connection.await.unwrap().unwrap();
        });
    }

    /// Row `at` of the file appears in the provider's table.
    fn insert(&self, rows: impl Iterator<Item = usize>, id: impl Fn(usize) -> i64, changed: impl Fn(usize) -> String) {
        let mut sql = String::new();
        for at in rows {
            let cells: String = self.rows[at].iter().fold(String::new(), |mut text, cell| {
                write!(text, ", '{}'", cell.replace('\'', "''")).unwrap();
                text
            });
            writeln!(sql, "INSERT INTO matter VALUES ({}, '{}'{cells});", id(at), changed(at)).unwrap();
        }
        self.sql(&sql);
    }

    fn config(&self, more: &str) -> PathBuf {
        self.config_of(&self.provider.url, "changed", "id", more)
    }

    fn config_of(&self, source: &str, watermark: &str, key: &str, more: &str) -> PathBuf {
        let path = self.ground.city().join("view.toml");
        let columns: String = self
            .headers
            .iter()
            .enumerate()
            .fold(String::new(), |mut text, (at, header)| {
                writeln!(text, "c{at} = \"{header}\"").unwrap();
                text
            });
        let text = format!(
            "[views.house]\nsource = \"{source}\"\nview = \"public.out_credit\"\nwatermark = \"{watermark}\"\nkey = \"{key}\"\n\
             item = \"{}\"\nprovider = \"{}\"\n{more}\n[views.house.columns]\n{columns}",
            self.entry.item, self.entry.provider
        );
        fs::write(&path, text).unwrap();
        path
    }

    fn command(&self, config: &PathBuf) -> Command {
        let mut command = self.installation.command();
        command.arg("--config").arg(config).args(["view", "--json", "--poll"]);
        command
    }

    fn poll(&self, config: &PathBuf) -> (u64, Vec<String>) {
        let text = support::run(&mut self.command(config), 0);
        let report: Value = serde_json::from_str(&text).unwrap();
        let deliveries = report["deliveries"].as_array().unwrap();
        let deliveries = deliveries.iter().map(|id| id.as_str().unwrap().to_owned()).collect();
        assert_eq!(report["state"]["trouble"], Value::Null);
        (report["rows"].as_u64().unwrap(), deliveries)
    }

    fn fails(&self, config: &PathBuf, code: &str) -> Value {
        let output = self.command(config).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{errors}");
        assert!(errors.contains(code), "{code}: {errors}");
        serde_json::from_slice::<Value>(&output.stdout).unwrap()["state"]["trouble"].clone()
    }

    fn kept(&self, name: &str) -> String {
        fs::read_to_string(self.installation.data.join("views/house").join(name)).unwrap()
    }

    /// Records and waiting rows of the whole store, without lines and order: batches may be cut anywhere.
    fn effect(&self, installation: &Installation) -> (BTreeSet<ClearRecord>, Vec<ClearStaged>, u64) {
        let ledger = self.ground.open(installation);
        let mut records = BTreeSet::new();
        let mut staged = Vec::new();
        let mut received = 0;
        for delivery in ledger.deliveries.into_values() {
            received += receipt_of(&delivery.receipt.unwrap())["rows"]["received"]
                .as_u64()
                .unwrap();
            records.extend(delivery.records);
            staged.extend(delivery.staged.into_iter().map(|row| ClearStaged { line: 0, ..row }));
        }
        staged.sort();
        (records, staged, received)
    }
}

const SETTLED: &str = "settle_s = 0\nbatch_rows = 100";

/// One row a second, all of the past.
fn second(at: usize) -> String {
    format!(
        "2026-01-01 {:02}:{:02}:{:02}.123456+08",
        at / 3600,
        at / 60 % 60,
        at % 60
    )
}

fn id(at: usize) -> i64 {
    i64::try_from(at).unwrap() + 1_000
}

#[test]
fn a_view_is_read_to_the_last_row_on_sqlite() {
    read(Backend::Sqlite);
}

#[test]
fn a_view_is_read_to_the_last_row_on_postgresql() {
    read(Backend::Postgres);
}

fn read(backend: Backend) {
    let office = Office::new(backend, "330");
    let config = office.config(SETTLED);
    assert_eq!(office.poll(&config), (0, Vec::new()), "an empty view");
    office.insert(0..250, id, second);
    let (rows, deliveries) = office.poll(&config);
    assert_eq!((rows, deliveries.len()), (250, 3), "batches of 100");
    let tables = office.ground.tables(&office.installation);
    assert_eq!(office.poll(&config), (0, Vec::new()));
    assert_eq!(
        office.ground.tables(&office.installation),
        tables,
        "nothing new, nothing done"
    );

    // Late: the watermark of the last row that was taken, and a lower key; then the rest.
    office.insert(250..260, |at| i64::try_from(at).unwrap() - 250, |_| second(249));
    assert_eq!(office.poll(&config).0, 10, "rows of an equal watermark are not lost");
    assert_eq!(office.poll(&config).0, 0, "nor read again");
    office.insert(260..330, id, second);
    assert_eq!(office.poll(&config).0, 70);

    // Young rows wait, since a slower transaction with an earlier time may still come.
    let young = office.config("settle_s = 3600");
    office.sql("INSERT INTO matter (id, changed) VALUES (9999, now())");
    assert_eq!(office.poll(&young).0, 0);
    office.sql("DELETE FROM matter WHERE id = 9999");

    // A fault's line leads to the row's key in the provider's table.
    let mut led = 0;
    for delivery in &deliveries {
        let faults = office.kept(&format!("{delivery}.faults.csv"));
        let lines = office.kept(&format!("{delivery}.lines.csv"));
        let receipt = office.kept(&format!("{delivery}.receipt.json"));
        assert_eq!(receipt_of(receipt.as_bytes())["delivery"], delivery.as_str());
        for (line, code, _) in office.installation.faults(delivery) {
            let key = lines
                .lines()
                .find_map(|text| text.strip_prefix(&format!("{line},")))
                .unwrap();
            let row = &office.rows[usize::try_from(key.parse::<i64>().unwrap() - 1_000).unwrap()];
            assert!(faults.contains(&code));
            if code == "E02" {
                led += 1;
                assert!(row.iter().any(|cell| cell.trim().is_empty()), "{code} {key}");
            }
        }
    }
    assert!(led > 0, "no fault to follow");

    // The same rows as a file lead to the same records and the same waiting rows.
    let other = office.ground.install("by-file");
    let output = other.deliver(
        &office.ground.city().join(&office.entry.file),
        &office.entry.item,
        &office.entry.provider,
    );
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let (by_view, by_file) = (office.effect(&office.installation), office.effect(&other));
    assert_eq!((by_view.2, by_file.2), (330, 330));
    assert_eq!(by_view.0.len(), by_file.0.len());
    assert!(by_view.0 == by_file.0, "records");
    // A waiting row holds its line, and each batch counts its own.
    let bare = |rows: Vec<ClearStaged>| -> BTreeSet<(bool, String, String)> {
        rows.into_iter()
            .map(|row| (row.is_pending, row.reason, row.number))
            .collect()
    };
    assert_eq!(by_view.1.len(), by_file.1.len());
    assert!(bare(by_view.1) == bare(by_file.1), "waiting rows");
    office.installation.verify();
}

#[test]
fn a_source_that_fails_or_is_unfit_is_named_and_tried_again() {
    let office = Office::new(Backend::Sqlite, "20");
    office.insert(0..20, id, second);
    let gone = office.config_of("host=/nonexistent user=postgres dbname=x", "changed", "id", SETTLED);
    assert_eq!(office.fails(&gone, "VIEW-0001")["failures"], 1);
    let trouble = office.fails(&gone, "VIEW-0001");
    assert_eq!(trouble["failures"], 2, "{trouble}");
    assert!(trouble["next_try"].as_str().unwrap().starts_with("20"));
    let remote = office.config_of("host=192.0.2.1 user=postgres dbname=x", "changed", "id", SETTLED);
    office.fails(&remote, "VIEW-0001");
    for (watermark, key) in [("none", "id"), ("changed", "none"), ("c0", "id"), ("changed", "c0")] {
        office.fails(
            &office.config_of(&office.provider.url, watermark, key, SETTLED),
            "VIEW-0002",
        );
    }
    let config = office.config(SETTLED);
    office.sql("INSERT INTO matter (id) VALUES (1)");
    office.fails(&config, "VIEW-0003");
    office.sql("DELETE FROM matter WHERE changed IS NULL; INSERT INTO matter (id, changed) VALUES (370199199001010016, '2026-02-01')");
    office.fails(&config, "VIEW-0004");
    office.sql("DELETE FROM matter WHERE id > 1000000; INSERT INTO matter (id, changed) VALUES (7, '2026-02-01'), (7, '2026-02-01')");
    office.fails(&config, "VIEW-0006");
    office.sql("DELETE FROM matter WHERE id = 7");
    assert_eq!(
        office.ground.tables(&office.installation)["delivery"].0,
        0,
        "nothing was taken in half"
    );
    assert_eq!(office.poll(&config).0, 20, "and the trouble is over");
    assert!(office.provider.cluster.folder().exists());
}

/// Keys of one watermark that are remembered.
const TAKEN_MAX: i64 = 1_000_000;

#[test]
fn a_watermark_that_a_million_rows_share_is_too_coarse() {
    let office = Office::new(Backend::Sqlite, "20");
    office.insert(0..1, |_| 1, second);
    let config = office.config(SETTLED);
    assert_eq!(office.poll(&config).0, 1);
    // A million rows have been taken, bit by bit: the state is what it then is. To take them here would last an hour.
    office.sql(&format!(
        "INSERT INTO matter (id, changed) SELECT id, '{}' FROM generate_series(2, {TAKEN_MAX}) AS id",
        second(0)
    ));
    let path = office.installation.data.join("views/house/state.json");
    let mut state: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_eq!(state["taken"], serde_json::json!(["1"]));
    let taken: BTreeSet<String> = (1..=TAKEN_MAX).map(|id| id.to_string()).collect();
    state["taken"] = serde_json::to_value(taken).unwrap();
    fs::write(&path, state.to_string()).unwrap();
    assert_eq!(office.poll(&config).0, 0, "a million are known, and none is read again");

    office.insert(1..2, |_| TAKEN_MAX + 1, |_| second(0));
    let trouble = office.fails(&config, "VIEW-0005");
    assert_eq!(trouble["failures"], 1, "{trouble}");
    assert_eq!(
        office.ground.tables(&office.installation)["delivery"].0,
        1,
        "nothing was taken in half"
    );
    // With a finer column the row is one of many.
    office.sql(&format!(
        "UPDATE matter SET changed = '{}' WHERE id = {}",
        second(1),
        TAKEN_MAX + 1
    ));
    assert_eq!(office.poll(&config).0, 1);
    office.installation.verify();
}

#[test]
fn a_view_survives_30_kills_on_sqlite() {
    kills(Backend::Sqlite, 30);
}

#[test]
fn a_view_survives_10_kills_on_postgresql() {
    kills(Backend::Postgres, 10);
}

fn kills(backend: Backend, kills: u32) {
    let office = Office::new(backend, "900");
    office.insert(0..900, id, |at| second(at / 40));
    let config = office.config(SETTLED);
    let undisturbed = office.ground.install("undisturbed");
    let began = Instant::now();
    let mut command = undisturbed.command();
    support::run(command.arg("--config").arg(&config).args(["view", "--poll"]), 0);
    let duration = began.elapsed();
    let mut hit = 0;
    for kill in 0..kills {
        let delay = duration.mul_f64(f64::from(kill % 10 + 1) / 10.0);
        let (_, status) = end(office.command(&config).spawned(), Some(delay));
        hit += u32::from(status.signal() == Some(9));
    }
    loop {
        // A server may still end the transaction of the process that was killed last.
        let output = office.command(&config).output().unwrap();
        if output.status.code() == Some(0) {
            break;
        }
        assert!(
            String::from_utf8_lossy(&output.stderr).contains("DELIVER-0004"),
            "{output:?}"
        );
    }
    println!("{backend:?}: {hit} of {kills} kills hit");
    assert!(hit >= 3, "{hit}");
    assert_eq!(office.poll(&config), (0, Vec::new()));
    let (found, expected) = (office.effect(&office.installation), office.effect(&undisturbed));
    assert_eq!((found.2, expected.2), (900, 900), "each row was received once");
    assert!(found.0 == expected.0 && found.1 == expected.1);
    let staged = fs::read_dir(office.installation.data.join("staging")).unwrap().count();
    assert!(staged <= 2 * usize::try_from(kills).unwrap(), "{staged}");
    office.installation.verify();
}
