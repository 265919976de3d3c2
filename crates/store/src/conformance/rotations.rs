//! Rules of a rotation of keys: forms and tags go forward only, and below the floor nothing is written.

use uuid::Uuid;

use super::fixture::{Fixture, START, Sizes, conflicts, misses, ok, some};
use crate::{
    BlindIndex, ChunkCommit, FloorOf, IndexTag, KeyAct, NewLock, NewPerson, NewRelation, PersonId, Relation, Rewrapped,
    SecretOf, StagedKind, Store, TaggedBefore, TraceKind, WrappedSecret,
};

/// A wrapped form under this version of the wrapping key.
fn wrapped(make: &Fixture, version: u16) -> Vec<u8> {
    let [high, low] = version.to_be_bytes();
    [&[1, high, low, 0, 1][..], &make.bytes::<64>()].concat()
}

fn later(make: &Fixture, tag: &IndexTag, version: u16) -> IndexTag {
    IndexTag {
        key_version: version,
        tag: make.bytes(),
        ..*tag
    }
}

/// A person, a delivery and an account whose secrets are under version 1.
async fn three_owners(make: &Fixture, store: &dyn Store) -> (NewPerson, Uuid, Uuid) {
    let person = NewPerson {
        secret: wrapped(make, 1),
        ..make.new_person()
    };
    let act = ChunkCommit {
        new_persons: vec![person.clone()],
        ..make.act()
    };
    ok(store.commit_chunk(&act).await, "a person");
    let mut delivery = make.new_delivery(&super::fixture::organisation(1));
    delivery.key = wrapped(make, 1);
    ok(store.begin_delivery(&delivery).await, "a delivery");
    let mut account = make.account("officer");
    account.key = wrapped(make, 1);
    ok(store.create_account(&account).await, "an account");
    (person, delivery.uuid, account.uuid)
}

async fn before(store: &dyn Store, of: SecretOf, version: u16) -> Vec<WrappedSecret> {
    ok(store.secrets_before(of, version, i64::MIN, 10).await, "secrets before")
}

/// A secret gets a later form, once, and only where the form that was read still stands; never an earlier one.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn secrets_are_wrapped_forward_only(store: &dyn Store) {
    let make = Fixture::default();
    let (person, delivery, account) = three_owners(&make, store).await;
    for (of, owner) in SecretOf::ALL.into_iter().zip([person.uuid, delivery, account]) {
        assert!(before(store, of, 1).await.is_empty(), "{of:?}");
        let secret = some(before(store, of, 2).await.pop(), "the secret");
        assert_eq!(secret.uuid, owner, "{of:?}");
        assert!(ok(store.secrets_before(of, 2, secret.number, 10).await, "after it").is_empty());
        let change = |before: &[u8], after: Vec<u8>| Rewrapped {
            number: secret.number,
            before: before.to_vec(),
            after,
        };
        let forward = change(&secret.wrapped, wrapped(&make, 300));
        let stale = change(&wrapped(&make, 1), wrapped(&make, 2));
        assert_eq!(ok(store.rewrap(of, &[stale]).await, "a stale change"), 0, "{of:?}");
        assert_eq!(
            ok(store.rewrap(of, std::slice::from_ref(&forward)).await, "rewrap"),
            1,
            "{of:?}"
        );
        assert_eq!(
            ok(store.rewrap(of, std::slice::from_ref(&forward)).await, "again"),
            0,
            "{of:?}"
        );
        assert!(before(store, of, 300).await.is_empty(), "{of:?}");
        assert_eq!(
            some(before(store, of, 301).await.pop(), "the secret").wrapped,
            forward.after
        );
        // Neither back, nor to another version of the secret itself.
        let back = change(&forward.after, wrapped(&make, 2));
        assert!(store.rewrap(of, &[back]).await.is_err(), "{of:?}");
        let mut other = wrapped(&make, 301);
        if let Some(byte) = other.get_mut(4) {
            *byte = 9;
        }
        assert!(
            store.rewrap(of, &[change(&forward.after, other)]).await.is_err(),
            "{of:?}"
        );
    }
    let found = ok(store.find_persons(&person.tags).await, "find");
    let found = some(found.into_iter().flatten().next(), "the person");
    assert_ne!(found.secret, Some(person.secret), "what is read is the later form");
    assert_eq!(found.identity, person.identity);
}

