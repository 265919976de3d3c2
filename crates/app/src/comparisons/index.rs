//! The comparison index: who stands under a tag of number and name, and the clear columns of their records. In memory only,
//! built from clear columns of the store, and brought up to date before each block is probed.
//!
//! Nothing stale is answered: after a block is durable the store is asked where all that is committed ends
//! ([`store::ComparisonStore::index_end`]), and everything up to there is read before the first row is probed. A record, an
//! event, a lock or a tag that was committed before is therefore seen, whichever process committed it.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use domain::catalogue::{ItemId, Purpose};
use domain::disclosure::{RecordHead, is_shown};
use domain::record::{RecordEventKind, RecordState, state_on};
use domain::{Day, Moment, Uscc};
use policy::{Caller, CompareBatch, Disclose, PersonSide, ShowRecord};
use store::{IndexChanges, IndexMark, PersonId, RecordId, Relation};
use tokio::task::spawn_blocking;

use super::places::Places;
use super::{Flags, REFUSED};
use crate::keys::TagPair;
use crate::{App, AppError};

/// Rows read at once.
const PORTION: u32 = 50_000;
/// No record.
const NONE: u32 = u32::MAX;

type Tag = [u8; 16];

/// Tags are keyed codes, so their bytes are spread already, and nobody without the key can choose them.
#[derive(Default)]
struct FirstBytes(u64);

impl Hasher for FirstBytes {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk::<8>() {
            self.0 = u64::from_ne_bytes(*first);
        }
    }
    // The length of an array that is hashed as a slice.
    fn write_usize(&mut self, _: usize) {}
}

type ByTag<T> = HashMap<Tag, T, BuildHasherDefault<FirstBytes>>;

/// A record: 24 bytes.
#[derive(Clone, Copy)]
struct Kept {
    id: i64,
    /// place of the person's record before
    before: u32,
    end: i32,
    /// place of item and provider
    class: u32,
    is_held: bool,
    has_events: bool,
}

/// An event, as far as it decides.
type Event = (RecordEventKind, Day, Moment);

#[derive(Default)]
pub(crate) struct Index {
    mark: IndexMark,
    owners: ByTag<u32>,
    /// By number of person: place of the newest record.
    newest: Vec<u32>,
    records: Vec<Kept>,
    classes: Vec<(ItemId, Uscc)>,
    places: HashMap<(ItemId, Uscc), u32>,
    events: HashMap<i64, Vec<Event>>,
    locks: ByTag<(i64, bool)>,
}

/// The index of this process.
#[derive(Default)]
pub(crate) struct ComparisonIndex {
    index: RwLock<Index>,
    /// One reader of the store at a time.
    reading: tokio::sync::Mutex<()>,
    /// Comparisons under way.
    pub(super) places: Places,
}

impl ComparisonIndex {
    pub(super) fn read(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, changes: IndexChanges) -> Result<(), AppError> {
        self.index.write().unwrap_or_else(PoisonError::into_inner).add(changes)
    }
}

/// Reads everything that is committed by now; the moment of it.
pub(super) async fn refresh(app: &App) -> Result<Moment, AppError> {
    // Before the end is asked for: what is committed in between is in it, too.
    let at = app.now();
    let end = app.store().index_end().await?;
    let index = app.comparison_index();
    let _one = index.reading.lock().await;
    // Where an earlier refresh broke off, something lies behind its mark, and so does this end.
    let mut is_whole = true;
    loop {
        let mark = index.read().mark;
        if is_whole && mark.has_reached(&end) {
            return Ok(at);
        }
        let changes = app.store().index_changes(&mark, &end, PORTION).await?;
        is_whole = changes.is_whole;
        let owned = app.clone();
        // Much work for one of the threads that also answer single look-ups.
        let added = spawn_blocking(move || owned.comparison_index().add(changes));
        added.await.map_err(|_| AppError::ShuttingDown)??;
    }
}

fn beyond() -> AppError {
    AppError::Invalid {
        what: "the comparison index has more persons or records than it can number",
    }
}

