//! A PostgreSQL cluster to throw away, for tests of this crate and of those above it: one per test process, one
//! database per test. It listens on a socket only and ends with the process that started it, however that ends. It can
//! be stopped, killed, followed by a standby, and reached over a [`Line`] that breaks where it is told to.

mod fate;
mod line;
mod programs;

use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;
use tokio::sync::OnceCell;
use tokio_postgres::NoTls;

use crate::migrate;

pub use fate::Stop;
pub use line::{At, Fate, Line, Side};
use programs::{as_server_user, find_programs, own, run};

/// Why there is no cluster.
#[derive(Debug, thiserror::Error)]
#[error("no PostgreSQL for tests: {0}")]
pub struct NoCluster(String);

/// A running cluster.
#[derive(Debug)]
pub struct Cluster {
    folder: TempDir,
    data: PathBuf,
    programs: PathBuf,
    /// Arguments of the server.
    arguments: String,
    /// The first process of the server that was started last.
    postmaster: AtomicU32,
    /// Holds the pipe whose end stops the server, also when this process is killed.
    keeper: Child,
    databases: AtomicU32,
    template: OnceCell<()>,
}

impl Cluster {
    /// Starts a cluster that does not sync to disk: nothing of it outlives the test.
    ///
    /// # Errors
    ///
    /// [`NoCluster`] if the server's programs are missing or do not start.
    pub fn start() -> Result<Self, NoCluster> {
        Self::start_with(&["-c", "fsync=off", "-c", "full_page_writes=off"])
    }

    /// Starts a cluster with the server's own durability and further arguments.
    ///
    /// # Errors
    ///
    /// [`NoCluster`] if the server's programs are missing or do not start.
    pub fn start_with(arguments: &[&str]) -> Result<Self, NoCluster> {
        let folder = new_folder()?;
        let data = folder.path().join("data");
        Self::start_in(folder, data, arguments)
    }

    /// The same with the server's data in `data`, an empty folder or none, whose file system the caller has chosen.
    ///
    /// # Errors
    ///
    /// [`NoCluster`] if the server's programs are missing or do not start.
    pub fn start_at(data: &Path, arguments: &[&str]) -> Result<Self, NoCluster> {
        if data.exists() {
            own(data)?;
        }
        Self::start_in(new_folder()?, data.to_owned(), arguments)
    }

    fn start_in(folder: TempDir, data: PathBuf, arguments: &[&str]) -> Result<Self, NoCluster> {
        let programs = find_programs()?;
        let mut initdb = as_server_user(&programs.join("initdb"))?;
        run(initdb.arg("-D").arg(&data).args([
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-locale",
            "--no-sync",
        ]))?;
        Self::over(folder, data, programs, arguments)
    }

    /// Starts a server over data that another one left.
    ///
    /// # Errors
    ///
    /// [`NoCluster`] if it does not come up.
    pub fn resume_at(data: &Path) -> Result<Self, NoCluster> {
        Self::over(new_folder()?, data.to_owned(), find_programs()?, &[])
    }

    /// Starts the server over data that are there.
    fn over(folder: TempDir, data: PathBuf, programs: PathBuf, arguments: &[&str]) -> Result<Self, NoCluster> {
        let stop = "read -r _; \"$1\" -D \"$2\" -m immediate stop >/dev/null 2>&1";
        let keeper = as_server_user(Path::new("/bin/sh"))?
            .args(["-c", stop, "keeper"])
            .arg(programs.join("pg_ctl"))
            .arg(&data)
            .stdin(Stdio::piped())
            .spawn()
            .map_err(|error| NoCluster(error.to_string()))?;
        let socket = folder.path().display();
        let cluster = Self {
            arguments: format!(
                "-c listen_addresses='' -c unix_socket_directories='{socket}' {}",
                arguments.join(" ")
            ),
            folder,
            data,
            programs,
            keeper,
            postmaster: AtomicU32::new(0),
            databases: AtomicU32::new(0),
            template: OnceCell::new(),
        };
        cluster.start_again()?;
        Ok(cluster)
    }

    /// The server's log so far.
    ///
    /// # Errors
    ///
    /// [`NoCluster`] if it cannot be read.
    pub fn log(&self) -> Result<String, NoCluster> {
        std::fs::read_to_string(self.folder.path().join("log")).map_err(|error| NoCluster(error.to_string()))
    }

    /// Folder of the cluster: socket, log and data.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The address of a database of this cluster.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("host={} user=postgres dbname={database}", self.folder.path().display())
    }

    /// A new, empty database; its address.
    ///
    /// # Errors
    ///
    /// [`NoCluster`] if the server refuses.
    pub async fn empty_database(&self) -> Result<String, NoCluster> {
        self.create("template0").await
    }

    /// A new database with the schema of this version; its address.
    ///
    /// # Errors
    ///
    /// [`NoCluster`] if the server refuses.
    pub async fn fresh_database(&self) -> Result<String, NoCluster> {
        self.template
            .get_or_try_init(|| async {
                self.execute("postgres", "CREATE DATABASE chengdang_template TEMPLATE template0")
                    .await?;
                let migrated = migrate(&self.url("chengdang_template")).await;
                migrated.map(|_| ()).map_err(|error| NoCluster(error.to_string()))
            })
            .await?;
        self.create("chengdang_template").await
    }

    /// A copy of a database to which nobody is connected; its address.
    ///
    /// # Errors
    ///
    /// [`NoCluster`] if the server refuses.
    pub async fn copy_of(&self, url: &str) -> Result<String, NoCluster> {
        self.create(name_in(url)?).await
    }

    /// Drops a database with whoever is connected to it.
    ///
    /// # Errors
    ///
    /// [`NoCluster`] if the server refuses.
    pub async fn drop_database(&self, url: &str) -> Result<(), NoCluster> {
        let name = name_in(url)?;
        self.execute("postgres", &format!("DROP DATABASE {name} WITH (FORCE)"))
            .await
    }

    async fn create(&self, template: &str) -> Result<String, NoCluster> {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.execute("postgres", &format!("CREATE DATABASE {name} TEMPLATE {template}"))
            .await?;
        Ok(self.url(&name))
    }

    /// Runs statements as the superuser.
    ///
    /// # Errors
    ///
    /// [`NoCluster`] if the server refuses.
    pub async fn execute(&self, database: &str, sql: &str) -> Result<(), NoCluster> {
        let lift = |error: tokio_postgres::Error| NoCluster(error.to_string());
        let (client, connection) = tokio_postgres::connect(&self.url(database), NoTls)
            .await
            .map_err(lift)?;
        let (done, ended) = tokio::join!(
            async move {
                // The client ends here, and with it the connection.
                client.batch_execute(sql).await
            },
            connection
        );
        done.map_err(lift)?;
        ended.map_err(lift)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // A server that a failed test holds cannot end.
        let _ = self.wake();
        drop(self.keeper.stdin.take());
        // If the keeper cannot be waited for, it still ends by itself.
        let _ = self.keeper.wait();
    }
}

/// Name of the database in an address that [`Cluster::url`] gave.
fn name_in(url: &str) -> Result<&str, NoCluster> {
    url.split_once("dbname=")
        .map(|(_, name)| name)
        .ok_or_else(|| NoCluster("the address names no database".to_owned()))
}

/// A folder that the server may write to.
fn new_folder() -> Result<TempDir, NoCluster> {
    let folder = tempfile::Builder::new()
        .prefix("chengdang-pg-")
        .tempdir()
        .map_err(|e| NoCluster(e.to_string()))?;
    own(folder.path())?;
    Ok(folder)
}
