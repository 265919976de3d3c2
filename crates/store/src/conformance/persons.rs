//! Rules of persons, their tags, links and aliases.

use domain::Moment;
use futures::future::join_all;

use super::fixture::{Fixture, START, Sizes, conflicts, is_invalid, misses, ok, some};
use super::records::assert_one_winner;
use crate::{
    BlindIndex, ChunkCommit, EntryKind, IndexTag, KnownPersonEvent, NewPerson, NewPersonEvent, NewPersonEventKind,
    PersonEvent, PersonId, PersonRef, Store,
};

/// Persons are found by tag in the order asked; misses are `None`; index and key version are part of the tag.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn persons_are_found_in_the_order_asked(store: &dyn Store) {
    let make = Fixture::default();
    let mut persons = Vec::new();
    for _ in 0..5 {
        persons.push(make.person(store).await);
    }
    let mut asked = Vec::new();
    let mut expected = Vec::new();
    for (person, new) in persons.iter().rev() {
        for tag in &new.tags {
            asked.extend([*tag, IndexTag { key_version: 2, ..*tag }, make.tag(BlindIndex::Number)]);
            expected.extend([Some(person.id), None, None]);
        }
    }
    let found = ok(store.find_persons(&asked).await, "find");
    assert_eq!(
        found
            .iter()
            .map(|hit| hit.as_ref().map(|person| person.id))
            .collect::<Vec<_>>(),
        expected
    );
    let (first, new) = some(persons.first(), "a person");
    assert_eq!(
        (first.uuid, &first.secret, &first.identity),
        (new.uuid, &Some(new.secret.clone()), &new.identity)
    );
    let number = some(new.tags.first(), "a tag");
    let other_index = IndexTag {
        index: BlindIndex::NumberAndName,
        ..*number
    };
    assert_eq!(
        ok(store.find_persons(&[other_index]).await, "find"),
        [None],
        "B1 does not answer B2"
    );
    assert!(ok(store.find_persons(&[]).await, "find nothing").is_empty());

    let ids: Vec<PersonId> = persons.iter().rev().map(|(person, _)| person.id).collect();
    let got = ok(store.get_persons(&ids).await, "get");
    assert_eq!(got.iter().map(|person| person.id).collect::<Vec<_>>(), ids);
    misses(
        store.get_persons(&[first.id, PersonId(i64::MAX)]).await,
        "get what is not there",
    );
    assert_eq!(ok(store.count_persons().await, "count"), 5);
}

/// A chunk that creates a person whose number came meanwhile is refused as a whole.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn a_person_who_appeared_meanwhile_is_a_conflict(store: &dyn Store) {
    let make = Fixture::default();
    let (_, known) = make.person(store).await;
    let before = Sizes::of(store).await;
    let mut twin = make.new_person();
    twin.tags = vec![*some(known.tags.first(), "a tag"), make.tag(BlindIndex::NumberAndName)];
    let chunk = ChunkCommit {
        new_persons: vec![make.new_person(), twin],
        records: vec![make.new_record(PersonRef::New(0))],
        ..make.act()
    };
    conflicts(store.commit_chunk(&chunk).await, "the number is taken");
    assert_eq!(Sizes::of(store).await, before);
}

/// Twenty chunks that all saw no such person create one.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn racing_chunks_create_a_person_once(store: &dyn Store) {
    let make = Fixture::default();
    let person = make.new_person();
    let acts: Vec<_> = (0..20)
        .map(|_| ChunkCommit {
            new_persons: vec![NewPerson {
                uuid: make.uuid(),
                ..person.clone()
            }],
            records: vec![make.new_record(PersonRef::New(0))],
            ..make.act()
        })
        .collect();
    assert_one_winner(join_all(acts.iter().map(|act| store.commit_chunk(act))).await);
    assert_eq!(ok(store.count_persons().await, "count"), 1);
}

