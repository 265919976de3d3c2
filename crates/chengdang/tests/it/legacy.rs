//! The tables of a legacy platform through the real binary: what may be taken is taken, and the signed report says of the
//! rest what the dump's truth says, rule by rule.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;
use synth::LegacyTruth;

use crate::ledger::{Backend, Ground, Installation};
use crate::support;

#[test]
fn a_legacy_dump_of_100_000_rows_migrates_with_its_purge_report_on_sqlite() {
    migrates(Backend::Sqlite, 100_000);
}

#[test]
fn a_legacy_dump_of_5_000_rows_migrates_with_its_purge_report_on_postgresql() {
    migrates(Backend::Postgres, 5_000);
}

fn legacy(ground: &Ground, installation: &Installation, code: i32) -> (String, String) {
    let city = ground.city();
    let mut command = installation.command();
    command
        .arg("legacy")
        .arg(city.join("dump"))
        .arg("--mapping")
        .arg(city.join("mapping.toml"))
        .arg("--report")
        .arg(city.join("purge.json"));
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{errors}");
    (String::from_utf8_lossy(&output.stdout).into_owned(), errors)
}

fn migrates(backend: Backend, rows: u64) {
    let ground = Ground::new(backend);
    let installation = ground.install("data");
    let city = ground.city();
    let (rows_text, residents) = (rows.to_string(), (rows / 5).to_string());
    support::run(
        installation.command().arg("synth").arg(&city).args([
            "--legacy",
            "--rows",
            &rows_text,
            "--residents",
            &residents,
        ]),
        0,
    );
    let truth: LegacyTruth = serde_json::from_slice(&fs::read(city.join("legacy-truth.json")).unwrap()).unwrap();
    assert_eq!(truth.rows, rows);
    legacy(&ground, &installation, 0);
    let signed = fs::read(city.join("purge.json")).unwrap();
    let key: Value = serde_json::from_slice(&signed).unwrap();
    let key: [u8; 32] = hex::decode(key["key"].as_str().unwrap()).unwrap().try_into().unwrap();
    assert!(app::deliver::receipt_verifies(&signed, &key), "the report is signed");
    let whole: Value = serde_json::from_slice(&signed).unwrap();
    let report = &whole["receipt"];
    assert_eq!(report["kind"], "legacy_purge");

    // By rule, exactly what was planted, each with its legal source.
    let mut found: BTreeMap<String, [u64; 3]> = BTreeMap::new();
    for rule in report["rules"].as_array().unwrap() {
        let counts = ["rows", "columns", "tables"].map(|key| rule[key].as_u64().unwrap());
        found.insert(rule["rule"].as_str().unwrap().to_owned(), counts);
        for key in ["document", "article", "message", "message_en"] {
            assert!(rule[key].as_str().unwrap().chars().count() > 2, "{rule}");
        }
    }
    assert_eq!(found, truth.not_taken);
    for rule in [
        "RUL-PS-STATUTE",
        "RUL-PS-FLAG",
        "RUL-MINOR",
        "RUL-SUMMARY-PROCEDURE",
        "E14",
        "RUL-LEGACY-SCORE",
        "RUL-LEGACY-LIST",
    ] {
        assert!(found[rule][0] > 0, "{rule}");
    }
    assert_eq!(
        report["faulty"],
        serde_json::json!({}),
        "nothing else is wrong with the dump"
    );

    // Every row of every table is accounted for, and the outcomes are those of the truth.
    let tables = report["tables"].as_array().unwrap();
    let mut sum = 0;
    for table in tables {
        let delivered = table["delivered"]["received"].as_u64().unwrap_or_default();
        let kept_out: u64 = table["not_delivered"]
            .as_object()
            .unwrap()
            .values()
            .map(|n| n.as_u64().unwrap())
            .sum();
        assert_eq!(table["rows"].as_u64().unwrap(), delivered + kept_out);
        sum += delivered + kept_out;
    }
    assert_eq!(sum, rows);
    let penalties = &tables[2]["delivered"];
    for outcome in ["recorded", "held", "pending", "refused"] {
        let expected = truth.outcomes.get(outcome).copied().unwrap_or_default();
        assert_eq!(penalties[outcome].as_u64().unwrap(), expected, "{outcome}");
    }
    assert_eq!(
        (tables[0]["refused_under"].as_str(), tables[1]["refused_under"].as_str()),
        (Some("RUL-LEGACY-SCORE"), Some("RUL-LEGACY-LIST"))
    );

    says_nothing_of_persons(&String::from_utf8(signed.clone()).unwrap(), &city);

    // Again: the same deliveries, no second effect, the same report but for its time.
    let before = ground.tables(&installation);
    legacy(&ground, &installation, 0);
    assert_eq!(ground.tables(&installation), before);
    let again: Value = serde_json::from_slice(&fs::read(city.join("purge.json")).unwrap()).unwrap();
    assert_eq!(again["receipt"]["tables"], report["tables"]);
    assert_eq!(again["receipt"]["rules"], report["rules"]);
    installation.verify();
    println!("{backend:?}: {rows} rows migrated: {found:?}");
}

