//! The one way in which several fields become one string of bytes.

use crate::VaultError;
use crate::suite::{International, Suite};

/// `label` and `parts`, each after its length in eight bytes: two different lists never give the same bytes.
pub(crate) fn framed(label: &str, parts: &[&[u8]]) -> Vec<u8> {
    let bytes = parts.iter().map(|part| part.len() + 8).sum::<usize>() + label.len() + 8;
    let mut out = Vec::with_capacity(bytes);
    for part in std::iter::once(&label.as_bytes()).chain(parts) {
        out.extend_from_slice(&(part.len() as u64).to_be_bytes());
        out.extend_from_slice(part);
    }
    out
}

/// Checks an Ed25519 signature (RFC 8032) that [`crate::Vault::sign`] made.
///
/// # Errors
///
/// [`VaultError::BadSignature`] if it does not fit message and key.
pub fn verify(public_key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> Result<(), VaultError> {
    International.verify(public_key, message, signature)
}

/// Fresh bytes from the system's random source, for tokens.
///
/// # Errors
///
/// [`VaultError::Cipher`] if the source fails.
pub fn random_bytes<const N: usize>() -> Result<[u8; N], VaultError> {
    let mut out = [0; N];
    International.fill_random(&mut out)?;
    Ok(out)
}

/// The first bytes of a longer string of bytes, such as a code that is cut to half its length.
pub(crate) fn first<const N: usize>(bytes: &[u8]) -> [u8; N] {
    debug_assert!(bytes.len() >= N, "nothing may be padded");
    let mut out = [0; N];
    for (to, from) in out.iter_mut().zip(bytes) {
        *to = *from;
    }
    out
}
