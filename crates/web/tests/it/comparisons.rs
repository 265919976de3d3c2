//! Comparisons of batches by API: lines in, lines out, and what their persons see.

use std::io;

use app::comparisons as compared;
use axum::body::{Body, Bytes};
use axum::http::Request;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::{SinkExt, StreamExt};
use policy::{Caller, CallerKind};
use serde_json::{Value, json};
use tower::ServiceExt;
use uuid::Uuid;

use crate::client::Reply;
use crate::look_ups::{call, prepared};
use crate::town::{Town, resident_number};

/// Registers matters for the purpose of the tests.
async fn register(town: &Town, token: &str, numbers: &[u32]) {
    let matter = |number: &u32| json!({ "matter_no": format!("测食许〔2026〕{number}号"), "purpose": "PUR-FOOD-LICENCE", "opened": "2026-11-20" });
    let matters = json!({ "matters": numbers.iter().map(matter).collect::<Vec<_>>() });
    let reply = call(town, token, "POST", "/api/v1/matters", &matters, None).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
}

pub(crate) fn proposal() -> Value {
    json!({
        "purpose": "PUR-FOOD-LICENCE", "aim": "食品经营许可年度复核", "items": ["ITM-PENALTY", "ITM-PERMIT"],
        "rows_a_day": 1000, "last_day": "2027-06-30"
    })
}

/// A programme that the officer proposed.
pub(crate) async fn proposed(town: &Town, token: &str) -> String {
    let reply = call(town, token, "POST", "/api/v1/programmes", &proposal(), None).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    assert_eq!(reply.json()["is_running"], false);
    reply.json()["id"].as_str().unwrap().to_owned()
}

/// The approval of a second officer of the department, who has no login here.
pub(crate) async fn approve_by_second(town: &Town, programme: &str) {
    let second = Caller {
        account: Uuid::from_u128(8),
        kind: CallerKind::Officer,
        organisation: Some(town.provider.clone()),
        second_factor: true,
        behind: None,
    };
    let question = compared::approve_question(&town.app, programme.parse().unwrap())
        .await
        .unwrap();
    let permit = town.app.policies().decide(&second, question).unwrap();
    compared::approve(&town.app, &permit).await.unwrap();
}

pub(crate) async fn running(town: &Town, token: &str) -> String {
    let programme = proposed(town, token).await;
    approve_by_second(town, &programme).await;
    let centre = town.token(&town.centre).await;
    let path = format!("/api/v1/programmes/{programme}/approve");
    let reply = call(town, &centre, "POST", &path, &json!({}), None).await;
    assert_eq!(
        (reply.status, &reply.json()["is_running"]),
        (200, &json!(true)),
        "{}",
        reply.body
    );
    programme
}

fn row(number: u32, document: &str, name: &str) -> String {
    let matter = format!("测食许〔2026〕{number}号");
    json!({ "matter_no": matter, "document": { "kind": "01", "number": document }, "name": name }).to_string()
}

async fn compare(town: &Town, token: &str, programme: &str, key: &str, body: String) -> Reply {
    let bearer = format!("Bearer {token}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/x-ndjson"),
        ("idempotency-key", key),
    ];
    let path = format!("/api/v1/comparisons?programme={programme}");
    town.client().send("POST", &path, &headers, body.into_bytes()).await
}

