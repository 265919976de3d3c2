//! AES-256-GCM, SHA-256 and Ed25519, by aws-lc-rs.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use aws_lc_rs::{digest, rand};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{MacKey, NONCE_BYTES, SIGNATURE_BYTES, SigningKey, Suite, mac_block};
use crate::VaultError;
use crate::hash::first;

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
        Box::new(HmacSha256(Hmac::new(&(*mac_block(self, key)).into())))
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
    fn sign(&self, message: &[u8]) -> Result<[u8; SIGNATURE_BYTES], VaultError> {
        Ok(first(self.0.sign(message).as_ref()))
    }
    fn public_key(&self) -> Vec<u8> {
        self.0.public_key().as_ref().to_vec()
    }
}
