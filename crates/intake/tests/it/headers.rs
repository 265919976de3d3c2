//! Header versions, dropped and unknown columns.

use domain::catalogue::FieldRole;
use intake::{Detail, FaultCode, HeaderMap, Lang, RawRow, recognise};

use crate::common::{Sheet, catalogue, item, penalty, with};

fn map(headers: &[String], item_id: &str) -> Result<HeaderMap, Vec<intake::Fault>> {
    recognise(&RawRow::from_cells(1, headers), item(item_id), catalogue())
}

#[test]
fn every_version_of_every_item_is_recognised_by_its_own_header() {
    for item in catalogue().items.values() {
        for layout in &item.layouts {
            let headers: Vec<String> = layout.columns.iter().map(|column| column.header.clone()).collect();
            let got = map(&headers, item.id.as_str()).unwrap();
            assert_eq!(got.version, layout.version, "{}", item.id);
            assert_eq!(
                (got.dropped.len(), got.unknown.len()),
                (0, 0),
                "{} {}",
                item.id,
                layout.version
            );
            assert_eq!(got.fields().count(), headers.len(), "{} {}", item.id, layout.version);
            // And by its template columns alone.
            let template = layout.columns.iter().filter(|column| !column.is_extension);
            let headers: Vec<String> = template.map(|column| column.header.clone()).collect();
            assert_eq!(
                map(&headers, item.id.as_str()).unwrap().version,
                layout.version,
                "{}",
                item.id
            );
        }
    }
}

#[test]
fn brackets_underscores_width_spaces_and_order_do_not_matter() {
    let sheet = Sheet::penalties();
    let variants: [fn(&str) -> String; 6] = [
        |header| header.replace('（', "(").replace('）', ")"),
        |header| header.replace('（', " （").replace('_', "-"),
        |header| header.replace('_', "＿"),
        |header| format!(" *{header}\u{3000}"),
        |header| format!("\u{feff}{header}"),
        |header| {
            header
                .chars()
                .map(|c| {
                    if c.is_ascii_digit() {
                        char::from_u32(c as u32 + 0xfee0).unwrap()
                    } else {
                        c
                    }
                })
                .collect()
        },
    ];
    for variant in variants {
        let mut headers: Vec<String> = sheet.header().iter().map(|header| variant(header)).collect();
        assert_eq!(map(&headers, "ITM-PENALTY").unwrap().version, "2018+", "{headers:?}");
        headers.reverse();
        assert_eq!(map(&headers, "ITM-PENALTY").unwrap().version, "2018+");
    }
    let codes: Vec<String> = sheet.columns().into_iter().map(|(_, code)| code.to_owned()).collect();
    assert_eq!(map(&codes, "ITM-PENALTY").unwrap().version, "2018+");
}

#[test]
fn forbidden_columns_are_dropped_and_named_unknown_ones_are_only_numbered() {
    let sheet = Sheet::penalties();
    let mut headers = sheet.header();
    let known = headers.len();
    for extra in [
        "家庭年收入（元）",
        "民 族",
        "性别",
        "手机号码",
        "370199198506070039",
        "",
        "数据导出时间",
    ] {
        headers.push(extra.to_owned());
    }
    let map = map(&headers, "ITM-PENALTY").unwrap();
    let dropped: Vec<(&str, &str)> = map
        .dropped
        .iter()
        .map(|(word, rule)| (word.as_str(), rule.as_str()))
        .collect();
    assert_eq!(
        dropped,
        [
            ("收入", "RUL-DROP-INCOME"),
            ("民族", "RUL-DROP-STATUS"),
            ("性别", "RUL-DROP-STATUS"),
            ("手机", "RUL-DROP-CONTACT"),
        ]
    );
    let known = u32::try_from(known).unwrap();
    assert_eq!(map.unknown, [known + 5, known + 7]);
    // Nothing of them reaches the record.
    let mut cells = sheet.cells(&penalty());
    cells.extend(["120000", "汉", "男", "13800000000", "x", "", "2026-11-01"].map(str::to_owned));
    let provider = sheet.item.providers.first().unwrap();
    let cleaned = intake::clean(&RawRow::from_cells(2, &cells), &map, &sheet.context(provider));
    let intake::Cleaned::Row(row, faults) = cleaned else {
        panic!("{cleaned:?}")
    };
    assert_eq!(faults, []);
    assert!(
        row.content
            .decode()
            .unwrap()
            .fields
            .values()
            .all(|value| !["120000", "汉", "男", "13800000000"].contains(&value.as_str()))
    );
}

