//! P7: the few persons that one row in review could be. R7: a candidate is never a match.

use std::fmt::Write as _;

use crate::common::{HEADER, document, name, number, register};
use domain::{DocumentKind, IdentityDocument, ResidentId};
use matching::{
    AliasStanding, BirthAgreement, CANDIDATES_MAX, Candidates, Doubt, FileRegister, IdentityRegister, Language,
    NameAgreement, NumberAgreement, Verdict, candidates, judge,
};
use proptest::prelude::*;

/// The number with this area, birth date and sequence.
fn composed(body: &str) -> String {
    let body: [u8; 17] = body.as_bytes().try_into().unwrap();
    let check = char::from(ResidentId::check_character(&body));
    format!("{}{check}", std::str::from_utf8(&body).unwrap())
}

/// Candidates of a row with this number and name, whether the number is one or not.
fn of_row<'r>(number_text: &str, name_text: &str, register: &'r FileRegister) -> Candidates<'r> {
    let name = name(name_text);
    match IdentityDocument::parse(DocumentKind::ResidentId, number_text) {
        Ok(document) => candidates(&Doubt::of(&document, &name), register),
        Err(_) => candidates(&Doubt::slip(DocumentKind::ResidentId, number_text, &name), register),
    }
}

/// The one candidate of a row, whose person is `测试甲`, formerly `测试旧`, with the number `370199199005120024` or so.
fn check(number_text: &str, name_text: &str, expected: Option<(NumberAgreement, NameAgreement, BirthAgreement)>) {
    let meant = composed("37019919900512002");
    let register = register([(meant.as_str(), "测试甲", "测试旧")]);
    let found = of_row(number_text, name_text, &register);
    let found: Vec<_> = found
        .iter()
        .map(|candidate| {
            assert_eq!(candidate.document.expose(), meant);
            assert_eq!(candidate.entry.name(), "测试甲");
            (candidate.number, candidate.name, candidate.birth)
        })
        .collect();
    assert_eq!(found, Vec::from_iter(expected), "{number_text} {name_text}");
}

#[test]
fn each_slip_is_found_with_its_features() {
    use BirthAgreement as B;
    use NameAgreement as N;
    use NumberAgreement as A;
    let meant = composed("37019919900512002");
    let with = |at: usize, text: &str| {
        let mut changed = meant.clone();
        changed.replace_range(at..at + text.len(), text);
        changed
    };
    let wrong_check = with(17, if meant.ends_with('1') { "2" } else { "1" });
    check(&meant, "测试乙", Some((A::Same, N::OneCharacter, B::Same)));
    check(&meant, "测试旧", Some((A::Same, N::Former, B::Same)));
    check(&meant, "測試甲", Some((A::Same, N::Script, B::Same)));
    check(&meant, "测试", Some((A::Same, N::MissingOrAdded, B::Same)));
    check(&meant, "试测甲", Some((A::Same, N::Order, B::Same)));
    check(&meant, "另外某人", Some((A::Same, N::Differs, B::Same)));
    let legacy = format!("{}{}", &meant[..6], &meant[8..17]);
    check(&legacy, "测试甲", Some((A::Converted, N::Equal, B::Same)));
    check(&wrong_check, "测试甲", Some((A::CheckCharacter, N::Equal, B::Same)));
    check(
        &wrong_check,
        "测试乙",
        Some((A::CheckCharacter, N::OneCharacter, B::Same)),
    );
    check(
        &with(9, "7"),
        "测试甲",
        Some((A::OneCharacter { at: 10 }, N::Equal, B::Differs)),
    );
    check(
        &with(9, "7"),
        "测试旧",
        Some((A::OneCharacter { at: 10 }, N::Former, B::Differs)),
    );
    check(
        &with(14, "O"),
        "测试甲",
        Some((A::OneCharacter { at: 15 }, N::Equal, B::Same)),
    );
    check(
        &with(8, "09"),
        "测试甲",
        Some((A::Swapped { at: 9 }, N::Equal, B::Differs)),
    );
    check(
        &composed("37019919910512002"),
        "测试甲",
        Some((A::OneDigitAndCheck { at: 10 }, N::Equal, B::Differs)),
    );
    check(
        &composed("37019919900521002"),
        "测试甲",
        Some((A::SwappedAndCheck { at: 13 }, N::Equal, B::Differs)),
    );
    check(
        &composed("37019919901205002"),
        "测试甲",
        Some((A::MonthAndDay, N::Equal, B::Differs)),
    );
    check(
        &composed("37019920900512002"),
        "测试甲",
        Some((A::Century, N::Equal, B::Differs)),
    );
    check(
        &composed("37019919900512777"),
        "测试甲",
        Some((A::BirthDateOnly, N::Equal, B::Same)),
    );
    check(
        &composed("11010119900512777"),
        "测试旧",
        Some((A::BirthDateOnly, N::Former, B::Same)),
    );
    // Two digits, the check character as it was: it fails.
    let two = with(9, "1").replace("002", "003");
    assert!(IdentityDocument::parse(DocumentKind::ResidentId, &two).is_err());
    let expected = NumberAgreement::TwoDigits { first: 10, second: 17 };
    check(&two, "测试甲", Some((expected, N::Equal, B::Differs)));
    check(&two, "测试乙", None);
}

