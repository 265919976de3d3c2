//! Rules of records, facts, events and notices.

use domain::Moment;
use domain::catalogue::BreachClass;
use domain::record::RecordEventKind;
use futures::future::join_all;

use super::fixture::{Fixture, START, Sizes, conflicts, day, is_invalid, item, misses, ok, organisation, some};
use crate::{
    BirthState, ChunkCommit, NewRecord, OwnEvent, PersonId, PersonRef, RecordId, Store, StoreError, record_uuid,
};

/// A chunk can correct and withdraw what it writes itself, of persons known and new.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn a_chunk_corrects_and_withdraws_its_own_records(store: &dyn Store) {
    let make = Fixture::default();
    let (known, _) = make.person(store).await;
    let new_person = make.new_person();
    let first = make.new_record(PersonRef::Known(known.id));
    let second = NewRecord {
        ordinal: 1,
        revision: 1,
        content_tag: make.bytes(),
        ..first.clone()
    };
    // Numbers may be left out.
    let withdrawn = NewRecord {
        ordinal: 7,
        ..make.new_record(PersonRef::New(0))
    };
    let own = |ordinal, kind| OwnEvent {
        ordinal,
        kind,
        effective: day(2, 1),
    };
    let chunk = ChunkCommit {
        new_persons: vec![new_person.clone()],
        records: vec![first.clone(), second.clone(), withdrawn.clone()],
        own_events: vec![
            own(0, RecordEventKind::Corrected),
            own(1, RecordEventKind::Disputed),
            own(7, RecordEventKind::Withdrawn),
        ],
        ..make.act()
    };
    let beyond = ChunkCommit {
        own_events: vec![own(3, RecordEventKind::Withdrawn)],
        ..chunk.clone()
    };
    is_invalid(store.commit_chunk(&beyond).await, "no such record");
    let backwards = ChunkCommit {
        records: vec![second.clone(), first.clone()],
        own_events: Vec::new(),
        ..chunk.clone()
    };
    is_invalid(store.commit_chunk(&backwards).await, "ordinals that do not ascend");
    let twice = ChunkCommit {
        own_events: vec![own(0, RecordEventKind::Corrected), own(0, RecordEventKind::Withdrawn)],
        ..chunk.clone()
    };
    conflicts(store.commit_chunk(&twice).await, "a corrected record is not withdrawn");
    ok(store.commit_chunk(&chunk).await, "chunk");

    let created = ok(store.find_persons(&new_person.tags).await, "find");
    let created = some(created.into_iter().next().flatten(), "person").id;
    let questions = [(known.id, first.fact_tag), (created, withdrawn.fact_tag)];
    let facts = ok(store.find_facts(&questions).await, "facts");
    let latest: Vec<_> = facts
        .into_iter()
        .flatten()
        .map(|fact| (fact.revision, fact.content_tag, fact.is_alive, fact.is_withdrawn))
        .collect();
    assert_eq!(
        latest,
        [
            (1, second.content_tag, true, false),
            (0, withdrawn.content_tag, false, true)
        ]
    );
    let read = ok(store.find_record(record_uuid(chunk.uuid, 0)).await, "find");
    let events = some(read, "the record").events;
    let events: Vec<_> = events
        .iter()
        .map(|event| (event.kind, event.at, event.effective))
        .collect();
    assert_eq!(events, [(RecordEventKind::Corrected, chunk.at, day(2, 1))]);
}

