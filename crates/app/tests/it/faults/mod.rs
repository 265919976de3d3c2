//! Faults at every step of every operation, and operations in a random order under them.

pub(crate) mod city;
pub(crate) mod failing;
mod going_on;
mod line;
mod model;
mod operations;
mod picture;
mod simulation;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::time::{Duration, Instant};

use app::look_ups::ClosingAsked;
use uuid::Uuid;

use crate::faults::city::{Backend, City, Ground};
use crate::faults::failing::{Cell, METHODS, Mode, Plan};
use crate::faults::operations::{Known, Operation};
use crate::faults::picture::{Picture, traces};
use crate::look_ups::{self, Written};

/// Calls of one method within an operation that are failed each for itself; the later ones are like these.
const CALLS_MAX: u32 = 4;
/// A user gives up after as many attempts.
const ATTEMPTS_MAX: u32 = 6;

/// Methods that no operation reaches, and why; the test fails if one of them is reached or another is not.
const SKIPPED: &[(&str, &str)] = &[
    ("append_act", "acts of administrators: `administrators.rs` tests them"),
    ("acts", "acts of administrators: `administrators.rs` tests them"),
    ("open_account", "acts of administrators: `administrators.rs` tests them"),
    ("end_account", "acts of administrators: `administrators.rs` tests them"),
    ("end_sessions", "acts of administrators: `administrators.rs` tests them"),
    (
        "find_account_of_holder",
        "acts of administrators: `administrators.rs` tests them",
    ),
    (
        "stale_accounts",
        "acts of administrators: `administrators.rs` tests them",
    ),
    ("register_client", "systems of departments: `asking.rs` tests them"),
    ("register_client_key", "systems of departments: `asking.rs` tests them"),
    ("revoke_client_key", "systems of departments: `asking.rs` tests them"),
    ("find_client", "systems of departments: `asking.rs` tests them"),
    ("find_client_key", "systems of departments: `asking.rs` tests them"),
    ("list_clients", "systems of departments: `asking.rs` tests them"),
    ("keys_of_client", "systems of departments: `asking.rs` tests them"),
    ("begin_client_session", "systems of departments: `asking.rs` tests them"),
    ("find_client_session", "systems of departments: `asking.rs` tests them"),
    ("use_nonce", "systems of departments: `asking.rs` tests them"),
    ("count_nonces", "systems of departments: `asking.rs` tests them"),
    ("set_endpoint", "events: `events.rs` tests them"),
    ("find_endpoint", "events: as `set_endpoint`"),
    ("event_work", "events: as `set_endpoint`"),
    ("append_events", "events: as `set_endpoint`"),
    ("due_events", "events: as `set_endpoint`"),
    ("note_told", "events: as `set_endpoint`"),
    ("put_off", "events: as `set_endpoint`"),
    ("give_up", "events: as `set_endpoint`"),
    ("find_event", "events: as `set_endpoint`"),
    ("events_of", "events: as `set_endpoint`"),
    ("acknowledge_events", "events: as `set_endpoint`"),
    ("replay_events", "events: as `set_endpoint`"),
    ("revive_events", "events: as `set_endpoint`"),
    ("event_counts", "events: as `set_endpoint`"),
    ("dead_events", "events: as `set_endpoint`"),
    ("events_about", "events: as `set_endpoint`"),
    ("bind_subject", "signing in by a provider: `sign_in.rs` tests it"),
    ("unbind_account", "as `bind_subject`"),
    ("find_binding", "as `bind_subject`"),
    ("list_bindings", "as `bind_subject`"),
    ("begin_sign_in", "as `bind_subject`"),
    ("take_sign_in", "as `bind_subject`"),
    ("end_sessions_of_binding", "as `bind_subject`"),
    ("ask_emergency", "emergencies: `emergencies.rs` tests them"),
    ("grant_emergency", "emergencies: `emergencies.rs` tests them"),
    ("find_emergency", "emergencies: `emergencies.rs` tests them"),
    ("lasting_emergencies", "emergencies: `emergencies.rs` tests them"),
    ("register_programme", "programmes: `comparisons.rs` tests them"),
    ("append_programme_step", "programmes: `comparisons.rs` tests them"),
    ("list_programmes", "programmes: `comparisons.rs` tests them"),
    (
        "find_programme",
        "comparisons: `comparisons.rs` fails each of their steps",
    ),
    (
        "find_matters",
        "comparisons: `comparisons.rs` fails each of their steps",
    ),
    (
        "begin_comparison",
        "comparisons: `comparisons.rs` fails each of their steps",
    ),
    (
        "append_block",
        "comparisons: `comparisons.rs` fails each of their steps",
    ),
    (
        "append_block_answer",
        "comparisons: `comparisons.rs` fails each of their steps",
    ),
    ("find_block", "comparisons: `comparisons.rs` fails each of their steps"),
    (
        "find_block_at",
        "comparisons: `comparisons.rs` fails each of their steps",
    ),
    ("pages_of", "comparisons: `comparisons.rs` fails each of their steps"),
    (
        "compared_rows",
        "comparisons: `comparisons.rs` fails each of their steps",
    ),
    ("index_end", "comparisons: `comparisons.rs` fails each of their steps"),
    (
        "index_changes",
        "comparisons: `comparisons.rs` fails each of their steps",
    ),
    (
        "relations_of",
        "comparisons: `comparisons.rs` fails each of their steps",
    ),
    ("add_tags", "rotations: as `rewrap`"),
    ("aliases_of", "rotations: as `rewrap`"),
    ("append_key_act", "rotations: as `rewrap`"),
    ("forget_tags", "rotations: as `rewrap`"),
    ("key_acts", "rotations: as `rewrap`"),
    ("note_account_use", "as `open_account`"),
    ("raise_floor", "rotations: as `rewrap`"),
    ("retag_marks", "rotations: as `rewrap`"),
    ("retag_staged", "rotations: as `rewrap`"),
    ("retag_traces", "rotations: as `rewrap`"),
    ("rewrap", "rotations: as `rewrap`"),
    ("scan_persons", "rotations: as `rewrap`"),
    ("scan_traces", "rotations: as `rewrap`"),
    ("secrets_before", "rotations: as `rewrap`"),
    ("subject_notices", "as `ask_emergency`"),
    ("tagged_before", "rotations: as `rewrap`"),
    ("traces_before", "rotations: as `rewrap`"),
    (
        "append_head",
        "publishing is no operation of this test; `log::` has its own faults",
    ),
    ("append_version", "versions are noted when a server starts"),
    ("attempts", "counting an attempt answers how many there are"),
    ("count_persons", "statistics: no use case asks yet"),
    ("count_records", "statistics: no use case asks yet"),
    (
        "delete_expired_sessions",
        "sessions end by their time; no use case tidies up yet",
    ),
    ("destroy_delivery_key", "no use case destroys a delivery's key yet"),
    ("find_entries", "proofs are no operation of this test"),
    ("last_head", "as `append_head`"),
    ("list_accounts", "the leaver's check is to come"),
    ("person_events", "no page shows them yet"),
    ("signed_heads", "only `chengdang log verify` asks"),
    ("staged_rows_with_tag", "held rows are released by pages, not by number"),
    ("traces_of", "the page of looks reads more of each: `looks_of`"),
    ("withhold", "no purpose of the catalogue lets a look-up be withheld yet"),
    (
        "withholdings",
        "no purpose of the catalogue lets a look-up be withheld yet",
    ),
];

