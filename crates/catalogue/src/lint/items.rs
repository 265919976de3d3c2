//! Items: R1, R2, R8 and the form of their fields and header versions.

use std::collections::{BTreeMap, BTreeSet};

use domain::catalogue::{Catalogue, EndRule, FieldCode, FieldRole, Format, Item, Layout, Required};

use super::words;
use crate::assemble::parts::role_word;
use crate::finding::{At, Findings, LintRule};
use crate::fold::fold_header;

/// Roles that every item has, so that a row can be attached, keyed and dated.
const ROLES_NEEDED: [FieldRole; 5] = [
    FieldRole::PersonName,
    FieldRole::DocumentNumber,
    FieldRole::DocumentNo,
    FieldRole::OrganName,
    FieldRole::DecisionDay,
];

/// Longest that adverse records may be available, in months (Shandong regulation art. 38).
pub(crate) const ADVERSE_MONTHS_MAX: u32 = 60;

pub(crate) fn lint(item: &Item, file: &str, catalogue: &Catalogue, findings: &mut Findings) {
    let at = At::new(file, item.id.as_str());
    names(item, &at, findings);
    references(item, catalogue, &at, findings);
    end(item, &at, findings);
    roles(item, &at, findings);
    for (index, _) in item.fields.iter().enumerate() {
        field(item, index, catalogue, &at, findings);
    }
    for (index, layout) in item.layouts.iter().enumerate() {
        let at = at.within(format_args!("layouts[{}] {}", index + 1, layout.version));
        columns(item, layout, catalogue, &at, findings);
        recognition(item, index, layout, &at, findings);
    }
    no_column(item, &at, findings);
    if item.layouts.is_empty() {
        findings.add(
            &at,
            LintRule::Form,
            "the item has no header version, so no file can be recognised",
        );
    }
}

/// A field that no header version fills stays empty for ever, and whoever wrote it wonders why.
fn no_column(item: &Item, at: &At, findings: &mut Findings) {
    let is_filled = |code: &FieldCode| {
        let mut columns = item.layouts.iter().flat_map(|layout| &layout.columns);
        columns.any(|column| &column.field == code)
    };
    for field in item.fields.iter().filter(|field| !is_filled(&field.code)) {
        let message = format!(
            "no header version has a column for the field `{}`; add one to `columns` or `extensions`",
            field.code.0
        );
        findings.add(at, LintRule::Form, message);
    }
}

/// R1 and R2 over everything that the item is called.
fn names(item: &Item, at: &At, findings: &mut Findings) {
    if let Some((word, article)) = words::forbidden_item(&item.name.zh) {
        findings.cite(
            at,
            LintRule::R2,
            format!("an item about `{word}` cannot be collected"),
            article,
        );
    }
    let labels = item
        .fields
        .iter()
        .flat_map(|field| [field.label.zh.as_str(), field.label.en.as_str()]);
    let headers = item.layouts.iter().flat_map(headers).map(|(header, _)| header);
    for name in [item.name.zh.as_str(), item.name.en.as_str()]
        .into_iter()
        .chain(labels)
        .chain(headers)
    {
        if let Some(word) = words::score_word(name) {
            findings.add(
                at,
                LintRule::R1,
                format!("`{name}`: `{word}` is a score, grade or rank of a person"),
            );
        }
        if let Some((word, article)) = words::forbidden_data(name) {
            findings.cite(
                at,
                LintRule::R2,
                format!("`{name}`: {word} of a person may not be collected"),
                article,
            );
        }
    }
}

fn references(item: &Item, catalogue: &Catalogue, at: &At, findings: &mut Findings) {
    for provider in item
        .providers
        .iter()
        .filter(|provider| !catalogue.organisations.contains_key(*provider))
    {
        findings.add(
            at,
            LintRule::Form,
            format!("provider {provider} is not in organisations.toml"),
        );
    }
    if item.providers.iter().collect::<BTreeSet<_>>().len() < item.providers.len() {
        findings.add(at, LintRule::Form, "a provider stands twice");
    }
    if let Some(code) = item
        .field_of_life
        .as_ref()
        .filter(|code| !catalogue.fields_of_life.contains_key(*code))
    {
        findings.add(
            at,
            LintRule::Form,
            format!("field of life `{code}` is not in fields-of-life.toml; write its code, such as F02"),
        );
    }
}

/// R8: every record has an end, an adverse one within five years.
fn end(item: &Item, at: &At, findings: &mut Findings) {
    let months = match item.end_rule {
        EndRule::AdverseClocks => {
            for role in [FieldRole::BreachClass, FieldRole::ActEndDay] {
                if item.field_with(role).is_none() {
                    let message = format!("the two clocks need a field with the role `{}`", role_word(role));
                    findings.add(at, LintRule::R8, message);
                }
            }
            return;
        }
        EndRule::ValidToOrReview { review_months } => review_months,
        EndRule::MonthsAfterDecision { months } => months,
    };
    if months == 0 {
        findings.add(
            at,
            LintRule::R8,
            "the period is zero months, so no record would ever be available",
        );
    }
    if item.is_adverse() && months > ADVERSE_MONTHS_MAX {
        let message = format!("{months} months: nothing adverse is available for more than {ADVERSE_MONTHS_MAX}");
        findings.add(at, LintRule::R8, message);
    }
}

