//! The identity number of residents: GB 11643-1999, the numbers of residence permits for residents of Hong Kong, Macao
//! and Taiwan, and the number of foreign permanent residents, which are built alike.

use std::fmt;

use crate::Day;

/// A resident identity number. `Debug` is masked, there is no `Display`; see [`ResidentId::expose`].
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ResidentId {
    // INVARIANT: 17 ASCII digits and a right check character, upper-case `X` for ten.
    characters: [u8; 18],
    // INVARIANT: the day that characters 7 to 14 name.
    birth: Day,
}

/// Why a text is not a resident identity number. The text is personal data, so no message repeats it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResidentIdFault {
    /// Not 17 digits and a digit or `X` (or not 15 digits, where the legacy form is asked for).
    #[error("an identity number has 17 digits and then a digit or X")]
    Shape,
    /// The check character does not fit the others.
    #[error("the check character of the identity number does not fit")]
    Check,
    /// The day of birth does not exist or cannot be.
    #[error("the day of birth in the identity number is no day of the calendar between 1800 and 2100")]
    Date,
    /// No province has these first digits.
    #[error("the area in the identity number belongs to no province")]
    Area,
}

/// Which card carries the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResidentIdKind {
    /// 居民身份证
    Citizen,
    /// 港澳台居民居住证 of a resident of Hong Kong
    HongKong,
    /// 港澳台居民居住证 of a resident of Macao
    Macao,
    /// 港澳台居民居住证 of a resident of Taiwan
    Taiwan,
    /// 外国人永久居留身份证
    ForeignPermanentResident,
}

/// The unassigned area of synthetic people; production configurations refuse it.
const TEST_AREA: &[u8; 6] = b"370199";

/// Sequence numbers from here to 999 mark, in the 15-digit form, people born in the 1800s.
const LEGACY_CENTENARIANS_FROM: u16 = 996;

impl ResidentId {
    /// Reads `text` as an identity number of 18 characters, `x` in either case. The parts are checked in the order of
    /// [`ResidentIdFault`]'s variants. Source: GB 11643-1999, check by ISO/IEC 7064 MOD 11-2.
    ///
    /// Areas are checked by province only: a number keeps for life the area of its day, and areas come and go.
    ///
    /// # Errors
    ///
    /// [`ResidentIdFault`], the first that applies.
    pub fn parse(text: &str) -> Result<Self, ResidentIdFault> {
        let mut characters: [u8; 18] = text.as_bytes().try_into().map_err(|_| ResidentIdFault::Shape)?;
        let (body, check) = characters.split_last_chunk_mut::<1>().ok_or(ResidentIdFault::Shape)?;
        let [check] = check;
        check.make_ascii_uppercase();
        if !body.iter().all(u8::is_ascii_digit) || !(check.is_ascii_digit() || *check == b'X') {
            return Err(ResidentIdFault::Shape);
        }
        let check = *check;
        let body: &[u8; 17] = characters.first_chunk().ok_or(ResidentIdFault::Shape)?;
        if Self::check_character(body) != check {
            return Err(ResidentIdFault::Check);
        }
        let birth = birth_of(body)?;
        if kind_of(body).is_none() {
            return Err(ResidentIdFault::Area);
        }
        Ok(Self { characters, birth })
    }

    /// Reads the 15 digits of first-generation cards and converts them to 18 characters. Sequence numbers 996 to 999
    /// belong to people born in the 1800s, all others to the 1900s. Only citizens had such numbers.
    ///
    /// # Errors
    ///
    /// [`ResidentIdFault`], the first that applies; never `Check`, for this form has no check character.
    pub fn from_legacy(text: &str) -> Result<Self, ResidentIdFault> {
        let digits: &[u8; 15] = text.as_bytes().try_into().map_err(|_| ResidentIdFault::Shape)?;
        if !digits.iter().all(u8::is_ascii_digit) {
            return Err(ResidentIdFault::Shape);
        }
        let [area @ .., _, _, _, _, _, _, _, _, _] = digits;
        let [.., sequence0, sequence1, sequence2] = digits;
        let sequence = number(&[*sequence0, *sequence1, *sequence2]);
        let century: &[u8] = if sequence >= LEGACY_CENTENARIANS_FROM {
            b"18"
        } else {
            b"19"
        };
        let mut body = [0; 17];
        let joined = area.iter().chain(century).chain(digits.iter().skip(area.len()));
        for (to, from) in body.iter_mut().zip(joined) {
            *to = *from;
        }
        let id = Self::from_body(body)?;
        if id.kind() == ResidentIdKind::Citizen {
            Ok(id)
        } else {
            Err(ResidentIdFault::Area)
        }
    }