/// What is written comes back, by person, by public id and by scan.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn records_come_back_as_written(store: &dyn Store) {
    let make = Fixture::default();
    let (known, _) = make.person(store).await;
    let new_person = make.new_person();
    let adverse = NewRecord {
        class: Some(BreachClass::Serious),
        state: BirthState::Held,
        end: day(3, 4),
        provider: organisation(7),
        item: item("ITM-COURT-DEFAULTER"),
        fact_tag: i64::MIN,
        ..make.new_record(PersonRef::Known(known.id))
    };
    let at = |ordinal, person| NewRecord {
        ordinal,
        ..make.new_record(person)
    };
    let records = vec![
        adverse.clone(),
        at(1, PersonRef::Known(known.id)),
        at(2, PersonRef::New(0)),
    ];
    let chunk = ChunkCommit {
        new_persons: vec![new_person.clone()],
        records,
        at: Moment(START.0 + 9),
        ..make.act()
    };
    ok(store.commit_chunk(&chunk).await, "chunk");

    let read = ok(store.records_of(known.id).await, "records");
    let uuids: Vec<_> = read.iter().map(|record| record.uuid).collect();
    assert_eq!(
        uuids,
        [record_uuid(chunk.uuid, 1), record_uuid(chunk.uuid, 0)],
        "newest first"
    );
    let first = some(read.last(), "the first record");
    assert_eq!(
        (first.person, &first.item, &first.provider),
        (known.id, &adverse.item, &adverse.provider)
    );
    assert_eq!(
        (first.birth, first.class, first.end),
        (adverse.state, adverse.class, adverse.end)
    );
    assert_eq!(
        (first.fact_tag, first.revision, first.content_tag),
        (i64::MIN, 0, adverse.content_tag)
    );
    assert_eq!(
        (&first.content, first.received_at, first.events.len()),
        (&adverse.content, chunk.at, 0)
    );

    let created = some(
        ok(store.find_persons(&new_person.tags).await, "find")
            .into_iter()
            .next()
            .flatten(),
        "person",
    );
    let of_created = ok(store.records_of(created.id).await, "records");
    assert_eq!(
        of_created.iter().map(|record| record.uuid).collect::<Vec<_>>(),
        [record_uuid(chunk.uuid, 2)]
    );

    let by_uuid = some(
        ok(store.find_record(record_uuid(chunk.uuid, 0)).await, "find"),
        "the record",
    );
    assert_eq!((by_uuid.id, by_uuid.content), (first.id, adverse.content));
    assert!(
        ok(store.find_record(record_uuid(chunk.uuid, 3)).await, "find").is_none(),
        "no such ordinal"
    );
    assert!(
        ok(store.find_record(make.uuid()).await, "find").is_none(),
        "no such chunk"
    );

    let all = ok(store.scan_records(RecordId(0), 2).await, "scan");
    assert_eq!(
        all.iter().map(|record| record.uuid).collect::<Vec<_>>(),
        [first.uuid, record_uuid(chunk.uuid, 1)]
    );
    let rest = ok(store.scan_records(some(all.last(), "last").id, 2).await, "scan on");
    assert_eq!(
        rest.iter().map(|record| record.uuid).collect::<Vec<_>>(),
        [record_uuid(chunk.uuid, 2)]
    );
}

/// A fact is known by its latest revision, with its life.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn a_fact_is_known_by_its_latest_revision(store: &dyn Store) {
    let make = Fixture::default();
    let (person, _) = make.person(store).await;
    let (other, _) = make.person(store).await;
    let (first, new) = make.record(store, person.id).await;
    let correction = NewRecord {
        revision: 1,
        content_tag: make.bytes(),
        ..new.clone()
    };
    let act = ChunkCommit {
        records: vec![correction.clone()],
        events: vec![make.event(person.id, first, RecordEventKind::Corrected)],
        ..make.act()
    };
    ok(store.commit_chunk(&act).await, "correction");

    let asked = [
        (other.id, new.fact_tag),
        (person.id, new.fact_tag),
        (person.id, new.fact_tag.wrapping_add(1)),
    ];
    let facts = ok(store.find_facts(&asked).await, "facts");
    assert!(
        matches!(facts.as_slice(), [None, Some(_), None]),
        "in the order asked, misses included: {facts:?}"
    );
    let latest = some(facts.into_iter().nth(1).flatten(), "the fact");
    assert_eq!((latest.revision, latest.content_tag), (1, correction.content_tag));
    assert_eq!((latest.is_alive, latest.is_withdrawn), (true, false));
    assert!(latest.record > first);

    let before = Sizes::of(store).await;
    conflicts(
        store
            .commit_chunk(&ChunkCommit {
                records: vec![correction],
                ..make.act()
            })
            .await,
        "a stale revision",
    );
    assert_eq!(Sizes::of(store).await, before);

    let event = make.event(person.id, latest.record, RecordEventKind::Withdrawn);
    ok(
        store.append_record_events(&[event], START, &[make.bytes()]).await,
        "withdraw",
    );
    let fact = some(
        ok(store.find_facts(&[(person.id, new.fact_tag)]).await, "fact")
            .into_iter()
            .next()
            .flatten(),
        "fact",
    );
    assert_eq!(
        (fact.record, fact.is_alive, fact.is_withdrawn),
        (latest.record, false, true)
    );
}

