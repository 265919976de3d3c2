//! The header row: which version of the item's template it is, and what each column means.

use std::collections::HashMap;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, MatchKind};
use domain::catalogue::{Catalogue, DroppedColumn, FieldCode, FieldRole, Item, Layout, LayoutColumn, Required, RuleId};

use crate::fault::Detail;
use crate::plan::{Place, Plan, automaton};
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

/// Recognises the header of one file; see [`Headings::recognise`].
///
/// # Errors
///
/// E01 faults, all of them.
pub fn recognise(header: &RawRow, item: &Item, catalogue: &Catalogue) -> Result<HeaderMap, Vec<Fault>> {
    Headings::new(item, catalogue).recognise(header).map(Columns::into_map)
}

/// The words by which an item's columns, and the columns that are never stored, are known: folded once for any number of
/// files.
pub struct Headings<'c> {
    item: &'c Item,
    catalogue: &'c Catalogue,
    layouts: Vec<(&'c Layout, Meanings<'c>)>,
    dropping: Dropping<'c>,
}

/// What the columns of one file mean. [`Columns::into_map`] prepares the cleaning of rows by it.
pub struct Columns<'h> {
    headings: &'h Headings<'h>,
    layout: &'h Layout,
    places: Vec<Place>,
    dropped: Vec<(String, RuleId)>,
    unknown: Vec<u32>,
    /// Columns of the header, unknown ones included.
    count: usize,
}

impl<'c> Headings<'c> {
    /// The words of `item` and of the rules of `catalogue`.
    #[must_use]
    pub fn new(item: &'c Item, catalogue: &'c Catalogue) -> Self {
        Self {
            item,
            catalogue,
            layouts: item.layouts.iter().map(|layout| (layout, meanings(layout))).collect(),
            dropping: Dropping::new(&catalogue.dropped_columns),
        }
    }

    /// Recognises a header: folds it, takes the first version of the item's template whose distinguishing columns are all
    /// there, and tells every other column apart.
    ///
    /// # Errors
    ///
    /// E01 faults, all of them: no version fits; a column that the version requires is missing; two columns for one field.
    pub fn recognise(&self, header: &RawRow) -> Result<Columns<'_>, Vec<Fault>> {
        let headers: Vec<String> = header.cells().map(fold::header).collect();
        let mut read = self
            .layouts
            .iter()
            .map(|(layout, meanings)| (*layout, meant(meanings, &headers)));
        let fits = |(layout, meant): &(&Layout, Vec<_>)| is_fitting(layout, meant, self.item);
        let Some((layout, meant)) = read.find(fits) else {
            return Err(self.unknown_header(header.line(), &headers));
        };
        let mut faults = Vec::new();
        let mut places: Vec<Place> = Vec::new();
        let mut dropped = Vec::new();
        let mut unknown = Vec::new();
        for (column, (folded, meant)) in headers.iter().zip(meant).enumerate() {
            let column_no = u32::try_from(column + 1).unwrap_or(u32::MAX);
            if let Some(meant) = meant {
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
            } else if let Some((word, rule)) = self.dropping.find(folded) {
                dropped.push((word.to_owned(), rule.clone()));
            } else if !folded.is_empty() {
                unknown.push(column_no);
            }
        }
        for column in layout.columns.iter().filter(|column| is_required(column, self.item)) {
            if !places.iter().any(|place| place.field == column.field) {
                faults.push(at(header.line(), None, column, Detail::ColumnMissing));
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Columns {
            headings: self,
            layout,
            places,
            dropped,
            unknown,
            count: headers.len(),
        })
    }

