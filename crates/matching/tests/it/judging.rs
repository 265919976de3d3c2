//! R7: a record is attached only when number and name agree exactly.

use crate::common::{document, name, number, register};
use domain::{DocumentKind, IdentityDocument};
use matching::{AliasStanding, Claim, Explanation, FileRegister, IdentityRegister, Verdict, judge, judge_all, slip};
use proptest::prelude::*;

fn check(delivered_name: &str, expected: Verdict) {
    let number = number(7);
    let register = register([(number.as_str(), "测试甲", "测试旧;样例 旧")]);
    let verdict = judge(
        &document(&number),
        &name(delivered_name),
        &register,
        AliasStanding::NotConfirmed,
    );
    assert_eq!(verdict, expected, "{delivered_name}");
}

#[test]
fn the_name_decides_between_match_and_the_three_explanations() {
    check("测试甲", Verdict::Match);
    check(" 测 试 甲 ", Verdict::Match);
    check("测试乙", Verdict::Pending(Explanation::NameVariant));
    check("測試甲", Verdict::Pending(Explanation::NameVariant));
    check("测试甲乙", Verdict::Pending(Explanation::NameVariant));
    check("测试旧", Verdict::Pending(Explanation::NameChange));
    check("样例旧", Verdict::Pending(Explanation::NameChange));
    check("另外某人", Verdict::Pending(Explanation::NameDiffers));
}

#[test]
fn an_unknown_number_is_held_even_with_a_confirmed_alias() {
    let register = register([(number(7).as_str(), "测试甲", "")]);
    for alias in [AliasStanding::NotConfirmed, AliasStanding::Confirmed] {
        assert_eq!(
            judge(&document(&number(8)), &name("测试甲"), &register, alias),
            Verdict::HeldNumberUnknown
        );
    }
}

#[test]
fn a_confirmed_alias_agrees_and_an_unconfirmed_former_name_does_not() {
    let number = number(7);
    let register = register([(number.as_str(), "测试甲", "测试旧")]);
    let judge = |alias| judge(&document(&number), &name("测试旧"), &register, alias);
    assert_eq!(judge(AliasStanding::Confirmed), Verdict::Match);
    assert_eq!(
        judge(AliasStanding::NotConfirmed),
        Verdict::Pending(Explanation::NameChange)
    );
}

#[test]
fn a_converted_number_always_waits_for_a_human() {
    let full = document(&number(7));
    let short = format!("{}{}", &full.expose()[..6], &full.expose()[8..17]);
    let converted = IdentityDocument::parse(DocumentKind::ResidentId, &short).unwrap();
    assert_eq!(converted.expose(), full.expose());
    let known = register([(full.expose(), "测试甲", "")]);
    let unknown = register([]);
    for alias in [AliasStanding::NotConfirmed, AliasStanding::Confirmed] {
        let expected = Verdict::Pending(Explanation::Converted15);
        assert_eq!(judge(&converted, &name("测试甲"), &known, alias), expected);
        assert_eq!(judge(&converted, &name("测试甲"), &unknown, alias), expected);
    }
}

#[test]
fn other_documents_match_by_kind_and_number() {
    let csv = format!(
        "{}02,E12345678,TEST ANNA,\n03,H12345678,测试丙,\n04,12345678,测试丁,\n",
        crate::common::HEADER
    );
    let register = FileRegister::load(csv.as_bytes()).unwrap();
    let judge = |kind, number: &str, holder: &str| {
        let document = IdentityDocument::parse(kind, number).unwrap();
        judge(&document, &name(holder), &register, AliasStanding::NotConfirmed)
    };
    assert_eq!(judge(DocumentKind::Passport, "e12345678", "Test Anna"), Verdict::Match);
    assert_eq!(judge(DocumentKind::HkMacaoPass, "H12345678", "测试丙"), Verdict::Match);
    assert_eq!(
        judge(DocumentKind::Passport, "E12345678", "测试丙"),
        Verdict::Pending(Explanation::NameDiffers)
    );
    assert_eq!(judge(DocumentKind::TaiwanPass, "12345678", "测试丁"), Verdict::Match);
    assert_eq!(
        judge(DocumentKind::Passport, "H12345678", "测试丙"),
        Verdict::HeldNumberUnknown
    );
    assert_eq!(
        judge(DocumentKind::Passport, "12345678", "测试丁"),
        Verdict::HeldNumberUnknown
    );
}

