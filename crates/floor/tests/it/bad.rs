//! Bad policies, each in a file of `tests/bad/`: refuted, by the theorem that it names, with a request that replays.

use std::sync::Arc;

use floor::{FloorError, Prover};
use policy::{ACTIONS, Bundle, BundleError, Policies};

use crate::callers::shipped;
use crate::changes::{Bad, bad_policies};

/// The action whose policies it changes.
fn action(bad: &Bad) -> &'static str {
    let mut actions = ACTIONS.into_iter();
    actions.find(|(_, file)| *file == bad.file).unwrap().0
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
            .prove(&policies, Some(action(&bad)))
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
