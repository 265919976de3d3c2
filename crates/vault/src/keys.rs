//! The keys of an installation in memory, prepared for use, as one state of the key file gives them.

use std::sync::Arc;

use uuid::Uuid;

use crate::hash::{first, framed};
use crate::index::{IndexKey, Tags};
use crate::kek::{Kek, unwrap_key, wrapping_version};
use crate::key_file::{Former, KeyFile, Material, Stamp, Versioned};
use crate::secret::{KeyBytes, Secret, SecretOwner, labelled_mac};
use crate::suite::{International, SIGNATURE_BYTES, SigningKey, Sm, Suite};
use crate::token::Token;
use crate::{KeyLine, KeyName, VaultError};

pub(crate) struct Keys {
    pub(crate) suite: &'static dyn Suite,
    pub(crate) kek: Versions<Kek>,
    pub(crate) index: Tags<IndexKey>,
    pub(crate) log: Versions<Arc<Secret>>,
    pub(crate) signers: Versions<Signer>,
    pub(crate) former: Vec<Former>,
    /// What `keys show` prints.
    pub(crate) lines: Vec<KeyLine>,
    /// The state of the file that they were read from.
    pub(crate) stamp: Option<Stamp>,
}

/// The versions of a key: the newest is written with, the older ones open and verify.
pub(crate) struct Versions<T> {
    pub(crate) newest: T,
    pub(crate) older: Vec<T>,
}

impl<T> Versions<T> {
    /// `None` if there is no version at all.
    fn of(versions: Vec<T>) -> Option<Self> {
        let mut versions = versions.into_iter();
        Some(Self {
            newest: versions.next()?,
            older: versions.collect(),
        })
    }

    /// Newest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        std::iter::once(&self.newest).chain(&self.older)
    }
}

/// One version of the signing keys.
pub(crate) struct Signer {
    pub(crate) version: u16,
    /// Ed25519: the log is Ed25519 in every installation, for that is what verifiers elsewhere read.
    pub(crate) log: Box<dyn SigningKey>,
    pub(crate) log_public: [u8; 32],
    /// SM2, in an installation with the SM suite.
    pub(crate) sm2: Option<Box<dyn SigningKey>>,
}

impl Keys {
    pub(crate) fn prepare(
        file: KeyFile,
        token: Option<&Arc<dyn Token>>,
        stamp: Option<Stamp>,
    ) -> Result<Self, VaultError> {
        if file.needs_token() && token.is_none() {
            return Err(VaultError::NeedsToken);
        }
        let suite = file.suite;
        let mut lines = Vec::new();
        let mut kek = Vec::new();
        for key in file.kek {
            lines.push(line(suite, KeyName::Kek, &key, None));
            kek.push(match key.material {
                Material::Here(bytes) => Kek::Here(Secret::new(suite, key.version, bytes)),
                Material::InToken | Material::Wrapped(_) => Kek::InToken {
                    version: key.version,
                    token: Arc::clone(token.ok_or(VaultError::NeedsToken)?),
                },
            });
        }
        let mut index = Vec::new();
        for key in file.index {
            let bytes = plain(KeyName::Index, &key, token)?;
            lines.push(line(suite, KeyName::Index, &key, Some(&bytes)));
            index.push(IndexKey::new(suite, key.version, &bytes));
        }
        let mut log = Vec::new();
        for key in file.log {
            let bytes = plain(KeyName::Log, &key, token)?;
            lines.push(line(suite, KeyName::Log, &key, Some(&bytes)));
            log.push(Arc::new(Secret::new(suite, key.version, bytes)));
        }
        let mut signers = Vec::new();
        let mut sm2 = file.sm2.into_iter();
        for key in file.signing {
            let signer = signer(&key, sm2.next(), token)?;
            let mut line = line(suite, KeyName::Signing, &key, None);
            line.fingerprint = Some(public_fingerprint(&signer.log_public));
            line.public = Some(hex::encode(signer.log_public));
            line.public_sm2 = signer.sm2.as_ref().map(|key| hex::encode(key.public_key()));
            lines.push(line);
            signers.push(signer);
        }
        let index = Versions::of(index).ok_or(MISSING)?;
        Ok(Self {
            suite,
            kek: Versions::of(kek).ok_or(MISSING)?,
            index: Tags {
                current: index.newest,
                previous: index.older.into_iter().next(),
            },
            log: Versions::of(log).ok_or(MISSING)?,
            signers: Versions::of(signers).ok_or(MISSING)?,
            former: file.former,
            lines,
            stamp,
        })
    }

