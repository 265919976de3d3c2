//! The public log: entries that the sequencer has given their places become a tree in tiles, its heads are signed, witnesses
//! cosign them, and they are published. What is sequenced, integrated and published are three sizes (docs/adr/0015).

mod clock;
mod derive;
mod error;
mod publisher;
mod verify;
mod witnesses;

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use async_trait::async_trait;
use store::{EntryKind, LogEntry, SignedHead};
use tokio::task::spawn_blocking;
use translog::{Head, InclusionProof, Leaf, LogFault, LogFiles, LogKey, Tile, WitnessKey};
use vault::KnownSigner;

use crate::{App, AppError};

pub use error::LogError;
pub use publisher::Publisher;
pub use verify::{LogFindings, verify};

/// What the log is made of, and what this process knows of it.
pub struct Log {
    origin: String,
    files: Arc<dyn LogFiles>,
    witnesses: Vec<Arc<dyn WitnessClient>>,
    quorum: usize,
    standing: AtomicU8,
}

impl Log {
    /// A log without witnesses. `origin` is its name, the first line of its checkpoints; in `files` lie its tiles.
    #[must_use]
    pub fn new(origin: &str, files: Arc<dyn LogFiles>) -> Self {
        Self {
            origin: origin.to_owned(),
            files,
            witnesses: Vec::new(),
            quorum: 0,
            standing: AtomicU8::new(0),
        }
    }

    /// The same with witnesses, of which `quorum` must have cosigned a checkpoint before it is published.
    #[must_use]
    pub fn with_witnesses(self, witnesses: Vec<Arc<dyn WitnessClient>>, quorum: usize) -> Self {
        Self {
            witnesses,
            quorum,
            ..self
        }
    }

    /// Its name.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    fn stand(&self, standing: Standing) {
        self.standing.store(standing as u8, Ordering::Release);
    }

    fn standing(&self) -> Standing {
        match self.standing.load(Ordering::Acquire) {
            0 => Standing::Current,
            1 => Standing::Unasked,
            _ => Standing::Behind,
        }
    }

    /// Refuses unless the entries here are the newest. Whoever acts on records asks: those of a restored backup lack what was
    /// withdrawn, repaired or locked since (R7), and what is written to it is lost when the newer one comes back.
    pub(crate) fn must_be_current(&self) -> Result<(), AppError> {
        match self.standing() {
            Standing::Current => Ok(()),
            Standing::Unasked => Err(LogError::Unasked.into()),
            Standing::Behind => Err(LogError::Restored.into()),
        }
    }
}

/// The witness does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the witness does not answer")]
pub struct WitnessAway;

/// A witness, as the log reaches it.
#[async_trait]
pub trait WitnessClient: Send + Sync {
    /// By what its cosignatures are known.
    fn key(&self) -> &WitnessKey;

    /// Sends an `add-checkpoint` request; status and body of the response.
    async fn add_checkpoint(&self, request: Vec<u8>) -> Result<(u16, Vec<u8>), WitnessAway>;
}

/// Whether the entries here are known to be the newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing speaks against it.
    Current,
    /// The witnesses have not been asked yet since this process began to publish.
    Unasked,
    /// More was signed, or something else, than what is here: a backup was restored.
    Behind,
}

/// Whether the entries here are known to be the newest.
#[must_use]
pub fn standing(app: &App) -> Standing {
    app.log().standing()
}

/// Name and newest key of the log.
///
/// # Errors
///
/// If the configured name cannot be one.
pub fn key(app: &App) -> Result<LogKey, AppError> {
    named(app, app.public_key())
}

/// Name and keys of the log that sign now, as verifiers and witnesses need them: two while one is being replaced, the newer
/// first.
///
/// # Errors
///
/// As [`key`].
pub fn keys(app: &App) -> Result<Vec<LogKey>, AppError> {
    let signers = app.vault().known_signers().into_iter();
    let live = signers.filter(|signer| signer.until.is_none());
    live.map(|signer| named(app, signer.ed25519)).collect()
}

/// The same with those that were retired: what was published in their time is signed by them.
///
/// # Errors
///
/// As [`key`].
pub fn all_keys(app: &App) -> Result<Vec<LogKey>, AppError> {
    let signers = app.vault().known_signers().into_iter();
    signers.map(|signer| named(app, signer.ed25519)).collect()
}

fn named(app: &App, public_key: [u8; 32]) -> Result<LogKey, AppError> {
    Ok(LogKey::new(&app.log().origin, public_key).map_err(LogError::from)?)
}

/// The leaf of an entry: what the tree hashes.
#[must_use]
pub fn leaf_of(entry: &LogEntry) -> Leaf {
    Leaf {
        kind: entry.kind.number(),
        at_ms: entry.at.0,
        commitment: entry.entry_hash,
    }
}

