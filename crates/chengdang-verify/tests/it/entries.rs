//! A resident's file of proofs, checked by the binary and by the script of the page: both say the same of each change.

use std::fs;
use std::path::Path;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::checks::{World, world};

/// Prints for each file named whether the script of the page finds that all of it holds, as the binary does with all witnesses.
const RUN: &str = r#"
import { readFileSync } from "node:fs";
import { verify } from "./verify.mjs";
for (const name of process.argv.slice(2)) {
  let verdict = "no";
  try {
    const proofs = JSON.parse(readFileSync(name, "utf8"));
    const found = await verify(proofs);
    const good = found.entries.every((state) => state === "holds" || state === "waits");
    verdict = good && found.cosigned === proofs.witnesses.length && found.size > 0 ? "holds" : "no";
  } catch {}
  console.log(verdict);
}
"#;

fn good(world: &World) -> Value {
    serde_json::from_slice(&fs::read(world.folder.path().join("entries")).unwrap()).unwrap()
}

#[test]
fn a_residents_file_holds_with_what_was_erased_and_what_waits() {
    let world = world();
    let (code, said) = world.check(&["entries", "entries"]);
    assert_eq!(code, Some(0), "{said}");
    for part in [
        "6 entries are in the log",
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
fn changes(file: &Value) -> Vec<(String, Value)> {
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
        }
        change(format!("{number}: hash"), &|file| {
            file["entries"][number]["entry_hash"] = "11".repeat(32).into();
        });
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
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web/assets/verify.js");
    fs::copy(script, folder.join("verify.mjs")).unwrap();
    fs::write(folder.join("run.mjs"), RUN).unwrap();
    let mut cases = vec![("nothing".to_owned(), file.clone())];
    cases.extend(changes(&file));
    let mut other = file.clone();
    other["log"] = json!(translog::LogKey::new("log.example/370199", [7; 32]).unwrap().to_vkey());
    let names: Vec<String> = (0..=cases.len()).map(|number| format!("case-{number}.json")).collect();
    for ((_, case), name) in cases.iter().chain([&("another key".to_owned(), other)]).zip(&names) {
        fs::write(folder.join(name), case.to_string()).unwrap();
    }
    let ran = Command::new("node")
        .current_dir(folder)
        .arg("run.mjs")
        .args(&names)
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let said = String::from_utf8(ran.stdout).unwrap();
    let by_script: Vec<bool> = said.lines().map(|line| line == "holds").collect();
    assert_eq!(by_script.len(), names.len());
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
