//! The store on PostgreSQL, for a city with a database server of its own.
//!
//! Chunks go in by binary `COPY` within their transaction; a lost race is a unique violation, so no transaction needs
//! more than READ COMMITTED. The connection acts as the role `chengdang_app` where it may: read, append, erase, and
//! nothing else. This crate knows nothing of keys, policies or HTTP.
//!
//! ```no_run
//! # async fn run() -> Result<(), store::StoreError> {
//! use store_postgres::{PostgresOptions, PostgresStore, migrate};
//!
//! let url = "host=/run/postgresql dbname=chengdang";
//! migrate(url).await?;
//! let store = PostgresStore::connect(url, &PostgresOptions::default()).await?;
//! # Ok(())
//! # }
//! ```

mod administrator;
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
mod record;
mod rotation;
mod schema;
mod sign_in;
#[cfg(feature = "testing")]
pub mod testing;
mod value;
mod view;

use std::time::Duration;

use deadpool_postgres::{Object, Pool};
use reserve::Reserve;
use store::{Store, StoreError};

use crate::connection::{Parameter, execute};
use crate::fault::Fault;

pub use schema::migrate;
pub use view::{ViewError, ViewOptions, ViewRow, ViewSource};

/// How a store is connected.
#[derive(Debug, Clone)]
pub struct PostgresOptions {
    /// Connections at most.
    pub connections_max: usize,
    /// How long a statement may take.
    pub statement_timeout: Duration,
    /// How long a caller waits for a free connection, and a statement for a lock.
    pub wait_timeout: Duration,
    /// Whether the server must sync its log to disk (`fsync = on`). Off only in tests that throw the cluster away.
    pub needs_fsync: bool,
    /// Space kept back on the server's disk, if it is this host's; small writes use it when the disk is full.
    pub reserve: Reserve,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            connections_max: 16,
            statement_timeout: Duration::from_mins(1),
            wait_timeout: Duration::from_secs(10),
            needs_fsync: true,
            reserve: Reserve::none(),
        }
    }
}

/// A store in one PostgreSQL database.
pub struct PostgresStore {
    pool: Pool,
    reserve: Reserve,
}

impl PostgresStore {
    /// Connects to the database at `url`, which [`migrate`] has brought to this version's schema.
    ///
    /// # Errors
    ///
    /// [`StoreError::Damaged`] if the schema is another version's or durability cannot be had,
    /// [`StoreError::Unavailable`] if the server cannot be reached.
    pub async fn connect(url: &str, options: &PostgresOptions) -> Result<Self, StoreError> {
        let pool = connection::pool(url, options)?;
        let store = Self {
            pool,
            reserve: options.reserve.clone(),
        };
        let client = store.client().await?;
        connection::assert_durable(&client, options.needs_fsync).await?;
        schema::check(&client).await?;
        drop(client);
        Ok(store)
    }

    /// A connection of its own until it is dropped.
    async fn client(&self) -> Result<Object, StoreError> {
        self.pool.get().await.map_err(|error| connection::refused(&error))
    }

    /// Runs a small write; again, if the server's disk was full and the reserve could be given up. It begins anew then, and
    /// nothing of the first run is left: the server said so.
    async fn small<T, F>(&self, write: impl Fn() -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, Fault>>,
    {
        match write().await.map_err(StoreError::from) {
            Err(StoreError::Full) if self.reserve.release() => Ok(write().await?),
            other => other,
        }
    }

    /// The same for one statement; how many rows it touched.
    async fn small_statement(&self, sql: &str, parameters: &[Parameter<'_>]) -> Result<u64, StoreError> {
        self.small(move || async move {
            let client = self.client().await?;
            execute(&client, sql, parameters).await
        })
        .await
    }
}

impl Store for PostgresStore {
    fn backend(&self) -> &'static str {
        "postgresql"
    }
}
