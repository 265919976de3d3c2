//! Look-ups: who asked for what, what was answered, what came of it; locks, withholding, limits and alarms.

use async_trait::async_trait;
use domain::catalogue::PurposeId;
use domain::{Day, Moment, Uscc};
use uuid::Uuid;

use crate::{
    IndexTag, MatterId, NewTrace, Person, PersonId, Record, RecordId, Sealed, StoreError, Trace, TraceOutcome,
};

/// Number of the person who stands in where nobody is found, so that a miss runs the same statements (R12). It has no tag, so
/// nothing leads to it, and no record.
pub const DECOY: PersonId = PersonId(0);

/// Milliseconds in a year of 366 days: the longest that a look-up may be withheld at a time (R6).
pub const WITHHELD_MS_MAX: i64 = 366 * 24 * 3600 * 1000;
/// The first decision to withhold, and two renewals.
pub const WITHHOLDINGS_MAX: u32 = 3;

/// A look-up to be made durable before anybody is searched for (R11): the trace, and in clear columns what limits are
/// counted on.
#[derive(Debug, Clone)]
pub struct NewLookUp {
    /// The trace; its public id is the look-up's.
    pub trace: NewTrace,
    /// Organisation that asks.
    pub organisation: Uscc,
    /// Account of the verified officer.
    pub account: Uuid,
    /// Registered client, if a department's system asks.
    pub client: Option<Uuid>,
    /// Purpose.
    pub purpose: PurposeId,
    /// Matter, if it is registered.
    pub matter: Option<MatterId>,
    /// Hash of asker and idempotency key.
    pub request_key: [u8; 32],
    /// Keyed tag of what was asked.
    pub request_tag: [u8; 32],
    /// Day on which it counts.
    pub day: Day,
}

/// A look-up that stands under an idempotency key already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownLookUp {
    /// Public id.
    pub uuid: Uuid,
    /// Keyed tag of what was asked then.
    pub request_tag: [u8; 32],
    /// When.
    pub at: Moment,
}

/// Who is behind a number and a name, or who stands in for nobody.
#[derive(Debug, Clone)]
pub struct Found {
    /// The person, or the decoy.
    pub person: Person,
    /// The person's records with their events, newest first.
    pub records: Vec<Record>,
    /// Whether the number is locked.
    pub is_locked: bool,
    /// What the person is to the officer who asks, as declared.
    pub relation: Option<Relation>,
}

/// What a person is to an officer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// the officer
    Own,
    /// of the family
    Kin,
    /// of the same organisation
    Colleague,
}

/// A relation that was declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRelation {
    /// The officer's account.
    pub account: Uuid,
    /// B1 tags of the person's number.
    pub tags: Vec<IndexTag>,
    /// What the person is to the officer.
    pub relation: Relation,
    /// When it was declared.
    pub at: Moment,
}

impl Found {
    /// Whether somebody was found.
    #[must_use]
    pub fn is_somebody(&self) -> bool {
        self.person.id != DECOY
    }
}

/// What a look-up answered.
#[derive(Debug, Clone)]
pub struct NewAnswer {
    /// The look-up.
    pub look_up: Uuid,
    /// In a word.
    pub outcome: TraceOutcome,
    /// Items and records, sealed with the log's key.
    pub content: Sealed,
    /// The records that it showed: who was shown one is told when it falls (ADR 0019).
    pub records: Vec<RecordId>,
    /// Last day to say what came of it, if an adverse fact was among them.
    pub close_by: Option<Day>,
    /// Hash of its log entry.
    pub entry_hash: [u8; 32],
    /// When.
    pub at: Moment,
}

/// Who asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asker {
    /// Organisation.
    pub organisation: Uscc,
    /// Account of the officer.
    pub account: Uuid,
    /// Registered client.
    pub client: Option<Uuid>,
    /// Purpose.
    pub purpose: PurposeId,
}

/// What was answered, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// Items and records.
    pub content: Sealed,
    /// Last day to say what came of it.
    pub close_by: Option<Day>,
    /// Hash of its log entry.
    pub entry_hash: [u8; 32],
    /// When.
    pub at: Moment,
}

/// What came of a look-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookUpResult {
    /// nothing that was learnt was used
    NotUsed,
    /// a proceeding began, with notice to the person
    Proceeding,
}

