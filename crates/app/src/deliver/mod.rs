//! A department delivers a file: staged (encrypted), previewed, taken in, answered with a receipt.

pub(crate) mod chunk;
pub(crate) mod entry;
mod host;
mod pipeline;
pub(crate) mod place;
mod receipt;
mod resumable;
mod room;
mod run;
mod staging;
mod waiting;

use std::collections::BTreeMap;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use domain::catalogue::{Item, ItemId, Text};
use futures::Stream;
use intake::{Cleaned, Fault, Limits, Pass};
use policy::{Deliver, Permit};
use sha2::{Digest, Sha256};
use store::{Begun, Delivery, NewDelivery, Sealed, StoreError};
use tokio::runtime::Handle;
use uuid::Uuid;
use vault::{Secret, SecretOwner};

use crate::keys::{self, DELIVERY_FILE_NAME};
use crate::{App, AppError};

pub use host::{deliver_staged, discard_staged};
pub(crate) use receipt::{signed, verifies_here};
pub use receipt::{state_word, verifies as receipt_verifies};
pub use resumable::{Upload, append, begin_upload, cancel, complete, find_upload, sha256_from_base64};
pub use run::Progress;
pub use staging::{Staged, find_staged as staged, stage};
pub(crate) use waiting::Waiting;
pub use waiting::{keep_going, resume};

/// Faults shown by a preview; the whole list comes with the receipt.
const PREVIEW_FAULTS: usize = 20;
/// Rows a preview looks at.
const PREVIEW_ROWS: u64 = 2_000;

/// Why a delivery could not be taken in. Nothing acknowledged is lost; the same bytes can be sent again.
#[derive(Debug, thiserror::Error)]
pub enum DeliverError {
    /// A use case failed.
    #[error(transparent)]
    App(#[from] AppError),
    /// The upload is too large.
    #[error("the file is larger than {bytes_max} bytes; split it, or hand it to the command line on the host")]
    TooLarge {
        /// The limit in bytes.
        bytes_max: u64,
    },
    /// Too many uploads lie staged.
    #[error("too many uploads are waiting; confirm or drop the earlier ones first")]
    TooMany,
    /// The staged upload is gone, or another account's.
    #[error("this upload is not there (any more); send the file again")]
    NotStaged,
    /// Another process takes in the same bytes now.
    #[error("another process is taking in the same file; ask for the delivery in a while")]
    Elsewhere,
    /// The item is not in the catalogue.
    #[error("the catalogue has no such item")]
    UnknownItem,
    /// A part does not begin where the upload ends.
    #[error("the upload ends at byte {offset}; go on there")]
    Offset {
        /// Bytes that are durable.
        offset: u64,
    },
    /// The bytes that arrived are not those that were hashed.
    #[error("the bytes are not those of the hash; send the file again")]
    Hash,
}

impl DeliverError {
    /// The public code; see `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::App(error) => error.code(),
            Self::TooLarge { .. } => "DELIVER-0001",
            Self::TooMany => "DELIVER-0002",
            Self::NotStaged => "DELIVER-0003",
            Self::Elsewhere => "DELIVER-0004",
            Self::UnknownItem => "DELIVER-0005",
            Self::Offset { .. } => "DELIVER-0006",
            Self::Hash => "DELIVER-0007",
        }
    }

    /// Whether there was no space.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        matches!(self, Self::App(error) if error.is_full())
    }
}

impl From<std::io::Error> for DeliverError {
    fn from(error: std::io::Error) -> Self {
        Self::App(error.into())
    }
}

/// Bytes that can be read several times, and the name that tells their format.
pub(crate) struct Source {
    pub(crate) reader: Box<dyn run::ReadSeek>,
    pub(crate) name: String,
}

/// Intakes that run in this process.
#[derive(Default)]
pub(crate) struct Running(Mutex<BTreeMap<Uuid, Arc<Progress>>>);

impl Running {
    pub(crate) fn progress(&self, delivery: Uuid) -> Option<Arc<Progress>> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&delivery)
            .cloned()
    }
    /// Registers a run; `None` if it runs already.
    fn begin(&self, delivery: Uuid) -> Option<Arc<Progress>> {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if running.contains_key(&delivery) {
            return None;
        }
        let progress = Arc::new(Progress::default());
        running.insert(delivery, Arc::clone(&progress));
        Some(progress)
    }
    fn end(&self, delivery: Uuid) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&delivery);
    }
    /// A turn at an upload, given back when it is dropped; `None` while another has it.
    fn turn(&self, upload: Uuid) -> Option<Turn<'_>> {
        self.begin(upload).map(|_| Turn(self, upload))
    }
}

