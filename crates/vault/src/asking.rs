//! Who asks: signatures and codes under requests of departments' systems, and what is derived for them.

use sm2::dsa::signature::Verifier;
use sm2::dsa::{Signature, VerifyingKey};
use subtle::ConstantTimeEq;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::suite::{International, KEY_BYTES, Suite};
use crate::{Vault, VaultError};

/// The signer's id where none was agreed (GM/T 0009-2012 §10).
const SIGNER_ID: &str = "1234567812345678";

/// Algorithm of a public key under which a request is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestAlgorithm {
    /// Ed25519 (RFC 8032; RFC 9421 §3.3.6).
    Ed25519,
    /// SM2 with SM3 (GB/T 32918), signer's id `1234567812345678`; r and s of 32 bytes each, one after the other.
    Sm2,
}

impl RequestAlgorithm {
    /// Whether these bytes can be a public key of the algorithm.
    #[must_use]
    pub fn is_public_key(self, bytes: &[u8]) -> bool {
        match self {
            // RFC 8032 §5.1.2: 32 bytes. Whether they are a point shows when a signature is checked; points of small order,
            // under which anybody can sign, are refused here.
            Self::Ed25519 => bytes.len() == 32 && !is_of_small_order(bytes),
            // An uncompressed point, and one of the curve.
            Self::Sm2 => bytes.len() == 65 && VerifyingKey::from_sec1_bytes(SIGNER_ID, bytes).is_ok(),
        }
    }
}

/// Whether an Ed25519 public key is one of the points of order 1, 2, 4 or 8 or of their non-canonical forms.
fn is_of_small_order(key: &[u8]) -> bool {
    const ORDER_8: [&str; 2] = [
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    ];
    let mut folded = key.to_vec();
    if let Some(last) = folded.last_mut() {
        *last &= 0x7f;
    }
    // y = 0, 1, p − 1, p, p + 1, and the two of order 8; the sign bit is folded away.
    let small = |first: u8, rest: u8, last: u8| {
        folded.first() == Some(&first)
            && folded.last() == Some(&last)
            && folded.iter().skip(1).take(30).all(|byte| *byte == rest)
    };
    small(0, 0, 0)
        || small(1, 0, 0)
        || small(0xec, 0xff, 0x7f)
        || small(0xed, 0xff, 0x7f)
        || small(0xee, 0xff, 0x7f)
        || ORDER_8.contains(&hex::encode(&folded).as_str())
}

/// Checks the signature of a request.
///
/// # Errors
///
/// [`VaultError::BadSignature`] if it does not fit key and message.
pub fn verify_request(
    algorithm: RequestAlgorithm,
    public_key: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), VaultError> {
    match algorithm {
        RequestAlgorithm::Ed25519 => International.verify(public_key, message, signature),
        RequestAlgorithm::Sm2 => verify_sm2(public_key, message, signature),
    }
}

/// SM2 with SM3: r and s of 32 bytes each, one after the other.
fn verify_sm2(public_key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), VaultError> {
    let key = VerifyingKey::from_sec1_bytes(SIGNER_ID, public_key).map_err(|_| VaultError::BadSignature)?;
    let signature = Signature::from_slice(signature).map_err(|_| VaultError::BadSignature)?;
    key.verify(message, &signature).map_err(|_| VaultError::BadSignature)
}

/// Checks an HMAC with SHA-256 (RFC 9421 §3.3.3), in a time that does not tell where it differs.
///
/// # Errors
///
/// [`VaultError::BadSignature`] if it does not fit key and message.
pub fn verify_code(key: &[u8], message: &[u8], code: &[u8]) -> Result<(), VaultError> {
    let expected = International.mac_key(key).mac(&[message]);
    if bool::from(expected.as_slice().ct_eq(code)) {
        Ok(())
    } else {
        Err(VaultError::BadSignature)
    }
}

/// SHA-256 (FIPS 180-4) of the concatenation of `parts`: the digest of a body (RFC 9530), the hash of a nonce.
#[must_use]
pub fn digest(parts: &[&[u8]]) -> [u8; 32] {
    International.hash(parts)
}

