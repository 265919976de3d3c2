//! Records: immutable rows in arrival order, and the events of their life.

use async_trait::async_trait;
use domain::catalogue::{BreachClass, ItemId};
use domain::record::RecordEventKind;
use domain::{Day, Moment, Uscc};
use uuid::Uuid;

use crate::{PersonId, Sealed, StoreError};

/// Rows a chunk may hold: ordinals fill the low 20 bits of a record's number.
pub const CHUNK_ROWS_MAX: usize = 1 << 20;

/// Local number of a record: `chunk number × 2^20 + ordinal`, so that the heap is in arrival order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId(pub i64);

/// Public id of the record with `ordinal` in the chunk whose base is `chunk_uuid` (its low 20 bits are zero).
/// It is also the row in the AAD of the record's ciphertext, so a record can be sealed before it has a number.
#[must_use]
pub fn record_uuid(chunk_uuid: Uuid, ordinal: u32) -> Uuid {
    Uuid::from_u128(chunk_uuid.as_u128() | u128::from(ordinal))
}

/// Clears the low 20 bits: the base for a chunk from a fresh UUIDv7.
#[must_use]
pub fn chunk_uuid(fresh: Uuid) -> Uuid {
    Uuid::from_u128(fresh.as_u128() & !((1 << 20) - 1))
}

/// The state a record is born in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BirthState {
    /// served from the first day
    Usable,
    /// held until a question is answered (R7); served to nobody
    Held,
}

/// A record to be written.
#[derive(Debug, Clone)]
pub struct NewRecord {
    /// Number within the chunk; the low 20 bits of its local number and public id. Records are sealed for their public id
    /// before it is known which of them say something new, so numbers may be left out.
    pub ordinal: u32,
    /// Whose.
    pub person: PersonRef,
    /// Item.
    pub item: ItemId,
    /// Organisation that delivered it.
    pub provider: Uscc,
    /// State at birth.
    pub state: BirthState,
    /// Class, for adverse records.
    pub class: Option<BreachClass>,
    /// Last day on which anybody but the person may read it.
    pub end: Day,
    /// Keyed tag of the fact (item, 文号, organ), unique within person and revision (E12).
    pub fact_tag: i64,
    /// 0 for the first delivery of a fact, then 1, 2, … for each correction.
    pub revision: u32,
    /// Keyed tag of the content: same content again = repeated.
    pub content_tag: [u8; 16],
    /// Encrypted content.
    pub content: Sealed,
}

/// A person that exists, or one that the same chunk creates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PersonRef {
    /// Exists.
    Known(PersonId),
    /// Index into [`crate::ChunkCommit::new_persons`].
    New(u32),
}

/// A record as stored, its present state and what happened to it.
#[derive(Debug, Clone)]
pub struct Record {
    /// Local number.
    pub id: RecordId,
    /// Public id.
    pub uuid: Uuid,
    /// Whose.
    pub person: PersonId,
    /// Item.
    pub item: ItemId,
    /// Organisation that delivered it.
    pub provider: Uscc,
    /// State at birth.
    pub birth: BirthState,
    /// Class.
    pub class: Option<BreachClass>,
    /// End as computed at intake.
    pub end: Day,
    /// Tag of the fact.
    pub fact_tag: i64,
    /// Revision of the fact.
    pub revision: u32,
    /// Tag of the content.
    pub content_tag: [u8; 16],
    /// Encrypted content.
    pub content: Sealed,
    /// When it was received.
    pub received_at: Moment,
    /// Later events, oldest first.
    pub events: Vec<RecordEvent>,
}

/// An event of a record's life after its receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordEvent {
    /// Record.
    pub record: RecordId,
    /// What happened.
    pub kind: RecordEventKind,
    /// When it was recorded (the second axis; the day on which it is true is in `effective`).
    pub at: Moment,
    /// From which day it is true.
    pub effective: Day,
}

/// An event to be appended.
#[derive(Debug, Clone)]
pub struct NewRecordEvent {
    /// Record; it must exist.
    pub record: RecordId,
    /// Whose.
    pub person: PersonId,
    /// What happened.
    pub kind: RecordEventKind,
    /// From which day it is true.
    pub effective: Day,
    /// Reason, sealed with the person's key.
    pub reason: Sealed,
}

/// An event of a record that the same chunk writes: a row that corrects or withdraws an earlier row of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnEvent {
    /// Ordinal of the record in [`crate::ChunkCommit::records`].
    pub ordinal: u32,
    /// What happened.
    pub kind: RecordEventKind,
    /// From which day it is true.
    pub effective: Day,
}

/// What is known of a fact: the latest revision in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownFact {
    /// The latest record.
    pub record: RecordId,
    /// Its revision.
    pub revision: u32,
    /// Tag of its content.
    pub content_tag: [u8; 16],
    /// Whether that record is still alive (neither corrected, withdrawn, repaired, ended nor purged).
    pub is_alive: bool,
    /// Whether it was withdrawn by the provider.
    pub is_withdrawn: bool,
}

/// The record side of the store.
#[async_trait]
pub trait RecordStore {
    /// The latest revision of each fact, in the order asked.
    async fn find_facts(&self, facts: &[(PersonId, i64)]) -> Result<Vec<Option<KnownFact>>, StoreError>;

    /// All records of a person with their events, newest first.
    async fn records_of(&self, person: PersonId) -> Result<Vec<Record>, StoreError>;

    /// One record by public id.
    async fn find_record(&self, uuid: Uuid) -> Result<Option<Record>, StoreError>;

    /// Appends events with one outbox row per event, in one transaction.
    async fn append_record_events(
        &self,
        events: &[NewRecordEvent],
        at: Moment,
        entry_hashes: &[[u8; 32]],
    ) -> Result<(), StoreError>;

    /// Number of records by item and birth state, for statistics without persons.
    async fn count_records(&self) -> Result<Vec<(ItemId, BirthState, u64)>, StoreError>;

    /// Pages through all records in arrival order, for `verify`: those after `after`, at most `limit`.
    async fn scan_records(&self, after: RecordId, limit: u32) -> Result<Vec<Record>, StoreError>;

    /// Until when the person has acknowledged notices; `None` = nothing yet.
    async fn notices_seen_until(&self, person: PersonId) -> Result<Option<Moment>, StoreError>;

    /// Records that the person has acknowledged all notices up to `until`.
    async fn acknowledge_notices(&self, person: PersonId, until: Moment, at: Moment) -> Result<(), StoreError>;
}
