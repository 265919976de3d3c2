//! Rules of procedures.

use futures::future::join_all;

use super::fixture::{Fixture, START, conflicts, misses, ok, organisation, some};
use super::records::assert_one_winner;
use crate::{ChunkCommit, EntryKind, NewProcedure, ProcedureKind, Store};

/// A procedure takes one step at a time: who did not see the last one is refused.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn a_procedure_takes_one_step_at_a_time(store: &dyn Store) {
    let make = Fixture::default();
    let new = make.procedure(&organisation(3));
    ok(
        store
            .commit_chunk(&ChunkCommit {
                procedures: vec![new.clone()],
                ..make.act()
            })
            .await,
        "open",
    );
    let read = some(ok(store.find_procedure(new.uuid).await, "find"), "the procedure");
    assert_eq!(
        (read.state.as_str(), read.steps, &read.organisation),
        ("open", 0, &new.organisation)
    );
    assert_eq!(
        (read.kind, &read.reason, &read.details),
        (new.kind, &new.reason, &new.details)
    );
    assert_eq!(
        (read.opened_at, read.due_at, read.person, read.staged_row),
        (new.at, new.due_at, None, None)
    );

    let first = make.step(new.uuid, 0, "asked");
    ok(store.append_step(&first).await, "first step");
    conflicts(
        store.append_step(&make.step(new.uuid, 0, "refused")).await,
        "a step on an old state",
    );
    conflicts(
        store.append_step(&make.step(new.uuid, 2, "refused")).await,
        "a step on a state to come",
    );
    misses(
        store.append_step(&make.step(make.uuid(), 0, "refused")).await,
        "no such procedure",
    );
    let second = make.step(new.uuid, 1, "accepted");
    ok(store.append_step(&second).await, "second step");
    let read = some(ok(store.find_procedure(new.uuid).await, "find"), "the procedure");
    assert_eq!((read.state.as_str(), read.steps), ("accepted", 2));
    let steps = ok(store.procedure_steps(new.uuid).await, "steps");
    assert_eq!(
        steps,
        [
            ("asked".to_owned(), first.by, START),
            ("accepted".to_owned(), second.by, START)
        ]
    );
    assert!(ok(store.find_procedure(make.uuid()).await, "find").is_none());
    assert!(ok(store.procedure_steps(make.uuid()).await, "steps").is_empty());
}

/// Fifty who decide at once decide once.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn racing_deciders_decide_once(store: &dyn Store) {
    let make = Fixture::default();
    let new = make.procedure(&organisation(3));
    ok(
        store
            .commit_chunk(&ChunkCommit {
                procedures: vec![new.clone()],
                ..make.act()
            })
            .await,
        "open",
    );
    let steps: Vec<_> = (0..50).map(|_| make.step(new.uuid, 0, "accepted")).collect();
    assert_one_winner(join_all(steps.iter().map(|step| store.append_step(step))).await);
    assert_eq!(ok(store.procedure_steps(new.uuid).await, "steps").len(), 1);
}

/// Open procedures are listed oldest first, of one organisation if asked; closed ones are not.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn open_procedures_are_listed_oldest_first(store: &dyn Store) {
    let make = Fixture::default();
    let mut opened = Vec::new();
    for number in [3, 4, 3, 4] {
        let new = make.procedure(&organisation(number));
        ok(
            store
                .commit_chunk(&ChunkCommit {
                    procedures: vec![new.clone()],
                    ..make.act()
                })
                .await,
            "open",
        );
        opened.push(new.uuid);
    }
    let list = |organisation: Option<u32>, limit| async move {
        let organisation = organisation.map(super::fixture::organisation);
        let open = ok(
            store
                .open_procedures(ProcedureKind::Review, organisation.as_ref(), limit)
                .await,
            "list",
        );
        open.into_iter().map(|procedure| procedure.uuid).collect::<Vec<_>>()
    };
    let [a, b, c, d] = ok(<[uuid::Uuid; 4]>::try_from(opened).map_err(|_| "four"), "procedures");
    assert_eq!(list(None, 10).await, [a, b, c, d]);
    assert_eq!(list(None, 3).await, [a, b, c]);
    assert_eq!(list(Some(4), 10).await, [b, d]);
    ok(store.append_step(&make.step(a, 0, "accepted")).await, "close");
    ok(store.append_step(&make.step(b, 0, "refused")).await, "close");
    assert_eq!(list(None, 10).await, [c, d]);
    // Opened again, for instance after a complaint.
    ok(store.append_step(&make.step(b, 1, "open")).await, "open again");
    assert_eq!(list(Some(4), 10).await, [b, d]);
}

/// A procedure that no chunk brings is opened alone, with its place in the log.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn a_procedure_is_opened_alone(store: &dyn Store) {
    let make = Fixture::default();
    let new = NewProcedure {
        kind: ProcedureKind::UnrecognisedLookUp,
        ..make.procedure(&organisation(3))
    };
    let hash = make.bytes();
    ok(store.open_procedure(&new, hash).await, "open");
    conflicts(store.open_procedure(&new, make.bytes()).await, "opened twice");
    let open = ok(
        store
            .open_procedures(ProcedureKind::UnrecognisedLookUp, Some(&organisation(3)), 9)
            .await,
        "open ones",
    );
    let read = some(open.first(), "the procedure");
    assert_eq!((read.uuid, read.kind, read.steps), (new.uuid, new.kind, 0));
    assert_eq!(
        ok(store.outbox_entries(9).await, "outbox"),
        [(EntryKind::ProcedureStep, hash)]
    );
}
