//! Checkpoints: only the log's own are taken, and no byte of one can be changed.

use translog::{LogFault, LogFiles, LogKey, note_of, open, open_any, signers_of};

use crate::log::{Log, ORIGIN};

#[test]
fn a_checkpoint_says_what_was_signed_in_the_form_of_the_specification() {
    let log = Log::of(300);
    let published = log.tiles.checkpoint().unwrap().unwrap();
    assert_eq!(open(&published, &log.key).unwrap(), log.head());
    let text = String::from_utf8(published).unwrap();
    let lines: Vec<&str> = text.split('\n').collect();
    let [origin, size, root, "", signature, ""] = lines[..] else {
        unreachable!("{text}")
    };
    assert_eq!((origin, size, root.len()), (ORIGIN, "300", 44));
    assert!(
        signature.starts_with("\u{2014} chengdang.example/370199 "),
        "{signature}"
    );
}

#[test]
fn every_changed_byte_of_a_checkpoint_is_detected() {
    let log = Log::of(3);
    let published = log.tiles.checkpoint().unwrap().unwrap();
    for at in 0..published.len() {
        for mask in [1, 0x20, 0x80] {
            let mut changed = published.clone();
            changed[at] ^= mask;
            assert!(open(&changed, &log.key).is_err(), "byte {at} ^ {mask}");
        }
        assert!(open(&published[..at], &log.key).is_err(), "cut at {at}");
    }
}

#[test]
fn another_log_and_another_key_are_told_apart() {
    let (log, other) = (Log::of(3), Log::of(3));
    let published = log.tiles.checkpoint().unwrap().unwrap();
    assert!(matches!(open(&published, &other.key), Err(LogFault::Signature)));
    for name in ["", "a b", "a+b"] {
        assert!(LogKey::new(name, [0; 32]).is_err(), "{name:?}");
    }
    // The key's text form is the one that verifiers elsewhere are given.
    let vkey = log.key.to_vkey();
    assert!(vkey.starts_with("chengdang.example/370199+") && vkey.len() == ORIGIN.len() + 1 + 8 + 1 + 44);
}

#[test]
fn signatures_of_others_are_passed_over() {
    let (log, other) = (Log::of(3), Log::of(4));
    let mut published = log.tiles.checkpoint().unwrap().unwrap();
    let strange = String::from_utf8(other.sign(other.head())).unwrap();
    let line = strange.lines().last().unwrap().replace(ORIGIN, "witness.example");
    published.extend_from_slice(line.as_bytes());
    published.push(b'\n');
    assert_eq!(open(&published, &log.key).unwrap(), log.head());
}

/// While a key of the log is replaced, a checkpoint bears two lines: who knows either opens it, and a wrong line of a known key
/// spoils it.
#[test]
fn either_key_of_a_log_opens_what_both_signed() {
    let (log, other) = (Log::of(300), Log::new());
    let head = log.head();
    let text = translog::text_of(&log.key, head).unwrap();
    let both = [&other, &log].map(|log| (log.key.clone(), log.signature(&text)));
    let published = note_of(head, &both).unwrap();
    let keys = [other.key.clone(), log.key.clone()];
    for known in [&keys[..], &keys[..1], &keys[1..]] {
        assert_eq!(open_any(&published, known).unwrap(), head);
        assert_eq!(signers_of(&published, known).unwrap(), known.iter().collect::<Vec<_>>());
    }
    let stranger = Log::new();
    assert!(matches!(
        open_any(&published, std::slice::from_ref(&stranger.key)),
        Err(LogFault::Signature)
    ));
    let wrong = [both[0].clone(), (log.key.clone(), both[0].1)];
    let spoilt = note_of(head, &wrong).unwrap();
    assert!(matches!(open_any(&spoilt, &keys), Err(LogFault::Signature)));
    assert_eq!(
        open(&spoilt, &other.key).unwrap(),
        head,
        "who does not know the other key passes its line over"
    );
    assert!(note_of(head, &[]).is_err());
    let printed = format!("{}\n{}\n", other.key.to_vkey(), log.key.to_vkey());
    assert_eq!(LogKey::all_from(&printed).unwrap(), keys);
    assert!(LogKey::all_from(" ").is_err());
}
