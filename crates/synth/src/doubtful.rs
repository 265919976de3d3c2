//! Rows of which it is in doubt whose they are: a resident's number and name after the slips of a hand, with the truth.

use domain::{DocumentKind, ResidentId};

use crate::stream::{Draw, Stream};
use crate::{City, Resident, SynthError};

/// A row in doubt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoubtfulRow {
    /// Number as written.
    pub number: String,
    /// Name as written.
    pub name: String,
    /// Whose it is; `None` for a stranger, whom the register does not know.
    pub resident: Option<u64>,
    /// What happened to the number; `none` if nothing.
    pub number_slip: &'static str,
    /// What happened to the name; `none` if nothing.
    pub name_slip: &'static str,
}

/// Slips of numbers and how often they are drawn. One wrong digit leads and swapped neighbours come next, as Verhoeff counted
/// them (Error Detecting Decimal Codes, 1969); those that recompute the check character are what software does that
/// completes a number for its user.
const NUMBER_SLIPS: [(&str, u64); 13] = [
    ("none", 25),
    ("one_digit", 28),
    ("check_character", 4),
    ("swapped", 9),
    ("two_digits", 6),
    ("apart_swapped", 2),
    ("one_digit_rechecked", 6),
    ("swapped_rechecked", 2),
    ("two_digits_rechecked", 3),
    ("month_and_day_rechecked", 3),
    ("fifteen_digits", 5),
    ("other_sequence", 4),
    ("somebody_elses", 3),
];

/// Slips of names.
const NAME_SLIPS: [(&str, u64); 7] = [
    ("none", 62),
    ("former", 5),
    ("script", 9),
    ("one_character", 10),
    ("missing", 6),
    ("added", 5),
    ("order", 3),
];

/// Rows in a hundred that are a stranger's.
const STRANGERS_PERCENT: u64 = 5;

/// The `at`-th row in doubt about somebody of `city`. At least one of number and name is not as the register has it, or the
/// register has neither.
///
/// # Errors
///
/// [`SynthError::Parameters`] for a city without residents.
pub fn doubtful_row(city: &City, at: u64) -> Result<DoubtfulRow, SynthError> {
    let mut stream = Stream::new(city.seed(), Draw::Doubt, at);
    if stream.below(100) < STRANGERS_PERCENT {
        let person = card_holder(city, &mut stream, city.residents() + city.canaries(), 500_000)?;
        return Ok(DoubtfulRow {
            number: person.number,
            name: person.name,
            resident: None,
            number_slip: "none",
            name_slip: "none",
        });
    }
    let (number_slip, name_slip) = loop {
        let slips = (drawn(&mut stream, &NUMBER_SLIPS), drawn(&mut stream, &NAME_SLIPS));
        if slips != ("none", "none") {
            break slips;
        }
    };
    // Not everybody has a former name, or digits whose exchange changes the number.
    for _ in 0..10_000 {
        let person = card_holder(city, &mut stream, 0, city.residents())?;
        let number = match number_slip {
            "somebody_elses" => Some(card_holder(city, &mut stream, 0, city.residents())?.number),
            "fifteen_digits" => person.legacy_number(),
            slip => slipped(slip, &person.number, &mut stream),
        };
        let name = misspelt(name_slip, &person, &mut stream);
        if let (Some(number), Some(name)) = (number, name) {
            return Ok(DoubtfulRow {
                number,
                name,
                resident: Some(person.index),
                number_slip,
                name_slip,
            });
        }
    }
    Err(SynthError::Parameters("the city has too few residents"))
}

fn card_holder(city: &City, stream: &mut Stream, from: u64, count: u64) -> Result<Resident, SynthError> {
    for _ in 0..1_000 {
        let person = city.person(from + stream.below(count))?;
        if person.kind == DocumentKind::ResidentId {
            return Ok(person);
        }
    }
    Err(SynthError::Parameters("the city has too few residents"))
}

