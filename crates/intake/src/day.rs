//! Days in the forms of the field.

use domain::Day;

use crate::fold::narrow;
use crate::read::Epoch;

/// How "no end" is stored: the national form of 长期 (双公示: `2099/12/31`).
pub const NO_END: &str = "2099-12-31";

/// A day as a cell states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DayValue {
    /// a day
    On(Day),
    /// 长期: `2099/12/31`, `9999-12-31`, the words
    NoEnd,
}

/// Not a day in any form of the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotADay;

/// First year that a delivery may speak of; below it lie typing errors and a spreadsheet's day 0.
const YEAR_MIN: i16 = 1900;

/// Reads `YYYY/MM/DD`, `YYYY-MM-DD`, `YYYY.MM.DD` (month and day also with one digit), `YYYYMMDD`, `YYYY年M月D日`, each
/// perhaps with a time of day behind it, which falls away; in workbooks also the bare number of a day.
pub(crate) fn parse(text: &str, epoch: Option<Epoch>) -> Result<DayValue, NotADay> {
    // A day in full width with a time behind it has fewer characters than this.
    let mut buffer = ['\0'; 32];
    let mut length = 0;
    for c in text.chars() {
        *buffer.get_mut(length).ok_or(NotADay)? = narrow(c);
        length += 1;
    }
    let text = buffer.get(..length).unwrap_or_default();
    if is_no_end_word(text) {
        return Ok(DayValue::NoEnd);
    }
    if let Some(epoch) = epoch.filter(|_| is_serial(text)) {
        return serial(text, epoch).map(DayValue::On);
    }
    let (year, month, day, rest) = split(text).ok_or(NotADay)?;
    if !is_time_of_day(rest) || year < YEAR_MIN {
        return Err(NotADay);
    }
    if matches!((year, month, day), (2099 | 9999, 12, 31)) {
        return Ok(DayValue::NoEnd);
    }
    Day::new(year, month, day).map(DayValue::On).map_err(|_| NotADay)
}

fn is_no_end_word(text: &[char]) -> bool {
    const WORDS: [&str; 5] = ["长期", "长期有效", "永久", "永久有效", "无固定期限"];
    text.first().is_some_and(|c| !c.is_ascii()) && WORDS.iter().any(|word| word.chars().eq(text.iter().copied()))
}

/// Takes up to `most` digits, at least `least`.
fn number(text: &[char], least: usize, most: usize) -> Option<(i16, &[char])> {
    let digits = text.iter().take(most).take_while(|c| c.is_ascii_digit()).count();
    if digits < least {
        return None;
    }
    let (taken, rest) = text.split_at_checked(digits)?;
    let value = taken.iter().try_fold(0_i16, |value, c| {
        let digit = i16::try_from(c.to_digit(10)?).ok()?;
        value.checked_mul(10)?.checked_add(digit)
    })?;
    Some((value, rest))
}

/// Year, month, day and what follows.
fn split(text: &[char]) -> Option<(i16, i8, i8, &[char])> {
    let (year, rest) = number(text, 4, 4)?;
    let (month, day, rest) = match rest.split_first()? {
        (separator @ ('/' | '-' | '.'), rest) => {
            let (month, rest) = number(rest, 1, 2)?;
            let (day, rest) = number(rest.strip_prefix(&[*separator])?, 1, 2)?;
            (month, day, rest)
        }
        ('年', rest) => {
            let (month, rest) = number(rest, 1, 2)?;
            let (day, rest) = number(rest.strip_prefix(&['月'])?, 1, 2)?;
            let rest = rest
                .strip_prefix(&['日'])
                .or_else(|| rest.strip_prefix(&['号']))
                .unwrap_or(rest);
            (month, day, rest)
        }
        _ => {
            let (month, rest) = number(rest, 2, 2)?;
            let (day, rest) = number(rest, 2, 2)?;
            (month, day, rest)
        }
    };
    Some((year, i8::try_from(month).ok()?, i8::try_from(day).ok()?, rest))
}

