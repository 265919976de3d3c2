//! `make bench`: one report of P1 (intake beside PostgreSQL's COPY), P2 (a batch compared), P3 (single look-ups beside pgbench), P4 (the log),
//! P5 (a caller's decision beside Cedar),
//! P9 (the own file) and P10 (the idle process).
//!
//! A figure is a ratio with both arms in the same run, in turns, on the same bytes, with the same durability; outputs are
//! compared with the truth of the synthetic city. Build with --release; `docs/performance.md` says how it is read.

mod arms;
mod city;
#[path = "../../src/clock.rs"]
mod clock;
mod compare;
mod decide;
mod formats;
mod idle;
mod log;
mod look_up;
mod measure;
mod own;
mod peer;
mod report;
mod truth;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use domain::Clock;
use serde_json::json;
use store_sqlite::SqliteOptions;

use crate::arms::{Filled, Plan};
use crate::city::Ground;
use crate::measure::{percentile, spread};
use crate::peer::Peer;
use crate::report::Report;

/// The same as the system's own binary has.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Measures a release build and prints one report.
#[derive(Parser)]
struct Args {
    /// Fewer turns and no PostgreSQL store at a million rows: about three minutes
    #[arg(long)]
    quick: bool,
    /// Append the figures to bench/history/<date>.json
    #[arg(long)]
    save: bool,
    /// Only this section
    #[arg(long, value_enum)]
    only: Option<Section>,
    /// Rows of the large run
    #[arg(long, default_value_t = 1_000_000)]
    rows: u64,
    /// Growth of this store only, beside COPY
    #[arg(long, value_enum)]
    store: Option<Growing>,
    /// Rows of a transaction: the configuration's `chunk_rows`
    #[arg(long, default_value_t = app::CHUNK_ROWS_DEFAULT)]
    chunk_rows: usize,
    /// Page cache of SQLite's writer: the configuration's `sqlite_cache_mib`
    #[arg(long, default_value_t = SqliteOptions::default().cache_mib)]
    cache_mib: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Section {
    /// Intake
    P1,
    /// How the rate of intake changes from 10^5 rows to `--rows`, part of P1; only if asked for: at 10^7 it takes a
    /// quarter of an hour and 30 GB with SQLite, and about twice both with PostgreSQL
    Growth,
    /// Reading the kinds of file, part of P1
    Formats,
    /// Comparison of a batch
    P2,
    /// Single look-ups
    P3,
    /// The log
    P4,
    /// The decision whether a caller may look up
    P5,
    /// The own file
    P9,
    /// The idle process
    P10,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Growing {
    Sqlite,
    Postgresql,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let is_asked = |section| match args.only {
        Some(only) => only == section,
        None => section != Section::Growth,
    };
    let ground = Ground::open(args.chunk_rows, args.cache_mib)?;
    let folder = tempfile::Builder::new().prefix("chengdang-bench-").tempdir()?;
    // The PostgreSQL server, another user, reads the deliveries.
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755))?;
    let mut report = Report::default();
    head(&args, &mut report)?;
    if is_asked(Section::P10) {
        idle(&ground, folder.path(), &mut report)?;
    }
    if is_asked(Section::P5) {
        decide::measure(&ground.root, args.quick, &mut report)?;
    }
    let mut large = None;
    if is_asked(Section::P1) {
        let mut peer = Peer::start().await?;
        let small = Plan {
            rows: 100_000.min(args.rows),
            turns: if args.quick { 2 } else { 5 },
            with_sqlite: true,
            with_postgres: true,
            by_line: false,
        };
        intake(&ground, &mut peer, &small, &folder.path().join("small"), &mut report).await?;
        let plan = Plan {
            rows: args.rows,
            turns: if args.quick { 2 } else { 3 },
            with_sqlite: true,
            with_postgres: !args.quick,
            by_line: true,
        };
        large = intake(&ground, &mut peer, &plan, &folder.path().join("large"), &mut report).await?;
    }
    if is_asked(Section::Growth) {
        growth(&ground, &args, folder.path(), &mut report).await?;
    }
    if is_asked(Section::Formats) {
        let turns = if args.quick { 2 } else { 5 };
        formats::run(&ground, turns, &folder.path().join("formats"), &mut report)?;
    }
    if is_asked(Section::P2) {
        let (persons, rows, turns) = if args.quick {
            (1_000_000, 100_000, 2)
        } else {
            (10_000_000, 1_000_000, 3)
        };
        let plan = compare::Plan { persons, rows, turns };
        compare::run(&ground, &plan, &folder.path().join("p2"), &mut report).await?;
    }
    if is_asked(Section::P3) {
        let (rows, turns) = if args.quick {
            (100_000, (2, 5))
        } else {
            (args.rows, (3, 15))
        };
        look_up::run(&ground, rows, turns, &folder.path().join("p3"), &mut report).await?;
    }
    if is_asked(Section::P4) {
        let entries = if args.quick { 100_000 } else { 1_000_000 };
        log::run(&ground, entries, &folder.path().join("p4"), &mut report).await?;
    }
    if is_asked(Section::P9) {
        let small = city::filled(&ground, 10_000, &folder.path().join("own-small")).await?;
        own_file(&ground, &small, &args, &mut report).await?;
        let large = match large {
            Some(filled) => filled,
            None => city::filled(&ground, args.rows, &folder.path().join("own-large")).await?,
        };
        own_file(&ground, &large, &args, &mut report).await?;
    }
    if args.save {
        let today = clock::SystemClock.today().to_string();
        let path = report.save(&ground.root.join("bench/history"), &today)?;
        Report::default().line(format_args!("\nsaved to {}", path.display()))?;
    }
    Ok(())
}

