//! One entry of the catalogue as JSON.

use std::collections::BTreeMap;

use domain::Uscc;
use domain::catalogue::{Catalogue, CodeListId, FieldRole, Item, ItemId, LegalBasis, Purpose, Text};
use serde_json::{Value, json};

use super::{rules_of, words};
use crate::assemble::parts::role_word;
use crate::diff::{condition, end, required, rule_span, span};
use crate::format::format_notation;

pub(crate) fn text_json(text: &Text) -> Value {
    json!({ "zh": text.zh, "en": text.en })
}

fn basis_json(basis: &LegalBasis) -> Value {
    json!({ "document": basis.document, "article": basis.article, "rank": words::rank(basis.rank) })
}

pub(crate) fn item_json(catalogue: &Catalogue, item: &Item) -> Value {
    json!({
        "id": item.id.as_str(),
        "name": text_json(&item.name),
        "nature": words::nature(item.nature),
        "providers": item.providers.iter().map(|provider| json!({
            "uscc": provider.as_str(),
            "name": catalogue.organisations.get(provider).map(|organisation| text_json(&organisation.name)),
        })).collect::<Vec<_>>(),
        "data_standard": item.data_standard,
        "disclosure": item.disclosure.iter().map(|way| words::disclosure(*way)).collect::<Vec<_>>(),
        "period": end(&item.end_rule),
        "legal_basis": item.legal_basis.iter().map(basis_json).collect::<Vec<_>>(),
        "source": item.source,
        "field_of_life": item.field_of_life,
        "in_force_from": item.in_force_from.to_string(),
        "in_force_to": item.in_force_to.map(|day| day.to_string()),
        "fields": item.fields.iter().map(|field| json!({
            "code": &*field.code.0,
            "label": text_json(&field.label),
            "format": format_notation(field.format),
            "required": required(&field.required),
            "not_before": field.not_before.as_ref().map(|code| &*code.0),
            "role": role_word(field.role),
            "code_list": field.code_list.as_ref().map(CodeListId::as_str),
            "is_multiple": field.is_multiple,
            "in_ten_thousand_yuan": field.in_ten_thousand_yuan,
        })).collect::<Vec<_>>(),
        "layouts": item.layouts.iter().map(|layout| json!({
            "version": layout.version,
            "recognised_by": layout.recognised_by.iter().map(|code| &*code.0).collect::<Vec<_>>(),
            "columns": layout.columns.iter().map(|column| json!({
                "header": column.header, "aliases": column.aliases, "field": &*column.field.0,
                "is_extension": column.is_extension,
            })).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "rules": rules_of(catalogue, item).iter().map(|rule| rule.id.as_str()).collect::<Vec<_>>(),
    })
}

pub(crate) fn purpose_json(purpose: &Purpose) -> Value {
    json!({
        "id": purpose.id.as_str(),
        "name": text_json(&purpose.name),
        "is_enabled": purpose.is_enabled,
        "statute": purpose.statute.as_ref().map(basis_json),
        "duty": purpose.duty.as_ref().map(text_json),
        "disabled_because": purpose.disabled_because.as_ref().map(text_json),
        "items": purpose.items.iter().map(ItemId::as_str).collect::<Vec<_>>(),
        "field_of_life": purpose.field_of_life,
        "cross_field_basis": purpose.cross_field_basis.as_ref().map(basis_json),
        "askers": purpose.askers.iter().map(Uscc::as_str).collect::<Vec<_>>(),
        "linked_providers": purpose.linked_providers.iter().map(Uscc::as_str).collect::<Vec<_>>(),
        "fields": purpose.fields.iter().map(|(id, codes)| {
            let codes: Vec<&str> = codes.iter().map(|code| &*code.0).collect();
            (id.to_string(), codes.into())
        }).collect::<serde_json::Map<String, Value>>(),
        "matter": purpose.matter.as_ref().map(|matter| json!({
            "form": matter.form(), "example": matter.example().as_str(), "registered": matter.is_registered(),
        })),
        "law_compels": purpose.law_compels,
        "close_within_days": purpose.close_within_days,
    })
}

pub(crate) fn measure_json(catalogue: &Catalogue, id: &str) -> Option<Value> {
    let measure = catalogue.measures.values().find(|measure| measure.id.as_str() == id)?;
    Some(json!({
        "id": measure.id.as_str(),
        "name": text_json(&measure.name),
        "is_enabled": measure.is_enabled,
        "linked_item": measure.linked_item.as_str(),
        "linked_fact": text_json(&measure.linked_fact),
        "statute": basis_json(&measure.statute),
        "field_of_life": measure.field_of_life,
        "cross_field_basis": measure.cross_field_basis.as_ref().map(basis_json),
    }))
}

pub(crate) fn code_list_json(catalogue: &Catalogue, id: &str) -> Option<Value> {
    let (id, values) = catalogue.code_lists.iter().find(|(known, _)| known.as_str() == id)?;
    Some(json!({
        "id": id.as_str(),
        "values": values.iter().map(|value| json!({
            "code": value.code, "text": text_json(&value.text), "aliases": value.aliases,
        })).collect::<Vec<_>>(),
    }))
}

fn cells_json(cells: &BTreeMap<FieldRole, String>) -> Value {
    let cells = cells
        .iter()
        .map(|(role, text)| (role_word(*role).to_owned(), json!(text)));
    Value::Object(cells.collect())
}

pub(crate) fn rule_json(catalogue: &Catalogue, id: &str) -> Option<Value> {
    if let Some(rule) = catalogue.intake_rules.iter().find(|rule| rule.id.as_str() == id) {
        return Some(json!({
            "id": rule.id.as_str(),
            "effect": words::effect(rule.effect),
            "items": rule.items.iter().map(ItemId::as_str).collect::<Vec<_>>(),
            "is_adverse_only": rule.is_adverse_only,
            "conditions": rule.conditions.iter().map(condition).collect::<Vec<_>>(),
            "example": cells_json(&rule.example),
            "answer": cells_json(&rule.answer),
            "message": text_json(&rule.message),
            "basis": basis_json(&rule.basis),
            "valid": rule_span(rule),
        }));
    }
    if let Some(dropped) = catalogue
        .dropped_columns
        .iter()
        .find(|dropped| dropped.id.as_str() == id)
    {
        return Some(json!({
            "id": dropped.id.as_str(),
            "headers": dropped.headers,
            "exact_headers": dropped.exact_headers,
            "message": text_json(&dropped.message),
            "basis": basis_json(&dropped.basis),
        }));
    }
    let rule = catalogue.class_rules.iter().find(|rule| rule.id.as_str() == id)?;
    Some(json!({
        "id": rule.id.as_str(),
        "class": rule.class.as_str(),
        "penalty_kinds": rule.penalty_kinds,
        "fine_from": rule.fine_from,
        "basis": basis_json(&rule.basis),
        "valid": span(&rule.valid_from, rule.valid_to.as_ref()),
    }))
}
