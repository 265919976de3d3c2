//! Plants in whose row it is: numbers and names.

use domain::catalogue::FieldRole;
use domain::{DocumentKind, ResidentId};

use super::{Bed, Draft, set};
use crate::SynthError;
use crate::city::Resident;
use crate::dirt::Plant;
use crate::fact::out_of_range;
use crate::stream::Stream;
use crate::truth::{ExpectedFault, Outcome};

/// Characters that `样` and `例` stand for: nobody in the city has them in the name.
const NOBODY: &str = "样例某";

impl Bed<'_> {
    pub(super) fn bad_number(&self, plant: Plant, draft: &mut Draft, stream: &mut Stream) -> Result<bool, SynthError> {
        let Some(at) = self.at(FieldRole::DocumentNumber) else {
            return Ok(false);
        };
        let person = self
            .plan
            .search(stream, |person| person.kind == DocumentKind::ResidentId)?;
        let number = match plant {
            Plant::NumberShape => person.number.chars().take(17).collect(),
            Plant::BadBirthDay => with_check(&person.number, |body| replace(body, 10, b"0231")),
            Plant::BadArea => with_check(&person.number, |body| {
                replace(body, 0, stream.pick(&["16", "38", "47", "56", "72"]).as_bytes())
            }),
            _ => wrong_check(&person.number),
        };
        // A name that nobody has, so that no neighbour of the number can be meant.
        draft.fact.person = Resident {
            number,
            name: nobody(stream),
            ..person
        };
        self.rewrite(draft);
        self.refuse(
            draft,
            if matches!(plant, Plant::BadBirthDay | Plant::BadArea) {
                "E06"
            } else {
                "E05"
            },
            Some(at),
        );
        Ok(true)
    }

    pub(super) fn minor(&self, draft: &mut Draft, stream: &mut Stream) -> Result<bool, SynthError> {
        if !self.plan.item.is_adverse() {
            return Ok(false);
        }
        draft.fact.person = self.plan.minor(stream)?;
        self.rewrite(draft);
        self.refuse(draft, "E13", self.at(FieldRole::DocumentNumber));
        Ok(true)
    }

    pub(super) fn stranger(&self, draft: &mut Draft, stream: &mut Stream) -> Result<bool, SynthError> {
        let first = self.plan.city.residents() + self.plan.city.canaries();
        for _ in 0..1_000 {
            let person = self.plan.city.person(first + stream.below(500_000))?;
            let long_ago = self.plan.city.today().plus_months(-120).map_err(out_of_range)?;
            if person.is_adult_on(long_ago) && person.kind == DocumentKind::ResidentId {
                draft.fact.person = person;
                self.rewrite(draft);
                draft.outcome = Outcome::Held;
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(super) fn bad_name(&self, plant: Plant, draft: &mut Draft, stream: &mut Stream) -> Result<bool, SynthError> {
        let Some(at) = self.at(FieldRole::PersonName) else {
            return Ok(false);
        };
        let (name, explanation) = match plant {
            Plant::NameChange => {
                let adult = self.plan.city.today().plus_months(-336).map_err(out_of_range)?;
                let Ok(person) = self.plan.search(stream, |person| {
                    person.former_name.is_some() && person.is_adult_on(adult)
                }) else {
                    return Ok(false);
                };
                let name = person.former_name.clone().unwrap_or_default();
                draft.fact.person = person;
                self.rewrite(draft);
                (name, "name_change")
            }
            Plant::NameVariant => (variant(&draft.fact.person.name, stream), "name_variant"),
            _ => (nobody(stream), "name_differs"),
        };
        set(draft, at, &name);
        self.pend(draft, explanation, at);
        Ok(true)
    }

    /// A row whose name disagrees with the register is pending, and reported with E07.
    pub(super) fn pend(&self, draft: &mut Draft, explanation: &'static str, at: usize) {
        draft.outcome = Outcome::Pending;
        draft.explanation = explanation;
        draft.faults.push(ExpectedFault {
            code: "E07".to_owned(),
            header: self.header(at).to_owned(),
        });
    }

    pub(super) fn slip(&self, plant: Plant, draft: &mut Draft, stream: &mut Stream) -> Result<bool, SynthError> {
        let Some(at) = self.at(FieldRole::DocumentNumber) else {
            return Ok(false);
        };
        let adult = self.plan.city.today().plus_months(-336).map_err(out_of_range)?;
        let person = self.plan.search(stream, |person| {
            person.kind == DocumentKind::ResidentId
                && person.is_adult_on(adult)
                && (plant != Plant::Legacy15 || person.legacy_number().is_some())
        })?;
        let (number, explanation) = match plant {
            Plant::Legacy15 => (person.legacy_number().unwrap_or_default(), "converted_15"),
            Plant::CheckSlip => (wrong_check(&person.number), "check_digit_slip"),
            _ => (swapped(&person.number, stream), "transposition"),
        };
        if plant != Plant::Legacy15 {
            if self.has_namesake_near(&number, &person) {
                return Ok(false);
            }
            self.expect_slip(draft, at);
        }
        draft.fact.person = person;
        self.rewrite(draft);
        set(draft, at, &number);
        draft.outcome = Outcome::Pending;
        draft.explanation = explanation;
        Ok(true)
    }

    /// The row waits, and its fault is reported all the same.
    pub(super) fn expect_slip(&self, draft: &mut Draft, at: usize) {
        draft.faults.push(ExpectedFault {
            code: "E05".to_owned(),
            header: self.header(at).to_owned(),
        });
    }

    /// Whether a wrong number could be meant for somebody else of that name: then nobody can tell, and it is refused.
    pub(super) fn has_namesake_near(&self, number: &str, person: &Resident) -> bool {
        let neighbours = (0..17)
            .filter_map(|at| swap(number, at))
            .chain([with_check(number, |body| body)]);
        neighbours
            .filter(|neighbour| *neighbour != person.number)
            .filter_map(|neighbour| self.plan.city.find(&neighbour))
            .any(|other| other.name == person.name)
    }
}

/// The number with another last character than the right one.
pub(super) fn wrong_check(number: &str) -> String {
    let mut text = number.to_owned();
    let wrong = match text.pop() {
        Some('1') => '2',
        _ => '1',
    };
    text.push(wrong);
    text
}

/// The number with its first 17 characters changed and the check character that fits them.
fn with_check(number: &str, change: impl FnOnce([u8; 17]) -> [u8; 17]) -> String {
    let Some(body) = number.as_bytes().first_chunk::<17>() else {
        return number.to_owned();
    };
    let body = change(*body);
    let mut text = String::from_utf8_lossy(&body).into_owned();
    text.push(char::from(ResidentId::check_character(&body)));
    text
}

fn replace(mut body: [u8; 17], at: usize, with: &[u8]) -> [u8; 17] {
    for (to, from) in body.iter_mut().skip(at).zip(with) {
        *to = *from;
    }
    body
}

/// The text with the characters at `at` and after it swapped, if they differ.
fn swap(number: &str, at: usize) -> Option<String> {
    let mut bytes = number.as_bytes().to_vec();
    if at + 1 >= bytes.len() || bytes.get(at) == bytes.get(at + 1) {
        return None;
    }
    bytes.swap(at, at + 1);
    String::from_utf8(bytes).ok()
}

/// Two neighbouring digits of the number swapped, not the last pair: that would look like another kind of slip.
fn swapped(number: &str, stream: &mut Stream) -> String {
    let from = usize::try_from(stream.below(16)).unwrap_or_default();
    (from..16)
        .chain(0..from)
        .find_map(|at| swap(number, at))
        .unwrap_or_else(|| wrong_check(number))
}

/// A name near `name`: another last character, one left out, one added, two swapped.
fn variant(name: &str, stream: &mut Stream) -> String {
    let mut characters: Vec<char> = name.chars().collect();
    match stream.below(3) {
        0 => {
            characters.pop();
            characters.push('样');
        }
        1 => characters.push('样'),
        _ => characters.swap(0, 1),
    }
    characters.into_iter().collect()
}

/// The name of somebody whom the city does not have.
fn nobody(stream: &mut Stream) -> String {
    format!("{NOBODY}{}", stream.pick(&["甲", "乙", "丙", "丁"]))
}
