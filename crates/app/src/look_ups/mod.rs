//! Looking a person up: who asks and for what is decided before anybody is searched for; then the trace, then the search,
//! then what the person decides, then the answer (architecture, "A look-up flows one way").

mod answer;
pub(crate) mod ask;
mod closing;
pub(crate) mod limits;

use domain::catalogue::{ItemId, PurposeId, Text};
use domain::{Day, IdentityDocument, MatterNo, Moment, Name};
use store::{AlarmKind, Matter, StoreError};
use uuid::Uuid;

use crate::AppError;

pub(crate) use answer::relation_of;
pub use answer::{look_up, promise};
pub use ask::{note_refusal, prepare};
pub(crate) use closing::matter_no_of;
pub use closing::{ClosingAsked, LookUpState, MAX_OPEN, OpenLookUp, close, head, open_ones, overdue, state};
pub(crate) use limits::Limits;
pub use limits::{add_honey_numbers, alarms, declare_relation};

/// What a caller writes, as written.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// Purpose, `PUR-…`.
    pub purpose: &'a str,
    /// Legal ground, in the caller's words: document and article.
    pub legal_ground: &'a str,
    /// Number of the matter in hand.
    pub matter_no: &'a str,
    /// Kind of document: its code or name.
    pub document_kind: &'a str,
    /// Its number.
    pub document_number: &'a str,
    /// Name as in the document.
    pub name: &'a str,
    /// Items wanted, `ITM-…`.
    pub items: &'a [String],
    /// Idempotency key: the same key is the same look-up.
    pub key: &'a str,
}

/// What was asked, checked in form. `Debug` shows neither number nor name.
#[derive(Debug, Clone)]
pub struct Asked {
    pub(crate) purpose: PurposeId,
    pub(crate) ground: String,
    pub(crate) matter_no: MatterNo,
    pub(crate) matter: Option<Matter>,
    pub(crate) document: IdentityDocument,
    pub(crate) name: Name,
    pub(crate) items: Vec<ItemId>,
    pub(crate) key: String,
}

/// Why a look-up is not carried out. Each depends on the caller and on what the caller wrote, never on the person (R12).
#[derive(Debug, thiserror::Error)]
pub enum LookUpFault {
    /// The purpose is not in the catalogue.
    #[error("{}", self.detail())]
    Purpose,
    /// The legal ground is missing or too long.
    #[error("{}", self.detail())]
    Ground,
    /// The matter number does not have the form of the purpose.
    #[error("{}", self.detail())]
    MatterNo,
    /// The kind of document is unknown.
    #[error("{}", self.detail())]
    DocumentKind,
    /// The number fails its form or check character.
    #[error("{}", self.detail())]
    DocumentNumber,
    /// The name is empty or no name.
    #[error("{}", self.detail())]
    Name,
    /// An item is not in the catalogue, or none or one twice is asked for.
    #[error("{}", self.detail())]
    Items,
    /// The idempotency key is missing or too long.
    #[error("{}", self.detail())]
    Key,
    /// The key was used for another request.
    #[error("{}", self.detail())]
    KeyUsed,
    /// The key was used too long ago for the answer to be given again.
    #[error("{}", self.detail())]
    KeyOld,
    /// More distinct persons than may be looked up.
    #[error("{}", self.detail())]
    Limit(AlarmKind),
    /// What came of it is not said as it must be.
    #[error("{}", self.detail())]
    Closing,
    /// It is closed.
    #[error("{}", self.detail())]
    Closed,
    /// The system failed.
    #[error(transparent)]
    App(#[from] AppError),
}

impl LookUpFault {
    /// The public code; see `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Purpose => "LOOKUP-0101",
            Self::Ground => "LOOKUP-0102",
            Self::MatterNo => "LOOKUP-0103",
            Self::DocumentKind => "LOOKUP-0104",
            Self::DocumentNumber => "LOOKUP-0105",
            Self::Name => "LOOKUP-0106",
            Self::Items => "LOOKUP-0107",
            Self::Key => "LOOKUP-0108",
            Self::KeyUsed => "LOOKUP-0201",
            Self::KeyOld => "LOOKUP-0202",
            Self::Limit(AlarmKind::OfficerLimit) => "LOOKUP-0301",
            Self::Limit(AlarmKind::ClientLimit) => "LOOKUP-0302",
            Self::Limit(AlarmKind::DepartmentLimit) => "LOOKUP-0303",
            Self::Limit(AlarmKind::PurposeLimit) => "LOOKUP-0304",
            Self::Limit(AlarmKind::MatterLimit) => "LOOKUP-0306",
            // The kinds that are no limits stop nothing.
            Self::Limit(_) => "LOOKUP-0305",
            Self::Closing => "LOOKUP-0401",
            Self::Closed => "LOOKUP-0402",
            Self::App(error) => error.code(),
        }
    }

    /// What is wrong and what to do, in one sentence.
    #[must_use]
    pub const fn detail(&self) -> &'static str {
        match self {
            Self::Purpose => "the catalogue has no such purpose",
            Self::Ground => "name the legal ground: document and article, 4 to 200 characters",
            Self::MatterNo => {
                "the matter number does not have the form of this purpose; the catalogue shows an example"
            }
            Self::DocumentKind => "the kind of document is unknown",
            Self::DocumentNumber => {
                "the document number is mistyped: its form or check character is wrong; nobody was searched for"
            }
            Self::Name => "the name is empty or holds what no name has",
            Self::Items => "name the items wanted, each once, as the catalogue has them",
            Self::Key => "an idempotency key of 8 to 100 printable characters is needed, a new one for each look-up",
            Self::KeyUsed => "this idempotency key was used for another look-up",
            Self::KeyOld => "this look-up was answered; a new one needs a key of its own and leaves a trace of its own",
            Self::Limit(_) => "the limit on persons looked up is reached; it is kept, and an alarm was raised",
            Self::Closing => "say what came of it: not used, or the number of the proceeding (4 to 60 characters)",
            Self::Closed => "the look-up is closed",
            Self::App(_) => "the system could not carry it out",
        }
    }
}

