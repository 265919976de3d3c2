//! Rules of look-ups: durable once, the same for whoever is there, closed once, withheld for a time.

use domain::Moment;
use domain::record::RecordEventKind;
use futures::future::join_all;
use uuid::Uuid;

use super::fixture::{Fixture, START, conflicts, day, is_invalid, misses, ok, organisation, purpose, some};
use crate::{
    Alarm, AlarmKind, BlindIndex, DECOY, EntryKind, IndexTag, LookUpResult, NewLock, NewLookUp, NewRelation, Relation,
    Store, TraceKind, TraceOutcome, WITHHELD_MS_MAX,
};

/// A look-up is written once under its idempotency key, with its trace and outbox row, and others of its group with it.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn a_look_up_stands_once_under_its_key(store: &dyn Store) {
    let make = Fixture::default();
    let (first, second) = (make.look_up(&organisation(1)), make.look_up(&organisation(1)));
    let written = ok(store.append_look_ups(std::slice::from_ref(&first)).await, "append");
    assert_eq!(written, [None]);
    let again = NewLookUp {
        request_key: first.request_key,
        ..make.look_up(&organisation(1))
    };
    let written = ok(store.append_look_ups(&[again.clone(), second.clone()]).await, "append");
    let known = some(written.first().copied().flatten(), "what stands there");
    assert_eq!((known.uuid, known.request_tag), (first.trace.uuid, first.request_tag));
    assert_eq!((known.at, written.get(1)), (START, Some(&None)));
    assert_eq!(ok(store.log_sizes().await, "sizes"), (0, 2), "one trace a look-up");
    assert!(
        ok(store.traces_of(&[again.trace.subject], 9).await, "traces").is_empty(),
        "the repeated one left none"
    );

    let keys = [7_u8, 8, 9].map(|byte| [byte; 32]);
    let racing = (0..24).map(|turn| {
        let look_up = NewLookUp {
            request_key: *some(keys.get(turn % 3), "a key"),
            ..make.look_up(&organisation(1))
        };
        async move {
            // Another one was faster: what stands there is found in the next turn.
            loop {
                match store.append_look_ups(std::slice::from_ref(&look_up)).await {
                    Err(crate::StoreError::Conflict { .. }) => {}
                    other => return ok(other, "append"),
                }
            }
        }
    });
    let won = join_all(racing).await.concat();
    assert_eq!(won.iter().filter(|known| known.is_none()).count(), 3, "one a key");
    assert_eq!(ok(store.log_sizes().await, "sizes").1, 5);
}

/// A number and a name lead to the person with records, events and lock; a miss leads to the decoy.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn a_miss_finds_the_decoy(store: &dyn Store) {
    let make = Fixture::default();
    let decoy = ok(store.ensure_decoy(make.uuid(), &make.bytes::<60>()).await, "decoy");
    let same = ok(
        store.ensure_decoy(make.uuid(), &make.bytes::<60>()).await,
        "decoy again",
    );
    assert_eq!((decoy.id, &decoy), (DECOY, &same));
    let (person, new) = make.person(store).await;
    let (older, _) = make.record(store, person.id).await;
    let (newer, _) = make.record(store, person.id).await;
    let event = make.event(person.id, older, RecordEventKind::Disputed);
    ok(
        store.append_record_events(&[event], START, &[make.bytes()]).await,
        "event",
    );
    let [number, name] = <[IndexTag; 2]>::try_from(new.tags.as_slice())
        .unwrap_or([make.tag(BlindIndex::Number), make.tag(BlindIndex::NumberAndName)]);
    let other = make.tag(BlindIndex::NumberAndName);
    let officer = make.uuid();
    let found = ok(store.find_for_look_up(&[other, name], &[number], officer).await, "find");
    assert!(found.is_somebody() && !found.is_locked);
    assert_eq!(found.person, person);
    let records: Vec<_> = found.records.iter().map(|record| record.id).collect();
    assert_eq!(records, [newer, older], "newest first");
    let events: Vec<usize> = found.records.iter().map(|record| record.events.len()).collect();
    assert_eq!(events, [0, 1]);
    // The number alone leads to nobody, nor does another name (R7).
    for names in [vec![other], vec![], vec![number]] {
        let nobody = make.tag(BlindIndex::Number);
        let missed = ok(store.find_for_look_up(&names, &[nobody], officer).await, "miss");
        if names == [number] {
            continue;
        }
        assert!(!missed.is_somebody() && missed.records.is_empty() && !missed.is_locked);
        assert_eq!(missed.person, decoy);
    }
    for relation in [Relation::Kin, Relation::Own] {
        let new = NewRelation {
            account: officer,
            tags: vec![number],
            relation,
            at: START,
        };
        ok(store.declare_relation(&new).await, "declare");
    }
    let find = |account| async move { ok(store.find_for_look_up(&[name], &[number], account).await, "find").relation };
    assert_eq!(find(officer).await, Some(Relation::Kin), "what was declared first");
    assert_eq!(find(make.uuid()).await, None, "to another officer");
    let count = ok(store.count_persons().await, "count");
    assert_eq!(count, 1, "the decoy is nobody");
}

