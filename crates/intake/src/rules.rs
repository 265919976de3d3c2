//! The catalogue's rules on a row: what refuses it (E13), and what holds it.

use domain::Day;
use domain::catalogue::{Catalogue, Condition, FieldRole, IntakeEffect, IntakeRule, Item, RuleId};
use domain::record::RecordContent;

use crate::clean::Draft;
use crate::fault::Detail;
use crate::identity::Number;
use crate::plan::{ConditionPlan, RulePlan, TextTest};
use crate::recent::Recent;
use crate::value::Value;
use crate::{CleanRow, Fault, FaultCode, Hold, amount, fold};

/// Bytes of a long cell: more are made room for when they come.
const FOLDED_BYTES: usize = 1024;

/// Which text tests found one of their texts: one pass of an automaton over each column that rules look at.
pub(crate) fn scan(draft: &Draft<'_>, recent: &mut [Recent<Vec<usize>>]) -> Vec<bool> {
    let mut hits = vec![false; draft.plan.tests];
    let mut folded = String::with_capacity(FOLDED_BYTES);
    for (scan, recent) in draft.plan.scans.iter().zip(recent) {
        let text = match draft.value(Some(scan.slot)) {
            Value::Text(text) => text.as_ref(),
            Value::Bad(text) => text,
            _ => continue,
        };
        if let Some(known) = recent.find(text) {
            mark(&mut hits, known);
            continue;
        }
        folded.clear();
        fold::value_into(text, &mut folded);
        let mut found = Vec::new();
        if scan.any.is_match(&folded) {
            let all = scan.all.find_overlapping_iter(&folded);
            found.extend(all.filter_map(|found| scan.hits.get(found.pattern().as_usize())));
            mark(&mut hits, &found);
        }
        recent.keep(text, Some(found));
    }
    hits
}

fn mark(hits: &mut [bool], found: &[usize]) {
    for at in found {
        if let Some(hit) = hits.get_mut(*at) {
            *hit = true;
        }
    }
}

/// Whether all conditions of a rule hold. Without `number`, conditions on the person's age do not.
pub(crate) fn fits(rule: &RulePlan, draft: &Draft<'_>, hits: &[bool], number: Option<&Number>) -> bool {
    rule.conditions.iter().all(|condition| match condition {
        ConditionPlan::Contains(tests) => tests.iter().any(|test| contains(test, draft, Some(hits))),
        ConditionPlan::ContainsNone(tests) => !tests.iter().any(|test| contains(test, draft, Some(hits))),
        ConditionPlan::Equals(tests) => tests.iter().any(|test| equals(test, draft)),
        ConditionPlan::Missing(slots) => is_missing(slots, draft),
        ConditionPlan::YoungerThan(age) => is_younger(*age, draft, number),
        ConditionPlan::SmallFine { max, fine, procedure } => {
            let fine = || {
                fine.iter().find_map(|slot| match draft.value(Some(*slot)) {
                    Value::Text(fine) => amount::millionths(fine),
                    _ => None,
                })
            };
            // Nearly every row names its procedure: its fine need not be read as a number.
            is_missing(procedure, draft) && fine().zip(*max).is_some_and(|(fine, max)| fine <= max)
        }
    })
}

/// Whether the test's cell has one of its texts. Without `hits` the cell is searched here.
pub(crate) fn contains(test: &TextTest, draft: &Draft<'_>, hits: Option<&[bool]>) -> bool {
    let has = |value: &u16| test.containing.get(usize::from(*value)).copied().unwrap_or(false);
    match (draft.value(Some(test.slot)), hits) {
        (Value::Code(value), _) => has(value),
        (Value::Codes(values), _) => values.iter().any(has),
        (Value::Text(_) | Value::Bad(_), Some(hits)) => hits.get(test.hit).copied().unwrap_or(false),
        (Value::Text(cell), None) => in_cell(test, cell),
        (Value::Bad(cell), None) => in_cell(test, cell),
        _ => false,
    }
}

fn in_cell(test: &TextTest, cell: &str) -> bool {
    let folded = fold::value(cell);
    test.texts.iter().any(|word| folded.contains(word.as_str()))
}

