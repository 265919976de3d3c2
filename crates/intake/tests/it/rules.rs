//! Every intake rule of the catalogue, each on a row that it fits and on one that it does not: by its own example, and the
//! shipped ones more closely.

use std::collections::BTreeSet;

use domain::catalogue::{
    Catalogue, Condition, FieldCode, FieldRole, FieldSpec, Format, IntakeEffect, IntakeRule, Required, RuleId,
};
use domain::{Day, DocumentKind, IdentityDocument, ResidentId};
use intake::{Cleaned, Context, RawRow, check_age, repair_bar};

use crate::common::{NUMBER, ORGAN, Row, Sheet, catalogue, defaulter, item, penalty, permit, row, with};

/// Rules that refuse or hold the row.
pub(crate) fn rules(sheet: &Sheet, row: &Row) -> Vec<String> {
    rules_of(sheet.clean(row))
}

fn rules_of(cleaned: Cleaned) -> Vec<String> {
    let refusing: Vec<String> = cleaned
        .faults()
        .iter()
        .filter_map(|fault| fault.rule.as_ref())
        .map(RuleId::to_string)
        .collect();
    match cleaned {
        Cleaned::Row(row, _) => {
            let holding: Vec<String> = row
                .hold
                .map(|hold| {
                    [vec![hold.rule], hold.also]
                        .concat()
                        .iter()
                        .map(RuleId::to_string)
                        .collect()
                })
                .unwrap_or_default();
            // Whatever holds the row asks its question (R7).
            let sorted = |rules: &[String]| rules.iter().cloned().collect::<BTreeSet<_>>();
            assert_eq!(sorted(&refusing), sorted(&holding));
            holding
        }
        Cleaned::Refused(_) | Cleaned::Slip(..) => refusing,
    }
}

fn honour() -> Row {
    row(&[
        ("RY_ZJHM", "370199198506070039"),
        ("RY_XM", "测试甲"),
        ("RY_BT", "测试市文明市民"),
        ("RY_WH", "测文明〔2026〕1号"),
        ("RY_DW", "测试市精神文明建设委员会办公室"),
        ("RY_RQ", "2026-05-01"),
        ("RY_ND", "2026"),
        ("RY_DJ", "市级"),
    ])
}

fn volunteer() -> Row {
    row(&[
        ("ZY_XM", "测试甲"),
        ("ZY_ZJHM", "370199198506070039"),
        ("ZY_HDMC", "社区环境清洁"),
        ("ZY_HDBH", "测志〔2026〕7号"),
        ("ZY_ZZMC", "测试市志愿服务联合会"),
        ("ZY_KSSJ", "2026-05-01"),
        ("ZY_JSSJ", "2026-05-02"),
        ("ZY_SC", "8.5"),
        ("ZY_JLDW", "测试市民政局"),
        ("ZY_JLRQ", "2026-05-03"),
        ("ZY_TY", "是"),
    ])
}

fn commitment() -> Row {
    row(&[
        ("CN_XM", "测试甲"),
        ("CN_ZJHM", "370199198506070039"),
        ("CN_BH", "测诺〔2026〕7号"),
        ("CN_LX", "容缺受理型"),
        ("CN_SX", "按期补交材料"),
        ("CN_NR", "十日内补交材料"),
        ("CN_JG", "测试市市场监督管理局"),
        ("CN_JGDM", "11370199MB9900013X"),
        ("CN_RQ", "2026-05-01"),
        ("CN_LXZT", "履行中"),
    ])
}

