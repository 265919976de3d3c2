//! The few persons that one row in review could be, each with the features in which it agrees and differs.
//!
//! A candidate is never a match (R7): nothing is attached here, no number says how near it is (R1), and the list is in an
//! order of plain features. One row is asked about at a time; there is no function for two populations.

use domain::{Day, DocumentKind, IdentityDocument, Name};

use crate::features::{BirthAgreement, NameAgreement, NumberAgreement, Reach};
use crate::names::agreement_with;
use crate::neighbours::{Written, document_of, folded, neighbours};
use crate::{IdentityRegister, RegisterEntry};

/// Candidates of one row at most: more than a human compares with a paper help nobody, and show persons without need.
pub const CANDIDATES_MAX: usize = 5;

/// Neighbours that are looked up together.
const TOGETHER: usize = 128;

/// A row of which it is in doubt whose it is.
#[derive(Clone, Copy)]
pub struct Doubt<'a> {
    kind: DocumentKind,
    number: &'a str,
    birth: Option<Day>,
    is_converted: bool,
    name: &'a Name,
}

impl<'a> Doubt<'a> {
    /// A row whose number is one.
    #[must_use]
    pub const fn of(document: &'a IdentityDocument, name: &'a Name) -> Self {
        Self {
            kind: document.kind(),
            number: document.expose(),
            birth: document.birth_day(),
            is_converted: document.is_converted(),
            name,
        }
    }

    /// A row whose number fails its check.
    #[must_use]
    pub fn slip(kind: DocumentKind, number_text: &'a str, name: &'a Name) -> Self {
        Self {
            kind,
            number: number_text,
            birth: birth_in(number_text),
            is_converted: false,
            name,
        }
    }
}

/// A person that a row could be.
#[derive(Clone)]
pub struct Candidate<'r> {
    /// The person's document in the register.
    pub document: IdentityDocument,
    /// What the register says of it.
    pub entry: RegisterEntry<'r>,
    /// How the numbers agree.
    pub number: NumberAgreement,
    /// How the names agree.
    pub name: NameAgreement,
    /// How the birth dates agree.
    pub birth: BirthAgreement,
}

impl std::fmt::Debug for Candidate<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Candidate")
            .field("number", &self.number)
            .field("name", &self.name)
            .field("birth", &self.birth)
            .finish_non_exhaustive()
    }
}

/// Where a pair of features stands in the list. Not a measure of a person or of the likeness: an order in which an officer
/// looks, whose steps have names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// One of number and name is the same, the other close to it.
    OneSameOtherClose,
    /// The name is the same, the number further away.
    NameSameNumberFurther,
    /// Neither is the same, both are close, and the check character says that the number is wrong in one place.
    BothClose,
    /// Neither is the same, and the check character does not tell where the number is wrong.
    BothCloseCheckSilent,
    /// The number is the same, the name another.
    NumberSameNameDiffers,
}

/// Where the pair stands; `None` if a person like that is no candidate: there are too many of them in any city.
const fn step(number: NumberAgreement, name: NameAgreement) -> Option<Step> {
    use NameAgreement as N;
    match (number.reach(), name) {
        (Reach::Same, N::Differs) => Some(Step::NumberSameNameDiffers),
        (Reach::Same, _) => Some(Step::OneSameOtherClose),
        (Reach::OneSlip, name) if name.is_same() => Some(Step::OneSameOtherClose),
        // Where the check character is silent, one other character in the name makes strangers of too many: fifty for each
        // person found, among a million (docs/adr/0010).
        (Reach::OneSlip, N::OneCharacter) if number.is_check_silent() => None,
        (Reach::OneSlip, N::MissingOrAdded | N::Order) if number.is_check_silent() => Some(Step::BothCloseCheckSilent),
        (Reach::OneSlip, N::OneCharacter | N::MissingOrAdded | N::Order) => Some(Step::BothClose),
        (Reach::Further, name) if name.is_same() => Some(Step::NameSameNumberFurther),
        (Reach::OneSlip | Reach::Further, _) => None,
    }
}

/// The candidates of one row, in the order in which to look at them.
#[derive(Debug, Clone, Default)]
pub struct Candidates<'r> {
    found: Vec<(Step, Candidate<'r>)>,
    left_out: usize,
}

