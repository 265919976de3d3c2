//! Rules of deliveries and their chunks.

use domain::Moment;

use super::fixture::{Fixture, START, Sizes, conflicts, is_invalid, item, misses, ok, organisation, some};
use crate::{
    Begun, BlindIndex, ChunkCommit, Counts, DeliveryId, DeliveryState, NewDelivery, NewRecord, PersonRef, StagedKind,
    Store,
};

/// The same provider, item and bytes are one delivery, whatever came between (I8).
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn beginning_is_idempotent(store: &dyn Store) {
    let make = Fixture::default();
    let new = make.new_delivery(&organisation(1));
    let begun = ok(store.begin_delivery(&new).await, "begin");
    assert!(matches!(begun, Begun::New(_)), "never seen, yet {begun:?}");
    let first = some(ok(store.find_delivery(new.uuid).await, "find"), "the delivery");
    assert_eq!(
        (first.state, first.rows_done, first.chunks_done),
        (DeliveryState::Receiving, 0, 0)
    );
    assert_eq!(
        (first.uuid, &first.key, &first.file_name),
        (new.uuid, &Some(new.key.clone()), &new.file_name)
    );

    ok(store.commit_chunk(&make.chunk(&first, 0, 7)).await, "first chunk");
    let again = NewDelivery {
        uuid: make.uuid(),
        key: vec![9; 9],
        ..new.clone()
    };
    let begun = ok(store.begin_delivery(&again).await, "begin again");
    assert!(
        matches!(&begun, Begun::Resumed(d) if d.id == first.id && d.uuid == new.uuid && d.rows_done == 7 && d.chunks_done == 1),
        "the first delivery goes on after its resume point: {begun:?}"
    );

    let receipt = ok(
        store
            .finish_delivery(first.id, DeliveryState::Done, b"receipt", START, make.bytes())
            .await,
        "end",
    );
    assert_eq!(receipt, b"receipt");
    let begun = ok(store.begin_delivery(&again).await, "begin after the end");
    assert!(
        matches!(&begun, Begun::Finished(d) if d.id == first.id && d.receipt.as_deref() == Some(b"receipt")
            && d.state == DeliveryState::Done),
        "the same receipt is given again: {begun:?}"
    );
    let other = NewDelivery {
        item: item("ITM-PERMIT"),
        ..make.new_delivery(&organisation(1))
    };
    let other = NewDelivery {
        content_hash: new.content_hash,
        ..other
    };
    let begun = ok(store.begin_delivery(&other).await, "the same bytes for another item");
    assert!(
        matches!(begun, Begun::New(_)),
        "another item is another delivery: {begun:?}"
    );
}

/// The counts of a delivery are the sums over its chunks, and add up (I1).
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn counts_of_chunks_add_up(store: &dyn Store) {
    let make = Fixture::default();
    let delivery = make.begun(store).await;
    let counts = [
        Counts {
            received: 10,
            recorded: 4,
            repeated: 1,
            held: 2,
            pending: 1,
            refused: 2,
            corrected: 3,
            withdrawn: 1,
        },
        Counts {
            received: 5,
            recorded: 5,
            ..Counts::default()
        },
    ];
    for (chunk_no, counts) in (0..).zip(counts) {
        let faults = [("E05".to_owned(), 2), (format!("E1{chunk_no}"), 1)];
        let chunk = ChunkCommit {
            counts,
            rows_done: [10, 15].get(chunk_no as usize).copied().unwrap_or_default(),
            fault_counts: faults.into_iter().collect(),
            ..make.chunk(&delivery, chunk_no, 0)
        };
        ok(store.commit_chunk(&chunk).await, "chunk");
    }
    let read = some(ok(store.find_delivery(delivery.uuid).await, "find"), "the delivery");
    let sum = Counts {
        received: 15,
        recorded: 9,
        repeated: 1,
        held: 2,
        pending: 1,
        refused: 2,
        corrected: 3,
        withdrawn: 1,
    };
    assert_eq!(read.counts, sum);
    assert!(read.counts.add_up());
    assert_eq!((read.rows_done, read.chunks_done), (15, 2));
    let faults: Vec<_> = read
        .faults
        .iter()
        .map(|(code, count)| (code.as_str(), *count))
        .collect();
    assert_eq!(faults, [("E05", 4), ("E10", 1), ("E11", 1)]);
    let by_id = ok(store.get_delivery(delivery.id).await, "get");
    assert_eq!((by_id.uuid, by_id.counts), (read.uuid, sum));
    misses(
        store.get_delivery(DeliveryId(delivery.id.0 + 1000)).await,
        "get what is not there",
    );
}