/// The latest word on a number's lock holds, whatever key version it was said under.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn the_latest_word_on_a_lock_holds(store: &dyn Store) {
    let make = Fixture::default();
    ok(store.ensure_decoy(make.uuid(), &make.bytes::<60>()).await, "decoy");
    let old = make.tag(BlindIndex::Number);
    let new = IndexTag {
        key_version: 2,
        ..make.tag(BlindIndex::Number)
    };
    let set = |tags: &[IndexTag], is_locked| {
        let lock = NewLock {
            tags: tags.to_vec(),
            is_locked,
            by: make.uuid(),
            entry_hash: make.bytes(),
            at: START,
        };
        async move { ok(store.set_lock(&lock).await, "lock") }
    };
    let is_locked = |tags: &[IndexTag]| {
        let tags = tags.to_vec();
        async move {
            let found = ok(store.find_for_look_up(&[], &tags, Uuid::nil()).await, "find").is_locked;
            assert_eq!(ok(store.is_locked(&tags).await, "locked"), found);
            found
        }
    };
    assert!(!is_locked(&[old]).await);
    set(&[old], true).await;
    assert!(is_locked(&[old]).await && !is_locked(&[new]).await);
    set(&[new, old], false).await;
    assert!(!is_locked(&[old]).await && !is_locked(&[new, old]).await);
    set(&[new], true).await;
    assert!(is_locked(&[new, old]).await && is_locked(&[old, new]).await && !is_locked(&[old]).await);
    let waiting = ok(store.outbox_entries(9).await, "outbox");
    assert_eq!(
        waiting
            .iter()
            .filter(|(kind, _)| *kind == EntryKind::PersonEvent)
            .count(),
        3,
        "each is an effect"
    );
}

