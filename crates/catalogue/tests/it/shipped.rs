//! The catalogue that ships: it loads, says what the design asks, and is quick to load.

use std::collections::BTreeSet;

use crate::common::{lines, shipped_dir};
use catalogue::{Catalogue, dropped_by, fold_header};
use domain::Day;
use domain::catalogue::{BreachClass, Condition, FieldRole, IntakeEffect, Item, ItemId, Required};

fn shipped() -> Catalogue {
    catalogue::load(&shipped_dir()).unwrap_or_else(|fault| panic!("{fault:#?}"))
}

fn item<'a>(catalogue: &'a Catalogue, id: &str) -> &'a Item {
    &catalogue.items[&ItemId::parse(id).unwrap()]
}

#[test]
fn it_has_no_finding() {
    let findings = catalogue::lint(&shipped_dir()).unwrap();
    assert!(findings.is_empty(), "{}", lines(&findings));
}

#[test]
fn it_has_the_items_that_others_build_on_and_the_closed_lists() {
    let catalogue = shipped();
    // Each file is an item; which ones there are is for the files to say.
    let files = std::fs::read_dir(shipped_dir().join("items")).unwrap().count();
    assert_eq!(catalogue.items.len(), files);
    assert!(files >= 19, "{files} items");
    assert_eq!(catalogue.fields_of_life.len(), 16);
    assert_eq!(catalogue.occupations.len(), 16);
    assert!(catalogue.organisations.len() >= 15);
    assert!(
        catalogue.organisations.keys().all(domain::Uscc::is_test_area),
        "no code of a real body"
    );
    assert!(
        catalogue
            .organisations
            .values()
            .all(|organisation| organisation.district == "370199")
    );
    assert_eq!(catalogue.act_end_months, 60);
    for id in ["ITM-PENALTY", "ITM-PERMIT"] {
        let versions: Vec<&str> = item(&catalogue, id)
            .layouts
            .iter()
            .map(|layout| layout.version.as_str())
            .collect();
        assert_eq!(versions, ["2018+", "2018", "2015"]);
    }
}

#[test]
fn the_national_columns_are_in_template_order() {
    let catalogue = shipped();
    let count = |id: &str, version: &str| {
        let layout = item(&catalogue, id)
            .layouts
            .iter()
            .find(|layout| layout.version == version)
            .unwrap();
        layout.columns.iter().filter(|column| !column.is_extension).count()
    };
    // 双公示 2018: 30 columns for penalties with the legal representative's document, 29 with the identity number.
    assert_eq!(
        (
            count("ITM-PENALTY", "2018+"),
            count("ITM-PENALTY", "2018"),
            count("ITM-PENALTY", "2015")
        ),
        (30, 29, 20)
    );
    assert_eq!(
        (
            count("ITM-PERMIT", "2018+"),
            count("ITM-PERMIT", "2018"),
            count("ITM-PERMIT", "2015")
        ),
        (28, 27, 20)
    );
}

/// A 2018 file lacks the extension columns: that holds its rows, it does not refuse them for an empty cell (E02).
#[test]
fn no_extension_column_is_ever_required() {
    let catalogue = shipped();
    for item in catalogue.items.values() {
        for layout in &item.layouts {
            for column in layout.columns.iter().filter(|column| column.is_extension) {
                let field = item.field(&column.field).unwrap();
                let elsewhere_template = item.layouts.iter().any(|layout| {
                    layout
                        .columns
                        .iter()
                        .any(|other| other.field == column.field && !other.is_extension)
                });
                assert!(
                    field.required == Required::Never || elsewhere_template,
                    "{} {} {}",
                    item.id,
                    layout.version,
                    column.header
                );
            }
        }
    }
}

/// A pattern of forbidden data must never take a legitimate column with it, such as 纳税人名称 or 罚款金额.
#[test]
fn dropped_columns_catch_what_they_should_and_no_header_of_a_standard() {
    let catalogue = shipped();
    let mut headers = 0;
    for item in catalogue.items.values() {
        for column in item.layouts.iter().flat_map(|layout| &layout.columns) {
            for header in std::iter::once(&column.header).chain(&column.aliases) {
                headers += 1;
                assert!(dropped_by(&catalogue, header).is_none(), "{} {header}", item.id);
            }
        }
    }
    assert!(headers > 250, "{headers} headers looked at");
    for bad in [
        "民族",
        "政治面貌",
        "手机号",
        "手机号码",
        "联系电话",
        "住址",
        "家庭住址",
        "婚姻状况",
        "年收入",
        "收入（元）",
        "存款余额",
        "应纳税额",
        "税款（元）",
        "欠税余额",
        "宗教信仰",
        "血型",
        "既往病史",
        "奖励金额（元）",
        "信用评分",
        "个人信用等级",
        "诚信积分",
        "性别",
        "年龄",
        "出生日期",
        "行踪轨迹",
        "有价证券",
        "商业保险",
        "不动产情况",
        "纳税数额",
        "疾病",
        "指纹",
        "基因信息",
        "学历",
        "给付金额（元）",
        "补偿标准",
        "征收金额",
        "合同金额（万元）",
        "成交金额",
        "金额",
        "对方当事人",
        "共有人",
        "第一发明人",
        "举报人姓名",
        "检查人员",
        "伤残等级",
        "困难类别",
        "开户银行",
    ] {
        assert!(dropped_by(&catalogue, bad).is_some(), "{bad}");
    }
    for good in [
        "纳税人名称",
        "罚款金额（万元）",
        "没收违法所得、没收非法财物的金额（万元）",
        "失信等级",
        "执业资格等级",
        "评价年度",
        "服务类别",
        "备注",
        "工作单位",
        "数据来源",
        "地方编码",
    ] {
        assert!(dropped_by(&catalogue, good).is_none(), "{good}");
    }
}

