//! Events for those who were shown a record: what it is owed for, to whom, whether it was told; see ADR 0019.

use async_trait::async_trait;
use domain::record::RecordEventKind;
use domain::{Day, Moment, Uscc};
use uuid::Uuid;

use crate::{Alarm, Lease, NewAct, PersonId, RecordId, Sealed, StoreError};

/// Name of the lease of whoever makes events and sends them.
pub const EVENTS_LEASE: &str = "events";
/// Characters of the longest address of an endpoint.
pub const ENDPOINT_CHARS_MAX: usize = 500;

/// What happened to what was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventKind {
    /// a later revision takes the record's place
    Corrected,
    /// the provider took it back
    Withdrawn,
    /// it is repaired (信用修复)
    Repaired,
    /// its end has passed
    Ended,
    /// what the look-up answered was not written down: whether the asker got it is not known
    Unconfirmed,
}

impl EventKind {
    /// What those who were shown a record are told of an event of its life; `None` = nothing.
    #[must_use]
    pub const fn of_life(kind: RecordEventKind) -> Option<Self> {
        match kind {
            RecordEventKind::Corrected => Some(Self::Corrected),
            RecordEventKind::Withdrawn => Some(Self::Withdrawn),
            RecordEventKind::Repaired => Some(Self::Repaired),
            RecordEventKind::Ended => Some(Self::Ended),
            RecordEventKind::Confirmed
            | RecordEventKind::Disputed
            | RecordEventKind::DisputeEnded
            | RecordEventKind::Purged => None,
        }
    }
}

/// An event that somebody is owed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owed {
    /// What happened.
    pub kind: EventKind,
    /// The look-up that showed the record.
    pub look_up: Uuid,
    /// The record, with the handle that the answer gave; none for [`EventKind::Unconfirmed`].
    pub record: Option<(RecordId, Uuid)>,
    /// Whose record.
    pub person: Option<PersonId>,
    /// Organisation that asked.
    pub organisation: Uscc,
    /// Its system, if one asked.
    pub client: Option<Uuid>,
    /// When it happened.
    pub at: Moment,
}

/// What waits to become events; whoever takes it makes the events and hands both to [`EventStore::append_events`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventWork {
    /// Rows that say that a record fell.
    pub fallen: Vec<i64>,
    /// Records that look-ups showed since.
    pub fresh: Vec<(RecordId, Uuid)>,
    /// Records that look-ups showed and whose end has passed.
    pub ended: Vec<(RecordId, Uuid)>,
    /// Look-ups up to this one were looked through for missing answers.
    pub swept_to: Option<i64>,
    /// Answers of look-ups that showed something and are not entered as having shown it.
    pub unlisted: Vec<(Uuid, Sealed)>,
    /// What is owed for all of these, oldest first.
    pub owed: Vec<Owed>,
}

impl EventWork {
    /// Whether nothing waits.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.fallen.is_empty()
            && self.fresh.is_empty()
            && self.ended.is_empty()
            && self.swept_to.is_none()
            && self.owed.is_empty()
    }
}

/// An event to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Public id; the same for the same thing told, so that it is made once.
    pub uuid: Uuid,
    /// What is owed.
    pub owed: Owed,
    /// Events of one lane are sent in their order.
    pub lane: [u8; 16],
    /// When it was made.
    pub at: Moment,
}

/// An event as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Order of making.
    pub order: i64,
    /// Public id.
    pub uuid: Uuid,
    /// What happened.
    pub kind: EventKind,
    /// The look-up that showed the record.
    pub look_up: Uuid,
    /// The handle that the answer gave.
    pub record: Option<Uuid>,
    /// Recipient.
    pub organisation: Uscc,
    /// Its system, if one asked.
    pub client: Option<Uuid>,
    /// When it happened.
    pub at: Moment,
    /// When the recipient took it: by its endpoint, or by reading on past it.
    pub told_at: Option<Moment>,
}

/// An event that is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueEvent {
    /// The event.
    pub event: Event,
    /// Whose endpoint.
    pub client: Uuid,
    /// Where to.
    pub url: String,
    /// How often it was tried.
    pub attempts: u32,
}

