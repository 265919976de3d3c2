//! What a resident sees.

use crate::town::{Town, resident_number};

#[tokio::test(flavor = "multi_thread")]
async fn a_resident_of_whom_nothing_is_held_sees_exactly_that() {
    let town = Town::new().await;
    let mut client = town.signed_in(&town.newcomer).await;
    let page = client.get("/me/records").await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("data-testid=\"no-records\"") && page.body.contains("没有您的记录"));
    assert!(!page.body.contains("data-testid=\"record\""));
    assert!(client.get("/me/notices").await.body.contains("没有通知"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_says_what_who_why_until_when_and_who_may_see_it_and_only_its_person_sees_it() {
    let town = Town::new().await;
    let mut officer = town.signed_in(&town.officer).await;
    let file = town.permits(&[("测许〔2024〕1号", "测试甲", &town.number, "预包装食品销售")]);
    town.deliver(&mut officer, "a.csv", file.as_bytes()).await;

    let mut resident = town.signed_in(&town.resident).await;
    let page = resident.get("/me/records").await.body;
    assert_eq!(page.matches("data-testid=\"record\"").count(), 1);
    for text in [
        "测许〔2024〕1号",
        "预包装食品销售",
        &town.provider_name,
        "《",
        "2026-11-24",
        "授权",
        "有效",
        "不是中国人民银行",
    ] {
        assert!(page.contains(text), "{text}");
    }
    assert!(!page.contains(&town.number), "the number is masked");
    let mut other = town.signed_in(&town.newcomer).await;
    let page = other.get("/me/records").await.body;
    assert!(!page.contains("测许〔2024〕1号") && page.contains("data-testid=\"no-records\""));
    for mut nobody in [officer, town.signed_in(&town.centre).await] {
        for path in ["/me", "/me/records", "/me/notices"] {
            assert_eq!(nobody.get(path).await.status, 403, "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn text_that_names_others_is_withheld_from_page_and_api() {
    let town = Town::new().await;
    let other = resident_number(77);
    let mut officer = town.signed_in(&town.officer).await;
    let text = format!("与测试丙（身份证号{other}）共同经营");
    let file = town.permits(&[("测许2号", "测试甲", &town.number, &text)]);
    town.deliver(&mut officer, "a.csv", file.as_bytes()).await;
    let mut resident = town.signed_in(&town.resident).await;
    let page = resident.get("/me/records").await.body;
    assert!(
        page.contains("class=\"withheld\"") && page.contains("提到了其他人"),
        "{page}"
    );
    assert!(!page.contains(&other));
    let token = town.token(&town.resident).await;
    let reply = resident.ask(&token, "/api/v1/me/records").await;
    assert!(
        !reply.body.contains(&other) && reply.body.contains("\"is_withheld\":true"),
        "{}",
        reply.body
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn notices_are_counted_until_they_are_acknowledged() {
    let town = Town::new().await;
    let mut officer = town.signed_in(&town.officer).await;
    let rows = [
        ("测许1号", "测试甲", town.number.as_str(), "一"),
        ("测许2号", "测试甲", town.number.as_str(), "二"),
    ];
    town.deliver(&mut officer, "a.csv", town.permits(&rows).as_bytes())
        .await;
    let mut resident = town.signed_in(&town.resident).await;
    assert!(resident.get("/me").await.body.contains("有 2 条新的通知"));
    let page = resident.get("/me/notices?lang=en").await.body;
    assert_eq!(page.matches("data-testid=\"notice\"").count(), 2);
    assert!(page.contains("No legal period runs from a notice"));
    let until = page
        .split("name=\"until\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let reply = resident.post("/me/notices", &[("until", until)]).await;
    assert_eq!(reply.location(), "/me/notices");
    let page = resident.get("/me/notices").await.body;
    assert!(!page.contains("tag new") && !page.contains("name=\"until\""), "{page}");
    assert!(resident.get("/me").await.body.contains("No new notices"));
}

#[tokio::test(flavor = "multi_thread")]
async fn long_files_are_leafed_through_and_no_page_is_heavy() {
    let town = Town::new().await;
    let mut officer = town.signed_in(&town.officer).await;
    let numbers: Vec<String> = (0..60).map(|at| format!("测许〔2024〕{at}号")).collect();
    let content = "预包装食品销售，".repeat(20);
    let rows: Vec<_> = numbers
        .iter()
        .map(|wsh| (wsh.as_str(), "测试甲", town.number.as_str(), content.as_str()))
        .collect();
    let delivery = town
        .deliver(&mut officer, "a.csv", town.permits(&rows).as_bytes())
        .await;
    // Rows that wait: numbers nobody knows.
    let unknown: Vec<String> = (100..300).map(resident_number).collect();
    let rows: Vec<_> = unknown
        .iter()
        .map(|number| ("测许9号", "测试丙", number.as_str(), "内容"))
        .collect();
    let waiting = town
        .deliver(&mut officer, "b.csv", town.permits(&rows).as_bytes())
        .await;

    let mut resident = town.signed_in(&town.resident).await;
    let mut seen = std::collections::BTreeSet::new();
    for page in ["/me/records", "/me/records?page=2", "/me/records?page=3"] {
        let body = resident.get(page).await.body;
        assert_eq!(body.matches("data-testid=\"record\"").count(), 20, "{page}");
        assert!(body.len() < 100_000, "{page}: {} bytes", body.len());
        seen.extend(numbers.iter().filter(|wsh| body.contains(wsh.as_str())).cloned());
    }
    assert_eq!(seen.len(), 60, "every record is on some page");
    assert_eq!(
        resident
            .get("/me/records?page=all")
            .await
            .body
            .matches("data-testid=\"record\"")
            .count(),
        60
    );
    let receipts = [format!("/deliveries/{delivery}"), format!("/deliveries/{waiting}")];
    for page in ["/deliveries", "/deliver", "/reviews", &receipts[0], &receipts[1]] {
        let body = officer.get(page).await.body;
        assert!(body.len() < 100_000, "{page}: {} bytes", body.len());
    }
    assert!(
        officer
            .get(&receipts[1])
            .await
            .body
            .matches("data-testid=\"held-row\"")
            .count()
            == 100
    );
    for page in ["/me", "/me/notices", "/catalogue", "/catalogue/ITM-PENALTY", "/login"] {
        let body = resident.get(page).await.body;
        assert!(body.len() < 100_000, "{page}: {} bytes", body.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalogue_is_open_to_everybody_with_its_seven_elements() {
    let town = Town::new().await;
    let mut anybody = town.client();
    let page = anybody.get("/catalogue").await.body;
    assert_eq!(
        page.matches("data-testid=\"item\"").count(),
        town.app.catalogue().items.len()
    );
    for item in town.app.catalogue().items.values() {
        let page = anybody.get(&format!("/catalogue/{}", item.id)).await;
        assert_eq!(page.status, 200);
        for element in [
            "信息事项",
            "信息性质",
            "统一社会信用代码",
            "数据标准",
            "披露方式",
            "有效期限",
            "提供单位",
        ] {
            assert!(page.body.contains(element), "{element}");
        }
        assert!(page.body.contains(&town.app.catalogue().version));
        assert!(page.body.contains(&item.legal_basis[0].article), "{}", item.id);
    }
    assert_eq!(anybody.get("/catalogue/ITM-NONE").await.status, 404);
}
