//! Deliveries: begun, taken in by chunks with resume points, finished with a receipt.

use std::collections::BTreeMap;
use std::ops::AddAssign;
use std::sync::Arc;

use async_trait::async_trait;
use domain::catalogue::ItemId;
use domain::{Moment, Uscc};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    IndexTag, NewPerson, NewPersonEvent, NewProcedure, NewRecord, NewRecordEvent, OwnEvent, Sealed, StoreError,
};

/// Local number of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeliveryId(pub i64);

/// Counts of a receipt: `received = recorded + repeated + held + pending + refused` (I1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// data rows read
    pub received: u64,
    /// rows that had effect: new records, corrections and withdrawals
    pub recorded: u64,
    /// rows whose content was there already
    pub repeated: u64,
    /// rows held (R7)
    pub held: u64,
    /// rows that wait for a review
    pub pending: u64,
    /// rows refused
    pub refused: u64,
    /// of the recorded ones: corrections of a known fact
    pub corrected: u64,
    /// of the recorded ones: withdrawals
    pub withdrawn: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.received += other.received;
        self.recorded += other.recorded;
        self.repeated += other.repeated;
        self.held += other.held;
        self.pending += other.pending;
        self.refused += other.refused;
        self.corrected += other.corrected;
        self.withdrawn += other.withdrawn;
    }
}

impl Counts {
    /// Whether the counts add up (I1).
    #[must_use]
    pub const fn add_up(&self) -> bool {
        self.received == self.recorded + self.repeated + self.held + self.pending + self.refused
            && self.corrected + self.withdrawn <= self.recorded
    }
    /// Adds `other` to these.
    pub fn add(&mut self, other: &Self) {
        self.received += other.received;
        self.recorded += other.recorded;
        self.repeated += other.repeated;
        self.held += other.held;
        self.pending += other.pending;
        self.refused += other.refused;
        self.corrected += other.corrected;
        self.withdrawn += other.withdrawn;
    }
}

/// A delivery to be begun.
#[derive(Debug, Clone)]
pub struct NewDelivery {
    /// Public id.
    pub uuid: Uuid,
    /// Organisation that delivers.
    pub provider: Uscc,
    /// Item.
    pub item: ItemId,
    /// SHA-256 of the bytes: with provider and item the idempotency key.
    pub content_hash: [u8; 32],
    /// Size in bytes.
    pub bytes: u64,
    /// Wrapped delivery key, under which held, pending and staged bytes lie.
    pub key: Vec<u8>,
    /// File name, sealed with the delivery key (a file name can name a person).
    pub file_name: Sealed,
    /// Account that delivered it.
    pub by: Uuid,
    /// When.
    pub at: Moment,
}

/// How far a delivery has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// bytes being taken in, or interrupted
    Receiving,
    /// all rows taken in, receipt written
    Done,
    /// the file as a whole was refused (E01 …); receipt written
    Refused,
}

/// A delivery as stored.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Local number.
    pub id: DeliveryId,
    /// Public id.
    pub uuid: Uuid,
    /// Organisation.
    pub provider: Uscc,
    /// Item.
    pub item: ItemId,
    /// SHA-256 of the bytes.
    pub content_hash: [u8; 32],
    /// Size in bytes.
    pub bytes: u64,
    /// Wrapped delivery key; `None` once destroyed.
    pub key: Option<Vec<u8>>,
    /// Sealed file name.
    pub file_name: Sealed,
    /// Account.
    pub by: Uuid,
    /// When begun.
    pub received_at: Moment,
    /// State.
    pub state: DeliveryState,
    /// Sum over its chunks.
    pub counts: Counts,
    /// Faults by code, sum over its chunks.
    pub faults: BTreeMap<String, u64>,
    /// The signed receipt as given out, once finished.
    pub receipt: Option<Vec<u8>>,
    /// Data rows taken in so far: where to resume.
    pub rows_done: u64,
    /// Chunks committed so far.
    pub chunks_done: u32,
}

