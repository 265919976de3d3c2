//! Uploads that wait on disk between arrival and intake. Their bytes are sealed under the delivery's key before they touch
//! the disk; beside them lies a small note without personal data.

use std::io::Write;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::catalogue::ItemId;
use domain::{Moment, Uscc};
use futures::StreamExt;
use policy::{Deliver, Permit};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::Sealed;
use uuid::Uuid;
use vault::{SecretOwner, StagedReader, StagedWriter};

use super::room::{Room, must_have_room};
use super::{Body, DeliverError, Source};
use crate::keys::{self, DELIVERY_FILE_NAME};
use crate::{App, AppError};

/// Staged uploads that nobody confirmed are dropped after this time.
const UNCONFIRMED_MS: i64 = 24 * 3600 * 1000;
/// Longest file name kept, in characters.
const FILE_NAME_CHARS_MAX: usize = 200;

/// An upload that waits.
#[derive(Debug, Clone)]
pub struct Staged {
    /// Id of the upload; becomes that of the delivery unless the same bytes were delivered before.
    pub uuid: Uuid,
    /// Item.
    pub item: ItemId,
    /// Organisation.
    pub provider: Uscc,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 of the bytes.
    pub content_hash: [u8; 32],
}

impl Staged {
    /// The hash in hex.
    #[must_use]
    pub fn sha256_hex(&self) -> String {
        hex::encode(self.content_hash)
    }
}

/// The note beside the sealed bytes.
#[derive(Serialize, Deserialize)]
struct Note {
    provider: String,
    item: String,
    account: Uuid,
    at_ms: i64,
    bytes: u64,
    sha256: String,
    key: String,
    file_name_salt: String,
    file_name: String,
    is_confirmed: bool,
}

/// A staged upload opened for reading.
pub(crate) struct Opened {
    pub(crate) staged: Staged,
    pub(crate) file_name: String,
    pub(crate) file_name_sealed: Sealed,
    pub(crate) wrapped: Vec<u8>,
    pub(crate) by: Uuid,
    pub(crate) at: Moment,
    pub(crate) source: Source,
}

/// Takes an upload as it arrives and seals it onto the disk.
///
/// # Errors
///
/// [`DeliverError::TooLarge`] or [`DeliverError::TooMany`]; nothing stays on the disk then.
pub async fn stage(
    app: &App,
    permit: &Permit<Deliver>,
    file_name: &str,
    body: impl Body,
) -> Result<Staged, DeliverError> {
    must_have_room(app)?;
    drop_stale(app).await?;
    if notes(app).await?.len() >= app.settings().staged_uploads_max {
        return Err(DeliverError::TooMany);
    }
    let uuid = app.fresh_uuid();
    let outcome = write(app, permit, file_name, body, uuid).await;
    if outcome.is_err() {
        remove(app, uuid).await;
    }
    outcome
}

async fn write(
    app: &App,
    permit: &Permit<Deliver>,
    file_name: &str,
    mut body: impl Body,
    uuid: Uuid,
) -> Result<Staged, DeliverError> {
    let resource = permit.resource();
    let (secret, wrapped) = app
        .vault()
        .new_secret(SecretOwner::Delivery, uuid)
        .map_err(AppError::from)?;
    tokio::fs::create_dir_all(&app.settings().staging_dir).await?;
    let file = std::fs::File::create_new(bytes_path(app, uuid))?;
    let mut writer = StagedWriter::new(&secret, uuid, file)?;
    let mut hasher = Sha256::new();
    let mut room = Room::of(app);
    let mut bytes: u64 = 0;
    let bytes_max = app.settings().upload_bytes_max;
    while let Some(part) = body.next().await {
        let part = part?;
        bytes += part.len() as u64;
        if bytes > bytes_max {
            return Err(DeliverError::TooLarge { bytes_max });
        }
        hasher.update(&part);
        room.before(part.len())?;
        writer.write_all(&part)?;
    }
    writer.finish()?.sync_all()?;

    let name: String = file_name
        .rsplit(['/', '\\'])
        .next()
        .unwrap_or_default()
        .chars()
        .take(FILE_NAME_CHARS_MAX)
        .collect();
    let sealed = secret_name(&secret, uuid, &name)?;
    let content_hash: [u8; 32] = hasher.finalize().into();
    let note = Note {
        provider: resource.provider.as_str().to_owned(),
        item: resource.item.as_str().to_owned(),
        account: permit.caller().account,
        at_ms: app.now().0,
        bytes,
        sha256: hex::encode(content_hash),
        key: STANDARD.encode(&wrapped),
        file_name_salt: STANDARD.encode(sealed.salt.unwrap_or_default()),
        file_name: STANDARD.encode(sealed.ciphertext.unwrap_or_default()),
        is_confirmed: false,
    };
    write_note(app, uuid, &note).await?;
    Ok(Staged {
        uuid,
        item: resource.item.clone(),
        provider: resource.provider.clone(),
        bytes,
        content_hash,
    })
}

