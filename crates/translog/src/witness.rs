//! Witnesses: the request that shows one a checkpoint, what it answers, and the witness itself (C2SP tlog-witness).
//!
//! A witness keeps for each log it knows the last checkpoint it cosigned, on a disk of its own, and cosigns another only if
//! that one's tree begins with this one's. So two views of a log cannot both be cosigned, nor one from before a restored
//! backup again.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::{Hash, Head, LogFault, LogKey, WitnessKey, check_consistency, checkpoint, claim_of, cosign, leaf_hash};

/// Hashes of a consistency proof at most ("The client MUST NOT send more than 63").
const PROOF_MAX: usize = 63;
/// Bytes of a request at most: 63 hashes of 45 bytes and a checkpoint with some signatures.
pub const REQUEST_BYTES_MAX: usize = 64 * 1024;
/// Media type of the answer that says which size the witness saw.
pub const SIZE_TYPE: &str = "text/x.tlog.size";

/// What is sent to a witness: a checkpoint, and the proof that its tree begins with the one the witness saw last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// Size that the witness saw last.
    pub old: u64,
    /// Consistency proof from there (RFC 6962 section 2.1.2).
    pub proof: Vec<Hash>,
    /// The signed checkpoint.
    pub checkpoint: Vec<u8>,
}

impl AddCheckpoint {
    /// The request's body.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut text = format!("old {}\n", self.old);
        for hash in &self.proof {
            // Writing to a string does not fail.
            let _ = writeln!(text, "{}", STANDARD.encode(hash));
        }
        text.push('\n');
        [text.as_bytes(), self.checkpoint.as_slice()].concat()
    }

    /// Reads a request's body.
    ///
    /// # Errors
    ///
    /// [`LogFault::Form`].
    pub fn from_bytes(body: &[u8]) -> Result<Self, LogFault> {
        let form = || LogFault::Form {
            what: "a request to a witness",
        };
        let text = std::str::from_utf8(body).map_err(|_| form())?;
        let (head, checkpoint) = text.split_once("\n\n").ok_or_else(form)?;
        let mut lines = head.split('\n');
        let digits = lines
            .next()
            .and_then(|line| line.strip_prefix("old "))
            .ok_or_else(form)?;
        let old: u64 = digits.parse().map_err(|_| form())?;
        let proof: Vec<Hash> = lines
            .map(|line| STANDARD.decode(line).ok()?.try_into().ok())
            .collect::<Option<_>>()
            .ok_or_else(form)?;
        if digits != old.to_string() || proof.len() > PROOF_MAX {
            return Err(form());
        }
        Ok(Self {
            old,
            proof,
            checkpoint: checkpoint.as_bytes().to_vec(),
        })
    }
}

/// What a witness answered, as its client reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It cosigned: the lines to be appended to the checkpoint, unchecked.
    Cosigned(Vec<u8>),
    /// It saw a tree of this size last, or another tree of the same size.
    Saw(u64),
    /// The proof does not lead from what it saw to what it was shown.
    Inconsistent,
    /// It does not know the log, or not its key.
    Unknown,
    /// Anything else.
    Strange,
}

impl Answer {
    /// Reads status and body of a response.
    #[must_use]
    pub fn read(status: u16, body: &[u8]) -> Self {
        match status {
            200 => Self::Cosigned(body.to_vec()),
            409 => std::str::from_utf8(body)
                .ok()
                .and_then(|text| text.strip_suffix('\n'))
                .and_then(|digits| digits.parse().ok())
                .map_or(Self::Strange, Self::Saw),
            422 => Self::Inconsistent,
            403 | 404 => Self::Unknown,
            _ => Self::Strange,
        }
    }
}

/// A response of the witness: what HTTP carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// Status.
    pub status: u16,
    /// Media type.
    pub content_type: &'static str,
    /// Body.
    pub body: Vec<u8>,
}

impl Response {
    fn plain(status: u16, body: &str) -> Self {
        Self {
            status,
            content_type: "text/plain; charset=utf-8",
            body: body.as_bytes().to_vec(),
        }
    }

    fn saw(size: u64) -> Self {
        Self {
            status: 409,
            content_type: SIZE_TYPE,
            body: format!("{size}\n").into_bytes(),
        }
    }
}

/// By origin: the log's keys, and the head that was cosigned last.
type KnownLogs = BTreeMap<String, (Vec<LogKey>, Option<Head>)>;

/// A witness over a folder of its own. One process at a time.
pub struct Witness {
    folder: PathBuf,
    key: WitnessKey,
    /// Held while a request is checked and its outcome made
    /// durable, so that of two requests one comes first.
    logs: Mutex<KnownLogs>,
}

