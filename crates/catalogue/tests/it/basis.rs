//! R1 and R2: no score, no record without a basis, no forbidden item or column.

use catalogue::LintRule;

use crate::common::{HONOUR, refused};

#[test]
fn r1_no_score_can_be_written() {
    let article = "个人信息保护法 第六条、第二十四条";
    refused(
        HONOUR,
        "nature = \"other\"",
        "nature = \"other\"\nscore = 10",
        LintRule::R1,
        "`score`",
        article,
    );
    refused(
        HONOUR,
        "nature = \"other\"",
        "nature = \"other\"\nrank = \"A\"",
        LintRule::R1,
        "`rank`",
        article,
    );
    refused(
        HONOUR,
        "format = \"C..255\"",
        "points = 5, format = \"C..255\"",
        LintRule::R1,
        "`points`",
        article,
    );
    refused(
        "purposes.toml",
        "enabled = true",
        "enabled = true\nweight = 3",
        LintRule::R1,
        "`weight`",
        article,
    );
    refused(
        HONOUR,
        "zh = \"表彰荣誉\"",
        "zh = \"个人信用积分\"",
        LintRule::R1,
        "`积分`",
        article,
    );
    refused(
        HONOUR,
        "en = \"title of the honour\"",
        "en = \"credit score\"",
        LintRule::R1,
        "`score`",
        article,
    );
    refused(
        HONOUR,
        "\"荣誉名称\"",
        "\"诚信等级\"",
        LintRule::R1,
        "`诚信等级`",
        article,
    );
    refused(
        "code-lists.toml",
        "zh = \"一星\"",
        "zh = \"信用评级甲\"",
        LintRule::R1,
        "`评级`",
        article,
    );
    refused(
        "purposes.toml",
        "zh = \"导游证核发\"",
        "zh = \"信用分核验\"",
        LintRule::R1,
        "`信用分`",
        article,
    );
    refused(
        "measures.toml",
        "zh = \"被吊销导游证\"",
        "zh = \"进入黑名单\"",
        LintRule::R1,
        "`黑名单`",
        article,
    );
}

#[test]
fn r2_an_item_has_its_seven_elements() {
    let article = "山东省社会信用条例 第十条";
    for (from, to, element) in [
        ("zh = \"表彰荣誉\"\n", "", "信息事项"),
        ("nature = \"other\"\n", "", "信息性质"),
        ("data_standard = \"自然人表彰信息, ", "# \"", "数据标准"),
        ("disclosure = [\"authorised\", \"shared\"]\n", "", "披露方式"),
        ("end_rule = {", "# end_rule = {", "有效期限"),
        (
            "source = \"全国公共信用",
            "# source = \"",
            "national or provincial list",
        ),
        ("[[legal_basis]]", "# [[legal_basis]]", "legal basis"),
    ] {
        // Without its table header, the basis would become keys of the item: take it out whole.
        if element == "legal basis" {
            let basis = "[[legal_basis]]\ndocument = \"山东省社会信用条例\"\narticle = \"第十四条\"\nrank = \"provincial_regulation\"\n";
            refused(HONOUR, basis, "", LintRule::R2, element, article);
        } else {
            refused(HONOUR, from, to, LintRule::R2, element, article);
        }
    }
    refused(
        "items/tax-arrears.toml",
        "providers = [\n  \"11370199MB9900080U\", # 税务局\n]",
        "providers = []",
        LintRule::R2,
        "提供单位",
        article,
    );
    refused(
        HONOUR,
        "nature = \"other\"",
        "nature = \"good\"",
        LintRule::R2,
        "信息性质",
        article,
    );
}

#[test]
fn r2_a_basis_has_provincial_rank_at_least() {
    let article = "国办发〔2020〕49号";
    let rank = "rank = \"provincial_regulation\"";
    refused(
        HONOUR,
        rank,
        "rank = \"city_regulation\"",
        LintRule::R2,
        "nothing below provincial rank",
        article,
    );
    refused(HONOUR, rank, "", LintRule::R2, "nothing below provincial rank", article);
    for title in [
        "济信用办〔2018〕26号",
        "济南市个人诚信积分管理办法",
        "关于对失信主体实施联合惩戒的合作备忘录",
    ] {
        refused(
            HONOUR,
            "\"山东省社会信用条例\"",
            &format!("\"{title}\""),
            LintRule::R2,
            "is no legal basis",
            article,
        );
    }
    refused(
        HONOUR,
        "\"山东省社会信用条例\"",
        "\"全市诚信建设方案\"",
        LintRule::R2,
        "is no legal basis",
        article,
    );
    refused(
        HONOUR,
        rank,
        "rank = \"law\"",
        LintRule::R2,
        "does not fit the rank",
        "第十条",
    );
    refused(
        HONOUR,
        "article = \"第十四条\"",
        "article = \" \"",
        LintRule::R2,
        "names its `document` and its `article`",
        "第十条",
    );
    refused(
        "intake-rules.toml",
        "article = \"第五十一条\", ",
        "",
        LintRule::R2,
        "names its `document`",
        "第十条",
    );
}

