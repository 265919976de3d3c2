//! A synthetic city: residents, an identity register, and deliveries of all items as departments send them, with dirt
//! and the truth about every row. Same seed, same bytes.
//!
//! Nothing here is a real person: numbers lie in the unassigned area 370199, names begin with 测试, organisations come
//! from the catalogue, which invents them too. The crate writes files and knows nothing of intake, stores or matching,
//! so that what it says of a row is independent of the code it tests.

mod canary;
mod cases;
mod cells;
mod city;
mod delivery;
mod dirt;
mod doubtful;
mod fact;
mod header;
mod legacy;
mod manifest;
mod memory;
mod plain;
mod plant;
mod recipe;
mod register;
mod sample;
mod sets;
mod sheet;
mod stream;
mod truth;

pub use canary::{Canary, read_canaries};
pub use city::{AREA, City, RESIDENTS_MAX, Resident};
pub use delivery::{DeliveryPlan, write_delivery};
pub use dirt::Dirt;
pub use doubtful::{DoubtfulRow, doubtful_row};
pub use legacy::{LegacyTruth, write_legacy};
pub use manifest::{FileEntry, Manifest, Purpose};
pub use register::write_register;
pub use sample::{SamplePlan, write_sample};
pub use sets::{bulk, demo_set, write_deliveries};
pub use sheet::{FileKind, TextEncoding};
pub use truth::{ExpectedFault, Outcome, TruthRow, read_truth};

/// Why a synthetic city could not be written.
#[derive(Debug, thiserror::Error)]
pub enum SynthError {
    /// The file system.
    #[error("cannot read or write a synthetic file: {0}")]
    Io(#[from] std::io::Error),
    /// CSV.
    #[error("cannot read or write a synthetic CSV file: {0}")]
    Csv(#[from] csv::Error),
    /// XLSX.
    #[error("cannot write a synthetic workbook: {0}")]
    Xlsx(#[from] rust_xlsxwriter::XlsxError),
    /// JSON.
    #[error("cannot read or write a synthetic JSON file: {0}")]
    Json(#[from] serde_json::Error),
    /// What was asked for cannot be.
    #[error("{0}")]
    Parameters(&'static str),
    /// The catalogue lacks something that a plan names.
    #[error("the catalogue has no {0}")]
    Catalogue(&'static str),
    /// A truth file is not one.
    #[error("the truth file has a row that is not one")]
    Truth,
}
