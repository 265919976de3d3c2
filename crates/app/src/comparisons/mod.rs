//! Comparisons of batches under registered programmes. A row answers, for each item, whether to open the file by a single
//! look-up; never a fact, never a score, never "deny" (R1, R3). A batch answers what single look-ups would (I7).
//!
//! Per block of rows: checked → durable in the log (R11) → probed in the comparison index → answer durable → given out.

mod block;
mod index;
mod looks;
mod places;
mod programmes;
mod rows;
mod run;
mod verify;

use domain::Moment;
use domain::catalogue::ItemId;
use policy::Refusal;
use store::StoreError;
use uuid::Uuid;

use crate::AppError;
use crate::look_ups::LookUpFault;

pub(crate) use block::count_older;
pub use block::{ANSWER, HEADER, ROW, promise};
pub(crate) use index::ComparisonIndex;
pub use looks::{ComparedLook, ProofPath};
pub(crate) use looks::{find as find_look, list as list_looks};
pub use programmes::{ProgrammeState, Proposal, approve, approve_question, end, list, propose, propose_question};
pub use rows::{RawRow, RowFault};
pub use run::{Asked, BlockDone, BlockReceipt, Request, Run, begin, prepare};
pub(crate) use verify::check_blocks;

/// Rows of a block at most.
pub const BLOCK_ROWS: usize = store::BLOCK_ROWS_MAX;
/// Bytes of a line at most: number, name and matter number have a few hundred at most.
pub const LINE_BYTES_MAX: usize = 1_024;
/// How long the same key continues the same comparison, in milliseconds.
const REPEAT_MS: i64 = 24 * 3600 * 1000;

/// Why a comparison is not begun, or does not go on. Each depends on the caller and on what the caller wrote (R12).
#[derive(Debug, thiserror::Error)]
pub enum ComparisonFault {
    /// The policies refuse.
    #[error("the policies do not allow this")]
    Refused(Refusal),
    /// There is no such programme.
    #[error("{}", self.detail())]
    Programme,
    /// The key was used for another comparison, or other rows.
    #[error("{}", self.detail())]
    KeyUsed,
    /// The key was used more than a day ago.
    #[error("{}", self.detail())]
    KeyOld,
    /// What is proposed lacks something.
    #[error("{}", self.detail())]
    Proposal,
    /// Three humans propose and approve a programme, each approval once, none after the end.
    #[error("{}", self.detail())]
    Approval,
    /// Too many comparisons run at once.
    #[error("{}", self.detail())]
    Busy,
    /// As of a look-up.
    #[error(transparent)]
    LookUp(LookUpFault),
    /// The system failed.
    #[error(transparent)]
    App(AppError),
}

impl ComparisonFault {
    /// The public code; see `docs/errors.md`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.code(),
            Self::Programme => "COMPARE-0001",
            Self::KeyUsed => "COMPARE-0002",
            Self::KeyOld => "COMPARE-0003",
            Self::Proposal => "COMPARE-0004",
            Self::Approval => "COMPARE-0005",
            Self::Busy => "COMPARE-0006",
            Self::LookUp(fault) => fault.code(),
            Self::App(error) => error.code(),
        }
    }

    /// What is wrong and what to do, in one sentence.
    #[must_use]
    pub const fn detail(&self) -> &'static str {
        match self {
            Self::Refused(_) => "the policies do not allow this",
            Self::Programme => "there is no such comparison programme",
            Self::KeyUsed => "this idempotency key was used for another comparison or for other rows in these places",
            Self::KeyOld => {
                "this idempotency key was used more than a day ago; a new comparison needs a key of its own"
            }
            Self::Proposal => {
                "a programme names its aim (4 to 200 characters), 1 to 31 items, rows a day, and a last day within a year"
            }
            Self::Approval => {
                "three humans propose and approve a programme; each approval is given once and none after the end"
            }
            Self::Busy => "as many comparisons as may run at once are running; try again later",
            Self::LookUp(fault) => fault.detail(),
            Self::App(_) => "the system could not carry it out",
        }
    }
}

impl From<AppError> for ComparisonFault {
    fn from(error: AppError) -> Self {
        Self::App(error)
    }
}

impl From<StoreError> for ComparisonFault {
    fn from(error: StoreError) -> Self {
        Self::App(error.into())
    }
}

impl From<LookUpFault> for ComparisonFault {
    fn from(fault: LookUpFault) -> Self {
        match fault {
            LookUpFault::App(error) => Self::App(error),
            other => Self::LookUp(other),
        }
    }
}

impl From<Refusal> for ComparisonFault {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// What a row was answered: a bit for each item, in the order of the header's items; set = open the file by a single look-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Flags(pub(crate) u32);

/// Items of a programme at most: one bit each, and one that says that the person's side refused.
pub(crate) const ITEMS_MAX: usize = 31;
/// The person's side refused. The caller never sees it (R12); the person does.
const REFUSED: u32 = 1 << 31;

impl Flags {
    /// Whether the item in this place is to be opened by a single look-up.
    #[must_use]
    pub const fn is_open(self, item: usize) -> bool {
        item < ITEMS_MAX && self.0 & (1 << item) != 0
    }

    /// The same for each of `items`.
    pub fn of(self, items: &[ItemId]) -> impl Iterator<Item = (&ItemId, bool)> {
        items
            .iter()
            .enumerate()
            .map(move |(place, item)| (item, self.is_open(place)))
    }

    /// How it ended, for the person.
    #[must_use]
    pub(crate) const fn outcome(self) -> store::TraceOutcome {
        if self.0 & REFUSED != 0 {
            store::TraceOutcome::Refused
        } else if self.0 == 0 {
            store::TraceOutcome::Nothing
        } else {
            store::TraceOutcome::Disclosed
        }
    }
}

/// Identity of a block, for receipts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BlockId {
    pub(crate) uuid: Uuid,
    pub(crate) at: Moment,
}