#[test]
fn r2_forbidden_items_and_columns_cannot_be_collected() {
    for (name, word, article) in [
        ("治安违法记录", "治安", "治安管理处罚法 第一百三十六条"),
        ("刑事判决", "刑事", "个人信息保护法 第二十八条"),
        ("不起诉决定", "不起诉", "刑事诉讼法 第十二条"),
        ("信访记录", "信访", "山东省社会信用条例 第十三条"),
        ("计划生育情况", "计划生育", "山东省社会信用条例 第十三条"),
        ("网络言论", "言论", "宪法"),
        ("婚姻登记", "婚姻", "个人信息保护法 第六条"),
        ("纳税额信息", "纳税额", "山东省社会信用条例 第四十二条"),
    ] {
        refused(
            HONOUR,
            "zh = \"表彰荣誉\"",
            &format!("zh = \"{name}\""),
            LintRule::R2,
            &format!("`{word}`"),
            article,
        );
    }
    refused(
        HONOUR,
        "zh = \"表彰年度\"",
        "zh = \"宗教信仰\"",
        LintRule::R2,
        "宗教 of a person",
        "第四十二条",
    );
    refused(
        HONOUR,
        "\"荣誉名称\"",
        "\"手机号码\"",
        LintRule::R2,
        "手机 of a person",
        "个人信息保护法 第六条",
    );
}

#[test]
fn r2_and_r7_what_the_floor_refuses_holds_and_drops_cannot_be_left_out() {
    let rules = "intake-rules.toml";
    for (from, to, rule, message, article) in [
        (
            "\"治安管理处罚法\", ",
            "",
            LintRule::R2,
            "by the statute cited",
            "治安管理处罚法",
        ),
        (
            "equals = [\"简易程序\"]",
            "equals = [\"普通程序\"]",
            LintRule::R2,
            "summary procedure",
            "第十三条第二款",
        ),
        (
            "younger_than = 18",
            "younger_than = 16",
            LintRule::R2,
            "under eighteen",
            "第二条",
        ),
        (
            ", \"个体工商户\"]",
            "]",
            LintRule::R2,
            "individual businesses",
            "第二条",
        ),
        (
            "\"刑初\", \"刑终\"",
            "\"刑终\"",
            LintRule::R2,
            "criminal judgments",
            "第二十八条",
        ),
        ("\"不诉\", ", "", LintRule::R2, "not to prosecute", "刑事诉讼法"),
        (
            "missing = \"procedure\"",
            "missing = \"fine_amount\"",
            LintRule::R7,
            "without a procedure",
            "第十三条第二款",
        ),
        (
            "missing = \"breach_class\"",
            "missing = \"fine_amount\"",
            LintRule::R7,
            "without a class",
            "36号",
        ),
        (
            "missing = \"act_end_day\"",
            "missing = \"fine_amount\"",
            LintRule::R7,
            "without the end of the act",
            "第三十八条",
        ),
    ] {
        refused(rules, from, to, rule, message, article);
    }
}

#[test]
fn r2_a_rule_of_the_floor_does_not_end_and_binds_every_item_that_it_concerns() {
    let rules = "intake-rules.toml";
    // A rule that ends, that only holds, or that binds other items does not do.
    let flag = "message = { zh = \"标明为治安管理处罚的记录应当封存";
    refused(
        rules,
        flag,
        &format!("valid_to = \"2027-01-01\"\n{flag}"),
        LintRule::R2,
        "by their mark",
        "第一百三十六条",
    );
    refused(
        rules,
        "id = \"RUL-PS-FLAG\"\nitems = [\"ITM-PENALTY\"]\neffect = \"refuse\"",
        "id = \"RUL-PS-FLAG\"\nitems = [\"ITM-PENALTY\"]\neffect = \"hold\"",
        LintRule::R2,
        "by their mark",
        "第一百三十六条",
    );
    refused(
        rules,
        "id = \"RUL-MINOR\"\n",
        "id = \"RUL-MINOR\"\nitems = [\"ITM-PENALTY\"]\n",
        LintRule::R2,
        "under eighteen for ITM-COURT-DEFAULTER",
        "第二条",
    );
    refused(
        "dropped-columns.toml",
        "\"民族\", ",
        "",
        LintRule::R2,
        "column `民族`",
        "个人信息保护法 第六条",
    );
    refused(
        "dropped-columns.toml",
        "\"血型\", ",
        "",
        LintRule::R2,
        "column `血型`",
        "第四十二条",
    );
}

#[test]
fn r2_the_words_for_other_persons_cannot_be_left_out() {
    refused(
        "code-lists.toml",
        "id = \"CL-OTHER-PERSON\"",
        "id = \"CL-SOMEBODY\"",
        LintRule::R2,
        "words for other persons",
        "",
    );
}