/// Nothing, or ` H:MM[:SS[.f]]` as databases and spreadsheets append.
fn is_time_of_day(rest: &[char]) -> bool {
    let Some((' ' | 'T', rest)) = rest.split_first() else {
        return rest.is_empty();
    };
    let part = |rest, most| number(rest, 1, 2).filter(|(value, _)| *value <= most);
    let Some((_, rest)) = part(rest, 23) else { return false };
    let Some((_, rest)) = rest.strip_prefix(&[':']).and_then(|rest| part(rest, 59)) else {
        return false;
    };
    if rest.is_empty() {
        return true;
    }
    let Some((_, rest)) = rest.strip_prefix(&[':']).and_then(|rest| part(rest, 59)) else {
        return false;
    };
    match rest.split_first() {
        None => true,
        Some(('.', fraction)) => !fraction.is_empty() && fraction.iter().all(char::is_ascii_digit),
        Some(_) => false,
    }
}

/// Five digits, perhaps with a fraction: days from 1927 to 2173. Eight digits are `YYYYMMDD`.
fn is_serial(text: &[char]) -> bool {
    let whole = text.iter().take_while(|c| c.is_ascii_digit()).count();
    whole == 5
        && match text.get(whole..) {
            Some(['.', fraction @ ..]) => fraction.iter().all(char::is_ascii_digit),
            Some(rest) => rest.is_empty(),
            None => true,
        }
}

/// The day of a workbook's day number. Numbers of five digits lie behind the leap day 1900-02-29 that never was.
fn serial(text: &[char], epoch: Epoch) -> Result<Day, NotADay> {
    let count = text
        .iter()
        .take(5)
        .try_fold(0_i32, |value, c| {
            Some(value * 10 + i32::try_from(c.to_digit(10)?).ok()?)
        })
        .ok_or(NotADay)?;
    let zero = match epoch {
        Epoch::Of1900 => Day::new(1899, 12, 30),
        Epoch::Of1904 => Day::new(1904, 1, 1),
    };
    zero.and_then(|zero| zero.plus_days(count)).map_err(|_| NotADay)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, want: Option<&str>) {
        let got = parse(text, None).ok().map(|value| match value {
            DayValue::On(day) => day.to_string(),
            DayValue::NoEnd => "no end".to_owned(),
        });
        assert_eq!(got.as_deref(), want, "{text}");
    }

    #[test]
    fn days_of_the_field() {
        for text in [
            "2024/03/05",
            "2024-03-05",
            "2024.3.5",
            "2024/3/5",
            "20240305",
            "2024年3月5日",
            "2024年03月05日",
            "2024年3月5号",
            "2024年3月5",
            "２０２４／０３／０５",
            "2024-03-05 00:00:00",
            "2024-03-05T08:09",
            "2024/3/5 0:00:00.000",
            "2024-03-05　00:00:00",
        ] {
            check(text, Some("2024-03-05"));
        }
        for text in [
            "2099/12/31",
            "2099-12-31 00:00:00",
            "9999-12-31",
            "20991231",
            "长期",
            "永久有效",
        ] {
            check(text, Some("no end"));
        }
        for text in [
            "",
            "2024",
            "2024/13/01",
            "2024-02-30",
            "2024/3-5",
            "240305",
            "2024-03-05x",
            "2024-03-05 25:00",
            "45000",
            "0024-03-05",
            "1899-12-31",
            "2024-3",
            "2024年3月",
            "2024-03-05 00:",
            "2024-03-05 00:00:00.",
            "2024-03-05 00:00:00 and far too much behind",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn day_numbers_only_in_workbooks() {
        // ECMA-376 part 1 §18.17.4.1: 1900 system, serial 45356 = 2024-03-05; the 1904 system counts 1462 days less.
        let day = Day::parse_iso("2024-03-05").unwrap();
        assert_eq!(parse("45356", Some(Epoch::Of1900)), Ok(DayValue::On(day)));
        assert_eq!(parse("45356.75", Some(Epoch::Of1900)), Ok(DayValue::On(day)));
        assert_eq!(parse("43894", Some(Epoch::Of1904)), Ok(DayValue::On(day)));
        assert_eq!(parse("20240305", Some(Epoch::Of1900)), Ok(DayValue::On(day)));
        assert_eq!(parse("45356", None), Err(NotADay));
        assert_eq!(parse("4535", Some(Epoch::Of1900)), Err(NotADay));
    }
}
