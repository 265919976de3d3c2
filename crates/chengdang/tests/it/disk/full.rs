//! A disk that fills up during an intake: it stops with an error that says so, nothing is half-done, and once there is
//! space the same file leads to each row once.

use amnesia::BLOCK;

use super::{Stand, verify};
use crate::kill::{compare, end};
use crate::ledger::receipt_of;

/// Blocks that are free as the intake begins; an undisturbed one takes some hundreds.
const FREE: [u64; 8] = [0, 6, 20, 40, 60, 80, 120, 160];

#[test]
fn an_intake_stops_at_a_full_disk_and_goes_on_when_there_is_space() {
    let stand = Stand::new(1);
    let reference = &stand.references[0];
    let mut told_full = 0;
    for free in FREE {
        let mount = stand.mount(stand.template.clone());
        mount.set_quota(Some(mount.used() + free * BLOCK));
        let (printed, status) = end(stand.deliver_to_the_last_block(reference), None);
        assert_eq!(
            status.code(),
            Some(1),
            "{free} blocks: {} used, {}",
            mount.used(),
            printed.stderr
        );
        let told = printed.stderr.lines().last().unwrap_or_default();
        println!("{free} blocks: {told}");
        assert!(told.starts_with("chengdang: "), "{told}");
        told_full += usize::from(told.contains("APP-0010") && told.contains("full"));
        stand.look(&mount.disk(), verify);
        mount.set_quota(None);
        let (printed, status) = end(stand.deliver(reference), None);
        assert_eq!(status.code(), Some(0), "{free} blocks: {}", printed.stderr);
        assert_eq!(receipt_of(&printed.stdout)["state"], "done");
        stand.look(&mount.unmount().unwrap(), |installation| {
            compare(&stand.ground, installation, &stand.references, super::ROWS);
            installation.verify();
        });
    }
    assert_eq!(told_full, FREE.len());
}
