//! Persons: their wrapped secrets, blind indexes, confirmed aliases, links and splits.

use async_trait::async_trait;
use domain::Moment;
use uuid::Uuid;

use crate::{IndexTag, PersonRef, Sealed, StoreError};

/// Local number of a person; clusters rows, never leaves the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonId(pub i64);

/// A person as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Local number.
    pub id: PersonId,
    /// Public id; binds the wrapped secret as AAD.
    pub uuid: Uuid,
    /// Person secret, wrapped by the vault; `None` once destroyed.
    pub secret: Option<Vec<u8>>,
    /// Sealed identity: document kind, number and name, for the person's own page.
    pub identity: Sealed,
}

/// A person to be created.
#[derive(Debug, Clone)]
pub struct NewPerson {
    /// Public id.
    pub uuid: Uuid,
    /// Wrapped person secret.
    pub secret: Vec<u8>,
    /// Sealed identity.
    pub identity: Sealed,
    /// Index tags: B1, and B2 for the authoritative name and each confirmed alias.
    pub tags: Vec<IndexTag>,
}

/// What happened to persons as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PersonEvent {
    /// Two numbers belong to one human; records keep person and key.
    Linked {
        /// the other person
        with: PersonId,
    },
    /// A link was wrong and ends.
    Unlinked {
        /// the other person
        with: PersonId,
    },
    /// A split: copies were re-encrypted for `into`; a tombstone stays here.
    Split {
        /// the person who received the copies
        into: PersonId,
    },
    /// A further name was confirmed; its B2 tags were added.
    AliasConfirmed,
}

/// An event of a person that a chunk brings about, in its transaction.
#[derive(Debug, Clone)]
pub struct NewPersonEvent {
    /// Whose.
    pub person: PersonRef,
    /// What.
    pub kind: NewPersonEventKind,
    /// Further tags (a confirmed alias).
    pub tags: Vec<IndexTag>,
    /// Reason, sealed.
    pub reason: Sealed,
    /// Account of the human who decided it.
    pub by: Uuid,
    /// Hash of its log entry.
    pub entry_hash: [u8; 32],
}

/// What a chunk can do to a person as a whole; the other person may be one that the chunk creates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewPersonEventKind {
    /// See [`PersonEvent::Split`].
    Split {
        /// the person who received the copies
        into: PersonRef,
    },
    /// See [`PersonEvent::AliasConfirmed`].
    AliasConfirmed,
}

impl NewPersonEventKind {
    /// The event, now that persons have their numbers.
    pub fn event(self, number: impl Fn(PersonRef) -> Option<PersonId>) -> Option<PersonEvent> {
        Some(match self {
            Self::Split { into } => PersonEvent::Split { into: number(into)? },
            Self::AliasConfirmed => PersonEvent::AliasConfirmed,
        })
    }
}

/// An event of a person who is in the store already, to be appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownPersonEvent {
    /// Whose it is.
    pub person: PersonId,
    /// What happened.
    pub event: PersonEvent,
    /// Further tags (a confirmed alias).
    pub tags: Vec<IndexTag>,
    /// Why, sealed.
    pub reason: Sealed,
    /// Who did it.
    pub by: Uuid,
    /// When.
    pub at: Moment,
    /// Leaf for the log.
    pub entry_hash: [u8; 32],
}

/// The person side of the store.
#[async_trait]
pub trait PersonStore {
    /// Finds persons by tag, in the order of `tags`; a miss is `None` and costs the same statements.
    async fn find_persons(&self, tags: &[IndexTag]) -> Result<Vec<Option<Person>>, StoreError>;

    /// Persons by id, in the order asked; each must exist.
    async fn get_persons(&self, ids: &[PersonId]) -> Result<Vec<Person>, StoreError>;

    /// Appends an event of a person, with its tags and an outbox row.
    async fn append_person_event(&self, event: &KnownPersonEvent) -> Result<(), StoreError>;

    /// Events of a person, oldest first.
    async fn person_events(&self, person: PersonId) -> Result<Vec<(PersonEvent, Moment)>, StoreError>;

    /// Persons now linked with `person`, itself included.
    async fn linked_persons(&self, person: PersonId) -> Result<Vec<PersonId>, StoreError>;

    /// Number of persons.
    async fn count_persons(&self) -> Result<u64, StoreError>;
}
