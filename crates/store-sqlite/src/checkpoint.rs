//! Moves the write-ahead log into the file. A thread does it beside the writer, so that no commit waits; only when the
//! log outgrows its limit does the writer wait for its turn.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use reserve::Reserve;
use rusqlite::Connection;
use store::StoreError;

use crate::connection::{WAL_BYTES_KEPT, open_writing};
use crate::folder_of;

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
    /// The log is to be cut: an erasure was committed, whose old bytes lie in it until then, or a chunk that was taken back
    /// left the disk full.
    shall_cut: AtomicBool,
}

/// The checkpointing thread, as the writer sees it.
pub(crate) struct Checkpointer {
    file: PathBuf,
    wal: PathBuf,
    reserve: Reserve,
    state: Arc<State>,
    wake: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    /// Opens the connection and starts the thread.
    pub(crate) fn start(path: &Path, reserve: &Reserve) -> Result<Self, StoreError> {
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
            file: path.to_owned(),
            wal: wal.into(),
            reserve: reserve.clone(),
            state,
            wake: Some(wake),
            thread: Some(thread),
        })
    }

    /// Called by the writer after each commit and its answers.
    pub(crate) fn committed(&self, connection: &Connection) {
        if self.state.wal_pages.load(Ordering::Relaxed) > WAL_PAGES_MAX {
            if let Some(left) = run(connection, include_str!("../sql/pragma/checkpoint_restart.sql")) {
                self.state.wal_pages.store(left, Ordering::Relaxed);
            }
            return;
        }
        let is_long = self.wal_bytes() > WAL_BYTES_KEPT;
        if is_long || self.state.shall_cut.load(Ordering::Relaxed) || self.must_save(connection) {
            self.wake();
        }
    }

    /// Whether the disk is full and the log is to be moved at once, so that its blocks are written again instead of new ones.
    /// Not if the file would grow by what is left.
    fn must_save(&self, connection: &Connection) -> bool {
        let left = || reserve::free_bytes(folder_of(&self.file)).unwrap_or_default();
        self.reserve.is_released() && self.owed_bytes(connection) <= left() / 2
    }

    /// Bytes by which the file will grow when the log is moved into it.
    pub(crate) fn owed_bytes(&self, connection: &Connection) -> u64 {
        let pragma = |name: &str| -> u64 {
            let value = connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
            // What cannot be asked now fails at the next statement, and is told then.
            value
                .ok()
                .and_then(|value| u64::try_from(value).ok())
                .unwrap_or_default()
        };
        let has = std::fs::metadata(&self.file).map_or(0, |file| file.len());
        pragma("page_count")
            .saturating_mul(pragma("page_size"))
            .saturating_sub(has)
    }

    /// Length of the log's file.
    pub(crate) fn wal_bytes(&self) -> u64 {
        std::fs::metadata(&self.wal).map_or(0, |wal| wal.len())
    }

    /// Has the log moved now, so that the next commit can begin it anew without a new block.
    pub(crate) fn recycle(connection: &Connection) {
        // What stands in the way stands in the way of the commit as well, which tells it.
        let _ = run(connection, include_str!("../sql/pragma/checkpoint_passive.sql"));
    }

    /// The log is cut as soon as no reader needs it.
    pub(crate) fn cut(&self) {
        self.state.shall_cut.store(true, Ordering::Relaxed);
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
    let mut has_failed = false;
    while woken.recv().is_ok() {
        let cuts = state.shall_cut.swap(false, Ordering::Relaxed);
        let sql = if cuts {
            include_str!("../sql/pragma/checkpoint_truncate.sql")
        } else {
            include_str!("../sql/pragma/checkpoint_passive.sql")
        };
        let pages = run(connection, sql);
        if let Some(pages) = pages {
            state.wal_pages.store(pages, Ordering::Relaxed);
        } else if !has_failed {
            // Told once: on a full disk each commit is followed by one that fails.
            tracing::warn!("the log of the store cannot be moved into its file; it is tried after each commit");
        }
        has_failed = pages.is_none();
        if cuts && pages != Some(0) {
            // A reader was in the way, or the disk is full: once more after the next commit.
            state.shall_cut.store(true, Ordering::Relaxed);
        }
    }
}

/// Runs a checkpoint; pages that the log still holds for readers or because it is being written. `None` if it failed.
fn run(connection: &Connection, sql: &str) -> Option<i64> {
    let result: rusqlite::Result<(i64, i64, i64)> =
        connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    match result {
        Ok((busy, in_log, moved)) if busy != 0 || in_log > moved => Some(in_log.max(1)),
        Ok(_) => Some(0),
        Err(error) => {
            tracing::debug!(error.kind = %crate::fault::translate(&error), "a checkpoint failed");
            None
        }
    }
}
