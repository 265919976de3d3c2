//! The peer: PostgreSQL, tuned for loading, on a cluster that syncs to disk and is thrown away afterwards.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::sync::Arc;

use anyhow::Context;
use store::Store;
use store_postgres::testing::Cluster;
use store_postgres::{PostgresOptions, PostgresStore};
use tokio_postgres::{Client, NoTls};

use crate::city::Written;
use crate::measure::{self, Cost, Meter};

/// Memory for pages and a write-ahead log that no checkpoint interrupts; durability is the server's default.
const TUNED: [&str; 6] = [
    "-c shared_buffers=2GB",
    "-c max_wal_size=16GB",
    "-c checkpoint_timeout=1h",
    "-c maintenance_work_mem=512MB",
    "-c wal_buffers=64MB",
    "-c autovacuum=off",
];

pub(crate) struct Peer {
    cluster: Cluster,
    pub(crate) postmaster: u32,
    client: Client,
    turn: u32,
    url: String,
}

impl Peer {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let cluster = Cluster::start_with(&TUNED)?;
        let postmaster = measure::postmaster(cluster.folder()).context("the cluster has no first process")?;
        let url = cluster.empty_database().await?;
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await?;
        tokio::spawn(connection);
        let fsync: String = client.query_one("SHOW fsync", &[]).await?.try_get(0)?;
        anyhow::ensure!(fsync == "on", "the peer must sync to disk");
        Ok(Self {
            cluster,
            postmaster,
            client,
            turn: 0,
            url,
        })
    }

    /// One COPY of the delivery's rows as text columns into a fresh table without keys; the server reads the file itself.
    pub(crate) async fn copy(&mut self, written: &Written) -> anyhow::Result<(Cost, u64)> {
        self.turn += 1;
        let table = format!("rows_{}", self.turn);
        let path = written.delivery()?;
        let mut header = String::new();
        BufReader::new(File::open(&path)?).read_line(&mut header)?;
        let mut columns = String::new();
        for number in 1..=header.split(',').count() {
            let comma = if number > 1 { "," } else { "" };
            write!(columns, "{comma}c{number} text")?;
        }
        self.client
            .batch_execute(&format!("CREATE TABLE {table} ({columns})"))
            .await?;
        measure::settle();
        let meter = Meter::start(Some(self.postmaster));
        let copy = format!("COPY {table} FROM '{}' WITH (FORMAT csv, HEADER true)", path.display());
        let rows = self.client.execute(&copy, &[]).await?;
        let cost = meter.stop();
        self.client
            .batch_execute(&format!("DROP TABLE {table}; CHECKPOINT"))
            .await?;
        Ok((cost, rows))
    }

    /// Address of the peer's own database.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// What a logged look-up of the peer reads and writes: persons under their tags, each with as many records as the city
    /// has on average, of the size of ours, and an empty log. The name that the tables begin with.
    pub(crate) async fn look_up_tables(&self, persons: u64, records: u64) -> anyhow::Result<String> {
        let each = (records / persons).max(1);
        let table = "look_up";
        self.client
            .batch_execute(&format!(
                "CREATE TABLE {table}_tag (tag bytea PRIMARY KEY, person bigint NOT NULL); \
                 CREATE TABLE {table}_record (id bigserial PRIMARY KEY, person bigint NOT NULL, item text NOT NULL, state text NOT \
                 NULL, ends date, content bytea NOT NULL); \
                 CREATE TABLE {table}_log (id bigserial PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(), tag bytea NOT NULL, \
                 officer uuid NOT NULL, purpose text NOT NULL, matter text NOT NULL, content bytea NOT NULL, hash bytea NOT NULL); \
                 INSERT INTO {table}_tag SELECT decode(lpad(to_hex(n), 32, '0'), 'hex'), n FROM generate_series(1, {persons}) n; \
                 INSERT INTO {table}_record (person, item, state, ends, content) SELECT n, 'ITM-PENALTY', 'active', \
                 '2030-01-01', decode(repeat('ab', 700), 'hex') FROM generate_series(1, {persons}) n, generate_series(1, {each}); \
                 CREATE INDEX ON {table}_record (person); CREATE INDEX ON {table}_log (tag)"
            ))
            .await?;
        // Each by itself: several statements in one message are one transaction, which VACUUM refuses.
        for part in ["tag", "record"] {
            self.client
                .batch_execute(&format!("VACUUM ANALYZE {table}_{part}"))
                .await?;
        }
        Ok(table.to_owned())
    }

    /// A database with this version's schema on the same server, opened as the system opens it; and its name.
    pub(crate) async fn store(&self) -> anyhow::Result<(Arc<dyn Store>, String)> {
        let url = self.cluster.fresh_database().await?;
        let name = url.rsplit('=').next().unwrap_or_default().to_owned();
        let store = PostgresStore::connect(&url, &PostgresOptions::default()).await?;
        measure::settle();
        Ok((Arc::new(store), name))
    }

    /// A connection to a database of its own without tables.
    pub(crate) async fn empty(&self) -> anyhow::Result<Client> {
        let url = self.cluster.empty_database().await?;
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// Drops a database of [`Self::store`].
    pub(crate) async fn forget(&self, database: &str) -> anyhow::Result<()> {
        self.client
            .batch_execute(&format!("DROP DATABASE {database} WITH (FORCE)"))
            .await?;
        self.client.batch_execute("CHECKPOINT").await?;
        Ok(())
    }
}
