//! What refuses to load, and what refuses although it could be permitted.

use std::fs;
use std::path::Path;

use domain::catalogue::ItemId;
use policy::{Caller, CallerKind, Deliver, Policies, PolicyError, ReadCatalogue, ReadOwnRecords};
use tempfile::TempDir;
use uuid::Uuid;

use crate::callers::{caller, organisation, shipped};

/// A copy of the shipped policies, to be spoilt.
fn copied() -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(shipped()).unwrap() {
        let entry = entry.unwrap();
        // The theorems lie in a folder of their own: they are no policies.
        if entry.file_type().unwrap().is_dir() {
            continue;
        }
        fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    copy
}

fn append(directory: &Path, file: &str, policy: &str) {
    let path = directory.join(file);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(path, format!("{text}\n{policy}\n")).unwrap();
}

fn replace(directory: &Path, file: &str, from: &str, to: &str) {
    let path = directory.join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{file} has no {from}");
    fs::write(path, text.replace(from, to)).unwrap();
}

/// The code with which a spoilt copy refuses to load.
fn load_code(spoil: impl Fn(&Path)) -> &'static str {
    let copy = copied();
    assert!(Policies::load(copy.path()).is_ok());
    spoil(copy.path());
    let error: PolicyError = Policies::load(copy.path()).expect_err("it loads");
    assert!(error.to_string().starts_with(error.code()));
    assert!(!error.remedy().is_empty());
    error.code()
}

const NOTES: &str = r#"@id("added") @article("none") @reason("a test")"#;

#[test]
fn a_permit_names_all_policies_that_gave_it_and_their_articles() {
    let policies = Policies::load(&shipped()).unwrap();
    let action = Deliver {
        provider: organisation(1),
        item: ItemId::parse("ITM-PENALTY").unwrap(),
        item_providers: vec![organisation(1)],
    };
    let permit = policies
        .decide(&caller(CallerKind::Officer, true), action.clone())
        .unwrap();
    assert_eq!(permit.policies(), ["deliver-own-organisation"]);
    assert_eq!(permit.articles(), ["山东省社会信用条例 第10条、第16条"]);
    assert_eq!(permit.resource(), &action);
    assert_eq!(permit.caller(), &caller(CallerKind::Officer, true));
}

#[test]
fn a_refusal_names_every_policy_that_forbids_and_speaks_with_the_lowest_code() {
    let policies = Policies::load(&shipped()).unwrap();
    let other = ReadOwnRecords {
        account: Uuid::from_u128(2),
    };
    let refusal = policies
        .decide(&caller(CallerKind::Resident, false), other)
        .unwrap_err();
    assert_eq!(
        refusal.policies(),
        ["own-records-never-by-others", "own-records-never-by-password-alone"]
    );
    assert_eq!(
        refusal.to_string(),
        "POLICY-0101 the records are shown after the second factor of the login"
    );
    assert!(!refusal.is_alarm());
}

#[test]
fn a_condition_that_errs_refuses_although_cedar_would_allow() {
    // An overflow passes the validator and errs when it is evaluated. Cedar skips the policy, and the permit stands.
    let errs = "9223372036854775807 + 1 > 0";
    for effect in [r#"@refusal("POLICY-0102") forbid"#, "permit"] {
        let copy = copied();
        let policy =
            format!("{NOTES} {effect} (principal, action == Action::\"ReadCatalogue\", resource) when {{ {errs} }};");
        append(copy.path(), "read_catalogue.cedar", &policy);
        let policies = Policies::load(copy.path()).unwrap();
        let refusal = policies
            .decide(&caller(CallerKind::Operator, true), ReadCatalogue)
            .unwrap_err();
        assert_eq!(refusal.code(), "POLICY-0005", "{effect}");
        assert!(refusal.is_alarm());
    }
}

#[test]
fn a_request_that_does_not_fit_the_schema_is_refused() {
    let copy = copied();
    // The context of the request has no such attribute, so the schema is one this version does not speak.
    replace(
        copy.path(),
        "schema.cedarschema",
        "second_factor: Bool,",
        "second_factor: Bool,\n  purpose: String,",
    );
    let policies = Policies::load(copy.path()).unwrap();
    let refusal = policies
        .decide(&caller(CallerKind::Operator, true), ReadCatalogue)
        .unwrap_err();
    assert_eq!(refusal.code(), "POLICY-0004");
    assert!(refusal.is_alarm());
}

#[test]
fn an_entity_that_does_not_fit_the_schema_is_refused() {
    let copy = copied();
    replace(
        copy.path(),
        "schema.cedarschema",
        "  holder: Resident,",
        "  holder: Resident,\n  locked: Bool,",
    );
    let policies = Policies::load(copy.path()).unwrap();
    let resident = caller(CallerKind::Resident, true);
    let refusal = policies
        .decide(
            &resident,
            ReadOwnRecords {
                account: resident.account,
            },
        )
        .unwrap_err();
    assert_eq!(refusal.code(), "POLICY-0004");
}

