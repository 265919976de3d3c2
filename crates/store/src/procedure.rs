//! Procedures (objection, repair, proceeding, review …) and their steps. Reviews of pending matches are the first of them.

use async_trait::async_trait;
use domain::{Moment, Uscc};
use uuid::Uuid;

use crate::{EntryKind, PersonId, Sealed, StoreError};

/// A procedure to be opened.
#[derive(Debug, Clone)]
pub struct NewProcedure {
    /// Public id.
    pub uuid: Uuid,
    /// Kind.
    pub kind: ProcedureKind,
    /// Organisation that handles it.
    pub organisation: Uscc,
    /// Staged row it is about, if any.
    pub staged_row: Option<Uuid>,
    /// Person it is about, once known.
    pub person: Option<PersonId>,
    /// Reason word in clear, for lists: `name_variant`, `transposition` …
    pub reason: String,
    /// Details, sealed (delivery key or person key).
    pub details: Sealed,
    /// When opened.
    pub at: Moment,
    /// Last moment to answer, if one is set by rule.
    pub due_at: Option<Moment>,
}

/// Kind of procedure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProcedureKind {
    /// 待核: a human decides whether a row belongs to a person.
    Review,
    /// 不认可的查询: a person does not recognise a look-up, and the organisation that asked explains it.
    UnrecognisedLookUp,
    /// 紧急查询: an officer asks to look at a person without a registered matter.
    BreakGlass,
    /// 紧急查询复核: whether a granted emergency was one.
    BreakGlassReview,
}

/// A procedure as stored, with its present state.
#[derive(Debug, Clone)]
pub struct Procedure {
    /// Public id.
    pub uuid: Uuid,
    /// Kind.
    pub kind: ProcedureKind,
    /// Organisation that handles it.
    pub organisation: Uscc,
    /// Staged row.
    pub staged_row: Option<Uuid>,
    /// Person.
    pub person: Option<PersonId>,
    /// Reason word.
    pub reason: String,
    /// Sealed details.
    pub details: Sealed,
    /// When opened.
    pub opened_at: Moment,
    /// Last moment to answer.
    pub due_at: Option<Moment>,
    /// State word: `open`, or what the last step led to.
    pub state: String,
    /// Number of steps so far: the next step must carry it.
    pub steps: u32,
}

/// A step of a procedure.
#[derive(Debug, Clone)]
pub struct NewProcedureStep {
    /// Procedure; it must exist.
    pub procedure: Uuid,
    /// Steps there were when the caller read it; another number is a conflict.
    pub after_steps: u32,
    /// State word it leads to.
    pub state: String,
    /// Account of the human who took it.
    pub by: Uuid,
    /// Reasons, sealed.
    pub reason: Sealed,
    /// When.
    pub at: Moment,
    /// Hash of its log entry.
    pub entry_hash: [u8; 32],
}

impl NewProcedureStep {
    /// What its outbox row stands for.
    pub const ENTRY: EntryKind = EntryKind::ProcedureStep;
}

/// The procedure side of the store.
#[async_trait]
pub trait ProcedureStore {
    /// Opens a procedure alone, with its outbox row.
    async fn open_procedure(&self, procedure: &NewProcedure, entry_hash: [u8; 32]) -> Result<(), StoreError>;

    /// Appends a step alone (one that has no other effect).
    async fn append_step(&self, step: &NewProcedureStep) -> Result<(), StoreError>;

    /// One procedure.
    async fn find_procedure(&self, uuid: Uuid) -> Result<Option<Procedure>, StoreError>;

    /// Procedures of a kind in state `open`, oldest first; of `organisation` only, if given.
    async fn open_procedures(
        &self,
        kind: ProcedureKind,
        organisation: Option<&Uscc>,
        limit: u32,
    ) -> Result<Vec<Procedure>, StoreError>;

    /// Reasons of the steps of a procedure, oldest first.
    async fn step_reasons(&self, uuid: Uuid) -> Result<Vec<Sealed>, StoreError>;

    /// Steps of a procedure, oldest first: state word, account, moment.
    async fn procedure_steps(&self, uuid: Uuid) -> Result<Vec<(String, Uuid, Moment)>, StoreError>;
}
