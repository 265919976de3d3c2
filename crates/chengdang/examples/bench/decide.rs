//! P5: the caller decision of a look-up, beside Cedar with fifty policies in one set.

use std::hint::black_box;
use std::time::Instant;

use anyhow::{Context, ensure};
use domain::catalogue::{Catalogue, ItemId, Purpose};
use policy::{Action, Caller, CallerKind, LookUp, LookUpAsked, OneSet, Policies};
use serde_json::json;
use uuid::Uuid;

use crate::measure::{self, spread};
use crate::report::Report;

/// The number of policies in the comparison.
const POLICIES: usize = 50;
/// Officers who ask, each for every purpose.
const OFFICERS: u64 = 200;

/// One request.
type Asked = (Caller, LookUp);

fn officer(account: u64, purpose: &Purpose) -> Option<Caller> {
    Some(Caller {
        account: Uuid::from_u128(u128::from(account)),
        kind: CallerKind::Officer,
        organisation: Some(purpose.askers.first()?.clone()),
        second_factor: true,
        behind: None,
    })
}

/// Look-ups of officers `from..to` for the purposes in force; one in four names no matter.
fn requests(purposes: &[&Purpose], from: u64, to: u64) -> Vec<Asked> {
    let mut requests = Vec::new();
    for account in from..to {
        for purpose in purposes {
            let items: Vec<ItemId> = purpose.items.iter().take(1).cloned().collect();
            let asked = LookUpAsked {
                items,
                matter_in_hand: account % 4 != 0,
                names_legal_ground: true,
            };
            requests.extend(officer(account, purpose).map(|caller| (caller, LookUp::of(purpose, asked))));
        }
    }
    requests
}

/// Decisions a second of one arm.
fn rate(requests: &[Asked], decide: impl Fn(&Caller, &LookUp) -> bool) -> (f64, usize) {
    let since = Instant::now();
    let permitted = requests
        .iter()
        .filter(|(caller, look_up)| black_box(decide(caller, look_up)))
        .count();
    let count = u32::try_from(requests.len()).unwrap_or(u32::MAX);
    (f64::from(count) / since.elapsed().as_secs_f64(), permitted)
}

/// Prints the section.
pub(crate) fn run(policies: &Policies, catalogue: &Catalogue, turns: u64, report: &mut Report) -> anyhow::Result<()> {
    let in_force = catalogue
        .purposes
        .values()
        .filter(|purpose| purpose.is_enabled && !purpose.askers.is_empty());
    let purposes: Vec<&Purpose> = in_force.collect();
    ensure!(!purposes.is_empty(), "the catalogue has no purpose in force");
    let peer = OneSet::of(policies, LookUp::NAME, POLICIES);
    ensure!(peer.policy_count() == POLICIES, "{} policies", peer.policy_count());
    let often = requests(&purposes, 1, 1 + OFFICERS);
    let by_peer = |caller: &Caller, look_up: &LookUp| peer.decide(caller, look_up).is_ok();
    let by_us = |caller: &Caller, look_up: &LookUp| policies.decide(caller, look_up.clone()).is_ok();
    let (mut plain, mut first, mut again) = (Vec::new(), Vec::new(), Vec::new());
    for turn in 0..turns {
        // Officers who never asked before: nothing is kept of them.
        let new = (turn + 1) * 1_000_000;
        let never = requests(&purposes, new, new + OFFICERS);
        let (rate_of_peer, permitted) = rate(&often, by_peer);
        plain.push(rate_of_peer);
        first.push(rate(&never, by_us).0);
        rate(&often, by_us);
        let hundred: Vec<Asked> = (0..100).flat_map(|_| often.clone()).collect();
        let (rate_again, permitted_again) = rate(&hundred, by_us);
        ensure!(
            permitted_again == permitted * 100,
            "{permitted_again} instead of {permitted} x 100 were permitted"
        );
        again.push(rate_again);
    }
    report.line(format_args!(
        "\nP5  caller decision of a look-up, {} requests a turn, {turns} turns, all answers alike; load {}",
        often.len(),
        measure::load()
    ))?;
    let peer_median = spread(&plain).0;
    for (what, name, rates) in [
        ("Cedar, 50 policies in one set", "one_set", &plain),
        ("policies of the action, asked first", "asked_first", &first),
        ("the same question again, kept", "kept", &again),
    ] {
        let (median, least, most) = spread(rates);
        report.line(format_args!(
            "  {what:<36} {median:>10.0} /s ({least:.0}-{most:.0})   {:>6.1} x",
            median / peer_median
        ))?;
        report.value(&format!("p5_{name}_per_s"), json!(median));
    }
    Ok(())
}

/// The shipped policies and catalogue, and the section over them.
pub(crate) fn measure(root: &std::path::Path, is_quick: bool, report: &mut Report) -> anyhow::Result<()> {
    let policies = Policies::load(&root.join("policies")).context("the policies cannot be used")?;
    let catalogue = catalogue::load(&root.join("catalogue")).context("the catalogue cannot be used")?;
    run(&policies, &catalogue, if is_quick { 3 } else { 9 }, report)
}
