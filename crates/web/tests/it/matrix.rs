//! The authorisation matrix: every route × every principal × {existing, absent}, against a table reviewed by hand
//! (AB-04, AB-18, G-33). What exists belongs to the officer's organisation: it is the officer's own, and another's to
//! everybody else. To those, existing and absent must be the same bytes (R12).

use std::collections::BTreeMap;
use std::fmt::Write;

use uuid::Uuid;

use crate::client::{Client, Reply};
use crate::comparisons;
use crate::look_ups;
use crate::machine::{self, Machine};
use crate::routes::all;
use crate::town::{PASSWORD, Town, resident_number};

/// Who asks. `half-…` has given the password but not the one-time code.
const PRINCIPALS: [&str; 13] = [
    "nobody",
    "half-resident",
    "half-officer",
    "resident",
    "newcomer",
    "stranger",
    "centre",
    "system-admin",
    "security-admin",
    "audit-admin",
    "system",
    "system-by-officer",
    "officer",
];

/// Methods that routes take.
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// Ids of things of the officer's organisation.
struct Existing {
    delivery: String,
    review: String,
    upload: String,
    resumable: String,
    provider: String,
    /// An account, a system and its key, for the administrators.
    account: String,
    system: String,
    key: String,
    /// About somebody who has no account.
    look_up: String,
    /// A programme that waits for the credit centre, and one that runs.
    programme: String,
    running: String,
    tile: String,
}

/// A code that nobody in the catalogue has: the example of GB 32100-2015.
const ABSENT_PROVIDER: &str = "91350100M000100Y43";

struct Asker {
    client: Client,
    token: Option<String>,
    /// A system that signs, and what its officer asserted.
    machine: Option<(Machine, Option<String>)>,
}

/// A system of the officer's department, without an officer or with the department's officer behind it.
async fn system(town: &Town, principal: &str) -> Asker {
    let machine = machine::register(town, town.provider.as_str(), principal).await;
    let mut officer = None;
    if principal == "system-by-officer" {
        let given = machine::assertion(town, &town.officer, &machine.system).await;
        officer = Some(given.json()["assertion"].as_str().unwrap().to_owned());
    }
    Asker {
        client: town.client(),
        token: None,
        machine: Some((machine, officer)),
    }
}

async fn asker(town: &Town, principal: &str) -> Asker {
    if principal.starts_with("system") && principal != "system-admin" {
        return system(town, principal).await;
    }
    let login = match principal {
        "resident" | "half-resident" => &town.resident,
        "newcomer" => &town.newcomer,
        "officer" | "half-officer" => &town.officer,
        "stranger" => &town.stranger,
        "centre" => &town.centre,
        "system-admin" => &town.system_admin,
        "security-admin" => &town.security_admin,
        "audit-admin" => &town.audit_admin,
        _ => {
            return Asker {
                client: town.client(),
                token: None,
                machine: None,
            };
        }
    };
    if principal.starts_with("half-") {
        let mut client = town.client();
        client.get("/login").await;
        client
            .post("/login", &[("login", login.name), ("password", PASSWORD)])
            .await;
        // A session with one factor is no bearer token either.
        let token = client.cookies.get("chengdang").cloned();
        return Asker {
            client,
            token,
            machine: None,
        };
    }
    let mut client = town.signed_in(login).await;
    client.get("/").await;
    client.get("/catalogue").await;
    Asker {
        client,
        token: Some(town.token(login).await),
        machine: None,
    }
}

fn path_of(pattern: &str, existing: Option<&Existing>) -> String {
    let absent = Uuid::from_u128(7).to_string();
    let id = |of: fn(&Existing) -> &String| existing.map_or_else(|| absent.clone(), |existing| of(existing).clone());
    let is_review = pattern.starts_with("/reviews");
    let query = if pattern.ends_with("/reconciliation") {
        let provider = existing.map_or(ABSENT_PROVIDER, |existing| &existing.provider);
        format!("?provider={provider}")
    } else if pattern.ends_with("/comparisons") {
        format!("?programme={}", id(|existing| &existing.running))
    } else {
        String::new()
    };
    let path = pattern
        .replace("{delivery}", &id(|existing| &existing.delivery))
        .replace("{resumable}", &id(|existing| &existing.resumable))
        .replace("{upload}", &id(|existing| &existing.upload))
        .replace("{review}", &id(|existing| &existing.review))
        .replace("{look_up}", &id(|existing| &existing.look_up))
        .replace("{programme}", &id(|existing| &existing.programme))
        .replace(
            "{id}",
            &match pattern {
                _ if is_review => id(|existing| &existing.review),
                _ if pattern.starts_with("/api/v1/accounts") => id(|existing| &existing.account),
                _ if pattern.starts_with("/api/v1/systems") => id(|existing| &existing.system),
                _ if pattern.starts_with("/api/v1/system-keys") => id(|existing| &existing.key),
                _ => id(|existing| &existing.delivery),
            },
        )
        .replace("{item}", if existing.is_some() { "ITM-PERMIT" } else { "ITM-NONE" })
        .replace("{name}", "none.css")
        .replace("{*tile}", existing.map_or("0/999", |existing| &existing.tile));
    path + &query
}