/// What beginning a delivery found.
#[derive(Debug, Clone)]
pub enum Begun {
    /// Never seen: begin.
    New(Delivery),
    /// The same bytes were interrupted: go on after `rows_done`.
    Resumed(Delivery),
    /// The same bytes were taken in: give the same receipt.
    Finished(Delivery),
}

/// A row kept under the delivery's key until its question is resolved.
#[derive(Debug, Clone)]
pub struct NewStagedRow {
    /// Public id; AAD row of `content`.
    pub uuid: Uuid,
    /// Line in the file, header counted.
    pub line: u32,
    /// Why.
    pub kind: StagedKind,
    /// Machine word of the reason: `number_unknown`, or the id of the rule that holds.
    pub reason: String,
    /// B1 tag, so that it is found when the register knows the number or the person logs in.
    pub tag: IndexTag,
    /// The clean row, sealed with the delivery key.
    pub content: Sealed,
}

/// Why a row is staged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StagedKind {
    /// Held (R7).
    Held,
    /// Waits for a review (待核).
    Pending,
}

/// A staged row as stored.
#[derive(Debug, Clone)]
pub struct StagedRow {
    /// Public id.
    pub uuid: Uuid,
    /// Delivery it came with.
    pub delivery: DeliveryId,
    /// Line in the file.
    pub line: u32,
    /// Why.
    pub kind: StagedKind,
    /// Reason word.
    pub reason: String,
    /// B1 tag.
    pub tag: IndexTag,
    /// Sealed clean row; erased once resolved.
    pub content: Sealed,
    /// Whether it has been resolved (recorded, refused or released).
    pub is_resolved: bool,
}

/// One transaction of an intake.
#[derive(Debug, Clone)]
pub struct ChunkCommit {
    /// Delivery; `None` for single acts (a review's decision, a correction by hand).
    pub delivery: Option<DeliveryId>,
    /// Number of this chunk within the delivery, from 0; a chunk that is there already is a conflict.
    pub chunk_no: u32,
    /// Base of the public ids (see [`crate::chunk_uuid`]).
    pub uuid: Uuid,
    /// Data rows of the delivery taken in after this chunk: the resume point.
    pub rows_done: u64,
    /// When.
    pub at: Moment,
    /// Persons to create.
    pub new_persons: Vec<NewPerson>,
    /// Records in the order of their ordinals, which is that of the rows.
    pub records: Vec<NewRecord>,
    /// Events of records that exist (corrected, withdrawn).
    pub events: Vec<NewRecordEvent>,
    /// Events of the records that this chunk writes, in the order in which they happen.
    pub own_events: Vec<OwnEvent>,
    /// Events of persons: an alias that a review confirms, a split.
    pub person_events: Vec<NewPersonEvent>,
    /// Held and pending rows.
    pub staged: Vec<NewStagedRow>,
    /// Delivery the staged rows belong to; `delivery` itself unless a held row is staged anew by a single act.
    pub staged_delivery: Option<DeliveryId>,
    /// Reviews to open, each for a staged row of this chunk.
    pub procedures: Vec<NewProcedure>,
    /// Steps on procedures that exist (a review's decision).
    pub steps: Vec<crate::NewProcedureStep>,
    /// Staged rows resolved by this transaction: content and salt are erased.
    pub resolved: Vec<Uuid>,
    /// Faults of these rows, one JSON object per line, without personal data.
    pub faults: Vec<u8>,
    /// Faults by code.
    pub fault_counts: BTreeMap<String, u64>,
    /// Counts of these rows.
    pub counts: Counts,
    /// Hash of the log entry that stands for the chunk's effects.
    pub entry_hash: [u8; 32],
}

