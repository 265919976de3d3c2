//! Rows about canaries.

use domain::DocumentKind;

use super::{Bed, Draft};
use crate::SynthError;
use crate::dirt::Plant;
use crate::stream::Stream;
use crate::truth::Outcome;

/// One row in so many is about a canary, while there are canaries.
const CANARY_EVERY: u64 = 5;
/// Rows about one canary in a file.
const CANARY_ROWS: u64 = 6;

/// The canary that this row is about.
pub(crate) fn canary_of(bed: &Bed<'_>, series: u64, row: u64) -> Option<(u64, u64)> {
    let canaries = bed.plan.city.canaries();
    let turn = row / CANARY_EVERY;
    if canaries == 0 || row % CANARY_EVERY != 2 || turn >= canaries * CANARY_ROWS {
        return None;
    }
    // Each file begins with another canary, so that short files together have all.
    let rank = (turn + series * 11) % canaries;
    let at = usize::try_from(rank).ok()?;
    bed.plan
        .city
        .canary_indexes()
        .nth(at)
        .map(|index| (index, turn / canaries + turn + series))
}

/// A row in which a canary is recorded, held, pending, refused, or named in the free text of somebody else's record.
pub(crate) fn plant_canary(
    bed: &Bed<'_>,
    (index, turn): (u64, u64),
    draft: &mut Draft,
    dirt: &mut Stream,
) -> Result<&'static str, SynthError> {
    let city = bed.plan.city;
    let canary = city.person(index)?;
    let is_adult = canary.kind == DocumentKind::ResidentId
        && city
            .today()
            .plus_months(-120)
            .is_ok_and(|long_ago| canary.is_adult_on(long_ago));
    if turn.is_multiple_of(3) || !is_adult {
        let mut is_planted = false;
        for plant in [Plant::OtherNumber, Plant::OtherTelephone, Plant::OtherName] {
            is_planted |= bed.other_person(plant, &canary, draft, dirt);
            // Three additions to one cell are one fault.
            draft.faults.sort();
            draft.faults.dedup();
        }
        return Ok(if is_planted { "canary_in_text" } else { "" });
    }
    let mut fact = draft.fact.clone();
    fact.person = canary;
    *draft = bed.draft(fact, draft.form, std::mem::take(&mut draft.cells));
    if index >= city.residents() {
        draft.outcome = Outcome::Held;
        return Ok("canary_unknown");
    }
    let mut attempt = draft.clone();
    let plant = match turn % 4 {
        0 => Plant::NameDiffers,
        1 => Plant::RequiredEmpty,
        _ => return Ok("canary"),
    };
    if bed.plant(plant, &mut attempt, dirt)? {
        *draft = attempt;
    }
    Ok("canary")
}
