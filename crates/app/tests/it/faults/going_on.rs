//! An intake that stops because the store does not answer goes on by itself, without a restart.

use std::time::Duration;

use app::deliver;
use bytes::Bytes;
use futures::stream;

use crate::faults::city::{Backend, City, Ground};
use crate::faults::failing::{Cell, Mode};
use crate::permits::Row;
use crate::town::{document, name};

const HOUR_MS: i64 = 3_600_000;

/// Waits until `look` says so. The limit is far beyond what a busy machine takes.
async fn until(what: &str, mut look: impl AsyncFnMut() -> bool) {
    for _ in 0..6_000 {
        if look().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("not reached: {what}");
}

async fn stops_and_goes_on(ground: &Ground, clock_jump_ms: i64) {
    let city: City = ground.copy().await;
    let permit = city.may_deliver();
    let number = document(1).expose().to_owned();
    let rows: Vec<Row> = (1..=8)
        .map(|at| Row::new(&format!("证字第{at}号"), name(1), &number, "经营"))
        .collect();
    let pieces = stream::iter([Ok(Bytes::from(city.csv(&rows)))]);
    let upload = deliver::stage(city.app(), &permit, "permits.csv", pieces)
        .await
        .unwrap()
        .uuid;
    // The second of six chunks: of 1, 1, 2, 2, 1 and 1 rows.
    city.plan.arm(&[Cell {
        method: "commit_shared_chunk",
        nth: 1,
        mode: Mode::Fails,
    }]);
    let delivery = deliver::begin(city.app(), &permit, upload).await.unwrap();
    until("it stops", async || city.app().intake().waiting == 1).await;
    let found = async || city.store().find_delivery(delivery).await.unwrap().unwrap();
    let stopped = found().await;
    assert!(stopped.receipt.is_none());
    assert_eq!((stopped.chunks_done, stopped.rows_done), (1, 1));

    city.clock.jump(clock_jump_ms);
    let going = tokio::spawn(deliver::keep_going(city.app().clone()));
    until("it goes on", async || found().await.receipt.is_some()).await;
    let done = found().await;
    assert_eq!(
        (done.chunks_done, done.counts.received, done.counts.recorded),
        (6, 8, 8)
    );
    until("nothing waits", async || city.app().intake().waiting == 0).await;
    until("nothing lies staged", async || {
        let staged = deliver::staged(city.app(), permit.caller().account, upload).await;
        staged.unwrap().is_none()
    })
    .await;
    going.abort();
    assert!(going.await.unwrap_err().is_cancelled());
    ground.discard(city).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_intake_that_the_store_stopped_goes_on_by_itself() {
    let ground = Ground::empty(Backend::Sqlite).await;
    stops_and_goes_on(&ground, HOUR_MS).await;
    // A clock that was set back does not lengthen the pause.
    stops_and_goes_on(&ground, -HOUR_MS).await;
}
