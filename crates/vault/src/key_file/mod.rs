//! The key file: text, a few lines, readable by its owner only.
//!
//! It says what it is and what its loss or theft means, carries a version and a check line against cuts and slips of
//! an editor, and is refused wherever somebody else could have read or replaced it.

mod disk;
mod text;

use std::path::Path;

use domain::Moment;

use crate::secret::{KeyBytes, random_key};
use crate::suite::{Sm, Suite};
use crate::token::{Token, TokenKey};
use crate::{KeyName, VaultError};

pub(crate) use disk::{Stamp, create, read_private};
pub(crate) use text::{check_of, decode};

use disk::Change;

/// Log secrets that may be kept: each is needed until the last thing sealed under it has been purged.
const LOG_SECRETS_MAX: usize = 16;

/// Where the bytes of a key are.
pub(crate) enum Material {
    /// In the file.
    Here(KeyBytes),
    /// In the token, which never hands it out.
    InToken,
    /// In the file, wrapped by the newest KEK of the token.
    Wrapped(Vec<u8>),
}

/// A key with its version.
pub(crate) struct Versioned {
    pub(crate) version: u16,
    pub(crate) material: Material,
}

/// The public half of a signing key that was retired.
#[derive(Clone)]
pub(crate) struct Former {
    pub(crate) version: u16,
    /// Whether it is the key of SM2; else of Ed25519.
    pub(crate) is_sm2: bool,
    pub(crate) until: Moment,
    pub(crate) public: Vec<u8>,
}

/// The keys of an installation, as read; of each kind the newest first.
pub(crate) struct KeyFile {
    pub(crate) suite: &'static dyn Suite,
    pub(crate) kek: Vec<Versioned>,
    pub(crate) index: Vec<Versioned>,
    pub(crate) log: Vec<Versioned>,
    /// Ed25519, of the log and of receipts.
    pub(crate) signing: Vec<Versioned>,
    /// SM2 beside it, version by version, in an installation with the SM suite; else empty.
    pub(crate) sm2: Vec<Versioned>,
    pub(crate) former: Vec<Former>,
}

impl KeyFile {
    /// Fresh keys, all of version 1.
    pub(crate) fn generate(suite: &'static dyn Suite, token: Option<&dyn Token>) -> Result<Self, VaultError> {
        let is_sm = is_sm(suite);
        if is_sm && token.is_some() {
            return Err(VaultError::SmInToken);
        }
        let mut file = Self {
            suite,
            kek: Vec::new(),
            index: Vec::new(),
            log: Vec::new(),
            signing: Vec::new(),
            sm2: Vec::new(),
            former: Vec::new(),
        };
        for name in KeyName::ALL {
            file.add(name, 1, token)?;
        }
        Ok(file)
    }

    /// The versions of a key, newest first.
    pub(crate) fn list(&self, name: KeyName) -> &Vec<Versioned> {
        match name {
            KeyName::Kek => &self.kek,
            KeyName::Index => &self.index,
            KeyName::Log => &self.log,
            KeyName::Signing => &self.signing,
        }
    }

    fn list_mut(&mut self, name: KeyName) -> &mut Vec<Versioned> {
        match name {
            KeyName::Kek => &mut self.kek,
            KeyName::Index => &mut self.index,
            KeyName::Log => &mut self.log,
            KeyName::Signing => &mut self.signing,
        }
    }

    /// Adds a fresh key, one version up; the present one stays, to open and to be probed.
    pub(crate) fn rotate(&mut self, name: KeyName, token: Option<&dyn Token>) -> Result<u16, VaultError> {
        let list = self.list(name);
        let most = if name == KeyName::Log { LOG_SECRETS_MAX } else { 2 };
        if list.len() >= most {
            return Err(VaultError::RotationUnfinished { key: name });
        }
        let newest = list.first().map_or(0, |key| key.version);
        let version = newest.checked_add(1).ok_or(VaultError::Unsupported {
            what: "version of a key",
        })?;
        self.add(name, version, token)?;
        if name == KeyName::Kek {
            self.wrap_anew(version, token)?;
        }
        Ok(version)
    }

