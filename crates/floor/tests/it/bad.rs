//! Bad policies, each in a file of `tests/bad/`: refuted, by the theorem that it names, with a request that replays.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use floor::{FloorError, Prover};
use policy::{ACTIONS, Bundle, BundleError, Policies};
use serde::Deserialize;
use tempfile::TempDir;

use crate::callers::shipped;

/// A change to the shipped policies that somebody could make.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bad {
    pub(crate) says: String,
    pub(crate) refuted_by: String,
    file: String,
    #[serde(default)]
    add: String,
    #[serde(default)]
    replace: Vec<Change>,
    #[serde(default)]
    schema: Vec<Change>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    from: String,
    to: String,
}

/// All of them, by file name.
pub(crate) fn bad_policies() -> Vec<(String, Bad)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let read = |path: &PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let bad = toml::from_str(&fs::read_to_string(path).unwrap());
        (name, bad.unwrap_or_else(|error| panic!("{}: {error}", path.display())))
    };
    files.iter().map(read).collect()
}

impl Bad {
    /// The action whose policies it changes.
    fn action(&self) -> &'static str {
        let mut actions = ACTIONS.into_iter();
        actions.find(|(_, file)| *file == self.file).unwrap().0
    }
    /// A copy of the shipped policies with the change in it.
    pub(crate) fn written(&self) -> TempDir {
        let copy = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(shipped()).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_file() {
                fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
            }
        }
        for (file, changes) in [
            (self.file.as_str(), &self.replace),
            ("schema.cedarschema", &self.schema),
        ] {
            let path = copy.path().join(file);
            let mut text = fs::read_to_string(&path).unwrap();
            for change in changes {
                assert!(text.contains(&change.from), "{file} has no {}", change.from);
                text = text.replace(&change.from, &change.to);
            }
            if file == self.file && !self.add.is_empty() {
                text = format!("{text}\n{}", self.add);
            }
            fs::write(path, text).unwrap();
        }
        copy
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_policy_is_refuted_by_the_theorem_that_it_breaks() {
    let all = bad_policies();
    assert!(all.len() >= 20, "{}", all.len());
    for (name, bad) in all {
        let folder = bad.written();
        let policies = Policies::load(folder.path()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let policies = Arc::new(policies);
        let mut prover = Prover::open(&policies, 2).await.unwrap();
        let report = prover
            .prove(&policies, Some(bad.action()))
            .await
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(!report.is_proved(), "{name}: nobody noticed that {}", bad.says);
        let breaking = report
            .counterexamples
            .iter()
            .filter(|found| found.theorem == bad.refuted_by);
        let found = breaking.clone().next();
        let found = found.unwrap_or_else(|| panic!("{name}: broken are {:#?}", report.counterexamples));
        println!("{name}: {}: {}", found.theorem, found.deciding.join(", "));
        // The request, as it is written down, does in the ordinary engine what it is an example of.
        for found in breaking {
            let text = serde_json::to_string(&found.request).unwrap();
            let replayed = policies.replay(&serde_json::from_str(&text).unwrap()).unwrap();
            assert_eq!(replayed.outcome.is_ok(), found.is_permitted, "{name}");
        }
        // There is no proof of it to be signed, and the proof of the shipped policies is none of it.
        let key = floor::proof_key(&folder.path().join("key")).unwrap();
        let signed = floor::signed(&report, prover.theorems(), &policies, "cvc5", "", &key);
        assert!(matches!(signed, Err(FloorError::Refuted(_))), "{name}");
        let bundle = Bundle::read(&shipped()).unwrap();
        let keys = [bundle.key.clone()];
        let refused = bundle.check(&policies, &keys, &|_, _, _| true).unwrap_err();
        assert!(
            matches!(refused, BundleError::OtherPolicies { .. }),
            "{name}: {refused}"
        );
    }
}
