//! What can happen to a server: it is stopped, killed, or followed by its standby.

use std::process::Command;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio_postgres::NoTls;

use super::programs::{as_server_user, run};
use super::{Cluster, NoCluster, new_folder};

/// A server that starts, or a standby that comes up, takes no longer, or the test fails.
const PATIENCE: Duration = Duration::from_mins(1);

/// How a server is stopped by its operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Transactions are rolled back, sessions ended, and everything is written.
    Fast,
    /// As if it crashed: the next start recovers from the log.
    Immediate,
}

impl Cluster {
    /// Stops the server and waits until it has ended.
    ///
    /// # Errors
    ///
    /// [`NoCluster`] if it does not run.
    pub fn stop(&self, how: Stop) -> Result<(), NoCluster> {
        let mode = match how {
            Stop::Fast => "fast",
            Stop::Immediate => "immediate",
        };
        self.control(&["-m", mode, "stop"])
    }

    /// Starts the server over the data that the last one left, and waits until it answers.
    ///
    /// # Errors
    ///
    /// [`NoCluster`] if it does not come up.
    pub fn start_again(&self) -> Result<(), NoCluster> {
        let log = self.folder.path().join("log");
        let log = log
            .to_str()
            .ok_or_else(|| NoCluster("the folder has a strange name".to_owned()))?;
        let until = Instant::now() + PATIENCE;
        loop {
            // Sessions that outlived a killed postmaster hold its shared memory until they notice.
            match self.control(&["-l", log, "-w", "-o", &self.arguments, "start"]) {
                Err(refused) if Instant::now() >= until => return Err(refused),
                Err(_) if self.data.join("postmaster.pid").exists() => {}
                done => return done.and_then(|()| self.note_postmaster()),
            }
        }
    }

    /// Kills the first process of the server, as the kernel does when memory runs out; its sessions end by themselves.
    ///
    /// # Errors
    ///
    /// [`NoCluster`] if it does not run.
    pub fn kill_postmaster(&self) -> Result<(), NoCluster> {
        kill(&[self.postmaster()?])
    }

    /// Kills all processes of the server at once, as when the machine is lost.
    ///
    /// # Errors
    ///
    /// [`NoCluster`] if it does not run.
    pub fn kill_all(&self) -> Result<(), NoCluster> {
        kill(&self.processes()?)
    }

    /// Waits until the server answers, after a crash that it recovers from by itself.
    ///
    /// # Errors
    ///
    /// [`NoCluster`] if it does not come up.
    pub fn wait_until_up(&self) -> Result<(), NoCluster> {
        let until = Instant::now() + PATIENCE;
        loop {
            let mut ask = Command::new(self.programs.join("pg_isready"));
            match run(ask.arg("-q").arg("-h").arg(self.folder.path())) {
                Err(refused) if Instant::now() >= until => return Err(refused),
                Err(_) => {}
                done => return done,
            }
        }
    }

    /// Kills the sessions of `database`: the server takes it for a crash, ends all others and recovers by itself. Returns
    /// once the others have ended.
    ///
    /// # Errors
    ///
    /// [`NoCluster`] if the server does not answer.
    pub async fn kill_sessions(&self, database: &str) -> Result<(), NoCluster> {
        let lift = |error: tokio_postgres::Error| NoCluster(error.to_string());
        let sessions = self.sessions(database, "pid").await?;
        if sessions.is_empty() {
            return Ok(());
        }
        let (client, witness) = tokio_postgres::connect(&self.url("postgres"), NoTls)
            .await
            .map_err(lift)?;
        kill(&sessions)?;
        // It ends by the crash, so with an error.
        let _ = witness.await;
        drop(client);
        Ok(())
    }

    /// Ends the sessions of `database` as an administrator does (`pg_terminate_backend`).
    ///
    /// # Errors
    ///
    /// [`NoCluster`] if the server does not answer.
    pub async fn terminate_sessions(&self, database: &str) -> Result<(), NoCluster> {
        let end = "CASE WHEN pg_terminate_backend(pid) THEN pid ELSE 0 END";
        self.sessions(database, end).await.map(|_| ())
    }

