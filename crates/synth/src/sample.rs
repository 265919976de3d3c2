//! A correct file of any item, as a template for who delivers it and as a proof for who wrote the item.

use std::path::Path;

use domain::Uscc;
use domain::catalogue::{Catalogue, FieldRole, ItemId};

use crate::cells::{Column, DayForm, Organ, columns_of, write_cells};
use crate::delivery::cell_types;
use crate::fact::{FactPlan, LongestBack, row_stream};
use crate::sheet::Sheet;
use crate::{City, FileKind, SynthError};

/// Most rows of a sample.
const ROWS_MAX: u64 = 100_000;

/// What a sample is to be.
#[derive(Debug, Clone)]
pub struct SamplePlan {
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
}

/// Writes a sample to `path`: the headers as the catalogue spells them, extension columns included, and rows about
/// residents of `city` in which no rule finds a fault.
///
/// # Errors
///
/// [`SynthError`] if the catalogue does not have what the plan names, the city is too small, or the file cannot be written.
pub fn write_sample(city: &City, catalogue: &Catalogue, plan: &SamplePlan, path: &Path) -> Result<(), SynthError> {
    if plan.rows > ROWS_MAX {
        return Err(SynthError::Parameters("a sample has at most a hundred thousand rows"));
    }
    let item = catalogue
        .items
        .get(&plan.item)
        .ok_or(SynthError::Catalogue("such item"))?;
    let organisation = catalogue
        .organisations
        .get(&plan.provider)
        .ok_or(SynthError::Catalogue("such organisation"))?;
    let columns = columns_of(item, &plan.layout, catalogue).ok_or(SynthError::Catalogue("such header version"))?;
    let facts = FactPlan {
        city,
        catalogue,
        item,
        needs_resident_id: !columns.iter().any(|column| column.has(FieldRole::DocumentKind)),
        longest_back: LongestBack::new(catalogue, city.today())?,
    };
    let organ = Organ {
        name: &organisation.name.zh,
        code: plan.provider.as_str(),
    };
    write(&facts, &columns, organ, plan, path)
}

fn write(
    facts: &FactPlan<'_>,
    columns: &[Column<'_>],
    organ: Organ<'_>,
    plan: &SamplePlan,
    path: &Path,
) -> Result<(), SynthError> {
    let mut sheet = Sheet::create(path, plan.kind, cell_types(columns))?;
    let headers: Vec<String> = columns.iter().map(|column| column.header.clone()).collect();
    sheet.write(&headers)?;
    let mut cells = Vec::new();
    for serial in 1..=plan.rows {
        let fact = facts.draw(serial, &mut row_stream(facts.city.seed(), serial))?;
        write_cells(columns, organ, &fact, DayForm::Slashes, &mut cells);
        sheet.write(&cells)?;
    }
    sheet.finish()
}