/// Runs what reads or writes the log's files.
async fn with_files<T: Send + 'static>(
    app: &App,
    body: impl FnOnce(&dyn LogFiles) -> Result<T, LogFault> + Send + 'static,
) -> Result<T, AppError> {
    let files = Arc::clone(&app.log().files);
    let done = spawn_blocking(move || body(&*files)).await;
    Ok(done.map_err(|_| AppError::ShuttingDown)?.map_err(LogError::from)?)
}

/// Asks for places in the log for the catalogue and the policies in force, if they changed.
///
/// # Errors
///
/// If the store fails.
pub async fn note_versions(app: &App) -> Result<(), AppError> {
    for (kind, version) in [
        (EntryKind::Catalogue, app.catalogue().version.as_str()),
        (EntryKind::Policy, app.policies().version()),
    ] {
        let entry_hash = translog::entry_hash(kind.as_str(), &[version.as_bytes()]);
        if app.store().append_version(kind, entry_hash).await? {
            tracing::info!(kind = kind.as_str(), version, "a version is logged");
        }
    }
    Ok(())
}

/// The checkpoint as published, if one was.
///
/// # Errors
///
/// If the disk fails.
pub async fn checkpoint(app: &App) -> Result<Option<Vec<u8>>, AppError> {
    with_files(app, |files| files.checkpoint()).await
}

/// The bytes of a tile, if the published checkpoint's tree has it: the public is served from there only.
///
/// # Errors
///
/// If the disk fails.
pub async fn tile(app: &App, tile: Tile) -> Result<Option<Vec<u8>>, AppError> {
    with_files(app, move |files| {
        let Some(published) = files.checkpoint()? else {
            return Ok(None);
        };
        let (_, size) = translog::claim_of(&published)?;
        let is_in = Tile::in_tree(tile.level, tile.index, size).is_some_and(|there| tile.width <= there.width);
        if !is_in {
            return Ok(None);
        }
        match files.read(tile) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(LogFault::TileMissing { .. }) => Ok(None),
            Err(fault) => Err(fault),
        }
    })
    .await
}

/// The head that was published last, its signature checked.
async fn published(app: &App) -> Result<Option<(Head, Vec<u8>)>, AppError> {
    let keys = all_keys(app)?;
    let Some(checkpoint) = checkpoint(app).await? else {
        return Ok(None);
    };
    let head = translog::open_any(&checkpoint, &keys).map_err(LogError::from)?;
    Ok(Some((head, checkpoint)))
}

/// The proof of the entry with this hash: a C2SP tlog-proof whose extra data is the leaf.
///
/// # Errors
///
/// [`AppError::NotFound`] if no effect has this hash, [`LogError::NotYet`] if it is not published yet, others if tiles or
/// checkpoint are damaged.
pub async fn prove(app: &App, entry_hash: [u8; 32]) -> Result<String, AppError> {
    if let Some(entry) = app.store().find_entries(&[entry_hash]).await?.pop().flatten() {
        return prove_entry(app, &entry).await;
    }
    let (_, waiting) = app.store().log_sizes().await?;
    let limit = u32::try_from(waiting).unwrap_or(u32::MAX);
    let waiting = app.store().outbox_entries(limit).await?;
    let waits = waiting.iter().any(|(_, hash)| *hash == entry_hash);
    Err(if waits {
        LogError::NotYet.into()
    } else {
        AppError::NotFound
    })
}

/// The same, or `None` while the entry is not published yet.
///
/// # Errors
///
/// As [`prove`].
pub async fn prove_published(app: &App, entry_hash: [u8; 32]) -> Result<Option<String>, AppError> {
    match prove(app, entry_hash).await {
        Err(AppError::Log(LogError::NotYet)) => Ok(None),
        other => other.map(Some),
    }
}

/// Where an entry stands in the published tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Number of the entry, from 0.
    pub index: u64,
    /// What the tree hashes of it.
    pub leaf: Vec<u8>,
    /// From the leaf's sibling to the root's child.
    pub path: Vec<translog::Hash>,
}

/// Proofs of several entries under one checkpoint.
#[derive(Debug, Clone)]
pub struct Proofs {
    /// The newest key of the log that signed the checkpoint, as verifiers need it.
    pub log: String,
    /// Keys of its witnesses.
    pub witnesses: Vec<String>,
    /// How many of them cosign a checkpoint before it is published.
    pub quorum: usize,
    /// The checkpoint as published; `None` before the first.
    pub checkpoint: Option<String>,
    /// For each hash asked for its place; `None` if it is not published yet.
    pub places: Vec<Option<Place>>,
}

