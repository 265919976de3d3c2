//! P1: intake beside PostgreSQL's COPY of the same rows, in turns.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, ensure};
use app::App;
use domain::Uscc;
use domain::catalogue::{Catalogue, ItemId};
use intake::Limits;
use serde_json::{Value, json};

use crate::city::{Ground, Written};
use crate::measure::{self, Cost, Meter, spread};
use crate::peer::Peer;
use crate::report::Report;
use crate::truth;

/// What one size is measured with.
pub(crate) struct Plan {
    pub(crate) rows: u64,
    pub(crate) turns: usize,
    /// Whether the SQLite store takes its turns.
    pub(crate) with_sqlite: bool,
    /// Whether the PostgreSQL store takes its turns, too.
    pub(crate) with_postgres: bool,
    /// Whether every fault is compared with the truth by its line, not only counted.
    pub(crate) by_line: bool,
}

/// The SQLite store of the last turn, for reading from it.
pub(crate) struct Filled {
    pub(crate) app: App,
    pub(crate) written: Written,
    pub(crate) folder: PathBuf,
}

struct Arm {
    name: &'static str,
    costs: Vec<Cost>,
}

impl Arm {
    fn rates(&self, rows: f64) -> Vec<f64> {
        self.costs.iter().map(|cost| rows / cost.wall).collect()
    }
}

/// Measures `plan` in `folder` and says what came out; the last SQLite store is left, if there is one.
pub(crate) async fn run(
    ground: &Ground,
    peer: &mut Peer,
    plan: &Plan,
    folder: &Path,
    report: &mut Report,
) -> anyhow::Result<Option<Filled>> {
    let written = Written::write(&ground.catalogue, plan.rows, folder.join("city"))?;
    let bytes = std::fs::metadata(written.delivery()?)?.len();
    report.line(format_args!(
        "\nP1  intake of {} penalties (layout 2018+, extension columns filled, {} MB), {} residents, SQLite cache {} MiB, \
         chunks of {} rows",
        plan.rows,
        bytes / 1_000_000,
        written.city.residents(),
        ground.cache_mib,
        ground.chunk_rows
    ))?;
    let mut copy = Arm {
        name: "COPY",
        costs: Vec::new(),
    };
    let mut sqlite = Arm {
        name: "SQLite",
        costs: Vec::new(),
    };
    let mut postgres = Arm {
        name: "PostgreSQL",
        costs: Vec::new(),
    };
    let mut filled = None;
    for turn in 0..plan.turns {
        let (cost, rows) = peer.copy(&written).await?;
        ensure!(rows == plan.rows, "COPY loaded {rows} rows");
        turn_line(report, turn, copy.name, plan.rows, &cost)?;
        copy.costs.push(cost);

        if plan.with_sqlite {
            drop(filled.take());
            let place = folder.join(format!("sqlite-{turn}"));
            std::fs::create_dir(&place)?;
            let app = ground.app(&written, ground.sqlite(&place)?, &place)?;
            let (cost, receipt) = take_in(ground, &written, &app, None).await?;
            turn_line(report, turn, sqlite.name, plan.rows, &cost)?;
            sqlite.costs.push(cost);
            filled = Some((app, place, receipt));
            if turn > 0 {
                std::fs::remove_dir_all(folder.join(format!("sqlite-{}", turn - 1)))?;
            }
        }

        if plan.with_postgres {
            let (store, database) = peer.store().await?;
            let app = ground.app(&written, store, folder)?;
            let (cost, _) = take_in(ground, &written, &app, Some(peer.postmaster)).await?;
            turn_line(report, turn, postgres.name, plan.rows, &cost)?;
            postgres.costs.push(cost);
            drop(app);
            peer.forget(&database).await?;
        }
    }
    counts_line(&written, report)?;
    if let (true, Some((app, _, receipt))) = (plan.by_line, &filled) {
        faults_line(ground, &written, app, receipt, plan, report).await?;
    }
    let rows = f64::from(u32::try_from(plan.rows)?);
    summary(&[&copy, &sqlite, &postgres], rows, plan.rows, report)?;
    let Some((app, place, _)) = filled else { return Ok(None) };
    stages(&ground.catalogue, &written, &sqlite, rows, plan.rows, report)?;
    Ok(Some(Filled {
        app,
        written,
        folder: place,
    }))
}

/// Takes the delivery in and compares the receipt with the truth.
async fn take_in(
    ground: &Ground,
    written: &Written,
    app: &App,
    postmaster: Option<u32>,
) -> anyhow::Result<(Cost, Value)> {
    measure::settle();
    let meter = Meter::start(postmaster);
    let receipt = ground.deliver(written, app).await?;
    let cost = meter.stop();
    truth::check_counts(written, &receipt)?;
    Ok((cost, receipt))
}

fn turn_line(report: &mut Report, turn: usize, arm: &str, rows: u64, cost: &Cost) -> anyhow::Result<()> {
    let rate = f64::from(u32::try_from(rows)?) / cost.wall;
    report.line(format_args!(
        "  turn {} {arm:<11} {rate:>8.0} rows/s  {:>6.2} s wall  {:>6.2} CPU-s own {:>6.2} CPU-s server  load {}",
        turn + 1,
        cost.wall,
        cost.own_cpu,
        cost.server_cpu,
        measure::load()
    ))
}