fn head(args: &Args, report: &mut Report) -> anyhow::Result<()> {
    let cores = std::thread::available_parallelism()?;
    let load = measure::load();
    let at = clock::SystemClock.now().local_text();
    report.line(format_args!("chengdang bench, {at}, {cores} cores, load {load}"))?;
    if cfg!(debug_assertions) {
        report.line("NOT a release build: the ratios mean nothing")?;
    }
    report.value("at", json!(at));
    report.value("cores", json!(cores.get()));
    report.value("load_at_start", json!(load));
    report.value("quick", json!(args.quick));
    Ok(())
}

async fn intake(
    ground: &Ground,
    peer: &mut Peer,
    plan: &Plan,
    folder: &Path,
    report: &mut Report,
) -> anyhow::Result<Option<Filled>> {
    std::fs::create_dir(folder)?;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755))?;
    arms::run(ground, peer, plan, folder, report).await
}

/// One turn of each size, tenfold from one to the next, each on an empty store.
async fn growth(ground: &Ground, args: &Args, folder: &Path, report: &mut Report) -> anyhow::Result<()> {
    let mut peer = Peer::start().await?;
    let sizes = (5..)
        .map(|power| 10_u64.pow(power))
        .take_while(|rows| *rows <= args.rows);
    for rows in sizes {
        let plan = Plan {
            rows,
            turns: 1,
            with_sqlite: args.store != Some(Growing::Postgresql),
            with_postgres: args.store != Some(Growing::Sqlite),
            by_line: false,
        };
        let place = folder.join(format!("growth-{rows}"));
        drop(intake(ground, &mut peer, &plan, &place, report).await?);
        std::fs::remove_dir_all(&place)?;
    }
    Ok(())
}

async fn own_file(ground: &Ground, filled: &Filled, args: &Args, report: &mut Report) -> anyhow::Result<()> {
    let rows = filled.written.manifest.files.iter().map(|file| file.rows).sum::<u64>();
    let reads = if args.quick { 500 } else { 2000 };
    let before = measure::fsync_times(&filled.folder, reads / 2)?;
    let times = own::measure(ground, &filled.written, &filled.app, reads).await?;
    let mut fsync = measure::fsync_times(&filled.folder, reads / 2)?;
    fsync.extend(before);
    fsync.sort_unstable();
    report.line(format_args!(
        "\nP9  own file with its trace, store of {rows} rows, {reads} reads each way, {:.1} records a file; load {}",
        f64::from(u32::try_from(times.records_read)?) / f64::from(u32::try_from(reads)?),
        measure::load()
    ))?;
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    for (what, sorted) in [
        ("use case", &times.through_app),
        ("GET /api/v1/me/records", &times.over_http),
        ("fsync alone", &fsync),
    ] {
        let (half, most) = (ms(percentile(sorted, 50)), ms(percentile(sorted, 99)));
        report.line(format_args!("  {what:<24} p50 {half:>7.2} ms   p99 {most:>7.2} ms"))?;
        let name = what.split_whitespace().next_back().unwrap_or_default();
        report.value(&format!("p9.{rows}.{name}"), json!({ "p50_ms": half, "p99_ms": most }));
    }
    report.line("  to ship: p99 at most 20 ms + p99 of fsync; shown records compared with the truth")
}

fn idle(ground: &Ground, folder: &Path, report: &mut Report) -> anyhow::Result<()> {
    let data = folder.join("idle");
    std::fs::create_dir(&data)?;
    let idle = idle::measure(&ground.root, &data, 7)?;
    let (seconds, quickest, slowest) = spread(&idle.seconds);
    let (resident, least, most) = spread(&idle.resident_mib);
    report.line(format_args!(
        "\nP10 `chengdang serve` on an empty city: ready after {seconds:.2} s ({quickest:.2}–{slowest:.2}), \
         {resident:.0} MiB resident ({least:.0}–{most:.0}); to ship 2 s, 250 MB"
    ))?;
    report.value("p10", json!({ "ready_seconds": seconds, "resident_mib": resident }));
    Ok(())
}
