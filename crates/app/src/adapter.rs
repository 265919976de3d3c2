//! By which door a delivery came (GB/T 39443: file, service, database view).

use uuid::Uuid;

/// The door. What runs on the host itself has no account of a person, so each of its doors has a fixed one of its own, and
/// a delivery tells by its account where it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Adapter {
    /// Pages and API: an account of a person or program.
    Service,
    /// `chengdang deliver`.
    CommandLine,
    /// A watched folder.
    FileDrop,
    /// A polled view.
    DatabaseView,
    /// Tables of a legacy platform.
    Legacy,
}

impl Adapter {
    /// All doors.
    pub const ALL: [Self; 5] = [
        Self::Service,
        Self::CommandLine,
        Self::FileDrop,
        Self::DatabaseView,
        Self::Legacy,
    ];

    /// The account of a door of the host. They are stored and never change; real accounts are UUIDv7, so none of them is.
    #[must_use]
    pub const fn account(self) -> Uuid {
        Uuid::from_u128(match self {
            Self::Service => u128::MAX,
            Self::CommandLine => 0,
            Self::FileDrop => 1,
            Self::DatabaseView => 2,
            Self::Legacy => 3,
        })
    }

    /// The door by the account of a delivery.
    #[must_use]
    pub fn of(account: Uuid) -> Self {
        Self::ALL
            .into_iter()
            .find(|adapter| adapter.account() == account)
            .unwrap_or(Self::Service)
    }

    /// The word in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::CommandLine => "command_line",
            Self::FileDrop => "file_drop",
            Self::DatabaseView => "database_view",
            Self::Legacy => "legacy",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_door_is_known_by_its_account() {
        for adapter in Adapter::ALL {
            assert_eq!(Adapter::of(adapter.account()), adapter);
        }
        assert_eq!(Adapter::of(Uuid::from_u128(0x0192_f0c4_5b7e_7cc1)), Adapter::Service);
    }
}
