//! R7, R8 and R9: the milder class, the end of every record, no publication.

use catalogue::LintRule;

use crate::common::{COURT, HONOUR, PENALTY, refused};

#[test]
fn r7_the_milder_class_applies_where_no_rule_decides() {
    let rule = "id = \"RUL-CLASS-MINOR\"\nclass = \"minor\"";
    refused(
        "classes.toml",
        rule,
        &rule.replace("\"minor\"", "\"general\""),
        LintRule::R7,
        "the last class rule",
        "第六条",
    );
    refused(
        "classes.toml",
        "penalty_kinds = []",
        "penalty_kinds = [\"警告\"]",
        LintRule::R7,
        "the last class rule",
        "第六条",
    );
}

#[test]
fn r8_every_record_has_an_end() {
    let article = "山东省社会信用条例 第三十八条";
    refused(COURT, "months = 24", "months = 61", LintRule::R8, "61 months", article);
    refused(COURT, "months = 24", "months = 0", LintRule::R8, "zero months", article);
    refused(
        "classes.toml",
        "act_end_months = 60",
        "act_end_months = 120",
        LintRule::R8,
        "`act_end_months`",
        article,
    );
    refused(
        "classes.toml",
        "act_end_months = 60",
        "",
        LintRule::R8,
        "`act_end_months`",
        article,
    );
    refused(
        "classes.toml",
        "max_months = 36",
        "max_months = 72",
        LintRule::R8,
        "the longest period",
        article,
    );
    refused(
        "classes.toml",
        "valid_to = \"2023-04-30\"",
        "valid_to = \"2023-04-01\"",
        LintRule::R8,
        "no period covers",
        article,
    );
    refused(
        "classes.toml",
        "valid_from = \"1949-10-01\"",
        "valid_from = \"2019-07-01\"",
        LintRule::R8,
        "do not cover",
        article,
    );
    let role = ", role = \"act_end_day\"";
    refused(
        PENALTY,
        role,
        "",
        LintRule::R8,
        "the two clocks need a field with the role `act_end_day`",
        article,
    );
}

#[test]
fn r9_persons_are_not_published() {
    for word in ["public", "公开公示"] {
        let to = format!("disclosure = [\"{word}\"]");
        let from = "disclosure = [\"authorised\", \"shared\"]";
        refused(
            HONOUR,
            from,
            &to,
            LintRule::R9,
            "never published",
            "山东省社会信用条例 第二十条",
        );
    }
}
