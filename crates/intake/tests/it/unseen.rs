//! Characters that nobody sees, or that turn the direction of a text: what a row says to a reader is what it is judged by.

use domain::seen::{is_unseen, turns_direction};
use intake::{CleanRow, Cleaned};

use crate::common::{NUMBER, Row, Sheet, penalty, with};
use crate::rules::{rules, sheet_of};

/// Characters that are not seen and turn nothing: all but the plane of tags, of which some.
fn unseen() -> impl Iterator<Item = char> {
    let all = ('\0'..=char::MAX).filter(|c| is_unseen(*c) && !turns_direction(*c));
    all.filter(|c| *c < '\u{e0000}' || u32::from(*c) % 0x80 == 1)
}

fn turning() -> impl Iterator<Item = char> {
    ('\0'..=char::MAX).filter(|c| turns_direction(*c))
}

fn kept(row: &Row) -> CleanRow {
    match Sheet::penalties().clean(row) {
        Cleaned::Row(row, faults) => {
            assert_eq!(faults, []);
            *row
        }
        other => panic!("{other:?}"),
    }
}

/// AB-21: 治安管理处罚法 art. 136 binds whatever is slipped between the characters of its name.
#[test]
fn a_sealed_penalty_does_not_pass_by_a_character_that_nobody_sees() {
    let sheet = Sheet::penalties();
    let plain = with(penalty(), &[("CF_YJ", "《治安管理处罚法》第二十三条")]);
    assert_eq!(rules(&sheet, &plain), ["RUL-PS-STATUTE"]);
    let mut tried = 0;
    for c in unseen() {
        let hidden = format!("《治{c}安管{c}理处罚{c}法》第二十三条");
        let row = with(penalty(), &[("CF_YJ", &hidden)]);
        assert_eq!(rules(&sheet, &row), ["RUL-PS-STATUTE"], "U+{:04X}", u32::from(c));
        tried += 1;
    }
    assert!(tried > 80, "{tried}");
    // 理 by its second code point.
    let row = with(penalty(), &[("CF_YJ", "《治安管\u{f9e4}处罚法》第二十三条")]);
    assert_eq!(rules(&sheet, &row), ["RUL-PS-STATUTE"]);
}

#[test]
fn rules_code_lists_and_placeholders_look_at_what_is_seen() {
    let sheet = Sheet::penalties();
    for (changes, want) in [
        (&[("CF_CFCX", "简易\u{200d}程序")][..], &["RUL-SUMMARY-PROCEDURE"][..]),
        (&[("CF_WSH", "（2026）测0102刑\u{2060}初5号")], &["RUL-CRIMINAL-NO"]),
        (&[("BZ", "多次越\u{ad}级上访")], &["RUL-PETITION-TEXT"]),
        (&[("CF_SFZA", "是\u{fe0f}")], &["RUL-PS-FLAG"]),
        // A cell in which there is nothing to see is empty, and so is one with a placeholder for nothing.
        (
            &[("CF_CFJG", "测试市公安局"), ("CF_SFZA", "\u{3164}")],
            &["RUL-PS-POLICE"],
        ),
        (&[("CF_CFCX", "\u{200c} \u{fe00}")], &["RUL-NO-PROCEDURE"]),
        (&[("CF_XWZZRQ", "/\u{ad}")], &["RUL-NO-ACT-END"]),
    ] {
        let got = rules(&sheet, &with(penalty(), changes));
        assert_eq!(got, want, "{changes:?}");
    }
    let (sheet, row) = sheet_of("ITM-COMMITMENT");
    let row = with(row, &[("CN_LXZT", "违诺"), ("CN_RDWSH", "\u{200c}\u{ad}")]);
    assert_eq!(rules(&sheet, &row), ["RUL-COMMITMENT-NO-DECISION"]);
}

#[test]
fn what_turns_the_direction_is_refused_in_every_cell_with_its_place() {
    let sheet = Sheet::penalties();
    let row = penalty();
    for c in turning() {
        let text = format!("罚款人民币{c}贰万元整");
        let faults = sheet.clean(&with(row.clone(), &[("CF_NR", &text)]));
        assert!(matches!(faults, Cleaned::Refused(_)));
        let places = sheet.places(faults.faults());
        assert_eq!(
            places,
            [("E03".to_owned(), "CF_NR".to_owned())],
            "U+{:04X}",
            u32::from(c)
        );
    }
    // Of the cells of all header versions, those that this one has.
    let columns = sheet.columns();
    for (code, text) in row
        .iter()
        .filter(|(code, _)| columns.iter().any(|(_, known)| *known == **code))
    {
        let faults = sheet.clean(&with(row.clone(), &[(code, &format!("{text}\u{202e}"))]));
        assert!(matches!(faults, Cleaned::Refused(_)), "{code}");
        let places = sheet.places(faults.faults());
        assert!(
            places.contains(&("E03".to_owned(), (*code).to_owned())),
            "{code} {places:?}"
        );
    }
}

#[test]
fn numbers_of_other_persons_and_keys_of_facts_are_those_that_are_seen() {
    let (front, back) = NUMBER.split_at(9);
    for text in [
        format!("乘客{front}\u{200b}{back}"),
        "电话138\u{2060}0000\u{200d}0000".to_owned(),
    ] {
        let cleaned = Sheet::penalties().clean(&with(penalty(), &[("CF_SY", &text)]));
        let places = Sheet::penalties().places(cleaned.faults());
        assert_eq!(places, [("E16".to_owned(), "CF_SY".to_owned())]);
    }
    let plain = kept(&penalty()).fact_key;
    let hidden = kept(&with(
        penalty(),
        &[("CF_WSH", "测市监罚字\u{feff}〔2026〕\u{2063}12号")],
    ));
    assert_eq!(hidden.fact_key, plain);
    // Without a code, the organ is found by its name as it is seen.
    let old = Sheet::new("ITM-PENALTY", "2015");
    let cleaned = old.clean(&with(penalty(), &[("CF_CFJG", "测试市\u{200b}市场监督管理局")]));
    let Cleaned::Row(row, _) = cleaned else {
        panic!("{cleaned:?}")
    };
    assert_eq!(row.fact_key, plain);
}

/// Texts are stored as they came: scripts of minorities need joiners and selectors.
#[test]
fn a_text_keeps_its_joiners() {
    let text = "ئۇيغۇر\u{200c}چە ᠮᠣᠩᠭᠣᠯ\u{180b}";
    let content = kept(&with(penalty(), &[("BZ", text)])).content.decode().unwrap();
    let stored = content.fields.iter().find(|(code, _)| &*code.0 == "BZ").unwrap().1;
    assert_eq!(stored, text);
}
