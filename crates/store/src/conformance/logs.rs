//! Rules of traces, the outbox, the lease and the sequenced log.

use std::collections::BTreeSet;

use domain::Moment;
use domain::record::RecordEventKind;
use futures::future::join_all;

use super::fixture::{Fixture, START, conflicts, misses, ok, organisation, some};
use crate::{
    BlindIndex, ChunkCommit, DeliveryState, EntryKind, IndexTag, KnownPersonEvent, Lease, NewTrace, PersonEvent,
    SEQUENCER_LEASE, SignedHead, Store, StoreError, TraceKind, TraceOutcome,
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

/// An entry is found by its hash, each in the order asked; of several with one hash, the earliest.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn entries_are_found_by_their_hash(store: &dyn Store) {
    let make = Fixture::default();
    let traces: Vec<_> = (0..20)
        .map(|_| make.trace(make.tag(BlindIndex::Number), TraceKind::LookUp))
        .collect();
    ok(store.append_traces(&traces).await, "traces");
    let again = NewTrace {
        entry_hash: traces.first().map_or([0; 32], |trace| trace.entry_hash),
        ..make.trace(make.tag(BlindIndex::Number), TraceKind::LookUp)
    };
    ok(store.append_traces(&[again]).await, "the same hash again");
    let hashes: Vec<[u8; 32]> = traces.iter().map(|trace| trace.entry_hash).collect();
    let found = ok(store.find_entries(&hashes).await, "find");
    assert_eq!(found, vec![None; 20], "nothing has a place yet");
    let lease = ok(
        store.take_lease(SEQUENCER_LEASE, make.uuid(), START, 1000).await,
        "lease",
    );
    ok(store.sequence(some(lease, "the lease"), START, 100).await, "sequence");

    // Alike in the bytes that are indexed, and absent.
    let mut alike = hashes.first().copied().unwrap_or_default();
    if let Some(last) = alike.last_mut() {
        *last ^= 1;
    }
    let asked: Vec<[u8; 32]> = hashes.iter().rev().copied().chain([alike]).collect();
    let found = ok(store.find_entries(&asked).await, "find");
    let indexes: Vec<_> = found
        .iter()
        .map(|entry| entry.as_ref().map(|entry| entry.index))
        .collect();
    let expected: Vec<_> = (0..20).rev().map(Some).chain([None]).collect();
    assert_eq!(indexes, expected);
    for (entry, hash) in found.iter().zip(&asked) {
        assert!(entry.as_ref().is_none_or(|entry| entry.entry_hash == *hash));
    }
    assert_eq!(ok(store.find_entries(&[]).await, "find nothing"), []);
}

/// A version is logged when it is another than the newest, whether that has its place or waits for it.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn a_version_is_logged_when_it_changed(store: &dyn Store) {
    let make = Fixture::default();
    let (first, second) = (make.bytes(), make.bytes());
    let append = |kind, hash| async move { ok(store.append_version(kind, hash).await, "version") };
    assert!(append(EntryKind::Catalogue, first).await);
    assert!(!append(EntryKind::Catalogue, first).await, "it waits already");
    assert!(append(EntryKind::Policy, first).await, "of another kind");
    let lease = ok(
        store.take_lease(SEQUENCER_LEASE, make.uuid(), START, 1000).await,
        "lease",
    );
    let lease = some(lease, "the lease");
    ok(store.sequence(lease, START, 100).await, "sequence");
    assert!(!append(EntryKind::Catalogue, first).await, "it has its place already");
    assert!(append(EntryKind::Catalogue, second).await);
    assert!(append(EntryKind::Catalogue, first).await, "back to the earlier one");
    ok(store.sequence(lease, START, 100).await, "sequence");
    let log = ok(store.log_entries(0, 100).await, "log");
    let log: Vec<_> = log.iter().map(|entry| (entry.kind, entry.entry_hash)).collect();
    assert_eq!(
        log,
        [
            (EntryKind::Catalogue, first),
            (EntryKind::Policy, first),
            (EntryKind::Catalogue, second),
            (EntryKind::Catalogue, first)
        ]
    );
}

/// Signed heads of a log only grow, and are written by whoever holds the lease.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn signed_heads_grow_under_the_lease(store: &dyn Store) {
    let make = Fixture::default();
    let head = |origin: &str, size| SignedHead {
        origin: origin.to_owned(),
        size,
        root: make.bytes(),
        signature: [7; 64],
    };
    assert_eq!(ok(store.last_head("a").await, "last"), None);
    let lease = |holder, at| store.take_lease(SEQUENCER_LEASE, holder, Moment(START.0 + at), 100);
    let old = some(ok(lease(make.uuid(), 0).await, "lease"), "the lease");
    let (empty, third, fifth) = (head("a", 0), head("a", 3), head("a", 5));
    ok(store.append_head(old, &empty).await, "the empty tree");
    ok(store.append_head(old, &fifth).await, "a head");
    conflicts(store.append_head(old, &fifth).await, "the same again");
    conflicts(store.append_head(old, &head("a", 5)).await, "another of the same size");
    conflicts(store.append_head(old, &third).await, "a smaller one");
    let other = head("b", 4);
    ok(store.append_head(old, &other).await, "another log's");
    let new = some(ok(lease(make.uuid(), 200).await, "lease"), "the lease");
    let late = store.append_head(old, &head("a", 9)).await;
    assert!(
        matches!(late, Err(StoreError::LeaseLost { .. })),
        "the fence holds: {late:?}"
    );
    let ninth = head("a", 9);
    ok(store.append_head(new, &ninth).await, "a head");
    assert_eq!(ok(store.last_head("a").await, "last"), Some(ninth.clone()));
    assert_eq!(ok(store.last_head("b").await, "last"), Some(other));
    assert_eq!(
        ok(store.signed_heads("a", 1, 1).await, "heads"),
        std::slice::from_ref(&fifth)
    );
    assert_eq!(ok(store.signed_heads("a", 0, 10).await, "heads"), [empty, fifth, ninth]);
}

/// Every kind of entry can wait for a place and have one.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn every_kind_of_entry_is_taken(store: &dyn Store) {
    let make = Fixture::default();
    for kind in EntryKind::ALL {
        // Whatever the kind, it is an entry like any other to the tables.
        assert!(ok(store.append_version(*kind, make.bytes()).await, kind.as_str()));
    }
    let lease = ok(
        store.take_lease(SEQUENCER_LEASE, make.uuid(), START, 1000).await,
        "lease",
    );
    ok(store.sequence(some(lease, "the lease"), START, 100).await, "sequence");
    let log = ok(store.log_entries(0, 100).await, "log");
    assert_eq!(log.iter().map(|entry| entry.kind).collect::<Vec<_>>(), EntryKind::ALL);
}
