//! R4 and R5: purposes and measures.

use catalogue::LintRule;

use crate::common::{malformed, refused};

#[test]
fn r4_an_enabled_purpose_has_a_statute_that_says_who_shall_look_what_up() {
    let purposes = "purposes.toml";
    let article = "山东省社会信用条例 第二十二条";
    let statute =
        "statute = { document = \"中华人民共和国旅游法\", article = \"第三十七条、第一百零三条\", rank = \"law\" }";
    refused(purposes, statute, "", LintRule::R4, "names its statute", article);
    let duty = "duty = { zh = \"旅游主管部门核发导游证：被吊销导游证自处罚之日起未逾三年的，不得重新申请\", \
                en = \"the tourism authority issues the licence: none within three years after one was revoked\" }";
    refused(purposes, duty, "", LintRule::R4, "who shall look what up", article);
    let article_22 = "statute = { document = \"山东省社会信用条例\", article = \"第二十二条第（五）项\", rank = \"provincial_regulation\" }";
    refused(
        purposes,
        statute,
        article_22,
        LintRule::R4,
        "other administration",
        article,
    );
    refused(
        purposes,
        "zh = \"导游证核发\"",
        "zh = \"其他行政管理\"",
        LintRule::R4,
        "alone is never a ground",
        article,
    );
    refused(
        purposes,
        "items = [\"ITM-PENALTY\", \"ITM-LICENCE\"]",
        "items = []",
        LintRule::R4,
        "names its items",
        article,
    );
    let reason = "disabled_because = { zh = \"待明确规定由谁查什么的法律依据后启用\", en = \"waits for the statute that says who shall look what up\" }";
    refused(purposes, reason, "", LintRule::R4, "says why", article);
    refused(
        purposes,
        statute,
        &statute.replace("\"law\"", "\"city\""),
        LintRule::R2,
        "below provincial rank",
        "国办发",
    );
}

#[test]
fn r4_purposes_and_measures_that_cannot_be_expressed() {
    let article = "国办发〔2020〕49号";
    for (name, topic) in [
        ("乘坐飞机资格核验", "movement"),
        ("护照申领", "identity documents"),
        ("供水供电开户", "basic public services"),
        ("低保审核", "social assistance"),
        ("公租房申请", "housing"),
        ("医保报销", "health care"),
        ("子女入学审核", "schooling"),
        ("企业招聘背景调查", "private employment"),
        ("配偶情况核查", "a relative of the person"),
    ] {
        let name = format!("zh = \"{name}\"");
        refused(
            "purposes.toml",
            "zh = \"导游证核发\"",
            &name,
            LintRule::R4,
            &format!("touches {topic}"),
            article,
        );
        refused(
            "measures.toml",
            "zh = \"三年内不予核发导游证\"",
            &name,
            LintRule::R4,
            &format!("touches {topic}"),
            article,
        );
    }
    // A wish that stands as an explanation may neither be switched on nor ask for items.
    let travel = "en = \"travel abroad, trains and flights\"\nenabled = false\nitems = []";
    refused(
        "purposes.toml",
        travel,
        &travel.replace("false", "true"),
        LintRule::R4,
        "touches movement",
        article,
    );
    let asking = travel.replace("[]", "[\"ITM-PENALTY\"]");
    refused(
        "purposes.toml",
        travel,
        &asking,
        LintRule::R4,
        "touches movement",
        article,
    );
}

#[test]
fn r4_and_r5_a_measure_has_its_statute_its_fact_and_no_effect_yet() {
    let measures = "measures.toml";
    refused(
        measures,
        "enabled = false",
        "enabled = true",
        LintRule::R4,
        "stays disabled",
        "国办发〔2020〕49号",
    );
    let statute = "statute = { document = \"中华人民共和国旅游法\", article = \"第一百零三条\", rank = \"law\" }";
    refused(measures, statute, "", LintRule::R4, "names the statute", "第二十二条");
    let fact = "linked_fact = { zh = \"被吊销导游证\", en = \"a tour guide licence was revoked\" }";
    refused(
        measures,
        fact,
        "",
        LintRule::R5,
        "names the one item and the fact",
        "第二十七条",
    );
    refused(
        measures,
        "linked_item = \"ITM-PENALTY\"",
        "",
        LintRule::R5,
        "names the one item",
        "第二十七条",
    );
    refused(
        measures,
        "\"ITM-PENALTY\"",
        "\"ITM-GOSSIP\"",
        LintRule::R5,
        "the linked item `ITM-GOSSIP` is unknown",
        "第二十七条",
    );
    refused(
        measures,
        "\"ITM-PENALTY\"",
        "\"ITM-TAX-BREACH\"",
        LintRule::R5,
        "belongs to the field F08",
        "第二十七条",
    );
}

