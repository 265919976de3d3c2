//! The ciphers behind one trait: the international suite and that of the SM algorithms (GB/T 32905, 32907, 32918), chosen
//! when an installation is made. A suite holds no state; keys are lent to it.

use std::fmt;

use zeroize::Zeroizing;

use crate::VaultError;

mod international;
mod sm;

pub use international::International;
pub use sm::Sm;

/// Bytes of every key and seed. A cipher with shorter keys takes the first bytes of a derived one.
pub const KEY_BYTES: usize = 32;
/// Bytes of a nonce (GCM, NIST SP 800-38D §5.2.1.1).
pub const NONCE_BYTES: usize = 12;
/// Bytes by which a ciphertext is longer than its plaintext.
pub const TAG_BYTES: usize = 16;

/// Bytes of a signature: Ed25519 (RFC 8032), or r and s of SM2 (GB/T 32918.2), each of 32 bytes.
pub const SIGNATURE_BYTES: usize = 64;

/// Bytes of a block of SHA-256 and of SM3.
const BLOCK_BYTES: usize = 64;

/// A set of algorithms that is used as a whole.
pub trait Suite: fmt::Debug + Send + Sync {
    /// Name as written in the key file.
    fn name(&self) -> &'static str;

    /// Fills `out` from the system's random source.
    ///
    /// # Errors
    ///
    /// [`VaultError::Cipher`] if the source fails.
    fn fill_random(&self, out: &mut [u8]) -> Result<(), VaultError>;

    /// Encrypts `in_out` in place and appends the tag. A pair of key and nonce must never come twice.
    ///
    /// # Errors
    ///
    /// [`VaultError::Cipher`] if the key has the wrong length.
    fn seal(&self, key: &[u8], nonce: &[u8; NONCE_BYTES], aad: &[u8], in_out: &mut Vec<u8>) -> Result<(), VaultError>;

    /// Decrypts `in_out` in place and cuts off the tag; on an error `in_out` is emptied.
    ///
    /// # Errors
    ///
    /// [`VaultError::DoesNotOpen`] if one bit of key, nonce, `aad` or `in_out` differs from what was sealed.
    fn open(&self, key: &[u8], nonce: &[u8; NONCE_BYTES], aad: &[u8], in_out: &mut Vec<u8>) -> Result<(), VaultError>;

    /// Prepares a key for many message authentication codes (HMAC, RFC 2104).
    fn mac_key(&self, key: &[u8]) -> Box<dyn MacKey>;

    /// Hash of the concatenation of `parts`.
    fn hash(&self, parts: &[&[u8]]) -> [u8; 32];

    /// Prepares a signing key from its seed.
    ///
    /// # Errors
    ///
    /// [`VaultError::Cipher`] if the seed has the wrong length, or is no private key (SM2: one seed in four thousand million).
    fn signing_key(&self, seed: &[u8]) -> Result<Box<dyn SigningKey>, VaultError>;

    /// Checks a signature.
    ///
    /// # Errors
    ///
    /// [`VaultError::BadSignature`] if it does not fit.
    fn verify(&self, public_key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), VaultError>;
}

/// A prepared key for message authentication codes.
pub trait MacKey: Send + Sync {
    /// Code over the concatenation of `parts`; the caller keeps them apart.
    fn mac(&self, parts: &[&[u8]]) -> [u8; 32];
}

/// A prepared signing key.
pub trait SigningKey: Send + Sync {
    /// Signature over `message`.
    ///
    /// # Errors
    ///
    /// [`VaultError::Cipher`] if the cipher library fails; [`VaultError::TokenFailed`] if the key is in a token that does not answer.
    fn sign(&self, message: &[u8]) -> Result<[u8; SIGNATURE_BYTES], VaultError>;
    /// The public key: 32 bytes of Ed25519, or 65 of an uncompressed point of SM2 (GB/T 32918.1 §4.2.9).
    fn public_key(&self) -> Vec<u8>;
}

/// The suites by their names in the key file.
pub const SUITES: [&dyn Suite; 2] = [&International, &Sm];

/// The suite with this name, if there is one.
#[must_use]
pub fn suite_named(name: &str) -> Option<&'static dyn Suite> {
    SUITES.into_iter().find(|suite| suite.name() == name)
}

/// A key as one block of the hash: a longer one is hashed first, a shorter one filled with zeros (RFC 2104 §2).
fn mac_block(suite: &dyn Suite, key: &[u8]) -> Zeroizing<[u8; BLOCK_BYTES]> {
    let mut block = Zeroizing::new([0; BLOCK_BYTES]);
    let hashed = (key.len() > BLOCK_BYTES).then(|| Zeroizing::new(suite.hash(&[key])));
    let key = hashed.as_ref().map_or(key, |hashed| hashed.as_slice());
    for (to, from) in block.iter_mut().zip(key) {
        *to = *from;
    }
    block
}
