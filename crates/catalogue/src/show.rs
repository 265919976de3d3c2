//! The catalogue as people and programs read it: one entry, or an overview.

mod json;
pub(crate) mod words;

use std::fmt::Write as _;

use domain::catalogue::{Catalogue, IntakeRule, Item};
use serde_json::{Value, json};

use crate::diff::{basis, end, join, required, span};
use crate::format::format_notation;

/// What the catalogue says of an id (`ITM-…`, `PUR-…`, `MSR-…`, `CL-…`, `RUL-…`), for a terminal. Nothing if it has no such id.
#[must_use]
pub fn show_text(catalogue: &Catalogue, id: &str) -> Option<String> {
    if let Some(item) = catalogue
        .items
        .iter()
        .find(|(known, _)| known.as_str() == id)
        .map(|(_, item)| item)
    {
        return Some(item_text(catalogue, item));
    }
    // The other kinds are small: their JSON form, indented, says it as well as prose would.
    show_json(catalogue, id).map(|value| plain(&value, 0))
}

/// As [`show_text`], as JSON.
#[must_use]
pub fn show_json(catalogue: &Catalogue, id: &str) -> Option<Value> {
    let item = catalogue
        .items
        .values()
        .find(|item| item.id.as_str() == id)
        .map(|item| json::item_json(catalogue, item));
    item.or_else(|| {
        catalogue
            .purposes
            .values()
            .find(|purpose| purpose.id.as_str() == id)
            .map(json::purpose_json)
    })
    .or_else(|| json::measure_json(catalogue, id))
    .or_else(|| json::code_list_json(catalogue, id))
    .or_else(|| json::rule_json(catalogue, id))
}

/// Everything in a few lines: version, items, purposes, and how much there is of the rest.
#[must_use]
pub fn overview_text(catalogue: &Catalogue) -> String {
    let mut out = format!("catalogue {}\n\nitems\n", catalogue.version);
    for item in catalogue.items.values() {
        line(
            &mut out,
            format_args!(
                "  {:<22} {} ({})",
                item.id.as_str(),
                item.name.zh,
                words::nature(item.nature)
            ),
        );
    }
    out.push_str("\npurposes\n");
    for purpose in catalogue.purposes.values() {
        let state = if purpose.is_enabled { "enabled" } else { "disabled" };
        line(
            &mut out,
            format_args!("  {:<26} {:<9} {}", purpose.id.as_str(), state, purpose.name.zh),
        );
    }
    line(&mut out, format_args!("\n{}", counts(catalogue)));
    out
}

/// As [`overview_text`], as JSON.
#[must_use]
pub fn overview_json(catalogue: &Catalogue) -> Value {
    json!({
        "version": catalogue.version,
        "items": catalogue.items.values().map(|item| json!({
            "id": item.id.as_str(), "name": json::text_json(&item.name), "nature": words::nature(item.nature),
        })).collect::<Vec<_>>(),
        "purposes": catalogue.purposes.values().map(|purpose| json!({
            "id": purpose.id.as_str(), "name": json::text_json(&purpose.name), "is_enabled": purpose.is_enabled,
        })).collect::<Vec<_>>(),
        "measures": catalogue.measures.keys().map(ToString::to_string).collect::<Vec<_>>(),
        "code_lists": catalogue.code_lists.keys().map(ToString::to_string).collect::<Vec<_>>(),
        "organisations": catalogue.organisations.values().map(|organisation| json!({
            "uscc": organisation.uscc.as_str(), "name": json::text_json(&organisation.name), "district": organisation.district,
        })).collect::<Vec<_>>(),
        "intake_rules": catalogue.intake_rules.iter().map(|rule| rule.id.as_str()).collect::<Vec<_>>(),
        "dropped_columns": catalogue.dropped_columns.iter().map(|rule| rule.id.as_str()).collect::<Vec<_>>(),
        "class_rules": catalogue.class_rules.iter().map(|rule| rule.id.as_str()).collect::<Vec<_>>(),
        "calendar_years": catalogue.calendar.years().keys().collect::<Vec<_>>(),
        "act_end_months": catalogue.act_end_months,
    })
}

fn counts(catalogue: &Catalogue) -> String {
    format!(
        "{} organisations, {} code lists, {} measures, {} intake rules, {} lines of dropped columns, calendar {}",
        catalogue.organisations.len(),
        catalogue.code_lists.len(),
        catalogue.measures.len(),
        catalogue.intake_rules.len(),
        catalogue.dropped_columns.len(),
        join(catalogue.calendar.years().keys()),
    )
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a text cannot fail.
    let _ = out.write_fmt(text);
    out.push('\n');
}