/// The first answer of a look-up stands; one with an adverse fact is on its organisation's list until it is closed, once.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn a_look_up_is_answered_and_closed_once(store: &dyn Store) {
    let make = Fixture::default();
    let (one, other) = (organisation(1), organisation(2));
    let look_ups = [make.look_up(&one), make.look_up(&one), make.look_up(&other)];
    ok(store.append_look_ups(&look_ups).await, "append");
    let [late, soon, foreign] = look_ups.each_ref().map(|look_up| look_up.trace.uuid);
    let answers = [
        make.answer(late, TraceOutcome::Disclosed, Some(day(6, 30))),
        make.answer(soon, TraceOutcome::Disclosed, Some(day(6, 1))),
        make.answer(foreign, TraceOutcome::Nothing, None),
    ];
    ok(store.append_answers(&answers).await, "answers");
    let second = make.answer(late, TraceOutcome::Nothing, None);
    ok(store.append_answers(&[second]).await, "a second answer has no effect");
    misses(
        store
            .append_answers(&[make.answer(make.uuid(), TraceOutcome::Nothing, None)])
            .await,
        "no such look-up",
    );
    let open = |organisation: Option<domain::Uscc>, account, before| async move {
        let found = store.open_look_ups(organisation.as_ref(), account, before, 9).await;
        let found = ok(found, "open");
        found.into_iter().map(|look| look.trace.uuid).collect::<Vec<_>>()
    };
    assert_eq!(open(Some(one.clone()), None, None).await, [soon, late], "due first");
    assert!(open(Some(other), None, None).await.is_empty());
    assert_eq!(open(None, None, Some(day(6, 2))).await, [soon], "overdue on the second");
    let officer = look_ups.first().map(|look_up| look_up.account);
    assert_eq!(open(Some(one.clone()), officer, None).await, [late]);

    let closing = make.closing(late, LookUpResult::Proceeding);
    ok(store.close_look_up(&closing).await, "close");
    conflicts(
        store.close_look_up(&make.closing(late, LookUpResult::NotUsed)).await,
        "closed twice",
    );
    assert_eq!(open(Some(one.clone()), None, None).await, [soon]);
    let look = some(ok(store.find_look_up(late).await, "find"), "the look-up");
    assert_eq!((look.trace.uuid, look.trace.kind), (late, TraceKind::LookUp));
    assert_eq!(look.trace.outcome, Some(TraceOutcome::Disclosed));
    let answer = some(look.answer, "the answer");
    let first = some(answers.first(), "the first answer");
    assert_eq!(
        (answer.content, answer.close_by),
        (first.content.clone(), first.close_by)
    );
    let closed_hash = closing.closed.entry_hash;
    assert_eq!(look.closed, Some(closing.closed));
    let asker = some(look.asker, "who asked");
    assert_eq!((asker.organisation, asker.purpose), (one, purpose("PUR-FOOD-LICENCE")));
    assert!(ok(store.find_look_up(make.uuid()).await, "find").is_none());
    let waiting = ok(store.outbox_entries(99).await, "outbox");
    let logged = |kind| {
        waiting
            .iter()
            .filter(|(found, _)| *found == kind)
            .map(|(_, hash)| *hash)
            .collect::<Vec<_>>()
    };
    let hashes: Vec<_> = answers.iter().map(|answer| answer.entry_hash).collect();
    assert_eq!(
        logged(EntryKind::Outcome),
        hashes,
        "what was answered first is logged, once"
    );
    assert_eq!(logged(EntryKind::LookUpClosed), [closed_hash], "and how it was closed");

    // Closed at once, before its answer was written down.
    let one = organisation(1);
    let quick = make.look_up(&one);
    let uuid = quick.trace.uuid;
    ok(store.append_look_ups(&[quick]).await, "append");
    let closed = make.closing(uuid, LookUpResult::NotUsed);
    ok(store.close_look_up(&closed).await, "close before the answer");
    let answer = make.answer(uuid, TraceOutcome::Disclosed, Some(day(6, 1)));
    ok(store.append_answers(&[answer]).await, "the answer comes later");
    assert_eq!(open(Some(one), None, None).await, [soon], "what is closed stays closed");
}

/// Looks at a number are read newest first, own reads among them, page by page; the day's look-ups are counted in order.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn looks_at_a_number_are_read_by_pages(store: &dyn Store) {
    let make = Fixture::default();
    let tag = make.tag(BlindIndex::Number);
    let mut uuids = Vec::new();
    for turn in 0..5 {
        let mut look_up = make.look_up(&organisation(1));
        look_up.trace.subject = tag;
        if turn == 2 {
            let own = make.trace(tag, TraceKind::OwnRead);
            uuids.push(own.uuid);
            ok(store.append_traces(&[own]).await, "own read");
        } else {
            uuids.push(look_up.trace.uuid);
            ok(store.append_look_ups(&[look_up]).await, "look-up");
        }
    }
    ok(
        store.append_look_ups(&[make.look_up(&organisation(1))]).await,
        "another's",
    );
    uuids.reverse();
    let page = ok(store.looks_of(&[tag, tag], None, 3).await, "page");
    let read: Vec<_> = page.iter().map(|look| look.trace.uuid).collect();
    assert_eq!(read.as_slice(), uuids.get(..3).unwrap_or_default());
    let last = some(page.last(), "a look");
    assert!(
        last.asker.is_none() && last.trace.kind == TraceKind::OwnRead,
        "marked self"
    );
    assert!(page.iter().all(|look| look.answer.is_none() && look.closed.is_none()));
    let rest = ok(store.looks_of(&[tag], Some(last.order), 9).await, "next page");
    let read: Vec<_> = rest.iter().map(|look| look.trace.uuid).collect();
    assert_eq!(read.as_slice(), uuids.get(3..).unwrap_or_default());

    let counted = ok(store.counted_look_ups(day(1, 1), 0, 9).await, "counted");
    assert_eq!(counted.len(), 5, "own reads do not count");
    assert_eq!(counted.iter().filter(|counted| counted.tag == tag.tag).count(), 4);
    let after = some(counted.get(2), "the third").order;
    assert_eq!(
        ok(store.counted_look_ups(day(1, 1), after, 1).await, "counted"),
        counted.get(3..4).unwrap_or_default()
    );
    assert!(ok(store.counted_look_ups(day(1, 2), 0, 9).await, "counted").is_empty());
    let matter = ok(
        store
            .register_matters(&[make.matter(&organisation(1), "测食许〔2026〕1号")])
            .await,
        "matter",
    );
    let matter = some(matter.first(), "the matter").id;
    for _ in 0..2 {
        let mut look_up = make.look_up(&organisation(1));
        (look_up.trace.subject, look_up.matter) = (tag, Some(matter));
        ok(store.append_look_ups(&[look_up]).await, "for a matter");
    }
    assert_eq!(ok(store.subjects_of_matter(matter, 9).await, "subjects"), [tag.tag]);
}

