//! Proofs: each entry and each earlier size has one, and nothing else has.

use std::fs;

use translog::{Head, InclusionProof, LogFault, LogFiles, check_consistency, prove_consistency, prove_inclusion};

use crate::log::{Log, leaf};

#[test]
fn each_entry_is_proved_and_no_other_is() {
    let log = Log::of(700);
    for index in 0..700 {
        let proof = log.proof(index);
        assert_eq!(proof.check(&leaf(index), &log.key).unwrap(), log.head());
        assert!(matches!(proof.check(&leaf(index + 1), &log.key), Err(LogFault::Proof)));
    }
    let beyond = prove_inclusion(|tile| log.tiles.read(tile), log.head(), 700);
    assert!(matches!(beyond, Err(LogFault::BeyondTree { size: 700 })));
}

#[test]
fn a_proof_of_another_place_or_with_another_path_is_refused() {
    let log = Log::of(300);
    let proof = log.proof(77);
    let check = |proof: &InclusionProof| proof.check(&leaf(77), &log.key);
    check(&proof).unwrap();
    for index in [76, 78, 299] {
        assert!(matches!(
            check(&InclusionProof { index, ..proof.clone() }),
            Err(LogFault::Proof)
        ));
    }
    let beyond = InclusionProof {
        index: 300,
        ..proof.clone()
    };
    assert!(matches!(check(&beyond), Err(LogFault::BeyondTree { size: 300 })));
    for at in 0..proof.path.len() {
        let mut changed = proof.clone();
        changed.path[at][at] ^= 1;
        assert!(matches!(check(&changed), Err(LogFault::Proof)));
        let mut changed = proof.clone();
        changed.path.remove(at);
        assert!(matches!(check(&changed), Err(LogFault::Proof)));
        let mut changed = proof.clone();
        changed.path.insert(at, [0; 32]);
        assert!(matches!(check(&changed), Err(LogFault::Proof)));
    }
}

#[test]
fn each_tree_begins_with_each_earlier_one() {
    let mut log = Log::new();
    let sizes = [0, 1, 2, 3, 7, 8, 255, 256, 257, 300, 511, 512, 700];
    for size in sizes {
        log.grow_to(size);
    }
    for (&old_size, &old) in &log.heads {
        for (&new_size, &new) in log.heads.range(old_size..) {
            let proof = prove_consistency(|tile| log.tiles.read(tile), new, old_size).unwrap();
            check_consistency(&proof, old, new).unwrap();
            let other = Head { root: [7; 32], ..old };
            assert!(check_consistency(&proof, other, new).is_err(), "{old_size} {new_size}");
            if old_size > 0 && old_size < new_size {
                assert!(check_consistency(&proof, new, old).is_err(), "{old_size} {new_size}");
                assert!(check_consistency(&[], old, new).is_err(), "{old_size} {new_size}");
            }
        }
    }
    let last = log.head();
    assert!(matches!(
        prove_consistency(|tile| log.tiles.read(tile), last, 701),
        Err(LogFault::BeyondTree { size: 700 })
    ));
}

#[test]
fn the_text_form_reads_back_and_takes_no_other() {
    let log = Log::of(300);
    for index in [0, 77, 299] {
        let proof = log.proof(index);
        let text = proof.to_text().unwrap();
        assert_eq!(InclusionProof::from_text(&text).unwrap(), proof);
        let with_extra = InclusionProof {
            extra: vec![0, 1, 2],
            ..proof
        };
        let text = text.replacen("\nindex ", "\nextra AAEC\nindex ", 1);
        assert_eq!(InclusionProof::from_text(&text).unwrap(), with_extra);
        assert_eq!(with_extra.to_text().unwrap(), text);
    }
    let text = log.proof(77).to_text().unwrap();
    assert!(text.starts_with("c2sp.org/tlog-proof@v1\nindex 77\n"), "{text}");
    for (from, to) in [
        ("@v1", "@v2"),
        ("index 77", "index 077"),
        ("index 77", "index -1"),
        ("index 77", "extra !\nindex 77"),
    ] {
        assert!(InclusionProof::from_text(&text.replacen(from, to, 1)).is_err(), "{to}");
    }
    let endless = text.replacen(
        "index 77\n",
        &format!(
            "index 77\n{}",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n".repeat(65)
        ),
        1,
    );
    assert!(InclusionProof::from_text(&endless).is_err());
}

#[test]
fn every_changed_byte_of_a_proof_is_detected() {
    let log = Log::of(300);
    let text = log.proof(77).to_text().unwrap().into_bytes();
    for at in 0..text.len() {
        for mask in [1, 0x20, 0x80] {
            let mut changed = text.clone();
            changed[at] ^= mask;
            let is_good = std::str::from_utf8(&changed)
                .ok()
                .and_then(|text| InclusionProof::from_text(text).ok())
                .is_some_and(|proof| proof.check(&leaf(77), &log.key).is_ok());
            assert!(!is_good, "byte {at} ^ {mask}");
        }
    }
}

#[test]
fn every_changed_byte_of_a_tile_is_detected_by_the_proofs_that_use_it() {
    let log = Log::of(300);
    for tile in log.all_tiles() {
        let path = log.path().join(tile.to_string());
        let good = fs::read(&path).unwrap();
        for at in 0..good.len() {
            let mut changed = good.clone();
            changed[at] ^= 1;
            fs::write(&path, &changed).unwrap();
            // Any entry under the tile: the reader checks the whole tile against the root.
            let index = if tile.level == 0 { tile.index * 256 } else { 0 };
            let proved = prove_inclusion(|tile| log.tiles.read(tile), log.head(), index);
            assert!(matches!(proved, Err(LogFault::Tiles)), "{tile} byte {at}");
        }
        fs::write(&path, good).unwrap();
    }
    for index in 0..300 {
        prove_inclusion(|tile| log.tiles.read(tile), log.head(), index).unwrap();
    }
}