#[test]
fn an_account_that_is_not_whole_is_refused() {
    let policies = Policies::load(&shipped()).unwrap();
    for kind in CallerKind::ALL {
        let good = caller(kind, true);
        let organisation = if good.organisation.is_some() {
            None
        } else {
            Some(organisation(1))
        };
        let refusal = policies
            .decide(&Caller { organisation, ..good }, ReadCatalogue)
            .unwrap_err();
        assert_eq!(refusal.code(), "POLICY-0003", "{kind:?}");
    }
}

#[test]
fn policies_that_do_not_validate_are_not_loaded() {
    let read = |principal: &str, when: &str| {
        format!(
            "{NOTES} permit (principal is {principal}, action == Action::\"ReadOwnRecords\", resource) when {{ {when} }};"
        )
    };
    let refused = [
        // no such attribute
        read("Resident", "resource.provider == principal"),
        // a comparison of different types, which strict validation refuses
        read("Resident", "resource == principal"),
        // an attribute that may be absent is an error of its own in the lists; here one that is no Bool
        read("Resident", "resource.holder"),
        // the schema names residents only: this can never apply
        read("Officer", "context.second_factor"),
        // neither can this
        read("Resident", "1 == 2"),
    ];
    for policy in refused {
        let code = load_code(|copy| append(copy, "read_own_records.cedar", &policy));
        assert_eq!(code, "POLICY-0903", "{policy}");
    }
    let unguarded = "resource has provider && resource.provider";
    let code = load_code(|copy| replace(copy, "list_deliveries.cedar", unguarded, "resource.provider"));
    assert_eq!(code, "POLICY-0903");
}

#[test]
fn files_that_are_missing_stray_or_not_cedar_are_refused() {
    assert_eq!(
        load_code(|copy| fs::remove_file(copy.join("deliver.cedar")).unwrap()),
        "POLICY-0901"
    );
    assert_eq!(
        load_code(|copy| fs::remove_file(copy.join("schema.cedarschema")).unwrap()),
        "POLICY-0901"
    );
    assert_eq!(
        load_code(|copy| append(copy, "deliver.cedar", "permit (principal")),
        "POLICY-0902"
    );
    assert_eq!(
        load_code(|copy| append(copy, "schema.cedarschema", "entity")),
        "POLICY-0902"
    );
    assert_eq!(
        load_code(|copy| fs::write(copy.join("verify_store.cedar"), "// nothing\n").unwrap()),
        "POLICY-0902"
    );
    assert_eq!(
        load_code(|copy| fs::write(copy.join("read_everything.cedar"), "").unwrap()),
        "POLICY-0906"
    );
}

#[test]
fn annotations_are_asked_for() {
    for line in ["@id(\"", "@article(\"", "@reason(\""] {
        let code = load_code(|copy| replace(copy, "verify_store.cedar", line, &line.replace('@', "@not_")));
        assert_eq!(code, "POLICY-0904", "{line}");
    }
    assert_eq!(
        load_code(|copy| replace(copy, "deliver.cedar", "@refusal", "@not_refusal")),
        "POLICY-0904"
    );
    assert_eq!(
        load_code(|copy| replace(copy, "deliver.cedar", "POLICY-0103", "POLICY-0199")),
        "POLICY-0904"
    );
    let shared = |copy: &Path| {
        replace(
            copy,
            "verify_store.cedar",
            "verify-store-by-operator",
            "link-persons-by-centre",
        );
    };
    assert_eq!(load_code(shared), "POLICY-0907");
}

#[test]
fn a_policy_stands_in_the_file_of_its_action() {
    let elsewhere = [
        r#"permit (principal, action == Action::"ReadCatalogue", resource);"#,
        r#"permit (principal, action in [Action::"VerifyStore", Action::"Deliver"], resource);"#,
        "permit (principal, action, resource);",
    ];
    for policy in elsewhere {
        let code = load_code(|copy| append(copy, "verify_store.cedar", &format!("{NOTES} {policy}")));
        assert_eq!(code, "POLICY-0905", "{policy}");
    }
}

#[test]
fn the_version_names_the_contents() {
    let shipped = Policies::load(&shipped()).unwrap();
    let copy = copied();
    assert_eq!(Policies::load(copy.path()).unwrap().version(), shipped.version());
    append(copy.path(), "verify_store.cedar", "// another comment");
    assert_ne!(Policies::load(copy.path()).unwrap().version(), shipped.version());
    assert_eq!(shipped.version().len(), 64);
}

#[test]
fn every_code_of_a_shipped_policy_is_documented_and_every_policy_names_an_article() {
    let policies = Policies::load(&shipped()).unwrap();
    let articles: Vec<_> = policies.articles().collect();
    assert!(articles.len() >= 30, "{}", articles.len());
    assert!(
        articles
            .iter()
            .all(|(_, article)| article.contains('条') || article.starts_with("GB/T"))
    );
    let mut codes: Vec<_> = policy::CODES.iter().map(|(code, _)| *code).collect();
    codes.dedup();
    assert_eq!(codes.len(), policy::CODES.len());
}
