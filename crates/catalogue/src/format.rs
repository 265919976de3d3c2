//! The notation of the data standards for a field's form (GB/T 39445 §4.4; DB37/T 4275): `C..100`, `C18`, `N..18,6`, `D`.

use domain::catalogue::Format;

/// Longest text and number that a field may have; the standards stay far below.
const LENGTH_MAX: u32 = 100_000;

/// Not a form in the notation of the standards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a format of the standards: `C..100`, `C18`, `N..18,6`, `N..5` or `D`")]
pub struct FormatFault;

/// Reads the notation. `YYYYMMDD`, as some standards write a day, is `D`.
///
/// # Errors
///
/// [`FormatFault`] for any other text, for a length of zero or beyond 100,000, and for more decimals than digits.
pub fn parse_format(text: &str) -> Result<Format, FormatFault> {
    if text == "D" || text == "YYYYMMDD" {
        return Ok(Format::Day);
    }
    if let Some(length) = text.strip_prefix("C..") {
        return Ok(Format::TextMax(number(length)?));
    }
    if let Some(length) = text.strip_prefix('C') {
        return Ok(Format::TextExact(number(length)?));
    }
    let digits = text.strip_prefix("N..").ok_or(FormatFault)?;
    let (precision, scale) = match digits.split_once(',') {
        Some((precision, "0")) => (number(precision)?, 0),
        Some((precision, scale)) => (number(precision)?, number(scale)?),
        None => (number(digits)?, 0),
    };
    if scale > precision {
        Err(FormatFault)
    } else {
        Ok(Format::Number { precision, scale })
    }
}

/// The notation of `format`; [`parse_format`] reads it back.
#[must_use]
pub fn format_notation(format: Format) -> String {
    match format {
        Format::TextMax(length) => format!("C..{length}"),
        Format::TextExact(length) => format!("C{length}"),
        Format::Number { precision, scale: 0 } => format!("N..{precision}"),
        Format::Number { precision, scale } => format!("N..{precision},{scale}"),
        Format::Day => "D".to_owned(),
    }
}

/// A length without sign, leading zero or space.
fn number(text: &str) -> Result<u32, FormatFault> {
    if text.starts_with('0') || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(FormatFault);
    }
    text.parse()
        .ok()
        .filter(|length| (1..=LENGTH_MAX).contains(length))
        .ok_or(FormatFault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_the_standards_are_read_and_written() {
        for (text, format) in [
            ("C..100", Format::TextMax(100)),
            ("C18", Format::TextExact(18)),
            (
                "N..18,6",
                Format::Number {
                    precision: 18,
                    scale: 6,
                },
            ),
            ("N..5", Format::Number { precision: 5, scale: 0 }),
            ("D", Format::Day),
        ] {
            assert_eq!(parse_format(text), Ok(format), "{text}");
            assert_eq!(format_notation(format), text);
        }
        assert_eq!(parse_format("YYYYMMDD"), Ok(Format::Day));
        assert_eq!(parse_format("N..5,0"), parse_format("N..5"));
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "C",
            "C0",
            "C..0",
            "C..",
            "C.18",
            "c18",
            "C-1",
            "C+1",
            "C018",
            "C..100001",
            "C..99999999999",
            "N18",
            "N..",
            "N..2,3",
            "N..2,",
            "N..,2",
            "N..2,3,4",
            "DD",
            "D ",
            " C18",
            "X9",
            "N..18.6",
        ] {
            assert_eq!(parse_format(text), Err(FormatFault), "{text}");
        }
    }
}
