//! kill -9 at random instants of an intake, on both stores: after a restart and the same bytes again every row is there
//! exactly once, as after an intake that nobody disturbed.
//!
//! The seed of the instants is printed; `CHENGDANG_TEST_SEED` sets it. The same seed draws the same delays, though the
//! machine's own course differs from run to run. `KILLS` sets how many there are on each store.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use domain::Day;
use domain::catalogue::ItemId;
use synth::{City, DeliveryPlan, Dirt, FileEntry, FileKind, Manifest, TextEncoding};

use crate::ledger::{Backend, ClearDelivery, Ground, Installation, receipt_of};
use crate::support;

/// Files of a round; then a new store begins, and the same files are new again.
const FILES: u64 = 6;
/// Rows of a file in `make test`; `KILL_ROWS` sets others. What a kill can find does not depend on them, its time does.
const ROWS: u64 = 2_400;
const RESIDENTS: u64 = 300;
/// Small, so that a kill finds a chunk in every state.
const CHUNK_ROWS: usize = 30;
const SIGKILL: i32 = 9;

#[test]
fn an_intake_survives_150_kills_on_sqlite() {
    kill(Backend::Sqlite, support::chosen("KILLS", 150));
}

#[test]
fn an_intake_survives_30_kills_on_postgresql() {
    kill(Backend::Postgres, support::chosen("KILLS", 30));
}

/// How far an intake had come when it was killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    BeforeBegun,
    Begun,
    BetweenChunks,
    BeforeReceipt,
    BeforeSequenced,
    Done,
}

/// What a store holds of the delivery that was begun last, counted in its tables.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Traces {
    deliveries: i64,
    receipts: i64,
    chunks: i64,
    rows_done: i64,
    outbox: i64,
    pub(crate) records: i64,
    pub(crate) records_of_chunks: i64,
}

const TRACES: &str = "SELECT
    (SELECT count(*) FROM delivery),
    (SELECT count(*) FROM delivery_receipt),
    (SELECT count(*) FROM chunk WHERE delivery_id = (SELECT max(delivery_id) FROM delivery)),
    (SELECT CAST(coalesce(max(rows_done), 0) AS BIGINT) FROM chunk WHERE delivery_id = (SELECT max(delivery_id) FROM delivery)),
    (SELECT count(*) FROM outbox),
    (SELECT count(*) FROM record),
    (SELECT CAST(coalesce(sum(records), 0) AS BIGINT) FROM chunk)";

/// One file and what an undisturbed intake of it leads to.
pub(crate) struct Reference {
    pub(crate) path: PathBuf,
    pub(crate) entry: FileEntry,
    pub(crate) rows: u64,
    pub(crate) left: ClearDelivery,
}

struct Figures {
    kills: u32,
    phases: BTreeMap<Phase, u32>,
    runs: u32,
    finished: u32,
    waited_out: u32,
    verify_kills: u32,
}

fn kill(backend: Backend, kills: u32) {
    let mut chance = Chance(support::seed());
    let ground = Ground::new(backend);
    let rows = support::chosen("KILL_ROWS", ROWS);
    let (references, duration) = undisturbed(&ground, FILES, rows);
    println!("an undisturbed intake takes {duration:?}");
    let mut figures = Figures {
        kills: 0,
        phases: BTreeMap::new(),
        runs: 0,
        finished: 0,
        waited_out: 0,
        verify_kills: 0,
    };
    let began = Instant::now();
    let mut round = 0;
    let bound = support::Bound::new();
    while figures.kills < kills && !bound.is_over() {
        round += 1;
        let mut installation = ground.install(&format!("round-{round}"));
        installation.chunk_rows = CHUNK_ROWS;
        for at in 0..references.len() {
            if figures.kills >= kills {
                break;
            }
            let reference = &references[at];
            until_finished(
                &ground,
                &installation,
                reference,
                kills,
                duration,
                &mut chance,
                &mut figures,
            );
            figures.finished += 1;
            compare(&ground, &installation, &references[..=at], rows);
            if chance.below(3) == 0 {
                let verify = installation.command().arg("verify").spawned();
                let delay = chance.delay(duration);
                figures.verify_kills += u32::from(end(verify, Some(delay)).1.signal() == Some(SIGKILL));
            }
            installation.verify();
        }
    }
    let mut phases = String::new();
    for (phase, number) in &figures.phases {
        write!(phases, " {phase:?} {number}").unwrap();
    }
    println!(
        "{backend:?}: {} kills in {} runs over {} deliveries, {:.0} s; killed in:{phases}; {} times another process was \
         still at it; verify killed {} times",
        figures.kills,
        figures.runs,
        figures.finished,
        began.elapsed().as_secs_f64(),
        figures.waited_out,
        figures.verify_kills
    );
    let inside: u32 = [Phase::Begun, Phase::BetweenChunks, Phase::BeforeReceipt]
        .iter()
        .filter_map(|phase| figures.phases.get(phase))
        .sum();
    assert!(
        inside * 4 >= figures.kills,
        "too few kills hit the intake itself:{phases}"
    );
}

