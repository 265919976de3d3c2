//! The list of what a set of deliveries contains.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// A delivery with a truth file.
    Rows,
    /// A file that is refused as a whole with E01: its header cannot be recognised.
    HeaderUnknown,
    /// A file that is refused as a whole with E01: it breaks off or has bytes that are no text.
    Unreadable,
    /// A file that is refused before it is read: its provider may not deliver the item.
    WrongProvider,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// File name, in the folder of the manifest.
    pub file: String,
    /// Truth file, if there is one.
    pub truth: Option<String>,
    /// Purpose.
    pub purpose: Purpose,
    /// Item.
    pub item: String,
    /// Header version.
    pub layout: String,
    /// Provider, by its unified social credit code.
    pub provider: String,
    /// Its name.
    pub provider_name: String,
    /// `csv` or `xlsx`.
    pub format: String,
    /// `utf-8`, `utf-8-bom`, `gb18030`.
    pub encoding: String,
    /// Data rows.
    pub rows: u64,
    /// Headers of columns that intake must drop, as the file spells them.
    pub dropped: Vec<String>,
    /// Number of rows by expected outcome.
    pub outcomes: BTreeMap<String, u64>,
    /// Number of expected faults by code.
    pub faults: BTreeMap<String, u64>,
}

/// A set of deliveries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Seed.
    pub seed: u64,
    /// Present day that the dates are relative to, `YYYY-MM-DD`.
    pub today: String,
    /// Residents in the register.
    pub residents: u64,
    /// Register file.
    pub register: Option<String>,
    /// Canary file.
    pub canaries: Option<String>,
    /// Files, in the order in which they are delivered.
    pub files: Vec<FileEntry>,
}
