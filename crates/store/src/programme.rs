//! Comparison programmes: under which statute an organisation may compare batches, who approved it, until when.

use async_trait::async_trait;
use domain::catalogue::{ItemId, PurposeId};
use domain::{Day, Moment, Uscc};
use uuid::Uuid;

use crate::StoreError;

/// A programme to be registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewProgramme {
    /// Public id.
    pub uuid: Uuid,
    /// Organisation that runs it.
    pub organisation: Uscc,
    /// Purpose.
    pub purpose: PurposeId,
    /// Document and article, as the catalogue has them now.
    pub statute: String,
    /// What it is for, in the words of the proposer.
    pub aim: String,
    /// Items it may compare.
    pub items: Vec<ItemId>,
    /// Rows that may be compared in a day.
    pub rows_a_day: u32,
    /// Last day on which it runs.
    pub last_day: Day,
    /// Account of the officer who proposes it.
    pub by: Uuid,
    /// Hash of its log entry.
    pub entry_hash: [u8; 32],
    /// When.
    pub at: Moment,
}

/// What can become of a programme, each once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProgrammeStepKind {
    /// a second officer of the organisation approved it
    Department,
    /// the credit centre approved its form
    Centre,
    /// it was ended before its last day
    Ended,
}

/// A step to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewProgrammeStep {
    /// The programme.
    pub programme: Uuid,
    /// What happened.
    pub kind: ProgrammeStepKind,
    /// Account of the human who did it.
    pub by: Uuid,
    /// Hash of its log entry.
    pub entry_hash: [u8; 32],
    /// When.
    pub at: Moment,
}

/// A programme as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programme {
    /// As it was proposed.
    pub proposed: NewProgramme,
    /// What became of it: kind, account, moment; in order of time.
    pub steps: Vec<(ProgrammeStepKind, Uuid, Moment)>,
}

impl Programme {
    /// Who took this step, if it was taken.
    #[must_use]
    pub fn by(&self, kind: ProgrammeStepKind) -> Option<Uuid> {
        let step = self.steps.iter().find(|(taken, ..)| *taken == kind);
        step.map(|(_, by, _)| *by)
    }

    /// Whether it is over on `day`.
    #[must_use]
    pub fn has_ended(&self, day: Day) -> bool {
        day > self.proposed.last_day || self.by(ProgrammeStepKind::Ended).is_some()
    }

    /// Whether `step` may follow: each kind once, none after the end, and neither approver is the proposer or the other one.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] with the rule it breaks.
    pub fn check_follows(&self, step: &NewProgrammeStep) -> Result<(), StoreError> {
        let conflict = |what| Err(StoreError::Conflict { what });
        if self.by(ProgrammeStepKind::Ended).is_some() {
            return conflict("the programme has ended");
        }
        if self.by(step.kind).is_some() {
            return conflict("the programme has this approval");
        }
        let is_same = step.by == self.proposed.by || self.steps.iter().any(|(_, by, _)| *by == step.by);
        if step.kind != ProgrammeStepKind::Ended && is_same {
            return conflict("three humans propose and approve a programme");
        }
        Ok(())
    }
}

/// The registry of comparison programmes.
#[async_trait]
pub trait ProgrammeStore {
    /// Registers a programme, with its outbox row.
    async fn register_programme(&self, programme: &NewProgramme) -> Result<(), StoreError>;

    /// Takes a step, with its outbox row, by [`Programme::check_follows`].
    async fn append_programme_step(&self, step: &NewProgrammeStep) -> Result<(), StoreError>;

    /// One programme by public id.
    async fn find_programme(&self, uuid: Uuid) -> Result<Option<Programme>, StoreError>;

    /// Programmes, newest first, at most `limit`; those of one organisation, if given.
    async fn list_programmes(&self, organisation: Option<&Uscc>, limit: u32) -> Result<Vec<Programme>, StoreError>;
}