    pub(crate) fn unwrap(&self, owner: SecretOwner, id: Uuid, wrapped: &[u8]) -> Result<Secret, VaultError> {
        let version = wrapping_version(wrapped)?;
        let kek = self.kek.iter().find(|kek| kek.version() == version);
        let kek = kek.ok_or(VaultError::UnknownKeyVersion { version })?;
        kek.unwrap(self.suite, owner, id, wrapped)
    }
}

/// A key file has at least one version of each key: it is checked when it is read.
const MISSING: VaultError = VaultError::Damaged {
    what: "a key is missing",
};

fn plain(name: KeyName, key: &Versioned, token: Option<&Arc<dyn Token>>) -> Result<KeyBytes, VaultError> {
    match &key.material {
        Material::Here(bytes) => Ok(bytes.clone()),
        Material::Wrapped(wrapped) => {
            let token = token.ok_or(VaultError::NeedsToken)?;
            unwrap_key(&**token, name, key.version, wrapped)
        }
        Material::InToken => Err(VaultError::Damaged {
            what: "a key is in the token that must be wrapped",
        }),
    }
}

/// The log's key from its seed.
pub(crate) fn log_key(seed: &KeyBytes) -> Result<Box<dyn SigningKey>, VaultError> {
    International.signing_key(seed.as_slice())
}

fn signer(key: &Versioned, sm2: Option<Versioned>, token: Option<&Arc<dyn Token>>) -> Result<Signer, VaultError> {
    let log: Box<dyn SigningKey> = match &key.material {
        Material::Here(seed) => log_key(seed)?,
        Material::InToken | Material::Wrapped(_) => {
            let token = token.ok_or(VaultError::NeedsToken)?;
            Box::new(TokenSigner {
                version: key.version,
                public: token.public_key(key.version)?,
                token: Arc::clone(token),
            })
        }
    };
    let sm2 = match sm2.map(|key| key.material) {
        Some(Material::Here(seed)) => Some(Sm.signing_key(seed.as_slice())?),
        Some(Material::InToken | Material::Wrapped(_)) => return Err(VaultError::SmInToken),
        None => None,
    };
    Ok(Signer {
        version: key.version,
        log_public: first(&log.public_key()),
        log,
        sm2,
    })
}

struct TokenSigner {
    version: u16,
    public: [u8; 32],
    token: Arc<dyn Token>,
}

impl SigningKey for TokenSigner {
    fn sign(&self, message: &[u8]) -> Result<[u8; SIGNATURE_BYTES], VaultError> {
        self.token.sign(self.version, message)
    }
    fn public_key(&self) -> Vec<u8> {
        self.public.to_vec()
    }
}

/// Names a public key in sixteen hex digits.
pub(crate) fn public_fingerprint(public: &[u8]) -> String {
    hex::encode(first::<8>(
        &International.hash(&[&framed("chengdang key 1", &[public])]),
    ))
}

fn line(suite: &dyn Suite, name: KeyName, key: &Versioned, bytes: Option<&KeyBytes>) -> KeyLine {
    let bytes = match &key.material {
        Material::Here(bytes) => Some(bytes),
        Material::InToken | Material::Wrapped(_) => bytes,
    };
    // A code under the key itself: it names the key and tells nothing of it.
    let code = bytes.map(|bytes| labelled_mac(suite, bytes, "chengdang fingerprint 1").mac(&[]));
    KeyLine {
        key: name,
        version: key.version,
        kept: match key.material {
            Material::Here(_) => "file",
            Material::InToken => "token",
            Material::Wrapped(_) => "file, wrapped by the token",
        },
        fingerprint: code.map(|code| hex::encode(first::<8>(&code))),
        public: None,
        public_sm2: None,
    }
}
