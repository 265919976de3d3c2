//! Whether the clock can be trusted with a signature (AB-22).

use std::time::Instant;

use domain::Moment;

use super::LogError;

/// How far the clock may be off before nothing is signed, in milliseconds.
const JUMP_MS: u64 = 5 * 60 * 1000;

/// Compares the wall clock with one that only runs on, and with what others say the time is.
pub(super) struct ClockGuard(Option<(Moment, Instant)>);

impl ClockGuard {
    pub(super) const fn new() -> Self {
        Self(None)
    }

    /// Refuses a clock that jumped since the first look.
    pub(super) fn check(&mut self, now: Moment) -> Result<(), LogError> {
        let (start, began) = *self.0.get_or_insert_with(|| (now, Instant::now()));
        let ran_ms = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
        if agree(now, Moment(start.0.saturating_add(ran_ms))) {
            Ok(())
        } else {
            Err(LogError::Clock)
        }
    }
}

/// Whether two clocks say about the same.
pub(super) fn agree(one: Moment, other: Moment) -> bool {
    one.0.abs_diff(other.0) <= JUMP_MS
}
