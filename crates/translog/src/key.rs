//! Names and keys by which logs and witnesses are known (C2SP signed-note, "Verifier keys").

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use signed_note::{StandardVerifier, Verifier, is_key_name_valid, key_id};

use crate::LogFault;

/// Type byte of an Ed25519 key in a note's key id (C2SP signed-note, "Signature types").
const ED25519: u8 = 1;
/// Type byte of an Ed25519 key that cosigns (C2SP tlog-cosignature, "Format").
const COSIGNATURE_V1: u8 = 4;

/// An Ed25519 key with its name and what it signs.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Named {
    name: String,
    kind: u8,
    public_key: [u8; 32],
}

impl Named {
    fn new(name: &str, kind: u8, public_key: [u8; 32]) -> Result<Self, LogFault> {
        if !is_key_name_valid(name) {
            return Err(LogFault::Form {
                what: "the name of a key",
            });
        }
        Ok(Self {
            name: name.to_owned(),
            kind,
            public_key,
        })
    }

    fn from_vkey(vkey: &str, kind: u8) -> Result<Self, LogFault> {
        let form = || LogFault::Form { what: "a key" };
        let mut parts = vkey.splitn(3, '+');
        let (Some(name), Some(_), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(form());
        };
        let typed = STANDARD.decode(key).map_err(|_| form())?;
        let (&[found], public_key) = typed.split_first_chunk().ok_or_else(form)?;
        let named = Self::new(name, kind, public_key.try_into().map_err(|_| form())?)?;
        // The id in the middle is one more check against slips.
        if found == kind && named.to_vkey() == vkey {
            Ok(named)
        } else {
            Err(form())
        }
    }

    fn to_vkey(&self) -> String {
        let key = STANDARD.encode(self.typed());
        format!("{}+{:08x}+{key}", self.name, self.id())
    }

    fn typed(&self) -> Vec<u8> {
        [&[self.kind], self.public_key.as_slice()].concat()
    }

    fn id(&self) -> u32 {
        key_id(&self.name, &self.typed())
    }
}

/// The log's name and public key, by which its checkpoints are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogKey(Named);

/// A witness's name and public key, by which its cosignatures are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessKey(Named);

macro_rules! named_key {
    ($name:ident, $kind:ident) => {
        impl $name {
            /// A key with its name, for instance `example.gov.cn/credit-log`.
            ///
            /// # Errors
            ///
            /// [`LogFault::Form`] if the name is empty, or has white space or a plus sign.
            pub fn new(name: &str, public_key: [u8; 32]) -> Result<Self, LogFault> {
                Named::new(name, $kind, public_key).map(Self)
            }

            /// Reads the form `<name>+<id>+<key>`.
            ///
            /// # Errors
            ///
            /// [`LogFault::Form`] if it is another form, or the key is of another type.
            pub fn from_vkey(vkey: &str) -> Result<Self, LogFault> {
                Named::from_vkey(vkey, $kind).map(Self)
            }

            /// The name.
            #[must_use]
            pub fn name(&self) -> &str {
                &self.0.name
            }

            /// The Ed25519 public key.
            #[must_use]
            pub const fn public_key(&self) -> &[u8; 32] {
                &self.0.public_key
            }

            /// The form that verifiers are given: `<name>+<id>+<key>`.
            #[must_use]
            pub fn to_vkey(&self) -> String {
                self.0.to_vkey()
            }

            pub(crate) fn id(&self) -> u32 {
                self.0.id()
            }
        }
    };
}

named_key!(LogKey, ED25519);
named_key!(WitnessKey, COSIGNATURE_V1);

impl LogKey {
    /// Reads keys apart by white space, as `chengdang log key` prints those of a log whose key is being replaced.
    ///
    /// # Errors
    ///
    /// [`LogFault::Form`] if one is in another form, or there is none.
    pub fn all_from(vkeys: &str) -> Result<Vec<Self>, LogFault> {
        let keys = vkeys
            .split_whitespace()
            .map(Self::from_vkey)
            .collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() {
            return Err(LogFault::Form { what: "a key" });
        }
        Ok(keys)
    }

    /// The log's name, which is the first line of its checkpoints.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.name()
    }
}

/// Whether `signature` is an Ed25519 signature (RFC 8032) over `message`.
#[must_use]
pub fn verifies(public_key: &[u8; 32], message: &[u8], signature: &[u8]) -> bool {
    let key = Named {
        name: "any".to_owned(),
        kind: ED25519,
        public_key: *public_key,
    };
    StandardVerifier::new(&key.to_vkey()).is_ok_and(|verifier| verifier.verify(message, signature))
}