/// A whole request where a route would otherwise answer for want of one, before it asks who may.
fn body_of(method: &str, path: &str) -> Option<serde_json::Value> {
    let end = path.split('?').next()?.rsplit('/').next()?;
    Some(match (method, end) {
        ("POST", "look-ups") => look_ups::about(&resident_number(3), "测试丙"),
        ("POST", "matters") => serde_json::json!({ "matters": [] }),
        ("POST", "programmes") => comparisons::proposal(),
        // A line that is no row: nobody is searched for.
        ("POST", "comparisons" | "replay") => serde_json::json!({}),
        ("POST", "close") => serde_json::json!({ "result": "not_used" }),
        ("POST", "complaint") => serde_json::json!({ "words": "" }),
        ("PUT", "endpoint") => serde_json::json!({ "url": "https://system.example/events" }),
        ("PUT", "subject") => serde_json::json!({ "subject": "subject-1" }),
        ("PUT", "lock") => serde_json::json!({ "is_locked": false }),
        _ => return None,
    })
}

async fn ask(town: &Town, asker: &mut Asker, method: &str, path: &str) -> Reply {
    let is_api = path.starts_with("/api/");
    if is_api && let Some((machine, officer)) = &asker.machine {
        let method = METHODS.into_iter().find(|known| *known == method).unwrap();
        let body = body_of(method, path).map(|body| body.to_string().into_bytes());
        let draft = machine::draft(town, method, path, &body.unwrap_or_default());
        let draft = match officer {
            Some(text) => draft.by(text),
            None => draft,
        };
        return machine.sign(&draft).send(&mut asker.client).await;
    }
    if is_api {
        let bearer = asker.token.as_ref().map(|token| format!("Bearer {token}"));
        let headers: Vec<(&str, &str)> = bearer.iter().map(|value| ("authorization", value.as_str())).collect();
        // Without cookies: the API does not know them.
        let mut plain = asker.client.clone();
        plain.cookies.clear();
        let mut headers = headers;
        let body = body_of(method, path);
        if body.is_some() {
            let is_stream = path.starts_with("/api/v1/comparisons");
            let kind = if is_stream {
                "application/x-ndjson"
            } else {
                "application/json"
            };
            headers.extend([("content-type", kind), ("idempotency-key", "key-of-the-matrix")]);
        }
        let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        return plain.send(method, path, &headers, body).await;
    }
    if method == "POST" {
        asker.client.post(path, &[]).await
    } else {
        asker.client.send(method, path, &[], Vec::new()).await
    }
}

/// What a caller may compare: status and body without the request's own id.
fn comparable(reply: &Reply) -> (u16, String) {
    (reply.status, reply.body.replace(reply.header("x-request-id"), ""))
}

