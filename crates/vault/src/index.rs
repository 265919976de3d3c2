//! The blind indexes: B1 = HMAC(kind, number), B2 = HMAC(kind, number, canonical name), truncated to 128 bits.
//!
//! All numbers of a city can be tried in minutes, so an index key is worth as much as the plaintext: it stays in the
//! vault's memory, and its uses are counted.

use std::fmt;

use zeroize::Zeroizing;

use crate::hash::first;
use crate::secret::{KeyBytes, labelled_mac};
use crate::suite::{MacKey, Suite};

/// A tag of a blind index, with the version of its key. Masked in `Debug`: a tag stands for a person.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlindTag {
    /// Version of the index key.
    pub key_version: u16,
    /// HMAC truncated to 128 bits.
    pub tag: [u8; 16],
}

impl fmt::Debug for BlindTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BlindTag(masked, key version {})", self.key_version)
    }
}

/// One tag per live key: `current` is written, both are probed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tags<T> {
    /// Under the newest key.
    pub current: T,
    /// Under the key before it, while a rotation lasts.
    pub previous: Option<T>,
}

impl<T> Tags<T> {
    /// The newest first.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        std::iter::once(&self.current).chain(&self.previous)
    }
}

/// One version of the index key, prepared.
pub(crate) struct IndexKey {
    version: u16,
    number: Box<dyn MacKey>,
    name: Box<dyn MacKey>,
}

impl IndexKey {
    pub(crate) fn new(suite: &dyn Suite, version: u16, key: &KeyBytes) -> Self {
        let prepare = |label| labelled_mac(suite, key, label);
        Self {
            version,
            number: prepare("chengdang index B1 1"),
            name: prepare("chengdang index B2 1"),
        }
    }

    pub(crate) fn version(&self) -> u16 {
        self.version
    }

    pub(crate) fn number(&self, document: &Zeroizing<Vec<u8>>) -> BlindTag {
        self.tag(&self.number.mac(&[document]))
    }

    pub(crate) fn name(&self, document: &Zeroizing<Vec<u8>>, canonical: &str) -> BlindTag {
        // Neither a document nor a name can hold the separator, so the parts cannot run into each other.
        self.tag(&self.name.mac(&[document, &[0x1f], canonical.as_bytes()]))
    }

    /// RFC 2104 §5 allows to cut a code to half its length.
    fn tag(&self, code: &[u8; 32]) -> BlindTag {
        BlindTag {
            key_version: self.version,
            tag: first(code),
        }
    }
}
