//! Reading the kinds of file, as an intake reads them: GB18030 beside UTF-8, and workbooks in their confined process beside
//! openpyxl, in turns. Processor time, since it is the same work on one core whoever else is busy.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use domain::Clock;
use domain::catalogue::ItemId;
use intake::{Limits, Pass};
use serde_json::json;
use synth::{FileKind, TextEncoding};

use crate::city::{Ground, Written};
use crate::clock::SystemClock;
use crate::measure::{self, spread};
use crate::report::Report;

/// Enough that starting the processes does not count.
const ROWS: u64 = 100_000;
/// What the deliveries are of.
const ITEM: &str = "ITM-PENALTY";

/// What a reading found; both readers must find the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
struct Found {
    /// Data rows.
    rows: u64,
    /// Cells of them that hold something.
    cells: u64,
}

/// Measures and says what came out.
pub(crate) fn run(ground: &Ground, turns: usize, folder: &Path, report: &mut Report) -> anyhow::Result<()> {
    std::fs::create_dir(folder)?;
    let file = |name, kind| -> anyhow::Result<PathBuf> {
        Written::write_as(&ground.catalogue, ROWS, kind, folder.join(name))?.delivery()
    };
    let utf8 = file("utf8", FileKind::Csv(TextEncoding::Utf8))?;
    let gb18030 = file("gb18030", FileKind::Csv(TextEncoding::Gb18030))?;
    let xlsx = file("xlsx", FileKind::Xlsx)?;
    let python = ground.root.join("tools/openpyxl/run.sh");
    // The first call installs the peer.
    peer(&python, &xlsx)?;

    let mut seconds: [Vec<f64>; 4] = Default::default();
    let mut cleaned: [Vec<f64>; 2] = Default::default();
    for _ in 0..turns {
        let (of_utf8, of_gb18030) = (timed(|| clean(ground, &utf8))?, timed(|| clean(ground, &gb18030))?);
        ensure!(of_utf8.1 == of_gb18030.1, "cleaning differs between encodings");
        for ((cpu, _), all) in [of_utf8, of_gb18030].into_iter().zip(&mut cleaned) {
            all.push(cpu);
        }

        let readings = [
            timed(|| read(&utf8))?,
            timed(|| read(&gb18030))?,
            timed(|| read(&xlsx))?,
            peer(&python, &xlsx)?,
        ];
        let [(_, text), ..] = readings;
        for ((cpu, found), all) in readings.into_iter().zip(&mut seconds) {
            ensure!(found == text, "two readers differ: {found:?} and {text:?}");
            all.push(cpu);
        }
    }
    report.line(format_args!(
        "\nFormats  reading {ROWS} penalties of 40 columns and more, one pass, {turns} turns; load {}",
        measure::load()
    ))?;
    let rows = f64::from(u32::try_from(ROWS)?);
    let mut medians = [0.0; 4];
    for ((name, all), median) in ["UTF-8", "GB18030", "XLSX", "openpyxl"]
        .iter()
        .zip(&seconds)
        .zip(&mut medians)
    {
        let (middle, least, most) = spread(all);
        *median = middle;
        let each = |seconds: f64| seconds / rows * 1e6;
        report.line(format_args!(
            "  {name:<9} {:>7.2} CPU-µs a row ({:.2}–{:.2}), {:>9.0} rows a CPU-second",
            each(middle),
            each(least),
            each(most),
            rows / middle
        ))?;
        report.value(
            &format!("formats.{}", name.to_lowercase()),
            json!({ "cpu_us_a_row": each(middle) }),
        );
    }
    let [utf8, gb18030, xlsx, openpyxl] = medians;
    report.line(format_args!(
        "  GB18030 : UTF-8 = {:.2} of the time; XLSX : openpyxl = {:.1} x the rate, at least 20",
        gb18030 / utf8,
        openpyxl / xlsx
    ))?;
    let [(utf8, ..), (gb18030, ..)] = cleaned.each_ref().map(|all| spread(all));
    report.value("formats.cleaned_ratio", json!(gb18030 / utf8));
    report.line(format_args!(
        "  read and cleaned, as an intake does on one thread: UTF-8 {:.2}, GB18030 {:.2} CPU-µs a row = {:.2} of the time, \
         at most 1.5",
        utf8 / rows * 1e6,
        gb18030 / rows * 1e6,
        gb18030 / utf8
    ))
}

fn timed(body: impl FnOnce() -> anyhow::Result<Found>) -> anyhow::Result<(f64, Found)> {
    let before = measure::family_cpu();
    let found = body()?;
    Ok((measure::family_cpu() - before, found))
}

/// Reads as an intake does: a workbook through the confined process.
fn read(path: &Path) -> anyhow::Result<Found> {
    let workbooks = confine::ConfinedReader::new(crate::idle::program()?);
    let mut reader = BufReader::with_capacity(1 << 20, File::open(path)?);
    let name = path.to_string_lossy();
    let mut file = intake::open_with(&mut reader, &name, &Limits::default(), &workbooks, Pass::Rows)?;
    let mut table = file.table()?;
    let mut found = Found { rows: 0, cells: 0 };
    while let Some(row) = table.next_row()? {
        found.rows += 1;
        found.cells += row.cells().filter(|cell| !cell.is_empty()).count() as u64;
    }
    Ok(found)
}

/// Reads and cleans; the cells are those of rows that were found good.
fn clean(ground: &Ground, path: &Path) -> anyhow::Result<Found> {
    let catalogue = &ground.catalogue;
    let item = catalogue.items.get(&ItemId::parse(ITEM)?).context("no such item")?;
    let context = intake::Context {
        catalogue,
        item,
        provider: item.providers.first().context("no provider")?,
        today: SystemClock.now().day(),
        allow_test_area: true,
    };
    let workbooks = confine::ConfinedReader::new(crate::idle::program()?);
    let mut reader = BufReader::with_capacity(1 << 20, File::open(path)?);
    let name = path.to_string_lossy();
    let mut file = intake::open_with(&mut reader, &name, &Limits::default(), &workbooks, Pass::Rows)?;
    let mut table = file.table()?;
    let map = intake::recognise(table.header(), item, catalogue)
        .map_err(|faults| anyhow::anyhow!("the header has {} faults", faults.len()))?;
    let mut cleaner = intake::Cleaner::new(&map, &context);
    let mut found = Found { rows: 0, cells: 0 };
    while let Some(row) = table.next_row()? {
        found.rows += 1;
        if matches!(cleaner.clean(row), intake::Cleaned::Row(..)) {
            found.cells += row.cells().filter(|cell| !cell.is_empty()).count() as u64;
        }
    }
    Ok(found)
}

/// The peer says itself what its reading took.
fn peer(python: &Path, path: &Path) -> anyhow::Result<(f64, Found)> {
    #[derive(serde::Deserialize)]
    struct Answer {
        cpu_seconds: f64,
        #[serde(flatten)]
        found: Found,
    }
    let output = Command::new(python).arg(path).output()?;
    ensure!(
        output.status.success(),
        "openpyxl: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let answer: Answer = serde_json::from_slice(&output.stdout).context("what openpyxl found")?;
    Ok((answer.cpu_seconds, answer.found))
}
