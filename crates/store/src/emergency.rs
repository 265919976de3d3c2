//! Emergencies 紧急查询: one officer asks, another of the same organisation grants, the person is told in the same transaction.

use async_trait::async_trait;
use domain::catalogue::PurposeId;
use domain::{Moment, Uscc};
use uuid::Uuid;

use crate::{IndexTag, NewProcedure, NewProcedureStep, Procedure, StoreError};

/// State word of a granted emergency.
pub const GRANTED: &str = "granted";

/// An emergency that is asked for. It gives nothing until it is granted.
#[derive(Debug, Clone)]
pub struct NewEmergency {
    /// The procedure, of kind [`crate::ProcedureKind::BreakGlass`].
    pub procedure: NewProcedure,
    /// Purpose of the look-up.
    pub purpose: PurposeId,
    /// B1 tag of the number.
    pub subject: IndexTag,
    /// Account of the officer who asks.
    pub by: Uuid,
    /// For how long, once granted.
    pub minutes: u32,
    /// Hash of its log entry.
    pub entry_hash: [u8; 32],
}

/// The second person's word: with it the emergency lasts, the person is told, and a review is open.
#[derive(Debug, Clone)]
pub struct EmergencyGrant {
    /// The granting step; its state is [`GRANTED`].
    pub step: NewProcedureStep,
    /// Until when.
    pub until: Moment,
    /// The review that it opens, of kind [`crate::ProcedureKind::BreakGlassReview`].
    pub review: NewProcedure,
}

/// An emergency as stored.
#[derive(Debug, Clone)]
pub struct Emergency {
    /// The procedure with its state.
    pub procedure: Procedure,
    /// Purpose.
    pub purpose: PurposeId,
    /// Whom it is about.
    pub subject: IndexTag,
    /// Who asked.
    pub by: Uuid,
    /// For how long, once granted.
    pub minutes: u32,
    /// From when and until when it lasts, if it was granted.
    pub granted: Option<(Moment, Moment)>,
}

/// What a person is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectNotice {
    /// The procedure.
    pub procedure: Uuid,
    /// Whose officers.
    pub organisation: Uscc,
    /// Reason word.
    pub reason: String,
    /// Purpose.
    pub purpose: PurposeId,
    /// When granted.
    pub at: Moment,
    /// Until when.
    pub until: Moment,
}

/// The emergencies' side of the store.
#[async_trait]
pub trait EmergencyStore {
    /// Opens the procedure of an emergency.
    async fn ask_emergency(&self, new: &NewEmergency) -> Result<(), StoreError>;

    /// Grants it: step, notice to the person and review in one transaction; conflict if somebody took a step before.
    async fn grant_emergency(&self, grant: &EmergencyGrant) -> Result<(), StoreError>;

    /// One emergency.
    async fn find_emergency(&self, uuid: Uuid) -> Result<Option<Emergency>, StoreError>;

    /// Ids of the organisation's emergencies that were granted and end after `now`, oldest first, at most `limit`.
    async fn lasting_emergencies(&self, organisation: &Uscc, now: Moment, limit: u32) -> Result<Vec<Uuid>, StoreError>;

    /// What whoever stands behind these tags is told, newest first, at most `limit`.
    async fn subject_notices(&self, subjects: &[IndexTag], limit: u32) -> Result<Vec<SubjectNotice>, StoreError>;
}
