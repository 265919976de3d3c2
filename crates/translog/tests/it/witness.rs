//! The witness by its protocol (C2SP tlog-witness): each answer where it is due, and nothing forgotten.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use translog::witness::{AddCheckpoint, Answer, Response, SIZE_TYPE, Witness};
use translog::{Head, LogFault, LogFiles, LogKey, WitnessKey, cosigned_by, prove_consistency, sign};
use vault::Vault;

use crate::log::{Log, ORIGIN};

const AT_S: u64 = 1_795_485_600;

struct Near {
    folder: TempDir,
    secret: Vault,
    key: WitnessKey,
    witness: Witness,
}

fn open(folder: &Path, key: &WitnessKey, log: &LogKey) -> Result<Witness, LogFault> {
    Witness::open(folder, key.clone(), [log.clone()])
}

impl Near {
    fn of(log: &LogKey) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let secret = Vault::ephemeral().unwrap();
        let key = WitnessKey::new("witness.example/w", secret.public_key()).unwrap();
        Self {
            witness: open(folder.path(), &key, log).unwrap(),
            folder,
            secret,
            key,
        }
    }

    fn answer(&self, body: &[u8]) -> Response {
        self.witness
            .add_checkpoint(body, AT_S, |text| self.secret.sign(text))
            .unwrap()
    }
}

fn request(log: &Log, old: u64, size: u64) -> AddCheckpoint {
    let head = log.heads[&size];
    AddCheckpoint {
        old,
        proof: prove_consistency(|tile| log.tiles.read(tile), head, old).unwrap(),
        checkpoint: log.sign(head),
    }
}

fn grown() -> Log {
    let mut log = Log::new();
    for size in [0, 1, 255, 300, 600] {
        log.grow_to(size);
    }
    log
}

#[test]
fn what_continues_is_cosigned_and_remembered() {
    let log = grown();
    let near = Near::of(&log.key);
    let mut old = 0;
    for size in [0, 1, 255, 300, 300, 600] {
        let asked = request(&log, old, size);
        let answer = near.answer(&asked.to_bytes());
        assert_eq!(answer.status, 200, "{size}");
        let cosigned = [asked.checkpoint.as_slice(), &answer.body].concat();
        let by = cosigned_by(&cosigned, std::slice::from_ref(&near.key)).unwrap();
        assert_eq!(
            (by.len(), by[0].at_s, by[0].witness.as_str()),
            (1, AT_S, "witness.example/w")
        );
        assert_eq!(
            translog::open(&cosigned, &log.key).unwrap().size,
            size,
            "still the log's"
        );
        old = size;
    }
    // A process that begins anew knows.
    let again = open(near.folder.path(), &near.key, &log.key).unwrap();
    let answer = again.add_checkpoint(&request(&log, 300, 600).to_bytes(), AT_S, |text| near.secret.sign(text));
    let answer = answer.unwrap();
    assert_eq!(
        (answer.status, answer.content_type, answer.body.as_slice()),
        (409, SIZE_TYPE, b"600\n".as_slice())
    );
    assert_eq!(Answer::read(409, &answer.body), Answer::Saw(600));
}

