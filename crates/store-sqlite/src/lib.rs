//! The store on SQLite, in the process and in one file: the default for a city that has no database to look after.
//!
//! One thread writes, with group commit: jobs that wait together share one transaction and one fsync, each in its own
//! savepoint. A chunk of an intake commits alone, and smaller jobs go before it. Reads run on a few threads, each with
//! its own connection and snapshot. This crate knows nothing of keys, policies or HTTP.
//!
//! ```no_run
//! # fn main() -> Result<(), store::StoreError> {
//! use store_sqlite::{SqliteOptions, SqliteStore, migrate};
//!
//! let path = std::path::Path::new("data/chengdang.db");
//! migrate(path)?;
//! let store = SqliteStore::open(path, &SqliteOptions::default())?;
//! # Ok(())
//! # }
//! ```

mod administrator;
mod checkpoint;
mod chunk;
mod client;
mod comparison;
mod connection;
mod delivery;
mod emergency;
mod fault;
mod log;
mod login;
mod look_up;
mod matter;
mod person;
mod procedure;
mod programme;
mod read;
mod record;
mod rotation;
mod run;
mod schema;
mod sign_in;
mod write;

use std::path::Path;

use reserve::Reserve;
use rusqlite::Connection;
use store::{Store, StoreError};

use crate::fault::{Fault, or_full};
use crate::read::Readers;
use crate::write::Writer;

pub use schema::{check_schema, migrate};

/// How a store is opened.
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    /// Page cache of the writer in MiB. What one transaction changes should fit; more only takes fresh memory for pages that
    /// nobody reads again.
    pub cache_mib: u32,
    /// Threads that read.
    pub readers: u32,
    /// Page cache of each reader in MiB.
    pub reader_cache_mib: u32,
    /// Space kept back on the disk of the file; small writes use it when the disk is full.
    pub reserve: Reserve,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            cache_mib: 128,
            readers: 4,
            reader_cache_mib: 32,
            reserve: Reserve::none(),
        }
    }
}

/// A store in one SQLite file. Dropping it ends its threads after the queued writes.
pub struct SqliteStore {
    writer: Writer,
    readers: Readers,
}

impl SqliteStore {
    /// Opens the store at `path`, which [`migrate`] has brought to this version's schema.
    ///
    /// # Errors
    ///
    /// [`StoreError::Damaged`] if the schema is another version's or durability cannot be had, [`StoreError::Full`] if the
    /// disk is full and nothing is kept back, [`StoreError::Unavailable`] if the file cannot be opened.
    pub fn open(path: &Path, options: &SqliteOptions) -> Result<Self, StoreError> {
        // A store must come up on a full disk, too: whoever is to be let in wants to read.
        match Self::try_open(path, options) {
            Err(StoreError::Full) if options.reserve.release() => Self::try_open(path, options),
            other => other,
        }
    }

    fn try_open(path: &Path, options: &SqliteOptions) -> Result<Self, StoreError> {
        let open = || {
            check_schema(path)?;
            let writer = Writer::start(path, options)?;
            let readers = Readers::start(path, options)?;
            Ok(Self { writer, readers })
        };
        open().map_err(|error| or_full(error, folder_of(path)))
    }

    /// Runs a read on a snapshot of its own.
    async fn read<T, F>(&self, body: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        self.readers.run(body).await
    }

    /// Runs a write in the next group commit; twice, if the first met a full disk.
    async fn write<T, F>(&self, body: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        self.writer.run(write::Size::Small, body).await
    }

    /// Runs a write that is too large to share its transaction.
    async fn write_alone<T, F>(&self, body: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        self.writer.run(write::Size::Large, body).await
    }
}

/// Folder of the store's file.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

impl Store for SqliteStore {
    fn backend(&self) -> &'static str {
        "sqlite"
    }
}