impl Vault {
    /// The key of a client's session. It is derived anew each time and kept nowhere; another session, key or end gives
    /// another one.
    #[must_use]
    pub fn client_session_key(&self, session: Uuid, client_key: Uuid, end: i64) -> Zeroizing<[u8; KEY_BYTES]> {
        let parts: [&[u8]; 3] = [session.as_bytes(), client_key.as_bytes(), &end.to_be_bytes()];
        Zeroizing::new(self.log_secret().labelled_tag(*b"csky", &parts))
    }

    /// What only this installation can say of an officer, a client and an end: the officer's assertion.
    #[must_use]
    pub fn officer_code(&self, account: Uuid, client: Uuid, end: i64) -> [u8; 32] {
        let parts: [&[u8]; 3] = [account.as_bytes(), client.as_bytes(), &end.to_be_bytes()];
        self.log_secret().labelled_tag(*b"ofas", &parts)
    }

    /// Whether `code` is the [`Self::officer_code`].
    #[must_use]
    pub fn is_officer_code(&self, account: Uuid, client: Uuid, end: i64, code: &[u8]) -> bool {
        self.officer_code(account, client, end).as_slice().ct_eq(code).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with OpenSSL 3: `pkeyutl -sign -rawin -digest sm3 -pkeyopt distid:1234567812345678`, the DER written as r and s.
    #[test]
    fn a_signature_of_openssl_under_sm2_is_taken() {
        let message = b"\"@method\": GET\n\"@signature-params\": (\"@method\")";
        let key = hex::decode(
            "047aaa70f77218b64a6237e5dc1a24d4408f9310c78f8e14b0da9c2232d1d3dd\
             58aa884233d7dc6b9b65b98e3f84953e2c83b68247e9522e9c98ca9fcc802f74a7",
        )
        .unwrap();
        let signature = hex::decode(
            "3c7eac098920a416489baaf379413252f740d426144bbb0b6e955382b66a1f96\
             4577c7f49e289bc2ba1db84a3df722619b4fd0c95da418ad613a6e99815e8f06",
        )
        .unwrap();
        assert!(RequestAlgorithm::Sm2.is_public_key(&key));
        verify_request(RequestAlgorithm::Sm2, &key, message, &signature).unwrap();
        for place in 0..64 {
            let mut altered = signature.clone();
            altered[place] ^= 1;
            assert!(
                verify_request(RequestAlgorithm::Sm2, &key, message, &altered).is_err(),
                "byte {place}"
            );
        }
        assert!(verify_request(RequestAlgorithm::Sm2, &key, b"another message", &signature).is_err());
        let mut off_curve = key.clone();
        off_curve[64] ^= 1;
        assert!(!RequestAlgorithm::Sm2.is_public_key(&off_curve));
        assert!(verify_request(RequestAlgorithm::Sm2, &off_curve, message, &signature).is_err());
    }

    /// Under a key of small order anybody can sign: RFC 8032 lets a verifier refuse it, and registration does.
    #[test]
    fn a_key_under_which_anybody_can_sign_is_none() {
        for small in [
            "0000000000000000000000000000000000000000000000000000000000000000",
            "0100000000000000000000000000000000000000000000000000000000000000",
            "0100000000000000000000000000000000000000000000000000000000000080",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        ] {
            assert!(
                !RequestAlgorithm::Ed25519.is_public_key(&hex::decode(small).unwrap()),
                "{small}"
            );
        }
        let vault = Vault::ephemeral().unwrap();
        assert!(RequestAlgorithm::Ed25519.is_public_key(&vault.public_key()));
        assert!(!RequestAlgorithm::Ed25519.is_public_key(&[7; 31]));
    }

    /// Every part counts: another session, key, officer, system or end has another code.
    #[test]
    fn what_is_derived_depends_on_every_part() {
        let vault = Vault::ephemeral().unwrap();
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let key = |session, key, end| *vault.client_session_key(session, key, end);
        let all = [key(one, two, 5), key(two, one, 5), key(one, one, 5), key(one, two, 6)];
        let code = vault.officer_code(one, two, 5);
        assert!(vault.is_officer_code(one, two, 5, &code));
        for (account, client, end) in [(two, one, 5), (one, one, 5), (one, two, 6)] {
            assert!(!vault.is_officer_code(account, client, end, &code));
        }
        assert!(!vault.is_officer_code(one, two, 5, &code[1..]));
        let distinct: std::collections::BTreeSet<_> = all.iter().chain([&code]).collect();
        assert_eq!(distinct.len(), 5);
    }
}
