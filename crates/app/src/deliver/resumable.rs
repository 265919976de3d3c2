//! Uploads that survive a cut line: parts are appended at the offset that the server knows, sealed as they come, and become
//! one staged delivery when the sender says that all is there and what its hash is.
//!
//! It follows the IETF draft "Resumable Uploads for HTTP" (draft-ietf-httpbis-resumable-upload). Each part lies in a file of
//! its own under the upload's secret, bound to its place; the note beside them names the parts that are durable, so that a
//! part which a stop interrupted counts as not sent.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use domain::Uscc;
use domain::catalogue::ItemId;
use futures::StreamExt;
use policy::{Deliver, Permit};
use serde::{Deserialize, Serialize};
use store::Sealed;
use uuid::Uuid;
use vault::{Secret, SecretOwner, StagedReader, StagedWriter};

use super::room::{Room, must_have_room};
use super::{Body, DeliverError, begin, staging};
use crate::keys::{self, DELIVERY_FILE_NAME};
use crate::{App, AppError};

/// An upload that nobody went on with is dropped after this time.
const IDLE_MS: i64 = 24 * 3600 * 1000;
/// Parts of an upload at most: a part of one byte is no progress.
const PARTS_MAX: usize = 10_000;
const PIECE: usize = 1 << 16;
const ENDING: &str = "resumable";

/// How far an upload has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Id.
    pub uuid: Uuid,
    /// Item.
    pub item: ItemId,
    /// Organisation.
    pub provider: Uscc,
    /// Bytes that are durable.
    pub offset: u64,
    /// The delivery, once it was completed.
    pub delivery: Option<Uuid>,
}

#[derive(Serialize, Deserialize)]
struct Note {
    provider: String,
    item: String,
    account: Uuid,
    touched_ms: i64,
    key: String,
    file_name_salt: String,
    file_name: String,
    /// Bytes of each durable part.
    parts: Vec<u64>,
    delivery: Option<Uuid>,
}

impl Note {
    fn offset(&self) -> u64 {
        self.parts.iter().sum()
    }
}

/// Begins an upload.
///
/// # Errors
///
/// [`DeliverError::TooMany`], or if the disk or the vault fails.
pub async fn begin_upload(app: &App, permit: &Permit<Deliver>, file_name: &str) -> Result<Upload, DeliverError> {
    must_have_room(app)?;
    drop_idle(app).await?;
    if ids(app).await?.len() >= app.settings().staged_uploads_max {
        return Err(DeliverError::TooMany);
    }
    tokio::fs::create_dir_all(&app.settings().staging_dir).await?;
    let uuid = app.fresh_uuid();
    let (secret, wrapped) = app
        .vault()
        .new_secret(SecretOwner::Delivery, uuid)
        .map_err(AppError::from)?;
    let sealed = keys::seal(&secret, DELIVERY_FILE_NAME, uuid, file_name.as_bytes())?;
    let resource = permit.resource();
    let note = Note {
        provider: resource.provider.as_str().to_owned(),
        item: resource.item.as_str().to_owned(),
        account: permit.caller().account,
        touched_ms: app.now().0,
        key: STANDARD.encode(wrapped),
        file_name_salt: STANDARD.encode(sealed.salt.unwrap_or_default()),
        file_name: STANDARD.encode(sealed.ciphertext.unwrap_or_default()),
        parts: Vec::new(),
        delivery: None,
    };
    write_note(app, uuid, &note).await?;
    upload_of(uuid, &note)
}

/// An upload of this account; another account's is as if it were not there.
///
/// # Errors
///
/// [`DeliverError::NotStaged`], or if the disk fails.
pub async fn find_upload(app: &App, account: Uuid, upload: Uuid) -> Result<Upload, DeliverError> {
    upload_of(upload, &own_note(app, account, upload).await?)
}

/// Appends what comes at `offset`. If the line is cut, what came until then is kept: ask for the offset and go on there.
///
/// # Errors
///
/// [`DeliverError::Offset`] if it is another than the durable one, [`DeliverError::TooLarge`] past a limit (the part is not
/// kept), [`DeliverError::Elsewhere`] while another request appends.
pub async fn append(
    app: &App,
    permit: &Permit<Deliver>,
    upload: Uuid,
    offset: u64,
    mut body: impl Body,
) -> Result<Upload, DeliverError> {
    let Some(_turn) = app.running().turn(upload) else {
        return Err(DeliverError::Elsewhere);
    };
    let mut note = own_note(app, permit.caller().account, upload).await?;
    if note.delivery.is_some() || note.offset() != offset {
        return Err(DeliverError::Offset { offset: note.offset() });
    }
    must_have_room(app)?;
    let bytes_max = app.settings().upload_bytes_max;
    if note.parts.len() >= PARTS_MAX {
        return Err(DeliverError::TooLarge { bytes_max });
    }
    let number = note.parts.len();
    let path = part_path(app, upload, number);
    let (secret, id) = (secret_of(app, upload, &note)?, part_id(upload, number));
    let bytes_left = bytes_max.saturating_sub(offset);
    let (bytes, cut) = match write_part(app, &path, &secret, id, bytes_left, &mut body).await {
        Ok(written) => written,
        Err(error) => {
            // What came of this part is not kept; on a full disk its room is wanted.
            remove_file(path).await;
            return Err(error);
        }
    };
    if bytes > 0 {
        note.parts.push(bytes);
    } else {
        remove_file(path).await;
    }
    note.touched_ms = app.now().0;
    write_note(app, upload, &note).await?;
    match cut {
        Some(error) => Err(error.into()),
        None => upload_of(upload, &note),
    }
}

