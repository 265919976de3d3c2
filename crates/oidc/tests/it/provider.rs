//! Discovery, keys, the question and the exchange.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use domain::{Clock, Moment};
use oidc::{Answer, Once, Provider, ProviderFault, SecondFactor, Settings, Wanted};
use serde_json::json;

use crate::hostile::{CLIENT, Hostile, Key, claims};

/// 2026-11-24 10:00 in China.
const START_MS: i64 = 1_795_485_600_000;

pub(crate) struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Moment {
        Moment(self.0.load(Ordering::SeqCst))
    }
}

impl TestClock {
    pub(crate) fn pass(&self, elapsed_ms: i64) {
        self.0.fetch_add(elapsed_ms, Ordering::SeqCst);
    }
}

/// A hostile provider with one good key, and us.
pub(crate) struct Meeting {
    pub(crate) hostile: Hostile,
    pub(crate) key: Key,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) provider: Provider,
}

pub(crate) fn settings(issuer: &str) -> Settings {
    Settings {
        issuer: issuer.to_owned(),
        client_id: CLIENT.to_owned(),
        client_secret: Some("a secret of the test".to_owned()),
        redirect: "http://127.0.0.1:8370/login/return".to_owned(),
        second_factor: SecondFactor {
            acr: vec!["urn:test:two-factors".to_owned()],
            amr: vec!["hwk".to_owned()],
            minutes: 60,
            login_again: false,
        },
        authorities: Vec::new(),
        allows_loopback_http: true,
    }
}

pub(crate) fn once() -> Once {
    Once {
        state: "the-state".to_owned(),
        nonce: "the-nonce".to_owned(),
        verifier: "a-verifier-of-forty-three-characters-or-more".to_owned(),
    }
}

impl Meeting {
    pub(crate) async fn new() -> Self {
        Self::with(Key::es256("key-1")).await
    }

    pub(crate) async fn with(key: Key) -> Self {
        let hostile = Hostile::start().await;
        hostile.script(|script| script.keys = vec![key.public()]);
        let clock = Arc::new(TestClock(AtomicI64::new(START_MS)));
        let provider = Provider::new(settings(&hostile.issuer), Arc::clone(&clock) as Arc<dyn Clock>).unwrap();
        provider.refresh().await.unwrap();
        Self {
            hostile,
            key,
            clock,
            provider,
        }
    }

    pub(crate) fn claims(&self) -> serde_json::Value {
        claims(&self.hostile.issuer, self.clock.now().0, "the-nonce")
    }

    /// Takes `token` as the answer to the question of `once`.
    pub(crate) async fn takes(&self, token: &str) -> Result<oidc::Identity, ProviderFault> {
        self.hostile.hands_out(token);
        self.identify(Some(&self.hostile.issuer)).await
    }

