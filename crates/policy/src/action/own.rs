//! What is the person's own. Nobody can forbid the person these: `policies/floor/` proves it.

use uuid::Uuid;

use super::described::{Described, Resource, Value};
use super::{Action, action};

/// Read the records of the person behind an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadOwnRecords {
    /// The account of that person.
    pub account: Uuid,
}
action!(ReadOwnRecords, this => Resource::credit_file(this.account));

/// Read, and acknowledge, the notices to the person behind an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadOwnNotices {
    /// The account of that person.
    pub account: Uuid,
}
action!(ReadOwnNotices, this => Resource::credit_file(this.account));

/// Read who looked at the person behind an account, when, why and at what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadOwnLookUps {
    /// The account of that person.
    pub account: Uuid,
}
action!(ReadOwnLookUps, this => Resource::credit_file(this.account));

/// Lock the own file against look-ups that no statute compels, or open it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockOwnFile {
    /// The account of the person.
    pub account: Uuid,
}
action!(LockOwnFile, this => Resource::credit_file(this.account));

/// Object to a record, a look-up or a decision about oneself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectOwn {
    /// The account of the person.
    pub account: Uuid,
}
action!(ObjectOwn, this => Resource::credit_file(this.account));

/// Ask for the repair of the own credit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepairOwn {
    /// The account of the person.
    pub account: Uuid,
}
action!(RepairOwn, this => Resource::credit_file(this.account));

/// Withdraw a consent that the person gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WithdrawOwnConsent {
    /// The account of the person.
    pub account: Uuid,
}
action!(WithdrawOwnConsent, this => Resource::credit_file(this.account));

/// Read another person's records and notices by power of attorney; never the list of look-ups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadAsAttorney {
    /// The account of the person who gave the power of attorney.
    pub grantor: Uuid,
    /// The account it was given to, as stored.
    pub attorney: Uuid,
    /// Whether it was neither withdrawn nor is over.
    pub is_live: bool,
}
action!(ReadAsAttorney, this => Resource::with(
    "PowerOfAttorney",
    this.grantor,
    vec![
        ("grantor", Value::resident(this.grantor)),
        ("attorney", Value::resident(this.attorney)),
        ("is_live", Value::Bool(this.is_live)),
    ],
));
