//! The one writer: group commit, savepoints, and checkpoints that no commit waits for.
//!
//! On a full disk a group of small jobs is run again, first over the blocks that the log has already, then over those that
//! the reserve gives up; a large job is not: it waits for space.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;

use reserve::Reserve;
use rusqlite::Connection;
use rusqlite::ffi::ErrorCode;
use store::StoreError;
use tokio::sync::{Semaphore, oneshot};

use crate::checkpoint::Checkpointer;
use crate::connection::{execute, open_writing};
use crate::fault::{Fault, or_full, translate};
use crate::{SqliteOptions, folder_of};

/// Small jobs that may wait; more callers than that wait in front of the queue.
const SMALL_QUEUED_MAX: usize = 4096;
/// Large jobs that may wait: each holds a whole chunk in memory.
const LARGE_QUEUED_MAX: usize = 2;
/// Small jobs that share one commit.
const GROUP_JOBS_MAX: usize = 1024;

/// Whether a job may share its transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    /// shares a commit with others
    Small,
    /// commits alone
    Large,
}

/// How a job ended inside the transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    Well,
    Badly,
    /// for want of space
    Full,
}

/// A write with its answer. The answer waits for the commit.
trait Job: Send {
    /// Runs inside the transaction. Again, if the transaction was taken back: the last run counts.
    fn run(&mut self, connection: &Connection) -> Ended;
    /// Answers, after the commit or its failure.
    fn answer(self: Box<Self>, commit: Result<(), StoreError>);
}

struct Task<T, F> {
    body: F,
    result: Option<Result<T, StoreError>>,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Job for Task<T, F>
where
    T: Send,
    F: Fn(&Connection) -> Result<T, Fault> + Send,
{
    fn run(&mut self, connection: &Connection) -> Ended {
        let result = (self.body)(connection).map_err(StoreError::from);
        let ended = match &result {
            Ok(_) => Ended::Well,
            Err(StoreError::Full) => Ended::Full,
            Err(_) => Ended::Badly,
        };
        self.result = Some(result);
        ended
    }

    fn answer(self: Box<Self>, commit: Result<(), StoreError>) {
        let result = match (self.result, commit) {
            // What it found in a transaction that was taken back does not count.
            (_, Err(StoreError::Full)) => Err(StoreError::Full),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (Some(Err(error)), _) | (_, Err(error)) => Err(error),
            (None, Ok(())) => Err(rolled_back()),
        };
        // A caller that has gone away is no fault: it resolves by the idempotency key.
        let _ = self.answer.send(result);
    }
}

#[derive(Default)]
struct Waiting {
    small: VecDeque<Box<dyn Job>>,
    large: VecDeque<Box<dyn Job>>,
    is_closed: bool,
}

#[derive(Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

/// The writing thread and its queue.
pub(crate) struct Writer {
    queue: Arc<Queue>,
    small: Semaphore,
    large: Semaphore,
    checkpointer: Arc<Checkpointer>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Opens the connection and starts the thread.
    pub(crate) fn start(path: &Path, options: &SqliteOptions) -> Result<Self, StoreError> {
        let connection = open_writing(path, options.cache_mib)?;
        let checkpointer = Arc::new(Checkpointer::start(path, &options.reserve)?);
        let writing = Writing {
            connection,
            file: path.to_owned(),
            checkpointer: Arc::clone(&checkpointer),
            reserve: options.reserve.clone(),
        };
        let queue = Arc::new(Queue::default());
        let served = Arc::clone(&queue);
        let thread = std::thread::Builder::new()
            .name("sqlite-write".to_owned())
            .spawn(move || serve(&writing, &served))
            .map_err(|error| StoreError::Unavailable {
                cause: error.kind().to_string(),
            })?;
        Ok(Self {
            queue,
            small: Semaphore::new(SMALL_QUEUED_MAX),
            large: Semaphore::new(LARGE_QUEUED_MAX),
            checkpointer,
            thread: Some(thread),
        })
    }

    /// Runs `body` in a savepoint of the next transaction and answers after its commit. It bears to be run again.
    pub(crate) async fn run<T, F>(&self, size: Size, body: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        let room = match size {
            Size::Small => &self.small,
            Size::Large => &self.large,
        };
        let permit = room.acquire().await.map_err(|_| ended())?;
        let (answer, answered) = oneshot::channel();
        self.queue.push(
            size,
            Box::new(Task {
                body,
                result: None,
                answer,
            }),
        )?;
        // A writer that died after it took the job may have committed it.
        let result = answered.await.map_err(|_| StoreError::OutcomeUnknown)?;
        drop(permit);
        result
    }

    /// Called after a committed erasure; see [`Checkpointer::cut`].
    pub(crate) fn erased(&self) {
        self.checkpointer.cut();
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue.close();
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has nothing left to end.
            let _ = thread.join();
        }
    }
}

impl Queue {
    fn push(&self, size: Size, job: Box<dyn Job>) -> Result<(), StoreError> {
        let mut waiting = self.waiting.lock().map_err(|_| ended())?;
        if waiting.is_closed {
            return Err(ended());
        }
        match size {
            Size::Small => waiting.small.push_back(job),
            Size::Large => waiting.large.push_back(job),
        }
        self.changed.notify_one();
        Ok(())
    }

