//! Versions, differences and what `catalogue show` says.

use catalogue::{Catalogue, diff};

use crate::common::{copy, shipped_dir};

fn edited(edits: &[(&str, &str, &str)]) -> Catalogue {
    let copy = copy();
    for (file, from, to) in edits {
        let path = copy.path().join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "`{from}` is not in {file}");
        std::fs::write(&path, text.replace(from, to)).unwrap();
    }
    catalogue::load(copy.path()).unwrap_or_else(|fault| panic!("{fault:#?}"))
}

fn lines(old: &Catalogue, new: &Catalogue) -> Vec<String> {
    diff(old, new).iter().map(ToString::to_string).collect()
}

#[test]
fn the_version_is_a_hash_of_names_and_bytes() {
    let shipped = catalogue::load(&shipped_dir()).unwrap();
    assert_eq!(shipped.version.len(), 64);
    assert_eq!(edited(&[]).version, shipped.version, "the same bytes in another place");
    let comment = edited(&[("calendar.toml", "# 元旦", "# 新年")]);
    assert_ne!(comment.version, shipped.version, "a comment counts too");
    assert!(diff(&shipped, &comment).is_empty(), "but it changes nothing");
}

#[test]
fn changes_are_named_by_thing_and_part() {
    let old = edited(&[]);
    let new = edited(&[
        (
            "items/honour.toml",
            "code = \"RY_BT\", zh = \"表彰标题\", en = \"title of the honour\", format = \"C..255\"",
            "code = \"RY_BT\", zh = \"表彰标题\", en = \"title of the honour\", format = \"C..300\"",
        ),
        (
            "items/honour.toml",
            "aliases = [\"认定时间\"]",
            "aliases = [\"认定时间\", \"认定日期\"]",
        ),
        (
            "classes.toml",
            "max_months = 12\nvalid_from = \"2026-04-01\"",
            "max_months = 9\nvalid_from = \"2026-04-01\"",
        ),
        ("code-lists.toml", ", aliases = [\"快速程序\"]", ", aliases = []"),
        ("organisations.toml", "测试市教育局", "测试市教育和体育局"),
        ("purposes.toml", "第三十七条、第一百零三条", "第一百零三条"),
    ]);
    assert_eq!(
        lines(&old, &new),
        [
            "~ class period general from 2026-04-01 months: 3 to 12 → 3 to 9",
            "~ code list CL-PROCEDURE value 快速办理 aliases: 快速程序 → ",
            "~ item ITM-HONOUR field RY_BT format: C..255 → C..300",
            "~ item ITM-HONOUR version 1 column RY_RQ aliases: 认定时间 → 认定时间, 认定日期",
            "~ organisation 11370199MB99000646 name: 测试市教育局 / Test City education bureau → 测试市教育和体育局 / Test City education bureau",
            "~ purpose PUR-TOUR-GUIDE statute: 中华人民共和国旅游法 第三十七条、第一百零三条 → 中华人民共和国旅游法 第一百零三条",
        ]
    );
    assert_eq!(lines(&new, &old).len(), 6, "and back");
}

#[test]
fn what_comes_or_goes_is_one_line() {
    let old = edited(&[]);
    let rule = "[[rules]]\nid = \"RUL-HARM-REMOVED\"";
    let text = std::fs::read_to_string(shipped_dir().join("intake-rules.toml")).unwrap();
    let start = text.find(rule).unwrap();
    let end = start + text[start..].find("\n\n").unwrap();
    let new = edited(&[
        ("intake-rules.toml", &text[start..end], ""),
        (
            "items/honour.toml",
            "  { code = \"RY_ND\", zh = \"表彰年度\", en = \"year\", format = \"C4\" },\n",
            "",
        ),
        (
            "items/honour.toml",
            "  { header = \"表彰年度\", field = \"RY_ND\", aliases = [\"评价年度\"] },\n",
            "",
        ),
    ]);
    let removed: Vec<String> = lines(&old, &new)
        .into_iter()
        .filter(|line| !line.contains(" order: "))
        .collect();
    assert_eq!(
        removed,
        [
            "- intake rule RUL-HARM-REMOVED",
            "- item ITM-HONOUR field RY_ND",
            "- item ITM-HONOUR version 1 column RY_ND"
        ]
    );
    let added: Vec<String> = lines(&new, &old)
        .into_iter()
        .filter(|line| !line.contains(" order: "))
        .collect();
    assert_eq!(
        added,
        [
            "+ intake rule RUL-HARM-REMOVED",
            "+ item ITM-HONOUR field RY_ND",
            "+ item ITM-HONOUR version 1 column RY_ND"
        ]
    );
}

#[test]
fn a_new_item_is_one_line_with_all_it_has() {
    let mut old = edited(&[]);
    let new = edited(&[]);
    old.items.retain(|id, _| id.as_str() != "ITM-HONOUR");
    assert_eq!(lines(&old, &new), ["+ item ITM-HONOUR"]);
    assert_eq!(lines(&new, &old), ["- item ITM-HONOUR"]);
}

#[test]
fn show_says_what_an_entry_is() {
    let catalogue = edited(&[]);
    let text = catalogue::show_text(&catalogue, "ITM-PENALTY").unwrap();
    for part in [
        "ITM-PENALTY 行政处罚",
        "信息性质 nature          adverse",
        "中华人民共和国行政处罚法 第四十八条 (law)",
        "11370199MB9900013X 测试市市场监督管理局",
        "CF_NR_FK      N..18,6   罚款金额（万元）, required if CF_CFLB contains 罚款",
        "版本 version 2018+",
        "处罚程序 = 处罚适用程序 → CF_CFCX (扩展列 extension)",
        "RUL-PS-STATUTE",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    let json = catalogue::show_json(&catalogue, "ITM-PENALTY").unwrap();
    assert_eq!(json["nature"], "adverse");
    assert_eq!(json["layouts"][2]["version"], "2015");
    assert_eq!(json["fields"][0]["format"], "C..200");
    assert!(
        json["rules"]
            .as_array()
            .unwrap()
            .iter()
            .any(|rule| rule == "RUL-NO-CLASS")
    );
    for id in [
        "PUR-TRAVEL",
        "MSR-FOOD-LICENCE",
        "CL-PENALTY-KIND",
        "RUL-PS-FLAG",
        "RUL-DROP-INCOME",
        "RUL-CLASS-GENERAL",
    ] {
        let text = catalogue::show_text(&catalogue, id).unwrap();
        assert!(text.contains(id), "{text}");
    }
    assert!(
        catalogue::show_text(&catalogue, "CL-PENALTY-KIND")
            .unwrap()
            .contains("没收违法所得、没收非法财物")
    );
    assert_eq!(catalogue::show_text(&catalogue, "ITM-GOSSIP"), None);
    assert_eq!(catalogue::show_json(&catalogue, "ITM-GOSSIP"), None);
    let overview = catalogue::overview_text(&catalogue);
    assert!(
        overview.contains(&catalogue.version)
            && overview.contains("PUR-TRAVEL")
            && overview.contains("calendar 2025, 2026")
    );
    assert_eq!(
        catalogue::overview_json(&catalogue)["items"].as_array().unwrap().len(),
        catalogue.items.len()
    );
}