impl<'r> Candidates<'r> {
    /// At most [`CANDIDATES_MAX`].
    #[must_use = "an iterator does nothing by itself"]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Candidate<'r>> {
        self.found.iter().map(|(_, candidate)| candidate)
    }

    /// Persons that fit too and are not in the list.
    #[must_use]
    pub const fn left_out(&self) -> usize {
        self.left_out
    }

    /// The only one that stands first, if the one after it stands further down and number and name are both close: what a
    /// comparison with other tools counts. It decides nothing.
    #[must_use]
    pub fn foremost(&self) -> Option<&Candidate<'r>> {
        let (step, first) = self.found.first()?;
        match self.found.get(1) {
            _ if *step > Step::BothClose => None,
            Some((next, _)) if next == step => None,
            _ => Some(first),
        }
    }

    fn look_up(
        &mut self,
        doubt: &Doubt<'_>,
        document: IdentityDocument,
        agreement: NumberAgreement,
        register: &'r dyn IdentityRegister,
    ) {
        if let Some(entry) = register.find(&document) {
            self.offer(compared(doubt, document, entry, agreement));
        }
    }

    fn offer(&mut self, candidate: Candidate<'r>) {
        let Some(step) = step(candidate.number, candidate.name) else {
            return;
        };
        if self.found.iter().any(|(_, known)| known.document == candidate.document) {
            return;
        }
        let at = self
            .found
            .partition_point(|(other, known)| (*other, order(known)) <= (step, order(&candidate)));
        self.found.insert(at, (step, candidate));
        if self.found.len() > CANDIDATES_MAX {
            self.found.pop();
            self.left_out += 1;
        }
    }
}

/// Within a step: the nearer number first, then the nearer name; the last word only makes the order the same every time.
fn order<'a>(candidate: &'a Candidate<'_>) -> (NumberAgreement, NameAgreement, &'a str) {
    (candidate.number, candidate.name, candidate.document.expose())
}

/// The persons that one row in review could be: the holder of its number, holders of numbers a few slips away under the
/// same or a close name, and persons born on the same day under the same name.
#[must_use]
pub fn candidates<'r>(doubt: &Doubt<'_>, register: &'r dyn IdentityRegister) -> Candidates<'r> {
    let mut found = Candidates::default();
    let own = IdentityDocument::parse(doubt.kind, doubt.number).ok();
    if let Some(document) = &own {
        let agreement = if doubt.is_converted {
            NumberAgreement::Converted
        } else {
            NumberAgreement::Same
        };
        found.look_up(doubt, document.clone(), agreement, register);
    }
    if let Some((characters, length)) = folded(doubt.number) {
        let mut waiting = Waiting::default();
        let number = characters.get(..length).unwrap_or_default();
        neighbours(doubt.kind, number, &mut |neighbour| match neighbour.number {
            Written::Body(body) => {
                waiting.bodies.push(body);
                waiting.agreements.push(neighbour.agreement);
                if waiting.bodies.len() == TOGETHER {
                    waiting.look_up(doubt, register, &mut found);
                }
            }
            Written::Whole(_) => {
                if let Some(document) = neighbour.number.document(doubt.kind) {
                    found.look_up(doubt, document, neighbour.agreement, register);
                }
            }
        });
        waiting.look_up(doubt, register, &mut found);
    }
    if let Some(birth) = doubt.birth {
        register.namesakes_born(birth, doubt.name, &mut |document, entry| {
            if own.as_ref() != Some(&document) {
                found.offer(compared(doubt, document, entry, NumberAgreement::BirthDateOnly));
            }
        });
    }
    found
}

/// Resident numbers that are looked up together, and how each agrees with the row's.
#[derive(Default)]
struct Waiting {
    bodies: Vec<u64>,
    agreements: Vec<NumberAgreement>,
}

impl Waiting {
    fn look_up<'r>(&mut self, doubt: &Doubt<'_>, register: &'r dyn IdentityRegister, found: &mut Candidates<'r>) {
        register.sieve(&self.bodies, &mut |at| {
            let (Some(body), Some(agreement)) = (self.bodies.get(at), self.agreements.get(at)) else {
                return;
            };
            if let Some(document) = document_of(doubt.kind, *body) {
                found.look_up(doubt, document, *agreement, register);
            }
        });
        self.bodies.clear();
        self.agreements.clear();
    }
}

fn compared<'r>(
    doubt: &Doubt<'_>,
    document: IdentityDocument,
    entry: RegisterEntry<'r>,
    number: NumberAgreement,
) -> Candidate<'r> {
    let birth = match (doubt.birth, document.birth_day()) {
        (Some(delivered), Some(registered)) if delivered == registered => BirthAgreement::Same,
        (Some(_), Some(_)) => BirthAgreement::Differs,
        _ => BirthAgreement::NotInNumber,
    };
    Candidate {
        name: agreement_with(doubt.name.canonical(), &entry),
        document,
        entry,
        number,
        birth,
    }
}

/// The day in the places of a resident number, if it is one of the calendar.
fn birth_in(number_text: &str) -> Option<Day> {
    let (characters, length) = folded(number_text)?;
    let digits = characters.get(6..14).filter(|_| length == characters.len())?;
    let number =
        |from: usize, to: usize| -> Option<i16> { std::str::from_utf8(digits.get(from..to)?).ok()?.parse().ok() };
    let (month, day) = (i8::try_from(number(4, 6)?).ok()?, i8::try_from(number(6, 8)?).ok()?);
    Day::new(number(0, 4)?, month, day).ok()
}