async fn town_with_things() -> (Town, Existing) {
    let town = Town::new().await;
    let mut officer = town.signed_in(&town.officer).await;
    let number = town.number.clone();
    // One row is the resident's, one has a name that needs a review.
    let file = town.permits(&[
        ("证字第1号", "测试甲", &number, "经营"),
        ("证字第2号", "测试申", &number, "经营"),
    ]);
    let delivery = town.deliver(&mut officer, "permits.csv", file.as_bytes()).await;
    let list = officer.get("/reviews").await.body;
    let review = list
        .split("href=\"/reviews/")
        .nth(1)
        .expect("a review is open")
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    officer.get("/deliver").await;
    let other = town.permits(&[("证字第3号", "测试甲", &number, "经营")]);
    let upload = officer
        .upload("/deliver", "ITM-PERMIT", "more.csv", other.as_bytes())
        .await
        .location();
    let upload = upload.rsplit('/').next().unwrap().to_owned();
    let token = town.token(&town.officer).await;
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "text/csv")];
    let reply = town
        .client()
        .send("POST", "/api/v1/uploads?item=ITM-PERMIT", &headers, Vec::new())
        .await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    let resumable = reply.location().rsplit('/').next().unwrap().to_owned();
    let provider = town.provider.to_string();
    let machine = machine::register(&town, &provider, "existing").await;
    let admin = town.token(&town.system_admin).await;
    let new = serde_json::json!({
        "login": "to-be-ended", "password": "a first password", "kind": "centre", "organisation": provider,
        "staff_number": "STAFF-1"
    });
    let account = machine::ask(&town, &admin, "POST", "/api/v1/accounts", Some(new)).await;
    assert_eq!(account.status, 201, "{}", account.body);
    let account = account.json()["id"].as_str().unwrap().to_owned();
    look_ups::register(&town, &token).await;
    let asked = look_ups::about(&resident_number(3), "测试丙");
    let reply = look_ups::call(&town, &token, "POST", "/api/v1/look-ups", &asked, Some("key-00000001")).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let look_up = reply.json()["id"].as_str().unwrap().to_owned();
    let programme = comparisons::proposed(&town, &token).await;
    comparisons::approve_by_second(&town, &programme).await;
    let running = comparisons::running(&town, &token).await;
    let size = town.publish().await;
    // The upload belongs to the session's account, so the officer of the matrix is the same account.
    (
        town,
        Existing {
            delivery,
            review,
            upload,
            resumable,
            provider,
            account,
            system: machine.system,
            key: machine.key_id,
            look_up,
            programme,
            running,
            tile: format!("0/000.p/{size}"),
        },
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn ab04_every_route_for_every_principal_is_as_reviewed() {
    let (town, existing) = town_with_things().await;
    let mut table: BTreeMap<(String, String, &str), Vec<String>> = BTreeMap::new();
    let mut leaks = Vec::new();
    let mut routes = all();
    // What removes a thing comes last, or the others would find it absent.
    routes.sort_by_key(|(_, method)| method == "DELETE");
    for principal in PRINCIPALS {
        let mut asker = asker(&town, principal).await;
        for (pattern, method) in routes.clone() {
            if pattern == "/logout"
                || (pattern.starts_with("/login") && method == "POST")
                || pattern == "/api/v1/sessions"
            {
                // They begin and end sessions, for whoever holds one: `login.rs` tests them.
                continue;
            }
            let there = ask(&town, &mut asker, &method, &path_of(&pattern, Some(&existing))).await;
            let absent = ask(&town, &mut asker, &method, &path_of(&pattern, None)).await;
            let is_public = pattern.starts_with("/catalogue") || pattern.starts_with("/log/");
            // Accounts, systems and keys are there for their administrator.
            let is_theirs = principal.ends_with("-admin") && (pattern.starts_with("/api/v1/") || pattern == "/acts");
            // The systems are of the officer's organisation: its look-ups are their own.
            let is_theirs = is_theirs || (principal == "system-by-officer" && pattern.starts_with("/api/v1/look-ups"));
            // A session has a key of its own each time; it depends on nothing that is stored.
            let is_fresh = pattern == "/api/v1/system-sessions";
            if principal != "officer" && principal != "centre" && !is_public && !is_theirs && !is_fresh {
                assert_eq!(
                    comparable(&there),
                    comparable(&absent),
                    "{principal} {method} {pattern} tells what exists"
                );
            }
            let names_resident = there.body.contains("测试甲") || there.body.contains(&town.number);
            let is_own = principal == "resident" && (pattern.starts_with("/me") || pattern.starts_with("/api/v1/me"));
            // The officer reads the row that the own organisation delivered, with the number masked.
            let is_masked = !there.body.contains(&town.number);
            let is_review = principal == "officer" && pattern == "/reviews/{review}" && is_masked;
            if names_resident && !is_own && !is_review {
                leaks.push(format!("{principal} {method} {pattern}"));
            }
            for (thing, reply) in [("existing", there), ("absent", absent)] {
                let key = (pattern.clone(), method.clone(), thing);
                table.entry(key).or_default().push(reply.status.to_string());
            }
        }
    }
    assert_eq!(leaks, Vec::<String>::new(), "somebody else's record");
    let mut seen = format!("route,method,thing,{}\n", PRINCIPALS.join(","));
    for ((route, method, thing), statuses) in table {
        writeln!(seen, "{route},{method},{thing},{}", statuses.join(",")).unwrap();
    }
    let reviewed: String = include_str!("matrix.csv")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .flat_map(|line| [line, "\n"])
        .collect();
    assert!(
        seen == reviewed,
        "the answers are not the reviewed ones; they are:\n{seen}"
    );
}