/// A chunk whose counts do not add up, or that is otherwise malformed, is refused and leaves nothing (I1).
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn a_chunk_with_wrong_counts_is_refused(store: &dyn Store) {
    let make = Fixture::default();
    let delivery = make.begun(store).await;
    let before = Sizes::of(store).await;
    let good = make.chunk(&delivery, 0, 3);
    let bad = [
        ChunkCommit {
            counts: Counts {
                received: 4,
                ..good.counts
            },
            ..good.clone()
        },
        ChunkCommit {
            counts: Counts {
                corrected: 1,
                ..good.counts
            },
            ..good.clone()
        },
        ChunkCommit {
            uuid: crate::record_uuid(good.uuid, 1),
            ..good.clone()
        },
        ChunkCommit {
            records: vec![make.new_record(PersonRef::New(0))],
            ..good.clone()
        },
        ChunkCommit {
            delivery: None,
            staged: vec![make.staged(2, StagedKind::Held)],
            ..good.clone()
        },
        ChunkCommit {
            delivery: None,
            chunk_no: 1,
            ..good.clone()
        },
    ];
    for (number, chunk) in bad.iter().enumerate() {
        is_invalid(store.commit_chunk(chunk).await, &format!("malformed chunk {number}"));
    }
    assert_eq!(Sizes::of(store).await, before);
    ok(store.commit_chunk(&good).await, "the well-formed one");
}

/// A stale chunk is refused and leaves no trace.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn a_stale_chunk_is_refused_without_a_trace(store: &dyn Store) {
    let make = Fixture::default();
    let delivery = make.begun(store).await;
    let with_person = |chunk: ChunkCommit| ChunkCommit {
        new_persons: vec![make.new_person()],
        ..chunk
    };
    let first = with_person(make.chunk(&delivery, 0, 5));
    ok(store.commit_chunk(&first).await, "first chunk");
    let before = Sizes::of(store).await;

    conflicts(store.commit_chunk(&first).await, "the same chunk again");
    conflicts(
        store.commit_chunk(&with_person(make.chunk(&delivery, 0, 5))).await,
        "another chunk of that number",
    );
    conflicts(
        store.commit_chunk(&with_person(make.chunk(&delivery, 2, 5))).await,
        "a chunk after a gap",
    );
    let back = ChunkCommit {
        rows_done: 4,
        ..with_person(make.chunk(&delivery, 1, 5))
    };
    conflicts(store.commit_chunk(&back).await, "a resume point that goes back");
    let same_id = ChunkCommit {
        uuid: first.uuid,
        ..with_person(make.chunk(&delivery, 1, 5))
    };
    conflicts(store.commit_chunk(&same_id).await, "public ids that were given out");
    let missing = ChunkCommit {
        delivery: Some(DeliveryId(delivery.id.0 + 1000)),
        ..with_person(make.act())
    };
    misses(store.commit_chunk(&missing).await, "a delivery that is not there");
    assert_eq!(Sizes::of(store).await, before);

    ok(
        store
            .finish_delivery(delivery.id, DeliveryState::Done, b"r", START, make.bytes())
            .await,
        "end",
    );
    let before = Sizes::of(store).await;
    conflicts(
        store.commit_chunk(&with_person(make.chunk(&delivery, 1, 5))).await,
        "a chunk after the receipt",
    );
    assert_eq!(Sizes::of(store).await, before);
}