    /// A standby that follows this server; from now on a commit is answered once it is on the disks of both.
    ///
    /// # Errors
    ///
    /// [`NoCluster`] if it cannot be made or does not come up.
    pub async fn synchronous_standby(&self) -> Result<Self, NoCluster> {
        let folder = new_folder()?;
        let data = folder.path().join("data");
        let source = format!("host={} user=postgres", self.folder.path().display());
        let mut copy = as_server_user(&self.programs.join("pg_basebackup"))?;
        run(copy
            .args(["-d", &source, "-D"])
            .arg(&data)
            .args(["-R", "-X", "stream", "-c", "fast", "--no-sync"]))?;
        let standby = Self::over(folder, data, self.programs.clone(), &[])?;
        self.execute("postgres", "ALTER SYSTEM SET synchronous_standby_names = '*'")
            .await?;
        self.execute("postgres", "SELECT pg_reload_conf()").await?;
        let is_followed = "SELECT count(*)::int4 FROM pg_stat_replication WHERE sync_state = 'sync'";
        let until = Instant::now() + PATIENCE;
        while self.ask("postgres", is_followed).await? != [1] {
            if Instant::now() >= until {
                return Err(NoCluster("the standby does not follow".to_owned()));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(standby)
    }

    /// Holds all processes of the server where they are, until [`Self::wake`].
    ///
    /// # Errors
    ///
    /// [`NoCluster`] if it does not run.
    pub fn freeze(&self) -> Result<(), NoCluster> {
        signal("-STOP", &self.processes()?)
    }

    /// Lets them go on.
    ///
    /// # Errors
    ///
    /// [`NoCluster`] if it does not run.
    pub fn wake(&self) -> Result<(), NoCluster> {
        signal("-CONT", &self.processes()?)
    }

    /// Waits until a session waits for another's transaction.
    ///
    /// # Errors
    ///
    /// [`NoCluster`] if none does.
    pub async fn wait_for_a_waiting_session(&self) -> Result<(), NoCluster> {
        let waiting = "SELECT count(*)::int4 FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
        let until = Instant::now() + PATIENCE;
        while self.ask("postgres", waiting).await? == [0] {
            if Instant::now() >= until {
                return Err(NoCluster("no session waits".to_owned()));
            }
        }
        Ok(())
    }

    /// Makes the standby the primary, and waits until it takes changes.
    ///
    /// # Errors
    ///
    /// [`NoCluster`] if it does not.
    pub fn promote(&self) -> Result<(), NoCluster> {
        self.control(&["-w", "promote"])
    }

    fn control(&self, arguments: &[&str]) -> Result<(), NoCluster> {
        let mut command = as_server_user(&self.programs.join("pg_ctl"))?;
        run(command.arg("-D").arg(&self.data).args(arguments))
    }

    fn processes(&self) -> Result<Vec<u32>, NoCluster> {
        let postmaster = self.postmaster()?;
        let mut processes = vec![postmaster];
        processes.extend(children_of(postmaster));
        Ok(processes)
    }

    /// Notes which process serves: the file that names it may not be readable later.
    fn note_postmaster(&self) -> Result<(), NoCluster> {
        let text = std::fs::read_to_string(self.data.join("postmaster.pid"));
        let text = text.map_err(|error| NoCluster(error.to_string()))?;
        let first = text.lines().next().and_then(|line| line.trim().parse().ok());
        let process = first.ok_or_else(|| NoCluster("the server does not run".to_owned()))?;
        self.postmaster.store(process, Ordering::Release);
        Ok(())
    }

    /// The first process of the server; a number that another process has got since is not it.
    fn postmaster(&self) -> Result<u32, NoCluster> {
        let process = self.postmaster.load(Ordering::Acquire);
        let command = std::fs::read_to_string(format!("/proc/{process}/cmdline")).unwrap_or_default();
        let data = self.data.to_string_lossy();
        if command.split('\0').any(|argument| argument == data) {
            Ok(process)
        } else {
            Err(NoCluster("the server does not run".to_owned()))
        }
    }

    async fn sessions(&self, database: &str, what: &str) -> Result<Vec<u32>, NoCluster> {
        let sql =
            format!("SELECT {what} FROM pg_stat_activity WHERE datname = '{database}' AND pid <> pg_backend_pid()");
        let found = self.ask("postgres", &sql).await?;
        Ok(found.into_iter().filter_map(|pid| u32::try_from(pid).ok()).collect())
    }

    /// The one column of a question.
    async fn ask(&self, database: &str, sql: &str) -> Result<Vec<i32>, NoCluster> {
        let lift = |error: tokio_postgres::Error| NoCluster(error.to_string());
        let (client, connection) = tokio_postgres::connect(&self.url(database), NoTls)
            .await
            .map_err(lift)?;
        let (rows, ended) = tokio::join!(async move { client.query(sql, &[]).await }, connection);
        ended.map_err(lift)?;
        rows.map_err(lift)?
            .iter()
            .map(|row| row.try_get(0).map_err(lift))
            .collect()
    }
}

/// Processes that a process started.
fn children_of(parent: u32) -> Vec<u32> {
    let mut children = Vec::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        let status = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        // The name in brackets may itself hold spaces and brackets.
        let of = status
            .rsplit_once(')')
            .and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse::<u32>().ok());
        if of == Some(parent) {
            children.push(id);
        }
    }
    children
}

/// Some of them may have ended by themselves a moment ago, which is as good.
fn signal(name: &str, processes: &[u32]) -> Result<(), NoCluster> {
    let mut command = Command::new("kill");
    command.arg(name).args(processes.iter().map(u32::to_string));
    let done = command.output().map_err(|error| NoCluster(error.to_string()))?;
    let is_gone = String::from_utf8_lossy(&done.stderr).contains("No such process");
    if done.status.success() || is_gone {
        Ok(())
    } else {
        Err(NoCluster("the server's processes take no signal".to_owned()))
    }
}

/// Kills them and waits until they have ended.
fn kill(processes: &[u32]) -> Result<(), NoCluster> {
    signal("-KILL", processes)?;
    let until = Instant::now() + PATIENCE;
    while processes.iter().any(|process| is_alive(*process)) {
        if Instant::now() >= until {
            return Err(NoCluster("a killed process does not end".to_owned()));
        }
        std::thread::yield_now();
    }
    Ok(())
}

/// What is dead and was not waited for yet does nothing any more.
fn is_alive(process: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let state = status
        .rsplit_once(')')
        .and_then(|(_, rest)| rest.split_whitespace().next());
    state.is_some_and(|state| state != "Z" && state != "X")
}
