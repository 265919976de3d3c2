//! The key of a witness of logs: one Ed25519 key in a file of its own, which opens nothing and belongs to no installation.

use std::fmt;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::VaultError;
use crate::hash::first;
use crate::key_file::{check_of, create, decode, read_private};
use crate::secret::random_key;
use crate::suite::{International, SigningKey, Suite};

/// Line one; the number is the version of the format.
const TITLE: &str = "chengdang witness key, version 1";
const NOTE: &str = "# SECRET. With this key a witness says what it saw of logs. Who reads it can say so in its name;\n\
    # if it is lost, or what lies beside it, begin again with another key: never go on with an old copy of the folder.\n";

/// A witness's key.
pub struct WitnessKey(Box<dyn SigningKey>);

impl fmt::Debug for WitnessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WitnessKey(masked)")
    }
}

impl WitnessKey {
    /// Makes a file with a fresh key, mode 0600, and the directory for it (0700) if there is none.
    ///
    /// # Errors
    ///
    /// As [`crate::Vault::create`].
    pub fn create(path: &Path) -> Result<(), VaultError> {
        let key = random_key(&International)?;
        let encoded = Zeroizing::new(STANDARD.encode(key.as_slice()));
        let body = Zeroizing::new(format!("{TITLE}\n{NOTE}signing-key 1 {}\n", *encoded));
        let text = Zeroizing::new(format!("{}check {}\n", *body, check_of(&body)));
        create(path, &text)
    }

    /// Reads a file, under the same conditions as [`crate::Vault::open`].
    ///
    /// # Errors
    ///
    /// As [`crate::Vault::open`].
    pub fn open(path: &Path) -> Result<Self, VaultError> {
        let (bytes, _) = read_private(path)?;
        let damaged = |what| VaultError::Damaged { what };
        let text = std::str::from_utf8(&bytes).map_err(|_| damaged("it is not text"))?;
        let (body, check) = text
            .rsplit_once("check ")
            .ok_or_else(|| damaged("its check line is missing"))?;
        if check.strip_suffix('\n') != Some(check_of(body).as_str()) {
            return Err(damaged("its check line does not fit"));
        }
        let mut lines = body.lines().filter(|line| !line.starts_with('#'));
        let key = match (lines.next(), lines.next(), lines.next()) {
            (Some(TITLE), Some(line), None) => line.strip_prefix("signing-key 1 "),
            _ => None,
        };
        let key = decode(key.ok_or_else(|| damaged("it is not the key file of a witness"))?)?;
        International.signing_key(key.as_slice()).map(Self)
    }

    /// Ed25519 signature (RFC 8032). Zeros, which no key verifies, if the cipher library fails.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).unwrap_or([0; 64])
    }

    /// The public key of [`Self::sign`].
    #[must_use]
    pub fn public_key(&self) -> [u8; 32] {
        first(&self.0.public_key())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_witness_key_is_made_once_and_read_by_its_owner_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("witness/key");
        WitnessKey::create(&path).unwrap();
        let key = WitnessKey::open(&path).unwrap();
        crate::verify(&key.public_key(), b"seen", &key.sign(b"seen")).unwrap();
        assert!(matches!(WitnessKey::create(&path), Err(VaultError::Exists { .. })));
        assert_eq!(WitnessKey::open(&path).unwrap().public_key(), key.public_key());

        let text = fs::read(&path).unwrap();
        for at in 0..text.len() {
            let mut changed = text.clone();
            changed[at] ^= 1;
            fs::write(&path, &changed).unwrap();
            assert!(WitnessKey::open(&path).is_err(), "byte {at}");
        }
        fs::write(&path, &text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(WitnessKey::open(&path), Err(VaultError::OpenToOthers { .. })));
    }
}
