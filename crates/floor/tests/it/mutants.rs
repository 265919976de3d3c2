//! G-35: small mistakes in every policy. Each is noticed by the loader, by the reviewed matrix or by a proof, or the solver
//! says that it changes no decision.

use std::collections::BTreeMap;
use std::sync::Arc;

use floor::Prover;
use floor::mutants::{Mutant, mutants};
use policy::{CallerKind, Policies};

use crate::callers::{caller, shipped};
use crate::questions::{Answer, answers};

/// One in so many of the mutants that only the solver can judge, in `make test`.
const SHARE: usize = 8;

/// All answers of the matrix to one action.
fn matrix(policies: &Policies, action: &str) -> Vec<Answer> {
    let callers = CallerKind::ALL
        .into_iter()
        .flat_map(|kind| [false, true].map(|second_factor| (kind, second_factor)));
    callers
        .flat_map(|(kind, second_factor)| answers(policies, &caller(kind, second_factor), Some(action)))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mutant_of_every_policy_is_noticed_unless_it_changes_no_decision() {
    let policies = Arc::new(Policies::load(&shipped()).unwrap());
    let mut prover = Prover::open(&policies, 2).await.unwrap();
    let all = mutants(&policies);
    assert!(all.len() > 800, "{}", all.len());
    let mut expected: BTreeMap<&str, Vec<Answer>> = BTreeMap::new();
    let mut noticed: BTreeMap<&str, usize> = BTreeMap::new();
    let mut rest = Vec::new();
    for mutant in &all {
        let Ok(mistaken) = policies.with_action(mutant.action, &mutant.text) else {
            *noticed.entry("by the loader").or_default() += 1;
            continue;
        };
        let right = expected
            .entry(mutant.action)
            .or_insert_with(|| matrix(&policies, mutant.action));
        if matrix(&mistaken, mutant.action) != *right {
            *noticed.entry("by the matrix").or_default() += 1;
            continue;
        }
        rest.push((mutant, Arc::new(mistaken)));
    }
    // What the matrix does not tell apart goes to the solver: in each run a part of it, all of it in `make floor`.
    let is_soak = std::env::var_os("CHENGDANG_SOAK").is_some();
    let share = if is_soak { 1 } else { SHARE };
    let asked = rest.iter().enumerate().filter(|(place, _)| place % share == 0);
    let (mut alike, mut survivors) = (Vec::new(), Vec::new());
    for (_, (mutant, mistaken)) in asked {
        if prover.decides_alike(&policies, mistaken, mutant.action).await.unwrap() {
            alike.push(told(mutant));
        } else if prover.prove(mistaken, Some(mutant.action)).await.unwrap().is_proved() {
            survivors.push(told(mutant));
        } else {
            *noticed.entry("by a proof").or_default() += 1;
        }
    }
    let left_out = rest.len() - rest.len().div_ceil(share);
    println!(
        "mutants: {}; noticed {noticed:?}; {} change no decision; {} survive; {left_out} left out",
        all.len(),
        alike.len(),
        survivors.len()
    );
    for mutant in &alike {
        println!("no decision changes, as the solver proves: {mutant}");
    }
    assert!(survivors.is_empty(), "nobody notices: {survivors:#?}");
    // So many that a run without the solver, or with an empty matrix, would not come near.
    assert!(
        noticed.get("by the matrix").is_some_and(|count| *count > 500),
        "{noticed:?}"
    );
}

fn told(mutant: &Mutant) -> String {
    format!("{}, {}", mutant.policy, mutant.what)
}
