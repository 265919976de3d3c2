//! Deliveries in parts: over a cut line, over a restart of the server, and with everything that can be wrong.

use axum::body::{Body, Bytes};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::client::{Client, Reply};
use crate::town::{Town, UPLOAD_BYTES_MAX};

const PART: &str = "application/partial-upload";
const DAY_MS: i64 = 24 * 3600 * 1000;

fn digest(bytes: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(bytes)))
}

async fn begun(town: &Town, token: &str) -> String {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "text/csv")];
    let reply = town
        .client()
        .send("POST", "/api/v1/uploads?item=ITM-PERMIT", &headers, Vec::new())
        .await;
    assert_eq!(
        (reply.status, reply.header("upload-offset")),
        (201, "0"),
        "{}",
        reply.body
    );
    assert_eq!(
        reply.header("upload-limit"),
        format!("max-size={UPLOAD_BYTES_MAX}, max-age=86400")
    );
    reply.location()
}

async fn part(client: &mut Client, token: &str, path: &str, offset: usize, more: &[(&str, &str)], body: Body) -> Reply {
    let (bearer, offset) = (format!("Bearer {token}"), offset.to_string());
    let mut headers = vec![
        ("authorization", bearer.as_str()),
        ("content-type", PART),
        ("upload-offset", offset.as_str()),
    ];
    headers.extend_from_slice(more);
    client.send_body("PATCH", path, &headers, body).await
}

fn file(town: &Town) -> String {
    let numbers: Vec<String> = (0..40).map(|at| format!("测许{at}号")).collect();
    let rows: Vec<(&str, &str, &str, &str)> = numbers
        .iter()
        .map(|number| (number.as_str(), "测试甲", town.number.as_str(), "一"))
        .collect();
    town.permits(&rows)
}

