//! What a token must be. Each case is a good one with one thing wrong, and the good one beside it is taken.

use oidc::ProviderFault;
use serde_json::{Value, json};

use crate::hostile::{Key, under_hmac, unsigned};
use crate::provider::Meeting;

fn fault(result: Result<oidc::Identity, ProviderFault>, case: &str) -> &'static str {
    match result {
        Err(ProviderFault::Token { what }) => what,
        other => panic!("{case}: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_with_one_wrong_claim_is_refused() {
    let meeting = Meeting::new().await;
    let now = meeting.claims()["iat"].as_i64().unwrap();
    let good = meeting.key.sign(&meeting.key.header(), &meeting.claims());
    assert!(meeting.takes(&good).await.is_ok());
    let cases: Vec<(&str, &str, Value, &str)> = vec![
        (
            "another issuer",
            "iss",
            json!("https://other.example"),
            "another issuer",
        ),
        ("another audience", "aud", json!("another-client"), "somebody else"),
        ("no audience", "aud", json!([]), "somebody else"),
        (
            "one audience more",
            "aud",
            json!(["chengdang", "another-client"]),
            "somebody else",
        ),
        ("another party", "azp", json!("another-client"), "another party"),
        ("expired", "exp", json!(now - 61), "expired"),
        ("made long ago", "iat", json!(now - 361), "expired"),
        ("made in the future", "iat", json!(now + 61), "expired"),
        ("another question", "nonce", json!("another-nonce"), "another question"),
        ("no question", "nonce", Value::Null, "another question"),
        ("no subject", "sub", json!(""), "subject"),
        ("a long subject", "sub", json!("x".repeat(256)), "subject"),
        ("a subject that is not ASCII", "sub", json!("测试甲"), "subject"),
        (
            "an event",
            "events",
            json!({ "http://schemas.openid.net/event/backchannel-logout": {} }),
            "event",
        ),
    ];
    for (case, claim, value, expected) in cases {
        let mut claims = meeting.claims();
        claims[claim] = value;
        let what = fault(
            meeting.takes(&meeting.key.sign(&meeting.key.header(), &claims)).await,
            case,
        );
        assert!(what.contains(expected), "{case}: {what}");
    }
    for claim in ["iss", "sub", "aud", "exp", "iat"] {
        let mut claims = meeting.claims();
        claims.as_object_mut().unwrap().remove(claim);
        let result = meeting.takes(&meeting.key.sign(&meeting.key.header(), &claims)).await;
        fault(result, claim);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_the_provider_did_not_sign_is_refused() {
    let meeting = Meeting::with(Key::rs256("key-1")).await;
    let (header, claims) = (meeting.key.header(), meeting.claims());
    let altered = |change: &Value| {
        let mut altered = header.clone();
        altered
            .as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        altered
    };
    let hs256 = altered(&json!({ "alg": "HS256" }));
    let none = altered(&json!({ "alg": "none" }));
    let good = meeting.key.sign(&header, &claims);
    let (head, signature) = good.rsplit_once('.').unwrap();
    let mut other = claims.clone();
    other["sub"] = json!("somebody-else");
    let stranger = Key::rs256("key-1");
    let cases = [
        ("no signature, alg none", format!("{}.", unsigned(&none, &claims))),
        (
            "a good signature under alg none",
            format!("{}.{signature}", unsigned(&none, &claims)),
        ),
        (
            "HS256 under the public key",
            under_hmac(&meeting.key.public_bytes(), &hs256, &claims),
        ),
        (
            "HS256 under our secret",
            under_hmac(b"a secret of the test", &hs256, &claims),
        ),
        (
            "another subject under the same signature",
            format!("{}.{signature}", unsigned(&header, &other)),
        ),
        ("a signature cut off", format!("{head}.")),
        ("somebody's key under the same id", stranger.sign(&header, &claims)),
        (
            "an unknown key",
            meeting.key.sign(&altered(&json!({ "kid": "key-9" })), &claims),
        ),
        (
            "an access token",
            meeting.key.sign(&altered(&json!({ "typ": "at+jwt" })), &claims),
        ),
        (
            "a nested token",
            meeting.key.sign(&altered(&json!({ "cty": "JWT" })), &claims),
        ),
        (
            "a critical extension",
            meeting.key.sign(&altered(&json!({ "crit": ["b64"] })), &claims),
        ),
        ("a key that comes along", {
            let header = altered(&json!({ "jwk": stranger.public(), "kid": "own" }));
            stranger.sign(&header, &claims)
        }),
        ("not a token", "one.two.three".to_owned()),
        ("nothing", String::new()),
    ];
    for (case, token) in cases {
        fault(meeting.takes(&token).await, case);
    }
    assert!(meeting.takes(&good).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_factor_counts_only_if_it_is_said_and_recent() {
    let meeting = Meeting::new().await;
    let now = meeting.claims()["iat"].as_i64().unwrap();
    let cases = [
        (
            "neither acr nor amr of the list",
            json!({ "acr": "urn:test:password", "amr": ["pwd", "otp"] }),
            false,
        ),
        ("no acr, no amr", json!({ "acr": null, "amr": null }), false),
        ("amr of the list", json!({ "acr": "0", "amr": ["pwd", "hwk"] }), true),
        (
            "acr of the list",
            json!({ "acr": "urn:test:two-factors", "amr": [] }),
            true,
        ),
        (
            "part of an acr",
            json!({ "acr": "urn:test:two-factors:not", "amr": [] }),
            false,
        ),
        ("no auth_time", json!({ "auth_time": null }), false),
        ("auth_time an hour ago", json!({ "auth_time": now - 3_600 }), false),
        (
            "auth_time less than an hour ago",
            json!({ "auth_time": now - 3_599 }),
            true,
        ),
        ("auth_time to come", json!({ "auth_time": now + 3_600 }), false),
    ];
    for (case, change, expected) in cases {
        let mut claims = meeting.claims();
        claims
            .as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        let identity = meeting
            .takes(&meeting.key.sign(&meeting.key.header(), &claims))
            .await
            .unwrap();
        assert_eq!(identity.second_factor_until.is_some(), expected, "{case}");
        let latest = domain::Moment(now * 1000 + 3_600_000);
        assert!(
            identity.second_factor_until.is_none_or(|until| until <= latest),
            "{case}: never longer than from now"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logout_token_is_one_and_nothing_else_is() {
    let meeting = Meeting::new().await;
    let now = meeting.claims()["iat"].as_i64().unwrap();
    let event = json!({ "http://schemas.openid.net/event/backchannel-logout": {} });
    let good = json!({ "iss": meeting.hostile.issuer, "sub": "subject-1", "aud": "chengdang", "iat": now, "exp": now + 120,
        "jti": "token-1", "sid": "session-1", "events": event });
    let mut header = meeting.key.header();
    for kind in ["logout+jwt", "JWT"] {
        header["typ"] = json!(kind);
        let ended = meeting
            .provider
            .logged_out(&meeting.key.sign(&header, &good))
            .await
            .unwrap();
        assert_eq!(
            (ended.subject.as_str(), ended.session.as_deref()),
            ("subject-1", Some("session-1"))
        );
    }
    for (case, claim, value) in [
        ("a nonce", "nonce", json!("the-nonce")),
        ("no event", "events", Value::Null),
        (
            "another event",
            "events",
            json!({ "http://schemas.openid.net/event/other": {} }),
        ),
        (
            "an event that is no object",
            "events",
            json!({ "http://schemas.openid.net/event/backchannel-logout": 1 }),
        ),
        ("no id", "jti", Value::Null),
        ("another audience", "aud", json!("another-client")),
        ("another issuer", "iss", json!("https://other.example")),
        ("expired", "exp", json!(now - 61)),
        ("old", "iat", json!(now - 361)),
    ] {
        let mut claims = good.clone();
        claims[claim] = value;
        let result = meeting.provider.logged_out(&meeting.key.sign(&header, &claims)).await;
        assert_eq!(result.unwrap_err().code(), "SIGNIN-0006", "{case}");
    }
    let stranger = Key::es256("key-1");
    assert!(
        meeting
            .provider
            .logged_out(&stranger.sign(&header, &good))
            .await
            .is_err()
    );
    let id_token = meeting.key.sign(&meeting.key.header(), &meeting.claims());
    assert!(
        meeting.provider.logged_out(&id_token).await.is_err(),
        "an ID token ends nothing"
    );
}
