//! Signing in, staying in, leaving.

use web::WebSettings;

use crate::town::{PASSWORD, Town};

const PAGES: [&str; 6] = ["/", "/me", "/me/records", "/me/notices", "/deliveries", "/reviews"];

#[tokio::test(flavor = "multi_thread")]
async fn both_factors_open_the_pages_and_leaving_closes_them_on_the_server() {
    let town = Town::new().await;
    let mut client = town.signed_in(&town.resident).await;
    assert_eq!(client.get("/").await.location(), "/me");
    assert_eq!(client.get("/me").await.status, 200);
    let thief = client.clone();

    let reply = client.post("/logout", &[]).await;
    assert_eq!((reply.status, reply.location().as_str()), (303, "/login"));
    for mut gone in [client, thief] {
        assert_eq!(
            gone.get("/me").await.location(),
            "/login",
            "the old cookie opens nothing"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_second_factor_nothing_opens() {
    let town = Town::new().await;
    let mut client = town.client();
    for page in PAGES {
        assert_eq!(client.get(page).await.location(), "/login", "{page}");
    }
    client.get("/login").await;
    client
        .post("/login", &[("login", "resident"), ("password", PASSWORD)])
        .await;
    for page in PAGES {
        assert_eq!(client.get(page).await.location(), "/login/code", "{page}");
    }
    client.get("/login/code").await;
    let reply = client.post("/login/code", &[("code", "000000")]).await;
    assert_eq!(reply.status, 422);
    assert!(reply.body.contains("role=\"alert\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_and_an_unknown_login_get_the_same_page() {
    let town = Town::new().await;
    let mut seen = Vec::new();
    for login in ["resident", "nobody"] {
        let mut client = town.client();
        client.get("/login").await;
        let reply = client
            .post("/login", &[("login", login), ("password", "not the password")])
            .await;
        let token = client.cookies["chengdang-form"].clone();
        seen.push((reply.status, reply.body.replace(&token, "TOKEN")));
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0].0, 422);
    assert!(!seen[0].1.contains("not the password"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sixth_attempt_is_locked_out_even_with_the_right_password() {
    let town = Town::new().await;
    let mut client = town.client();
    client.get("/login").await;
    for _ in 0..5 {
        assert_eq!(
            client
                .post("/login", &[("login", "resident"), ("password", "wrong")])
                .await
                .status,
            422
        );
    }
    let reply = client
        .post("/login", &[("login", "resident"), ("password", PASSWORD)])
        .await;
    assert_eq!(reply.status, 429);
    assert!(reply.body.contains("15"), "the page says how long");
    assert_eq!(reply.header("retry-after"), "900");

    town.pass(16 * 60 * 1000);
    let reply = client
        .post("/login", &[("login", "resident"), ("password", PASSWORD)])
        .await;
    assert_eq!(reply.location(), "/login/code", "the lock ends by itself");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_after_twenty_idle_minutes() {
    let town = Town::new().await;
    let mut client = town.signed_in(&town.resident).await;
    for _ in 0..3 {
        town.pass(15 * 60 * 1000);
        assert_eq!(client.get("/me").await.status, 200);
    }
    town.pass(21 * 60 * 1000);
    assert_eq!(client.get("/me").await.location(), "/login");
}

#[tokio::test(flavor = "multi_thread")]
async fn cookies_are_closed_to_script_and_other_sites_and_bound_to_the_host_over_https() {
    let plain = Town::new().await;
    let mut client = plain.client();
    client.get("/login").await;
    let reply = client
        .post("/login", &[("login", "resident"), ("password", PASSWORD)])
        .await;
    let cookie = reply.header("set-cookie");
    assert!(cookie.starts_with("chengdang="), "{cookie}");
    assert!(cookie.contains("; Path=/; HttpOnly; SameSite=Strict"), "{cookie}");

    let public = Town::with(WebSettings {
        https: true,
        ..WebSettings::default()
    })
    .await;
    let mut client = public.client();
    let page = client.get("/login").await;
    assert!(page.header("strict-transport-security").starts_with("max-age="));
    let reply = client
        .post("/login", &[("login", "resident"), ("password", PASSWORD)])
        .await;
    let cookie = reply.header("set-cookie");
    assert!(cookie.starts_with("__Host-chengdang="), "{cookie}");
    assert!(
        cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict; Secure"),
        "{cookie}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_language_is_chosen_once_and_kept_as_is_the_type_size() {
    let town = Town::new().await;
    let mut client = town.client();
    assert!(client.get("/login").await.body.contains("<html lang=\"zh-CN\">"));
    assert!(client.get("/login?lang=en").await.body.contains("<html lang=\"en\">"));
    assert!(client.get("/catalogue").await.body.contains("<html lang=\"en\">"));
    assert!(client.get("/no-such-page").await.body.contains("There is no such page"));
    assert!(
        client
            .get("/login?view=large")
            .await
            .body
            .contains("<html lang=\"en\" class=\"large\">")
    );
    assert!(
        client
            .get("/login?lang=zh-CN&view=normal")
            .await
            .body
            .contains("<html lang=\"zh-CN\">")
    );
    assert!(client.get("/no-such-page").await.body.contains("没有这个页面"));
}
