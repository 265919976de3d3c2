//! The numbers that a few slips of a hand away from a number could have been meant: few enough to look each of them up.
//!
//! A resident number has 17 digits and a check character. By MOD 11-2 (ISO/IEC 7064) every single slip breaks the check, so a
//! number that fails it has at most one right digit in each place; a number that passes is at least two slips away from
//! any other. What cannot be a number (province, year, month, day) is left out before anything is computed.

use domain::{DocumentKind, IdentityDocument, ResidentId};

use crate::NumberAgreement;
use crate::key::as_number;

/// Characters of a resident number.
const LENGTH: usize = 18;
/// Digits of it.
const BODY: usize = 17;

/// A number to be looked up, and how it agrees with the row's.
#[derive(Clone, Copy)]
pub(crate) struct Neighbour<'a> {
    pub(crate) number: Written<'a>,
    pub(crate) agreement: NumberAgreement,
}

/// What is written of a neighbour.
#[derive(Clone, Copy)]
pub(crate) enum Written<'a> {
    /// The first 17 digits of a resident number, read as one number; the check character follows from them.
    Body(u64),
    /// A whole number of another kind.
    Whole(&'a [u8]),
}

impl Written<'_> {
    pub(crate) fn document(&self, kind: DocumentKind) -> Option<IdentityDocument> {
        match self {
            Self::Body(body) => document_of(kind, *body),
            Self::Whole(whole) => IdentityDocument::parse(kind, std::str::from_utf8(whole).ok()?).ok(),
        }
    }
}

/// The document with these first 17 digits.
pub(crate) fn document_of(kind: DocumentKind, body: u64) -> Option<IdentityDocument> {
    let body = format!("{body:017}");
    let check = char::from(ResidentId::check_character(body.as_bytes().first_chunk()?));
    IdentityDocument::parse(kind, &format!("{body}{check}")).ok()
}

/// Width-folded, upper case, at most 18 ASCII characters; anything else is near no number.
pub(crate) fn folded(text: &str) -> Option<([u8; LENGTH], usize)> {
    let mut number = [0; LENGTH];
    let mut length = 0;
    for c in text.trim().chars() {
        // U+FF01–U+FF5E are the full-width forms of U+0021–U+007E.
        let narrow = match u32::from(c) {
            code @ 0xff01..=0xff5e => char::from_u32(code - 0xfee0)?,
            _ => c,
        };
        *number.get_mut(length)? = u8::try_from(narrow).ok()?.to_ascii_uppercase();
        length += 1;
    }
    Some((number, length))
}

