//! The unified social credit code of organisations: GB 32100-2015.

use std::fmt;

use crate::text::fold_code;

/// A unified social credit code. It is public, so it may be shown.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uscc([u8; 18]); // INVARIANT: characters of the alphabet, a six-digit area, a right check character.

/// Why a text is not a unified social credit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UsccFault {
    /// Not 18 characters of the alphabet with a six-digit area in the third to eighth place.
    #[error("a unified social credit code has 18 digits or capital letters other than I, O, S, V and Z")]
    Shape,
    /// The check character does not fit the others.
    #[error("the check character of the unified social credit code does not fit")]
    Check,
    /// The placeholder of 17 zeros and `X` (or `0`), which says that there is no code.
    #[error("the placeholder of zeros stands for no code")]
    None,
}

/// The 31 characters in the order of their values (GB 32100-2015, table 2).
const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

/// What files carry where an organisation has no code. The second form even has a right check character.
const PLACEHOLDERS: [&str; 2] = ["00000000000000000X", "000000000000000000"];

impl Uscc {
    /// Reads `text` as a code: edges trimmed, full width folded, letters upper-cased.
    ///
    /// The check of the inner organisation code (GB 11714) is not looked at: the outer check character is the one that
    /// the standard gives the code.
    ///
    /// # Errors
    ///
    /// [`UsccFault`], the first that applies.
    pub fn parse(text: &str) -> Result<Self, UsccFault> {
        let text = fold_code(text);
        if PLACEHOLDERS.contains(&text.as_ref()) {
            return Err(UsccFault::None);
        }
        let code: [u8; 18] = text.as_bytes().try_into().map_err(|_| UsccFault::Shape)?;
        let [_, _, area @ .., _, _, _, _, _, _, _, _, _, check] = code;
        let body: &[u8; 17] = code.first_chunk().ok_or(UsccFault::Shape)?;
        let want = Self::check_character(body).ok_or(UsccFault::Shape)?;
        if !area.iter().all(u8::is_ascii_digit) || value(check).is_none() {
            return Err(UsccFault::Shape);
        }
        if check == want {
            Ok(Self(code))
        } else {
            Err(UsccFault::Check)
        }
    }

    /// The code of an organisation: kind (first two characters, such as `11` for an authority), area (six digits) and
    /// the eight characters of its organisation code; both check characters are computed.
    ///
    /// # Errors
    ///
    /// [`UsccFault::Shape`] if a part has another length or other characters.
    pub fn compose(kind: &str, area: &str, organisation: &str) -> Result<Self, UsccFault> {
        let inner: [u8; 8] = organisation.as_bytes().try_into().map_err(|_| UsccFault::Shape)?;
        let inner_check = char::from(organisation_check(inner).ok_or(UsccFault::Shape)?);
        let body = format!("{kind}{area}{organisation}{inner_check}");
        let body17: &[u8; 17] = body.as_bytes().try_into().map_err(|_| UsccFault::Shape)?;
        let check = char::from(Self::check_character(body17).ok_or(UsccFault::Shape)?);
        Self::parse(&format!("{body}{check}"))
    }

    /// The check character of the first 17, or `None` if one of them is not in the alphabet.
    #[must_use]
    pub fn check_character(body17: &[u8; 17]) -> Option<u8> {
        // GB 32100-2015, annex A: weight 3^i mod 31, and the complement to 31.
        let mut sum = 0;
        let mut weight = 1;
        for byte in body17 {
            sum += value(*byte)? * weight;
            weight = weight * 3 % 31;
        }
        ALPHABET.get((31 - sum % 31) % 31).copied()
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Whether the code lies in the unassigned area 370199 of synthetic organisations.
    #[must_use]
    pub fn is_test_area(&self) -> bool {
        self.as_str().get(2..8) == Some("370199")
    }
}

impl fmt::Display for Uscc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Uscc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Value of a character by [`ALPHABET`].
const fn value(byte: u8) -> Option<usize> {
    let letters_before = match byte {
        b'0'..=b'9' => return Some((byte - b'0') as usize),
        b'A'..=b'H' => 0,
        b'J'..=b'N' => 1,
        b'P'..=b'R' => 2,
        b'T' | b'U' => 3,
        b'W'..=b'Y' => 4,
        _ => return None,
    };
    Some((byte - b'A' - letters_before) as usize + 10)
}

/// Check character of an organisation code (GB 11714-1997): letters count from A = 10, without gaps in the alphabet.
fn organisation_check(body8: [u8; 8]) -> Option<u8> {
    const WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
    let mut sum = 0;
    for (byte, weight) in body8.into_iter().zip(WEIGHTS) {
        sum += char::from(byte).to_digit(36).filter(|_| !byte.is_ascii_lowercase())? * weight;
    }
    match 11 - sum % 11 {
        10 => Some(b'X'),
        11 => Some(b'0'),
        digit => u8::try_from(digit).ok().map(|digit| b'0' + digit),
    }
}
