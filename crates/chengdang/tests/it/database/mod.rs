//! The real binary over a PostgreSQL server to which things happen: it is stopped, killed, lost with its machine, or the
//! line to it breaks. Where in the conversation they happen is the number of a message, so nothing races with the clock.
//!
//! The seed is printed; `CHENGDANG_TEST_SEED` sets it. `DATABASE_FAULTS`, `FAILOVERS` and `SERVER_CRASH_POINTS` set how
//! many rounds there are.

mod deliver;
mod failover;
mod power;
mod serving;

use std::collections::BTreeMap;
use std::process::ExitStatus;
use std::sync::{Arc, mpsc};
use std::thread;

use store_postgres::testing::{Cluster, Stop};
use tokio::runtime::Handle;

use crate::kill::{Printed, Spawned, end, traces};
use crate::ledger::{Ground, Installation, receipt_of};
use crate::support;

const ROWS: u64 = 240;
/// As `kill` has it: a fault finds a chunk in every state.
const CHUNK_ROWS: usize = 30;
/// A delivery that is refused as often does not go on by itself.
const ATTEMPTS_MAX: u32 = 10;

/// What happens to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Blow {
    StopFast,
    StopImmediate,
    KillPostmaster,
    /// The server takes it for a crash and recovers by itself.
    KillSessions,
    TerminateSessions,
}

impl Blow {
    const ALL: [Self; 5] = [
        Self::StopFast,
        Self::StopImmediate,
        Self::KillPostmaster,
        Self::KillSessions,
        Self::TerminateSessions,
    ];

    /// It happens.
    fn fall(self, cluster: &Cluster, database: &str, handle: &Handle) {
        match self {
            Self::StopFast => cluster.stop(Stop::Fast).unwrap(),
            Self::StopImmediate => cluster.stop(Stop::Immediate).unwrap(),
            Self::KillPostmaster => cluster.kill_postmaster().unwrap(),
            Self::KillSessions => handle.block_on(cluster.kill_sessions(database)).unwrap(),
            Self::TerminateSessions => handle.block_on(cluster.terminate_sessions(database)).unwrap(),
        }
    }

    /// The operator starts the server again, where it does not come back by itself.
    fn mend(self, cluster: &Cluster) {
        match self {
            Self::StopFast | Self::StopImmediate | Self::KillPostmaster => cluster.start_again().unwrap(),
            Self::KillSessions | Self::TerminateSessions => cluster.wait_until_up().unwrap(),
        }
    }
}

/// A blow that falls where the line calls for it, and is mended before the message goes on, or meanwhile if `is_late`.
/// Whoever holds the receiver waits for the end of that.
fn blow_at(
    blow: Blow,
    cluster: &Arc<Cluster>,
    database: &str,
    handle: &Handle,
    is_late: bool,
) -> (Box<dyn FnOnce() + Send>, mpsc::Receiver<()>) {
    let (sender, mended) = mpsc::channel();
    let (cluster, database, handle) = (Arc::clone(cluster), database.to_owned(), handle.clone());
    let body = Box::new(move || {
        blow.fall(&cluster, &database, &handle);
        let mend = move || {
            blow.mend(&cluster);
            // Nobody waits if the test has failed.
            let _ = sender.send(());
        };
        if is_late {
            thread::spawn(mend);
        } else {
            mend();
        }
    });
    (body, mended)
}

/// What became of the runs of a test.
#[derive(Default)]
struct Outcomes(BTreeMap<String, u32>);

impl Outcomes {
    /// Notes how a run ended: with a receipt, or with code 1 and a message.
    fn note(&mut self, fault: &str, printed: &Printed, status: ExitStatus) -> bool {
        if status.success() {
            assert_eq!(receipt_of(&printed.stdout)["state"], "done");
            *self.0.entry(format!("{fault}: survived")).or_default() += 1;
            return true;
        }
        assert_eq!(status.code(), Some(1), "{fault}: {}", printed.stderr);
        // The log of a connection that ends may come after it.
        let told = printed.stderr.lines().find(|line| line.starts_with("chengdang: "));
        let told = told.unwrap_or_else(|| panic!("{fault}: {}", printed.stderr));
        *self.0.entry(format!("{fault}: {told}")).or_default() += 1;
        false
    }
}

/// After a fault: nothing half-done, and every receipt that was printed is there.
fn check(ground: &Ground, installation: &Installation, receipts: &[Vec<u8>]) {
    let traces = traces(ground, installation);
    assert_eq!(
        traces.records, traces.records_of_chunks,
        "a chunk is there whole or not at all"
    );
    support::run(installation.command().arg("verify"), 0);
    let stored: Vec<Vec<u8>> = ground.receipts(installation);
    for receipt in receipts {
        assert!(stored.contains(receipt), "an acknowledged delivery was lost");
    }
}

/// Delivers again until the receipt is printed; the receipt as it lies in the store.
fn until_done(ground: &Ground, installation: &Installation, reference: &crate::kill::Reference) -> Vec<u8> {
    let entry = &reference.entry;
    for _ in 0..ATTEMPTS_MAX {
        let mut command = installation.deliver_command(&reference.path, &entry.item, &entry.provider);
        let (printed, status) = end(command.spawned(), None);
        if status.success() {
            let receipt = printed.stdout.trim_ascii().to_vec();
            assert!(ground.receipts(installation).contains(&receipt));
            return receipt;
        }
        // The server still ends the transaction of a session that was cut a moment ago.
        assert!(printed.stderr.contains("DELIVER-0004"), "{}", printed.stderr);
    }
    panic!("the delivery does not go on");
}