fn drawn(stream: &mut Stream, weighted: &[(&'static str, u64)]) -> &'static str {
    let mut left = stream.below(weighted.iter().map(|(_, weight)| weight).sum());
    for (word, weight) in weighted {
        if left < *weight {
            return word;
        }
        left -= weight;
    }
    ""
}

/// The number after a slip; `None` where it has no such slip.
fn slipped(slip: &str, number: &str, stream: &mut Stream) -> Option<String> {
    let mut characters: [u8; 18] = number.as_bytes().try_into().ok()?;
    match slip {
        "none" => {}
        "check_character" => {
            let others: Vec<u8> = (*b"0123456789X").into_iter().filter(|c| *c != characters[17]).collect();
            characters[17] = stream.pick(&others);
        }
        "one_digit" | "one_digit_rechecked" => other_digit(&mut characters, stream, &[]).map(|_| ())?,
        "two_digits" | "two_digits_rechecked" => {
            let first = other_digit(&mut characters, stream, &[])?;
            other_digit(&mut characters, stream, &[first])?;
        }
        "swapped" | "swapped_rechecked" | "apart_swapped" => {
            let distance = usize::from(slip == "apart_swapped") + 1;
            let from = usize::try_from(stream.below(16)).ok()?;
            let to = from + distance;
            if to > 16 || characters.get(from) == characters.get(to) {
                return None;
            }
            characters.swap(from, to);
        }
        "month_and_day_rechecked" => {
            characters.swap(10, 12);
            characters.swap(11, 13);
        }
        "other_sequence" => {
            for at in 14..17 {
                if let Some(place) = characters.get_mut(at) {
                    *place = b'0' + (*place - b'0' + 1 + u8::try_from(stream.below(9)).ok()?) % 10;
                }
            }
        }
        _ => return None,
    }
    if slip.ends_with("_rechecked") || slip == "other_sequence" {
        characters[17] = ResidentId::check_character(characters.first_chunk()?);
    }
    let text = String::from_utf8(characters.to_vec()).ok()?;
    // Exchanging equal parts is no slip.
    (slip == "none" || text != number).then_some(text)
}

/// Another digit in a place that is not among `but`; where it was.
fn other_digit(characters: &mut [u8; 18], stream: &mut Stream, but: &[usize]) -> Option<usize> {
    let places: Vec<usize> = (0..17).filter(|at| !but.contains(at)).collect();
    let at = stream.pick(&places);
    let place = characters.get_mut(at)?;
    *place = b'0' + (*place - b'0' + 1 + u8::try_from(stream.below(9)).ok()?) % 10;
    Some(at)
}

/// The name after a slip; `None` where it has no such slip.
fn misspelt(slip: &str, person: &Resident, stream: &mut Stream) -> Option<String> {
    let mut characters: Vec<char> = person.name.chars().collect();
    match slip {
        "none" => {}
        "former" => return person.former_name.clone(),
        "script" => {
            for (at, traditional) in ['測', '試'].into_iter().enumerate() {
                *characters.get_mut(at)? = traditional;
            }
        }
        "one_character" => {
            let others = ['赵', '钱', '孙', '周', '吴', '郑', '王', '冯', '陈', '褚'];
            *characters.last_mut()? = stream.pick(&others);
        }
        "missing" => {
            characters.remove(usize::try_from(stream.below(2)).ok()?);
        }
        "added" => characters.push(stream.pick(&['一', '之', '文', '小'])),
        "order" => {
            let last = characters.len().checked_sub(1)?;
            characters.swap(last - 1, last);
        }
        _ => return None,
    }
    Some(characters.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use domain::Day;

    use super::*;

    #[test]
    fn rows_repeat_differ_from_the_register_and_show_every_slip() {
        let city = City::new(7, 20_000, Day::new(2026, 11, 24).unwrap()).unwrap();
        let (mut numbers, mut names, mut strangers) = (BTreeSet::new(), BTreeSet::new(), 0);
        for at in 0..3_000 {
            let row = doubtful_row(&city, at).unwrap();
            assert_eq!(row, doubtful_row(&city, at).unwrap());
            let Some(resident) = row.resident else {
                strangers += 1;
                assert!(city.find(&row.number).is_none());
                continue;
            };
            let person = city.person(resident).unwrap();
            assert_eq!(row.number == person.number, row.number_slip == "none");
            assert_eq!(row.name == person.name, row.name_slip == "none");
            assert!(row.number_slip != "none" || row.name_slip != "none");
            numbers.insert(row.number_slip);
            names.insert(row.name_slip);
        }
        assert_eq!((numbers.len(), names.len()), (NUMBER_SLIPS.len(), NAME_SLIPS.len()));
        assert!((100..200).contains(&strangers), "{strangers}");
    }
}
