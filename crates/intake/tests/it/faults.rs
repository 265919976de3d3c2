//! Every code of a row's faults, with line and column; the texts; and that no text repeats a cell.

use std::fmt::Write as _;

use intake::{Cleaned, Fault, FaultCode, Lang, RawRow};
use proptest::prelude::*;

use crate::common::{NUMBER, ORGAN, OTHER_NUMBER, Row, Sheet, catalogue, defaulter, penalty, permit, with};

/// Changes a clean penalty and compares the faults: code and field, in the order of the columns.
fn check(changes: &[(&'static str, &str)], want: &[(&str, &str)]) {
    check_in(&Sheet::penalties(), penalty(), changes, want);
}

fn check_in(sheet: &Sheet, row: Row, changes: &[(&'static str, &str)], want: &[(&str, &str)]) {
    let cleaned = sheet.clean(&with(row, changes));
    let got = sheet.places(cleaned.faults());
    let want: Vec<(String, String)> = want
        .iter()
        .map(|(code, field)| ((*code).to_owned(), (*field).to_owned()))
        .collect();
    assert_eq!(got, want, "{changes:?}");
    let is_refused = want.iter().any(|(code, _)| code != "E16");
    assert_eq!(
        matches!(cleaned, Cleaned::Refused(_) | Cleaned::Slip(..)),
        is_refused,
        "{changes:?}"
    );
}

#[test]
fn a_clean_row_has_no_fault() {
    check(&[], &[]);
    check_in(&Sheet::new("ITM-PENALTY", "2018"), penalty(), &[], &[]);
    check_in(&Sheet::new("ITM-PENALTY", "2015"), penalty(), &[], &[]);
    check_in(&Sheet::new("ITM-PERMIT", "2018+"), permit(), &[], &[]);
    check_in(&Sheet::new("ITM-COURT-DEFAULTER", "2013"), defaulter(), &[], &[]);
}

#[test]
fn e02_required_cells() {
    check(&[("CF_WSH", "")], &[("E02", "CF_WSH")]);
    check(&[("CF_WSH", " \u{3000}")], &[("E02", "CF_WSH")]);
    check(
        &[("CF_XDR_MC", ""), ("CF_XDR_ZJHM", "")],
        &[("E02", "CF_XDR_MC"), ("E02", "CF_XDR_ZJHM")],
    );
    check(&[("CF_XDR_ZJLX", "")], &[("E02", "CF_XDR_ZJLX")]);
    for placeholder in ["/", "无", "-", "NULL", "——"] {
        check(&[("CF_WFXW", placeholder)], &[("E02", "CF_WFXW")]);
        check(&[("BZ", placeholder)], &[]);
    }
    check(&[("CF_CFJGDM", "00000000000000000X")], &[("E02", "CF_CFJGDM")]);
    // Required when another cell says so.
    check(&[("CF_NR_FK", "")], &[("E02", "CF_NR_FK")]);
    check(&[("CF_CFLB", "警告"), ("CF_NR_FK", "")], &[]);
    check(&[("CF_CFLB", "警告;没收违法所得")], &[("E02", "CF_NR_WFFF")]);
    let sheet = Sheet {
        without: vec!["CF_NR_FK"],
        ..Sheet::penalties()
    };
    check_in(&sheet, penalty(), &[], &[("E02", "")]);
}

#[test]
fn e03_length_and_form() {
    let long = "字".repeat(513);
    check(&[("BZ", &long)], &[("E03", "BZ")]);
    check(&[("BZ", &"字".repeat(512))], &[]);
    check(&[("CF_NR_FK", "两万")], &[("E03", "CF_NR_FK")]);
    check(&[("CF_NR_FK", "0.1234567")], &[("E03", "CF_NR_FK")]);
    check(&[("CF_XDR_ZZJG", "MA99-9903")], &[]);
    check(&[("CF_SY", "有\u{1}控制字符")], &[("E03", "CF_SY")]);
    check(&[("CF_SY", "有\u{85}控制字符")], &[("E03", "CF_SY")]);
    check(&[("CF_SY", "转码\u{fffd}丢失")], &[("E03", "CF_SY")]);
    check(&[("CF_SY", "分\n行\t文本·间隔")], &[]);
    check(&[("CF_XDR_MC", "测*")], &[("E03", "CF_XDR_MC")]);
    check(&[("CF_XDR_MC", &"测".repeat(201))], &[("E03", "CF_XDR_MC")]);
}

#[test]
fn e03_more_cells_than_headers() {
    let sheet = Sheet::penalties();
    let mut cells = sheet.cells(&penalty());
    let columns = u32::try_from(cells.len()).unwrap();
    let provider = sheet.item.providers.first().unwrap();
    let mut faults = |extra: &str| {
        cells.push(extra.to_owned());
        intake::clean(&RawRow::from_cells(7, &cells), &sheet.map(), &sheet.context(provider))
            .faults()
            .to_vec()
    };
    assert_eq!(faults(" "), []);
    let faults = faults("多出");
    assert_eq!(faults.len(), 1);
    assert_eq!((faults[0].code, faults[0].column), (FaultCode::E03, Some(columns + 1)));
}

#[test]
fn e04_code_lists() {
    check(&[("CF_CFLB", "打屁股")], &[("E04", "CF_CFLB")]);
    check(&[("CF_XDR_LB", "机关")], &[("E04", "CF_XDR_LB")]);
    check(&[("CF_XDR_ZJLX", "学生证")], &[("E04", "CF_XDR_ZJLX")]);
    check(&[("SJZT", "9")], &[("E04", "SJZT")]);
    // A class that cannot be read ends nothing: no E14 by an assumed one.
    check(
        &[
            ("CF_SXDJ", "特别严重"),
            ("CF_NR_FK", "0.5"),
            ("CF_JDRQ", "2026/03/01"),
            ("CF_XWZZRQ", "2026/02/01"),
        ],
        &[("E04", "CF_SXDJ")],
    );
}

#[test]
fn e05_and_e06_numbers() {
    check(&[("CF_XDR_ZJHM", "370199198506070038")], &[("E05", "CF_XDR_ZJHM")]);
    check(&[("CF_XDR_ZJHM", "37019919850607003")], &[("E05", "CF_XDR_ZJHM")]);
    check(
        &[("CF_XDR_ZJLX", "护照"), ("CF_XDR_ZJHM", "12")],
        &[("E05", "CF_XDR_ZJHM")],
    );
    check(&[("CF_XDR_ZJHM", "370199190002290031")], &[("E06", "CF_XDR_ZJHM")]);
    // Valid check character, province 16.
    check(&[("CF_XDR_ZJHM", "16019919850607003X")], &[("E06", "CF_XDR_ZJHM")]);
    let production = Sheet {
        allow_test_area: false,
        ..Sheet::penalties()
    };
    check_in(&production, penalty(), &[], &[("E06", "CF_XDR_ZJHM")]);
    check_in(
        &production,
        penalty(),
        &[("CF_XDR_ZJHM", "370199198506070038")],
        &[("E06", "CF_XDR_ZJHM")],
    );
    let Cleaned::Refused(faults) = production.clean(&penalty()) else {
        panic!("a test number in production")
    };
    assert_eq!(faults[0].message(Lang::Zh), "测试用号码，本系统不接收");
}

#[test]
fn a_number_that_fails_its_check_alone_is_a_slip() {
    let sheet = Sheet::penalties();
    let Cleaned::Slip(slip, faults) = sheet.clean(&with(penalty(), &[("CF_XDR_ZJHM", "37019919850607003８")])) else {
        panic!("a slip")
    };
    assert_eq!(faults.len(), 1);
    assert_eq!(slip.number_masked(), "****************3８");
    assert_eq!(slip.number_text(), "37019919850607003８");
    assert!(!format!("{slip:?}").contains("1985"));
    // With any other fault it is refused: there is nothing to ask a human.
    assert!(matches!(
        sheet.clean(&with(penalty(), &[("CF_XDR_ZJHM", "370199198506070038"), ("CF_WSH", "")])),
        Cleaned::Refused(faults) if faults.len() == 2
    ));
}

#[test]
fn e08_e10_organs() {
    check(&[("CF_CFJGDM", "11370199MB99000131")], &[("E08", "CF_CFJGDM")]);
    check(&[("CF_SJLYDM", "1137")], &[("E08", "CF_SJLYDM")]);
    check(&[("CF_XDR_SHXYM", "91370199MA999903X1")], &[("E08", "CF_XDR_SHXYM")]);
    // Right check characters, no such organ.
    check(&[("CF_CFJGDM", "91370199MA999903XW")], &[("E10", "CF_CFJGDM")]);
}

#[test]
fn e09_and_e11_days() {
    check(
        &[("CF_JDRQ", "2026/02/30"), ("CF_XWZZRQ", "2026/02/01")],
        &[("E09", "CF_JDRQ")],
    );
    check(&[("CF_JDRQ", "2026/11/25")], &[("E09", "CF_JDRQ")]);
    check(&[("CF_JDRQ", "2026/11/24")], &[]);
    check(&[("CF_XWZZRQ", "2026/11/25")], &[("E09", "CF_XWZZRQ")]);
    check(&[("CF_JDRQ", "2099/12/31")], &[("E09", "CF_JDRQ")]);
    check(&[("CF_YXQ", "2026/08/31")], &[("E09", "CF_YXQ")]);
    check(&[("CF_YXQ", "2026/09/01")], &[]);
    let permits = Sheet::new("ITM-PERMIT", "2018+");
    check_in(&permits, permit(), &[("XK_YXQZ", "2027-01-01")], &[]);
    check_in(&permits, permit(), &[("XK_JDRQ", "1990-01-01")], &[("E11", "XK_JDRQ")]);
}

#[test]
fn e13_e14_refusals() {
    check(
        &[("CF_YJ", "《中华人民共和国 治安管理处罚法》第二十六条")],
        &[("E13", "CF_YJ")],
    );
    check(&[("CF_SFZA", "1")], &[("E13", "CF_SFZA")]);
    check(&[("CF_CFCX", "当场处罚")], &[("E13", "CF_CFCX")]);
    check(&[("CF_XDR_ZJHM", "370199201001010019")], &[("E13", "CF_XDR_ZJHM")]);
    check(&[("CF_SY", "当事人违法生育二孩")], &[("E13", "CF_SY")]);
    // Class maximum, five years from the end of the act, the provider's own end.
    check(&[("CF_JDRQ", "2022-03-01")], &[("E14", "CF_SXDJ")]);
    check(&[("CF_XWZZRQ", "2021-11-23")], &[("E14", "CF_XWZZRQ")]);
    check(&[("CF_XWZZRQ", "2021-11-24")], &[]);
    check(&[("CF_GSJZQ", "2026-11-23")], &[("E14", "CF_GSJZQ")]);
    check(&[("CF_GSJZQ", "2026-11-24")], &[]);
}

#[test]
fn e13_rows_that_are_about_organisations() {
    // Only the reason is reported: an organisation's row lacks a person's document by right.
    let company = [("CF_XDR_MC", "测试有限公司"), ("CF_XDR_ZJLX", ""), ("CF_XDR_ZJHM", "")];
    for category in ["法人及非法人组织", "个体工商户", "企业"] {
        let changes = [&company[..], &[("CF_XDR_LB", category)]].concat();
        check(&changes, &[("E13", "CF_XDR_LB")]);
    }
    check(
        &[&company[..], &[("CF_XDR_SHXYM", ORGAN)]].concat(),
        &[("E13", "CF_XDR_SHXYM")],
    );
    check(&[("CF_XDR_SHXYM", "00000000000000000X")], &[]);
    check_in(
        &Sheet::new("ITM-PENALTY", "2015"),
        penalty(),
        &[("CF_XDR_SHXYM", ORGAN)],
        &[("E13", "CF_XDR_SHXYM")],
    );
    let court = Sheet::new("ITM-COURT-DEFAULTER", "2013");
    check_in(
        &court,
        defaulter(),
        &[("SX_ZJHM", "91370199MA999903XW")],
        &[("E13", "SX_ZJHM")],
    );
}

#[test]
fn e16_keeps_the_row_and_withholds_the_text() {
    let texts = [
        format!("乘客{OTHER_NUMBER}受伤"),
        "联系电话138-0000-0000".to_owned(),
        "第三人姓名：测试乙".to_owned(),
    ];
    for text in texts {
        check(&[("CF_SY", &text)], &[("E16", "CF_SY")]);
        let Cleaned::Row(row, _) = Sheet::penalties().clean(&with(penalty(), &[("CF_SY", &text)])) else {
            panic!("kept")
        };
        let content = row.content.decode().unwrap();
        assert!(content.fields.keys().all(|code| &*code.0 != "CF_SY"));
        assert_eq!(
            content.withheld.iter().map(|code| &*code.0).collect::<Vec<_>>(),
            ["CF_SY"]
        );
    }
    // A representative's number in a column that a person's row leaves empty.
    check(&[("CF_FR_ZJHM", OTHER_NUMBER)], &[("E16", "CF_FR_ZJHM")]);
}

#[test]
fn all_faults_of_a_row_are_reported_in_the_order_of_its_columns() {
    let sheet = Sheet::penalties();
    let mut row = penalty();
    for (_, code) in sheet.columns() {
        row.insert(code, "×".repeat(6_000));
    }
    let cleaned = sheet.clean(&row);
    // Every column has a limit or a list; the organ's code, the numbers and days a form.
    assert_eq!(cleaned.faults().len(), sheet.columns().len());
    let columns: Vec<u32> = cleaned.faults().iter().map(|fault| fault.column.unwrap()).collect();
    assert_eq!(columns, (1..=u32::try_from(columns.len()).unwrap()).collect::<Vec<_>>());
}

#[test]
fn deleting_asks_only_for_what_finds_the_record() {
    let bare = [
        ("SJZT", "删除"),
        ("CF_SY", ""),
        ("CF_YJ", "《中华人民共和国治安管理处罚法》"),
        ("CF_NR_FK", "若干"),
        ("CF_XWZZRQ", "2020-01-01"),
        ("CF_SXDJ", ""),
        ("CF_JDRQ", "2020-02-01"),
    ];
    check(&bare, &[]);
    check(&[&bare[..], &[("CF_WSH", "")]].concat(), &[("E02", "CF_WSH")]);
    let Cleaned::Row(row, _) = Sheet::penalties().clean(&with(penalty(), &bare)) else {
        panic!("taken")
    };
    assert_eq!((row.operation, row.hold), (intake::RowOperation::Delete, None));
}

fn every_fault() -> Vec<Fault> {
    let sheet = Sheet::penalties();
    let cases: [&[(&'static str, &str)]; 13] = [
        &[("CF_WSH", ""), ("CF_NR_FK", "x"), ("CF_CFLB", "x")],
        &[("BZ", &"字".repeat(513)), ("CF_NR_FK", "0.1234567")],
        &[("CF_SY", "\u{1}"), ("CF_XDR_MC", "*"), ("CF_XDR_ZJHM", "1")],
        &[("CF_XDR_ZJHM", "370199198506070038")],
        &[("CF_XDR_ZJHM", "370199190002290031")],
        &[("CF_XDR_ZJHM", "16019919850607003X")],
        &[("CF_XDR_ZJLX", "护照"), ("CF_XDR_ZJHM", "1")],
        &[
            ("CF_CFJGDM", "91370199MA999903XW"),
            ("CF_SJLYDM", "x"),
            ("CF_JDRQ", "x"),
            ("CF_XWZZRQ", "2027-01-01"),
        ],
        &[("CF_YXQ", "2026-01-01"), ("CF_JDRQ", "2026-06-01")],
        &[("CF_CFCX", "简易程序"), ("CF_GSJZQ", "2026-10-01")],
        &[("CF_XDR_SHXYM", ORGAN)],
        &[("CF_SY", "联系电话13800000000")],
        &[("CF_SXDJ", "")],
    ];
    let mut faults: Vec<Fault> = cases
        .iter()
        .flat_map(|changes| sheet.clean(&with(penalty(), changes)).faults().to_vec())
        .collect();
    let permits = Sheet::new("ITM-PERMIT", "2018+");
    faults.extend_from_slice(permits.clean(&with(permit(), &[("XK_JDRQ", "1990-01-01")])).faults());
    let production = Sheet {
        allow_test_area: false,
        ..sheet
    };
    faults.extend_from_slice(production.clean(&penalty()).faults());
    faults.extend(
        [
            FaultCode::E01,
            FaultCode::E07,
            FaultCode::E12,
            FaultCode::E15,
            FaultCode::Q02,
            FaultCode::Q03,
        ]
        .map(|code| Fault::new(7, None, None, code)),
    );
    faults
}

#[test]
fn texts_of_faults() {
    let faults = every_fault();
    for code in FaultCode::ALL {
        assert!(
            faults.iter().any(|fault| fault.code == code),
            "{code} is in the snapshot"
        );
    }
    let mut texts = String::new();
    for fault in &faults {
        let place = format!(
            "{}:{}",
            fault.line,
            fault.column.map_or_else(String::new, |column| column.to_string())
        );
        let rule = fault.rule.as_ref().map_or("", |rule| rule.as_str());
        for lang in [Lang::Zh, Lang::En] {
            writeln!(
                texts,
                "{place} {} {rule} | {} | {}",
                fault.code,
                fault.message(lang),
                fault.remedy(lang)
            )
            .unwrap();
        }
    }
    insta::assert_snapshot!(texts);
}

#[test]
fn json_lines_of_faults() {
    let mut lines = Vec::new();
    for fault in every_fault().iter().take(2) {
        fault.write_json_line(&mut lines);
    }
    insta::assert_snapshot!(String::from_utf8(lines).unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever the cells hold, no fault repeats it (I6), and reading it twice gives the same verdict.
    #[test]
    fn no_fault_repeats_a_cell(seed in proptest::collection::vec(0_usize..1000, 40), mark in "[A-Z]{6}[0-9]{6}") {
        let sheet = Sheet::penalties();
        let clean = penalty();
        let mut row = Row::new();
        for ((_, code), draw) in sheet.columns().into_iter().zip(seed) {
            let text = match draw % 7 {
                0 | 1 => clean.get(code).cloned().unwrap_or_default(),
                2 => mark.clone(),
                3 => format!("{NUMBER}{mark}"),
                4 => format!("{mark}，第三人姓名：测试乙"),
                5 => String::new(),
                _ => mark.repeat(500),
            };
            row.insert(code, text);
        }
        let cleaned = sheet.clean(&row);
        let mut lines = Vec::new();
        for fault in cleaned.faults() {
            fault.write_json_line(&mut lines);
        }
        let debug = format!("{cleaned:?}");
        let text = String::from_utf8(lines).unwrap();
        let csv = String::from_utf8(intake::fault_csv(text.as_bytes(), Lang::Zh, true)).unwrap();
        for channel in [&text, &debug, &csv] {
            prop_assert!(!channel.contains(&mark), "a cell shows");
            prop_assert!(!channel.contains(NUMBER), "a number shows");
            prop_assert!(!channel.contains("测试乙"), "a name shows");
        }
        let again = sheet.clean(&row);
        prop_assert_eq!(cleaned.faults(), again.faults());
        let _ = catalogue();
    }
}