#[test]
fn a_slip_is_explained_only_under_the_same_name() {
    let right = number(7);
    let register = register([(right.as_str(), "测试甲", "测试旧")]);
    let find = |text: &str, holder: &str| {
        slip(DocumentKind::ResidentId, text, &name(holder), &register).map(|(why, document)| {
            assert_eq!(document.expose(), right);
            assert!(!document.is_converted());
            why
        })
    };
    let wrong_check = format!("{}{}", &right[..17], if right.ends_with('0') { '1' } else { '0' });
    assert_eq!(find(&wrong_check, "测试甲"), Some(Explanation::CheckDigitSlip));
    assert_eq!(find(&wrong_check, "测试乙"), None);
    assert_eq!(find(&wrong_check, "测试旧"), None);
    let mut swapped = right.clone().into_bytes();
    let at = (0..17).find(|&i| swapped[i] != swapped[i + 1]).unwrap();
    swapped.swap(at, at + 1);
    let swapped = String::from_utf8(swapped).unwrap();
    assert_eq!(find(&swapped, "测试甲"), Some(Explanation::Transposition));
    let wide: String = swapped
        .chars()
        .map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap())
        .collect();
    assert_eq!(find(&format!(" {wide} "), "测试甲"), Some(Explanation::Transposition));
    // A right number is no slip; neither is a wrong digit elsewhere, other lengths, other kinds.
    assert_eq!(find(&right, "测试甲"), None);
    assert_eq!(find(&right[..17], "测试甲"), None);
    assert_eq!(find("", "测试甲"), None);
    assert_eq!(
        slip(DocumentKind::Passport, &wrong_check, &name("测试甲"), &register),
        None
    );
}

#[test]
fn two_persons_that_fit_a_slip_are_no_explanation() {
    // Two registered numbers that are one swap away from the same wrong number, held by people of one name.
    let wrong = (0..400_u32)
        .find_map(|sequence| {
            let base = number(sequence);
            let neighbours = |text: &str| -> Vec<String> {
                (0..17)
                    .filter_map(|i| {
                        let mut bytes = text.as_bytes().to_vec();
                        bytes.swap(i, i + 1);
                        let text = String::from_utf8(bytes).unwrap();
                        IdentityDocument::parse(DocumentKind::ResidentId, &text)
                            .ok()
                            .map(|d| d.expose().to_owned())
                    })
                    .collect()
            };
            (0..17).find_map(|i| {
                let mut bytes = base.as_bytes().to_vec();
                bytes.swap(i, i + 1);
                let wrong = String::from_utf8(bytes).unwrap();
                let mut fits = neighbours(&wrong);
                fits.sort();
                fits.dedup();
                (fits.len() >= 2).then_some((wrong, fits))
            })
        })
        .expect("among 400 numbers one has two neighbours");
    let (wrong, fits) = wrong;
    let one = register([(fits[0].as_str(), "测试甲", "")]);
    assert!(slip(DocumentKind::ResidentId, &wrong, &name("测试甲"), &one).is_some());
    let two = register([(fits[0].as_str(), "测试甲", ""), (fits[1].as_str(), "测试甲", "")]);
    assert_eq!(slip(DocumentKind::ResidentId, &wrong, &name("测试甲"), &two), None);
    let other_name = register([(fits[0].as_str(), "测试甲", ""), (fits[1].as_str(), "测试乙", "")]);
    assert!(slip(DocumentKind::ResidentId, &wrong, &name("测试甲"), &other_name).is_some());
}