/// Fifty writers who all saw no fact make exactly one revision 0 (E12).
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn racing_writers_of_a_fact_make_one_revision(store: &dyn Store) {
    let make = Fixture::default();
    let (person, _) = make.person(store).await;
    let fact = make.new_record(PersonRef::Known(person.id));
    let acts: Vec<_> = (0..50)
        .map(|_| ChunkCommit {
            records: vec![NewRecord {
                content: make.sealed(),
                ..fact.clone()
            }],
            ..make.act()
        })
        .collect();
    let results = join_all(acts.iter().map(|act| store.commit_chunk(act))).await;
    assert_one_winner(results);
    let records = ok(store.records_of(person.id).await, "records");
    assert_eq!(records.iter().map(|record| record.revision).collect::<Vec<_>>(), [0]);
}

/// One `Ok`, the others conflicts.
pub(super) fn assert_one_winner(results: Vec<Result<(), StoreError>>) {
    let all = results.len();
    let won = results.iter().filter(|result| result.is_ok()).count();
    for result in results {
        if result.is_err() {
            conflicts(result, "the others lose by a conflict");
        }
    }
    assert_eq!(won, 1, "of {all} writers one wins");
}

/// Events follow the life of a record: those that its state does not allow are refused.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn events_follow_the_life_of_a_record(store: &dyn Store) {
    let make = Fixture::default();
    let (person, _) = make.person(store).await;
    let (other, _) = make.person(store).await;
    let (record, _) = make.record(store, person.id).await;
    let event = |kind| make.event(person.id, record, kind);
    let append = |events: Vec<_>| async move {
        let hashes: Vec<[u8; 32]> = (0u8..).zip(&events).map(|(n, _)| [n; 32]).collect();
        store.append_record_events(&events, Moment(START.0 + 60), &hashes).await
    };
    let before = Sizes::of(store).await;
    conflicts(
        append(vec![event(RecordEventKind::Confirmed)]).await,
        "a usable record cannot be confirmed",
    );
    conflicts(
        append(vec![event(RecordEventKind::Disputed), event(RecordEventKind::Disputed)]).await,
        "two disputes at once: neither is written",
    );
    misses(
        append(vec![make.event(other.id, record, RecordEventKind::Disputed)]).await,
        "another person's record",
    );
    misses(
        append(vec![make.event(
            person.id,
            RecordId(record.0 + 1),
            RecordEventKind::Disputed,
        )])
        .await,
        "no record",
    );
    is_invalid(
        store
            .append_record_events(&[event(RecordEventKind::Disputed)], START, &[])
            .await,
        "no entry hash",
    );
    assert_eq!(Sizes::of(store).await, before);

    ok(
        append(vec![
            event(RecordEventKind::Disputed),
            event(RecordEventKind::DisputeEnded),
        ])
        .await,
        "a dispute",
    );
    ok(append(vec![event(RecordEventKind::Withdrawn)]).await, "withdrawn");
    conflicts(
        append(vec![event(RecordEventKind::Disputed)]).await,
        "a withdrawn record cannot be disputed",
    );
    let read = some(
        ok(store.records_of(person.id).await, "records").into_iter().next(),
        "the record",
    );
    let kinds: Vec<_> = read.events.iter().map(|event| event.kind).collect();
    assert_eq!(
        kinds,
        [
            RecordEventKind::Disputed,
            RecordEventKind::DisputeEnded,
            RecordEventKind::Withdrawn
        ]
    );
    let first = some(read.events.first(), "an event");
    assert_eq!(
        (first.record, first.at, first.effective),
        (record, Moment(START.0 + 60), day(2, 1))
    );
    let by_uuid = some(ok(store.find_record(read.uuid).await, "find"), "the record");
    assert_eq!(by_uuid.events, read.events);
    let scanned = some(
        ok(store.scan_records(RecordId(0), 9).await, "scan").into_iter().next(),
        "the record",
    );
    assert_eq!(scanned.events, read.events);
}

