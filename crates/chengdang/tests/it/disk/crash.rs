//! Loss of power at random calls of an intake: what was acknowledged is there, nothing is there twice, and `verify` is
//! clean after each.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::time::Instant;

use amnesia::{Chance, Crash, Disk, Effect, Fault};

use super::{Stand, chance, verify, watch};
use crate::kill::{compare, end};
use crate::ledger::{Installation, receipt_of};
use crate::support;

/// Points of `make test`; `make soak-disk` sets `CRASH_POINTS`.
const POINTS: u32 = 40;

#[derive(Default)]
struct Figures {
    points: u32,
    modes: BTreeMap<Crash, u32>,
    killed: u32,
    ended_alone: u32,
    acknowledged: u32,
    mid_delivery: u32,
}

#[test]
fn an_intake_survives_losses_of_power() {
    let points = support::chosen("CRASH_POINTS", POINTS);
    let mut chance = chance();
    let stand = Stand::new(3);
    let calls = stand.calls();
    let mut figures = Figures::default();
    let began = Instant::now();
    let bound = support::Bound::new();
    while figures.points < points && !bound.is_over() {
        let mut disk = stand.template.clone();
        let mut receipts = Vec::new();
        for at in 0..stand.references.len() {
            disk = until_acknowledged(
                &stand,
                at,
                disk,
                points,
                calls,
                &mut receipts,
                &mut chance,
                &mut figures,
            );
        }
        stand.look(&disk, |installation| {
            compare(&stand.ground, installation, &stand.references, super::ROWS);
            check_receipts(installation, &receipts);
            installation.verify();
        });
    }
    println!(
        "sqlite: {} losses of power in {:.0} s ({calls} changing calls in an undisturbed delivery): {:?}; {} killed at \
         that call, {} ended by themselves; {} found the delivery under way; {} deliveries acknowledged",
        figures.points,
        began.elapsed().as_secs_f64(),
        figures.modes,
        figures.killed,
        figures.ended_alone,
        figures.mid_delivery,
        figures.acknowledged
    );
    assert!(
        figures.mid_delivery * 4 > figures.points,
        "too few points hit the intake itself"
    );
}

/// Delivers again and again, with losses of power on the way as long as points are left, until the receipt is printed.
#[expect(clippy::too_many_arguments, reason = "one loop of one test, cut out for its length")]
fn until_acknowledged(
    stand: &Stand,
    at: usize,
    mut disk: Disk,
    points: u32,
    calls: u64,
    receipts: &mut Vec<Vec<u8>>,
    chance: &mut Chance,
    figures: &mut Figures,
) -> Disk {
    loop {
        let mount = stand.mount(disk);
        if figures.points < points {
            mount.arm(Fault {
                call: None,
                nth: 1 + chance.below(calls),
                effect: Effect::Freeze,
            });
        }
        let (printed, status) = watch(&mount, stand.deliver(&stand.references[at]), chance.hits(1, 2));
        let was_struck = mount.has_struck();
        // Also a receipt that was printed after the power had gone counts as acknowledged.
        let is_acknowledged = status.success();
        if is_acknowledged {
            assert_eq!(receipt_of(&printed.stdout)["state"], "done");
            receipts.push(printed.stdout.trim_ascii().to_vec());
            figures.acknowledged += 1;
        } else {
            assert!(was_struck, "{status:?}: {}", printed.stderr);
            if status.signal().is_some() {
                figures.killed += 1;
            } else {
                figures.ended_alone += 1;
                assert_eq!(status.code(), Some(1));
                assert!(printed.stderr.contains("chengdang: "), "{}", printed.stderr);
            }
        }
        disk = mount.unmount().unwrap();
        if was_struck {
            let mode = Crash::ALL[usize::try_from(chance.below(4)).unwrap()];
            disk = disk.crash(mode, chance.draw());
            figures.points += 1;
            *figures.modes.entry(mode).or_default() += 1;
            let is_under_way = stand.look(&disk, |installation| check(installation, receipts));
            figures.mid_delivery += u32::from(is_under_way);
        }
        if is_acknowledged {
            return disk;
        }
    }
}

/// What must hold after each loss of power; whether a delivery is under way.
fn check(installation: &Installation, receipts: &[Vec<u8>]) -> bool {
    verify(installation);
    check_receipts(installation, receipts);
    let connection = rusqlite::Connection::open(installation.database()).unwrap();
    let (records, of_chunks, under_way): (i64, i64, i64) = connection
        .query_row(
            "SELECT (SELECT count(*) FROM record), (SELECT coalesce(sum(records), 0) FROM chunk),
                    (SELECT count(*) FROM delivery) - (SELECT count(*) FROM delivery_receipt)",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .unwrap();
    assert_eq!(records, of_chunks, "a chunk is there whole or not at all");
    under_way > 0
}

/// Every receipt that was printed lies in the store as it was printed.
fn check_receipts(installation: &Installation, receipts: &[Vec<u8>]) {
    let connection = rusqlite::Connection::open(installation.database()).unwrap();
    let mut statement = connection.prepare("SELECT receipt FROM delivery_receipt").unwrap();
    let stored: Vec<Vec<u8>> = statement
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    for receipt in receipts {
        assert!(stored.contains(receipt), "an acknowledged delivery was lost");
    }
}

/// After a loss of power at each call of `migrate`, or a sample of them, it is called again and a file is delivered.
#[test]
fn an_installation_survives_a_loss_of_power_at_each_call() {
    let mut chance = chance();
    let stand = Stand::new(1);
    let migrate = || crate::kill::Spawned::spawned(stand.installation.command().arg("migrate"));
    let mount = stand.mount(Disk::new());
    assert!(end(migrate(), None).1.success());
    let calls = mount.calls().changes();
    mount.unmount().unwrap();
    let every = usize::try_from(calls / 24 + 1).unwrap();
    let mut points = 0;
    for nth in (1 + chance.below(every as u64)..=calls).step_by(every) {
        let mount = stand.mount(Disk::new());
        mount.arm(Fault {
            call: None,
            nth,
            effect: Effect::Freeze,
        });
        let (_, status) = watch(&mount, migrate(), true);
        assert!(mount.has_struck() || status.success());
        let mode = Crash::ALL[usize::try_from(nth % 4).unwrap()];
        let disk = mount.unmount().unwrap().crash(mode, chance.draw());
        let mount = stand.mount(disk);
        let (printed, status) = end(migrate(), None);
        assert!(status.success(), "call {nth} of {calls}, {mode:?}: {}", printed.stderr);
        let (printed, status) = end(stand.deliver(&stand.references[0]), None);
        assert!(status.success(), "{}", printed.stderr);
        stand.look(&mount.unmount().unwrap(), Installation::verify);
        points += 1;
    }
    println!("migrate: {points} losses of power at {calls} calls");
}
