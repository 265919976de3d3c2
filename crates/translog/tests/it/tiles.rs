//! The tree beside its definition, and its tiles on the disk.

use std::fs;

use proptest::prelude::*;
use translog::{LogFault, LogFiles, Tile, Tree};

use crate::log::{Log, leaf, root_by_definition};

#[test]
fn the_root_is_that_of_the_definition_at_every_size() {
    let mut tree = Tree::default();
    for size in 0..1_100 {
        assert_eq!(tree.size(), size);
        assert_eq!(tree.root(), root_by_definition(0, size), "{size} entries");
        tree.append(&leaf(size), &mut Vec::new());
    }
}

#[test]
fn the_root_is_that_of_the_definition_where_a_level_begins() {
    let mut tree = Tree::default();
    let mut filled = Vec::new();
    for number in 0..65_800 {
        tree.append(&leaf(number), &mut filled);
        if [65_535, 65_536, 65_537, 65_792, 65_800].contains(&tree.size()) {
            assert_eq!(
                tree.root(),
                root_by_definition(0, tree.size()),
                "{} entries",
                tree.size()
            );
        }
    }
    let full: Vec<Tile> = filled.iter().map(|filled| filled.tile).collect();
    let (lowest, above): (Vec<Tile>, Vec<Tile>) = full.into_iter().partition(|tile| tile.level == 0);
    assert_eq!(lowest, (0..257).map(|index| Tile::full(0, index)).collect::<Vec<_>>());
    assert_eq!(above, [Tile::full(1, 0)]);
    assert!(filled.iter().all(|filled| filled.bytes.len() == 256 * 32));
}

#[test]
fn a_tree_goes_on_from_its_tiles() {
    let mut log = Log::new();
    for size in [0, 1, 255, 256, 257, 600, 65_536, 65_537] {
        log.grow_to(size);
        let resumed = Tree::resume(size, |tile| log.tiles.read(tile)).unwrap();
        assert_eq!(resumed, log.tree, "{size} entries");
    }
    // A tile that was not full is the beginning of the one that is.
    let read = log
        .tiles
        .read(Tile {
            level: 0,
            index: 0,
            width: 255,
        })
        .unwrap();
    assert_eq!(read, log.tiles.read(Tile::full(0, 0)).unwrap()[..255 * 32]);
    log.tiles.forget_partial(Tile::full(0, 0)).unwrap();
    log.tiles.forget_partial(Tile::full(0, 0)).unwrap();
    assert!(!log.path().join("tile/0/000.p").exists());
    assert_eq!(
        log.tiles
            .read(Tile {
                level: 0,
                index: 0,
                width: 255
            })
            .unwrap(),
        read
    );
}

#[test]
fn a_tile_that_is_missing_or_short_is_named() {
    let log = Log::of(600);
    let path = log.path().join("tile/0/002.p/88");
    fs::write(&path, [0; 87 * 32]).unwrap();
    let fault = Tree::resume(600, |tile| log.tiles.read(tile)).unwrap_err();
    assert!(
        matches!(&fault, LogFault::TileMissing { path } if path == "tile/0/002.p/88"),
        "{fault:?}"
    );
    fs::remove_file(&path).unwrap();
    let fault = Tree::resume(600, |tile| log.tiles.read(tile)).unwrap_err();
    assert!(
        matches!(&fault, LogFault::TileMissing { path } if path == "tile/0/002.p/88"),
        "{fault:?}"
    );
}

#[test]
fn nothing_but_tiles_and_the_checkpoint_is_left_in_the_folder() {
    let log = Log::of(70_000);
    let mut found: Vec<String> = Vec::new();
    let mut folders = vec![log.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(log.path()).unwrap().to_string_lossy().into_owned());
            }
        }
    }
    let mut expected: Vec<String> = log.all_tiles().iter().map(Tile::to_string).collect();
    expected.push("checkpoint".to_owned());
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn in_how_many_steps_a_log_grows_changes_nothing(steps in prop::collection::vec(0_u64..700, 1..6)) {
        let mut log = Log::new();
        let mut size = 0;
        for step in steps {
            size += step;
            log.grow_to(size);
        }
        let at_once = Log::of(size);
        prop_assert_eq!(log.head(), at_once.head());
        for tile in at_once.all_tiles() {
            prop_assert_eq!(log.tiles.read(tile).unwrap(), at_once.tiles.read(tile).unwrap());
        }
    }

    #[test]
    fn a_path_leads_to_one_tile(level in 0_u8..8, index: u64, width in 1_u32..=256) {
        let tile = Tile { level, index, width };
        prop_assert_eq!(tile.to_string().parse::<Tile>().unwrap(), tile);
    }
}
