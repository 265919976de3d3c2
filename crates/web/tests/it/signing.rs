//! Requests of departments' systems: good ones are known, bad ones are refused with their code, looked at no further, and
//! written down where somebody held the key (AB-03, G-36).

use serde_json::json;

use crate::client::Reply;
use crate::machine::{Draft, Key, Machine, Sealed, ask, assertion, draft, register};
use crate::town::Town;

const SESSIONS: &str = "/api/v1/system-sessions";
const CALLER: &str = "/api/v1/caller";

async fn send(town: &Town, sealed: &Sealed) -> Reply {
    sealed.send(&mut town.client()).await
}

async fn is_refused(town: &Town, sealed: &Sealed, code: &str, what: &str) {
    let reply = send(town, sealed).await;
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (401, code),
        "{what}: {}",
        reply.body
    );
    assert!(!reply.body.contains("key_id"), "{what}: something was evaluated");
}

/// Codes of the refusals that were written down as acts, oldest first.
async fn acts_of_refusal(town: &Town) -> Vec<String> {
    let token = town.token(&town.audit_admin).await;
    let acts = ask(town, &token, "GET", "/api/v1/administrator-acts", None)
        .await
        .json();
    let mut codes: Vec<String> = acts
        .as_array()
        .unwrap()
        .iter()
        .filter(|act| act["kind"] == "client_refused")
        .map(|act| act["about"].as_str().unwrap().split(' ').next().unwrap().to_owned())
        .collect();
    codes.reverse();
    codes
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_request_is_known_with_the_officer_behind_it() {
    let town = Town::new().await;
    let machine = register(&town, town.provider.as_str(), "licensing").await;
    let reply = send(&town, &machine.sign(&draft(&town, "GET", CALLER, b""))).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let provider = town.provider.as_str();
    assert_eq!(
        reply.json(),
        json!({ "kind": "system", "id": machine.system, "organisation": provider })
    );

    let given = assertion(&town, &town.officer, &machine.system).await;
    assert_eq!(given.status, 201, "{}", given.body);
    let text = given.json()["assertion"].as_str().unwrap().to_owned();
    let reply = send(&town, &machine.sign(&draft(&town, "GET", CALLER, b"").by(&text))).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert!(reply.json()["officer"].is_string(), "{}", reply.body);

    // The address in three parts, with a query.
    let parts = Draft {
        components: vec!["@method", "@authority", "@path", "@query"],
        ..draft(&town, "GET", "/api/v1/caller?a=1&b=%E4%B8%AD", b"")
    };
    assert_eq!(send(&town, &machine.sign(&parts)).await.status, 200);
    // A person's route does not take a system, however well it signs.
    let reply = send(&town, &machine.sign(&draft(&town, "GET", "/api/v1/me/records", b""))).await;
    assert_eq!((reply.status, reply.code().as_str()), (401, "WEB-0401"));
}

#[tokio::test(flavor = "multi_thread")]
async fn ab03_a_bad_client_is_refused_and_nothing_is_evaluated() {
    let town = Town::new().await;
    let machine = register(&town, town.provider.as_str(), "licensing").await;
    let other = register(&town, town.provider.as_str(), "another").await;
    let good = |body: &[u8]| draft(&town, "POST", SESSIONS, body);
    let body = br#"{"a":1}"#;

    let once = machine.sign(&good(body));
    assert_eq!(send(&town, &once).await.status, 201);
    is_refused(&town, &once, "ASK-0005", "replay").await;
    for (shift, what) in [(-61, "a minute old"), (61, "a minute ahead")] {
        let late = Draft {
            created: town.seconds() + shift,
            ..good(body)
        };
        is_refused(&town, &machine.sign(&late), "ASK-0004", what).await;
    }
    for shift in [-60, 60] {
        let edge = Draft {
            created: town.seconds() + shift,
            ..good(body)
        };
        assert_eq!(send(&town, &machine.sign(&edge)).await.status, 201, "within a minute");
    }

    let mut altered = machine.sign(&good(body));
    altered.body = br#"{"a":2}"#.to_vec();
    is_refused(&town, &altered, "ASK-0010", "an altered body").await;
    let mut altered = machine.sign(&good(body));
    altered.body = br#"{"a":2}"#.to_vec();
    altered.set("content-digest", &machine.sign(&good(br#"{"a":2}"#)).headers[1].1);
    is_refused(&town, &altered, "ASK-0009", "an altered body with its digest").await;
    let mut added = machine.sign(&draft(&town, "POST", SESSIONS, b""));
    added.body = body.to_vec();
    is_refused(&town, &added, "ASK-0002", "a body that was not signed").await;
    for path in ["/api/v1/system-sessions?x=1", "/api/v1/officer-assertions"] {
        let mut altered = machine.sign(&good(body));
        path.clone_into(&mut altered.path);
        is_refused(&town, &altered, "ASK-0009", path).await;
    }
    let mut altered = machine.sign(&draft(&town, "GET", "/api/v1/systems", b""));
    altered.method = "POST";
    is_refused(&town, &altered, "ASK-0009", "another method").await;

    for missing in ["@method", "@target-uri", "content-digest", "content-type"] {
        let mut less = good(body);
        less.components.retain(|name| *name != missing);
        is_refused(&town, &machine.sign(&less), "ASK-0002", missing).await;
    }
    for (algorithm, code) in [
        ("hmac-sha256", "ASK-0006"),
        ("sm2-sm3", "ASK-0008"),
        ("none", "ASK-0008"),
    ] {
        let named = Draft {
            algorithm,
            ..good(body)
        };
        is_refused(&town, &machine.sign(&named), code, algorithm).await;
    }
    let borrowed = Machine {
        key_id: other.key_id.clone(),
        system: other.system.clone(),
        key: machine.key,
    };
    is_refused(&town, &borrowed.sign(&good(body)), "ASK-0009", "another system's key").await;
    let unknown = Machine {
        key_id: uuid::Uuid::from_u128(9).to_string(),
        ..borrowed
    };
    is_refused(&town, &unknown.sign(&good(body)), "ASK-0006", "an unknown key").await;
    let short = Draft {
        nonce: "short".to_owned(),
        ..good(body)
    };
    is_refused(&town, &other.sign(&short), "ASK-0001", "a nonce that can be guessed").await;
    let mut both = other.sign(&good(body));
    both.set("authorization", "Bearer x");
    is_refused(&town, &both, "ASK-0012", "a token as well").await;
    let mut bare = other.sign(&good(body));
    bare.headers.retain(|(name, _)| *name != "signature-input");
    is_refused(&town, &bare, "ASK-0001", "a signature of nothing").await;

    // What only the holder of the key can provoke is written down; what anybody can, is not.
    assert_eq!(acts_of_refusal(&town).await, ["ASK-0005", "ASK-0010"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn ab03_a_revoked_key_is_out_at_once_with_its_sessions() {
    let town = Town::new().await;
    let machine = register(&town, town.provider.as_str(), "licensing").await;
    let session = session(&town, &machine).await;
    assert_eq!(send(&town, &session.sign(&hmac(&town))).await.status, 200);
    // Another node over the same store, opened before the revocation: it must know it, too.
    let mut node = town.restarted();
    assert_eq!(
        machine
            .sign(&draft(&town, "GET", CALLER, b""))
            .send(&mut node)
            .await
            .status,
        200
    );

    let token = town.token(&town.security_admin).await;
    let path = format!("/api/v1/system-keys/{}", machine.key_id);
    assert_eq!(ask(&town, &token, "DELETE", &path, None).await.status, 204);
    assert_eq!(ask(&town, &token, "DELETE", &path, None).await.status, 409);
    for client in [&mut town.client(), &mut node] {
        let reply = machine.sign(&draft(&town, "GET", CALLER, b"")).send(client).await;
        assert_eq!((reply.status, reply.code().as_str()), (401, "ASK-0007"));
        let reply = session.sign(&hmac(&town)).send(client).await;
        assert_eq!((reply.status, reply.code().as_str()), (401, "ASK-0006"));
    }
    assert_eq!(
        acts_of_refusal(&town).await,
        ["ASK-0007"],
        "once a minute, however often it tries"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_ends_with_its_time() {
    let town = Town::new().await;
    let machine = register(&town, town.provider.as_str(), "licensing").await;
    town.pass(30 * 86_400_000 - 40_000);
    assert_eq!(
        send(&town, &machine.sign(&draft(&town, "GET", CALLER, b"")))
            .await
            .status,
        200
    );
    town.pass(40_000);
    is_refused(
        &town,
        &machine.sign(&draft(&town, "GET", CALLER, b"")),
        "ASK-0007",
        "its time is over",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ab03_two_hosts_at_once_with_one_nonce_are_one_request() {
    let town = Town::new().await;
    let machine = register(&town, town.provider.as_str(), "licensing").await;
    let (one, two) = (town.restarted(), town.restarted());
    for _ in 0..10 {
        let sealed = machine.sign(&draft(&town, "POST", SESSIONS, b""));
        let racing = (0..10).map(|no| {
            let (mut client, sealed) = (if no % 2 == 0 { one.clone() } else { two.clone() }, sealed.clone());
            async move { sealed.send(&mut client).await.status }
        });
        let mut statuses = futures::future::join_all(racing).await;
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 401, 401, 401, 401, 401, 401, 401, 401, 401]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ab03_a_restart_does_not_forget_a_nonce() {
    let town = Town::new().await;
    let machine = register(&town, town.provider.as_str(), "licensing").await;
    let sealed = machine.sign(&draft(&town, "POST", SESSIONS, b""));
    assert_eq!(send(&town, &sealed).await.status, 201);
    town.pass(59_000);
    let reply = sealed.send(&mut town.restarted()).await;
    assert_eq!((reply.status, reply.code().as_str()), (401, "ASK-0005"));
}

async fn session(town: &Town, machine: &Machine) -> Machine {
    let begun = send(town, &machine.sign(&draft(town, "POST", SESSIONS, b""))).await;
    assert_eq!(begun.status, 201, "{}", begun.body);
    let begun = begun.json();
    let key = base64::Engine::decode(
        &base64::engine::general_purpose::STANDARD,
        begun["key"].as_str().unwrap(),
    );
    Machine {
        key: Key::Session(key.unwrap()),
        key_id: begun["key_id"].as_str().unwrap().to_owned(),
        system: machine.system.clone(),
    }
}

fn hmac(town: &Town) -> Draft {
    Draft {
        algorithm: "hmac-sha256",
        ..draft(town, "GET", CALLER, b"")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_lasts_a_quarter_of_an_hour_and_keeps_every_rule() {
    let town = Town::new().await;
    let machine = register(&town, town.provider.as_str(), "licensing").await;
    let session = session(&town, &machine).await;
    let sealed = session.sign(&hmac(&town));
    let reply = send(&town, &sealed).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(reply.json()["id"], machine.system.as_str());
    is_refused(&town, &sealed, "ASK-0005", "replay").await;
    let late = Draft {
        created: town.seconds() - 61,
        ..hmac(&town)
    };
    is_refused(&town, &session.sign(&late), "ASK-0004", "old").await;
    let mut altered = session.sign(&hmac(&town));
    altered.path += "?x=1";
    is_refused(&town, &altered, "ASK-0009", "another address").await;
    let named = Draft {
        algorithm: "ed25519",
        ..hmac(&town)
    };
    is_refused(&town, &session.sign(&named), "ASK-0006", "a session is no key").await;
    let again = Draft {
        method: "POST",
        path: SESSIONS.to_owned(),
        ..hmac(&town)
    };
    let reply = send(&town, &session.sign(&again)).await;
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (400, "WEB-0400"),
        "a session begets no session"
    );
    town.pass(15 * 60_000 - 1);
    assert_eq!(send(&town, &session.sign(&hmac(&town))).await.status, 200);
    town.pass(1);
    is_refused(&town, &session.sign(&hmac(&town)), "ASK-0007", "over").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ab03_an_assertion_is_one_officers_for_one_system_and_ten_minutes() {
    let town = Town::new().await;
    let machine = register(&town, town.provider.as_str(), "licensing").await;
    let other = register(&town, town.provider.as_str(), "another").await;
    let given = assertion(&town, &town.officer, &machine.system).await;
    let text = given.json()["assertion"].as_str().unwrap().to_owned();
    let by = |text: &str| draft(&town, "GET", CALLER, b"").by(text);

    is_refused(&town, &other.sign(&by(&text)), "ASK-0011", "made for another system").await;
    let mut unsigned = machine.sign(&draft(&town, "GET", CALLER, b""));
    unsigned.set("chengdang-officer", &text);
    is_refused(&town, &unsigned, "ASK-0002", "put in by somebody on the way").await;
    for (place, what) in [
        (3, "another account"),
        (30, "another system"),
        (45, "another end"),
        (90, "another code"),
    ] {
        let mut altered = text.clone().into_bytes();
        altered[place] = if altered[place] == b'A' { b'B' } else { b'A' };
        let altered = String::from_utf8(altered).unwrap();
        is_refused(&town, &machine.sign(&by(&altered)), "ASK-0011", what).await;
    }
    is_refused(&town, &machine.sign(&by("")), "ASK-0011", "nothing").await;
    for who in [&town.stranger, &town.centre, &town.resident, &town.security_admin] {
        let reply = assertion(&town, who, &machine.system).await;
        assert_eq!(
            reply.status, 404,
            "{} stands behind no system of this department",
            who.name
        );
    }
    // Ten minutes from when it was given; the logins above took a step of a code each.
    let given = assertion(&town, &town.officer, &machine.system).await;
    let text = given.json()["assertion"].as_str().unwrap().to_owned();
    town.pass(10 * 60_000 - 1);
    let again = draft(&town, "GET", CALLER, b"").by(&text);
    assert_eq!(send(&town, &machine.sign(&again)).await.status, 200);
    town.pass(1);
    let again = draft(&town, "GET", CALLER, b"").by(&text);
    is_refused(&town, &machine.sign(&again), "ASK-0011", "over").await;
}

/// A leaver is out at once: the session, and what was asserted before (G-36).
#[tokio::test(flavor = "multi_thread")]
async fn g36_an_officer_whose_account_ends_stands_behind_nothing() {
    let town = Town::new().await;
    let machine = register(&town, town.provider.as_str(), "licensing").await;
    let text = assertion(&town, &town.officer, &machine.system).await.json()["assertion"]
        .as_str()
        .unwrap()
        .to_owned();
    let officers = town.token(&town.officer).await;
    let known = ask(&town, &officers, "GET", CALLER, None).await.json();
    let admin = town.token(&town.system_admin).await;
    let path = format!("/api/v1/accounts/{}", known["id"].as_str().unwrap());
    let mut node = town.restarted();
    assert_eq!(ask(&town, &admin, "DELETE", &path, None).await.status, 204);
    for client in [&mut town.client(), &mut node] {
        let bearer = format!("Bearer {officers}");
        let reply = client
            .send("GET", CALLER, &[("authorization", &bearer)], Vec::new())
            .await;
        assert_eq!(reply.status, 401);
        let reply = machine
            .sign(&draft(&town, "GET", CALLER, b"").by(&text))
            .send(client)
            .await;
        assert_eq!((reply.status, reply.code().as_str()), (401, "ASK-0011"));
    }
}
