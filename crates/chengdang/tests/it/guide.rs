//! The guide "add an item in an hour" is followed to the letter: its commands, in their order, with nothing added.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use crate::answers::every_question;
use crate::ledger::{Backend, Ground};
use crate::support;

const GUIDES: [&str; 2] = ["docs/add-an-item.md", "docs/add-an-item.zh-CN.md"];

/// The commands of a guide: its blocks marked `sh`.
fn blocks(guide: &str) -> Vec<String> {
    let text = std::fs::read_to_string(support::root().join(guide)).unwrap();
    let mut blocks = Vec::new();
    let mut open: Option<String> = None;
    for line in text.lines() {
        match (&mut open, line) {
            (None, "```sh") => open = Some(String::new()),
            (None, _) => {}
            (Some(_), "```") => blocks.extend(open.take()),
            (Some(block), line) => {
                block.push_str(line);
                block.push('\n');
            }
        }
    }
    assert!(open.is_none(), "{guide}: a block without an end");
    blocks
}

#[test]
fn both_languages_give_the_same_commands() {
    let [english, chinese] = GUIDES.map(blocks);
    assert_eq!(english, chinese);
    assert!(english.len() >= 7);
}

#[test]
fn whoever_copies_the_commands_of_the_guide_has_a_new_item() {
    let folder = tempfile::tempdir().unwrap();
    for part in ["catalogue", "policies"] {
        copy(&support::root().join(part), &folder.path().join(part));
    }
    let blocks = blocks(GUIDES[0]);
    // What the reader is told to look for, block by block.
    let said: [&[&str]; 7] = [
        &["the catalogue is sound"],
        &[],
        &["the catalogue is sound", "ITM-SAFETY-TRAINING 安全生产培训", "PX_XMMC"],
        &["sample.csv: 5 rows", "received 5 = recorded 5 "],
        &[
            "received 5 = recorded 1 + repeated 3 + held 0 + pending 0 + refused 1",
            "E16",
            "E09",
            "no damage",
        ],
        &["the catalogue is sound", "refused 1", "E13  1"],
        &["ITM-SAFETY-TRAINING", "RUL-TRAINING-HEALTH"],
    ];
    assert_eq!(blocks.len(), said.len());
    // One shell for all, as one reader has; a line between the blocks tells their output apart.
    let script = blocks.join("echo ---- next block\n");
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &script])
        .current_dir(folder.path())
        .env_clear()
        .env("PATH", path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}\n{errors}");
    let parts: Vec<&str> = text.split("---- next block\n").collect();
    assert_eq!(parts.len(), said.len(), "{text}");
    for (part, said) in parts.iter().zip(said) {
        for words in said {
            assert!(part.contains(words), "{words} is not in\n{part}\n{errors}");
        }
    }
    // Handed over: what tries every rule of the catalogue takes the new ones, too, also those that ask.
    let catalogue = folder.path().join("trial/catalogue");
    let rules = catalogue.join("intake-rules.toml");
    let text = std::fs::read_to_string(&rules).unwrap();
    std::fs::write(&rules, text + ASKING).unwrap();
    every_question(&Ground::with(Backend::Sqlite, catalogue));
}

/// Rules that whoever follows the guide could add next to that of the guide.
const ASKING: &str = r#"
[[rules]]
id = "RUL-TRAINING-OPEN"
items = ["ITM-SAFETY-TRAINING"]
effect = "hold"
conditions = [{ role = "free_text", contains = ["成绩待定"] }]
example = { free_text = "成绩待定" }
answer = { free_text = "=" }
message = { zh = "成绩待定：是否合格？请补充", en = "was it passed? say so" }
basis = { document = "中华人民共和国安全生产法", article = "第二十八条", rank = "law" }
undated = "a trial"

[[rules]]
id = "RUL-TRAINING-AGAIN"
items = ["ITM-SAFETY-TRAINING"]
effect = "review"
conditions = [{ role = "free_text", contains = ["补考"] }]
example = { free_text = "补考" }
message = { zh = "补考的须人工核对", en = "a second test is looked at by a human" }
basis = { document = "中华人民共和国安全生产法", article = "第二十八条", rank = "law" }
valid_from = "2021-09-01"
"#;

/// The binary under test before everything else.
fn path() -> OsString {
    let binary = Path::new(env!("CARGO_BIN_EXE_chengdang")).parent().unwrap();
    let rest = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::iter::once(binary.to_owned()).chain(std::env::split_paths(&rest))).unwrap()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn whoever_has_no_store_yet_is_told_what_makes_it() {
    let ground = Ground::new(Backend::Sqlite);
    let folder = tempfile::tempdir().unwrap();
    let mut command = ground.install("data").command();
    let output = command
        .env("CHENGDANG_DATA", folder.path())
        .arg("verify")
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    for told in [
        "chengdang.db",
        "`chengdang migrate` makes it",
        "CHENGDANG_DATA",
        "APP-0002",
    ] {
        assert!(errors.contains(told), "{told}: {errors}");
    }
}