    /// The number with this area (six digits), day of birth and sequence (0 to 999), its check character computed.
    ///
    /// # Errors
    ///
    /// [`ResidentIdFault`] if the parts make no valid number.
    pub fn compose(area: &str, birth: Day, sequence: u16) -> Result<Self, ResidentIdFault> {
        if sequence > 999 {
            return Err(ResidentIdFault::Shape);
        }
        let text = format!(
            "{area}{:04}{:02}{:02}{sequence:03}",
            birth.year(),
            birth.month(),
            birth.day()
        );
        let body: [u8; 17] = text.as_bytes().try_into().map_err(|_| ResidentIdFault::Shape)?;
        Self::from_body(body)
    }

    /// The number with these first 17 characters, its check character computed.
    fn from_body(body: [u8; 17]) -> Result<Self, ResidentIdFault> {
        let mut characters = [0; 18];
        for (to, from) in characters
            .iter_mut()
            .zip(body.into_iter().chain([Self::check_character(&body)]))
        {
            *to = from;
        }
        std::str::from_utf8(&characters)
            .map_err(|_| ResidentIdFault::Shape)
            .and_then(Self::parse)
    }

    /// The check character of 17 digits: ISO/IEC 7064 MOD 11-2, with `X` for ten. Bytes that are no digits count as
    /// some digit, so check the shape first.
    #[must_use]
    pub fn check_character(body17: &[u8; 17]) -> u8 {
        // The weights are powers of two, so Horner's rule needs no table; 17 doublings stay below 2^22.
        let folded = body17.iter().fold(0_u32, |sum, b| (sum + u32::from(b & 0x0F)) * 2) % 11;
        match (12 - folded) % 11 {
            10 => b'X',
            digit => b'0' + u8::try_from(digit).unwrap_or(0),
        }
    }

    /// The full number. Each caller is listed, with its legal ground, in `docs/pii-register.md`.
    #[must_use]
    pub fn expose(&self) -> &str {
        std::str::from_utf8(&self.characters).unwrap_or_default()
    }

    /// The day of birth that the number carries. Not for guessing anything else about a person.
    #[must_use]
    pub const fn birth_day(&self) -> Day {
        self.birth
    }

    /// Which card carries the number.
    #[must_use]
    pub fn kind(&self) -> ResidentIdKind {
        self.characters
            .first_chunk()
            .and_then(kind_of)
            .unwrap_or(ResidentIdKind::Citizen)
    }

    /// Whether the number belongs to a synthetic person (area 370199).
    #[must_use]
    pub fn is_test_area(&self) -> bool {
        self.characters.starts_with(TEST_AREA)
    }

    /// The form for everybody but the person: the last two characters, sixteen asterisks before them.
    #[must_use]
    pub fn masked(&self) -> String {
        mask_number(self.expose())
    }
}

impl fmt::Debug for ResidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResidentId(masked)")
    }
}

/// `number` with all but its last two characters as asterisks: with a known day of birth, area and four characters
/// would nearly name the person.
pub(crate) fn mask_number(number: &str) -> String {
    let hidden = number.chars().count().saturating_sub(2);
    "*".repeat(hidden) + &number.chars().skip(hidden).collect::<String>()
}

/// ASCII digits as a number; for at most four of them.
fn number(digits: &[u8]) -> u16 {
    digits.iter().fold(0, |sum, b| sum * 10 + u16::from(b & 0x0F))
}

fn birth_of(body: &[u8; 17]) -> Result<Day, ResidentIdFault> {
    let [_, _, _, _, _, _, year @ .., _, _, _, _, _, _, _] = body;
    let [_, _, _, _, _, _, _, _, _, _, month @ .., _, _, _, _, _] = body;
    let [_, _, _, _, _, _, _, _, _, _, _, _, day @ .., _, _, _] = body;
    let year = i16::try_from(number(year)).map_err(|_| ResidentIdFault::Date)?;
    let month = i8::try_from(number(month)).map_err(|_| ResidentIdFault::Date)?;
    let day = i8::try_from(number(day)).map_err(|_| ResidentIdFault::Date)?;
    if !(1800..=2100).contains(&year) {
        return Err(ResidentIdFault::Date);
    }
    Day::new(year, month, day).map_err(|_| ResidentIdFault::Date)
}

fn kind_of(body: &[u8; 17]) -> Option<ResidentIdKind> {
    let [province @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = body;
    match number(province) {
        // Since December 2023: 9, province of the first application, country, then as for citizens.
        90..=99 => Some(ResidentIdKind::ForeignPermanentResident),
        // 港澳台居民居住证申领发放办法 (国办发〔2018〕81号) art. 3 gives each exactly one area.
        81 if body.starts_with(b"810000") => Some(ResidentIdKind::HongKong),
        82 if body.starts_with(b"820000") => Some(ResidentIdKind::Macao),
        83 if body.starts_with(b"830000") => Some(ResidentIdKind::Taiwan),
        // GB/T 2260: the provinces by region, from north to north-west, and Taiwan.
        11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 => Some(ResidentIdKind::Citizen),
        _ => None,
    }
}
