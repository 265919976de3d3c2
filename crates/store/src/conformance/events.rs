//! Rules of events: whoever was shown a record is owed its fall, once; in order, until it is taken or given up.

use domain::record::RecordEventKind;
use domain::{Day, Moment};
use uuid::Uuid;

use super::fixture::{Fixture, START, day, ok, organisation, some};
use crate::{
    ActKind, Alarm, AlarmKind, Client, EVENTS_LEASE, Endpoint, Event, EventKind, EventWork, Lease, NewEvent, NewLookUp,
    Owed, PersonId, Recipient, RecordId, Store, StoreError, TraceOutcome,
};

/// Work of each kind at most.
const MANY: u32 = 50;

fn at(ms: i64) -> Moment {
    Moment(START.0 + ms)
}

async fn lease(make: &Fixture, store: &dyn Store) -> Lease {
    let held = store.take_lease(EVENTS_LEASE, make.uuid(), START, 1000).await;
    some(ok(held, "lease"), "the lease")
}

/// A look-up by `client`, answered with `records`.
async fn shown(make: &Fixture, store: &dyn Store, client: Option<Uuid>, records: &[RecordId]) -> Uuid {
    let look_up = NewLookUp {
        client,
        ..make.look_up(&organisation(1))
    };
    let uuid = look_up.trace.uuid;
    ok(store.append_look_ups(&[look_up]).await, "look-up");
    let mut answer = make.answer(uuid, TraceOutcome::Disclosed, None);
    answer.records = records.to_vec();
    ok(store.append_answers(&[answer]).await, "answer");
    uuid
}

async fn falls(make: &Fixture, store: &dyn Store, person: PersonId, record: RecordId, kind: RecordEventKind) {
    let event = make.event(person, record, kind);
    let appended = store.append_record_events(&[event], START, &[make.bytes()]).await;
    ok(appended, "event of a record");
}

async fn work(store: &dyn Store, today: Day) -> EventWork {
    ok(store.event_work(today, START, MANY).await, "work")
}

/// The lane of a person.
fn lane(person: Option<PersonId>) -> [u8; 16] {
    person.map_or([9; 16], |person| u128::from(person.0.unsigned_abs()).to_be_bytes())
}

fn made(make: &Fixture, owed: &[Owed]) -> Vec<NewEvent> {
    let event = |owed: &Owed| NewEvent {
        uuid: make.uuid(),
        owed: owed.clone(),
        lane: lane(owed.person),
        at: START,
    };
    owed.iter().map(event).collect()
}

/// Makes events of all that waits; how many were owed.
async fn make_all(make: &Fixture, store: &dyn Store, lease: Lease) -> usize {
    let work = work(store, day(1, 2)).await;
    let events = made(make, &work.owed);
    ok(store.append_events(lease, &work, &[], &events).await, "events");
    events.len()
}

async fn with_endpoint(make: &Fixture, store: &dyn Store) -> Client {
    let client = make.client(&organisation(1));
    let act = make.administrator_act(ActKind::ClientRegistered);
    ok(store.register_client(&client, &act).await, "client");
    set(make, store, client.uuid, Some("https://one.example/events")).await;
    client
}

async fn set(make: &Fixture, store: &dyn Store, client: Uuid, url: Option<&str>) {
    let endpoint = Endpoint {
        client,
        url: url.map(str::to_owned),
        at: START,
    };
    let act = make.administrator_act(ActKind::EndpointSet);
    ok(store.set_endpoint(&endpoint, &act).await, "endpoint");
    assert_eq!(ok(store.find_endpoint(client).await, "find"), Some(endpoint));
}

async fn due(store: &dyn Store, now: i64) -> Vec<Event> {
    let due = ok(store.due_events(at(now), MANY, 4).await, "due");
    due.into_iter().map(|due| due.event).collect()
}

fn orders(events: &[Event]) -> Vec<i64> {
    events.iter().map(|event| event.order).collect()
}