/// Where the events of a system go; without an address nowhere, and it reads them itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Whose.
    pub client: Uuid,
    /// Address.
    pub url: Option<String>,
    /// Since when.
    pub at: Moment,
}

/// How many events wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EventCounts {
    /// To be sent.
    pub waiting: u64,
    /// Given up.
    pub dead: u64,
    /// When the oldest of those that wait was made.
    pub waiting_since: Option<Moment>,
}

/// Whose events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// Organisation.
    pub organisation: Uscc,
    /// Its system; `None` = its officers.
    pub client: Option<Uuid>,
}

/// The events' side of the store. Which records a look-up showed is entered with its answer
/// ([`crate::LookUpStore::append_answers`]), that a record fell with the event of its life.
#[async_trait]
pub trait EventStore {
    /// Sets the endpoint of a system, or ends it: then what was to be sent there is not sent.
    async fn set_endpoint(&self, endpoint: &Endpoint, act: &NewAct) -> Result<(), StoreError>;

    /// The endpoint of a system as it was set last.
    async fn find_endpoint(&self, client: Uuid) -> Result<Option<Endpoint>, StoreError>;

    /// What waits to become events, at most `limit` of each: records that fell, that were shown, whose end lies before `today`,
    /// and look-ups asked before `asked_before` without an answer.
    async fn event_work(&self, today: Day, asked_before: Moment, limit: u32) -> Result<EventWork, StoreError>;

    /// Keeps `events` and takes `work` away, in one transaction; `listed` are records that look-ups showed and that were
    /// not entered yet. An event that is there stays as it is. Those of a system with an endpoint are to be sent.
    ///
    /// # Errors
    ///
    /// [`StoreError::LeaseLost`] if the lease has a newer token. Nothing is written then.
    async fn append_events(
        &self,
        lease: Lease,
        work: &EventWork,
        listed: &[(Uuid, RecordId)],
        events: &[NewEvent],
    ) -> Result<(), StoreError>;

    /// Events to be sent at `now`, each the first of its lane, at most `per_client` for each system and `limit` in all.
    async fn due_events(&self, now: Moment, limit: u32, per_client: u32) -> Result<Vec<DueEvent>, StoreError>;

    /// The recipient took the event. The first moment stands.
    async fn note_told(&self, order: i64, at: Moment) -> Result<(), StoreError>;

    /// The event is to be tried again at `next_at`; `attempts` were made.
    async fn put_off(&self, order: i64, attempts: u32, next_at: Moment) -> Result<(), StoreError>;

    /// The event is not tried any more after `attempts`, and the operator is told in the same transaction.
    async fn give_up(&self, order: i64, attempts: u32, alarm: &Alarm) -> Result<(), StoreError>;

    /// An event by public id.
    async fn find_event(&self, uuid: Uuid) -> Result<Option<Event>, StoreError>;

    /// Events of a recipient after place `after`, oldest first, at most `limit`.
    async fn events_of(&self, recipient: &Recipient, after: i64, limit: u32) -> Result<Vec<Event>, StoreError>;

    /// The recipient has read all its events up to place `up_to`.
    async fn acknowledge_events(&self, recipient: &Recipient, up_to: i64, at: Moment) -> Result<(), StoreError>;

    /// Sends all events of a system after place `after` again, whether they were taken, wait or were given up; how many.
    async fn replay_events(&self, client: Uuid, after: i64, now: Moment) -> Result<u64, StoreError>;

    /// Tries all that was given up again; how many.
    async fn revive_events(&self, now: Moment) -> Result<u64, StoreError>;

    /// How many events wait.
    async fn event_counts(&self) -> Result<EventCounts, StoreError>;

    /// Events that were given up, oldest first, at most `limit`.
    async fn dead_events(&self, limit: u32) -> Result<Vec<DueEvent>, StoreError>;

    /// Events about records of persons, newest first, at most `limit`.
    async fn events_about(&self, persons: &[PersonId], limit: u32) -> Result<Vec<Event>, StoreError>;
}