    /// No version fits: says which columns the likeliest one lacks.
    fn unknown_header(&self, line: u32, headers: &[String]) -> Vec<Fault> {
        let mut faults = vec![Fault {
            detail: Detail::HeaderUnknown,
            ..Fault::new(line, None, None, FaultCode::E01)
        }];
        let read = self
            .layouts
            .iter()
            .map(|(layout, meanings)| (layout, meant(meanings, headers)));
        let likeliest = read
            .map(|(layout, meant)| (meant.iter().flatten().count(), layout, meant))
            .filter(|(known, ..)| *known > 0)
            .max_by_key(|(known, ..)| *known);
        let Some((_, layout, meant)) = likeliest else {
            return faults;
        };
        let missing = layout.columns.iter().filter(|column| {
            let is_needed = layout.recognised_by.contains(&column.field) || is_required(column, self.item);
            is_needed && !is_there(&meant, &column.field)
        });
        faults.extend(missing.map(|column| at(line, None, column, Detail::ColumnMissing)));
        faults
    }
}

impl Columns<'_> {
    /// Works out what is to be done with every cell under this header.
    #[must_use]
    pub fn into_map(self) -> HeaderMap {
        let Headings { item, catalogue, .. } = self.headings;
        HeaderMap {
            version: self.layout.version.clone(),
            dropped: self.dropped,
            unknown: self.unknown,
            plan: Arc::new(Plan::new(self.layout, self.places, self.count, item, catalogue)),
        }
    }

    /// Columns that are never stored, that mean nothing, and that fill a field.
    #[must_use]
    pub const fn counts(&self) -> [usize; 3] {
        [self.dropped.len(), self.unknown.len(), self.places.len()]
    }
}

type Meanings<'l> = HashMap<String, &'l LayoutColumn>;

/// What each header means in a layout.
fn meant<'l>(meanings: &Meanings<'l>, headers: &[String]) -> Vec<Option<&'l LayoutColumn>> {
    headers.iter().map(|header| meanings.get(header).copied()).collect()
}

fn is_there(meant: &[Option<&LayoutColumn>], code: &FieldCode) -> bool {
    meant.iter().flatten().any(|column| column.field == *code)
}

/// Whether there are all columns that the layout is recognised by, and one that the item knows.
fn is_fitting(layout: &Layout, meant: &[Option<&LayoutColumn>], item: &Item) -> bool {
    layout.recognised_by.iter().all(|code| is_there(meant, code))
        && item.fields.iter().any(|field| is_there(meant, &field.code))
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

/// The rules that drop columns, their words folded, beside the catalogue's own.
struct Dropping<'c> {
    /// Whole headers, with the number of their rule.
    exact: HashMap<String, (usize, &'c str)>,
    /// All words that a header may contain, in one pass; first the words of the first rule.
    parts: AhoCorasick,
    words: Vec<(usize, &'c str)>,
    rules: &'c [DroppedColumn],
}

impl<'c> Dropping<'c> {
    fn new(rules: &'c [DroppedColumn]) -> Self {
        let mut exact = HashMap::new();
        let mut words = Vec::new();
        for (number, rule) in rules.iter().enumerate() {
            for word in &rule.exact_headers {
                exact.entry(fold::header(word)).or_insert((number, word.as_str()));
            }
            words.extend(rule.headers.iter().map(|word| (number, word.as_str())));
        }
        let folded: Vec<(String, usize)> = words.iter().map(|(rule, word)| (fold::header(word), *rule)).collect();
        Self {
            exact,
            parts: automaton(&folded, MatchKind::Standard),
            words,
            rules,
        }
    }

    /// The first rule that drops a column with this folded header, with the catalogue's word for it.
    fn find(&self, header: &str) -> Option<(&'c str, &'c RuleId)> {
        let exact = self.exact.get(header).copied();
        let parts = self.parts.find_overlapping_iter(header);
        let part = parts.map(|found| found.pattern().as_usize()).min();
        let part = part.and_then(|at| self.words.get(at).copied());
        let first = match (exact, part) {
            (Some(exact), Some(part)) if part.0 < exact.0 => Some(part),
            (exact, part) => exact.or(part),
        };
        first.and_then(|(rule, word)| Some((word, &self.rules.get(rule)?.id)))
    }
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