/// Every look-up that showed a record is owed each of its falls, once, and nobody else is.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn who_was_shown_a_record_is_owed_its_fall(store: &dyn Store) {
    let make = Fixture::default();
    let lease = lease(&make, store).await;
    let (person, _) = make.person(store).await;
    let (record, _) = make.record(store, person.id).await;
    let (other, _) = make.record(store, person.id).await;
    let first = shown(&make, store, None, &[record, other]).await;
    let second = shown(&make, store, Some(make.uuid()), &[record]).await;
    shown(&make, store, None, &[other]).await;
    assert_eq!(make_all(&make, store, lease).await, 0, "nothing fell");
    falls(&make, store, person.id, record, RecordEventKind::Disputed).await;
    assert!(work(store, day(1, 2)).await.is_empty(), "it still stands");
    falls(&make, store, person.id, record, RecordEventKind::Repaired).await;
    falls(&make, store, person.id, record, RecordEventKind::Withdrawn).await;

    let work = work(store, day(1, 2)).await;
    let mut owed: Vec<_> = work.owed.iter().map(|owed| (owed.kind, owed.look_up)).collect();
    owed.sort_unstable();
    let mut expected = [EventKind::Withdrawn, EventKind::Repaired]
        .map(|kind| [(kind, first), (kind, second)])
        .concat();
    expected.sort_unstable();
    assert_eq!(owed, expected);
    let public = some(
        ok(store.scan_records(RecordId(0), 9).await, "scan").first().cloned(),
        "record",
    );
    for owed in &work.owed {
        assert_eq!(owed.record, Some((record, public.uuid)));
        assert_eq!((owed.person, owed.at), (Some(person.id), START));
        assert_eq!(
            (owed.client.is_some(), &owed.organisation),
            (owed.look_up == second, &organisation(1))
        );
    }
    let events = made(&make, &work.owed);
    ok(store.append_events(lease, &work, &[], &events).await, "events");
    ok(store.append_events(lease, &work, &[], &events).await, "the same again");
    assert!(self::work(store, day(1, 2)).await.is_empty());
    let about = ok(store.events_about(&[person.id], MANY).await, "about");
    assert_eq!(about.len(), 4, "each once");
    assert!(about.is_sorted_by_key(|event| std::cmp::Reverse(event.order)));
    assert!(
        about
            .iter()
            .all(|event| event.record == Some(public.uuid) && event.told_at.is_none())
    );
    assert!(ok(store.events_about(&[], MANY).await, "nobody").is_empty());
}

/// A record that fell between the reading and the writing of an answer is owed with the answer.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn a_fall_before_the_answer_is_owed_all_the_same(store: &dyn Store) {
    let make = Fixture::default();
    let lease = lease(&make, store).await;
    let (person, _) = make.person(store).await;
    let (record, _) = make.record(store, person.id).await;
    falls(&make, store, person.id, record, RecordEventKind::Corrected).await;
    assert_eq!(make_all(&make, store, lease).await, 0, "nobody was shown it");
    let look_up = shown(&make, store, None, &[record]).await;
    let work = work(store, day(1, 2)).await;
    let owed: Vec<_> = work.owed.iter().map(|owed| (owed.kind, owed.look_up)).collect();
    assert_eq!(owed, [(EventKind::Corrected, look_up)]);
    assert_eq!(make_all(&make, store, lease).await, 1);
    assert_eq!(make_all(&make, store, lease).await, 0);
}

