//! A look-up by API and by pages, and what its person sees.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::{Client, Reply};
use crate::town::{Login, Town, resident_number};

const MATTER: &str = "测食许〔2026〕233号";

/// Sends JSON with the token of `login`.
pub(crate) async fn call(town: &Town, token: &str, method: &str, path: &str, body: &Value, key: Option<&str>) -> Reply {
    let bearer = format!("Bearer {token}");
    let mut headers = vec![("authorization", bearer.as_str()), ("content-type", "application/json")];
    headers.extend(key.map(|key| ("idempotency-key", key)));
    town.client()
        .send(method, path, &headers, body.to_string().into_bytes())
        .await
}

pub(crate) fn about(number: &str, name: &str) -> Value {
    json!({
        "purpose": "PUR-FOOD-LICENCE", "legal_ground": "食品安全法 第三十五条", "matter_no": MATTER,
        "document": { "kind": "01", "number": number }, "name": name, "items": ["ITM-PENALTY", "ITM-PERMIT"]
    })
}

/// The officer's token, once a matter is registered and the resident has a permit.
pub(crate) async fn prepared(town: &Town) -> String {
    let mut officer = town.signed_in(&town.officer).await;
    let file = town.permits(&[("测许〔2024〕1号", "测试甲", &town.number, "预包装食品销售")]);
    town.deliver(&mut officer, "a.csv", file.as_bytes()).await;
    let token = town.token(&town.officer).await;
    register(town, &token).await;
    token
}

pub(crate) async fn register(town: &Town, token: &str) {
    let matters =
        json!({ "matters": [{ "matter_no": MATTER, "purpose": "PUR-FOOD-LICENCE", "opened": "2026-11-20" }] });
    for _ in 0..2 {
        let reply = call(town, token, "POST", "/api/v1/matters", &matters, None).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        assert!(reply.json()[0]["id"].is_string(), "{}", reply.body);
    }
}