impl Index {
    fn add(&mut self, changes: IndexChanges) -> Result<(), AppError> {
        for (tag, person) in changes.tags {
            let person = u32::try_from(person.0).map_err(|_| beyond())?;
            self.owners.insert(tag.tag, person);
        }
        for record in changes.records {
            let class = self.class(record.item, record.provider)?;
            let kept = Kept {
                id: record.id.0,
                before: NONE,
                end: record.end.to_epoch_days(),
                class,
                is_held: record.birth == store::BirthState::Held,
                has_events: self.events.contains_key(&record.id.0),
            };
            self.keep(record.person, kept)?;
        }
        for (person, event) in changes.events {
            self.mark_changed(person, event.record);
            let events = self.events.entry(event.record.0).or_default();
            events.push((event.kind, event.effective, event.at));
        }
        for (order, tag, is_locked) in changes.locks {
            let said = self.locks.entry(tag.tag).or_insert((order, is_locked));
            *said = (order, is_locked).max(*said);
        }
        self.mark = changes.mark;
        Ok(())
    }

    fn class(&mut self, item: ItemId, provider: Uscc) -> Result<u32, AppError> {
        let key = (item, provider);
        if let Some(place) = self.places.get(&key) {
            return Ok(*place);
        }
        let place = u32::try_from(self.classes.len()).map_err(|_| beyond())?;
        self.classes.push(key.clone());
        self.places.insert(key, place);
        Ok(place)
    }

    fn keep(&mut self, person: PersonId, mut kept: Kept) -> Result<(), AppError> {
        let person = usize::try_from(person.0).map_err(|_| beyond())?;
        if self.newest.len() <= person {
            self.newest.resize(person + 1, NONE);
        }
        let newest = self.newest.get_mut(person).ok_or_else(beyond)?;
        let place = u32::try_from(self.records.len()).map_err(|_| beyond())?;
        if place == NONE {
            return Err(beyond());
        }
        kept.before = *newest;
        *newest = place;
        self.records.push(kept);
        Ok(())
    }

    /// Notes that a record has events; one that is not here yet is looked for when it comes.
    fn mark_changed(&mut self, person: PersonId, record: RecordId) {
        let mut place = self.newest_of(person);
        while let Some(kept) = self.records.get_mut(place as usize) {
            if kept.id == record.0 {
                kept.has_events = true;
                return;
            }
            place = kept.before;
        }
    }

    fn newest_of(&self, person: PersonId) -> u32 {
        let place = usize::try_from(person.0)
            .ok()
            .and_then(|person| self.newest.get(person));
        place.copied().unwrap_or(NONE)
    }

    /// What was said last of any of the tags.
    fn is_locked(&self, numbers: &TagPair) -> bool {
        let said = numbers.all().filter_map(|tag| self.locks.get(&tag.tag)).max();
        said.is_some_and(|(_, is_locked)| *is_locked)
    }

    /// The state of a record now, by the same rule as that of a single look-up.
    fn state(&self, kept: &Kept, end: Day, now: Moment) -> RecordState {
        let birth = if kept.is_held {
            RecordState::Held
        } else {
            RecordState::Usable
        };
        let events = self.events.get(&kept.id).filter(|_| kept.has_events);
        let events = events.map(Vec::as_slice).unwrap_or_default();
        let now = events.iter().map(|(.., at)| *at).fold(now, Moment::max);
        state_on(birth, end, events, now.day(), now)
    }

    /// What a row is answered; `is_related` if the person is somebody to the officer.
    pub(super) fn probe(&self, terms: &Terms, names: &TagPair, numbers: &TagPair) -> (Flags, bool) {
        let relation = numbers.all().filter_map(|tag| terms.relations.get(&tag.tag)).last();
        let is_related = relation.is_some();
        let side = (self.is_locked(numbers), relation.copied());
        if !terms.is_allowed(side) {
            return (Flags(REFUSED), is_related);
        }
        let mut flags = 0;
        let owner = names.all().find_map(|tag| self.owners.get(&tag.tag));
        let mut place = owner.map_or(NONE, |person| self.newest_of(PersonId((*person).into())));
        while let Some(kept) = self.records.get(place as usize) {
            flags |= self.flag(terms, kept);
            place = kept.before;
        }
        (Flags(flags), is_related)
    }