/// A committed chunk, as `verify` reads it.
#[derive(Debug, Clone)]
pub struct ChunkInfo {
    /// Local number; records of the chunk are `number × 2^20 + ordinal`.
    pub number: i64,
    /// Base of the public ids.
    pub uuid: Uuid,
    /// Delivery, `None` for single acts.
    pub delivery: Option<DeliveryId>,
    /// Place within the delivery.
    pub chunk_no: u32,
    /// Data rows of the delivery taken in after it.
    pub rows_done: u64,
    /// When.
    pub at: Moment,
    /// Records written with it.
    pub records: u32,
    /// Counts of its rows.
    pub counts: Counts,
    /// Hash of its log entry.
    pub entry_hash: [u8; 32],
}

/// The delivery side of the store.
#[async_trait]
pub trait DeliveryStore {
    /// Begins a delivery, or finds the one with the same provider, item and bytes.
    async fn begin_delivery(&self, new: &NewDelivery) -> Result<Begun, StoreError>;

    /// Commits a chunk: persons, records, events, staged rows, procedures, faults, counts, resume point and outbox row, or nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] if the chunk is there already, a person appeared meanwhile, or a fact has a newer revision.
    async fn commit_chunk(&self, chunk: &ChunkCommit) -> Result<(), StoreError>;

    /// The same with a chunk that the caller shares, so that a backend which hands it to another thread copies nothing.
    async fn commit_shared_chunk(&self, chunk: Arc<ChunkCommit>) -> Result<(), StoreError> {
        self.commit_chunk(&chunk).await
    }

    /// Writes receipt and final state, with an outbox row. Idempotent: the first receipt stands and is returned.
    async fn finish_delivery(
        &self,
        delivery: DeliveryId,
        state: DeliveryState,
        receipt: &[u8],
        at: Moment,
        entry_hash: [u8; 32],
    ) -> Result<Vec<u8>, StoreError>;

    /// One delivery by public id.
    async fn find_delivery(&self, uuid: Uuid) -> Result<Option<Delivery>, StoreError>;

    /// Deliveries, newest first; only those of `provider` if given.
    async fn list_deliveries(&self, provider: Option<&Uscc>, limit: u32) -> Result<Vec<Delivery>, StoreError>;

    /// Fault block of chunk `chunk_no`, `None` past the last chunk.
    async fn fault_block(&self, delivery: DeliveryId, chunk_no: u32) -> Result<Option<Vec<u8>>, StoreError>;

    /// Staged rows of a delivery in order of lines, after `after_line`, at most `limit`; of a line staged anew, the latest.
    async fn staged_rows(
        &self,
        delivery: DeliveryId,
        after_line: u32,
        limit: u32,
    ) -> Result<Vec<StagedRow>, StoreError>;

    /// One staged row by public id.
    async fn find_staged_row(&self, uuid: Uuid) -> Result<Option<StagedRow>, StoreError>;

    /// Unresolved held rows under a B1 tag.
    async fn staged_rows_with_tag(&self, tag: &IndexTag) -> Result<Vec<StagedRow>, StoreError>;

    /// Unresolved staged rows of a kind over all deliveries, in order of uuid, after `after`, at most `limit`.
    async fn open_staged_rows(&self, kind: StagedKind, after: Uuid, limit: u32) -> Result<Vec<StagedRow>, StoreError>;

    /// Chunks in order of their number, after `after`, at most `limit`; for `verify`.
    async fn scan_chunks(&self, after: i64, limit: u32) -> Result<Vec<ChunkInfo>, StoreError>;

    /// Destroys the wrapped key of a delivery, and with it the file name; `false` if it was destroyed before.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] while the delivery has no receipt or one of its staged rows waits.
    async fn destroy_delivery_key(&self, delivery: DeliveryId) -> Result<bool, StoreError>;

    /// A chunk by the base of its public ids; resolves a commit whose outcome was unknown.
    async fn find_chunk(&self, uuid: Uuid) -> Result<Option<ChunkInfo>, StoreError>;

    /// One delivery by local number; it must exist.
    async fn get_delivery(&self, id: DeliveryId) -> Result<Delivery, StoreError>;
}