fn secret_name(secret: &vault::Secret, uuid: Uuid, name: &str) -> Result<Sealed, AppError> {
    keys::seal(secret, DELIVERY_FILE_NAME, uuid, name.as_bytes())
}

/// A staged upload of this account; another account's is as if it were not there.
///
/// # Errors
///
/// If the staging folder cannot be read.
pub async fn find_staged(app: &App, account: Uuid, upload: Uuid) -> Result<Option<Staged>, DeliverError> {
    match open(app, account, upload).await {
        Ok(opened) => Ok(Some(opened.staged)),
        Err(DeliverError::NotStaged) => Ok(None),
        Err(other) => Err(other),
    }
}

/// Opens a staged upload of this account.
pub(crate) async fn open(app: &App, account: Uuid, upload: Uuid) -> Result<Opened, DeliverError> {
    let note = read_note(app, upload)
        .await?
        .filter(|note| note.account == account)
        .ok_or(DeliverError::NotStaged)?;
    open_note(app, upload, &note)
}

fn open_note(app: &App, uuid: Uuid, note: &Note) -> Result<Opened, DeliverError> {
    let damaged = || AppError::Damaged {
        what: "the note of a staged upload",
    };
    let decode = |text: &str| STANDARD.decode(text).map_err(|_| damaged());
    let wrapped = decode(&note.key)?;
    let secret = app
        .vault()
        .unwrap_secret(SecretOwner::Delivery, uuid, &wrapped)
        .map_err(AppError::from)?;
    let salt: [u8; 16] = decode(&note.file_name_salt)?.try_into().map_err(|_| damaged())?;
    let file_name_sealed = Sealed {
        salt: Some(salt),
        ciphertext: Some(decode(&note.file_name)?),
    };
    let file_name = keys::open(&secret, DELIVERY_FILE_NAME, uuid, &file_name_sealed)?
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(damaged)?;
    let content_hash = hex::decode(&note.sha256)
        .ok()
        .and_then(|hash| hash.try_into().ok())
        .ok_or_else(damaged)?;
    let file = std::fs::File::open(bytes_path(app, uuid)).map_err(|_| DeliverError::NotStaged)?;
    let reader = StagedReader::new(&secret, uuid, file)?;
    Ok(Opened {
        staged: Staged {
            uuid,
            item: ItemId::parse(&note.item).map_err(|_| damaged())?,
            provider: Uscc::parse(&note.provider).map_err(|_| damaged())?,
            bytes: note.bytes,
            content_hash,
        },
        source: Source {
            reader: Box::new(std::io::BufReader::with_capacity(1 << 16, reader)),
            name: file_name.clone(),
        },
        file_name,
        file_name_sealed,
        wrapped,
        by: note.account,
        at: Moment(note.at_ms),
    })
}

/// Marks an upload as confirmed: from now on a restart resumes it.
pub(crate) async fn confirm(app: &App, upload: Uuid) -> Result<(), DeliverError> {
    if let Some(note) = read_note(app, upload).await? {
        write_note(
            app,
            upload,
            &Note {
                is_confirmed: true,
                ..note
            },
        )
        .await?;
    }
    Ok(())
}

/// Removes an upload; its bytes are ciphertext, so nothing has to be overwritten.
pub(crate) async fn remove(app: &App, upload: Uuid) {
    for path in [note_path(app, upload), bytes_path(app, upload)] {
        if let Err(error) = tokio::fs::remove_file(path).await
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(error = %error.kind(), "a staged upload could not be removed");
        }
    }
}

