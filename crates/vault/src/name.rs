//! The keys by name, for those who look after them.

use std::fmt;

/// A key of an installation that can be rotated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyName {
    /// Wraps the secrets of persons, deliveries and accounts.
    Kek,
    /// Tags numbers and names.
    Index,
    /// Seals traces.
    Log,
    /// Signs the log and receipts.
    Signing,
}

impl KeyName {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Kek, Self::Index, Self::Log, Self::Signing];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kek => "kek",
            Self::Index => "index",
            Self::Log => "log",
            Self::Signing => "signing",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.as_str() == text)
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One version of a key, as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyLine {
    /// Which key.
    pub key: KeyName,
    /// Its version.
    pub version: u16,
    /// Where it is kept.
    pub kept: &'static str,
    /// Sixteen hex digits that name it and tell nothing of it; none of a secret key in the token.
    pub fingerprint: Option<String>,
    /// The Ed25519 public key of a signing key, in hex.
    pub public: Option<String>,
    /// The SM2 public key beside it, in hex.
    pub public_sm2: Option<String>,
}