/// The day after a record's last day its recipients are owed the end, once; not if it fell before.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn an_end_that_passes_is_owed_once(store: &dyn Store) {
    let make = Fixture::default();
    let lease = lease(&make, store).await;
    let (person, _) = make.person(store).await;
    let (stands, _) = make.record(store, person.id).await;
    let (withdrawn, _) = make.record(store, person.id).await;
    let look_up = shown(&make, store, None, &[stands, withdrawn]).await;
    falls(&make, store, person.id, withdrawn, RecordEventKind::Withdrawn).await;
    assert_eq!(make_all(&make, store, lease).await, 1, "the withdrawal");
    let end = day(12, 31);
    assert!(work(store, end).await.is_empty(), "on the last day it is still read");
    let after = ok(end.plus_days(1), "a day");
    let ended = work(store, after).await;
    assert_eq!(ended.ended.len(), 2);
    let owed: Vec<_> = ended
        .owed
        .iter()
        .map(|owed| (owed.kind, owed.look_up, owed.record.map(|(record, _)| record), owed.at))
        .collect();
    assert_eq!(owed, [(EventKind::Ended, look_up, Some(stands), end.last_moment())]);
    let events = made(&make, &ended.owed);
    ok(store.append_events(lease, &ended, &[], &events).await, "events");
    assert!(work(store, after).await.is_empty());
}

/// A look-up whose answer was not written down is owed a word; one that is not old enough is not looked at. An answer that
/// showed something and lists no records is handed out to be listed.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn an_unanswered_look_up_is_owed_a_word(store: &dyn Store) {
    let make = Fixture::default();
    let lease = lease(&make, store).await;
    let (person, _) = make.person(store).await;
    let (record, _) = make.record(store, person.id).await;
    let lost = make.look_up(&organisation(1));
    ok(store.append_look_ups(std::slice::from_ref(&lost)).await, "look-up");
    let unlisted = shown(&make, store, None, &[]).await;
    let mut young = make.look_up(&organisation(1));
    young.trace.at = at(100);
    ok(store.append_look_ups(&[young]).await, "look-up");
    let find = |before: i64| async move { ok(store.event_work(day(1, 2), at(before), MANY).await, "work") };
    assert!(find(0).await.is_empty(), "too young");
    let work = find(100).await;
    let owed: Vec<_> = work
        .owed
        .iter()
        .map(|owed| (owed.kind, owed.look_up, owed.record, owed.person))
        .collect();
    assert_eq!(owed, [(EventKind::Unconfirmed, lost.trace.uuid, None, None)]);
    assert_eq!(
        work.unlisted.iter().map(|(uuid, _)| *uuid).collect::<Vec<_>>(),
        [unlisted]
    );
    let events = made(&make, &work.owed);
    let listed = [(unlisted, record)];
    ok(store.append_events(lease, &work, &listed, &events).await, "events");
    let fresh = find(100).await;
    assert_eq!((fresh.swept_to, fresh.fresh), (None, vec![(record, unlisted)]));
    let of_officers = Recipient {
        organisation: organisation(1),
        client: None,
    };
    let read = ok(store.events_of(&of_officers, 0, MANY).await, "events");
    assert_eq!(read.len(), 1);
    assert!(
        read.iter()
            .all(|event| event.kind == EventKind::Unconfirmed && event.record.is_none())
    );
}

/// Two persons' events for one endpoint: each waits for the one before it of the same person, and for nothing else.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn events_go_out_in_the_order_of_their_lane(store: &dyn Store) {
    let make = Fixture::default();
    let lease = lease(&make, store).await;
    let client = with_endpoint(&make, store).await;
    let mut persons = Vec::new();
    for _ in 0..2 {
        let (person, _) = make.person(store).await;
        let (record, _) = make.record(store, person.id).await;
        shown(&make, store, Some(client.uuid), &[record]).await;
        persons.push((person.id, record));
    }
    shown(&make, store, None, &[some(persons.first(), "a person").1]).await;
    for (person, record) in &persons {
        falls(&make, store, *person, *record, RecordEventKind::Repaired).await;
        falls(&make, store, *person, *record, RecordEventKind::Withdrawn).await;
    }
    assert_eq!(make_all(&make, store, lease).await, 6);
    let counts = ok(store.event_counts().await, "counts");
    assert_eq!((counts.waiting, counts.dead, counts.waiting_since), (4, 0, Some(START)));

    let first = due(store, 0).await;
    assert_eq!(first.len(), 2, "one of each person");
    assert!(first.iter().all(|event| event.kind == EventKind::Repaired));
    assert_eq!(ok(store.due_events(at(0), MANY, 1).await, "one").len(), 1);
    let [one, two] = <[i64; 2]>::try_from(orders(&first)).unwrap_or_default();
    ok(store.put_off(one, 1, at(50)).await, "put off");
    ok(store.note_told(two, at(1)).await, "told");
    ok(store.note_told(two, at(2)).await, "told again");
    let next = due(store, 1).await;
    assert_eq!(next.len(), 1, "the other person's goes on, this one's waits");
    let next = some(next.first(), "the next");
    assert_eq!(next.kind, EventKind::Withdrawn);
    ok(store.note_told(next.order, at(3)).await, "told");
    assert!(due(store, 49).await.is_empty());
    let again = ok(store.due_events(at(50), MANY, 4).await, "due");
    let again = some(again.first(), "due again");
    assert_eq!((again.event.order, again.attempts), (one, 1));
    assert_eq!(
        (again.client, again.url.as_str()),
        (client.uuid, "https://one.example/events")
    );
    let told = some(ok(store.find_event(next.uuid).await, "find"), "the event");
    assert_eq!(told.told_at, Some(at(3)));

    set(&make, store, client.uuid, None).await;
    assert!(due(store, 50).await.is_empty(), "it has no endpoint any more");
    assert_eq!(ok(store.event_counts().await, "counts"), crate::EventCounts::default());
}

