//! No trace, no answer (R11).

use app::own_file;

use crate::town::{Town, document, name, read, records};

#[tokio::test(flavor = "multi_thread")]
async fn r11_an_own_read_is_traced_before_it_is_answered_and_fails_if_the_log_cannot_take_it() {
    let town = Town::new(&[1]);
    let own = town.own(1).await;
    town.deliver(&[("证字第1号", name(1), document(1).expose(), "经营")])
        .await;
    let database = rusqlite::Connection::open(&town.database).unwrap();
    let traces = || {
        database
            .query_row("SELECT count(*) FROM trace", [], |row| row.get::<_, i64>(0))
            .unwrap()
    };
    assert_eq!(traces(), 0);
    assert_eq!(records(&read(&town, &own).await).len(), 1);
    assert_eq!(traces(), 1);

    database
        .execute_batch("CREATE TRIGGER broken_log BEFORE INSERT ON trace BEGIN SELECT RAISE(ABORT, 'broken'); END;")
        .unwrap();
    let failed = own_file::records(&town.app, &own).await;
    assert!(failed.is_err(), "answered without a trace");
    database.execute_batch("DROP TRIGGER broken_log;").unwrap();
    assert_eq!(records(&read(&town, &own).await).len(), 1);
    assert_eq!(traces(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_reads_at_once_leave_fifty_traces() {
    let town = std::sync::Arc::new(Town::new(&[1]));
    let own = std::sync::Arc::new(town.own(1).await);
    town.deliver(&[("证字第1号", name(1), document(1).expose(), "经营")])
        .await;
    let reads: Vec<_> = (0..50)
        .map(|_| {
            let (town, own) = (std::sync::Arc::clone(&town), std::sync::Arc::clone(&own));
            tokio::spawn(async move { records(&read(&town, &own).await).len() })
        })
        .collect();
    for one in reads {
        assert_eq!(one.await.unwrap(), 1);
    }
    let database = rusqlite::Connection::open(&town.database).unwrap();
    let traces: i64 = database
        .query_row("SELECT count(*) FROM trace", [], |row| row.get(0))
        .unwrap();
    assert_eq!(traces, 50);
}
