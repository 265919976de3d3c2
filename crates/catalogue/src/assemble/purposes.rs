//! Purposes of look-ups and measures.

use std::collections::BTreeMap;

use domain::catalogue::{ItemId, Measure, MeasureId, Purpose, PurposeId};

use super::lists::insert;
use super::parts;
use crate::document::Document;
use crate::finding::{At, Findings, LintRule};
use crate::raw::{RawMeasure, RawPurpose};

pub(crate) fn purposes(document: &Document, findings: &mut Findings) -> BTreeMap<PurposeId, Purpose> {
    document.expect_keys(&["purposes"], findings);
    let mut purposes = BTreeMap::new();
    for (at, raw) in document.entries::<RawPurpose>("purposes", findings) {
        if let Some(purpose) = purpose(raw, &at, findings) {
            insert(&mut purposes, purpose.id.clone(), purpose, &at, findings);
        }
    }
    purposes
}

fn purpose(raw: RawPurpose, at: &At, findings: &mut Findings) -> Option<Purpose> {
    if raw.source.is_none() {
        findings.add(
            at,
            LintRule::Form,
            "`source` is missing: each datum says where it comes from",
        );
    }
    let id = PurposeId::parse(&raw.id);
    if let Err(fault) = id {
        findings.add(at, LintRule::Form, fault.to_string());
    }
    let items = raw.items.iter().filter_map(|id| item_id(id, at, findings)).collect();
    Some(Purpose {
        id: id.ok()?,
        name: parts::checked_text(raw.zh, raw.en, at, findings),
        statute: raw
            .statute
            .and_then(|raw| parts::basis(&raw, &at.within("statute"), findings)),
        duty: raw.duty.map(|raw| parts::text(raw, &at.within("duty"), findings)),
        field_of_life: raw.field_of_life,
        cross_field_basis: raw
            .cross_field_basis
            .and_then(|raw| parts::basis(&raw, &at.within("cross_field_basis"), findings)),
        is_enabled: raw.enabled,
        disabled_because: raw.disabled_because.map(|raw| parts::text(raw, at, findings)),
        items,
    })
}

pub(crate) fn measures(document: &Document, findings: &mut Findings) -> BTreeMap<MeasureId, Measure> {
    document.expect_keys(&["measures"], findings);
    let mut measures = BTreeMap::new();
    for (at, raw) in document.entries::<RawMeasure>("measures", findings) {
        if let Some(measure) = measure(raw, &at, findings) {
            insert(&mut measures, measure.id.clone(), measure, &at, findings);
        }
    }
    measures
}

fn measure(raw: RawMeasure, at: &At, findings: &mut Findings) -> Option<Measure> {
    let id = MeasureId::parse(&raw.id);
    if let Err(fault) = id {
        findings.add(at, LintRule::Form, fault.to_string());
    }
    if raw.linked_item.is_none() || raw.linked_fact.is_none() {
        let message = "a measure names the one item and the fact that it is linked to (`linked_item`, `linked_fact`)";
        findings.add(at, LintRule::R5, message);
    }
    if raw.statute.is_none() {
        findings.add(
            at,
            LintRule::R4,
            "a measure names the statute that orders it (`statute`)",
        );
    }
    let statute = raw
        .statute
        .and_then(|raw| parts::basis(&raw, &at.within("statute"), findings));
    let name = parts::checked_text(raw.zh, raw.en, at, findings);
    // Checked here, since a measure that lacks its elements does not reach the other checks.
    crate::lint::measures::forbidden_topic(&name, at, findings);
    Some(Measure {
        id: id.ok()?,
        name,
        linked_item: raw.linked_item.and_then(|id| item_id(&id, at, findings))?,
        linked_fact: raw.linked_fact.map(|raw| parts::text(raw, at, findings))?,
        statute: statute?,
        field_of_life: raw.field_of_life,
        cross_field_basis: raw
            .cross_field_basis
            .and_then(|raw| parts::basis(&raw, &at.within("cross_field_basis"), findings)),
        is_enabled: raw.enabled,
    })
}

fn item_id(id: &str, at: &At, findings: &mut Findings) -> Option<ItemId> {
    match ItemId::parse(id) {
        Ok(id) => Some(id),
        Err(fault) => {
            findings.add(at, LintRule::Form, format!("item `{id}`: {fault}"));
            None
        }
    }
}
