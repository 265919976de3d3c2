//! What an installation for real persons refuses.

use std::fs::File;

use synth::{Manifest, Purpose};

use crate::ledger::{Backend, Ground, receipt_of};
use crate::support;

/// AB-16: the area 370199 is assigned to nobody, so its numbers are refused row by row and nobody gets a file.
#[test]
fn ab16_production_takes_no_synthetic_person() {
    let ground = Ground::new(Backend::Sqlite);
    let installation = ground.install("data");
    let dir = ground.city();
    support::run(
        installation
            .command()
            .arg("synth")
            .arg(&dir)
            .args(["--rows", "300", "--residents", "100", "--seed", "3"]),
        0,
    );
    let manifest: Manifest = serde_json::from_reader(File::open(dir.join("manifest.json")).unwrap()).unwrap();
    let mut refused = 0;
    for entry in manifest.files.iter().filter(|entry| entry.purpose == Purpose::Rows) {
        let mut command = installation.deliver_command(&dir.join(&entry.file), &entry.item, &entry.provider);
        let output = command.env("CHENGDANG_MODE", "production").output().unwrap();
        let receipt = receipt_of(&output.stdout);
        let count = |key: &str| receipt["rows"][key].as_u64().unwrap();
        let planted = entry.faults.get("E06").copied().unwrap_or_default();
        assert!(receipt["faults"]["E06"].as_u64().unwrap() > planted, "{receipt}");
        refused += count("refused");
    }
    assert!(refused > 200, "{refused}");
    let ledger = ground.open(&installation);
    let of_the_area = ledger
        .records()
        .filter(|record| record.number.contains("370199"))
        .count();
    assert_eq!(of_the_area, 0);
}
