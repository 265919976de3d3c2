//! SM4 in GCM (RFC 8998), SM3, and SM2 signatures, by the crates of `RustCrypto`.

use aes_gcm::AesGcm;
use aes_gcm::aead::AeadInOut;
use aes_gcm::aead::consts::U12;
use hmac::digest::Digest;
use hmac::{Hmac, KeyInit, Mac};
use sm2::dsa::signature::{Signer, Verifier};
use sm2::dsa::{Signature, VerifyingKey};
use sm3::Sm3;
use sm4::Sm4;

use super::{International, KEY_BYTES, MacKey, NONCE_BYTES, SIGNATURE_BYTES, SigningKey, Suite, mac_block};
use crate::VaultError;

/// Bytes of a key of SM4; those of a longer, derived key that come first.
const SM4_KEY_BYTES: usize = 16;
/// The signer's id where parties agreed on none (GM/T 0009-2012 §10), which foreign verifiers take for granted.
const SIGNER_ID: &str = "1234567812345678";

type Sm4Gcm = AesGcm<Sm4, U12>;

/// SM4-GCM, HMAC with SM3 (which derives keys, too), SM2 with SM3.
#[derive(Debug, Clone, Copy)]
pub struct Sm;

impl Suite for Sm {
    fn name(&self) -> &'static str {
        "sm4gcm-sm3-sm2"
    }

    fn fill_random(&self, out: &mut [u8]) -> Result<(), VaultError> {
        // The system's source is the same whatever the ciphers.
        International.fill_random(out)
    }

    fn seal(&self, key: &[u8], nonce: &[u8; NONCE_BYTES], aad: &[u8], in_out: &mut Vec<u8>) -> Result<(), VaultError> {
        gcm(key)?
            .encrypt_in_place(&(*nonce).into(), aad, in_out)
            .map_err(|_| VaultError::Cipher { what: "sealing" })
    }

    fn open(&self, key: &[u8], nonce: &[u8; NONCE_BYTES], aad: &[u8], in_out: &mut Vec<u8>) -> Result<(), VaultError> {
        let opened = gcm(key)?.decrypt_in_place(&(*nonce).into(), aad, in_out);
        opened.map_err(|_| {
            in_out.clear();
            VaultError::DoesNotOpen
        })
    }

    fn mac_key(&self, key: &[u8]) -> Box<dyn MacKey> {
        Box::new(HmacSm3(Hmac::new(&(*mac_block(self, key)).into())))
    }

    fn hash(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut hasher = Sm3::new();
        for part in parts {
            hasher.update(part);
        }
        hasher.finalize().into()
    }

    fn signing_key(&self, seed: &[u8]) -> Result<Box<dyn SigningKey>, VaultError> {
        let key = sm2::dsa::SigningKey::from_slice(SIGNER_ID, seed);
        key.map(|key| Box::new(Sm2(key)) as Box<dyn SigningKey>)
            .map_err(|_| VaultError::Cipher {
                what: "preparation of the signing key",
            })
    }

    fn verify(&self, public_key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), VaultError> {
        let key = VerifyingKey::from_sec1_bytes(SIGNER_ID, public_key).map_err(|_| VaultError::BadSignature)?;
        let signature = Signature::from_slice(signature).map_err(|_| VaultError::BadSignature)?;
        key.verify(message, &signature).map_err(|_| VaultError::BadSignature)
    }
}

fn gcm(key: &[u8]) -> Result<Sm4Gcm, VaultError> {
    let key = key
        .first_chunk::<SM4_KEY_BYTES>()
        .filter(|_| matches!(key.len(), SM4_KEY_BYTES | KEY_BYTES));
    key.map(|key| Sm4Gcm::new(key.into())).ok_or(VaultError::Cipher {
        what: "length of a key",
    })
}

/// The two pads are hashed once, when the key is prepared.
struct HmacSm3(Hmac<Sm3>);

impl MacKey for HmacSm3 {
    fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut code = self.0.clone();
        for part in parts {
            code.update(part);
        }
        code.finalize().into_bytes().into()
    }
}

struct Sm2(sm2::dsa::SigningKey);

impl SigningKey for Sm2 {
    fn sign(&self, message: &[u8]) -> Result<[u8; SIGNATURE_BYTES], VaultError> {
        let signature = self.0.try_sign(message);
        signature
            .map(|signature| signature.to_bytes().into())
            .map_err(|_| VaultError::Cipher { what: "signing" })
    }
    fn public_key(&self) -> Vec<u8> {
        // With coordinates, not compressed: what OpenSSL and Chinese modules expect.
        self.0.verifying_key().to_sec1_bytes().into_vec()
    }
}