/// An event that is given up lets the next one of its lane pass, raises one alarm, and comes back when it is asked for.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn what_was_given_up_is_sent_again(store: &dyn Store) {
    let make = Fixture::default();
    let lease = lease(&make, store).await;
    let client = with_endpoint(&make, store).await;
    let (person, _) = make.person(store).await;
    let (record, _) = make.record(store, person.id).await;
    shown(&make, store, Some(client.uuid), &[record]).await;
    falls(&make, store, person.id, record, RecordEventKind::Repaired).await;
    falls(&make, store, person.id, record, RecordEventKind::Withdrawn).await;
    make_all(&make, store, lease).await;
    let first = some(due(store, 0).await.first().cloned(), "due");
    let alarm = Alarm {
        kind: AlarmKind::EventUndelivered,
        organisation: organisation(1),
        account: client.uuid,
        client: Some(client.uuid),
        purpose: None,
        look_up: Some(first.look_up),
        at: START,
    };
    for _ in 0..2 {
        ok(store.give_up(first.order, 7, &alarm).await, "give up");
    }
    assert_eq!(ok(store.alarms(9).await, "alarms"), [alarm], "one alarm");
    let dead = ok(store.dead_events(9).await, "dead");
    assert_eq!(
        dead.iter()
            .map(|dead| (dead.event.order, dead.attempts))
            .collect::<Vec<_>>(),
        [(first.order, 7)]
    );
    let second = some(due(store, 0).await.first().cloned(), "the next one passes");
    assert!(second.order > first.order);
    ok(store.note_told(second.order, at(1)).await, "told");

    assert_eq!(ok(store.revive_events(at(5)).await, "revive"), 1);
    assert_eq!(orders(&due(store, 5).await), [first.order]);
    ok(
        store
            .give_up(
                first.order,
                7,
                &Alarm {
                    look_up: None,
                    ..some(ok(store.alarms(1).await, "alarms").pop(), "alarm")
                },
            )
            .await,
        "give up",
    );
    // Whatever became of them, all come again, in their order.
    assert_eq!(ok(store.replay_events(client.uuid, 0, at(9)).await, "replay"), 2);
    assert_eq!(orders(&due(store, 9).await), [first.order]);
    ok(store.note_told(first.order, at(9)).await, "told");
    assert_eq!(orders(&due(store, 9).await), [second.order]);
    let read = some(ok(store.find_event(second.uuid).await, "find"), "the event");
    assert_eq!(
        (read.uuid, read.told_at),
        (second.uuid, Some(at(1))),
        "the first moment stands"
    );
    assert_eq!(
        ok(store.replay_events(client.uuid, first.order, at(9)).await, "replay"),
        1
    );
    assert_eq!(ok(store.replay_events(make.uuid(), 0, at(9)).await, "a stranger"), 0);
}

