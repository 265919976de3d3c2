//! Amounts as decimals: text in, text out, never a binary fraction.

use std::borrow::Cow;

use crate::fold::narrow;

/// Why a text is not an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AmountFault {
    /// not a number
    Form,
    /// too many digits before or after the point
    Digits,
}

/// Reads `text` as `N..precision,scale`: full width folded, well-formed thousands separators, a unit 万元 where the
/// field's own unit is that one, leading and trailing zeros dropped. Amounts are not negative.
pub(crate) fn parse(text: &str, precision: u32, scale: u32, is_in_wan: bool) -> Result<Cow<'_, str>, AmountFault> {
    if is_canonical(text, precision, scale) {
        return Ok(Cow::Borrowed(text));
    }
    let folded: String = text.chars().map(narrow).filter(|c| *c != ' ').collect();
    let number = match folded.strip_suffix("万元") {
        Some(number) if is_in_wan => number,
        Some(_) => return Err(AmountFault::Form),
        None => folded.as_str(),
    };
    let (whole, fraction) = match number.split_once('.') {
        Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
        Some(_) => return Err(AmountFault::Form),
        None => (number, ""),
    };
    let whole = without_separators(whole).ok_or(AmountFault::Form)?;
    if !fraction.bytes().all(|b| b.is_ascii_digit()) || (whole.is_empty() && fraction.is_empty()) {
        return Err(AmountFault::Form);
    }
    let whole = whole.trim_start_matches('0');
    let fraction = fraction.trim_end_matches('0');
    let is_too_long = |digits: &str, max: u32| u32::try_from(digits.len()).map_or(true, |count| count > max);
    if is_too_long(whole, precision.saturating_sub(scale)) || is_too_long(fraction, scale) {
        return Err(AmountFault::Digits);
    }
    let whole = if whole.is_empty() { "0" } else { whole };
    let number = if fraction.is_empty() {
        whole.to_owned()
    } else {
        format!("{whole}.{fraction}")
    };
    Ok(Cow::Owned(number))
}

/// Whether the amount is in its one form already, as most are, and short enough.
fn is_canonical(text: &str, precision: u32, scale: u32) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = |digits: &str, max: u32| {
        !digits.is_empty() && digits.len() <= max as usize && digits.bytes().all(|b| b.is_ascii_digit())
    };
    let has_point = whole.len() < text.len();
    is_number(whole, precision.saturating_sub(scale))
        && (whole == "0" || !whole.starts_with('0'))
        && (!has_point || (is_number(fraction, scale) && !fraction.ends_with('0')))
}

/// Digits, perhaps in groups of three: `1,234,567`.
fn without_separators(whole: &str) -> Option<String> {
    if !whole.bytes().all(|b| b.is_ascii_digit() || b == b',') {
        return None;
    }
    let mut groups = whole.split(',');
    let first = groups.next()?;
    if first.len() == whole.len() {
        return Some(first.to_owned());
    }
    let is_grouped = matches!(first.len(), 1..=3) && groups.all(|group| group.len() == 3);
    is_grouped.then(|| whole.replace(',', ""))
}

/// The amount in millionths, to compare amounts that [`parse`] or the catalogue wrote. `None` if it is none.
pub(crate) fn millionths(amount: &str) -> Option<u128> {
    let (whole, fraction) = amount.split_once('.').unwrap_or((amount, ""));
    let all_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let fraction = fraction.get(..6).unwrap_or(fraction);
    let whole: u128 = whole.parse().ok()?;
    let part: u128 = format!("{fraction:0<6}").parse().ok()?;
    whole.checked_mul(1_000_000)?.checked_add(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_of_the_field() {
        for (text, want) in [
            ("0.2", Ok("0.2")),
            ("0.20", Ok("0.2")),
            (".5", Ok("0.5")),
            ("007", Ok("7")),
            ("0", Ok("0")),
            ("1,234.5", Ok("1234.5")),
            ("１，２３４．５", Ok("1234.5")),
            ("12万元", Ok("12")),
            ("999999999999.999999", Ok("999999999999.999999")),
            ("1000000000000", Err(AmountFault::Digits)),
            ("0.1234567", Err(AmountFault::Digits)),
            ("1,23", Err(AmountFault::Form)),
            ("-1", Err(AmountFault::Form)),
            ("2000元", Err(AmountFault::Form)),
            ("1e3", Err(AmountFault::Form)),
            ("1.", Err(AmountFault::Form)),
            (".", Err(AmountFault::Form)),
            ("", Err(AmountFault::Form)),
        ] {
            assert_eq!(parse(text, 18, 6, true), want.map(Cow::Borrowed), "{text}");
        }
        assert_eq!(parse("12万元", 18, 6, false), Err(AmountFault::Form));
    }

    #[test]
    fn amounts_compare_as_decimals() {
        assert_eq!(millionths("0.02"), Some(20_000));
        assert_eq!(millionths("10"), Some(10_000_000));
        assert!(millionths("0.3") > millionths("0.02"));
        assert_eq!(millionths("x"), None);
        assert_eq!(millionths(""), None);
    }
}
