//! Rules that both backends apply in the same words, as pure functions.

use std::collections::{BTreeMap, BTreeSet};

use domain::Moment;
use domain::catalogue::ItemId;
use domain::record::{RecordEventKind, state_after};
use uuid::Uuid;

use crate::{
    BirthState, CHUNK_ROWS_MAX, ChunkCommit, NewBlock, NewPersonEvent, NewPersonEventKind, NewRecord, NewRecordEvent,
    PersonEvent, PersonId, PersonRef, RecordId, Sealed, StoreError, chunk_uuid,
};

/// How long attempts are kept: no limit on logins looks further back than a day.
pub const ATTEMPTS_KEPT_MS: i64 = 24 * 3600 * 1000;

/// Whether a lease that another holds is still good at `now`. Nobody holds one for longer than `ttl_ms`, so one that seems to
/// last longer than twice that (clocks of two hosts differ) was taken before a clock went back; the fencing token keeps its
/// holder out.
#[must_use]
pub const fn is_lease_good(held_until: i64, now: Moment, ttl_ms: i64) -> bool {
    held_until > now.0 && held_until <= now.0.saturating_add(ttl_ms.saturating_mul(2))
}

/// How far a delivery is, as the next chunk finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeliveryProgress {
    /// Whether it has its receipt.
    pub is_finished: bool,
    /// Chunks committed.
    pub chunks_done: u32,
    /// Data rows taken in.
    pub rows_done: u64,
}

impl ChunkCommit {
    /// Whether the chunk is well formed, whatever the store holds.
    ///
    /// # Errors
    ///
    /// [`StoreError::Invalid`] with the rule it breaks.
    pub fn check(&self) -> Result<(), StoreError> {
        let rule = |holds: bool, what: &'static str| {
            if holds {
                Ok(())
            } else {
                Err(StoreError::Invalid { what })
            }
        };
        let last = self.records.last().map_or(0, |record| record.ordinal);
        rule(
            usize::try_from(last).is_ok_and(|last| last < CHUNK_ROWS_MAX),
            "a chunk has more records than ordinals",
        )?;
        rule(
            self.records
                .is_sorted_by(|first, second| first.ordinal < second.ordinal),
            "the ordinals of a chunk do not ascend",
        )?;
        rule(
            chunk_uuid(self.uuid) == self.uuid,
            "the low 20 bits of a chunk's public id are not zero",
        )?;
        rule(self.counts.add_up(), "the counts of a chunk do not add up")?;
        rule(
            self.staged_in().is_some() || self.staged.is_empty(),
            "a staged row has no delivery",
        )?;
        rule(
            self.delivery.is_some() || self.chunk_no == 0,
            "a single act has a chunk number",
        )?;
        let persons = self.new_persons.len();
        let is_known = |person: &PersonRef| match person {
            PersonRef::Known(_) => true,
            PersonRef::New(index) => usize::try_from(*index).is_ok_and(|index| index < persons),
        };
        rule(
            self.records.iter().all(|record| is_known(&record.person)),
            "a record names a person the chunk lacks",
        )?;
        let is_known_to = |event: &NewPersonEvent| match event.kind {
            NewPersonEventKind::Split { into } => is_known(&event.person) && is_known(&into),
            NewPersonEventKind::AliasConfirmed => is_known(&event.person),
        };
        rule(
            self.person_events.iter().all(is_known_to),
            "an event names a person the chunk lacks",
        )?;
        rule(
            self.own_events.iter().all(|event| self.record(event.ordinal).is_some()),
            "an event names a record the chunk lacks",
        )
    }

    /// The chunk's record with this ordinal.
    #[must_use]
    pub fn record(&self, ordinal: u32) -> Option<&NewRecord> {
        let at = self.records.binary_search_by_key(&ordinal, |record| record.ordinal);
        self.records.get(at.ok()?)
    }

    /// The events of the chunk's own records, now that the chunk has its number `chunk_id`; `person_of` gives the number
    /// of a record's person.
    pub fn own_events(
        &self,
        chunk_id: i64,
        person_of: impl Fn(PersonRef) -> Option<PersonId>,
    ) -> Option<Vec<NewRecordEvent>> {
        self.own_events
            .iter()
            .map(|event| {
                let record = self.record(event.ordinal)?;
                Some(NewRecordEvent {
                    record: record_id(chunk_id, i64::from(event.ordinal)),
                    person: person_of(record.person)?,
                    kind: event.kind,
                    effective: event.effective,
                    reason: Sealed::default(),
                })
            })
            .collect()
    }

    /// The delivery under whose key its staged rows lie.
    #[must_use]
    pub const fn staged_in(&self) -> Option<crate::DeliveryId> {
        match self.staged_delivery {
            Some(delivery) => Some(delivery),
            None => self.delivery,
        }
    }

    /// Whether the chunk follows what is there.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] if it is there already, comes too early, goes back, or the delivery has its receipt.
    pub const fn check_follows(&self, progress: &DeliveryProgress) -> Result<(), StoreError> {
        if progress.is_finished {
            return Err(StoreError::Conflict {
                what: "the delivery has its receipt",
            });
        }
        if self.chunk_no != progress.chunks_done {
            return Err(StoreError::Conflict {
                what: "the chunk is not the next one of the delivery",
            });
        }
        if self.rows_done < progress.rows_done {
            return Err(StoreError::Conflict {
                what: "the resume point goes back",
            });
        }
        Ok(())
    }

    /// Records by item and birth state.
    #[must_use]
    pub fn count_by_item(&self) -> BTreeMap<(&ItemId, &'static str), u64> {
        let mut counts = BTreeMap::new();
        for record in &self.records {
            *counts.entry((&record.item, record.state.as_str())).or_insert(0) += 1;
        }
        counts
    }
}

