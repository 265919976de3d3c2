//! Code lists, the sixteen fields of life, the occupation groups, organisations, and the calendar.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use domain::calendar::{WorkingCalendar, YearTable};
use domain::catalogue::{CodeListId, CodeValue, Organisation, Text};
use domain::{Day, Uscc};

use super::parts;
use crate::document::{Document, entries};
use crate::finding::{At, Findings, LintRule};
use crate::fold::fold_value;
use crate::raw::{RawCode, RawCodeList, RawOrganisation, RawYear};

/// Longest run of days off in one entry of the calendar.
const DAYS_OFF_MAX: i32 = 31;

pub(crate) fn code_lists(document: &Document, findings: &mut Findings) -> BTreeMap<CodeListId, Vec<CodeValue>> {
    document.expect_keys(&["lists"], findings);
    let mut lists = BTreeMap::new();
    for (at, raw) in document.entries::<RawCodeList>("lists", findings) {
        if raw.source.is_none() {
            findings.add(
                &at,
                LintRule::Form,
                "`source` is missing: each datum says where it comes from",
            );
        }
        let values = code_values(&raw.values, "values", &at, findings);
        match CodeListId::parse(&raw.id) {
            Ok(id) => insert(&mut lists, id, values, &at, findings),
            Err(fault) => findings.add(&at, LintRule::Form, fault.to_string()),
        }
    }
    lists
}

/// The values of a list; a spelling that stands for two values is a finding, since a file could then mean either.
fn code_values(values: &[toml::Value], key: &str, at: &At, findings: &mut Findings) -> Vec<CodeValue> {
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    let mut checked = Vec::new();
    for (at, raw) in entries::<RawCode>(values, key, at, findings) {
        let spellings = [&raw.code, &raw.zh].into_iter().chain(&raw.aliases);
        for spelling in spellings.map(|spelling| fold_value(spelling)).collect::<BTreeSet<_>>() {
            if let Some(other) = seen.insert(spelling.clone(), raw.code.clone()) {
                findings.add(&at, LintRule::Form, format!("`{spelling}` also stands for `{other}`"));
            }
        }
        checked.push(CodeValue {
            text: parts::checked_text(raw.zh, raw.en, &at, findings),
            code: raw.code,
            aliases: raw.aliases,
        });
    }
    if values.is_empty() {
        findings.add(at, LintRule::Form, "the list is empty");
    }
    checked
}

/// A list of its own file, such as the sixteen fields; `count` of them.
pub(crate) fn named_list(document: &Document, key: &str, count: usize, findings: &mut Findings) -> Vec<CodeValue> {
    if !document.is_readable {
        return Vec::new();
    }
    document.expect_keys(&["source", key], findings);
    let values: Vec<toml::Value> = document
        .entries(key, findings)
        .into_iter()
        .map(|(_, value)| value)
        .collect();
    let values = code_values(&values, key, &document.top(), findings);
    if values.len() != count {
        let message = format!(
            "{} entries where {count} are expected (国办发〔2016〕98号)",
            values.len()
        );
        findings.add(&document.top(), LintRule::Form, message);
    }
    values
}

/// Code and name of each value.
pub(crate) fn names(values: &[CodeValue]) -> BTreeMap<String, Text> {
    values
        .iter()
        .map(|value| (value.code.clone(), value.text.clone()))
        .collect()
}

pub(crate) fn organisations(document: &Document, findings: &mut Findings) -> BTreeMap<Uscc, Organisation> {
    document.expect_keys(&["source", "district", "organisations"], findings);
    let district = document.text("district").unwrap_or_default().to_owned();
    let mut organisations = BTreeMap::new();
    for (at, raw) in document.entries::<RawOrganisation>("organisations", findings) {
        let district = raw.district.unwrap_or_else(|| district.clone());
        if district.len() != 6 || !district.bytes().all(|byte| byte.is_ascii_digit()) {
            findings.add(&at, LintRule::Form, "`district` is not a six-digit code of GB/T 2260");
        }
        match Uscc::parse(&raw.uscc) {
            Ok(uscc) => {
                let organisation = Organisation {
                    uscc: uscc.clone(),
                    name: parts::checked_text(raw.zh, raw.en, &at, findings),
                    district,
                };
                insert(&mut organisations, uscc, organisation, &at, findings);
            }
            Err(fault) => findings.add(&at, LintRule::Form, format!("{fault} (GB 32100-2015)")),
        }
    }
    organisations
}

pub(crate) fn calendar(document: &Document, findings: &mut Findings) -> WorkingCalendar {
    document.expect_keys(&["years"], findings);
    let mut years = BTreeMap::new();
    for (at, raw) in document.entries::<RawYear>("years", findings) {
        if raw.source.is_none() {
            findings.add(
                &at,
                LintRule::Form,
                "`source` is missing: the notice of the State Council for the year",
            );
        }
        let days_off: BTreeSet<Day> = raw.days_off.iter().flat_map(|text| days(text, &at, findings)).collect();
        let work_days: BTreeSet<Day> = raw
            .work_days
            .iter()
            .flat_map(|text| days(text, &at, findings))
            .collect();
        for day in days_off.iter().chain(&work_days).filter(|day| day.year() != raw.year) {
            findings.add(&at, LintRule::Form, format!("{day} is not in the year {}", raw.year));
        }
        for day in work_days.iter().filter(|day| !day.is_weekend()) {
            findings.add(
                &at,
                LintRule::Form,
                format!("{day} is no Saturday or Sunday, so it cannot be a 调休 working day"),
            );
        }
        for day in days_off.intersection(&work_days) {
            findings.add(
                &at,
                LintRule::Form,
                format!("{day} is both a day off and a working day"),
            );
        }
        let table = YearTable { days_off, work_days };
        insert(&mut years, raw.year, table, &at, findings);
    }
    WorkingCalendar::new(years)
}

/// One day, or `FIRST..LAST`, both included.
fn days(text: &str, at: &At, findings: &mut Findings) -> Vec<Day> {
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    let (Ok(first), Ok(last)) = (Day::parse_iso(first), Day::parse_iso(last)) else {
        findings.add(at, LintRule::Form, format!("`{text}` is not a day or a span of days"));
        return Vec::new();
    };
    let length = last.to_epoch_days() - first.to_epoch_days();
    if !(0..DAYS_OFF_MAX).contains(&length) {
        findings.add(
            at,
            LintRule::Form,
            format!("`{text}` is not a span of one to {DAYS_OFF_MAX} days"),
        );
        return Vec::new();
    }
    (0..=length).filter_map(|days| first.plus_days(days).ok()).collect()
}

/// Inserts; an id that was there is a finding.
pub(crate) fn insert<K: Ord, V>(map: &mut BTreeMap<K, V>, key: K, value: V, at: &At, findings: &mut Findings) {
    // The first stays: what others say of it would only repeat that it is gone.
    match map.entry(key) {
        Entry::Vacant(place) => drop(place.insert(value)),
        Entry::Occupied(_) => findings.add(at, LintRule::Form, "the same id stands here twice"),
    }
}
