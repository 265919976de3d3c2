//! Matters 办件: the asking department's own business, by its number. Nobody is looked up without one.

use std::fmt;

use uuid::Uuid;

/// Longest matter number, in characters.
const CHARS_MAX: usize = 60;
/// So many digits in a row could be an identity number, which no matter number may hold.
const DIGITS_MAX: usize = 14;
/// Digits that one `*` of a form stands for, at most.
const MANY_DIGITS_MAX: usize = 8;
/// What the number of an emergency begins with; its id follows.
const EMERGENCY: &str = "紧急查询";

/// A matter number, such as `测文旅导〔2026〕7号`. It is the department's own and names nobody.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MatterNo(String); // INVARIANT: 1 to 60 characters, no control characters, no run of 15 digits.

/// Not a matter number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a matter number: 1 to 60 characters on one line, without an identity number in it")]
pub struct MatterNoFault;

impl MatterNo {
    /// Reads a matter number; outer spaces are cut, brackets and digits of full width become what the forms are written in.
    ///
    /// # Errors
    ///
    /// [`MatterNoFault`] if it is empty, too long, holds control characters, or so many digits in a row that it could name a
    /// person.
    pub fn parse(text: &str) -> Result<Self, MatterNoFault> {
        let text: String = text.trim().chars().map(fold).collect();
        let mut run = 0;
        for letter in text.chars() {
            run = if letter.is_ascii_digit() { run + 1 } else { 0 };
            if letter.is_control() || run > DIGITS_MAX {
                return Err(MatterNoFault);
            }
        }
        if text.is_empty() || text.chars().count() > CHARS_MAX {
            return Err(MatterNoFault);
        }
        Ok(Self(text))
    }

    /// The number of an emergency 紧急查询, which stands for a matter while it lasts.
    #[must_use]
    pub fn of_emergency(emergency: Uuid) -> Self {
        Self(format!("{EMERGENCY}{emergency}"))
    }

    /// The emergency that it names, if it names one.
    #[must_use]
    pub fn emergency(&self) -> Option<Uuid> {
        Uuid::parse_str(self.0.strip_prefix(EMERGENCY)?).ok()
    }

    /// The number.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MatterNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// 文号 are written with 〔〕; keyboards and older systems give other brackets, and digits of full width.
fn fold(letter: char) -> char {
    match letter {
        '[' | '［' | '【' | '（' | '(' | '﹝' => '〔',
        ']' | '］' | '】' | '）' | ')' | '﹞' => '〕',
        '０'..='９' => char::from_u32(u32::from(letter) - u32::from('０') + u32::from('0')).unwrap_or(letter),
        _ => letter,
    }
}

/// The form of the matter numbers of a purpose: `#` is one digit, `*` one to eight digits, anything else stands for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatterForm {
    form: String,
    example: MatterNo,
    is_registered: bool,
}

/// A form that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MatterFormFault {
    /// No digit in it, so every matter would have the same number.
    #[error("the form of a matter number has a `#` or a `*`")]
    NoDigit,
    /// A `*` before another digit: where it ends could not be told.
    #[error("in the form of a matter number no digit follows a `*`")]
    Ambiguous,
    /// The example does not have the form.
    #[error("the example does not have the form of the matter number")]
    Example,
}

impl MatterForm {
    /// A form with its example; `is_registered`: a matter must have been registered before anybody is searched for.
    ///
    /// # Errors
    ///
    /// [`MatterFormFault`] if numbers cannot be told by it.
    pub fn new(form: &str, example: &str, is_registered: bool) -> Result<Self, MatterFormFault> {
        if !form.contains(['#', '*']) {
            return Err(MatterFormFault::NoDigit);
        }
        let mut letters = form.chars().peekable();
        while let Some(letter) = letters.next() {
            let next_is_digit = letters
                .peek()
                .is_some_and(|next| matches!(next, '#' | '*') || next.is_ascii_digit());
            if letter == '*' && next_is_digit {
                return Err(MatterFormFault::Ambiguous);
            }
        }
        let example = MatterNo::parse(example).map_err(|_| MatterFormFault::Example)?;
        let form = Self {
            form: form.chars().map(fold).collect(),
            example,
            is_registered,
        };
        if form.fits(&form.example) {
            Ok(form)
        } else {
            Err(MatterFormFault::Example)
        }
    }

    /// Whether a number has the form.
    #[must_use]
    pub fn fits(&self, number: &MatterNo) -> bool {
        let mut rest = number.as_str();
        for letter in self.form.chars() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let taken = match letter {
                '#' if digits >= 1 => 1,
                '*' if (1..=MANY_DIGITS_MAX).contains(&digits) => digits,
                '#' | '*' => return false,
                _ if rest.starts_with(letter) => letter.len_utf8(),
                _ => return false,
            };
            rest = rest.get(taken..).unwrap_or_default();
        }
        rest.is_empty()
    }

    /// The form as written in the catalogue.
    #[must_use]
    pub fn form(&self) -> &str {
        &self.form
    }

    /// A number that has it, for people to see.
    #[must_use]
    pub const fn example(&self) -> &MatterNo {
        &self.example
    }

    /// Whether a matter must have been registered before.
    #[must_use]
    pub const fn is_registered(&self) -> bool {
        self.is_registered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> MatterNo {
        MatterNo::parse(text).unwrap()
    }

    #[test]
    fn a_number_is_read_whatever_brackets_and_digits_a_keyboard_gives() {
        assert_eq!(number(" 测食许[２０２６]233号 ").as_str(), "测食许〔2026〕233号");
        assert_eq!(number("测食许（2026）233号"), number("测食许〔2026〕233号"));
        for bad in [
            "",
            "   ",
            "a\nb",
            &"长".repeat(61),
            "37019919900101001X",
            "370199199001010",
        ] {
            assert!(MatterNo::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_form_says_which_numbers_have_it() {
        let form = MatterForm::new("测食许〔####〕*号", "测食许〔2026〕233号", true).unwrap();
        for (text, fits) in [
            ("测食许〔2026〕1号", true),
            ("测食许〔2026〕12345678号", true),
            ("测食许〔2026〕123456789号", false),
            ("测食许〔2026〕号", false),
            ("测食许〔202〕1号", false),
            ("测食许〔20261〕1号", false),
            ("测食许〔2026〕1号之二", false),
            ("测采〔2026〕1号", false),
        ] {
            assert_eq!(form.fits(&number(text)), fits, "{text}");
        }
    }

    #[test]
    fn a_form_by_which_nothing_can_be_told_is_none() {
        let fault = |form, example| MatterForm::new(form, example, true).unwrap_err();
        assert_eq!(fault("同一件", "同一件"), MatterFormFault::NoDigit);
        assert_eq!(fault("案*#号", "案12号"), MatterFormFault::Ambiguous);
        assert_eq!(fault("案*1号", "案11号"), MatterFormFault::Ambiguous);
        assert_eq!(fault("案#号", "案12号"), MatterFormFault::Example);
    }
}
