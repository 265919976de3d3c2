//! What cleaning needs to know of header, item and rules, worked out once per file: column by column what to do, code
//! lists as tables, the texts of rules as one automaton per column.

use std::collections::BTreeMap;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use domain::catalogue::{
    Catalogue, CodeListId, Condition, FieldCode, FieldRole, FieldSpec, Format, IntakeEffect, Item, Layout, Required,
    Text,
};

use crate::code_table::CodeTable;
use crate::others::Names;
use crate::{amount, fold};

/// A recognised column.
pub(crate) struct Place {
    pub(crate) column: usize,
    pub(crate) column_no: u32,
    pub(crate) field: FieldCode,
    pub(crate) header: String,
    pub(crate) is_extension: bool,
}

/// What to do with a file's rows. Owned, so that it can be sent to another thread with its [`crate::HeaderMap`].
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) version: String,
    /// Columns of the header, unknown ones included.
    pub(crate) columns: usize,
    // INVARIANT: sorted by field code, so that a record's fields are built in order; slots are indices into it.
    pub(crate) cells: Vec<CellPlan>,
    pub(crate) tables: Vec<CodeTable>,
    pub(crate) rules: Vec<RulePlan>,
    pub(crate) scans: Vec<Scan>,
    /// Number of text tests, that is of places in the list of hits.
    pub(crate) tests: usize,
    /// The field of the subject's own social credit code: filled, the row is about an organisation.
    pub(crate) subject_code: Option<usize>,
    /// By what free text is known to name others.
    pub(crate) names: Names,
    /// Template columns that the file lacks and that some rows need.
    pub(crate) absent: Vec<Absent>,
    roles: BTreeMap<FieldRole, Vec<usize>>,
}

/// What to do with one column.
#[derive(Debug)]
pub(crate) struct CellPlan {
    pub(crate) column: usize,
    pub(crate) column_no: u32,
    pub(crate) header: String,
    pub(crate) code: FieldCode,
    pub(crate) role: FieldRole,
    pub(crate) kind: CellKind,
    pub(crate) need: Need,
    /// Slot of the day that this one may not precede, and its field's label.
    pub(crate) not_before: Option<(usize, Text)>,
    /// Whether the value goes into the record.
    pub(crate) is_stored: bool,
}

impl CellPlan {
    /// Whether the cell must be filled in every row.
    pub(crate) const fn is_always_needed(&self) -> bool {
        matches!(self.need, Need::Always)
    }

    /// The column's code list.
    pub(crate) const fn table(&self) -> Option<usize> {
        match self.kind {
            CellKind::Coded { table, .. } => Some(table),
            CellKind::DocumentKind { table } | CellKind::Operation { table } => table,
            _ => None,
        }
    }
}

/// How a cell is read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum CellKind {
    /// 姓名
    Name { max: u32 },
    /// 证件类型
    DocumentKind { table: Option<usize> },
    /// 证件号码
    DocumentNumber { max: u32 },
    /// 数据状态
    Operation { table: Option<usize> },
    /// a value of a code list
    Coded { table: usize, is_multiple: bool },
    /// a day
    Day,
    /// a decimal
    Number {
        precision: u32,
        scale: u32,
        is_in_wan: bool,
    },
    /// a unified social credit code
    Uscc,
    /// a document or case number
    DocumentNo { max: u32 },
    /// text of an exact length
    Exact(u32),
    /// text up to a length; free text is also searched for names
    Text { max: u32, is_free: bool },
}

/// Whether a cell must be filled.
#[derive(Debug)]
pub(crate) enum Need {
    Never,
    Always,
    /// If the cell of the test has one of its texts.
    When(TextTest),
}

/// A template column that the file lacks.
#[derive(Debug)]
pub(crate) struct Absent {
    pub(crate) header: String,
    pub(crate) when: TextTest,
}

/// Texts looked for in one column.
#[derive(Debug)]
pub(crate) struct TextTest {
    pub(crate) slot: usize,
    /// Folded.
    pub(crate) texts: Vec<String>,
    /// Which values of the column's code list contain one of the texts in code or text.
    pub(crate) containing: Vec<bool>,
    /// Which equal one.
    pub(crate) equal: Vec<bool>,
    /// Place in the list of hits.
    pub(crate) hit: usize,
}

