//! The ciphers behind one trait, so that a suite of SM algorithms (GB/T 32905, 32907, 32918) can stand beside the
//! international one. A suite holds no state; keys are lent to it.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use aws_lc_rs::{digest, rand};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::VaultError;
use crate::hash::first;

/// Bytes of every key and seed. A cipher with shorter keys takes the first bytes of a derived one.
pub const KEY_BYTES: usize = 32;
/// Bytes of a nonce (GCM, NIST SP 800-38D §5.2.1.1).
pub const NONCE_BYTES: usize = 12;
/// Bytes by which a ciphertext is longer than its plaintext.
pub const TAG_BYTES: usize = 16;

/// Bytes of a block of SHA-256.
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
    /// [`VaultError::Cipher`] if the seed has the wrong length.
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
    fn sign(&self, message: &[u8]) -> [u8; 64];
    /// The public key.
    fn public_key(&self) -> [u8; 32];
}

/// AES-256-GCM, HMAC with SHA-256 (which derives keys, too), Ed25519.
#[derive(Debug, Clone, Copy)]
pub struct International;

impl Suite for International {
    fn name(&self) -> &'static str {
        "aes256gcm-sha256-ed25519"
    }

    fn fill_random(&self, out: &mut [u8]) -> Result<(), VaultError> {
        rand::fill(out).map_err(|_| VaultError::Cipher { what: "random bytes" })
    }

    fn seal(&self, key: &[u8], nonce: &[u8; NONCE_BYTES], aad: &[u8], in_out: &mut Vec<u8>) -> Result<(), VaultError> {
        let key = gcm_key(key)?;
        key.seal_in_place_append_tag(Nonce::from(nonce), Aad::from(aad), in_out)
            .map_err(|_| VaultError::Cipher { what: "sealing" })
    }

    fn open(&self, key: &[u8], nonce: &[u8; NONCE_BYTES], aad: &[u8], in_out: &mut Vec<u8>) -> Result<(), VaultError> {
        let key = gcm_key(key)?;
        let opened = key
            .open_in_place(Nonce::from(nonce), Aad::from(aad), in_out)
            .map(|plain| plain.len());
        in_out.truncate(opened.unwrap_or(0));
        opened.map(|_| ()).map_err(|_| VaultError::DoesNotOpen)
    }

    fn mac_key(&self, key: &[u8]) -> Box<dyn MacKey> {
        // A longer key is hashed first, a shorter one filled with zeros (RFC 2104 §2).
        let mut block = Zeroizing::new([0; BLOCK_BYTES]);
        let hashed = (key.len() > BLOCK_BYTES).then(|| Zeroizing::new(self.hash(&[key])));
        let key = hashed.as_ref().map_or(key, |hashed| hashed.as_slice());
        for (to, from) in block.iter_mut().zip(key) {
            *to = *from;
        }
        Box::new(HmacSha256(Hmac::new(&(*block).into())))
    }

    fn hash(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = digest::Context::new(&digest::SHA256);
        for part in parts {
            context.update(part);
        }
        first(context.finish().as_ref())
    }

    fn signing_key(&self, seed: &[u8]) -> Result<Box<dyn SigningKey>, VaultError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed);
        pair.map(|pair| Box::new(Ed25519(pair)) as Box<dyn SigningKey>)
            .map_err(|_| VaultError::Cipher {
                what: "preparation of the signing key",
            })
    }

    fn verify(&self, public_key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), VaultError> {
        UnparsedPublicKey::new(&ED25519, public_key)
            .verify(message, signature)
            .map_err(|_| VaultError::BadSignature)
    }
}

fn gcm_key(key: &[u8]) -> Result<LessSafeKey, VaultError> {
    UnboundKey::new(&AES_256_GCM, key)
        .map(LessSafeKey::new)
        .map_err(|_| VaultError::Cipher {
            what: "length of a key",
        })
}

/// The two pads are hashed once, when the key is prepared.
struct HmacSha256(Hmac<Sha256>);

impl MacKey for HmacSha256 {
    fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut code = self.0.clone();
        for part in parts {
            code.update(part);
        }
        code.finalize().into_bytes().into()
    }
}

struct Ed25519(Ed25519KeyPair);

impl SigningKey for Ed25519 {
    fn sign(&self, message: &[u8]) -> [u8; 64] {
        first(self.0.sign(message).as_ref())
    }
    fn public_key(&self) -> [u8; 32] {
        first(self.0.public_key().as_ref())
    }
}

/// The suite with this name, if there is one.
pub(crate) fn suite_named(name: &str) -> Option<&'static dyn Suite> {
    (name == International.name()).then_some(&International as &'static dyn Suite)
}