/// Twenty who withdraw one record at once withdraw it once.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn racing_events_of_a_record_happen_once(store: &dyn Store) {
    let make = Fixture::default();
    let (person, _) = make.person(store).await;
    let (record, _) = make.record(store, person.id).await;
    let hash = make.bytes();
    let events: Vec<_> = (0..20)
        .map(|_| [make.event(person.id, record, RecordEventKind::Withdrawn)])
        .collect();
    let hashes = [hash];
    let racing = events
        .iter()
        .map(|event| store.append_record_events(event, START, &hashes));
    assert_one_winner(join_all(racing).await);
    let read = some(
        ok(store.records_of(person.id).await, "records").into_iter().next(),
        "the record",
    );
    assert_eq!(read.events.len(), 1);
}

/// Records are counted by item and birth state.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn records_are_counted_by_item_and_state(store: &dyn Store) {
    let make = Fixture::default();
    assert!(ok(store.count_records().await, "count").is_empty());
    let (person, _) = make.person(store).await;
    let record = |ordinal, word: &str, state| NewRecord {
        ordinal,
        item: item(word),
        state,
        ..make.new_record(PersonRef::Known(person.id))
    };
    for _ in 0..2 {
        let records = vec![
            record(0, "ITM-PERMIT", BirthState::Usable),
            record(1, "ITM-HONOUR", BirthState::Held),
            record(2, "ITM-PERMIT", BirthState::Usable),
            record(3, "ITM-PERMIT", BirthState::Held),
        ];
        ok(
            store.commit_chunk(&ChunkCommit { records, ..make.act() }).await,
            "chunk",
        );
    }
    let mut counted = ok(store.count_records().await, "count");
    counted.sort_by(|a, b| (&a.0, a.1.as_str()).cmp(&(&b.0, b.1.as_str())));
    let counted: Vec<_> = counted
        .iter()
        .map(|(item, state, count)| (item.as_str(), *state, *count))
        .collect();
    let expected = [
        ("ITM-HONOUR", BirthState::Held, 2),
        ("ITM-PERMIT", BirthState::Held, 2),
        ("ITM-PERMIT", BirthState::Usable, 4),
    ];
    assert_eq!(counted, expected);
}

/// Notices are acknowledged up to a moment; it never goes back.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn notices_are_acknowledged_up_to_a_moment(store: &dyn Store) {
    let make = Fixture::default();
    let (person, _) = make.person(store).await;
    assert_eq!(ok(store.notices_seen_until(person.id).await, "seen"), None);
    for until in [5, 9, 7, 9] {
        ok(
            store.acknowledge_notices(person.id, Moment(until), START).await,
            "acknowledge",
        );
    }
    assert_eq!(ok(store.notices_seen_until(person.id).await, "seen"), Some(Moment(9)));
    misses(
        store
            .acknowledge_notices(PersonId(person.id.0 + 1000), Moment(1), START)
            .await,
        "no such person",
    );
}
