//! Folding that several types share: width and invisible characters at the edges.

use std::borrow::Cow;

/// The ASCII form of a full-width character (U+FF01–U+FF5E); any other character as it is.
pub(crate) const fn fold_width(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => match char::from_u32(c as u32 - 0xFEE0) {
            Some(ascii) => ascii,
            None => c,
        },
        _ => c,
    }
}

/// Cuts off white space, and the invisible characters that spreadsheets and byte order marks leave at the edges of a cell.
pub(crate) fn trim_cell(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{200B}' | '\u{2060}' | '\u{FEFF}'))
}

/// `text` trimmed, in ASCII width and upper case; borrowed if it was so already.
pub(crate) fn fold_code(text: &str) -> Cow<'_, str> {
    let text = trim_cell(text);
    if text.bytes().all(|b| b.is_ascii() && !b.is_ascii_lowercase()) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|c| fold_width(c).to_ascii_uppercase()).collect())
}
