//! The cells of a row, written from a fact by the recipes of the columns.

use domain::Day;
use domain::catalogue::{BreachClass, Catalogue, FieldRole, FieldSpec, Item};

use crate::fact::Fact;
use crate::recipe::{DayOf, Recipe, recipe};
use crate::stream::{Draw, Stream};

/// How a day is written; each file has one form, some rows another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum DayForm {
    /// `2026/11/04`, the national form
    #[default]
    Slashes,
    /// `2026-11-04`
    Hyphens,
    /// `2026/11/4`
    Short,
    /// `20261104`
    Digits,
    /// `2026年11月4日`
    Chinese,
}

pub(crate) const DAY_FORMS: [DayForm; 5] = [
    DayForm::Slashes,
    DayForm::Hyphens,
    DayForm::Short,
    DayForm::Digits,
    DayForm::Chinese,
];

/// The organ that decides and delivers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Organ<'a> {
    pub name: &'a str,
    pub code: &'a str,
}

/// One column of a file: how its header is written, what it holds, and the catalogue's own header for faults.
#[derive(Debug, Clone)]
pub(crate) struct Column<'a> {
    /// As written in the file.
    pub header: String,
    /// The catalogue's header; that of faults.
    pub layout_header: &'a str,
    /// `None`: a column that no field takes, dropped or unknown.
    pub spec: Option<&'a FieldSpec>,
    pub recipe: Recipe,
    /// Whether the template has it (only then can it be required).
    pub is_extension: bool,
}

impl Column<'_> {
    pub(crate) fn has(&self, role: FieldRole) -> bool {
        self.spec.is_some_and(|spec| spec.role == role)
    }
}

/// Writes the cells of `fact` into `cells`, one for each column.
pub(crate) fn write_cells(
    columns: &[Column<'_>],
    organ: Organ<'_>,
    fact: &Fact,
    form: DayForm,
    cells: &mut Vec<String>,
) {
    cells.resize_with(columns.len(), String::new);
    for (at, (column, cell)) in columns.iter().zip(cells.iter_mut()).enumerate() {
        cell.clear();
        let mut stream = Stream::new(fact.choice, Draw::Text, at as u64);
        write_cell(&column.recipe, organ, fact, form, &mut stream, cell);
    }
}

fn write_cell(recipe: &Recipe, organ: Organ<'_>, fact: &Fact, form: DayForm, stream: &mut Stream, cell: &mut String) {
    match recipe {
        Recipe::Name => cell.push_str(&fact.person.name),
        Recipe::DocumentKind => cell.push_str(if fact.choice.is_multiple_of(2) {
            fact.person.kind.code()
        } else {
            fact.person.kind.label_zh()
        }),
        Recipe::DocumentNumber => cell.push_str(&fact.person.number),
        Recipe::DocumentNo(template) => push_document_no(cell, template, fact),
        Recipe::OrganName => cell.push_str(organ.name),
        Recipe::OrganCode => cell.push_str(organ.code),
        Recipe::Day(which) => push_day_of(cell, *which, fact, form),
        Recipe::Class => cell.push_str(match fact.class {
            BreachClass::Minor => "轻微",
            BreachClass::General => "一般",
            BreachClass::Serious => "严重",
        }),
        Recipe::FineAmount if fact.fine_yuan > 0 => push_ten_thousands(cell, fact.fine_yuan),
        Recipe::Confiscated if fact.case.kind.contains("没收") => push_ten_thousands(cell, 1_280),
        Recipe::Licence if fact.case.kind.contains("暂扣") => push_with_serial(cell, "建造师执业证CS", fact.serial),
        Recipe::Empty | Recipe::FineAmount | Recipe::Confiscated | Recipe::Licence => {}
        Recipe::Act => cell.push_str(fact.case.act),
        Recipe::Facts => push_facts(cell, fact),
        Recipe::Basis => cell.push_str(fact.case.basis),
        Recipe::Kind => cell.push_str(fact.case.kind),
        Recipe::Content => push_content(cell, fact),
        Recipe::Timestamp => {
            push_day(cell, fact.decision, DayForm::Hyphens);
            cell.push_str(" 08:30:00");
        }
        Recipe::Number { low, high } => push_int(cell, i64::from(stream.between(*low, *high))),
        Recipe::OneOf(pool) => cell.push_str(shifted(pool, stream.pick_index(pool), fact.version)),
        Recipe::Template(template, pool) => {
            push_filled(cell, template, stream.pick(pool));
            push_version(cell, fact);
        }
        Recipe::Fixed(text) => cell.push_str(text),
        Recipe::Value(values) => {
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            cell.push_str(shifted(&values, stream.pick_index(&values), fact.version));
        }
        Recipe::Text(text) => {
            cell.push_str(text);
            push_version(cell, fact);
        }
        Recipe::Identifier(prefix) => push_with_serial(cell, prefix, fact.serial),
        Recipe::Telephone => cell.push_str(&fact.person.telephone),
        Recipe::Address => push_with_serial(cell, "测试市甲区试验路", fact.person.index),
    }
}

/// A correction takes the next text of the pool.
fn shifted<'a>(pool: &[&'a str], at: usize, version: u32) -> &'a str {
    let shift = usize::try_from(version).unwrap_or_default();
    pool.iter()
        .cycle()
        .nth(at + shift % pool.len().max(1))
        .copied()
        .unwrap_or_default()
}

/// A correction changes a text, so that its content differs.
fn push_version(cell: &mut String, fact: &Fact) {
    if fact.version > 0 {
        cell.push_str("（更正");
        push_int(cell, i64::from(fact.version));
        cell.push('）');
    }
}

