//! Hashes of a tree, from tiles of which each was checked against the root before anything is taken from it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use tlog_tiles::{HashReader, split_stored_hash_index};

use crate::tile::HEIGHT;
use crate::tree::root_of;
use crate::{Hash, Head, LogFault, Tile, Tree, WIDTH};

/// The tree of a head, read from tiles. The tiles that are not full give the root; each full one has its root in the tile
/// above it. The library's own reader leaves out some full tiles (docs/adr/0014).
pub(crate) struct Checked<R> {
    read: R,
    edge: Tree,
    /// Full tiles that were found good, by level and index.
    full: RefCell<BTreeMap<(u8, u64), Vec<Hash>>>,
    /// What went wrong, which the library's error cannot carry.
    fault: Cell<Option<LogFault>>,
}

impl<R: Fn(Tile) -> Result<Vec<u8>, LogFault>> Checked<R> {
    /// # Errors
    ///
    /// [`LogFault::Tiles`] if the tiles at the edge do not give the root, or as `read`.
    pub(crate) fn open(read: R, head: Head) -> Result<Self, LogFault> {
        let edge = Tree::resume(head.size, &read)?;
        if edge.root() != head.root {
            return Err(LogFault::Tiles);
        }
        Ok(Self {
            read,
            edge,
            full: RefCell::default(),
            fault: Cell::new(None),
        })
    }

    /// Makes a proof of these hashes.
    pub(crate) fn prove(
        &self,
        prove: impl Fn(&Self) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error>,
    ) -> Result<Vec<Hash>, LogFault> {
        let proof = prove(self).map_err(|_| self.fault.take().unwrap_or(LogFault::Tiles))?;
        Ok(proof.into_iter().map(|hash| hash.0).collect())
    }

    /// The root of the subtree that is number `index` of its level, counted in levels of the tree.
    fn subtree(&self, level: u8, index: u64) -> Result<Hash, LogFault> {
        let beyond = || LogFault::BeyondTree { size: self.edge.size() };
        let (tile_level, above) = (level / HEIGHT, level % HEIGHT);
        let first = index << above;
        let from = usize::try_from(first % u64::from(WIDTH)).map_err(|_| beyond())?;
        let of = |hashes: &[Hash]| hashes.get(from..from + (1 << above)).map(root_of).ok_or_else(beyond);
        let tile = first / u64::from(WIDTH);
        // The last tile of a level, where it is not full, was checked when this was opened.
        if let Some(hashes) = self.edge.edge(tile_level, tile) {
            return of(hashes);
        }
        if let Some(hashes) = self.full.borrow().get(&(tile_level, tile)) {
            return of(hashes);
        }
        let hashes = (self.read)(Tile::full(tile_level, tile))?.as_chunks().0.to_vec();
        if root_of(&hashes) != self.subtree((tile_level + 1) * HEIGHT, tile)? {
            return Err(LogFault::Tiles);
        }
        let hash = of(&hashes);
        self.full.borrow_mut().insert((tile_level, tile), hashes);
        hash
    }
}

impl<R: Fn(Tile) -> Result<Vec<u8>, LogFault>> HashReader for Checked<R> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
        let read = |&index: &u64| {
            let (level, place) = split_stored_hash_index(index);
            let hash = self.subtree(level, place).map_err(|fault| {
                self.fault.set(Some(fault));
                tlog_tiles::Error::InvalidTile
            })?;
            Ok(tlog_tiles::Hash(hash))
        };
        indexes.iter().map(read).collect()
    }
}
