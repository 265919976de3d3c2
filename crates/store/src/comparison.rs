//! Comparisons of batches: blocks of rows that are durable before anybody is searched for, what they answered, and what a
//! comparison index in memory is built from.

use std::sync::Arc;

use async_trait::async_trait;
use domain::catalogue::ItemId;
use domain::{Day, Moment, Uscc};
use uuid::Uuid;

use crate::{Asker, BirthState, IndexTag, PersonId, RecordEvent, RecordId, Relation, Sealed, StoreError};

/// Rows of a block at most.
pub const BLOCK_ROWS_MAX: usize = 65_536;

/// A comparison to be begun: one under each idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewComparison {
    /// Public id.
    pub uuid: Uuid,
    /// Programme.
    pub programme: Uuid,
    /// Account of the verified officer.
    pub account: Uuid,
    /// Registered client, if a department's system asks.
    pub client: Option<Uuid>,
    /// Hash of asker and idempotency key.
    pub request_key: [u8; 32],
    /// Keyed tag of programme and items.
    pub request_tag: [u8; 32],
    /// When.
    pub at: Moment,
}

/// What stands under an idempotency key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownComparison {
    /// Public id.
    pub uuid: Uuid,
    /// Keyed tag of programme and items.
    pub request_tag: [u8; 32],
    /// When it was begun.
    pub at: Moment,
}

/// A block to be made durable before anybody is searched for (R11): the traces of its rows, and one entry of the log.
#[derive(Debug, Clone)]
pub struct NewBlock {
    /// Public id with 20 low bits of zero; AAD row of `header`.
    pub uuid: Uuid,
    /// The comparison.
    pub comparison: Uuid,
    /// 0, 1, … within the comparison.
    pub block_no: u32,
    /// Rows compared.
    pub rows: u32,
    /// Day on which they count.
    pub day: Day,
    /// Rows that the programme may compare on that day, these included.
    pub rows_a_day: u32,
    /// Keyed tag of the lines.
    pub request_tag: [u8; 32],
    /// Version of the index key of all tags.
    pub key_version: u16,
    /// Who, why, which items; sealed with a key of the log.
    pub header: Sealed,
    /// The rows, in order of the pages' first bytes.
    pub pages: Vec<NewPage>,
    /// Root of the tree over the pages' roots.
    pub entry_hash: [u8; 32],
    /// When.
    pub at: Moment,
}

/// Rows of a block whose tags begin with the same byte.
#[derive(Debug, Clone)]
pub struct NewPage {
    /// That byte.
    pub shard: u8,
    /// B1 tags, in order.
    pub tags: Vec<[u8; 16]>,
    /// Place, matter number and number of each row, in the order of the tags.
    pub content: Sealed,
    /// Root of the tree over the rows.
    pub root: [u8; 32],
}

/// What became of a block that was to be written.
#[derive(Debug, Clone)]
pub enum Appended {
    /// It is durable.
    New,
    /// One stands in its place already.
    Known(Box<Block>),
    /// The programme has so many rows today that these are too many; nothing is written.
    TooMany,
}

/// A block as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Order of arrival.
    pub order: i64,
    /// Public id.
    pub uuid: Uuid,
    /// The comparison.
    pub comparison: Uuid,
    /// Programme.
    pub programme: Uuid,
    /// Who asked.
    pub asker: Asker,
    /// Place within the comparison.
    pub block_no: u32,
    /// Rows compared.
    pub rows: u32,
    /// Keyed tag of the lines.
    pub request_tag: [u8; 32],
    /// Version of the index key of its tags.
    pub key_version: u16,
    /// Who, why, which items.
    pub header: Sealed,
    /// Of each page: first byte of its tags, root of the tree over its rows.
    pub roots: Vec<(u8, [u8; 32])>,
    /// Hash of its log entry.
    pub entry_hash: [u8; 32],
    /// When.
    pub at: Moment,
    /// What it answered; `None` = unknown, treated as disclosed.
    pub answer: Option<BlockAnswer>,
}

/// What a block answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockAnswer {
    /// Flags, four bytes a row in the order of pages and tags.
    pub flags: Sealed,
    /// Root of the tree over the answers of each page.
    pub roots: Vec<[u8; 32]>,
    /// Hash of its log entry.
    pub entry_hash: [u8; 32],
    /// When.
    pub at: Moment,
}

