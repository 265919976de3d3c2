//! The tree from the entries in the store, held against the tiles and the heads that were signed.

use std::sync::Arc;

use translog::{Filled, Head, LogFault, LogFiles, Tile, Tree};

use super::{LogError, leaf_of, with_files};
use crate::{App, AppError};

/// Entries read at once.
pub(super) const PAGE: u32 = 10_000;
/// Tiles written at once.
const TILES_AT_ONCE: usize = 256;

/// What is found wrong on the way, before it is known whether tiles or entries are to blame.
#[derive(Default)]
struct Doubt {
    tile: Option<(Tile, Option<u64>)>,
}

impl Doubt {
    /// Remembers the first tile that differs, and of what entry.
    fn note(&mut self, derived: &Filled, found: &[u8]) {
        if self.tile.is_none() {
            self.tile = Some((derived.tile, first_difference(derived, found)));
        }
    }

    /// The error, now that it is known whether the entries give what was signed.
    fn judge(self, size: u64, is_signed: bool) -> Result<(), LogError> {
        match (self.tile, is_signed) {
            (None, true) => Ok(()),
            (Some((tile, entry)), true) => Err(LogError::Tile {
                tile: tile.to_string(),
                entry,
            }),
            (found, false) => Err(LogError::Entries {
                size,
                entry: found.and_then(|(_, entry)| entry),
            }),
        }
    }
}

/// The first entry of which a tile of the lowest level differs.
pub(super) fn first_difference(derived: &Filled, found: &[u8]) -> Option<u64> {
    let (ours, theirs) = (derived.bytes.as_chunks::<32>().0, found.as_chunks::<32>().0);
    let place = ours.iter().zip(theirs).position(|(ours, theirs)| ours != theirs)?;
    (derived.tile.level == 0).then(|| derived.tile.index * u64::from(translog::WIDTH) + place as u64)
}

/// Derives the largest tree that was signed from the store. The tiles of the trees of `signed` must be those that lie there;
/// missing ones are written. What nobody signed yet is left to be integrated again.
///
/// # Errors
///
/// [`LogError::Tile`], [`LogError::Entries`], [`LogError::Missing`], or if store or disk fail.
pub(super) async fn derive(app: &App, signed: &[Head]) -> Result<Tree, AppError> {
    let mut tree = Tree::default();
    let mut doubt = Doubt::default();
    let mut missing = Vec::new();
    let mut heads = signed.to_vec();
    heads.sort_by_key(|head| std::cmp::Reverse(head.size));
    let largest = heads.first().map_or(0, |head| head.size);
    let mut is_signed = true;
    loop {
        while heads.last().is_some_and(|head| head.size == tree.size()) {
            let Some(head) = heads.pop() else { break };
            is_signed &= head.root == tree.root();
            compare(app, &mut doubt, &mut missing, tree.partial()).await?;
        }
        let Some(next) = heads.last() else { break };
        let limit = u32::try_from(next.size - tree.size()).unwrap_or(PAGE).min(PAGE);
        let page = app.store().log_entries(tree.size(), limit).await?;
        if page.is_empty() {
            break;
        }
        let mut filled = Vec::new();
        for entry in page {
            if entry.index != tree.size() {
                return Err(LogError::Entries {
                    size: largest,
                    entry: Some(tree.size()),
                }
                .into());
            }
            tree.append(&leaf_of(&entry).to_bytes(), &mut filled);
        }
        compare(app, &mut doubt, &mut missing, filled).await?;
        if missing.len() >= TILES_AT_ONCE {
            write(app, std::mem::take(&mut missing)).await?;
        }
    }
    if let Some(head) = heads.last() {
        return Err(LogError::Missing {
            entries: tree.size(),
            signed: head.size,
        }
        .into());
    }
    doubt.judge(largest, is_signed)?;
    write(app, missing).await?;
    Ok(tree)
}

/// Holds derived tiles against those that lie there.
async fn compare(
    app: &App,
    doubt: &mut Doubt,
    missing: &mut Vec<Filled>,
    derived: Vec<Filled>,
) -> Result<(), AppError> {
    if derived.is_empty() {
        return Ok(());
    }
    let derived = Arc::new(derived);
    let tiles = Arc::clone(&derived);
    let found = with_files(app, move |files| {
        tiles
            .iter()
            .map(|filled| read(files, filled.tile))
            .collect::<Result<Vec<_>, _>>()
    })
    .await?;
    for (derived, found) in derived.iter().zip(found) {
        match found {
            None => missing.push(derived.clone()),
            Some(found) if found != derived.bytes => doubt.note(derived, &found),
            Some(_) => {}
        }
    }
    Ok(())
}

/// A tile, if it lies there whole.
pub(super) fn read(files: &dyn LogFiles, tile: Tile) -> Result<Option<Vec<u8>>, LogFault> {
    match files.read(tile) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(LogFault::TileMissing { .. }) => Ok(None),
        Err(fault) => Err(fault),
    }
}

async fn write(app: &App, tiles: Vec<Filled>) -> Result<(), AppError> {
    with_files(app, move |files| files.write(&tiles)).await
}
