//! Who asks.

use domain::Uscc;
use uuid::Uuid;

/// Kind of a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CallerKind {
    /// A resident: sees what is the own.
    Resident,
    /// An officer of a department.
    Officer,
    /// An officer of the city's credit centre.
    Centre,
    /// A process that an operator started on the host.
    Operator,
    /// A department's business system, by its registered key.
    System,
    /// A third party's system, by its registered key: it reads what a person consented to.
    Partner,
    /// Keeps accounts and the installation (系统管理员); reads no records.
    SystemAdministrator,
    /// Keeps the keys of clients (安全管理员); reads no records.
    SecurityAdministrator,
    /// Reads the audit log without contents (审计管理员); reads no records.
    AuditAdministrator,
}

impl CallerKind {
    /// All kinds.
    pub const ALL: [Self; 9] = [
        Self::Resident,
        Self::Officer,
        Self::Centre,
        Self::Operator,
        Self::System,
        Self::Partner,
        Self::SystemAdministrator,
        Self::SecurityAdministrator,
        Self::AuditAdministrator,
    ];

    /// The stored form, and the name in messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Resident => "resident",
            Self::Officer => "officer",
            Self::Centre => "centre",
            Self::Operator => "operator",
            Self::System => "system",
            Self::Partner => "partner",
            Self::SystemAdministrator => "system-administrator",
            Self::SecurityAdministrator => "security-administrator",
            Self::AuditAdministrator => "audit-administrator",
        }
    }

    /// Reads the stored form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// The entity type in the schema.
    pub(crate) const fn entity_type(self) -> &'static str {
        match self {
            Self::Resident => "Resident",
            Self::Officer => "Officer",
            Self::Centre => "Centre",
            Self::Operator => "Operator",
            Self::System => "System",
            Self::Partner => "Partner",
            Self::SystemAdministrator => "SystemAdministrator",
            Self::SecurityAdministrator => "SecurityAdministrator",
            Self::AuditAdministrator => "AuditAdministrator",
        }
    }

    /// Whether such a caller acts for an organisation.
    #[must_use]
    pub const fn has_organisation(self) -> bool {
        match self {
            Self::Officer | Self::Centre | Self::System | Self::Partner => true,
            Self::Resident
            | Self::Operator
            | Self::SystemAdministrator
            | Self::SecurityAdministrator
            | Self::AuditAdministrator => false,
        }
    }
}

/// A caller as the session knows it; nothing of it comes from the request.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Caller {
    /// Account.
    pub account: Uuid,
    /// Kind.
    pub kind: CallerKind,
    /// The organisation of an officer, also of the centre's, of a system or of a third party; the others have none.
    pub organisation: Option<Uscc>,
    /// Whether this session was confirmed by a second factor.
    pub second_factor: bool,
    /// The account of the verified officer behind a system's request; nobody else has one.
    pub behind: Option<Uuid>,
}
