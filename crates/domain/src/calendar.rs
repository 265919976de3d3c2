//! Working days by the State Council's yearly calendar, which is data: holidays, and weekends that are worked (调休).

use std::collections::{BTreeMap, BTreeSet};

use crate::Day;

/// The exceptions of one year.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct YearTable {
    /// Days off, whatever day of the week.
    pub days_off: BTreeSet<Day>,
    /// Weekend days that are worked (调休).
    pub work_days: BTreeSet<Day>,
}

/// The working days of the years that have been announced. Without a year's table nothing is said about its days.
#[derive(Debug, Clone, Default)]
pub struct WorkingCalendar {
    years: BTreeMap<i16, YearTable>,
}

/// The calendar of this year has not been entered. Next year's appears late, so only what needs it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the working days of the year {year} are not known yet")]
pub struct UnknownYear {
    /// The year.
    pub year: i16,
}

impl WorkingCalendar {
    /// A calendar of these years.
    #[must_use]
    pub const fn new(years: BTreeMap<i16, YearTable>) -> Self {
        Self { years }
    }

    /// The years that have a table.
    #[must_use]
    pub const fn years(&self) -> &BTreeMap<i16, YearTable> {
        &self.years
    }

    /// Whether `day` is a working day.
    ///
    /// # Errors
    ///
    /// [`UnknownYear`] if its year has no table.
    pub fn is_working_day(&self, day: Day) -> Result<bool, UnknownYear> {
        let table = self.years.get(&day.year()).ok_or(UnknownYear { year: day.year() })?;
        Ok(table.work_days.contains(&day) || !(day.is_weekend() || table.days_off.contains(&day)))
    }

    /// The last day of a period of `days` working days that begins with an event on `start`: the day after counts as
    /// the first (民法典 art. 201). Zero days end on `start` itself.
    ///
    /// # Errors
    ///
    /// [`UnknownYear`] if the period reaches into a year without a table.
    pub fn plus_working_days(&self, start: Day, days: u32) -> Result<Day, UnknownYear> {
        let mut day = start;
        let mut left = days;
        while left > 0 {
            day = day.plus_days(1).map_err(|_| UnknownYear { year: i16::MAX })?;
            if self.is_working_day(day)? {
                left -= 1;
            }
        }
        Ok(day)
    }
}
