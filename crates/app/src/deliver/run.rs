//! Takes a delivery in, chunk by chunk with resume points. Three threads work at once: one reads, cleans and matches, one
//! finds the persons and tags the facts, one seals, while the store commits the chunk before.

use std::io::{Read, Seek};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::catalogue::Item;
use intake::{Cleaned, Cleaner, Fault, FileFault, HeaderMap, Limits, Pass};
use store::{ChunkCommit, Counts, Delivery, DeliveryState, StoreError};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use vault::Secret;

use super::chunk::Origin;
use super::entry;
use super::pipeline::{Intake, prepare_all};
use super::place::{Decided, Places};
use super::receipt;
use super::{DeliverError, Source};
use crate::{App, AppError};

/// Batches that may wait between reading and recording: bounds memory at a few chunks.
const BATCHES_WAITING: usize = 1;
/// Prepared batches that may wait for the chunk before them.
const PREPARED_WAITING: usize = 1;
/// Rows that are matched together: enough to hide the register's memory behind each other, few enough that a row's many
/// small pieces are packed into its sealed form while they are still in the processor's caches.
const GROUP_ROWS: usize = 64;

/// How far a running intake has come; read by progress pages and bars.
#[derive(Debug, Default)]
pub struct Progress {
    pub(super) rows_done: AtomicU64,
    rows_total: AtomicU64,
}

impl Progress {
    /// Data rows taken in.
    #[must_use]
    pub fn rows_done(&self) -> u64 {
        self.rows_done.load(Ordering::Relaxed)
    }
    /// Data rows in the file; `None` until they are counted.
    #[must_use]
    pub fn rows_total(&self) -> Option<u64> {
        Some(self.rows_total.load(Ordering::Relaxed)).filter(|total| *total > 0)
    }
}

/// What reading found out about the file as a whole.
#[derive(Debug, Clone)]
pub(crate) struct FileHead {
    pub(crate) format: &'static str,
    pub(crate) encoding: &'static str,
    pub(crate) map: HeaderMap,
    pub(crate) rows: u64,
}

/// Reads the whole file once without recording anything, so that a broken file is refused as a whole and nothing is half-done.
pub(crate) fn check(app: &App, item: &Item, source: &mut Source) -> Result<Result<FileHead, Vec<Fault>>, AppError> {
    match look(app, item, source) {
        Ok(head) => Ok(head),
        // Our disk, or our reader of workbooks: never held against the file. The delivery stays and can go on.
        Err(FileFault::Read(error)) => Err(error.into()),
        Err(fault) => Ok(Err(vec![fault.into()])),
    }
}

fn look(app: &App, item: &Item, source: &mut Source) -> Result<Result<FileHead, Vec<Fault>>, FileFault> {
    let mut file = intake::open_with(
        &mut source.reader,
        &source.name,
        &Limits::default(),
        app.workbooks(),
        Pass::Count,
    )?;
    let table = file.table()?;
    let map = match intake::recognise(table.header(), item, app.catalogue()) {
        Ok(map) => map,
        Err(faults) => return Ok(Err(faults)),
    };
    let format = table.format().as_str();
    let (rows, encoding) = table.count_rest()?;
    Ok(Ok(FileHead {
        format,
        encoding: encoding.as_str(),
        map,
        rows: rows.into(),
    }))
}

/// Takes in what is not taken in yet and writes the receipt. `head` is what [`check`] said, if it was asked before.
pub(crate) async fn take_in(
    app: &App,
    delivery: Delivery,
    secret: Secret,
    mut source: Source,
    head: Option<Result<FileHead, Vec<Fault>>>,
    progress: Arc<Progress>,
) -> Result<Vec<u8>, DeliverError> {
    let catalogue = Arc::clone(&app.0.parts.catalogue);
    let item = catalogue.items.get(&delivery.item).ok_or(DeliverError::UnknownItem)?;
    let head = match head {
        Some(head) => head,
        None => check(app, item, &mut source)?,
    };
    let head = match head {
        Ok(head) => head,
        Err(faults) => return refuse_whole(app, &delivery, &faults).await,
    };
    progress.rows_total.store(head.rows, Ordering::Relaxed);
    progress.rows_done.store(delivery.rows_done, Ordering::Relaxed);

    let (sender, mut batches) = mpsc::channel(BATCHES_WAITING);
    let reader = {
        let (app, delivery, head) = (app.clone(), delivery.clone(), head.clone());
        tokio::task::spawn_blocking(move || read_rows(&app, &delivery, &head, source, &sender))
    };
    let columns = Places::new(&head.map, item);
    let origin = Origin {
        delivery: Some(delivery.id),
        provider: &delivery.provider,
        item,
        secret: Some(&secret),
        places: &columns,
    };
    let (prepared_sender, mut prepared) = mpsc::channel(PREPARED_WAITING);
    let mut intake = Intake::new(app, &origin, &delivery, &progress);
    let tagging = {
        let (app, landed, handle) = (app.clone(), intake.landed(), Handle::current());
        tokio::task::spawn_blocking(move || handle.block_on(prepare_all(&app, &mut batches, &landed, &prepared_sender)))
    };
    while let Some(rows) = prepared.recv().await {
        intake.take(rows).await?;
    }
    intake.land().await?;
    tagging.await.map_err(|_| AppError::ShuttingDown)??;
    reader.await.map_err(|_| AppError::ShuttingDown)??;
    finish(app, &delivery, DeliveryState::Done, Some(&head)).await
}