/// See [`Running::turn`].
struct Turn<'a>(&'a Running, Uuid);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.end(self.1);
    }
}

/// A column that is not stored, as the preview shows it.
#[derive(Debug, Clone)]
pub struct DroppedNote {
    /// Header as the rule knows it.
    pub header: String,
    /// Rule.
    pub rule: String,
    /// Why.
    pub why: Text,
}

/// What a look at the beginning of a file shows, before anything is recorded.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The upload.
    pub staged: Staged,
    /// File name.
    pub file_name: String,
    /// `csv` or `xlsx`.
    pub format: Option<&'static str>,
    /// Encoding.
    pub encoding: Option<&'static str>,
    /// Header version.
    pub header_version: Option<String>,
    /// Columns that will not be stored.
    pub dropped: Vec<DroppedNote>,
    /// Numbers of columns that nobody knows.
    pub unknown_columns: Vec<u32>,
    /// Data rows in the file.
    pub rows: u64,
    /// Rows looked at.
    pub rows_checked: u64,
    /// Of them, rows that would be refused.
    pub rows_refused: u64,
    /// First faults.
    pub first_faults: Vec<Fault>,
    /// Faults for which the whole file would be refused.
    pub file_faults: Vec<Fault>,
}

/// Looks at a staged file without recording anything. Matching is not asked: a preview must not tell who is known.
///
/// # Errors
///
/// [`DeliverError::NotStaged`], or if reading fails.
pub async fn preview(app: &App, permit: &Permit<Deliver>, upload: Uuid) -> Result<Preview, DeliverError> {
    let found = staging::open(app, permit.caller().account, upload).await?;
    let item = item_of(app, &found.staged.item)?.id.clone();
    let app = app.clone();
    tokio::task::spawn_blocking(move || preview_blocking(&app, &item, found))
        .await
        .map_err(|_| AppError::ShuttingDown)?
}

fn preview_blocking(app: &App, item: &ItemId, found: staging::Opened) -> Result<Preview, DeliverError> {
    let item = item_of(app, item)?;
    let staging::Opened {
        staged,
        file_name,
        mut source,
        ..
    } = found;
    let mut preview = Preview {
        staged,
        file_name,
        format: None,
        encoding: None,
        header_version: None,
        dropped: Vec::new(),
        unknown_columns: Vec::new(),
        rows: 0,
        rows_checked: 0,
        rows_refused: 0,
        first_faults: Vec::new(),
        file_faults: Vec::new(),
    };
    let head = match run::check(app, item, &mut source)? {
        Ok(head) => head,
        Err(faults) => {
            preview.file_faults = faults;
            return Ok(preview);
        }
    };
    preview.format = Some(head.format);
    preview.encoding = Some(head.encoding);
    preview.rows = head.rows;
    preview.dropped = head
        .map
        .dropped
        .iter()
        .map(|(header, rule)| dropped_note(app, header, rule.as_str()))
        .collect();
    preview.unknown_columns.clone_from(&head.map.unknown);
    preview.header_version = Some(head.map.version.clone());

    let provider = preview.staged.provider.clone();
    let context = intake::Context {
        catalogue: app.catalogue(),
        item,
        provider: &provider,
        today: app.now().day(),
        allow_test_area: app.settings().allow_test_area,
    };
    let file = intake::open_with(
        &mut source.reader,
        &source.name,
        &Limits::default(),
        app.workbooks(),
        Pass::Rows,
    );
    let Ok(mut file) = file else {
        return Ok(preview);
    };
    let Ok(mut table) = file.table() else {
        return Ok(preview);
    };
    while preview.rows_checked < PREVIEW_ROWS {
        let Ok(Some(row)) = table.next_row() else { break };
        preview.rows_checked += 1;
        let faults = match intake::clean(row, &head.map, &context) {
            Cleaned::Row(_, warnings) => warnings,
            Cleaned::Slip(_, faults) | Cleaned::Refused(faults) => {
                preview.rows_refused += 1;
                faults
            }
        };
        let room = PREVIEW_FAULTS.saturating_sub(preview.first_faults.len());
        preview.first_faults.extend(faults.into_iter().take(room));
    }
    Ok(preview)
}

