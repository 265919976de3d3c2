//! The reconciliation of a provider's day, through the real binary, on both stores.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use synth::FileEntry;

use crate::ledger::{Backend, Ground, Installation, synthesise};
use crate::support;

#[test]
fn a_day_is_reconciled_on_sqlite() {
    reconciled(Backend::Sqlite);
}

#[test]
fn a_day_is_reconciled_on_postgresql() {
    reconciled(Backend::Postgres);
}

fn report(installation: &Installation, drop: &PathBuf, provider: &str, code: i32) -> Value {
    let text = support::run(
        installation
            .command()
            .env("CHENGDANG_DROP__FOLDER", drop)
            .env("CHENGDANG_DROP__SETTLE_S", "0")
            .args(["reconcile", "--provider", provider, "--json"]),
        code,
    );
    serde_json::from_str(&text).unwrap()
}

fn reconciled(backend: Backend) {
    let ground = Ground::new(backend);
    let installation = ground.install("data");
    let arguments = ["--bulk", "--rows", "600", "--residents", "200"];
    let manifest = synthesise(&installation, &ground.city(), &arguments);
    let entry: &FileEntry = &manifest.files[0];
    let file = ground.city().join(&entry.file);
    let content = fs::read(&file).unwrap();
    let drop = ground.city().join("drop");
    let inbox = drop.join(&entry.provider).join(&entry.item);
    fs::create_dir_all(&inbox).unwrap();
    assert_eq!(report(&installation, &drop, &entry.provider, 0)["rows"]["received"], 0);

    // One file by each of two doors: the whole by the drop, its first half by the command line.
    fs::write(inbox.join("whole.csv"), &content).unwrap();
    let cut = content.len() / 2
        + content[content.len() / 2..]
            .iter()
            .position(|&byte| byte == b'\n')
            .unwrap()
        + 1;
    let half = ground.city().join("half.csv");
    fs::write(&half, &content[..cut]).unwrap();
    support::run(
        installation
            .command()
            .env("CHENGDANG_DROP__FOLDER", &drop)
            .env("CHENGDANG_DROP__SETTLE_S", "0")
            .args(["drop", "--once"]),
        0,
    );
    let output = installation.deliver(&half, &entry.item, &entry.provider);
    let receipt: Value = serde_json::from_slice(&output.stdout).unwrap();
    let received = receipt["receipt"]["rows"]["received"].as_u64().unwrap();

    let first = report(&installation, &drop, &entry.provider, 0);
    assert_eq!(first["statements"], json!([]));
    assert_eq!(first["unannounced"], json!([]), "nobody stated anything");
    let lines = first["deliveries"].as_array().unwrap();
    assert_eq!(lines.len(), 2);
    assert_eq!(
        (&lines[0]["adapter"], &lines[1]["adapter"]),
        (&json!("file_drop"), &json!("command_line"))
    );
    assert_eq!(first["by_adapter"]["file_drop"]["received"], 600);
    assert_eq!(first["by_adapter"]["command_line"]["received"], received);
    assert_eq!(first["rows"]["received"], 600 + received);
    for rows in [&first["rows"], &first["by_adapter"]["file_drop"], &lines[1]["rows"]] {
        let count = |key: &str| rows[key].as_u64().unwrap();
        let parts = ["recorded", "repeated", "held", "pending", "refused"];
        assert_eq!(count("received"), parts.map(count).iter().sum::<u64>(), "{rows}");
    }
    // Open are exactly the rows that are held at the register's or by nobody's decision yet: none was answered.
    let open = |line: &Value, kind: &str| -> u64 {
        let open = line["open"].as_object().unwrap().iter();
        open.filter(|(reason, _)| reason.starts_with(kind))
            .map(|(_, rows)| rows.as_u64().unwrap())
            .sum()
    };
    assert_eq!(open(&lines[0], "pending"), lines[0]["rows"]["pending"]);
    assert!(open(&lines[0], "pending") > 0);
    assert!(open(&lines[0], "held") <= lines[0]["rows"]["held"].as_u64().unwrap());

    stated(&ground, &installation, entry, &content[..cut], received);
}

/// The provider's own statement held against the two deliveries.
fn stated(ground: &Ground, installation: &Installation, entry: &FileEntry, half: &[u8], received: u64) {
    let drop = ground.city().join("drop");
    let content = fs::read(ground.city().join(&entry.file)).unwrap();
    let first = report(installation, &drop, &entry.provider, 0);
    // One that agrees, one that differs in rows, two that never came; and what it left out.
    let day = first["day"].as_str().unwrap();
    let hash = |bytes: &[u8]| hex::encode(Sha256::digest(bytes));
    let statement = drop.join(&entry.provider).join(format!("{day}.manifest.json"));
    let item = entry.item.as_str();
    let said = json!([
        { "item": item, "sha256": hash(&content), "rows": 600, "bytes": content.len() },
        { "item": item, "sha256": hash(half), "rows": received + 1 },
        { "item": item, "sha256": hash(b"never sent"), "rows": 3 },
        { "item": item, "rows": 600 },
    ]);
    fs::write(&statement, said.to_string()).unwrap();
    let second = report(installation, &drop, &entry.provider, 3);
    let words: Vec<&str> = second["statements"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["agreement"].as_str().unwrap())
        .collect();
    assert_eq!(
        words,
        ["agrees", "differs", "missing", "missing"],
        "a delivery answers one statement only"
    );
    fs::write(&statement, json!([{ "item": item, "rows": 600 }]).to_string()).unwrap();
    let third = report(installation, &drop, &entry.provider, 3);
    assert_eq!(third["statements"][0]["agreement"], "agrees");
    assert_eq!(third["unannounced"], json!([first["deliveries"][1]["delivery"]]));
    fs::write(&statement, "[{\"item\": \"370199199001010016\", \"x\": 1}]").unwrap();
    let output = installation
        .command()
        .env("CHENGDANG_DROP__FOLDER", &drop)
        .args(["reconcile", "--provider", &entry.provider])
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.code() == Some(1) && errors.contains("RECONCILE-0001"),
        "{errors}"
    );
    assert!(
        !errors.contains("370199199001010016"),
        "nothing of the statement is repeated"
    );
}
