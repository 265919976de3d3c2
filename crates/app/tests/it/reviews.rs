//! A row that a rule leaves to a human: it waits, and is recorded or refused by a decision with reasons (R3, R7).

use std::io::Write as _;

use app::reviews::{self, Decision};
use domain::Uscc;
use domain::catalogue::ItemId;
use domain::record::RecordState;
use policy::{Caller, DecideReview, Deliver, ListReviews};
use serde_json::Value;

use crate::town::{Town, document, name, read, records, value};

/// Delivers a broken commitment of resident 1; returns the counts.
async fn deliver_broken(town: &Town, officer: &Caller, number: &str) -> Value {
    let item = &town.app.catalogue().items[&ItemId::parse("ITM-COMMITMENT").unwrap()];
    let mut file = tempfile::tempfile().unwrap();
    let (organ, code) = (&town.provider_name, &town.provider);
    writeln!(
        file,
        "承诺人姓名,证件类型,证件号码,承诺书编号,承诺类型,承诺事项,受理机关,受理机关统一社会信用代码,承诺日期,履行状态,违诺认定文书号\n\
         {},01,{},{number},容缺受理型,按期补交材料,{organ},{code},2026-09-01,违诺,测认〔2026〕{number}号",
        name(1),
        document(1).expose()
    )
    .unwrap();
    let permit = town
        .app
        .policies()
        .decide(officer, Deliver::of(town.provider.clone(), item))
        .unwrap();
    let receipt = app::deliver::deliver_file(&town.app, &permit, file, "commitments.csv", |_| {})
        .await
        .unwrap();
    serde_json::from_slice::<Value>(&receipt).unwrap()["receipt"]["rows"].clone()
}

async fn decide(town: &Town, officer: &Caller, attach: bool) {
    let organisation: Option<Uscc> = officer.organisation.clone();
    let permit = town
        .app
        .policies()
        .decide(officer, ListReviews { organisation })
        .unwrap();
    let open = reviews::list(&town.app, &permit, 10).await.unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].reason, "RUL-COMMITMENT-BROKEN");
    assert!(open[0].explanation.zh.contains("人工核对"), "{:?}", open[0].explanation);
    let question = DecideReview {
        review: open[0].uuid,
        organisation: town.provider.clone(),
    };
    let permit = town.app.policies().decide(officer, question).unwrap();
    let decision = Decision {
        attach,
        confirm_alias: false,
        reason: "已核对认定文书".to_owned(),
        after_steps: 0,
    };
    reviews::decide(&town.app, &permit, &decision).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_a_rule_leaves_to_a_human_is_used_only_after_the_decision() {
    let town = Town::new(&[1]);
    let officer = town.officer();
    let own = town.own(1).await;

    let rows = deliver_broken(&town, &officer, "1").await;
    assert_eq!((&rows["pending"], &rows["recorded"]), (&1.into(), &0.into()), "{rows}");
    assert_eq!(records(&read(&town, &own).await).len(), 0);
    decide(&town, &officer, true).await;
    let file = read(&town, &own).await;
    let record = records(&file)[0];
    // Decided, so nothing holds it any more.
    assert_eq!((record.state, value(record, "CN_LXZT")), (RecordState::Usable, "违诺"));

    deliver_broken(&town, &officer, "2").await;
    decide(&town, &officer, false).await;
    assert_eq!(records(&read(&town, &own).await).len(), 1, "refused, it is on no file");
    town.verify().await;
}
