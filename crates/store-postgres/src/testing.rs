//! A PostgreSQL cluster to throw away, for tests of this crate and of those above it: one per test process, one
//! database per test. It listens on a socket only and ends with the process that started it, however that ends.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;
use tokio::sync::OnceCell;
use tokio_postgres::NoTls;

use crate::migrate;

/// User of the operating system who runs the server if the test runs as root, which PostgreSQL refuses.
const SERVER_USER: &str = "postgres";

/// Why there is no cluster.
#[derive(Debug, thiserror::Error)]
#[error("no PostgreSQL for tests: {0}")]
pub struct NoCluster(String);

/// A running cluster.
#[derive(Debug)]
pub struct Cluster {
    folder: TempDir,
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
        let programs = find_programs()?;
        let folder = tempfile::Builder::new()
            .prefix("chengdang-pg-")
            .tempdir()
            .map_err(|e| NoCluster(e.to_string()))?;
        if is_root()? {
            run(Command::new("chown").arg(SERVER_USER).arg(folder.path()))?;
        }
        let data = folder.path().join("data");
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
        let socket = folder.path().display();
        let server = format!(
            "-c listen_addresses='' -c unix_socket_directories='{socket}' {}",
            arguments.join(" ")
        );
        let mut start = as_server_user(&programs.join("pg_ctl"))?;
        start
            .arg("-D")
            .arg(&data)
            .arg("-l")
            .arg(folder.path().join("log"))
            .args(["-w", "-o", &server, "start"]);
        run(&mut start)?;
        let stop = "read -r _; \"$1\" -D \"$2\" -m immediate stop >/dev/null 2>&1";
        let keeper = as_server_user(Path::new("/bin/sh"))?
            .args(["-c", stop, "keeper"])
            .arg(programs.join("pg_ctl"))
            .arg(&data)
            .stdin(Stdio::piped())
            .spawn()
            .map_err(|error| NoCluster(error.to_string()))?;
        Ok(Self {
            folder,
            keeper,
            databases: AtomicU32::new(0),
            template: OnceCell::new(),
        })
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

    async fn execute(&self, database: &str, sql: &str) -> Result<(), NoCluster> {
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

/// The newest server programs of the machine (Debian keeps them apart by version, others on the path).
fn find_programs() -> Result<PathBuf, NoCluster> {
    let mut versions: Vec<(u32, PathBuf)> = Vec::new();
    for entry in std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten() {
        let version = entry.file_name().to_str().and_then(|name| name.parse().ok());
        let programs = entry.path().join("bin");
        if let Some(version) = version.filter(|_| programs.join("initdb").exists()) {
            versions.push((version, programs));
        }
    }
    let on_path = || {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).find(|folder| folder.join("initdb").exists())
    };
    let newest = versions
        .into_iter()
        .max_by_key(|(version, _)| *version)
        .map(|(_, programs)| programs);
    newest
        .or_else(on_path)
        .ok_or_else(|| NoCluster("initdb is not installed".to_owned()))
}

fn is_root() -> Result<bool, NoCluster> {
    let output = Command::new("id")
        .arg("-u")
        .output()
        .map_err(|error| NoCluster(error.to_string()))?;
    Ok(output.stdout.trim_ascii() == b"0")
}

/// The program, as a user whom PostgreSQL accepts.
fn as_server_user(program: &Path) -> Result<Command, NoCluster> {
    let mut command = if is_root()? {
        let mut command = Command::new("runuser");
        command.args(["-u", SERVER_USER, "--"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    command.current_dir("/");
    Ok(command)
}

fn run(command: &mut Command) -> Result<(), NoCluster> {
    let done = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .stdin(Stdio::null())
        .status();
    match done {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(NoCluster(format!(
            "{} ended with {status}",
            command.get_program().display()
        ))),
        Err(error) => Err(NoCluster(format!("{}: {error}", command.get_program().display()))),
    }
}
