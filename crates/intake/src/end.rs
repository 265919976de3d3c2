//! Class and end of a record (R8): when it is served for the last time.

use domain::Day;
use domain::catalogue::{BreachClass, Catalogue, ClassRule, EndRule, FieldRole, Item};
use domain::record::{AdverseClock, EndInput, RecordContent, adverse_end_by};

use crate::amount;
use crate::day::{self, DayValue};

/// When a record ends, and the class that decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndAndClass {
    /// Last day on which it may be served.
    pub end: Day,
    /// Class, for items whose end depends on one.
    pub class: Option<BreachClass>,
}

/// No end can be computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EndFault {
    /// no day of decision
    #[error("the record has no day of decision")]
    NoDecision,
    /// beyond the calendar
    #[error("the end lies beyond the calendar")]
    BeyondCalendar,
}

/// What class and end are computed from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts<'a> {
    pub(crate) decision: Day,
    pub(crate) act_end: Option<Day>,
    /// End that the provider states; "no end" is none.
    pub(crate) valid_to: Option<Day>,
    pub(crate) class: Option<BreachClass>,
    /// Text of 处罚类别.
    pub(crate) penalty_kinds: &'a str,
    /// 罚款金额.
    pub(crate) fine: Option<&'a str>,
    /// Whether something is still to be answered.
    pub(crate) is_held: bool,
}

/// Class and end of the record with this content, for a correction by hand. `today` sets the next review of an
/// open-ended record that is not adverse.
///
/// # Errors
///
/// [`EndFault`] if there is no day of decision, or the end lies beyond the calendar.
pub fn end_and_class(
    catalogue: &Catalogue,
    item: &Item,
    content: &RecordContent,
    today: Day,
) -> Result<EndAndClass, EndFault> {
    let value = |role: FieldRole| {
        item.field_with(role)
            .and_then(|field| content.fields.get(&field.code))
            .map(String::as_str)
    };
    let on = |role: FieldRole| match value(role).map(|text| day::parse(text, None)) {
        Some(Ok(DayValue::On(day))) => Some(day),
        Some(Ok(DayValue::NoEnd) | Err(_)) | None => None,
    };
    let facts = Facts {
        decision: on(FieldRole::DecisionDay).ok_or(EndFault::NoDecision)?,
        act_end: on(FieldRole::ActEndDay),
        valid_to: on(FieldRole::ValidTo),
        class: value(FieldRole::BreachClass).and_then(BreachClass::parse),
        penalty_kinds: value(FieldRole::PenaltyKind).unwrap_or_default(),
        fine: value(FieldRole::FineAmount),
        is_held: false,
    };
    compute(catalogue, item, &facts, today).map(|(computed, _)| computed)
}

/// End and class, with the role of the field that decided.
pub(crate) fn compute(
    catalogue: &Catalogue,
    item: &Item,
    facts: &Facts<'_>,
    today: Day,
) -> Result<(EndAndClass, FieldRole), EndFault> {
    let class = class_of(catalogue, item, facts);
    // A class that only we assumed does not end a record that waits for its provider's answer: the answer will.
    let binding = class.filter(|_| facts.class.is_some() || !facts.is_held);
    let by_rule = match item.end_rule {
        EndRule::AdverseClocks => adverse(catalogue, facts, binding, facts.valid_to)?,
        EndRule::ValidToOrReview { review_months } => match facts.valid_to {
            Some(day) => (day, FieldRole::ValidTo),
            None if item.is_adverse() => (months_after(facts.decision, review_months)?, FieldRole::DecisionDay),
            None => (
                next_review(facts.decision, review_months, today)?,
                FieldRole::DecisionDay,
            ),
        },
        EndRule::MonthsAfterDecision { months } => (months_after(facts.decision, months)?, FieldRole::DecisionDay),
    };
    let (end, by) = if item.is_adverse() {
        // Shandong regulation art. 38 binds every adverse record, whatever its own rule.
        let by_law = adverse(catalogue, facts, None, None)?;
        if by_law.0 < by_rule.0 { by_law } else { by_rule }
    } else {
        by_rule
    };
    Ok((EndAndClass { end, class }, by))
}

fn adverse(
    catalogue: &Catalogue,
    facts: &Facts<'_>,
    class: Option<BreachClass>,
    upstream_end: Option<Day>,
) -> Result<(Day, FieldRole), EndFault> {
    let period = catalogue
        .class_periods
        .iter()
        .find(|period| Some(period.class) == class && is_valid(facts.decision, period.valid_from, period.valid_to));
    let input = EndInput {
        decision: facts.decision,
        act_end: facts.act_end,
        class_max_months: period.map(|period| period.max_months),
        act_end_months: catalogue.act_end_months,
        upstream_end,
    };
    let (end, clock) = adverse_end_by(&input).map_err(|_| EndFault::BeyondCalendar)?;
    let by = match clock {
        AdverseClock::ClassMaximum => FieldRole::BreachClass,
        AdverseClock::ActEnd => FieldRole::ActEndDay,
        AdverseClock::Upstream => FieldRole::ValidTo,
    };
    Ok((end, by))
}

fn is_valid(day: Day, from: Day, to: Option<Day>) -> bool {
    from <= day && to.is_none_or(|to| day <= to)
}

fn months_after(day: Day, months: u32) -> Result<Day, EndFault> {
    let months = i32::try_from(months).map_err(|_| EndFault::BeyondCalendar)?;
    day.plus_months(months).map_err(|_| EndFault::BeyondCalendar)
}

/// The first review, counted from the decision, that is not over yet.
fn next_review(decision: Day, months: u32, today: Day) -> Result<Day, EndFault> {
    let step = months.max(1);
    let mut after = step;
    loop {
        let review = months_after(decision, after)?;
        if review >= today {
            return Ok(review);
        }
        after += step;
    }
}

/// The class the provider states; else the first rule that fits; else the milder class (R7).
fn class_of(catalogue: &Catalogue, item: &Item, facts: &Facts<'_>) -> Option<BreachClass> {
    if item.end_rule != EndRule::AdverseClocks {
        return None;
    }
    let fitting = || {
        catalogue
            .class_rules
            .iter()
            .find(|rule| fits(rule, facts))
            .map(|rule| rule.class)
    };
    facts.class.or_else(fitting).or(Some(BreachClass::Minor))
}

fn fits(rule: &ClassRule, facts: &Facts<'_>) -> bool {
    let has_kind = rule.penalty_kinds.is_empty()
        || rule
            .penalty_kinds
            .iter()
            .any(|kind| facts.penalty_kinds.contains(kind.as_str()));
    let has_amount = rule.fine_from.as_ref().is_none_or(|from| {
        let fine = facts.fine.and_then(amount::millionths);
        fine.zip(amount::millionths(from))
            .is_some_and(|(fine, from)| fine >= from)
    });
    has_kind && has_amount && is_valid(facts.decision, rule.valid_from, rule.valid_to)
}
