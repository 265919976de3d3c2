//! Identity documents.

use domain::{DocumentFault, DocumentKind, IdentityDocument, ResidentId, ResidentIdFault};
use proptest::prelude::*;
use std::collections::HashSet;

#[test]
fn kinds_have_the_codes_of_the_standard_and_the_words_of_departments() {
    for (kind, texts) in [
        (
            DocumentKind::ResidentId,
            &[
                "01",
                "1",
                "身份证",
                "居民身份证",
                " 居民身份证\t",
                "０１",
                "港澳台居民居住证",
            ] as &[&str],
        ),
        (DocumentKind::Passport, &["02", "2", "护照"]),
        (DocumentKind::HkMacaoPass, &["03", "3", "港澳居民来往内地通行证"]),
        (
            DocumentKind::TaiwanPass,
            &["04", "4", "台湾居民来往大陆通行证", "台胞证"],
        ),
        (
            DocumentKind::ForeignPermanentResident,
            &["05", "5", "外国人永久居留身份证"],
        ),
    ] {
        for text in texts {
            assert_eq!(DocumentKind::parse(text), Some(kind), "{text}");
        }
    }
    for text in ["", "0", "06", "001", "往来港澳通行证", "驾驶证"] {
        assert_eq!(DocumentKind::parse(text), None, "{text}");
    }
    for kind in DocumentKind::ALL {
        assert_eq!(DocumentKind::parse(kind.code()), Some(kind));
        assert_eq!(DocumentKind::parse(kind.label_zh()), Some(kind));
    }
}

#[test]
fn numbers_take_the_one_form_of_their_kind() {
    use DocumentKind as K;
    for (kind, text, number) in [
        (K::ResidentId, "\u{FEFF}37019919000105001x\t", "37019919000105001X"),
        (
            K::ResidentId,
            "３７０１９９１９０００１０５００１ｘ",
            "37019919000105001X",
        ),
        (K::ResidentId, "810000185001010011", "810000185001010011"),
        (K::Passport, "e12345678", "E12345678"),
        (K::Passport, "EA1234567", "EA1234567"),
        (K::HkMacaoPass, "h12345678", "H12345678"),
        (K::HkMacaoPass, "M1234567801", "M1234567801"),
        (K::TaiwanPass, "12345678", "12345678"),
        (K::TaiwanPass, "0012345678（B）", "0012345678B"),
        (K::ForeignPermanentResident, "911840185303150019", "911840185303150019"),
        (K::ForeignPermanentResident, "usa370084031501", "USA370084031501"),
    ] {
        let document = IdentityDocument::parse(kind, text).unwrap();
        assert_eq!((document.kind(), document.expose()), (kind, number), "{text}");
    }
}

#[test]
fn numbers_of_another_form_are_refused() {
    use DocumentKind as K;
    for (kind, text) in [
        (K::Passport, "E123"),
        (K::Passport, "E1234567890123456"),
        (K::Passport, "PASSPORT"),
        (K::Passport, "E1234-678"),
        (K::HkMacaoPass, "A12345678"),
        (K::HkMacaoPass, "H1234567"),
        (K::HkMacaoPass, "H123456789"),
        (K::TaiwanPass, "1234567"),
        (K::TaiwanPass, "123456789"),
        (K::TaiwanPass, "12345678B"),
        (K::ForeignPermanentResident, "370199190001010018"),
        (K::ForeignPermanentResident, "US1100840315019"),
        (K::ForeignPermanentResident, "USA37008403150"),
        (K::ForeignPermanentResident, "USA3700840315011"),
    ] {
        assert_eq!(IdentityDocument::parse(kind, text), Err(DocumentFault::Shape), "{text}");
    }
    for (text, fault) in [
        ("", ResidentIdFault::Shape),
        ("370199 190001010018", ResidentIdFault::Shape),
        ("370199190001010010", ResidentIdFault::Check),
        ("370199190002290031", ResidentIdFault::Date),
    ] {
        let parsed = IdentityDocument::parse(K::ResidentId, text);
        assert_eq!(parsed, Err(DocumentFault::ResidentId(fault)), "{text}");
    }
}

#[test]
fn fifteen_digits_are_converted_and_marked() {
    let converted = IdentityDocument::parse(DocumentKind::ResidentId, "370199000105001").unwrap();
    let given = IdentityDocument::parse(DocumentKind::ResidentId, "37019919000105001X").unwrap();
    assert!(converted.is_converted() && !given.is_converted());
    assert_eq!(converted, given);
    assert_eq!(HashSet::from([converted, given]).len(), 1);
}

#[test]
fn one_person_has_one_form_whatever_the_row_calls_the_card() {
    let number = "911840185303150019";
    let by_card = IdentityDocument::parse(DocumentKind::ForeignPermanentResident, number).unwrap();
    let by_habit = IdentityDocument::parse(DocumentKind::ResidentId, number).unwrap();
    assert_eq!(by_card, by_habit);
    assert_eq!(by_habit.index_input(), b"05\x1f911840185303150019");
}

#[test]
fn what_others_see_ends_with_two_characters() {
    for (kind, text, masked) in [
        (DocumentKind::ResidentId, "37019919000105001X", "****************1X"),
        (DocumentKind::Passport, "E12345678", "*******78"),
        (DocumentKind::TaiwanPass, "12345678", "******78"),
    ] {
        let document = IdentityDocument::parse(kind, text).unwrap();
        assert_eq!(document.masked(), masked);
        assert!(!format!("{document:?}").contains(&text[..4]), "{document:?}");
    }
    let document = IdentityDocument::parse(DocumentKind::ResidentId, "370199190001010018").unwrap();
    assert!(document.is_test_area());
    assert_eq!(document.birth_day().unwrap().to_string(), "1900-01-01");
    assert_eq!(document.index_input(), b"01\x1f370199190001010018");
    assert_eq!(
        document,
        IdentityDocument::from(&ResidentId::parse("370199190001010018").unwrap())
    );
}

fn any_kind() -> impl Strategy<Value = DocumentKind> {
    prop::sample::select(DocumentKind::ALL.to_vec())
}

proptest! {
    #[test]
    fn the_canonical_number_is_its_own_canonical_form(
        kind in any_kind(),
        text in "[ \t]?([A-Za-z]{0,3}[0-9０-９]{7,12}[A-Za-z]?|[HhMm][0-9]{8,10}|\\PC{0,20})[ \u{3000}]?",
    ) {
        if let Ok(document) = IdentityDocument::parse(kind, &text) {
            let again = IdentityDocument::parse(document.kind(), document.expose()).unwrap();
            prop_assert_eq!(&again, &document);
            prop_assert!(!again.is_converted());
            let shown = document.masked();
            prop_assert_eq!(shown.len(), document.expose().len());
            prop_assert!(shown[..shown.len() - 2].bytes().all(|b| b == b'*'));
        }
    }
}