/// Persons get further tags, once each; traces and waiting rows move to later ones; nothing moves back.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn tags_go_forward_only(store: &dyn Store) {
    let make = Fixture::default();
    let ((person, new), (other, _)) = (make.person(store).await, make.person(store).await);
    let number = *some(new.tags.first(), "a tag");
    let newer = later(&make, &number, 2);
    let scanned = ok(store.scan_persons(PersonId(i64::MIN), 10).await, "scan");
    assert_eq!(
        scanned.iter().map(|person| person.id).collect::<Vec<_>>(),
        [person.id, other.id]
    );
    assert_eq!(
        ok(store.scan_persons(person.id, 1).await, "scan"),
        std::slice::from_ref(&other)
    );

    assert_eq!(ok(store.add_tags(&[(person.id, newer)]).await, "add"), 1);
    assert_eq!(
        ok(
            store.add_tags(&[(person.id, newer), (person.id, number)]).await,
            "again"
        ),
        0
    );
    let sizes = Sizes::of(store).await;
    let fresh = later(&make, &number, 2);
    conflicts(
        store.add_tags(&[(other.id, fresh), (other.id, newer)]).await,
        "another person's tag",
    );
    assert_eq!(Sizes::of(store).await, sizes);
    let found = ok(store.find_persons(&[newer, number, fresh]).await, "find");
    let found: Vec<_> = found.into_iter().map(|person| person.map(|person| person.id)).collect();
    assert_eq!(found, [Some(person.id), Some(person.id), None]);

    let trace = make.trace(number, TraceKind::OwnRead);
    ok(store.append_traces(std::slice::from_ref(&trace)).await, "trace");
    let delivery = make.begun(store).await;
    let waiting = make.staged(2, StagedKind::Held);
    let chunk = ChunkCommit {
        staged: vec![waiting.clone()],
        ..make.chunk(&delivery, 0, 3)
    };
    ok(store.commit_chunk(&chunk).await, "a waiting row");
    let left = |traces, staged| TaggedBefore {
        traces,
        staged,
        ..TaggedBefore::default()
    };
    assert_eq!(ok(store.tagged_before(2).await, "left"), left(1, 1));
    let listed = ok(store.traces_before(2, i64::MIN, 10).await, "traces before");
    assert_eq!(listed.len(), 1);
    let listed = some(listed.into_iter().next(), "the trace");
    assert_eq!(
        (listed.uuid, listed.subject, &listed.content),
        (trace.uuid, number, &trace.content)
    );
    assert_eq!(
        ok(store.scan_traces(i64::MIN, 10).await, "scan"),
        std::slice::from_ref(&listed)
    );
    assert!(ok(store.scan_traces(listed.number, 10).await, "scan").is_empty());

    assert_eq!(ok(store.retag_traces(&[(number, newer)]).await, "move"), 1);
    assert_eq!(ok(store.retag_traces(&[(number, newer)]).await, "again"), 0);
    let tag = later(&make, &waiting.tag, 2);
    assert_eq!(ok(store.retag_staged(&[(waiting.uuid, tag)]).await, "move"), 1);
    assert_eq!(ok(store.retag_staged(&[(waiting.uuid, tag)]).await, "again"), 0);
    assert_eq!(ok(store.tagged_before(2).await, "left"), left(0, 0));
    assert_eq!(ok(store.traces_of(&[newer], 10).await, "traces").len(), 1);
    assert!(ok(store.traces_of(&[number], 10).await, "traces").is_empty());
    let row = some(ok(store.find_staged_row(waiting.uuid).await, "row"), "the row");
    assert_eq!((row.tag, row.content), (tag, waiting.content));
    assert!(store.retag_traces(&[(newer, number)]).await.is_err(), "back");
}

