//! A small provider on the loopback that signs whatever a test tells it to. Shared with the tests of `web`.

use std::sync::{Arc, Mutex};

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RsaKeyPair};
use aws_lc_rs::{hmac, signature};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use serde_json::{Value, json};

pub(crate) const CLIENT: &str = "chengdang";

/// What the provider answers, and what it was asked.
pub(crate) struct Script {
    pub(crate) discovery: Value,
    pub(crate) keys: Vec<Value>,
    /// Status and body of the token endpoint.
    pub(crate) token: (u16, Value),
    /// `Authorization` and body of each question to the token endpoint.
    pub(crate) exchanges: Vec<(String, String)>,
    /// How often the keys were read.
    pub(crate) key_reads: usize,
}

#[derive(Clone)]
pub(crate) struct Hostile {
    pub(crate) issuer: String,
    script: Arc<Mutex<Script>>,
}

impl Hostile {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let discovery = json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/keys"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256", "RS256", "HS256", "none"],
            "authorization_response_iss_parameter_supported": true
        });
        let script = Arc::new(Mutex::new(Script {
            discovery,
            keys: Vec::new(),
            token: (500, Value::Null),
            exchanges: Vec::new(),
            key_reads: 0,
        }));
        let hostile = Self { issuer, script };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery_document))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .with_state(hostile.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        hostile
    }

    /// Changes or reads what it does.
    pub(crate) fn script<T>(&self, with: impl FnOnce(&mut Script) -> T) -> T {
        with(&mut self.script.lock().unwrap())
    }

    /// The token endpoint hands out this token from now on.
    pub(crate) fn hands_out(&self, token: &str) {
        self.script(|script| {
            script.token = (
                200,
                json!({ "access_token": "opaque", "token_type": "Bearer", "expires_in": 60, "id_token": token }),
            );
        });
    }
}

async fn discovery_document(State(hostile): State<Hostile>) -> Response {
    Json(hostile.script(|script| script.discovery.clone())).into_response()
}

async fn keys(State(hostile): State<Hostile>) -> Response {
    let keys = hostile.script(|script| {
        script.key_reads += 1;
        script.keys.clone()
    });
    Json(json!({ "keys": keys })).into_response()
}

async fn token(State(hostile): State<Hostile>, headers: HeaderMap, body: String) -> Response {
    let (status, answer) = hostile.script(|script| {
        let bearer = headers
            .get(header::AUTHORIZATION)
            .map_or("", |value| value.to_str().unwrap());
        script.exchanges.push((bearer.to_owned(), body));
        script.token.clone()
    });
    (StatusCode::from_u16(status).unwrap(), Json(answer)).into_response()
}

/// A key pair of the provider, or of whoever pretends to be it.
pub(crate) enum Key {
    Es256(String, EcdsaKeyPair),
    Rs256(String, RsaKeyPair),
}

impl Key {
    pub(crate) fn es256(id: &str) -> Self {
        Self::Es256(
            id.to_owned(),
            EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
        )
    }

    pub(crate) fn rs256(id: &str) -> Self {
        Self::Rs256(id.to_owned(), RsaKeyPair::generate(KeySize::Rsa2048).unwrap())
    }

    pub(crate) fn header(&self) -> Value {
        match self {
            Self::Es256(id, _) => json!({ "alg": "ES256", "kid": id, "typ": "JWT" }),
            Self::Rs256(id, _) => json!({ "alg": "RS256", "kid": id, "typ": "JWT" }),
        }
    }

    /// The public half as a JWK.
    pub(crate) fn public(&self) -> Value {
        match self {
            Self::Es256(id, pair) => {
                let point = pair.public_key().as_ref();
                json!({ "kty": "EC", "crv": "P-256", "use": "sig", "kid": id, "alg": "ES256",
                    "x": B64.encode(&point[1..33]), "y": B64.encode(&point[33..65]) })
            }
            Self::Rs256(id, pair) => {
                let parts = PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                json!({ "kty": "RSA", "use": "sig", "kid": id, "alg": "RS256",
                    "n": B64.encode(&parts.n), "e": B64.encode(&parts.e) })
            }
        }
    }

    /// The public half as a file would hold it: what an HMAC under the public key would take for its key.
    pub(crate) fn public_bytes(&self) -> Vec<u8> {
        match self {
            Self::Es256(_, pair) => pair.public_key().as_der().unwrap().as_ref().to_vec(),
            Self::Rs256(_, pair) => AsDer::<aws_lc_rs::encoding::PublicKeyX509Der<'_>>::as_der(pair.public_key())
                .unwrap()
                .as_ref()
                .to_vec(),
        }
    }

    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        let message = unsigned(header, claims);
        let random = SystemRandom::new();
        let signature = match self {
            Self::Es256(_, pair) => pair.sign(&random, message.as_bytes()).unwrap().as_ref().to_vec(),
            Self::Rs256(_, pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(
                    &signature::RSA_PKCS1_SHA256,
                    &random,
                    message.as_bytes(),
                    &mut signature,
                )
                .unwrap();
                signature
            }
        };
        format!("{message}.{}", B64.encode(signature))
    }
}

/// Header and claims, still without a signature.
pub(crate) fn unsigned(header: &Value, claims: &Value) -> String {
    format!("{}.{}", B64.encode(header.to_string()), B64.encode(claims.to_string()))
}

/// The same under an HMAC.
pub(crate) fn under_hmac(key: &[u8], header: &Value, claims: &Value) -> String {
    let message = unsigned(header, claims);
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message.as_bytes());
    format!("{message}.{}", B64.encode(tag))
}

/// What a good ID token says.
pub(crate) fn claims(issuer: &str, now_ms: i64, nonce: &str) -> Value {
    let now = now_ms / 1000;
    json!({ "iss": issuer, "sub": "subject-1", "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": nonce,
        "auth_time": now - 10, "acr": "urn:test:two-factors", "amr": ["pwd", "otp"], "sid": "session-1" })
}
