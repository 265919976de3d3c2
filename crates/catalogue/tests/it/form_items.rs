//! The form of items, fields and header versions.

use crate::common::{COURT, HONOUR, PENALTY, findings, lines, malformed};

#[test]
fn form_of_items_and_fields() {
    malformed(HONOUR, "id = \"ITM-HONOUR\"", "id = \"honour\"", "not a catalogue id");
    malformed(HONOUR, "format = \"C..255\"", "format = \"VARCHAR(255)\"", "`C..100`");
    malformed(
        HONOUR,
        "role = \"document_no\"",
        "role = \"secret\"",
        "unknown role `secret`",
    );
    malformed(
        HONOUR,
        "role = \"document_no\"",
        "role = \"person_name\"",
        "the role `person_name` stands at `RY_XM` and at `RY_WH`",
    );
    malformed(
        HONOUR,
        ", role = \"document_no\"",
        "",
        "no field has the role `document_no`",
    );
    malformed(HONOUR, "code = \"RY_ND\"", "code = \"RY_BT\"", "the code stands twice");
    malformed(
        HONOUR,
        "\"CL-HONOUR-LEVEL\"",
        "\"CL-NOWHERE\"",
        "unknown code list `CL-NOWHERE`",
    );
    malformed(
        HONOUR,
        "not_before = \"RY_RQ\"",
        "not_before = \"RY_XM\"",
        "`not_before` compares two days",
    );
    malformed(
        HONOUR,
        "format = \"D\", required = \"always\"",
        "format = \"C..10\", required = \"always\"",
        "belongs to a day",
    );
    malformed(
        PENALTY,
        "when = \"CF_CFLB\"",
        "when = \"CF_GONE\"",
        "unknown field `CF_GONE`",
    );
    malformed(PENALTY, "contains = [\"罚款\"]", "contains = []", "names no text");
    malformed(
        PENALTY,
        "format = \"N..18,6\"",
        "format = \"C..20\"",
        "an amount has the format of a number",
    );
    malformed(
        HONOUR,
        "code_list = \"CL-HONOUR-LEVEL\"",
        "multiple = true",
        "only a coded field",
    );
    malformed(
        HONOUR,
        "required = \"always\"",
        "required = \"sometimes\"",
        "`required` is",
    );
    malformed(HONOUR, "en = \"year\"", "en = \"\"", "both languages");
    malformed(HONOUR, "en = \"year\", ", "", "missing field `en`");
    malformed(
        HONOUR,
        "en = \"year\"",
        "en = \"year\", colour = \"red\"",
        "unknown field `colour`",
    );
}

#[test]
fn form_of_what_an_item_refers_to() {
    malformed(
        HONOUR,
        "in_force_from = \"2005-01-01\"",
        "in_force_from = \"2005-02-30\"",
        "is not a day",
    );
    malformed(
        HONOUR,
        "in_force_from = \"2005-01-01\"\n",
        "",
        "`in_force_from` is missing",
    );
    malformed(
        COURT,
        "field_of_life = \"F14\"",
        "field_of_life = \"F99\"",
        "`F99` is not in fields-of-life.toml",
    );
    malformed(HONOUR, "\"11370199MB9900144R\"", "\"11370199MB99001440\"", "GB 32100");
    malformed(
        HONOUR,
        "\"11370199MB9900144R\"",
        "\"91370199MA999903XW\"",
        "is not in organisations.toml",
    );
    malformed(
        HONOUR,
        "\"11370199MB9900144R\"",
        "\"11370199MB9900048G\"",
        "a provider stands twice",
    );
}

#[test]
fn form_of_header_versions() {
    malformed(
        HONOUR,
        "field = \"RY_ND\"",
        "field = \"RY_GONE\"",
        "unknown field `RY_GONE` in the layout",
    );
    malformed(
        HONOUR,
        "header = \"表彰年度\"",
        "header = \" 表彰（标题）\"",
        "stands twice after folding",
    );
    malformed(
        HONOUR,
        "field = \"RY_ND\"",
        "field = \"RY_BT\"",
        "two columns fill the field `RY_BT`",
    );
    malformed(
        HONOUR,
        "header = \"表彰年度\"",
        "header = \"（）\"",
        "a header is empty",
    );
    malformed(
        HONOUR,
        "recognised_by = [\"RY_BT\"",
        "recognised_by = [\"RY_YXQ\"",
        "no template column",
    );
    malformed(
        HONOUR,
        "recognised_by = [\"RY_BT\", \"RY_WH\", \"RY_ZJHM\"]",
        "recognised_by = []",
        "every file would be",
    );
    malformed(
        HONOUR,
        "  { header = \"姓名\", field = \"RY_XM\" },\n",
        "",
        "no column fills the role `person_name`",
    );
    malformed(
        HONOUR,
        "source = \"columns as seen in a system",
        "# \"",
        "`source` is missing",
    );
    malformed(
        PENALTY,
        "recognised_by = [\"CF_XDR_LB\", \"CF_WFXW\", \"CF_FR_ZJLX\"]",
        "recognised_by = [\"CF_XDR_LB\", \"CF_WFXW\"]",
        "version 2018+ stands before and takes every file",
    );
    malformed(
        PENALTY,
        "version = \"2018\"",
        "version = \"2018+\"",
        "the version stands twice",
    );
    // A pattern that would take a column of the standard.
    let findings = findings("dropped-columns.toml", "\"奖金\"", "\"金额\"");
    let found = findings.iter().any(|finding| {
        finding
            .message
            .contains("罚款金额（万元）` of this standard would be dropped")
    });
    assert!(found, "{}", lines(&findings));
}

/// What a newcomer stumbles over is answered with what to write instead, once and not by a flood.
#[test]
fn a_slip_of_the_pen_is_one_finding_that_says_what_to_write() {
    for (from, to, message) in [
        (
            "nature = \"other\"",
            "nature = “other”",
            "quotation marks are \" and not “ ”",
        ),
        (
            "required = \"always\", role = \"person_name\"",
            "required = \"always\"， role = \"person_name\"",
            "full-width",
        ),
        ("role = \"organ_name\"", "role = \"organ\"", "is `organ_name` meant?"),
        (
            "zh = \"姓名\", en = \"name\", format = \"C..50\"",
            "zh = \"姓名\", format = \"C..50\"",
            "missing field `en`",
        ),
        (
            "format = \"C..50\", required = \"always\", role = \"person_name\"",
            "format = \"varchar(50)\", required = \"always\", role = \"person_name\"",
            "is not a format",
        ),
        (
            "in_force_from = \"2005-01-01\"",
            "in_force_from = \"2005/01/01\"",
            "`in_force_from` is not a day",
        ),
        (
            "id = \"ITM-HONOUR\"",
            "id = \"ITM-COMMITMENT\"",
            "is the id of items/commitment.toml",
        ),
        (
            "recognised_by = [\"RY_BT\", ",
            "recognised_by = [\"表彰标题\", ",
            "name fields by their `code`",
        ),
        (
            "  { header = \"表彰内容\", field = \"RY_NR\" },\n",
            "",
            "no header version has a column for the field `RY_NR`",
        ),
    ] {
        let findings = findings(HONOUR, from, to);
        let here: Vec<_> = findings.iter().filter(|finding| finding.file == HONOUR).collect();
        assert!(
            here.iter().any(|finding| finding.message.contains(message)),
            "{message}\n{}",
            lines(&findings)
        );
        // The role that the slip hides may be missed besides.
        assert!(here.len() <= 2, "{message}\n{}", lines(&findings));
    }
}
