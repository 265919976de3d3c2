//! What keeps other sites, scripts and hostile input out.

use crate::town::{Town, UPLOAD_BYTES_MAX};

#[tokio::test(flavor = "multi_thread")]
async fn a_form_without_the_sessions_token_does_nothing() {
    let town = Town::new().await;
    let mut client = town.signed_in(&town.resident).await;
    client.get("/me").await;
    let own = [("sec-fetch-site", "same-origin")];
    for fields in [
        &[("until", "0")][..],
        &[("csrf", ""), ("until", "0")],
        &[("csrf", "deadbeef"), ("until", "0")],
    ] {
        let reply = client.post_raw("/me/notices", fields, &own).await;
        assert_eq!(reply.status, 403);
        assert!(reply.body.contains("WEB-0403"));
    }
    // Another session's token is no better.
    let mut other = town.signed_in(&town.newcomer).await;
    let page = other.get("/me").await.body;
    let token = page
        .split("name=\"csrf\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    assert_eq!(
        client
            .post_raw("/me/notices", &[("csrf", token), ("until", "0")], &own)
            .await
            .status,
        403
    );
    assert_eq!(client.get("/me").await.status, 200, "nobody was signed out by it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_from_another_site_does_nothing_even_with_the_token() {
    let town = Town::new().await;
    let mut client = town.signed_in(&town.resident).await;
    let page = client.get("/me").await.body;
    let token = page
        .split("name=\"csrf\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    for headers in [
        &[("origin", "https://evil.example")][..],
        &[("origin", "https://chengdang.test")],
        &[("origin", "null"), ("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
    ] {
        assert_eq!(
            client.post_raw("/logout", &[("csrf", &token)], headers).await.status,
            403,
            "{headers:?}"
        );
    }
    let headers = [("origin", "http://chengdang.test"), ("sec-fetch-site", "same-origin")];
    assert_eq!(
        client.post_raw("/logout", &[("csrf", &token)], &headers).await.status,
        303
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_login_form_needs_its_cookie() {
    let town = Town::new().await;
    let mut client = town.client();
    client.get("/login").await;
    let token = client.cookies.remove("chengdang-form").unwrap();
    let fields = [("csrf", token.as_str()), ("login", "resident"), ("password", "x")];
    assert_eq!(client.post_raw("/login", &fields, &[]).await.status, 403);
    client.cookies.insert("chengdang-form".into(), "0".repeat(64));
    assert_eq!(client.post_raw("/login", &fields, &[]).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_without_the_token_is_not_even_stored() {
    let town = Town::new().await;
    let mut client = town.signed_in(&town.officer).await;
    client.get("/deliver").await;
    let reply = client
        .upload_with("/deliver", "deadbeef", "ITM-PERMIT", "a.csv", b"x")
        .await;
    assert_eq!(reply.status, 403);
    let staged = std::fs::read_dir(&town.app.settings().staging_dir).map_or(0, Iterator::count);
    assert_eq!(staged, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_cells_and_file_names_stay_text() {
    let town = Town::new().await;
    let mut officer = town.signed_in(&town.officer).await;
    let hostile = "<script>alert('x')</script>&\"><img src=x>{{7*7}}";
    let file = town.permits(&[
        ("测许1号", "测试甲", &town.number, hostile),
        ("<b>2号</b>", "测试甲", &town.number, "内容"),
    ]);
    officer.get("/deliver").await;
    let reply = officer
        .upload("/deliver", "ITM-PERMIT", "<img src=y>.csv", file.as_bytes())
        .await;
    let preview = officer.get(&reply.location()).await.body;
    assert!(
        preview.contains("&#60;img src=y&#62;.csv") && !preview.contains("<img src=y>"),
        "{preview}"
    );
    town.deliver(&mut officer, "a.csv", file.as_bytes()).await;

    let mut resident = town.signed_in(&town.resident).await;
    let page = resident.get("/me/records").await.body;
    assert!(page.contains("&#60;script&#62;alert("), "{page}");
    assert!(page.contains("{{7*7}}") && page.contains("&#60;b&#62;2号"));
    for tag in ["<script", "<img src=x", "<b>2号", " onerror"] {
        assert!(!page.contains(tag), "{tag}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_over_the_limit_get_a_page_that_says_so() {
    let town = Town::new().await;
    let mut client = town.signed_in(&town.officer).await;
    client.get("/deliver").await;
    let large = vec![b'a'; usize::try_from(UPLOAD_BYTES_MAX).unwrap() + 1];
    let reply = client.upload("/deliver", "ITM-PERMIT", "a.csv", &large).await;
    assert_eq!(reply.status, 413);
    assert!(
        reply.body.contains("文件太大") && reply.body.contains("id=\"file\""),
        "the form comes back"
    );
    let huge = vec![b'a'; usize::try_from(UPLOAD_BYTES_MAX).unwrap() * 3];
    let reply = client.upload("/deliver", "ITM-PERMIT", "a.csv", &huge).await;
    assert!([400, 413].contains(&reply.status), "{}", reply.status);
    let long = "x".repeat(100_000);
    assert_eq!(client.post("/login", &[("login", &long)]).await.status, 413);
    assert_eq!(
        std::fs::read_dir(&town.app.settings().staging_dir).unwrap().count(),
        0,
        "nothing stays on the disk"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_never_repeats_what_was_sent() {
    let town = Town::new().await;
    let secret = "37019919900101001X";
    let mut client = town.signed_in(&town.officer).await;
    for path in [
        format!("/deliveries/{secret}"),
        format!("/catalogue/{secret}"),
        format!("/{secret}?x={secret}"),
    ] {
        let reply = client.get(&path).await;
        assert_eq!(reply.status, 404);
        assert!(!reply.body.contains(secret), "{path}");
    }
    let headers = [("content-type", "application/json")];
    let body = format!("{{\"login\": {secret}}}").into_bytes();
    let reply = client.send("POST", "/api/v1/sessions", &headers, body).await;
    assert_eq!((reply.status, reply.code().as_str()), (400, "WEB-0400"));
    assert!(!reply.body.contains(secret));
}
