//! Limits on *distinct persons*, and alarms (AB-01, AB-02, AB-09). Requests and addresses are not counted: one address can
//! ask little from many places, and looking at the same person again tells nothing new.
//!
//! What counts is durable with the look-ups themselves, so a restart forgets nothing: the sets here are filled from the
//! store, and filled up from it again and again with what other processes wrote.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use domain::catalogue::{LookUpLimits, PurposeId};
use domain::{Day, IdentityDocument, Moment, Uscc};
use policy::{Caller, CallerKind};
use store::{Alarm, AlarmKind, Asker, Counted, MatterId, NewRelation, Relation};
use uuid::Uuid;

use super::LookUpFault;
use crate::keys::{self, TagPair};
use crate::{App, AppError};

/// Look-ups read from the store at once.
const PAGE: u32 = 10_000;
/// How old what is known of other processes may be, in milliseconds: an alarm is raised within five seconds (AB-01).
const FRESH_MS: i64 = 1_000;
/// Refusals for want of a matter in one day before an alarm.
const MATTERLESS_MAX: u32 = 5;
/// Persons of one matter that are read; no limit is above it.
const SUBJECTS_MAX: u32 = 10_000;

/// Whose limit it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Scope {
    Officer(Uuid),
    Client(Uuid),
    Department(Uscc),
    Purpose(PurposeId),
    City,
    Matter(MatterId),
}

impl Scope {
    const fn alarm(&self) -> AlarmKind {
        match self {
            Self::Officer(_) => AlarmKind::OfficerLimit,
            Self::Client(_) => AlarmKind::ClientLimit,
            Self::Department(_) => AlarmKind::DepartmentLimit,
            Self::Purpose(_) => AlarmKind::PurposeLimit,
            Self::City => AlarmKind::CityLimit,
            Self::Matter(_) => AlarmKind::MatterLimit,
        }
    }

    const fn limit(&self, limits: &LookUpLimits) -> u32 {
        match self {
            Self::Officer(_) => limits.officer,
            Self::Client(_) => limits.client,
            Self::Department(_) => limits.department,
            Self::Purpose(_) => limits.purpose,
            Self::City => limits.city,
            Self::Matter(_) => limits.persons_per_matter,
        }
    }

    fn all(asker: &Asker, matter: Option<MatterId>) -> Vec<Self> {
        let mut scopes = vec![
            Self::Officer(asker.account),
            Self::Department(asker.organisation.clone()),
            Self::Purpose(asker.purpose.clone()),
            Self::City,
        ];
        scopes.extend(asker.client.map(Self::Client));
        scopes.extend(matter.map(Self::Matter));
        scopes
    }
}

type Tag = [u8; 16];

/// What is known of a day.
#[derive(Debug, Default)]
struct Known {
    day: Option<Day>,
    /// Order of the last look-up that was read from the store.
    read_to: i64,
    read_at: Option<Moment>,
    persons: HashMap<Scope, HashSet<Tag>>,
    /// Matters whose persons of earlier days were read.
    matters: BTreeSet<MatterId>,
    raised: BTreeSet<Scope>,
    matterless: BTreeMap<Uuid, u32>,
    honey: HashSet<Tag>,
}

/// The counts of this process.
#[derive(Debug, Default)]
pub(crate) struct Limits(Mutex<Known>);

impl Limits {
    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        // Sets of tags have no half-done state.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a refusal for want of a matter; whether it is one too many.
    pub(super) fn is_matterless_again(&self, caller: &Caller, day: Day) -> bool {
        let mut known = self.known();
        known.begin(day);
        let officer = caller.behind.unwrap_or(caller.account);
        let count = known.matterless.entry(officer).or_default();
        *count += 1;
        *count == MATTERLESS_MAX
    }
}

impl Known {
    /// Forgets another day.
    fn begin(&mut self, day: Day) {
        if self.day != Some(day) {
            *self = Self {
                day: Some(day),
                ..Self::default()
            };
        }
    }

    fn is_honey(&self, number: &TagPair) -> bool {
        number.all().any(|tag| self.honey.contains(&tag.tag))
    }

    fn add(&mut self, counted: &Counted) {
        for scope in Scope::all(&counted.asker, counted.matter) {
            self.persons.entry(scope).or_default().insert(counted.tag);
        }
        self.read_to = self.read_to.max(counted.order);
    }

