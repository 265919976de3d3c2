//! The hash by which the log knows an entry.

use sha2::{Digest, Sha256};

use crate::Hash;

/// Hash of a log entry: SHA-256 over the label and the parts, each after its length in eight bytes.
///
/// The log is SHA-256 in every installation, for that is what verifiers elsewhere read. `label` says what kind of entry
/// it is, so that an entry of one kind is never taken for another. A number or name must never be a part: the possible
/// ones can all be tried. Sealed bytes, a keyed tag, or what stands beside a random nonce may.
#[must_use]
pub fn entry_hash(label: &str, parts: &[&[u8]]) -> Hash {
    let mut hash = Sha256::new_with_prefix(b"chengdang entry 1\0");
    for part in std::iter::once(&label.as_bytes()).chain(parts) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}