    /// Drops the oldest version of a key; of a signing key the public half stays.
    pub(crate) fn retire(&mut self, name: KeyName, token: Option<&dyn Token>, at: Moment) -> Result<u16, VaultError> {
        if self.list(name).len() < 2 {
            return Err(VaultError::NothingToRetire { key: name });
        }
        let oldest = self.list_mut(name).pop();
        let oldest = oldest.ok_or(VaultError::NothingToRetire { key: name })?;
        let version = oldest.version;
        if name == KeyName::Signing {
            let public = match (&oldest.material, token) {
                (Material::Here(seed), _) => crate::keys::log_key(seed)?.public_key(),
                (_, Some(token)) => token.public_key(version)?.to_vec(),
                (_, None) => return Err(VaultError::NeedsToken),
            };
            let mut retired = vec![(false, public)];
            if let Some(Material::Here(seed)) = self.sm2.pop().map(|key| key.material) {
                retired.push((true, Sm.signing_key(seed.as_slice())?.public_key()));
            }
            self.former.extend(retired.into_iter().map(|(is_sm2, public)| Former {
                version,
                is_sm2,
                until: at,
                public,
            }));
        }
        Ok(version)
    }

    fn add(&mut self, name: KeyName, version: u16, token: Option<&dyn Token>) -> Result<(), VaultError> {
        let suite = self.suite;
        let material = match (token, name) {
            (None, _) => Material::Here(random_key(suite)?),
            (Some(token), KeyName::Kek | KeyName::Signing) => {
                let live: Vec<u16> = self.list(name).iter().map(|key| key.version).collect();
                let kind = TokenKey::of(name);
                // What a killed rotation left in the token is of no use to anybody.
                token.keep_only(kind, &live)?;
                token.generate(kind, version)?;
                Material::InToken
            }
            (Some(token), KeyName::Index | KeyName::Log) => {
                let kek = self.kek.first().map_or(0, |kek| kek.version);
                let key = random_key(suite)?;
                Material::Wrapped(crate::kek::wrap_key(token, kek, name, version, &key)?)
            }
        };
        self.list_mut(name).insert(0, Versioned { version, material });
        if name == KeyName::Signing && is_sm(suite) {
            let material = Material::Here(sm2_seed(suite)?);
            self.sm2.insert(0, Versioned { version, material });
        }
        Ok(())
    }

    /// The keys that the token's KEK wraps in this file go under its newest version at once: there are only a few.
    fn wrap_anew(&mut self, kek: u16, token: Option<&dyn Token>) -> Result<(), VaultError> {
        let Some(token) = token else { return Ok(()) };
        for name in [KeyName::Index, KeyName::Log] {
            for key in self.list_mut(name) {
                if let Material::Wrapped(wrapped) = &key.material {
                    let bytes = crate::kek::unwrap_key(token, name, key.version, wrapped)?;
                    key.material = Material::Wrapped(crate::kek::wrap_key(token, kek, name, key.version, &bytes)?);
                }
            }
        }
        Ok(())
    }

    /// Whether the keys are in a token, as far as they can be.
    pub(crate) fn needs_token(&self) -> bool {
        let all = [&self.kek, &self.index, &self.log, &self.signing];
        all.into_iter()
            .flatten()
            .any(|key| !matches!(key.material, Material::Here(_)))
    }

    /// Writes a new file; nothing is ever overwritten.
    pub(crate) fn create(&self, path: &Path) -> Result<(), VaultError> {
        disk::create(path, &self.render())
    }

    /// Reads a file, after checking who can get at it.
    pub(crate) fn read(path: &Path) -> Result<(Self, Stamp), VaultError> {
        let (bytes, stamp) = read_private(path)?;
        Ok((Self::parse(&bytes)?, stamp))
    }

    /// Reads the file, changes it and puts it back as a whole, while nobody else can.
    pub(crate) fn change<T>(
        path: &Path,
        change: impl FnOnce(&mut Self) -> Result<T, VaultError>,
    ) -> Result<T, VaultError> {
        // Whoever may not read it shall not leave anything beside it either.
        read_private(path)?;
        let begun = Change::begin(path)?;
        let (mut file, _) = Self::read(path)?;
        let outcome = change(&mut file)?;
        begun.finish(&file.render())?;
        Ok(outcome)
    }
}

fn is_sm(suite: &dyn Suite) -> bool {
    suite.name() == Sm.name()
}

/// A seed that is a private key of SM2: nearly every string of 32 bytes is one.
fn sm2_seed(suite: &dyn Suite) -> Result<KeyBytes, VaultError> {
    for _ in 0..8 {
        let seed = random_key(suite)?;
        if Sm.signing_key(seed.as_slice()).is_ok() {
            return Ok(seed);
        }
    }
    Err(VaultError::Cipher { what: "random bytes" })
}
