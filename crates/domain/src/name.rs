//! Names of persons and the form in which they are compared.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

use crate::private_use::standard_form;
use crate::text::{fold_width, trim_cell};

/// Longest name in characters, as the national standards have it (`C..200`).
pub const NAME_CHARACTERS_MAX: usize = 200;

/// Digits that a name cannot have, so that no document number passes for one.
const NAME_DIGITS_MAX: usize = 5;

/// The interpunct of names of ethnic minorities, in the one form that the canonical form has.
const MIDDLE_DOT: char = '\u{00B7}';

/// A name as delivered, with its canonical form. `Debug` is masked, there is no `Display`; see [`Name::expose`].
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Name {
    canonical: Box<str>,
    // As delivered, without white space at the edges; absent if that is the canonical form, as it nearly always is.
    original: Option<Box<str>>,
}

/// Why a text is not a name. The text is personal data, so no message repeats it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameFault {
    /// Nothing but white space.
    #[error("the name is empty")]
    Empty,
    /// More than [`NAME_CHARACTERS_MAX`] characters.
    #[error("the name has more than 200 characters")]
    TooLong,
    /// Control, direction or invisible characters, marks of masked or lost characters, no letter, or many digits.
    #[error("the name has characters that no name has, or no letter at all")]
    Characters,
}

impl Name {
    /// Reads a name. Its canonical form is NFC with full width folded, every middle dot U+00B7, no spaces between Han
    /// characters and single ones elsewhere, Latin letters in upper case, and private-use characters of GB 18030
    /// replaced by their standard code points. Variants, simplified and traditional characters stay different: whether
    /// they name one person is for a human to say.
    ///
    /// # Errors
    ///
    /// [`NameFault`], the first that applies.
    pub fn parse(text: &str) -> Result<Self, NameFault> {
        let text = trim_cell(text);
        if is_plain_han(text) {
            return Ok(Self {
                canonical: text.into(),
                original: None,
            });
        }
        if text.is_empty() {
            return Err(NameFault::Empty);
        }
        if text.chars().nth(NAME_CHARACTERS_MAX).is_some() {
            return Err(NameFault::TooLong);
        }
        let is_named = text.chars().any(|c| c.is_alphabetic() || is_han(c));
        let digits = text.chars().filter(|c| c.is_numeric() && !is_han(*c)).count();
        if !is_named || digits > NAME_DIGITS_MAX || text.chars().any(is_refused) {
            return Err(NameFault::Characters);
        }
        let canonical = canonical_form(text);
        let original = (canonical != text).then(|| text.into());
        Ok(Self {
            canonical: canonical.into(),
            original,
        })
    }

    /// The form that is compared and indexed.
    #[must_use]
    pub const fn canonical(&self) -> &str {
        &self.canonical
    }

    /// The name as delivered. Each caller is listed, with its legal ground, in `docs/pii-register.md`.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.original.as_deref().unwrap_or(&self.canonical)
    }

    /// Whether both names agree (R7): equal canonical forms.
    #[must_use]
    pub fn agrees_with(&self, other: &Self) -> bool {
        self.canonical == other.canonical
    }

    /// The form for everybody but the person: the first character, an asterisk for each other. A name of one character
    /// is hidden whole.
    #[must_use]
    pub fn masked(&self) -> String {
        let mut characters = self.canonical.chars();
        let first = characters.next();
        match (first, characters.count()) {
            (Some(first), others @ 1..) => format!("{first}{}", "*".repeat(others)),
            _ => "*".to_owned(),
        }
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Name(masked)")
    }
}

/// The fast path: characters of the main block only, which neither normalisation nor folding changes.
fn is_plain_han(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= NAME_CHARACTERS_MAX * 3
        && text.chars().all(|c| matches!(c, '\u{4E00}'..='\u{9FFF}'))
}

fn canonical_form(text: &str) -> String {
    let folded: Vec<char> = text.nfc().map(fold).collect();
    let mut kept: Vec<char> = Vec::with_capacity(folded.len());
    let mut is_after_space = false;
    let mut rest = folded.iter();
    while let Some(&c) = rest.next() {
        if c == ' ' {
            is_after_space = true;
            continue;
        }
        let before = kept.last().copied();
        let after = || rest.clone().copied().find(|c| *c != ' ');
        // A full stop is an interpunct between Han characters only; elsewhere it ends an initial, as in `J. R.`
        let c = if c == '.' && before.is_some_and(is_han) && after().is_some_and(is_han) {
            MIDDLE_DOT
        } else {
            c
        };
        match before {
            Some(before) if is_after_space && !(joins(before) && joins(c)) => kept.push(' '),
            _ => {}
        }
        is_after_space = false;
        kept.push(c);
    }
    // Upper case can leave a letter and its mark apart that NFC joins.
    kept.into_iter().flat_map(char::to_uppercase).nfc().collect()
}

/// Maps one character of the NFC form.
fn fold(c: char) -> char {
    match c {
        '\u{2022}' | '\u{2027}' | '\u{2219}' | '\u{22C5}' | '\u{25CF}' | '\u{2E31}' | '\u{30FB}' | '\u{A78F}'
        | '\u{FF65}' => MIDDLE_DOT,
        // One dot leader and small full stop.
        '\u{2024}' | '\u{FE52}' => '.',
        _ if c.is_whitespace() => ' ',
        _ => standard_form(fold_width(c)),
    }
}

/// Han characters and the interpunct: spaces between them carry nothing.
const fn joins(c: char) -> bool {
    c == MIDDLE_DOT || is_han(c)
}

/// Han characters, and private-use ones, which in Chinese data are rare characters without a code point.
pub(crate) const fn is_han(c: char) -> bool {
    matches!(c,
        '\u{4E00}'..='\u{9FFF}' | '\u{3400}'..='\u{4DBF}' | '\u{20000}'..='\u{3FFFD}'
        | '\u{F900}'..='\u{FAFF}' | '\u{2E80}'..='\u{2FD5}' | '\u{3005}' | '\u{3007}'
        | '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{FFFFD}' | '\u{100000}'..='\u{10FFFD}')
}

/// Characters that no name has: they hide in it, turn its direction, or stand for a character that was lost or masked,
/// and two names with a lost character must not agree.
fn is_refused(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFD}' | '\u{E0000}'..='\u{E007F}'
            | '*' | '\u{FF0A}' | '?' | '\u{FF1F}' | '\u{25A1}' | '\u{3013}' | '\u{FDD0}'..='\u{FDEF}')
        || u32::from(c) & 0xFFFE == 0xFFFE
}
