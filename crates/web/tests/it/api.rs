//! The JSON API as a department's program uses it.

use crate::client::{Client, Reply};
use crate::town::Town;

async fn deliver(client: &mut Client, token: &str, query: &str, kind: &str, body: &[u8]) -> Reply {
    let authorization = format!("Bearer {token}");
    let headers = [("authorization", authorization.as_str()), ("content-type", kind)];
    client
        .send("POST", &format!("/api/v1/deliveries{query}"), &headers, body.to_vec())
        .await
}

/// Asks until the delivery is finished.
async fn finished(client: &mut Client, token: &str, path: &str) -> serde_json::Value {
    loop {
        let reply = client.ask(token, path).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        if reply.json()["state"] != "receiving" {
            return reply.json();
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_is_taken_in_once_and_answers_with_a_signed_receipt() {
    let town = Town::new().await;
    let token = town.token(&town.officer).await;
    let mut client = town.client();
    let file = town.permits(&[
        ("测许1号", "测试甲", &town.number, "一"),
        ("测许2号", "测试甲", &town.number, ""),
    ]);
    let reply = deliver(&mut client, &token, "?item=ITM-PERMIT", "text/csv", file.as_bytes()).await;
    assert!([200, 202].contains(&reply.status), "{}", reply.body);
    let place = reply.location();
    assert_eq!(
        place,
        format!("/api/v1/deliveries/{}", reply.json()["id"].as_str().unwrap())
    );
    let delivery = finished(&mut client, &token, &place).await;
    assert_eq!(delivery["state"], "done");
    assert_eq!(delivery["counts"]["received"], 2);
    assert_eq!(delivery["counts"]["recorded"], 1);
    let receipt = delivery["receipt"].to_string();
    assert!(app::deliver::receipt_verifies(
        receipt.as_bytes(),
        &town.app.public_key()
    ));

    let provider = format!("?item=ITM-PERMIT&provider={}", town.provider);
    let again = deliver(
        &mut client,
        &token,
        &provider,
        "text/csv; charset=utf-8",
        file.as_bytes(),
    )
    .await;
    assert_eq!(
        (again.status, again.location()),
        (200, place.clone()),
        "the same bytes have no second effect"
    );
    assert_eq!(again.json()["receipt"], delivery["receipt"]);

    let faults = client.ask(&token, &format!("{place}/faults")).await;
    assert_eq!(faults.header("content-type"), "application/x-ndjson");
    let lines: Vec<serde_json::Value> = faults
        .body
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 1);
    assert_eq!((&lines[0]["line"], &lines[0]["code"]), (&3.into(), &"E02".into()));
    assert!(!faults.body.contains(&town.number));

    let me = town.token(&town.resident).await;
    let records = client.ask(&me, "/api/v1/me/records").await.json();
    assert_eq!(records["groups"][0]["item"], "ITM-PERMIT");
    assert_eq!(records["groups"][0]["records"][0]["state"], "usable");
    assert_eq!(
        client.ask(&me, "/api/v1/me/notices").await.json()[0]["kind"],
        "record_received"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_with_a_file_is_taken_too() {
    let town = Town::new().await;
    let token = town.token(&town.officer).await;
    let mut client = town.client();
    let file = town.permits(&[("测许1号", "测试甲", &town.number, "一")]);
    let body =
        format!("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\n{file}\r\n--b--\r\n");
    let kind = "multipart/form-data; boundary=b";
    let reply = deliver(&mut client, &token, "?item=ITM-PERMIT", kind, body.as_bytes()).await;
    assert!([200, 202].contains(&reply.status), "{}", reply.body);
    let delivery = finished(&mut client, &token, &reply.location()).await;
    assert_eq!(delivery["counts"]["recorded"], 1);
    let empty = "--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\ny\r\n--b--\r\n";
    assert_eq!(
        deliver(&mut client, &token, "?item=ITM-PERMIT", kind, empty.as_bytes())
            .await
            .status,
        400
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_taken_is_a_problem_document_with_a_code() {
    let town = Town::new().await;
    let token = town.token(&town.officer).await;
    let resident = town.token(&town.resident).await;
    let mut client = town.client();
    let other = town
        .app
        .catalogue()
        .organisations
        .keys()
        .find(|code| **code != town.provider)
        .unwrap()
        .to_string();
    let for_other = format!("?item=ITM-PERMIT&provider={other}");
    let large = vec![b'a'; 300 * 1024];
    for (token, query, kind, body, status) in [
        (&token, "", "text/csv", &b"x"[..], 400),
        (&token, "?item=ITM-NONE", "text/csv", b"x", 400),
        (&token, "?item=ITM-PERMIT&provider=123", "text/csv", b"x", 400),
        (&token, "?item=ITM-PERMIT", "application/pdf", b"x", 415),
        (&token, "?item=ITM-PERMIT", "multipart/form-data", b"x", 400),
        (&token, "?item=ITM-PERMIT", "text/csv", &large, 413),
        (&token, "?item=ITM-VOLUNTEER", "text/csv", b"x", 403),
        (&token, &for_other, "text/csv", b"x", 403),
        (
            &resident,
            &format!("?item=ITM-PERMIT&provider={}", town.provider),
            "text/csv",
            b"x",
            403,
        ),
        (&"nonsense".to_owned(), "?item=ITM-PERMIT", "text/csv", b"x", 401),
    ] {
        let reply = deliver(&mut client, token, query, kind, body).await;
        assert_eq!(reply.status, status, "{query} {kind}: {}", reply.body);
        assert_eq!(reply.header("content-type"), "application/problem+json");
        let problem = reply.json();
        assert_eq!(problem["type"], "about:blank");
        assert_eq!(problem["status"], status);
        assert_eq!(problem["request_id"], reply.header("x-request-id"));
        assert!(problem["code"].as_str().unwrap().contains('-'));
    }
    assert_eq!(client.ask(&token, "/api/v1/me/records").await.status, 403);
    let staged = std::fs::read_dir(&town.app.settings().staging_dir).map_or(0, Iterator::count);
    assert_eq!(staged, 0, "nothing refused stays on the disk");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_takes_no_cookie_and_the_pages_no_bearer() {
    let town = Town::new().await;
    let mut browser = town.signed_in(&town.officer).await;
    let file = town.permits(&[("测许1号", "测试甲", &town.number, "一")]);
    for path in ["/api/v1/deliveries?item=ITM-PERMIT", "/api/v1/sessions"] {
        let method = if path.ends_with("sessions") { "DELETE" } else { "POST" };
        let reply = browser
            .send(method, path, &[("content-type", "text/csv")], file.clone().into_bytes())
            .await;
        assert_eq!(
            (reply.status, reply.header("www-authenticate")),
            (401, "Bearer"),
            "{path}"
        );
    }
    assert_eq!(browser.get("/api/v1/me/records").await.status, 401);
    assert_eq!(
        browser.get("/deliveries").await.status,
        200,
        "the browser is still signed in"
    );
    let token = town.token(&town.officer).await;
    assert_eq!(town.client().ask(&token, "/deliveries").await.location(), "/login");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_a_program_needs_all_three_and_can_be_ended() {
    let town = Town::new().await;
    let mut client = town.client();
    let headers = [("content-type", "application/json")];
    let code = town.code(&town.officer);
    for (login, password, code, expected) in [
        ("officer", "wrong", code.as_str(), "LOGIN-0001"),
        ("nobody", crate::town::PASSWORD, code.as_str(), "LOGIN-0001"),
        ("officer", crate::town::PASSWORD, "000000", "LOGIN-0003"),
    ] {
        let body = serde_json::json!({ "login": login, "password": password, "code": code }).to_string();
        let reply = client
            .send("POST", "/api/v1/sessions", &headers, body.into_bytes())
            .await;
        assert_eq!((reply.status, reply.code().as_str()), (401, expected));
    }
    assert_eq!(
        client
            .send("POST", "/api/v1/sessions", &[], b"{}".to_vec())
            .await
            .status,
        415
    );
    let token = town.token(&town.officer).await;
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str())];
    assert_eq!(
        client
            .send("DELETE", "/api/v1/sessions", &headers, Vec::new())
            .await
            .status,
        204
    );
    assert_eq!(
        client
            .send("DELETE", "/api/v1/sessions", &headers, Vec::new())
            .await
            .status,
        401
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_of_programs_are_counted_with_those_of_people() {
    let town = Town::new().await;
    let mut client = town.client();
    client.get("/login").await;
    for _ in 0..5 {
        client
            .post("/login", &[("login", "officer"), ("password", "wrong")])
            .await;
    }
    let body = br#"{"login":"officer","password":"wrong","code":"123456"}"#.to_vec();
    let reply = client
        .send(
            "POST",
            "/api/v1/sessions",
            &[("content-type", "application/json")],
            body,
        )
        .await;
    assert_eq!(
        (reply.status, reply.code().as_str(), reply.header("retry-after")),
        (429, "LOGIN-0002", "900")
    );
}