fn item_text(catalogue: &Catalogue, item: &Item) -> String {
    let mut out = String::new();
    line(
        &mut out,
        format_args!("{} {} / {}", item.id, item.name.zh, item.name.en),
    );
    line(
        &mut out,
        format_args!("  信息性质 nature          {}", words::nature(item.nature)),
    );
    line(
        &mut out,
        format_args!("  数据标准 data standard   {}", item.data_standard),
    );
    let ways = item
        .disclosure
        .iter()
        .map(|way| words::disclosure(*way))
        .collect::<Vec<_>>()
        .join(", ");
    line(&mut out, format_args!("  披露方式 disclosure      {ways}"));
    line(
        &mut out,
        format_args!("  有效期限 period          {}", end(&item.end_rule)),
    );
    line(
        &mut out,
        format_args!(
            "  in force                 {}",
            span(&item.in_force_from, item.in_force_to.as_ref())
        ),
    );
    if let Some(name) = item
        .field_of_life
        .as_ref()
        .and_then(|code| catalogue.fields_of_life.get(code))
    {
        line(
            &mut out,
            format_args!("  重点领域 field           {} / {}", name.zh, name.en),
        );
    }
    for basis_of in &item.legal_basis {
        line(
            &mut out,
            format_args!(
                "  依据 basis               {} ({})",
                basis(basis_of),
                words::rank(basis_of.rank)
            ),
        );
    }
    line(&mut out, format_args!("  来源 source              {}", item.source));
    out.push_str("  提供单位 providers\n");
    for provider in &item.providers {
        let name = catalogue
            .organisations
            .get(provider)
            .map_or("", |organisation| organisation.name.zh.as_str());
        line(&mut out, format_args!("    {provider} {name}"));
    }
    fields_text(item, &mut out);
    layouts_text(item, &mut out);
    let rules = rules_of(catalogue, item);
    if !rules.is_empty() {
        out.push_str("  归集规则 rules\n");
    }
    for rule in rules {
        line(
            &mut out,
            format_args!(
                "    {:<30} {:<7} {}",
                rule.id.as_str(),
                words::effect(rule.effect),
                rule.message.zh
            ),
        );
    }
    out
}

fn fields_text(item: &Item, out: &mut String) {
    out.push_str("  字段 fields\n");
    for field in &item.fields {
        let list = field
            .code_list
            .as_ref()
            .map_or_else(String::new, |list| format!(", {list}"));
        let required = match required(&field.required).as_str() {
            "no" => String::new(),
            when => format!(", required {when}"),
        };
        let format = format_notation(field.format);
        line(
            out,
            format_args!(
                "    {:<13} {format:<9} {}{list}{required}",
                field.code.0, field.label.zh
            ),
        );
    }
}

fn layouts_text(item: &Item, out: &mut String) {
    for layout in &item.layouts {
        line(out, format_args!("  版本 version {}", layout.version));
        for column in &layout.columns {
            let kind = if column.is_extension {
                " (扩展列 extension)"
            } else {
                ""
            };
            let aliases = if column.aliases.is_empty() {
                String::new()
            } else {
                format!(" = {}", column.aliases.join(" = "))
            };
            line(
                out,
                format_args!("    {}{aliases} → {}{kind}", column.header, column.field.0),
            );
        }
    }
}

fn rules_of<'a>(catalogue: &'a Catalogue, item: &Item) -> Vec<&'a IntakeRule> {
    catalogue.intake_rules.iter().filter(|rule| rule.binds(item)).collect()
}

/// A JSON value as indented lines; texts in two languages on one line, what is empty left out.
fn plain(value: &Value, depth: usize) -> String {
    let pad = "  ".repeat(depth);
    let mut out = String::new();
    let Value::Object(entries) = value else {
        line(&mut out, format_args!("{pad}{}", scalar(value)));
        return out;
    };
    for (key, value) in entries {
        match value {
            Value::Null => {}
            Value::Array(values) if values.is_empty() => {}
            Value::Array(values) if values.iter().all(|value| !value.is_object()) => {
                line(
                    &mut out,
                    format_args!("{pad}{key}: {}", join(values.iter().map(scalar))),
                );
            }
            Value::Array(values) => {
                line(&mut out, format_args!("{pad}{key}"));
                for value in values {
                    line(&mut out, format_args!("{pad}  - {}", scalar(value)));
                }
            }
            value => line(&mut out, format_args!("{pad}{key}: {}", scalar(value))),
        }
    }
    out
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(entries) => entries
            .values()
            .filter(|value| !value.is_null())
            .map(scalar)
            .filter(|text| !text.is_empty())
            .collect::<Vec<_>>()
            .join(" / "),
        Value::Array(values) => join(values.iter().map(scalar)),
        other => other.to_string(),
    }
}