/// A row of an item of which only the catalogue is known: each required cell by its role.
fn act(item_id: &str) -> Row {
    let fields = &item(item_id).fields;
    let required = fields.iter().filter(|field| field.required == Required::Always);
    let cell = |field: &FieldSpec| match field.role {
        FieldRole::PersonName => "测试甲".to_owned(),
        FieldRole::SubjectCategory => "自然人".to_owned(),
        FieldRole::DocumentKind => "01".to_owned(),
        FieldRole::DocumentNumber => NUMBER.to_owned(),
        FieldRole::OrganName => "测试市市场监督管理局".to_owned(),
        FieldRole::OrganCode | FieldRole::SourceCode => ORGAN.to_owned(),
        _ => match (&field.code_list, field.format) {
            (Some(list), _) => &catalogue().code_lists[list][0].text.zh,
            (None, Format::Day) => "2026-05-01",
            (None, Format::Number { .. }) => "1",
            (None, Format::TextExact(18)) => ORGAN,
            (None, Format::TextExact(length)) => return "示".repeat(length as usize),
            (None, Format::TextMax(_)) => "示例",
        }
        .to_owned(),
    };
    let mut row: Row = required.map(|field| (&*field.code.0, cell(field))).collect();
    // Without it an adverse row is held.
    if let Some(field) = item(item_id).field_with(FieldRole::ActEndDay) {
        row.insert(&field.code.0, "2026-04-20".to_owned());
    }
    row
}

