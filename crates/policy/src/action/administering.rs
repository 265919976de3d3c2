//! Three separated administrators (三员): each has one office, and none reads records; and the way in an emergency.

use domain::Uscc;
use domain::catalogue::Purpose;
use uuid::Uuid;

use super::described::{Described, Resource, Value};
use super::{Action, action};

/// Register the key of a department's system or of a third party.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterClient;
action!(RegisterClient, _this => Resource::bare("Clients"));

/// Revoke such a key, at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokeClient;
action!(RevokeClient, _this => Resource::bare("Clients"));

/// Open and close accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManageAccounts;
action!(ManageAccounts, _this => Resource::bare("Accounts"));

/// Read the audit log: entries without contents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadAuditLog;
action!(ReadAuditLog, _this => Resource::bare("AuditLog"));

/// Open an emergency matter, under which a look-up may then be made as under any matter in hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakGlass {
    is_enabled: bool,
    askers: Vec<Uscc>,
    /// Whether a reason was typed.
    gives_reason: bool,
    /// Account of the officer who agreed.
    second_person: Option<Uuid>,
    /// How long it shall be open.
    minutes: u32,
}

impl BreakGlass {
    /// An emergency matter for `purpose`, open for `minutes`, to which the officer `second_person` agreed.
    #[must_use]
    pub fn of(purpose: &Purpose, gives_reason: bool, second_person: Option<Uuid>, minutes: u32) -> Self {
        Self {
            is_enabled: purpose.is_enabled,
            askers: purpose.askers.clone(),
            gives_reason,
            second_person,
            minutes,
        }
    }
}
action!(BreakGlass, this => {
    let mut attributes = vec![
        ("is_enabled", Value::Bool(this.is_enabled)),
        ("askers", Value::organisations(&this.askers)),
        ("gives_reason", Value::Bool(this.gives_reason)),
        ("minutes", Value::Count(this.minutes.into())),
    ];
    attributes.extend(this.second_person.map(|account| ("second_person", Value::officer(account))));
    Resource::with("Emergency", "asked", attributes)
});
