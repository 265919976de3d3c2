//! The public log as anybody reads it (C2SP tlog-tiles): served from the checkpoint, cached as long as it holds.

use translog::{LogKey, Tile};

use crate::town::Town;

#[tokio::test(flavor = "multi_thread")]
async fn checkpoint_and_tiles_are_static_and_public_and_entries_are_not() {
    let town = Town::new().await;
    let mut anybody = town.client();
    assert_eq!(
        anybody.get("/log/checkpoint").await.status,
        404,
        "nothing is published yet"
    );
    let mut resident = town.signed_in(&town.resident).await;
    for _ in 0..5 {
        resident.get("/me/records").await;
    }
    let size = town.publish().await;
    assert!(size >= 5, "each read of the own file is an entry: {size}");

    let reply = anybody.get("/log/checkpoint").await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(reply.header("cache-control"), "public, max-age=1");
    let key = LogKey::new("log.example", town.app.public_key()).unwrap();
    let head = translog::open(reply.body.as_bytes(), &key).unwrap();
    assert_eq!(head.size, size);

    let tile = Tile::in_tree(0, 0, size).unwrap();
    let reply = anybody.get(&format!("/log/{tile}")).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), "application/octet-stream");
    assert_eq!(reply.header("cache-control"), "public, max-age=31536000, immutable");

    // What happened since has no place in the public tree; entries have none at all.
    resident.get("/me/records").await;
    for path in [
        format!("tile/0/000.p/{}", size + 1),
        "tile/0/000".to_owned(),
        "tile/1/000.p/1".to_owned(),
        format!("tile/entries/000.p/{size}"),
        "tile/0/../../keys".to_owned(),
        "tile/0/000.p/0".to_owned(),
    ] {
        assert_eq!(anybody.get(&format!("/log/{path}")).await.status, 404, "{path}");
    }
}
