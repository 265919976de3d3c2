//! Signatures of the installation: Ed25519 always, SM2 beside it in an installation with the SM suite.

use domain::Moment;

use crate::suite::{SIGNATURE_BYTES, Sm, Suite};
use crate::{Vault, VaultError};

/// The signatures of one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signatures {
    /// Ed25519 public key and signature (RFC 8032).
    pub ed25519: ([u8; 32], [u8; SIGNATURE_BYTES]),
    /// SM2 public key (uncompressed point) and signature (r and s), with the signer id `1234567812345678` (GB/T 32918.2).
    pub sm2: Option<(Vec<u8>, [u8; SIGNATURE_BYTES])>,
}

/// Public keys of the installation, present or former.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownSigner {
    /// Version.
    pub version: u16,
    /// Ed25519.
    pub ed25519: [u8; 32],
    /// SM2, in an installation with the SM suite.
    pub sm2: Option<Vec<u8>>,
    /// When it was retired: it signed nothing after that. `None` while it is live.
    pub until: Option<Moment>,
}

impl Vault {
    /// Ed25519 signature (RFC 8032) of the installation with the newest signing key; check it with [`crate::verify`].
    ///
    /// A key in a token signs only while the token answers. If it does not, these are zeros, which no key verifies; where
    /// that can happen, [`Self::sign_log`] says so.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; SIGNATURE_BYTES] {
        self.sign_log(message).unwrap_or([0; SIGNATURE_BYTES])
    }

    /// Signature under the log's newest key, Ed25519 in every installation.
    ///
    /// # Errors
    ///
    /// Those of the token, if the key is in one.
    pub fn sign_log(&self, message: &[u8]) -> Result<[u8; SIGNATURE_BYTES], VaultError> {
        self.keys().signers.newest.log.sign(message)
    }

    /// Signature under the log key with this public half, as long as that key is live: while a rotation lasts a checkpoint
    /// bears the old signature and the new one.
    ///
    /// # Errors
    ///
    /// [`VaultError::UnknownSigner`] if no live key has it; those of the token.
    pub fn sign_log_as(&self, public_key: &[u8; 32], message: &[u8]) -> Result<[u8; SIGNATURE_BYTES], VaultError> {
        let keys = self.keys();
        let signer = keys.signers.iter().find(|signer| signer.log_public == *public_key);
        signer.ok_or(VaultError::UnknownSigner)?.log.sign(message)
    }

    /// The public key of [`Self::sign`] and [`Self::sign_log`].
    #[must_use]
    pub fn log_public_key(&self) -> [u8; 32] {
        self.keys().signers.newest.log_public
    }

    /// The same.
    #[must_use]
    pub fn public_key(&self) -> [u8; 32] {
        self.log_public_key()
    }

    /// Signs a document that is given out, such as a receipt.
    ///
    /// # Errors
    ///
    /// Those of the token, if the key is in one.
    pub fn sign_document(&self, message: &[u8]) -> Result<Signatures, VaultError> {
        let keys = self.keys();
        let signer = &keys.signers.newest;
        let sm2 = match &signer.sm2 {
            Some(key) => Some((key.public_key(), key.sign(message)?)),
            None => None,
        };
        Ok(Signatures {
            ed25519: (signer.log_public, signer.log.sign(message)?),
            sm2,
        })
    }

    /// Every public key that this installation signs or has signed with, newest first.
    #[must_use]
    pub fn known_signers(&self) -> Vec<KnownSigner> {
        let keys = self.keys();
        let live = keys.signers.iter().map(|signer| KnownSigner {
            version: signer.version,
            ed25519: signer.log_public,
            sm2: signer.sm2.as_ref().map(|key| key.public_key()),
            until: None,
        });
        let former = keys.former.iter().rev().filter(|former| !former.is_sm2);
        let former = former.filter_map(|former| {
            let sm2 = keys
                .former
                .iter()
                .find(|other| other.is_sm2 && other.version == former.version);
            Some(KnownSigner {
                version: former.version,
                ed25519: former.public.as_slice().try_into().ok()?,
                sm2: sm2.map(|key| key.public.clone()),
                until: Some(former.until),
            })
        });
        live.chain(former).collect()
    }
}

/// Checks an SM2 signature of [`Vault::sign_document`].
///
/// # Errors
///
/// [`VaultError::BadSignature`] if it does not fit message and key.
pub fn verify_sm2(public_key: &[u8], message: &[u8], signature: &[u8; SIGNATURE_BYTES]) -> Result<(), VaultError> {
    Sm.verify(public_key, message, signature)
}
