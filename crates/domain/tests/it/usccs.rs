//! Unified social credit codes. Vectors: a published example of GB 32100-2015, and invented organisations whose check
//! characters were computed with python-stdnum 2.2.

use domain::{Uscc, UsccFault};
use proptest::prelude::*;

const TEST_CODES: [(&str, &str, &str, &str); 5] = [
    ("91", "350100", "M000100Y", "91350100M000100Y43"),
    ("91", "370199", "MA999903", "91370199MA999903XW"),
    ("11", "370199", "00000001", "11370199000000019C"),
    ("12", "370199", "MB000002", "12370199MB00000279"),
    ("A1", "370199", "00000003", "A1370199000000035Q"),
];

#[test]
fn vectors_are_valid_and_composed_alike() {
    for (kind, area, organisation, code) in TEST_CODES {
        assert_eq!(Uscc::parse(code).unwrap().as_str(), code);
        assert_eq!(Uscc::compose(kind, area, organisation).unwrap().as_str(), code);
        assert_eq!(Uscc::parse(code).unwrap().is_test_area(), area == "370199");
    }
    let shown = Uscc::parse(" ９1370199ma999903xw\u{3000}").unwrap();
    assert_eq!(format!("{shown} {shown:?}"), "91370199MA999903XW 91370199MA999903XW");
}

#[test]
fn each_fault_is_named() {
    for (text, fault) in [
        ("", UsccFault::Shape),
        ("91370199MA999903X", UsccFault::Shape),
        ("91370199MA999903XWW", UsccFault::Shape),
        ("9137O199MA999903XW", UsccFault::Shape),
        ("91370199MI999903XW", UsccFault::Shape),
        ("91A70199MA999903XW", UsccFault::Shape),
        ("91370199MA999903XI", UsccFault::Shape),
        ("91370199MA999903X1", UsccFault::Check),
        ("00000000000000000X", UsccFault::None),
        ("00000000000000000x", UsccFault::None),
        ("000000000000000000", UsccFault::None),
    ] {
        assert_eq!(Uscc::parse(text), Err(fault), "{text}");
    }
    for letter in ["I", "O", "S", "V", "Z"] {
        assert_eq!(
            Uscc::parse(&format!("91370199{letter}A999903XW")),
            Err(UsccFault::Shape),
            "{letter}"
        );
    }
    assert_eq!(Uscc::compose("11", "370199", "0000001"), Err(UsccFault::Shape));
    assert_eq!(Uscc::compose("11", "370199", "ma000001"), Err(UsccFault::Shape));
}

#[test]
fn ab07_every_edit_of_one_character_is_refused() {
    for (_, _, _, code) in TEST_CODES {
        for place in 0..18 {
            for other in *b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ" {
                let mut text = code.as_bytes().to_vec();
                if text[place] != other {
                    text[place] = other;
                    assert!(
                        Uscc::parse(std::str::from_utf8(&text).unwrap()).is_err(),
                        "{code} at {place}"
                    );
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_parsed_or_refused(text in "\\PC{0,24}|[0-9A-Z]{18}") {
        if let Ok(code) = Uscc::parse(&text) {
            prop_assert_eq!(&Uscc::parse(code.as_str()).unwrap(), &code);
        }
    }

    #[test]
    fn codes_order_as_their_text(a in "[0-9A-HJ-NP-RT-UW-Y]{8}", b in "[0-9A-HJ-NP-RT-UW-Y]{8}") {
        let [a, b] = [a, b].map(|organisation| Uscc::compose("91", "370199", &organisation).unwrap());
        prop_assert_eq!(a.cmp(&b), a.as_str().cmp(b.as_str()));
    }
}