/// Hands each neighbour of `number` to `visit`, nearest first, none twice. The number itself is not among them.
pub(crate) fn neighbours(kind: DocumentKind, number: &[u8], visit: &mut dyn FnMut(Neighbour<'_>)) {
    let is_resident = matches!(kind, DocumentKind::ResidentId | DocumentKind::ForeignPermanentResident);
    match number.first_chunk::<LENGTH>() {
        Some(number) if is_resident => resident(number, visit),
        _ => plain(number, visit),
    }
}

/// Numbers without a check character: one character replaced by one of its kind, or two neighbours swapped.
fn plain(number: &[u8], visit: &mut dyn FnMut(Neighbour<'_>)) {
    let mut changed = [0; LENGTH];
    let Some(changed) = changed.get_mut(..number.len()) else {
        return;
    };
    let mut offer = |changed: &[u8], agreement| {
        visit(Neighbour {
            number: Written::Whole(changed),
            agreement,
        });
    };
    for at in 0..number.len() {
        changed.copy_from_slice(number);
        let own = number.get(at).copied().unwrap_or_default();
        let others = match own {
            b'0'..=b'9' => b'0'..=b'9',
            b'A'..=b'Z' => b'A'..=b'Z',
            _ => continue,
        };
        for other in others.filter(|other| *other != own) {
            if let Some(place) = changed.get_mut(at) {
                *place = other;
            }
            offer(changed, NumberAgreement::OneCharacter { at: place_of(at) });
        }
    }
    for at in 1..number.len() {
        if number.get(at - 1) != number.get(at) {
            changed.copy_from_slice(number);
            changed.swap(at - 1, at);
            offer(changed, NumberAgreement::Swapped { at: place_of(at - 1) });
        }
    }
}

fn resident(number: &[u8; LENGTH], visit: &mut dyn FnMut(Neighbour<'_>)) {
    let Some(body) = number.first_chunk::<BODY>() else {
        return;
    };
    let check = number[BODY];
    // A character that is no digit is one slip for certain, and its place is known.
    let strange: Vec<usize> = (0..BODY)
        .filter(|at| !body.get(*at).is_some_and(u8::is_ascii_digit))
        .collect();
    if strange.len() > 1 {
        // Nothing that can be repaired.
        return;
    }
    let mut near = Near { check, visit };
    let Some(at) = strange.first().copied() else {
        near.all(body);
        return;
    };
    if let ([digits @ .., b'X'], b'0'..=b'9') = (body, check) {
        let mut swapped = [check; BODY];
        for (to, from) in swapped.iter_mut().zip(digits) {
            *to = *from;
        }
        if ResidentId::check_character(&swapped) == b'X' && is_possible(&swapped) {
            near.offer(&swapped, NumberAgreement::Swapped { at: place_of(at) });
        }
    }
    near.digit(body, at);
    near.pairs_with(body, at, 0);
}

/// What a neighbour must have, and where it goes.
struct Near<'a> {
    check: u8,
    visit: &'a mut dyn FnMut(Neighbour<'_>),
}

impl Near<'_> {
    fn all(&mut self, body: &[u8; BODY]) {
        if ResidentId::check_character(body) != self.check && is_possible(body) {
            self.offer(body, NumberAgreement::CheckCharacter);
        }
        for at in 0..BODY {
            self.digit(body, at);
        }
        for at in 1..BODY {
            self.swap(body, at - 1);
        }
        self.dates(body);
        self.pairs(body);
    }

    /// Another digit at `at`, whatever the check character.
    fn digit(&mut self, body: &[u8; BODY], at: usize) {
        let mut changed = *body;
        for digit in (b'0'..=b'9').filter(|digit| body.get(at) != Some(digit)) {
            if let Some(place) = changed.get_mut(at) {
                *place = digit;
            }
            if !is_possible(&changed) {
                continue;
            }
            let at = place_of(at);
            let agreement = if ResidentId::check_character(&changed) == self.check {
                NumberAgreement::OneCharacter { at }
            } else {
                NumberAgreement::OneDigitAndCheck { at }
            };
            self.offer(&changed, agreement);
        }
    }

    /// The digits at `at` and after it swapped.
    fn swap(&mut self, body: &[u8; BODY], at: usize) {
        let mut changed = *body;
        changed.swap(at, at + 1);
        if changed == *body || !is_possible(&changed) {
            return;
        }
        let at = place_of(at);
        let agreement = if ResidentId::check_character(&changed) == self.check {
            NumberAgreement::Swapped { at }
        } else {
            NumberAgreement::SwappedAndCheck { at }
        };
        self.offer(&changed, agreement);
    }

    /// Slips of a date: month and day exchanged, another century.
    fn dates(&mut self, body: &[u8; BODY]) {
        let mut exchanged = *body;
        exchanged.swap(10, 12);
        exchanged.swap(11, 13);
        self.date(body, &exchanged, NumberAgreement::MonthAndDay);
        for century in [*b"18", *b"19", *b"20"] {
            let mut other = *body;
            other[6] = century[0];
            other[7] = century[1];
            self.date(body, &other, NumberAgreement::Century);
        }
    }

    /// A slip of the date, unless it comes as one digit or two anyway.
    fn date(&mut self, body: &[u8; BODY], changed: &[u8; BODY], agreement: NumberAgreement) {
        let is_visited = match differing(body, changed) {
            0 | 1 => true,
            2 => ResidentId::check_character(changed) == self.check,
            _ => false,
        };
        if !is_visited && is_possible(changed) {
            self.offer(changed, agreement);
        }
    }

    /// Two digits that differ while the check character holds.
    fn pairs(&mut self, body: &[u8; BODY]) {
        for first in 0..BODY {
            self.pairs_with(body, first, first + 1);
        }
    }

    /// The pairs of one place with each from another on: for each digit at the first, MOD 11-2 leaves at most one at the
    /// second.
    fn pairs_with(&mut self, body: &[u8; BODY], one: usize, others_from: usize) {
        let Some(wanted) = residue(self.check) else { return };
        for digit in (b'0'..=b'9').filter(|digit| body.get(one) != Some(digit)) {
            let mut changed = *body;
            if let Some(place) = changed.get_mut(one) {
                *place = digit;
            }
            if others_from > one && !may_become_possible(&changed, one) {
                continue;
            }
            let (sum, number) = (folded_sum(&changed), as_number(&changed));
            for other in (others_from..BODY).filter(|other| *other != one) {
                let Some(repaired) = repaired(&changed, other, sum, wanted) else {
                    continue;
                };
                let Some(place) = changed.get_mut(other) else { continue };
                let own = std::mem::replace(place, repaired);
                let is_swap =
                    one.abs_diff(other) == 1 && changed.get(one) == body.get(other) && Some(&repaired) == body.get(one);
                if !is_swap && is_possible(&changed) {
                    let (first, second) = (place_of(one.min(other)), place_of(one.max(other)));
                    let power = power_of(other);
                    (self.visit)(Neighbour {
                        number: Written::Body(
                            number + u64::from(repaired & 0x0f) * power - u64::from(own & 0x0f) * power,
                        ),
                        agreement: NumberAgreement::TwoDigits { first, second },
                    });
                }
                if let Some(place) = changed.get_mut(other) {
                    *place = own;
                }
            }
        }
    }

    fn offer(&mut self, body: &[u8; BODY], agreement: NumberAgreement) {
        (self.visit)(Neighbour {
            number: Written::Body(as_number(body)),
            agreement,
        });
    }
}

