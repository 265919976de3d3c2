//! The authorisation table: every action, every kind of caller, own and other, against the reviewed `matrix.csv`.

use std::collections::BTreeMap;

use domain::catalogue::ItemId;
use policy::{
    ACTIONS, Action, Caller, CallerKind, CorrectRecord, DecideReview, Deliver, FindCandidates, LinkPersons,
    ListDeliveries, ListReviews, ManageKeys, Policies, ReadCatalogue, ReadDelivery, ReadOwnNotices, ReadOwnRecords,
    ReadReview, ReleaseHeld, VerifyStore, WithdrawRecord,
};
use uuid::Uuid;

use crate::callers::{caller, organisation, shipped};

/// The answer in the words of the table.
fn answer<A: Action>(policies: &Policies, caller: &Caller, action: A) -> String {
    match policies.decide(caller, action) {
        Ok(permit) => {
            assert!(
                !permit.policies().is_empty(),
                "a permit names the policies that gave it"
            );
            assert_eq!(permit.policies().len(), permit.articles().len());
            "yes".to_owned()
        }
        Err(refusal) => refusal.code().strip_prefix("POLICY-").unwrap().to_owned(),
    }
}

fn deliver(provider: domain::Uscc, is_listed: bool) -> Deliver {
    let mut item_providers = vec![organisation(5)];
    if is_listed {
        item_providers.push(provider.clone());
    }
    Deliver {
        provider,
        item: ItemId::parse("ITM-PENALTY").unwrap(),
        item_providers,
    }
}

/// Every action on everything, for one caller.
fn answers(policies: &Policies, caller: &Caller) -> Vec<(&'static str, &'static str, String)> {
    let own = caller.organisation.clone().unwrap_or_else(|| organisation(1));
    let other = organisation(2);
    let id = Uuid::from_u128(77);
    let mut found = Vec::new();
    for (word, provider) in [("own", &own), ("other", &other)] {
        let (listed, unlisted) = if word == "own" {
            ("own listed", "own unlisted")
        } else {
            ("other listed", "other unlisted")
        };
        let (provider, organisation) = (provider.clone(), provider.clone());
        let account = if word == "own" {
            caller.account
        } else {
            Uuid::from_u128(2)
        };
        found.push((
            Deliver::NAME,
            listed,
            answer(policies, caller, deliver(provider.clone(), true)),
        ));
        found.push((
            Deliver::NAME,
            unlisted,
            answer(policies, caller, deliver(provider.clone(), false)),
        ));
        let list = ListDeliveries {
            provider: Some(provider.clone()),
        };
        found.push((ListDeliveries::NAME, word, answer(policies, caller, list)));
        let list = ListReviews {
            organisation: Some(organisation.clone()),
        };
        found.push((ListReviews::NAME, word, answer(policies, caller, list)));
        let one = ReadDelivery {
            delivery: id,
            provider: provider.clone(),
        };
        found.push((ReadDelivery::NAME, word, answer(policies, caller, one)));
        found.push((
            ReadOwnRecords::NAME,
            word,
            answer(policies, caller, ReadOwnRecords { account }),
        ));
        found.push((
            ReadOwnNotices::NAME,
            word,
            answer(policies, caller, ReadOwnNotices { account }),
        ));
        let review = ReadReview {
            review: id,
            organisation: organisation.clone(),
        };
        found.push((ReadReview::NAME, word, answer(policies, caller, review)));
        let candidates = FindCandidates {
            review: id,
            organisation: organisation.clone(),
        };
        found.push((FindCandidates::NAME, word, answer(policies, caller, candidates)));
        found.push((
            DecideReview::NAME,
            word,
            answer(
                policies,
                caller,
                DecideReview {
                    review: id,
                    organisation,
                },
            ),
        ));
        let record = CorrectRecord {
            record: id,
            provider: provider.clone(),
        };
        found.push((CorrectRecord::NAME, word, answer(policies, caller, record)));
        found.push((
            WithdrawRecord::NAME,
            word,
            answer(policies, caller, WithdrawRecord { record: id, provider }),
        ));
    }
    found.push((
        ListDeliveries::NAME,
        "all",
        answer(policies, caller, ListDeliveries { provider: None }),
    ));
    found.push((
        ListReviews::NAME,
        "all",
        answer(policies, caller, ListReviews { organisation: None }),
    ));
    found.push((LinkPersons::NAME, "all", answer(policies, caller, LinkPersons)));
    found.push((ReadCatalogue::NAME, "all", answer(policies, caller, ReadCatalogue)));
    found.push((ReleaseHeld::NAME, "all", answer(policies, caller, ReleaseHeld)));
    found.push((VerifyStore::NAME, "all", answer(policies, caller, VerifyStore)));
    found.push((ManageKeys::NAME, "all", answer(policies, caller, ManageKeys)));
    found
}

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
            for (action, thing, got) in answers(&policies, &caller(kind, second_factor)) {
                let cell = expected.remove(&(action.to_owned(), thing.to_owned(), column.clone()));
                if cell.as_deref() != Some(got.as_str()) {
                    differences.push(format!("{action} {thing} {column}: reviewed {cell:?}, decided {got}"));
                }
            }
        }
    }
    assert!(differences.is_empty(), "{differences:#?}");
    assert!(expected.is_empty(), "cells that no request reached: {expected:?}");
    assert_eq!(cells, 30 * 8);
}

#[test]
fn the_table_names_every_action() {
    let table = reviewed();
    for (action, _) in ACTIONS {
        assert!(table.keys().any(|(name, ..)| name == action), "{action}");
    }
}

/// The floor in words, whatever the table says: a reviewer's slip in the table alone does not pass.
#[test]
fn the_floor_holds_in_the_reviewed_table() {
    for ((action, thing, column), cell) in reviewed() {
        let allowed = cell == "yes";
        let kind = column.trim_end_matches("+2");
        if kind == "resident" {
            let own = thing == "own" && column.ends_with("+2") && action.starts_with("ReadOwn");
            assert_eq!(allowed, own || action == "ReadCatalogue", "{action} {thing} {column}");
        } else {
            assert!(!(allowed && action.starts_with("ReadOwn")), "{action} {thing} {column}");
        }
        if action == "Deliver" && thing.ends_with("unlisted") {
            assert!(!allowed, "{action} {thing} {column}");
        }
        if kind == "officer" && thing.starts_with("other") {
            assert!(!allowed, "{action} {thing} {column}");
        }
        if [
            "ReadReview",
            "FindCandidates",
            "DecideReview",
            "CorrectRecord",
            "WithdrawRecord",
        ]
        .contains(&action.as_str())
        {
            assert_eq!(
                allowed,
                column == "officer+2" && thing == "own",
                "{action} {thing} {column}"
            );
        }
    }
}
