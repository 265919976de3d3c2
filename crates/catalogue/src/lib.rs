//! The catalogue: reads the TOML files of a city, refuses what the rights floor forbids, versions, compares and shows them.
//!
//! What varies by city and by year is data here: items of the data list with their seven elements, data standards, header
//! versions, code lists, organisations, purposes, measures, class rules, intake rules, the calendar. The types are
//! [`domain::catalogue`]; this crate is the only one that builds a [`Catalogue`], after its linter found nothing. It knows
//! nothing of deliveries, records or persons.
//!
//! ```no_run
//! let catalogue = catalogue::load(std::path::Path::new("catalogue"))?;
//! println!("{} items, version {}", catalogue.items.len(), catalogue.version);
//! # Ok::<(), catalogue::CatalogueError>(())
//! ```

mod assemble;
mod diff;
mod document;
mod finding;
mod fold;
mod format;
mod lint;
mod raw;
mod show;
mod source;

use std::path::{Path, PathBuf};

pub use diff::{Change, diff};
pub use domain::catalogue::Catalogue;
use domain::catalogue::DroppedColumn;
pub use finding::{Finding, LintRule};
pub use fold::{fold_header, fold_value};
pub use format::{FormatFault, format_notation, parse_format};
pub use show::{overview_json, overview_text, show_json, show_text};

use finding::Findings;

/// Why a catalogue cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// A file or folder could not be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is larger than 4 MiB, or there are more than a thousand.
    #[error("{} is larger than a catalogue may be", .0.display())]
    TooLarge(PathBuf),
    /// The linter found something; all of it.
    #[error("the catalogue has {} findings, the first is {}", .0.len(), .0.first().map_or_else(String::new, ToString::to_string))]
    Lint(Vec<Finding>),
}

/// Reads and checks the catalogue in `dir`.
///
/// # Errors
///
/// [`CatalogueError::Lint`] with every finding if there is one, else what kept the files from being read.
pub fn load(dir: &Path) -> Result<Catalogue, CatalogueError> {
    let (catalogue, findings) = check(dir)?;
    if findings.is_empty() {
        Ok(catalogue)
    } else {
        Err(CatalogueError::Lint(findings))
    }
}

/// Every finding about the catalogue in `dir`; none means that [`load`] takes it.
///
/// # Errors
///
/// If the files could not be read at all.
pub fn lint(dir: &Path) -> Result<Vec<Finding>, CatalogueError> {
    check(dir).map(|(_, findings)| findings)
}

fn check(dir: &Path) -> Result<(Catalogue, Vec<Finding>), CatalogueError> {
    let files = source::read_files(dir)?;
    let mut findings = Findings::default();
    let assembled = assemble::assemble(&files, &mut findings);
    lint::lint(&assembled, &mut findings);
    Ok((assembled.catalogue, findings.into_sorted()))
}

/// The line of the catalogue that drops a column with this header, if one does. A header that the item's standard knows
/// is looked up first, so this is asked only for the others.
#[must_use]
pub fn dropped_by<'a>(catalogue: &'a Catalogue, header: &str) -> Option<&'a DroppedColumn> {
    let folded = fold_header(header);
    catalogue.dropped_columns.iter().find(|dropped| {
        dropped.headers.iter().any(|part| folded.contains(&fold_header(part)))
            || dropped.exact_headers.iter().any(|exact| folded == fold_header(exact))
    })
}
