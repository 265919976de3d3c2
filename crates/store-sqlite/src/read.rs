//! Threads that read, each with its own connection; a read sees one snapshot.

use std::path::Path;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use rusqlite::Connection;
use store::StoreError;
use tokio::sync::oneshot;

use crate::SqliteOptions;
use crate::connection::open_reading;
use crate::fault::{Fault, translate};

type Job = Box<dyn FnOnce(&Connection) + Send>;

/// The reading threads and their queue. Callers wait for their answer, so the queue is bounded by the number of callers.
pub(crate) struct Readers {
    jobs: Option<Sender<Job>>,
    threads: Vec<JoinHandle<()>>,
}

impl Readers {
    /// Opens the connections and starts the threads.
    pub(crate) fn start(path: &Path, options: &SqliteOptions) -> Result<Self, StoreError> {
        let (jobs, queue) = mpsc::channel::<Job>();
        let queue = Arc::new(Mutex::new(queue));
        let mut threads = Vec::new();
        for number in 0..options.readers.max(1) {
            let connection = open_reading(path, options.reader_cache_mib)?;
            let queue = Arc::clone(&queue);
            let thread = std::thread::Builder::new()
                .name(format!("sqlite-read-{number}"))
                .spawn(move || serve(&connection, &queue))
                .map_err(|error| StoreError::Unavailable {
                    cause: error.kind().to_string(),
                })?;
            threads.push(thread);
        }
        Ok(Self {
            jobs: Some(jobs),
            threads,
        })
    }

    /// Runs `body` on a free reader, on one snapshot.
    pub(crate) async fn run<T, F>(&self, body: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            // A caller that has gone away is no fault.
            let _ = answer.send(on_snapshot(connection, body));
        });
        let gone = || StoreError::Unavailable {
            cause: "the readers have ended".to_owned(),
        };
        self.jobs.as_ref().ok_or_else(gone)?.send(job).map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.jobs = None;
        for thread in self.threads.drain(..) {
            // A thread that panicked has nothing left to end.
            let _ = thread.join();
        }
    }
}

fn serve(connection: &Connection, queue: &Mutex<Receiver<Job>>) {
    loop {
        // The lock is held while waiting: the others wait for the lock instead of the queue.
        let job = match queue.lock() {
            Ok(queue) => queue.recv(),
            Err(_) => return,
        };
        match job {
            Ok(job) => job(connection),
            Err(_) => return,
        }
    }
}

fn on_snapshot<T>(
    connection: &Connection,
    body: impl FnOnce(&Connection) -> Result<T, Fault>,
) -> Result<T, StoreError> {
    let snapshot = connection.unchecked_transaction().map_err(|error| translate(&error))?;
    let result = body(&snapshot)?;
    snapshot.commit().map_err(|error| translate(&error))?;
    Ok(result)
}