/// Each turn's receipt was held against the truth; else this is not reached.
fn counts_line(written: &Written, report: &mut Report) -> anyhow::Result<()> {
    let outcomes = &written.entry()?.outcomes;
    let counts: Vec<String> = outcomes.iter().map(|(name, count)| format!("{name} {count}")).collect();
    report.line(format_args!("  truth: every count as planted ({})", counts.join(", ")))
}

async fn faults_line(
    ground: &Ground,
    written: &Written,
    app: &App,
    receipt: &Value,
    plan: &Plan,
    report: &mut Report,
) -> anyhow::Result<()> {
    let found = truth::check_faults(ground, written, app, receipt).await?;
    report.line(format_args!(
        "  truth: {found} planted faults, each found with its line and column; 0 false faults"
    ))?;
    report.value(&format!("p1.{}.faults_found", plan.rows), json!(found));
    Ok(())
}

fn summary(arms: &[&Arm], rows: f64, size: u64, report: &mut Report) -> anyhow::Result<()> {
    for arm in arms.iter().filter(|arm| !arm.costs.is_empty()) {
        let (median, min, max) = spread(&arm.rates(rows));
        let cpu: Vec<f64> = arm.costs.iter().map(|cost| cost.own_cpu + cost.server_cpu).collect();
        let (cpu, ..) = spread(&cpu);
        report.line(format_args!(
            "  {:<11} {median:>8.0} rows/s ({min:.0}–{max:.0}), {:.1} CPU-µs a row",
            arm.name,
            cpu / rows * 1e6
        ))?;
        report.value(
            &format!("p1.{size}.{}", arm.name.to_lowercase()),
            json!({ "rows_per_second": median.round(), "min": min.round(), "max": max.round(), "cpu_seconds": cpu }),
        );
    }
    let Some((copy, others)) = arms.split_first() else {
        return Ok(());
    };
    for arm in others.iter().filter(|arm| !arm.costs.is_empty()) {
        let ratios: Vec<f64> = copy
            .costs
            .iter()
            .zip(&arm.costs)
            .map(|(copy, own)| copy.wall / own.wall)
            .collect();
        let (median, min, max) = spread(&ratios);
        report.line(format_args!(
            "  ratio {} : COPY = {median:.2} ({min:.2}–{max:.2}); to ship on SQLite 0.5 at 10^6 rows",
            arm.name
        ))?;
        report.value(
            &format!("p1.{size}.ratio_{}", arm.name.to_lowercase()),
            json!({ "median": median, "min": min, "max": max }),
        );
    }
    Ok(())
}

/// Where the time goes: reading and cleaning alone on one thread, and the processor time of the last turn by thread.
fn stages(
    catalogue: &Arc<Catalogue>,
    written: &Written,
    sqlite: &Arm,
    rows: f64,
    size: u64,
    report: &mut Report,
) -> anyhow::Result<()> {
    let read = alone(catalogue, written, false)?;
    let cleaned = alone(catalogue, written, true)?;
    let cost = sqlite.costs.last().context("no turn")?;
    let of = |prefix: &str| -> f64 {
        let threads = cost.threads.iter().filter(|(name, _)| name.starts_with(prefix));
        threads.map(|(_, seconds)| seconds).sum()
    };
    let (commit, checkpoint, probes) = (of("sqlite-write"), of("sqlite-checkpoi"), of("sqlite-read"));
    let rest = cost.own_cpu - commit - checkpoint - probes - read - cleaned;
    let each = |seconds: f64| seconds / rows * 1e6;
    report.line(format_args!(
        "  stages, CPU-µs a row: first reading {:.1}, read and clean {:.1}, match, tag and seal {:.1}, probe {:.1}, \
         commit {:.1}, checkpoint {:.1}; wall {:.1}",
        each(read),
        each(cleaned),
        each(rest),
        each(probes),
        each(commit),
        each(checkpoint),
        each(cost.wall)
    ))?;
    report.value(
        &format!("p1.{size}.stages_cpu_seconds"),
        json!({
            "first_reading": read, "read_and_clean": cleaned, "match_tag_seal": rest, "probe": probes,
            "commit": commit, "checkpoint": checkpoint,
        }),
    );
    Ok(())
}

/// Processor seconds of reading, or reading and cleaning, on this thread alone.
fn alone(catalogue: &Catalogue, written: &Written, cleans: bool) -> anyhow::Result<f64> {
    let entry = written.entry()?;
    let item = catalogue
        .items
        .get(&ItemId::parse(&entry.item)?)
        .context("no such item")?;
    let provider = Uscc::parse(&entry.provider)?;
    let context = intake::Context {
        catalogue,
        item,
        provider: &provider,
        today: written.city.today(),
        allow_test_area: true,
    };
    let meter = Meter::start(None);
    let mut reader = BufReader::with_capacity(1 << 20, File::open(written.delivery()?)?);
    let mut file = intake::open(&mut reader, &entry.file, &Limits::default())?;
    let mut table = file.table()?;
    let map = intake::recognise(table.header(), item, catalogue).map_err(|_| anyhow::anyhow!("unknown header"))?;
    let mut cleaner = intake::Cleaner::new(&map, &context);
    while let Some(row) = table.next_row()? {
        if cleans {
            std::hint::black_box(cleaner.clean(row));
        }
    }
    Ok(meter.stop().own_cpu)
}
