//! Canaries are in the files, so that a leak test has something to find.

use encoding_rs::GB18030;
use synth::{City, Dirt, FileEntry, read_canaries, write_deliveries};

use crate::common::{catalogue, today};

fn text(dir: &std::path::Path, entry: &FileEntry) -> String {
    let bytes = std::fs::read(dir.join(&entry.file)).unwrap();
    if entry.encoding == "gb18030" {
        GB18030.decode(&bytes).0.into_owned()
    } else {
        String::from_utf8(bytes).unwrap()
    }
}

#[test]
fn every_canary_stands_in_the_files_with_number_name_and_telephone() {
    let dir = tempfile::tempdir().unwrap();
    let city = City::new(9, 1_000, today()).unwrap().with_canaries(64);
    let manifest = write_deliveries(&city, &catalogue(), 4_000, &Dirt::default(), dir.path()).unwrap();
    let texts: Vec<String> = manifest
        .files
        .iter()
        .filter(|file| file.format == "csv")
        .map(|file| text(dir.path(), file))
        .collect();
    let canaries = read_canaries(std::fs::File::open(dir.path().join("canaries.json")).unwrap()).unwrap();
    assert_eq!(canaries.len(), 64);
    for canary in &canaries {
        for secret in [&canary.number, &canary.name, &canary.telephone] {
            assert!(
                texts.iter().any(|text| text.contains(secret)),
                "canary {} is not planted",
                canary.index
            );
        }
    }
    let register = std::fs::read_to_string(dir.path().join("register.csv")).unwrap();
    let known = canaries
        .iter()
        .filter(|canary| register.contains(&canary.number))
        .count();
    assert_eq!(known, 48, "three quarters are residents");
}
