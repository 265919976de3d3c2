//! Free text that speaks of other persons (E16): numbers of persons, and names behind words such as 第三人.

use aho_corasick::{AhoCorasick, MatchKind};
use domain::ResidentId;
use domain::catalogue::Catalogue;

use crate::fold::narrow;

/// Characters of an identity number.
const NUMBER_LENGTH: usize = 18;
/// Digits of a mobile number.
const MOBILE_LENGTH: usize = 11;

/// What stands between such a word and a name.
const LINKS: [char; 4] = [':', '为', '是', '系'];
/// Han characters of a name at least.
const NAME_CHARACTERS_MIN: usize = 2;
/// Code list of words for persons in a decision other than the one it is about. Each may be followed by 姓名.
const OTHER_PERSON: &str = "CL-OTHER-PERSON";
/// Code list of words that are no names behind such a word and a link.
const NO_NAME: &str = "CL-NO-NAME";

/// By what names of other persons are known; the words are the catalogue's.
#[derive(Debug)]
pub(crate) struct Names {
    words: AhoCorasick,
    no_names: Vec<String>,
}

impl Names {
    #[expect(
        clippy::expect_used,
        reason = "fails only beyond 2^31 bytes of patterns; they are a short list's"
    )]
    pub(crate) fn new(catalogue: &Catalogue) -> Self {
        let list = |id: &str| {
            let list = catalogue.code_lists.iter().find(|(known, _)| known.as_str() == id);
            let values = list.map_or(&[][..], |(_, values)| values.as_slice());
            values
                .iter()
                .flat_map(|value| std::iter::once(&value.text.zh).chain(&value.aliases))
                .cloned()
                .collect::<Vec<String>>()
        };
        let words = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(list(OTHER_PERSON))
            .expect("a few short words");
        Self {
            words,
            no_names: list(NO_NAME),
        }
    }

    /// Whether `text` names a person behind a word such as 第三人: `第三人姓名：…`, `举报人为…`.
    pub(crate) fn are_in(&self, text: &str) -> bool {
        self.words
            .find_iter(text)
            .any(|word| self.follow(text.get(word.end()..)))
    }

    fn follow(&self, rest: Option<&str>) -> bool {
        let Some(rest) = rest.map(str::trim_start) else {
            return false;
        };
        let (rest, is_named) = match rest.strip_prefix("姓名") {
            Some(rest) => (rest.trim_start(), true),
            None => (rest, false),
        };
        let linked = rest.chars().next().map(narrow).filter(|c| LINKS.contains(c));
        let name = match linked {
            Some(_) => rest.chars().skip(1).collect::<String>(),
            None if is_named => rest.to_owned(),
            None => return false,
        };
        let name = name.trim_start();
        if self.no_names.iter().any(|word| name.starts_with(word.as_str())) {
            return false;
        }
        let mut characters = name.chars();
        let han = characters
            .by_ref()
            .take(NAME_CHARACTERS_MIN)
            .filter(|c| is_han(*c))
            .count();
        // 张某, 张**: masked by the writer.
        let is_masked = name
            .chars()
            .nth(1)
            .is_some_and(|c| matches!(c, '某' | '*' | '＊' | '×' | 'X'));
        han == NAME_CHARACTERS_MIN && !is_masked
    }
}

/// Whether `text` has an identity number with a right check character or a mobile number.
pub(crate) fn has_number(text: &str) -> bool {
    // Nearly every text ends here: without a long run of digits there is nothing to find.
    if !has_long_run(text) && !has_wide_digit(text) {
        return false;
    }
    let mut runs = Runs::default();
    for c in text.chars().map(narrow) {
        if runs.take(c) {
            return true;
        }
    }
    runs.end()
}

/// Whether eleven digits follow each other, separators between them not counted.
fn has_long_run(text: &str) -> bool {
    if text.len() < MOBILE_LENGTH {
        return false;
    }
    let mut run = 0;
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' => run += 1,
            b' ' | b'-' => {}
            _ => run = 0,
        }
        if run == MOBILE_LENGTH {
            return true;
        }
    }
    false
}

/// Whether there is a digit in full width (U+FF10 to U+FF19).
fn has_wide_digit(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr_iter(0xef, bytes).any(|at| matches!(bytes.get(at + 1..at + 3), Some([0xbc, 0x90..=0x99])))
}

/// The run of digits at hand, with single separators inside as people write them (`138-1234-5678`).
#[derive(Default)]
struct Runs {
    digits: String,
    /// Where separators stood, as numbers of digits before them.
    breaks: Vec<usize>,
    after_separator: bool,
}

impl Runs {
    /// Takes a character; whether a number ended before it.
    fn take(&mut self, c: char) -> bool {
        match c {
            '0'..='9' => {
                self.digits.push(c);
                self.after_separator = false;
                false
            }
            'x' | 'X' if !self.after_separator && !self.digits.is_empty() => {
                self.digits.push('X');
                self.end()
            }
            ' ' | '-' if !self.after_separator && !self.digits.is_empty() => {
                self.breaks.push(self.digits.len());
                self.after_separator = true;
                false
            }
            _ => self.end(),
        }
    }

    /// Ends the run; whether it holds a number.
    fn end(&mut self) -> bool {
        let digits = std::mem::take(&mut self.digits);
        let mut breaks = std::mem::take(&mut self.breaks);
        self.after_separator = false;
        if digits.len() < MOBILE_LENGTH {
            return false;
        }
        if breaks.last() == Some(&digits.len()) {
            breaks.pop();
        }
        // Each group on its own, and groups joined as 6-8-4 and 3-4-4.
        let mut edges = vec![0];
        edges.extend(&breaks);
        edges.push(digits.len());
        let group = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
        let single = edges
            .iter()
            .zip(edges.iter().skip(1))
            .any(|(&from, &to)| is_number(group(from, to)));
        let joined = edges
            .iter()
            .zip(edges.iter().skip(1))
            .zip(edges.iter().skip(2))
            .zip(edges.iter().skip(3))
            .any(|(((&a, &b), &c), &d)| {
                matches!((b - a, c - b, d - c), (6, 8, 4) | (3, 4, 4)) && is_number(group(a, d))
            });
        single || joined
    }
}

fn is_number(digits: &str) -> bool {
    match digits.len() {
        NUMBER_LENGTH => ResidentId::parse(digits).is_ok(),
        MOBILE_LENGTH => matches!(digits.as_bytes(), [b'1', b'3'..=b'9', ..]) && !digits.ends_with('X'),
        _ => false,
    }
}

const fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{20000}'..='\u{323af}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_persons_are_found() {
        for text in [
            "乘客370199190001010018受伤",
            "证件37019919000105001x。",
            "３７０１９９１９０００１０１００１８",
            "370199 19000101 0018",
            "370199-19000101-0018",
            "电话13800000000",
            "电话：138-0000-0000，已通知",
            "138 0000 0000",
            "１３８００００００００",
        ] {
            assert!(has_number(text), "{text}");
        }
        for text in [
            "",
            "罚款2000元",
            "370199190001010019",
            "票号3701991900010100181",
            "12800000000",
            "138000000001",
            "2024-03-15 10:20:30",
            "自2024-03-15至2024-06-30",
            "案号202400012345，金额12345678901.00",
            "X370199",
        ] {
            assert!(!has_number(text), "{text}");
        }
    }
}
