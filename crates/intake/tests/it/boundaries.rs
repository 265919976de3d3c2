//! Each legal period, age, day and amount at its boundary: the day before, the day and the day after; the amount and one
//! millionth of 万元 (a cent) on either side. Through the shipped catalogue and the real [`intake::clean`].

use domain::catalogue::{BreachClass, EndRule, FieldRole, IntakeEffect};
use domain::{Day, ResidentId};
use intake::{CleanRow, Cleaned, FaultCode, repair_bar};

use crate::common::{Row, Sheet, catalogue, day, item, penalty, with};
use crate::rules::{binds, examples, rules, sheet_of};

fn on(sheet: Sheet, today: Day) -> Sheet {
    Sheet { today, ..sheet }
}

fn after(day: Day, days: i32) -> Day {
    day.plus_days(days).unwrap()
}

/// A penalty that was decided on the day on which its act ended.
fn decided(decision: Day, changes: &[(&'static str, &str)]) -> Row {
    let text = decision.to_string();
    let row = with(penalty(), &[("CF_JDRQ", &text), ("CF_XWZZRQ", &text)]);
    with(row, changes)
}

fn kept(sheet: &Sheet, row: &Row) -> CleanRow {
    match sheet.clean(row) {
        Cleaned::Row(row, _) => *row,
        other => panic!("{other:?}"),
    }
}

/// Last served on `end`: taken on the day before and on that day, refused on the next with E14 in the field that decided.
fn ends(sheet: &Sheet, row: &Row, end: &str, field: &str) {
    let end = day(end);
    for today in [after(end, -1), end] {
        let taken = kept(&on(sheet.clone(), today), row);
        assert_eq!(taken.end, end, "{field}");
    }
    let late = on(sheet.clone(), after(end, 1));
    let faults = late.clean(row);
    assert_eq!(late.places(faults.faults()), [("E14".to_owned(), field.to_owned())]);
    assert!(matches!(faults, Cleaned::Refused(_)));
}

/// The notice of 2019 to 2023-04-30, decree 58 to 2026-03-31, decree 36 since: by the day of the decision.
#[test]
fn the_class_period_is_that_of_the_day_of_the_decision() {
    let sheet = Sheet::penalties();
    for (decision, class, end) in [
        ("2023-04-29", "一般", "2024-04-29"),
        ("2023-04-30", "一般", "2024-04-30"),
        ("2023-05-01", "一般", "2026-05-01"),
        ("2023-05-02", "一般", "2026-05-02"),
        ("2026-03-30", "一般", "2029-03-30"),
        ("2026-03-31", "一般", "2029-03-31"),
        ("2026-04-01", "一般", "2027-04-01"),
        ("2026-04-02", "一般", "2027-04-02"),
        ("2023-04-30", "轻微", "2023-07-30"),
        ("2026-03-31", "轻微", "2026-06-30"),
        ("2026-04-01", "轻微", "2026-07-01"),
        ("2023-05-01", "严重", "2026-05-01"),
        ("2026-03-31", "严重", "2029-03-31"),
        ("2026-04-01", "严重", "2029-04-01"),
    ] {
        ends(&sheet, &decided(day(decision), &[("CF_SXDJ", class)]), end, "CF_SXDJ");
    }
}

/// Shandong regulation art. 38: five years from the end of the act, on the same day of the month or its last.
#[test]
fn nothing_adverse_outlives_five_years_from_the_end_of_the_act() {
    let sheet = Sheet::penalties();
    for (act_end, end) in [
        ("2021-11-23", "2026-11-23"),
        ("2021-11-24", "2026-11-24"),
        ("2024-02-28", "2029-02-28"),
        ("2024-02-29", "2029-02-28"),
        ("2024-03-01", "2029-03-01"),
    ] {
        let row = decided(day("2026-09-01"), &[("CF_SXDJ", "严重"), ("CF_XWZZRQ", act_end)]);
        ends(&sheet, &row, end, "CF_XWZZRQ");
    }
    // The class ends a day earlier, on the same day, a day later than the five years.
    for (act_end, end, field) in [
        ("2024-08-31", "2029-08-31", "CF_XWZZRQ"),
        ("2024-09-01", "2029-09-01", "CF_SXDJ"),
        ("2024-09-02", "2029-09-01", "CF_SXDJ"),
    ] {
        let row = decided(day("2026-09-01"), &[("CF_SXDJ", "严重"), ("CF_XWZZRQ", act_end)]);
        let late = on(sheet.clone(), after(day(end), 1));
        assert_eq!(kept(&on(sheet.clone(), day(end)), &row).end, day(end));
        let places = late.places(late.clean(&row).faults());
        assert_eq!(places, [("E14".to_owned(), field.to_owned())], "{act_end}");
    }
    assert_eq!(catalogue().act_end_months, 60);
}

/// The end that the provider states binds when it is the earliest.
#[test]
fn the_stated_end_binds_when_it_is_the_earliest() {
    let sheet = Sheet::penalties();
    for (stated, end, field) in [
        ("2027-08-31", "2027-08-31", "CF_GSJZQ"),
        ("2027-09-02", "2027-09-01", "CF_SXDJ"),
    ] {
        ends(&sheet, &decided(day("2026-09-01"), &[("CF_GSJZQ", stated)]), end, field);
    }
}

/// Every adverse item that has no classes, and every item that ends after so many months.
#[test]
fn items_without_classes_end_by_their_own_rule() {
    let mut seen = 0;
    for item in catalogue().items.values() {
        let months = match item.end_rule {
            EndRule::MonthsAfterDecision { months } => months,
            EndRule::ValidToOrReview { review_months } if item.is_adverse() => review_months,
            EndRule::ValidToOrReview { .. } | EndRule::AdverseClocks => continue,
        };
        let (sheet, row) = plain(item.id.as_str());
        let decision_field = &item.field_with(FieldRole::DecisionDay).unwrap().code;
        let decision = kept(&on(sheet.clone(), day("2026-06-02")), &row).decision;
        let end = decision.plus_months(i32::try_from(months).unwrap()).unwrap();
        ends(&sheet, &row, &end.to_string(), &decision_field.0);
        seen += 1;
    }
    assert!(seen >= 5, "{seen} items looked at");
    // The periods themselves, so that a slip in the data is seen.
    let months = |id: &str| match item(id).end_rule {
        EndRule::MonthsAfterDecision { months } => months,
        EndRule::ValidToOrReview { review_months } => review_months,
        EndRule::AdverseClocks => 0,
    };
    let ids = [
        "ITM-COURT-DEFAULTER",
        "ITM-TAX-ARREARS",
        "ITM-TAX-BREACH",
        "ITM-COERCION",
        "ITM-VOLUNTEER",
    ];
    assert_eq!(ids.map(months), [24, 6, 36, 12, 60]);
}

/// A typical row; tax items are known by the catalogue alone.
fn plain(id: &'static str) -> (Sheet, Row) {
    sheet_of(id)
}

/// No decision from before an item's basis (E11), none from the future (E09).
#[test]
fn every_item_takes_decisions_from_its_first_day_to_today() {
    for item in catalogue().items.values() {
        let (sheet, row) = plain(item.id.as_str());
        let field = &*item.field_with(FieldRole::DecisionDay).unwrap().code.0;
        let codes = |decision: Day, today: Day| -> Vec<FaultCode> {
            let text = decision.to_string();
            let mut row = row.clone();
            row.insert(field, text);
            let faults = on(sheet.clone(), today).clean(&row);
            faults
                .faults()
                .iter()
                .filter(|fault| fault.header.is_some())
                .map(|fault| fault.code)
                .collect()
        };
        let first = item.in_force_from;
        for (decision, is_before) in [(after(first, -1), true), (first, false), (after(first, 1), false)] {
            let has = codes(decision, after(first, 3)).contains(&FaultCode::E11);
            assert_eq!(has, is_before, "{} {decision}", item.id);
        }
        let today = day("2026-11-24");
        for (decision, is_future) in [(after(today, -1), false), (today, false), (after(today, 1), true)] {
            let sheet = on(sheet.clone(), today);
            let mut row = row.clone();
            row.insert(field, decision.to_string());
            let places = sheet.places(sheet.clean(&row).faults());
            assert_eq!(
                places.contains(&("E09".to_owned(), field.to_owned())),
                is_future,
                "{} {decision}",
                item.id
            );
        }
    }
}

/// 行政处罚法 art. 51: 200 yuan. A cent more is no small fine.
#[test]
fn a_small_fine_without_a_procedure_is_asked_about() {
    let sheet = Sheet::penalties();
    let both = &["RUL-SMALL-FINE", "RUL-NO-PROCEDURE"][..];
    for (fine, want) in [
        ("0.019999", both),
        ("0.02", both),
        ("0.020000", both),
        ("0.020001", &["RUL-NO-PROCEDURE"]),
    ] {
        let row = with(penalty(), &[("CF_CFCX", ""), ("CF_NR_FK", fine)]);
        assert_eq!(rules(&sheet, &row), want, "{fine}");
        let stated = with(penalty(), &[("CF_NR_FK", fine)]);
        assert_eq!(rules(&sheet, &stated), [""; 0], "{fine} by ordinary procedure");
    }
}

/// The class of a row that states none: a fine from 10,000 yuan on is general, revocation is serious since decree 36.
#[test]
fn the_class_of_a_row_that_states_none() {
    let sheet = Sheet::penalties();
    let class = |changes: &[(&'static str, &str)]| {
        let row = kept(&sheet, &with(decided(day("2026-09-01"), &[("CF_SXDJ", "")]), changes));
        row.class.unwrap()
    };
    for (fine, want) in [
        ("0.999999", BreachClass::Minor),
        ("1", BreachClass::General),
        ("1.000001", BreachClass::General),
    ] {
        assert_eq!(class(&[("CF_NR_FK", fine)]), want, "{fine}");
    }
    let revoked = [("CF_CFLB", "吊销许可证件"), ("CF_NR_ZKDX", "测试证"), ("CF_SXDJ", "")];
    for (decision, want) in [
        ("2026-03-31", BreachClass::General),
        ("2026-04-01", BreachClass::Serious),
        ("2026-04-02", BreachClass::Serious),
    ] {
        assert_eq!(
            kept(&sheet, &decided(day(decision), &revoked)).class,
            Some(want),
            "{decision}"
        );
    }
}

/// A number of the synthetic area for somebody born on `birth`.
fn number(birth: Day) -> String {
    ResidentId::compose("370199", birth, 1).unwrap().expose().to_owned()
}

/// 民法典 art. 17, 18: of age at eighteen; from sixteen by own work, which a human decides. On the earlier of the act's
/// end and the decision (R7).
#[test]
fn age_is_that_of_the_birthday() {
    let sheet = Sheet::penalties();
    let act = day("2026-08-20");
    let born = |years: i32, days: i32| number(after(act.plus_months(-12 * years).unwrap(), days));
    let check = |number: &str, working: &str, want: &[&str]| {
        let row = with(penalty(), &[("CF_XDR_ZJHM", number), ("CF_WQXW", working)]);
        assert_eq!(rules(&sheet, &row), want, "{working:?}");
    };
    // A birthday tomorrow, today, yesterday.
    for (days, want) in [(1, &["RUL-MINOR"][..]), (0, &[]), (-1, &[])] {
        check(&born(18, days), "", want);
        check(&born(18, days), "否", want);
    }
    for (days, want) in [(1, &["RUL-MINOR-WORKING"][..]), (0, &[]), (-1, &[])] {
        check(&born(18, days), "是", want);
    }
    let young = &["RUL-MINOR-UNDER-16"][..];
    for (days, want) in [(1, young), (0, &["RUL-MINOR-WORKING"]), (-1, &["RUL-MINOR-WORKING"])] {
        check(&born(16, days), "是", want);
    }
    for days in [1, 0, -1] {
        check(&born(16, days), "", &["RUL-MINOR"]);
    }
    // Of age at the decision only: the act counts.
    let row = with(penalty(), &[("CF_XDR_ZJHM", &born(18, 5)), ("CF_JDRQ", "2026-09-01")]);
    assert_eq!(rules(&sheet, &row), ["RUL-MINOR"]);
    // No such statement can be made for the courts' list.
    let (court, row) = sheet_of("ITM-COURT-DEFAULTER");
    let listed = day("2026-06-01");
    for (days, want) in [(1, &["RUL-MINOR"][..]), (0, &[]), (-1, &[])] {
        let number = number(after(listed.plus_months(-216).unwrap(), days));
        assert_eq!(rules(&court, &with(row.clone(), &[("SX_ZJHM", &number)])), want);
    }
}

/// 治安管理处罚法 art. 136 binds what is delivered from 2026-01-01 on, however old the decision.
#[test]
fn public_security_penalties_are_refused_under_the_law_of_the_day_of_delivery() {
    let cite = ("CF_YJ", "《中华人民共和国治安管理处罚法》第四十三条");
    for (today, statute, flag) in [
        ("2025-12-30", "RUL-PS-STATUTE-BEFORE-2026", "RUL-PS-FLAG-BEFORE-2026"),
        ("2025-12-31", "RUL-PS-STATUTE-BEFORE-2026", "RUL-PS-FLAG-BEFORE-2026"),
        ("2026-01-01", "RUL-PS-STATUTE", "RUL-PS-FLAG"),
        ("2026-01-02", "RUL-PS-STATUTE", "RUL-PS-FLAG"),
    ] {
        let sheet = on(Sheet::penalties(), day(today));
        let row = decided(day("2025-12-01"), &[cite]);
        assert_eq!(rules(&sheet, &row), [statute], "{today}");
        let row = decided(day("2025-12-01"), &[("CF_SFZA", "是")]);
        assert_eq!(rules(&sheet, &row), [flag], "{today}");
    }
    for decision in ["2025-12-31", "2026-01-01", "2026-01-02"] {
        let row = decided(day(decision), &[cite]);
        assert_eq!(rules(&Sheet::penalties(), &row), ["RUL-PS-STATUTE"], "{decision}");
    }
}

/// Every rule with a first or a last day binds on it, and not on the day before the one or after the other. By its example, so
/// that a rule which is added is tried, too; what else hangs on the day, such as when an item began, is taken away.
#[test]
fn every_dated_rule_binds_from_its_first_day_to_its_last() {
    let mut timeless = catalogue().clone();
    for item in timeless.items.values_mut() {
        item.in_force_from = day("1949-10-01");
    }
    let mut tried = 0;
    for rule in &timeless.intake_rules {
        let first = rule
            .valid_from
            .iter()
            .flat_map(|from| [(*from, -1, false), (*from, 0, true), (*from, 1, true)]);
        let last = rule
            .valid_to
            .iter()
            .flat_map(|to| [(*to, -1, true), (*to, 0, true), (*to, 1, false)]);
        for (edge, days, is_bound) in first.chain(last) {
            let today = after(edge, days);
            for (sheet, _, example) in examples(rule, today) {
                let what = format!("{} {} on {today}", rule.id, sheet.item.id);
                let (fits, is_refused) = binds(rule, &timeless, &sheet, &example);
                assert_eq!(fits, is_bound, "{what}");
                // Where a rule that asks is silent, it is not for another that refuses.
                assert!(rule.effect == IntakeEffect::Refuse || !is_refused, "{what}");
                tried += 1;
            }
        }
    }
    let dated = timeless
        .intake_rules
        .iter()
        .filter(|rule| rule.valid_from.is_some())
        .count();
    assert!(dated > 40 && tried > 3 * dated, "{tried} of {dated} rules");
}

/// Rules that begin or end on a day bind on that day and not on the one before or after.
#[test]
fn rules_bind_from_their_first_day_to_their_last() {
    for (id, today, is_bound) in [
        ("ITM-VOLUNTEER", "2017-11-30", false),
        ("ITM-VOLUNTEER", "2017-12-01", true),
        ("ITM-VOLUNTEER", "2017-12-02", true),
    ] {
        let (sheet, row) = sheet_of(id);
        let row = with(
            row,
            &[
                ("ZY_TY", "否"),
                ("ZY_JLRQ", today),
                ("ZY_KSSJ", "2017-11-20"),
                ("ZY_JSSJ", "2017-11-21"),
            ],
        );
        let found = rules(&on(sheet, day(today)), &row);
        assert_eq!(
            found.contains(&"RUL-VOLUNTEER-NO-CONSENT".to_owned()),
            is_bound,
            "{id} {today}"
        );
    }
    let item = item("ITM-PENALTY");
    let banned = [
        ("CF_CFLB", "限制从业"),
        ("CF_NR", "终身不得从事食品生产经营管理工作"),
        ("CF_SXDJ", "严重"),
    ];
    let content = kept(&Sheet::penalties(), &decided(day("2026-05-01"), &banned))
        .content
        .decode()
        .unwrap();
    for (today, is_barred) in [("2026-03-31", false), ("2026-04-01", true), ("2026-04-02", true)] {
        let bar = repair_bar(catalogue(), item, &content, day(today));
        assert_eq!(
            bar.map(|rule| rule.id.as_str()),
            is_barred.then_some("RUL-NO-REPAIR-LIFELONG"),
            "{today}"
        );
    }
    let limited = [("CF_CFLB", "限制从业"), ("CF_NR", "五年内不得从事食品生产经营管理工作")];
    let content = kept(&Sheet::penalties(), &decided(day("2026-05-01"), &limited))
        .content
        .decode()
        .unwrap();
    assert!(
        repair_bar(catalogue(), item, &content, day("2026-11-24")).is_none(),
        "a ban of five years can be repaired"
    );
}

/// The list of 行政处罚法 before 2021-07-15 in the spellings of old files. It is the words that are mapped, not the days: a
/// decision of that day or later in old words says what it says, and is no reason to send it back.
#[test]
fn old_kinds_of_penalty_are_mapped_whatever_the_day_of_the_decision() {
    for decision in ["2021-07-14", "2021-07-15", "2021-07-16"] {
        old_kinds(&on(Sheet::new("ITM-PENALTY", "2015"), day("2021-09-01")), day(decision));
    }
    old_kinds(&Sheet::new("ITM-PENALTY", "2015"), day("2026-09-01"));
}

fn old_kinds(sheet: &Sheet, decision: Day) {
    for (old, new) in [
        ("警告", "警告"),
        ("罚款", "罚款"),
        ("没收违法所得", "没收违法所得"),
        ("没收非法财物", "没收非法财物"),
        ("没收违法所得、没收非法财物", "没收违法所得"),
        ("责令停产停业", "责令停产停业"),
        ("停产停业", "责令停产停业"),
        ("暂扣许可证", "暂扣许可证件"),
        ("暂扣执照", "暂扣许可证件"),
        ("吊销许可证", "吊销许可证件"),
        ("吊销执照", "吊销许可证件"),
        ("暂扣或者吊销许可证、暂扣或者吊销执照", "暂扣或者吊销证照"),
        ("暂扣或吊销许可证", "暂扣或者吊销证照"),
        ("其他", "法律、行政法规规定的其他行政处罚"),
        ("其他行政处罚", "法律、行政法规规定的其他行政处罚"),
        ("警告;罚款", "警告；罚款"),
        ("行政拘留", "行政拘留"),
    ] {
        let row = kept(sheet, &decided(decision, &[("CF_CFLB", old)]));
        let content = row.content.decode().unwrap();
        let stored = content.fields.iter().find(|(code, _)| &*code.0 == "CF_CFLB").unwrap().1;
        assert_eq!(stored, new, "{old}");
    }
    let unknown = sheet.clean(&decided(decision, &[("CF_CFLB", "劳动教养")]));
    assert_eq!(
        sheet.places(unknown.faults()),
        [("E04".to_owned(), "CF_CFLB".to_owned())]
    );
}