/// Seals what comes into a file of its own, durably; its bytes, and what cut it off.
async fn write_part(
    app: &App,
    path: &Path,
    secret: &Secret,
    id: Uuid,
    bytes_left: u64,
    body: &mut impl Body,
) -> Result<(u64, Option<std::io::Error>), DeliverError> {
    let mut writer = StagedWriter::new(secret, id, File::create(path)?)?;
    let mut room = Room::of(app);
    let mut bytes: u64 = 0;
    let mut cut = None;
    while let Some(piece) = body.next().await {
        let piece = match piece {
            Ok(piece) => piece,
            Err(error) => {
                cut = Some(error);
                break;
            }
        };
        bytes += piece.len() as u64;
        if bytes > bytes_left {
            let bytes_max = app.settings().upload_bytes_max;
            return Err(DeliverError::TooLarge { bytes_max });
        }
        room.before(piece.len())?;
        writer.write_all(&piece)?;
    }
    writer.finish()?.sync_all()?;
    Ok((bytes, cut))
}

/// All is there: the parts become one delivery, which is begun in the background. Asked again, it names the same delivery.
///
/// # Errors
///
/// [`DeliverError::Hash`] if the bytes are not those that the sender hashed; the upload is dropped then.
pub async fn complete(
    app: &App,
    permit: &Permit<Deliver>,
    upload: Uuid,
    sha256: [u8; 32],
) -> Result<Uuid, DeliverError> {
    let Some(_turn) = app.running().turn(upload) else {
        return Err(DeliverError::Elsewhere);
    };
    let mut note = own_note(app, permit.caller().account, upload).await?;
    if let Some(delivery) = note.delivery {
        return Ok(delivery);
    }
    let secret = secret_of(app, upload, &note)?;
    let name = file_name(&secret, upload, &note)?;
    let parts = Parts {
        app: app.clone(),
        secret,
        upload,
        next: 0..note.parts.len(),
        open: None,
    };
    let staged = staging::stage(app, permit, &name, futures::stream::iter(parts)).await?;
    if staged.content_hash != sha256 {
        staging::remove(app, staged.uuid).await;
        remove(app, upload, note.parts.len()).await;
        return Err(DeliverError::Hash);
    }
    let delivery = match begin(app, permit, staged.uuid).await {
        Ok(delivery) => delivery,
        Err(error) => {
            // Nobody knows of the whole file yet: the parts are kept, and asked again they make it anew.
            staging::remove_unconfirmed(app, staged.uuid).await?;
            return Err(error);
        }
    };
    let parts = std::mem::take(&mut note.parts).len();
    note.delivery = Some(delivery);
    note.touched_ms = app.now().0;
    write_note(app, upload, &note).await?;
    for number in 0..parts {
        remove_file(part_path(app, upload, number)).await;
    }
    Ok(delivery)
}

/// Drops an upload of this account.
///
/// # Errors
///
/// [`DeliverError::NotStaged`], or if the disk fails.
pub async fn cancel(app: &App, account: Uuid, upload: Uuid) -> Result<(), DeliverError> {
    let Some(_turn) = app.running().turn(upload) else {
        return Err(DeliverError::Elsewhere);
    };
    let note = own_note(app, account, upload).await?;
    remove(app, upload, note.parts.len()).await;
    Ok(())
}

/// A SHA-256 as HTTP writes it.
#[must_use]
pub fn sha256_from_base64(text: &str) -> Option<[u8; 32]> {
    STANDARD.decode(text).ok()?.try_into().ok()
}

/// The parts one after another, piece by piece.
struct Parts {
    app: App,
    secret: Secret,
    upload: Uuid,
    next: std::ops::Range<usize>,
    open: Option<StagedReader<File>>,
}

