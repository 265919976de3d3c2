//! Cosignatures: a witness says when it saw which tree of a log (C2SP tlog-cosignature, `cosignature/v1`).

use signed_note::{Note, Signature, Verifier, VerifierList};

use crate::checkpoint::form;
use crate::key::verifies;
use crate::{LogFault, WitnessKey};

/// Bytes of the moment before the Ed25519 signature.
const MOMENT_BYTES: usize = 8;

/// That a witness saw a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosigned {
    /// Name of the witness.
    pub witness: String,
    /// When it cosigned, seconds since 1970-01-01T00:00Z.
    pub at_s: u64,
}

/// What a witness signs: header, moment, text of the checkpoint.
fn message(text: &[u8], at_s: u64) -> Vec<u8> {
    let mut message = format!("cosignature/v1\ntime {at_s}\n").into_bytes();
    message.extend_from_slice(text);
    message
}

/// The witness's line about a checkpoint, ready to be appended to it.
///
/// # Errors
///
/// [`LogFault::Form`] if `checkpoint` is none.
pub fn cosign(
    checkpoint: &[u8],
    key: &WitnessKey,
    at_s: u64,
    sign: impl Fn(&[u8]) -> [u8; 64],
) -> Result<Vec<u8>, LogFault> {
    let note = Note::from_bytes(checkpoint).map_err(|_| form())?;
    let signature = sign(&message(note.text(), at_s));
    let bytes = [at_s.to_be_bytes().as_slice(), &signature].concat();
    let line = Signature::new(key.name().to_owned(), key.id(), bytes).map_err(|_| form())?;
    Ok(line.to_bytes())
}

/// Those of `keys` that cosigned the checkpoint. Other signatures are passed over; a wrong one by one of `keys` is an error.
///
/// # Errors
///
/// [`LogFault::Form`] or [`LogFault::Cosignature`].
pub fn cosigned_by(checkpoint: &[u8], keys: &[WitnessKey]) -> Result<Vec<Cosigned>, LogFault> {
    let note = Note::from_bytes(checkpoint).map_err(|_| form())?;
    let verifiers = keys
        .iter()
        .map(|key| Box::new(Cosignatures(key.clone())) as Box<dyn Verifier>);
    let good = match note.verify(&VerifierList::new(verifiers.collect())) {
        Ok((good, _)) => good,
        Err(signed_note::NoteError::UnverifiedNote) => Vec::new(),
        Err(_) => return Err(LogFault::Cosignature),
    };
    let cosigned = |signature: Signature| {
        let at = signature.signature().first_chunk::<MOMENT_BYTES>()?;
        Some(Cosigned {
            witness: signature.name().to_owned(),
            at_s: u64::from_be_bytes(*at),
        })
    };
    Ok(good.into_iter().filter_map(cosigned).collect())
}

/// Checks lines of one witness.
struct Cosignatures(WitnessKey);

impl Verifier for Cosignatures {
    fn name(&self) -> &str {
        self.0.name()
    }
    fn key_id(&self) -> u32 {
        self.0.id()
    }
    fn verify(&self, text: &[u8], signature: &[u8]) -> bool {
        let Some((at, signature)) = signature.split_first_chunk::<MOMENT_BYTES>() else {
            return false;
        };
        let at_s = u64::from_be_bytes(*at);
        // "It MUST NOT exceed 2^63 - 1."
        at_s >> 63 == 0 && verifies(self.0.public_key(), &message(text, at_s), signature)
    }
}
