//! Events over HTTP: a recipient on loopback that checks the signature by the published keys, and answers as it likes.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use app::events::{self, Sent};
use app::lifecycle;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use policy::{Caller, CallerKind, WithdrawRecord};
use serde_json::{Value, json};
use uuid::Uuid;
use web::WebSettings;
use web::webhook::{HttpSender, SenderSettings};

use crate::look_ups::{about, call, prepared};
use crate::machine::{self, Machine, ask, draft};
use crate::town::Town;

/// How a recipient answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    Takes,
    Fails,
    Refuses,
    Redirects,
    Hangs,
    /// Says much more than anybody wants to read.
    Babbles,
}

struct Seen {
    manner: Manner,
    /// Method, path, headers and body of each request.
    requests: Vec<(Method, Uri, HeaderMap, Bytes)>,
}

/// A recipient: a server of its own on loopback.
#[derive(Clone)]
struct Receiver {
    address: String,
    seen: Arc<Mutex<Seen>>,
}

async fn receive(
    State(seen): State<Arc<Mutex<Seen>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let manner = {
        let mut seen = seen.lock().unwrap();
        seen.requests.push((method, uri, headers, body));
        seen.manner
    };
    match manner {
        Manner::Takes => StatusCode::NO_CONTENT.into_response(),
        Manner::Fails => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Manner::Refuses => StatusCode::GONE.into_response(),
        Manner::Redirects => (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, "/elsewhere")]).into_response(),
        Manner::Hangs => std::future::pending().await,
        Manner::Babbles => (StatusCode::OK, "x".repeat(8 << 20)).into_response(),
    }
}

impl Receiver {
    async fn start() -> Self {
        let seen = Arc::new(Mutex::new(Seen {
            manner: Manner::Takes,
            requests: Vec::new(),
        }));
        let router = Router::new().fallback(receive).with_state(Arc::clone(&seen));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, seen }
    }

    fn behave(&self, manner: Manner) {
        self.seen.lock().unwrap().manner = manner;
    }

    fn requests(&self) -> Vec<(Method, Uri, HeaderMap, Bytes)> {
        self.seen.lock().unwrap().requests.clone()
    }

    fn count(&self) -> usize {
        self.seen.lock().unwrap().requests.len()
    }
}

fn sender(allows_loopback: bool) -> HttpSender {
    let settings = SenderSettings {
        allows_loopback,
        patience: Duration::from_millis(700),
        ..SenderSettings::default()
    };
    HttpSender::new(&settings).unwrap()
}

/// A town whose officer and whose system looked the resident up; the endpoint of the system is `url`.
struct Told {
    town: Town,
    machine: Machine,
    look_up: String,
    record: String,
}

