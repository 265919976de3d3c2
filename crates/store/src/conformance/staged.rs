//! Rules of staged rows: held and pending ones, under the delivery's key.

use uuid::Uuid;

use super::fixture::{Fixture, START, conflicts, misses, ok, organisation, some};
use crate::{ChunkCommit, DeliveryState, Sealed, StagedKind, StagedRow, Store};

fn lines(rows: &[StagedRow]) -> Vec<u32> {
    rows.iter().map(|row| row.line).collect()
}

/// Staged rows are paged in order of lines; each line once; held ones are found by tag, waiting ones by kind.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn staged_rows_are_read_in_order_of_lines(store: &dyn Store) {
    let make = Fixture::default();
    let delivery = make.begun(store).await;
    let held = make.staged(9, StagedKind::Held);
    let staged = vec![
        held.clone(),
        make.staged(4, StagedKind::Pending),
        make.staged(7, StagedKind::Held),
    ];
    let chunk = ChunkCommit {
        staged: staged.clone(),
        ..make.chunk(&delivery, 0, 5)
    };
    ok(store.commit_chunk(&chunk).await, "chunk");

    assert_eq!(
        lines(&ok(store.staged_rows(delivery.id, 0, 10).await, "rows")),
        [4, 7, 9]
    );
    assert_eq!(lines(&ok(store.staged_rows(delivery.id, 4, 1).await, "page")), [7]);
    let read = some(ok(store.find_staged_row(held.uuid).await, "find"), "the row");
    assert_eq!(
        (read.delivery, read.line, read.kind, read.is_resolved),
        (delivery.id, 9, StagedKind::Held, false)
    );
    assert_eq!(
        (&read.reason, read.tag, &read.content),
        (&held.reason, held.tag, &held.content)
    );

    assert_eq!(lines(&ok(store.staged_rows_with_tag(&held.tag).await, "by tag")), [9]);
    let pending_tag = staged.get(1).map_or(held.tag, |row| row.tag);
    assert!(
        ok(store.staged_rows_with_tag(&pending_tag).await, "by tag").is_empty(),
        "pending rows wait for a human"
    );

    let open = ok(store.open_staged_rows(StagedKind::Held, Uuid::nil(), 10).await, "open");
    assert_eq!(lines(&open), [9, 7], "in order of public ids");
    let open = ok(
        store.open_staged_rows(StagedKind::Held, held.uuid, 10).await,
        "open after",
    );
    assert_eq!(lines(&open), [7]);

    let again = ChunkCommit {
        staged: vec![make.staged(9, StagedKind::Held)],
        ..make.chunk(&delivery, 1, 5)
    };
    conflicts(store.commit_chunk(&again).await, "a line that is staged already");
}

/// A held row whose number became known may be staged anew, as a review, in the transaction that resolves it.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn a_line_is_staged_anew_when_it_is_resolved(store: &dyn Store) {
    let make = Fixture::default();
    let delivery = make.begun(store).await;
    let staged = vec![make.staged(4, StagedKind::Held), make.staged(5, StagedKind::Held)];
    let held = some(staged.first(), "a row").uuid;
    ok(
        store
            .commit_chunk(&ChunkCommit {
                staged,
                ..make.chunk(&delivery, 0, 5)
            })
            .await,
        "chunk",
    );
    let anew = make.staged(4, StagedKind::Pending);
    let act = ChunkCommit {
        staged_delivery: Some(delivery.id),
        staged: vec![anew.clone()],
        ..make.act()
    };
    conflicts(store.commit_chunk(&act).await, "the line waits already");
    ok(
        store
            .commit_chunk(&ChunkCommit {
                resolved: vec![held],
                ..act
            })
            .await,
        "resolved and staged anew",
    );
    let rows = ok(store.staged_rows(delivery.id, 0, 10).await, "rows");
    assert_eq!(lines(&rows), [4, 5]);
    assert_eq!(
        some(rows.first(), "a row").uuid,
        anew.uuid,
        "the latest row of a line stands for it"
    );
}

/// Resolving a staged row erases its salt and content, once and for all.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn a_staged_row_is_resolved_once_and_erased(store: &dyn Store) {
    let make = Fixture::default();
    let delivery = make.begun(store).await;
    let (held, pending) = (make.staged(2, StagedKind::Held), make.staged(3, StagedKind::Pending));
    let mut review = make.procedure(&organisation(1));
    review.staged_row = Some(pending.uuid);
    let chunk = ChunkCommit {
        staged: vec![held.clone(), pending.clone()],
        procedures: vec![review.clone()],
        ..make.chunk(&delivery, 0, 5)
    };
    ok(store.commit_chunk(&chunk).await, "chunk");

    let resolve = |uuid| ChunkCommit {
        resolved: vec![uuid],
        ..make.act()
    };
    ok(store.commit_chunk(&resolve(held.uuid)).await, "resolve");
    let read = some(ok(store.find_staged_row(held.uuid).await, "find"), "the row");
    assert!(read.is_resolved);
    assert_eq!(read.content, Sealed::default(), "salt and ciphertext are gone");
    assert!(ok(store.staged_rows_with_tag(&held.tag).await, "by tag").is_empty());
    assert!(ok(store.open_staged_rows(StagedKind::Held, Uuid::nil(), 10).await, "open").is_empty());
    conflicts(store.commit_chunk(&resolve(held.uuid)).await, "resolve again");
    misses(
        store.commit_chunk(&resolve(make.uuid())).await,
        "resolve what is not there",
    );

    // A decision: step and resolution are one transaction.
    let act = ChunkCommit {
        steps: vec![make.step(review.uuid, 0, "accepted")],
        ..resolve(pending.uuid)
    };
    ok(store.commit_chunk(&act).await, "decide");
    let stale = ChunkCommit {
        steps: vec![make.step(review.uuid, 0, "refused")],
        ..make.act()
    };
    conflicts(store.commit_chunk(&stale).await, "decide again");
    let read = some(ok(store.find_procedure(review.uuid).await, "find"), "the review");
    assert_eq!(
        (read.state.as_str(), read.steps, read.staged_row),
        ("accepted", 1, Some(pending.uuid))
    );
}

/// A delivery's key is destroyed when nothing waits for it, not before.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn a_delivery_key_lives_as_long_as_it_is_needed(store: &dyn Store) {
    let make = Fixture::default();
    let delivery = make.begun(store).await;
    let held = make.staged(2, StagedKind::Held);
    let chunk = ChunkCommit {
        staged: vec![held.clone()],
        ..make.chunk(&delivery, 0, 5)
    };
    ok(store.commit_chunk(&chunk).await, "chunk");
    conflicts(store.destroy_delivery_key(delivery.id).await, "a delivery that goes on");
    ok(
        store
            .finish_delivery(delivery.id, DeliveryState::Done, b"r", START, make.bytes())
            .await,
        "end",
    );
    conflicts(store.destroy_delivery_key(delivery.id).await, "a row that waits");
    ok(
        store
            .commit_chunk(&ChunkCommit {
                resolved: vec![held.uuid],
                ..make.act()
            })
            .await,
        "resolve",
    );
    assert!(ok(store.destroy_delivery_key(delivery.id).await, "destroy"));
    assert!(!ok(store.destroy_delivery_key(delivery.id).await, "destroy again"));
    assert_eq!(ok(store.get_delivery(delivery.id).await, "get").key, None);
    misses(
        store
            .destroy_delivery_key(crate::DeliveryId(delivery.id.0 + 1000))
            .await,
        "no such delivery",
    );
}
