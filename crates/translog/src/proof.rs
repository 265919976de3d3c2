//! Proofs of inclusion and of consistency, made from tiles and checked without them.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tlog_tiles::{check_record, check_tree, prove_record, prove_tree, record_hash};

use crate::checked::Checked;
use crate::{Hash, Head, LogFault, LogKey, Tile, checkpoint};

/// First line of a proof (C2SP tlog-proof).
const HEADING: &str = "c2sp.org/tlog-proof@v1";
/// Hashes of a proof at most: a tree of 2^64 entries.
const PATH_MAX: usize = 64;

/// That an entry is in the tree of a checkpoint: all that an offline check needs but the entry and the log's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InclusionProof {
    /// What a verifier needs beside, such as the leaf; nothing here is proved by being here.
    pub extra: Vec<u8>,
    /// Number of the entry, from 0.
    pub index: u64,
    /// From the leaf's sibling to the root's child (RFC 6962 section 2.1.1).
    pub path: Vec<Hash>,
    /// The signed checkpoint, as published.
    pub checkpoint: Vec<u8>,
}

impl InclusionProof {
    /// Checks that `leaf` is entry `index` of the log; the head it was checked against.
    ///
    /// # Errors
    ///
    /// As [`crate::open`], and [`LogFault::Proof`] or [`LogFault::BeyondTree`].
    pub fn check(&self, leaf: &[u8], key: &LogKey) -> Result<Head, LogFault> {
        self.check_any(leaf, std::slice::from_ref(key))
    }

    /// The same for a log that has had several keys, of which one signed the checkpoint.
    ///
    /// # Errors
    ///
    /// As [`Self::check`].
    pub fn check_any(&self, leaf: &[u8], keys: &[LogKey]) -> Result<Head, LogFault> {
        let head = checkpoint::open_any(&self.checkpoint, keys)?;
        check_inclusion(&self.path, head, self.index, leaf)?;
        Ok(head)
    }

    /// The text form (`.tlog-proof`).
    ///
    /// # Errors
    ///
    /// [`LogFault::Form`] if the checkpoint is no text.
    pub fn to_text(&self) -> Result<String, LogFault> {
        let checkpoint = std::str::from_utf8(&self.checkpoint).map_err(|_| form())?;
        let mut text = format!("{HEADING}\n");
        if !self.extra.is_empty() {
            writeln!(text, "extra {}", STANDARD.encode(&self.extra)).map_err(|_| form())?;
        }
        writeln!(text, "index {}", self.index).map_err(|_| form())?;
        for hash in &self.path {
            writeln!(text, "{}", STANDARD.encode(hash)).map_err(|_| form())?;
        }
        text.push('\n');
        text.push_str(checkpoint);
        Ok(text)
    }

    /// Reads what [`Self::to_text`] wrote, or another writer of the same form.
    ///
    /// # Errors
    ///
    /// [`LogFault::Form`].
    pub fn from_text(text: &str) -> Result<Self, LogFault> {
        let (head, checkpoint) = text.split_once("\n\n").ok_or_else(form)?;
        let mut lines = head.split('\n');
        if lines.next() != Some(HEADING) {
            return Err(form());
        }
        let mut line = lines.next();
        let mut extra = Vec::new();
        if let Some(text) = line.and_then(|line| line.strip_prefix("extra ")) {
            extra = STANDARD.decode(text).map_err(|_| form())?;
            line = lines.next();
        }
        let digits = line.and_then(|line| line.strip_prefix("index ")).ok_or_else(form)?;
        let index: u64 = digits.parse().map_err(|_| form())?;
        let path: Vec<Hash> = lines
            .map(|line| STANDARD.decode(line).ok()?.try_into().ok())
            .collect::<Option<_>>()
            .ok_or_else(form)?;
        if digits != index.to_string() || path.len() > PATH_MAX {
            return Err(form());
        }
        Ok(Self {
            extra,
            index,
            path,
            checkpoint: checkpoint.as_bytes().to_vec(),
        })
    }
}

fn form() -> LogFault {
    LogFault::Form { what: "a proof" }
}

/// Checks that `leaf` is entry `index` of the tree of `head`, which was checked before.
///
/// # Errors
///
/// [`LogFault::Proof`] or [`LogFault::BeyondTree`].
pub fn check_inclusion(path: &[Hash], head: Head, index: u64, leaf: &[u8]) -> Result<(), LogFault> {
    if index >= head.size {
        return Err(LogFault::BeyondTree { size: head.size });
    }
    let path = path.iter().copied().map(tlog_tiles::Hash).collect();
    let root = tlog_tiles::Hash(head.root);
    check_record(&path, head.size, root, index, record_hash(leaf)).map_err(|_| LogFault::Proof)
}

/// The path of entry `index` in the tree of `head`. `read` gives the tiles, such as [`crate::LogFiles::read`]; every tile
/// that the path is made from is checked against the root first.
///
/// # Errors
///
/// [`LogFault::BeyondTree`], [`LogFault::Tiles`], or as `read`.
pub fn prove_inclusion(
    read: impl Fn(Tile) -> Result<Vec<u8>, LogFault>,
    head: Head,
    index: u64,
) -> Result<Vec<Hash>, LogFault> {
    let mut paths = prove_inclusions(read, head, &[index])?;
    paths.pop().ok_or(LogFault::Proof)
}

/// The paths of several entries, in their order; a tile that several need is read and checked once.
///
/// # Errors
///
/// As [`prove_inclusion`].
pub fn prove_inclusions(
    read: impl Fn(Tile) -> Result<Vec<u8>, LogFault>,
    head: Head,
    indexes: &[u64],
) -> Result<Vec<Vec<Hash>>, LogFault> {
    if indexes.iter().any(|index| *index >= head.size) {
        return Err(LogFault::BeyondTree { size: head.size });
    }
    let tiles = Checked::open(read, head)?;
    let path = |index: &u64| tiles.prove(|tiles| prove_record(head.size, *index, tiles));
    indexes.iter().map(path).collect()
}

/// That the tree of `head` begins with the tree of the first `size` entries.
///
/// # Errors
///
/// As [`prove_inclusion`].
pub fn prove_consistency(
    read: impl Fn(Tile) -> Result<Vec<u8>, LogFault>,
    head: Head,
    size: u64,
) -> Result<Vec<Hash>, LogFault> {
    if size > head.size {
        return Err(LogFault::BeyondTree { size: head.size });
    }
    // Every tree begins with the empty one and with itself: there is nothing to prove.
    if size == 0 || size == head.size {
        return Ok(Vec::new());
    }
    Checked::open(read, head)?.prove(|tiles| prove_tree(head.size, size, tiles))
}

/// Checks that the tree of `new` begins with that of `old`.
///
/// # Errors
///
/// [`LogFault::Proof`].
pub fn check_consistency(proof: &[Hash], old: Head, new: Head) -> Result<(), LogFault> {
    let is_trivial = old.size == 0 || old.size == new.size;
    if is_trivial {
        let empty = crate::Tree::default().root();
        let is_right = proof.is_empty()
            && if old.size == 0 {
                old.root == empty
            } else {
                old.root == new.root
            };
        return if is_right { Ok(()) } else { Err(LogFault::Proof) };
    }
    if old.size > new.size {
        return Err(LogFault::Proof);
    }
    let proof = proof.iter().copied().map(tlog_tiles::Hash).collect();
    let (old_root, new_root) = (tlog_tiles::Hash(old.root), tlog_tiles::Hash(new.root));
    check_tree(&proof, new.size, new_root, old.size, old_root).map_err(|_| LogFault::Proof)
}
