//! Same seed, same bytes; other seed, other bytes.

use std::path::Path;

use synth::{City, Dirt, demo_set, write_deliveries, write_register};

use crate::common::{catalogue, files, today};

fn assert_same(a: &Path, b: &Path) {
    let (a, b) = (files(a), files(b));
    assert_eq!(a.len(), b.len());
    for (a, b) in a.iter().zip(&b) {
        assert_eq!(a.file_name(), b.file_name());
        assert!(
            std::fs::read(a).unwrap() == std::fs::read(b).unwrap(),
            "{} differs",
            a.display()
        );
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_workbooks_too() {
    let catalogue = catalogue();
    let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    for dir in &dirs {
        let city = City::new(5, 500, today()).unwrap().with_canaries(64);
        let manifest = write_deliveries(&city, &catalogue, 2_000, &Dirt::default(), dir.path()).unwrap();
        assert!(manifest.files.iter().any(|file| file.format == "xlsx"));
    }
    assert_same(dirs[0].path(), dirs[1].path());
}

/// Two runs within a second would agree by chance: what the workbook says of its making must not come from a clock.
#[test]
fn a_workbook_does_not_say_when_it_was_made() {
    let dir = tempfile::tempdir().unwrap();
    let city = City::new(1, 200, today()).unwrap();
    let manifest = demo_set(&city, &catalogue(), dir.path()).unwrap();
    let workbooks: Vec<_> = manifest.files.iter().filter(|file| file.format == "xlsx").collect();
    assert_eq!(workbooks.len(), 3);
    for workbook in workbooks {
        let file = std::fs::File::open(dir.path().join(&workbook.file)).unwrap();
        let mut archive = zip::ZipArchive::new(file).unwrap();
        let properties = std::io::read_to_string(archive.by_name("docProps/core.xml").unwrap()).unwrap();
        assert_eq!(
            properties.matches("2026-01-01T00:00:00Z").count(),
            2,
            "{}",
            workbook.file
        );
        let times: std::collections::BTreeSet<_> = (0..archive.len())
            .map(|at| archive.by_index(at).unwrap().last_modified().map(|at| at.to_string()))
            .collect();
        assert_eq!(times.len(), 1, "{times:?}");
        assert!(
            times.iter().flatten().all(|time| time.starts_with("1980-01-01")),
            "{times:?}"
        );
    }
}

#[test]
fn another_seed_is_another_city() {
    let register = |seed| {
        let mut bytes = Vec::new();
        write_register(&City::new(seed, 50, today()).unwrap(), &mut bytes).unwrap();
        bytes
    };
    assert_eq!(register(1), register(1));
    assert_ne!(register(1), register(2));
}

#[test]
fn the_demonstration_is_twelve_deliveries_of_nine_items_in_two_encodings_and_two_kinds_of_file() {
    let dir = tempfile::tempdir().unwrap();
    let city = City::new(1, 200, today()).unwrap();
    let manifest = demo_set(&city, &catalogue(), dir.path()).unwrap();
    let distinct = |of: fn(&synth::FileEntry) -> &str| {
        manifest
            .files
            .iter()
            .map(of)
            .collect::<std::collections::BTreeSet<_>>()
            .len()
    };
    assert_eq!(manifest.files.len(), 12);
    assert_eq!(distinct(|file| &file.item), 9);
    assert_eq!(distinct(|file| &file.encoding), 2);
    assert_eq!(distinct(|file| &file.format), 2);
    let read: synth::Manifest =
        serde_json::from_slice(&std::fs::read(dir.path().join("manifest.json")).unwrap()).unwrap();
    assert_eq!(read, manifest);
}