/// How a look-up was closed, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// What came of it.
    pub result: LookUpResult,
    /// Number of the proceeding.
    pub reference: Sealed,
    /// Account of the human who says so.
    pub by: Uuid,
    /// Hash of its log entry.
    pub entry_hash: [u8; 32],
    /// When.
    pub at: Moment,
}

/// A closing to be written.
#[derive(Debug, Clone)]
pub struct NewClosing {
    /// The look-up.
    pub look_up: Uuid,
    /// What came of it.
    pub closed: Closed,
}

/// A look at a person, by an officer or by the person, with all that is known of it.
#[derive(Debug, Clone)]
pub struct Look {
    /// Order of arrival; later looks have greater ones.
    pub order: i64,
    /// The trace.
    pub trace: Trace,
    /// Hash of its log entry.
    pub entry_hash: [u8; 32],
    /// Who asked; `None` for an own read.
    pub asker: Option<Asker>,
    /// What was answered.
    pub answer: Option<Answered>,
    /// How it was closed.
    pub closed: Option<Closed>,
    /// Until when it is withheld from the person.
    pub withheld_until: Option<Moment>,
}

/// What of a look-up counts against the limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// Order of arrival.
    pub order: i64,
    /// Who asked.
    pub asker: Asker,
    /// Matter.
    pub matter: Option<MatterId>,
    /// B1 tag of the number.
    pub tag: [u8; 16],
}

/// A decision that a look-up is not shown yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withholding {
    /// The look-up.
    pub look_up: Uuid,
    /// 1 = withheld, 2 and 3 = renewed.
    pub step: u32,
    /// Document and article that allow it.
    pub law: String,
    /// Body that decided it.
    pub organisation: Uscc,
    /// Until when.
    pub until: Moment,
    /// Account of the human who decided it.
    pub by: Uuid,
    /// Hash of its log entry.
    pub entry_hash: [u8; 32],
    /// When.
    pub at: Moment,
}

impl Withholding {
    /// Whether this decision may follow `earlier` ones of the same look-up, oldest first: an end within a year, renewed before
    /// it is over, by another body than the first, twice at most (R6).
    ///
    /// # Errors
    ///
    /// [`StoreError::Invalid`] with the rule it breaks; [`StoreError::Conflict`] if somebody decided meanwhile.
    pub fn check_follows(&self, earlier: &[Self]) -> Result<(), StoreError> {
        let rule = |holds: bool, what: &'static str| {
            if holds {
                Ok(())
            } else {
                Err(StoreError::Invalid { what })
            }
        };
        let ends_in_time = self.until > self.at && self.until.0 - self.at.0 <= WITHHELD_MS_MAX;
        rule(ends_in_time, "a look-up is withheld for a year at most, with an end")?;
        rule(
            self.step <= WITHHOLDINGS_MAX,
            "a look-up is withheld anew twice at most",
        )?;
        if usize::try_from(self.step).ok() != Some(earlier.len() + 1) {
            return Err(StoreError::Conflict {
                what: "somebody decided on the look-up meanwhile",
            });
        }
        if let (Some(first), Some(last)) = (earlier.first(), earlier.last()) {
            rule(
                first.organisation != self.organisation,
                "a second body renews, not the one that withheld",
            )?;
            rule(last.until > self.at, "what was shown is not withheld again")?;
        }
        Ok(())
    }
}

/// A person locks the own records against look-ups that no statute compels, or opens them again.
#[derive(Debug, Clone)]
pub struct NewLock {
    /// B1 tags of the number.
    pub tags: Vec<IndexTag>,
    /// Locked, or open.
    pub is_locked: bool,
    /// The person's account.
    pub by: Uuid,
    /// Hash of its log entry.
    pub entry_hash: [u8; 32],
    /// When.
    pub at: Moment,
}

/// What was noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AlarmKind {
    /// more distinct persons in a day than one officer may look up
    OfficerLimit,
    /// … than one client
    ClientLimit,
    /// … than one organisation
    DepartmentLimit,
    /// … than for one purpose
    PurposeLimit,
    /// … than everybody together
    CityLimit,
    /// more persons than one matter concerns
    MatterLimit,
    /// a number that was never issued
    HoneyNumber,
    /// again and again without a matter in hand
    Matterless,
    /// an officer looked for the own records, or for a person close to the officer
    Relation,
    /// an event was not taken by its recipient and is not sent any more
    EventUndelivered,
}

