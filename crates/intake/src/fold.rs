//! Folding of text before it is compared: width, brackets, spaces, case. Nothing is folded before it is stored, except
//! where a function says so.

use std::borrow::Cow;

use domain::seen::{compared, is_unseen};

/// The ASCII form of a full-width character (U+FF01–U+FF5E) or of the ideographic space; any other as it is.
pub(crate) const fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => match char::from_u32(c as u32 - 0xfee0) {
            Some(ascii) => ascii,
            None => c,
        },
        '\u{3000}' => ' ',
        _ => c,
    }
}

/// Without white space and invisible characters at the edges, as spreadsheets leave them.
pub(crate) fn trim(cell: &str) -> &str {
    let is_dark = |edge: Option<&u8>| edge.is_some_and(u8::is_ascii_graphic);
    if is_dark(cell.as_bytes().first()) && is_dark(cell.as_bytes().last()) {
        return cell;
    }
    cell.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{200b}' | '\u{2060}' | '\u{feff}'))
}

/// A header as it is compared: letters and digits only, in ASCII width and lower case. Brackets of any kind and width,
/// underscores (`_` and `＿`), hyphens, spaces and the star of required columns fall away.
pub(crate) fn header(text: &str) -> String {
    text.chars()
        .map(narrow)
        .filter(|c| c.is_alphanumeric() && !is_unseen(*c))
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

/// What a reader sees of a text: without the characters that nobody sees.
pub(crate) fn seen(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_unseen) {
        Cow::Owned(text.chars().filter(|c| !is_unseen(*c)).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// Whether there is nothing to see in a text.
pub(crate) fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || is_unseen(c))
}

/// A value as it is compared with code lists and rules: ASCII width, upper case, neither white space nor what nobody sees
/// ([`compared`]). Appended to `into`.
pub(crate) fn value_into(text: &str, into: &mut String) {
    // Rules look at long texts of every row, and nearly all of a text stays as it is: it is copied in spans, and only
    // bytes that can begin another character are looked at closely.
    let (mut from, mut at) = (0, 0);
    while let Some(&byte) = text.as_bytes().get(at) {
        let stays = match byte {
            // Printable ASCII without small letters; the inside of a character; beginnings of blocks in which every
            // character stays. The others have white space (U+0080, U+1680, U+2000, U+3000), full width (U+FF00), a second
            // code point for an ideograph (U+2E80, U+F900, U+2F800), or what nobody sees.
            b'!'..=b'`' | b'{'..=b'~' | 0x80..=0xc1 | 0xc3..=0xcc | 0xce..=0xd7 | 0xd9..=0xe0 | 0xe4..=0xee => true,
            _ => false,
        };
        if stays {
            at += 1;
            continue;
        }
        let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) else {
            break;
        };
        let folded = compared(c);
        if folded != Some(c) {
            into.push_str(text.get(from..at).unwrap_or_default());
            into.extend(folded);
            from = at + c.len_utf8();
        }
        at += c.len_utf8();
    }
    into.push_str(text.get(from..).unwrap_or_default());
}

/// As [`value_into`], as a new text.
pub(crate) fn value(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    value_into(text, &mut folded);
    folded
}

/// A document or case number in one form: neither white space nor what nobody sees, ASCII width for letters and digits, 〔〕 for square brackets
/// of any kind (GB/T 9704 §7.2.5 sets the year of a document number in 〔〕), （） for round ones.
pub(crate) fn document_no(text: &str) -> Cow<'_, str> {
    let fold = |c: char| match narrow(c) {
        '[' | '【' | '〖' => '〔',
        ']' | '】' | '〗' => '〕',
        '(' => '（',
        ')' => '）',
        other => other,
    };
    let stays = |c: char| !c.is_whitespace() && !is_unseen(c);
    if text.chars().all(|c| fold(c) == c && stays(c)) {
        return Cow::Borrowed(text);
    }
    let mut folded = String::with_capacity(text.len() * 3);
    folded.extend(text.chars().filter(|c| stays(*c)).map(fold));
    Cow::Owned(folded)
}

/// A document number as the key of a fact: as [`document_no`], all brackets alike, upper case.
pub(crate) fn document_key(number: &str) -> String {
    let fold = |c: char| match c {
        '（' => '〔',
        '）' => '〕',
        other => other.to_ascii_uppercase(),
    };
    // Nothing becomes longer in UTF-8.
    let mut key = String::with_capacity(number.len());
    key.extend(number.chars().map(fold));
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_variants_of_the_field_are_one_header() {
        let want = header("行政相对人代码_1（统一社会信用代码）");
        for variant in [
            "行政相对人代码_1 (统一社会信用代码)",
            "行政相对人代码-1（统一社会信用代码）",
            "行政相对人代码＿1（统一社会信用代码）",
            "\u{feff}行政相对人代码１【统一社会信用代码】",
            " *行政相对人代码 _ 1\u{3000}（统一社会信用代码） ",
        ] {
            assert_eq!(header(variant), want, "{variant}");
        }
        assert_ne!(header("行政相对人代码_2（工商注册号）"), want);
    }

    #[test]
    fn values_fold_as_character_by_character() {
        let slow = |text: &str| text.chars().filter_map(compared).collect::<String>();
        for c in ('\0'..=char::MAX).filter(|c| *c < '\u{10400}' || compared(*c) != Some(*c)) {
            let text = format!("文{c}aB{c}，（{c}");
            assert_eq!(value(&text), slow(&text), "U+{:04X}", u32::from(c));
        }
        assert_eq!(value(" ｙ e\u{3000}s，《法》\n"), "YES,《法》");
        assert_eq!(
            value("治\u{200b}安\u{fe0f}管\u{f9e4}\u{2060}处罚\u{e0100}法"),
            "治安管理处罚法"
        );
    }

    #[test]
    fn edges_are_trimmed_of_what_nobody_sees() {
        for text in ["a", "\u{feff}a", "a\u{3000}", "\u{200b}\u{a0}a\t\n", "a "] {
            assert_eq!(trim(text), "a", "{text:?}");
        }
        assert_eq!(trim("a b"), "a b");
        assert_eq!(trim("\u{3000} "), "");
    }

    #[test]
    fn document_numbers_have_one_form_and_one_key() {
        assert_eq!(document_no("测市监罚字[2025] 12号"), "测市监罚字〔2025〕12号");
        assert_eq!(document_no("（２０２４）鲁0102执1234号"), "（2024）鲁0102执1234号");
        assert_eq!(
            document_key(&document_no("a(2024)1")),
            document_key(&document_no("A〔2024〕1"))
        );
    }
}
