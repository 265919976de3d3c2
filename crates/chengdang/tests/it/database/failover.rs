//! A primary is lost with its machine while an intake runs, and its synchronous standby takes over: nothing that was
//! acknowledged is lost, and the intake goes on at the other address.

use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Instant;

use amnesia::Chance;
use store_postgres::testing::{At, Cluster, Fate, Line, Side};

use super::{CHUNK_ROWS, Outcomes, ROWS, check, until_done};
use crate::kill::{Spawned, compare, end, undisturbed};
use crate::ledger::{Backend, Ground, receipt_of};
use crate::support;

/// Rounds of `make test`; `make soak-postgres` sets `FAILOVERS`.
const FAILOVERS: u32 = 3;

/// Both addresses, of which the one that takes changes is used; the first is reached over a line.
pub(super) fn url(line: &Line, standby: &Cluster) -> String {
    format!(
        "host=127.0.0.1,{} port={},5432 user=postgres dbname=postgres target_session_attrs=read-write",
        standby.folder().display(),
        line.port()
    )
}

/// When the primary is lost.
#[derive(Debug, Clone, Copy)]
enum When {
    /// A commit is on both disks, and its answer is lost with the primary.
    AtCommit,
    /// At any message; the standby has taken over before the client knows.
    AtMessage,
    /// The same, and the client knows before the standby has taken over.
    BeforeStandby,
}

#[test]
fn an_intake_survives_failovers() {
    let failovers: u32 = support::chosen("FAILOVERS", FAILOVERS);
    let mut chance = Chance::new(support::seed());
    let ground = Ground::new(Backend::Postgres);
    let (references, _) = undisturbed(&ground, 1, ROWS);
    let reference = &references[0];
    let entry = &reference.entry;
    let mut outcomes = Outcomes::default();
    let (began, bound) = (Instant::now(), support::Bound::new());
    // An undisturbed delivery sends about as many; a chunk is sent in some thirty.
    let (messages, commits) = (32 * reference.left.chunks, reference.left.chunks + 2);
    let (mut struck, mut rounds) = (0, 0);
    while rounds < failovers && !bound.is_over() {
        let when = [When::AtCommit, When::AtMessage, When::BeforeStandby][rounds as usize % 3];
        rounds += 1;
        let primary = Arc::new(Cluster::start_with(&[]).unwrap());
        let standby = Arc::new(ground.runtime.block_on(primary.synchronous_standby()).unwrap());
        let line = Line::to(&primary).unwrap();
        let mut installation = ground.install_over(&format!("round-{rounds}"), url(&line, &standby));
        installation.chunk_rows = CHUNK_ROWS;
        let (sender, taken_over) = mpsc::channel();
        let (lost, next) = (Arc::clone(&primary), Arc::clone(&standby));
        let body = Box::new(move || {
            lost.kill_all().unwrap();
            let promote = move || {
                next.promote().unwrap();
                // Nobody waits if the test has failed.
                let _ = sender.send(());
            };
            if matches!(when, When::BeforeStandby) {
                thread::spawn(promote);
            } else {
                promote();
            }
        });
        let nth = 1 + chance.below(messages);
        match when {
            When::AtCommit => line.arm_with(At::CommitAnswer(1 + chance.below(commits)), Fate::Cut, body),
            When::AtMessage | When::BeforeStandby => {
                line.arm_with(At::Message(Side::Client, nth), Fate::Passed, body);
            }
        }
        let mut command = installation.deliver_command(&reference.path, &entry.item, &entry.provider);
        let (printed, status) = end(command.spawned(), None);
        let was_struck = line.has_struck();
        struck += u32::from(was_struck);
        if was_struck {
            taken_over.recv().unwrap();
        }
        let is_done = outcomes.note(&format!("{when:?}"), &printed, status);
        assert!(is_done || was_struck, "{}", printed.stderr);
        let receipts: Vec<Vec<u8>> = is_done
            .then(|| printed.stdout.trim_ascii().to_vec())
            .into_iter()
            .collect();
        check(&ground, &installation, &receipts);
        let receipt = until_done(&ground, &installation, reference);
        assert!(receipts.iter().all(|first| *first == receipt), "there is one receipt");
        compare(&ground, &installation, &references, ROWS);
        installation.verify();
    }
    println!(
        "{struck} fail-overs of {rounds} happened, {:.0} s: {:#?}",
        began.elapsed().as_secs_f64(),
        outcomes.0
    );
    assert!(struck * 3 >= rounds * 2, "{struck} of {rounds}");
}

/// The line breaks while a commit waits for the standby: nobody sees the chunk yet, and it lands later. The intake sends
/// the rows again, waits behind that commit, and then takes it for its own.
#[test]
fn a_commit_that_lands_late_is_taken_for_what_it_is() {
    let ground = Ground::new(Backend::Postgres);
    let (references, _) = undisturbed(&ground, 1, ROWS);
    let reference = &references[0];
    let entry = &reference.entry;
    let primary = Cluster::start_with(&[]).unwrap();
    let standby = Arc::new(ground.runtime.block_on(primary.synchronous_standby()).unwrap());
    let line = Line::to(&primary).unwrap();
    let mut installation = ground.install_over("late", url(&line, &standby));
    installation.chunk_rows = CHUNK_ROWS;
    let held = Arc::clone(&standby);
    // The first commit begins the delivery; this is the second chunk's.
    line.arm_with(
        At::Commit(3),
        Fate::CutAfterwards,
        Box::new(move || held.freeze().unwrap()),
    );
    let mut command = installation.deliver_command(&reference.path, &entry.item, &entry.provider);
    let child = command.spawned();
    ground.runtime.block_on(primary.wait_for_a_waiting_session()).unwrap();
    assert!(line.has_struck());
    standby.wake().unwrap();
    let (printed, status) = end(child, None);
    assert!(status.success(), "{}", printed.stderr);
    assert_eq!(receipt_of(&printed.stdout)["state"], "done");
    compare(&ground, &installation, &references, ROWS);
    installation.verify();
}