#[test]
fn places_carry_the_catalogues_text() {
    let map = Sheet::penalties().map();
    let item = item("ITM-PENALTY");
    assert_eq!(
        map.place_of(FieldRole::PersonName, item),
        (Some(1), Some("行政相对人名称".to_owned()))
    );
    assert_eq!(
        map.place_of(FieldRole::UpstreamState, item),
        (None, Some("当前状态".to_owned()))
    );
}

#[test]
fn e01_says_what_is_missing_and_repeats_nothing() {
    // No header row at all: the first row is somebody's data.
    let cells = Sheet::penalties().cells(&penalty());
    let faults = map(&cells, "ITM-PENALTY").unwrap_err();
    assert_eq!(faults.len(), 1);
    assert_eq!(
        (faults[0].code, &faults[0].detail, faults[0].line),
        (FaultCode::E01, &Detail::HeaderUnknown, 1)
    );

    let headers = |without: &'static str| -> Vec<String> {
        Sheet {
            without: vec![without],
            ..Sheet::penalties()
        }
        .header()
    };
    let missing = map(&headers("CF_WSH"), "ITM-PENALTY").unwrap_err();
    assert_eq!(missing.len(), 1);
    assert_eq!(missing[0].header.as_deref(), Some("行政处罚决定书文号"));
    assert_eq!(missing[0].message(Lang::Zh), "缺少必需的列");
    // Without what tells the versions apart, the likeliest version speaks.
    let missing = map(&headers("CF_WFXW"), "ITM-PENALTY").unwrap_err();
    let named: Vec<Option<&str>> = missing.iter().map(|fault| fault.header.as_deref()).collect();
    assert_eq!(named, [None, Some("违法行为类型")]);

    let mut twice = Sheet::penalties().header();
    twice.push("行政处罚决定文书号".to_owned());
    let faults = map(&twice, "ITM-PENALTY").unwrap_err();
    assert_eq!(faults.len(), 1);
    assert_eq!(
        (faults[0].column, &faults[0].detail),
        (Some(u32::try_from(twice.len()).unwrap()), &Detail::ColumnTwice)
    );
}

#[test]
fn files_without_the_extension_columns_are_taken_and_their_rows_held() {
    let sheet = Sheet {
        without: vec!["CF_CFCX", "CF_SXDJ", "CF_XWZZRQ"],
        ..Sheet::penalties()
    };
    let cleaned = sheet.clean(&with(penalty(), &[]));
    let intake::Cleaned::Row(row, faults) = cleaned else {
        panic!("{cleaned:?}")
    };
    // Each rule asks its question; there is no column to ask it at.
    let asked: Vec<_> = faults.iter().map(|fault| (fault.code.as_str(), fault.line)).collect();
    assert_eq!(asked, [("Q01", 7); 3]);
    let hold = row.hold.unwrap();
    assert_eq!(hold.rule.as_str(), "RUL-NO-PROCEDURE");
    assert_eq!(
        hold.also
            .iter()
            .map(domain::catalogue::RuleId::as_str)
            .collect::<Vec<_>>(),
        ["RUL-NO-CLASS", "RUL-NO-ACT-END"]
    );
    // Five years from the decision, until the provider has answered.
    assert_eq!(row.end.to_string(), "2031-09-01");
}