/// Once a floor has risen, nothing is written below it, nobody is looked for below it alone, and tags below it can go.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn below_the_floor_nothing_is_written(store: &dyn Store) {
    let make = Fixture::default();
    let ((known, new), delivery) = (make.person(store).await, make.begun(store).await);
    let number = *some(new.tags.first(), "a tag");
    let newer = later(&make, &number, 2);
    ok(store.add_tags(&[(known.id, newer)]).await, "the newer tag");
    ok(
        store.raise_floor(FloorOf::Kek, 2).await,
        "the floor of the wrapping key",
    );
    ok(store.raise_floor(FloorOf::Index, 2).await, "the floor of the index key");
    let sizes = Sizes::of(store).await;

    let with_tags = |version: u16, secret: u16| {
        let mut person = make.new_person();
        person.secret = wrapped(&make, secret);
        person.tags = person.tags.iter().map(|tag| later(&make, tag, version)).collect();
        ChunkCommit {
            new_persons: vec![person],
            ..make.act()
        }
    };
    conflicts(
        store.commit_chunk(&with_tags(2, 1)).await,
        "a person under the older wrapping key",
    );
    conflicts(
        store.commit_chunk(&with_tags(1, 2)).await,
        "a person under the older tags",
    );
    let mut waiting = make.chunk(&delivery, 0, 3);
    waiting.staged = vec![make.staged(2, StagedKind::Held)];
    conflicts(store.commit_chunk(&waiting).await, "a row under the older tag");
    let mut late = make.new_delivery(&super::fixture::organisation(2));
    late.key = wrapped(&make, 1);
    conflicts(
        store.begin_delivery(&late).await,
        "a delivery under the older wrapping key",
    );
    let mut account = make.account("late");
    account.key = wrapped(&make, 1);
    conflicts(
        store.create_account(&account).await,
        "an account under the older wrapping key",
    );
    let trace = make.trace(number, TraceKind::LookUp);
    conflicts(store.append_traces(&[trace]).await, "a trace under the older tag");
    conflicts(
        store.add_tags(&[(known.id, later(&make, &number, 1))]).await,
        "an older tag",
    );
    conflicts(store.find_persons(&[number]).await, "a look below the floor");
    assert_eq!(Sizes::of(store).await, sizes);

    let found = ok(store.find_persons(&[newer, number]).await, "a look by both");
    assert!(
        found
            .iter()
            .all(|person| person.as_ref().is_some_and(|person| person.id == known.id))
    );
    ok(store.commit_chunk(&with_tags(2, 2)).await, "what is not below");
    // Whoever knows both keys writes tags of both: those of the older one are left out, unless one of them stands alone.
    let mut both = with_tags(2, 2);
    let of_person = |act: &ChunkCommit| act.new_persons.iter().flat_map(|person| person.tags.clone()).collect();
    let newest: Vec<IndexTag> = of_person(&both);
    let older: Vec<IndexTag> = newest.iter().map(|tag| later(&make, tag, 1)).collect();
    for person in &mut both.new_persons {
        person.tags.extend(&older);
    }
    ok(store.commit_chunk(&both).await, "a person under both tags");
    let created = ok(store.find_persons(&newest).await, "find");
    let created = some(created.into_iter().next().flatten(), "the person");
    let found = ok(store.find_persons(&[newest.clone(), older].concat()).await, "find");
    let found: Vec<bool> = found.iter().map(Option::is_some).collect();
    assert_eq!(found, [true, true, false, false]);
    let name = make.tag(BlindIndex::NumberAndName);
    let mut alias = make.person_event(created.id, crate::PersonEvent::AliasConfirmed);
    alias.tags = vec![later(&make, &name, 2), name];
    ok(store.append_person_event(&alias).await, "an alias under both tags");
    let mut alone = with_tags(2, 2);
    for person in &mut alone.new_persons {
        person.tags.push(later(&make, &name, 1));
        person.tags.push(later(&make, &number, 1));
        person.tags.push(later(&make, &number, 1));
    }
    conflicts(store.commit_chunk(&alone).await, "older tags that stand alone");
    late.key = wrapped(&make, 2);
    ok(store.begin_delivery(&late).await, "what is not below");

    let mut forgotten = 0;
    loop {
        match ok(store.forget_tags(1).await, "forget") {
            0 => break,
            some => forgotten += some,
        }
    }
    assert_eq!(forgotten, 2, "both older tags");
    let found = ok(store.find_persons(&[newer, number]).await, "a look by both");
    assert!(matches!(found.as_slice(), [Some(person), None] if person.id == known.id));
    ok(store.raise_floor(FloorOf::Index, 1).await, "a floor does not sink");
    conflicts(store.find_persons(&[number]).await, "a look below the floor");
}