fn equals(test: &TextTest, draft: &Draft<'_>) -> bool {
    let is_one = |value: &u16| test.equal.get(usize::from(*value)).copied().unwrap_or(false);
    let is_cell = |cell: &str| test.texts.contains(&fold::value(cell));
    match draft.value(Some(test.slot)) {
        Value::Code(value) => is_one(value),
        Value::Codes(values) => values.len() == 1 && values.iter().all(is_one),
        Value::Text(cell) => is_cell(cell),
        Value::Bad(cell) => is_cell(cell),
        _ => false,
    }
}

fn is_missing(slots: &[usize], draft: &Draft<'_>) -> bool {
    slots
        .iter()
        .all(|slot| matches!(draft.value(Some(*slot)), Value::Empty))
}

/// Whether the person was younger than `age` on the earlier of the act's end and the decision: no doubt against the
/// person (R7). Numbers without a day of birth say nothing.
fn is_younger(age: u8, draft: &Draft<'_>, number: Option<&Number>) -> bool {
    let Some(Number::Good(document)) = number else {
        return false;
    };
    let days = [draft.day(FieldRole::ActEndDay), draft.day(FieldRole::DecisionDay)];
    let Some(on) = days.into_iter().flatten().min() else {
        return false;
    };
    document.birth_day().is_some_and(|birth| younger_on(birth, age, on))
}

fn younger_on(birth: Day, age: u8, on: Day) -> bool {
    // Born on 29 February: of age on 1 March of a year without one, since 28 February is still before the birthday.
    let birthday = (birth.year() + i16::from(age), birth.month(), birth.day());
    (on.year(), on.month(), on.day()) < birthday
}

/// Whether the catalogue refuses the row for the person's age (E13). [`crate::clean`] has asked that of every row with a
/// right number; ask it of a [`crate::SlipRow`] once a human has confirmed its document.
#[must_use]
pub fn check_age(row: &CleanRow, item: &Item, catalogue: &Catalogue) -> Option<Fault> {
    let content = row.content.decode().unwrap_or_default();
    let act_end = item
        .field_with(FieldRole::ActEndDay)
        .and_then(|field| content.fields.get(&field.code))
        .and_then(|text| Day::parse_iso(text).ok());
    let on = act_end.map_or(row.decision, |end| end.min(row.decision));
    let birth = row.document.birth_day()?;
    let says_age = |rule: &&IntakeRule| {
        rule.effect == IntakeEffect::Refuse
            && rule
                .conditions
                .iter()
                .any(|condition| matches!(condition, Condition::YoungerThan(_)))
    };
    let rule = binding(catalogue, item).filter(says_age).find(|rule| {
        rule.conditions.iter().all(|condition| match condition {
            Condition::YoungerThan(age) => younger_on(birth, *age, on),
            other => says(other, item, &content),
        })
    })?;
    let (code, detail) = words_of(rule);
    let fault = Fault::new(row.line, None, None, code);
    Some(Fault {
        detail,
        rule: Some(rule.id.clone()),
        ..fault
    })
}

/// The rule by which a record with this content cannot be repaired, if there is one in force on `today`.
#[must_use]
pub fn repair_bar<'c>(
    catalogue: &'c Catalogue,
    item: &Item,
    content: &RecordContent,
    today: Day,
) -> Option<&'c IntakeRule> {
    binding(catalogue, item)
        .filter(|rule| rule.effect == IntakeEffect::NoRepair)
        .filter(|rule| rule.is_in_force(today))
        .find(|rule| rule.conditions.iter().all(|condition| says(condition, item, content)))
}

/// The rule by which a human decides whether the row is recorded, if one of those that wait for an answer is such a rule.
#[must_use]
pub fn review_of<'h>(catalogue: &Catalogue, hold: &'h Hold) -> Option<&'h RuleId> {
    let is_review = |id: &&RuleId| {
        let rule = catalogue.intake_rules.iter().find(|rule| rule.id == **id);
        rule.is_some_and(|rule| rule.effect == IntakeEffect::Review)
    };
    std::iter::once(&hold.rule).chain(&hold.also).find(is_review)
}

