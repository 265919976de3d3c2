//! Secrets of persons, deliveries and the log, and what is sealed under them.

use std::fmt;
use std::sync::OnceLock;

use uuid::Uuid;
use zeroize::{Zeroize, Zeroizing};

use crate::VaultError;
use crate::hash::{first, framed};
use crate::salts::{self, SALT_BYTES};
use crate::suite::{KEY_BYTES, MacKey, NONCE_BYTES, Suite, TAG_BYTES};

/// A key on the heap, overwritten when dropped; a move copies the pointer only.
pub(crate) type KeyBytes = Box<Zeroizing<[u8; KEY_BYTES]>>;

/// Every key that seals at a place is derived from a fresh random salt and used for one message, so one nonce serves
/// all (NIST SP 800-38D §8 asks that a pair of key and nonce never comes twice). 2^64 seals of *one* place under *one*
/// secret would be needed before two of the 128-bit salts are likely to meet. Random nonces under one key would give
/// out at 2^32 messages; counters would need a durable state that a restored backup turns back.
const ONLY_NONCE: [u8; NONCE_BYTES] = [0; NONCE_BYTES];

/// Whose secret it is. Bound as AAD, so that a wrapped secret cannot be put in another's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SecretOwner {
    /// A person: all that is recorded about one human. Destroying it erases the person.
    Person,
    /// A delivery: staged, held and pending rows that have no person yet; destroyed when resolved.
    Delivery,
    /// An account: the one-time-code seed and what belongs to the login.
    Account,
    /// A log: traces whose person is not known.
    Log,
}

impl SecretOwner {
    /// Stored in every AAD of a wrapped secret: never renumber.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Person => 1,
            Self::Delivery => 2,
            Self::Account => 3,
            Self::Log => 4,
        }
    }
}

/// Where sealed bytes live. They open nowhere else: table, column, row and the version of the key are AAD and go into
/// the derivation of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// Table.
    pub table: &'a str,
    /// Column.
    pub column: &'a str,
    /// Row, by its public id.
    pub row: Uuid,
}

impl Place<'_> {
    fn context(&self, version: u16) -> Vec<u8> {
        let row = self.row.as_bytes();
        framed(
            "chengdang place 1",
            &[
                self.table.as_bytes(),
                self.column.as_bytes(),
                row,
                &version.to_be_bytes(),
            ],
        )
    }
}

/// What is stored of a sealed thing. Its `Debug` form shows lengths only.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedBytes {
    /// Random salt from which the key is derived. Erasing it erases the thing.
    pub salt: [u8; SALT_BYTES],
    /// Ciphertext and tag: 16 bytes longer than the plaintext.
    pub ciphertext: Vec<u8>,
}

impl fmt::Debug for SealedBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealedBytes({} bytes)", self.ciphertext.len())
    }
}

/// A secret in the clear, in memory only; overwritten when dropped. It has no `Clone`: share it by reference.
pub struct Secret {
    suite: &'static dyn Suite,
    version: u16,
    key: KeyBytes,
    /// The key, prepared when it is used first.
    prepared: OnceLock<Box<dyn MacKey>>,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret(masked, version {})", self.version)
    }
}

impl Secret {
    pub(crate) fn new(suite: &'static dyn Suite, version: u16, key: KeyBytes) -> Self {
        Self {
            suite,
            version,
            key,
            prepared: OnceLock::new(),
        }
    }

    /// A fresh random secret, version 1.
    pub(crate) fn random(suite: &'static dyn Suite) -> Result<Self, VaultError> {
        Ok(Self::new(suite, 1, random_key(suite)?))
    }

    /// Version of this secret; bound as AAD in all that it seals.
    #[must_use]
    pub fn version(&self) -> u16 {
        self.version
    }

    /// Encrypts `plain` for `place` under a key that is used this once.
    ///
    /// # Errors
    ///
    /// [`VaultError::Cipher`] if the random source fails.
    pub fn seal(&self, place: &Place<'_>, plain: &[u8]) -> Result<SealedBytes, VaultError> {
        self.seal_in(&place.context(self.version), plain)
    }