/// Locks, relations, numbers never issued, emergencies and their notices move to a later tag once the floor has risen, and not
/// before; nothing of them is lost, entered twice, or written below the floor.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn marks_move_once_the_floor_has_risen(store: &dyn Store) {
    let make = Fixture::default();
    ok(store.ensure_decoy(make.uuid(), &make.bytes::<60>()).await, "decoy");
    let old = make.tag(BlindIndex::Number);
    let (new, other) = (later(&make, &old, 2), make.tag(BlindIndex::Number));
    let (first, second) = (make.uuid(), make.uuid());
    let lock = |tags: &[IndexTag], is_locked| NewLock {
        tags: tags.to_vec(),
        is_locked,
        by: make.uuid(),
        entry_hash: make.bytes(),
        at: START,
    };
    let relation = |account, tags: &[IndexTag]| NewRelation {
        account,
        tags: tags.to_vec(),
        relation: Relation::Kin,
        at: START,
    };
    ok(store.set_lock(&lock(&[old], true)).await, "a lock");
    ok(store.declare_relation(&relation(first, &[old])).await, "a relation");
    let both = relation(second, &[new, old]);
    ok(store.declare_relation(&both).await, "a relation under both tags");
    ok(store.add_honey_numbers(&[old], START).await, "a number never issued");
    let asked = super::emergencies::emergency(&make, old);
    ok(store.ask_emergency(&asked).await, "an emergency");
    let granted = super::emergencies::grant(&make, &asked);
    ok(store.grant_emergency(&granted).await, "granted");
    let waits = super::emergencies::emergency(&make, other);
    ok(store.ask_emergency(&waits).await, "an emergency that waits");

    let marks = || async { ok(store.tagged_before(2).await, "left").marks };
    assert_eq!(marks().await, 0, "below no floor");
    assert_eq!(ok(store.retag_marks(&[(old, new)]).await, "too early"), 0);
    assert!(ok(
        store.is_locked(&[old]).await,
        "who knows the older key alone asks by it"
    ));

    ok(store.raise_floor(FloorOf::Index, 2).await, "the floor of the index key");
    assert_eq!(marks().await, 5);
    conflicts(store.is_locked(&[old]).await, "a look at a lock below the floor");
    let found = store.find_for_look_up(&[], &[old], first).await;
    conflicts(found.map(|_| ()), "a look-up below the floor");
    conflicts(store.set_lock(&lock(&[other], true)).await, "a lock below the floor");
    conflicts(
        store.declare_relation(&relation(first, &[other])).await,
        "a relation below the floor",
    );
    conflicts(
        store.add_honey_numbers(&[other], START).await,
        "a number below the floor",
    );
    let late = super::emergencies::emergency(&make, other);
    conflicts(store.ask_emergency(&late).await, "an emergency below the floor");
    let grant = super::emergencies::grant(&make, &waits);
    misses(store.grant_emergency(&grant).await, "an emergency under the older tag");
    // Whoever knows both keys writes both tags: the older one is left out.
    let beside = later(&make, &other, 2);
    ok(store.set_lock(&lock(&[beside, other], true)).await, "a lock under both");
    ok(
        store.add_honey_numbers(&[beside, other], START).await,
        "a number under both",
    );
    assert_eq!(marks().await, 5);
    assert!(ok(store.is_locked(&[beside]).await, "locked"));

    let end = ok(store.index_end().await, "end");
    assert_eq!(ok(store.retag_marks(&[(old, new)]).await, "move"), 6);
    assert_eq!(ok(store.retag_marks(&[(old, new)]).await, "again"), 0);
    assert_eq!(marks().await, 0);
    let to = ok(store.index_end().await, "end");
    let changes = ok(store.index_changes(&end, &to, 10).await, "changes");
    let heard: Vec<_> = changes
        .locks
        .iter()
        .map(|(_, tag, is_locked)| (*tag, *is_locked))
        .collect();
    assert_eq!(heard, [(new, true)], "a comparison index hears of the other tag");
    for officer in [first, second] {
        let found = ok(store.find_for_look_up(&[], &[new], officer).await, "find");
        assert!(found.is_locked && found.relation == Some(Relation::Kin));
    }
    let mut never_issued = ok(store.honey_numbers().await, "numbers never issued");
    never_issued.sort_unstable();
    let mut expected = [new, beside];
    expected.sort_unstable();
    assert_eq!(never_issued, expected);
    let told = ok(store.subject_notices(&[new], 9).await, "notices");
    assert_eq!(told.len(), 1, "the person is told still");
    let emergency = ok(store.find_emergency(asked.procedure.uuid).await, "find");
    assert_eq!(some(emergency, "the emergency").subject, new);
    // What is said later holds, as before.
    ok(store.set_lock(&lock(&[new], false)).await, "open");
    assert_eq!(ok(store.retag_marks(&[(old, new)]).await, "nothing is left"), 0);
    assert!(!ok(store.is_locked(&[new]).await, "open"));
}

/// Acts come back as they were appended, oldest first; aliases are kept with their persons.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn acts_on_keys_are_kept(store: &dyn Store) {
    let make = Fixture::default();
    let acts: Vec<KeyAct> = (0..3)
        .map(|_| KeyAct {
            uuid: make.uuid(),
            document: make.bytes::<40>().to_vec(),
            by: make.uuid(),
            at: super::fixture::START,
            entry_hash: make.bytes(),
        })
        .collect();
    for act in &acts {
        ok(store.append_key_act(act).await, "act");
    }
    assert_eq!(ok(store.key_acts().await, "acts"), acts);

    let ((person, _), (other, _)) = (make.person(store).await, make.person(store).await);
    let alias = make.person_event(person.id, crate::PersonEvent::AliasConfirmed);
    ok(store.append_person_event(&alias).await, "alias");
    let link = make.person_event(person.id, crate::PersonEvent::Linked { with: other.id });
    ok(store.append_person_event(&link).await, "link");
    let aliases = ok(store.aliases_of(&[other.id, person.id]).await, "aliases");
    assert_eq!(aliases, [(person.id, alias.reason)]);
}