/// Writes the files and takes them in undisturbed; also how long the longest of the latter half took.
pub(crate) fn undisturbed(ground: &Ground, files: u64, rows: u64) -> (Vec<Reference>, Duration) {
    let mut installation = ground.install("undisturbed");
    installation.chunk_rows = CHUNK_ROWS;
    let residents = RESIDENTS.to_string();
    let arguments = ["--bulk", "--rows", "1", "--residents", &residents];
    support::run(
        installation.command().arg("synth").arg(ground.city()).args(arguments),
        0,
    );
    let manifest: Manifest = serde_json::from_reader(File::open(ground.city().join("manifest.json")).unwrap()).unwrap();
    let city = City::new(
        manifest.seed,
        manifest.residents,
        Day::parse_iso(&manifest.today).unwrap(),
    )
    .unwrap();
    let mut durations = Vec::new();
    let mut references = Vec::new();
    for series in 1..=files {
        let entry = write(ground, &city, series, rows);
        let path = ground.city().join(&entry.file);
        let began = Instant::now();
        let output = installation.deliver(&path, &entry.item, &entry.provider);
        durations.push(began.elapsed());
        let receipt = receipt_of(&output.stdout);
        let ledger = ground.open(&installation);
        let uuid = receipt["delivery"].as_str().unwrap().parse().unwrap();
        let left = ledger.deliveries[&uuid].clone();
        assert!(!left.records.is_empty() && !left.staged.is_empty() && !left.faults.is_empty());
        references.push(Reference {
            path,
            entry,
            rows,
            left,
        });
    }
    durations.sort();
    (references, durations[durations.len() / 2])
}

/// A dirty delivery: penalties, and one of honours, in the encodings and kinds of file by turns.
fn write(ground: &Ground, city: &City, series: u64, rows: u64) -> FileEntry {
    let (item, layout) = if series == 4 {
        ("ITM-PERMIT", "2018+")
    } else {
        ("ITM-PENALTY", "2018+")
    };
    let item = &ground.catalogue.items[&ItemId::parse(item).unwrap()];
    let kind = match series {
        2 => FileKind::Csv(TextEncoding::Gb18030),
        5 => FileKind::Xlsx,
        _ => FileKind::Csv(TextEncoding::Utf8),
    };
    let plan = DeliveryPlan {
        name: format!("{series}"),
        item: item.id.clone(),
        layout: layout.to_owned(),
        provider: item.providers.first().unwrap().clone(),
        kind,
        rows,
        dirt: Dirt::default(),
        series,
        has_extensions: true,
        has_foreign_columns: series % 2 == 1,
    };
    synth::write_delivery(city, &ground.catalogue, &plan, &ground.city()).unwrap()
}

/// Delivers again and again, killed on the way as long as kills are left, until the receipt is printed.
fn until_finished(
    ground: &Ground,
    installation: &Installation,
    reference: &Reference,
    kills: u32,
    duration: Duration,
    chance: &mut Chance,
    figures: &mut Figures,
) {
    let entry = &reference.entry;
    let before = traces(ground, installation).deliveries;
    loop {
        let delay = (figures.kills < kills).then(|| chance.delay(duration));
        let mut command = installation.deliver_command(&reference.path, &entry.item, &entry.provider);
        let (printed, status) = end(command.spawned(), delay);
        figures.runs += 1;
        if status.signal() == Some(SIGKILL) {
            figures.kills += 1;
            let traces = traces(ground, installation);
            assert_eq!(
                traces.records, traces.records_of_chunks,
                "a chunk is there whole or not at all"
            );
            installation.verify_amid(1);
            *figures.phases.entry(phase(before, traces, reference.rows)).or_default() += 1;
            continue;
        }
        match status.code() {
            Some(0) => {
                assert!(receipt_of(&printed.stdout)["state"] == "done");
                return;
            }
            // The server still ends the transaction of the process that was killed a moment ago.
            Some(1) if ground.backend == Backend::Postgres && printed.stderr.contains("DELIVER-0004") => {
                figures.waited_out += 1;
            }
            other => panic!("{other:?}: {}", printed.stderr),
        }
    }
}