/// Asks until the delivery is finished; its receipt.
async fn receipt(client: &mut Client, token: &str, path: &str) -> String {
    loop {
        let reply = client.ask(token, path).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        if reply.json()["state"] != "receiving" {
            return reply.json()["receipt"].to_string();
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_goes_on_after_a_cut_line_and_a_restart_and_ends_in_the_same_receipt() {
    let town = Town::new().await;
    let token = town.token(&town.officer).await;
    let content = file(&town).into_bytes();
    let (first, second) = (content.len() / 3, content.len() * 2 / 3);
    let path = begun(&town, &token).await;
    let mut client = town.client();
    let reply = part(&mut client, &token, &path, 0, &[], content[..first].to_vec().into()).await;
    assert_eq!(
        (reply.status, reply.header("upload-offset")),
        (200, first.to_string().as_str()),
        "{}",
        reply.body
    );

    // The line is cut within a part: what came before is kept.
    let pieces = futures::stream::iter([
        Ok(Bytes::from(content[first..second - 100].to_vec())),
        Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset)),
    ]);
    assert_eq!(
        part(&mut client, &token, &path, first, &[], Body::from_stream(pieces))
            .await
            .status,
        400
    );
    let mut client = town.restarted();
    let reply = client.ask(&token, &path).await;
    let offset = reply.header("upload-offset").parse::<usize>().unwrap();
    assert_eq!(
        (offset, reply.header("upload-complete")),
        (second - 100, "?0"),
        "after a restart"
    );
    let bearer = format!("Bearer {token}");
    let head = client
        .send("HEAD", &path, &[("authorization", bearer.as_str())], Vec::new())
        .await;
    assert_eq!(
        (head.status, head.header("upload-offset")),
        (200, offset.to_string().as_str())
    );

    // Nothing of it lies on the disk in clear.
    for entry in std::fs::read_dir(&town.app.settings().staging_dir).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for clear in [town.number.as_bytes(), "测试甲".as_bytes(), "测许1号".as_bytes()] {
            assert!(!bytes.windows(clear.len()).any(|window| window == clear));
        }
    }
    let said = digest(&content);
    let last = [("upload-complete", "?1"), ("repr-digest", said.as_str())];
    let reply = part(
        &mut client,
        &token,
        &path,
        offset,
        &last,
        content[offset..].to_vec().into(),
    )
    .await;
    assert!([200, 202].contains(&reply.status), "{}", reply.body);
    let place = reply.location();
    let by_parts = receipt(&mut client, &token, &place).await;
    assert!(by_parts.contains("\"received\":40"), "{by_parts}");

    // The answer was lost: the same request, also over another restart, names the same delivery.
    let mut client = town.restarted();
    let again = part(
        &mut client,
        &token,
        &path,
        offset,
        &last,
        content[offset..].to_vec().into(),
    )
    .await;
    assert_eq!((again.status, again.location()), (200, place.clone()), "{}", again.body);
    // The whole file at once has the same receipt, to the byte.
    let headers = [("authorization", bearer.as_str()), ("content-type", "text/csv")];
    let whole = client
        .send("POST", "/api/v1/deliveries?item=ITM-PERMIT", &headers, content)
        .await;
    assert_eq!((whole.status, whole.location()), (200, place));
    assert_eq!(whole.json()["receipt"].to_string(), by_parts);
    let parts = std::fs::read_dir(&town.app.settings().staging_dir).unwrap().flatten();
    let parts = parts
        .filter(|entry| entry.file_name().to_string_lossy().contains(".part-"))
        .count();
    assert_eq!(parts, 0, "parts go once they are a delivery");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_part_is_said_and_nothing_of_it_is_kept() {
    let town = Town::new().await;
    let token = town.token(&town.officer).await;
    let stranger = town.token(&town.stranger).await;
    let path = begun(&town, &token).await;
    let mut client = town.client();
    let send = |body: &'static [u8]| Body::from(body);
    assert_eq!(
        part(&mut client, &token, &path, 0, &[], send(b"0123456789"))
            .await
            .status,
        200
    );
    for (offset, code) in [(0, "DELIVER-0006"), (9, "DELIVER-0006"), (11, "DELIVER-0006")] {
        let reply = part(&mut client, &token, &path, offset, &[], send(b"x")).await;
        assert_eq!((reply.status, reply.code().as_str()), (409, code));
    }
    let bearer = format!("Bearer {token}");
    let without = [("authorization", bearer.as_str()), ("content-type", PART)];
    assert_eq!(client.send("PATCH", &path, &without, b"x".to_vec()).await.status, 400);
    let wrong = [
        ("authorization", bearer.as_str()),
        ("content-type", "text/csv"),
        ("upload-offset", "10"),
    ];
    assert_eq!(client.send("PATCH", &path, &wrong, b"x".to_vec()).await.status, 415);
    let last = [("upload-complete", "?1")];
    assert_eq!(
        part(&mut client, &token, &path, 10, &last, send(b"")).await.status,
        400,
        "without a hash"
    );
    let too_large = vec![b'a'; usize::try_from(UPLOAD_BYTES_MAX).unwrap() - 9];
    assert_eq!(
        part(&mut client, &token, &path, 10, &[], too_large.into()).await.status,
        413
    );
    assert_eq!(
        part(&mut client, &stranger, &path, 10, &[], send(b"x")).await.status,
        404,
        "another account's"
    );
    assert_eq!(
        client.ask(&token, &path).await.json()["offset"],
        10,
        "nothing of all that was kept"
    );

    let said = digest(b"something else");
    let last = [("upload-complete", "?1"), ("repr-digest", said.as_str())];
    assert_eq!(
        part(&mut client, &token, &path, 10, &last, send(b"")).await.status,
        400,
        "another hash"
    );
    assert_eq!(client.ask(&token, &path).await.status, 404, "and the upload is dropped");

    // Dropped by its sender, and after a day without a part.
    let path = begun(&town, &token).await;
    let delete = [("authorization", bearer.as_str())];
    assert_eq!(client.send("DELETE", &path, &delete, Vec::new()).await.status, 204);
    assert_eq!(client.ask(&token, &path).await.status, 404);
    let path = begun(&town, &token).await;
    assert_eq!(
        part(&mut client, &token, &path, 0, &[], send(b"0123456789"))
            .await
            .status,
        200
    );
    town.pass(DAY_MS + 1);
    let token = town.token(&town.officer).await;
    assert_eq!(client.ask(&token, &path).await.status, 404, "a day is over");
    begun(&town, &token).await;
    let left = std::fs::read_dir(&town.app.settings().staging_dir).unwrap().count();
    assert_eq!(left, 1, "only the note of the upload that has just begun");

    // Uploads are bounded in number.
    for _ in 1..town.app.settings().staged_uploads_max {
        begun(&town, &token).await;
    }
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "text/csv")];
    let reply = client
        .send("POST", "/api/v1/uploads?item=ITM-PERMIT", &headers, Vec::new())
        .await;
    assert_eq!(
        (reply.status, reply.code().as_str(), reply.header("retry-after")),
        (503, "DELIVER-0002", "5")
    );
}
