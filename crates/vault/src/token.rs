//! Keys that never leave a device: what the vault asks of one. The crate `token` answers through PKCS#11.

use std::fmt;

use zeroize::Zeroizing;

use crate::{KeyName, VaultError};

/// The keys that a token holds; index keys and log secrets it only wraps, since they are used in the vault's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKey {
    /// Wraps the secrets of persons, deliveries and accounts: AES-256, GCM.
    Kek,
    /// Signs the log and receipts: Ed25519.
    Signing,
}

impl TokenKey {
    /// The key that `name` stands for in a token.
    pub(crate) const fn of(name: KeyName) -> Self {
        match name {
            KeyName::Signing => Self::Signing,
            KeyName::Kek | KeyName::Index | KeyName::Log => Self::Kek,
        }
    }

    /// Word by which its objects are labelled.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Kek => "kek",
            Self::Signing => "signing",
        }
    }
}

/// A device that holds keys which never leave it. Keys are named by kind and version.
pub trait Token: Send + Sync + fmt::Debug {
    /// Makes a key in the token, not to be extracted.
    ///
    /// # Errors
    ///
    /// [`VaultError::TokenFailed`] if the token refuses.
    fn generate(&self, key: TokenKey, version: u16) -> Result<(), VaultError>;

    /// Destroys every version of a key but those in `live`.
    ///
    /// # Errors
    ///
    /// [`VaultError::TokenFailed`] if the token refuses.
    fn keep_only(&self, key: TokenKey, live: &[u16]) -> Result<(), VaultError>;

    /// Encrypts under a KEK: nonce, ciphertext, tag.
    ///
    /// # Errors
    ///
    /// [`VaultError::NotInToken`] if it lacks the key; [`VaultError::TokenFailed`] if it does not answer.
    fn seal(&self, kek: u16, aad: &[u8], plain: &[u8]) -> Result<Vec<u8>, VaultError>;

    /// Decrypts what [`Self::seal`] made.
    ///
    /// # Errors
    ///
    /// [`VaultError::DoesNotOpen`] if one bit differs; else as [`Self::seal`].
    fn open(&self, kek: u16, aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError>;

    /// Ed25519 signature.
    ///
    /// # Errors
    ///
    /// As [`Self::seal`].
    fn sign(&self, version: u16, message: &[u8]) -> Result<[u8; 64], VaultError>;

    /// The public half of a signing key.
    ///
    /// # Errors
    ///
    /// As [`Self::seal`].
    fn public_key(&self, version: u16) -> Result<[u8; 32], VaultError>;
}