    /// Enters a person under every scope, or says which is full. A limit that was reached stays reached for the day.
    fn take(&mut self, scopes: &[Scope], tag: Tag, limits: &LookUpLimits) -> Result<(), Scope> {
        for scope in scopes {
            let persons = self.persons.entry(scope.clone()).or_default();
            let has_room = usize::try_from(scope.limit(limits)).is_ok_and(|limit| persons.len() < limit);
            if !persons.contains(&tag) && !has_room {
                return Err(scope.clone());
            }
        }
        for scope in scopes {
            self.persons.entry(scope.clone()).or_default().insert(tag);
        }
        Ok(())
    }
}

/// Enters a person under every limit of the one who asks.
///
/// # Errors
///
/// [`LookUpFault::Limit`] if one is reached: nobody is searched for then.
pub(super) async fn take(
    app: &App,
    caller: &Caller,
    asker: &Asker,
    matter: Option<MatterId>,
    tag: Tag,
) -> Result<(), LookUpFault> {
    fill(app).await?;
    if let Some(matter) = matter {
        fill_matter(app, matter).await?;
    }
    let scopes = Scope::all(asker, matter);
    let outcome = app.limits().known().take(&scopes, tag, &app.catalogue().look_up_limits);
    let Err(scope) = outcome else { return Ok(()) };
    let kind = scope.alarm();
    // Once a day: an alarm that rings without end is not heard.
    if app.limits().known().raised.insert(scope) {
        raise(app, kind, caller, Some(&asker.purpose), None).await;
    }
    Err(LookUpFault::Limit(kind))
}

/// Whether the number was never issued: one that was entered before the index key was rotated stands under the older tag.
pub(super) fn is_honey(app: &App, number: &TagPair) -> bool {
    app.limits().known().is_honey(number)
}

/// Which of these numbers were never issued, by their places.
pub(crate) async fn honey_among(app: &App, numbers: impl Iterator<Item = &TagPair>) -> Result<Vec<usize>, AppError> {
    fill(app).await?;
    let known = app.limits().known();
    let places = numbers.enumerate().filter(|(_, number)| known.is_honey(number));
    Ok(places.map(|(place, _)| place).collect())
}

/// Reads what is new in the store: all of the day first, then what other processes wrote.
async fn fill(app: &App) -> Result<(), AppError> {
    let now = app.now();
    let (day, mut after) = {
        let mut known = app.limits().known();
        known.begin(now.day());
        let is_fresh = known.read_at.is_some_and(|at| (at.0..at.0 + FRESH_MS).contains(&now.0));
        if is_fresh {
            return Ok(());
        }
        (now.day(), known.read_to)
    };
    loop {
        let page = app.store().counted_look_ups(day, after, PAGE).await?;
        let is_last = u32::try_from(page.len()).is_ok_and(|rows| rows < PAGE);
        let mut known = app.limits().known();
        if known.day != Some(day) {
            return Ok(());
        }
        for counted in &page {
            known.add(counted);
        }
        after = known.read_to;
        if is_last {
            break;
        }
    }
    let honey = app.store().honey_numbers().await?;
    let mut known = app.limits().known();
    known.honey = honey.into_iter().map(|tag| tag.tag).collect();
    known.read_at = Some(now);
    Ok(())
}

/// Persons whom a matter concerned on earlier days.
async fn fill_matter(app: &App, matter: MatterId) -> Result<(), AppError> {
    if app.limits().known().matters.contains(&matter) {
        return Ok(());
    }
    let persons = app.store().subjects_of_matter(matter, SUBJECTS_MAX).await?;
    let mut known = app.limits().known();
    known.persons.entry(Scope::Matter(matter)).or_default().extend(persons);
    known.matters.insert(matter);
    Ok(())
}

/// Raises an alarm: a row, and a line in the log that names no person. The row is written with the next group; nobody waits.
pub(crate) async fn raise(
    app: &App,
    kind: AlarmKind,
    caller: &Caller,
    purpose: Option<&PurposeId>,
    look_up: Option<Uuid>,
) {
    let Some(organisation) = caller.organisation.clone() else {
        return;
    };
    tracing::error!(alarm.kind = kind.as_str(), organisation = %organisation, "an alarm about look-ups was raised");
    let alarm = Alarm {
        kind,
        organisation,
        account: caller.behind.unwrap_or(caller.account),
        client: client_of(caller),
        purpose: purpose.cloned(),
        look_up,
        at: app.now(),
    };
    app.traces().alarm(alarm).await;
}

