//! Number formats: whether a number is one, a day, or a duration; and how each is written down.

use std::fmt::Write as _;

use super::super::row::Epoch;

/// How the number in a cell is meant, by its style.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NumberFormat {
    Number,
    /// a day, a time, or both
    Moment,
    /// hours, minutes or seconds that may be more than a day has
    Duration,
}

/// Formats that need no code (ECMA-376 part 1 §18.8.30; 27 to 36 and 50 to 58 are days and times in East Asia).
pub(super) fn built_in(id: &[u8]) -> NumberFormat {
    let id = std::str::from_utf8(id).ok().filter(|id| !id.starts_with(['0', '+']));
    match id.and_then(|id| id.parse::<u8>().ok()) {
        Some(14..=22 | 27..=36 | 45 | 47 | 50..=58) => NumberFormat::Moment,
        Some(46) => NumberFormat::Duration,
        _ => NumberFormat::Number,
    }
}

/// What a format code means (§18.8.31): its first section, without what is quoted, escaped or in brackets.
pub(super) fn by_code(code: &str) -> NumberFormat {
    let (mut is_literal, mut is_quoted, mut depth) = (false, false, 0_u32);
    // In brackets nothing but hours, minutes or seconds so far; an `a` that may begin `a/p` or `am/pm`.
    let (mut is_clock, mut may_be_half) = (false, false);
    let mut before = ' ';
    for c in code.chars() {
        match c {
            _ if is_literal => is_literal = false,
            // The character behind these is shown as it is, fills, or leaves room.
            '_' | '\\' | '*' => is_literal = true,
            '"' => is_quoted = !is_quoted,
            _ if is_quoted => {}
            ';' => return NumberFormat::Number,
            '[' => depth += 1,
            ']' if depth == 1 && is_clock => return NumberFormat::Duration,
            ']' => depth = depth.saturating_sub(1),
            'a' | 'A' if depth == 0 && !may_be_half => may_be_half = true,
            'p' | 'm' | '/' | 'P' | 'M' if depth == 0 && may_be_half => return NumberFormat::Moment,
            'd' | 'm' | 'h' | 'y' | 's' | 'D' | 'M' | 'H' | 'Y' | 'S' if depth == 0 && !may_be_half => {
                return NumberFormat::Moment;
            }
            _ if is_clock && c.eq_ignore_ascii_case(&before) => {}
            _ => is_clock = before == '[' && matches!(c, 'm' | 'h' | 's' | 'M' | 'H' | 'S'),
        }
        before = c;
    }
    NumberFormat::Number
}

/// Days from 1970-01-01 to the day before 1900-01-01, to the same as if 1900 had been a leap year, and to 1904-01-01.
const DAYS_1900: i64 = -25_568;
const DAYS_1904: i64 = -24_107;
/// The day that never was: a spreadsheet shows it as 1900-02-29.
const NO_DAY: i64 = 60;
/// 9999-12-31, the last that a spreadsheet shows.
const LAST_1900: i64 = 2_958_465;
const LAST_1904: i64 = 2_957_003;
const DAY_SECONDS: f64 = 86_400.0;

/// Writes what a spreadsheet shows for a number of days (§18.17.4.1): the day, and the time unless it is midnight. What
/// lies before the first day or behind the last is that day.
pub(super) fn push_moment(into: &mut String, value: f64, epoch: Epoch) {
    // Casts of floating point saturate, and what is no number becomes 0.
    #[expect(clippy::cast_possible_truncation, reason = "saturating is what is wanted")]
    let (day, mut millis) = (value.floor() as i64, (value.fract() * DAY_SECONDS).fract() * 1000.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturating is what is wanted"
    )]
    let mut seconds = (value.fract() * DAY_SECONDS) as u32;
    millis = millis.round();
    if millis >= 1000.0 {
        seconds += 1;
    }
    if seconds >= 86_400 {
        // The time is so late that it rounds up to the next day's midnight.
        push_day(into, day.saturating_add(1), epoch);
        return;
    }
    push_day(into, day, epoch);
    if seconds > 0 {
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        // Writing into a String cannot fail.
        let _ = write!(into, " {hour:02}:{minute:02}:{second:02}");
    }
}

