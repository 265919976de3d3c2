//! Rotation of the installation's keys while everything goes on (G-23; docs/adr/0018).
//!
//! A rotation puts a fresh version beside the present one: from then on the fresh one is written with, and the older one
//! opens, finds and verifies. What is under the older one is carried over in portions that bear to be repeated, so that a
//! rotation that was killed begins again and finds what is left. Retiring a version first closes the store to what is written
//! with it, carries over what came in between, makes sure that nothing is left, and only then destroys the key.

mod acts;
mod secrets;
mod tags;

use policy::{ManageKeys, Permit};
use store::{FloorOf, KeyAct};
use vault::{KeyLine, KeyName, VaultError};

use crate::{App, AppError};

pub use acts::entry_hash as act_hash;

/// Rows carried over in one transaction.
const PORTION: u32 = 1_000;

/// What was carried over, and what could not be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Carried {
    /// Secrets that got their form under the newest wrapping key.
    pub secrets: u64,
    /// Secrets that do not open at all: damage, which `chengdang verify` names.
    pub damaged: u64,
    /// Uploads on disk under an older wrapping key. They go when they are taken in, or a day after they were left.
    pub uploads: u64,
    /// Tags of persons entered under the newest index key.
    pub tags: u64,
    /// Confirmed names that were kept without the name itself, before this version: rows under them come back as reviews.
    pub lost_aliases: u64,
    /// Traces, waiting rows, locks, relations and the like moved to the newest tags.
    pub moved: u64,
    /// Traces whose number is nowhere any more, so that they cannot be tagged anew. They go when their contents are purged.
    pub unreachable: u64,
    /// Locks, relations, numbers never issued and notices of emergencies about somebody whose number is nowhere else: they
    /// cannot be moved to the newer tag until they are entered anew.
    pub marks: u64,
    /// Traces that only an older log secret opens; they are not sealed anew, since the log commits to what is sealed.
    pub traces: u64,
}

impl Carried {
    /// Things for whose sake the older version of `key` must stay.
    #[must_use]
    pub const fn left(&self, key: KeyName) -> u64 {
        match key {
            KeyName::Kek => self.damaged + self.uploads,
            KeyName::Index => self.unreachable + self.marks,
            KeyName::Log => self.traces,
            KeyName::Signing => 0,
        }
    }
}

/// Why a key was not rotated or retired.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    /// Something needs the older version still.
    #[error("KEYS-0001 version {version} of key `{key}` cannot be retired: {left} things need it still")]
    Needed {
        /// Which key.
        key: KeyName,
        /// Its older version.
        version: u16,
        /// How many.
        left: u64,
    },
    /// Store, vault or token failed.
    #[error(transparent)]
    App(#[from] AppError),
}

impl From<VaultError> for RotationError {
    fn from(error: VaultError) -> Self {
        Self::App(error.into())
    }
}

impl From<store::StoreError> for RotationError {
    fn from(error: store::StoreError) -> Self {
        Self::App(error.into())
    }
}

impl RotationError {
    /// What to do about it.
    #[must_use]
    pub const fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::Needed { key: KeyName::Kek, .. } => Some(
                "let the uploads on disk be taken in, or wait a day; run `chengdang verify` for what does not open",
            ),
            Self::Needed {
                key: KeyName::Index, ..
            } => Some(
                "contents of traces go with time; numbers never issued and declared relations are moved by entering them anew; if the key has leaked, `--even-if-left` gives up what is left",
            ),
            Self::Needed { .. } => Some("the older log secret stays until the contents of those traces are purged"),
            Self::App(AppError::Vault(error)) => Some(error.remedy()),
            Self::App(_) => None,
        }
    }

    /// Codes and what they mean, for the index of errors.
    pub const CODES: [(&'static str, &'static str); 1] = [("KEYS-0001", "a key is needed still")];
}

/// What a rotation came to.
#[derive(Debug, Clone, Copy)]
pub struct Rotated {
    /// The version that is written with now.
    pub version: u16,
    /// Whether it was made now; else a rotation that was begun before went on.
    pub is_new: bool,
    /// What was carried over.
    pub carried: Carried,
}

/// The keys by name, version and fingerprint.
#[must_use]
pub fn lines(app: &App, _permit: &Permit<ManageKeys>) -> Vec<KeyLine> {
    app.vault().lines()
}

/// Everything that was done to keys, oldest first.
///
/// # Errors
///
/// If the store fails.
pub async fn acts(app: &App, _permit: &Permit<ManageKeys>) -> Result<Vec<KeyAct>, AppError> {
    Ok(app.store().key_acts().await?)
}

/// Makes a fresh version of a key and carries over what is under the older one; one that was begun before goes on.
///
/// # Errors
///
/// [`VaultError::RotationUnfinished`] for a signing key whose older version has not been retired; if store or vault fail.
/// What was carried over stays so.
pub async fn rotate(
    app: &App,
    permit: &Permit<ManageKeys>,
    key: KeyName,
    on_progress: impl Fn(u64),
) -> Result<Rotated, RotationError> {
    app.vault().refresh()?;
    acts::note(app, permit).await?;
    let goes_on = matches!(key, KeyName::Kek | KeyName::Index) && app.vault().versions(key).len() > 1;
    let version = if goes_on {
        app.vault().versions(key).first().copied().unwrap_or_default()
    } else {
        app.vault().rotate(key)?
    };
    acts::note(app, permit).await?;
    let carried = carry(app, key, &on_progress).await?;
    Ok(Rotated {
        version,
        is_new: !goes_on,
        carried,
    })
}

/// Destroys the oldest version of a key, once nothing needs it.
///
/// # Errors
///
/// [`RotationError::Needed`]; `even_if_left` gives up traces, locks and the like that cannot be tagged anew. [`VaultError::NothingToRetire`] if
/// there is one version only.
pub async fn retire(
    app: &App,
    permit: &Permit<ManageKeys>,
    key: KeyName,
    even_if_left: bool,
    on_progress: impl Fn(u64),
) -> Result<(u16, Carried), RotationError> {
    app.vault().refresh()?;
    acts::note(app, permit).await?;
    let versions = app.vault().versions(key);
    let (Some(newest), Some(oldest)) = (versions.first(), versions.get(1..).and_then(<[u16]>::last)) else {
        return Err(VaultError::NothingToRetire { key }.into());
    };
    match key {
        KeyName::Kek => app.store().raise_floor(FloorOf::Kek, *newest).await?,
        KeyName::Index => app.store().raise_floor(FloorOf::Index, *newest).await?,
        KeyName::Log | KeyName::Signing => {}
    }
    let carried = carry(app, key, &on_progress).await?;
    let left = carried.left(key);
    if left > 0 && !(even_if_left && key == KeyName::Index) {
        return Err(RotationError::Needed {
            key,
            version: *oldest,
            left,
        });
    }
    if key == KeyName::Index {
        tags::forget(app).await?;
    }
    let version = app.vault().retire(key, app.now())?;
    acts::note(app, permit).await?;
    Ok((version, carried))
}

async fn carry(app: &App, key: KeyName, on_progress: &impl Fn(u64)) -> Result<Carried, AppError> {
    let mut carried = Carried::default();
    match key {
        KeyName::Kek => secrets::carry(app, &mut carried, on_progress).await?,
        KeyName::Index => tags::carry(app, &mut carried, on_progress).await?,
        KeyName::Log => tags::count_older_traces(app, &mut carried).await?,
        KeyName::Signing => {}
    }
    Ok(carried)
}
