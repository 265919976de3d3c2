//! The only crate that holds a key or names a cipher.
//!
//! A [`Vault`] comes from a key file, which names its suite of ciphers, and perhaps from a token that holds what must never
//! leave it. It tags numbers and names for the blind indexes, makes and unwraps the secrets of persons and deliveries, and
//! signs. A [`Secret`] seals bytes for a [`Place`] (table, column, row), where alone they open again. Erasing a thing is
//! erasing its salt and ciphertext; erasing a person is destroying the wrapped secret. Every key has versions: the newest
//! is written with, older ones open until nothing needs them ([`Vault::rotate`], [`Vault::retire`]).
//!
//! It refuses to know stores, records and HTTP, and never writes a secret, a key or a plaintext anywhere: `Debug` forms
//! are masked and errors carry no contents.
//!
//! ```
//! use uuid::Uuid;
//! use vault::{Place, SecretOwner, Vault};
//!
//! let vault = Vault::ephemeral()?;
//! let person = Uuid::from_u128(1);
//! let (secret, wrapped) = vault.new_secret(SecretOwner::Person, person)?;
//! let place = Place { table: "record", column: "content", row: Uuid::from_u128(7) };
//! let sealed = secret.seal(&place, b"a fact")?;
//!
//! let secret = vault.unwrap_secret(SecretOwner::Person, person, &wrapped)?;
//! assert_eq!(secret.open(&place, &sealed.salt, &sealed.ciphertext)?, b"a fact");
//! let other = Place { row: Uuid::from_u128(8), ..place };
//! assert!(secret.open(&other, &sealed.salt, &sealed.ciphertext).is_err());
//! # Ok::<(), vault::VaultError>(())
//! ```

mod asking;
mod error;
mod hash;
mod index;
mod kek;
mod key_file;
mod keys;
mod name;
mod salts;
mod secret;
mod signing;
mod staged;
pub mod suite;
pub mod token;
mod witness_key;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use domain::{IdentityDocument, Moment, Name};
use uuid::Uuid;
use zeroize::Zeroizing;

pub use asking::{RequestAlgorithm, digest, verify_code, verify_request};
pub use error::VaultError;
pub use hash::{random_bytes, verify};
pub use index::{BlindTag, Tags};
pub use name::{KeyLine, KeyName};
pub use secret::{Place, SealedBytes, Secret, SecretOwner};
pub use signing::{KnownSigner, Signatures, verify_sm2};
pub use staged::{SEGMENT_BYTES, StagedReader, StagedWriter};
pub use witness_key::WitnessKey;

use index::IndexKey;
use kek::wrapping_version;
use key_file::{KeyFile, Stamp};
use keys::Keys;
use suite::{International, Suite};
use token::{Token, TokenKey};

/// The keys of an installation, in memory, prepared for use. Share it by `Arc`.
pub struct Vault {
    /// The key file; none of a vault that is in memory only.
    file: Option<PathBuf>,
    token: Option<Arc<dyn Token>>,
    /// Replaced as a whole when the file was changed.
    keys: RwLock<Arc<Keys>>,
    index_uses: AtomicU64,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Vault(masked, suite {}, key file {})",
            self.suite_name(),
            self.fingerprint()
        )
    }
}

/// Reads a PIN or another secret of one line, under the rules of the key file: its owner's alone, where nobody can replace it.
///
/// # Errors
///
/// As [`Vault::open`]; [`VaultError::Damaged`] if it is no text.
pub fn read_secret_line(path: &Path) -> Result<Zeroizing<String>, VaultError> {
    let (bytes, _) = key_file::read_private(path)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| VaultError::Damaged { what: "it is not text" })?;
    Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
}

/// Making, opening and changing key files.
impl Vault {
    /// Makes a key file of the international suite with fresh keys, mode 0600, and the directory for it (0700) if there is none.
    ///
    /// # Errors
    ///
    /// [`VaultError::Exists`] if there is a file already; it is left as it is. [`VaultError::UnsafeDirectory`] if everybody
    /// may write to the directory. [`VaultError::Io`] if the system refuses.
    pub fn create(path: &Path) -> Result<(), VaultError> {
        Self::create_with(path, &International, None)
    }

    /// The same with a suite of choice, and with wrapping and signing keys in a token if one is given.
    ///
    /// # Errors
    ///
    /// As [`Self::create`]; [`VaultError::SmInToken`] for the SM suite with a token; those of the token.
    pub fn create_with(
        path: &Path,
        suite: &'static dyn Suite,
        token: Option<&Arc<dyn Token>>,
    ) -> Result<(), VaultError> {
        if path.symlink_metadata().is_ok() {
            // Before a key is made in a token for nothing.
            return Err(VaultError::Exists { path: path.to_owned() });
        }
        KeyFile::generate(suite, token.map(|token| &**token))?.create(path)
    }