/// Writes a whole number of days as the day that it stands for.
pub(super) fn push_day(into: &mut String, day: i64, epoch: Epoch) {
    let days = match epoch {
        Epoch::Of1904 => DAYS_1904 + day.clamp(0, LAST_1904),
        Epoch::Of1900 if day == NO_DAY => return into.push_str("1900-02-29"),
        Epoch::Of1900 => DAYS_1900 + day.clamp(0, LAST_1900) - i64::from(day > NO_DAY),
    };
    let (year, month, day) = civil(days);
    let mut digits = *b"0000-00-00";
    let places = [
        (0, year / 1000),
        (1, year / 100),
        (2, year / 10),
        (3, year),
        (5, month / 10),
        (6, month),
        (8, day / 10),
        (9, day),
    ];
    for (place, number) in places {
        if let Some(digit) = digits.get_mut(place) {
            *digit = b'0' + u8::try_from(number % 10).unwrap_or(0);
        }
    }
    into.push_str(std::str::from_utf8(&digits).unwrap_or_default());
}

/// Year, month and day, `days` after 1970-01-01 in the Gregorian calendar. The year is counted from March on, so that the
/// leap day is its last, and from the beginning of a cycle of 400 years.
const fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (cycle, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // Five months in a row have 153 days, from March on and again from August on.
    let month = (5 * day + 2) / 153;
    let first = (153 * month + 2) / 5;
    let is_next_year = month >= 10;
    (
        year + cycle * 400 + is_next_year as i64,
        if is_next_year { month - 9 } else { month + 3 },
        day - first + 1,
    )
}

/// Above this a spreadsheet's number (IEEE 754 binary64, 15 digits kept) is no longer what was typed.
pub(super) const DIGITS_KEPT: f64 = 1e15;
const DIGITS: usize = 15;

/// Writes a number as the spreadsheet shows it: 15 significant digits, no exponent, no trailing zeros.
pub(super) fn push_number(into: &mut String, value: f64) {
    // `{:.14e}` rounds to 15 significant digits; `{}` of the rounded value is its shortest form, without exponent.
    let rounded: f64 = format!("{value:.14e}").parse().unwrap_or(value);
    // Writing into a String cannot fail.
    let _ = write!(into, "{rounded}");
}

/// The same straight from the digits of the file, if there are at most 15 and no exponent: then no two of them are the same
/// binary number, so that what [`push_number`] writes are these digits. `false` and nothing written otherwise.
pub(super) fn push_decimal(into: &mut String, text: &[u8]) -> bool {
    let (sign, digits) = match text {
        [b'-', digits @ ..] => ("-", digits),
        digits => ("", digits),
    };
    let whole = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (whole, behind) = digits.split_at_checked(whole).unwrap_or_default();
    let fraction = match behind {
        [] => behind,
        [b'.', fraction @ ..] if !fraction.is_empty() => fraction,
        _ => return false,
    };
    let is_plain =
        !whole.is_empty() && whole.len() + fraction.len() <= DIGITS && fraction.iter().all(u8::is_ascii_digit);
    if !is_plain {
        return false;
    }
    let whole = match whole.iter().position(|digit| *digit != b'0') {
        Some(first) => whole.get(first..).unwrap_or_default(),
        None => b"0",
    };
    let kept = fraction
        .iter()
        .rposition(|digit| *digit != b'0')
        .map_or(0, |last| last + 1);
    let fraction = fraction.get(..kept).unwrap_or_default();
    let (Ok(whole), Ok(fraction)) = (std::str::from_utf8(whole), std::str::from_utf8(fraction)) else {
        return false;
    };
    into.push_str(sign);
    into.push_str(whole);
    if !fraction.is_empty() {
        into.push('.');
        into.push_str(fraction);
    }
    true
}
