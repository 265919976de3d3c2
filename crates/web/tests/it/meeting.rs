//! A town, an identity provider that may be hostile, and a browser between them.

use std::sync::Arc;

use oidc::{Provider, SecondFactor, Settings};
use serde_json::{Value, json};

use crate::client::{Client, Reply};
use crate::hostile::{CLIENT, Hostile, Key, claims};
use crate::town::{Login, Town};

pub(crate) const MINUTE_MS: i64 = 60_000;
pub(crate) const SECRET: &str = "a secret of the test";

/// A town whose officer `officer` is bound to `subject-1` of a hostile provider.
pub(crate) struct Meeting {
    pub(crate) town: Town,
    pub(crate) hostile: Hostile,
    pub(crate) key: Key,
    pub(crate) provider: Arc<Provider>,
}

/// A question as it was put to the provider.
pub(crate) struct Asked {
    pub(crate) address: String,
    pub(crate) state: String,
    pub(crate) nonce: String,
}

pub(crate) fn parameter(address: &str, name: &str) -> String {
    let (_, query) = address.split_once('?').unwrap();
    let found = query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")));
    found.unwrap_or_default().to_owned()
}

impl Meeting {
    pub(crate) async fn new() -> Self {
        Self::with(Key::es256("key-1")).await
    }

    pub(crate) async fn with(key: Key) -> Self {
        let meeting = Self::unmet(key).await;
        meeting.provider.refresh().await.unwrap();
        let officer = meeting.account_of("officer").await;
        let reply = meeting.bind(&officer, "subject-1").await;
        assert_eq!(reply.status, 204, "{}", reply.body);
        meeting
    }

    /// The provider is configured and was not reached yet.
    pub(crate) async fn unmet(key: Key) -> Self {
        let town = Town::new().await;
        let hostile = Hostile::start().await;
        hostile.script(|script| script.keys = vec![key.public()]);
        let settings = Settings {
            issuer: hostile.issuer.clone(),
            client_id: CLIENT.to_owned(),
            client_secret: Some(SECRET.to_owned()),
            redirect: "http://127.0.0.1:8370/login/return".to_owned(),
            second_factor: SecondFactor {
                acr: vec!["urn:test:two-factors".to_owned()],
                amr: vec!["hwk".to_owned()],
                minutes: 60,
                login_again: false,
            },
            authorities: Vec::new(),
            allows_loopback_http: true,
        };
        let provider = Arc::new(Provider::new(settings, town.clock()).unwrap());
        Self {
            town,
            hostile,
            key,
            provider,
        }
    }

    pub(crate) fn client(&self) -> Client {
        let provider = Some(Arc::clone(&self.provider));
        Client::new(web::router_with(self.town.app.clone(), self.town.settings, provider))
    }

    pub(crate) async fn api(&self, login: &Login, method: &str, path: &str, body: Option<Value>) -> Reply {
        let bearer = format!("Bearer {}", self.town.token(login).await);
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        self.client().send(method, path, &headers, body).await
    }

    pub(crate) async fn accounts(&self) -> Vec<Value> {
        let reply = self.api(&self.town.system_admin, "GET", "/api/v1/accounts", None).await;
        reply.json().as_array().unwrap().clone()
    }

    pub(crate) async fn account_of(&self, login: &str) -> String {
        let accounts = self.accounts().await;
        let found = accounts.iter().find(|account| account["login"] == login).unwrap();
        found["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn bind(&self, account: &str, subject: &str) -> Reply {
        let path = format!("/api/v1/accounts/{account}/subject");
        let body = json!({ "subject": subject });
        self.api(&self.town.system_admin, "PUT", &path, Some(body)).await
    }

    pub(crate) async fn unbind(&self, account: &str) -> Reply {
        let path = format!("/api/v1/accounts/{account}/subject");
        self.api(&self.town.system_admin, "DELETE", &path, None).await
    }

    /// Goes to `path`, which sends the browser to the provider.
    pub(crate) async fn asks(&self, client: &mut Client, path: &str) -> Asked {
        let reply = client.get(path).await;
        let address = reply.location();
        assert_eq!(reply.status, 303, "{path}: {}", reply.body);
        assert!(
            address.starts_with(&format!("{}/authorize?", self.hostile.issuer)),
            "{address}"
        );
        let cookie = reply.header("set-cookie");
        assert!(cookie.starts_with("chengdang-sign-in="), "{cookie}");
        assert!(cookie.contains("; HttpOnly; SameSite=Lax; Max-Age=600"), "{cookie}");
        Asked {
            state: parameter(&address, "state"),
            nonce: parameter(&address, "nonce"),
            address,
        }
    }

    pub(crate) fn claims(&self, asked: &Asked) -> Value {
        claims(&self.hostile.issuer, self.town.seconds() * 1000, &asked.nonce)
    }

    pub(crate) fn token(&self, claims: &Value) -> String {
        self.key.sign(&self.key.header(), claims)
    }

    pub(crate) fn return_path(&self, asked: &Asked) -> String {
        let issuer = self.hostile.issuer.replace(':', "%3A").replace('/', "%2F");
        format!("/login/return?state={}&code=the-code&iss={issuer}", asked.state)
    }

    /// The provider answers with `token`.
    pub(crate) async fn answers(&self, client: &mut Client, asked: &Asked, token: &str) -> Reply {
        self.hostile.hands_out(token);
        client.get(&self.return_path(asked)).await
    }

    /// Signs `subject` in, with `changes` to the good claims.
    pub(crate) async fn signs_in(&self, client: &mut Client, path: &str, changes: &Value) -> Reply {
        let asked = self.asks(client, path).await;
        let mut claims = self.claims(&asked);
        claims
            .as_object_mut()
            .unwrap()
            .extend(changes.as_object().unwrap().clone());
        self.answers(client, &asked, &self.token(&claims)).await
    }

    /// A browser in which the officer is signed in, with a second factor or without.
    pub(crate) async fn signed_in(&self, is_strong: bool) -> Client {
        let mut client = self.client();
        let changes = if is_strong { json!({}) } else { weak() };
        let reply = self.signs_in(&mut client, "/login/provider", &changes).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        client
    }
}

pub(crate) fn weak() -> Value {
    json!({ "acr": "urn:test:password", "amr": ["pwd"] })
}

pub(crate) fn session(client: &Client) -> Option<&String> {
    client.cookies.get("chengdang")
}

pub(crate) fn assert_refused(reply: &Reply, status: u16, code: &str, case: &str) {
    assert_eq!(reply.status, status, "{case}: {}", reply.body);
    assert!(reply.body.contains(code), "{case}: {code} in {}", reply.body);
    let cookies = reply.headers.get_all("set-cookie").iter();
    assert_eq!(cookies.count(), 0, "{case}: nobody is signed in");
}