impl Iterator for Parts {
    type Item = std::io::Result<Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(reader) = &mut self.open {
                let mut piece = vec![0; PIECE];
                match reader.read(&mut piece) {
                    Ok(0) => self.open = None,
                    Ok(read) => {
                        piece.truncate(read);
                        return Some(Ok(piece.into()));
                    }
                    Err(error) => return Some(Err(error)),
                }
            }
            let number = self.next.next()?;
            let opened = File::open(part_path(&self.app, self.upload, number))
                .and_then(|file| StagedReader::new(&self.secret, part_id(self.upload, number), file));
            match opened {
                Ok(reader) => self.open = Some(reader),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// A part is bound to its place: parts cannot be swapped.
fn part_id(upload: Uuid, number: usize) -> Uuid {
    Uuid::from_u128(upload.as_u128() ^ (number as u128 + 1))
}

fn part_path(app: &App, upload: Uuid, number: usize) -> PathBuf {
    app.settings().staging_dir.join(format!("{upload}.part-{number}"))
}

fn note_path(app: &App, upload: Uuid) -> PathBuf {
    app.settings().staging_dir.join(format!("{upload}.{ENDING}"))
}

const fn damaged() -> AppError {
    AppError::Damaged {
        what: "the note of a resumable upload",
    }
}

fn upload_of(uuid: Uuid, note: &Note) -> Result<Upload, DeliverError> {
    Ok(Upload {
        uuid,
        item: ItemId::parse(&note.item).map_err(|_| damaged())?,
        provider: Uscc::parse(&note.provider).map_err(|_| damaged())?,
        offset: note.offset(),
        delivery: note.delivery,
    })
}

fn secret_of(app: &App, upload: Uuid, note: &Note) -> Result<Secret, AppError> {
    let wrapped = STANDARD.decode(&note.key).map_err(|_| damaged())?;
    Ok(app.vault().unwrap_secret(SecretOwner::Delivery, upload, &wrapped)?)
}

fn file_name(secret: &Secret, upload: Uuid, note: &Note) -> Result<String, AppError> {
    let decode = |text: &str| STANDARD.decode(text).map_err(|_| damaged());
    let sealed = Sealed {
        salt: Some(decode(&note.file_name_salt)?.try_into().map_err(|_| damaged())?),
        ciphertext: Some(decode(&note.file_name)?),
    };
    keys::open(secret, DELIVERY_FILE_NAME, upload, &sealed)?
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(damaged)
}

async fn own_note(app: &App, account: Uuid, upload: Uuid) -> Result<Note, DeliverError> {
    let note = read_note(app, upload).await?.filter(|note| note.account == account);
    note.filter(|note| app.now().0 - note.touched_ms <= IDLE_MS)
        .ok_or(DeliverError::NotStaged)
}

async fn read_note(app: &App, upload: Uuid) -> Result<Option<Note>, DeliverError> {
    match tokio::fs::read(note_path(app, upload)).await {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes).map_err(|_| damaged())?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Writes beside and renames, so that a crash leaves the old note or the new one.
async fn write_note(app: &App, upload: Uuid, note: &Note) -> Result<(), DeliverError> {
    let bytes = serde_json::to_vec(note).map_err(|_| damaged())?;
    let path = note_path(app, upload);
    tokio::task::spawn_blocking(move || {
        let beside = path.with_extension("resumable-new");
        let mut file = File::create(&beside)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        std::fs::rename(&beside, &path)?;
        staging::sync_names(&path)
    })
    .await
    .map_err(|_| AppError::ShuttingDown)??;
    Ok(())
}

async fn ids(app: &App) -> Result<Vec<Uuid>, DeliverError> {
    let mut folder = match tokio::fs::read_dir(&app.settings().staging_dir).await {
        Ok(folder) => folder,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let mut found = Vec::new();
    while let Some(entry) = folder.next_entry().await? {
        let path = entry.path();
        let is_note = path.extension().is_some_and(|ending| ending == ENDING);
        let id = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .and_then(|stem| Uuid::parse_str(stem).ok());
        found.extend(id.filter(|_| is_note));
    }
    Ok(found)
}

/// How many unfinished uploads have a key that a version of the wrapping key before `version` wraps.
pub(super) async fn wrapped_before(app: &App, version: u16) -> Result<u64, DeliverError> {
    let mut found = 0;
    for upload in ids(app).await? {
        let Some(note) = read_note(app, upload).await? else {
            continue;
        };
        if note.delivery.is_none() && app.now().0 - note.touched_ms <= IDLE_MS {
            let wrapped = STANDARD.decode(&note.key).map_err(|_| damaged())?;
            found += u64::from(store::wrapping_version(&wrapped) < version);
        }
    }
    Ok(found)
}

async fn drop_idle(app: &App) -> Result<(), DeliverError> {
    for upload in ids(app).await? {
        if let Some(note) = read_note(app, upload).await?
            && app.now().0 - note.touched_ms > IDLE_MS
        {
            remove(app, upload, note.parts.len()).await;
        }
    }
    Ok(())
}

/// Removes an upload, and a part that a stop interrupted; its bytes are ciphertext, so nothing has to be overwritten.
async fn remove(app: &App, upload: Uuid, parts: usize) {
    for number in 0..=parts {
        remove_file(part_path(app, upload, number)).await;
    }
    remove_file(note_path(app, upload)).await;
}

async fn remove_file(path: PathBuf) {
    if let Err(error) = tokio::fs::remove_file(path).await
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(error = %error.kind(), "a part of an upload could not be removed");
    }
}
