//! Ports of the store: what the use cases ask, in domain words, without SQL; and the conformance suite that both
//! backends pass ([`conformance`]).
//!
//! Rules that hold in every backend:
//! - tables are append-only but for the queue tables (`outbox`, `session`, `attempt`, `lease`, `procedure_open`,
//!   `look_up_open`, `account_use`, `client_session`, `client_nonce`, `account_subject_live`, `sign_in`), erasure (salt and ciphertext to NULL), and what a
//!   rotation of keys needs: a wrapped secret gets the form, a tag the value of a later key version ([`RotationStore`]);
//! - a write is one transaction: all of it or nothing; a chunk carries its resume point, outbox row and events (invariants I1, I8);
//! - clear columns of a record are id, person, item, state, class, provider, end, and keyed tags; everything else is [`Sealed`];
//! - a stale write ends in [`StoreError::Conflict`] and leaves no trace.

mod administrator;
mod client;
mod comparison;
pub mod conformance;
mod delivery;
mod emergency;
mod error;
mod log;
mod login;
mod look_up;
mod matter;
mod person;
mod procedure;
mod programme;
mod record;
mod rotation;
mod rules;
mod sign_in;
mod words;

pub use administrator::*;
pub use client::*;
pub use comparison::*;
pub use delivery::*;
pub use emergency::*;
pub use error::StoreError;
pub use log::*;
pub use login::*;
pub use look_up::*;
pub use matter::*;
pub use person::*;
pub use procedure::*;
pub use programme::*;
pub use record::*;
pub use rotation::*;
pub use rules::*;
pub use sign_in::*;

/// Salt and ciphertext of one encrypted thing; both `None` once it has been erased.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sealed {
    /// Random salt from which the key of this thing is derived.
    pub salt: Option<[u8; 16]>,
    /// Ciphertext with tag.
    pub ciphertext: Option<Vec<u8>>,
}

/// A keyed tag of the blind index, with the version of its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IndexTag {
    /// Which index.
    pub index: BlindIndex,
    /// Version of the index key.
    pub key_version: u16,
    /// HMAC truncated to 128 bits.
    pub tag: [u8; 16],
}

/// The two blind indexes (architecture, "Decided once").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BlindIndex {
    /// B1: document kind and number; for intake and the log.
    Number,
    /// B2: document kind, number and canonical name; for look-ups.
    NumberAndName,
}

/// Everything a backend must do.
pub trait Store:
    DeliveryStore
    + RecordStore
    + PersonStore
    + LogStore
    + ProcedureStore
    + LoginStore
    + MatterStore
    + LookUpStore
    + ProgrammeStore
    + ComparisonStore
    + AdministratorStore
    + ClientStore
    + EmergencyStore
    + SignInStore
    + RotationStore
    + Send
    + Sync
{
    /// Name of the backend for messages: `sqlite` or `postgresql`.
    fn backend(&self) -> &'static str;
}
