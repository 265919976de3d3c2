//! Rules of the registry of matters.

use domain::MatterNo;
use futures::future::join_all;

use super::fixture::{Fixture, START, conflicts, day, ok, organisation, purpose, some};
use crate::{MatterEventKind, NewMatter, NewMatterEvent, Store};

/// A matter is registered once under its organisation's number; what stands there stays as it is.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn a_matter_is_registered_once(store: &dyn Store) {
    let make = Fixture::default();
    let (one, other) = (organisation(1), organisation(2));
    let first = make.matter(&one, "测食许〔2026〕1号");
    let second = make.matter(&one, "测食许〔2026〕2号");
    let foreign = make.matter(&other, "测食许〔2026〕1号");
    let all = [first.clone(), second.clone(), foreign.clone()];
    let stored = ok(store.register_matters(&all).await, "register");
    let uuids: Vec<_> = stored.iter().map(|matter| matter.uuid).collect();
    assert_eq!(uuids, [first.uuid, second.uuid, foreign.uuid], "in the order asked");
    let again = NewMatter {
        purpose: purpose("PUR-OTHER"),
        opened: day(9, 9),
        ..make.matter(&one, "测食许〔2026〕1号")
    };
    let stored = ok(
        store
            .register_matters(&[again, make.matter(&one, "测食许〔2026〕3号")])
            .await,
        "register again",
    );
    let standing = some(stored.first(), "what stands");
    assert_eq!((standing.uuid, standing.opened), (first.uuid, first.opened));
    assert_eq!(standing.purpose, first.purpose);

    let found = some(
        ok(store.find_matter(&one, &first.matter_no).await, "find"),
        "the matter",
    );
    assert_eq!(&found, standing);
    assert!(found.is_in_hand(day(12, 1)) && !found.is_in_hand(day(1, 1)));
    assert_eq!((found.registered_at, found.events, found.closed), (START, 0, None));
    let none = ok(MatterNo::parse("测食许〔2026〕4号"), "number");
    assert_eq!(ok(store.find_matter(&one, &none).await, "find"), None);
    assert_eq!(ok(store.find_matter(&other, &second.matter_no).await, "find"), None);
    let listed = ok(store.matters_of(&one, 2).await, "list");
    let numbers: Vec<_> = listed.iter().map(|matter| matter.matter_no.as_str()).collect();
    assert_eq!(numbers, ["测食许〔2026〕3号", "测食许〔2026〕2号"], "newest first");
}

/// Who did not see the last event of a matter is refused; the last event says whether it is closed.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn a_matter_is_closed_and_reopened(store: &dyn Store) {
    let make = Fixture::default();
    let new = make.matter(&organisation(1), "测食许〔2026〕1号");
    let stored = ok(store.register_matters(std::slice::from_ref(&new)).await, "register");
    let id = some(stored.first(), "the matter").id;
    let event = |after_events, kind, effective| NewMatterEvent {
        matter: id,
        after_events,
        kind,
        effective,
        by: make.uuid(),
        at: START,
    };
    let racing = (0..8).map(|_| async {
        let event = event(0, MatterEventKind::Closed, day(6, 1));
        store.append_matter_event(&event).await.is_ok()
    });
    let won = join_all(racing).await.into_iter().filter(|won| *won).count();
    assert_eq!(won, 1, "one of eight who saw the same state");
    let find = || async {
        let found = ok(store.find_matter(&new.organisation, &new.matter_no).await, "find");
        some(found, "the matter")
    };
    let closed = find().await;
    assert_eq!((closed.events, closed.closed), (1, Some(day(6, 1))));
    assert!(closed.is_in_hand(day(5, 31)) && !closed.is_in_hand(day(6, 1)));
    conflicts(
        store
            .append_matter_event(&event(0, MatterEventKind::Reopened, day(7, 1)))
            .await,
        "an event on an old state",
    );
    ok(
        store
            .append_matter_event(&event(1, MatterEventKind::Reopened, day(7, 1)))
            .await,
        "reopen",
    );
    let open = find().await;
    assert_eq!((open.events, open.closed), (2, None));
}
