//! What a rotation of keys reads and writes. It changes nothing but the wrapped form of a secret and the version of a tag;
//! each call bears to be repeated, so that a rotation that was killed begins again and finds what is left to do.

use std::borrow::Cow;

use async_trait::async_trait;
use domain::Moment;
use uuid::Uuid;

use crate::{BlindIndex, IndexTag, Person, PersonId, Sealed, StoreError, TraceKind};

/// A wrapped secret begins with a byte of format and two of the version of the key that wraps it, the higher first. That is
/// all a store reads of it.
#[must_use]
pub fn wrapping_version(wrapped: &[u8]) -> u16 {
    match wrapped.get(1..3) {
        Some(&[high, low]) => u16::from_be_bytes([high, low]),
        _ => 0,
    }
}

/// The tags of one thing that are written while an older index key is being retired: those below the floor are left out, each of
/// them standing beside a later one of the same index.
///
/// # Errors
///
/// [`StoreError::Conflict`] if one has no later one beside it: whoever wrote it must read the key file again.
pub fn above_floor(tags: &[IndexTag], floor: u16) -> Result<Cow<'_, [IndexTag]>, StoreError> {
    if tags.iter().all(|tag| tag.key_version >= floor) {
        return Ok(Cow::Borrowed(tags));
    }
    let (kept, below): (Vec<IndexTag>, Vec<IndexTag>) = tags.iter().copied().partition(|tag| tag.key_version >= floor);
    let count = |tags: &[IndexTag], index| tags.iter().filter(|tag| tag.index == index).count();
    let is_lost = |index| count(&below, index) > count(&kept, index);
    if is_lost(BlindIndex::Number) || is_lost(BlindIndex::NumberAndName) {
        return Err(StoreError::Conflict {
            what: "a key was retired",
        });
    }
    Ok(Cow::Owned(kept))
}

/// Whose wrapped secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretOf {
    /// Of persons.
    Person,
    /// Of deliveries that are not resolved yet.
    Delivery,
    /// Of accounts.
    Account,
}

impl SecretOf {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Person, Self::Delivery, Self::Account];
}

/// A wrapped secret as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedSecret {
    /// Local number of its owner.
    pub number: i64,
    /// Public id of its owner, which the wrapping binds.
    pub uuid: Uuid,
    /// The wrapped form.
    pub wrapped: Vec<u8>,
}

/// A secret that gets another wrapped form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewrapped {
    /// Local number of its owner.
    pub number: i64,
    /// The form that was read: where another stands by now, nothing is changed.
    pub before: Vec<u8>,
    /// The form under a later version of the wrapping key.
    pub after: Vec<u8>,
}

/// Keys below whose floor nothing is written any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FloorOf {
    /// The key that wraps secrets.
    Kek,
    /// The key of the blind indexes.
    Index,
}

impl FloorOf {
    /// Stored form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kek => "kek",
            Self::Index => "index",
        }
    }
}

/// A trace whose tag a rotation may move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaggedTrace {
    /// Order of arrival.
    pub number: i64,
    /// Public id.
    pub uuid: Uuid,
    /// Who looked.
    pub kind: TraceKind,
    /// Tag under which it stands.
    pub subject: IndexTag,
    /// Sealed who, why, what.
    pub content: Sealed,
}

/// What was done to a key, as the log's entry of kind `key` stands for it. It holds no secret and no person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyAct {
    /// Public id.
    pub uuid: Uuid,
    /// The act as it is made public: JSON, of which the entry's hash is made.
    pub document: Vec<u8>,
    /// Account of the human or adapter that did it.
    pub by: Uuid,
    /// When.
    pub at: Moment,
    /// Hash of its log entry.
    pub entry_hash: [u8; 32],
}

/// How many things stand under tags of an older version of the index key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TaggedBefore {
    /// Traces with contents: somebody may ask for them.
    pub traces: u64,
    /// Rows that wait.
    pub staged: u64,
    /// Rows of comparisons.
    pub compared: u64,
    /// Locks, declared relations, numbers never issued, and notices of emergencies. They stand under the older tags until the
    /// floor has risen, so they count only then.
    pub marks: u64,
}

/// The side of the store that a rotation of keys uses.
#[async_trait]
pub trait RotationStore {
    /// Wrapped secrets that are under a version of the wrapping key before `version`, with numbers after `after`, at most
    /// `limit`.
    async fn secrets_before(
        &self,
        of: SecretOf,
        version: u16,
        after: i64,
        limit: u32,
    ) -> Result<Vec<WrappedSecret>, StoreError>;

    /// Gives secrets their later forms; returns how many still had the form that was read.
    async fn rewrap(&self, of: SecretOf, changes: &[Rewrapped]) -> Result<u64, StoreError>;

    /// Persons with numbers after `after`, in order, at most `limit`.
    async fn scan_persons(&self, after: PersonId, limit: u32) -> Result<Vec<Person>, StoreError>;

    /// Sealed names of the confirmed aliases of these persons; an erased or unnamed one is empty.
    async fn aliases_of(&self, persons: &[PersonId]) -> Result<Vec<(PersonId, Sealed)>, StoreError>;

    /// Enters tags of known persons that are not there yet; returns how many were new.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] if one belongs to another person; nothing is written then.
    async fn add_tags(&self, tags: &[(PersonId, IndexTag)]) -> Result<u64, StoreError>;

    /// Moves traces from the first tag of each pair to the second, of a later version; returns how many.
    async fn retag_traces(&self, moves: &[(IndexTag, IndexTag)]) -> Result<u64, StoreError>;

    /// Moves what else hangs on a number, whoever's it is: locks, declared relations, numbers never issued, emergencies and their
    /// notices; returns how many. Only from tags below the floor: before it rises, a process that knows the older key alone asks
    /// for a lock by it, and must find it.
    async fn retag_marks(&self, moves: &[(IndexTag, IndexTag)]) -> Result<u64, StoreError>;

    /// Gives waiting rows the tag of a later version; returns how many.
    async fn retag_staged(&self, rows: &[(Uuid, IndexTag)]) -> Result<u64, StoreError>;

    /// Traces under tags before `version`, with numbers after `after`, in order, at most `limit`.
    async fn traces_before(&self, version: u16, after: i64, limit: u32) -> Result<Vec<TaggedTrace>, StoreError>;

    /// All traces with contents, with numbers after `after`, in order, at most `limit`.
    async fn scan_traces(&self, after: i64, limit: u32) -> Result<Vec<TaggedTrace>, StoreError>;

    /// What stands under tags before `version`.
    async fn tagged_before(&self, version: u16) -> Result<TaggedBefore, StoreError>;

    /// From now on nothing is written under versions of this key before `version`, by nobody; never goes down. A write that
    /// comes later ends in [`StoreError::Conflict`], and so does a look by such tags alone, which would miss what is there.
    async fn raise_floor(&self, of: FloorOf, version: u16) -> Result<(), StoreError>;

    /// Deletes tags of persons below the floor of the index key, in portions of at most about `limit`; returns how many. Zero
    /// once none is left.
    async fn forget_tags(&self, limit: u32) -> Result<u64, StoreError>;

    /// Appends an act.
    async fn append_key_act(&self, act: &KeyAct) -> Result<(), StoreError>;

    /// All acts, oldest first.
    async fn key_acts(&self) -> Result<Vec<KeyAct>, StoreError>;
}
