//! The words of the field as types: persons and their documents, names, the calendar, catalogue, records and their life.
//!
//! This crate is pure: it does no I/O, reads no clock, no environment and no random source, and knows nothing of files,
//! stores, ciphers or HTTP. What it needs of time and chance is injected through [`Clock`] and [`IdSource`].

pub mod calendar;
pub mod catalogue;
pub mod disclosure;
pub mod document;
pub mod matter;
pub mod name;
mod private_use;
pub mod record;
pub mod resident_id;
pub mod seen;
mod text;
pub mod time;
pub mod uscc;

pub use calendar::WorkingCalendar;
pub use document::{DocumentFault, DocumentKind, IdentityDocument};
pub use matter::{MatterForm, MatterFormFault, MatterNo, MatterNoFault};
pub use name::{Name, NameFault};
pub use resident_id::{ResidentId, ResidentIdFault};
pub use time::{Clock, Day, IdSource, Moment};
pub use uscc::{Uscc, UsccFault};
