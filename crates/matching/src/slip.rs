//! Numbers that fail their check: is a neighbour of the number in the register, under the same name?

use domain::{DocumentKind, IdentityDocument, Name, ResidentId};

use crate::{Explanation, IdentityRegister};

/// The one person that `number_text` was probably meant for: the number with the right check character, or with two
/// neighbouring characters swapped, if the register has it under exactly this name.
///
/// `None` if no neighbour fits, or if two do: then nobody can say whom the row means, and it is refused with its fault.
/// A number whose check holds has no such neighbour, since MOD 11-2 finds every swap (ISO/IEC 7064), so a wrong date or
/// area under a right check is never explained here.
#[must_use]
pub fn slip(
    kind: DocumentKind,
    number_text: &str,
    name: &Name,
    register: &dyn IdentityRegister,
) -> Option<(Explanation, IdentityDocument)> {
    if !matches!(kind, DocumentKind::ResidentId | DocumentKind::ForeignPermanentResident) {
        return None;
    }
    let number = folded(number_text)?;
    let body = number.first_chunk::<17>()?;
    if body.iter().all(u8::is_ascii_digit) && ResidentId::check_character(body) == number[17] {
        return None;
    }
    let mut found: Option<(Explanation, IdentityDocument)> = None;
    for (explanation, candidate) in neighbours(&number) {
        let Some(document) = registered(kind, &candidate, name, register) else {
            continue;
        };
        match &found {
            Some((_, earlier)) if *earlier != document => return None,
            Some(_) => {}
            None => found = Some((explanation, document)),
        }
    }
    found
}

/// Eighteen characters; anything else is no slip of a number.
fn folded(text: &str) -> Option<[u8; 18]> {
    crate::neighbours::folded(text).and_then(|(number, length)| (length == number.len()).then_some(number))
}

fn neighbours(number: &[u8; 18]) -> impl Iterator<Item = (Explanation, [u8; 18])> + '_ {
    let corrected = number
        .first_chunk::<17>()
        .filter(|body| body.iter().all(u8::is_ascii_digit))
        .map(|body| {
            let mut candidate = *number;
            candidate[17] = ResidentId::check_character(body);
            (Explanation::CheckDigitSlip, candidate)
        });
    let swapped = (0..17).map(|at| {
        let mut candidate = *number;
        candidate.swap(at, at + 1);
        (Explanation::Transposition, candidate)
    });
    corrected.into_iter().chain(swapped)
}

fn registered(
    kind: DocumentKind,
    candidate: &[u8; 18],
    name: &Name,
    register: &dyn IdentityRegister,
) -> Option<IdentityDocument> {
    let document = IdentityDocument::parse(kind, std::str::from_utf8(candidate).ok()?).ok()?;
    let entry = register.find(&document)?;
    (entry.name() == name.canonical()).then_some(document)
}
