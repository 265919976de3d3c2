//! Rules of traces, the outbox, the lease and the sequenced log.

use std::collections::BTreeSet;

use domain::Moment;
use domain::record::RecordEventKind;
use futures::future::join_all;

use super::fixture::{Fixture, START, conflicts, misses, ok, organisation, some};
use crate::{
    BlindIndex, ChunkCommit, DeliveryState, EntryKind, IndexTag, KnownPersonEvent, Lease, PersonEvent, SEQUENCER_LEASE,
    Store, StoreError, TraceKind, TraceOutcome,
};

/// Traces are read newest first, by every tag of a subject; an outcome is added once.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn traces_are_read_newest_first_with_outcomes(store: &dyn Store) {
    let make = Fixture::default();
    let old = make.tag(BlindIndex::Number);
    let new = IndexTag {
        key_version: 2,
        ..make.tag(BlindIndex::Number)
    };
    let traces = [
        make.trace(old, TraceKind::LookUp),
        make.trace(make.tag(BlindIndex::Number), TraceKind::LookUp),
        make.trace(new, TraceKind::OwnRead),
        make.trace(old, TraceKind::LookUp),
    ];
    ok(store.append_traces(&traces).await, "traces");
    let [first, _, own, last] = &traces;
    let read = ok(store.traces_of(&[old, new, old], 10).await, "read");
    assert_eq!(
        read.iter().map(|t| t.uuid).collect::<Vec<_>>(),
        [last.uuid, own.uuid, first.uuid]
    );
    assert!(
        read.iter().all(|trace| trace.outcome.is_none()),
        "unknown, treated as disclosed"
    );
    let second = some(read.get(1), "the own read");
    assert_eq!(
        (second.kind, &second.content, second.at),
        (TraceKind::OwnRead, &own.content, START)
    );
    assert_eq!(ok(store.traces_of(&[old, new], 2).await, "read two").len(), 2);
    let other_version = IndexTag { key_version: 9, ..old };
    assert!(ok(store.traces_of(&[other_version], 10).await, "read").is_empty());

    let outcomes = [
        (first.uuid, TraceOutcome::Disclosed, START),
        (own.uuid, TraceOutcome::Nothing, START),
    ];
    ok(store.append_outcomes(&outcomes).await, "outcomes");
    ok(store.append_outcomes(&outcomes).await, "the same again has no effect");
    let changed = [
        (last.uuid, TraceOutcome::Refused, START),
        (first.uuid, TraceOutcome::Nothing, START),
    ];
    conflicts(store.append_outcomes(&changed).await, "an outcome is not changed");
    misses(
        store
            .append_outcomes(&[(make.uuid(), TraceOutcome::Nothing, START)])
            .await,
        "no such trace",
    );
    let read = ok(store.traces_of(&[old, new], 10).await, "read");
    let outcomes: Vec<_> = read.iter().map(|trace| trace.outcome).collect();
    assert_eq!(
        outcomes,
        [None, Some(TraceOutcome::Nothing), Some(TraceOutcome::Disclosed)]
    );
    conflicts(store.append_traces(std::slice::from_ref(first)).await, "a trace twice");
    assert_eq!(
        ok(store.log_sizes().await, "sizes"),
        (0, 4),
        "each trace waits for its place, once"
    );
}

/// Eight sequencers at once give every effect one index, without gaps, in order of arrival.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn sequencing_is_dense_and_exactly_once(store: &dyn Store) {
    let make = Fixture::default();
    let mut hashes = Vec::new();
    for _ in 0..10 {
        let traces: Vec<_> = (0..20)
            .map(|_| make.trace(make.tag(BlindIndex::Number), TraceKind::LookUp))
            .collect();
        ok(store.append_traces(&traces).await, "traces");
        hashes.extend(traces.iter().map(|trace| trace.entry_hash));
    }
    let holder = make.uuid();
    let lease = some(
        ok(store.take_lease(SEQUENCER_LEASE, holder, START, 1000).await, "lease"),
        "the lease",
    );
    let waiting = ok(store.outbox_entries(3).await, "outbox");
    let first_three: Vec<_> = hashes.iter().take(3).map(|hash| (EntryKind::Trace, *hash)).collect();
    assert_eq!(waiting, first_three, "oldest first");

    let now = Moment(START.0 + 7);
    let sequencers = (0..8).map(|_| async move {
        let mut taken = 0;
        loop {
            match store.sequence(lease, now, 9).await {
                Ok(0) => return taken,
                Ok(count) => taken += u64::from(count),
                // Another one was faster: nothing was written, and there is another turn.
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => ok(Err(error), "sequence"),
            }
        }
    });
    let taken: u64 = join_all(sequencers).await.into_iter().sum();
    assert_eq!(taken, 200);
    assert_eq!(ok(store.log_sizes().await, "sizes"), (200, 0));
    let log = ok(store.log_entries(0, 1000).await, "log");
    assert_eq!(
        log.iter().map(|entry| entry.index).collect::<Vec<_>>(),
        (0..200).collect::<Vec<_>>()
    );
    assert_eq!(log.iter().map(|entry| entry.entry_hash).collect::<Vec<_>>(), hashes);
    assert!(
        log.iter()
            .all(|entry| entry.kind == EntryKind::Trace && entry.at == now)
    );
    let page = ok(store.log_entries(198, 1).await, "page");
    assert_eq!(page.iter().map(|entry| entry.index).collect::<Vec<_>>(), [198]);
}