    async fn identify(&self, issuer: Option<&str>) -> Result<oidc::Identity, ProviderFault> {
        let answer = Answer {
            code: "the-code",
            issuer,
        };
        self.provider.identify(answer, &once()).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_answer_names_the_subject_and_the_second_factor() {
    for key in [Key::es256("key-1"), Key::rs256("key-2")] {
        let meeting = Meeting::with(key).await;
        let identity = meeting
            .takes(&meeting.key.sign(&meeting.key.header(), &meeting.claims()))
            .await
            .unwrap();
        assert_eq!(identity.subject, "subject-1");
        assert_eq!(
            identity.second_factor_until,
            Some(Moment(START_MS - 10_000 + 3_600_000))
        );
        assert_eq!(identity.session.as_deref(), Some("session-1"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_question_carries_pkce_state_nonce_and_the_one_redirect() {
    let meeting = Meeting::new().await;
    let address = meeting.provider.address(&once(), Wanted::SignIn).unwrap();
    let has = |address: &str, part: &str| assert!(address.contains(part), "{part} in {address}");
    for part in [
        "/authorize?response_type=code",
        "client_id=chengdang",
        "state=the-state",
        "nonce=the-nonce",
        "scope=openid",
        "code_challenge_method=S256",
        "redirect_uri=http%3A%2F%2F127.0.0.1%3A8370%2Flogin%2Freturn",
    ] {
        has(&address, part);
    }
    assert!(!address.contains("a-verifier-of"), "the verifier stays here");
    assert!(
        !address.contains("max_age") && !address.contains("acr_values"),
        "{address}"
    );

    let address = meeting.provider.address(&once(), Wanted::StepUp).unwrap();
    has(&address, "acr_values=urn%3Atest%3Atwo-factors");
    has(&address, "max_age=300");

    let mut choices = settings(&meeting.hostile.issuer);
    choices.second_factor.login_again = true;
    let again = Provider::new(choices, Arc::clone(&meeting.clock) as Arc<dyn Clock>).unwrap();
    again.refresh().await.unwrap();
    has(&again.address(&once(), Wanted::StepUp).unwrap(), "prompt=login");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exchange_shows_secret_verifier_and_redirect() {
    let meeting = Meeting::new().await;
    meeting
        .takes(&meeting.key.sign(&meeting.key.header(), &meeting.claims()))
        .await
        .unwrap();
    let (authorization, body) = meeting.hostile.script(|script| script.exchanges.remove(0));
    assert!(authorization.starts_with("Basic "), "{authorization}");
    for part in [
        "grant_type=authorization_code",
        "code=the-code",
        "code_verifier=a-verifier-of-forty-three-characters-or-more",
        "redirect_uri=http%3A%2F%2F127.0.0.1%3A8370%2Flogin%2Freturn",
    ] {
        assert!(body.contains(part), "{part} in {body}");
    }
    assert!(
        !body.contains("secret"),
        "the secret is in the header, as RFC 6749 §2.3.1 prefers"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_another_provider_is_not_exchanged() {
    let meeting = Meeting::new().await;
    meeting
        .hostile
        .hands_out(&meeting.key.sign(&meeting.key.header(), &meeting.claims()));
    for issuer in [
        None,
        Some("https://other.example"),
        Some(""),
        Some(&*format!("{}/", meeting.hostile.issuer)),
    ] {
        assert_eq!(
            meeting.identify(issuer).await,
            Err(ProviderFault::OtherIssuer),
            "{issuer:?}"
        );
    }
    assert_eq!(
        meeting.hostile.script(|script| script.exchanges.len()),
        0,
        "the code went nowhere"
    );

    // A provider that does not promise the parameter may leave it out, and must still not name another.
    meeting
        .hostile
        .script(|script| script.discovery["authorization_response_iss_parameter_supported"] = json!(false));
    meeting.provider.refresh().await.unwrap();
    assert!(meeting.identify(None).await.is_ok());
    assert_eq!(
        meeting.identify(Some("https://other.example")).await,
        Err(ProviderFault::OtherIssuer)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_the_provider_does_not_take_is_a_fault_of_the_code_and_a_wrong_secret_one_of_ours() {
    let meeting = Meeting::new().await;
    for (error, expected) in [("invalid_grant", "SIGNIN-0005"), ("invalid_client", "SIGNIN-0001")] {
        meeting
            .hostile
            .script(|script| script.token = (400, json!({ "error": error })));
        let fault = meeting.identify(Some(&meeting.hostile.issuer)).await.unwrap_err();
        assert_eq!(fault.code(), expected, "{error}");
    }
    meeting
        .hostile
        .script(|script| script.token = (200, json!({ "access_token": "x", "token_type": "Bearer" })));
    assert_eq!(
        meeting
            .identify(Some(&meeting.hostile.issuer))
            .await
            .unwrap_err()
            .code(),
        "SIGNIN-0006"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_not_the_configured_one_or_not_safe_is_not_known() {
    let hostile = Hostile::start().await;
    let clock = Arc::new(TestClock(AtomicI64::new(START_MS)));
    let provider = Provider::new(settings(&hostile.issuer), Arc::clone(&clock) as Arc<dyn Clock>).unwrap();
    assert!(!provider.is_available(), "nobody was asked yet");
    let good = hostile.script(|script| script.discovery.clone());
    for (field, value) in [
        ("issuer", json!("https://other.example")),
        ("authorization_endpoint", json!("http://id.example/authorize")),
        ("authorization_endpoint", json!("javascript:alert(1)")),
        ("token_endpoint", json!("http://id.example/token")),
        ("token_endpoint", json!(null)),
        ("jwks_uri", json!("file:///etc/passwd")),
        ("jwks_uri", json!("http://192.0.2.1/keys")),
    ] {
        hostile.script(|script| {
            script.discovery = good.clone();
            script.discovery[field] = value.clone();
        });
        assert!(provider.refresh().await.is_err(), "{field} {value}");
        assert!(!provider.is_available(), "{field} {value}");
        assert_eq!(
            provider.address(&once(), Wanted::SignIn).unwrap_err().code(),
            "SIGNIN-0001"
        );
    }
    hostile.script(|script| script.discovery = good);
    provider.refresh().await.unwrap();
    assert!(provider.is_available());
    clock.pass(3_600_001);
    assert!(!provider.is_available(), "what was read an hour ago is known no longer");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_end_is_cut_off() {
    let meeting = Meeting::new().await;
    meeting
        .hostile
        .script(|script| script.discovery["padding"] = json!("x".repeat(300 * 1024)));
    assert_eq!(meeting.provider.refresh().await.unwrap_err().code(), "SIGNIN-0001");
    let long = "x".repeat(20_000);
    assert_eq!(
        meeting.provider.logged_out(&long).await.unwrap_err().code(),
        "SIGNIN-0006"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_of_the_provider_is_taken_up_and_asked_for_once_a_minute() {
    let meeting = Meeting::new().await;
    let next = Key::es256("key-2");
    meeting.hostile.script(|script| script.keys = vec![next.public()]);
    meeting.clock.pass(61_000);
    let before = meeting.hostile.script(|script| script.key_reads);
    let token = next.sign(&next.header(), &meeting.claims());
    assert!(meeting.takes(&token).await.is_ok(), "the rotation is followed");
    // The old one is withdrawn: its tokens are refused from now on, and do not make us ask each time.
    let old = meeting.key.sign(&meeting.key.header(), &meeting.claims());
    for _ in 0..5 {
        assert_eq!(meeting.takes(&old).await.unwrap_err().code(), "SIGNIN-0006");
    }
    assert_eq!(meeting.hostile.script(|script| script.key_reads), before + 1);
}
