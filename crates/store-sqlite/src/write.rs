//! The one writer: group commit, savepoints, and checkpoints that no commit waits for.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::Connection;
use rusqlite::ffi::ErrorCode;
use store::StoreError;
use tokio::sync::{Semaphore, oneshot};

use crate::SqliteOptions;
use crate::checkpoint::Checkpointer;
use crate::connection::{execute, open_writing};
use crate::fault::{Fault, translate};

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

/// A write with its answer. The answer waits for the commit.
trait Job: Send {
    /// Runs inside the transaction; whether it succeeded.
    fn run(&mut self, connection: &Connection) -> bool;
    /// Answers, after the commit or its failure.
    fn answer(self: Box<Self>, commit: Result<(), StoreError>);
}

struct Task<T, F> {
    body: Option<F>,
    result: Option<Result<T, StoreError>>,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Job for Task<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<T, Fault> + Send,
{
    fn run(&mut self, connection: &Connection) -> bool {
        self.result = self.body.take().map(|body| body(connection).map_err(StoreError::from));
        matches!(self.result, Some(Ok(_)))
    }

    fn answer(self: Box<Self>, commit: Result<(), StoreError>) {
        let result = match (self.result, commit) {
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
        let checkpointer = Arc::new(Checkpointer::start(path)?);
        let moving = Arc::clone(&checkpointer);
        let queue = Arc::new(Queue::default());
        let served = Arc::clone(&queue);
        let thread = std::thread::Builder::new()
            .name("sqlite-write".to_owned())
            .spawn(move || serve(&connection, &served, &moving))
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

    /// Runs `body` in a savepoint of the next transaction and answers after its commit.
    pub(crate) async fn run<T, F>(&self, size: Size, body: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
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
                body: Some(body),
                result: None,
                answer,
            }),
        )?;
        // A writer that died after it took the job may have committed it.
        let result = answered.await.map_err(|_| StoreError::OutcomeUnknown)?;
        drop(permit);
        result
    }

    /// Called after a committed erasure; see [`Checkpointer::erased`].
    pub(crate) fn erased(&self) {
        self.checkpointer.erased();
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
    fn next_group(&self) -> Option<Vec<Box<dyn Job>>> {
        let mut waiting = self.waiting.lock().ok()?;
        loop {
            if !waiting.small.is_empty() {
                let count = waiting.small.len().min(GROUP_JOBS_MAX);
                return Some(waiting.small.drain(..count).collect());
            }
            if let Some(job) = waiting.large.pop_front() {
                return Some(vec![job]);
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

fn serve(connection: &Connection, queue: &Queue, checkpointer: &Checkpointer) {
    let _will = LastWill(queue);
    while let Some(group) = queue.next_group() {
        commit_group(connection, group);
        checkpointer.committed(connection);
    }
}

/// Runs the jobs in one transaction, commits once, then answers all.
fn commit_group(connection: &Connection, mut group: Vec<Box<dyn Job>>) {
    let outcome = run_group(connection, &mut group);
    if let Err(error) = &outcome {
        tracing::error!(error.kind = %error, jobs = group.len(), "a group of writes did not commit");
    }
    for job in group {
        job.answer(match &outcome {
            Ok(()) => Ok(()),
            Err(StoreError::OutcomeUnknown) => Err(StoreError::OutcomeUnknown),
            Err(error) => Err(StoreError::Unavailable {
                cause: error.to_string(),
            }),
        });
    }
}

fn run_group(connection: &Connection, group: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
    execute(connection, "BEGIN IMMEDIATE", [])?;
    for job in group.iter_mut() {
        execute(connection, "SAVEPOINT job", [])?;
        if !job.run(connection) {
            if connection.is_autocommit() {
                // Disk full or an I/O error: SQLite took the whole transaction back.
                return Err(rolled_back());
            }
            execute(connection, "ROLLBACK TO job", [])?;
        }
        execute(connection, "RELEASE job", [])?;
    }
    commit(connection)
}

fn commit(connection: &Connection) -> Result<(), StoreError> {
    let Err(fault) = execute(connection, "COMMIT", []) else {
        return Ok(());
    };
    if !connection.is_autocommit() {
        // If this fails as well, the next BEGIN does, and says so.
        let _ = execute(connection, "ROLLBACK", []);
    }
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
