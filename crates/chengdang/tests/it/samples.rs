//! `catalogue sample` for every item and header version of the shipped catalogue: what it writes is taken in by the real
//! intake, on both stores, with no fault. Whoever adds an item has it tested here.

use std::path::Path;

use domain::catalogue::{Catalogue, Condition, IntakeEffect, Item, Layout};
use serde_json::{Value, json};

use crate::ledger::{Backend, Ground, Installation, receipt_of};
use crate::support;

const ROWS: u64 = 6;
/// Options of the kinds of file, taken in turn.
const KINDS: [&[&str]; 3] = [&[], &["--encoding", "gb18030"], &["--format", "xlsx"]];

#[test]
fn a_sample_of_every_item_and_header_version_is_taken_in_on_sqlite() {
    every_sample(Backend::Sqlite);
}

#[test]
fn a_sample_of_every_item_and_header_version_is_taken_in_on_postgresql() {
    every_sample(Backend::Postgres);
}

fn every_sample(backend: Backend) {
    let ground = Ground::new(backend);
    std::fs::create_dir(ground.city()).unwrap();
    let installation = ground.install("data");
    let mut kinds = KINDS.iter().cycle();
    let mut taken = 0;
    for item in ground.catalogue.items.values() {
        for layout in &item.layouts {
            let receipt = deliver_sample(&installation, &ground.city(), item, layout, kinds.next().unwrap());
            let held = if lacks_a_column(&ground.catalogue, item, layout) {
                ROWS
            } else {
                0
            };
            let rows = &receipt["rows"];
            let what = format!("{} {}: {receipt}", item.id, layout.version);
            assert_eq!(rows["received"], json!(ROWS), "{what}");
            assert_eq!(rows["recorded"], json!(ROWS - held), "{what}");
            assert_eq!(rows["held"], json!(held), "{what}");
            let faults = receipt["faults"].as_object().unwrap();
            assert!(faults.keys().all(|code| held > 0 && code == "Q01"), "{what}");
            assert_eq!(receipt["file"]["header_version"], json!(layout.version), "{what}");
            taken += 1;
        }
    }
    installation.verify();
    println!(
        "{backend:?}: samples of {} items in {taken} header versions taken in",
        ground.catalogue.items.len()
    );
    assert!(taken >= ground.catalogue.items.len());
}

/// Writes the sample with the binary and delivers it for the provider that the binary names.
fn deliver_sample(installation: &Installation, city: &Path, item: &Item, layout: &Layout, kind: &[&str]) -> Value {
    let file = city.join(if kind.contains(&"xlsx") {
        "sample.xlsx"
    } else {
        "sample.csv"
    });
    let mut sample = installation.command();
    sample
        .args(["catalogue", "sample", item.id.as_str(), "--layout", &layout.version])
        .args(["--rows", &ROWS.to_string()])
        .args(kind)
        .arg("--out")
        .arg(&file)
        .arg("--register")
        .arg(city.join("register.csv"));
    let said = support::run(&mut sample, 0);
    let provider = said.trim().rsplit(' ').next().unwrap();
    let output = installation.deliver(&file, item.id.as_str(), provider);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{} {}: {output:?}",
        item.id,
        layout.version
    );
    receipt_of(&output.stdout)
}

/// Whether a rule holds every row of the version because the version has no such column.
fn lacks_a_column(catalogue: &Catalogue, item: &Item, layout: &Layout) -> bool {
    catalogue
        .intake_rules
        .iter()
        .filter(|rule| rule.effect == IntakeEffect::Hold)
        .filter(|rule| rule.items.is_empty() || rule.items.contains(&item.id))
        .any(|rule| match rule.conditions.as_slice() {
            [Condition::Missing(role)] => !layout
                .columns
                .iter()
                .any(|column| item.field(&column.field).is_some_and(|field| field.role == *role)),
            _ => false,
        })
}

#[test]
fn a_sample_that_cannot_be_is_refused_with_what_there_is() {
    let ground = Ground::new(Backend::Sqlite);
    std::fs::create_dir(ground.city()).unwrap();
    let installation = ground.install("data");
    for (arguments, says) in [
        (&["ITM-NOBODY"][..], "the catalogue has no ITM-NOBODY"),
        (&["ITM-PENALTY", "--layout", "2099"], "2018+, 2018, 2015"),
        (
            &["ITM-PENALTY", "--provider", "11370199MB9900101C"],
            "is no provider of ITM-PENALTY",
        ),
        (
            &["ITM-PENALTY", "--format", "xlsx", "--encoding", "gb18030"],
            "a workbook is always UTF-8",
        ),
    ] {
        let mut command = installation.command();
        let output = command
            .current_dir(ground.city())
            .env("CHENGDANG_CATALOGUE", support::root().join("catalogue"))
            .args(["catalogue", "sample"])
            .args(arguments)
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(errors.contains(says), "{arguments:?}: {errors}");
    }
    let files = std::fs::read_dir(ground.city()).unwrap().count();
    assert_eq!(files, 0, "a refused sample leaves no file");
}