fn push_facts(cell: &mut String, fact: &Fact) {
    let mut number = String::new();
    push_int(&mut number, i64::try_from(fact.choice % 40 + 1).unwrap_or(1));
    push_filled(cell, fact.case.facts, &number);
    push_version(cell, fact);
}

fn push_content(cell: &mut String, fact: &Fact) {
    cell.push_str("依法予以");
    cell.push_str(fact.case.kind);
    if fact.fine_yuan > 0 {
        cell.push_str("，罚款");
        push_int(cell, i64::from(fact.fine_yuan));
        cell.push('元');
    }
    push_version(cell, fact);
}

fn push_filled(cell: &mut String, template: &str, value: &str) {
    match template.split_once("{}") {
        Some((before, after)) => {
            cell.push_str(before);
            cell.push_str(value);
            cell.push_str(after);
        }
        None => cell.push_str(template),
    }
}

fn push_document_no(cell: &mut String, template: &str, fact: &Fact) {
    let Some((before, rest)) = template.split_once("{y}") else {
        return;
    };
    let Some((middle, after)) = rest.split_once("{n}") else {
        return;
    };
    cell.push_str(before);
    push_int(cell, i64::from(fact.decision.year()));
    cell.push_str(middle);
    push_int(cell, i64::try_from(fact.serial).unwrap_or_default());
    cell.push_str(after);
}

fn push_with_serial(cell: &mut String, prefix: &str, serial: u64) {
    cell.push_str(prefix);
    push_int(cell, i64::try_from(serial).unwrap_or_default());
}

fn push_day_of(cell: &mut String, which: DayOf, fact: &Fact, form: DayForm) {
    let shifted = |days: i32| fact.decision.plus_days(days).unwrap_or(fact.decision);
    let day = match which {
        DayOf::Decision => fact.decision,
        DayOf::ActEnd => fact.act_end,
        DayOf::From => fact.from,
        DayOf::To(without) => {
            let Some(to) = fact.to else {
                cell.push_str(without);
                return;
            };
            to
        }
        DayOf::AfterDecision(days) => shifted(days),
        DayOf::BeforeDecision(days) => shifted(-days),
        DayOf::InEffect => shifted(365),
        DayOf::Fulfilled => {
            if !fact.is_fulfilled {
                return;
            }
            shifted(4)
        }
    };
    push_day(cell, day, form);
}

pub(crate) fn push_day(cell: &mut String, day: Day, form: DayForm) {
    let (year, month, of_month) = (i64::from(day.year()), i64::from(day.month()), i64::from(day.day()));
    let (first, second, last, is_short) = match form {
        DayForm::Slashes => ("/", "/", "", false),
        DayForm::Hyphens => ("-", "-", "", false),
        DayForm::Short => ("/", "/", "", true),
        DayForm::Digits => ("", "", "", false),
        DayForm::Chinese => ("年", "月", "日", true),
    };
    push_int(cell, year);
    cell.push_str(first);
    if month < 10 && !is_short {
        cell.push('0');
    }
    push_int(cell, month);
    cell.push_str(second);
    if of_month < 10 && !is_short {
        cell.push('0');
    }
    push_int(cell, of_month);
    cell.push_str(last);
}

/// Yuan as 万元: 2000 元 is `0.2`.
fn push_ten_thousands(cell: &mut String, yuan: i32) {
    push_int(cell, i64::from(yuan / 10_000));
    let mut rest = yuan % 10_000;
    if rest > 0 {
        cell.push('.');
        let mut unit = 1_000;
        while rest > 0 {
            push_int(cell, i64::from(rest / unit));
            rest %= unit;
            unit /= 10;
        }
    }
}

pub(crate) fn push_int(cell: &mut String, value: i64) {
    let mut digits = [0_u8; 20];
    let mut rest = value.unsigned_abs();
    let mut len = 0;
    for place in digits.iter_mut().rev() {
        *place = b'0' + u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
        len += 1;
        if rest == 0 {
            break;
        }
    }
    if value < 0 {
        cell.push('-');
    }
    cell.extend(digits.iter().skip(20 - len).map(|digit| char::from(*digit)));
}

/// The columns of this header version of `item`, extension columns included.
pub(crate) fn columns_of<'a>(item: &'a Item, version: &str, catalogue: &Catalogue) -> Option<Vec<Column<'a>>> {
    let layout = item.layouts.iter().find(|layout| layout.version == version)?;
    let column = |of: &'a domain::catalogue::LayoutColumn| {
        let spec = item.field(&of.field);
        Column {
            header: of.header.clone(),
            layout_header: of.header.as_str(),
            spec,
            recipe: spec.map_or(Recipe::Empty, |spec| recipe(spec, item, catalogue)),
            is_extension: of.is_extension,
        }
    };
    Some(layout.columns.iter().map(column).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_amounts_are_written_as_departments_do() {
        let day = Day::new(2026, 1, 4).unwrap();
        let written = DAY_FORMS.map(|form| {
            let mut cell = String::new();
            push_day(&mut cell, day, form);
            cell
        });
        assert_eq!(
            written,
            ["2026/01/04", "2026-01-04", "2026/1/4", "20260104", "2026年1月4日"]
        );
        for (yuan, text) in [
            (2_000, "0.2"),
            (10_000, "1"),
            (123_450, "12.345"),
            (50, "0.005"),
            (20_010, "2.001"),
        ] {
            let mut cell = String::new();
            push_ten_thousands(&mut cell, yuan);
            assert_eq!(cell, text);
        }
    }
}