/// Before the log is published its person's entries wait; then each leads to the checkpoint, and the officer has a proof, too.
async fn proofs_lead_to_the_published_checkpoint(town: &Town, own: &str, answer: &Value) {
    let path = "/api/v1/me/look-ups/proofs";
    let waiting = call(town, own, "GET", path, &json!({}), None).await.json();
    assert!(
        waiting.get("checkpoint").is_none() && waiting["entries"][0].get("index").is_none(),
        "{waiting}"
    );
    let officer = town.token(&town.officer).await;
    let of_officer = format!("/api/v1/look-ups/{}", answer["id"].as_str().unwrap());
    let state = call(town, &officer, "GET", &of_officer, &json!({}), None).await.json();
    assert!(state.get("proof").is_none(), "{state}");

    town.publish().await;
    let file = call(town, own, "GET", path, &json!({}), None).await.json();
    let key = translog::LogKey::from_vkey(file["log"].as_str().unwrap()).unwrap();
    let head = translog::open(file["checkpoint"].as_str().unwrap().as_bytes(), &key).unwrap();
    let entries = file["entries"].as_array().unwrap();
    let labels: Vec<&str> = entries.iter().map(|entry| entry["label"].as_str().unwrap()).collect();
    assert_eq!(labels, ["trace", "look_up_answer"], "who looked, and what was answered");
    for entry in entries {
        let of = |hash: &Value| STANDARD.decode(hash.as_str().unwrap()).unwrap();
        let leaf = of(&entry["leaf"]);
        let path: Vec<[u8; 32]> = entry["path"]
            .as_array()
            .unwrap()
            .iter()
            .map(|hash| of(hash).try_into().unwrap())
            .collect();
        translog::check_inclusion(&path, head, entry["index"].as_u64().unwrap(), &leaf).unwrap();
        assert_eq!(hex::encode(&leaf[10..]), entry["entry_hash"].as_str().unwrap());
        let (nonce, content) = (
            hex::decode(entry["nonce"].as_str().unwrap()).unwrap(),
            entry["content"].as_str().unwrap(),
        );
        let hash = translog::entry_hash(entry["label"].as_str().unwrap(), &[&nonce, content.as_bytes()]);
        assert_eq!(hash, leaf[10..]);
    }
    let state = call(town, &officer, "GET", &of_officer, &json!({}), None).await.json();
    let proof = translog::InclusionProof::from_text(state["proof"].as_str().unwrap()).unwrap();
    proof.check(&proof.extra, &key).unwrap();
    assert_eq!(
        hex::encode(&proof.extra[10..]),
        answer["receipt"]["entry_hash"].as_str().unwrap()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_looks_up_and_the_person_sees_it_at_once() {
    let town = Town::new().await;
    let token = prepared(&town).await;
    let asked = about(&town.number, "测试甲");
    let reply = call(&town, &token, "POST", "/api/v1/look-ups", &asked, Some("key-00000001")).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let answer = reply.json();
    assert_eq!(answer["items"][0]["records"], json!([]));
    assert_eq!(
        answer["items"][1]["records"][0]["fields"][1]["value"],
        "测许〔2024〕1号"
    );
    assert!(!reply.body.contains(&town.number) && !reply.body.contains("测试甲") && !reply.body.contains("1990"));
    for word in ["deny", "score", "拒绝", "分数"] {
        assert!(!reply.body.contains(word), "{word}");
    }
    let again = call(&town, &token, "POST", "/api/v1/look-ups", &asked, Some("key-00000001")).await;
    assert_eq!(again.body, reply.body, "the same key, the same answer");
    let id = answer["id"].as_str().unwrap();
    let state = call(
        &town,
        &token,
        "GET",
        &format!("/api/v1/look-ups/{id}"),
        &json!({}),
        None,
    )
    .await;
    assert!(
        !state.body.contains("预包装食品销售") && !state.body.contains("records"),
        "no way to read it again"
    );
    assert_eq!(state.json()["outcome"], "answered");

    let own = town.token(&town.resident).await;
    let seen = call(&town, &own, "GET", "/api/v1/me/look-ups", &json!({}), None)
        .await
        .json();
    assert_eq!(seen["looks"].as_array().unwrap().len(), 1, "{seen}");
    let first = &seen["looks"][0];
    assert_eq!(
        (&first["id"], &first["kind"], &first["outcome"]),
        (&answer["id"], &json!("look_up"), &json!("disclosed"))
    );
    assert_eq!(first["matter_no"], MATTER);
    assert_eq!(first["proofs"][0]["entry_hash"], answer["receipt"]["entry_hash"]);
    // Anybody can compute the hash anew.
    let nonce = hex::decode(first["proofs"][0]["nonce"].as_str().unwrap()).unwrap();
    let content = first["proofs"][0]["content"].as_str().unwrap();
    let hash = translog::entry_hash("trace", &[&nonce, content.as_bytes()]);
    assert_eq!(hex::encode(hash), first["proofs"][0]["entry_hash"].as_str().unwrap());

    proofs_lead_to_the_published_checkpoint(&town, &own, &answer).await;

    let complaint = format!("/api/v1/me/look-ups/{id}/complaint");
    let body = json!({ "words": "我没有申请" });
    assert_eq!(call(&town, &own, "POST", &complaint, &body, None).await.status, 201);
    assert_eq!(call(&town, &own, "POST", &complaint, &body, None).await.status, 409);
    let lock = call(
        &town,
        &own,
        "PUT",
        "/api/v1/me/lock",
        &json!({ "is_locked": true }),
        None,
    )
    .await;
    assert_eq!((lock.status, lock.json()), (200, json!({ "is_locked": true })));
    assert_eq!(
        call(
            &town,
            &token,
            "PUT",
            "/api/v1/me/lock",
            &json!({ "is_locked": true }),
            None
        )
        .await
        .status,
        403
    );
}

/// Without what is of this one request.
fn comparable(reply: &Reply) -> (u16, String) {
    let mut body = reply.json();
    for of_this_one in ["id", "at", "receipt"] {
        body.as_object_mut().unwrap().remove(of_this_one);
    }
    (
        reply.status,
        format!("{body} {:?}", reply.headers.keys().collect::<Vec<_>>()),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn ab20_no_file_and_another_name_are_the_same_bytes_and_a_typing_error_is_told() {
    let town = Town::new().await;
    let token = prepared(&town).await;
    let mut silent = Vec::new();
    let absent = resident_number(500);
    for (place, (number, name)) in [
        (town.number.as_str(), "测试别人"),
        (absent.as_str(), "测试甲"),
        (&resident_number(2), "测试乙"),
    ]
    .into_iter()
    .enumerate()
    {
        let key = format!("key-silent-{place}");
        let reply = call(
            &town,
            &token,
            "POST",
            "/api/v1/look-ups",
            &about(number, name),
            Some(&key),
        )
        .await;
        silent.push((comparable(&reply), reply.body.len()));
    }
    assert!(silent.iter().all(|one| *one == silent[0]), "{silent:#?}");
    let mistyped = format!("{}0", &town.number[..17]);
    let mistyped = if mistyped == town.number {
        format!("{}1", &town.number[..17])
    } else {
        mistyped
    };
    for (asked, key, status, code) in [
        (about(&mistyped, "测试甲"), Some("key-00000009"), 422, "LOOKUP-0105"),
        (about(&town.number, "测试甲"), None, 422, "LOOKUP-0108"),
        (json!({ "name": "x" }), Some("key-00000009"), 400, "WEB-0400"),
    ] {
        let reply = call(&town, &token, "POST", "/api/v1/look-ups", &asked, key).await;
        assert_eq!((reply.status, reply.json()["code"].as_str().unwrap()), (status, code));
        assert!(!reply.body.contains(&town.number[..17]));
    }
    let other = town.token(&town.stranger).await;
    let reply = call(
        &town,
        &other,
        "POST",
        "/api/v1/look-ups",
        &about(&absent, "测试甲"),
        Some("key-00000010"),
    )
    .await;
    assert_eq!(
        (reply.status, reply.json()["code"].as_str().unwrap()),
        (403, "POLICY-0202")
    );
}

async fn see(town: &Town, login: &Login, path: &str) -> String {
    let reply = town.signed_in(login).await.get(path).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.body
}

#[tokio::test(flavor = "multi_thread")]
async fn an_officer_looks_up_on_the_page_and_the_resident_reads_who_looked() {
    let town = Town::new().await;
    prepared(&town).await;
    let mut officer = town.signed_in(&town.officer).await;
    let page = officer.get("/look-up").await.body;
    assert!(page.contains("data-testid=\"purpose\"") && page.contains("食品安全法"));
    let form = officer.get("/look-up?purpose=PUR-FOOD-LICENCE").await.body;
    let key = form
        .split("name=\"key\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    let number = town.number.clone();
    let fields = |matter_no: &'static str| {
        vec![
            ("purpose", "PUR-FOOD-LICENCE".to_owned()),
            ("legal_ground", "食品安全法 第三十五条".to_owned()),
            ("matter_no", matter_no.to_owned()),
            ("document_kind", "01".to_owned()),
            ("document_number", number.clone()),
            ("name", "测试甲".to_owned()),
            ("key", key.clone()),
            ("ITM-PERMIT", "on".to_owned()),
        ]
    };
    let wrong = fields("测食许〔2026〕9号");
    let wrong: Vec<(&str, &str)> = wrong.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let reply = officer.post("/look-up", &wrong).await;
    assert_eq!(reply.status, 403, "{}", reply.body);
    assert!(reply.body.contains("POLICY-0204") && reply.body.contains("没有查询任何人"));
    assert!(
        !reply.body.contains(&town.number) && !reply.body.contains("测试甲"),
        "not kept in the form"
    );
    let right = fields(MATTER);
    let right: Vec<(&str, &str)> = right.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let reply = officer.post("/look-up", &right).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert!(reply.body.contains("测许〔2024〕1号") && reply.body.contains("data-testid=\"look-up-id\""));
    assert!(!reply.body.contains(&town.number) && !reply.body.contains("测试甲"));
    let id = reply
        .body
        .split("data-testid=\"look-up-id\">")
        .nth(1)
        .unwrap()
        .split('<')
        .next()
        .unwrap()
        .to_owned();

    sees_complains_and_locks(&town, &mut officer, &id).await;
}

async fn sees_complains_and_locks(town: &Town, officer: &mut Client, id: &str) {
    let mut resident = town.signed_in(&town.resident).await;
    let home = resident.get("/me").await.body;
    assert!(home.contains("data-testid=\"card-looks\"") && home.contains('1'));
    let page = resident.get("/me/look-ups").await.body;
    for text in [
        MATTER,
        "食品生产经营许可审查",
        &town.provider_name,
        "有记录被显示",
        "data-testid=\"entry-hash\"",
    ] {
        assert!(page.contains(text), "{text}");
    }
    assert!(!page.contains("data-kind=\"self\""));
    let with_own = resident.get("/me/look-ups?own=1").await.body;
    assert!(with_own.contains("data-kind=\"self\""));
    let reply = resident
        .post(&format!("/me/look-ups/{id}"), &[("words", "我没有申请")])
        .await;
    assert_eq!(reply.location(), "/me/look-ups");
    let inbox = officer.get("/look-up").await.body;
    assert!(inbox.contains("data-testid=\"complaint\"") && inbox.contains("我没有申请"));
    let reply = officer
        .post(&format!("/look-up/{id}/explain"), &[("words", "录入时选错办件")])
        .await;
    assert_eq!(reply.location(), "/look-up");
    assert!(
        see(town, &town.resident, "/me/look-ups")
            .await
            .contains("录入时选错办件")
    );
    resident.get("/me/look-ups").await;
    assert_eq!(
        resident.post("/me/lock", &[("lock", "locked")]).await.location(),
        "/me/look-ups"
    );
    assert!(resident.get("/me/look-ups").await.body.contains("data-locked=\"true\""));
    let other = town.signed_in(&town.newcomer).await.get("/me/look-ups").await.body;
    assert!(other.contains("data-testid=\"no-looks\""));
    assert_eq!(town.signed_in(&town.centre).await.get("/look-up").await.status, 200);
    let absent = Uuid::from_u128(9);
    assert_eq!(
        officer
            .post(&format!("/look-up/{absent}/close"), &[("result", "not_used")])
            .await
            .status,
        404
    );
}