/// Every decision day has exactly one period for each class.
#[test]
fn class_periods_cover_each_day_once() {
    let catalogue = shipped();
    let months = |class: BreachClass, day: &str| {
        let day = Day::parse_iso(day).unwrap();
        let fitting: Vec<_> = catalogue
            .class_periods
            .iter()
            .filter(|period| {
                period.class == class && period.valid_from <= day && period.valid_to.is_none_or(|to| day <= to)
            })
            .collect();
        assert_eq!(fitting.len(), 1, "{class:?} {day}");
        (fitting[0].min_months, fitting[0].max_months)
    };
    assert_eq!(months(BreachClass::General, "2026-03-31"), (3, 36), "decree 58");
    assert_eq!(months(BreachClass::General, "2026-04-01"), (3, 12), "decree 36");
    assert_eq!(months(BreachClass::Serious, "2026-04-01"), (12, 36));
    assert_eq!(months(BreachClass::Minor, "2026-04-01"), (0, 3));
    assert_eq!(months(BreachClass::General, "2019-12-31"), (3, 12));
}

/// What lacks the data by which it is judged is held, what is forbidden is refused.
#[test]
fn the_rules_of_the_floor_are_there() {
    let catalogue = shipped();
    let rule = |id: &str| {
        catalogue
            .intake_rules
            .iter()
            .find(|rule| rule.id.as_str() == id)
            .unwrap()
    };
    for (id, role) in [
        ("RUL-NO-PROCEDURE", FieldRole::Procedure),
        ("RUL-NO-CLASS", FieldRole::BreachClass),
        ("RUL-NO-ACT-END", FieldRole::ActEndDay),
    ] {
        assert_eq!(rule(id).conditions, [Condition::Missing(role)]);
        assert_eq!(rule(id).effect, IntakeEffect::Hold);
    }
    for id in [
        "RUL-PS-STATUTE",
        "RUL-PS-FLAG",
        "RUL-SUMMARY-PROCEDURE",
        "RUL-MINOR",
        "RUL-ORGANISATION",
        "RUL-CRIMINAL-NO",
    ] {
        assert_eq!(rule(id).effect, IntakeEffect::Refuse, "{id}");
    }
    assert_eq!(rule("RUL-PS-DETENTION").effect, IntakeEffect::Hold);
    assert_eq!(
        rule("RUL-SMALL-FINE").conditions,
        [Condition::SmallFineWithoutProcedure("0.02".to_owned())]
    );
}

#[test]
fn the_notices_wishes_without_a_statute_stand_disabled_with_their_reason() {
    let catalogue = shipped();
    for id in [
        "PUR-PROFESSIONAL-TITLE",
        "PUR-SPECIAL-TRADE",
        "PUR-PRIVATE-OFFICE",
        "PUR-TRAVEL",
        "PUR-OTHER-ADMINISTRATION",
    ] {
        let purpose = catalogue
            .purposes
            .values()
            .find(|purpose| purpose.id.as_str() == id)
            .unwrap();
        assert!(
            !purpose.is_enabled && purpose.items.is_empty() && purpose.disabled_because.is_some(),
            "{id}"
        );
    }
    assert!(
        catalogue
            .purposes
            .values()
            .filter(|purpose| purpose.is_enabled)
            .all(|purpose| purpose.statute.is_some())
    );
    assert!(
        catalogue.measures.values().all(|measure| !measure.is_enabled),
        "no measure without proceedings"
    );
}

/// The State Council's notices for 2025 and 2026.
#[test]
fn the_calendar_knows_the_worked_weekends() {
    let calendar = shipped().calendar;
    let works = |day: &str| calendar.is_working_day(Day::parse_iso(day).unwrap()).unwrap();
    assert!(!works("2025-10-08") && works("2025-10-11") && works("2025-09-28"));
    assert!(!works("2026-02-23") && works("2026-02-28") && works("2026-01-04") && !works("2026-01-02"));
    assert!(works("2026-11-24"));
    // Three working days over the Spring Festival: 13, 14 (worked), then 24 February.
    let end = calendar
        .plus_working_days(Day::parse_iso("2026-02-12").unwrap(), 3)
        .unwrap();
    assert_eq!(end.to_string(), "2026-02-24");
    assert!(
        calendar.is_working_day(Day::parse_iso("2027-01-04").unwrap()).is_err(),
        "not announced yet"
    );
}

#[test]
fn header_versions_are_told_apart_by_their_headers() {
    let catalogue = shipped();
    for item in catalogue.items.values() {
        for layout in &item.layouts {
            let headers: BTreeSet<String> = layout
                .columns
                .iter()
                .filter(|column| !column.is_extension)
                .map(|column| fold_header(&column.header))
                .collect();
            let taken = item.layouts.iter().find(|candidate| {
                candidate.recognised_by.iter().all(|code| {
                    candidate.columns.iter().any(|column| {
                        &column.field == code
                            && std::iter::once(&column.header)
                                .chain(&column.aliases)
                                .any(|header| headers.contains(&fold_header(header)))
                    })
                })
            });
            assert_eq!(
                taken.map(|taken| taken.version.as_str()),
                Some(layout.version.as_str()),
                "{}",
                item.id
            );
        }
    }
}

#[test]
fn loading_takes_less_than_a_tenth_of_a_second() {
    let dir = shipped_dir();
    // The quickest of many: other work on the machine is not ours.
    let quickest = (0..25)
        .map(|_| {
            let start = std::time::Instant::now();
            catalogue::load(&dir).unwrap();
            start.elapsed()
        })
        .min()
        .unwrap();
    assert!(quickest.as_millis() < 100, "{quickest:?}");
}