/// No number and no name of the register, former ones among them, and nothing of the columns that are not taken: neither as
/// such nor in a number's inner part, which would do to find somebody.
fn says_nothing_of_persons(report: &str, city: &Path) {
    let mut reader = csv::Reader::from_path(city.join("register.csv")).unwrap();
    let mut persons = 0;
    for row in reader.records().map(Result::unwrap) {
        let inner = row[1].get(6..17).unwrap_or(&row[1]);
        for text in [&row[1], inner, &row[2], &row[3]]
            .into_iter()
            .filter(|text| !text.is_empty())
        {
            assert!(
                !report.contains(text),
                "line {}: the report repeats the register",
                persons + 2
            );
        }
        persons += 1;
    }
    assert!(persons >= 1_000, "{persons}");
    let dump = fs::read_to_string(city.join("dump/t_xzcf.csv")).unwrap();
    for text in ["测试族", "00000000000", "测试员"] {
        assert!(dump.contains(text), "{text} is in the dump");
        assert!(!report.contains(text), "the report repeats {text}");
    }
}

#[test]
fn a_mapping_that_leaves_something_out_or_takes_what_is_forbidden_stops_before_the_first_row() {
    let ground = Ground::new(Backend::Sqlite);
    let installation = ground.install("data");
    let city = ground.city();
    support::run(
        installation
            .command()
            .arg("synth")
            .arg(&city)
            .args(["--legacy", "--rows", "500", "--residents", "100"]),
        0,
    );
    let path = city.join("mapping.toml");
    let good = fs::read_to_string(&path).unwrap();
    for (mapping, code) in [
        ("tables = 1".to_owned(), "LEGACY-0001"),
        (good.replace("t_mdgl.csv", "t_none.csv"), "LEGACY-0002"),
        (good.replace("ITM-PENALTY", "ITM-NONE"), "LEGACY-0003"),
        (good.replace("[[tables]]\nfile = \"t_mdgl.csv\"\n", ""), "LEGACY-0004"),
        (format!("{good}\"信用积分\" = \"备注\"\n"), "LEGACY-0006"),
        (format!("{good}\"F999\" = \"备注\"\n"), "LEGACY-0007"),
    ] {
        fs::write(&path, &mapping).unwrap();
        let (_, errors) = legacy(&ground, &installation, 1);
        assert!(errors.contains(code), "{code}: {errors}");
    }
    fs::write(&path, &good).unwrap();
    fs::write(city.join("dump/t_grxypf.csv"), b"\x00\x01\x02").unwrap();
    assert!(legacy(&ground, &installation, 1).1.contains("LEGACY-0008"));
    assert_eq!(ground.tables(&installation)["delivery"].0, 0);
}
