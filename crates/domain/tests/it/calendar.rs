//! Working days. The years and their holidays are invented.

use std::collections::BTreeMap;

use domain::calendar::{UnknownYear, WorkingCalendar, YearTable};
use domain::{Day, Moment};
use proptest::prelude::*;

fn day(text: &str) -> Day {
    Day::parse_iso(text).unwrap()
}

/// 2031 with a holiday from Wednesday, 1 October to Sunday the 5th, and Saturday, 11 October worked for it.
fn calendar() -> WorkingCalendar {
    let table = YearTable {
        days_off: (1..=5).map(|d| Day::new(2031, 10, d).unwrap()).collect(),
        work_days: [day("2031-10-11")].into(),
    };
    WorkingCalendar::new(BTreeMap::from([(2031, table), (2032, YearTable::default())]))
}

#[test]
fn weekends_holidays_and_worked_weekends_count_as_announced() {
    for (text, is_working) in [
        ("2031-09-30", true),
        ("2031-10-01", false),
        ("2031-10-04", false),
        ("2031-10-05", false),
        ("2031-10-06", true),
        ("2031-10-11", true),
        ("2031-10-12", false),
        ("2031-12-31", true),
        ("2032-01-01", true),
    ] {
        assert_eq!(calendar().is_working_day(day(text)), Ok(is_working), "{text}");
    }
}

#[test]
fn the_day_after_counts_as_the_first() {
    for (start, days, end) in [
        ("2031-09-29", 0, "2031-09-29"),
        ("2031-10-04", 0, "2031-10-04"),
        ("2031-09-29", 1, "2031-09-30"),
        ("2031-09-30", 1, "2031-10-06"),
        ("2031-09-30", 3, "2031-10-08"),
        ("2031-10-02", 1, "2031-10-06"),
        ("2031-10-10", 1, "2031-10-11"),
        ("2031-10-10", 2, "2031-10-13"),
        ("2031-09-30", 7, "2031-10-13"),
        ("2031-12-31", 1, "2032-01-01"),
    ] {
        assert_eq!(
            calendar().plus_working_days(day(start), days),
            Ok(day(end)),
            "{start} + {days}"
        );
    }
}

#[test]
fn only_what_reaches_an_unknown_year_fails() {
    assert_eq!(
        WorkingCalendar::default().is_working_day(day("2031-10-06")),
        Err(UnknownYear { year: 2031 })
    );
    assert_eq!(
        calendar().plus_working_days(day("2032-12-30"), 1),
        Ok(day("2032-12-31"))
    );
    assert_eq!(
        calendar().plus_working_days(day("2032-12-30"), 2),
        Err(UnknownYear { year: 2033 })
    );
    // The day of the event itself need not be known.
    assert_eq!(
        calendar().plus_working_days(day("2030-12-31"), 1),
        Ok(day("2031-01-01"))
    );
}

proptest! {
    #[test]
    fn deadlines_grow_with_days_and_end_on_working_days(start in 0_i32..300, days in 1_u32..60) {
        let start = day("2031-01-01").plus_days(start).unwrap();
        let end = calendar().plus_working_days(start, days).unwrap();
        prop_assert!(calendar().is_working_day(end).unwrap());
        prop_assert_eq!(calendar().plus_working_days(end, 1), calendar().plus_working_days(start, days + 1));
    }

    /// 民法典 art. 202: the corresponding day of the month, or the month's last day.
    #[test]
    fn months_are_calendar_months(days in -40_000_i32..60_000, months in 0_i32..600) {
        let start = Day::from_epoch_days(days).unwrap();
        let end = start.plus_months(months).unwrap();
        let months_of = |day: Day| i32::from(day.year()) * 12 + i32::from(day.month());
        prop_assert_eq!(months_of(end) - months_of(start), months);
        let is_clamped = end.day() < start.day() && months_of(end.plus_days(1).unwrap()) == months_of(end) + 1;
        prop_assert!(end.day() == start.day() || is_clamped);
    }

    #[test]
    fn days_print_and_parse(days in -1_000_000_i32..2_900_000) {
        let day = Day::from_epoch_days(days);
        if let Ok(day) = day && day.year() >= 0 {
            prop_assert_eq!(Day::parse_iso(&day.to_string()), Ok(day));
            prop_assert_eq!(day.to_epoch_days(), days);
        }
    }

    #[test]
    fn a_day_lasts_from_midnight_to_midnight_in_china(days in -30_000_i32..80_000) {
        let midnight = Moment(i64::from(days) * 86_400_000 - 8 * 3_600_000);
        let day = Day::from_epoch_days(days).unwrap();
        prop_assert_eq!(midnight.day(), day);
        prop_assert_eq!(Moment(midnight.0 + 86_399_999).day(), day);
        prop_assert_eq!(Moment(midnight.0 - 1).day(), day.plus_days(-1).unwrap());
    }
}
