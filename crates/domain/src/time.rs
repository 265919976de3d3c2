//! Days, moments, and the two things a pure crate may not take for itself: the clock and fresh ids.

use std::fmt;

use jiff::civil::Date;
use uuid::Uuid;

/// A calendar day in the law's sense (China Standard Time), without a time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(Date);

/// Not a day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a day of the calendar")]
pub struct DayFault;

/// 1970-01-01, the day from which days are counted in the store.
const EPOCH: Date = jiff::civil::date(1970, 1, 1);

impl Day {
    /// The day `year`-`month`-`day`.
    ///
    /// # Errors
    ///
    /// [`DayFault`] if there is no such day.
    pub fn new(year: i16, month: i8, day: i8) -> Result<Self, DayFault> {
        Date::new(year, month, day).map(Self).map_err(|_| DayFault)
    }

    /// Days since 1970-01-01; negative before.
    #[must_use]
    pub fn to_epoch_days(self) -> i32 {
        // Both dates lie within ±9999 years, so the distance fits an i32.
        EPOCH.until(self.0).map_or(0, |span| span.get_days())
    }

    /// The day `days` after 1970-01-01.
    ///
    /// # Errors
    ///
    /// [`DayFault`] if that lies beyond year 9999.
    pub fn from_epoch_days(days: i32) -> Result<Self, DayFault> {
        self::Day(EPOCH).plus_days(days)
    }

    /// The day `days` later (earlier if negative).
    ///
    /// # Errors
    ///
    /// [`DayFault`] if that lies beyond year 9999.
    pub fn plus_days(self, days: i32) -> Result<Self, DayFault> {
        self.0
            .checked_add(jiff::Span::new().try_days(days).map_err(|_| DayFault)?)
            .map(Self)
            .map_err(|_| DayFault)
    }

    /// The same day `months` calendar months later, or that month's last day (民法典 art. 202).
    ///
    /// # Errors
    ///
    /// [`DayFault`] if that lies beyond year 9999.
    pub fn plus_months(self, months: i32) -> Result<Self, DayFault> {
        self.0
            .checked_add(jiff::Span::new().try_months(months).map_err(|_| DayFault)?)
            .map(Self)
            .map_err(|_| DayFault)
    }

    /// Year, for instance 2026.
    #[must_use]
    pub fn year(self) -> i16 {
        self.0.year()
    }
    /// Month, 1 to 12.
    #[must_use]
    pub fn month(self) -> i8 {
        self.0.month()
    }
    /// Day of the month, 1 to 31.
    #[must_use]
    pub fn day(self) -> i8 {
        self.0.day()
    }
    /// Whether this is a Saturday or a Sunday.
    #[must_use]
    pub fn is_weekend(self) -> bool {
        matches!(
            self.0.weekday(),
            jiff::civil::Weekday::Saturday | jiff::civil::Weekday::Sunday
        )
    }

    /// Reads `YYYY-MM-DD`, the form this system writes. Forms of the field are `intake`'s business.
    ///
    /// # Errors
    ///
    /// [`DayFault`] for any other form or a day that does not exist.
    pub fn parse_iso(text: &str) -> Result<Self, DayFault> {
        if text.len() != 10 {
            return Err(DayFault);
        }
        text.parse::<Date>().map(Self).map_err(|_| DayFault)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year(), self.month(), self.day())
    }
}

/// A moment in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub i64);

impl Day {
    /// The last moment of the day in China Standard Time: a period that ends on a day ends with it.
    #[must_use]
    pub fn last_moment(self) -> Moment {
        Moment((i64::from(self.to_epoch_days()) + 1) * DAY_MS - CST_OFFSET_MS - 1)
    }
}

/// China Standard Time is UTC+8 all year round.
const CST_OFFSET_MS: i64 = 8 * 3600 * 1000;
const DAY_MS: i64 = 24 * 3600 * 1000;

impl Moment {
    /// The day in China Standard Time.
    #[must_use]
    pub fn day(self) -> Day {
        let days = (self.0 + CST_OFFSET_MS).div_euclid(DAY_MS);
        i32::try_from(days)
            .ok()
            .and_then(|days| Day::from_epoch_days(days).ok())
            .unwrap_or(Day(EPOCH))
    }

    /// `YYYY-MM-DD HH:MM:SS` in China Standard Time, for people to read.
    #[must_use]
    pub fn local_text(self) -> String {
        let of_day = (self.0 + CST_OFFSET_MS).rem_euclid(DAY_MS) / 1000;
        format!(
            "{} {:02}:{:02}:{:02}",
            self.day(),
            of_day / 3600,
            of_day / 60 % 60,
            of_day % 60
        )
    }
}

/// The one source of the present time; injected, so that tests can travel.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Moment;
    /// The present day in China Standard Time.
    fn today(&self) -> Day {
        self.now().day()
    }
}

/// The one source of fresh public ids; injected, so that runs can be repeated.
pub trait IdSource: Send + Sync {
    /// A new UUIDv7 (RFC 9562 §5.7), ordered by `at`.
    fn uuid(&self, at: Moment) -> Uuid;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_calendar_months_and_clamp_to_the_last_day() {
        let start = Day::parse_iso("2026-01-31").unwrap();
        assert_eq!(start.plus_months(1).unwrap().to_string(), "2026-02-28");
        assert_eq!(start.plus_months(3).unwrap().to_string(), "2026-04-30");
        assert_eq!(
            Day::parse_iso("2024-02-29")
                .unwrap()
                .plus_months(60)
                .unwrap()
                .to_string(),
            "2029-02-28"
        );
    }

    #[test]
    fn epoch_days_round_trip_and_the_day_turns_at_midnight_in_china() {
        for text in ["1900-01-01", "1969-12-31", "1970-01-01", "2026-11-24", "9999-12-31"] {
            let day = Day::parse_iso(text).unwrap();
            assert_eq!(Day::from_epoch_days(day.to_epoch_days()).unwrap().to_string(), text);
        }
        assert_eq!(Moment(1_700_000_000_000).local_text(), "2023-11-15 06:13:20");
        assert!(Day::parse_iso("2026-02-29").is_err());
    }
}
