//! A resident's file of proofs, checked by the binary and by the script of the page: both say the same of each change.

use std::fs;
use std::path::Path;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::checks::{World, hex, world};

/// Prints for each file named what the script of the page says of it: `no` where it throws.
const RUN: &str = r#"
import { readFileSync } from "node:fs";
import { verdict, verify } from "./verify.mjs";
for (const name of process.argv.slice(2)) {
  let word = "no";
  try {
    const proofs = JSON.parse(readFileSync(name, "utf8"));
    word = verdict(proofs, await verify(proofs)).word;
  } catch {}
  console.log(word);
}
"#;

/// Prints whether the script finds that the log of `old`, then of a rewritten one, goes on in that of `new`.
const CONTINUED: &str = r#"
import { readFileSync } from "node:fs";
import { isContinued } from "./verify.mjs";
const [old, now] = [process.argv[2], process.argv[3]].map((text) => JSON.parse(text));
const read = (level, index, width) =>
  new Uint8Array(readFileSync(`tile/${level}/${String(index).padStart(3, "0")}${width < 256 ? `.p/${width}` : ""}`));
const rewritten = { ...old, root: now.root };
const cases = [[old, now], [now, now], [rewritten, now], [old, { ...now, root: old.root }], [{ ...now, root: old.root }, now], [now, old]];
for (const [before, after] of cases) console.log(await isContinued(before, after, read));
"#;

fn node(folder: &Path, script: &str, arguments: &[&str]) -> Vec<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web/assets/verify.js");
    fs::copy(page, folder.join("verify.mjs")).unwrap();
    fs::write(folder.join("run.mjs"), script).unwrap();
    let ran = Command::new("node")
        .current_dir(folder)
        .arg("run.mjs")
        .args(arguments)
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect()
}

fn good(world: &World) -> Value {
    serde_json::from_slice(&fs::read(world.folder.path().join("entries")).unwrap()).unwrap()
}

