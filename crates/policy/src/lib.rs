//! Who may do what: the only crate that names Cedar.
//!
//! The policies are data, in `policies/` at the root: one file per action, validated against `schema.cedarschema` when
//! they are loaded. A use case that must be allowed takes a [`Permit`], which only [`Policies::decide`] makes. It names
//! the policies that decided and the articles they stand on. Whatever goes wrong on the way is a [`Refusal`]: a request
//! or an entity that does not fit the schema, and an error in any policy, for Cedar skips a policy that errs, and a
//! skipped `forbid` would allow.
//!
//! It refuses to know stores, sessions and HTTP, and caches nothing.
//!
//! ```
//! use policy::{Caller, CallerKind, Policies, ReadOwnRecords};
//! use uuid::Uuid;
//!
//! let policies = Policies::load(concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies").as_ref())?;
//! let account = Uuid::from_u128(1);
//! let caller = Caller { account, kind: CallerKind::Resident, organisation: None, second_factor: true };
//!
//! let permit = policies.decide(&caller, ReadOwnRecords { account })?;
//! assert_eq!(permit.policies(), ["own-records-by-the-person"]);
//!
//! let refusal = policies.decide(&caller, ReadOwnRecords { account: Uuid::from_u128(2) }).unwrap_err();
//! assert_eq!(refusal.code(), "POLICY-0104");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A permit cannot be made, changed or copied elsewhere:
//!
//! ```compile_fail,E0451
//! use policy::{Caller, CallerKind, Permit, ReadCatalogue};
//! let caller = Caller { account: uuid::Uuid::nil(), kind: CallerKind::Operator, organisation: None, second_factor: true };
//! let forged = Permit { action: ReadCatalogue, caller, policies: vec![], articles: vec![] };
//! ```
//!
//! ```compile_fail,E0277
//! fn copied(permit: &policy::Permit<policy::ReadCatalogue>) -> policy::Permit<policy::ReadCatalogue> {
//!     fn copy<T: Clone>(of: &T) -> T { of.clone() }
//!     copy(permit)
//! }
//! ```
//!
//! Nor can another crate bring an action of its own, for which no policy was reviewed:
//!
//! ```compile_fail,E0277
//! struct ReadEverything;
//! impl policy::Action for ReadEverything {
//!     const NAME: &'static str = "ReadEverything";
//! }
//! ```

mod action;
mod caller;
mod decide;
mod error;
mod load;

pub use action::{
    ACTIONS, Action, CorrectRecord, DecideReview, Deliver, FindCandidates, LinkPersons, ListDeliveries, ListReviews,
    ManageKeys, ReadCatalogue, ReadDelivery, ReadOwnNotices, ReadOwnRecords, ReadReview, ReleaseHeld, VerifyStore,
    WithdrawRecord,
};
pub use caller::{Caller, CallerKind};
pub use decide::{Permit, Refusal};
pub use error::{CODES, PolicyError};
pub use load::Policies;
