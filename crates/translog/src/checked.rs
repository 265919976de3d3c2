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

/// Checks what was written of a tree before it is signed: `leaves` are the hashes of its leaves from number `from` on, each
/// read anew from where it comes; `full` the tiles that became full. From the files alone follows that the tree of `head` is
/// that of `signed` with exactly these leaves behind it.
///
/// # Errors
///
/// [`LogFault::Tiles`] if something reads back differently, or as `read`.
pub fn check_written<R: Fn(Tile) -> Result<Vec<u8>, LogFault>>(
    read: R,
    head: Head,
    signed: Head,
    leaves: &[Hash],
    full: &[Tile],
) -> Result<(), LogFault> {
    let width = u64::from(WIDTH);
    if signed.size + leaves.len() as u64 != head.size {
        return Err(LogFault::Tiles);
    }
    let hash_at = |level: u8, number: u64| -> Result<Hash, LogFault> {
        let tile = Tile::in_tree(level, number / width, head.size).ok_or(LogFault::Tiles)?;
        let place = usize::try_from(number % width).map_err(|_| LogFault::Tiles)?;
        let bytes = read(tile)?;
        bytes.as_chunks().0.get(place).copied().ok_or(LogFault::Tiles)
    };
    let mut rest = leaves;
    let mut number = signed.size;
    while !rest.is_empty() {
        let tile = Tile::in_tree(0, number / width, head.size).ok_or(LogFault::Tiles)?;
        let bytes = read(tile)?;
        let place = usize::try_from(number % width).map_err(|_| LogFault::Tiles)?;
        let here = bytes.as_chunks().0.get(place..).unwrap_or_default();
        let (these, others) = rest.split_at_checked(here.len()).ok_or(LogFault::Tiles)?;
        if here.is_empty() || these != here {
            return Err(LogFault::Tiles);
        }
        number += these.len() as u64;
        rest = others;
    }
    for tile in full {
        let root = crate::root_of_tile(&read(*tile)?).ok_or(LogFault::Tiles)?;
        if root != hash_at(tile.level + 1, tile.index)? {
            return Err(LogFault::Tiles);
        }
    }
    if Tree::resume(head.size, &read)?.root() != head.root {
        return Err(LogFault::Tiles);
    }
    let proof = crate::prove_consistency(&read, head, signed.size)?;
    crate::check_consistency(&proof, signed, head).map_err(|_| LogFault::Tiles)
}
