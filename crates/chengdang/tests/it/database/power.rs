//! The data of the PostgreSQL server lie on a disk that forgets what was not synced, and the power goes at random calls of
//! the server during an intake: after its recovery what was acknowledged is there, and the intake goes on.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Instant;

use amnesia::{Chance, Crash, Disk, Effect, Fault, Mount};
use store_postgres::testing::{Cluster, Stop};

use super::{CHUNK_ROWS, Outcomes, ROWS, check, until_done};
use crate::kill::{Spawned, compare, end, undisturbed};
use crate::ledger::{Backend, Ground, Installation};
use crate::support;

/// Points of `make test`; `make soak-postgres` sets `SERVER_CRASH_POINTS`.
const POINTS: u32 = 4;

/// A server whose data lie on a mounted disk.
struct Lent {
    mount: Mount,
    cluster: Cluster,
}

impl Lent {
    fn start(disk: Disk, folder: &Path) -> Self {
        let mount = Mount::new(disk, folder).unwrap();
        let cluster = Cluster::resume_at(&folder.join("data")).unwrap();
        Self { mount, cluster }
    }

    fn stop(self) -> Disk {
        self.cluster.stop(Stop::Fast).unwrap();
        drop(self.cluster);
        self.mount.unmount().unwrap()
    }
}

#[test]
fn an_intake_survives_losses_of_power_of_its_database() {
    let points: u32 = support::chosen("SERVER_CRASH_POINTS", POINTS);
    let mut chance = Chance::new(support::seed());
    let ground = Ground::new(Backend::Postgres);
    let (references, _) = undisturbed(&ground, 1, ROWS);
    let reference = &references[0];
    let entry = &reference.entry;
    let place = tempfile::tempdir().unwrap();
    // The server runs as another user.
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let folder = place.path().join("disk");
    fs::create_dir(&folder).unwrap();
    let (template, installation) = prepare(&ground, &folder);
    let calls = {
        let lent = Lent::start(template.clone(), &folder);
        let before = lent.mount.calls().changes();
        let over = installation.reached_by(lent.cluster.url("postgres"));
        let output = over.deliver(&reference.path, &entry.item, &entry.provider);
        assert!(output.status.success());
        let calls = lent.mount.calls().changes() - before;
        lent.stop();
        calls
    };
    println!("an undisturbed delivery: {calls} changing calls of the server");
    let mut outcomes = Outcomes::default();
    let mut modes = BTreeMap::<Crash, u32>::new();
    let (mut struck, mut rounds) = (0, 0);
    let (began, bound) = (Instant::now(), support::Bound::new());
    while rounds < points && !bound.is_over() {
        let mode = Crash::ALL[rounds as usize % Crash::ALL.len()];
        rounds += 1;
        let lent = Lent::start(template.clone(), &folder);
        lent.mount.arm(Fault {
            call: None,
            nth: 1 + chance.below(calls),
            effect: Effect::Freeze,
        });
        let over = installation.reached_by(lent.cluster.url("postgres"));
        let mut command = over.deliver_command(&reference.path, &entry.item, &entry.provider);
        let (printed, status) = end(command.spawned(), None);
        struck += u32::from(lent.mount.has_struck());
        let is_done = outcomes.note(&format!("{mode:?}"), &printed, status);
        assert!(is_done || lent.mount.has_struck(), "{}", printed.stderr);
        let receipts: Vec<Vec<u8>> = is_done
            .then(|| printed.stdout.trim_ascii().to_vec())
            .into_iter()
            .collect();
        // A server that could not write may have given up by itself.
        let _ = lent.cluster.kill_all();
        drop(lent.cluster);
        let disk = lent.mount.unmount().unwrap().crash(mode, chance.draw());
        *modes.entry(mode).or_default() += 1;
        let lent = Lent::start(disk, &folder);
        let over = installation.reached_by(lent.cluster.url("postgres"));
        check(&ground, &over, &receipts);
        let receipt = until_done(&ground, &over, reference);
        assert!(receipts.iter().all(|first| *first == receipt), "there is one receipt");
        compare(&ground, &over, &references, ROWS);
        over.verify();
        lent.stop();
    }
    println!(
        "{struck} losses of power of {rounds} came during the intake, {:.0} s, {modes:?}: {:#?}",
        began.elapsed().as_secs_f64(),
        outcomes.0
    );
    assert!(struck * 2 >= rounds, "{struck} of {rounds}");
}

/// A disk with a migrated database, shut down in order, and the installation over it.
fn prepare(ground: &Ground, folder: &Path) -> (Disk, Installation) {
    let mount = Mount::new(Disk::new(), folder).unwrap();
    let data = folder.join("data");
    fs::create_dir(&data).unwrap();
    let cluster = Cluster::start_at(&data, &[]).unwrap();
    let mut installation = ground.install_over("power", cluster.url("postgres"));
    installation.chunk_rows = CHUNK_ROWS;
    let mut disk = Lent { mount, cluster }.stop();
    disk.sync_all();
    (disk, installation)
}
