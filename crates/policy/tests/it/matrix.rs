//! The authorisation table: every action, every kind of caller, own and other, against the reviewed `matrix.csv`.

use std::collections::BTreeMap;

use policy::{ACTIONS, CallerKind, Policies};

use crate::callers::{caller, shipped};
use crate::questions::answers;

/// The reviewed table, by action, thing and column.
fn reviewed() -> BTreeMap<(String, String, String), String> {
    let text = include_str!("../matrix.csv");
    let mut lines = text.lines().filter(|line| !line.starts_with('#'));
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let mut cells = BTreeMap::new();
    for line in lines {
        let words: Vec<&str> = line.split(',').collect();
        assert_eq!(words.len(), header.len(), "{line}");
        for (column, word) in header.iter().zip(&words).skip(2) {
            let key = (words[0].to_owned(), words[1].to_owned(), (*column).to_owned());
            assert!(cells.insert(key, (*word).to_owned()).is_none(), "{line}: given twice");
        }
    }
    cells
}

#[test]
fn every_cell_of_the_reviewed_table_holds_and_none_is_missing() {
    let policies = Policies::load(&shipped()).unwrap();
    let mut expected = reviewed();
    let cells = expected.len();
    let mut differences = Vec::new();
    for kind in CallerKind::ALL {
        for second_factor in [false, true] {
            let column = format!("{}{}", kind.as_str(), if second_factor { "+2" } else { "" });
            for (action, thing, got) in answers(&policies, &caller(kind, second_factor), None) {
                let cell = expected.remove(&(action.to_owned(), thing.to_owned(), column.clone()));
                if cell.as_deref() != Some(got.as_str()) {
                    differences.push(format!("{action} {thing} {column}: reviewed {cell:?}, decided {got}"));
                }
            }
        }
    }
    assert!(differences.is_empty(), "{differences:#?}");
    assert!(expected.is_empty(), "cells that no request reached: {expected:?}");
    assert_eq!(cells, 143 * 18);
}

#[test]
fn the_table_names_every_action() {
    let table = reviewed();
    for (action, _) in ACTIONS {
        assert!(table.keys().any(|(name, ..)| name == action), "{action}");
    }
}

/// All that a kind of caller may ever do, besides reading the catalogue.
fn office(kind: &str) -> &'static [&'static str] {
    match kind {
        "resident" => &[
            "ReadOwnRecords",
            "ReadOwnNotices",
            "ReadOwnLookUps",
            "LockOwnFile",
            "ObjectOwn",
            "RepairOwn",
            "WithdrawOwnConsent",
            "ReadAsAttorney",
        ],
        "officer" => &[
            "Deliver",
            "ReadDelivery",
            "ListDeliveries",
            "ListReviews",
            "ReadReview",
            "FindCandidates",
            "DecideReview",
            "CorrectRecord",
            "WithdrawRecord",
            "LookUp",
            "Disclose",
            "ShowRecord",
            "CloseLookUp",
            "RegisterMatter",
            "RegisterProgramme",
            "ApproveProgramme",
            "CompareBatch",
            "ProposeMeasure",
            "DecideMeasure",
            "ApplyMeasure",
            "BreakGlass",
        ],
        "centre" => &[
            "Deliver",
            "ReadDelivery",
            "ListDeliveries",
            "ListReviews",
            "LinkPersons",
            "ApproveProgramme",
        ],
        "operator" => &[
            "Deliver",
            "ReadDelivery",
            "ListDeliveries",
            "ListReviews",
            "VerifyStore",
            "ReleaseHeld",
            "ManageKeys",
        ],
        "system" => &[
            "LookUp",
            "Disclose",
            "ShowRecord",
            "CompareBatch",
            "CloseLookUp",
            "RegisterMatter",
        ],
        "partner" => &["ReadConsented", "ShowRecord"],
        "system-administrator" => &["ManageAccounts"],
        "security-administrator" => &["RegisterClient", "RevokeClient"],
        "audit-administrator" => &["ReadAuditLog"],
        _ => &[],
    }
}

/// The floor in words, whatever the table says: a reviewer's slip in the table alone does not pass.
#[test]
fn the_floor_holds_in_the_reviewed_table() {
    for ((action, thing, column), cell) in reviewed() {
        let allowed = cell == "yes";
        let at = format!("{action} {thing} {column}");
        let (kind, is_confirmed) = (column.trim_end_matches("+2"), column.ends_with("+2"));
        let action = action.as_str();
        if action == "ReadCatalogue" {
            assert!(allowed, "{at}");
            continue;
        }
        if action.contains("Own") {
            // Nobody but the person, and nobody can forbid the person.
            assert_eq!(allowed, kind == "resident" && is_confirmed && thing == "own", "{at}");
        }
        if allowed {
            assert!(office(kind).contains(&action), "{at}");
            let needs_no_factor = kind == "operator" || ["ShowRecord", "ReadConsented"].contains(&action);
            assert!(is_confirmed || needs_no_factor, "{at}");
            assert!(!thing.ends_with("unlisted"), "{at}");
            assert!(kind != "officer" || !thing.starts_with("other"), "{at}");
        }
    }
}
