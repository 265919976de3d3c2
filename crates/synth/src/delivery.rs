//! One delivery: its rows, the dirt in them, and the truth about each.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use domain::Uscc;
use domain::catalogue::Catalogue;
use domain::catalogue::{FieldRole, Format, Item, ItemId};

use crate::cells::{Column, DAY_FORMS, Organ, columns_of};
use crate::dirt::Plant;
use crate::fact::{FactPlan, LongestBack, row_stream};
use crate::header::SPELLINGS;
use crate::manifest::{FileEntry, Purpose};
use crate::memory::{Memory, from_memory, remember};
use crate::plant::{Bed, Draft, canary_of, plant_canary};
use crate::recipe::Recipe;
use crate::sheet::{CellType, Sheet};
use crate::stream::{Draw, Stream};
use crate::truth::{Outcome, TruthRow, TruthWriter};
use crate::{City, Dirt, FileKind, SynthError};

/// Serial numbers of a series; a file has at most as many rows.
const SERIES_ROWS_MAX: u64 = 10_000_000;
/// What a delivery is to be.
#[derive(Debug, Clone)]
pub struct DeliveryPlan {
    /// File name without its extension.
    pub name: String,
    /// Item.
    pub item: ItemId,
    /// Header version of the item.
    pub layout: String,
    /// Who delivers; also the deciding organ.
    pub provider: Uscc,
    /// Kind of file.
    pub kind: FileKind,
    /// Data rows.
    pub rows: u64,
    /// Dirt.
    pub dirt: Dirt,
    /// Number of the delivery in its set: keeps document numbers apart, and chooses how headers and days are written.
    pub series: u64,
    /// Whether extension columns are there. Without them no penalty can be judged, and all are held.
    pub has_extensions: bool,
    /// Whether there are columns that must be dropped, and one that means nothing.
    pub has_foreign_columns: bool,
}

/// Columns that no item takes.
const FOREIGN: [(&str, Recipe); 4] = [
    ("联系电话", Recipe::Telephone),
    ("家庭住址", Recipe::Address),
    ("民族", Recipe::Fixed("汉族")),
    ("数据导出时间", Recipe::Timestamp),
];

/// Writes the delivery and its truth file into `dir`.
///
/// # Errors
///
/// [`SynthError`] if the catalogue does not have what the plan names, the city is too small, or a file cannot be written.
pub fn write_delivery(
    city: &City,
    catalogue: &Catalogue,
    plan: &DeliveryPlan,
    dir: &Path,
) -> Result<FileEntry, SynthError> {
    if plan.rows > SERIES_ROWS_MAX {
        return Err(SynthError::Parameters("a delivery has at most ten million rows"));
    }
    let item = catalogue
        .items
        .get(&plan.item)
        .ok_or(SynthError::Catalogue("such item"))?;
    let organisation = catalogue
        .organisations
        .get(&plan.provider)
        .ok_or(SynthError::Catalogue("such organisation"))?;
    let columns = columns(item, plan, catalogue)?;
    let lacks = |role| !columns.iter().any(|column| column.has(role));
    let bed = Bed {
        plan: FactPlan {
            city,
            catalogue,
            item,
            needs_resident_id: lacks(FieldRole::DocumentKind),
            longest_back: LongestBack::new(catalogue, city.today())?,
        },
        is_all_held: item.id.as_str() == "ITM-PENALTY"
            && [FieldRole::Procedure, FieldRole::BreachClass, FieldRole::ActEndDay]
                .into_iter()
                .any(lacks),
        organ: Organ {
            name: &organisation.name.zh,
            code: plan.provider.as_str(),
        },
        columns,
    };
    let file = format!("{}.{}", plan.name, plan.kind.extension());
    let truth = format!("{}.truth.csv", plan.name);
    let mut writer = Writer {
        sheet: Sheet::create(&dir.join(&file), plan.kind, cell_types(&bed.columns))?,
        truth: TruthWriter::new(BufWriter::with_capacity(1 << 20, File::create(dir.join(&truth))?))?,
        outcomes: BTreeMap::new(),
        faults: BTreeMap::new(),
        document_no: bed.at(FieldRole::DocumentNo),
    };
    let headers: Vec<String> = bed.columns.iter().map(|column| column.header.clone()).collect();
    writer.sheet.write(&headers)?;
    rows(&bed, plan, &mut writer)?;
    writer.sheet.finish()?;
    writer.truth.finish()?;
    Ok(FileEntry {
        file,
        truth: Some(truth),
        purpose: Purpose::Rows,
        item: plan.item.as_str().to_owned(),
        layout: plan.layout.clone(),
        provider: plan.provider.as_str().to_owned(),
        provider_name: organisation.name.zh.clone(),
        format: plan.kind.extension().to_owned(),
        encoding: plan.kind.encoding().to_owned(),
        rows: plan.rows,
        dropped: if plan.has_foreign_columns {
            FOREIGN.iter().take(3).map(|(header, _)| (*header).to_owned()).collect()
        } else {
            Vec::new()
        },
        outcomes: writer
            .outcomes
            .into_iter()
            .map(|(outcome, count)| (outcome.as_str().to_owned(), count))
            .collect(),
        faults: writer.faults,
    })
}