/// A sheet of the item's first header version, and its clean row with every required cell filled.
pub(crate) fn sheet_of(item_id: &str) -> (Sheet, Row) {
    let base = match item_id {
        "ITM-PENALTY" => penalty(),
        "ITM-PERMIT" => permit(),
        "ITM-COURT-DEFAULTER" => defaulter(),
        "ITM-HONOUR" => honour(),
        "ITM-VOLUNTEER" => volunteer(),
        "ITM-COMMITMENT" => commitment(),
        _ => act(item_id),
    };
    let layout = item(item_id).layouts.first().unwrap();
    (Sheet::new(item_id, layout.version.as_str()), base)
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of rules")]
fn the_shipped_rules_fit_their_rows_alone_and_none_fits_a_clean_one() {
    let old = Sheet::new("ITM-PENALTY", "2015");
    let check = |sheet: &Sheet, row: &Row, changes: &[(&'static str, &str)], want: &[&str]| {
        let got = rules(sheet, &with(row.clone(), changes));
        assert_eq!(got, want, "{} {changes:?}", sheet.item.id);
    };
    for id in [
        "ITM-PENALTY",
        "ITM-PERMIT",
        "ITM-COURT-DEFAULTER",
        "ITM-HONOUR",
        "ITM-VOLUNTEER",
        "ITM-COMMITMENT",
    ] {
        let (sheet, row) = sheet_of(id);
        assert_eq!(sheet.places(sheet.clean(&row).faults()), [], "{id}");
        check(&sheet, &row, &[], &[]);
    }
    let (sheet, row) = sheet_of("ITM-PENALTY");
    check(&sheet, &row, &[("CF_XDR_LB", "个体户")], &["RUL-ORGANISATION"]);
    check(&sheet, &row, &[("CF_XDR_ZJHM", "370199201001010019")], &["RUL-MINOR"]);
    check(
        &sheet,
        &row,
        &[("CF_YJ", "治安管理处罚条例第五条")],
        &["RUL-PS-STATUTE"],
    );
    check(&sheet, &row, &[("CF_SFZA", "是")], &["RUL-PS-FLAG"]);
    check(
        &sheet,
        &row,
        &[("CF_CFLB", "行政拘留"), ("CF_YJ", "某法第五条"), ("CF_SFZA", "")],
        &["RUL-PS-DETENTION"],
    );
    check(&sheet, &row, &[("CF_CFLB", "行政拘留"), ("CF_YJ", "某法第五条")], &[]);
    check(
        &sheet,
        &row,
        &[("CF_CFLB", "行政拘留"), ("CF_YJ", "有关规定")],
        &["RUL-PS-DETENTION-NO-STATUTE"],
    );
    check(
        &sheet,
        &row,
        &[("CF_CFLB", "行政拘留"), ("CF_YJ", "《消防法》第五条")],
        &[],
    );
    let police = ("CF_CFJG", "测试市公安局");
    check(&sheet, &row, &[police, ("CF_SFZA", "")], &["RUL-PS-POLICE"]);
    check(&sheet, &row, &[police], &[]);
    check(&sheet, &row, &[police, ("CF_YJ", "有关规定")], &["RUL-PS-NO-STATUTE"]);
    check(
        &sheet,
        &row,
        &[("CF_CFJG", "测试市公安局"), ("CF_YJ", "道路交通安全法第九十条")],
        &[],
    );
    check(&sheet, &row, &[("CF_CFCX", "简易")], &["RUL-SUMMARY-PROCEDURE"]);
    check(
        &sheet,
        &row,
        &[("CF_CFCX", ""), ("CF_NR_FK", "0.02")],
        &["RUL-SMALL-FINE", "RUL-NO-PROCEDURE"],
    );
    check(
        &sheet,
        &row,
        &[("CF_CFCX", ""), ("CF_NR_FK", "0.0201")],
        &["RUL-NO-PROCEDURE"],
    );
    check(
        &sheet,
        &row,
        &[("CF_SXDJ", ""), ("CF_XWZZRQ", "")],
        &["RUL-NO-CLASS", "RUL-NO-ACT-END"],
    );
    check(
        &sheet,
        &row,
        &[("CF_NR", "鉴于其主动消除危害后果，从轻处罚")],
        &["RUL-HARM-REMOVED"],
    );
    check(
        &sheet,
        &row,
        &[("CF_NR", "鉴于其主动消除危害后果，从轻处罚"), ("CF_QWXC", "否")],
        &[],
    );
    check(&sheet, &row, &[("CF_QWXC", "是")], &["RUL-HARM-REMOVED-FLAG"]);
    check(
        &sheet,
        &row,
        &[("CF_XDR_ZJHM", "370199201001010019"), ("CF_WQXW", "是")],
        &["RUL-MINOR-WORKING"],
    );
    check(
        &sheet,
        &row,
        &[("CF_WSH", "（2026）测0102刑初5号")],
        &["RUL-CRIMINAL-NO"],
    );
    check(&sheet, &row, &[("CF_YJ", "依据刑事判决书")], &["RUL-CRIMINAL-BASIS"]);
    check(
        &sheet,
        &row,
        &[("CF_WSH", "测检不诉〔2026〕5号")],
        &["RUL-NON-PROSECUTION"],
    );
    check(
        &sheet,
        &row,
        &[("CF_YJ", "不起诉决定书")],
        &["RUL-NON-PROSECUTION-TEXT"],
    );
    check(&sheet, &row, &[("CF_YJ", "《信访工作条例》")], &["RUL-PETITION"]);
    check(&sheet, &row, &[("BZ", "多次越级上访")], &["RUL-PETITION-TEXT"]);
    check(&sheet, &row, &[("CF_NR", "在网上发表 不当言论")], &["RUL-SPEECH"]);
    check(&sheet, &row, &[("CF_YJ", "人口与计划生育法")], &["RUL-FAMILY-PLANNING"]);
    check(
        &sheet,
        &row,
        &[("CF_SY", "未缴社会抚养费")],
        &["RUL-FAMILY-PLANNING-TEXT"],
    );
    check(&sheet, &row, &[("BZ", "扣诚信积分10分")], &["RUL-SCORE"]);
    check(&old, &row, &[("CF_ZT", "1")], &["RUL-REVOKED-UPSTREAM"]);
    check(&old, &row, &[("CF_ZT", "异议")], &["RUL-DISPUTED-UPSTREAM"]);
    let (sheet, row) = sheet_of("ITM-HONOUR");
    check(&sheet, &row, &[("RY_ZT", "已撤销")], &["RUL-HONOUR-REVOKED"]);
    check(&sheet, &row, &[("RY_ZJHM", "370199201001010019")], &[]);
    let (sheet, row) = sheet_of("ITM-COURT-DEFAULTER");
    check(&sheet, &row, &[("SX_LXQK", "履行完毕")], &["RUL-COURT-PERFORMED"]);
    let (sheet, row) = sheet_of("ITM-VOLUNTEER");
    check(&sheet, &row, &[("ZY_TY", "否")], &["RUL-VOLUNTEER-NO-CONSENT"]);
    check(&sheet, &row, &[("ZY_TY", "")], &["RUL-VOLUNTEER-CONSENT-MISSING"]);
    let (sheet, row) = sheet_of("ITM-COMMITMENT");
    check(&sheet, &row, &[("CN_LXZT", "违诺")], &["RUL-COMMITMENT-NO-DECISION"]);
    check(
        &sheet,
        &row,
        &[("CN_LXZT", "违诺"), ("CN_RDWSH", "测认〔2026〕1号")],
        &["RUL-COMMITMENT-BROKEN"],
    );
    for (id, changes, want) in [
        ("ITM-COERCION", [("QZ_ZT", "已撤销")], "RUL-ACT-REVOKED"),
        ("ITM-COERCION", [("QZ_ZT", "异议")], "RUL-ACT-DISPUTED"),
        ("ITM-COERCION", [("QZ_ZL", "扣押")], "RUL-COERCION-PROVISIONAL"),
        ("ITM-COERCION", [("QZ_XWZZRQ", "")], "RUL-NO-ACT-END"),
        ("ITM-COERCION", [("QZ_YJ", "治安管理处罚法第九十条")], "RUL-PS-STATUTE"),
        ("ITM-CONFIRMATION", [("QR_XMMC", "工伤认定")], "RUL-PRIVATE-MATTER"),
        (
            "ITM-COMPENSATION",
            [("BC_XMMC", "国有土地上房屋征收补偿")],
            "RUL-PRIVATE-MATTER",
        ),
        ("ITM-LEVY", [("ZS_XMMC", "社会抚养费")], "RUL-FAMILY-PLANNING-TEXT"),
        ("ITM-PAYMENT", [("GF_ZL", "最低生活保障")], "RUL-PAYMENT-ASSISTANCE"),
        (
            "ITM-PAYMENT",
            [("GF_XMMC", "困难残疾人生活补贴")],
            "RUL-PAYMENT-ASSISTANCE-TEXT",
        ),
        ("ITM-REWARD", [("JL_MC", "食品安全有奖举报")], "RUL-REWARD-INFORMANT"),
        ("ITM-INSPECTION", [("JC_JG", "不合格")], "RUL-INSPECTION-FINDING"),
        ("ITM-CONTRACT", [("HT_LXZT", "违约")], "RUL-CONTRACT-NO-DECISION"),
    ] {
        let (sheet, row) = sheet_of(id);
        check(&sheet, &row, &[], &[]);
        check(&sheet, &row, &changes, &[want]);
    }
    let (sheet, row) = sheet_of("ITM-CONTRACT");
    check(
        &sheet,
        &row,
        &[("HT_LXZT", "违约"), ("HT_WSH", "（2026）测0102民初5号")],
        &["RUL-CONTRACT-BROKEN"],
    );
}

/// The sheets on which a rule's example can be tried: of each item that it binds the first version which has the columns that
/// the example fills, with the correct row and the row of the example.
pub(crate) fn examples(rule: &IntakeRule, today: Day) -> Vec<(Sheet, Row, Row)> {
    let items = catalogue().items.values().filter(|item| rule.binds(item));
    let mut found = Vec::new();
    for item in items {
        let (_, row) = sheet_of(item.id.as_str());
        let sheets = item.layouts.iter().map(|layout| Sheet {
            today,
            ..Sheet::new(item.id.as_str(), layout.version.as_str())
        });
        let fills = |sheet: &Sheet| {
            let mut filled = rule.example.iter().filter(|(_, text)| !text.is_empty());
            filled.all(|(role, _)| sheet.field_with(*role).is_some())
        };
        let takes = |sheet: &Sheet| {
            let usual = Sheet {
                today: crate::common::today(),
                ..sheet.clone()
            };
            !matches!(usual.clean(&row), Cleaned::Refused(_))
        };
        let Some(sheet) = sheets.into_iter().find(|sheet| fills(sheet) && takes(sheet)) else {
            continue;
        };
        // A correct row of that day: everything happened on it, and it has no end.
        let row: Row = row
            .into_iter()
            .map(|(code, text)| match item.field(&FieldCode(code.into())).unwrap() {
                field if field.format != Format::Day || text == "2099/12/31" => (code, text),
                _ => (code, today.to_string()),
            })
            .collect();
        let changed = example_of(rule, &sheet, &row);
        found.push((sheet, row, changed));
    }
    found
}

fn example_of(rule: &IntakeRule, sheet: &Sheet, row: &Row) -> Row {
    let mut changed = row.clone();
    for (role, text) in &rule.example {
        if let Some(field) = sheet.field_with(*role) {
            changed.insert(&field.code.0, text.clone());
        }
    }
    let age = rule.conditions.iter().find_map(|condition| match condition {
        Condition::YoungerThan(age) => Some(*age),
        _ => None,
    });
    if let Some(age) = age {
        // A year younger, so that it is the rule's own age and not a lower one.
        let birth = sheet.today.plus_months(-12 * (i32::from(age) - 1)).unwrap();
        let number = ResidentId::compose("370199", birth, 1).unwrap().expose().to_owned();
        let field = sheet.field_with(FieldRole::DocumentNumber).unwrap();
        changed.insert(&field.code.0, number);
    }
    changed
}

/// Whether the rule fits the row, by the catalogue `of`, and whether the row is refused.
pub(crate) fn binds(rule: &IntakeRule, of: &Catalogue, sheet: &Sheet, row: &Row) -> (bool, bool) {
    let item = &of.items[&sheet.item.id];
    let map = intake::recognise(&RawRow::from_cells(1, &sheet.header()), item, of).unwrap();
    let context = Context {
        catalogue: of,
        item,
        ..sheet.context(item.providers.first().unwrap())
    };
    let cleaned = intake::clean(&RawRow::from_cells(7, &sheet.cells(row)), &map, &context);
    if rule.effect == IntakeEffect::NoRepair {
        let Cleaned::Row(row, _) = cleaned else {
            panic!("{} {cleaned:?}", rule.id)
        };
        let kept = row.content.decode().unwrap();
        let bar = repair_bar(of, item, &kept, sheet.today);
        return (bar.is_some_and(|bar| bar.id == rule.id), false);
    }
    let is_refused = matches!(cleaned, Cleaned::Refused(_));
    (rules_of(cleaned).contains(&rule.id.to_string()), is_refused)
}

/// Whoever adds a rule gives it its example, and it is tried here: on every item that it binds.
#[test]
fn every_rule_fits_its_example_and_not_the_correct_row() {
    let mut tried = 0;
    for rule in &catalogue().intake_rules {
        let today = rule.valid_to.unwrap_or_else(crate::common::today);
        let examples = examples(rule, today);
        assert!(
            !examples.is_empty(),
            "{} binds no version that its example fills",
            rule.id
        );
        for (sheet, correct, example) in examples {
            let what = format!("{} {} {}", rule.id, sheet.item.id, sheet.version);
            assert!(!binds(rule, catalogue(), &sheet, &correct).0, "{what}: the correct row");
            let (fits, is_refused) = binds(rule, catalogue(), &sheet, &example);
            assert!(fits, "{what}: {example:?}");
            assert_eq!(is_refused, rule.effect == IntakeEffect::Refuse, "{what}");
            tried += 1;
        }
    }
    assert!(tried > catalogue().intake_rules.len(), "{tried}");
}

#[test]
fn several_refusals_of_a_row_are_all_given() {
    let (sheet, row) = sheet_of("ITM-PENALTY");
    let changes = [("CF_SFZA", "是"), ("CF_YJ", "治安管理处罚法"), ("CF_CFCX", "简易程序")];
    let got = rules(&sheet, &with(row, &changes));
    assert_eq!(got, ["RUL-PS-STATUTE", "RUL-SUMMARY-PROCEDURE", "RUL-PS-FLAG"]);
}

#[test]
fn a_slips_document_is_asked_for_its_age_once_it_is_confirmed() {
    let (sheet, row) = sheet_of("ITM-PENALTY");
    let Cleaned::Slip(slip, _) = sheet.clean(&with(row, &[("CF_XDR_ZJHM", "370199201001010018")])) else {
        panic!("a slip")
    };
    let confirm = |number: &str| {
        let document = IdentityDocument::parse(DocumentKind::ResidentId, number).unwrap();
        check_age(&slip.clone().with_document(document), sheet.item, catalogue())
    };
    let fault = confirm("370199201001010019").unwrap();
    assert_eq!(fault.rule.unwrap().as_str(), "RUL-MINOR");
    assert_eq!(confirm("370199198506070039"), None);
}