fn phase(before: i64, traces: Traces, rows: u64) -> Phase {
    if traces.deliveries == before {
        Phase::BeforeBegun
    } else if traces.receipts == traces.deliveries {
        if traces.outbox > 0 {
            Phase::BeforeSequenced
        } else {
            Phase::Done
        }
    } else if traces.chunks == 0 {
        Phase::Begun
    } else if traces.rows_done < i64::try_from(rows).unwrap() {
        Phase::BetweenChunks
    } else {
        Phase::BeforeReceipt
    }
}

/// Each delivery of the store is what it would be had nobody killed anything.
pub(crate) fn compare(ground: &Ground, installation: &Installation, references: &[Reference], rows: u64) {
    let ledger = ground.open(installation);
    assert_eq!(ledger.deliveries.len(), references.len());
    for (delivery, reference) in ledger.deliveries.values().zip(references) {
        let (left, right) = (delivery, &reference.left);
        let name = &reference.entry.file;
        assert_eq!(left.records.len(), right.records.len(), "records of {name}");
        assert!(left.records == right.records, "records of {name}");
        assert!(left.staged == right.staged, "waiting rows of {name}");
        assert!(left.faults == right.faults, "faults of {name}");
        let told = |delivery: &ClearDelivery| {
            let receipt = receipt_of(delivery.receipt.as_ref().unwrap());
            (receipt["rows"].clone(), receipt["faults"].clone())
        };
        assert_eq!(told(left), told(right), "receipt of {name}");
        assert_eq!(told(left).0["received"], rows, "receipt of {name}");
    }
}

/// Looks into the tables without waking the store: what is there is left for the next start to recover.
pub(crate) fn traces(ground: &Ground, installation: &Installation) -> Traces {
    let numbers: [i64; 7] = match ground.backend {
        Backend::Sqlite => {
            // The log of a killed process is recovered by whoever opens it first, so a copy is opened.
            let copy = tempfile::tempdir().unwrap();
            for name in ["chengdang.db", "chengdang.db-wal"] {
                let from = installation.data.join(name);
                if from.exists() {
                    std::fs::copy(from, copy.path().join(name)).unwrap();
                }
            }
            let connection = rusqlite::Connection::open(copy.path().join("chengdang.db")).unwrap();
            let check: String = connection
                .query_row("PRAGMA quick_check", [], |row| row.get(0))
                .unwrap();
            assert_eq!(check, "ok");
            connection
                .query_row(TRACES, [], |row| Ok(std::array::from_fn(|at| row.get(at).unwrap())))
                .unwrap()
        }
        Backend::Postgres => ground.runtime.block_on(async {
            let connect = tokio_postgres::connect(&installation.store, tokio_postgres::NoTls);
            let (client, connection) = connect.await.unwrap();
            let connection = tokio::spawn(connection);
            let row = client.query_one(TRACES, &[]).await.unwrap();
            drop(client);
            connection.await.unwrap().unwrap();
            std::array::from_fn(|at| row.get(at))
        }),
    };
    let [
        deliveries,
        receipts,
        chunks,
        rows_done,
        outbox,
        records,
        records_of_chunks,
    ] = numbers;
    Traces {
        deliveries,
        receipts,
        chunks,
        rows_done,
        outbox,
        records,
        records_of_chunks,
    }
}

pub(crate) struct Printed {
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

pub(crate) trait Spawned {
    fn spawned(&mut self) -> std::process::Child;
}

impl Spawned for Command {
    fn spawned(&mut self) -> std::process::Child {
        self.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }
}

/// Waits for the end; after `delay` the process is killed.
pub(crate) fn end(mut child: std::process::Child, delay: Option<Duration>) -> (Printed, ExitStatus) {
    let (mut stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let (sender, ended) = mpsc::channel();
    // Both pipes are closed when the process ends, and nothing but the process holds them.
    let reader = thread::spawn(move || {
        let mut printed = Printed {
            stdout: Vec::new(),
            stderr: String::new(),
        };
        stdout.read_to_end(&mut printed.stdout).unwrap();
        stderr.read_to_string(&mut printed.stderr).unwrap();
        let _ = sender.send(());
        printed
    });
    if let Some(delay) = delay
        && ended.recv_timeout(delay).is_err()
    {
        child.kill().unwrap();
    }
    let status = child.wait().unwrap();
    (reader.join().unwrap(), status)
}

/// `SplitMix64`, so that a seed draws the same delays everywhere.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// An instant within the run.
    fn delay(&mut self, duration: Duration) -> Duration {
        let nanos = u64::try_from(duration.as_nanos()).unwrap();
        Duration::from_nanos(self.below(nanos))
    }
}