#[test]
fn nobody_is_a_candidate_by_name_alone_or_birth_date_alone() {
    let other_day = composed("37019919850301777");
    check(&other_day, "测试甲", None);
    let same_day = composed("37019919900512777");
    check(&same_day, "测试乙", None);
    check(&same_day, "测试", None);
    // Two digits away, or one that the check character does not find, and another name.
    check(&composed("37019919910612002"), "测试乙", None);
    check(&composed("37019919910512002"), "测试乙", None);
    check("370199", "测试甲", None);
    check("", "测试甲", None);
}

/// R7: whoever agrees in number and name is matched before; what a row in review could be never does, and no candidate
/// makes a row match.
#[test]
fn r7_a_candidate_is_never_a_match() {
    let meant = composed("37019919900512002");
    let register = register([(meant.as_str(), "测试甲", "测试旧")]);
    for name_text in ["测试乙", "测试旧", "測試甲", "测试", "试测甲", "另外某人"] {
        let (document, name) = (document(&meant), name(name_text));
        let found = candidates(&Doubt::of(&document, &name), &register);
        assert_eq!(found.iter().len(), 1);
        assert!(found.iter().all(|candidate| candidate.name != NameAgreement::Equal));
        let verdict = judge(&document, &name, &register, AliasStanding::NotConfirmed);
        assert!(matches!(verdict, Verdict::Pending(_)), "{name_text}: {verdict:?}");
    }
    // A number near one of the register's under the same name: held, though the candidate is the only one.
    let near = document(&composed("37019919910512002"));
    let name = name("测试甲");
    let found = candidates(&Doubt::of(&near, &name), &register);
    assert!(found.foremost().is_some());
    assert_eq!(
        judge(&near, &name, &register, AliasStanding::NotConfirmed),
        Verdict::HeldNumberUnknown
    );
}

#[test]
fn the_list_is_bounded_says_how_many_it_leaves_out_and_does_not_depend_on_the_order_of_the_register() {
    // Forty namesakes of one day, and the holder of the number under another name.
    let numbers: Vec<String> = (100..140)
        .map(|sequence| composed(&format!("37019919900512{sequence}")))
        .collect();
    let own = composed("37019919900512555");
    let mut rows: Vec<(&str, &str, &str)> = numbers.iter().map(|number| (number.as_str(), "测试甲", "")).collect();
    rows.push((own.as_str(), "样例某", ""));
    let forwards = register(rows.clone());
    rows.reverse();
    let backwards = register(rows);
    let listed = |register| {
        let found = of_row(&own, "测试甲", register);
        assert_eq!(
            (found.iter().len(), found.left_out()),
            (CANDIDATES_MAX, 41 - CANDIDATES_MAX)
        );
        assert!(found.foremost().is_none(), "several stand first");
        let numbers: Vec<String> = found.iter().map(|found| found.document.expose().to_owned()).collect();
        numbers
    };
    assert_eq!(listed(&forwards), listed(&backwards));
}

#[test]
fn those_with_one_feature_the_same_and_the_other_close_stand_first() {
    let row = composed("37019919900512002");
    let one_off = composed("37019919910512002");
    let born = composed("37019919900512777");
    let both = composed("37019919900512003");
    let register = register([
        (row.as_str(), "另外某人", ""),
        (born.as_str(), "测试甲", ""),
        (both.as_str(), "测试", ""),
        (one_off.as_str(), "测试甲", ""),
    ]);
    let found = of_row(&row, "测试甲", &register);
    let order: Vec<&str> = found.iter().map(|candidate| candidate.document.expose()).collect();
    assert_eq!(order, [one_off.as_str(), born.as_str(), both.as_str(), row.as_str()]);
    assert_eq!(found.foremost().unwrap().document.expose(), one_off);
}

#[test]
fn documents_without_check_character_have_candidates_too() {
    let foreign = composed("91101519900512001");
    let csv = format!("{HEADER}02,TST00000012,TEST A,\n03,H00000012,测试甲,\n05,{foreign},TEST B,\n");
    let register = FileRegister::load(csv.as_bytes()).unwrap();
    let passport = IdentityDocument::parse(DocumentKind::Passport, "TST00000021").unwrap();
    let found = candidates(&Doubt::of(&passport, &name("Test A")), &register);
    let features: Vec<_> = found
        .iter()
        .map(|found| (found.number, found.name, found.birth))
        .collect();
    let expected = (
        NumberAgreement::Swapped { at: 10 },
        NameAgreement::Equal,
        BirthAgreement::NotInNumber,
    );
    assert_eq!(features, [expected]);
    let pass = IdentityDocument::parse(DocumentKind::HkMacaoPass, "H00000017").unwrap();
    let found = candidates(&Doubt::of(&pass, &name("测试甲")), &register);
    assert_eq!(
        found.iter().next().unwrap().number,
        NumberAgreement::OneCharacter { at: 9 }
    );
    // The card of a foreign permanent resident has a check character and is not kept as a citizen's number is.
    let row = composed("91101519900513001");
    let found = of_row(&row, "Test B", &register);
    let features: Vec<_> = found.iter().map(|found| (found.number, found.name)).collect();
    assert_eq!(
        features,
        [(NumberAgreement::OneDigitAndCheck { at: 14 }, NameAgreement::Equal)]
    );
}

