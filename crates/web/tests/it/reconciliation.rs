//! The reconciliation of a provider's day, as its officer, the centre and programs see it.

use app::reconcile::Statement;

use crate::town::Town;

const TODAY: &str = "2026-11-24";

fn said(item: &str, rows: Option<u64>, sha256: Option<&str>) -> Statement {
    Statement {
        item: item.to_owned(),
        sha256: sha256.map(str::to_owned),
        rows,
        bytes: None,
    }
}

/// A town in which two files arrived: three rows, of which one is in doubt and one faulty, and one row.
async fn busy_town() -> (Town, [String; 2]) {
    let town = Town::new().await;
    let mut officer = town.signed_in(&town.officer).await;
    let number = town.number.clone();
    let first = town.permits(&[
        ("证字第1号", "测试甲", &number, "经营"),
        ("证字第2号", "测试申", &number, "经营"),
        ("证字第3号", "测试甲", &number, ""),
    ]);
    let second = town.permits(&[("证字第4号", "测试甲", &number, "经营")]);
    let deliveries = [
        town.deliver(&mut officer, "first.csv", first.as_bytes()).await,
        town.deliver(&mut officer, "second.csv", second.as_bytes()).await,
    ];
    (town, deliveries)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_reads_what_arrived_and_how_it_compares() {
    let (town, [first, second]) = busy_town().await;
    town.statements.lay(
        &town.provider,
        TODAY,
        Some(vec![
            said("ITM-PERMIT", Some(3), None),
            // What is no item and no hash is free text, and is not passed on.
            said(&town.number, Some(9), Some("测试甲")),
        ]),
    );
    let token = town.token(&town.officer).await;
    let reply = town.client().ask(&token, "/api/v1/reconciliation").await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let report = reply.json();
    assert_eq!(report["provider"], town.provider.as_str());
    assert_eq!(report["day"], TODAY, "today, if no day is named");
    let rows = serde_json::json!({
        "received": 4, "recorded": 2, "repeated": 0, "held": 0, "pending": 1, "refused": 1,
        "corrected": 0, "withdrawn": 0
    });
    assert_eq!(report["rows"], rows);
    assert_eq!(report["by_adapter"]["service"], rows);
    let line = &report["deliveries"][0];
    assert_eq!(
        (&line["delivery"], &line["state"], &line["has_receipt"]),
        (&first.as_str().into(), &"done".into(), &true.into())
    );
    assert!(
        line["received_at"].as_str().unwrap().starts_with("2026-11-24T10:"),
        "{line}"
    );
    assert_eq!(
        (&line["open"][0]["kind"], &line["open"][0]["rows"]),
        (&"pending".into(), &1.into())
    );
    assert_eq!(report["deliveries"][1]["open"], serde_json::json!([]));
    let statements = report["statements"].as_array().unwrap();
    assert_eq!(
        (
            &statements[0]["item"],
            &statements[0]["agreement"],
            &statements[0]["delivery"]
        ),
        // The stated hash is looked for first, and nothing has it.
        (&serde_json::Value::Null, &"missing".into(), &serde_json::Value::Null)
    );
    assert_eq!(
        (
            &statements[1]["item"],
            &statements[1]["agreement"],
            &statements[1]["delivery"]
        ),
        (&"ITM-PERMIT".into(), &"agrees".into(), &first.as_str().into())
    );
    assert_eq!(report["unannounced"], serde_json::json!([second]));
    for personal in [town.number.as_str(), "测试甲", "测试申"] {
        assert!(!reply.body.contains(personal), "{}", reply.body);
    }

    let quiet = town
        .client()
        .ask(&token, "/api/v1/reconciliation?day=2026-11-23")
        .await
        .json();
    assert_eq!(quiet["deliveries"], serde_json::json!([]));
    assert_eq!(quiet["statements"], serde_json::json!([]));
    assert_eq!(quiet["statement_fault"], serde_json::Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_cannot_be_read_is_said_and_what_arrived_is_shown() {
    let (town, _) = busy_town().await;
    town.statements.lay(&town.provider, TODAY, None);
    let token = town.token(&town.officer).await;
    let report = town.client().ask(&token, "/api/v1/reconciliation").await.json();
    assert_eq!(report["statement_fault"], "RECONCILE-0001");
    assert_eq!(report["rows"]["received"], 4);
    assert_eq!(report["unannounced"], serde_json::json!([]), "nothing was compared");
    let mut officer = town.signed_in(&town.officer).await;
    let page = officer.get("/reconciliation").await.body;
    assert!(page.contains("data-testid=\"statement-unreadable\""), "{page}");
    assert!(page.contains("RECONCILE-0001"), "{page}");
    assert_eq!(page.matches("data-testid=\"delivery-row\"").count(), 2, "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_officer_sees_the_own_day_and_the_centre_chooses_the_provider() {
    let (town, [first, second]) = busy_town().await;
    let other_item = said("ITM-PENALTY", Some(7), Some(&"a1".repeat(32)));
    town.statements.lay(
        &town.provider,
        TODAY,
        Some(vec![said("ITM-PERMIT", Some(1), None), other_item]),
    );
    let mut officer = town.signed_in(&town.officer).await;
    let page = officer.get("/reconciliation").await;
    assert_eq!(page.status, 200, "{}", page.body);
    let page = page.body;
    let is_current = "<a href=\"/reconciliation\" aria-current=\"page\">";
    assert!(page.contains(is_current), "{page}");
    assert!(!page.contains("<select"), "an officer has one provider: {page}");
    for expected in [
        town.provider_name.as_str(),
        "value=\"2026-11-24\" max=\"2026-11-24\"",
        &format!("href=\"/deliveries/{first}\""),
        "a1a1a1a1a1a1<",
    ] {
        assert!(page.contains(expected), "{expected}: {page}");
    }
    assert_eq!(
        page.matches("data-testid=\"sum-row\"").count(),
        2,
        "one way and all: {page}"
    );
    assert_eq!(page.matches("data-testid=\"open-row\"").count(), 1, "{page}");
    assert_eq!(page.matches("data-testid=\"statement-row\"").count(), 2, "{page}");
    let unannounced = page.split("data-testid=\"unannounced\"").nth(1).unwrap();
    let unannounced = unannounced.split("</ul>").next().unwrap();
    assert!(
        unannounced.contains(&first) && !unannounced.contains(&second),
        "{unannounced}"
    );
    for personal in [town.number.as_str(), "测试甲", "测试申"] {
        assert!(!page.contains(personal), "{page}");
    }
    let english = officer.get("/reconciliation?lang=en").await.body;
    assert!(
        english.contains("did not arrive") && english.contains("pages or service"),
        "{english}"
    );

    let mut centre = town.signed_in(&town.centre).await;
    let choice = centre.get("/reconciliation").await.body;
    assert!(
        choice.contains(&format!("<option value=\"{}\">", town.provider)),
        "{choice}"
    );
    assert!(!choice.contains("data-testid=\"reconciliation\""), "{choice}");
    let chosen = centre
        .get(&format!("/reconciliation?provider={}&day={TODAY}", town.provider))
        .await
        .body;
    assert!(
        chosen.contains(&format!("<option value=\"{}\" selected>", town.provider)),
        "{chosen}"
    );
    assert_eq!(chosen.matches("data-testid=\"delivery-row\"").count(), 2, "{chosen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_asked_is_refused_with_its_code() {
    let town = Town::new().await;
    let officer = town.token(&town.officer).await;
    let resident = town.token(&town.resident).await;
    let centre = town.token(&town.centre).await;
    let stranger = town.token(&town.stranger).await;
    let of_provider = format!("?provider={}", town.provider);
    for (token, query, status, code) in [
        (&officer, "?day=24.11.2026", 400, "WEB-0400"),
        (&officer, "?day=2026-11-25", 400, "WEB-0400"),
        (&officer, "?provider=123", 400, "WEB-0400"),
        (&centre, "", 400, "WEB-0400"),
        (&resident, "", 403, "POLICY-0002"),
        (&resident, &of_provider, 403, "POLICY-0002"),
        (&stranger, &of_provider, 403, "POLICY-0102"),
    ] {
        let reply = town
            .client()
            .ask(token, &format!("/api/v1/reconciliation{query}"))
            .await;
        assert_eq!((reply.status, reply.code().as_str()), (status, code), "{query}");
    }
}
