//! What an entry of the log is to the public: a commitment of one size, without content.

use crate::LogFault;

/// Bytes of a leaf.
pub const LEAF_BYTES: usize = 42;
/// First byte of the form below.
const VERSION: u8 = 1;

/// A leaf. Its content lies elsewhere, encrypted; when that is erased, the leaf and every proof of it stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaf {
    /// What the entry stands for, as the store numbers it.
    pub kind: u8,
    /// When it was sequenced, milliseconds since 1970-01-01T00:00Z.
    pub at_ms: i64,
    /// Hash of the entry; nobody who lacks the entry's secret can find its content by trying.
    pub commitment: [u8; 32],
}

impl Leaf {
    /// The bytes that the tree hashes: version, kind, moment (big endian), commitment.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; LEAF_BYTES] {
        let mut bytes = [0; LEAF_BYTES];
        let (head, commitment) = bytes.split_at_mut(10);
        let (form, at) = head.split_at_mut(2);
        form.copy_from_slice(&[VERSION, self.kind]);
        at.copy_from_slice(&self.at_ms.to_be_bytes());
        commitment.copy_from_slice(&self.commitment);
        bytes
    }

    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    ///
    /// [`LogFault::Form`] for any other bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LogFault> {
        let form = || LogFault::Form { what: "a leaf" };
        let (&[version, kind], rest) = bytes.split_first_chunk().ok_or_else(form)?;
        let (at, rest) = rest.split_first_chunk().ok_or_else(form)?;
        let commitment = rest.try_into().map_err(|_| form())?;
        if version != VERSION {
            return Err(form());
        }
        Ok(Self {
            kind,
            at_ms: i64::from_be_bytes(*at),
            commitment,
        })
    }
}