impl Witness {
    /// Opens the witness named by `key` that knows `logs`; what it cosigned last is read from `folder`. Several keys of one
    /// name are those of one log, whose key is being replaced: each of them signs for it.
    ///
    /// # Errors
    ///
    /// [`LogFault::Form`] or another if what lies there is not what a witness of these logs wrote: it must not go on then. If
    /// the disk fails.
    pub fn open(folder: &Path, key: WitnessKey, logs: impl IntoIterator<Item = LogKey>) -> Result<Self, LogFault> {
        let mut known = KnownLogs::new();
        for log in logs {
            known.entry(log.origin().to_owned()).or_default().0.push(log);
        }
        for (origin, (keys, last)) in &mut known {
            *last = match fs::read(state_file(folder, origin)) {
                Ok(bytes) => Some(checkpoint::open_any(&bytes, keys)?),
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                Err(error) => return Err(error.into()),
            };
        }
        Ok(Self {
            folder: folder.to_owned(),
            key,
            logs: Mutex::new(known),
        })
    }

    /// The witness's name and key.
    #[must_use]
    pub const fn key(&self) -> &WitnessKey {
        &self.key
    }

    /// Answers an `add-checkpoint`: cosigned only once it is durable that it was. `sign` signs with the witness's key.
    ///
    /// # Errors
    ///
    /// If the disk fails; nothing was cosigned then.
    pub fn add_checkpoint(
        &self,
        body: &[u8],
        at_s: u64,
        sign: impl Fn(&[u8]) -> [u8; 64],
    ) -> Result<Response, LogFault> {
        let Ok(request) = AddCheckpoint::from_bytes(body) else {
            return Ok(Response::plain(400, "not an add-checkpoint request\n"));
        };
        let Ok((origin, _)) = claim_of(&request.checkpoint) else {
            return Ok(Response::plain(400, "not a checkpoint\n"));
        };
        // Whoever panicked while it held the lock had not changed what is remembered.
        let mut logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((keys, last)) = logs.get_mut(&origin) else {
            return Ok(Response::plain(404, "no such log here\n"));
        };
        let Ok(new) = checkpoint::open_any(&request.checkpoint, keys) else {
            return Ok(Response::plain(403, "not signed by the key of the log\n"));
        };
        if request.old > new.size {
            return Ok(Response::plain(400, "the old size is larger than the checkpoint's\n"));
        }
        let empty = Head {
            size: 0,
            root: crate::Tree::default().root(),
        };
        let seen = last.unwrap_or(empty);
        if request.old != seen.size {
            return Ok(Response::saw(seen.size));
        }
        if new.size == seen.size && new.root != seen.root {
            self.keep_evidence(&origin, &request.checkpoint)?;
            return Ok(Response::saw(seen.size));
        }
        // "The proof MUST be empty if the old size is zero."
        if check_consistency(&request.proof, seen, new).is_err() {
            self.keep_evidence(&origin, &request.checkpoint)?;
            return Ok(Response::plain(
                422,
                "the proof does not lead from what was cosigned last\n",
            ));
        }
        let line = cosign(&request.checkpoint, &self.key, at_s, sign)?;
        // "The witness MUST persist the new checkpoint before responding."
        self.keep(&state_file(&self.folder, &origin), &request.checkpoint)?;
        *last = Some(new);
        Ok(Response {
            body: line,
            ..Response::plain(200, "")
        })
    }

    /// Keeps the first checkpoint that contradicts what was cosigned: with the cosigned one it convicts the log.
    fn keep_evidence(&self, origin: &str, checkpoint: &[u8]) -> Result<(), LogFault> {
        let path = state_file(&self.folder, origin).with_extension("contradiction");
        if path.exists() {
            Ok(())
        } else {
            self.keep(&path, checkpoint)
        }
    }

    fn keep(&self, path: &Path, bytes: &[u8]) -> Result<(), LogFault> {
        let draft = path.with_extension("draft");
        let mut file = File::create(&draft)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&draft, path)?;
        File::open(&self.folder)?.sync_all()?;
        Ok(())
    }
}

/// Where the last cosigned checkpoint of a log lies: under a hash of its name, which may hold what no file name does.
fn state_file(folder: &Path, origin: &str) -> PathBuf {
    let name: String = leaf_hash(origin.as_bytes())
        .iter()
        .take(16)
        .fold(String::new(), |mut name, byte| {
            let _ = write!(name, "{byte:02x}");
            name
        });
    folder.join(name).with_extension("checkpoint")
}