/// Removes an upload unless a restart would resume it.
pub(crate) async fn remove_unconfirmed(app: &App, upload: Uuid) -> Result<(), DeliverError> {
    if read_note(app, upload).await?.is_none_or(|note| !note.is_confirmed) {
        remove(app, upload).await;
    }
    Ok(())
}

/// Confirmed uploads whose intake was interrupted.
pub(crate) async fn confirmed(app: &App) -> Result<Vec<Uuid>, DeliverError> {
    // What a view sent is resumed by its own poller, which knows what else hangs on it.
    let is_ours = |note: &Note| note.is_confirmed && note.account != crate::Adapter::DatabaseView.account();
    let found = notes(app).await?;
    Ok(found
        .into_iter()
        .filter(|(_, note)| is_ours(note))
        .map(|(uuid, _)| uuid)
        .collect())
}

/// Opens a confirmed upload, whosever it is.
pub(crate) async fn open_confirmed(app: &App, upload: Uuid) -> Result<Opened, DeliverError> {
    let note = read_note(app, upload).await?.filter(|note| note.is_confirmed);
    open_note(app, upload, &note.ok_or(DeliverError::NotStaged)?)
}

/// How many uploads have a key that a version of the wrapping key before `version` wraps. Their notes are not rewritten: the
/// server may write them at the same moment, and they are gone within a day of being left.
pub(super) async fn wrapped_before(app: &App, version: u16) -> Result<u64, DeliverError> {
    let is_before = |(_, note): &(Uuid, Note)| {
        let wrapped = STANDARD.decode(&note.key).unwrap_or_default();
        store::wrapping_version(&wrapped) < version
    };
    Ok(notes(app).await?.iter().filter(|note| is_before(note)).count() as u64)
}

async fn drop_stale(app: &App) -> Result<(), DeliverError> {
    for (uuid, note) in notes(app).await? {
        if !note.is_confirmed && app.now().0 - note.at_ms > UNCONFIRMED_MS {
            remove(app, uuid).await;
        }
    }
    Ok(())
}

async fn notes(app: &App) -> Result<Vec<(Uuid, Note)>, DeliverError> {
    let mut folder = match tokio::fs::read_dir(&app.settings().staging_dir).await {
        Ok(folder) => folder,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let mut found = Vec::new();
    while let Some(entry) = folder.next_entry().await? {
        let path = entry.path();
        let is_note = path.extension().is_some_and(|extension| extension == "json");
        let id = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .and_then(|stem| Uuid::parse_str(stem).ok());
        let Some(uuid) = id.filter(|_| is_note) else { continue };
        if let Some(note) = read_note(app, uuid).await? {
            found.push((uuid, note));
        }
    }
    found.sort_by_key(|(uuid, _)| *uuid);
    Ok(found)
}

async fn read_note(app: &App, upload: Uuid) -> Result<Option<Note>, DeliverError> {
    match tokio::fs::read(note_path(app, upload)).await {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Writes beside and renames, so that a crash leaves the old note or the new one.
async fn write_note(app: &App, upload: Uuid, note: &Note) -> Result<(), DeliverError> {
    let bytes = serde_json::to_vec(note).map_err(|_| AppError::Damaged {
        what: "the note of a staged upload",
    })?;
    let path = note_path(app, upload);
    let beside = path.with_extension("json.new");
    let target = path.clone();
    tokio::task::spawn_blocking(move || {
        let mut file = std::fs::File::create(&beside)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        std::fs::rename(&beside, &target)?;
        // The bytes lie in the same folder: from here on both names are durable.
        sync_names(&target)
    })
    .await
    .map_err(|_| AppError::ShuttingDown)??;
    Ok(())
}

/// Makes the names in the folder of `path` durable, and that of the folder, which may be as new.
pub(super) fn sync_names(path: &Path) -> std::io::Result<()> {
    for folder in path.ancestors().skip(1).take(2) {
        let is_here = folder.as_os_str().is_empty();
        std::fs::File::open(if is_here { Path::new(".") } else { folder })?.sync_all()?;
    }
    Ok(())
}

fn bytes_path(app: &App, upload: Uuid) -> PathBuf {
    app.settings().staging_dir.join(format!("{upload}.sealed"))
}

fn note_path(app: &App, upload: Uuid) -> PathBuf {
    app.settings().staging_dir.join(format!("{upload}.json"))
}
