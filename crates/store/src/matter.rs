//! The registry of matters 办件: whoever is looked up is looked up for one that the department has in hand.

use async_trait::async_trait;
use domain::catalogue::PurposeId;
use domain::{Day, MatterNo, Moment, Uscc};
use uuid::Uuid;

use crate::StoreError;

/// Local number of a matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MatterId(pub i64);

/// A matter to be registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMatter {
    /// Public id.
    pub uuid: Uuid,
    /// Whose business it is.
    pub organisation: Uscc,
    /// The department's own number.
    pub matter_no: MatterNo,
    /// What it is about.
    pub purpose: PurposeId,
    /// On which day it began.
    pub opened: Day,
    /// Account that registers it.
    pub by: Uuid,
    /// When.
    pub at: Moment,
}

/// A matter as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matter {
    /// Local number.
    pub id: MatterId,
    /// Public id.
    pub uuid: Uuid,
    /// Whose business it is.
    pub organisation: Uscc,
    /// The department's own number.
    pub matter_no: MatterNo,
    /// What it is about.
    pub purpose: PurposeId,
    /// On which day it began.
    pub opened: Day,
    /// When it was registered.
    pub registered_at: Moment,
    /// Events so far: the next one must carry their number.
    pub events: u32,
    /// From which day it is closed, if the last event closed it.
    pub closed: Option<Day>,
}

impl Matter {
    /// Whether the department has it in hand on `day`.
    #[must_use]
    pub fn is_in_hand(&self, day: Day) -> bool {
        self.opened <= day && self.closed.is_none_or(|closed| day < closed)
    }
}

/// What can happen to a matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatterEventKind {
    /// decided, withdrawn or given up
    Closed,
    /// taken up again
    Reopened,
}

/// An event of a matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMatterEvent {
    /// The matter.
    pub matter: MatterId,
    /// Events there were when the caller read it; another number is a conflict.
    pub after_events: u32,
    /// What happened.
    pub kind: MatterEventKind,
    /// From which day it is true.
    pub effective: Day,
    /// Account that says so.
    pub by: Uuid,
    /// When it became known.
    pub at: Moment,
}

/// The registry of matters.
#[async_trait]
pub trait MatterStore {
    /// Registers matters; a number that its organisation has used stays as it is. Answers what stands under each number, in
    /// the order asked. No number may come twice.
    async fn register_matters(&self, matters: &[NewMatter]) -> Result<Vec<Matter>, StoreError>;

    /// The matter of an organisation with this number.
    async fn find_matter(&self, organisation: &Uscc, number: &MatterNo) -> Result<Option<Matter>, StoreError>;

    /// The matters of an organisation with these numbers, in the order asked. No number may come twice.
    async fn find_matters(&self, organisation: &Uscc, numbers: &[MatterNo]) -> Result<Vec<Option<Matter>>, StoreError>;

    /// Matters of an organisation, newest first, at most `limit`.
    async fn matters_of(&self, organisation: &Uscc, limit: u32) -> Result<Vec<Matter>, StoreError>;

    /// Closes or reopens a matter.
    async fn append_matter_event(&self, event: &NewMatterEvent) -> Result<(), StoreError>;
}
