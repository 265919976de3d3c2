//! Sets of deliveries: the demonstration, the full set with dirt of every kind, and bulk for benches.

use std::fs::{File, create_dir_all};
use std::io::{BufWriter, Write};
use std::path::Path;

use domain::Uscc;
use domain::catalogue::Catalogue;
use domain::catalogue::{Item, ItemId};

use crate::canary::write_canaries;
use crate::delivery::{DeliveryPlan, write_delivery};
use crate::manifest::{FileEntry, Manifest, Purpose};
use crate::register::write_register;
use crate::{City, Dirt, FileKind, SynthError, TextEncoding};

const UTF8: FileKind = FileKind::Csv(TextEncoding::Utf8);
const UTF8_BOM: FileKind = FileKind::Csv(TextEncoding::Utf8Bom);
const GB18030: FileKind = FileKind::Csv(TextEncoding::Gb18030);
const XLSX: FileKind = FileKind::Xlsx;

/// Item, header version, kind of file, share of the rows in hundredths.
type Row<'a> = (&'a str, &'a str, FileKind, u64);

/// Series from which on files are refused as a whole.
const BROKEN_SERIES: u64 = 80;

/// Items with words of their own: every header version of penalties and permits, every encoding and kind of file.
const FULL: [Row<'static>; 17] = [
    ("ITM-PENALTY", "2018+", UTF8, 18),
    ("ITM-PENALTY", "2018+", GB18030, 10),
    ("ITM-PENALTY", "2018+", XLSX, 6),
    ("ITM-PENALTY", "2018", GB18030, 8),
    ("ITM-PENALTY", "2018", UTF8_BOM, 6),
    ("ITM-PENALTY", "2015", GB18030, 8),
    ("ITM-PERMIT", "2018+", UTF8, 6),
    ("ITM-PERMIT", "2018", GB18030, 4),
    ("ITM-PERMIT", "2015", UTF8_BOM, 4),
    ("ITM-COURT-DEFAULTER", "2013", GB18030, 5),
    ("ITM-HONOUR", "1", XLSX, 4),
    ("ITM-VOLUNTEER", "1", UTF8, 5),
    ("ITM-LICENCE", "1", UTF8, 5),
    ("ITM-TAX-ARREARS", "1", GB18030, 3),
    ("ITM-TAX-BREACH", "1", UTF8, 2),
    ("ITM-COMMITMENT", "1", UTF8_BOM, 3),
    ("ITM-COMMITMENT", "1", XLSX, 3),
];

/// The twelve deliveries of the demonstration; rows in hundredths of the set.
const DEMO: [Row<'static>; 12] = [
    ("ITM-PENALTY", "2018+", GB18030, 14),
    ("ITM-PENALTY", "2018", UTF8, 10),
    ("ITM-PENALTY", "2015", GB18030, 8),
    ("ITM-PERMIT", "2018+", UTF8, 10),
    ("ITM-PERMIT", "2018+", XLSX, 8),
    ("ITM-COURT-DEFAULTER", "2013", GB18030, 6),
    ("ITM-HONOUR", "1", XLSX, 8),
    ("ITM-VOLUNTEER", "1", UTF8, 12),
    ("ITM-LICENCE", "1", GB18030, 10),
    ("ITM-TAX-ARREARS", "1", UTF8, 4),
    ("ITM-TAX-BREACH", "1", GB18030, 4),
    ("ITM-COMMITMENT", "1", XLSX, 6),
];

/// Rows of the demonstration, about.
const DEMO_ROWS: u64 = 900;

/// Writes the full set into `dir`: about `rows` data rows over all items, versions, encodings and kinds of file, with
/// `dirt`; files that are refused as a whole; the register, the truth files, the canaries and `manifest.json`.
///
/// # Errors
///
/// [`SynthError`] if the catalogue lacks an item, the city is too small (some hundred residents are needed), or a file
/// cannot be written.
pub fn write_deliveries(
    city: &City,
    catalogue: &Catalogue,
    rows: u64,
    dirt: &Dirt,
    dir: &Path,
) -> Result<Manifest, SynthError> {
    create_dir_all(dir)?;
    let mut files = delivered(city, catalogue, &FULL, rows, dirt, dir)?;
    let bare = DeliveryPlan {
        name: format!("{:02}-penalty-without-extensions", FULL.len() + 1),
        has_extensions: false,
        has_foreign_columns: false,
        rows: (rows / 100).max(20),
        ..plan(
            catalogue,
            FULL.len() as u64 + 1,
            &("ITM-PENALTY", "2018", GB18030, 1),
            rows,
            dirt,
        )?
    };
    files.push(write_delivery(city, catalogue, &bare, dir)?);
    for other in others(catalogue, rows, dirt)? {
        files.push(write_delivery(city, catalogue, &other, dir)?);
    }
    files.extend(broken(city, catalogue, dir)?);
    finish(city, files, dir)
}

