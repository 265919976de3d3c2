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
}

impl CallerKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Resident, Self::Officer, Self::Centre, Self::Operator];

    /// The stored form, and the name in messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Resident => "resident",
            Self::Officer => "officer",
            Self::Centre => "centre",
            Self::Operator => "operator",
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
        }
    }
}

/// A caller as the session knows it; nothing of it comes from the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Account.
    pub account: Uuid,
    /// Kind.
    pub kind: CallerKind,
    /// The organisation of an officer, also of the centre's; residents and operators have none.
    pub organisation: Option<Uscc>,
    /// Whether this session was confirmed by a second factor.
    pub second_factor: bool,
}
