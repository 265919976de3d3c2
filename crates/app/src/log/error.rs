//! What keeps the log from being published, read or proved.

use translog::LogFault;

/// Something is wrong with the log. No variant carries personal data.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// A tile is not that of the entries, whose tree is the one that was signed.
    #[error("{tile} of the log is not that of the entries{}", at(*.entry))]
    Tile {
        /// Path of the tile.
        tile: String,
        /// The first entry of which it differs, if it is of the lowest level.
        entry: Option<u64>,
    },
    /// The entries do not give the root that was signed.
    #[error("the first {size} entries do not give the root that was signed{}", at(*.entry))]
    Entries {
        /// Size that was signed.
        size: u64,
        /// The first entry whose hash is not in the tiles.
        entry: Option<u64>,
    },
    /// A head in the store was not signed by the log's key.
    #[error("the head of {size} entries in the store is not signed by the key of the log")]
    Head {
        /// Its size.
        size: u64,
    },
    /// More entries were signed than the store has.
    #[error("the store has {entries} entries of the log, but {signed} were signed: it is an old backup")]
    Missing {
        /// Entries there are.
        entries: u64,
        /// Entries there were.
        signed: u64,
    },
    /// A witness saw more entries than were ever signed here.
    #[error(
        "the witness {witness} saw {saw} entries of the log, but here only {signed} were signed: the store is an old backup"
    )]
    Behind {
        /// Name of the witness.
        witness: String,
        /// What it saw.
        saw: u64,
        /// What was signed here.
        signed: u64,
    },
    /// A witness saw other entries.
    #[error("the witness {witness} saw other entries of the log than those that are here")]
    Contradicted {
        /// Name of the witness.
        witness: String,
    },
    /// Refused because of [`Self::Missing`], [`Self::Behind`] or [`Self::Contradicted`], which the log has.
    #[error("the store was found to be an old backup: nothing is shown to others or taken in until it is reconciled")]
    Restored,
    /// The witnesses have not confirmed yet that the store is the newest.
    #[error("the witnesses have not yet confirmed that the store is the newest")]
    Unasked,
    /// Too few witnesses cosigned.
    #[error("{reached} witnesses cosigned of the {needed} that are needed")]
    Quorum {
        /// How many did.
        reached: usize,
        /// How many must.
        needed: usize,
    },
    /// The clock jumped.
    #[error("the clock jumped by more than five minutes: nothing is signed")]
    Clock,
    /// What was written reads back differently, or does not continue what was signed.
    #[error("the tiles read back differently than they were written: nothing is signed")]
    ReadBack,
    /// The entry is not in the published tree yet.
    #[error("the entry is not published yet; ask again in a second")]
    NotYet,
    /// Anything else about tiles, checkpoints, proofs or the disk under them.
    #[error(transparent)]
    Fault(#[from] LogFault),
}

fn at(entry: Option<u64>) -> String {
    entry
        .map(|entry| format!(", first at entry {entry}"))
        .unwrap_or_default()
}

impl LogError {
    /// The public code; see `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Tile { .. } => "LOG-0001",
            Self::Entries { .. } => "LOG-0002",
            Self::Head { .. } => "LOG-0003",
            Self::Missing { .. } => "LOG-0004",
            Self::Behind { .. } => "LOG-0005",
            Self::Contradicted { .. } => "LOG-0006",
            Self::Restored => "LOG-0007",
            Self::Unasked => "LOG-0008",
            Self::Quorum { .. } => "LOG-0009",
            Self::Clock => "LOG-0010",
            Self::ReadBack => "LOG-0011",
            Self::NotYet => "LOG-0012",
            Self::Fault(LogFault::Io(_)) => "LOG-0013",
            Self::Fault(_) => "LOG-0014",
        }
    }

    /// Whether it goes by itself, or once somebody acts, without the request being another.
    pub(crate) const fn is_transient(&self) -> bool {
        matches!(self, Self::Restored | Self::Unasked | Self::NotYet)
    }

    /// Whether more was signed than is here, or something else.
    pub(crate) const fn is_rollback(&self) -> bool {
        matches!(
            self,
            Self::Missing { .. } | Self::Behind { .. } | Self::Contradicted { .. }
        )
    }
}