/// Writes the demonstration into `dir`: twelve deliveries in two encodings and two kinds of file.
///
/// # Errors
///
/// As [`write_deliveries`].
pub fn demo_set(city: &City, catalogue: &Catalogue, dir: &Path) -> Result<Manifest, SynthError> {
    create_dir_all(dir)?;
    let files = delivered(city, catalogue, &DEMO, DEMO_ROWS, &Dirt::default(), dir)?;
    finish(city, files, dir)
}

/// Writes one delivery of `rows` penalties (version 2018+, extension columns) into `dir`, with its truth and the register:
/// the input of benches. The rows are the same in every kind of file. Streams; memory does not grow with `rows`.
///
/// # Errors
///
/// As [`write_deliveries`].
pub fn bulk(
    city: &City,
    catalogue: &Catalogue,
    rows: u64,
    dirt: &Dirt,
    kind: FileKind,
    dir: &Path,
) -> Result<Manifest, SynthError> {
    create_dir_all(dir)?;
    let plan = DeliveryPlan {
        name: "bulk-penalty".to_owned(),
        rows,
        has_foreign_columns: false,
        ..plan(catalogue, 0, &("ITM-PENALTY", "2018+", kind, 100), rows, dirt)?
    };
    let files = vec![write_delivery(city, catalogue, &plan, dir)?];
    finish(city, files, dir)
}

/// Header versions that [`FULL`] does not name, whatever the catalogue has; two hundredths of the rows each.
fn others(catalogue: &Catalogue, rows: u64, dirt: &Dirt) -> Result<Vec<DeliveryPlan>, SynthError> {
    let all = catalogue
        .items
        .values()
        .flat_map(|item| item.layouts.iter().map(move |layout| (item, layout.version.as_str())));
    let unnamed = all.filter(|(item, version)| {
        !FULL
            .iter()
            .any(|(id, layout, ..)| *id == item.id.as_str() && layout == version)
    });
    let kinds = [UTF8, GB18030, XLSX, UTF8_BOM];
    (FULL.len() as u64 + 2..)
        .zip(unnamed.zip(kinds.into_iter().cycle()))
        .map(|(series, ((item, version), kind))| {
            // The series of the files that are refused as a whole come after.
            if series >= BROKEN_SERIES {
                return Err(SynthError::Parameters(
                    "the catalogue has more header versions than a set has series",
                ));
            }
            plan(catalogue, series, &(item.id.as_str(), version, kind, 2), rows, dirt)
        })
        .collect()
}

fn delivered(
    city: &City,
    catalogue: &Catalogue,
    set: &[Row<'_>],
    rows: u64,
    dirt: &Dirt,
    dir: &Path,
) -> Result<Vec<FileEntry>, SynthError> {
    let plans = (1..)
        .zip(set)
        .map(|(series, row)| plan(catalogue, series, row, rows, dirt));
    plans.map(|plan| write_delivery(city, catalogue, &plan?, dir)).collect()
}

fn plan(
    catalogue: &Catalogue,
    series: u64,
    (item, layout, kind, share): &Row<'_>,
    rows: u64,
    dirt: &Dirt,
) -> Result<DeliveryPlan, SynthError> {
    let found = item_of(catalogue, item)?;
    let short = item.trim_start_matches("ITM-").to_lowercase();
    Ok(DeliveryPlan {
        name: format!("{series:02}-{short}-{}", layout.trim_end_matches('+')),
        item: found.id.clone(),
        layout: (*layout).to_owned(),
        provider: provider(catalogue, found, series)?,
        kind: *kind,
        rows: (rows * share).div_ceil(100),
        dirt: dirt.clone(),
        series,
        has_extensions: true,
        has_foreign_columns: series % 2 == 1,
    })
}

fn item_of<'a>(catalogue: &'a Catalogue, id: &str) -> Result<&'a Item, SynthError> {
    let id = ItemId::parse(id).map_err(|_| SynthError::Catalogue("such item"))?;
    catalogue.items.get(&id).ok_or(SynthError::Catalogue("such item"))
}