fn roles(item: &Item, at: &At, findings: &mut Findings) {
    let mut seen: BTreeMap<FieldRole, &FieldCode> = BTreeMap::new();
    for field in item
        .fields
        .iter()
        .filter(|field| !matches!(field.role, FieldRole::FreeText | FieldRole::Plain))
    {
        if let Some(other) = seen.insert(field.role, &field.code) {
            let message = format!(
                "the role `{}` stands at `{}` and at `{}`",
                role_word(field.role),
                other.0,
                field.code.0
            );
            findings.add(at, LintRule::Form, message);
        }
    }
    for role in ROLES_NEEDED.into_iter().filter(|role| !seen.contains_key(role)) {
        findings.add(
            at,
            LintRule::Form,
            format!("no field has the role `{}`", role_word(role)),
        );
    }
}

fn field(item: &Item, index: usize, catalogue: &Catalogue, at: &At, findings: &mut Findings) {
    let Some(field) = item.fields.get(index) else { return };
    let at = at.within(format_args!("fields[{}] {}", index + 1, field.code.0));
    if item.fields.iter().take(index).any(|other| other.code == field.code) {
        findings.add(&at, LintRule::Form, "the code stands twice");
    }
    if let Some(list) = field
        .code_list
        .as_ref()
        .filter(|list| !catalogue.code_lists.contains_key(*list))
    {
        findings.add(&at, LintRule::Form, format!("unknown code list `{list}`"));
    }
    if field.is_multiple && field.code_list.is_none() {
        findings.add(&at, LintRule::Form, "only a coded field can have several values");
    }
    if let Required::When { field: other, contains } = &field.required {
        if item.field(other).is_none() {
            findings.add(
                &at,
                LintRule::Form,
                format!("`required` looks at the unknown field `{}`", other.0),
            );
        }
        if contains.is_empty() {
            findings.add(&at, LintRule::Form, "`required` names no text to look for");
        }
    }
    if let Some(other) = &field.not_before {
        let is_day = |code| item.field(code).is_some_and(|field| field.format == Format::Day);
        if !is_day(other) || field.format != Format::Day {
            findings.add(
                &at,
                LintRule::Form,
                format!("`not_before` compares two days, `{}` is none", other.0),
            );
        }
    }
    if needs_day(field.role) && field.format != Format::Day {
        findings.add(
            &at,
            LintRule::Form,
            format!("the role `{}` belongs to a day", role_word(field.role)),
        );
    }
    let is_number = matches!(field.format, Format::Number { .. });
    if (field.role == FieldRole::FineAmount || field.in_ten_thousand_yuan) && !is_number {
        findings.add(&at, LintRule::Form, "an amount has the format of a number");
    }
}

const fn needs_day(role: FieldRole) -> bool {
    matches!(
        role,
        FieldRole::DecisionDay | FieldRole::ValidFrom | FieldRole::ValidTo | FieldRole::ActEndDay
    )
}

/// Every header and alias of a layout with its field.
fn headers(layout: &Layout) -> impl Iterator<Item = (&str, &FieldCode)> {
    layout.columns.iter().flat_map(|column| {
        std::iter::once(column.header.as_str())
            .chain(column.aliases.iter().map(String::as_str))
            .map(move |header| (header, &column.field))
    })
}

fn columns(item: &Item, layout: &Layout, catalogue: &Catalogue, at: &At, findings: &mut Findings) {
    let mut seen: BTreeMap<String, &FieldCode> = BTreeMap::new();
    for (header, field) in headers(layout) {
        let folded = fold_header(header);
        if folded.is_empty() {
            findings.add(at, LintRule::Form, "a header is empty");
        }
        if let Some(other) = seen.insert(folded, field) {
            let message = format!(
                "the header `{header}` stands twice after folding, at `{}` and `{}`",
                other.0, field.0
            );
            findings.add(at, LintRule::Form, message);
        }
        if let Some(dropped) = crate::dropped_by(catalogue, header) {
            let message = format!(
                "the header `{header}` of this standard would be dropped by {}",
                dropped.id
            );
            findings.add(at, LintRule::Form, message);
        }
    }
    let mut filled = BTreeSet::new();
    for column in &layout.columns {
        if item.field(&column.field).is_none() {
            findings.add(
                at,
                LintRule::Form,
                format!("unknown field `{}` in the layout", column.field.0),
            );
        }
        if !filled.insert(&column.field) {
            findings.add(
                at,
                LintRule::Form,
                format!("two columns fill the field `{}`", column.field.0),
            );
        }
    }
    for role in ROLES_NEEDED {
        let has = item.field_with(role).is_none_or(|field| filled.contains(&field.code));
        if !has {
            findings.add(
                at,
                LintRule::Form,
                format!("no column fills the role `{}`", role_word(role)),
            );
        }
    }
}

/// A version is recognised by its own template columns, and no earlier version takes its files.
fn recognition(item: &Item, index: usize, layout: &Layout, at: &At, findings: &mut Findings) {
    let template = |layout: &Layout, code: &FieldCode| {
        layout
            .columns
            .iter()
            .any(|column| &column.field == code && !column.is_extension)
    };
    if layout.recognised_by.is_empty() {
        findings.add(
            at,
            LintRule::Form,
            "`recognised_by` is empty, so every file would be of this version",
        );
    }
    for code in layout.recognised_by.iter().filter(|code| !template(layout, code)) {
        findings.add(
            at,
            LintRule::Form,
            format!(
                "`recognised_by` names `{}`, which is no template column; name fields by their `code`",
                code.0
            ),
        );
    }
    for earlier in item.layouts.iter().take(index) {
        if earlier.version == layout.version {
            findings.add(at, LintRule::Form, "the version stands twice");
        } else if earlier.recognised_by.iter().all(|code| template(layout, code)) {
            let message = format!(
                "version {} stands before and takes every file of this version",
                earlier.version
            );
            findings.add(at, LintRule::Form, message);
        }
    }
}
