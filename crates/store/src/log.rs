//! Log tables: traces of look-ups and own reads (written first, R11), the outbox of effects, and the sequencer.
//! Tiles and proofs are built on the sequenced entries by `app`.

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

/// Gives the kinds of entries their stored words and the numbers that leaves carry, from one list.
macro_rules! kinds {
    ($($(#[$doc:meta])+ $variant:ident = $number:literal $word:literal),+ $(,)?) => {
        /// What a log entry stands for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum EntryKind { $($(#[$doc])+ $variant),+ }

        impl EntryKind {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Stored form.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
            /// Reads the stored form.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($word => Some(Self::$variant),)+ _ => None }
            }
            /// The number in leaves of the log. It is signed and given out: it never changes, and none is used again.
            #[must_use]
            pub const fn number(self) -> u8 {
                match self { $(Self::$variant => $number),+ }
            }
            /// Reads a number.
            #[must_use]
            pub const fn from_number(number: u8) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

kinds! {
    /// a trace
    Trace = 1 "trace",
    /// the records of a chunk
    Chunk = 2 "chunk",
    /// a receipt
    Receipt = 3 "receipt",
    /// an event of a record
    RecordEvent = 4 "record_event",
    /// an event of a person
    PersonEvent = 5 "person_event",
    /// a step of a procedure
    ProcedureStep = 6 "procedure_step",
    /// how a look-up ended
    Outcome = 7 "outcome",
    /// an officer closed a look-up
    LookUpClosed = 8 "look_up_closed",
    /// a decision
    Decision = 9 "decision",
    /// a consent, or its withdrawal
    Consent = 10 "consent",
    /// a version of the catalogue
    Catalogue = 11 "catalogue",
    /// a version of the policies
    Policy = 12 "policy",
    /// an act on a key
    Key = 13 "key",
    /// an act of an administrator
    Administrator = 14 "administrator",
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

/// A head of the log's tree that was signed, with the log's signature over its checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedHead {
    /// Name of the log: a log that was given up is followed by one of another name over the same entries.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    /// Root of the tree over them.
    pub root: [u8; 32],
    /// Ed25519 signature of the checkpoint's text.
    pub signature: [u8; 64],
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

    /// The entry of each hash, in the order asked; the earliest, if several have the hash.
    async fn find_entries(&self, hashes: &[[u8; 32]]) -> Result<Vec<Option<LogEntry>>, StoreError>;

    /// Asks for a place for a new version of something (catalogue, policies): whether the newest of its kind, sequenced or
    /// waiting, is another.
    async fn append_version(&self, kind: EntryKind, entry_hash: [u8; 32]) -> Result<bool, StoreError>;

    /// Keeps a head that was signed, before anybody is given it.
    ///
    /// # Errors
    ///
    /// [`StoreError::LeaseLost`] if the lease has a newer token, [`StoreError::Conflict`] if a head of this size or a larger
    /// one was signed. Nothing is written then.
    async fn append_head(&self, lease: Lease, head: &SignedHead) -> Result<(), StoreError>;

    /// Signed heads of the log `origin` of `from` entries and more, at most `limit`, smallest first.
    async fn signed_heads(&self, origin: &str, from: u64, limit: u32) -> Result<Vec<SignedHead>, StoreError>;

    /// The head of the log `origin` that was signed last.
    async fn last_head(&self, origin: &str) -> Result<Option<SignedHead>, StoreError>;

    /// Unsequenced outbox rows, oldest first, at most `limit`: kind and entry hash.
    async fn outbox_entries(&self, limit: u32) -> Result<Vec<(EntryKind, [u8; 32])>, StoreError>;

    /// Number of sequenced entries, and of rows still in the outbox.
    async fn log_sizes(&self) -> Result<(u64, u64), StoreError>;
}

/// Name of the sequencer's lease.
pub const SEQUENCER_LEASE: &str = "sequencer";
