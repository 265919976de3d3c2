//! The form of lists, rules and files; all findings together.

use catalogue::{CatalogueError, LintRule};

use crate::common::{COURT, HONOUR, copy, findings, lines, malformed};

#[test]
fn form_of_lists_organisations_and_calendar() {
    malformed(
        "code-lists.toml",
        "code = \"02\", zh = \"护照\"",
        "code = \"01\", zh = \"护照\"",
        "`01` also stands for `01`",
    );
    malformed(
        "code-lists.toml",
        "\"普通护照\"",
        "\"身份证\"",
        "`身份证` also stands for `01`",
    );
    malformed(
        "code-lists.toml",
        "id = \"CL-YES-NO\"",
        "id = \"CL-FULFILMENT\"",
        "stands here twice",
    );
    malformed(
        "code-lists.toml",
        "id = \"CL-YES-NO\"",
        "id = \"YES\"",
        "not a catalogue id",
    );
    malformed(
        "code-lists.toml",
        "source = \"usual in files of the field\"",
        "",
        "`source` is missing",
    );
    malformed(
        "organisations.toml",
        "11370199MB9900013X",
        "11370199MB9900013Y",
        "GB 32100",
    );
    malformed(
        "organisations.toml",
        "11370199MB9900013X",
        "11370199MB9900021Q",
        "stands here twice",
    );
    malformed(
        "organisations.toml",
        "district = \"370199\"",
        "district = \"Jinan\"",
        "six-digit",
    );
    malformed(
        "occupations.toml",
        "  { code = \"G16\"",
        "  # { code = \"G16\"",
        "15 entries where 16",
    );
    malformed(
        "calendar.toml",
        "\"2026-02-28\"",
        "\"2026-02-27\"",
        "no Saturday or Sunday",
    );
    malformed(
        "calendar.toml",
        "\"2026-02-28\"",
        "\"2027-02-28\"",
        "is not in the year 2026",
    );
    malformed("calendar.toml", "\"2026-02-28\"", "\"2026-02-30\"", "is not a day");
    malformed(
        "calendar.toml",
        "\"2026-02-28\"",
        "\"2026-02-22\"",
        "both a day off and a working day",
    );
    malformed(
        "calendar.toml",
        "2026-02-15..2026-02-23",
        "2026-02-23..2026-02-15",
        "is not a span",
    );
    malformed("calendar.toml", "year = 2025", "year = 2026", "stands here twice");
}

