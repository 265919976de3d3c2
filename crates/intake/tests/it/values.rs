//! What a clean row holds: values in one form, key of the fact, class and end.

use domain::catalogue::{BreachClass, FieldCode};
use intake::{CleanRow, Cleaned, FaultCode, NO_END, RowOperation, check_value, end_and_class};

use crate::common::{Row, Sheet, catalogue, defaulter, item, penalty, permit, today, with};

fn clean_in(sheet: &Sheet, row: Row, changes: &[(&'static str, &str)]) -> CleanRow {
    match sheet.clean(&with(row, changes)) {
        Cleaned::Row(row, _) => *row,
        other => panic!("{other:?}"),
    }
}

fn clean(changes: &[(&'static str, &str)]) -> CleanRow {
    clean_in(&Sheet::penalties(), penalty(), changes)
}

fn value(row: &CleanRow, code: &str) -> Option<String> {
    row.content.decode().unwrap().fields.remove(&FieldCode(code.into()))
}

#[test]
fn values_have_one_form() {
    let row = clean(&[
        ("CF_JDRQ", "2026年9月1日"),
        ("CF_XWZZRQ", "２０２６．８．２０ 00:00:00"),
        ("CF_NR_FK", "００２．０"),
        ("CF_CFLB", "罚款；没收违法所得、没收非法财物"),
        ("CF_NR_WFFF", "1,234.50"),
        ("CF_WSH", "测市监罚字[2026] 12号"),
        ("CF_CFCX", "一般程序"),
        ("CF_SFZA", "无"),
        ("CF_CFJGDM", "11370199mb9900013x"),
        ("BZ", "\u{3000}两\n行 "),
        ("CF_LXQK", "/"),
    ]);
    for (code, want) in [
        ("CF_JDRQ", "2026-09-01"),
        ("CF_XWZZRQ", "2026-08-20"),
        ("CF_YXQ", NO_END),
        ("CF_NR_FK", "2"),
        ("CF_CFLB", "罚款；没收违法所得"),
        ("CF_NR_WFFF", "1234.5"),
        ("CF_WSH", "测市监罚字〔2026〕12号"),
        ("CF_CFCX", "普通程序"),
        ("CF_SFZA", "否"),
        ("CF_CFJGDM", "11370199MB9900013X"),
        ("BZ", "两\n行"),
    ] {
        assert_eq!(value(&row, code), Some(want.to_owned()), "{code}");
    }
    assert_eq!(value(&row, "CF_LXQK"), None);
    // Whose it is and what is asked stand outside the content.
    for code in ["CF_XDR_MC", "CF_XDR_ZJLX", "CF_XDR_ZJHM", "SJZT"] {
        assert_eq!(value(&row, code), None, "{code}");
    }
    assert_eq!(row.content.decode().unwrap().item_version, "2018+");
    assert_eq!((row.line, row.operation), (7, RowOperation::New));
}

#[test]
fn the_key_of_a_fact_bears_every_spelling() {
    let key = clean(&[]).fact_key;
    assert_eq!(key, "ITM-PENALTY\u{1f}测市监罚字〔2026〕12号\u{1f}11370199MB9900013X");
    for number in [
        "测市监罚字[2026]12号",
        "测市监罚字（2026）12号",
        " 测市监罚字〔２０２６〕 12号",
    ] {
        assert_eq!(clean(&[("CF_WSH", number)]).fact_key, key, "{number}");
    }
    // A version without the organ's code finds it by its registered name.
    assert_eq!(
        clean_in(&Sheet::new("ITM-PENALTY", "2015"), penalty(), &[]).fact_key,
        key
    );
    assert_ne!(clean(&[("CF_WSH", "测市监罚字〔2026〕13号")]).fact_key, key);
}

#[test]
fn row_operations() {
    for (text, want) in [
        ("", RowOperation::New),
        ("0", RowOperation::New),
        ("新增", RowOperation::New),
        ("1", RowOperation::Update),
        ("更新", RowOperation::Update),
        ("２", RowOperation::Delete),
        ("删除", RowOperation::Delete),
    ] {
        assert_eq!(clean(&[("SJZT", text)]).operation, want, "{text}");
    }
}

#[test]
fn documents_of_all_kinds() {
    for (kind, number, is_converted) in [
        ("01", "370199198506070039", false),
        ("居民身份证", "３７０１９９１９８５０６０７００３９", false),
        ("1", "370199850607003", true),
        ("护照", "E12345678", false),
        ("04", "12345678", false),
    ] {
        let row = clean(&[("CF_XDR_ZJLX", kind), ("CF_XDR_ZJHM", number)]);
        assert_eq!(row.document.is_converted(), is_converted, "{kind}");
    }
    // Without a column for the kind it is the identity number.
    let row = clean_in(&Sheet::new("ITM-PENALTY", "2015"), penalty(), &[]);
    assert_eq!(row.document.kind(), domain::DocumentKind::ResidentId);
}

#[test]
fn class_and_end() {
    let check = |changes: &[(&'static str, &str)], class, end: &str| {
        let row = clean(changes);
        assert_eq!(
            (row.class, row.end.to_string().as_str()),
            (Some(class), end),
            "{changes:?}"
        );
        if row.hold.is_none() {
            let again = end_and_class(
                catalogue(),
                item("ITM-PENALTY"),
                &row.content.decode().unwrap(),
                today(),
            )
            .unwrap();
            assert_eq!((again.class, again.end), (row.class, row.end), "{changes:?}");
        }
    };
    check(&[], BreachClass::General, "2027-09-01");
    check(&[("CF_SXDJ", "轻微")], BreachClass::Minor, "2026-12-01");
    check(&[("CF_SXDJ", "严重")], BreachClass::Serious, "2029-09-01");
    check(
        &[("CF_SXDJ", "严重"), ("CF_XWZZRQ", "2022-01-31")],
        BreachClass::Serious,
        "2027-01-31",
    );
    check(&[("CF_GSJZQ", "2027/01/01")], BreachClass::General, "2027-01-01");
    // Not stated: the class that the rules give, held, and not ended by it.
    check(&[("CF_SXDJ", "")], BreachClass::General, "2031-08-20");
    check(
        &[("CF_SXDJ", ""), ("CF_NR_FK", "0.5")],
        BreachClass::Minor,
        "2031-08-20",
    );
    check(
        &[("CF_SXDJ", ""), ("CF_CFLB", "吊销许可证件"), ("CF_NR_ZKDX", "测试证")],
        BreachClass::Serious,
        "2031-08-20",
    );
    check(
        &[("CF_SXDJ", ""), ("CF_CFLB", "警告")],
        BreachClass::Minor,
        "2031-08-20",
    );
}

#[test]
fn ends_of_items_without_classes() {
    let permits = Sheet::new("ITM-PERMIT", "2018+");
    let end = |changes: &[(&'static str, &str)]| clean_in(&permits, permit(), changes).end.to_string();
    // Open: the next yearly review after today (2026-11-24), counted from the decision (2024-03-05).
    assert_eq!(end(&[]), "2027-03-05");
    assert_eq!(end(&[("XK_YXQZI", "2028/01/01")]), "2028-01-01");
    let court = clean_in(&Sheet::new("ITM-COURT-DEFAULTER", "2013"), defaulter(), &[]);
    assert_eq!((court.end.to_string().as_str(), court.class), ("2028-06-01", None));
    let content = &court.content.decode().unwrap();
    assert_eq!(
        end_and_class(catalogue(), item("ITM-COURT-DEFAULTER"), content, today())
            .unwrap()
            .end,
        court.end
    );
    assert!(end_and_class(catalogue(), item("ITM-PERMIT"), content, today()).is_err());
}

#[test]
fn values_for_corrections_by_hand() {
    let check = |code: &str, text: &str, want: Option<FaultCode>| {
        let field = item("ITM-PENALTY").field(&FieldCode(code.into())).unwrap();
        let got = check_value(catalogue(), field, text).err().map(|fault| fault.code);
        assert_eq!(got, want, "{code} {text}");
    };
    check("CF_JDRQ", "2026/09/01", None);
    check("CF_JDRQ", "nie", Some(FaultCode::E09));
    check("CF_WSH", "", Some(FaultCode::E02));
    check("BZ", "", None);
    check("BZ", "\u{1}", Some(FaultCode::E03));
    check("CF_CFLB", "罚款;警告", None);
    check("CF_CFLB", "x", Some(FaultCode::E04));
    check("CF_CFJGDM", "x", Some(FaultCode::E08));
    check("CF_SY", "联系电话13800000000", Some(FaultCode::E16));
    check("CF_XDR_ZJLX", "护照", None);
}

/// The words are the catalogue's (`CL-OTHER-PERSON`, `CL-NO-NAME`).
#[test]
fn a_text_that_names_somebody_else_is_withheld() {
    let is_withheld = |text: &str| {
        let row = clean(&[("BZ", text)]);
        row.content.decode().unwrap().withheld.contains(&FieldCode("BZ".into()))
    };
    for text in [
        "第三人姓名：测试乙",
        "第三人姓名 测试乙",
        "受害人: 测试乙受轻伤",
        "经查，举报人为测试乙",
        "证人系测试乙",
    ] {
        assert!(is_withheld(text), "{text}");
    }
    for text in [
        "经第三人举报查明",
        "举报人称其看到",
        "受害人：张某",
        "受害人：张**",
        "举报人：不详",
        "未取得第三人同意",
        "申请人提交的材料不实",
    ] {
        assert!(!is_withheld(text), "{text}");
    }
}