/// A rule of the catalogue that binds the item.
#[derive(Debug)]
pub(crate) struct RulePlan {
    /// Index into `Catalogue::intake_rules`.
    pub(crate) index: usize,
    pub(crate) effect: IntakeEffect,
    pub(crate) conditions: Vec<ConditionPlan>,
    /// Slot that a fault points at.
    pub(crate) slot: Option<usize>,
    /// Whether the rule speaks of the kind of subject.
    pub(crate) is_about_subject: bool,
}

/// A condition with its columns found.
#[derive(Debug)]
pub(crate) enum ConditionPlan {
    Contains(Vec<TextTest>),
    ContainsNone(Vec<TextTest>),
    Equals(Vec<TextTest>),
    Missing(Vec<usize>),
    YoungerThan(u8),
    SmallFine {
        max: Option<u128>,
        fine: Vec<usize>,
        procedure: Vec<usize>,
    },
}

/// All texts that rules look for in one column, as one automaton.
#[derive(Debug)]
pub(crate) struct Scan {
    pub(crate) slot: usize,
    /// Whether there is any: leftmost search has a fast path that overlapping search lacks.
    pub(crate) any: AhoCorasick,
    /// Which ones.
    pub(crate) all: AhoCorasick,
    /// Hit that each pattern stands for.
    pub(crate) hits: Vec<usize>,
}

impl Plan {
    pub(crate) fn new(
        layout: &Layout,
        mut places: Vec<Place>,
        columns: usize,
        item: &Item,
        catalogue: &Catalogue,
    ) -> Self {
        places.retain(|place| item.field(&place.field).is_some());
        places.sort_by(|a, b| a.field.cmp(&b.field));
        let mut tables = Tables::default();
        let mut roles: BTreeMap<FieldRole, Vec<usize>> = BTreeMap::new();
        let mut cells: Vec<CellPlan> = Vec::with_capacity(places.len());
        for place in &places {
            let Some(field) = item.field(&place.field) else {
                continue;
            };
            roles.entry(field.role).or_default().push(cells.len());
            cells.push(CellPlan {
                column: place.column,
                column_no: place.column_no,
                header: place.header.clone(),
                code: field.code.clone(),
                role: field.role,
                kind: kind_of(field, &mut tables, catalogue),
                need: Need::Never,
                not_before: None,
                is_stored: !matches!(
                    field.role,
                    FieldRole::PersonName
                        | FieldRole::DocumentKind
                        | FieldRole::DocumentNumber
                        | FieldRole::RowOperation
                ),
            });
        }
        let mut tests = Tests {
            cells: &cells,
            tables: &tables.tables,
            count: 0,
            patterns: BTreeMap::new(),
        };
        let needs: Vec<Need> = places.iter().map(|place| need_of(place, item, &mut tests)).collect();
        let absent = absent_of(layout, item, &mut tests);
        let planned = rules_of(item, catalogue, &roles, &mut tests);
        let (count, scans) = tests.finish();
        let slot_of = |code: &FieldCode| places.iter().position(|place| &place.field == code);
        for (cell, need) in cells.iter_mut().zip(needs) {
            let Some(field) = item.field(&cell.code) else { continue };
            cell.need = need;
            cell.not_before = field
                .not_before
                .as_ref()
                .and_then(|other| Some((slot_of(other)?, item.field(other).map(|field| field.label.clone())?)));
        }
        Self {
            version: layout.version.clone(),
            columns,
            subject_code: cells.iter().position(|cell| cell.role == FieldRole::SubjectCode),
            cells,
            tables: tables.tables,
            rules: planned,
            scans,
            tests: count,
            names: Names::new(catalogue),
            absent,
            roles,
        }
    }

    /// Slots of the columns with `role`.
    pub(crate) fn slots(&self, role: FieldRole) -> &[usize] {
        self.roles.get(&role).map_or(&[], Vec::as_slice)
    }

    /// The slot of the one column with `role`.
    pub(crate) fn slot(&self, role: FieldRole) -> Option<usize> {
        self.slots(role).first().copied()
    }

    pub(crate) fn cell_with(&self, role: FieldRole) -> Option<&CellPlan> {
        self.slot(role).and_then(|slot| self.cells.get(slot))
    }

