//! A department's system: a key of its own, and requests that it signs as RFC 9421 says.

use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use vault::Vault;
use vault::suite::{International, Suite};

use crate::client::Reply;
use crate::town::{Login, Town};

static NONCES: AtomicU64 = AtomicU64::new(0);

/// What a system signs with.
pub(crate) enum Key {
    /// The private key, which is any vault's.
    Own(Vault),
    /// The key of a session.
    Session(Vec<u8>),
}

pub(crate) struct Machine {
    pub(crate) key: Key,
    pub(crate) key_id: String,
    /// The system's id.
    pub(crate) system: String,
}

/// A request before it is signed; each test changes what it wants.
#[derive(Clone)]
pub(crate) struct Draft {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) body: Vec<u8>,
    pub(crate) components: Vec<&'static str>,
    pub(crate) created: i64,
    pub(crate) nonce: String,
    pub(crate) algorithm: &'static str,
    pub(crate) officer: Option<String>,
    /// Idempotency key.
    pub(crate) once: Option<String>,
}

pub(crate) fn draft(town: &Town, method: &'static str, path: &str, body: &[u8]) -> Draft {
    let mut components = vec!["@method", "@target-uri"];
    if !body.is_empty() {
        components.extend(["content-digest", "content-type"]);
    }
    Draft {
        method,
        path: path.to_owned(),
        body: body.to_vec(),
        components,
        created: town.seconds(),
        nonce: format!("nonce-of-a-test-{:08}", NONCES.fetch_add(1, Ordering::SeqCst)),
        algorithm: "ed25519",
        officer: None,
        once: None,
    }
}

impl Draft {
    pub(crate) fn by(mut self, officer: &str) -> Self {
        self.officer = Some(officer.to_owned());
        self.components.push("chengdang-officer");
        self
    }

    pub(crate) fn under(mut self, key: &str) -> Self {
        self.once = Some(key.to_owned());
        self.components.push("idempotency-key");
        self
    }
}

/// A request with its headers, ready to be sent, altered or sent again.
#[derive(Clone)]
pub(crate) struct Sealed {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Machine {
    pub(crate) fn sign(&self, draft: &Draft) -> Sealed {
        let digest = format!("sha-256=:{}:", STANDARD.encode(vault::digest(&[&draft.body])));
        let mut headers = Vec::new();
        if !draft.body.is_empty() {
            let is_stream = draft.path.starts_with("/api/v1/comparisons");
            let kind = if is_stream {
                "application/x-ndjson"
            } else {
                "application/json"
            };
            headers.push(("content-type", kind.to_owned()));
            headers.push(("content-digest", digest));
        }
        headers.extend(draft.officer.clone().map(|text| ("chengdang-officer", text)));
        headers.extend(draft.once.clone().map(|key| ("idempotency-key", key)));
        let (path, query) = draft.path.split_once('?').unwrap_or((&draft.path, ""));
        let mut base = String::new();
        for name in &draft.components {
            let value = match *name {
                "@method" => draft.method.to_owned(),
                "@target-uri" => format!("http://chengdang.test{}", draft.path),
                "@authority" => "chengdang.test".to_owned(),
                "@path" => path.to_owned(),
                "@query" => format!("?{query}"),
                header => headers.iter().find(|(known, _)| *known == header).unwrap().1.clone(),
            };
            base.extend(["\"", name, "\": ", &value, "\n"]);
        }
        let names: Vec<String> = draft.components.iter().map(|name| format!("\"{name}\"")).collect();
        let input = format!(
            "({});created={};nonce=\"{}\";keyid=\"{}\";alg=\"{}\"",
            names.join(" "),
            draft.created,
            draft.nonce,
            self.key_id,
            draft.algorithm
        );
        base.extend(["\"@signature-params\": ", &input]);
        let signature = match &self.key {
            Key::Own(vault) => vault.sign(base.as_bytes()).to_vec(),
            Key::Session(key) => International.mac_key(key).mac(&[base.as_bytes()]).to_vec(),
        };
        headers.push(("signature-input", format!("chengdang={input}")));
        headers.push(("signature", format!("chengdang=:{}:", STANDARD.encode(signature))));
        Sealed {
            method: draft.method,
            path: draft.path.clone(),
            headers,
            body: draft.body.clone(),
        }
    }
}

impl Sealed {
    pub(crate) async fn send(&self, client: &mut crate::client::Client) -> Reply {
        let headers: Vec<(&str, &str)> = self
            .headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        client.send(self.method, &self.path, &headers, self.body.clone()).await
    }

    pub(crate) fn set(&mut self, name: &'static str, value: &str) {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.to_owned()));
    }
}

/// A JSON request with a token.
pub(crate) async fn ask(town: &Town, token: &str, method: &str, path: &str, body: Option<Value>) -> Reply {
    let bearer = format!("Bearer {token}");
    let mut headers = vec![("authorization", bearer.as_str())];
    if body.is_some() {
        headers.push(("content-type", "application/json"));
    }
    let body = body.map_or_else(Vec::new, |body| body.to_string().into_bytes());
    town.client().send(method, path, &headers, body).await
}

/// Registers a system of `organisation` with one key.
pub(crate) async fn register(town: &Town, organisation: &str, name: &str) -> Machine {
    let token = town.token(&town.security_admin).await;
    let body = json!({ "organisation": organisation, "name": name });
    let made = ask(town, &token, "POST", "/api/v1/systems", Some(body)).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let system = made.json()["id"].as_str().unwrap().to_owned();
    let vault = Vault::ephemeral().unwrap();
    let body = json!({ "algorithm": "ed25519", "public_key": STANDARD.encode(vault.public_key()), "days": 30 });
    let made = ask(
        town,
        &token,
        "POST",
        &format!("/api/v1/systems/{system}/keys"),
        Some(body),
    )
    .await;
    assert_eq!(made.status, 201, "{}", made.body);
    Machine {
        key: Key::Own(vault),
        key_id: made.json()["key_id"].as_str().unwrap().to_owned(),
        system,
    }
}

/// The assertion of an officer for a system.
pub(crate) async fn assertion(town: &Town, officer: &Login, system: &str) -> Reply {
    let token = town.token(officer).await;
    ask(
        town,
        &token,
        "POST",
        "/api/v1/officer-assertions",
        Some(json!({ "system": system })),
    )
    .await
}
