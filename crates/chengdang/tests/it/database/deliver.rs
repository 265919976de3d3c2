//! An intake through a line that breaks, to a server that is stopped or killed in the middle.

use std::time::Instant;

use amnesia::Chance;
use store_postgres::testing::{At, Fate, Line, Side};

use super::{Blow, CHUNK_ROWS, Outcomes, ROWS, blow_at, check, until_done};
use crate::kill::{Spawned, compare, end, undisturbed};
use crate::ledger::{Backend, Ground};
use crate::support;

/// Rounds of `make test`; `make soak-postgres` sets `DATABASE_FAULTS`.
const FAULTS: u32 = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// The commit has happened, and nobody hears of it.
    CommitAnswer,
    Cut,
    CutHalf,
    Blow(Blow),
}

/// By turns, so that a short run has one of each.
const ALL: [Fault; 8] = [
    Fault::CommitAnswer,
    Fault::Blow(Blow::StopImmediate),
    Fault::Blow(Blow::KillSessions),
    Fault::Cut,
    Fault::Blow(Blow::StopFast),
    Fault::CutHalf,
    Fault::Blow(Blow::KillPostmaster),
    Fault::Blow(Blow::TerminateSessions),
];

#[test]
fn an_intake_survives_what_happens_to_its_database() {
    let faults: u32 = support::chosen("DATABASE_FAULTS", FAULTS);
    let mut chance = Chance::new(support::seed());
    let ground = Ground::new(Backend::Postgres);
    let (references, _) = undisturbed(&ground, 1, ROWS);
    let reference = &references[0];
    let entry = &reference.entry;
    let line = Line::to(ground.cluster()).unwrap();
    let (client, server, commits) = {
        let mut installation = ground.install("counted");
        installation.chunk_rows = CHUNK_ROWS;
        let through = installation.reached_by(line.url(&installation.store).unwrap());
        line.disarm();
        let output = through.deliver(&reference.path, &entry.item, &entry.provider);
        assert!(output.status.success());
        (line.messages(Side::Client), line.messages(Side::Server), line.commits())
    };
    println!("an undisturbed delivery: {client} messages of the client, {server} of the server, {commits} commits");
    let chunks = reference.left.chunks;
    let mut outcomes = Outcomes::default();
    let (began, bound) = (Instant::now(), support::Bound::new());
    let (mut struck, mut rounds) = (0, 0);
    while rounds < faults && !bound.is_over() {
        let fault = ALL[rounds as usize % ALL.len()];
        let mut installation = ground.install(&format!("round-{rounds}"));
        rounds += 1;
        installation.chunk_rows = CHUNK_ROWS;
        let through = installation.reached_by(line.url(&installation.store).unwrap());
        let side = if chance.hits(1, 2) { Side::Client } else { Side::Server };
        let nth = 1 + chance.below(if side == Side::Client { client } else { server });
        let commit = 1 + chance.below(commits);
        let is_late = chance.hits(1, 2);
        let mut mended = None;
        match fault {
            Fault::CommitAnswer => line.arm(At::CommitAnswer(commit), Fate::Cut),
            Fault::Cut => line.arm(At::Message(side, nth), Fate::Cut),
            Fault::CutHalf => line.arm(At::Message(side, nth), Fate::CutHalf),
            Fault::Blow(blow) => {
                let database = installation.database_name();
                let (body, end) = blow_at(blow, ground.cluster(), database, ground.runtime.handle(), is_late);
                line.arm_with(At::Message(side, nth), Fate::Passed, body);
                mended = Some(end);
            }
        }
        let mut command = through.deliver_command(&reference.path, &entry.item, &entry.provider);
        let (printed, status) = end(command.spawned(), None);
        let was_struck = line.has_struck();
        struck += u32::from(was_struck);
        if was_struck && let Some(mended) = mended {
            mended.recv().unwrap();
        }
        let is_done = outcomes.note(&format!("{fault:?}"), &printed, status);
        assert!(is_done || was_struck, "{}", printed.stderr);
        // The first commit begins the delivery, and a chunk's commit is resolved by its id without anybody's help.
        if fault == Fault::CommitAnswer && (2..2 + chunks).contains(&commit) {
            assert!(is_done, "the answer to commit {commit} was lost: {}", printed.stderr);
        }
        let receipts: Vec<Vec<u8>> = is_done
            .then(|| printed.stdout.trim_ascii().to_vec())
            .into_iter()
            .collect();
        check(&ground, &installation, &receipts);
        line.disarm();
        let receipt = until_done(&ground, &through, reference);
        assert!(receipts.iter().all(|first| *first == receipt), "there is one receipt");
        compare(&ground, &installation, &references, ROWS);
        installation.verify();
        ground.uninstall(&installation);
    }
    println!(
        "{struck} faults of {rounds} happened, {:.0} s: {:#?}",
        began.elapsed().as_secs_f64(),
        outcomes.0
    );
    assert!(struck * 4 >= rounds * 3, "{struck} of {rounds}");
}