fn lines(reply: &Reply) -> Vec<Value> {
    reply
        .body
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_compares_a_list_and_each_person_sees_it_at_once() {
    let town = Town::new().await;
    let token = prepared(&town).await;
    register(&town, &token, &[1, 2, 3]).await;
    let programme = proposed(&town, &token).await;
    let refused = compare(&town, &token, &programme, "key-00000001", String::new()).await;
    assert_eq!(
        (refused.status, refused.code()),
        (403, "POLICY-0206".to_owned()),
        "it is not approved"
    );
    let path = format!("/api/v1/programmes/{programme}/approve");
    let own = call(&town, &token, "POST", &path, &json!({}), None).await;
    assert_eq!((own.status, own.code()), (403, "POLICY-0106".to_owned()));
    let stranger = town.token(&town.stranger).await;
    let foreign = call(&town, &stranger, "POST", &path, &json!({}), None).await;
    assert_eq!(foreign.status, 404);

    let programme = running(&town, &token).await;
    let (one, two) = (town.number.clone(), resident_number(2));
    let body = [
        row(1, &one, "测试甲"),
        row(2, &two, "测试乙"),
        "{\"no\": 1}".to_owned(),
        row(3, &one, "测试别人"),
        format!("\"{}\"", "长".repeat(400)),
    ];
    let text = body.join("\n") + "\n";
    let reply = compare(&town, &token, &programme, "key-00000001", text.clone()).await;
    assert_eq!(
        (reply.status, reply.header("content-type")),
        (200, "application/x-ndjson")
    );
    let answers = lines(&reply);
    let nothing = json!({ "ITM-PENALTY": "nothing", "ITM-PERMIT": "nothing" });
    assert_eq!(
        answers[0],
        json!({ "line": 1, "items": { "ITM-PENALTY": "nothing", "ITM-PERMIT": "open" } })
    );
    assert_eq!(answers[1], json!({ "line": 2, "items": nothing }));
    assert_eq!(
        (&answers[2]["line"], &answers[2]["code"]),
        (&json!(3), &json!("COMPARE-0101"))
    );
    assert_eq!(
        answers[3],
        json!({ "line": 4, "items": nothing }),
        "another name, nobody, nothing: the same bytes"
    );
    assert_eq!(answers[4]["code"], "COMPARE-0102");
    let block = &answers[5]["block"];
    assert_eq!(block["rows"], 3);
    assert_eq!(answers[6]["end"]["compared"], 3);
    assert_eq!(
        (&answers[6]["end"]["lines"], &answers[6]["end"]["faulty"]),
        (&json!(5), &json!(2))
    );
    for word in [one.as_str(), two.as_str(), "测试", "deny", "score", "拒绝", "分数"] {
        assert!(!reply.body.contains(word), "{word}");
    }
    // The receipt is signed.
    let field = |name: &str| block[name].as_str().unwrap();
    let text_of = |block: &Value| {
        let at = block["as_of_ms"].as_i64().unwrap();
        let (id, entry, answer) = (field("id"), field("entry_hash"), field("answer_hash"));
        format!("chengdang comparison receipt 1\n{id}\n{entry}\n{answer}\n{at}\n")
    };
    let signature: [u8; 64] = hex::decode(field("signature")).unwrap().try_into().unwrap();
    vault::verify(&town.app.public_key(), text_of(block).as_bytes(), &signature).unwrap();
    let again = compare(&town, &token, &programme, "key-00000001", text).await;
    assert_eq!(again.body, reply.body, "the same key, the same bytes");
    let other = compare(&town, &token, &programme, "key-00000001", row(1, &two, "测试乙")).await;
    assert_eq!(lines(&other)[0]["error"]["code"], "COMPARE-0002");

    the_person_sees_the_rows(&town, &programme, block).await;
}

/// The rows' ways lead to the blocks' entries, and those to the checkpoint; the header is the one that the row names.
async fn proofs_lead_to_the_published_checkpoint(town: &Town, own: &str, look: &Value) {
    let ask = async || {
        call(town, own, "GET", "/api/v1/me/look-ups/proofs", &json!({}), None)
            .await
            .json()
    };
    let of_look = |file: &Value| -> Vec<Value> {
        let entries = file["entries"].as_array().unwrap().iter();
        entries.filter(|entry| entry["look"] == look["id"]).cloned().collect()
    };
    let waiting = of_look(&ask().await);
    assert!(
        waiting.len() == 3 && waiting.iter().all(|entry| entry.get("index").is_none()),
        "{waiting:?}"
    );
    town.publish().await;
    let file = ask().await;
    let key = translog::LogKey::from_vkey(file["log"].as_str().unwrap()).unwrap();
    let head = translog::open(file["checkpoint"].as_str().unwrap().as_bytes(), &key).unwrap();
    let entries = of_look(&file);
    let labels: Vec<&str> = entries.iter().map(|entry| entry["label"].as_str().unwrap()).collect();
    assert_eq!(labels, ["comparison", "comparison_row", "comparison_answer"]);
    let hash = |text: &Value| -> [u8; 32] { hex::decode(text.as_str().unwrap()).unwrap().try_into().unwrap() };
    let base64 = |text: &Value| STANDARD.decode(text.as_str().unwrap()).unwrap();
    for (entry, shown) in entries.iter().zip(look["proofs"].as_array().unwrap()) {
        for name in ["label", "entry_hash", "nonce", "content"] {
            assert_eq!(entry[name], shown[name], "the page shows what the file proves");
        }
        if entry["label"] == "comparison" {
            let row: Value = serde_json::from_str(entries[1]["content"].as_str().unwrap()).unwrap();
            assert_eq!(
                (&entry["named_by"], &row["header"]),
                (&entries[1]["entry_hash"], &entry["entry_hash"])
            );
            assert!(entry.get("index").is_none() && entry.get("steps").is_none());
            continue;
        }
        let mut root = hash(&entry["entry_hash"]);
        for step in entry["steps"].as_array().unwrap() {
            let path = translog::SubtreePath {
                index: step["index"].as_u64().unwrap(),
                size: step["size"].as_u64().unwrap(),
                hashes: step["hashes"].as_array().unwrap().iter().map(&hash).collect(),
            };
            root = translog::root_of_path(&path, &root).unwrap();
        }
        assert_eq!(hex::encode(root), shown["path"]["log_entry_hash"].as_str().unwrap());
        let leaf = base64(&entry["leaf"]);
        assert_eq!(leaf[10..], root);
        let path = entry["path"].as_array().unwrap().iter();
        let path: Vec<[u8; 32]> = path.map(|hash| base64(hash).try_into().unwrap()).collect();
        translog::check_inclusion(&path, head, entry["index"].as_u64().unwrap(), &leaf).unwrap();
    }
}

async fn the_person_sees_the_rows(town: &Town, programme: &str, block: &Value) {
    let own = town.token(&town.resident).await;
    let seen = call(town, &own, "GET", "/api/v1/me/look-ups", &json!({}), None)
        .await
        .json();
    let rows = seen["compared"].as_array().unwrap();
    assert_eq!(
        rows.len(),
        2,
        "a row under another name is about the number all the same"
    );
    let (named, unnamed) = (&rows[0], &rows[1]);
    assert_eq!(
        (&named["outcome"], &unnamed["outcome"]),
        (&json!("disclosed"), &json!("nothing")),
        "{seen}"
    );
    assert_eq!(
        (&named["programme"], &named["matter_no"]),
        (&json!(programme), &json!("测食许〔2026〕1号"))
    );
    assert_eq!(named["items"][1]["is_open"], true);
    assert_eq!(named["proofs"][1]["path"]["log_entry_hash"], block["entry_hash"]);
    assert_eq!(named["proofs"][2]["path"]["log_entry_hash"], block["answer_hash"]);
    for proof in named["proofs"].as_array().unwrap() {
        let nonce = hex::decode(proof["nonce"].as_str().unwrap()).unwrap();
        let content = proof["content"].as_str().unwrap();
        let hash = translog::entry_hash(proof["label"].as_str().unwrap(), &[&nonce, content.as_bytes()]);
        assert_eq!(hex::encode(hash), proof["entry_hash"].as_str().unwrap());
    }
    proofs_lead_to_the_published_checkpoint(town, &own, named).await;
    let page = town.signed_in(&town.resident).await.get("/me/look-ups").await;
    assert!(
        page.body.contains(programme) && page.body.contains("测食许〔2026〕1号"),
        "{}",
        page.body
    );
    let id = named["id"].as_str().unwrap();
    let complaint = format!("/api/v1/me/look-ups/{id}/complaint");
    assert_eq!(
        call(town, &own, "POST", &complaint, &json!({ "words": "" }), None)
            .await
            .status,
        201
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_comparison_is_told_before_anything_is_read() {
    let town = Town::new().await;
    let token = prepared(&town).await;
    let programme = running(&town, &token).await;
    let bearer = format!("Bearer {token}");
    let ask = async |path: &str, kind: &str, key: &str| {
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", kind),
            ("idempotency-key", key),
        ];
        let reply = town.client().send("POST", path, &headers, b"{}\n".to_vec()).await;
        (reply.status, reply.code())
    };
    let path = format!("/api/v1/comparisons?programme={programme}");
    let (ndjson, key) = ("application/x-ndjson", "key-00000001");
    let fault = |status: u16, code: &str| (status, code.to_owned());
    assert_eq!(ask(&path, "application/json", key).await, fault(415, "WEB-0415"));
    assert_eq!(ask("/api/v1/comparisons", ndjson, key).await, fault(400, "WEB-0400"));
    assert_eq!(ask(&path, ndjson, "short").await, fault(422, "LOOKUP-0108"));
    let absent = format!("/api/v1/comparisons?programme={}", Uuid::from_u128(7));
    assert_eq!(ask(&absent, ndjson, key).await, fault(404, "WEB-0404"));
    let unknown = format!("{path}&items=ITM-NONE");
    assert_eq!(ask(&unknown, ndjson, key).await, fault(422, "LOOKUP-0107"));
    let beyond = format!("{path}&items=ITM-TAX-BREACH");
    assert_eq!(ask(&beyond, ndjson, key).await, fault(403, "POLICY-0203"));
    for change in [
        json!({ "aim": "x" }),
        json!({ "last_day": "2028-01-01" }),
        json!({ "last_day": "soon" }),
        json!({ "rows_a_day": 0 }),
    ] {
        let mut body = proposal();
        body.as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        let reply = call(&town, &token, "POST", "/api/v1/programmes", &body, None).await;
        assert_eq!((reply.status, reply.code()), fault(422, "COMPARE-0004"), "{body}");
    }
    let end = format!("/api/v1/programmes/{programme}/end");
    let centre = town.token(&town.centre).await;
    assert_eq!(call(&town, &centre, "POST", &end, &json!({}), None).await.status, 200);
    assert_eq!(ask(&path, ndjson, key).await, fault(403, "POLICY-0206"));
    assert_eq!(call(&town, &centre, "POST", &end, &json!({}), None).await.status, 409);
}

/// The body of a request as it is sent, and the body of its answer as it comes.
async fn opened(
    town: &Town,
    token: &str,
    programme: &str,
    key: &str,
) -> (
    futures::channel::mpsc::Sender<Result<Bytes, io::Error>>,
    axum::body::BodyDataStream,
) {
    let (sender, receiver) = futures::channel::mpsc::channel(0);
    let request = Request::builder()
        .method("POST")
        .uri(format!("/api/v1/comparisons?programme={programme}"))
        .header("host", "chengdang.test")
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/x-ndjson")
        .header("idempotency-key", key)
        .body(Body::from_stream(receiver))
        .unwrap();
    let response = web::router(town.app.clone(), town.settings)
        .oneshot(request)
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    (sender, response.into_body().into_data_stream())
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_are_answered_as_they_come_and_a_broken_body_goes_on_under_its_key() {
    let town = Town::new().await;
    let token = prepared(&town).await;
    register(&town, &token, &[1, 2]).await;
    let programme = running(&town, &token).await;
    // A first block of one row and faults, and one row of the next.
    let mut first = row(1, &town.number, "测试甲") + "\n";
    first.push_str(&"{}\n".repeat(compared::BLOCK_ROWS - 1));
    let second = row(2, &resident_number(2), "测试乙") + "\n";

    let (mut sender, mut answers) = opened(&town, &token, &programme, "key-00000001").await;
    let sending = tokio::spawn(async move {
        for piece in first.as_bytes().chunks(60_000) {
            sender.send(Ok(Bytes::copy_from_slice(piece))).await.unwrap();
        }
        (sender, first)
    });
    let block = answers.next().await.unwrap().unwrap();
    let (mut sender, first) = sending.await.unwrap();
    let text = String::from_utf8(block.to_vec()).unwrap();
    assert_eq!(
        text.lines().count(),
        compared::BLOCK_ROWS + 1,
        "answered while the body is open"
    );
    assert!(text.starts_with("{\"line\":1,\"items\":{\"ITM-PENALTY\":\"nothing\",\"ITM-PERMIT\":\"open\"}}\n"));
    // The body breaks off within the second block: the answer does, too, and nothing of the block is logged.
    let sizes = looks_of_newcomer(&town).await;
    let sending = tokio::spawn(async move {
        sender.send(Ok(Bytes::from(second))).await.unwrap();
        sender.send(Err(io::ErrorKind::ConnectionReset.into())).await.unwrap();
    });
    assert!(
        answers.next().await.unwrap().is_err(),
        "nobody takes a part for the whole"
    );
    assert!(answers.next().await.is_none());
    sending.await.unwrap();
    assert_eq!((sizes, looks_of_newcomer(&town).await), (0, 0));
    // The same again with the same key: the same answers, then the rest.
    let whole = first + &row(2, &resident_number(2), "测试乙");
    let reply = compare(&town, &token, &programme, "key-00000001", whole).await;
    assert!(reply.body.starts_with(&text), "the same bytes");
    let rest = &lines(&reply)[compared::BLOCK_ROWS + 1..];
    assert_eq!(rest[0]["line"], compared::BLOCK_ROWS + 1);
    assert_eq!(rest[2]["end"]["compared"], 2);
    assert_eq!(looks_of_newcomer(&town).await, 1);

    // Whoever does not read is not read from: the body waits.
    let (mut sender, answers) = opened(&town, &token, &programme, "key-00000002").await;
    let piece = Bytes::from("{}\n".repeat(20_000));
    let mut accepted = 0;
    while accepted < 100 && sender.try_send(Ok(piece.clone())).is_ok() {
        accepted += 1;
        tokio::task::yield_now().await;
    }
    assert!(
        accepted <= 5,
        "{accepted} pieces of 20,000 lines were taken while nobody read"
    );
    drop(answers);
}

async fn looks_of_newcomer(town: &Town) -> usize {
    let own = town.token(&town.newcomer).await;
    let seen = call(town, &own, "GET", "/api/v1/me/look-ups", &json!({}), None)
        .await
        .json();
    seen["compared"].as_array().unwrap().len()
}