fn dropped_note(app: &App, header: &str, rule: &str) -> DroppedNote {
    let why = app
        .catalogue()
        .dropped_columns
        .iter()
        .find(|dropped| dropped.id.as_str() == rule)
        .map_or_else(
            || Text {
                zh: rule.to_owned(),
                en: rule.to_owned(),
            },
            |dropped| dropped.message.clone(),
        );
    DroppedNote {
        header: header.to_owned(),
        rule: rule.to_owned(),
        why,
    }
}

/// Begins to take in a staged upload in the background; returns the delivery. The same bytes again give the same delivery.
///
/// # Errors
///
/// [`DeliverError::NotStaged`], or if store or vault fail.
pub async fn begin(app: &App, permit: &Permit<Deliver>, upload: Uuid) -> Result<Uuid, DeliverError> {
    let opened = staging::open(app, permit.caller().account, upload).await?;
    room::must_have_room(app)?;
    let started = start(app, opened).await?;
    if let Started::Already(_) = started {
        // The same bytes lie staged twice: this copy goes when the other is done.
        app.waiting().hold(upload);
    }
    Ok(started.delivery())
}

/// What became of a staged upload.
#[derive(Debug, Clone, Copy)]
enum Started {
    /// It is being taken in.
    Now(Uuid),
    /// Another upload of the same bytes is being taken in.
    Already(Uuid),
    /// It was taken in before; the staged bytes are gone.
    Before(Uuid),
}

impl Started {
    const fn delivery(self) -> Uuid {
        match self {
            Self::Now(delivery) | Self::Already(delivery) | Self::Before(delivery) => delivery,
        }
    }
}

async fn start(app: &App, opened: staging::Opened) -> Result<Started, DeliverError> {
    let staging::Opened {
        staged,
        file_name_sealed,
        wrapped,
        by,
        at,
        source,
        ..
    } = opened;
    let upload = staged.uuid;
    let new = NewDelivery {
        uuid: upload,
        provider: staged.provider,
        item: staged.item,
        content_hash: staged.content_hash,
        bytes: staged.bytes,
        key: wrapped,
        file_name: file_name_sealed,
        by,
        at,
    };
    let delivery = match app.store().begin_delivery(&new).await.map_err(AppError::from)? {
        Begun::New(delivery) | Begun::Resumed(delivery) => delivery,
        Begun::Finished(delivery) => {
            staging::remove(app, upload).await;
            return Ok(Started::Before(delivery.uuid));
        }
    };
    let uuid = delivery.uuid;
    staging::confirm(app, upload).await?;
    let Some(progress) = app.running().begin(uuid) else {
        return Ok(Started::Already(uuid));
    };
    let app = app.clone();
    let handle = Handle::current();
    // Cleaning and sealing are computing work: they get a thread of their own and leave the event loop to the readers.
    tokio::task::spawn_blocking(move || {
        let outcome = handle.block_on(async {
            let secret = delivery_secret(&app, &delivery)?;
            run::take_in(&app, delivery, secret, source, None, progress)
                .await
                .map(|_| ())
        });
        if outcome.is_ok() {
            handle.block_on(staging::remove(&app, upload));
        }
        app.running().end(uuid);
        waiting::ended(&app, upload, &outcome);
    });
    Ok(Started::Now(uuid))
}