    pub(crate) fn table(&self, table: usize) -> Option<&CodeTable> {
        self.tables.get(table)
    }
}

/// Code lists, each made into a table once.
#[derive(Default)]
struct Tables {
    tables: Vec<CodeTable>,
    known: BTreeMap<CodeListId, usize>,
}

impl Tables {
    fn of(&mut self, list: Option<&CodeListId>, catalogue: &Catalogue) -> Option<usize> {
        let list = list?;
        if let Some(&table) = self.known.get(list) {
            return Some(table);
        }
        let values = catalogue.code_lists.get(list)?;
        self.tables.push(CodeTable::new(values));
        self.known.insert(list.clone(), self.tables.len() - 1);
        Some(self.tables.len() - 1)
    }
}

fn kind_of(field: &FieldSpec, tables: &mut Tables, catalogue: &Catalogue) -> CellKind {
    let table = tables.of(field.code_list.as_ref(), catalogue);
    match (field.role, table, field.format) {
        (FieldRole::PersonName, ..) => CellKind::Name {
            max: max_of(field.format),
        },
        (FieldRole::DocumentKind, table, _) => CellKind::DocumentKind { table },
        (FieldRole::DocumentNumber, ..) => CellKind::DocumentNumber {
            max: max_of(field.format),
        },
        (FieldRole::RowOperation, table, _) => CellKind::Operation { table },
        (_, Some(table), _) => CellKind::Coded {
            table,
            is_multiple: field.is_multiple,
        },
        (_, None, format) => plain_kind_of(field, format),
    }
}

/// Characters that a text takes.
const fn max_of(format: Format) -> u32 {
    match format {
        Format::TextMax(max) | Format::TextExact(max) => max,
        Format::Number { .. } | Format::Day => u32::MAX,
    }
}

/// The kind of a field without a code list, and not one that says whose the row is.
pub(crate) fn plain_kind_of(field: &FieldSpec, format: Format) -> CellKind {
    let is_uscc = matches!(
        field.role,
        FieldRole::OrganCode | FieldRole::SourceCode | FieldRole::SubjectCode
    ) || (format == Format::TextExact(18) && field.label.zh.contains("统一社会信用代码"));
    match (field.role, format) {
        (_, Format::Day) => CellKind::Day,
        (_, Format::Number { precision, scale }) => CellKind::Number {
            precision,
            scale,
            is_in_wan: field.in_ten_thousand_yuan,
        },
        _ if is_uscc => CellKind::Uscc,
        (FieldRole::DocumentNo, Format::TextMax(max) | Format::TextExact(max)) => CellKind::DocumentNo { max },
        (_, Format::TextExact(exact)) => CellKind::Exact(exact),
        (role, Format::TextMax(max)) => CellKind::Text {
            max,
            is_free: role == FieldRole::FreeText,
        },
    }
}

/// Gives text tests their places and collects their patterns.
struct Tests<'p> {
    cells: &'p [CellPlan],
    tables: &'p [CodeTable],
    count: usize,
    patterns: BTreeMap<usize, Vec<(String, usize)>>,
}

impl Tests<'_> {
    fn test(&mut self, slot: usize, texts: &[String]) -> TextTest {
        let texts: Vec<String> = texts.iter().map(|text| fold::value(text)).collect();
        let table = match self.cells.get(slot).map(|cell| cell.kind) {
            Some(CellKind::Coded { table, .. }) => self.tables.get(table),
            _ => None,
        };
        let values = |fits: &dyn Fn(&str, &str) -> bool| -> Vec<bool> {
            let folded = table.map_or(&[][..], |table| &table.folded);
            folded
                .iter()
                .map(|(code, value)| texts.iter().any(|text| fits(code, text) || fits(value, text)))
                .collect()
        };
        let containing = values(&|value, text| value.contains(text));
        let equal = values(&|value, text| value == text);
        let hit = self.count;
        self.count += 1;
        // A coded cell may hold a value that its list does not have; rules look at that text, too.
        self.patterns
            .entry(slot)
            .or_default()
            .extend(texts.iter().map(|text| (text.clone(), hit)));
        TextTest {
            slot,
            texts,
            containing,
            equal,
            hit,
        }
    }

    fn finish(self) -> (usize, Vec<Scan>) {
        let scans = self.patterns.into_iter().map(|(slot, patterns)| Scan {
            slot,
            any: automaton(&patterns, MatchKind::LeftmostFirst),
            all: automaton(&patterns, MatchKind::Standard),
            hits: patterns.into_iter().map(|(_, hit)| hit).collect(),
        });
        (self.count, scans.collect())
    }
}

