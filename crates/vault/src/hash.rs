//! Hashes of log entries, and the one way in which several fields become one string of bytes.

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

/// Hash of a log entry: SHA-256 over the label and the parts, each after its length in eight bytes.
///
/// The log is SHA-256 in every installation, for that is what verifiers elsewhere read. `label` says what kind of entry
/// it is, so that an entry of one kind is never taken for another. A number or name must never be a part: the possible
/// ones can all be tried. Sealed bytes or [`crate::Secret::content_tag`] may.
#[must_use]
pub fn entry_hash(label: &str, parts: &[&[u8]]) -> [u8; 32] {
    let mut lengths = Vec::with_capacity(parts.len());
    lengths.extend(parts.iter().map(|part| (part.len() as u64).to_be_bytes()));
    let label_length = (label.len() as u64).to_be_bytes();
    let mut pieces: Vec<&[u8]> = Vec::with_capacity(3 + 2 * parts.len());
    pieces.extend([b"chengdang entry 1\0".as_slice(), &label_length, label.as_bytes()]);
    for (length, part) in lengths.iter().zip(parts) {
        pieces.extend([length.as_slice(), part]);
    }
    International.hash(&pieces)
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