#[test]
fn features_are_words_in_both_languages_without_digits_of_the_number() {
    let mut texts = std::collections::BTreeSet::new();
    let numbers = [
        NumberAgreement::Same,
        NumberAgreement::Converted,
        NumberAgreement::CheckCharacter,
        NumberAgreement::OneCharacter { at: 7 },
        NumberAgreement::Swapped { at: 7 },
        NumberAgreement::OneDigitAndCheck { at: 7 },
        NumberAgreement::SwappedAndCheck { at: 7 },
        NumberAgreement::MonthAndDay,
        NumberAgreement::Century,
        NumberAgreement::TwoDigits { first: 7, second: 9 },
        NumberAgreement::BirthDateOnly,
    ];
    for language in [Language::Zh, Language::En] {
        let of_numbers = numbers.map(|agreement| agreement.text(language).into_owned());
        let of_names = NameAgreement::ALL.map(|agreement| agreement.text(language).to_owned());
        let of_births = BirthAgreement::ALL.map(|agreement| agreement.text(language).to_owned());
        for text in of_numbers.into_iter().chain(of_names).chain(of_births) {
            assert!(!text.ends_with(['.', '。']), "{text}");
            assert!(texts.insert(text));
        }
    }
    let words: std::collections::BTreeSet<_> = numbers.map(NumberAgreement::as_str).into_iter().collect();
    assert_eq!(words.len(), numbers.len());
    let register = register([(number(7).as_str(), "测试甲", "")]);
    let found = of_row(&number(7), "测试乙", &register);
    let shown = format!("{found:?}");
    assert!(!shown.contains(&number(7)) && !shown.contains("测试"), "{shown}");
}

proptest! {
    /// Whoever is meant by a row with one or two wrong digits and a right check character, or with one slip of any kind, is found.
    #[test]
    fn whoever_is_meant_is_found(sequence in 0_u32..5_000, at in 6_usize..18, digit in 0_u8..10, how in 0_u8..3) {
        let meant = number(sequence);
        let mut csv = HEADER.to_owned();
        for other in (0..5_000).step_by(7).map(number).filter(|other| *other != meant).collect::<std::collections::BTreeSet<_>>() {
            writeln!(csv, "01,{other},样例某,").unwrap();
        }
        writeln!(csv, "01,{meant},测试甲,").unwrap();
        let register = FileRegister::load(csv.as_bytes()).unwrap();
        let mut row = meant.clone().into_bytes();
        match how {
            0 => row[at] = b'0' + digit,
            1 => row.swap(at - 1, at),
            _ => {
                row[at.min(16)] = b'0' + digit;
                let check = ResidentId::check_character(row.first_chunk().unwrap());
                row[17] = check;
            }
        }
        let row = String::from_utf8(row).unwrap();
        let found = of_row(&row, "测试甲", &register);
        prop_assert!(found.iter().any(|found| found.document.expose() == meant), "{row} for {meant}");
    }
}

#[test]
fn namesakes_of_a_day_are_found_again_across_blocks_of_memory() {
    // More than one block of 16 MiB, with long names.
    let mut csv = HEADER.to_owned();
    let long = "测".repeat(190);
    let former = ["试", "旧", "曾"].map(|c| c.repeat(190)).join(";");
    let numbers: std::collections::BTreeSet<String> = (0..21_000_u32).map(number).collect();
    for number in &numbers {
        writeln!(csv, "01,{number},{long},{former}").unwrap();
    }
    let register = FileRegister::load(csv.as_bytes()).unwrap();
    assert!(register.memory_bytes() > 34 << 20, "{}", register.memory_bytes());
    let mut days = std::collections::BTreeMap::new();
    for number in &numbers {
        let birth = document(number).birth_day().unwrap();
        days.entry(birth)
            .or_insert_with(std::collections::BTreeSet::new)
            .insert(number.clone());
    }
    for (birth, expected) in days {
        let mut found = std::collections::BTreeSet::new();
        register.namesakes_born(birth, &name(&long), &mut |document, entry| {
            assert_eq!(entry.name(), long);
            assert!(found.insert(document.expose().to_owned()));
        });
        assert_eq!(found, expected);
        register.namesakes_born(birth, &name("测试甲"), &mut |_, _| panic!("another name"));
    }
}
