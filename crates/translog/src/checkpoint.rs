//! Checkpoints: a tree's size and root, signed by the log (C2SP tlog-checkpoint, signed-note).

use signed_note::{Note, Signature, StandardVerifier, Verifier, VerifierList};
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

/// The checkpoint of `head` with the log's signatures over [`text_of`] it: the note as it is published. While a key of the log
/// is being replaced there are two, so that whoever knows either can follow (C2SP signed-note, "Signatures").
///
/// # Errors
///
/// [`LogFault::Form`] if the library refuses the note, or there is no signature.
pub fn note_of(head: Head, signatures: &[(LogKey, [u8; 64])]) -> Result<Vec<u8>, LogFault> {
    let (key, _) = signatures.first().ok_or_else(form)?;
    let lines = signatures
        .iter()
        .map(|(key, signature)| Signature::new(key.origin().to_owned(), key.id(), signature.to_vec()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| form())?;
    let note = Note::new(&text_of(key, head)?, &lines).map_err(|_| form())?;
    Ok(note.to_bytes())
}

/// The checkpoint of `head`, signed by `sign`: the note as it is published.
///
/// # Errors
///
/// [`LogFault::Form`] if the library refuses the note.
pub fn sign(key: &LogKey, head: Head, sign: impl Fn(&[u8]) -> [u8; 64]) -> Result<Vec<u8>, LogFault> {
    note_of(head, &[(key.clone(), sign(&text_of(key, head)?))])
}

/// What a checkpoint says, after its signature has been checked. Signatures by others, such as witnesses, are passed over.
///
/// # Errors
///
/// [`LogFault::Form`], [`LogFault::Signature`], or [`LogFault::Origin`] if another log's key is in the same hands.
pub fn open(checkpoint: &[u8], key: &LogKey) -> Result<Head, LogFault> {
    open_any(checkpoint, std::slice::from_ref(key))
}

/// The same for a log that has had several keys: one of them signed it, and each that has a line on it.
///
/// # Errors
///
/// As [`open`].
pub fn open_any(checkpoint: &[u8], keys: &[LogKey]) -> Result<Head, LogFault> {
    let (note, signatures) = verified(checkpoint, keys)?;
    let said = Checkpoint::from_bytes(note.text()).map_err(|_| form())?;
    if !signatures.iter().any(|signature| signature.name() == said.origin()) {
        return Err(LogFault::Origin);
    }
    Ok(Head {
        size: said.size(),
        root: said.hash().0,
    })
}

/// Those of `keys` that signed the checkpoint, in their order.
///
/// # Errors
///
/// [`LogFault::Form`], or [`LogFault::Signature`] if none did, or a line of one was not made by it.
pub fn signers_of<'a>(checkpoint: &[u8], keys: &'a [LogKey]) -> Result<Vec<&'a LogKey>, LogFault> {
    let (_, signatures) = verified(checkpoint, keys)?;
    let has_signed = |key: &&LogKey| signatures.iter().any(|signature| signature.id() == key.id());
    Ok(keys.iter().filter(has_signed).collect())
}

fn verified(checkpoint: &[u8], keys: &[LogKey]) -> Result<(Note, Vec<Signature>), LogFault> {
    let mut verifiers: Vec<Box<dyn Verifier>> = Vec::with_capacity(keys.len());
    for key in keys {
        let verifier = StandardVerifier::new(&key.to_vkey()).map_err(|_| LogFault::Form {
            what: "the key of the log",
        })?;
        verifiers.push(Box::new(verifier));
    }
    let note = Note::from_bytes(checkpoint).map_err(|_| form())?;
    let (signatures, _) = note
        .verify(&VerifierList::new(verifiers))
        .map_err(|_| LogFault::Signature)?;
    Ok((note, signatures))
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