/// Links join persons from both sides and over several, until they end.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn links_join_persons_until_they_end(store: &dyn Store) {
    let make = Fixture::default();
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(make.person(store).await.0.id);
    }
    let [a, b, c, d] = ok(<[PersonId; 4]>::try_from(ids).map_err(|_| "four persons"), "persons");
    let append = |person, event| {
        let known = KnownPersonEvent {
            at: Moment(START.0 + 1),
            ..make.person_event(person, event)
        };
        async move { store.append_person_event(&known).await }
    };
    ok(append(a, PersonEvent::Linked { with: b }).await, "link");
    ok(append(c, PersonEvent::Linked { with: b }).await, "link");
    ok(append(d, PersonEvent::Split { into: a }).await, "split");
    for person in [a, b, c] {
        assert_eq!(ok(store.linked_persons(person).await, "linked"), [a, b, c]);
    }
    assert_eq!(ok(store.linked_persons(d).await, "linked"), [d], "a split is no link");
    // The other side ends it.
    ok(append(b, PersonEvent::Unlinked { with: a }).await, "unlink");
    assert_eq!(ok(store.linked_persons(a).await, "linked"), [a]);
    assert_eq!(ok(store.linked_persons(b).await, "linked"), [b, c]);
    let events = ok(store.person_events(a).await, "events");
    let at = Moment(START.0 + 1);
    assert_eq!(
        events,
        [
            (PersonEvent::Linked { with: b }, at),
            (PersonEvent::Unlinked { with: b }, at)
        ]
    );
    assert_eq!(
        ok(store.person_events(d).await, "events"),
        [(PersonEvent::Split { into: a }, at)]
    );
    misses(
        append(
            a,
            PersonEvent::Linked {
                with: PersonId(i64::MAX),
            },
        )
        .await,
        "link with nobody",
    );
}

/// A confirmed alias adds tags; a tag of another person is refused, the own one again is not.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn a_confirmed_alias_adds_tags(store: &dyn Store) {
    let make = Fixture::default();
    let (person, _) = make.person(store).await;
    let (_, other) = make.person(store).await;
    let alias = make.tag(BlindIndex::NumberAndName);
    let confirm = |tags: Vec<IndexTag>| {
        let known = KnownPersonEvent {
            tags,
            ..make.person_event(person.id, PersonEvent::AliasConfirmed)
        };
        async move { store.append_person_event(&known).await }
    };
    ok(confirm(vec![alias]).await, "confirm");
    ok(confirm(vec![alias]).await, "confirm again");
    let found = ok(store.find_persons(&[alias]).await, "find");
    assert_eq!(some(found.into_iter().next().flatten(), "the person").id, person.id);
    let before = Sizes::of(store).await;
    conflicts(
        confirm(vec![
            make.tag(BlindIndex::NumberAndName),
            *some(other.tags.last(), "a tag"),
        ])
        .await,
        "not own",
    );
    assert_eq!(Sizes::of(store).await, before);
    assert_eq!(ok(store.person_events(person.id).await, "events").len(), 2);
}

/// A chunk brings its events of persons in its own transaction, also of persons that it creates; or nothing of it is there.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn a_chunk_carries_events_of_persons(store: &dyn Store) {
    let make = Fixture::default();
    let (known, tags) = make.person(store).await;
    let new = make.new_person();
    let alias = make.tag(BlindIndex::NumberAndName);
    let event = |person, kind, tags: &[IndexTag]| NewPersonEvent {
        person,
        kind,
        tags: tags.to_vec(),
        reason: make.sealed(),
        by: make.uuid(),
        entry_hash: make.bytes(),
    };
    let split = NewPersonEventKind::Split {
        into: PersonRef::New(0),
    };
    let chunk = |confirmed: &[IndexTag]| ChunkCommit {
        new_persons: vec![new.clone()],
        records: vec![make.new_record(PersonRef::New(0))],
        person_events: vec![
            event(PersonRef::Known(known.id), split, &[]),
            event(PersonRef::New(0), NewPersonEventKind::AliasConfirmed, confirmed),
        ],
        ..make.act()
    };
    let before = Sizes::of(store).await;
    let taken = *some(tags.tags.last(), "a tag");
    conflicts(store.commit_chunk(&chunk(&[taken])).await, "the tag of another person");
    let beyond = ChunkCommit {
        person_events: vec![event(PersonRef::New(1), NewPersonEventKind::AliasConfirmed, &[])],
        ..chunk(&[alias])
    };
    is_invalid(store.commit_chunk(&beyond).await, "no such person");
    assert_eq!(Sizes::of(store).await, before);

    ok(store.commit_chunk(&chunk(&[alias])).await, "chunk");
    let found = ok(store.find_persons(&[alias]).await, "find");
    let created = some(found.into_iter().next().flatten(), "the new person under its alias");
    assert_eq!(created.uuid, new.uuid);
    let of = async |person| {
        let events = ok(store.person_events(person).await, "events");
        events.into_iter().map(|(event, _)| event).collect::<Vec<_>>()
    };
    assert_eq!(of(known.id).await, [PersonEvent::Split { into: created.id }]);
    assert_eq!(of(created.id).await, [PersonEvent::AliasConfirmed]);
    let outbox = ok(store.outbox_entries(100).await, "outbox");
    let events = outbox.iter().filter(|(kind, _)| *kind == EntryKind::PersonEvent);
    assert_eq!(events.count(), 2);
}
