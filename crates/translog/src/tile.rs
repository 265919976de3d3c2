//! Names of tiles: which part of the tree a file holds.

use std::fmt;
use std::str::FromStr;

use crate::LogFault;

/// Hashes of a full tile.
pub const WIDTH: u32 = 256;
/// Levels of the tree that a tile spans: 2^8 = [`WIDTH`].
pub(crate) const HEIGHT: u8 = 8;
/// A tree of 2^64 leaves has no tile above this level.
const LEVEL_MAX: u8 = 7;

/// A tile of hashes: `width` hashes from number `index * 256` on, each the root of 256^`level` leaves. Displayed as its path
/// under the log's prefix, `tile/<L>/<N>[.p/<W>]` (C2SP tlog-tiles, "Merkle Tree").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    /// Level, 0 for the hashes of leaves.
    pub level: u8,
    /// Place within the level.
    pub index: u64,
    /// Hashes in it, 1 to 256; fewer than 256 in the last tile of a level only.
    pub width: u32,
}

impl Tile {
    /// A full tile.
    #[must_use]
    pub const fn full(level: u8, index: u64) -> Self {
        Self {
            level,
            index,
            width: WIDTH,
        }
    }

    /// Whether all its hashes are there.
    #[must_use]
    pub const fn is_full(self) -> bool {
        self.width == WIDTH
    }

    /// Tile `index` of `level` as it is in a tree of `size` leaves; `None` if the tree has no hash there.
    #[must_use]
    pub fn in_tree(level: u8, index: u64, size: u64) -> Option<Self> {
        let hashes = size.checked_shr(u32::from(level) * u32::from(HEIGHT)).unwrap_or(0);
        let left = hashes.checked_sub(index.checked_mul(u64::from(WIDTH))?)?;
        let width = u32::try_from(left.min(u64::from(WIDTH))).unwrap_or_default();
        (width > 0).then_some(Self { level, index, width })
    }

    /// The tiles that are not full in a tree of `size` leaves, lowest first. Empty ones are none.
    pub fn partial(size: u64) -> impl Iterator<Item = Self> {
        (0..=LEVEL_MAX).filter_map(move |level| {
            let hashes = size >> (u32::from(level) * u32::from(HEIGHT));
            let width = u32::try_from(hashes % u64::from(WIDTH)).unwrap_or_default();
            (width > 0).then_some(Self {
                level,
                index: hashes / u64::from(WIDTH),
                width,
            })
        })
    }
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut groups = vec![self.index % 1000];
        let mut rest = self.index / 1000;
        while rest > 0 {
            groups.push(rest % 1000);
            rest /= 1000;
        }
        write!(f, "tile/{}", self.level)?;
        while let Some(group) = groups.pop() {
            let more = if groups.is_empty() { "" } else { "x" };
            write!(f, "/{more}{group:03}")?;
        }
        if self.is_full() {
            Ok(())
        } else {
            write!(f, ".p/{}", self.width)
        }
    }
}

impl FromStr for Tile {
    type Err = LogFault;

    /// Reads a path as [`Tile`] is displayed; there is one path for a tile.
    fn from_str(path: &str) -> Result<Self, LogFault> {
        let form = || LogFault::Form {
            what: "the path of a tile",
        };
        let rest = path.strip_prefix("tile/").ok_or_else(form)?;
        let (level, rest) = rest.split_once('/').ok_or_else(form)?;
        let (place, width) = match rest.split_once(".p/") {
            Some((place, width)) => (place, width.parse().map_err(|_| form())?),
            None => (rest, WIDTH),
        };
        let mut index: u64 = 0;
        for group in place.split('/') {
            let group: u64 = group.trim_start_matches('x').parse().map_err(|_| form())?;
            index = index
                .checked_mul(1000)
                .and_then(|index| index.checked_add(group))
                .ok_or_else(form)?;
        }
        let level = level.parse().map_err(|_| form())?;
        let tile = Self { level, index, width };
        let is_one = level <= LEVEL_MAX && (1..=WIDTH).contains(&width) && tile.to_string() == path;
        if is_one { Ok(tile) } else { Err(form()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_specification() {
        let tile = |level, index, width| Tile { level, index, width };
        for (tile, path) in [
            (tile(0, 0, 256), "tile/0/000"),
            (tile(0, 273, 112), "tile/0/273.p/112"),
            (tile(1, 1_234_067, 256), "tile/1/x001/x234/067"),
            (tile(7, 1000, 1), "tile/7/x001/000.p/1"),
        ] {
            assert_eq!(tile.to_string(), path);
            assert_eq!(path.parse::<Tile>().unwrap(), tile);
        }
        for path in [
            "",
            "tile/0",
            "tile/0/",
            "tile/0/0",
            "tile/00/000",
            "tile/8/000",
            "tile/0/x000/001",
            "tile/0/1000",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/01",
            "tile/0/001/002",
            "tile/0/../000",
            "tile/0/xx01/002",
            "tile/0/+01",
            "tile/0/x018/x446/x744/x073/x709/x551/616",
            "tile/entries/000",
        ] {
            assert!(path.parse::<Tile>().is_err(), "{path}");
        }
    }

    #[test]
    fn a_tree_has_the_partial_tiles_of_the_specification() {
        let of = |size| Tile::partial(size).map(|tile| tile.to_string()).collect::<Vec<_>>();
        assert_eq!(of(70_000), ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"]);
        assert_eq!(of(256), ["tile/1/000.p/1"]);
        assert_eq!(of(0), Vec::<String>::new());
        assert_eq!(of(u64::MAX).len(), 8);
        let in_tree = |level, index| Tile::in_tree(level, index, 70_000).map(|tile| tile.to_string());
        assert_eq!(in_tree(0, 272).as_deref(), Some("tile/0/272"));
        assert_eq!(in_tree(0, 273).as_deref(), Some("tile/0/273.p/112"));
        assert_eq!(in_tree(2, 0).as_deref(), Some("tile/2/000.p/1"));
        assert_eq!(
            (in_tree(0, 274), in_tree(3, 0), in_tree(0, u64::MAX)),
            (None, None, None)
        );
    }
}
