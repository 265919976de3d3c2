//! Class periods, class rules, intake rules and dropped columns.

use std::collections::BTreeMap;

use domain::Day;
use domain::catalogue::{
    ClassPeriod, ClassRule, Condition, DroppedColumn, FieldRole, IntakeEffect, IntakeRule, ItemId, RuleId,
};

use super::parts;
use crate::document::Document;
use crate::finding::{At, Findings, LintRule};
use crate::raw::{RawClassRule, RawCondition, RawDroppedColumn, RawIntakeRule, RawPeriod};

pub(crate) fn class_periods(document: &Document, findings: &mut Findings) -> Vec<ClassPeriod> {
    let mut periods = Vec::new();
    for (at, raw) in document.entries::<RawPeriod>("periods", findings) {
        let class = parts::class(&raw.class, &at, findings);
        let validity = parts::validity(&raw.valid_from, raw.valid_to.as_deref(), &at, findings);
        let basis = parts::basis(&raw.basis, &at, findings);
        if let (Some(class), Some((valid_from, valid_to)), Some(basis)) = (class, validity, basis) {
            periods.push(ClassPeriod {
                class,
                min_months: raw.min_months,
                max_months: raw.max_months,
                valid_from,
                valid_to,
                basis,
            });
        }
    }
    periods
}

pub(crate) fn class_rules(document: &Document, findings: &mut Findings) -> Vec<ClassRule> {
    let mut rules = Vec::new();
    for (at, raw) in document.entries::<RawClassRule>("rules", findings) {
        let id = rule_id(&raw.id, &at, findings);
        let class = parts::class(&raw.class, &at, findings);
        let validity = parts::validity(&raw.valid_from, raw.valid_to.as_deref(), &at, findings);
        let basis = parts::basis(&raw.basis, &at, findings);
        if let Some(amount) = &raw.fine_from {
            amount_in_ten_thousand(amount, "fine_from", &at, findings);
        }
        if let (Some(id), Some(class), Some((valid_from, valid_to)), Some(basis)) = (id, class, validity, basis) {
            rules.push(ClassRule {
                id,
                penalty_kinds: raw.penalty_kinds,
                fine_from: raw.fine_from,
                class,
                valid_from,
                valid_to,
                basis,
            });
        }
    }
    rules
}

/// The months of the five-year clock.
pub(crate) fn act_end_months(document: &Document, findings: &mut Findings) -> u32 {
    document.expect_keys(&["act_end_months", "act_end_source", "periods", "rules"], findings);
    if document.is_readable && document.text("act_end_source").is_none() {
        findings.add(
            &document.top(),
            LintRule::Form,
            "`act_end_source` is missing: each datum says where it comes from",
        );
    }
    document
        .number("act_end_months")
        .and_then(|months| u32::try_from(months).ok())
        .unwrap_or_default()
}

pub(crate) fn intake_rules(document: &Document, findings: &mut Findings) -> Vec<IntakeRule> {
    document.expect_keys(&["rules"], findings);
    let mut rules = Vec::new();
    for (at, raw) in document.entries::<RawIntakeRule>("rules", findings) {
        if let Some(rule) = intake_rule(raw, &at, findings) {
            rules.push(rule);
        }
    }
    rules
}

fn intake_rule(raw: RawIntakeRule, at: &At, findings: &mut Findings) -> Option<IntakeRule> {
    let id = rule_id(&raw.id, at, findings);
    let effect = match raw.effect.as_str() {
        "refuse" => Some(IntakeEffect::Refuse),
        "hold" => Some(IntakeEffect::Hold),
        "review" => Some(IntakeEffect::Review),
        "no_repair" => Some(IntakeEffect::NoRepair),
        other => {
            findings.add(
                at,
                LintRule::Form,
                format!(
                    "effect `{other}`: a rule refuses (`refuse`), holds (`hold`), asks a human (`review`) or says that \
                     there is no repair (`no_repair`)"
                ),
            );
            None
        }
    };
    if raw.conditions.is_empty() {
        findings.add(at, LintRule::Form, "a rule without a condition would fit every row");
    }
    let count = raw.conditions.len();
    let conditions: Vec<Condition> = raw
        .conditions
        .into_iter()
        .filter_map(|raw| condition(raw, at, findings))
        .collect();
    let mut items = Vec::new();
    for id in &raw.items {
        match ItemId::parse(id) {
            Ok(id) => items.push(id),
            Err(fault) => findings.add(at, LintRule::Form, format!("item `{id}`: {fault}")),
        }
    }
    let message = parts::text(raw.message, at, findings);
    let basis = parts::basis(&raw.basis, at, findings);
    if raw.example.is_none() {
        let message = "`example` is missing: the cells, by role, that make a correct row one which the rule fits";
        findings.add(at, LintRule::Form, message);
    }
    let example = cells_by_role(raw.example.unwrap_or_default(), at, findings);
    if raw.answer.is_some() != (effect == Some(IntakeEffect::Hold)) {
        let message = "a rule that holds, and no other, has an `answer`: the cells, by role, that answer its question";
        findings.add(at, LintRule::Form, message);
    }
    let answer = cells_by_role(raw.answer.unwrap_or_default(), at, findings);
    let dated = (raw.valid_from.as_deref(), raw.undated.as_deref());
    let (valid_from, valid_to) = rule_validity(dated, raw.valid_to.as_deref(), at, findings)?;
    // A rule with a lost condition would fit more rows than its author meant.
    if conditions.len() != count {
        return None;
    }
    Some(IntakeRule {
        id: id?,
        items,
        is_adverse_only: raw.adverse_only,
        conditions,
        effect: effect?,
        example,
        answer,
        message,
        basis: basis?,
        valid_from,
        valid_to,
    })
}

