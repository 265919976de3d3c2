//! The tree as it grows: only its right edge is kept in memory, everything else is in tiles.

use tlog_tiles::{EMPTY_HASH, node_hash, record_hash};

use crate::tile::HEIGHT;
use crate::{Hash, Head, LogFault, Tile, WIDTH};

/// A tile with its hashes, one after another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filled {
    /// Which.
    pub tile: Tile,
    /// Its hashes, 32 bytes each.
    pub bytes: Vec<u8>,
}

/// A Merkle tree (RFC 6962 section 2.1) of which the tiles that are full have been given away.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    size: u64,
    /// By level: the hashes of its tile that is not full, fewer than [`WIDTH`].
    edges: Vec<Vec<Hash>>,
}

impl Tree {
    /// The tree of `size` leaves whose partial tiles `read` gives.
    ///
    /// # Errors
    ///
    /// As `read`, and [`LogFault::TileMissing`] if it gives another number of bytes. Whether they fit the root that was
    /// signed is for the caller to ask: [`Self::root`].
    pub fn resume(size: u64, mut read: impl FnMut(Tile) -> Result<Vec<u8>, LogFault>) -> Result<Self, LogFault> {
        let mut edges = Vec::new();
        for tile in Tile::partial(size) {
            let bytes = read(tile)?;
            let (hashes, rest) = bytes.as_chunks();
            if !rest.is_empty() || hashes.len() != tile.width as usize {
                return Err(LogFault::TileMissing { path: tile.to_string() });
            }
            edges.resize_with(usize::from(tile.level), Vec::new);
            edges.push(hashes.to_vec());
        }
        Ok(Self { size, edges })
    }

    /// Number of leaves.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Size and root.
    #[must_use]
    pub fn head(&self) -> Head {
        Head {
            size: self.size,
            root: self.root(),
        }
    }

    /// Adds a leaf; tiles that became full by it are added to `filled`.
    pub fn append(&mut self, leaf: &[u8], filled: &mut Vec<Filled>) {
        self.size += 1;
        let mut hash = record_hash(leaf).0;
        for level in 0_u8.. {
            if self.edges.len() <= usize::from(level) {
                self.edges.push(Vec::with_capacity(WIDTH as usize));
            }
            let Some(edge) = self.edges.get_mut(usize::from(level)) else {
                return;
            };
            edge.push(hash);
            if edge.len() < WIDTH as usize {
                return;
            }
            let index = full_tiles(self.size, level) - 1;
            filled.push(Filled {
                tile: Tile::full(level, index),
                bytes: edge.as_flattened().to_vec(),
            });
            hash = root_of(edge);
            edge.clear();
        }
    }

    /// The tiles that are not full, as a checkpoint of this size needs them.
    #[must_use]
    pub fn partial(&self) -> Vec<Filled> {
        let hashes = |tile: &Tile| self.edges.get(usize::from(tile.level)).map(Vec::as_slice);
        Tile::partial(self.size)
            .map(|tile| Filled {
                tile,
                bytes: hashes(&tile).unwrap_or_default().as_flattened().to_vec(),
            })
            .collect()
    }

    /// The hashes of the tile of `level` that is not full, if `index` is its number.
    pub(crate) fn edge(&self, level: u8, index: u64) -> Option<&[Hash]> {
        let is_last = full_tiles(self.size, level) == index;
        let hashes = self.edges.get(usize::from(level)).map_or(&[][..], Vec::as_slice);
        (is_last && !hashes.is_empty()).then_some(hashes)
    }

    /// The root.
    #[must_use]
    pub fn root(&self) -> Hash {
        // From the right: the smaller subtrees stand to the right of the larger ones, and each is a run of hashes at the
        // end of what is left of its tile, as long as a power of two.
        let mut root: Option<Hash> = None;
        for edge in &self.edges {
            let mut left = edge.as_slice();
            while !left.is_empty() {
                let (rest, run) = left.split_at(left.len() - (1 << left.len().trailing_zeros()));
                let subtree = root_of(run);
                root = Some(root.map_or(subtree, |right| parent(&subtree, &right)));
                left = rest;
            }
        }
        root.unwrap_or(EMPTY_HASH.0)
    }
}

/// Full tiles of `level` in a tree of `size` leaves.
fn full_tiles(size: u64, level: u8) -> u64 {
    let bits = (u32::from(level) + 1) * u32::from(HEIGHT);
    size.checked_shr(bits).unwrap_or(0)
}

/// Hash of a leaf (RFC 6962 section 2.1).
#[must_use]
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    record_hash(leaf).0
}

/// Root of the subtree under a full tile: its hash in the tile above. `None` if these are not the bytes of a full one.
#[must_use]
pub fn root_of_tile(bytes: &[u8]) -> Option<Hash> {
    let (hashes, rest) = bytes.as_chunks();
    (rest.is_empty() && hashes.len() == WIDTH as usize).then(|| root_of(hashes))
}

/// Root of the full subtree over `hashes`, as many as a power of two.
pub(crate) fn root_of(hashes: &[Hash]) -> Hash {
    let mut level = hashes.to_vec();
    while level.len() > 1 {
        let (pairs, _) = level.as_chunks();
        level = pairs.iter().map(|[left, right]| parent(left, right)).collect();
    }
    level.first().copied().unwrap_or(EMPTY_HASH.0)
}

fn parent(left: &Hash, right: &Hash) -> Hash {
    node_hash(tlog_tiles::Hash(*left), tlog_tiles::Hash(*right)).0
}