#[test]
fn a_residents_file_holds_with_what_was_erased_and_what_waits() {
    let world = world();
    let (code, said) = world.check(&["entries", "entries"]);
    assert_eq!(code, Some(0), "{said}");
    for part in [
        "8 entries are in the log",
        "1 wait",
        "content of 1 was erased",
        "299 2026-11-24",
        "audit.example/w",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert_eq!(world.check(&["entries", "proof"]).0, Some(4));
    assert_eq!(world.check(&["entries", "nothing"]).0, Some(1));
}

/// The base64 text of `value` with one bit of its bytes changed.
fn bent(value: &Value, at: usize) -> Value {
    let mut bytes = STANDARD.decode(value.as_str().unwrap()).unwrap();
    bytes[at] ^= 1;
    STANDARD.encode(bytes).into()
}

/// Each change of the file, and what it is.
#[expect(clippy::too_many_lines, reason = "one list of changes")]
fn changes(world: &World, file: &Value) -> Vec<(String, Value)> {
    let mut changed = Vec::new();
    let mut change = |what: String, body: &dyn Fn(&mut Value)| {
        let mut file = file.clone();
        body(&mut file);
        changed.push((what, file));
    };
    let entries = file["entries"].as_array().unwrap();
    for number in 0..entries.len() {
        let has = |name: &str| entries[number].get(name).is_some();
        if has("content") {
            change(format!("{number}: content"), &|file| {
                let content = file["entries"][number]["content"]
                    .as_str()
                    .unwrap()
                    .replace("2026", "2025");
                file["entries"][number]["content"] = content.into();
            });
            change(format!("{number}: nonce"), &|file| {
                file["entries"][number]["nonce"] = "00".repeat(32).into();
            });
            change(format!("{number}: label"), &|file| {
                file["entries"][number]["label"] = "look_up_answer".into();
            });
            for name in ["nonce", "content", "label"] {
                change(format!("{number}: no {name}"), &|file| {
                    drop(file["entries"][number].as_object_mut().unwrap().remove(name));
                });
                change(format!("{number}: null {name}"), &|file| {
                    file["entries"][number][name] = Value::Null;
                });
            }
            change(format!("{number}: odd nonce"), &|file| {
                let nonce = file["entries"][number]["nonce"].as_str().unwrap().to_owned() + "0";
                file["entries"][number]["nonce"] = nonce.into();
            });
        }
        change(format!("{number}: hash"), &|file| {
            file["entries"][number]["entry_hash"] = "11".repeat(32).into();
        });
        for (what, with) in [("odd", "0"), ("longer", "00"), ("no digits", "g0")] {
            change(format!("{number}: hash, {what}"), &|file| {
                let hash = file["entries"][number]["entry_hash"].as_str().unwrap().to_owned() + with;
                file["entries"][number]["entry_hash"] = hash.into();
            });
        }
        if has("steps") {
            for step in 0..2 {
                change(format!("{number}: step {step}: index"), &|file| {
                    let index = file["entries"][number]["steps"][step]["index"].as_u64().unwrap();
                    file["entries"][number]["steps"][step]["index"] = (index ^ 1).into();
                });
                change(format!("{number}: step {step}: size"), &|file| {
                    file["entries"][number]["steps"][step]["size"] = 1.into();
                });
                change(format!("{number}: step {step}: hashes"), &|file| {
                    file["entries"][number]["steps"][step]["hashes"][0] = "33".repeat(32).into();
                });
                change(format!("{number}: step {step}: fewer hashes"), &|file| {
                    file["entries"][number]["steps"][step]["hashes"]
                        .as_array_mut()
                        .unwrap()
                        .pop();
                });
            }
            change(format!("{number}: a step less"), &|file| {
                file["entries"][number]["steps"].as_array_mut().unwrap().pop();
            });
            change(format!("{number}: no steps"), &|file| {
                drop(file["entries"][number].as_object_mut().unwrap().remove("steps"));
            });
        }
        if has("named_by") {
            for other in [
                "44".repeat(32),
                entries[number]["entry_hash"].as_str().unwrap().to_owned(),
            ] {
                change(format!("{number}: named by {other}"), &|file| {
                    file["entries"][number]["named_by"] = other.clone().into();
                });
            }
            change(format!("{number}: another header"), &|file| {
                let content = r#"{"v":1,"aim":"another"}"#;
                let hash = translog::entry_hash("comparison", &[&[7; 32], content.as_bytes()]);
                file["entries"][number]["content"] = content.into();
                file["entries"][number]["nonce"] = hex(&[7; 32]).into();
                file["entries"][number]["entry_hash"] = hex(&hash).into();
            });
        }
        if has("index") {
            change(format!("{number}: index"), &|file| {
                let index = file["entries"][number]["index"].as_u64().unwrap();
                file["entries"][number]["index"] = (index ^ 1).into();
            });
            change(format!("{number}: beyond"), &|file| {
                file["entries"][number]["index"] = 300.into();
            });
            for at in [0, 1, 5, 41] {
                change(format!("{number}: leaf {at}"), &|file| {
                    file["entries"][number]["leaf"] = bent(&file["entries"][number]["leaf"], at);
                });
            }
            for step in 0..entries[number]["path"].as_array().unwrap().len() {
                change(format!("{number}: path {step}"), &|file| {
                    file["entries"][number]["path"][step] = bent(&file["entries"][number]["path"][step], 9);
                });
            }
            change(format!("{number}: cut"), &|file| {
                file["entries"][number]["path"].as_array_mut().unwrap().pop();
            });
            change(format!("{number}: longer"), &|file| {
                file["entries"][number]["path"]
                    .as_array_mut()
                    .unwrap()
                    .push(STANDARD.encode([7; 32]).into());
            });
        }
    }
    let checkpoint = file["checkpoint"].as_str().unwrap();
    for at in (0..checkpoint.len()).filter(|at| checkpoint.is_char_boundary(*at) && checkpoint.is_char_boundary(at + 1))
    {
        change(format!("checkpoint {at}"), &|file| {
            let mut bytes = checkpoint.as_bytes().to_vec();
            bytes[at] ^= 1;
            file["checkpoint"] = String::from_utf8(bytes).unwrap().into();
        });
    }
    change("no checkpoint".into(), &|file| {
        drop(file.as_object_mut().unwrap().remove("checkpoint"));
    });
    change("no cosignature".into(), &|file| {
        file["checkpoint"] = String::from_utf8(world.uncosigned.clone()).unwrap().into();
    });
    change("a cosignature beyond time".into(), &|file| {
        file["checkpoint"] = world.cosigned_at(1 << 63).into();
    });
    change("a leaf of another version".into(), &|file| {
        file["entries"][0] = world.strange.clone();
    });
    change("no entries".into(), &|file| file["entries"] = json!([]));
    change("neither entries nor checkpoint".into(), &|file| {
        file["entries"] = json!([]);
        drop(file.as_object_mut().unwrap().remove("checkpoint"));
    });
    change("another entry's place".into(), &|file| {
        let other = file["entries"][1].clone();
        for name in ["index", "leaf", "path"] {
            file["entries"][0][name] = other[name].clone();
        }
    });
    changed
}

#[test]
fn the_script_of_the_page_and_the_binary_agree_on_every_change() {
    let world = world();
    let file = good(&world);
    let folder = world.folder.path();
    let mut cases = vec![("nothing".to_owned(), file.clone())];
    cases.extend(changes(&world, &file));
    let mut other = file.clone();
    other["log"] = json!(translog::LogKey::new("log.example/370199", [7; 32]).unwrap().to_vkey());
    let names: Vec<String> = (0..=cases.len()).map(|number| format!("case-{number}.json")).collect();
    for ((_, case), name) in cases.iter().chain([&("another key".to_owned(), other)]).zip(&names) {
        fs::write(folder.join(name), case.to_string()).unwrap();
    }
    let arguments: Vec<&str> = names.iter().map(String::as_str).collect();
    let said = node(folder, RUN, &arguments);
    // Where some entries wait, the rest holds.
    let by_script: Vec<bool> = said.iter().map(|word| word == "partly").collect();
    assert_eq!(by_script.len(), names.len());
    let word_of = |what: &str| {
        let at = cases.iter().position(|(case, _)| case == what);
        said[at.unwrap()].as_str()
    };
    for (what, word) in [
        ("no cosignature", "cosign"),
        ("no entries", "nothing"),
        ("no checkpoint", "unpublished"),
        ("neither entries nor checkpoint", "unpublished"),
        ("a leaf of another version", "wrong"),
    ] {
        assert_eq!(word_of(what), word, "{what}");
    }
    assert_eq!(
        (by_script.first(), by_script.last()),
        (Some(&true), Some(&false)),
        "with another key it cannot hold"
    );
    let mut refused = 0;
    for (number, (what, _)) in cases.iter().enumerate() {
        let (code, said) = world.check(&["entries", &names[number]]);
        assert_eq!(by_script[number], code == Some(0), "{what}: {said}");
        refused += u32::from(code == Some(4));
    }
    assert!(
        refused >= 200 && usize::try_from(refused).unwrap() == cases.len() - 1,
        "{refused} of {}",
        cases.len()
    );
}

#[test]
fn witnesses_count_once_and_as_many_as_are_needed() {
    let world = world();
    let folder = world.folder.path();
    let [_, log, _, witness] = world.keys();
    let other = translog::WitnessKey::new("audit.example/other", [7; 32])
        .unwrap()
        .to_vkey();
    let mut file = good(&world);
    // What has its place already holds by itself.
    file["entries"] = json!([file["entries"][0]]);
    // Witnesses named, how many are needed, and what the script says; none named is another log's word, not the binary's.
    let cases = [
        (vec![&witness], json!(1), "good"),
        (vec![&witness, &other], json!(1), "good"),
        (vec![&witness, &other], json!(2), "cosign"),
        (vec![&other], json!(1), "cosign"),
        (vec![&witness, &witness], json!(2), "no"),
        (vec![], json!(0), "alone"),
    ];
    for (number, (witnesses, quorum, word)) in cases.iter().enumerate() {
        file["witnesses"] = json!(witnesses);
        file["quorum"] = quorum.clone();
        let name = format!("quorum-{number}.json");
        fs::write(folder.join(&name), file.to_string()).unwrap();
        assert_eq!(node(folder, RUN, &[&name]), [*word], "{number}");
        let mut arguments = vec![
            "entries".to_owned(),
            name,
            "--log".into(),
            log.clone(),
            "--quorum".into(),
            quorum.to_string(),
        ];
        arguments.extend(
            witnesses
                .iter()
                .flat_map(|vkey| ["--witness".to_owned(), (*vkey).clone()]),
        );
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let (code, said) = world.run(&arguments);
        assert_eq!(code == Some(0), matches!(*word, "good" | "alone"), "{number}: {said}");
    }
    // A file that asks for no witness, or for more than there are, is asked for all of them.
    file["witnesses"] = json!([other]);
    for quorum in [json!(0), json!(-1), json!(2), json!("1"), Value::Null] {
        file["quorum"] = quorum;
        fs::write(folder.join("quorum.json"), file.to_string()).unwrap();
        assert_eq!(node(folder, RUN, &["quorum.json"]), ["cosign"]);
    }
}

#[test]
fn the_script_finds_a_log_that_was_rewritten() {
    let world = world();
    let head = |size: u64, root: &[u8]| json!({ "size": size, "root": hex(root) }).to_string();
    let old = fs::read_to_string(world.folder.path().join("old")).unwrap();
    let root = STANDARD.decode(old.lines().nth(2).unwrap()).unwrap();
    let (old, new) = (head(100, &root), head(world.head.size, &world.head.root));
    let said = node(world.folder.path(), CONTINUED, &[&old, &new]);
    assert_eq!(said, ["true", "true", "false", "false", "false", "false"]);
}