/// A chunk is one transaction: if its last part fails, none of it is there.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn a_failing_chunk_leaves_nothing(store: &dyn Store) {
    let make = Fixture::default();
    let delivery = make.begun(store).await;
    let before = Sizes::of(store).await;
    let person = make.new_person();
    let staged = make.staged(3, StagedKind::Pending);
    let mut review = make.procedure(&organisation(1));
    review.staged_row = Some(staged.uuid);
    let chunk = ChunkCommit {
        new_persons: vec![person.clone()],
        records: vec![make.new_record(PersonRef::New(0))],
        staged: vec![staged.clone()],
        procedures: vec![review.clone()],
        faults: b"{}\n".to_vec(),
        fault_counts: [("E05".to_owned(), 1)].into(),
        resolved: vec![make.uuid()],
        ..make.chunk(&delivery, 0, 5)
    };
    misses(store.commit_chunk(&chunk).await, "it resolves a row that is not there");
    let twice = make.new_record(PersonRef::New(0));
    let doubled = ChunkCommit {
        records: vec![twice.clone(), NewRecord { ordinal: 1, ..twice }],
        resolved: Vec::new(),
        ..chunk.clone()
    };
    conflicts(store.commit_chunk(&doubled).await, "one fact twice in one chunk");

    assert_eq!(Sizes::of(store).await, before);
    assert_eq!(ok(store.find_persons(&person.tags).await, "find"), [None, None]);
    assert!(ok(store.find_staged_row(staged.uuid).await, "find").is_none());
    assert!(ok(store.find_procedure(review.uuid).await, "find").is_none());
    assert!(ok(store.find_chunk(chunk.uuid).await, "find").is_none());
    assert!(ok(store.fault_block(delivery.id, 0).await, "find").is_none());
    assert_eq!(ok(store.get_delivery(delivery.id).await, "get").chunks_done, 0);

    ok(
        store
            .commit_chunk(&ChunkCommit {
                resolved: Vec::new(),
                ..chunk
            })
            .await,
        "the same without its fault",
    );
    let held = ok(store.find_persons(&person.tags).await, "find");
    assert!(held.iter().all(Option::is_some), "now the person is there");
}

/// The first receipt stands and is given again.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn the_first_receipt_stands(store: &dyn Store) {
    let make = Fixture::default();
    let delivery = make.begun(store).await;
    let hash = make.bytes();
    let end = |state, receipt: &'static [u8], hash| store.finish_delivery(delivery.id, state, receipt, START, hash);
    is_invalid(
        end(DeliveryState::Receiving, b"none", make.bytes()).await,
        "a receipt that ends nothing",
    );
    assert_eq!(ok(end(DeliveryState::Refused, b"first", hash).await, "end"), b"first");
    assert_eq!(
        ok(end(DeliveryState::Done, b"second", make.bytes()).await, "end again"),
        b"first"
    );
    assert_eq!(ok(store.log_sizes().await, "sizes"), (0, 1), "one receipt, one entry");
    let read = ok(store.get_delivery(delivery.id).await, "get");
    assert_eq!(
        (read.state, read.receipt.as_deref()),
        (DeliveryState::Refused, Some(&b"first"[..]))
    );
    let nowhere = DeliveryId(delivery.id.0 + 1000);
    misses(
        store
            .finish_delivery(nowhere, DeliveryState::Done, b"r", START, make.bytes())
            .await,
        "no such delivery",
    );
}

