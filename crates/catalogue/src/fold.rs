//! Folding of headers and values before they are compared, as intake does it.

use domain::seen::{compared, is_unseen};

/// The ASCII form of a full-width character (U+FF01–U+FF5E) or of the ideographic space; any other as it is.
const fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => match char::from_u32(c as u32 - 0xfee0) {
            Some(ascii) => ascii,
            None => c,
        },
        '\u{3000}' => ' ',
        _ => c,
    }
}

/// A header as it is compared: letters and digits only, in ASCII width and lower case.
#[must_use]
pub fn fold_header(text: &str) -> String {
    text.chars()
        .map(narrow)
        .filter(|c| c.is_alphanumeric() && !is_unseen(*c))
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

/// A value as it is compared with code lists and rules.
#[must_use]
pub fn fold_value(text: &str) -> String {
    text.chars().filter_map(compared).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_underscores_width_and_case_fall_away() {
        let want = fold_header("行政相对人代码_1（统一社会信用代码）");
        assert_eq!(fold_header("行政相对人代码-1 (统一社会信用代码)"), want);
        assert_eq!(fold_header("行政相对人代码＿１（统一社会信用代码）"), want);
        assert_ne!(fold_header("行政相对人代码_2（统一社会信用代码）"), want);
        assert_eq!(fold_value(" ｙｅｓ "), "YES");
    }
}
