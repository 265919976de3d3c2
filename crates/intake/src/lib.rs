//! Deliveries, from bytes to clean rows: `bytes → RawRow → CleanRow | Fault`.
//!
//! [`open`] reads CSV (UTF-8 or GB18030) and XLSX as a stream, [`recognise`] finds the version of the item's template by
//! its header, [`clean`] takes each row to its verdict. Bad input is data: every fault of every row comes back with line,
//! column, code and remedy, and none repeats what a cell holds. What may not enter (R2) is refused here by the rules of
//! the catalogue, before anything is stored.
//!
//! This crate is pure: it reads what it is given, and knows no clock, no file system, no store and no key. Whether number
//! and name belong together is `matching`'s business (E07), what is known already is `app`'s (E12, E15).

mod amount;
mod clean;
mod code_table;
mod day;
mod end;
mod fault;
mod fault_csv;
mod file_fault;
mod fold;
mod header;
mod identity;
mod limits;
mod others;
mod plan;
pub mod read;
mod recent;
mod row;
mod rules;
mod staged;
mod value;

pub use clean::{Cleaner, Context, clean};
pub use day::NO_END;
pub use end::{EndAndClass, EndFault, end_and_class};
pub use fault::{Detail, Fault, FaultCode, FileNote, Lang};
pub use fault_csv::fault_csv;
pub use file_fault::{FileFault, WorkbookCap};
pub use header::{Columns, HeaderMap, Headings, recognise};
pub use limits::Limits;
pub use read::{Encoding, Format, Frames, Pass, RawRow, Source, Table, Workbooks, open, open_with, write_frames};
pub use row::{CleanRow, Cleaned, Hold, RowOperation, SlipRow};
pub use rules::{check_age, repair_bar, review_of, without_reviews};
pub use staged::{StagedContent, StagedFault};
pub use value::{ValueFault, check_value};