/// The registered client, if a system asks.
pub(crate) fn client_of(caller: &Caller) -> Option<Uuid> {
    (caller.kind == CallerKind::System).then_some(caller.account)
}

/// Alarms, newest first; those that this process raised before are among them.
///
/// # Errors
///
/// If the store fails, or one that was raised is not written yet.
pub async fn alarms(app: &App, limit: u32) -> Result<Vec<Alarm>, AppError> {
    app.traces().flush().await?;
    Ok(app.store().alarms(limit).await?)
}

/// Enters numbers that were never issued; of an issued one the identity register would know.
///
/// # Errors
///
/// [`AppError::Invalid`] if the register knows one of them; else if the store fails.
pub async fn add_honey_numbers(app: &App, numbers: &[IdentityDocument]) -> Result<(), AppError> {
    if numbers.iter().any(|number| app.register().find(number).is_some()) {
        return Err(AppError::Invalid {
            what: "a number was issued: the identity register knows it",
        });
    }
    let pairs: Vec<_> = numbers
        .iter()
        .map(|number| keys::number_tags(app.vault(), number))
        .collect();
    let tags: Vec<_> = pairs.iter().flat_map(TagPair::all).collect();
    app.store().add_honey_numbers(&tags, app.now()).await?;
    entered_anew(app, &pairs).await?;
    app.limits().known().honey.extend(tags.iter().map(|tag| tag.tag));
    Ok(())
}

/// Enters whom an officer is, or stands close to: such a person is not shown to that officer.
///
/// # Errors
///
/// If the store fails.
pub async fn declare_relation(
    app: &App,
    officer: Uuid,
    person: &IdentityDocument,
    relation: Relation,
) -> Result<(), AppError> {
    let number = keys::number_tags(app.vault(), person);
    let new = NewRelation {
        account: officer,
        tags: number.all().collect(),
        relation,
        at: app.now(),
    };
    app.store().declare_relation(&new).await?;
    entered_anew(app, &[number]).await
}

/// Whoever enters a number anew while an older index key is being retired says what it is, which no tag does: what hangs on it
/// moves to the newer tag.
async fn entered_anew(app: &App, numbers: &[TagPair]) -> Result<(), AppError> {
    let moves: Vec<_> = numbers.iter().filter_map(TagPair::moved).collect();
    if !moves.is_empty() {
        app.store().retag_marks(&moves).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that look drawn, the same in each run.
    fn draw(state: &mut u64) -> u64 {
        *state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        *state >> 33
    }

    #[test]
    fn ab02_a_thousand_honest_officers_are_not_flagged() {
        // Decisions of a day: 4 to 40 persons, on one day in twenty up to 58; a third of them looked up a second time.
        let limits = LookUpLimits {
            officer: 60,
            client: 200,
            department: u32::MAX,
            purpose: u32::MAX,
            city: u32::MAX,
            persons_per_matter: 5,
        };
        let mut state = 7;
        let mut flagged = 0;
        for officer in 0..1_000_u128 {
            let mut known = Known::default();
            let scope = [Scope::Officer(Uuid::from_u128(officer))];
            let is_busy = draw(&mut state).is_multiple_of(20);
            let persons = 4 + draw(&mut state) % if is_busy { 55 } else { 37 };
            let mut is_flagged = false;
            for person in 0..persons {
                let mut tag = [0; 16];
                tag[..8].copy_from_slice(&person.to_be_bytes());
                for _ in 0..=(draw(&mut state) % 3) / 2 {
                    is_flagged |= known.take(&scope, tag, &limits).is_err();
                }
            }
            flagged += u32::from(is_flagged);
        }
        assert!(flagged <= 10, "{flagged} of 1,000");
        // The measure can tell: Fujian's 330 a day.
        let mut known = Known::default();
        let scope = [Scope::Officer(Uuid::nil())];
        let tag = |person: u16| {
            let mut tag = [0; 16];
            tag[..2].copy_from_slice(&person.to_be_bytes());
            tag
        };
        let refused = (0..330).filter(|person| known.take(&scope, tag(*person), &limits).is_err());
        assert_eq!(refused.count(), 270);
    }
}
