//! Moves the write-ahead log into the file. A thread does it beside the writer, so that no commit waits; only when the
//! log outgrows its limit does the writer wait for its turn.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;
use store::StoreError;

use crate::connection::{WAL_BYTES_KEPT, open_writing};

/// Pages in the write-ahead log from which the writer stops to have all of it moved: 1 GiB.
const WAL_PAGES_MAX: i64 = 65_536;
/// Page cache of the checkpointing connection: it copies pages and reads none.
const CACHE_MIB: u32 = 1;

/// How long cutting the log waits for readers; writers wait with it.
const PATIENCE: Duration = Duration::from_millis(200);

#[derive(Default)]
struct State {
    /// Pages in the log when it was last looked at.
    wal_pages: AtomicI64,
    /// An erasure was committed: its old bytes lie in the log until the log is cut.
    has_erased: AtomicBool,
}

/// The checkpointing thread, as the writer sees it.
pub(crate) struct Checkpointer {
    wal: PathBuf,
    state: Arc<State>,
    wake: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    /// Opens the connection and starts the thread.
    pub(crate) fn start(path: &Path) -> Result<Self, StoreError> {
        let connection = open_writing(path, CACHE_MIB)?;
        connection
            .busy_timeout(PATIENCE)
            .map_err(|error| crate::fault::translate(&error))?;
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        let (wake, woken) = sync_channel(1);
        let thread = std::thread::Builder::new()
            .name("sqlite-checkpoint".to_owned())
            .spawn(move || serve(&connection, &woken, &shared))
            .map_err(|error| StoreError::Unavailable {
                cause: error.kind().to_string(),
            })?;
        let mut wal = path.as_os_str().to_owned();
        wal.push("-wal");
        Ok(Self {
            wal: wal.into(),
            state,
            wake: Some(wake),
            thread: Some(thread),
        })
    }

    /// Called by the writer after each commit and its answers.
    pub(crate) fn committed(&self, connection: &Connection) {
        if self.state.wal_pages.load(Ordering::Relaxed) > WAL_PAGES_MAX {
            let left = run(connection, include_str!("../sql/pragma/checkpoint_restart.sql"));
            self.state.wal_pages.store(left, Ordering::Relaxed);
            return;
        }
        let is_long = std::fs::metadata(&self.wal).is_ok_and(|wal| wal.len() > WAL_BYTES_KEPT);
        if is_long || self.state.has_erased.load(Ordering::Relaxed) {
            self.wake();
        }
    }

    /// Called after a committed erasure: the log is cut as soon as no reader needs it.
    pub(crate) fn erased(&self) {
        self.state.has_erased.store(true, Ordering::Relaxed);
        self.wake();
    }

    fn wake(&self) {
        if let Some(wake) = &self.wake {
            // A full channel means that the thread is about to look anyway.
            let _ = wake.try_send(());
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.wake = None;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has nothing left to end.
            let _ = thread.join();
        }
    }
}

fn serve(connection: &Connection, woken: &Receiver<()>, state: &State) {
    while woken.recv().is_ok() {
        let cuts = state.has_erased.swap(false, Ordering::Relaxed);
        let sql = if cuts {
            include_str!("../sql/pragma/checkpoint_truncate.sql")
        } else {
            include_str!("../sql/pragma/checkpoint_passive.sql")
        };
        let pages = run(connection, sql);
        state.wal_pages.store(pages, Ordering::Relaxed);
        if cuts && pages > 0 {
            // A reader was in the way: once more after the next commit.
            state.has_erased.store(true, Ordering::Relaxed);
        }
    }
}

/// Runs a checkpoint; pages that the log still holds for readers or because it is being written.
fn run(connection: &Connection, sql: &str) -> i64 {
    let result: rusqlite::Result<(i64, i64, i64)> =
        connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    match result {
        Ok((busy, in_log, moved)) if busy != 0 || in_log > moved => in_log.max(1),
        Ok(_) => 0,
        Err(error) => {
            tracing::warn!(error.kind = %crate::fault::translate(&error), "a checkpoint failed");
            0
        }
    }
}