/// Takes in a file that lies on this host (command line, file drop), and returns its receipt when it is done.
///
/// # Errors
///
/// If reading, store or vault fail. A file that is itself at fault is no error: its receipt says `refused`.
pub async fn deliver_file(
    app: &App,
    permit: &Permit<Deliver>,
    file: std::fs::File,
    file_name: &str,
    on_begin: impl FnOnce(Arc<Progress>),
) -> Result<Vec<u8>, DeliverError> {
    let resource = permit.resource();
    item_of(app, &resource.item)?;
    room::must_have_room(app)?;
    let whole = file.try_clone()?;
    let mut source = Source {
        reader: Box::new(std::io::BufReader::with_capacity(1 << 20, file)),
        name: file_name.to_owned(),
    };
    let hashing = tokio::task::spawn_blocking(move || hash(&whole));
    let (checking, item) = (app.clone(), resource.item.clone());
    // The two looks at the whole file go on at once: both come before anything is recorded.
    let (source, head) = tokio::task::spawn_blocking(move || {
        let head = run::check(&checking, item_of(&checking, &item)?, &mut source)?;
        Ok::<_, DeliverError>((source, head))
    })
    .await
    .map_err(|_| AppError::ShuttingDown)??;
    let (content_hash, bytes) = hashing.await.map_err(|_| AppError::ShuttingDown)??;
    let delivery = match begin_file(app, permit, file_name, content_hash, bytes).await? {
        Begun::New(delivery) | Begun::Resumed(delivery) => delivery,
        Begun::Finished(delivery) => {
            return delivery.receipt.ok_or_else(|| {
                AppError::Damaged {
                    what: "a finished delivery without receipt",
                }
                .into()
            });
        }
    };
    let secret = delivery_secret(app, &delivery)?;
    let progress = Arc::new(Progress::default());
    on_begin(Arc::clone(&progress));
    let (app, handle) = (app.clone(), Handle::current());
    tokio::task::spawn_blocking(move || {
        handle.block_on(run::take_in(&app, delivery, secret, source, Some(head), progress))
    })
    .await
    .map_err(|_| AppError::ShuttingDown)?
}

/// Enters the delivery under a secret of its own; again if the key that wraps it was retired before the store had it.
async fn begin_file(
    app: &App,
    permit: &Permit<Deliver>,
    file_name: &str,
    content_hash: [u8; 32],
    bytes: u64,
) -> Result<Begun, AppError> {
    let mut attempts = 0;
    loop {
        app.vault().refresh()?;
        let uuid = app.fresh_uuid();
        let (secret, wrapped) = app.vault().new_secret(SecretOwner::Delivery, uuid)?;
        let file_name: Sealed = keys::seal(&secret, DELIVERY_FILE_NAME, uuid, file_name.as_bytes())?;
        let new = NewDelivery {
            uuid,
            provider: permit.resource().provider.clone(),
            item: permit.resource().item.clone(),
            content_hash,
            bytes,
            key: wrapped,
            file_name,
            by: permit.caller().account,
            at: app.now(),
        };
        match app.store().begin_delivery(&new).await {
            Err(StoreError::Conflict { .. }) if attempts < keys::RETIRED_IN_A_ROW_MAX => attempts += 1,
            other => return Ok(other?),
        }
    }
}

fn delivery_secret(app: &App, delivery: &Delivery) -> Result<Secret, AppError> {
    let wrapped = delivery.key.as_ref().ok_or(AppError::Damaged {
        what: "a delivery whose key was destroyed",
    })?;
    Ok(app
        .vault()
        .unwrap_secret(SecretOwner::Delivery, delivery.uuid, wrapped)?)
}

fn item_of<'a>(app: &'a App, id: &ItemId) -> Result<&'a Item, DeliverError> {
    app.catalogue().items.get(id).ok_or(DeliverError::UnknownItem)
}

/// SHA-256 and length of a file, whose position is left to others.
fn hash(file: &std::fs::File) -> Result<([u8; 32], u64), AppError> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    let mut bytes = 0;
    loop {
        let read = match file.read_at(&mut buffer, bytes) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            other => other?,
        };
        if read == 0 {
            return Ok((hasher.finalize().into(), bytes));
        }
        hasher.update(buffer.get(..read).unwrap_or_default());
        bytes += read as u64;
    }
}

/// What a body of an upload is: chunks as they arrive.
pub trait Body: Stream<Item = std::io::Result<Bytes>> + Send + Unpin {}
impl<T: Stream<Item = std::io::Result<Bytes>> + Send + Unpin> Body for T {}

/// How many uploads on disk have a key that a version of the wrapping key before `version` wraps.
///
/// # Errors
///
/// If the staging folder cannot be read.
pub(crate) async fn uploads_wrapped_before(app: &App, version: u16) -> Result<u64, AppError> {
    let count = async {
        Ok::<_, DeliverError>(
            staging::wrapped_before(app, version).await? + resumable::wrapped_before(app, version).await?,
        )
    };
    count.await.map_err(|error| match error {
        DeliverError::App(error) => error,
        _ => AppError::Damaged {
            what: "the note of an upload",
        },
    })
}
