//! Purposes of look-ups and measures.

use std::collections::BTreeMap;

use domain::catalogue::{FieldCode, ItemId, LookUpLimits, Measure, MeasureId, Purpose, PurposeId};
use domain::{MatterForm, Uscc};

use super::lists::insert;
use super::parts;
use crate::document::Document;
use crate::finding::{At, Findings, LintRule};
use crate::raw::{RawLookUpLimits, RawMatterForm, RawMeasure, RawPurpose};

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
    if raw.enabled && (raw.law_compels.is_none() || raw.close_within_days.is_none()) {
        let message = "an enabled purpose says whether the law orders the look-up (`law_compels`) and in how many working \
                       days it is closed (`close_within_days`)";
        findings.add(at, LintRule::R4, message);
    }
    let fields = raw.fields.into_iter().filter_map(|(id, codes)| {
        let codes = codes.into_iter().map(|code| FieldCode(code.into())).collect();
        Some((item_id(&id, at, findings)?, codes))
    });
    Some(Purpose {
        fields: fields.collect(),
        linked_providers: usccs(&raw.linked_providers, "linked_providers", at, findings),
        askers: usccs(&raw.askers, "askers", at, findings),
        matter: raw.matter.and_then(|raw| matter_form(&raw, at, findings)),
        law_compels: raw.law_compels.unwrap_or(false),
        close_within_days: raw.close_within_days.unwrap_or_default(),
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

fn usccs(codes: &[String], key: &str, at: &At, findings: &mut Findings) -> Vec<Uscc> {
    let mut usccs = Vec::with_capacity(codes.len());
    for code in codes {
        match Uscc::parse(code) {
            Ok(uscc) => usccs.push(uscc),
            Err(fault) => findings.add(at, LintRule::Form, format!("`{key}`: `{code}`: {fault}")),
        }
    }
    usccs
}

fn matter_form(raw: &RawMatterForm, at: &At, findings: &mut Findings) -> Option<MatterForm> {
    let form = MatterForm::new(&raw.form, &raw.example, raw.registered);
    if let Err(fault) = &form {
        findings.add(&at.within("matter"), LintRule::R4, fault.to_string());
    }
    form.ok()
}

/// The limits of look-ups. Without them nobody is looked up, for every limit is zero.
pub(crate) fn look_up_limits(document: &Document, findings: &mut Findings) -> LookUpLimits {
    let keys = [
        "source",
        "officer",
        "client",
        "department",
        "purpose",
        "city",
        "persons_per_matter",
    ];
    document.expect_keys(&keys, findings);
    let raw = (!document.is_empty()).then(|| document.whole::<RawLookUpLimits>(findings));
    let Some(raw) = raw.flatten() else {
        return LookUpLimits {
            officer: 0,
            client: 0,
            department: 0,
            purpose: 0,
            city: 0,
            persons_per_matter: 0,
        };
    };
    LookUpLimits {
        officer: raw.officer,
        client: raw.client,
        department: raw.department,
        purpose: raw.purpose,
        city: raw.city,
        persons_per_matter: raw.persons_per_matter,
    }
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