/// An alarm, without personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// What.
    pub kind: AlarmKind,
    /// Organisation of the asker.
    pub organisation: Uscc,
    /// Account of the asker.
    pub account: Uuid,
    /// Registered client.
    pub client: Option<Uuid>,
    /// Purpose named.
    pub purpose: Option<PurposeId>,
    /// Look-up, if it was traced.
    pub look_up: Option<Uuid>,
    /// When.
    pub at: Moment,
}

/// The look-up side of the store.
#[async_trait]
pub trait LookUpStore {
    /// Makes look-ups durable with their traces and outbox rows, in one transaction. Where an idempotency key is known, nothing
    /// is written for it and what stands there is answered, in the order asked. No key may come twice.
    async fn append_look_ups(&self, look_ups: &[NewLookUp]) -> Result<Vec<Option<KnownLookUp>>, StoreError>;

    /// Enters the decoy unless it is there, and answers it.
    async fn ensure_decoy(&self, uuid: Uuid, secret: &[u8]) -> Result<Person, StoreError>;

    /// Who is behind these tags of number and name (the first that leads to somebody), with records and lock (by the tags of
    /// the number), and what the person is to the officer `account`. A miss answers the decoy by the same statements (R12).
    async fn find_for_look_up(
        &self,
        names: &[IndexTag],
        numbers: &[IndexTag],
        account: Uuid,
    ) -> Result<Found, StoreError>;

    /// Enters what a person is to an officer; what was declared first stays.
    async fn declare_relation(&self, relation: &NewRelation) -> Result<(), StoreError>;

    /// Adds what look-ups answered; those that are to be closed come on their organisation's list. The first answer stands:
    /// a second one has no effect.
    async fn append_answers(&self, answers: &[NewAnswer]) -> Result<(), StoreError>;

    /// One look-up by public id.
    async fn find_look_up(&self, uuid: Uuid) -> Result<Option<Look>, StoreError>;

    /// Look-ups that are to be closed, those due first coming first, at most `limit`: of one organisation, and of one officer
    /// in it, if given; only those due before `due_before`, if given.
    async fn open_look_ups(
        &self,
        organisation: Option<&Uscc>,
        account: Option<Uuid>,
        due_before: Option<Day>,
        limit: u32,
    ) -> Result<Vec<Look>, StoreError>;

    /// Closes a look-up; conflict if it is closed.
    async fn close_look_up(&self, closing: &NewClosing) -> Result<(), StoreError>;

    /// Looks at a subject, own reads too, newest first, at most `limit`; those before `before`, if given.
    async fn looks_of(&self, subjects: &[IndexTag], before: Option<i64>, limit: u32) -> Result<Vec<Look>, StoreError>;

    /// Look-ups of `day` that came after `after`, oldest first, at most `limit`.
    async fn counted_look_ups(&self, day: Day, after: i64, limit: u32) -> Result<Vec<Counted>, StoreError>;

    /// Persons, by tag, who were looked up for a matter; at most `limit`.
    async fn subjects_of_matter(&self, matter: MatterId, limit: u32) -> Result<Vec<[u8; 16]>, StoreError>;

    /// Withholds a look-up, or renews it, by [`Withholding::check_follows`].
    async fn withhold(&self, decision: &Withholding) -> Result<(), StoreError>;

    /// Decisions to withhold a look-up, oldest first.
    async fn withholdings(&self, look_up: Uuid) -> Result<Vec<Withholding>, StoreError>;

    /// Sets the lock of a number.
    async fn set_lock(&self, lock: &NewLock) -> Result<(), StoreError>;

    /// Whether a number is locked.
    async fn is_locked(&self, numbers: &[IndexTag]) -> Result<bool, StoreError>;

    /// Writes an alarm.
    async fn raise_alarm(&self, alarm: &Alarm) -> Result<(), StoreError>;

    /// Alarms, newest first, at most `limit`.
    async fn alarms(&self, limit: u32) -> Result<Vec<Alarm>, StoreError>;

    /// Enters numbers that were never issued.
    async fn add_honey_numbers(&self, tags: &[IndexTag], at: Moment) -> Result<(), StoreError>;

    /// All numbers that were never issued.
    async fn honey_numbers(&self) -> Result<Vec<IndexTag>, StoreError>;
}
