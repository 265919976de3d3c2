//! The later stages of an intake: rows are prepared while earlier ones are sealed and committed.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use store::{ChunkCommit, Delivery, DeliveryId, StoreError};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::DeliverError;
use super::chunk::{self, Changed, Origin, Prepared};
use super::place::{Decided, Placed, confirm};
use super::room::must_have_room;
use super::run::Progress;
use crate::{App, AppError};

/// Attempts to commit a chunk that collides with other writers.
const ATTEMPTS_MAX: u32 = 16;

/// Rows of one chunk, prepared.
pub(super) struct PreparedRows {
    placed: Vec<Placed>,
    prepared: Prepared,
    /// Chunks of this delivery that were on the disk before the store was asked.
    landed: u64,
}

/// Prepares batch after batch until there are no more or nobody wants them. `landed` counts the chunks on the disk.
pub(super) async fn prepare_all(
    app: &App,
    batches: &mut mpsc::Receiver<Decided>,
    landed: &AtomicU64,
    sender: &mpsc::Sender<PreparedRows>,
) -> Result<(), AppError> {
    while let Some(batch) = batches.recv().await {
        let placed = confirm(app, batch).await?;
        // Counted before the store is asked: a chunk that lands meanwhile is looked at once too often, never too rarely.
        let landed = landed.load(Ordering::Acquire);
        let prepared = chunk::prepare(app, &placed).await?;
        let rows = PreparedRows {
            placed,
            prepared,
            landed,
        };
        if sender.send(rows).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// A chunk on its way to the disk, with the rows it was planned from, in case it collides with another writer.
struct InFlight {
    placed: Vec<Placed>,
    commit: Arc<ChunkCommit>,
    answer: JoinHandle<Result<(), StoreError>>,
}

/// Seals and commits chunk after chunk. At most one is in flight, so the resume point never runs ahead of the disk.
pub(super) struct Intake<'a> {
    app: &'a App,
    origin: &'a Origin<'a>,
    delivery: DeliveryId,
    /// Number of the chunk in flight, or of the next one.
    chunk_no: u32,
    /// Rows before it.
    rows_done: u64,
    in_flight: Option<InFlight>,
    landed: Arc<AtomicU64>,
    /// What the latest chunks changed, each with the number of chunks landed before it. `None` for a chunk that collided
    /// with another writer and was planned anew.
    changed: VecDeque<(u64, Option<Changed>)>,
    progress: &'a Progress,
}

impl<'a> Intake<'a> {
    pub(super) fn new(app: &'a App, origin: &'a Origin<'a>, delivery: &Delivery, progress: &'a Progress) -> Self {
        Self {
            app,
            origin,
            delivery: delivery.id,
            chunk_no: delivery.chunks_done,
            rows_done: delivery.rows_done,
            in_flight: None,
            landed: Arc::default(),
            changed: VecDeque::new(),
            progress,
        }
    }

    /// Counts the chunks that this run has brought to the disk.
    pub(super) fn landed(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.landed)
    }

    /// Takes the next rows: waits for the chunk before them, then sends theirs off.
    pub(super) async fn take(&mut self, rows: PreparedRows) -> Result<(), DeliverError> {
        let PreparedRows {
            placed,
            prepared,
            landed,
        } = rows;
        self.land().await?;
        must_have_room(self.app)?;
        let commit = match self.changed_since(landed) {
            Some(changed) => match chunk::settle(self.app, self.origin, &placed, prepared, &changed).await {
                // A key was retired since the rows were prepared: their tags find nobody any more.
                Err(AppError::Store(StoreError::Conflict { .. })) => {
                    chunk::plan(self.app, self.origin, &placed).await?
                }
                settled => settled?,
            },
            None => chunk::plan(self.app, self.origin, &placed).await?,
        };
        let commit = Arc::new(self.numbered(commit, placed.len()));
        let (app, sent) = (self.app.clone(), Arc::clone(&commit));
        let answer = tokio::spawn(async move { app.store().commit_shared_chunk(sent).await });
        self.in_flight = Some(InFlight { placed, commit, answer });
        Ok(())
    }

    /// What changed since `landed` chunks were on the disk; `None` if nothing prepared then is good any more.
    fn changed_since(&mut self, landed: u64) -> Option<Changed> {
        // Rows come in order, so nobody asks for earlier ones again.
        self.changed.retain(|(before, _)| *before >= landed);
        let mut all = Changed::default();
        for (_, changed) in &self.changed {
            all.add(changed.as_ref()?);
        }
        Some(all)
    }

    fn numbered(&self, mut commit: ChunkCommit, rows: usize) -> ChunkCommit {
        commit.chunk_no = self.chunk_no;
        commit.rows_done = self.rows_done + rows as u64;
        commit
    }

    /// Waits until the chunk in flight is on the disk.
    pub(super) async fn land(&mut self) -> Result<(), DeliverError> {
        let Some(flight) = self.in_flight.take() else {
            return Ok(());
        };
        let answer = flight.answer.await.map_err(|_| AppError::ShuttingDown)?;
        let sent = vec![flight.commit.uuid];
        let changed = if self.is_there(answer, &sent).await? {
            Some(Changed::by(&flight.commit))
        } else {
            self.commit_anew(&flight.placed, sent).await?;
            None
        };
        let before = self.landed.fetch_add(1, Ordering::Release);
        self.changed.push_back((before, changed));
        self.chunk_no += 1;
        self.rows_done += flight.placed.len() as u64;
        self.progress.rows_done.store(self.rows_done, Ordering::Relaxed);
        Ok(())
    }

    /// Plans and commits until no other writer is in the way. `sent` are the ids under which these rows were sent already:
    /// a commit that was still under way when its line broke can land later, and keeps the next one waiting until then.
    async fn commit_anew(&self, placed: &[Placed], mut sent: Vec<Uuid>) -> Result<(), DeliverError> {
        for _ in 0..ATTEMPTS_MAX {
            let commit = self.numbered(chunk::plan(self.app, self.origin, placed).await?, placed.len());
            sent.push(commit.uuid);
            let answer = self.app.store().commit_chunk(&commit).await;
            if self.is_there(answer, &sent).await? {
                return Ok(());
            }
        }
        Err(AppError::Conflict.into())
    }

    /// Whether the chunk is in the store, under one of the ids that were `sent`; `false` if it collided and is to be planned
    /// anew.
    async fn is_there(&self, answer: Result<(), StoreError>, sent: &[Uuid]) -> Result<bool, DeliverError> {
        match answer {
            Ok(()) => Ok(true),
            Err(StoreError::Conflict { .. } | StoreError::OutcomeUnknown) => {
                let now = self
                    .app
                    .store()
                    .get_delivery(self.delivery)
                    .await
                    .map_err(AppError::from)?;
                if now.chunks_done <= self.chunk_no {
                    return Ok(false);
                }
                // Either our own commit whose answer was lost, or another process that takes in the same bytes.
                for uuid in sent {
                    let found = self.app.store().find_chunk(*uuid).await.map_err(AppError::from)?;
                    if found.is_some() {
                        return Ok(true);
                    }
                }
                Err(DeliverError::Elsewhere)
            }
            Err(other) => Err(AppError::from(other).into()),
        }
    }
}