#[expect(
    clippy::expect_used,
    reason = "fails only beyond 2^31 bytes of patterns; they are a short file's"
)]
pub(crate) fn automaton(patterns: &[(String, usize)], kind: MatchKind) -> AhoCorasick {
    let patterns = patterns.iter().map(|(text, _)| text);
    AhoCorasick::builder()
        // The fastest to search; a hundred short words take some 100 KB.
        .kind(Some(AhoCorasickKind::DFA))
        .match_kind(kind)
        .build(patterns)
        .expect("a few short patterns")
}

fn need_of(place: &Place, item: &Item, tests: &mut Tests<'_>) -> Need {
    if place.is_extension {
        return Need::Never;
    }
    match item.field(&place.field).map(|field| &field.required) {
        Some(Required::Always) => Need::Always,
        Some(Required::When { field, contains }) => {
            let slot = tests.cells.iter().position(|cell| &cell.code == field);
            slot.map_or(Need::Never, |slot| Need::When(tests.test(slot, contains)))
        }
        Some(Required::Never) | None => Need::Never,
    }
}

fn absent_of(layout: &Layout, item: &Item, tests: &mut Tests<'_>) -> Vec<Absent> {
    let mut absent = Vec::new();
    for column in layout.columns.iter().filter(|column| !column.is_extension) {
        let is_there = tests.cells.iter().any(|cell| cell.code == column.field);
        let Some(Required::When { field, contains }) = item.field(&column.field).map(|field| &field.required) else {
            continue;
        };
        if let Some(slot) = tests
            .cells
            .iter()
            .position(|cell| &cell.code == field)
            .filter(|_| !is_there)
        {
            absent.push(Absent {
                header: column.header.clone(),
                when: tests.test(slot, contains),
            });
        }
    }
    absent
}

fn rules_of(
    item: &Item,
    catalogue: &Catalogue,
    roles: &BTreeMap<FieldRole, Vec<usize>>,
    tests: &mut Tests<'_>,
) -> Vec<RulePlan> {
    let slots = |role: FieldRole| roles.get(&role).cloned().unwrap_or_default();
    let all = catalogue.intake_rules.iter().enumerate();
    let binding = all.filter(|(_, rule)| rule.binds(item));
    let mut plans = Vec::new();
    for (index, rule) in binding {
        let mut is_about_subject = false;
        let mut slot = None;
        let mut conditions = Vec::new();
        for condition in &rule.conditions {
            let mut tests_of = |role: FieldRole, texts: &[String]| -> Vec<TextTest> {
                slots(role).into_iter().map(|slot| tests.test(slot, texts)).collect()
            };
            let role = match condition {
                Condition::Contains(role, _)
                | Condition::ContainsNone(role, _)
                | Condition::Equals(role, _)
                | Condition::Missing(role) => *role,
                Condition::YoungerThan(_) => FieldRole::DocumentNumber,
                Condition::SmallFineWithoutProcedure(_) => FieldRole::FineAmount,
            };
            is_about_subject |= role == FieldRole::SubjectCategory;
            slot = slot.or_else(|| slots(role).first().copied());
            conditions.push(match condition {
                Condition::Contains(role, words) => ConditionPlan::Contains(tests_of(*role, words)),
                Condition::ContainsNone(role, words) => ConditionPlan::ContainsNone(tests_of(*role, words)),
                Condition::Equals(role, words) => ConditionPlan::Equals(tests_of(*role, words)),
                Condition::Missing(role) => ConditionPlan::Missing(slots(*role)),
                Condition::YoungerThan(age) => ConditionPlan::YoungerThan(*age),
                Condition::SmallFineWithoutProcedure(max) => ConditionPlan::SmallFine {
                    max: amount::millionths(max),
                    fine: slots(FieldRole::FineAmount),
                    procedure: slots(FieldRole::Procedure),
                },
            });
        }
        plans.push(RulePlan {
            index,
            effect: rule.effect,
            conditions,
            slot,
            is_about_subject,
        });
    }
    plans
}