impl From<StoreError> for LookUpFault {
    fn from(error: StoreError) -> Self {
        Self::App(error.into())
    }
}

impl From<vault::VaultError> for LookUpFault {
    fn from(error: vault::VaultError) -> Self {
        Self::App(error.into())
    }
}

/// The answer: facts for this purpose, and what the officer has to do next. It advises nothing and grades nobody (R1, R3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The look-up.
    pub id: Uuid,
    /// When it was asked.
    pub at: Moment,
    /// Items as asked, each with what is shown of it; one without records says nothing about the person.
    pub items: Vec<ItemAnswer>,
    /// Last day to say what came of it, if an adverse fact is among them.
    pub close_by: Option<Day>,
    /// What proves it.
    pub receipt: Receipt,
}

/// What is shown of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemAnswer {
    /// Item.
    pub item: ItemId,
    /// Its name.
    pub name: Text,
    /// Whether it can hurt the person.
    pub is_adverse: bool,
    /// Records, newest first.
    pub records: Vec<RecordAnswer>,
}

/// What is shown of one record. `Debug` shows no values.
#[derive(Clone, PartialEq, Eq)]
pub struct RecordAnswer {
    /// Public id of the record.
    pub record: Uuid,
    /// Fields that the purpose names.
    pub fields: Vec<FieldAnswer>,
    /// Who said so.
    pub provider: Text,
    /// Whether the person disputes it.
    pub is_disputed: bool,
    /// Until when anybody but the person may read it.
    pub until: Day,
}

impl std::fmt::Debug for RecordAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RecordAnswer")
            .field("record", &self.record)
            .finish_non_exhaustive()
    }
}

/// A field with its value.
#[derive(Clone, PartialEq, Eq)]
pub struct FieldAnswer {
    /// Code of the data standard.
    pub code: String,
    /// Label.
    pub label: Text,
    /// Value.
    pub value: String,
    /// Unit of an amount.
    pub unit: Option<&'static str>,
}

/// What proves a look-up: the entry's hash, which the log holds or will hold, under the installation's signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The look-up.
    pub look_up: Uuid,
    /// Hash of its entry in the log.
    pub entry_hash: [u8; 32],
    /// When it was asked.
    pub at: Moment,
    /// Ed25519 signature over [`promise`].
    pub signature: [u8; 64],
}