/// Places count from 1.
fn place_of(at: usize) -> u8 {
    u8::try_from(at + 1).unwrap_or_default()
}

/// What a digit of this place is worth in the number.
fn power_of(at: usize) -> u64 {
    u32::try_from(BODY - 1 - at).map_or(0, |exponent| 10_u64.pow(exponent))
}

fn differing(a: &[u8; BODY], b: &[u8; BODY]) -> usize {
    a.iter().zip(b).filter(|(a, b)| a != b).count()
}

/// Weights of the digits modulo 11: 2^(18 - place).
const WEIGHTS: [u32; BODY] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/// Inverses modulo 11.
const INVERSE: [u32; 11] = [0, 1, 6, 4, 3, 9, 2, 8, 7, 5, 10];

/// The weighted sum modulo 11 of numbers that have this check character (ISO/IEC 7064: sum + check = 1).
fn residue(check: u8) -> Option<u32> {
    let value = match check {
        b'X' => 10,
        b'0'..=b'9' => u32::from(check - b'0'),
        _ => return None,
    };
    Some((12 - value) % 11)
}

fn folded_sum(body: &[u8; BODY]) -> u32 {
    body.iter()
        .zip(WEIGHTS)
        .map(|(digit, weight)| u32::from(digit & 0x0f) * weight)
        .sum::<u32>()
        % 11
}

/// The digit at `at` with which the sum is as wanted, if there is one and it is another than now.
fn repaired(body: &[u8; BODY], at: usize, sum: u32, wanted: u32) -> Option<u8> {
    let (own, weight) = (u32::from(body.get(at)? & 0x0f), *WEIGHTS.get(at)?);
    let change = (wanted + 11 - sum) * INVERSE.get(usize::try_from(weight).ok()?)? % 11;
    let digit = (own + change) % 11;
    (change != 0 && digit != 10).then(|| b'0' + u8::try_from(digit).unwrap_or_default())
}

/// Whether digits can be those of a number, as far as it is quickly told: everything is checked again by its type.
fn is_possible(body: &[u8; BODY]) -> bool {
    let two = |at: usize| match (body.get(at), body.get(at + 1)) {
        (Some(tens), Some(ones)) => (tens & 0x0f) * 10 + (ones & 0x0f),
        _ => 0,
    };
    (11..=99).contains(&two(0))
        && (18..=21).contains(&two(6))
        && (1..=12).contains(&two(10))
        && (1..=31).contains(&two(12))
}

