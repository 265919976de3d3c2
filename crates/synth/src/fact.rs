//! One fact about one person: everything that the cells of a row are written from.

use domain::catalogue::Catalogue;
use domain::catalogue::{BreachClass, EndRule, Item};
use domain::record::{EndInput, adverse_end};
use domain::{Day, DocumentKind};

use crate::SynthError;
use crate::cases::{CASES, Case};
use crate::city::{City, Resident};
use crate::stream::{Draw, Stream};

/// Days that a record at least still has before it, so that a demonstration lives for a while.
const DAYS_LEFT_MIN: i32 = 20;

/// A fact before dirt.
#[derive(Debug, Clone)]
pub(crate) struct Fact {
    /// Unique in a set of deliveries; the document number is written from it.
    pub serial: u64,
    pub person: Resident,
    pub case: Case,
    pub class: BreachClass,
    pub fine_yuan: i32,
    pub decision: Day,
    pub act_end: Day,
    pub from: Day,
    /// `None`: no end, written `2099/12/31` where a day is required.
    pub to: Option<Day>,
    pub is_fulfilled: bool,
    /// Counts corrections: a later version differs in content, not in key.
    pub version: u32,
    /// Further choices of the row.
    pub choice: u64,
}

/// What facts of one file have in common.
pub(crate) struct FactPlan<'a> {
    pub city: &'a City,
    pub catalogue: &'a Catalogue,
    pub item: &'a Item,
    /// Whether the file has no column for the kind of document.
    pub needs_resident_id: bool,
    pub longest_back: LongestBack,
}

/// How many days ago a penalty of each class may have been decided and still be on file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LongestBack {
    minor: i32,
    general: i32,
    serious: i32,
}

impl LongestBack {
    pub(crate) fn new(catalogue: &Catalogue, today: Day) -> Result<Self, SynthError> {
        let of = |class| longest_back(catalogue, today, class);
        Ok(Self {
            minor: of(BreachClass::Minor)?,
            general: of(BreachClass::General)?,
            serious: of(BreachClass::Serious)?,
        })
    }

    pub(crate) const fn of(&self, class: BreachClass) -> i32 {
        match class {
            BreachClass::Minor => self.minor,
            BreachClass::General => self.general,
            BreachClass::Serious => self.serious,
        }
    }
}

fn longest_back(catalogue: &Catalogue, today: Day, class: BreachClass) -> Result<i32, SynthError> {
    let edge = today.plus_days(DAYS_LEFT_MIN).map_err(out_of_range)?;
    let mut longest = 6;
    // The periods changed on 2026-04-01, so a later decision may end earlier: stop at the first that is over.
    for days in (6..=1_000).step_by(2) {
        let decision = today.plus_days(-days).map_err(out_of_range)?;
        let input = EndInput {
            decision,
            act_end: Some(decision),
            class_max_months: class_months(catalogue, class, decision),
            act_end_months: catalogue.act_end_months,
            upstream_end: None,
        };
        if adverse_end(&input).is_ok_and(|end| end > edge) {
            longest = days;
        } else {
            break;
        }
    }
    Ok(longest)
}

/// The longest period of `class` for a decision on `day`, by the catalogue.
fn class_months(catalogue: &Catalogue, class: BreachClass, day: Day) -> Option<u32> {
    catalogue
        .class_periods
        .iter()
        .find(|period| period.class == class && period.valid_from <= day && period.valid_to.is_none_or(|to| day <= to))
        .map(|period| period.max_months)
}

/// Days far from ours.
pub(crate) fn out_of_range(_: domain::time::DayFault) -> SynthError {
    SynthError::Parameters("year out of range")
}

impl FactPlan<'_> {
    /// The fact with `serial`, about a person drawn by `stream` among the registered adults.
    pub(crate) fn draw(&self, serial: u64, stream: &mut Stream) -> Result<Fact, SynthError> {
        let person = self.adult(stream)?;
        self.about(person, serial, stream)
    }

    /// A registered person who was an adult ten years ago, whatever the day of the act.
    fn adult(&self, stream: &mut Stream) -> Result<Resident, SynthError> {
        let long_ago = self.city.today().plus_months(-120).map_err(out_of_range)?;
        self.search(stream, |person| {
            person.is_adult_on(long_ago) && !self.city.is_canary(person.index)
        })
    }

    /// A registered person under 18 today.
    pub(crate) fn minor(&self, stream: &mut Stream) -> Result<Resident, SynthError> {
        self.search(stream, |person| {
            person.kind == DocumentKind::ResidentId && !person.is_adult_on(self.city.today())
        })
    }

    /// A person of the city for whom `fits` holds and whose document the file can name.
    pub(crate) fn search(&self, stream: &mut Stream, fits: impl Fn(&Resident) -> bool) -> Result<Resident, SynthError> {
        for _ in 0..10_000 {
            let person = self.city.person(stream.below(self.city.residents()))?;
            if fits(&person) && (!self.needs_resident_id || person.kind == DocumentKind::ResidentId) {
                return Ok(person);
            }
        }
        Err(SynthError::Parameters(
            "the city has too few residents for these deliveries",
        ))
    }

    /// A fact about `person`.
    pub(crate) fn about(&self, person: Resident, serial: u64, stream: &mut Stream) -> Result<Fact, SynthError> {
        let case = stream.pick(&CASES);
        let class = BreachClass::parse(case.class).unwrap_or(BreachClass::Minor);
        let (decision, act_end, to) = self.days(class, stream)?;
        let (low, high) = case.fine_yuan;
        // Amounts in tens of yuan, as decisions name them.
        let fine_yuan = if high == 0 {
            0
        } else {
            stream.between(low / 10, high / 10) * 10
        };
        Ok(Fact {
            serial,
            person,
            case,
            class,
            fine_yuan,
            decision,
            act_end,
            from: decision,
            to,
            is_fulfilled: stream.chance(6_000),
            version: 0,
            choice: stream.next(),
        })
    }

    /// Decision, end of the act and stated end, such that the record is not over today.
    fn days(&self, class: BreachClass, stream: &mut Stream) -> Result<(Day, Day, Option<Day>), SynthError> {
        let today = self.city.today();
        let back = |days: i32| today.plus_days(-days).map_err(out_of_range);
        let span = match &self.item.end_rule {
            EndRule::AdverseClocks => self.longest_back.of(class),
            EndRule::ValidToOrReview { review_months } => {
                i32::try_from(*review_months).unwrap_or(12) * 30 - DAYS_LEFT_MIN - 10
            }
            EndRule::MonthsAfterDecision { months } => i32::try_from(*months).unwrap_or(12) * 30 - DAYS_LEFT_MIN - 10,
        };
        // An item that came into force lately has no older decisions.
        let in_force = today.to_epoch_days() - self.item.in_force_from.to_epoch_days();
        let span = span.max(7).min(in_force.max(0));
        let decided = stream.between(span.min(6), span);
        let decision = back(decided)?;
        let act_end = back(decided + stream.between(1, 120))?;
        let to = (stream.chance(7_000) && !self.item.is_adverse())
            .then(|| today.plus_days(stream.between(200, 1_800)))
            .transpose()
            .map_err(out_of_range)?;
        Ok((decision, act_end, to))
    }
}

/// The stream of row `serial`.
pub(crate) const fn row_stream(seed: u64, serial: u64) -> Stream {
    Stream::new(seed, Draw::Row, serial)
}
