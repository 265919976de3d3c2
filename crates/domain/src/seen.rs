//! What a reader sees of a text: characters that nobody sees or that turn its direction, and the form in which texts are
//! compared, so that two texts that look alike are one (Unicode Technical Report 36, visual spoofing).

use unicode_normalization::char::decompose_compatible;

use crate::text::fold_width;

/// Whether nothing is drawn for `c`: `Default_Ignorable_Code_Point` of Unicode 16 (DerivedCoreProperties.txt).
#[must_use]
pub const fn is_unseen(c: char) -> bool {
    // Nearly every character of a text lies before or between these.
    matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFF8}' | '\u{1BCA0}'..='\u{1BCA3}'
        | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Whether `c` turns the direction of the text around it: `Bidi_Control` (PropList.txt). With such a character a text reads
/// otherwise than it is stored (CVE-2021-42574).
#[must_use]
pub const fn turns_direction(c: char) -> bool {
    matches!(c, '\u{61C}' | '\u{200E}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// `c` as it is compared with code lists and rules: ASCII width, upper case, one code point for what looks the same; nothing
/// for white space and for what nobody sees.
#[must_use]
pub fn compared(c: char) -> Option<char> {
    if c.is_whitespace() || is_unseen(c) {
        return None;
    }
    Some(unified(fold_width(c)).to_ascii_uppercase())
}

/// The ideograph that a radical or a compatibility ideograph looks like: they have a code point of their own for the sake of
/// other standards (UAX 45), and each stands for one character.
fn unified(c: char) -> char {
    let mut ideograph = c;
    if matches!(c, '\u{2E80}'..='\u{2FDF}' | '\u{F900}'..='\u{FAFF}' | '\u{2F800}'..='\u{2FA1F}') {
        decompose_compatible(c, |part| ideograph = part);
    }
    ideograph
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_turns_the_direction_is_itself_not_seen() {
        let turning: Vec<char> = ('\0'..=char::MAX).filter(|c| turns_direction(*c)).collect();
        assert_eq!(turning.len(), 12);
        assert!(turning.into_iter().all(is_unseen));
        // Figures of DerivedCoreProperties.txt.
        assert_eq!(('\0'..=char::MAX).filter(|c| is_unseen(*c)).count(), 4_174);
    }

    #[test]
    fn what_looks_alike_is_compared_as_one() {
        let text = |text: &str| text.chars().filter_map(compared).collect::<String>();
        // U+F9E4 and U+F9DD are 理 and 利 once more, U+2F47 is the radical 日.
        for (written, seen) in [
            ("管\u{f9e4}", "管理"),
            ("\u{f9dd}益", "利益"),
            ("\u{2f47}期", "日期"),
            ("\u{2f800}", "丽"),
            ("ｙ\u{200b}e\u{3000}s\u{fe0f}", "YES"),
            ("法\u{e0100}律", "法律"),
            ("、。《》“”—·", "、。《》“”—·"),
        ] {
            assert_eq!(text(written), seen, "{}", written.escape_unicode());
        }
        // Each comes to one character at most, and comes to rest there.
        for c in '\0'..=char::MAX {
            if let Some(once) = compared(c) {
                assert_eq!(compared(once), Some(once), "{}", c.escape_unicode());
            }
        }
    }
}