/// A look-up is withheld for a year at most, anew by a second body, twice at most, and never after it was shown.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn a_look_up_is_withheld_for_a_time(store: &dyn Store) {
    let make = Fixture::default();
    let look_up = make.look_up(&organisation(1));
    let uuid = look_up.trace.uuid;
    ok(store.append_look_ups(std::slice::from_ref(&look_up)).await, "append");
    let at = |ms: i64| Moment(START.0 + ms);
    let first = make.withholding(uuid, 1, 1, at(0), at(1000));
    let endless = make.withholding(uuid, 1, 1, at(0), at(WITHHELD_MS_MAX + 1));
    is_invalid(store.withhold(&endless).await, "longer than a year");
    is_invalid(
        store.withhold(&make.withholding(uuid, 1, 1, at(5), at(5))).await,
        "without an end",
    );
    conflicts(
        store.withhold(&make.withholding(uuid, 2, 2, at(0), at(1000))).await,
        "renewed before it was withheld",
    );
    ok(store.withhold(&first).await, "withhold");
    conflicts(store.withhold(&first).await, "withheld twice");
    misses(
        store
            .withhold(&make.withholding(make.uuid(), 1, 1, at(0), at(1000)))
            .await,
        "no such look-up",
    );
    is_invalid(
        store.withhold(&make.withholding(uuid, 2, 1, at(900), at(2000))).await,
        "renewed by the same body",
    );
    is_invalid(
        store.withhold(&make.withholding(uuid, 2, 2, at(1000), at(2000))).await,
        "renewed after it was shown",
    );
    ok(
        store.withhold(&make.withholding(uuid, 2, 2, at(900), at(2000))).await,
        "renew",
    );
    ok(
        store.withhold(&make.withholding(uuid, 3, 3, at(1900), at(3000))).await,
        "renew again",
    );
    is_invalid(
        store.withhold(&make.withholding(uuid, 4, 2, at(2900), at(4000))).await,
        "a third time",
    );
    let look = some(
        ok(store.looks_of(&[look_up.trace.subject], None, 1).await, "looks").pop(),
        "the look-up",
    );
    assert_eq!(look.withheld_until, Some(at(3000)));
    let decisions = ok(store.withholdings(uuid).await, "decisions");
    assert_eq!(decisions.len(), 3);
    assert_eq!(decisions.first(), Some(&first));
}

/// Alarms are read newest first; numbers that were never issued are entered once.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn alarms_and_numbers_never_issued_are_kept(store: &dyn Store) {
    let make = Fixture::default();
    let of = |kind, purpose, look_up| Alarm {
        kind,
        organisation: organisation(1),
        account: make.uuid(),
        client: None,
        purpose,
        look_up,
        at: START,
    };
    let older = of(AlarmKind::OfficerLimit, Some(purpose("PUR-FOOD-LICENCE")), None);
    let newer = Alarm {
        client: Some(make.uuid()),
        ..of(AlarmKind::HoneyNumber, None, Some(make.uuid()))
    };
    ok(store.raise_alarm(&older).await, "alarm");
    ok(store.raise_alarm(&newer).await, "alarm");
    assert_eq!(ok(store.alarms(9).await, "alarms"), [newer.clone(), older]);
    assert_eq!(ok(store.alarms(1).await, "alarms"), [newer]);
    let tags = [make.tag(BlindIndex::Number), make.tag(BlindIndex::Number)];
    ok(store.add_honey_numbers(&tags, START).await, "honey");
    ok(store.add_honey_numbers(&tags, START).await, "again");
    let mut read = ok(store.honey_numbers().await, "honey");
    let mut expected = tags.to_vec();
    read.sort_unstable();
    expected.sort_unstable();
    assert_eq!(read, expected);
}
