//! I/O errors and short writes at random calls of an intake: each is survived or ends in an error that says what to do;
//! then the same file again leads to each row once, also if the power goes right after the error.

use std::collections::BTreeMap;

use amnesia::{Call, Crash, Effect, Fault};

use super::{Stand, chance, verify, watch};
use crate::kill::{compare, end};
use crate::ledger::receipt_of;
use crate::support;

/// Faults of `make test`; `make soak-disk` sets `DISK_FAULTS`.
const FAULTS: u32 = 24;

#[test]
fn an_intake_survives_failing_calls() {
    let faults = support::chosen("DISK_FAULTS", FAULTS);
    let mut chance = chance();
    let stand = Stand::new(1);
    let reference = &stand.references[0];
    let mount = stand.mount(stand.template.clone());
    assert!(end(stand.deliver(reference), None).1.success());
    let calls = mount.calls();
    mount.unmount().unwrap();
    let (mut struck, mut survived, mut outcomes) = (0, 0, BTreeMap::<String, u32>::new());
    let (mut rounds, bound) = (0, support::Bound::new());
    for round in 0..faults {
        if bound.is_over() {
            break;
        }
        rounds += 1;
        let call = Call::ALL[round as usize % Call::ALL.len()];
        let effect = if call == Call::Write && chance.hits(1, 2) {
            Effect::Short
        } else {
            Effect::Io
        };
        let mount = stand.mount(stand.template.clone());
        mount.arm(Fault {
            call: Some(call),
            nth: 1 + chance.below(calls.of(call)),
            effect,
        });
        let (printed, status) = watch(&mount, stand.deliver(reference), false);
        println!(
            "{round}: {call:?} {effect:?} {:?} {}",
            status.code(),
            printed.stderr.trim()
        );
        let was_struck = mount.has_struck();
        struck += u32::from(was_struck);
        let receipt = status.success().then(|| receipt_of(&printed.stdout));
        if receipt.is_some() {
            survived += u32::from(was_struck);
        } else {
            assert!(was_struck);
            assert_eq!(status.code(), Some(1), "{call:?} {effect:?}: {}", printed.stderr);
            let told = printed.stderr.lines().last().unwrap_or_default().to_owned();
            assert!(
                told.starts_with("chengdang: "),
                "{call:?} {effect:?}: {}",
                printed.stderr
            );
            *outcomes.entry(told).or_default() += 1;
        }
        let mut disk = mount.unmount().unwrap();
        if chance.hits(1, 2) {
            disk = disk.crash(Crash::Subset, chance.draw());
        }
        stand.look(&disk, verify);
        let mount = stand.mount(disk);
        let (printed, status) = end(stand.deliver(reference), None);
        assert_eq!(status.code(), Some(0), "{call:?} {effect:?}: {}", printed.stderr);
        if let Some(receipt) = receipt {
            assert_eq!(receipt_of(&printed.stdout), receipt, "what was acknowledged is there");
        }
        stand.look(&mount.unmount().unwrap(), |installation| {
            compare(&stand.ground, installation, &stand.references, super::ROWS);
            installation.verify();
        });
    }
    println!("{struck} faults of {rounds} happened, {survived} were survived; errors: {outcomes:#?}");
    assert!(struck * 2 > rounds);
}

/// Each sync of an intake fails by turns, a folder's too, and the power goes afterwards: who has a receipt keeps it.
#[test]
fn a_receipt_outlives_a_sync_that_failed() {
    let mut chance = chance();
    let stand = Stand::new(1);
    let reference = &stand.references[0];
    let mount = stand.mount(stand.template.clone());
    assert!(end(stand.deliver(reference), None).1.success());
    let syncs = mount.calls().of(Call::Sync);
    mount.unmount().unwrap();
    let mut acknowledged = 0;
    for nth in 1..=syncs {
        let mount = stand.mount(stand.template.clone());
        mount.arm(Fault {
            call: Some(Call::Sync),
            nth,
            effect: Effect::Io,
        });
        let (printed, status) = watch(&mount, stand.deliver(reference), false);
        let disk = mount.unmount().unwrap().crash(Crash::Drop, chance.draw());
        if !status.success() {
            assert_eq!(status.code(), Some(1), "{}", printed.stderr);
            continue;
        }
        acknowledged += 1;
        let receipt = printed.stdout.trim_ascii().to_vec();
        stand.look(&disk, |installation| {
            let stored = stand.ground.receipts(installation);
            assert!(stored.contains(&receipt), "sync {nth} of {syncs}: {}", printed.stderr);
        });
    }
    println!("{acknowledged} of {syncs} intakes with a failed sync ended with a receipt");
    assert!(acknowledged > 0);
}
