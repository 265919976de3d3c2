//! The shipped policies keep the floor, and the proof that lies beside them says so.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use floor::{Holds, Prover};
use policy::{Bundle, BundleError, Policies, THEOREMS};

use crate::callers::shipped;

fn policies() -> Arc<Policies> {
    Arc::new(Policies::load(&shipped()).unwrap())
}

/// The prover as a program of its own.
fn prover() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chengdang-floor"));
    command.arg("--policies").arg(shipped());
    command
}

#[test]
fn the_shipped_policies_keep_the_floor_and_their_proof_says_what_is_proved_now() {
    let output = prover().arg("--check").output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{told}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(told.contains("says the same"), "{told}");
    assert!(!told.contains("BROKEN"), "{told}");
    println!("{told}");
}

#[tokio::test]
async fn the_theorems_are_those_of_the_tree_and_each_says_what_it_is_for() {
    let mut files: Vec<String> = std::fs::read_dir(shipped().join("floor"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| Path::new(name).extension().is_some_and(|ending| ending == "cedar"))
        .collect();
    files.sort();
    assert_eq!(files, THEOREMS.map(|(name, _)| name));
    let theorems = floor::theorems(policies().schema()).unwrap();
    assert!(theorems.len() >= 45, "{}", theorems.len());
    for theorem in &theorems {
        let rules: Vec<&str> = theorem.serves.split(' ').collect();
        let is_rule = |rule: &&str| {
            rule.strip_prefix('R')
                .is_some_and(|number| (1..=12).contains(&number.parse().unwrap_or(0)))
        };
        assert!(rules.iter().all(is_rule), "{}: {}", theorem.id, theorem.serves);
        assert!(
            theorem.article.contains('条') || theorem.article.contains("GB/T"),
            "{}",
            theorem.id
        );
        assert!(
            theorem.zh.chars().count() > 6 && theorem.en.len() > 20,
            "{}",
            theorem.id
        );
    }
    assert!(theorems.iter().any(|theorem| theorem.holds == Holds::Always));
}

#[test]
fn a_solver_that_is_missing_dead_or_agrees_with_everything_proves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let script = |name: &str, text: &str| {
        use std::os::unix::fs::PermissionsExt;
        let path = folder.path().join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    };
    let named = "case \"$1\" in --version) echo 'This is cvc5 version 1.0.3'; exit 0;; esac";
    let liars = [
        (folder.path().join("missing"), "FLOOR-0001"),
        (script("other", "echo 'Z3 version 4.8.12'"), "FLOOR-0002"),
        (script("dead", &format!("{named}; exit 1")), "FLOOR-0002"),
        // All that is asked is "unsat", which is the answer of a theorem that holds.
        (
            script(
                "unsat",
                &format!("{named}; while read line; do case \"$line\" in *check-sat*) echo unsat;; esac; done"),
            ),
            "FLOOR-0002",
        ),
        (
            script(
                "unknown",
                &format!("{named}; while read line; do case \"$line\" in *check-sat*) echo unknown;; esac; done"),
            ),
            "FLOOR-0002",
        ),
    ];
    for (path, code) in liars {
        let out = folder.path().join("bundle.json");
        let output = prover().env("CVC5", &path).arg("--out").arg(&out).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{}", path.display());
        assert!(
            told.contains(code) && told.contains("cvc5"),
            "{}: {told}",
            path.display()
        );
        assert!(!out.exists(), "{}", path.display());
    }
}

#[test]
fn a_solver_that_gives_up_on_the_way_proves_nothing() {
    // The guards are answered, and the first theorems; then it does not know any more.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tired");
    let tired = "#!/bin/sh\ncase \"$1\" in --version) exec cvc5 \"$@\";; esac\n\
                 exec cvc5 \"$@\" --rlimit-per=1\n";
    std::fs::write(&path, tired).unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let output = prover()
        .env("CVC5", &path)
        .arg("--out")
        .arg(folder.path().join("b"))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(told.contains("FLOOR-0002") || told.contains("FLOOR-0003"), "{told}");
    assert!(!folder.path().join("b").exists());
}

#[test]
fn a_proof_is_accepted_only_whole_of_these_policies_and_by_a_named_key() {
    let policies = policies();
    let bundle = Bundle::read(&shipped()).unwrap();
    let keys = [bundle.key.clone()];
    let verify = |key: &[u8; 32], message: &[u8], signature: &[u8; 64]| vault::verify(key, message, signature).is_ok();
    bundle.check(&policies, &keys, &verify).unwrap();
    // The same words signed by a key that nobody named.
    let folder = tempfile::tempdir().unwrap();
    let stranger = floor::proof_key(&folder.path().join("key")).unwrap();
    let mut other = bundle.clone();
    other.key = hex::encode(stranger.public_key());
    other.signature = hex::encode(stranger.sign(&bundle.statement.message()));
    assert_eq!(other.check(&policies, &keys, &verify), Err(BundleError::Signature));
    assert_eq!(other.check(&policies, &[other.key.clone()], &verify), Ok(()));
    // A theorem taken out, even by somebody whose key is named.
    let mut less = bundle.clone();
    let gone = less.statement.theorems.remove(7).id;
    less.key.clone_from(&other.key);
    less.signature = hex::encode(stranger.sign(&less.statement.message()));
    assert_eq!(
        less.check(&policies, &[other.key], &verify),
        Err(BundleError::Unproved(gone))
    );
    // Every part of the statement is under the signature.
    let mut changed = bundle.clone();
    changed.statement.solver.push('x');
    assert_eq!(changed.check(&policies, &keys, &verify), Err(BundleError::Signature));
    changed = bundle.clone();
    changed.statement.theorems[0].en.push('x');
    assert_eq!(changed.check(&policies, &keys, &verify), Err(BundleError::Signature));
    changed = bundle.clone();
    changed.signature = "00".repeat(64);
    assert_eq!(changed.check(&policies, &keys, &verify), Err(BundleError::Signature));
    changed = bundle;
    changed.statement.theorems_version = "00".repeat(32);
    assert_eq!(
        changed.check(&policies, &keys, &verify),
        Err(BundleError::OtherTheorems)
    );
}

#[tokio::test]
async fn a_set_of_policies_that_permits_nothing_is_no_proof() {
    // Without the question that must be satisfiable, a set that refuses everything would keep every "never".
    let shipped = policies();
    let text = "@id(\"x\") @article(\"x\") @reason(\"x\") permit (principal is Operator, action == Action::\"VerifyStore\", resource) \
                when { 1 + 1 == 2 };\n@id(\"y\") @article(\"x\") @reason(\"x\") @refusal(\"POLICY-0102\") \
                forbid (principal, action == Action::\"VerifyStore\", resource);";
    let shut = Arc::new(shipped.with_action("VerifyStore", text).unwrap());
    let mut prover = Prover::open(&shipped, 1).await.unwrap();
    let report = prover.prove(&shut, Some("VerifyStore")).await.unwrap();
    assert!(report.counterexamples.is_empty());
    assert_eq!(report.closed, ["VerifyStore by Operator on Installation"]);
    assert!(!report.is_proved());
}