#[test]
#[expect(clippy::too_many_lines, reason = "one list of what is found")]
fn form_of_rules() {
    let classes = "classes.toml";
    malformed(
        classes,
        "valid_to = \"2026-03-31\"",
        "valid_to = \"2026-04-01\"",
        "two periods overlap",
    );
    malformed(
        classes,
        "valid_to = \"2026-03-31\"",
        "valid_to = \"2020-03-31\"",
        "ends before it begins",
    );
    malformed(
        classes,
        "min_months = 12",
        "min_months = 40",
        "shortest period is longer",
    );
    malformed(classes, "class = \"serious\"", "class = \"dreadful\"", "a class is");
    malformed(classes, "\"限制从业\"]", "\"罚站\"]", "`罚站` is no kind of penalty");
    malformed(classes, "fine_from = \"1\"", "fine_from = \"a lot\"", "not an amount");
    malformed(classes, "RUL-CLASS-LARGE-FINE", "RUL-CLASS-MINOR", "stands here twice");
    let rules = "intake-rules.toml";
    malformed(rules, "effect = \"hold\"", "effect = \"shame\"", "a rule refuses");
    malformed(rules, "RUL-PS-FLAG", "RUL-PS-STATUTE", "stands here twice");
    malformed(
        rules,
        "{ missing = \"procedure\" }",
        "{ missing = \"procedure\", younger_than = 3 }",
        "a condition is",
    );
    malformed(rules, "{ missing = \"procedure\" }", "", "fit every row");
    malformed(
        rules,
        "contains = [\"不诉\"",
        "contains = [\"\", \"不诉\"",
        "empty text",
    );
    malformed(
        rules,
        "items = [\"ITM-VOLUNTEER\"]",
        "items = [\"ITM-GOSSIP\"]",
        "unknown item `ITM-GOSSIP`",
    );
    malformed(
        rules,
        "items = [\"ITM-VOLUNTEER\"]",
        "items = [\"ITM-HONOUR\"]",
        "has the role `consent_flag`",
    );
    malformed(
        rules,
        "equals = [\"违诺\"]",
        "equals = [\"反悔\"]",
        "`反悔` is no value of the role `fulfilment`",
    );
    malformed(rules, "example = { procedure = \"\" }\n", "", "`example` is missing");
    malformed(
        rules,
        "example = { procedure = \"\" }",
        "example = { procedure = \"普通程序\" }",
        "does not satisfy each of its conditions",
    );
    malformed(
        rules,
        "example = { harm_removed = \"是\" }",
        "example = { harm_undone = \"是\" }",
        "`harm_undone`",
    );
    malformed(
        rules,
        "answer = { consent_flag = \"是\" }\n",
        "",
        "a rule that holds, and no other, has an `answer`",
    );
    malformed(
        rules,
        "example = { consent_flag = \"否\" }\n",
        "example = { consent_flag = \"否\" }\nanswer = { consent_flag = \"是\" }\n",
        "a rule that holds, and no other, has an `answer`",
    );
    let dated = "valid_from = \"2012-01-01\"";
    for undated in ["", "undated = \" \"", "valid_from = \"2012-01-01\"\nundated = \"both\""] {
        malformed(rules, dated, undated, "says from which day it binds");
    }
    malformed(
        "dropped-columns.toml",
        "exact = [\"余额\"]",
        "exact = [\"\"]",
        "drop every column",
    );
    malformed(
        "purposes.toml",
        "\"ITM-LICENCE\"",
        "\"ITM-GOSSIP\"",
        "unknown item `ITM-GOSSIP`",
    );
    malformed(
        "purposes.toml",
        "field_of_life = \"F09\"",
        "field_of_life = \"F99\"",
        "is not in fields-of-life.toml",
    );
}

#[test]
fn form_of_the_files_themselves() {
    let broken = findings(HONOUR, "nature = \"other\"", "nature = other");
    assert!(
        broken
            .iter()
            .any(|finding| finding.message.starts_with("not TOML") && finding.place == "line 9"),
        "{}",
        lines(&broken)
    );
    assert_eq!(
        broken.len(),
        1,
        "what rests on a broken file is not reported too:\n{}",
        lines(&broken)
    );
    malformed(
        "occupations.toml",
        "groups = [",
        "colour = \"red\"\ngroups = [",
        "unknown key `colour`",
    );
    let copy = copy();
    std::fs::remove_file(copy.path().join("calendar.toml")).unwrap();
    std::fs::write(copy.path().join("black-list.toml"), "x = 1").unwrap();
    let findings = catalogue::lint(copy.path()).unwrap();
    for (file, message) in [
        ("calendar.toml", "the file is missing"),
        ("black-list.toml", "no file of this name"),
    ] {
        assert!(
            findings
                .iter()
                .any(|finding| finding.file == file && finding.message.contains(message)),
            "{}",
            lines(&findings)
        );
    }
    assert!(matches!(
        catalogue::load(&copy.path().join("nowhere")),
        Err(CatalogueError::Read { .. })
    ));
}

