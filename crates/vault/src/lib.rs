//! The only crate that holds a key or names a cipher.
//!
//! A [`Vault`] comes from a key file. It tags numbers and names for the blind indexes, makes and unwraps the secrets of
//! persons and deliveries, and signs. A [`Secret`] seals bytes for a [`Place`] (table, column, row), where alone they
//! open again. Erasing a thing is erasing its salt and ciphertext; erasing a person is destroying the wrapped secret.
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
mod key_file;
mod salts;
mod secret;
mod staged;
pub mod suite;
mod witness_key;

use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::{IdentityDocument, Name};
use uuid::Uuid;
use zeroize::Zeroizing;

pub use asking::{RequestAlgorithm, digest, verify_code, verify_request};
pub use error::VaultError;
pub use hash::{entry_hash, random_bytes, verify};
pub use index::{BlindTag, Tags};
pub use secret::{Place, SealedBytes, Secret, SecretOwner};
pub use staged::{SEGMENT_BYTES, StagedReader, StagedWriter};
pub use witness_key::WitnessKey;

use hash::first;
use index::IndexKey;
use key_file::KeyFile;
use suite::{SigningKey, Suite};

/// The keys of an installation, in memory, prepared for use. Share it by `Arc`.
pub struct Vault {
    suite: &'static dyn Suite,
    kek: Secret,
    index: Tags<IndexKey>,
    log: Secret,
    signer: Box<dyn SigningKey>,
    index_uses: AtomicU64,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Vault(masked, suite {}, key file {})",
            self.suite.name(),
            self.fingerprint()
        )
    }
}

impl Vault {
    /// Makes a key file with fresh keys, mode 0600, and the directory for it (0700) if there is none.
    ///
    /// # Errors
    ///
    /// [`VaultError::Exists`] if there is a file already; it is left as it is. [`VaultError::UnsafeDirectory`] if everybody
    /// may write to the directory. [`VaultError::Io`] if the system refuses.
    pub fn create(path: &Path) -> Result<(), VaultError> {
        KeyFile::generate()?.create(path)
    }

    /// Reads a key file.
    ///
    /// # Errors
    ///
    /// Refuses a file that group or others have a right on, that another user owns, that lies where everybody may replace
    /// it, that is damaged, or of a version or suite not known here. See [`VaultError::remedy`].
    pub fn open(path: &Path) -> Result<Self, VaultError> {
        Self::prepare(&KeyFile::read(path)?)
    }

    /// A vault that is in no file: what it sealed is lost with it. For tests and trials.
    ///
    /// # Errors
    ///
    /// [`VaultError::Cipher`] if the random source fails.
    pub fn ephemeral() -> Result<Self, VaultError> {
        Self::prepare(&KeyFile::generate()?)
    }

    fn prepare(file: &KeyFile) -> Result<Self, VaultError> {
        let suite = file.suite;
        let mut index = file.index.iter().map(|key| IndexKey::new(suite, key.version, &key.key));
        let current = index.next().ok_or(VaultError::Damaged {
            what: "an index key is missing",
        })?;
        Ok(Self {
            suite,
            kek: Secret::new(suite, file.kek.version, file.kek.key.clone()),
            index: Tags {
                current,
                previous: index.next(),
            },
            log: Secret::new(suite, file.log.version, file.log.key.clone()),
            signer: suite.signing_key(file.signing.key.as_slice())?,
            index_uses: AtomicU64::new(0),
        })
    }

    /// Adds an index key to the key file and keeps the present one, so that both are probed; returns the new version.
    /// Takes effect when the file is opened next. Then every person is tagged anew, and the older key retired.
    ///
    /// # Errors
    ///
    /// [`VaultError::RotationUnfinished`] if two keys are live; else as [`Self::open`] and [`Self::create`].
    pub fn rotate_index_key(path: &Path) -> Result<u16, VaultError> {
        let mut file = KeyFile::read(path)?;
        let version = file.rotate_index()?;
        file.replace(path).map(|()| version)
    }

    /// Removes the older index key from the key file and returns its version. What is tagged with it only is found no more.
    ///
    /// # Errors
    ///
    /// [`VaultError::NothingToRetire`] if one key is live; else as [`Self::open`] and [`Self::create`].
    pub fn retire_index_key(path: &Path) -> Result<u16, VaultError> {
        let mut file = KeyFile::read(path)?;
        let version = file.retire_index()?;
        file.replace(path).map(|()| version)
    }

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
        Tags {
            current: tag(&self.index.current),
            previous: self.index.previous.as_ref().map(tag),
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
        self.index.current.version()
    }

    /// A fresh secret for `owner` `id`, and its wrapped form for the store.
    ///
    /// # Errors
    ///
    /// [`VaultError::Cipher`] if the random source fails.
    pub fn new_secret(&self, owner: SecretOwner, id: Uuid) -> Result<(Secret, Vec<u8>), VaultError> {
        let secret = Secret::random(self.suite)?;
        let wrapped = self.kek.wrap(owner, id, &secret)?;
        Ok((secret, wrapped))
    }

    /// Opens a wrapped secret.
    ///
    /// # Errors
    ///
    /// [`VaultError::DoesNotOpen`] if it was altered or made for another owner or id; [`VaultError::UnknownKeyVersion`] if
    /// it needs another key file.
    pub fn unwrap_secret(&self, owner: SecretOwner, id: Uuid, wrapped: &[u8]) -> Result<Secret, VaultError> {
        self.kek.unwrap(owner, id, wrapped)
    }

    /// The secret under which traces are sealed, whose person may not be known.
    #[must_use]
    pub fn log_secret(&self) -> &Secret {
        &self.log
    }

    /// Ed25519 signature (RFC 8032) of the installation; check it with [`verify`].
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.signer.sign(message)
    }

    /// The public key of [`Self::sign`].
    #[must_use]
    pub fn public_key(&self) -> [u8; 32] {
        self.signer.public_key()
    }

    /// Sixteen hex digits that name this key file without telling anything of its keys; keep it in the database, to
    /// notice at start that key file and database do not belong together.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        hex::encode(first::<8>(&entry_hash("key file", &[&self.public_key()])))
    }
}