/// Fault lines come back chunk by chunk: none past the last, empty where there were none.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn fault_blocks_are_read_by_chunk(store: &dyn Store) {
    let make = Fixture::default();
    let delivery = make.begun(store).await;
    let lines = b"{\"line\":2,\"code\":\"E05\"}\n".to_vec();
    let first = ChunkCommit {
        faults: lines.clone(),
        ..make.chunk(&delivery, 0, 5)
    };
    ok(store.commit_chunk(&first).await, "chunk with faults");
    ok(store.commit_chunk(&make.chunk(&delivery, 1, 5)).await, "chunk without");
    assert_eq!(ok(store.fault_block(delivery.id, 0).await, "block"), Some(lines));
    assert_eq!(ok(store.fault_block(delivery.id, 1).await, "block"), Some(Vec::new()));
    assert_eq!(ok(store.fault_block(delivery.id, 2).await, "block"), None);
}

/// Deliveries are listed newest first, those of one provider only if asked, never more than asked.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn deliveries_are_listed_newest_first(store: &dyn Store) {
    let make = Fixture::default();
    let mut begun = Vec::new();
    for number in [1, 2, 1, 2, 1] {
        let new = make.new_delivery(&organisation(number));
        ok(store.begin_delivery(&new).await, "begin");
        begun.insert(0, (number, new.uuid));
    }
    let uuids = |number: Option<u32>| {
        begun
            .iter()
            .filter(|(by, _)| number.is_none_or(|n| n == *by))
            .map(|(_, uuid)| *uuid)
            .collect::<Vec<_>>()
    };
    let all = ok(store.list_deliveries(None, 10).await, "list");
    assert_eq!(all.iter().map(|d| d.uuid).collect::<Vec<_>>(), uuids(None));
    let two = ok(store.list_deliveries(Some(&organisation(2)), 10).await, "list of one");
    assert_eq!(two.iter().map(|d| d.uuid).collect::<Vec<_>>(), uuids(Some(2)));
    let page = ok(store.list_deliveries(None, 2).await, "page");
    assert_eq!(
        page.iter().map(|d| d.uuid).collect::<Vec<_>>(),
        uuids(None).into_iter().take(2).collect::<Vec<_>>()
    );
}

/// Chunks are found by the base of their public ids and scanned in order, for `verify` and unknown outcomes.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn chunks_are_scanned_and_found(store: &dyn Store) {
    let make = Fixture::default();
    let delivery = make.begun(store).await;
    let chunk = ChunkCommit {
        new_persons: vec![make.new_person()],
        records: vec![
            make.new_record(PersonRef::New(0)),
            NewRecord {
                ordinal: 1,
                ..make.new_record(PersonRef::New(0))
            },
        ],
        at: Moment(START.0 + 5),
        ..make.chunk(&delivery, 0, 2)
    };
    ok(store.commit_chunk(&chunk).await, "chunk");
    let act = make.act();
    ok(store.commit_chunk(&act).await, "act");
    let found = some(ok(store.find_chunk(chunk.uuid).await, "find"), "the chunk");
    assert_eq!(
        (found.delivery, found.chunk_no, found.rows_done),
        (Some(delivery.id), 0, 2)
    );
    assert_eq!((found.records, found.at, found.counts), (2, chunk.at, chunk.counts));
    assert_eq!(found.entry_hash, chunk.entry_hash);
    let all = ok(store.scan_chunks(0, 10).await, "scan");
    assert_eq!(all.iter().map(|c| c.uuid).collect::<Vec<_>>(), [chunk.uuid, act.uuid]);
    let after = ok(store.scan_chunks(found.number, 10).await, "scan after");
    assert_eq!(
        after.iter().map(|c| (c.uuid, c.delivery)).collect::<Vec<_>>(),
        [(act.uuid, None)]
    );
    assert!(ok(store.find_chunk(crate::chunk_uuid(make.uuid())).await, "find").is_none());
    // A tag of the other index is not the person's.
    let strange = make.tag(BlindIndex::Number);
    assert_eq!(ok(store.find_persons(&[strange]).await, "find"), [None]);
}
