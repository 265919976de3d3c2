//! Class periods and class rules (R7, R8).

use domain::catalogue::{BreachClass, Catalogue, EndRule, FieldRole};

use super::items::ADVERSE_MONTHS_MAX;
use crate::finding::{At, Findings, LintRule};

const FILE: &str = "classes.toml";

pub(crate) fn lint(catalogue: &Catalogue, findings: &mut Findings) {
    if !(1..=ADVERSE_MONTHS_MAX).contains(&catalogue.act_end_months) {
        let message =
            format!("`act_end_months` is 1 to {ADVERSE_MONTHS_MAX}: five years from the end of the act at most");
        findings.add(&At::new(FILE, "act_end_months"), LintRule::R8, message);
    }
    for class in [BreachClass::Minor, BreachClass::General, BreachClass::Serious] {
        periods(class, catalogue, findings);
    }
    rules(catalogue, findings);
}

/// The periods of one class follow each other without gap or overlap, from the first day of the items to the open end.
fn periods(class: BreachClass, catalogue: &Catalogue, findings: &mut Findings) {
    let at = At::new(FILE, format!("periods {}", class.as_str()));
    let mut periods: Vec<_> = catalogue
        .class_periods
        .iter()
        .filter(|period| period.class == class)
        .collect();
    periods.sort_by_key(|period| period.valid_from);
    for period in &periods {
        if period.min_months > period.max_months {
            findings.add(&at, LintRule::Form, "the shortest period is longer than the longest");
        }
        if period.max_months > ADVERSE_MONTHS_MAX || period.max_months == 0 {
            findings.add(
                &at,
                LintRule::R8,
                format!("the longest period is 1 to {ADVERSE_MONTHS_MAX} months"),
            );
        }
    }
    for (earlier, later) in periods.iter().zip(periods.iter().skip(1)) {
        let next = earlier.valid_to.and_then(|to| to.plus_days(1).ok());
        if next.is_none_or(|next| next > later.valid_from) {
            findings.add(
                &at,
                LintRule::Form,
                format!("two periods overlap on {}", later.valid_from),
            );
        } else if next.is_some_and(|next| next < later.valid_from) {
            findings.add(
                &at,
                LintRule::R8,
                format!("no period covers the days before {}", later.valid_from),
            );
        }
    }
    let first_needed = catalogue
        .items
        .values()
        .filter(|item| item.end_rule == EndRule::AdverseClocks)
        .map(|item| item.in_force_from)
        .min();
    let first = periods.first().map(|period| period.valid_from);
    let has_open_end = periods.last().is_some_and(|period| period.valid_to.is_none());
    if !has_open_end || first_needed.is_some_and(|needed| first.is_none_or(|first| first > needed)) {
        findings.add(
            &at,
            LintRule::R8,
            "the periods do not cover every day on which a decision may fall",
        );
    }
}

fn rules(catalogue: &Catalogue, findings: &mut Findings) {
    let at = At::new(FILE, "rules");
    let kinds: Vec<&str> = catalogue
        .items
        .values()
        .filter_map(|item| item.field_with(FieldRole::PenaltyKind)?.code_list.as_ref())
        .filter_map(|list| catalogue.code_lists.get(list))
        .flatten()
        .map(|value| value.code.as_str())
        .collect();
    let mut ids = std::collections::BTreeSet::new();
    for rule in &catalogue.class_rules {
        let at = at.within(rule.id.as_str());
        if !ids.insert(&rule.id) {
            findings.add(&at, LintRule::Form, "the same id stands here twice");
        }
        for kind in rule.penalty_kinds.iter().filter(|kind| !kinds.contains(&kind.as_str())) {
            findings.add(
                &at,
                LintRule::Form,
                format!("`{kind}` is no kind of penalty in the code list"),
            );
        }
    }
    // The milder class applies where no rule decides, so the last rule takes what is left, and is open on both sides.
    let last = catalogue.class_rules.last();
    let takes_all = last.is_some_and(|rule| {
        rule.penalty_kinds.is_empty()
            && rule.fine_from.is_none()
            && rule.class == BreachClass::Minor
            && rule.valid_to.is_none()
    });
    if !takes_all {
        let message = "the last class rule is `minor` for every kind: the milder class applies where no rule decides";
        findings.add(&at, LintRule::R7, message);
    }
}
