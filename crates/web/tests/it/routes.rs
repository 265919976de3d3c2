//! Which routes there are, and what every answer carries.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::client::Reply;
use crate::town::Town;

/// Every route of the OpenAPI document: path and method.
fn documented() -> Vec<(String, String)> {
    let document = serde_json::to_value(web::openapi()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, methods)| {
            methods
                .as_object()
                .unwrap()
                .keys()
                .map(|method| (path.clone(), method.to_uppercase()))
        })
        .collect()
}

/// Every route: the documented ones and the pages.
pub(crate) fn all() -> Vec<(String, String)> {
    let pages = web::page_routes();
    let pages = pages
        .iter()
        .flat_map(|(path, methods)| methods.split(' ').map(|method| ((*path).to_owned(), method.to_owned())));
    documented().into_iter().chain(pages).collect()
}

fn filled(pattern: &str) -> String {
    pattern
        .replace("{item}", "ITM-PERMIT")
        .replace("{name}", "none.css")
        .replace("{*tile}", "0/000")
        .split('/')
        .map(|part| {
            if part.starts_with('{') {
                Uuid::from_u128(1).to_string()
            } else {
                part.to_owned()
            }
        })
        .collect::<Vec<_>>()
        .join("/")
}

fn check_headers(reply: &Reply, what: &str) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("x-frame-options", "DENY"),
        ("cache-control", "no-store"),
        ("x-robots-tag", "noindex, nofollow"),
    ] {
        assert_eq!(reply.header(name), value, "{name} of {what}");
    }
    let csp = reply.header("content-security-policy");
    assert!(
        csp.starts_with("default-src 'none';") && !csp.contains("unsafe"),
        "{what}: {csp}"
    );
    assert!(reply.header("permissions-policy").contains("camera=()"), "{what}");
    assert_eq!(reply.header("x-request-id").len(), 36, "{what}");
    // One page runs a script, ours; the others run none.
    let own = "<script type=\"module\" src=\"/assets/verify-";
    assert_eq!(
        csp.contains("script-src 'self'"),
        what == "GET /me/look-ups" && reply.status == 200,
        "{what}: {csp}"
    );
    assert!(
        reply.body.matches("<script").count() <= usize::from(csp.contains("script-src")),
        "{what}"
    );
    let body = reply.body.replace(own, "");
    for word in ["<script", "<style", " style=", " onclick", "javascript:"] {
        assert!(!body.contains(word), "{word} in {what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_carries_the_headers_whoever_asks() {
    let town = Town::new().await;
    let mut callers = vec![
        town.client(),
        town.signed_in(&town.resident).await,
        town.signed_in(&town.officer).await,
        town.signed_in(&town.centre).await,
    ];
    for client in &mut callers {
        for (path, method) in all() {
            if path == "/logout" {
                continue;
            }
            let what = format!("{method} {path}");
            let reply = client.send(&method, &filled(&path), &[], Vec::new()).await;
            check_headers(&reply, &what);
            assert!(reply.status < 500, "{what}: {} {}", reply.status, reply.body);
            assert_ne!(reply.status, 405, "{what} is listed, so it must be there");
            let is_api = path.starts_with("/api/");
            if is_api && reply.status >= 400 {
                assert_eq!(reply.header("content-type"), "application/problem+json", "{what}");
                assert_eq!(reply.json()["status"], reply.status, "{what}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ab18_nothing_answers_outside_the_lists_and_all_refusals_look_alike() {
    let town = Town::new().await;
    let mut client = town.client();
    let known: BTreeSet<String> = all().into_iter().map(|(path, _)| filled(&path)).collect();
    let words = [
        "admin", "me", "api", "v1", "v2", "records", "deliver", "debug", "metrics", "..", "%2e%2e", "users", "login",
        "export", ".env",
    ];
    let mut bodies: BTreeMap<bool, BTreeSet<String>> = BTreeMap::new();
    let mut asked = 0;
    for first in words {
        for second in words {
            for third in words {
                let path = format!("/{first}/{second}/{third}");
                if known.contains(&path) {
                    continue;
                }
                for method in ["GET", "POST"] {
                    let reply = client.send(method, &path, &[], Vec::new()).await;
                    // A pattern such as /deliver/{upload} may fit; without a session it answers as if there were nothing to see.
                    assert_eq!(reply.status, 404, "{method} {path}");
                    bodies.entry(first == "api").or_default().insert(reply.body);
                    asked += 1;
                }
            }
        }
    }
    assert!(asked > 5_000, "{asked}");
    assert_eq!(bodies[&true].len(), 1, "one body for programs");
    assert_eq!(bodies[&false].len(), 1, "one body for people");
}

#[tokio::test(flavor = "multi_thread")]
async fn other_methods_of_known_paths_are_refused_with_the_ones_that_are_there() {
    let town = Town::new().await;
    let mut client = town.client();
    let mut methods: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, method) in all() {
        methods.entry(path).or_default().insert(method);
    }
    for (path, known) in methods {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            if known.contains(method) {
                continue;
            }
            let reply = client.send(method, &filled(&path), &[], Vec::new()).await;
            assert_eq!(reply.status, 405, "{method} {path}");
            let allow: BTreeSet<&str> = reply.header("allow").split(',').map(str::trim).collect();
            assert!(
                known.iter().all(|method| allow.contains(method.as_str())),
                "{path}: {allow:?}"
            );
            if path.starts_with("/api/") || path.starts_with("/log/") {
                assert_eq!(reply.code(), "WEB-0405");
            } else if path != "/openapi.json" && path != "/healthz" && path != "/readyz" {
                assert!(reply.body.contains("WEB-0405"), "{path}");
            }
        }
    }
}

#[test]
fn the_openapi_document_is_reviewed() {
    let mut document = serde_json::to_value(web::openapi()).unwrap();
    assert_eq!(
        document["openapi"]
            .as_str()
            .unwrap()
            .split('.')
            .take(2)
            .collect::<Vec<_>>(),
        ["3", "1"]
    );
    document["info"]["version"] = "redacted".into();
    insta::assert_json_snapshot!("openapi", document);
}

/// P7: never population against population. One review is named in the path, and nothing else can be handed in.
#[test]
fn candidates_are_asked_for_one_review_at_a_time() {
    let document = serde_json::to_value(web::openapi()).unwrap();
    let about: Vec<_> = all()
        .into_iter()
        .filter(|(path, _)| path.contains("candidate"))
        .collect();
    let path = "/api/v1/reviews/{review}/candidates";
    assert_eq!(about, [(path.to_owned(), "GET".to_owned())]);
    let operation = &document["paths"][path]["get"];
    assert!(operation.get("requestBody").is_none(), "{operation}");
    let parameters = operation["parameters"].as_array().unwrap();
    assert_eq!(parameters.len(), 1, "{operation}");
    assert_eq!(
        (&parameters[0]["in"], &parameters[0]["schema"]["type"]),
        (&"path".into(), &"string".into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_is_served_and_the_service_is_ready() {
    let town = Town::new().await;
    let mut client = town.client();
    let served = client.get("/openapi.json").await;
    assert_eq!(served.json(), serde_json::to_value(web::openapi()).unwrap());
    assert_eq!(client.get("/healthz").await.json()["status"], "ok");
    assert_eq!(client.get("/readyz").await.json()["status"], "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn assets_are_small_and_cached_under_their_hash_only() {
    let town = Town::new().await;
    let mut client = town.client();
    let page = client.get("/login").await.body;
    let href = page
        .split("rel=\"stylesheet\" href=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let css = client.get(href).await;
    assert_eq!(css.status, 200);
    assert_eq!(css.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(css.header("content-type"), "text/css; charset=utf-8");
    assert!(css.bytes.len() <= 20_000, "{} bytes", css.bytes.len());
    assert!(!css.body.contains("url("), "nothing is fetched from elsewhere");
    let other = client.get("/assets/style-0000000000000000.css").await;
    assert_eq!((other.status, other.header("cache-control")), (404, "no-store"));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_serves_on_a_listener_and_stops_when_told() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let town = Town::new().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let shutdown = async move { stopped.await.unwrap_or(()) };
    let served = tokio::spawn(web::serve(town.app.clone(), listener, town.settings, None, shutdown));
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    stop.send(()).unwrap();
    served.await.unwrap().unwrap();
}