    fn flag(&self, terms: &Terms, kept: &Kept) -> u32 {
        let Some(shown) = terms.shown.get(kept.class as usize) else {
            return 0;
        };
        if !kept.has_events {
            // By far most of them: nothing to compute.
            let is_in_time = terms.today <= kept.end;
            return if kept.is_held || !is_in_time { 0 } else { shown.usable };
        }
        let Ok(end) = Day::from_epoch_days(kept.end) else {
            return 0;
        };
        match self.state(kept, end, terms.now) {
            _ if terms.today > kept.end => 0,
            RecordState::Usable => shown.usable,
            RecordState::Disputed => shown.disputed,
            _ => 0,
        }
    }

    /// Item and provider of all records.
    pub(super) fn classes(&self) -> &[(ItemId, Uscc)] {
        &self.classes
    }
}

/// Which flag a record of a class sets.
#[derive(Clone, Copy, Default)]
struct Shown {
    usable: u32,
    disputed: u32,
}

/// What is decided once for a block: one decision a class.
pub(super) struct Terms {
    now: Moment,
    today: i32,
    shown: Vec<Shown>,
    /// Locked or not, and what the person is to the officer: whether anything is shown.
    allowed: Vec<((bool, Option<Relation>), bool)>,
    relations: ByTag<Relation>,
}

impl Terms {
    /// Decides for every class of records and of persons what single look-ups would be told, by the same functions.
    pub(super) fn decide(
        app: &App,
        caller: &Caller,
        question: &CompareBatch,
        purpose: &Purpose,
        classes: &[(ItemId, Uscc)],
        relations: &[(store::IndexTag, Relation)],
    ) -> Self {
        let now = app.now();
        let items = question.items();
        let shown = |class: &(ItemId, Uscc)| {
            let flag = items
                .iter()
                .position(|item| *item == class.0)
                .map_or(0, |place| 1 << place);
            let of = |state| {
                let is_shown = flag != 0 && is_class_shown(app, caller, purpose, items, class, state, now.day());
                if is_shown { flag } else { 0 }
            };
            Shown {
                usable: of(RecordState::Usable),
                disputed: of(RecordState::Disputed),
            }
        };
        let kinds = [
            None,
            Some(Relation::Own),
            Some(Relation::Kin),
            Some(Relation::Colleague),
        ];
        let sides = [false, true]
            .into_iter()
            .flat_map(|is_locked| kinds.map(|relation| (is_locked, relation)));
        Self {
            now,
            today: now.day().to_epoch_days(),
            shown: classes.iter().map(shown).collect(),
            allowed: sides
                .map(|side| (side, is_side_allowed(app, caller, question, side)))
                .collect(),
            relations: relations.iter().map(|(tag, relation)| (tag.tag, *relation)).collect(),
        }
    }

    fn is_allowed(&self, side: (bool, Option<Relation>)) -> bool {
        self.allowed
            .iter()
            .any(|(known, is_allowed)| *known == side && *is_allowed)
    }
}

/// Whether a record of this class that is in time is shown: the rule of disclosure, and the policy (neither alone decides).
fn is_class_shown(
    app: &App,
    caller: &Caller,
    purpose: &Purpose,
    items: &[ItemId],
    (id, provider): &(ItemId, Uscc),
    state: RecordState,
    today: Day,
) -> bool {
    let Some(item) = app.catalogue().items.get(id) else {
        return false;
    };
    let head = RecordHead {
        item: id,
        provider,
        state,
        end: today,
    };
    let question = ShowRecord {
        item: id.clone(),
        items: items.to_vec(),
        state,
        is_in_time: true,
    };
    is_shown(&head, purpose, item, items, today) && app.policies().decide(caller, question).is_ok()
}

/// What the person's side says of a class of persons.
fn is_side_allowed(
    app: &App,
    caller: &Caller,
    question: &CompareBatch,
    (is_locked, relation): (bool, Option<Relation>),
) -> bool {
    let disclose = Disclose {
        asked: question.single(),
        person: PersonSide {
            is_traced: true,
            is_locked,
            has_consent: false,
            relation: relation.map(crate::look_ups::relation_of),
        },
    };
    app.policies().decide(caller, disclose).is_ok()
}