fn cells_by_role(cells: BTreeMap<String, String>, at: &At, findings: &mut Findings) -> BTreeMap<FieldRole, String> {
    cells
        .into_iter()
        .filter_map(|(role, text)| Some((parts::role(&role, at, findings)?, text)))
        .collect()
}

/// First and last day of an intake rule: the first is a day, or it is said why there is none.
fn rule_validity(
    dated: (Option<&str>, Option<&str>),
    to: Option<&str>,
    at: &At,
    findings: &mut Findings,
) -> Option<(Option<Day>, Option<Day>)> {
    match dated {
        (Some(from), None) => {
            let (from, to) = parts::validity(from, to, at, findings)?;
            Some((Some(from), to))
        }
        (None, Some(why)) if !why.trim().is_empty() => match to {
            Some(to) => Some((None, Some(parts::day(to, "valid_to", at, findings)?))),
            None => Some((None, None)),
        },
        _ => {
            let message = "a rule says from which day it binds (`valid_from`: its source came into force) or why no such day \
                           is certain (`undated`)";
            findings.add(at, LintRule::Form, message);
            None
        }
    }
}

fn condition(raw: RawCondition, at: &At, findings: &mut Findings) -> Option<Condition> {
    let condition = match raw {
        RawCondition {
            role: Some(role),
            contains: Some(texts),
            contains_none: None,
            equals: None,
            missing: None,
            younger_than: None,
            small_fine_without_procedure: None,
        } => Condition::Contains(parts::role(&role, at, findings)?, texts),
        RawCondition {
            role: Some(role),
            contains: None,
            contains_none: Some(texts),
            equals: None,
            missing: None,
            younger_than: None,
            small_fine_without_procedure: None,
        } => Condition::ContainsNone(parts::role(&role, at, findings)?, texts),
        RawCondition {
            role: Some(role),
            contains: None,
            contains_none: None,
            equals: Some(texts),
            missing: None,
            younger_than: None,
            small_fine_without_procedure: None,
        } => Condition::Equals(parts::role(&role, at, findings)?, texts),
        RawCondition {
            role: None,
            contains: None,
            contains_none: None,
            equals: None,
            missing: Some(role),
            younger_than: None,
            small_fine_without_procedure: None,
        } => Condition::Missing(parts::role(&role, at, findings)?),
        RawCondition {
            role: None,
            contains: None,
            contains_none: None,
            equals: None,
            missing: None,
            younger_than: Some(years),
            small_fine_without_procedure: None,
        } => Condition::YoungerThan(years),
        RawCondition {
            role: None,
            contains: None,
            contains_none: None,
            equals: None,
            missing: None,
            younger_than: None,
            small_fine_without_procedure: Some(amount),
        } => {
            amount_in_ten_thousand(&amount, "small_fine_without_procedure", at, findings);
            Condition::SmallFineWithoutProcedure(amount)
        }
        _ => {
            let message = "a condition is `role` with one of `contains`, `contains_none`, `equals`; or one of `missing`, \
                           `younger_than`, `small_fine_without_procedure`";
            findings.add(at, LintRule::Form, message);
            return None;
        }
    };
    if let Condition::Contains(_, texts) | Condition::ContainsNone(_, texts) | Condition::Equals(_, texts) = &condition
        && (texts.is_empty() || texts.iter().any(|text| text.trim().is_empty()))
    {
        findings.add(
            at,
            LintRule::Form,
            "a condition has an empty text, which would fit every row or none",
        );
        return None;
    }
    Some(condition)
}

pub(crate) fn dropped_columns(document: &Document, findings: &mut Findings) -> Vec<DroppedColumn> {
    document.expect_keys(&["columns"], findings);
    let mut dropped = Vec::new();
    for (at, raw) in document.entries::<RawDroppedColumn>("columns", findings) {
        if raw
            .headers
            .iter()
            .chain(&raw.exact)
            .any(|header| crate::fold_header(header).is_empty())
        {
            findings.add(&at, LintRule::Form, "an empty header would drop every column");
        }
        let id = rule_id(&raw.id, &at, findings);
        let message = parts::text(raw.message, &at, findings);
        let basis = parts::basis(&raw.basis, &at, findings);
        if let (Some(id), Some(basis)) = (id, basis) {
            dropped.push(DroppedColumn {
                id,
                headers: raw.headers,
                exact_headers: raw.exact,
                message,
                basis,
            });
        }
    }
    dropped
}

fn rule_id(text: &str, at: &At, findings: &mut Findings) -> Option<RuleId> {
    match RuleId::parse(text) {
        Ok(id) => Some(id),
        Err(fault) => {
            findings.add(at, LintRule::Form, fault.to_string());
            None
        }
    }
}

/// An amount in 万元: digits with at most six decimals, as the national standard has it (`N..18,6`).
fn amount_in_ten_thousand(text: &str, key: &str, at: &At, findings: &mut Findings) {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str, most: usize| {
        !part.is_empty() && part.len() <= most && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !digits(whole, 12) || !digits(decimals, 6) {
        findings.add(
            at,
            LintRule::Form,
            format!("`{key}` is not an amount in 万元, such as 0.02"),
        );
    }
}