/// Whether another digit after `changed_at` can still make it possible: what lies wholly before is final.
fn may_become_possible(body: &[u8; BODY], changed_at: usize) -> bool {
    // The two digits of a part can repair each other, so only parts that end before or at the change are final.
    let two = |at: usize| match (body.get(at), body.get(at + 1)) {
        (Some(tens), Some(ones)) => (tens & 0x0f) * 10 + (ones & 0x0f),
        _ => 0,
    };
    (changed_at < 1 || (11..=99).contains(&two(0)))
        && (changed_at < 7 || (18..=21).contains(&two(6)))
        && (changed_at < 11 || (1..=12).contains(&two(10)))
        && (changed_at < 13 || (1..=31).contains(&two(12)))
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    fn text(neighbour: &Neighbour<'_>) -> String {
        match neighbour.number {
            Written::Body(body) => {
                let body = format!("{body:017}");
                let check = char::from(ResidentId::check_character(body.as_bytes().first_chunk().unwrap()));
                format!("{body}{check}")
            }
            Written::Whole(whole) => String::from_utf8(whole.to_vec()).unwrap(),
        }
    }

    fn numbers_near(number: &str) -> BTreeMap<String, NumberAgreement> {
        let mut found = BTreeMap::new();
        let (characters, length) = folded(number).unwrap();
        neighbours(DocumentKind::ResidentId, &characters[..length], &mut |neighbour| {
            let earlier = found.insert(text(&neighbour), neighbour.agreement);
            assert_eq!(earlier, None, "twice: {:?} and {earlier:?}", neighbour.agreement);
        });
        found
    }

    fn is_number(text: &str) -> bool {
        IdentityDocument::parse(DocumentKind::ResidentId, text).is_ok()
    }

    /// Every number that differs from `number` in one or two characters, tried one by one.
    fn by_trial(number: &str) -> BTreeSet<String> {
        let own = number.as_bytes();
        let characters = |at: usize| {
            let mut all: Vec<u8> = (b'0'..=b'9').collect();
            if at == 17 {
                all.push(b'X');
            }
            all
        };
        let mut found = BTreeSet::new();
        for first in 0..18 {
            for a in characters(first) {
                for second in first..18 {
                    for b in characters(second) {
                        let mut changed = own.to_vec();
                        changed[first] = a;
                        if second > first {
                            changed[second] = b;
                        }
                        let text = String::from_utf8(changed).unwrap();
                        if text != number && is_number(&text) {
                            found.insert(text);
                        }
                    }
                }
            }
        }
        found
    }

    #[test]
    fn every_number_at_most_two_characters_away_is_visited_once() {
        // A right number, a wrong check character, a wrong digit, `X` at the end, and a letter among the digits.
        for number in [
            "370199199001010018",
            "370199199001010019",
            "370199199007010018",
            "37019919491231002X",
            "3701991990O1010018",
        ] {
            let visited = numbers_near(number);
            let valid: BTreeSet<String> = visited.keys().filter(|text| is_number(text)).cloned().collect();
            let missing: Vec<_> = by_trial(number).difference(&valid).cloned().collect();
            assert!(missing.is_empty(), "{number}: {missing:?}");
            assert!(visited.len() <= 2_000, "{number}: {}", visited.len());
        }
    }

    #[test]
    fn slips_further_away_are_named() {
        let near = |number: &str, meant: &str| numbers_near(number).get(meant).copied();
        // 1990-05-12 and 1990-12-05; both check characters hold.
        let numbers = ["19900512", "19901205", "18900512"].map(|birth| {
            let body = format!("370199{birth}002");
            let check = ResidentId::check_character(body.as_bytes().first_chunk().unwrap());
            format!("{body}{}", char::from(check))
        });
        assert_eq!(near(&numbers[1], &numbers[0]), Some(NumberAgreement::MonthAndDay));
        // One digit of the century differs, which is a slip of its own.
        assert_eq!(
            near(&numbers[2], &numbers[0]),
            Some(NumberAgreement::OneDigitAndCheck { at: 8 })
        );
        let body = b"37019919050512002";
        let earlier = format!(
            "{}{}",
            std::str::from_utf8(body).unwrap(),
            char::from(ResidentId::check_character(body))
        );
        let body = b"37019920050512002";
        let later = format!(
            "{}{}",
            std::str::from_utf8(body).unwrap(),
            char::from(ResidentId::check_character(body))
        );
        assert_eq!(near(&later, &earlier), Some(NumberAgreement::Century));
    }

    #[test]
    fn numbers_without_check_have_neighbours_of_their_kind_of_character() {
        let mut found = BTreeSet::new();
        neighbours(DocumentKind::Passport, b"TST00000012", &mut |neighbour| {
            assert!(found.insert(text(&neighbour)));
        });
        // 3 letters with 25 others, 8 digits with 9 others, and the swaps of unequal neighbours.
        assert_eq!(found.len(), 3 * 25 + 8 * 9 + 5);
        assert!(found.contains("TST00000021") && found.contains("TST00000017") && found.contains("TSA00000012"));
    }

    #[test]
    fn what_is_no_number_has_no_neighbours() {
        for given in [
            "",
            "370199",
            "OOO199199001010018",
            "一二三四五六七八九十一二三四五六七八",
        ] {
            let Some((characters, length)) = folded(given) else {
                continue;
            };
            let mut count = 0;
            neighbours(DocumentKind::ResidentId, &characters[..length], &mut |neighbour| {
                count += u32::from(is_number(&text(&neighbour)));
            });
            assert_eq!(count, 0, "{given}");
        }
        assert!(folded("3701991990010100180").is_none(), "nineteen characters");
    }
}