/// A page as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// First byte of its tags.
    pub shard: u8,
    /// Tags, in order.
    pub tags: Vec<[u8; 16]>,
    /// The rows.
    pub content: Sealed,
}

/// How far a comparison index has read, in numbers of the backend's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct IndexMark {
    /// Tags of persons.
    pub tags: i64,
    /// Tags that persons got later, where those are kept apart.
    pub added_tags: i64,
    /// Records.
    pub records: i64,
    /// Events of records.
    pub events: i64,
    /// Locks.
    pub locks: i64,
}

impl IndexMark {
    /// Whether everything up to `end` was read.
    #[must_use]
    pub const fn has_reached(&self, end: &Self) -> bool {
        self.tags >= end.tags
            && self.added_tags >= end.added_tags
            && self.records >= end.records
            && self.events >= end.events
            && self.locks >= end.locks
    }
}

/// The clear columns of a record that decide whether it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexedRecord {
    /// Number.
    pub id: RecordId,
    /// Whose.
    pub person: PersonId,
    /// Item.
    pub item: ItemId,
    /// Organisation that delivered it.
    pub provider: Uscc,
    /// State at birth.
    pub birth: BirthState,
    /// Last day on which anybody but the person may read it.
    pub end: Day,
}

/// A portion of what a comparison index has not read yet. Things may come twice; what comes later holds.
#[derive(Debug, Clone, Default)]
pub struct IndexChanges {
    /// How far it leads.
    pub mark: IndexMark,
    /// Whether nothing up to the end asked for is left. The mark alone does not say so: what a backend writes anew meanwhile
    /// moves behind that end.
    pub is_whole: bool,
    /// B2 tags.
    pub tags: Vec<(IndexTag, PersonId)>,
    /// Records.
    pub records: Vec<IndexedRecord>,
    /// Events of records, with the person; those of one record oldest first.
    pub events: Vec<(PersonId, RecordEvent)>,
    /// Locks: order, B1 tag, whether locked.
    pub locks: Vec<(i64, IndexTag, bool)>,
}

/// The comparison side of the store.
#[async_trait]
pub trait ComparisonStore {
    /// Begins a comparison unless one stands under its key; what stands there.
    async fn begin_comparison(&self, new: &NewComparison) -> Result<KnownComparison, StoreError>;

    /// Makes a block durable with its rows and its outbox row, in one transaction.
    async fn append_block(&self, block: Arc<NewBlock>) -> Result<Appended, StoreError>;

    /// Writes what a block answered, with its outbox row. The first answer stands: it is given back if there is one already.
    async fn append_block_answer(&self, block: Uuid, answer: &BlockAnswer) -> Result<Option<BlockAnswer>, StoreError>;

    /// One block by public id.
    async fn find_block(&self, uuid: Uuid) -> Result<Option<Block>, StoreError>;

    /// The block in a place of a comparison.
    async fn find_block_at(&self, comparison: Uuid, block_no: u32) -> Result<Option<Block>, StoreError>;

    /// The pages of a block, in order.
    async fn pages_of(&self, block: Uuid) -> Result<Vec<Page>, StoreError>;

    /// Rows that a programme compared on a day.
    async fn compared_rows(&self, programme: Uuid, day: Day) -> Result<u64, StoreError>;

    /// Blocks with a row about one of these numbers, newest first, at most `limit`, each with the page that holds it; those
    /// before `before`, if given.
    async fn blocks_about(
        &self,
        numbers: &[IndexTag],
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<(Block, Page)>, StoreError>;

    /// All blocks after `after`, oldest first, at most `limit`.
    async fn scan_blocks(&self, after: i64, limit: u32) -> Result<Vec<Block>, StoreError>;

    /// Where everything ends that is committed by now: nothing that is committed before the answer is beyond it.
    async fn index_end(&self) -> Result<IndexMark, StoreError>;

    /// The next portion between two marks, at most about `limit` of each kind. `to` is reached when its mark is `to`.
    async fn index_changes(&self, after: &IndexMark, to: &IndexMark, limit: u32) -> Result<IndexChanges, StoreError>;

    /// What persons are to an officer, as declared, by their B1 tags.
    async fn relations_of(&self, account: Uuid) -> Result<Vec<(IndexTag, Relation)>, StoreError>;
}
