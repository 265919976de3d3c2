//! The reconciliation of a provider's day, through the real binary, on both stores.

use std::fs;
use std::path::PathBuf;

use domain::Uscc;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::AccountKind;
use store_postgres::testing::Cluster;
use synth::{FileEntry, Purpose};

use crate::leaks::http::ask;
use crate::leaks::town::Town;
use crate::leaks::walk::{browser, token};
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
        let open = line["open"].as_array().unwrap().iter();
        open.filter(|question| question["kind"] == kind)
            .map(|question| question["rows"].as_u64().unwrap())
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

#[test]
fn the_service_says_what_the_command_line_says_on_sqlite() {
    served("sqlite");
}

#[test]
fn the_service_says_what_the_command_line_says_on_postgresql() {
    let cluster = Cluster::start_with(&[]).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    served(&runtime.block_on(cluster.empty_database()).unwrap());
}

/// Two deliveries by the command line and a statement in the drop folder: page, API and `reconcile` report the same.
fn served(store: &str) {
    let town = Town::build(41, 600, store);
    let is_taken = |entry: &&FileEntry| entry.purpose == Purpose::Rows && entry.format == "csv";
    let entry = town.manifest.files.iter().find(is_taken).unwrap();
    let (whole, half) = (town.inputs().join(&entry.file), town.inputs().join("half.csv"));
    let text = fs::read(&whole).unwrap();
    let end = text.iter().position(|&byte| byte == b'\n').unwrap() + 1;
    let next = end + text[end..].iter().position(|&byte| byte == b'\n').unwrap() + 1;
    fs::write(&half, &text[..next]).unwrap();
    for file in [&half, &whole] {
        let mut command = town.command();
        command.arg("deliver").arg(file);
        command.args(["--item", &entry.item, "--provider", &entry.provider]);
        support::run(&mut command, 0);
    }
    let reconciled = |code: i32| -> Value {
        let mut command = town.command();
        command.args(["reconcile", "--provider", &entry.provider, "--json"]);
        serde_json::from_str(&support::run(&mut command, code)).unwrap()
    };
    let day = reconciled(0)["day"].as_str().unwrap().to_owned();
    let folder = town.dropped().join(&entry.provider);
    fs::create_dir(&folder).unwrap();
    let hash = hex::encode(Sha256::digest(&text));
    let said = json!([{ "item": entry.item, "sha256": hash }, { "item": entry.item, "rows": 7_777 }]);
    fs::write(folder.join(format!("{day}.manifest.json")), said.to_string()).unwrap();
    let mut expected = reconciled(3);

    let uscc = Uscc::parse(&entry.provider).unwrap();
    let wanted = ["officer", "browsing"].map(|name| (name.to_owned(), AccountKind::Officer, Some(uscc.clone()), None));
    let logins = town.accounts(wanted.into());
    let server = town.serve();
    let bearer = format!("Bearer {}", token(&server.address, &logins[0]));
    let path = format!("/api/v1/reconciliation?day={day}");
    let answer = ask(&server.address, "GET", &path, &[("Authorization", &bearer)], &[]);
    assert_eq!(answer.status(), 200, "{}", answer.text());
    let mut told = answer.json();
    let page = browser(&server, &logins[1]).get(&format!("/reconciliation?day={day}"));
    assert_eq!(page.status(), 200, "{}", page.text());
    server.stop();

    let page = page.body();
    let deliveries = told["deliveries"].as_array().unwrap().clone();
    assert_eq!(deliveries.len(), 2, "{told}");
    for delivery in &deliveries {
        let link = format!("href=\"/deliveries/{}\"", delivery["delivery"].as_str().unwrap());
        assert!(page.contains(&link), "{link}: {page}");
    }
    assert_eq!(page.matches("data-testid=\"statement-row\"").count(), 2, "{page}");
    assert!(
        deliveries
            .iter()
            .any(|delivery| !delivery["open"].as_array().unwrap().is_empty())
    );
    assert_eq!(told["statements"][0]["agreement"], "agrees");
    assert_eq!(told["statements"][1]["agreement"], "missing");
    assert_eq!(told["unannounced"].as_array().unwrap().len(), 1);

    // What only people or only programs are told apart, the two are one report.
    told.as_object_mut().unwrap().remove("provider_name");
    expected.as_object_mut().unwrap().remove("is_statement_unreadable");
    for line in told["deliveries"].as_array_mut().unwrap() {
        line.as_object_mut().unwrap().remove("item_name");
        let at = line["received_at"]
            .as_str()
            .unwrap()
            .replace('T', " ")
            .replace("+08:00", "");
        line["received_at"] = at.into();
        for question in line["open"].as_array_mut().unwrap() {
            question.as_object_mut().unwrap().remove("message");
        }
    }
    for compared in expected["statements"].as_array_mut().unwrap() {
        compared.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    }
    assert_eq!(told, expected);
}