    /// Reads a key file.
    ///
    /// # Errors
    ///
    /// Refuses a file that group or others have a right on, that another user owns, that lies where everybody may replace
    /// it, that is damaged, or of a version or suite not known here. See [`VaultError::remedy`].
    pub fn open(path: &Path) -> Result<Self, VaultError> {
        Self::open_with(path, None)
    }

    /// The same with the token that holds its wrapping and signing keys.
    ///
    /// # Errors
    ///
    /// As [`Self::open`]; those of the token.
    pub fn open_with(path: &Path, token: Option<Arc<dyn Token>>) -> Result<Self, VaultError> {
        let (file, stamp) = KeyFile::read(path)?;
        Ok(Self::of(
            Keys::prepare(file, token.as_ref(), Some(stamp))?,
            Some(path.to_owned()),
            token,
        ))
    }

    /// A vault that is in no file: what it sealed is lost with it. For tests and trials.
    ///
    /// # Errors
    ///
    /// [`VaultError::Cipher`] if the random source fails.
    pub fn ephemeral() -> Result<Self, VaultError> {
        Self::ephemeral_with(&International)
    }

    /// The same with a suite of choice.
    ///
    /// # Errors
    ///
    /// As [`Self::ephemeral`].
    pub fn ephemeral_with(suite: &'static dyn Suite) -> Result<Self, VaultError> {
        let file = KeyFile::generate(suite, None)?;
        Ok(Self::of(Keys::prepare(file, None, None)?, None, None))
    }

    fn of(keys: Keys, file: Option<PathBuf>, token: Option<Arc<dyn Token>>) -> Self {
        Self {
            file,
            token,
            keys: RwLock::new(Arc::new(keys)),
            index_uses: AtomicU64::new(0),
        }
    }

    /// Reads the key file again if it was changed; whether it was. Costs one look at the file's name if not.
    ///
    /// # Errors
    ///
    /// As [`Self::open`]; the keys that were read before stay in use then.
    pub fn refresh(&self) -> Result<bool, VaultError> {
        let Some(path) = &self.file else { return Ok(false) };
        if self.keys().stamp == Some(Stamp::now(path)?) {
            return Ok(false);
        }
        let (file, stamp) = KeyFile::read(path)?;
        let keys = Arc::new(Keys::prepare(file, self.token.as_ref(), Some(stamp))?);
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        Ok(true)
    }

    /// Adds a fresh version of a key to the key file and keeps the present one, so that what it sealed opens and what it
    /// tagged is found; returns the new version. Every process takes it up by [`Self::refresh`].
    ///
    /// # Errors
    ///
    /// [`VaultError::RotationUnfinished`] if the version before has not been retired; [`VaultError::Busy`] if another process
    /// changes the file; else as [`Self::open`].
    pub fn rotate(&self, key: KeyName) -> Result<u16, VaultError> {
        let path = self.file.as_deref().ok_or(VaultError::NoFile)?;
        let version = KeyFile::change(path, |file| file.rotate(key, self.token.as_deref()))?;
        self.refresh()?;
        Ok(version)
    }

    /// Removes the oldest version of a key from the key file, and from the token, and returns it. What needs it opens no
    /// more, so that the caller makes sure that nothing does. The public half of a signing key stays, with `at` as its end.
    ///
    /// # Errors
    ///
    /// [`VaultError::NothingToRetire`] if one version is left; else as [`Self::rotate`].
    pub fn retire(&self, key: KeyName, at: Moment) -> Result<u16, VaultError> {
        let path = self.file.as_deref().ok_or(VaultError::NoFile)?;
        let token = self.token.as_deref();
        let (version, live) = KeyFile::change(path, |file| {
            let version = file.retire(key, token, at)?;
            Ok((
                version,
                file.list(key).iter().map(|key| key.version).collect::<Vec<_>>(),
            ))
        })?;
        if let (Some(token), KeyName::Kek | KeyName::Signing) = (token, key) {
            token.keep_only(TokenKey::of(key), &live)?;
        }
        self.refresh()?;
        Ok(version)
    }

    fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Name of the suite.
    #[must_use]
    pub fn suite_name(&self) -> &'static str {
        self.keys().suite.name()
    }

    /// The keys by name, version and fingerprint; nothing secret.
    #[must_use]
    pub fn lines(&self) -> Vec<KeyLine> {
        self.keys().lines.clone()
    }

    /// The live versions of a key, newest first.
    #[must_use]
    pub fn versions(&self, key: KeyName) -> Vec<u16> {
        let keys = self.keys();
        match key {
            KeyName::Kek => keys.kek.iter().map(kek::Kek::version).collect(),
            KeyName::Index => keys.index.iter().map(IndexKey::version).collect(),
            KeyName::Log => keys.log.iter().map(|secret| secret.version()).collect(),
            KeyName::Signing => keys.signers.iter().map(|signer| signer.version).collect(),
        }
    }
}

