//! Checkpoints: a tree's size and root, signed by the log (C2SP tlog-checkpoint, signed-note).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use signed_note::{Note, Signature, StandardVerifier, VerifierList, is_key_name_valid, key_id};
use tlog_tiles::Checkpoint;

use crate::{Hash, LogFault};

/// Type byte of an Ed25519 key in a note's key id (C2SP signed-note, "Signature types").
const ED25519: u8 = 1;

/// Size and root of a tree at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Number of entries.
    pub size: u64,
    /// Root of the tree over them.
    pub root: Hash,
}

/// The log's name and public key, by which its checkpoints are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogKey {
    origin: String,
    public_key: [u8; 32],
}

impl LogKey {
    /// A log named `origin` (for instance `example.gov.cn/credit-log`) that signs with an Ed25519 key.
    ///
    /// # Errors
    ///
    /// [`LogFault::Form`] if the name is empty, or has white space or a plus sign.
    pub fn new(origin: &str, public_key: [u8; 32]) -> Result<Self, LogFault> {
        if !is_key_name_valid(origin) {
            return Err(LogFault::Form {
                what: "the name of the log",
            });
        }
        Ok(Self {
            origin: origin.to_owned(),
            public_key,
        })
    }

    /// The log's name.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The key in the form that verifiers are given: `<name>+<id>+<key>` (C2SP signed-note, "Verifier keys").
    #[must_use]
    pub fn to_vkey(&self) -> String {
        let key = STANDARD.encode(self.typed());
        format!("{}+{:08x}+{key}", self.origin, self.id())
    }

    fn typed(&self) -> Vec<u8> {
        [&[ED25519], self.public_key.as_slice()].concat()
    }

    fn id(&self) -> u32 {
        key_id(&self.origin, &self.typed())
    }
}

/// The checkpoint of `head`, signed by `sign`: the note as it is published.
///
/// # Errors
///
/// [`LogFault::Form`] if the library refuses the note.
pub fn sign(key: &LogKey, head: Head, sign: impl Fn(&[u8]) -> [u8; 64]) -> Result<Vec<u8>, LogFault> {
    let form = || LogFault::Form { what: "a checkpoint" };
    let text = Checkpoint::new(&key.origin, head.size, tlog_tiles::Hash(head.root), "")
        .map_err(|_| form())?
        .to_bytes();
    let signature = Signature::new(key.origin.clone(), key.id(), sign(&text).to_vec()).map_err(|_| form())?;
    let note = Note::new(&text, &[signature]).map_err(|_| form())?;
    Ok(note.to_bytes())
}

/// What a checkpoint says, after its signature has been checked. Signatures by others, such as witnesses, are passed over.
///
/// # Errors
///
/// [`LogFault::Form`], [`LogFault::Signature`], or [`LogFault::Origin`] if another log's key is in the same hands.
pub fn open(checkpoint: &[u8], key: &LogKey) -> Result<Head, LogFault> {
    let form = || LogFault::Form { what: "a checkpoint" };
    let verifier = StandardVerifier::new(&key.to_vkey()).map_err(|_| LogFault::Form {
        what: "the key of the log",
    })?;
    let note = Note::from_bytes(checkpoint).map_err(|_| form())?;
    note.verify(&VerifierList::new(vec![Box::new(verifier)]))
        .map_err(|_| LogFault::Signature)?;
    let said = Checkpoint::from_bytes(note.text()).map_err(|_| form())?;
    if said.origin() != key.origin {
        return Err(LogFault::Origin);
    }
    Ok(Head {
        size: said.size(),
        root: said.hash().0,
    })
}
