//! Deliveries and reviews on the pages.

use uuid::Uuid;

use crate::town::{Town, resident_number};

/// The same number with another last character.
fn slipped(number: &str) -> String {
    let last = if number.ends_with('1') { '2' } else { '1' };
    format!("{}{last}", &number[..17])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_adds_up_and_its_faults_can_be_sent_back() {
    let town = Town::new().await;
    let mut officer = town.signed_in(&town.officer).await;
    let (slip, unknown) = (slipped(&town.number), resident_number(500));
    let file = town.permits(&[
        ("测许1号", "测试甲", &town.number, "一"),
        ("测许2号", "测试甲", &slip, "二"),
        ("测许3号", "测试甲", &town.number, ""),
        ("测许4号", "测试无", &unknown, "四"),
    ]);
    officer.get("/deliver").await;
    let reply = officer.upload("/deliver", "ITM-PERMIT", "a.csv", file.as_bytes()).await;
    let preview = officer.get(&reply.location()).await.body;
    assert!(preview.contains("E05") && preview.contains("E02") && preview.contains("data-testid=\"fault-row\""));
    assert!(!preview.contains(&town.number), "a preview repeats no cell");

    let id = town.deliver(&mut officer, "a.csv", file.as_bytes()).await;
    let page = officer.get(&format!("/deliveries/{id}")).await.body;
    assert!(page.contains("4 = 1 + 0 + 1 + 1 + 1"), "{page}");
    assert!(page.contains("data-testid=\"receipt\"") && page.contains("data-count=\"pending\""));
    assert_eq!(page.matches("data-testid=\"held-row\"").count(), 2);

    for (lang, head) in [("zh-CN", "行号"), ("en", "line")] {
        let csv = officer.get(&format!("/deliveries/{id}/faults.csv?lang={lang}")).await;
        assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
        assert!(
            csv.header("content-disposition")
                .starts_with("attachment; filename=\"faults-")
        );
        assert!(csv.body.starts_with(&format!("\u{feff}{head}")), "{}", csv.body);
        assert!(csv.body.contains("E02") && !csv.body.contains(&slip) && !csv.body.contains("测试甲"));
    }
    let receipt = officer.get(&format!("/deliveries/{id}/receipt.json")).await;
    assert!(
        app::deliver::receipt_verifies(&receipt.bytes, &town.app.public_key()),
        "the signature holds"
    );
    assert_eq!(receipt.json()["receipt"]["rows"]["received"], 4);

    assert_eq!(
        town.deliver(&mut officer, "again.csv", file.as_bytes()).await,
        id,
        "the same bytes, the same delivery"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_none_is_refused_in_the_preview() {
    let town = Town::new().await;
    let mut officer = town.signed_in(&town.officer).await;
    officer.get("/deliver").await;
    let reply = officer
        .upload("/deliver", "ITM-PERMIT", "a.csv", "甲,乙\r\n1,2\r\n".as_bytes())
        .await;
    let preview = officer.get(&reply.location()).await;
    assert_eq!(preview.status, 200);
    assert!(
        preview.body.contains("整个文件不能接收") && preview.body.contains("E01"),
        "{}",
        preview.body
    );
    assert!(
        !preview.body.contains(&format!("action=\"{}\"", reply.location())),
        "there is nothing to confirm"
    );
    for (item, name) in [("ITM-PERMIT", ""), ("ITM-NONE", "a.csv"), ("nonsense", "a.csv")] {
        let reply = officer.upload("/deliver", item, name, b"x").await;
        assert_eq!(reply.status, 422, "{item} {name}");
        assert!(reply.body.contains("role=\"alert\""));
    }
    let reply = officer.upload("/deliver", "ITM-VOLUNTEER", "a.csv", b"x").await;
    assert_eq!(reply.status, 403, "not this organisation's item");
}

#[tokio::test(flavor = "multi_thread")]
async fn ab04_what_is_anothers_and_what_is_absent_are_the_same_bytes() {
    let town = Town::new().await;
    let mut officer = town.signed_in(&town.officer).await;
    let slip = slipped(&town.number);
    let file = town.permits(&[
        ("测许1号", "测试甲", &town.number, ""),
        ("测许2号", "测试甲", &slip, "二"),
    ]);
    let id = town.deliver(&mut officer, "a.csv", file.as_bytes()).await;
    let reviews = officer.get("/reviews").await.body;
    let review = reviews
        .split("href=\"/reviews/")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    let upload = officer.upload("/deliver", "ITM-PERMIT", "b.csv", b"x").await.location();
    let upload = upload.rsplit('/').next().unwrap().to_owned();
    let absent = Uuid::from_u128(0x0192_f0c4_5b7e_7cc1_9a5e_0f5f_3b1d_2a11).to_string();

    let mut stranger = town.signed_in(&town.stranger).await;
    let mut resident = town.signed_in(&town.resident).await;
    for (path, there) in [
        ("/deliveries/ID", &id),
        ("/deliveries/ID?pause=1", &id),
        ("/deliveries/ID/faults.csv", &id),
        ("/deliveries/ID/receipt.json", &id),
        ("/reviews/ID", &review),
        ("/deliver/ID", &upload),
    ] {
        assert_eq!(officer.get(&path.replace("ID", there)).await.status, 200, "{path}");
        for client in [&mut stranger, &mut resident] {
            let other = client.get(&path.replace("ID", there)).await;
            let none = client.get(&path.replace("ID", &absent)).await;
            assert_eq!((other.status, none.status), (404, 404), "{path}");
            assert_eq!(other.bytes, none.bytes, "{path}");
            let names = |reply: &crate::client::Reply| {
                let mut headers = reply.headers.clone();
                headers.remove("x-request-id");
                headers
            };
            assert_eq!(names(&other), names(&none), "{path}");
        }
    }
    for (path, there) in [("/reviews/ID", &review), ("/deliver/ID", &upload)] {
        stranger.get("/deliveries").await;
        let fields = [("decision", "refuse"), ("reason", "不是本人"), ("after_steps", "0")];
        let other = stranger.post(&path.replace("ID", there), &fields).await;
        let none = stranger.post(&path.replace("ID", &absent), &fields).await;
        assert_eq!((other.status, &other.bytes), (404, &none.bytes), "POST {path}");
    }

    let (mine, theirs) = (town.token(&town.officer).await, town.token(&town.stranger).await);
    for path in ["/api/v1/deliveries/ID", "/api/v1/deliveries/ID/faults"] {
        assert_eq!(officer.ask(&mine, &path.replace("ID", &id)).await.status, 200);
        let other = officer.ask(&theirs, &path.replace("ID", &id)).await;
        let none = officer.ask(&theirs, &path.replace("ID", &absent)).await;
        assert_eq!((other.status, &other.bytes), (404, &none.bytes), "{path}");
        assert_eq!(
            officer.ask(&theirs, &path.replace("ID", "nonsense")).await.bytes,
            none.bytes
        );
    }
    assert!(!stranger.get("/deliveries").await.body.contains(&id));
    let mut centre = town.signed_in(&town.centre).await;
    assert!(
        centre.get("/deliveries").await.body.contains(&id),
        "the centre watches all deliveries"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_wants_a_choice_and_a_reason_and_is_decided_once() {
    let town = Town::new().await;
    let mut officer = town.signed_in(&town.officer).await;
    let file = town.permits(&[("测许2号", "测试甲", &slipped(&town.number), "二")]);
    town.deliver(&mut officer, "a.csv", file.as_bytes()).await;
    let list = officer.get("/reviews").await.body;
    assert!(
        list.contains("data-reason=\"check_digit_slip\"") && !list.contains("测试甲"),
        "a list names nobody"
    );
    let path = format!(
        "/reviews/{}",
        list.split("href=\"/reviews/")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap()
    );
    let page = officer.get(&path).await.body;
    assert!(page.contains("测试甲") && !page.contains(&town.number) && page.contains("****************"));
    assert!(
        !page.contains("confirm_alias"),
        "only a changed name has an alias to confirm"
    );

    let reply = officer.post(&path, &[("reason", "核对过"), ("after_steps", "0")]).await;
    assert_eq!(reply.status, 422);
    assert!(
        reply.body.contains("请选择一种决定") && reply.body.contains("核对过"),
        "what was typed is kept"
    );
    let reply = officer
        .post(&path, &[("decision", "attach"), ("after_steps", "0")])
        .await;
    assert_eq!(reply.status, 422);
    assert!(reply.body.contains("请写明理由") && reply.body.contains("value=\"attach\" required checked"));
    let fields = [
        ("decision", "attach"),
        ("reason", "与许可卷宗核对，末位录入有误"),
        ("after_steps", "0"),
    ];
    assert_eq!(officer.post(&path, &fields).await.location(), path);
    assert!(officer.get(&path).await.body.contains("data-testid=\"review-closed\""));
    assert_eq!(officer.post(&path, &fields).await.status, 409, "decided once");
    let mut resident = town.signed_in(&town.resident).await;
    assert!(resident.get("/me/records").await.body.contains("测许2号"));
}

/// The officer sees whom a row in review could be, on the page and by the API, masked, side by side with how
/// each agrees.
#[tokio::test(flavor = "multi_thread")]
async fn r7_an_officer_sees_the_candidates_of_one_review_and_none_is_a_match() {
    let town = Town::new().await;
    let mut officer = town.signed_in(&town.officer).await;
    // Resident 1's number, resident 2's name.
    let file = town.permits(&[("测许4号", "测试乙", &town.number, "四")]);
    town.deliver(&mut officer, "a.csv", file.as_bytes()).await;
    let list = officer.get("/reviews").await.body;
    let id = list
        .split("href=\"/reviews/")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let page = officer.get(&format!("/reviews/{id}")).await.body;
    assert_eq!(page.matches("data-testid=\"candidate\"").count(), 2, "{page}");
    for text in [
        "号码完全一致",
        "第17位和校验位不同",
        "姓名差一个字",
        "姓名一致",
        "候选人不是匹配结果",
    ] {
        assert!(page.contains(text), "{text}");
    }
    let other = crate::town::resident_number(2);
    assert!(
        !page.contains(&town.number) && !page.contains(&other),
        "numbers are masked"
    );

    let token = town.token(&town.officer).await;
    let path = format!("/api/v1/reviews/{id}/candidates");
    let bearer = format!("Bearer {token}");
    let reply = town
        .client()
        .send("GET", &path, &[("authorization", &bearer)], Vec::new())
        .await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let answer = reply.json();
    assert_eq!((&answer["is_in_doubt"], &answer["left_out"]), (&true.into(), &0.into()));
    let words: Vec<_> = answer["candidates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|candidate| {
            let features = &candidate["features"];
            (
                features["number"]["word"].as_str().unwrap(),
                features["name"]["word"].as_str().unwrap(),
                candidate["is_decided_on"].as_bool().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        words,
        [("same", "one_character", true), ("one_digit_and_check", "equal", false)]
    );
    assert!(!reply.body.contains(&town.number) && !reply.body.contains(&other) && !reply.body.contains("测试乙"));
    // R1: of a candidate nothing is a number.
    let mut waiting: Vec<&serde_json::Value> = answer["candidates"].as_array().unwrap().iter().collect();
    while let Some(value) = waiting.pop() {
        assert!(!value.is_number(), "{answer}");
        waiting.extend(value.as_object().into_iter().flat_map(serde_json::Map::values));
    }
}