async fn told(url: &str) -> Told {
    let town = Town::with(WebSettings {
        allows_loopback_endpoints: true,
        ..WebSettings::default()
    })
    .await;
    let token = prepared(&town).await;
    let machine = machine::register(&town, town.provider.as_str(), "licensing").await;
    let assertion = machine::assertion(&town, &town.officer, &machine.system).await.json();
    let asked = about(&town.number, "测试甲");
    let by_officer = call(&town, &token, "POST", "/api/v1/look-ups", &asked, Some("key-00000001")).await;
    assert_eq!(by_officer.status, 200, "{}", by_officer.body);
    let draft = draft(&town, "POST", "/api/v1/look-ups", asked.to_string().as_bytes());
    let draft = draft.by(assertion["assertion"].as_str().unwrap()).under("key-00000002");
    let sealed = machine.sign(&draft);
    let answer = sealed.send(&mut town.client()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let answer = answer.json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let told = Told {
        look_up: text(&answer["id"]),
        record: text(&answer["items"][1]["records"][0]["record"]),
        town,
        machine,
    };
    told.set_endpoint(url, 200).await;
    told
}

impl Told {
    async fn set_endpoint(&self, url: &str, expected: u16) {
        let token = self.town.token(&self.town.security_admin).await;
        let path = format!("/api/v1/systems/{}/endpoint", self.machine.system);
        let set = ask(&self.town, &token, "PUT", &path, Some(json!({ "url": url }))).await;
        assert_eq!(set.status, expected, "{url}: {}", set.body);
    }

    async fn withdraw(&self) {
        let officer = Caller {
            account: Uuid::from_u128(1),
            kind: CallerKind::Officer,
            organisation: Some(self.town.provider.clone()),
            second_factor: true,
            behind: None,
        };
        let question = WithdrawRecord {
            record: Uuid::parse_str(&self.record).unwrap(),
            provider: self.town.provider.clone(),
        };
        let permit = self.town.app.policies().decide(&officer, question).unwrap();
        lifecycle::withdraw(&self.town.app, &permit, "决定已撤销")
            .await
            .unwrap();
    }

    /// One turn of the job runner, an hour after the last.
    async fn turn(&self, sender: &HttpSender) -> Sent {
        self.town.pass(3_600_000);
        let holder = Uuid::from_u128(9);
        events::make_once(&self.town.app, holder).await.unwrap();
        events::send_once(&self.town.app, holder, sender)
            .await
            .unwrap()
            .unwrap()
    }

    /// A request of the system, signed, without an officer.
    async fn ask(&self, method: &'static str, path: &str, body: Option<Value>) -> crate::client::Reply {
        let body = body.map_or_else(Vec::new, |body| body.to_string().into_bytes());
        let sealed = self.machine.sign(&draft(&self.town, method, path, &body));
        sealed.send(&mut self.town.client()).await
    }
}

const TOLD: Sent = Sent {
    told: 1,
    put_off: 0,
    given_up: 0,
};
const PUT_OFF: Sent = Sent {
    told: 0,
    put_off: 1,
    given_up: 0,
};

/// Checks a request as a department's system does, by nothing but the published keys; its event.
async fn checked(town: &Town, receiver: &Receiver, request: &(Method, Uri, HeaderMap, Bytes)) -> Value {
    let (method, uri, headers, body) = request;
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    assert_eq!((method.as_str(), uri.path()), ("POST", "/events"));
    assert_eq!(header("content-type"), "application/cloudevents+json; charset=utf-8");
    let digest = format!("sha-256=:{}:", STANDARD.encode(vault::digest(&[body])));
    assert_eq!(header("content-digest"), digest);

    let input = header("signature-input");
    let parameters = input.strip_prefix("sig=").unwrap();
    let value = |name: &str| {
        let rest = parameters.split_once(&format!(";{name}=")).unwrap().1;
        rest.split(';').next().unwrap().trim_matches('"').to_owned()
    };
    assert_eq!(
        (value("alg").as_str(), value("tag").as_str()),
        ("ed25519", "chengdang-event")
    );
    let created: i64 = value("created").parse().unwrap();
    assert!((town.seconds() - created).abs() <= 1 && value("expires") == (created + 300).to_string());
    let base = format!(
        "\"@method\": POST\n\"@target-uri\": http://{}/events\n\"content-type\": {}\n\"content-digest\": {digest}\n\
         \"@signature-params\": {parameters}",
        receiver.address,
        header("content-type"),
    );
    let directory = town
        .client()
        .get("/.well-known/http-message-signatures-directory")
        .await;
    assert_eq!(
        directory.header("content-type"),
        "application/http-message-signatures-directory+json"
    );
    let keys = directory.json()["keys"].as_array().unwrap().clone();
    let key = keys.iter().find(|key| key["kid"] == value("keyid").as_str()).unwrap();
    assert_eq!((&key["kty"], &key["crv"]), (&json!("OKP"), &json!("Ed25519")));
    let key: [u8; 32] = URL_SAFE_NO_PAD
        .decode(key["x"].as_str().unwrap())
        .unwrap()
        .try_into()
        .unwrap();
    let signature = header("signature");
    let signature = signature.strip_prefix("sig=:").unwrap().strip_suffix(':').unwrap();
    let signature: [u8; 64] = STANDARD.decode(signature).unwrap().try_into().unwrap();
    vault::verify(&key, base.as_bytes(), &signature).unwrap();
    // The check can tell.
    let elsewhere = base.replace("/events", "/others");
    assert!(vault::verify(&key, elsewhere.as_bytes(), &signature).is_err());
    serde_json::from_slice(body).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recipient_gets_a_signed_event_reads_on_and_has_it_sent_again() {
    let receiver = Receiver::start().await;
    let told = told(&format!("http://{}/events", receiver.address)).await;
    let sender = sender(true);
    assert_eq!(told.turn(&sender).await, Sent::default(), "nothing fell");
    told.withdraw().await;
    assert_eq!(told.turn(&sender).await, TOLD);
    let requests = receiver.requests();
    assert_eq!(requests.len(), 1);
    let event = checked(&told.town, &receiver, &requests[0]).await;
    assert_eq!(told.turn(&sender).await, Sent::default(), "once");
    assert_eq!(
        (&event["specversion"], &event["type"]),
        (&json!("1.0"), &json!("chengdang.record.withdrawn"))
    );
    assert_eq!(
        (&event["data"]["look_up"], &event["data"]["record"]),
        (&json!(told.look_up), &json!(told.record))
    );
    let text = event.to_string();
    assert!(
        !text.contains(&told.town.number) && !text.contains("测试甲") && !text.contains("预包装"),
        "{text}"
    );

    // The same event, read by the system from a cursor on, and by nobody else.
    let page = told.ask("GET", "/api/v1/events", None).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert_eq!(page.json()["events"], json!([event]));
    let cursor = page.json()["cursor"].as_str().unwrap().to_owned();
    let next = told.ask("GET", &format!("/api/v1/events?after={cursor}"), None).await;
    assert_eq!(next.json(), json!({ "events": [], "cursor": cursor }));
    let absent = told
        .ask("GET", &format!("/api/v1/events?after={}", Uuid::from_u128(5)), None)
        .await;
    let stranger = told.town.token(&told.town.stranger).await;
    let others = ask(
        &told.town,
        &stranger,
        "GET",
        &format!("/api/v1/events?after={cursor}"),
        None,
    )
    .await;
    assert_eq!((absent.status, others.status), (404, 404));
    let officer = told.town.token(&told.town.officer).await;
    let of_officers = ask(&told.town, &officer, "GET", "/api/v1/events?limit=5", None)
        .await
        .json();
    assert_eq!(of_officers["events"].as_array().unwrap().len(), 1);
    assert_ne!(of_officers["events"][0]["id"], event["id"], "the officer's own look-up");

    // Sent again under the same id, with a signature of its own.
    for (body, expected) in [(json!({}), 1), (json!({ "after": cursor }), 0)] {
        let replayed = told.ask("POST", "/api/v1/events/replay", Some(body)).await;
        assert_eq!((replayed.status, replayed.json()), (202, json!({ "events": expected })));
    }
    assert_eq!(told.turn(&sender).await, TOLD);
    let requests = receiver.requests();
    assert_eq!(checked(&told.town, &receiver, &requests[1]).await, event);
    assert_ne!(requests[0].2["signature-input"], requests[1].2["signature-input"]);

    // The person sees who was told, and when.
    let own = told.town.token(&told.town.resident).await;
    let seen = ask(&told.town, &own, "GET", "/api/v1/me/events", None).await.json();
    let seen = seen.as_array().unwrap();
    assert_eq!(seen.len(), 2, "{seen:?}");
    let to_system: Vec<_> = seen.iter().filter(|told| told["is_to_system"] == true).collect();
    assert!(to_system[0]["told_at"].is_string() && to_system[0]["what"] == "withdrawn");
    let newcomer = told.town.token(&told.town.newcomer).await;
    let nobody = ask(&told.town, &newcomer, "GET", "/api/v1/me/events", None)
        .await
        .json();
    assert_eq!(nobody, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recipient_that_fails_refuses_redirects_or_hangs_gets_it_later() {
    let receiver = Receiver::start().await;
    let told = told(&format!("http://{}/events", receiver.address)).await;
    let sender = sender(true);
    told.withdraw().await;
    for (turn, manner) in [Manner::Fails, Manner::Refuses, Manner::Redirects, Manner::Hangs]
        .into_iter()
        .enumerate()
    {
        receiver.behave(manner);
        assert_eq!(told.turn(&sender).await, PUT_OFF, "{manner:?}");
        assert_eq!(receiver.count(), turn + 1, "{manner:?} is followed nowhere");
    }
    receiver.behave(Manner::Babbles);
    assert_eq!(told.turn(&sender).await, TOLD, "what it says is not read");
    let mut nonces = BTreeSet::new();
    let mut bodies = BTreeSet::new();
    for request in receiver.requests() {
        nonces.insert(request.2["signature-input"].clone().to_str().unwrap().to_owned());
        bodies.insert(request.3.to_vec());
    }
    assert_eq!(
        (nonces.len(), bodies.len()),
        (5, 1),
        "each attempt is signed anew, and is the same event"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_goes_nowhere_inside_unless_the_operator_says_so() {
    let receiver = Receiver::start().await;
    let port = receiver.address.rsplit(':').next().unwrap();
    // By name it is https, and the name leads to this host.
    let told = told(&format!("https://localhost:{port}/events")).await;
    told.withdraw().await;
    assert_eq!(told.turn(&sender(false)).await, PUT_OFF);
    for inside in [
        "https://127.0.0.1",
        "https://[::1]",
        "https://169.254.169.254",
        "https://10.0.0.1",
    ] {
        told.set_endpoint(&format!("{inside}:{port}/events"), 200).await;
        assert_eq!(told.turn(&sender(false)).await, PUT_OFF, "{inside}");
    }
    assert_eq!(receiver.count(), 0);
    // In clear, an endpoint that was allowed once is not any more.
    told.set_endpoint(&format!("http://{}/events", receiver.address), 200)
        .await;
    assert_eq!(told.turn(&sender(false)).await, PUT_OFF);
    assert_eq!(receiver.count(), 0);
    assert_eq!(told.turn(&sender(true)).await, TOLD);
    for url in [
        "http://system.example/events",
        "https://a:b@system.example/",
        "ftp://system.example/",
        "system.example",
    ] {
        told.set_endpoint(url, 400).await;
    }
    let token = told.town.token(&told.town.security_admin).await;
    let path = format!("/api/v1/systems/{}/endpoint", told.machine.system);
    assert_eq!(ask(&told.town, &token, "DELETE", &path, None).await.status, 204);
    let listed = ask(&told.town, &token, "GET", "/api/v1/systems", None).await.json();
    assert!(listed[0]["endpoint"].is_null(), "{listed}");
}
