//! Names and their canonical form.

use domain::{Name, NameFault};
use encoding_rs::GB18030;
use proptest::prelude::*;

fn check(text: &str, canonical: &str) {
    let name = Name::parse(text).unwrap();
    assert_eq!(name.canonical(), canonical, "{text:?}");
    let edges = |c: char| c.is_whitespace() || c == '\u{FEFF}';
    assert_eq!(name.expose(), text.trim_matches(edges), "{text:?}");
}

fn check_refused(text: &str, fault: NameFault) {
    assert_eq!(Name::parse(text).map(|_| ()), Err(fault), "{text:?}");
}

#[test]
fn plain_names_stay_as_they_are() {
    for text in ["测", "测试甲", "欧阳测试", "测〇甲", "㐂测", "𠮷测试", "测々甲"] {
        check(text, text);
    }
}

#[test]
fn every_middle_dot_is_the_same() {
    let canonical = "测试·甲乙";
    for dot in "\u{00B7}\u{0387}\u{2022}\u{2027}\u{2219}\u{22C5}\u{25CF}\u{2E31}\u{30FB}\u{A78F}\u{FF65}\u{FF0E}\u{2024}\u{FE52}.".chars() {
        check(&format!("测试{dot}甲乙"), canonical);
        check(&format!("测试 {dot}\u{3000}甲乙"), canonical);
    }
    // Full stops of initials are no interpuncts.
    check("J. R. Ceshi", "J. R. CESHI");
    check("测试.J", "测试.J");
    check("J.测试", "J.测试");
    check("测试甲.", "测试甲.");
}

#[test]
fn spaces_between_han_characters_carry_nothing() {
    check("测  甲", "测甲");
    check("测\u{3000}试\u{00A0}甲", "测试甲");
    check("\u{FEFF} 测试甲 ", "测试甲");
}

#[test]
fn width_case_and_composition_are_folded() {
    check("ＣＥＳＨＩ　Ｊｉａ", "CESHI JIA");
    check("Ceshi   Jia", "CESHI JIA");
    check("Ce\u{301}shi", "CÉSHI");
    check("Céshi", "CÉSHI");
    check("Ａ\u{301}", "Á");
    check("Strauß", "STRAUSS");
    check("测试 Jia", "测试 JIA");
    // Compatibility ideographs have canonical decompositions: that is NFC, not a mapping of ours.
    check("\u{F900}甲", "豈甲");
}

#[test]
fn variants_and_scripts_are_never_mapped() {
    for (one, other) in [
        ("测试后", "测试後"),
        ("测试云", "测试雲"),
        ("吴测", "呉测"),
        ("高测", "髙测"),
        ("𠮷测", "吉测"),
    ] {
        let [one, other] = [one, other].map(|text| Name::parse(text).unwrap());
        assert!(!one.agrees_with(&other), "{}", one.expose());
    }
}

#[test]
fn private_use_characters_of_gb18030_agree_with_their_standard_form() {
    // Source: the tables of an independent encoder (WHATWG Encoding Standard), which follows GB 18030-2022. Six codes
    // keep their private-use mapping there for the sake of old data; GB 18030-2022 names their standard form.
    let kept = [
        ('\u{E816}', '\u{20087}'),
        ('\u{E817}', '\u{20089}'),
        ('\u{E818}', '\u{200CC}'),
        ('\u{E831}', '\u{215D7}'),
        ('\u{E83B}', '\u{2298F}'),
        ('\u{E855}', '\u{241FE}'),
    ];
    let codes = (0x50_u8..=0x7E).chain(0x80..=0xA0).map(|trail| [0xFE, trail]);
    let mut compared = 0;
    for (private, bytes) in ('\u{E815}'..='\u{E864}').zip(codes) {
        let (decoded, _, is_lossy) = GB18030.decode(&bytes);
        assert!(!is_lossy);
        let standard = kept
            .iter()
            .find(|(from, _)| *from == private)
            .map_or_else(|| decoded.to_string(), |(_, to)| to.to_string());
        let [old, new] = [private.to_string(), standard].map(|c| Name::parse(&format!("测{c}")).unwrap());
        assert!(old.agrees_with(&new), "U+{:04X}", u32::from(private));
        compared += 1;
    }
    assert_eq!(compared, 80);
    for (old, bytes) in [("测\u{E7C7}", b"\xA8\xBC"), ("测\u{E7C8}", b"\xA8\xBF")] {
        let (new, _, _) = GB18030.decode(bytes);
        assert!(
            Name::parse(old)
                .unwrap()
                .agrees_with(&Name::parse(&format!("测{new}")).unwrap())
        );
    }
    // Others are kept: a rare character without a code point is still part of the name.
    check("测\u{E000}", "测\u{E000}");
}

#[test]
fn what_is_no_name_is_refused() {
    for text in ["", " ", "\u{3000}\t", "\u{FEFF}"] {
        check_refused(text, NameFault::Empty);
    }
    for text in [
        "123",
        "/",
        "·",
        "测*",
        "测＊甲",
        "测?",
        "测？",
        "测\u{FFFD}",
        "测□甲",
        "测〓",
        "测\n甲",
        "测\t甲",
        "测\u{200B}甲",
        "测\u{202E}甲",
        "测\u{2066}甲",
        "\u{200F}测",
        "测\u{AD}甲",
        "37019919000105001X",
        "测试370199",
        "测\u{FFFE}",
    ] {
        check_refused(text, NameFault::Characters);
    }
    check(&"测".repeat(200), &"测".repeat(200));
    check(&"é".repeat(200), &"É".repeat(200));
    check_refused(&"测".repeat(201), NameFault::TooLong);
    check_refused(&"e".repeat(201), NameFault::TooLong);
    check("测试12345", "测试12345");
}

#[test]
fn what_others_see_is_the_first_character() {
    for (text, masked) in [
        ("测", "*"),
        ("测甲", "测*"),
        ("测试甲", "测**"),
        ("测试·甲", "测***"),
        ("𠮷测", "𠮷*"),
    ] {
        let name = Name::parse(text).unwrap();
        assert_eq!(name.masked(), masked);
        assert_eq!(format!("{name:?}"), "Name(masked)");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_canonical_form_is_its_own_canonical_form(
        text in "\\PC{1,12}|[测试甲乙·•.． 　\u{E816}\u{E7C7}a-zßŉＡ-ｚ\u{301}\u{338}\u{345}]{1,12}",
    ) {
        if let Ok(name) = Name::parse(&text) {
            let canonical = name.canonical();
            match Name::parse(canonical) {
                Ok(again) => prop_assert_eq!(again.canonical(), canonical),
                // Upper case and composition can only lengthen a name past its limit.
                Err(fault) => prop_assert_eq!(fault, NameFault::TooLong),
            }
            prop_assert!(unicode_normalization::is_nfc(canonical));
        }
    }

    #[test]
    fn spaces_and_dots_between_han_characters_never_matter(
        parts in prop::collection::vec("[测试甲乙丙丁]{1,3}", 1..4),
        gap in "[ \u{3000}\u{A0}]{0,3}",
    ) {
        let one = Name::parse(&parts.join("·")).unwrap();
        let other = Name::parse(&parts.join(&format!("{gap}•{gap}"))).unwrap();
        prop_assert!(one.agrees_with(&other));
    }
}
