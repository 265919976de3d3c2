//! Who asks: signatures and codes under requests of departments' systems, and what is derived for them.

use subtle::ConstantTimeEq;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::suite::{International, KEY_BYTES, Suite};
use crate::{Vault, VaultError};

/// Algorithm of a public key under which a request is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestAlgorithm {
    /// Ed25519 (RFC 8032; RFC 9421 §3.3.6).
    Ed25519,
    /// SM2 with SM3 (GB/T 32918), signer's id `1234567812345678`.
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
            // An uncompressed point.
            Self::Sm2 => bytes.len() == 65 && bytes.first() == Some(&4),
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
        RequestAlgorithm::Sm2 => Err(VaultError::Unsupported {
            what: "keys of SM2 under requests",
        }),
    }
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
        Zeroizing::new(self.log.labelled_tag(*b"csky", &parts))
    }

    /// What only this installation can say of an officer, a client and an end: the officer's assertion.
    #[must_use]
    pub fn officer_code(&self, account: Uuid, client: Uuid, end: i64) -> [u8; 32] {
        let parts: [&[u8]; 3] = [account.as_bytes(), client.as_bytes(), &end.to_be_bytes()];
        self.log.labelled_tag(*b"ofas", &parts)
    }

    /// Whether `code` is the [`Self::officer_code`].
    #[must_use]
    pub fn is_officer_code(&self, account: Uuid, client: Uuid, end: i64, code: &[u8]) -> bool {
        self.officer_code(account, client, end).as_slice().ct_eq(code).into()
    }

    /// Keyed tag of a staff number, under which a human holds one account. Staff numbers are few enough to be tried one by
    /// one against a plain hash.
    #[must_use]
    pub fn holder_tag(&self, staff_number: &str) -> [u8; 32] {
        self.log.labelled_tag(*b"hold", &[staff_number.as_bytes()])
    }
}