/// Reads, cleans, matches and sends batches until the file ends or the receiver is gone.
fn read_rows(
    app: &App,
    delivery: &Delivery,
    FileHead { map, rows, .. }: &FileHead,
    mut source: Source,
    sender: &mpsc::Sender<Decided>,
) -> Result<(), AppError> {
    let item = app.catalogue().items.get(&delivery.item).ok_or(AppError::NotFound)?;
    let context = intake::Context {
        catalogue: app.catalogue(),
        item,
        provider: &delivery.provider,
        // The day of arrival, not of a resumption: the same bytes are judged alike.
        today: delivery.received_at.day(),
        allow_test_area: app.settings().allow_test_area,
    };
    // The file was read to its end a moment ago, so a fault now means that it changed.
    let changed = |fault| match fault {
        FileFault::Read(error) => AppError::from(error),
        _ => AppError::Damaged {
            what: "the file changed while it was read",
        },
    };
    let mut file = intake::open_with(
        &mut source.reader,
        &source.name,
        &Limits::default(),
        app.workbooks(),
        Pass::Rows,
    )
    .map_err(changed)?;
    let mut table = file.table().map_err(changed)?;
    let places = Places::new(map, item);
    let rows_max = app.settings().chunk_rows;
    let mut chunk_rows = size_of_next(rows_max, delivery.rows_done, *rows);
    let mut row_no = 0;
    let mut cleaner = Cleaner::new(map, &context);
    let mut group: Vec<Cleaned> = Vec::with_capacity(GROUP_ROWS);
    let mut batch = Decided::default();
    while let Some(row) = table.next_row().map_err(changed)? {
        row_no += 1;
        if row_no <= delivery.rows_done {
            continue;
        }
        group.push(cleaner.clean(row));
        let is_last = batch.len() + group.len() >= chunk_rows;
        if is_last || group.len() >= GROUP_ROWS {
            batch.decide(app, std::mem::take(&mut group), &places);
        }
        if is_last || batch.is_heavy() {
            if sender.blocking_send(std::mem::take(&mut batch)).is_err() {
                return Ok(());
            }
            chunk_rows = size_of_next(rows_max, row_no, *rows);
        }
    }
    batch.decide(app, std::mem::take(&mut group), &places);
    if batch.len() > 0 {
        // The receiver is gone only if the intake failed; it reports its own reason.
        let _ = sender.blocking_send(batch);
    }
    Ok(())
}

/// Rows of the next chunk of a file of `rows`, after `done`: few at the beginning, so that all stages soon have work, few at
/// the end, so that none waits long for the last, `rows_max` in between. A resumed intake makes the same chunks.
fn size_of_next(rows_max: usize, done: u64, rows: u64) -> usize {
    let left = rows.saturating_sub(done);
    let size = usize::try_from(done.min(left / 2)).unwrap_or(rows_max);
    size.clamp(rows_max.div_ceil(8), rows_max)
}

/// Refuses the file as a whole: its faults are kept, nothing else is.
async fn refuse_whole(app: &App, delivery: &Delivery, faults: &[Fault]) -> Result<Vec<u8>, DeliverError> {
    if delivery.chunks_done == 0 {
        let mut commit = empty_commit(app, delivery);
        for fault in faults {
            fault.write_json_line(&mut commit.faults);
            *commit.fault_counts.entry(fault.code.as_str().to_owned()).or_default() += 1;
        }
        commit.entry_hash = entry::chunk_hash(commit.uuid, &commit.counts, std::iter::empty());
        match app.store().commit_chunk(&commit).await {
            Ok(()) | Err(StoreError::Conflict { .. }) => {}
            Err(other) => return Err(AppError::from(other).into()),
        }
    }
    finish(app, delivery, DeliveryState::Refused, None).await
}

fn empty_commit(app: &App, delivery: &Delivery) -> ChunkCommit {
    ChunkCommit {
        delivery: Some(delivery.id),
        chunk_no: 0,
        uuid: store::chunk_uuid(app.fresh_uuid()),
        rows_done: 0,
        at: app.now(),
        new_persons: Vec::new(),
        records: Vec::new(),
        events: Vec::new(),
        own_events: Vec::new(),
        person_events: Vec::new(),
        staged: Vec::new(),
        staged_delivery: Some(delivery.id),
        procedures: Vec::new(),
        steps: Vec::new(),
        resolved: Vec::new(),
        faults: Vec::new(),
        fault_counts: std::collections::BTreeMap::new(),
        counts: Counts::default(),
        entry_hash: [0; 32],
    }
}

async fn finish(
    app: &App,
    delivery: &Delivery,
    state: DeliveryState,
    head: Option<&FileHead>,
) -> Result<Vec<u8>, DeliverError> {
    let now = app.store().get_delivery(delivery.id).await.map_err(AppError::from)?;
    if !now.counts.add_up() {
        return Err(AppError::Damaged {
            what: "the counts of a delivery do not add up",
        }
        .into());
    }
    let receipt = receipt::write(app, &now, state, head)?;
    let hash = translog::entry_hash("receipt", &[&receipt]);
    Ok(app
        .store()
        .finish_delivery(delivery.id, state, &receipt, app.now(), hash)
        .await
        .map_err(AppError::from)?)
}

/// A source can be read several times.
pub(crate) trait ReadSeek: Read + Seek + Send {}
impl<T: Read + Seek + Send> ReadSeek for T {}