#[test]
fn each_refusal_has_its_status() {
    let log = grown();
    let near = Near::of(&log.key);
    assert_eq!(near.answer(&request(&log, 0, 300).to_bytes()).status, 200);
    let good = request(&log, 300, 600);
    let status = |asked: &AddCheckpoint| near.answer(&asked.to_bytes()).status;

    for body in [
        b"".as_slice(),
        b"old 300\n",
        b"old 0300\n\nx\n1\n\n",
        b"old -1\n\n",
        b"new 300\n\n",
        b"old 300\n\nno checkpoint\n",
        b"\xff\xfe\n\n",
    ] {
        assert_eq!(near.answer(body).status, 400, "{body:?}");
    }
    let endless = AddCheckpoint {
        proof: vec![[0; 32]; 64],
        ..good.clone()
    };
    assert_eq!(status(&endless), 400, "more than 63 hashes");
    assert_eq!(
        status(&AddCheckpoint {
            old: 601,
            ..good.clone()
        }),
        400,
        "the old size is the larger"
    );

    let strange = grown();
    let other = LogKey::new("other.example/log", *strange.key.public_key()).unwrap();
    let unknown = AddCheckpoint {
        checkpoint: sign(&other, strange.heads[&600], |text| near.secret.sign(text)).unwrap(),
        ..good.clone()
    };
    assert_eq!(status(&unknown), 404);
    let unsigned = AddCheckpoint {
        checkpoint: strange.sign(strange.heads[&600]),
        ..good.clone()
    };
    assert_eq!(status(&unsigned), 403, "another key under the log's name {ORIGIN}");

    for old in [0, 1, 255, 600] {
        assert_eq!(status(&request(&log, old, 600)), 409, "{old}");
    }
    let forged = Head {
        root: [7; 32],
        ..log.heads[&300]
    };
    let same_size = AddCheckpoint {
        old: 300,
        proof: Vec::new(),
        checkpoint: log.sign(forged),
    };
    let answer = near.answer(&same_size.to_bytes());
    assert_eq!((answer.status, answer.body.as_slice()), (409, b"300\n".as_slice()));
    let mut wrong = good.clone();
    wrong.proof[0][0] ^= 1;
    assert_eq!(status(&wrong), 422);
    assert_eq!(
        status(&AddCheckpoint {
            proof: Vec::new(),
            ..good.clone()
        }),
        422
    );
    let smaller = AddCheckpoint {
        old: 0,
        ..request(&log, 0, 1)
    };
    assert_eq!(status(&smaller), 409, "never back");

    assert_eq!(status(&good), 200, "none of them did anything");
    let kept = fs::read_dir(near.folder.path()).unwrap();
    let mut names: Vec<_> = kept
        .map(|entry| entry.unwrap().path().extension().unwrap().to_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["checkpoint", "contradiction"]);
}

#[test]
fn a_witness_whose_memory_was_changed_does_not_go_on() {
    let log = grown();
    let near = Near::of(&log.key);
    near.answer(&request(&log, 0, 300).to_bytes());
    let path = fs::read_dir(near.folder.path())
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let good = fs::read(&path).unwrap();
    for at in (0..good.len()).step_by(7) {
        let mut bad = good.clone();
        bad[at] ^= 1;
        fs::write(&path, &bad).unwrap();
        assert!(open(near.folder.path(), &near.key, &log.key).is_err(), "byte {at}");
    }
    fs::write(&path, good).unwrap();
    open(near.folder.path(), &near.key, &log.key).unwrap();
}

/// What cannot be made durable is not cosigned.
#[test]
fn nothing_is_cosigned_that_cannot_be_kept() {
    let log = grown();
    let near = Near::of(&log.key);
    fs::remove_dir_all(near.folder.path()).unwrap();
    let failed = near
        .witness
        .add_checkpoint(&request(&log, 0, 300).to_bytes(), AT_S, |text| near.secret.sign(text));
    assert!(matches!(failed, Err(LogFault::Io(_))), "{failed:?}");
    fs::create_dir(near.folder.path()).unwrap();
    assert_eq!(
        near.answer(&request(&log, 0, 1).to_bytes()).status,
        200,
        "300 was not remembered"
    );
}

#[test]
fn of_racing_requests_the_smaller_never_comes_after_the_larger() {
    let log = grown();
    let near = Near::of(&log.key);
    near.answer(&request(&log, 0, 1).to_bytes());
    let bodies: Vec<_> = [255, 300, 600]
        .iter()
        .map(|size| request(&log, 1, *size).to_bytes())
        .collect();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let asked: Vec<_> = bodies
            .iter()
            .map(|body| scope.spawn(|| near.answer(body).status))
            .collect();
        asked.into_iter().map(|asked| asked.join().unwrap()).collect()
    });
    assert_eq!(
        statuses.iter().filter(|status| **status == 200).count(),
        1,
        "{statuses:?}"
    );
    assert_eq!(
        statuses.iter().filter(|status| **status == 409).count(),
        2,
        "{statuses:?}"
    );
}
