//! What a field holds of which only the catalogue is known: a value that no rule minds, a day in its order, a text about
//! nothing. An item that is added as data is written without a line of code.

use domain::catalogue::{Catalogue, Condition, FieldCode, FieldRole, FieldSpec, Format, Item, Required};

use crate::recipe::{DayOf, Recipe};

/// Behind the label of an organisation's name, the label of its code.
const CODE_OF: &str = "统一社会信用代码";

/// A recipe by the form of `spec`.
pub(crate) fn recipe(spec: &FieldSpec, item: &Item, catalogue: &Catalogue) -> Recipe {
    if let Some(list) = &spec.code_list {
        let values = catalogue.code_lists.get(list).map_or(&[][..], Vec::as_slice);
        let spoken = spoken_of(spec, item, catalogue);
        let fitting = values
            .iter()
            .filter(|value| !spoken.iter().any(|text| *text == value.code || *text == value.text.zh));
        let texts: Vec<String> = fitting.map(|value| value.text.zh.clone()).collect();
        return if texts.is_empty() {
            Recipe::Empty
        } else {
            Recipe::Value(texts)
        };
    }
    let is_required = spec.required != Required::Never;
    match spec.format {
        Format::Number { precision, scale } => Recipe::Number {
            low: 1,
            high: if precision.saturating_sub(scale) < 2 { 9 } else { 99 },
        },
        Format::Day if bounds_decision(spec, item) => Recipe::Day(DayOf::BeforeDecision(3)),
        Format::Day => Recipe::Day(DayOf::Decision),
        Format::TextMax(_) | Format::TextExact(_) if !is_required => Recipe::Empty,
        Format::TextMax(_) if names_an_organ(spec, item) => Recipe::OrganName,
        Format::TextMax(_) | Format::TextExact(18) if spec.label.zh.contains(CODE_OF) => Recipe::OrganCode,
        Format::TextExact(length) => Recipe::Text(fit("示例", length).unwrap_or_else(|| "示".repeat(length as usize))),
        Format::TextMax(length) => {
            let text = format!("示例：{}", spec.label.zh);
            Recipe::Text(text.chars().take(length as usize).collect())
        }
    }
}

fn fit(text: &str, length: u32) -> Option<String> {
    let rest = (length as usize).checked_sub(text.chars().count())?;
    Some(format!("{text}{}", "一".repeat(rest)))
}

/// Values of the role that a rule names: such a row would be refused, held or reviewed.
fn spoken_of<'a>(spec: &FieldSpec, item: &Item, catalogue: &'a Catalogue) -> Vec<&'a str> {
    let conditions = catalogue
        .intake_rules
        .iter()
        .filter(|rule| rule.binds(item))
        .flat_map(|rule| &rule.conditions);
    let texts = conditions.filter_map(|condition| match condition {
        Condition::Equals(role, texts) | Condition::Contains(role, texts) if *role == spec.role => Some(texts),
        _ => None,
    });
    texts.flatten().map(String::as_str).collect()
}

/// Whether the field is the name whose code stands in another field: 数据来源单位 and 数据来源单位统一社会信用代码.
fn names_an_organ(spec: &FieldSpec, item: &Item) -> bool {
    let label = format!("{}{CODE_OF}", spec.label.zh);
    item.fields
        .iter()
        .any(|other| matches!(other.role, FieldRole::OrganCode | FieldRole::SourceCode) && other.label.zh == label)
}

/// Whether the day of the decision may not precede this one, directly or by others between.
pub(crate) fn bounds_decision(spec: &FieldSpec, item: &Item) -> bool {
    let mut at: Option<&FieldCode> = item
        .field_with(FieldRole::DecisionDay)
        .and_then(|field| field.not_before.as_ref());
    // As many steps as there are fields: a catalogue in a circle ends, too.
    for _ in 0..item.fields.len() {
        match at {
            Some(code) if *code == spec.code => return true,
            Some(code) => at = item.field(code).and_then(|field| field.not_before.as_ref()),
            None => return false,
        }
    }
    false
}
