//! The binary over a log, a witness and a receipt of its own: what holds is said to hold, and nothing else.

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;
use translog::{Head, InclusionProof, Leaf, LogFiles, LogKey, TileFolder, Tree, WitnessKey};
use vault::Vault;

pub(crate) struct World {
    pub(crate) folder: TempDir,
    key: LogKey,
    witness: WitnessKey,
    vault: Vault,
    watching: Vault,
    entry: String,
    /// The later head with the log's signature alone, and its root.
    pub(crate) uncosigned: Vec<u8>,
    pub(crate) head: Head,
    /// An entry of the log that is no leaf of ours, with its path.
    pub(crate) strange: Value,
}

/// The entry whose leaf is of another version.
const STRANGE: u64 = 150;
/// The entry that is a block of a comparison.
const BLOCK: u64 = 200;
/// Place of a person's row in its page, and of the page in the block.
const ROW: (usize, usize) = (2, 1);

fn nonce(number: u64) -> [u8; 32] {
    translog::leaf_hash(&number.to_be_bytes())
}

fn content(number: u64) -> String {
    format!(r#"{{"v":1,"kind":"look_up","matter_no":"测食许〔2026〕{number}号"}}"#)
}

/// What the tree hashes of an entry.
fn leaf_bytes(number: u64) -> Vec<u8> {
    let mut bytes = leaf(number).to_bytes().to_vec();
    if number == STRANGE {
        bytes[0] = 2;
    }
    bytes
}

fn leaf(number: u64) -> Leaf {
    Leaf {
        kind: 1,
        at_ms: 1_795_485_600_000,
        commitment: if number == BLOCK {
            translog::subtree_root(&block().1)
        } else {
            translog::entry_hash("trace", &[&nonce(number), content(number).as_bytes()])
        },
    }
}

fn header() -> [u8; 32] {
    translog::entry_hash("comparison", &[&nonce(1_000), HEADER.as_bytes()])
}

const HEADER: &str = r#"{"v":1,"aim":"年度复核 2026"}"#;

fn row() -> String {
    let header = hex(&header());
    format!(r#"{{"v":1,"header":"{header}","matter_no":"测食许〔2026〕9号"}}"#)
}

/// Rows of the person's page, and roots of the pages.
fn block() -> ([[u8; 32]; 5], [[u8; 32]; 3]) {
    let mut rows = [1, 2, 3, 4, 5].map(nonce);
    rows[ROW.0] = translog::entry_hash("comparison_row", &[&nonce(1_001), row().as_bytes()]);
    let mut roots = [6, 7, 8].map(nonce);
    roots[ROW.1] = translog::subtree_root(&rows);
    (rows, roots)
}

/// A row about the person, with its way to the log's entry, and the header that it names.
fn compared() -> [Value; 2] {
    let (rows, roots) = block();
    let step = |commitments: &[[u8; 32]], at| {
        let path = translog::subtree_path(commitments, at).unwrap();
        let hashes: Vec<String> = path.hashes.iter().map(|hash| hex(hash)).collect();
        json!({ "index": path.index, "size": path.size, "hashes": hashes })
    };
    let hash = hex(&rows[ROW.0]);
    let header = json!({ "look": "row", "label": "comparison", "entry_hash": hex(&header()), "nonce": hex(&nonce(1_000)),
        "content": HEADER, "named_by": hash });
    let row = json!({ "look": "row", "label": "comparison_row", "entry_hash": hash, "nonce": hex(&nonce(1_001)),
        "content": row(), "steps": [step(&rows, ROW.0), step(&roots, ROW.1)] });
    [header, row]
}

/// Two checkpoints of a log, 100 and 300 entries, with a proof of entry 77 and of the steps between.
#[expect(clippy::too_many_lines, reason = "one world, made in its order")]
pub(crate) fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let (vault, watching) = (Vault::ephemeral().unwrap(), Vault::ephemeral().unwrap());
    let key = LogKey::new("log.example/370199", vault.public_key()).unwrap();
    let witness = WitnessKey::new("audit.example/w", watching.public_key()).unwrap();
    let tiles = TileFolder::open(folder.path()).unwrap();
    let mut tree = Tree::default();
    let mut filled = Vec::new();
    let (mut notes, mut uncosigned) = (Vec::new(), Vec::new());
    for number in 0..300 {
        tree.append(&leaf_bytes(number), &mut filled);
        if [100, 300].contains(&tree.size()) {
            filled.extend(tree.partial());
            tiles.write(&filled).unwrap();
            let mut note = translog::sign(&key, tree.head(), |text| vault.sign(text)).unwrap();
            uncosigned = note.clone();
            note.extend(translog::cosign(&note, &witness, 1_795_485_601, |text| watching.sign(text)).unwrap());
            notes.push((tree.head(), note));
        }
    }
    let [(_, old), (head, new)] = &notes[..] else {
        unreachable!()
    };
    let head: Head = *head;
    let proof = InclusionProof {
        extra: leaf(77).to_bytes().to_vec(),
        index: 77,
        path: translog::prove_inclusion(|tile| tiles.read(tile), head, 77).unwrap(),
        checkpoint: new.clone(),
    };
    // Entries of a person: the first, the last, some between, one whose content was erased, one that waits.
    let entry = |index| {
        json!({
            "look": format!("look {index}"), "label": "trace", "entry_hash": hex(&leaf(index).commitment),
            "nonce": hex(&nonce(index)), "content": content(index), "index": index, "leaf": STANDARD.encode(leaf_bytes(index)),
            "path": translog::prove_inclusion(|tile| tiles.read(tile), head, index).unwrap().iter()
                .map(|hash| STANDARD.encode(hash)).collect::<Vec<_>>(),
        })
    };
    let strange = entry(STRANGE);
    let of_block = entry(BLOCK);
    let mut entries: Vec<Value> = [0, 77, 128, 255, 256, 298, 299].into_iter().map(entry).collect();
    for name in ["nonce", "content"] {
        entries[2].as_object_mut().unwrap().remove(name);
    }
    for name in ["index", "leaf", "path"] {
        entries[5].as_object_mut().unwrap().remove(name);
    }
    // … and a row of a comparison.
    let [header, mut row] = compared();
    for name in ["index", "leaf", "path"] {
        row[name] = of_block[name].clone();
    }
    entries.extend([header, row]);
    let file = json!({
        "log": key.to_vkey(), "witnesses": [witness.to_vkey()], "quorum": 1, "checkpoint": String::from_utf8(new.clone()).unwrap(),
        "entries": entries,
    });
    let steps = translog::prove_consistency(|tile| tiles.read(tile), head, 100).unwrap();
    let steps: Vec<String> = steps.iter().map(|hash| STANDARD.encode(hash)).collect();
    let receipt = r#"{"delivery":"a","item":"ITM-PERMIT","rows":{"received":1}}"#;
    let signature = hex(&vault.sign(receipt.as_bytes()));
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    write("proof", proof.to_text().unwrap().as_bytes());
    write("entries", file.to_string().as_bytes());
    write("old", old);
    write("new", new);
    write("steps", steps.join("\n").as_bytes());
    let whole = format!(
        r#"{{"receipt":{receipt},"key":"{}","signature":"{signature}"}}"#,
        hex(&vault.public_key())
    );
    write("receipt", whole.as_bytes());
    let (id, hash, at_ms) = (
        "01981b4e-7f00-7000-8000-000000000001",
        hex(&nonce(1)),
        1_795_485_600_000_i64,
    );
    let promise = format!("chengdang look-up receipt 1\n{id}\n{hash}\n{at_ms}\n");
    let signature = hex(&vault.sign(promise.as_bytes()));
    let look_up = json!({ "look_up": id, "entry_hash": hash, "at_ms": at_ms, "signature": signature });
    write("look-up", look_up.to_string().as_bytes());
    write(
        "answer",
        json!({ "items": [], "receipt": look_up }).to_string().as_bytes(),
    );
    let answer = hex(&nonce(2));
    let promise = format!("chengdang comparison receipt 1\n{id}\n{hash}\n{answer}\n{at_ms}\n");
    let signature = hex(&vault.sign(promise.as_bytes()));
    let mut block =
        json!({ "id": id, "entry_hash": hash, "answer_hash": answer, "as_of_ms": at_ms, "signature": signature });
    write("block", json!({ "block": block }).to_string().as_bytes());
    // What is not signed is not said to hold.
    block["rows"] = 7.into();
    write("line", json!({ "block": block }).to_string().as_bytes());
    World {
        entry: hex(&leaf(77).commitment),
        folder,
        key,
        witness,
        vault,
        watching,
        uncosigned,
        head,
        strange,
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

impl World {
    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_chengdang-verify"))
            .current_dir(self.folder.path())
            .env_clear()
            .args(arguments)
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    }

    /// The later head as the witness cosigned it at a moment.
    pub(crate) fn cosigned_at(&self, at_s: u64) -> String {
        let mut note = self.uncosigned.clone();
        let line = translog::cosign(&note, &self.witness, at_s, |text| self.watching.sign(text)).unwrap();
        note.extend(line);
        String::from_utf8(note).unwrap()
    }

    pub(crate) fn keys(&self) -> [String; 4] {
        [
            "--log".into(),
            self.key.to_vkey(),
            "--witness".into(),
            self.witness.to_vkey(),
        ]
    }

    pub(crate) fn check(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let keys = self.keys();
        let all: Vec<&str> = arguments
            .iter()
            .copied()
            .chain(keys.iter().map(String::as_str))
            .collect();
        self.run(&all)
    }
}

#[test]
fn what_holds_is_said_to_hold_in_both_languages() {
    let world = world();
    let (code, said) = world.check(&["proof", "proof", "--entry", &world.entry]);
    assert_eq!(code, Some(0), "{said}");
    for part in [
        "验证通过",
        "HOLDS",
        "entry 77 of 300",
        "a look at a file",
        "2026-11-24 10:00:00 +08:00",
        "audit.example/w",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let (code, said) = world.check(&["consistency", "old", "new", "steps"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("from 100 to 300 entries"), "{said}");
    let key = hex(&world.vault.public_key());
    let (code, said) = world.run(&["receipt", "receipt", "--key", &key]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("ITM-PERMIT"), "{said}");
    for (name, part) in [
        ("look-up", "receipt of look-up 01981b4e-"),
        ("answer", "receipt of look-up 01981b4e-"),
        ("block", "receipt of block 01981b4e-"),
        ("line", "as of 2026-11-24 10:00:00 +08:00"),
    ] {
        let (code, said) = world.run(&["receipt", name, "--key", &key]);
        assert_eq!(code, Some(0), "{name}: {said}");
        assert!(said.contains("验证通过") && said.contains(part), "{name}: {said}");
        let strange = world.run(&["receipt", name, "--key", &"1".repeat(64)]);
        assert_eq!(strange.0, Some(4), "{name}: {}", strange.1);
    }
}

#[test]
fn what_does_not_hold_is_refused_with_its_own_exit_code() {
    let world = world();
    let (code, said) = world.check(&["proof", "proof", "--entry", &"0".repeat(64)]);
    assert_eq!(code, Some(4), "{said}");
    assert!(
        said.contains("验证不通过") && said.contains("it proves another entry"),
        "{said}"
    );
    assert_eq!(world.check(&["consistency", "new", "old", "steps"]).0, Some(4));
    assert_eq!(world.check(&["consistency", "old", "new", "receipt"]).0, Some(4));
    let strange = LogKey::new("log.example/370199", [7; 32]).unwrap().to_vkey();
    assert_eq!(world.run(&["proof", "proof", "--log", &strange]).0, Some(4));
    let other = WitnessKey::new("audit.example/w", world.vault.public_key())
        .unwrap()
        .to_vkey();
    assert_eq!(
        world
            .run(&["proof", "proof", "--log", &world.key.to_vkey(), "--witness", &other])
            .0,
        Some(4)
    );
    assert_eq!(world.run(&["receipt", "receipt", "--key", &"1".repeat(64)]).0, Some(4));
    assert_eq!(world.check(&["proof", "nothing"]).0, Some(1));
    assert_eq!(world.run(&["proof", "proof", "--log", "nothing"]).0, Some(1));
    assert_eq!(world.run(&["proof", "proof"]).0, Some(2));
}

/// Some bytes of each file, cut files, and text put in: never accepted, never a panic.
#[test]
fn no_changed_byte_is_accepted() {
    let world = world();
    let change = |name: &str, step: usize, run: &dyn Fn() -> (Option<i32>, String)| {
        assert_eq!(run().0, Some(0), "{name}");
        let good = fs::read(world.file(name)).unwrap();
        for at in (0..good.len()).step_by(step) {
            let mut bad = good.clone();
            bad[at] ^= 1;
            fs::write(world.file(name), &bad).unwrap();
            let (code, said) = run();
            assert_eq!(code, Some(4), "{name}, byte {at}: {said}");
            fs::write(world.file(name), &good[..at]).unwrap();
            assert_eq!(run().0, Some(4), "{name}, cut at {at}");
        }
        fs::write(world.file(name), good).unwrap();
    };
    change("proof", 17, &|| world.check(&["proof", "proof"]));
    for name in ["new", "steps"] {
        change(name, 17, &|| world.check(&["consistency", "old", "new", "steps"]));
    }
    let key = hex(&world.vault.public_key());
    // Few, so every third byte of each.
    for name in ["receipt", "look-up", "block"] {
        change(name, 3, &|| world.run(&["receipt", name, "--key", &key]));
    }
}