/// Every finding is reported at once, whatever else is wrong.
#[test]
fn all_findings_are_reported_together() {
    let copy = copy();
    for (file, from, to) in [
        (HONOUR, "nature = \"other\"", "nature = \"other\"\nscore = 1"),
        (COURT, "months = 24", "months = 61"),
        ("calendar.toml", "\"2026-02-28\"", "\"2026-02-27\""),
        (
            "measures.toml",
            "zh = \"三年内不予核发导游证\"",
            "zh = \"限制乘坐高铁\"",
        ),
    ] {
        let path = copy.path().join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace(from, to)).unwrap();
    }
    let findings = catalogue::lint(copy.path()).unwrap();
    let rules: Vec<(&str, LintRule)> = findings
        .iter()
        .map(|finding| (finding.file.as_str(), finding.rule))
        .collect();
    assert_eq!(
        rules,
        [
            ("calendar.toml", LintRule::Form),
            (COURT, LintRule::R8),
            (HONOUR, LintRule::R1),
            ("measures.toml", LintRule::R4)
        ],
        "{}",
        lines(&findings)
    );
    assert_eq!(
        findings[1].to_string(),
        "items/court-defaulter.toml: ITM-COURT-DEFAULTER: [R8] 61 months: nothing adverse is available for more than 60 \
         (山东省社会信用条例 第三十八条)"
    );
}

#[test]
fn form_of_ids_sources_and_lists() {
    for (file, from, to, message) in [
        (
            "items/honour.toml",
            "\"CL-HONOUR-LEVEL\"",
            "\"honour level\"",
            "code list: not a catalogue id",
        ),
        ("purposes.toml", "\"PUR-TRAVEL\"", "\"travel\"", "not a catalogue id"),
        ("purposes.toml", "\"ITM-LICENCE\"", "\"licence\"", "item `licence`"),
        (
            "measures.toml",
            "\"MSR-FOOD-LICENCE\"",
            "\"food\"",
            "not a catalogue id",
        ),
        (
            "intake-rules.toml",
            "\"ITM-VOLUNTEER\"",
            "\"volunteer\"",
            "item `volunteer`",
        ),
        (
            "intake-rules.toml",
            "\"RUL-SPEECH\"",
            "\"speech\"",
            "not a catalogue id",
        ),
        (
            "dropped-columns.toml",
            "RUL-DROP-PRIZE",
            "RUL-DROP-INCOME",
            "stands here twice",
        ),
        (
            "calendar.toml",
            "source = ",
            "# source = ",
            "the notice of the State Council",
        ),
        ("purposes.toml", "source = \"食品安全法", "# \"", "`source` is missing"),
        ("occupations.toml", "source = ", "# source = ", "`source` is missing"),
        (
            "classes.toml",
            "act_end_source = ",
            "# act_end_source = ",
            "`act_end_source` is missing",
        ),
        ("calendar.toml", "[[years]]", "[years]", "not TOML"),
        ("measures.toml", "", "purposes = 1", "unknown key `purposes`"),
    ] {
        // A key after the last table would belong to that table: it goes first instead.
        if from.is_empty() {
            malformed(file, "# 惩戒措施", &format!("{to}\n# 惩戒措施"), message);
        } else {
            malformed(file, from, to, message);
        }
    }
    let copy = copy();
    std::fs::write(copy.path().join("measures.toml"), b"# \xb2\xbb\xca\xc7 UTF-8").unwrap();
    let findings = catalogue::lint(copy.path()).unwrap();
    assert!(
        findings
            .iter()
            .any(|finding| finding.message == "the file is not UTF-8"),
        "{}",
        lines(&findings)
    );
    std::fs::write(copy.path().join("measures.toml"), "measures = 7").unwrap();
    let findings = catalogue::lint(copy.path()).unwrap();
    assert!(
        findings
            .iter()
            .any(|finding| finding.message == "`measures` is not a list"),
        "{}",
        lines(&findings)
    );
    let list = "[[lists]]\nid = \"CL-EMPTY\"\nsource = \"nowhere\"\nvalues = []\n";
    malformed("code-lists.toml", "", list, "the list is empty");
    let path = copy.path().join("items/honour.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(copy.path().join("measures.toml"), "measures = []").unwrap();
    std::fs::write(&path, &text[..text.find("[[layouts]]").unwrap()]).unwrap();
    let findings = catalogue::lint(copy.path()).unwrap();
    assert!(
        findings
            .iter()
            .any(|finding| finding.message.contains("no header version")),
        "{}",
        lines(&findings)
    );
}
