//! What a use case answers when it cannot be done.

use std::io::ErrorKind;

use store::StoreError;
use vault::VaultError;

use crate::log::LogError;

/// A use case that failed. No variant carries personal data.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The vault refused: damaged data or a missing key.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The public log refused, or is damaged.
    #[error(transparent)]
    Log(#[from] LogError),
    /// What was asked for is not there, or not for this caller.
    #[error("not found")]
    NotFound,
    /// Something stored cannot be read by this version.
    #[error("stored data cannot be read: {what}")]
    Damaged {
        /// What, without contents.
        what: &'static str,
    },
    /// The same thing changed meanwhile; read again.
    #[error("it changed meanwhile; read it again")]
    Conflict,
    /// The request lacks something or contradicts itself.
    #[error("{what}")]
    Invalid {
        /// What, without contents.
        what: &'static str,
    },
    /// Reading or writing a file failed.
    #[error("reading or writing failed: {0}")]
    Io(std::io::ErrorKind),
    /// A part of the process ended, as it does at shutdown.
    #[error("the system is shutting down")]
    ShuttingDown,
}

impl AppError {
    /// The public code; see `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Store(StoreError::Full) | Self::Io(ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => "APP-0010",
            Self::Store(StoreError::Unavailable { .. }) => "APP-0002",
            Self::Store(_) => "APP-0001",
            Self::Vault(_) => "APP-0003",
            Self::Log(error) => error.code(),
            Self::NotFound => "APP-0004",
            Self::Damaged { .. } => "APP-0005",
            Self::Conflict => "APP-0006",
            Self::Invalid { .. } => "APP-0007",
            Self::Io(_) => "APP-0008",
            Self::ShuttingDown => "APP-0009",
        }
    }

    /// Whether the same call may succeed a little later.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        self.is_full()
            || matches!(self, Self::Log(error) if error.is_transient())
            || matches!(
                self,
                Self::Store(StoreError::Unavailable { .. } | StoreError::OutcomeUnknown)
                    | Self::Conflict
                    | Self::ShuttingDown
            )
    }

    /// Whether there was no space: for the store, or for a file of ours.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        matches!(
            self,
            Self::Store(StoreError::Full) | Self::Io(ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
        )
    }
}

impl From<std::io::Error> for AppError {
    /// Keeps the kind only: the text of an I/O error may hold a path that names a person.
    fn from(error: std::io::Error) -> Self {
        Self::Io(error.kind())
    }
}