/// Proofs of the entries with these hashes.
///
/// # Errors
///
/// If store or disk fail, or tiles or checkpoint are damaged.
pub async fn prove_all(app: &App, hashes: &[[u8; 32]]) -> Result<Proofs, AppError> {
    let mut proofs = Proofs {
        log: key(app)?.to_vkey(),
        witnesses: app
            .log()
            .witnesses
            .iter()
            .map(|witness| witness.key().to_vkey())
            .collect(),
        quorum: app.log().quorum,
        checkpoint: None,
        places: vec![None; hashes.len()],
    };
    let Some((head, checkpoint)) = published(app).await? else {
        return Ok(proofs);
    };
    let keys = all_keys(app)?;
    let signers = translog::signers_of(&checkpoint, &keys).map_err(LogError::from)?;
    if let Some(newest) = signers.first() {
        proofs.log = newest.to_vkey();
    }
    let entries = app.store().find_entries(hashes).await?;
    let of_tree = |entry: &LogEntry| entry.index < head.size;
    let indexes: Vec<u64> = entries
        .iter()
        .flatten()
        .filter(|entry| of_tree(entry))
        .map(|entry| entry.index)
        .collect();
    let mut paths = with_files(app, move |files| {
        translog::prove_inclusions(|tile| files.read(tile), head, &indexes)
    })
    .await?
    .into_iter();
    for (place, entry) in proofs.places.iter_mut().zip(entries) {
        let Some(entry) = entry.filter(of_tree) else { continue };
        let (path, leaf) = (paths.next().unwrap_or_default(), leaf_of(&entry).to_bytes());
        // An entry whose row was changed is not given out with a proof that does not fit.
        translog::check_inclusion(&path, head, entry.index, &leaf).map_err(LogError::from)?;
        *place = Some(Place {
            index: entry.index,
            leaf: leaf.to_vec(),
            path,
        });
    }
    proofs.checkpoint = Some(String::from_utf8(checkpoint).map_err(|_| AppError::Damaged { what: "the checkpoint" })?);
    Ok(proofs)
}

/// The proof of entry number `index`.
///
/// # Errors
///
/// As [`prove`].
pub async fn prove_index(app: &App, index: u64) -> Result<String, AppError> {
    let entries = app.store().log_entries(index, 1).await?;
    let entry = entries.into_iter().find(|entry| entry.index == index);
    prove_entry(app, &entry.ok_or(AppError::NotFound)?).await
}

async fn prove_entry(app: &App, entry: &LogEntry) -> Result<String, AppError> {
    let Some((head, checkpoint)) = published(app).await? else {
        return Err(LogError::NotYet.into());
    };
    let (index, leaf) = (entry.index, leaf_of(entry).to_bytes());
    if index >= head.size {
        return Err(LogError::NotYet.into());
    }
    let keys = all_keys(app)?;
    with_files(app, move |files| {
        let proof = InclusionProof {
            extra: leaf.to_vec(),
            index,
            path: translog::prove_inclusion(|tile| files.read(tile), head, index)?,
            checkpoint,
        };
        // An entry whose row was changed is not given out with a proof that does not fit.
        proof.check_any(&leaf, &keys)?;
        proof.to_text()
    })
    .await
}

/// Whose signature a head in the store bears, among those who sign or have signed for the log.
fn signer_of<'a>(key: &LogKey, signers: &'a [KnownSigner], head: &SignedHead) -> Result<&'a KnownSigner, LogError> {
    let text = translog::text_of(key, head_of(head))?;
    let has_signed = |signer: &&KnownSigner| translog::verifies(&signer.ed25519, &text, &head.signature);
    signers
        .iter()
        .find(has_signed)
        .ok_or(LogError::Head { size: head.size })
}

/// The checkpoint of a signed head: the line that was kept with it, and one by each live key beside, so that whoever knows the
/// older key or the newer one follows while one replaces the other. Refused if no key of the log signed the head.
fn note_of(app: &App, head: &SignedHead) -> Result<Vec<u8>, AppError> {
    let key = key(app)?;
    let signers = app.vault().known_signers();
    let kept = signer_of(&key, &signers, head)?;
    let text = translog::text_of(&key, head_of(head)).map_err(LogError::from)?;
    let mut signatures = Vec::new();
    for signer in &signers {
        if signer.ed25519 == kept.ed25519 {
            signatures.push((named(app, signer.ed25519)?, head.signature));
        } else if signer.until.is_none() {
            let signature = app.vault().sign_log_as(&signer.ed25519, &text)?;
            signatures.push((named(app, signer.ed25519)?, signature));
        }
    }
    Ok(translog::note_of(head_of(head), &signatures).map_err(LogError::from)?)
}

const fn head_of(head: &SignedHead) -> Head {
    Head {
        size: head.size,
        root: head.root,
    }
}