pub(crate) const WRITES: &[&str] = &[
    "begin_delivery",
    "commit_chunk",
    "commit_shared_chunk",
    "finish_delivery",
    "append_record_events",
    "acknowledge_notices",
    "append_person_event",
    "append_traces",
    "append_outcomes",
    "take_lease",
    "sequence",
    "create_account",
    "put_session",
    "touch_session",
    "delete_session",
    "count_attempt",
    "clear_attempts",
    "use_totp_step",
    "open_procedure",
    "append_step",
    "register_matters",
    "append_matter_event",
    "append_look_ups",
    "ensure_decoy",
    "declare_relation",
    "append_answers",
    "close_look_up",
    "set_lock",
    "raise_alarm",
    "add_honey_numbers",
];

#[tokio::test(flavor = "multi_thread")]
async fn every_step_of_every_operation_may_fail_on_sqlite() {
    every_cell(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_step_of_every_operation_may_fail_on_postgresql() {
    every_cell(Backend::Postgres).await;
}

/// How a step of this kind can fail. Nothing is lost with the reply of a question but the answer.
fn modes(method: &str) -> &'static [Mode] {
    if WRITES.contains(&method) {
        &Mode::ALL
    } else {
        &[Mode::Fails, Mode::FailsTwice]
    }
}

/// Faults that come together: what is asked only after a first fault fails as well.
fn pairs() -> impl Iterator<Item = (Operation, [Cell; 2])> {
    let lost = |method, mode| Cell { method, nth: 0, mode };
    [Mode::ReplyLost, Mode::Unknown].into_iter().flat_map(move |first| {
        ["get_delivery", "find_chunk"].into_iter().flat_map(move |second| {
            let cells =
                [Mode::Fails, Mode::FailsTwice].map(|mode| [lost("commit_shared_chunk", first), lost(second, mode)]);
            cells.into_iter().map(|cells| (Operation::Deliver, cells))
        })
    })
}

/// `make soak` asks for everything on PostgreSQL, too, where a fresh copy of a city takes longer than what is done in it.
fn is_soak() -> bool {
    std::env::var_os("CHENGDANG_SOAK").is_some()
}

/// `CHENGDANG_SOAK_S` bounds a long run by time as well.
struct Bound(Instant, Duration);

impl Bound {
    fn new() -> Self {
        let seconds = simulation::chosen("CHENGDANG_SOAK_S", u64::from(u32::MAX));
        Self(Instant::now(), Duration::from_secs(seconds))
    }

    fn is_over(&self) -> bool {
        self.0.elapsed() >= self.1
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ab12_no_faulted_look_up_is_answered_without_its_trace_on_sqlite() {
    faulted_look_ups(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ab12_no_faulted_look_up_is_answered_without_its_trace_on_postgresql() {
    faulted_look_ups(Backend::Postgres).await;
}

/// Look-ups, each with a fault somewhere on its way: an answer means that the look-up is in the log, and that it was there
/// before anybody was searched for.
async fn faulted_look_ups(backend: Backend) {
    const STEPS: [&str; 6] = [
        "find_matter",
        "counted_look_ups",
        "append_look_ups",
        "find_for_look_up",
        "append_answers",
        "find_look_up",
    ];
    let calls = if is_soak() { 10_000 } else { 600 };
    let bound = Bound::new();
    let ground = Ground::peopled(backend).await;
    let mut city = ground.copy().await;
    look_ups::register(&city, "PUR-FOOD-LICENCE", &city.provider, &[look_ups::MATTER]).await;
    look_ups::deliver_penalty(&city).await;
    let (mut answered, mut failed, mut met, mut closed) = (0_u32, 0_u32, 0_u32, 0_u32);
    for place in 0..calls {
        let step = STEPS[place % STEPS.len()];
        let kinds = modes(step);
        let cell = Cell {
            method: step,
            nth: 0,
            mode: kinds[place / STEPS.len() % kinds.len()],
        };
        // What is read afresh every second is met, too.
        city.clock.jump(1_100);
        // Somebody with an adverse fact, somebody with another file, and somebody of whom nothing is held.
        let written = Written::about([1, 2, 4][place % 3], &format!("key-{place:08}"));
        let mut answers = Vec::new();
        for cells in [&[cell][..], &[]] {
            city.plan.arm(cells);
            match look_ups::ask(&city, &city.officer(), &written).await {
                Ok(answer) => {
                    answered += 1;
                    let look = city.store().find_look_up(answer.id).await.unwrap();
                    let look = look.expect("answered without a trace");
                    assert_eq!(look.entry_hash, answer.receipt.entry_hash);
                    answers.push(answer);
                }
                Err(_) => failed += 1,
            }
            assert_eq!(city.plan.looks_without_trace(), 0, "{cell:?}");
            met += city.plan.met().min(1);
        }
        let last = answers.last().expect("nothing fails in the second turn");
        assert!(answers.iter().all(|answer| answer == last), "one answer: {cell:?}");
        // What the store did not take at first is offered again.
        app::look_ups::alarms(city.app(), 1).await.unwrap();
        let open = app::look_ups::open_ones(city.app(), &city.officer(), true)
            .await
            .unwrap();
        let open: Vec<Uuid> = open.iter().map(|open| open.state.id).collect();
        let to_close: &[Uuid] = if last.close_by.is_some() { &[last.id] } else { &[] };
        assert_eq!(
            open, to_close,
            "an adverse fact is to be closed, nothing else: {cell:?}"
        );
        for look_up in open {
            let permit = city.may(&city.officer(), app::look_ups::head(city.app(), look_up).await.unwrap());
            app::look_ups::close(city.app(), &permit, ClosingAsked::NotUsed)
                .await
                .unwrap();
            closed += 1;
        }
        if place % 500 == 499 {
            city.restart().await;
        }
    }
    println!(
        "{backend:?}: {calls} look-ups with a fault, each asked twice: {met} faults met, {answered} answered, {failed} failed, \
         {closed} closed, 0 without a trace, {:.0} s",
        bound.0.elapsed().as_secs_f64()
    );
    assert!(answered > 0 && failed > 0 && usize::try_from(met).unwrap() * 10 > calls * 6);
    assert_eq!(usize::try_from(closed).unwrap(), calls.div_ceil(3));
    let kept = city
        .store()
        .counted_look_ups(city.clock.look().day(), 0, 20_000)
        .await
        .unwrap();
    assert!(
        kept.len() <= calls,
        "a key has one look-up: {} of {calls} keys",
        kept.len()
    );
    ground.discard(city).await;
}

async fn every_cell(backend: Backend) {
    let bound = Bound::new();
    let ground = Ground::peopled(backend).await;
    let is_part = backend == Backend::Postgres && !is_soak();
    let mut reached = BTreeSet::new();
    let mut tally = Tally::default();
    for operation in Operation::ALL {
        let (calls, expected) = undisturbed(&ground, operation).await;
        for (method, calls) in calls {
            reached.insert(method);
            for nth in 0..calls.min(CALLS_MAX) {
                for mode in modes(method) {
                    let mode = *mode;
                    if is_part && (nth > 0 || mode != Mode::ReplyLost) {
                        continue;
                    }
                    if bound.is_over() {
                        tally.left_out += 1;
                        continue;
                    }
                    let cell = Cell { method, nth, mode };
                    disturb(&ground, operation, &[cell], &expected, &mut tally).await;
                }
            }
        }
        for (_, pair) in pairs().filter(|(paired, _)| *paired == operation) {
            disturb(&ground, operation, &pair, &expected, &mut tally).await;
            reached.extend(pair.map(|cell| cell.method));
        }
    }
    let skipped: BTreeSet<&str> = SKIPPED.iter().map(|(method, _)| *method).collect();
    let left: BTreeSet<&str> = METHODS
        .iter()
        .copied()
        .filter(|method| !reached.contains(method))
        .collect();
    println!(
        "{backend:?}: {} cells of {} operations and {} methods ({} left out for their time), {} of them met, {} errors \
         told, {:.0} s; skipped:",
        tally.cells,
        Operation::ALL.len(),
        reached.len(),
        tally.left_out,
        tally.met,
        tally.errors,
        bound.0.elapsed().as_secs_f64()
    );
    for (method, reason) in SKIPPED {
        println!("  {method}: {reason}");
    }
    assert_eq!(tally.wrong, [""; 0], "cells that end wrong");
    assert_eq!(left, skipped, "methods that no cell reaches");
    assert!(tally.met * 10 >= tally.cells * 9, "nearly every fault is met");
}

#[derive(Default)]
struct Tally {
    cells: u32,
    met: u32,
    errors: u32,
    left_out: u32,
    wrong: Vec<String>,
}

/// What the operation calls and comes to where nothing fails.
async fn undisturbed(ground: &Ground, operation: Operation) -> (BTreeMap<&'static str, u32>, Picture) {
    let mut city = ground.copy().await;
    let mut known = operation.prepare(&mut city).await;
    city.plan.arm(&[]);
    operation.attempt(&mut city, &mut known, false).await.unwrap();
    city.restart().await;
    let calls = city.plan.calls();
    let picture = judge(&mut city).await;
    ground.discard(city).await;
    (calls, picture)
}

async fn disturb(ground: &Ground, operation: Operation, cells: &[Cell], expected: &Picture, tally: &mut Tally) {
    let mut city = ground.copy().await;
    let known = operation.prepare(&mut city).await;
    let plan = city.plan.clone();
    plan.arm(cells);
    let nth = u64::from(cells[0].nth);
    disturbed(&mut city, operation, known, (&cells, nth), &plan, expected, tally).await;
    ground.discard(city).await;
}

/// A fault that waits for its place in an operation.
trait Waits {
    fn is_met(&self) -> bool;
    /// An operation that is done again can pass by its place; the fault must not meet whoever looks at the outcome.
    fn call_off(&self);
}

impl Waits for Plan {
    fn is_met(&self) -> bool {
        self.met() > 0
    }
    fn call_off(&self) {
        self.arm(&[]);
    }
}

/// The operation with a fault that waits (what it is, and at which call), again and again until it goes through.
async fn disturbed(
    city: &mut City,
    operation: Operation,
    known: Known,
    (fault, nth): (&(impl Debug + ?Sized), u64),
    fault_ahead: &impl Waits,
    expected: &Picture,
    tally: &mut Tally,
) {
    tally.cells += 1;
    if let Some(wrong) = until_through(city, operation, known, nth, fault_ahead, expected, tally).await {
        println!("{operation:?} {fault:?}: {wrong}");
        tally.wrong.push(format!("{operation:?} {fault:?}"));
    }
}

/// What is wrong once the operation has gone through.
async fn until_through(
    city: &mut City,
    operation: Operation,
    mut known: Known,
    nth: u64,
    fault_ahead: &impl Waits,
    expected: &Picture,
    tally: &mut Tally,
) -> Option<String> {
    let mut attempts = 0;
    loop {
        let outcome = operation.attempt(city, &mut known, attempts > 0).await;
        if city.plan.looks_without_trace() > 0 {
            return Some("a look without a trace".to_owned());
        }
        let Err(failed) = outcome else { break };
        tally.errors += 1;
        if !fault_ahead.is_met() {
            return Some(format!("it fails without a fault: {}", failed.0));
        }
        attempts += 1;
        if attempts == ATTEMPTS_MAX {
            return Some(format!("it does not go through: {}", failed.0));
        }
        // Half of the users meet a program that was started again.
        if (u64::from(attempts) + nth).is_multiple_of(2) {
            city.restart().await;
        }
    }
    tally.met += u32::from(fault_ahead.is_met());
    fault_ahead.call_off();
    let traces = traces(city).await;
    if operation == Operation::ReadOwnRecords && traces <= known.traces {
        return Some("answered without a trace".to_owned());
    }
    if operation == Operation::LookUp && traces != known.traces + 1 {
        return Some(format!("{} traces of one look-up", traces - known.traces));
    }
    city.restart().await;
    let picture = judge(city).await;
    (picture != *expected).then(|| format!("{picture:#?}\ninstead of\n{expected:#?}"))
}

/// The store is sound, and this is what it comes to.
async fn judge(city: &mut City) -> Picture {
    city.plan.arm(&[]);
    city.verify().await.unwrap();
    Picture::of(city).await
}
