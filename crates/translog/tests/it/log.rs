//! A log in a folder, with a key.

use std::collections::BTreeMap;

use tempfile::TempDir;
use tlog_tiles::{EMPTY_HASH, node_hash, record_hash};
use translog::{Hash, Head, InclusionProof, Leaf, LogFiles, LogKey, Tile, TileFolder, Tree};
use vault::Vault;

pub(crate) const ORIGIN: &str = "chengdang.example/370199";

/// The bytes of entry `number`.
pub(crate) fn leaf(number: u64) -> Vec<u8> {
    let mut commitment = [0; 32];
    commitment[..8].copy_from_slice(&number.to_be_bytes());
    let leaf = Leaf {
        kind: u8::try_from(number % 5).unwrap(),
        at_ms: 1_780_000_000_000 + i64::try_from(number).unwrap(),
        commitment,
    };
    leaf.to_bytes().to_vec()
}

/// Root of the entries `from` to `to`, as RFC 6962 section 2.1 writes it.
pub(crate) fn root_by_definition(from: u64, to: u64) -> Hash {
    fn tree(from: u64, to: u64) -> tlog_tiles::Hash {
        match to - from {
            0 => EMPTY_HASH,
            1 => record_hash(&leaf(from)),
            count => {
                let left = 1 << (count - 1).ilog2();
                node_hash(tree(from, from + left), tree(from + left, to))
            }
        }
    }
    tree(from, to).0
}

pub(crate) struct Log {
    folder: TempDir,
    pub(crate) tiles: TileFolder,
    vault: Vault,
    pub(crate) key: LogKey,
    pub(crate) tree: Tree,
    /// Heads that were published, by size.
    pub(crate) heads: BTreeMap<u64, Head>,
}

impl Log {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::ephemeral().unwrap();
        Self {
            tiles: TileFolder::open(folder.path()).unwrap(),
            key: LogKey::new(ORIGIN, vault.public_key()).unwrap(),
            folder,
            vault,
            tree: Tree::default(),
            heads: BTreeMap::new(),
        }
    }

    /// One of `size` entries, published once.
    pub(crate) fn of(size: u64) -> Self {
        let mut log = Self::new();
        log.grow_to(size);
        log
    }

    pub(crate) fn path(&self) -> &std::path::Path {
        self.folder.path()
    }

    pub(crate) fn grow_to(&mut self, size: u64) -> Head {
        let mut filled = Vec::new();
        for number in self.tree.size()..size {
            self.tree.append(&leaf(number), &mut filled);
        }
        filled.extend(self.tree.partial());
        self.tiles.write(&filled).unwrap();
        let head = Head {
            size,
            root: self.tree.root(),
        };
        self.tiles.publish(&self.sign(head)).unwrap();
        self.heads.insert(size, head);
        head
    }

    pub(crate) fn sign(&self, head: Head) -> Vec<u8> {
        translog::sign(&self.key, head, |message| self.vault.sign(message)).unwrap()
    }

    pub(crate) fn signature(&self, text: &[u8]) -> [u8; 64] {
        self.vault.sign(text)
    }

    pub(crate) fn head(&self) -> Head {
        *self.heads.last_key_value().unwrap().1
    }

    pub(crate) fn proof(&self, index: u64) -> InclusionProof {
        InclusionProof {
            extra: Vec::new(),
            index,
            path: translog::prove_inclusion(|tile| self.tiles.read(tile), self.head(), index).unwrap(),
            checkpoint: self.tiles.checkpoint().unwrap().unwrap(),
        }
    }

    /// The tiles that the tree of the last head has.
    pub(crate) fn all_tiles(&self) -> Vec<Tile> {
        let size = self.head().size;
        let full = (0..8_u8).flat_map(|level| {
            let count = size >> (8 * u32::from(level) + 8).min(63);
            (0..count).map(move |index| Tile::full(level, index))
        });
        full.chain(Tile::partial(size)).collect()
    }
}
