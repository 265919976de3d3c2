//! Log tables: traces of look-ups and own reads (written first, R11), the outbox of effects, and the sequencer.
//! Tiles and proofs are built on the sequenced entries by a later layer.

use async_trait::async_trait;
use domain::Moment;
use uuid::Uuid;

use crate::{IndexTag, Sealed, StoreError};

/// A trace to be made durable before anything is probed.
#[derive(Debug, Clone)]
pub struct NewTrace {
    /// Public id; AAD row of `content`.
    pub uuid: Uuid,
    /// Self or another's look.
    pub kind: TraceKind,
    /// B1 tag of the number asked for, so that a miss attaches to the person if a file appears later.
    pub subject: IndexTag,
    /// Who, why, what; sealed with a key of the log.
    pub content: Sealed,
    /// Hash of the entry.
    pub entry_hash: [u8; 32],
    /// When.
    pub at: Moment,
}

/// Who looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TraceKind {
    /// The person (marked *self*).
    OwnRead,
    /// An officer or a department's system.
    LookUp,
}

/// How a traced look ended. A trace without outcome after a crash reads "unknown, treated as disclosed".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TraceOutcome {
    /// something was disclosed
    Disclosed,
    /// nothing to show
    Nothing,
    /// refused after the trace
    Refused,
}

/// A trace as stored.
#[derive(Debug, Clone)]
pub struct Trace {
    /// Public id.
    pub uuid: Uuid,
    /// Kind.
    pub kind: TraceKind,
    /// Sealed who, why, what.
    pub content: Sealed,
    /// When.
    pub at: Moment,
    /// Outcome, `None` = unknown, treated as disclosed.
    pub outcome: Option<TraceOutcome>,
}

/// What a log entry stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryKind {
    /// a trace
    Trace,
    /// the records of a chunk
    Chunk,
    /// a receipt
    Receipt,
    /// an event of a record
    RecordEvent,
    /// an event of a person
    PersonEvent,
    /// a step of a procedure
    ProcedureStep,
}

impl EntryKind {
    /// Stored form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Chunk => "chunk",
            Self::Receipt => "receipt",
            Self::RecordEvent => "record_event",
            Self::PersonEvent => "person_event",
            Self::ProcedureStep => "procedure_step",
        }
    }
    /// Reads the stored form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [
            Self::Trace,
            Self::Chunk,
            Self::Receipt,
            Self::RecordEvent,
            Self::PersonEvent,
            Self::ProcedureStep,
        ]
        .into_iter()
        .find(|kind| kind.as_str() == text)
    }
}

/// A sequenced entry of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// Dense index from 0.
    pub index: u64,
    /// What it stands for.
    pub kind: EntryKind,
    /// Hash of the entry.
    pub entry_hash: [u8; 32],
    /// When it was sequenced.
    pub at: Moment,
}

/// A held lease with its fencing token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// Grows with each new holder; a smaller one is refused.
    pub token: u64,
}

/// The log side of the store.
#[async_trait]
pub trait LogStore {
    /// Makes traces durable, in one transaction with their outbox rows (group commit is the caller's).
    async fn append_traces(&self, traces: &[NewTrace]) -> Result<(), StoreError>;

    /// Adds outcomes of traces.
    async fn append_outcomes(&self, outcomes: &[(Uuid, TraceOutcome, Moment)]) -> Result<(), StoreError>;

    /// Traces about a subject, newest first, at most `limit`.
    async fn traces_of(&self, subjects: &[IndexTag], limit: u32) -> Result<Vec<Trace>, StoreError>;

    /// Takes or renews the lease `name` for `holder` until `now + ttl_ms`; `None` if another holds it, by
    /// [`crate::is_lease_good`].
    async fn take_lease(
        &self,
        name: &'static str,
        holder: Uuid,
        now: Moment,
        ttl_ms: i64,
    ) -> Result<Option<Lease>, StoreError>;

    /// Gives the oldest unsequenced outbox rows dense indexes, at most `limit`; returns how many.
    ///
    /// # Errors
    ///
    /// [`StoreError::LeaseLost`] if the lease has a newer token. Nothing is written then.
    async fn sequence(&self, lease: Lease, now: Moment, limit: u32) -> Result<u32, StoreError>;

    /// Sequenced entries from `from`, at most `limit`.
    async fn log_entries(&self, from: u64, limit: u32) -> Result<Vec<LogEntry>, StoreError>;

    /// Unsequenced outbox rows, oldest first, at most `limit`: kind and entry hash.
    async fn outbox_entries(&self, limit: u32) -> Result<Vec<(EntryKind, [u8; 32])>, StoreError>;

    /// Number of sequenced entries, and of rows still in the outbox.
    async fn log_sizes(&self) -> Result<(u64, u64), StoreError>;
}

/// Name of the sequencer's lease.
pub const SEQUENCER_LEASE: &str = "sequencer";