fn columns<'a>(item: &'a Item, plan: &DeliveryPlan, catalogue: &Catalogue) -> Result<Vec<Column<'a>>, SynthError> {
    let mut columns = columns_of(item, &plan.layout, catalogue).ok_or(SynthError::Catalogue("such header version"))?;
    columns.retain(|column| plan.has_extensions || !column.is_extension);
    let spelling = of_series(&SPELLINGS, plan.series);
    for column in &mut columns {
        column.header = spelling.apply(&column.header);
    }
    if plan.has_foreign_columns {
        columns.extend(FOREIGN.iter().map(|(header, recipe)| Column {
            header: (*header).to_owned(),
            layout_header: "",
            spec: None,
            recipe: recipe.clone(),
            is_extension: true,
        }));
    }
    Ok(columns)
}

fn of_series<T: Copy + Default>(pool: &[T], series: u64) -> T {
    let at = usize::try_from(series).unwrap_or_default();
    pool.iter()
        .cycle()
        .nth(at % pool.len().max(1))
        .copied()
        .unwrap_or_default()
}

/// Every other day of a workbook is a real date, the others are texts, as hands make them.
pub(crate) fn cell_types(columns: &[Column<'_>]) -> Vec<CellType> {
    let kind = |(at, column): (usize, &Column<'_>)| match column.spec.map(|spec| spec.format) {
        Some(Format::Day) if at % 2 == 0 => CellType::Day,
        Some(Format::Number { .. }) => CellType::Number,
        _ => CellType::Text,
    };
    columns.iter().enumerate().map(kind).collect()
}

struct Writer {
    sheet: Sheet,
    truth: TruthWriter<BufWriter<File>>,
    outcomes: BTreeMap<Outcome, u64>,
    faults: BTreeMap<String, u64>,
    document_no: Option<usize>,
}

impl Writer {
    fn write(&mut self, draft: &Draft, planted: &str) -> Result<(), SynthError> {
        let line = self.sheet.write(&draft.cells)?;
        let document_no = self
            .document_no
            .and_then(|at| draft.cells.get(at))
            .cloned()
            .unwrap_or_default();
        *self.outcomes.entry(draft.outcome).or_default() += 1;
        for fault in &draft.faults {
            match self.faults.get_mut(&fault.code) {
                Some(count) => *count += 1,
                None => drop(self.faults.insert(fault.code.clone(), 1)),
            }
        }
        self.truth.write(&TruthRow {
            line,
            outcome: draft.outcome,
            faults: draft.faults.clone(),
            resident: (draft.outcome != Outcome::Refused).then_some(draft.fact.person.index),
            document_no,
            explanation: draft.explanation.to_owned(),
            planted: planted.to_owned(),
        })
    }
}

fn rows(bed: &Bed<'_>, plan: &DeliveryPlan, writer: &mut Writer) -> Result<(), SynthError> {
    let seed = bed.plan.city.seed();
    let rates = plan.dirt.rates();
    let main_form = of_series(&DAY_FORMS, plan.series);
    let mut memory = Memory::default();
    let mut cells = Vec::new();
    for row in 0..plan.rows {
        let serial = plan.series * SERIES_ROWS_MAX + row;
        let mut stream = row_stream(seed, serial);
        let mut dirt = Stream::new(seed, Draw::Dirt, serial);
        let form = if dirt.chance(500) {
            dirt.pick(&DAY_FORMS)
        } else {
            main_form
        };
        let plant = planted(&rates, &mut dirt);
        if let Some(earlier) = plant.and_then(|plant| from_memory(bed, plant, &mut memory, &mut dirt)) {
            writer.write(&earlier, plant.map_or("", Plant::as_str))?;
            continue;
        }
        let mut draft = bed.draft(bed.plan.draw(serial, &mut stream)?, form, std::mem::take(&mut cells));
        let mut word = "";
        if let Some(canary) = canary_of(bed, plan.series, row) {
            word = plant_canary(bed, canary, &mut draft, &mut dirt)?;
        } else if let Some(plant) = plant {
            let mut attempt = draft.clone();
            if bed.plant(plant, &mut attempt, &mut dirt)? {
                draft = attempt;
                word = plant.as_str();
            }
        } else {
            roughen(bed, &mut draft, &mut dirt);
        }
        writer.write(&draft, word)?;
        let is_plain = word.is_empty() && draft.outcome == Outcome::Recorded;
        if is_plain && (memory.recorded.len() < 8 || dirt.chance(500)) {
            remember(&mut memory.recorded, draft);
        } else {
            cells = draft.cells;
        }
    }
    Ok(())
}

fn planted(rates: &[(Plant, u32)], dirt: &mut Stream) -> Option<Plant> {
    let mut drawn = dirt.below(10_000);
    for (plant, rate) in rates {
        match drawn.checked_sub(u64::from(*rate)) {
            Some(rest) => drawn = rest,
            None => return Some(*plant),
        }
    }
    None
}

/// Harmless differences of spelling, which must change nothing.
fn roughen(bed: &Bed<'_>, draft: &mut Draft, dirt: &mut Stream) {
    if let Some(cell) = bed.at(FieldRole::PersonName).and_then(|at| draft.cells.get_mut(at)) {
        match dirt.below(40) {
            0 if !cell.contains('·') => *cell = cell.chars().flat_map(|c| [c, ' ']).collect(),
            1 => *cell = format!(" {cell}\u{3000}"),
            _ => {}
        }
        if cell.contains('·') {
            *cell = cell.replace('·', dirt.pick(&["·", "•", "・", "‧"]));
        }
    }
    if let Some(cell) = bed.at(FieldRole::DocumentNumber).and_then(|at| draft.cells.get_mut(at)) {
        match dirt.below(40) {
            0 => *cell = cell.to_lowercase(),
            1 => *cell = cell.chars().map(full_width).collect(),
            2 => cell.push(' '),
            _ => {}
        }
    }
    if dirt.chance(50)
        && let Some(cell) = bed.free_text(dirt).and_then(|at| draft.cells.get_mut(at))
    {
        // A line break inside quotation marks: lines and rows part company.
        cell.push_str("\n另查明无其他情形");
    }
}

fn full_width(c: char) -> char {
    if c.is_ascii_graphic() {
        char::from_u32(u32::from(c) + 0xfee0).unwrap_or(c)
    } else {
        c
    }
}