/// Blind indexes and secrets.
impl Vault {
    /// Tags of index B1 (kind and number), for intake and the log.
    #[must_use]
    pub fn number_tags(&self, document: &IdentityDocument) -> Tags<BlindTag> {
        let input = Zeroizing::new(document.index_input());
        self.tags(|key| key.number(&input))
    }

    /// Tags of index B2 (kind, number and canonical name), for look-ups.
    #[must_use]
    pub fn name_tags(&self, document: &IdentityDocument, name: &Name) -> Tags<BlindTag> {
        let input = Zeroizing::new(document.index_input());
        self.tags(|key| key.name(&input, name.canonical()))
    }

    fn tags(&self, tag: impl Fn(&IndexKey) -> BlindTag) -> Tags<BlindTag> {
        self.index_uses.fetch_add(1, Ordering::Relaxed);
        let keys = self.keys();
        Tags {
            current: tag(&keys.index.current),
            previous: keys.index.previous.as_ref().map(tag),
        }
    }

    /// How often the index keys were used since this vault was opened: one a call of [`Self::number_tags`] or
    /// [`Self::name_tags`], whether one key is live or two. Whoever tries numbers shows up here.
    #[must_use]
    pub fn index_uses(&self) -> u64 {
        self.index_uses.load(Ordering::Relaxed)
    }

    /// Version of the index key that new tags carry.
    #[must_use]
    pub fn index_key_version(&self) -> u16 {
        self.keys().index.current.version()
    }

    /// A fresh secret for `owner` `id`, and its wrapped form for the store.
    ///
    /// # Errors
    ///
    /// [`VaultError::Cipher`] if the random source fails; those of the token.
    pub fn new_secret(&self, owner: SecretOwner, id: Uuid) -> Result<(Secret, Vec<u8>), VaultError> {
        let keys = self.keys();
        let secret = Secret::random(keys.suite)?;
        let wrapped = keys.kek.newest.wrap(owner, id, &secret)?;
        Ok((secret, wrapped))
    }

    /// Opens a wrapped secret. If it needs a version of the KEK that came after these keys were read, they are read again.
    ///
    /// # Errors
    ///
    /// [`VaultError::DoesNotOpen`] if it was altered or made for another owner or id; [`VaultError::UnknownKeyVersion`] if
    /// it needs another key file; those of the token.
    pub fn unwrap_secret(&self, owner: SecretOwner, id: Uuid, wrapped: &[u8]) -> Result<Secret, VaultError> {
        match self.keys().unwrap(owner, id, wrapped) {
            Err(VaultError::UnknownKeyVersion { .. }) if self.refresh()? => self.keys().unwrap(owner, id, wrapped),
            other => other,
        }
    }

    /// A wrapped secret under the newest KEK; `None` if it is under it already.
    ///
    /// # Errors
    ///
    /// As [`Self::unwrap_secret`].
    pub fn wrap_anew(&self, owner: SecretOwner, id: Uuid, wrapped: &[u8]) -> Result<Option<Vec<u8>>, VaultError> {
        let keys = self.keys();
        if wrapping_version(wrapped)? == keys.kek.newest.version() {
            return Ok(None);
        }
        let secret = keys.unwrap(owner, id, wrapped)?;
        keys.kek.newest.wrap(owner, id, &secret).map(Some)
    }

    /// The newest secret under which traces are sealed, whose person may not be known.
    #[must_use]
    pub fn log_secret(&self) -> Arc<Secret> {
        Arc::clone(&self.keys().log.newest)
    }

    /// Keyed tags of something said by a caller, as [`Secret::attempt_tag`] makes them: under the newest log secret, and under each
    /// older one that lives, the oldest last.
    #[must_use]
    pub fn log_tags(&self, said: &[u8]) -> ([u8; 32], Vec<[u8; 32]>) {
        let keys = self.keys();
        let older = keys.log.iter().skip(1).map(|secret| secret.attempt_tag(said));
        (keys.log.newest.attempt_tag(said), older.collect())
    }

    /// Opens what a log secret sealed, whichever version it was, and says which.
    ///
    /// # Errors
    ///
    /// [`VaultError::DoesNotOpen`] if none of them does.
    pub fn open_log(
        &self,
        place: &Place<'_>,
        salt: &[u8; 16],
        ciphertext: &[u8],
    ) -> Result<(u16, Vec<u8>), VaultError> {
        let open = || {
            let keys = self.keys();
            let opened = keys.log.iter().find_map(|secret| {
                let plain = secret.open(place, salt, ciphertext).ok()?;
                Some((secret.version(), plain))
            });
            opened.ok_or(VaultError::DoesNotOpen)
        };
        match open() {
            Err(VaultError::DoesNotOpen) if self.refresh()? => open(),
            other => other,
        }
    }

    /// Sixteen hex digits that name this key file without telling anything of its keys. They are made of its first signing key,
    /// whose public half stays when it is retired: the name is the same for ever.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let first = self.known_signers().pop();
        keys::public_fingerprint(&first.map_or_else(|| self.log_public_key(), |signer| signer.ed25519))
    }
}