/// A recipient reads its own events in order, and what it has read past is told.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn recipients_read_their_own_events(store: &dyn Store) {
    let make = Fixture::default();
    let lease = lease(&make, store).await;
    let (person, _) = make.person(store).await;
    let (record, _) = make.record(store, person.id).await;
    let system = make.uuid();
    for client in [None, Some(system), None] {
        shown(&make, store, client, &[record]).await;
    }
    falls(&make, store, person.id, record, RecordEventKind::Withdrawn).await;
    assert_eq!(make_all(&make, store, lease).await, 3);
    let of = |number: u32, client| Recipient {
        organisation: organisation(number),
        client,
    };
    let read =
        |recipient: Recipient, after| async move { ok(store.events_of(&recipient, after, MANY).await, "events") };
    let officers = read(of(1, None), 0).await;
    assert_eq!((officers.len(), read(of(1, Some(system)), 0).await.len()), (2, 1));
    for nobody in [of(2, None), of(1, Some(make.uuid())), of(2, Some(system))] {
        assert!(read(nobody, 0).await.is_empty());
    }
    let [one, two] = <[i64; 2]>::try_from(orders(&officers)).unwrap_or_default();
    assert_eq!(orders(&read(of(1, None), one).await), [two]);
    assert_eq!(ok(store.events_of(&of(1, None), 0, 1).await, "one").len(), 1);

    ok(store.acknowledge_events(&of(1, None), one, at(5)).await, "read");
    ok(store.acknowledge_events(&of(1, None), one, at(6)).await, "read again");
    ok(store.acknowledge_events(&of(1, None), two, at(7)).await, "read on");
    ok(store.acknowledge_events(&of(1, None), one, at(8)).await, "back");
    let told: Vec<_> = read(of(1, None), 0).await.iter().map(|event| event.told_at).collect();
    assert_eq!(told, [Some(at(5)), Some(at(7))]);
    assert!(
        read(of(1, Some(system)), 0)
            .await
            .iter()
            .all(|event| event.told_at.is_none())
    );
    assert!(ok(store.find_event(make.uuid()).await, "find").is_none());
}

/// Whoever lost the lease makes no event and takes nothing away.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn a_lost_lease_makes_no_event(store: &dyn Store) {
    let make = Fixture::default();
    let old = lease(&make, store).await;
    let (person, _) = make.person(store).await;
    let (record, _) = make.record(store, person.id).await;
    shown(&make, store, None, &[record]).await;
    falls(&make, store, person.id, record, RecordEventKind::Withdrawn).await;
    let taken = store.take_lease(EVENTS_LEASE, make.uuid(), at(2000), 1000).await;
    let new = some(ok(taken, "lease"), "the lease");
    let work = work(store, day(1, 2)).await;
    let events = made(&make, &work.owed);
    let refused = store.append_events(old, &work, &[], &events).await;
    assert!(matches!(refused, Err(StoreError::LeaseLost { .. })), "{refused:?}");
    assert_eq!(self::work(store, day(1, 2)).await, work);
    assert!(ok(store.events_about(&[person.id], MANY).await, "about").is_empty());
    ok(store.append_events(new, &work, &[], &events).await, "events");
}

/// One row in every table of events.
pub(super) async fn fill(make: &Fixture, store: &dyn Store) {
    let lease = lease(make, store).await;
    let client = with_endpoint(make, store).await;
    let (person, _) = make.person(store).await;
    let (record, _) = make.record(store, person.id).await;
    shown(make, store, Some(client.uuid), &[record]).await;
    falls(make, store, person.id, record, RecordEventKind::Withdrawn).await;
    make_all(make, store, lease).await;
    let event = some(due(store, 0).await.first().cloned(), "due");
    ok(store.note_told(event.order, START).await, "told");
    let recipient = Recipient {
        organisation: organisation(1),
        client: Some(client.uuid),
    };
    ok(store.acknowledge_events(&recipient, event.order, START).await, "read");
}
