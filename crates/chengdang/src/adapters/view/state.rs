//! How far a view was read: a file of its own, replaced as a whole.

use std::collections::BTreeSet;
use std::io::Read;

use anyhow::Context;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::adapters::folder::Folder;

const NAME: &str = "state.json";

/// The state of a view. It holds watermarks and surrogate keys, and no personal data.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct State {
    /// Watermark of the last row with a receipt.
    pub(crate) watermark: Option<String>,
    /// Keys of that watermark that have a receipt.
    pub(crate) taken: BTreeSet<String>,
    /// A batch whose bytes are fixed and whose receipt is not noted yet.
    pub(crate) in_flight: Option<InFlight>,
    /// Batches with a receipt.
    pub(crate) batches: u64,
    /// Why the last poll failed.
    pub(crate) trouble: Option<StateTrouble>,
}

/// A batch under way, and what the state becomes with its receipt.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct InFlight {
    pub(crate) upload: Uuid,
    /// Whether the receipt is noted and the watermark has advanced, so that only the staged bytes are left to remove.
    pub(crate) is_noted: bool,
    pub(crate) rows: u64,
    pub(crate) watermark: String,
    pub(crate) taken: BTreeSet<String>,
}

/// A failure and the next try.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StateTrouble {
    pub(crate) code: String,
    pub(crate) what: String,
    pub(crate) failures: u32,
    pub(crate) next_ms: i64,
}

impl State {
    pub(crate) fn read(folder: &Folder) -> anyhow::Result<Self> {
        let Some(mut file) = folder.plain_file(NAME)? else {
            return Ok(Self::default());
        };
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        serde_json::from_slice(&bytes).context("the state of the view cannot be read")
    }

    pub(crate) fn write(&self, folder: &Folder) -> anyhow::Result<()> {
        Ok(folder.write(NAME, |file| Ok(serde_json::to_writer(file, self)?))?)
    }
}
