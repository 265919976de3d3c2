//! Officers sign in by an identity provider that may be hostile, and confirm their session there.

use serde_json::{Value, json};

use crate::hostile::{CLIENT, Key, under_hmac, unsigned};
use crate::meeting::{MINUTE_MS, Meeting, SECRET, assert_refused, parameter, session, weak};
use crate::town::{PASSWORD, Town};

/// Makes a token of the good claims.
type Make<'a> = Box<dyn Fn(&Value) -> String + 'a>;

#[tokio::test(flavor = "multi_thread")]
async fn an_officer_signs_in_and_leaves() {
    let meeting = Meeting::new().await;
    let mut client = meeting.client();
    let page = client.get("/login").await;
    assert!(page.body.contains("href=\"/login/provider\"") && page.body.contains("统一身份认证"));
    let reply = meeting.signs_in(&mut client, "/login/provider", &json!({})).await;
    assert_eq!(
        (reply.status, reply.header("refresh")),
        (200, "0; url=/"),
        "{}",
        reply.body
    );
    let cookie = reply.header("set-cookie");
    assert!(cookie.contains("; Path=/; HttpOnly; SameSite=Strict"), "{cookie}");
    assert_eq!(client.get("/").await.location(), "/deliveries");
    let page = client.get("/deliveries").await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("data-testid=\"who\">officer<"), "{}", page.body);
    assert_eq!(client.get("/login").await.location(), "/deliveries");
    let thief = client.clone();
    assert_eq!(client.post("/logout", &[]).await.location(), "/login");
    for mut gone in [client, thief] {
        assert_eq!(gone.get("/deliveries").await.location(), "/login");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_laid_ready_is_not_taken_and_ends_as_any_other() {
    let meeting = Meeting::new().await;
    let mut client = meeting.client();
    client
        .cookies
        .insert("chengdang".to_owned(), "laid-ready-by-somebody".to_owned());
    let reply = meeting.signs_in(&mut client, "/login/provider", &json!({})).await;
    assert_eq!(reply.status, 200);
    let first = session(&client).unwrap().clone();
    assert_ne!(first, "laid-ready-by-somebody");
    meeting.signs_in(&mut client, "/login/provider", &json!({})).await;
    assert_ne!(session(&client), Some(&first), "each sign-in has a session of its own");
    meeting.town.pass(21 * MINUTE_MS);
    assert_eq!(
        client.get("/deliveries").await.location(),
        "/login",
        "idle for more than twenty minutes"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_taken_once_in_time_and_in_the_browser_that_asked() {
    let meeting = Meeting::new().await;
    let mut client = meeting.client();
    let asked = meeting.asks(&mut client, "/login/provider").await;
    let token = meeting.token(&meeting.claims(&asked));
    for wrong in [
        "",
        "0",
        &asked.state[1..],
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ] {
        let path = meeting.return_path(&asked).replace(&asked.state, wrong);
        assert_refused(&client.get(&path).await, 400, "SIGNIN-0002", wrong);
    }
    assert_refused(&client.get("/login/return").await, 400, "SIGNIN-0002", "nothing at all");
    let twice = format!("{}&state={}", meeting.return_path(&asked), asked.state);
    assert_refused(&client.get(&twice).await, 400, "SIGNIN-0002", "two states");
    assert_eq!(
        meeting.hostile.script(|script| script.exchanges.len()),
        0,
        "no code was exchanged for any of them"
    );

    // Somebody hands the own answer to another browser (login CSRF), whether that has asked or not.
    let attacker = meeting.asks(&mut client, "/login/provider").await;
    let mut victim = meeting.client();
    let reply = meeting.answers(&mut victim, &attacker, &token).await;
    assert_refused(&reply, 400, "SIGNIN-0002", "a browser that never asked");
    let attacker = meeting.asks(&mut client, "/login/provider").await;
    meeting.asks(&mut victim, "/login/provider").await;
    let reply = meeting.answers(&mut victim, &attacker, &token).await;
    assert_refused(&reply, 400, "SIGNIN-0002", "a browser that asked something else");
    let reply = meeting.answers(&mut client, &attacker, &token).await;
    assert_refused(&reply, 400, "SIGNIN-0002", "the question is used up by the attempt");

    // Two tabs do not spoil each other; an answer is good once.
    let (one, two) = (
        meeting.asks(&mut client, "/login/provider").await,
        meeting.asks(&mut client, "/login/provider").await,
    );
    for tab in [&one, &two] {
        let token = meeting.token(&meeting.claims(tab));
        assert_eq!(meeting.answers(&mut client, tab, &token).await.status, 200);
        let again = meeting.answers(&mut client, tab, &token).await;
        assert_refused(&again, 400, "SIGNIN-0002", "a replayed answer");
    }
    let late = meeting.asks(&mut client, "/login/provider").await;
    meeting.town.pass(10 * MINUTE_MS + 1);
    let reply = meeting
        .answers(&mut client, &late, &meeting.token(&meeting.claims(&late)))
        .await;
    assert_refused(&reply, 400, "SIGNIN-0002", "after ten minutes");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_of_another_provider_and_a_refusal_are_no_sign_in() {
    let meeting = Meeting::new().await;
    let mut client = meeting.client();
    for (case, change, code) in [
        ("another provider", "&iss=https%3A%2F%2Fother.example", "SIGNIN-0004"),
        ("no provider", "", "SIGNIN-0004"),
    ] {
        let asked = meeting.asks(&mut client, "/login/provider").await;
        meeting.hostile.hands_out(&meeting.token(&meeting.claims(&asked)));
        let path = format!("/login/return?state={}&code=the-code{change}", asked.state);
        assert_refused(&client.get(&path).await, 400, code, case);
        assert_refused(
            &client.get(&meeting.return_path(&asked)).await,
            400,
            "SIGNIN-0002",
            "the question is used up",
        );
    }
    assert_eq!(
        meeting.hostile.script(|script| script.exchanges.len()),
        0,
        "the code went nowhere"
    );
    let asked = meeting.asks(&mut client, "/login/provider").await;
    let path = meeting
        .return_path(&asked)
        .replace("code=the-code", "error=access_denied&error_description=Call%20110");
    let reply = client.get(&path).await;
    assert_refused(&reply, 400, "SIGNIN-0003", "the person cancelled");
    assert!(!reply.body.contains("110"), "what an address says is not shown");
    let asked = meeting.asks(&mut client, "/login/provider").await;
    meeting
        .hostile
        .script(|script| script.token = (400, json!({ "error": "invalid_grant" })));
    assert_refused(
        &client.get(&meeting.return_path(&asked)).await,
        400,
        "SIGNIN-0005",
        "a code that was used",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_or_foreign_token_signs_nobody_in() {
    let meeting = Meeting::with(Key::rs256("key-1")).await;
    let header = meeting.key.header();
    let (mut none, mut hs256) = (header.clone(), header.clone());
    none["alg"] = json!("none");
    hs256["alg"] = json!("HS256");
    let stranger = Key::rs256("key-1");
    let public = meeting.key.public_bytes();
    let with = |claim: &'static str, value: Value| -> Make<'_> {
        let (meeting, header) = (&meeting, &header);
        Box::new(move |claims| {
            let mut claims = claims.clone();
            claims[claim] = value.clone();
            meeting.key.sign(header, &claims)
        })
    };
    let now = meeting.town.seconds();
    let cases: Vec<(&str, Make<'_>)> = vec![
        ("alg none", Box::new(|claims| format!("{}.", unsigned(&none, claims)))),
        (
            "HS256 under the public key",
            Box::new(|claims| under_hmac(&public, &hs256, claims)),
        ),
        (
            "HS256 under our secret",
            Box::new(|claims| under_hmac(SECRET.as_bytes(), &hs256, claims)),
        ),
        ("somebody's key", Box::new(|claims| stranger.sign(&header, claims))),
        ("another issuer", with("iss", json!("https://other.example"))),
        ("another audience", with("aud", json!("another-client"))),
        ("another party", with("azp", json!("another-client"))),
        ("expired", with("exp", json!(now - 100))),
        ("another question", with("nonce", json!("another"))),
    ];
    let mut client = meeting.client();
    for (case, make) in cases {
        let asked = meeting.asks(&mut client, "/login/provider").await;
        let reply = meeting
            .answers(&mut client, &asked, &make(&meeting.claims(&asked)))
            .await;
        assert_refused(&reply, 400, "SIGNIN-0006", case);
    }
    assert_eq!(session(&client), None);
    let reads = meeting.hostile.script(|script| script.key_reads);
    assert!(
        reads <= 2,
        "bad signatures make us read the keys once a minute at most: {reads}"
    );
    assert_eq!(
        meeting
            .signs_in(&mut client, "/login/provider", &json!({}))
            .await
            .status,
        200
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_living_account_that_is_bound_lets_somebody_in() {
    let meeting = Meeting::new().await;
    let before = meeting.accounts().await.len();
    let mut stranger = meeting.client();
    let nobody = json!({ "sub": "subject-2", "email": "officer@example", "preferred_username": "officer", "roles": ["officer"] });
    let reply = meeting.signs_in(&mut stranger, "/login/provider", &nobody).await;
    assert_refused(
        &reply,
        403,
        "SIGNIN-0007",
        "an unbound subject, whatever the token says of it",
    );
    assert_eq!(meeting.accounts().await.len(), before, "signing in makes no account");

    let mut client = meeting.signed_in(true).await;
    assert_eq!(client.get("/deliveries").await.status, 200);
    let officer = meeting.account_of("officer").await;
    assert_eq!(meeting.unbind(&officer).await.status, 204);
    assert_eq!(
        client.get("/deliveries").await.location(),
        "/login",
        "out with the next request"
    );
    let reply = meeting.signs_in(&mut client, "/login/provider", &json!({})).await;
    assert_refused(&reply, 403, "SIGNIN-0007", "a binding that ended");
    assert_eq!(meeting.unbind(&officer).await.status, 404);

    assert_eq!(meeting.bind(&officer, "subject-1").await.status, 204);
    let mut client = meeting.signed_in(true).await;
    let path = format!("/api/v1/accounts/{officer}");
    assert_eq!(
        meeting
            .api(&meeting.town.system_admin, "DELETE", &path, None)
            .await
            .status,
        204
    );
    assert_eq!(
        client.get("/deliveries").await.location(),
        "/login",
        "out with the next request"
    );
    let reply = meeting.signs_in(&mut client, "/login/provider", &json!({})).await;
    assert_refused(&reply, 403, "SIGNIN-0007", "an account that ended");
    // The holder has a new duty, and a new account by the same name at the provider.
    let new = json!({ "login": "officer-anew", "kind": "centre", "organisation": meeting.town.provider.to_string(),
        "staff_number": "STAFF-9", "subject": "subject-1" });
    let reply = meeting
        .api(&meeting.town.system_admin, "POST", "/api/v1/accounts", Some(new))
        .await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    assert!(reply.json().get("totp_secret").is_none(), "no second door");
    let mut client = meeting.signed_in(true).await;
    assert!(client.get("/deliveries").await.body.contains(">officer-anew<"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bound_account_has_no_other_door() {
    let meeting = Meeting::new().await;
    let mut client = meeting.client();
    client.get("/login").await;
    let officer = [("login", "officer"), ("password", PASSWORD)];
    assert_eq!(
        client.post("/login", &officer).await.status,
        422,
        "the password of a bound account is none"
    );
    let account = meeting.account_of("officer").await;
    meeting.unbind(&account).await;
    assert_eq!(client.post("/login", &officer).await.location(), "/login/code");
    // What the password began before the binding ends with it, be it whole or half.
    let mut half = client.clone();
    let code = meeting.town.code(&meeting.town.officer);
    client.post("/login/code", &[("code", &code)]).await;
    assert_eq!(client.get("/deliveries").await.status, 200);
    half.cookies.clear();
    half.get("/login").await;
    assert_eq!(half.post("/login", &officer).await.location(), "/login/code");
    meeting.bind(&account, "subject-1").await;
    assert_eq!(client.get("/deliveries").await.location(), "/login");
    let code = meeting.town.code(&meeting.town.officer);
    assert_eq!(half.post("/login/code", &[("code", &code)]).await.location(), "/login");
    assert_eq!(half.get("/deliveries").await.location(), "/login");
    meeting.unbind(&account).await;
    assert_eq!(client.get("/deliveries").await.location(), "/login", "it stays ended");
    // A code does not confirm what the provider began.
    meeting.bind(&account, "subject-1").await;
    let mut client = meeting.client();
    client.get("/login").await;
    meeting.signs_in(&mut client, "/login/provider", &weak()).await;
    assert_eq!(client.get("/login/code").await.location(), "/deliveries");
    let code = meeting.town.code(&meeting.town.officer);
    assert_eq!(
        client.post("/login/code", &[("code", &code)]).await.location(),
        "/login"
    );
    assert_eq!(
        client.get("/deliveries").await.location(),
        "/login/confirm?to=%2Fdeliveries"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn binding_is_an_act_of_the_system_administrator_and_of_officers_only() {
    let meeting = Meeting::new().await;
    let (officer, stranger) = (
        meeting.account_of("officer").await,
        meeting.account_of("stranger").await,
    );
    let admin = meeting.account_of("audit-admin").await;
    for (case, account, subject, status) in [
        ("the subject is bound", &stranger, "subject-1", 409),
        ("the account is bound", &officer, "subject-3", 409),
        ("an administrator", &admin, "subject-3", 400),
        ("an identity number", &stranger, "11010519491231002X", 400),
        ("no subject", &stranger, "", 400),
        ("not ASCII", &stranger, "测试甲", 400),
        (
            "nobody",
            &"01981b4e-7f00-7000-8000-000000000004".to_owned(),
            "subject-3",
            404,
        ),
    ] {
        let reply = meeting.bind(account, subject).await;
        assert_eq!(reply.status, status, "{case}: {}", reply.body);
    }
    for other in [
        &meeting.town.stranger,
        &meeting.town.security_admin,
        &meeting.town.audit_admin,
        &meeting.town.resident,
    ] {
        for method in ["PUT", "DELETE"] {
            let path = format!("/api/v1/accounts/{stranger}/subject");
            let reply = meeting
                .api(other, method, &path, Some(json!({ "subject": "subject-3" })))
                .await;
            assert_eq!(reply.status, 403, "{method}: {}", reply.body);
        }
    }
    meeting.unbind(&officer).await;
    let acts = meeting
        .api(&meeting.town.audit_admin, "GET", "/api/v1/administrator-acts", None)
        .await
        .json();
    let about: Vec<_> = acts
        .as_array()
        .unwrap()
        .iter()
        .filter(|act| act["kind"].as_str().unwrap().starts_with("subject_"))
        .map(|act| (act["kind"].as_str().unwrap(), act["is_whole"].as_bool().unwrap()))
        .collect();
    assert_eq!(about, [("subject_unbound", true), ("subject_bound", true)]);
    assert!(
        !acts.to_string().contains("subject-1"),
        "the provider's name of the officer is not kept"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_second_factor_the_officer_confirms_and_comes_back() {
    let meeting = Meeting::new().await;
    let mut client = meeting.signed_in(false).await;
    let public = client.get("/catalogue").await;
    assert!(
        public.body.contains("data-testid=\"who\">officer<"),
        "signed in, where nothing more is needed"
    );
    for page in ["/", "/deliveries", "/look-up", "/reviews", "/emergencies"] {
        let to = page.replace('/', "%2F").replace('-', "%2D");
        assert_eq!(
            client.get(page).await.location(),
            format!("/login/confirm?to={to}"),
            "{page}"
        );
    }
    let confirm = client.get("/look-up?purpose=PUR-TOUR-GUIDE").await.location();
    let asked = meeting.asks(&mut client, &confirm).await;
    assert_eq!(parameter(&asked.address, "acr_values"), "urn%3Atest%3Atwo-factors");
    assert_eq!(parameter(&asked.address, "max_age"), "300");

    let old = session(&client).unwrap().clone();
    let now = meeting.town.seconds();
    for (case, changes) in [
        ("no second factor", weak()),
        ("one of long ago", json!({ "auth_time": now - 3_100 })),
        ("one of nobody knows when", json!({ "auth_time": null })),
    ] {
        let reply = meeting.signs_in(&mut client, &confirm, &changes).await;
        assert_refused(&reply, 403, "SIGNIN-0008", case);
        assert_eq!(session(&client), Some(&old), "{case}");
    }
    let reply = meeting.signs_in(&mut client, &confirm, &json!({})).await;
    assert_eq!(
        (reply.status, reply.header("refresh")),
        (200, "0; url=/look-up?purpose=PUR-TOUR-GUIDE")
    );
    assert_ne!(session(&client), Some(&old), "a fresh session");
    assert_eq!(client.get("/look-up").await.status, 200);
    let mut thief = meeting.client();
    thief.cookies.insert("chengdang".to_owned(), old);
    assert_eq!(
        thief.get("/look-up").await.location(),
        "/login",
        "the old one has ended"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn another_person_does_not_confirm() {
    let meeting = Meeting::new().await;
    let stranger = meeting.account_of("stranger").await;
    meeting.bind(&stranger, "subject-2").await;
    let mut client = meeting.signed_in(false).await;
    let old = session(&client).unwrap().clone();
    let reply = meeting
        .signs_in(
            &mut client,
            "/login/confirm?to=%2Flook-up",
            &json!({ "sub": "subject-2" }),
        )
        .await;
    assert_refused(&reply, 403, "SIGNIN-0009", "a colleague at the same desk");
    assert_eq!(session(&client), Some(&old));
    assert_eq!(
        client.get("/look-up").await.location(),
        "/login/confirm?to=%2Flook%2Dup",
        "nothing was confirmed"
    );
    // Nobody confirms what is not the provider's.
    let mut nobody = meeting.client();
    assert_eq!(nobody.get("/login/confirm").await.location(), "/login");
    let cookies = meeting.town.signed_in(&meeting.town.resident).await.cookies;
    nobody.cookies = cookies;
    assert_refused(
        &nobody.get("/login/confirm").await,
        400,
        "SIGNIN-0002",
        "a session of a password",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_factor_is_over_after_its_time_and_a_form_says_so() {
    let meeting = Meeting::new().await;
    let mut client = meeting.signed_in(true).await;
    for _ in 0..3 {
        meeting.town.pass(16 * MINUTE_MS);
        assert_eq!(client.get("/look-up").await.status, 200);
    }
    meeting.town.pass(3 * MINUTE_MS);
    assert_eq!(
        client.get("/look-up?purpose=PUR-TOUR-GUIDE").await.location(),
        "/login/confirm?to=%2Flook%2Dup%3Fpurpose%3DPUR%2DTOUR%2DGUIDE",
        "a page does not open if its form could not be sent ten minutes later"
    );
    let form = [
        ("purpose", "PUR-TOUR-GUIDE"),
        ("document_number", "370199198503020019"),
        ("name", "测试丙"),
    ];
    let reply = client.post("/look-up", &form).await;
    assert!(
        !reply.body.contains("SIGNIN-"),
        "a form that was opened in time is taken: {}",
        reply.body
    );
    meeting.town.pass(9 * MINUTE_MS);
    let reply = client.post("/look-up", &form).await;
    assert_eq!(reply.status, 401);
    assert!(
        reply.body.contains("SIGNIN-0010") && reply.body.contains("没有查询任何人"),
        "{}",
        reply.body
    );
    assert!(
        reply.body.contains("href=\"/login/confirm?to=%2Flook%2Dup\""),
        "{}",
        reply.body
    );
    assert!(!reply.body.contains("370199"), "what was typed is not repeated");
    // Leaving works all the same.
    client.get("/catalogue").await;
    assert_eq!(client.post("/logout", &[]).await.location(), "/login");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_is_challenged_as_rfc_9470_says() {
    let meeting = Meeting::new().await;
    let weak = session(&meeting.signed_in(false).await).unwrap().clone();
    let reply = meeting.client().ask(&weak, "/api/v1/emergencies").await;
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (401, "SIGNIN-0010"),
        "{}",
        reply.body
    );
    assert_eq!(
        reply.header("www-authenticate"),
        "Bearer error=\"insufficient_user_authentication\", error_description=\"a second factor of now is needed\", \
         acr_values=\"urn:test:two-factors\", max_age=\"3600\""
    );
    let strong = session(&meeting.signed_in(true).await).unwrap().clone();
    assert_eq!(meeting.client().ask(&strong, "/api/v1/emergencies").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_sent_elsewhere() {
    let meeting = Meeting::new().await;
    let mut client = meeting.client();
    for to in [
        "https%3A%2F%2Fevil.example",
        "%2F%2Fevil.example",
        "%2F%5Cevil.example",
        "%2Flook-up%0d%0aSet-Cookie%3A%20a%3Db",
        "javascript%3Aalert(1)",
        "%2Flogout",
        "%2Flogin%2Fprovider",
    ] {
        let reply = meeting
            .signs_in(&mut client, &format!("/login/provider?to={to}"), &json!({}))
            .await;
        assert_eq!((reply.status, reply.header("refresh")), (200, "0; url=/"), "{to}");
        assert!(
            reply.body.contains("<a class=\"button\" href=\"/\">"),
            "{to}: {}",
            reply.body
        );
        assert!(!reply.body.contains("evil"), "{to}");
    }
    // Whatever name the service is called by, people come back to the one that is registered.
    let reply = client
        .send(
            "GET",
            "/login/provider",
            &[("x-forwarded-host", "evil.example")],
            Vec::new(),
        )
        .await;
    let address = reply.location();
    assert_eq!(
        parameter(&address, "redirect_uri"),
        "http%3A%2F%2F127.0.0.1%3A8370%2Flogin%2Freturn"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_provider_ends_its_sessions_by_the_back_channel() {
    let meeting = Meeting::new().await;
    let (mut here, mut there) = (meeting.signed_in(true).await, meeting.client());
    meeting
        .signs_in(&mut there, "/login/provider", &json!({ "sid": "session-2" }))
        .await;
    let logout = |changes: Value| {
        let now = meeting.town.seconds();
        let mut claims = json!({ "iss": meeting.hostile.issuer, "sub": "subject-1", "aud": CLIENT, "iat": now, "exp": now + 120,
            "jti": "token-1", "sid": "session-1", "events": { "http://schemas.openid.net/event/backchannel-logout": {} } });
        claims
            .as_object_mut()
            .unwrap()
            .extend(changes.as_object().unwrap().clone());
        let mut header = meeting.key.header();
        header["typ"] = json!("logout+jwt");
        (header, claims)
    };
    let sent = |token: String| {
        let mut provider = meeting.client();
        async move {
            provider
                .post_raw("/api/v1/back-channel-logout", &[("logout_token", &token)], &[])
                .await
        }
    };
    let (header, good) = logout(json!({}));
    let stranger = Key::es256("key-1");
    for (case, token) in [
        ("nonsense", "nonsense".to_owned()),
        ("somebody's key", stranger.sign(&header, &good)),
        (
            "another audience",
            meeting.key.sign(&header, &logout(json!({ "aud": "another-client" })).1),
        ),
        (
            "no event",
            meeting.key.sign(&header, &logout(json!({ "events": {} })).1),
        ),
    ] {
        let reply = sent(token).await;
        assert_eq!((reply.status, reply.code().as_str()), (400, "SIGNIN-0006"), "{case}");
    }
    assert_eq!(here.get("/deliveries").await.status, 200);
    let reply = sent(meeting.key.sign(&header, &good)).await;
    assert_eq!(
        (reply.status, reply.header("cache-control")),
        (200, "no-store"),
        "{}",
        reply.body
    );
    assert_eq!(here.get("/deliveries").await.location(), "/login");
    assert_eq!(
        there.get("/deliveries").await.status,
        200,
        "another session at the provider goes on"
    );
    sent(meeting.key.sign(&header, &logout(json!({ "sid": null })).1)).await;
    assert_eq!(
        there.get("/deliveries").await.location(),
        "/login",
        "all of them, if none is named"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_away_stops_nothing_else() {
    let meeting = Meeting::unmet(Key::es256("key-1")).await;
    let mut client = meeting.client();
    let page = client.get("/login").await;
    assert!(
        page.body.contains("统一身份认证") && page.body.contains("暂时不可用"),
        "{}",
        page.body
    );
    assert!(
        !page.body.contains("href=\"/login/provider\""),
        "no way that leads nowhere"
    );
    assert_refused(&client.get("/login/provider").await, 503, "SIGNIN-0001", "away");
    client.get("/login").await;
    let officer = [("login", "officer"), ("password", PASSWORD)];
    assert_eq!(client.post("/login", &officer).await.location(), "/login/code");
    meeting.provider.refresh().await.unwrap();
    assert!(client.get("/login").await.body.contains("href=\"/login/provider\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_provider_there_is_no_trace_of_one() {
    let town = Town::new().await;
    let mut client = town.client();
    assert!(!client.get("/login").await.body.contains("统一身份认证"));
    for path in ["/login/provider", "/login/return?state=a&code=b"] {
        assert_eq!(client.get(path).await.status, 404, "{path}");
    }
    let mut officer = town.signed_in(&town.officer).await;
    assert_eq!(officer.get("/login/confirm").await.status, 404);
    let mut admin = town.signed_in(&town.system_admin).await;
    assert!(!admin.get("/accounts").await.body.contains("name=\"subject\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_are_limited_for_each_address() {
    let meeting = Meeting::new().await;
    let mut client = meeting.client();
    for _ in 0..300 {
        assert_eq!(client.get("/login/provider").await.status, 303);
    }
    let reply = client.get("/login/provider").await;
    assert_eq!((reply.status, reply.header("retry-after")), (429, "900"));
}