/// What still holds a row after a human has decided to record it: the questions to its provider.
#[must_use]
pub fn without_reviews(catalogue: &Catalogue, hold: Hold) -> Option<Hold> {
    let is_review = |id: &RuleId| {
        let rule = catalogue.intake_rules.iter().find(|rule| rule.id == *id);
        rule.is_some_and(|rule| rule.effect == IntakeEffect::Review)
    };
    let mut rest = std::iter::once(hold.rule).chain(hold.also).filter(|id| !is_review(id));
    rest.next().map(|rule| Hold {
        rule,
        also: rest.collect(),
    })
}

/// Rules that bind the item.
fn binding<'c>(catalogue: &'c Catalogue, item: &Item) -> impl Iterator<Item = &'c IntakeRule> {
    catalogue.intake_rules.iter().filter(|rule| rule.binds(item))
}

/// Whether a stored record satisfies a condition on its fields; age is not among them.
fn says(condition: &Condition, item: &Item, content: &RecordContent) -> bool {
    let values = |role: FieldRole| {
        item.fields
            .iter()
            .filter(move |field| field.role == role)
            .filter_map(|field| content.fields.get(&field.code))
            .map(|text| fold::value(text))
    };
    let contains = |role: FieldRole, texts: &[String]| {
        values(role).any(|value| texts.iter().any(|text| value.contains(&*fold::value(text))))
    };
    match condition {
        Condition::Contains(role, texts) => contains(*role, texts),
        Condition::ContainsNone(role, texts) => !contains(*role, texts),
        Condition::Equals(role, texts) => {
            values(*role).any(|value| texts.iter().any(|text| value == fold::value(text)))
        }
        Condition::Missing(role) => values(*role).next().is_none(),
        Condition::YoungerThan(_) => false,
        Condition::SmallFineWithoutProcedure(max) => {
            let fine = item
                .field_with(FieldRole::FineAmount)
                .and_then(|field| content.fields.get(&field.code))
                .and_then(|fine| amount::millionths(fine));
            fine.zip(amount::millionths(max)).is_some_and(|(fine, max)| fine <= max)
                && values(FieldRole::Procedure).next().is_none()
        }
    }
}

/// What a rule says, in its own words.
fn words_of(rule: &IntakeRule) -> (FaultCode, Detail) {
    let message = rule.message.clone();
    let basis = format!("《{}》{}", rule.basis.document, rule.basis.article);
    match rule.effect {
        IntakeEffect::Refuse => (FaultCode::E13, Detail::Refused { message, basis }),
        IntakeEffect::Hold | IntakeEffect::NoRepair => (FaultCode::Q01, Detail::Question { message, basis }),
        IntakeEffect::Review => (FaultCode::Q03, Detail::Question { message, basis }),
    }
}

/// The fault of a rule that refuses, or the question of one that holds.
pub(crate) fn fault(draft: &Draft<'_>, planned: &RulePlan, hits: &[bool], rule: &IntakeRule) -> Fault {
    let (code, detail) = words_of(rule);
    // Several columns may have the role: the one in which the text was found.
    let found = planned.conditions.iter().find_map(|condition| match condition {
        ConditionPlan::Contains(tests) => tests.iter().find(|test| contains(test, draft, Some(hits))),
        ConditionPlan::Equals(tests) => tests.iter().find(|test| equals(test, draft)),
        _ => None,
    });
    let fault = match found.map(|test| test.slot).or(planned.slot) {
        Some(slot) => draft.fault_at(slot, code, detail),
        None => Fault {
            detail,
            ..Fault::new(draft.row.line(), None, None, code)
        },
    };
    Fault {
        rule: Some(rule.id.clone()),
        ..fault
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn age_is_counted_by_birthdays() {
        let day = |text| Day::parse_iso(text).unwrap();
        let cases = [
            ("2006-05-10", "2024-05-09", true),
            ("2006-05-10", "2024-05-10", false),
            ("2008-02-29", "2026-02-28", true),
            ("2008-02-29", "2026-03-01", false),
        ];
        for (birth, on, want) in cases {
            assert_eq!(younger_on(day(birth), 18, day(on)), want, "{birth} {on}");
        }
    }
}
