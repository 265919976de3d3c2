//! The key-encryption key: it wraps the secrets that the store keeps, in memory or in a token.

use std::sync::Arc;

use uuid::Uuid;
use zeroize::Zeroizing;

use crate::hash::framed;
use crate::salts::SALT_BYTES;
use crate::secret::{KeyBytes, Secret, SecretOwner};
use crate::suite::Suite;
use crate::token::Token;
use crate::{KeyName, VaultError};

/// First byte of a secret that a KEK in memory wrapped: salt and ciphertext follow.
const WRAPPED_HERE: u8 = 1;
/// First byte of a secret that a token wrapped: nonce and ciphertext follow.
const WRAPPED_BY_TOKEN: u8 = 2;

/// One version of the KEK.
pub(crate) enum Kek {
    Here(Secret),
    InToken { version: u16, token: Arc<dyn Token> },
}

impl Kek {
    pub(crate) fn version(&self) -> u16 {
        match self {
            Self::Here(secret) => secret.version(),
            Self::InToken { version, .. } => *version,
        }
    }

    /// Wraps a secret: format, version of the KEK, version of the secret, sealed bytes. The store reads the version of the
    /// KEK, to find what a rotation has left to do.
    pub(crate) fn wrap(&self, owner: SecretOwner, id: Uuid, inner: &Secret) -> Result<Vec<u8>, VaultError> {
        let context = self.context(owner, id, inner.version());
        let (format, salt, sealed) = match self {
            Self::Here(kek) => {
                let sealed = kek.seal_in(&context, inner.key())?;
                (WRAPPED_HERE, sealed.salt.to_vec(), sealed.ciphertext)
            }
            Self::InToken { version, token } => (
                WRAPPED_BY_TOKEN,
                Vec::new(),
                token.seal(*version, &context, inner.key())?,
            ),
        };
        let mut out = Vec::with_capacity(5 + salt.len() + sealed.len());
        out.push(format);
        out.extend_from_slice(&self.version().to_be_bytes());
        out.extend_from_slice(&inner.version().to_be_bytes());
        out.extend_from_slice(&salt);
        out.extend_from_slice(&sealed);
        Ok(out)
    }

    /// Opens what [`Self::wrap`] made for the same owner.
    pub(crate) fn unwrap(
        &self,
        suite: &'static dyn Suite,
        owner: SecretOwner,
        id: Uuid,
        wrapped: &[u8],
    ) -> Result<Secret, VaultError> {
        let Some((&[format, _, _, high, low], rest)) = wrapped.split_first_chunk::<5>() else {
            return Err(VaultError::DoesNotOpen);
        };
        let version = u16::from_be_bytes([high, low]);
        let context = self.context(owner, id, version);
        let plain = match (self, format) {
            (Self::Here(kek), WRAPPED_HERE) => {
                let (salt, ciphertext) = rest.split_first_chunk::<SALT_BYTES>().ok_or(VaultError::DoesNotOpen)?;
                Zeroizing::new(kek.open_in(&context, salt, ciphertext)?)
            }
            (Self::InToken { version, token }, WRAPPED_BY_TOKEN) => token.open(*version, &context, rest)?,
            // Wrapped by a token, and the KEK is in the key file now, or the other way round.
            _ => return Err(VaultError::DoesNotOpen),
        };
        Ok(Secret::new(suite, version, key_bytes(&plain)?))
    }

    fn context(&self, owner: SecretOwner, id: Uuid, version: u16) -> Vec<u8> {
        let versions = [self.version().to_be_bytes(), version.to_be_bytes()].concat();
        framed("chengdang wrap 1", &[&[owner.code()], id.as_bytes(), &versions])
    }
}

/// Version of the KEK that a wrapped secret needs.
pub(crate) fn wrapping_version(wrapped: &[u8]) -> Result<u16, VaultError> {
    match wrapped.first_chunk::<3>() {
        Some(&[WRAPPED_HERE | WRAPPED_BY_TOKEN, high, low]) => Ok(u16::from_be_bytes([high, low])),
        _ => Err(VaultError::DoesNotOpen),
    }
}

/// Wraps a key of the key file: the version of the KEK, then what the token sealed.
pub(crate) fn wrap_key(
    token: &dyn Token,
    kek: u16,
    name: KeyName,
    version: u16,
    key: &KeyBytes,
) -> Result<Vec<u8>, VaultError> {
    let sealed = token.seal(kek, &key_context(name, version), key.as_slice())?;
    Ok([kek.to_be_bytes().as_slice(), &sealed].concat())
}

/// Opens what [`wrap_key`] made.
pub(crate) fn unwrap_key(
    token: &dyn Token,
    name: KeyName,
    version: u16,
    wrapped: &[u8],
) -> Result<KeyBytes, VaultError> {
    let (kek, sealed) = wrapped.split_first_chunk::<2>().ok_or(VaultError::DoesNotOpen)?;
    let plain = token.open(u16::from_be_bytes(*kek), &key_context(name, version), sealed)?;
    key_bytes(&plain)
}

fn key_context(name: KeyName, version: u16) -> Vec<u8> {
    framed(
        "chengdang key file 1",
        &[name.as_str().as_bytes(), &version.to_be_bytes()],
    )
}

fn key_bytes(plain: &[u8]) -> Result<KeyBytes, VaultError> {
    let mut key = KeyBytes::default();
    if plain.len() != key.len() {
        return Err(VaultError::DoesNotOpen);
    }
    key.copy_from_slice(plain);
    Ok(key)
}
