//! The header row: which version of the item's template it is, and what each column means.

use std::collections::HashMap;
use std::sync::Arc;

use domain::catalogue::{Catalogue, DroppedColumn, FieldCode, FieldRole, Item, Layout, LayoutColumn, Required, RuleId};

use crate::fault::Detail;
use crate::plan::{Place, Plan};
use crate::{Fault, FaultCode, RawRow, fold};

/// What the columns of a file mean. Cheap to clone.
#[derive(Debug, Clone)]
pub struct HeaderMap {
    /// Name of the header version, such as `2018+`.
    pub version: String,
    /// Columns that are never stored (R2), with the rule that says so. The text is the rule's own word for the column or,
    /// where the rule names the whole header, that; it never comes from the file.
    pub dropped: Vec<(String, RuleId)>,
    /// Columns that mean nothing to the item, by number from 1. They are not stored, and their headers are not repeated:
    /// in a file without a header row they would be somebody's data.
    pub unknown: Vec<u32>,
    pub(crate) plan: Arc<Plan>,
}

impl HeaderMap {
    /// Number of the column with `role`, from 1, and the catalogue's text of its header.
    #[must_use]
    pub fn place_of(&self, role: FieldRole, item: &Item) -> (Option<u32>, Option<String>) {
        match self.plan.cell_with(role) {
            Some(cell) => (Some(cell.column_no), Some(cell.header.clone())),
            None => (None, item.field_with(role).map(|field| field.label.zh.clone())),
        }
    }

    /// Fields that the file has a column for.
    pub fn fields(&self) -> impl Iterator<Item = &FieldCode> {
        self.plan.cells.iter().map(|cell| &cell.code)
    }
}

/// Recognises the header: folds it, takes the first version of the item's template whose distinguishing columns are all
/// there, and tells every other column apart.
///
/// # Errors
///
/// E01 faults, all of them: no version fits; a column that the version requires is missing; two columns for one field.
pub fn recognise(header: &RawRow, item: &Item, catalogue: &Catalogue) -> Result<HeaderMap, Vec<Fault>> {
    let headers: Vec<String> = header.cells().map(fold::header).collect();
    let Some((layout, meanings)) = item.layouts.iter().find_map(|layout| fitting(layout, item, &headers)) else {
        return Err(unknown_header(header.line(), item, &headers));
    };
    let mut faults = Vec::new();
    let mut places: Vec<Place> = Vec::new();
    let mut dropped = Vec::new();
    let mut unknown = Vec::new();
    for (column, folded) in headers.iter().enumerate() {
        let column_no = u32::try_from(column + 1).unwrap_or(u32::MAX);
        if let Some(&meant) = meanings.get(folded.as_str()) {
            if places.iter().any(|place| place.field == meant.field) {
                faults.push(at(header.line(), Some(column_no), meant, Detail::ColumnTwice));
            } else {
                places.push(Place {
                    column,
                    column_no,
                    field: meant.field.clone(),
                    header: meant.header.clone(),
                    is_extension: meant.is_extension,
                });
            }
        } else if let Some((word, rule)) = dropping(folded, &catalogue.dropped_columns) {
            dropped.push((word, rule.clone()));
        } else if !folded.is_empty() {
            unknown.push(column_no);
        }
    }
    for column in layout.columns.iter().filter(|column| is_required(column, item)) {
        if !places.iter().any(|place| place.field == column.field) {
            faults.push(at(header.line(), None, column, Detail::ColumnMissing));
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let plan = Plan::new(layout, places, headers.len(), item, catalogue);
    Ok(HeaderMap {
        version: layout.version.clone(),
        dropped,
        unknown,
        plan: Arc::new(plan),
    })
}

type Meanings<'l> = HashMap<String, &'l LayoutColumn>;

/// The layout with its columns by folded header, if `headers` has all that it is recognised by.
fn fitting<'l>(layout: &'l Layout, item: &Item, headers: &[String]) -> Option<(&'l Layout, Meanings<'l>)> {
    let meanings = meanings(layout);
    let has = |code: &FieldCode| {
        headers.iter().any(|header| {
            meanings
                .get(header.as_str())
                .is_some_and(|column| &column.field == code)
        })
    };
    let fits = layout.recognised_by.iter().all(has) && item.fields.iter().any(|field| has(&field.code));
    fits.then_some((layout, meanings))
}

/// Headers, aliases and field codes of a layout, folded. What the template says goes before what was seen in the field.
fn meanings(layout: &Layout) -> Meanings<'_> {
    let mut meanings = HashMap::new();
    for column in &layout.columns {
        meanings.entry(fold::header(&column.header)).or_insert(column);
    }
    for column in &layout.columns {
        for alias in column.aliases.iter().map(String::as_str).chain([&*column.field.0]) {
            meanings.entry(fold::header(alias)).or_insert(column);
        }
    }
    meanings
}

/// The rule that drops a column with this folded header, with the catalogue's word for it.
fn dropping<'r>(folded: &str, rules: &'r [DroppedColumn]) -> Option<(String, &'r RuleId)> {
    rules.iter().find_map(|rule| {
        let exact = rule.exact_headers.iter().find(|word| fold::header(word) == folded);
        let word = exact.or_else(|| rule.headers.iter().find(|word| folded.contains(&fold::header(word))));
        word.map(|word| (word.clone(), &rule.id))
    })
}

/// Extension columns are never required: a row without them is held instead (R7).
fn is_required(column: &LayoutColumn, item: &Item) -> bool {
    !column.is_extension
        && item
            .field(&column.field)
            .is_some_and(|field| field.required == Required::Always)
}

fn at(line: u32, column: Option<u32>, meant: &LayoutColumn, detail: Detail) -> Fault {
    Fault {
        detail,
        ..Fault::new(line, column, Some(meant.header.clone()), FaultCode::E01)
    }
}

/// No version fits: says which columns the likeliest one lacks.
fn unknown_header(line: u32, item: &Item, headers: &[String]) -> Vec<Fault> {
    let mut faults = vec![Fault {
        detail: Detail::HeaderUnknown,
        ..Fault::new(line, None, None, FaultCode::E01)
    }];
    let likeliest = item
        .layouts
        .iter()
        .map(|layout| (layout, meanings(layout)))
        .map(|(layout, meanings)| {
            let known = headers
                .iter()
                .filter(|header| meanings.contains_key(header.as_str()))
                .count();
            (known, layout, meanings)
        })
        .filter(|(known, ..)| *known > 0)
        .max_by_key(|(known, ..)| *known);
    let Some((_, layout, meanings)) = likeliest else {
        return faults;
    };
    let missing = layout.columns.iter().filter(|column| {
        let is_there = headers
            .iter()
            .any(|header| meanings.get(header).is_some_and(|meant| meant.field == column.field));
        !is_there && (layout.recognised_by.contains(&column.field) || is_required(column, item))
    });
    faults.extend(missing.map(|column| at(line, None, column, Detail::ColumnMissing)));
    faults
}