#[test]
fn r5_nothing_of_one_field_is_used_in_another_without_a_law() {
    let asking = "items = [\"ITM-PENALTY\", \"ITM-LICENCE\", \"ITM-TAX-ARREARS\"]";
    refused(
        "purposes.toml",
        "items = [\"ITM-PENALTY\", \"ITM-LICENCE\"]",
        asking,
        LintRule::R5,
        "ITM-TAX-ARREARS belongs to the field F08",
        "山东省社会信用条例 第二十七条",
    );
    let basis = "cross_field_basis = { document = \"中华人民共和国公务员法\", article = \"第二十六条第（四）项\", rank = \"law\" }";
    refused(
        "purposes.toml",
        basis,
        "",
        LintRule::R5,
        "ITM-COURT-DEFAULTER belongs to the field F14",
        "第二十七条",
    );
}

#[test]
fn r4_an_enabled_purpose_says_who_asks_under_which_matter_and_until_when_it_is_closed() {
    let (purposes, article) = ("purposes.toml", "山东省社会信用条例 第二十二条");
    let askers = "askers = [\"11370199MB990011X4\"]";
    refused(purposes, askers, "", LintRule::R4, "names who may ask", article);
    let matter = "matter = { form = \"测文旅导〔####〕*号\", example = \"测文旅导〔2026〕7号\", registered = true }";
    refused(purposes, matter, "", LintRule::R4, "which matter numbers", article);
    let other = matter.replace("example = \"测文旅导〔2026〕7号\"", "example = \"测文〔2026〕7号\"");
    refused(
        purposes,
        matter,
        &other,
        LintRule::R4,
        "does not have the form",
        article,
    );
    refused(
        purposes,
        "close_within_days = 30",
        "",
        LintRule::R4,
        "in how many working days",
        article,
    );
    refused(
        purposes,
        "close_within_days = 30",
        "close_within_days = 61",
        LintRule::R4,
        "within 1 to 60",
        article,
    );
    refused(
        purposes,
        "law_compels = false",
        "",
        LintRule::R4,
        "whether the law orders",
        article,
    );
}

#[test]
fn r5_a_purpose_names_the_fields_it_shows_and_none_that_tells_who_it_is() {
    let (purposes, article) = ("purposes.toml", "山东省社会信用条例 第二十七条");
    let tax = "ITM-TAX-BREACH = [\"SW_WH\", \"SW_LX\", \"SW_JG\", \"SW_RQ\", \"SW_TZRQ\"]";
    refused(
        purposes,
        tax,
        "",
        LintRule::R5,
        "what of ITM-TAX-BREACH may be shown",
        article,
    );
    refused(
        purposes,
        tax,
        &format!("{tax}\nITM-HONOUR = [\"RY_BT\"]"),
        LintRule::R5,
        "the purpose does not ask for it",
        article,
    );
    for code in ["SW_ZJHM", "SW_XM", "SJZT"] {
        let shown = tax.replace("SW_WH", code);
        refused(purposes, tax, &shown, LintRule::R5, "nobody but the person", "第六条");
    }
    for code in ["BZ", "CF_FR_SFZH", "CF_FRDB", "CF_WQXW"] {
        let shown = format!("\"{code}\", \"CF_NR\"");
        refused(
            purposes,
            "\"CF_NR\"",
            &shown,
            LintRule::R5,
            "nobody but the person",
            "第六条",
        );
    }
    malformed(
        purposes,
        "\"CF_NR\"",
        "\"CF_NICHTS\"",
        "ITM-PENALTY has no field `CF_NICHTS`",
    );
    refused(
        purposes,
        "linked_providers = [\"11370199MB990011X4\"]",
        "",
        LintRule::R5,
        "spans all fields of life",
        article,
    );
}

#[test]
fn the_limits_of_look_ups_are_there_and_fit_each_other() {
    let file = "look-up-limits.toml";
    malformed(file, "officer = 60", "", "missing field `officer`");
    malformed(file, "officer = 60", "officer = 0", "lets nobody be looked up");
    malformed(file, "officer = 60", "officer = 201", "within the department's");
    malformed(file, "purpose = 400", "purpose = 2001", "within the city's");
    malformed(file, "source = ", "reason = ", "unknown key `reason`");
}