const NAMES: [&str; 6] = ["测试甲", "测试乙", "測試甲", "阿依·测试", "测试", "样例丙"];

proptest! {
    /// I3: never on the number alone, never on the name alone.
    #[test]
    fn a_match_means_number_and_canonical_name_are_those_of_one_entry(
        entries in prop::collection::btree_map(0_u32..300, 0_usize..6, 0..60),
        rows in prop::collection::vec((0_u32..300, 0_usize..6), 1..60),
    ) {
        let numbers: Vec<(String, &str)> = entries.iter().map(|(i, n)| (number(*i), NAMES[*n])).collect();
        let register = register(numbers.iter().map(|(number, name)| (number.as_str(), *name, "")));
        prop_assert_eq!(register.len(), entries.len());
        for (i, n) in rows {
            let verdict = judge(&document(&number(i)), &name(NAMES[n]), &register, AliasStanding::NotConfirmed);
            match entries.get(&i) {
                None => prop_assert_eq!(verdict, Verdict::HeldNumberUnknown),
                Some(of) if *of == n => prop_assert_eq!(verdict, Verdict::Match),
                Some(_) => prop_assert!(matches!(verdict, Verdict::Pending(_))),
            }
        }
    }

    /// I7: a batch is its single rows.
    #[test]
    fn a_batch_is_its_singles(
        entries in prop::collection::btree_map(0_u32..300, 0_usize..6, 0..60),
        rows in prop::collection::vec((0_u32..300, 0_usize..6, any::<bool>()), 0..140),
    ) {
        let numbers: Vec<(String, &str)> = entries.iter().map(|(i, n)| (number(*i), NAMES[*n])).collect();
        let register = register(numbers.iter().map(|(number, name)| (number.as_str(), *name, "")));
        let rows: Vec<_> = rows.iter().map(|(i, n, confirmed)| {
            let alias = if *confirmed { AliasStanding::Confirmed } else { AliasStanding::NotConfirmed };
            (document(&number(*i)), name(NAMES[*n]), alias)
        }).collect();
        let claims: Vec<_> =
            rows.iter().map(|(document, name, alias)| Claim { document, name, alias: *alias }).collect();
        let singles: Vec<_> =
            rows.iter().map(|(document, name, alias)| judge(document, name, &register, *alias)).collect();
        prop_assert_eq!(judge_all(&claims, &register), singles);
    }

    /// I7: a batch is its single rows, and neither the order of rows nor that of the register changes a verdict.
    #[test]
    fn order_changes_nothing(
        mut entries in prop::collection::vec((0_u32..300, 0_usize..6), 1..60),
        rows in prop::collection::vec((0_u32..300, 0_usize..6), 1..60),
        turn in 0_usize..60,
    ) {
        entries.sort_unstable();
        entries.dedup_by_key(|entry| entry.0);
        let load = |entries: &[(u32, usize)]| {
            let rows: Vec<(String, &str)> = entries.iter().map(|(i, n)| (number(*i), NAMES[*n])).collect();
            register(rows.iter().map(|(number, name)| (number.as_str(), *name, "")))
        };
        let batch = |rows: &[(u32, usize)], register: &FileRegister| -> Vec<((u32, usize), Verdict)> {
            let mut verdicts: Vec<_> = rows
                .iter()
                .map(|(i, n)| ((*i, *n), judge(&document(&number(*i)), &name(NAMES[*n]), register, AliasStanding::NotConfirmed)))
                .collect();
            verdicts.sort_by_key(|(row, _)| *row);
            verdicts
        };
        let register = load(&entries);
        let straight = batch(&rows, &register);
        let middle = turn % entries.len();
        entries.rotate_left(middle);
        let turned_register = load(&entries);
        let mut turned = rows.clone();
        turned.rotate_left(turn % rows.len());
        turned.reverse();
        prop_assert_eq!(straight, batch(&turned, &turned_register));
    }
}