/// The number of the record with `ordinal` in chunk number `chunk`.
#[must_use]
pub const fn record_id(chunk: i64, ordinal: i64) -> RecordId {
    RecordId((chunk << 20) | ordinal)
}

/// The chunk number and the ordinal of a record.
#[must_use]
pub const fn chunk_and_ordinal(record: RecordId) -> (i64, i64) {
    (record.0 >> 20, record.0 & ((1 << 20) - 1))
}

/// Base of a record's public id, and its ordinal; the inverse of [`crate::record_uuid`].
#[must_use]
pub fn split_record_uuid(uuid: Uuid) -> (Uuid, i64) {
    let base = chunk_uuid(uuid);
    // The difference has 20 bits.
    (base, i64::try_from(uuid.as_u128() - base.as_u128()).unwrap_or_default())
}

/// Whether a record born as `birth` that has seen `events` allows `next`.
///
/// # Errors
///
/// [`StoreError::Conflict`]: whoever wrote `next` had not seen them.
pub fn check_event(birth: BirthState, events: &[RecordEventKind], next: RecordEventKind) -> Result<(), StoreError> {
    let state = state_after(birth.state(), events);
    match state.and_then(|state| domain::record::step(state, next)) {
        Ok(_) => Ok(()),
        Err(_) => Err(StoreError::Conflict {
            what: "the record's state does not allow the event",
        }),
    }
}

/// Whether a record with these events is alive, and whether its provider withdrew it.
#[must_use]
pub fn life(birth: BirthState, events: &[RecordEventKind]) -> (bool, bool) {
    let is_alive = state_after(birth.state(), events).is_ok_and(|state| !state.is_final());
    (is_alive, events.contains(&RecordEventKind::Withdrawn))
}

/// Persons linked with `start`, itself included, in order of number. `events_of` gives the events of one person as
/// [`crate::PersonStore::person_events`] does; the latest event of a pair decides.
///
/// # Errors
///
/// The first error of `events_of`.
pub async fn follow_links<F>(
    start: PersonId,
    mut events_of: impl FnMut(PersonId) -> F,
) -> Result<Vec<PersonId>, StoreError>
where
    F: Future<Output = Result<Vec<(PersonEvent, Moment)>, StoreError>>,
{
    let mut found = BTreeSet::from([start]);
    let mut frontier = vec![start];
    while let Some(person) = frontier.pop() {
        let mut linked = BTreeSet::new();
        for (event, _) in events_of(person).await? {
            match event {
                PersonEvent::Linked { with } => _ = linked.insert(with),
                PersonEvent::Unlinked { with } => _ = linked.remove(&with),
                PersonEvent::Split { .. } | PersonEvent::AliasConfirmed => {}
            }
        }
        frontier.extend(linked.into_iter().filter(|other| found.insert(*other)));
    }
    Ok(found.into_iter().collect())
}

impl NewBlock {
    /// Whether the block is well formed.
    ///
    /// # Errors
    ///
    /// [`StoreError::Invalid`] with the rule it breaks.
    pub fn check(&self) -> Result<(), StoreError> {
        let rows: usize = self.pages.iter().map(|page| page.tags.len()).sum();
        let is_page = |page: &crate::NewPage| {
            let fits = |tag: &[u8; 16]| tag.first() == Some(&page.shard);
            !page.tags.is_empty() && page.tags.is_sorted() && page.tags.iter().all(fits)
        };
        let holds = rows == self.rows as usize
            && (1..=crate::BLOCK_ROWS_MAX).contains(&rows)
            && chunk_uuid(self.uuid) == self.uuid
            && self.pages.is_sorted_by(|one, next| one.shard < next.shard)
            && self.pages.iter().all(is_page);
        if holds {
            Ok(())
        } else {
            Err(StoreError::Invalid {
                what: "a block has its rows in pages, in order",
            })
        }
    }

    /// First byte and root of each page, as stored.
    #[must_use]
    pub fn roots(&self) -> Vec<u8> {
        let of = |page: &crate::NewPage| std::iter::once(page.shard).chain(page.root);
        self.pages.iter().flat_map(of).collect()
    }
}

/// Reads what [`NewBlock::roots`] wrote.
#[must_use]
pub fn page_roots(bytes: &[u8]) -> Vec<(u8, [u8; 32])> {
    let of = |page: &[u8; 33]| {
        page.split_first()
            .and_then(|(shard, root)| Some((*shard, root.try_into().ok()?)))
    };
    bytes.as_chunks::<33>().0.iter().filter_map(of).collect()
}
