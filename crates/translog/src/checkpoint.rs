//! Checkpoints: a tree's size and root, signed by the log (C2SP tlog-checkpoint, signed-note).

use signed_note::{Note, Signature, StandardVerifier, VerifierList};
use tlog_tiles::Checkpoint;

use crate::{Hash, LogFault, LogKey};

/// Size and root of a tree at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Number of entries.
    pub size: u64,
    /// Root of the tree over them.
    pub root: Hash,
}

/// What is signed of `head`: the text of its checkpoint.
///
/// # Errors
///
/// [`LogFault::Form`] if the library refuses the name of the log.
pub fn text_of(key: &LogKey, head: Head) -> Result<Vec<u8>, LogFault> {
    let checkpoint = Checkpoint::new(key.origin(), head.size, tlog_tiles::Hash(head.root), "");
    Ok(checkpoint.map_err(|_| form())?.to_bytes())
}

/// The checkpoint of `head` with the log's signature over [`text_of`] it: the note as it is published.
///
/// # Errors
///
/// [`LogFault::Form`] if the library refuses the note.
pub fn note_of(key: &LogKey, head: Head, signature: &[u8; 64]) -> Result<Vec<u8>, LogFault> {
    let line = Signature::new(key.origin().to_owned(), key.id(), signature.to_vec()).map_err(|_| form())?;
    let note = Note::new(&text_of(key, head)?, &[line]).map_err(|_| form())?;
    Ok(note.to_bytes())
}

/// The checkpoint of `head`, signed by `sign`: the note as it is published.
///
/// # Errors
///
/// [`LogFault::Form`] if the library refuses the note.
pub fn sign(key: &LogKey, head: Head, sign: impl Fn(&[u8]) -> [u8; 64]) -> Result<Vec<u8>, LogFault> {
    note_of(key, head, &sign(&text_of(key, head)?))
}

/// What a checkpoint says, after its signature has been checked. Signatures by others, such as witnesses, are passed over.
///
/// # Errors
///
/// [`LogFault::Form`], [`LogFault::Signature`], or [`LogFault::Origin`] if another log's key is in the same hands.
pub fn open(checkpoint: &[u8], key: &LogKey) -> Result<Head, LogFault> {
    let verifier = StandardVerifier::new(&key.to_vkey()).map_err(|_| LogFault::Form {
        what: "the key of the log",
    })?;
    let note = Note::from_bytes(checkpoint).map_err(|_| form())?;
    note.verify(&VerifierList::new(vec![Box::new(verifier)]))
        .map_err(|_| LogFault::Signature)?;
    let said = Checkpoint::from_bytes(note.text()).map_err(|_| form())?;
    if said.origin() != key.origin() {
        return Err(LogFault::Origin);
    }
    Ok(Head {
        size: said.size(),
        root: said.hash().0,
    })
}

/// Name of the log and size of the tree that a checkpoint speaks of, unchecked.
///
/// # Errors
///
/// [`LogFault::Form`].
pub fn claim_of(checkpoint: &[u8]) -> Result<(String, u64), LogFault> {
    let note = Note::from_bytes(checkpoint).map_err(|_| form())?;
    let said = Checkpoint::from_bytes(note.text()).map_err(|_| form())?;
    Ok((said.origin().to_owned(), said.size()))
}

pub(crate) const fn form() -> LogFault {
    LogFault::Form { what: "a checkpoint" }
}
