//! The transparency log: leaves, the Merkle tree over them, its tiles, checkpoints and proofs.
//!
//! The tree is that of RFC 6962 section 2.1 with SHA-256, stored and published as C2SP tlog-tiles
//! (<https://c2sp.org/tlog-tiles>), its heads as checkpoints (<https://c2sp.org/tlog-checkpoint>), its proofs of inclusion
//! as C2SP tlog-proofs (<https://c2sp.org/tlog-proof>). Witnesses cosign (<https://c2sp.org/tlog-cosignature>) what they are
//! shown (<https://c2sp.org/tlog-witness>). No key is held here: whoever signs hands in a function.

mod checked;
mod checkpoint;
mod cosignature;
mod entry;
mod folder;
mod key;
mod leaf;
mod proof;
mod subtree;
mod tile;
mod tree;
pub mod witness;

pub use checked::check_written;
pub use checkpoint::{Head, claim_of, note_of, open, open_any, sign, signers_of, text_of};
pub use cosignature::{Cosigned, cosign, cosigned_by};
pub use entry::entry_hash;
pub use folder::{LogFiles, TileFolder};
pub use key::{LogKey, WitnessKey, verifies};
pub use leaf::{LEAF_BYTES, Leaf};
pub use proof::{
    InclusionProof, check_consistency, check_inclusion, prove_consistency, prove_inclusion, prove_inclusions,
};
pub use subtree::{SubtreePath, check_subtree, root_of_path, subtree_path, subtree_root};
pub use tile::{Tile, WIDTH};
pub use tree::{Filled, Tree, leaf_hash, root_of_tile};

/// Hash of a leaf or of a node of the tree: SHA-256, 32 bytes.
pub type Hash = [u8; 32];

/// What is wrong with something that claims to be of a log.
#[derive(Debug, thiserror::Error)]
pub enum LogFault {
    /// Not in its one form.
    #[error("{what} is not in its form")]
    Form {
        /// What was read.
        what: &'static str,
    },
    /// No signature by the log's key, or a wrong one.
    #[error("the checkpoint is not signed by the log's key")]
    Signature,
    /// A witness's line that its key did not make.
    #[error("a cosignature was not made by its witness")]
    Cosignature,
    /// The checkpoint is of another log.
    #[error("the checkpoint is of another log")]
    Origin,
    /// The proof does not lead to the root of the checkpoint.
    #[error("the proof does not lead to the root of the checkpoint")]
    Proof,
    /// The index or the size lies beyond the tree.
    #[error("the tree has only {size} entries")]
    BeyondTree {
        /// Entries of the tree.
        size: u64,
    },
    /// A tile does not fit the root that was signed: a byte of it, or of a tile above it, was changed.
    #[error("the tiles do not fit the root of the checkpoint")]
    Tiles,
    /// A tile that the tree needs is not there, or too short.
    #[error("{path} of the log is missing or too short")]
    TileMissing {
        /// Path within the log, which names no person.
        path: String,
    },
    /// The disk failed.
    #[error("the log cannot be read or written")]
    Io(#[from] std::io::Error),
}