/// One of the item's providers, but for the police, whose penalties need road traffic law.
fn provider(catalogue: &Catalogue, item: &Item, series: u64) -> Result<Uscc, SynthError> {
    let is_police = |code: &&Uscc| {
        catalogue
            .organisations
            .get(*code)
            .is_none_or(|organisation| organisation.name.zh.contains("公安"))
    };
    let fitting: Vec<&Uscc> = item.providers.iter().filter(|code| !is_police(code)).collect();
    let at = usize::try_from(series).unwrap_or_default();
    fitting
        .iter()
        .cycle()
        .nth(at % fitting.len().max(1))
        .map(|code| (*code).clone())
        .ok_or(SynthError::Catalogue("provider"))
}

/// Files that are refused as a whole.
fn broken(city: &City, catalogue: &Catalogue, dir: &Path) -> Result<Vec<FileEntry>, SynthError> {
    let clean = |name: &str, row: Row<'_>, series: u64| -> Result<DeliveryPlan, SynthError> {
        let plan = plan(catalogue, series, &row, 20, &Dirt::none())?;
        Ok(DeliveryPlan {
            name: name.to_owned(),
            rows: 20,
            ..plan
        })
    };
    let mut files = Vec::new();
    // Columns of another item under this item's name.
    let other = clean("80-header-of-another-item", ("ITM-HONOUR", "1", UTF8, 1), 80)?;
    let entry = write_delivery(city, catalogue, &other, dir)?;
    let permit = item_of(catalogue, "ITM-PERMIT")?;
    files.push(whole(
        entry,
        Purpose::HeaderUnknown,
        permit,
        &provider(catalogue, permit, 0)?,
        dir,
    )?);
    // No header: the first row is somebody's.
    let headless = clean("81-without-header", ("ITM-PENALTY", "2018+", GB18030, 1), 81)?;
    let entry = write_delivery(city, catalogue, &headless, dir)?;
    let path = dir.join(&entry.file);
    let bytes = std::fs::read(&path)?;
    let first_line = bytes.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    std::fs::write(&path, bytes.get(first_line..).unwrap_or_default())?;
    let penalty = item_of(catalogue, "ITM-PENALTY")?;
    files.push(whole(entry, Purpose::HeaderUnknown, penalty, &headless.provider, dir)?);
    // Cut off inside a quoted cell.
    let cut = clean("82-cut-off", ("ITM-LICENCE", "1", UTF8, 1), 82)?;
    let entry = write_delivery(city, catalogue, &cut, dir)?;
    let mut file = File::options().append(true).open(dir.join(&entry.file))?;
    file.write_all(b"01,\"37019919")?;
    let licence = item_of(catalogue, "ITM-LICENCE")?;
    files.push(whole(entry, Purpose::Unreadable, licence, &cut.provider, dir)?);
    // A provider that may not deliver the item.
    let wrong = clean("83-wrong-provider", ("ITM-COURT-DEFAULTER", "2013", GB18030, 1), 83)?;
    let entry = write_delivery(city, catalogue, &wrong, dir)?;
    let court = item_of(catalogue, "ITM-COURT-DEFAULTER")?;
    let stranger = catalogue
        .organisations
        .keys()
        .find(|code| !court.providers.contains(code));
    let stranger = stranger.ok_or(SynthError::Catalogue("organisation outside the courts"))?;
    files.push(whole(entry, Purpose::WrongProvider, court, stranger, dir)?);
    Ok(files)
}

/// The entry of a file that is refused as a whole: it has no truth about rows.
fn whole(
    entry: FileEntry,
    purpose: Purpose,
    item: &Item,
    provider: &Uscc,
    dir: &Path,
) -> Result<FileEntry, SynthError> {
    if let Some(truth) = &entry.truth {
        std::fs::remove_file(dir.join(truth))?;
    }
    Ok(FileEntry {
        truth: None,
        purpose,
        item: item.id.as_str().to_owned(),
        provider: provider.as_str().to_owned(),
        provider_name: String::new(),
        outcomes: std::collections::BTreeMap::new(),
        faults: std::collections::BTreeMap::new(),
        ..entry
    })
}

fn finish(city: &City, files: Vec<FileEntry>, dir: &Path) -> Result<Manifest, SynthError> {
    write_register(city, File::create(dir.join("register.csv"))?)?;
    let canaries = if city.canaries() > 0 {
        write_canaries(city, BufWriter::new(File::create(dir.join("canaries.json"))?))?;
        Some("canaries.json".to_owned())
    } else {
        None
    };
    let manifest = Manifest {
        seed: city.seed(),
        today: city.today().to_string(),
        residents: city.residents(),
        register: Some("register.csv".to_owned()),
        canaries,
        files,
    };
    serde_json::to_writer_pretty(BufWriter::new(File::create(dir.join("manifest.json"))?), &manifest)?;
    Ok(manifest)
}
