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

/// Delivers a penalty of resident 1: number, kind, content, class.
async fn deliver_penalty(town: &Town, number: &str, kind: &str, content: &str, class: &str) {
    let item = &town.app.catalogue().items[&ItemId::parse("ITM-PENALTY").unwrap()];
    let mut file = tempfile::tempfile().unwrap();
    let (organ, code) = (&town.provider_name, &town.provider);
    writeln!(
        file,
        "行政相对人名称,行政相对人类别,法定代表人证件类型,证件类型,证件号码,行政处罚决定书文号,违法行为类型,违法事实,处罚依据,处罚类别,处罚内容,\
         罚款金额（万元）,处罚决定日期,处罚有效期,处罚机关,处罚机关统一社会信用代码,数据来源单位,数据来源单位统一社会信用代码,处罚程序,\
         失信等级,失信行为终止日期,没收违法所得、没收非法财物的金额（万元）,暂扣或吊销证照名称及编号\n\
         {},自然人,,01,{},{number},销售未检验食品,已下架,《中华人民共和国食品安全法》第一百三十五条,{kind},{content},,2026/08/31,2099/12/31,\
         {organ},{code},{organ},{code},普通程序,{class},2026/08/30,,",
        name(1),
        document(1).expose()
    )
    .unwrap();
    let permit = town
        .app
        .policies()
        .decide(&town.officer(), Deliver::of(town.provider.clone(), item))
        .unwrap();
    let receipt = app::deliver::deliver_file(&town.app, &permit, file, "penalties.csv", |_| {})
        .await
        .unwrap();
    let receipt = serde_json::from_slice::<Value>(&receipt).unwrap();
    assert_eq!(receipt["receipt"]["rows"]["recorded"], 1, "{receipt}");
}

/// The person is told from when on repair can be asked for, or why it cannot: decree 36, three months for the general
/// class and a year for the serious one, counted in calendar months.
#[tokio::test(flavor = "multi_thread")]
async fn the_person_sees_from_when_a_record_can_be_repaired_or_why_it_cannot() {
    let town = Town::new(&[1]);
    let own = town.own(1).await;
    for (number, kind, content, class) in [
        ("罚1号", "警告", "警告", "轻微"),
        ("罚2号", "警告", "警告", "一般"),
        ("罚3号", "限制从业", "五年内不得从事食品生产经营管理工作", "严重"),
        ("罚4号", "限制从业", "终身不得从事食品生产经营管理工作", "严重"),
    ] {
        deliver_penalty(&town, number, kind, content, class).await;
    }
    let file = read(&town, &own).await;
    let seen = |number: &str| {
        let all = records(&file);
        let record = all
            .into_iter()
            .find(|record| value(record, "CF_WSH") == number)
            .unwrap();
        (
            record.repair_from.map(|day| day.to_string()),
            record.repair_barred.as_ref().map(|why| why.zh.clone()),
        )
    };
    assert_eq!(seen("罚1号"), (Some("2026-08-31".to_owned()), None));
    // The last day of November, not the first of December.
    assert_eq!(seen("罚2号"), (Some("2026-11-30".to_owned()), None));
    assert_eq!(seen("罚3号"), (Some("2027-08-31".to_owned()), None));
    let (day, why) = seen("罚4号");
    assert_eq!(day, None);
    assert!(why.unwrap().contains("不适用信用修复"));
}