    /// The next group: the small jobs that wait, else one large job. `None` when closed and empty.
    fn next_group(&self) -> Option<(Size, Vec<Box<dyn Job>>)> {
        let mut waiting = self.waiting.lock().ok()?;
        loop {
            if !waiting.small.is_empty() {
                let count = waiting.small.len().min(GROUP_JOBS_MAX);
                return Some((Size::Small, waiting.small.drain(..count).collect()));
            }
            if let Some(job) = waiting.large.pop_front() {
                return Some((Size::Large, vec![job]));
            }
            if waiting.is_closed {
                return None;
            }
            waiting = self.changed.wait(waiting).ok()?;
        }
    }

    /// No more jobs; those that wait are still served.
    fn close(&self) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).is_closed = true;
        self.changed.notify_all();
    }
}

/// Closes and empties the queue when the thread ends, also by a panic: nobody waits for a dead writer.
struct LastWill<'a>(&'a Queue);

impl Drop for LastWill<'_> {
    fn drop(&mut self) {
        self.0.close();
        let mut waiting = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.small.clear();
        waiting.large.clear();
    }
}

/// What the writing thread works with.
struct Writing {
    connection: Connection,
    file: PathBuf,
    checkpointer: Arc<Checkpointer>,
    reserve: Reserve,
}

fn serve(writing: &Writing, queue: &Queue) {
    let _will = LastWill(queue);
    while let Some((size, group)) = queue.next_group() {
        match size {
            Size::Small => writing.commit_small(group),
            Size::Large => writing.commit_large(group),
        }
        writing.checkpointer.committed(&writing.connection);
    }
}

impl Writing {
    /// Commits small jobs, on a full disk as long as there is any block left.
    fn commit_small(&self, mut group: Vec<Box<dyn Job>>) {
        let mut outcome = self.run_group(&mut group);
        if matches!(outcome, Err(StoreError::Full)) {
            Checkpointer::recycle(&self.connection);
            outcome = self.run_group(&mut group);
        }
        if matches!(outcome, Err(StoreError::Full)) && self.reserve.release() {
            outcome = self.run_group(&mut group);
        }
        answer(group, &outcome);
    }

    /// Commits a large job, and says what the next one is likely to take from the disk: as much as this one, and what moving
    /// the log into the file will take.
    fn commit_large(&self, mut group: Vec<Box<dyn Job>>) {
        let sizes = || {
            (
                self.checkpointer.wal_bytes(),
                self.checkpointer.owed_bytes(&self.connection),
            )
        };
        let (wal_before, owed_before) = sizes();
        let outcome = self.run_group(&mut group);
        let (wal, owed) = sizes();
        if matches!(outcome, Err(StoreError::Full)) {
            // What it wrote lies behind the end of the log and holds the disk full: it is cut off, and the next attempt waits
            // for more than that.
            self.checkpointer.cut();
            self.reserve.expect(wal.saturating_add(owed));
        } else {
            let grown = wal.saturating_sub(wal_before) + owed.saturating_sub(owed_before);
            self.reserve.expect(grown.saturating_add(owed));
            if !self.reserve.has_room() {
                // The last for a while: moved now, while there is space, the log has blocks for what stays small.
                Checkpointer::recycle(&self.connection);
                self.reserve.expect(grown.saturating_add(sizes().1));
            }
        }
        answer(group, &outcome);
    }

    /// Runs the jobs in one transaction and commits once; nothing is left open.
    fn run_group(&self, group: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
        let outcome = run_all(&self.connection, group).and_then(|()| commit(&self.connection));
        if !self.connection.is_autocommit() {
            // If this fails as well, the next BEGIN does, and says so.
            let _ = execute(&self.connection, "ROLLBACK", []);
        }
        outcome.map_err(|error| or_full(error, folder_of(&self.file)))
    }
}

/// Answers all of a group after its commit or its failure.
fn answer(group: Vec<Box<dyn Job>>, outcome: &Result<(), StoreError>) {
    if let Err(error) = outcome {
        tracing::error!(error.kind = %error, jobs = group.len(), "a group of writes did not commit");
    }
    for job in group {
        job.answer(match outcome {
            Ok(()) => Ok(()),
            Err(StoreError::OutcomeUnknown) => Err(StoreError::OutcomeUnknown),
            Err(StoreError::Full) => Err(StoreError::Full),
            Err(error) => Err(StoreError::Unavailable {
                cause: error.to_string(),
            }),
        });
    }
}

/// Runs the jobs, each in its savepoint.
fn run_all(connection: &Connection, group: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
    execute(connection, "BEGIN IMMEDIATE", [])?;
    for job in group.iter_mut() {
        execute(connection, "SAVEPOINT job", [])?;
        match job.run(connection) {
            Ended::Full => return Err(StoreError::Full),
            // An I/O error: SQLite took the whole transaction back.
            Ended::Badly if connection.is_autocommit() => return Err(rolled_back()),
            Ended::Badly => {
                execute(connection, "ROLLBACK TO job", [])?;
            }
            Ended::Well => {}
        }
        execute(connection, "RELEASE job", [])?;
    }
    Ok(())
}

fn commit(connection: &Connection) -> Result<(), StoreError> {
    let Err(fault) = execute(connection, "COMMIT", []) else {
        return Ok(());
    };
    Err(match fault {
        // The commit's frames may or may not have reached the disk.
        Fault::Sqlite(rusqlite::Error::SqliteFailure(code, _)) if code.code == ErrorCode::SystemIoFailure => {
            StoreError::OutcomeUnknown
        }
        Fault::Sqlite(error) => translate(&error),
        Fault::Store(error) => error,
    })
}

fn rolled_back() -> StoreError {
    StoreError::Unavailable {
        cause: "the transaction was rolled back".to_owned(),
    }
}

fn ended() -> StoreError {
    StoreError::Unavailable {
        cause: "the writer has ended".to_owned(),
    }
}