    /// Decrypts what [`Self::seal`] made for the same place. The caller overwrites the plaintext if it is to be kept short.
    ///
    /// # Errors
    ///
    /// [`VaultError::DoesNotOpen`] if a bit was altered, or the bytes belong to another row, column, table or secret.
    pub fn open(&self, place: &Place<'_>, salt: &[u8; SALT_BYTES], ciphertext: &[u8]) -> Result<Vec<u8>, VaultError> {
        self.open_in(&place.context(self.version), salt, ciphertext)
    }

    /// Keyed tag of a fact (item, document number, organ), for the clear column of the store (E12).
    /// Tags of two persons never compare, since each has a key of its own.
    #[must_use]
    pub fn fact_tag(&self, fact: &[u8]) -> i64 {
        i64::from_be_bytes(first(&self.tag(*b"fact", fact)))
    }

    /// Keyed tag of a content: equal for equal contents of one person.
    #[must_use]
    pub fn content_tag(&self, content: &[u8]) -> [u8; 16] {
        first(&self.tag(*b"cont", content))
    }

    /// Keyed tag of something typed by a caller, under which attempts are counted.
    #[must_use]
    pub fn attempt_tag(&self, typed: &[u8]) -> [u8; 32] {
        self.tag(*b"atmt", typed)
    }

    /// Keyed tag of several parts of fixed length, for the use that `what` names.
    pub(crate) fn labelled_tag(&self, what: [u8; 4], parts: &[&[u8]]) -> [u8; 32] {
        let mut all: Vec<&[u8]> = Vec::with_capacity(1 + parts.len());
        all.push(&what);
        all.extend(parts);
        self.mac(&all)
    }

    fn tag(&self, what: [u8; 4], message: &[u8]) -> [u8; 32] {
        self.mac(&[&what, message])
    }

    /// What this secret says of `parts`. The first part has four bytes that name the use, so that no use of the secret is
    /// another's.
    fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        self.prepared
            .get_or_init(|| self.suite.mac_key(self.key.as_slice()))
            .mac(parts)
    }

    pub(crate) fn suite(&self) -> &'static dyn Suite {
        self.suite
    }

    /// The key for `context` and `salt`: HKDF-Expand of RFC 5869 §2.3 for one block. The extract step is left out, as §3.3
    /// allows for a secret that is uniformly random.
    pub(crate) fn derive(&self, context: &[u8], salt: &[u8; SALT_BYTES]) -> Zeroizing<[u8; KEY_BYTES]> {
        Zeroizing::new(self.mac(&[b"seal", salt, context, &[1]]))
    }

    pub(crate) fn seal_in(&self, context: &[u8], plain: &[u8]) -> Result<SealedBytes, VaultError> {
        let salt = salts::next(self.suite)?;
        let key = self.derive(context, &salt);
        // The room for the tag is there from the start: growing would leave a copy of the plaintext behind.
        let mut ciphertext = Vec::with_capacity(plain.len() + TAG_BYTES);
        ciphertext.extend_from_slice(plain);
        if let Err(error) = self.suite.seal(key.as_slice(), &ONLY_NONCE, context, &mut ciphertext) {
            ciphertext.zeroize();
            return Err(error);
        }
        Ok(SealedBytes { salt, ciphertext })
    }

    pub(crate) fn open_in(
        &self,
        context: &[u8],
        salt: &[u8; SALT_BYTES],
        ciphertext: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        let key = self.derive(context, salt);
        let mut plain = ciphertext.to_vec();
        self.suite.open(key.as_slice(), &ONLY_NONCE, context, &mut plain)?;
        Ok(plain)
    }

    pub(crate) fn key(&self) -> &[u8] {
        self.key.as_slice()
    }
}

/// A fresh key.
pub(crate) fn random_key(suite: &dyn Suite) -> Result<KeyBytes, VaultError> {
    let mut key = KeyBytes::default();
    suite.fill_random(key.as_mut_slice())?;
    Ok(key)
}

/// A prepared key for the use that `label` names: HKDF-Expand of RFC 5869 §2.3 for one block, HMAC(key, label, 0x01).
/// The extract step may be left out for a key that is uniformly random (§3.3).
pub(crate) fn labelled_mac(suite: &dyn Suite, key: &[u8; KEY_BYTES], label: &str) -> Box<dyn MacKey> {
    let derived = Zeroizing::new(suite.mac_key(key).mac(&[label.as_bytes(), &[1]]));
    suite.mac_key(derived.as_slice())
}