/// A holder whose lease went to another sequences nothing, whatever it believes.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn a_lost_lease_sequences_nothing(store: &dyn Store) {
    let make = Fixture::default();
    let (old_holder, new_holder) = (make.uuid(), make.uuid());
    let take = |holder, now: i64| store.take_lease(SEQUENCER_LEASE, holder, Moment(START.0 + now), 100);
    ok(
        store
            .append_traces(&[make.trace(make.tag(BlindIndex::Number), TraceKind::LookUp)])
            .await,
        "trace",
    );
    let lost = Err::<(), _>(StoreError::LeaseLost { name: SEQUENCER_LEASE })
        .err()
        .map(|error| error.to_string());

    let nobody = store.sequence(Lease { token: 1 }, START, 10).await;
    assert_eq!(
        nobody.err().map(|error| error.to_string()),
        lost,
        "a lease that nobody gave"
    );
    let old = some(ok(take(old_holder, 0).await, "take"), "the lease");
    assert_eq!(ok(take(new_holder, 99).await, "take"), None, "held by another");
    assert_eq!(ok(take(old_holder, 50).await, "renew"), Some(old), "renewed until 150");
    assert_eq!(ok(take(new_holder, 149).await, "take"), None, "still held");
    let new = some(
        ok(take(new_holder, 151).await, "take"),
        "the lease, when its time was over",
    );
    assert!(new.token > old.token, "tokens grow: {old:?}, {new:?}");
    assert_eq!(ok(take(old_holder, 152).await, "take"), None);

    let late = store.sequence(old, Moment(START.0 + 153), 10).await;
    assert_eq!(late.err().map(|error| error.to_string()), lost, "the fence holds");
    assert_eq!(ok(store.log_sizes().await, "sizes"), (0, 1));
    assert_eq!(ok(store.sequence(new, Moment(START.0 + 153), 10).await, "sequence"), 1);

    // A clock that went back by an hour: nobody waits for it.
    let hour = 3_600_000;
    let after = some(
        ok(take(old_holder, 152 - hour).await, "take"),
        "the lease, after a step back",
    );
    assert!(after.token > new.token);
    assert_eq!(ok(take(new_holder, 153 - hour).await, "take"), None, "held by another");

    let racing = (0..10).map(|_| store.take_lease("another", make.uuid(), START, 100));
    let racing = join_all(racing).await.into_iter().map(Result::unwrap_or_default);
    assert_eq!(racing.flatten().count(), 1, "of ten who take a free lease one holds it");
}

/// Every effect asks for its place in the log, in its own transaction.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn every_effect_has_its_outbox_row(store: &dyn Store) {
    let make = Fixture::default();
    let (person, _) = make.person(store).await;
    let (record, _) = make.record(store, person.id).await;
    let delivery = make.begun(store).await;
    let review = make.procedure(&organisation(1));
    let opened = ChunkCommit {
        procedures: vec![review.clone()],
        ..make.chunk(&delivery, 0, 5)
    };
    ok(store.commit_chunk(&opened).await, "chunk");
    let event = make.event(person.id, record, RecordEventKind::Disputed);
    let (of_event, of_person, of_receipt) = (make.bytes(), make.bytes(), make.bytes());
    ok(store.append_record_events(&[event], START, &[of_event]).await, "event");
    let alias = KnownPersonEvent {
        entry_hash: of_person,
        ..make.person_event(person.id, PersonEvent::AliasConfirmed)
    };
    ok(store.append_person_event(&alias).await, "event");
    let step = make.step(review.uuid, 0, "asked");
    ok(store.append_step(&step).await, "step");
    let decision = ChunkCommit {
        steps: vec![make.step(review.uuid, 1, "accepted")],
        ..make.act()
    };
    ok(store.commit_chunk(&decision).await, "decision");
    ok(
        store
            .finish_delivery(delivery.id, DeliveryState::Done, b"r", START, of_receipt)
            .await,
        "receipt",
    );

    let waiting: BTreeSet<_> = ok(store.outbox_entries(100).await, "outbox").into_iter().collect();
    let of_decision = some(decision.steps.first(), "a step").entry_hash;
    let expected = [
        (EntryKind::Chunk, opened.entry_hash),
        (EntryKind::Chunk, decision.entry_hash),
        (EntryKind::RecordEvent, of_event),
        (EntryKind::PersonEvent, of_person),
        (EntryKind::ProcedureStep, step.entry_hash),
        (EntryKind::ProcedureStep, of_decision),
        (EntryKind::Receipt, of_receipt),
    ];
    assert!(
        expected.iter().all(|entry| waiting.contains(entry)),
        "one of {expected:?} is not in {waiting:?}"
    );
    assert_eq!(
        waiting.len(),
        expected.len() + 2,
        "and those of the person and the record"
    );
}
