//! When an adverse record ends: two clocks and what the provider states, whichever is first.

use crate::Day;
use crate::time::DayFault;

/// What the end of an adverse record is computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndInput {
    /// Day of the decision: starts the clock of the class.
    pub decision: Day,
    /// Day on which the act ended; where it is not known, the decision stands in for it, since the act it decides on
    /// was over by then and the earlier day favours the person (R7).
    pub act_end: Option<Day>,
    /// Longest period of the class in calendar months, if there is a class.
    pub class_max_months: Option<u32>,
    /// Months from the end of the act (Shandong regulation art. 38: 60).
    pub act_end_months: u32,
    /// End that the provider states.
    pub upstream_end: Option<Day>,
}

/// Which of the clocks ended first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AdverseClock {
    /// The longest period of the class, from the decision.
    ClassMaximum,
    /// The period from the end of the act.
    ActEnd,
    /// The provider's own end.
    Upstream,
}

/// The last day on which an adverse record may be served: the earliest of all ends.
///
/// # Errors
///
/// [`DayFault`] if an end lies beyond the calendar.
pub fn adverse_end(input: &EndInput) -> Result<Day, DayFault> {
    adverse_end_by(input).map(|(end, _)| end)
}

/// As [`adverse_end`], with the clock that decided, for the person to read.
///
/// # Errors
///
/// [`DayFault`] if an end lies beyond the calendar.
pub fn adverse_end_by(input: &EndInput) -> Result<(Day, AdverseClock), DayFault> {
    let act_end = input.act_end.unwrap_or(input.decision);
    let mut earliest = (after(act_end, input.act_end_months)?, AdverseClock::ActEnd);
    if let Some(months) = input.class_max_months {
        earliest = earliest.min((after(input.decision, months)?, AdverseClock::ClassMaximum));
    }
    if let Some(upstream) = input.upstream_end {
        earliest = earliest.min((upstream, AdverseClock::Upstream));
    }
    Ok(earliest)
}

/// Calendar months later (民法典 art. 202).
fn after(start: Day, months: u32) -> Result<Day, DayFault> {
    start.plus_months(i32::try_from(months).map_err(|_| DayFault)?)
}
