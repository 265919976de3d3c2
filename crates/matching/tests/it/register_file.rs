//! The register file: what is read, what is refused, and that refusals name a place but no person.

use std::fmt::Write as _;

use crate::common::{HEADER, document, number, register};
use matching::{FileRegister, IdentityRegister, RegisterError};

fn refusal(csv: &str) -> RegisterError {
    FileRegister::load(csv.as_bytes()).unwrap_err()
}

#[test]
fn entries_give_back_name_original_and_former_names() {
    let (a, b) = (number(1), number(2));
    let register = register([
        (a.as_str(), "阿依•测试", "测试 旧;测试曾；"),
        (b.as_str(), "测试乙", ""),
    ]);
    let entry = register.find(&document(&a)).unwrap();
    assert_eq!((entry.name(), entry.original()), ("阿依·测试", "阿依•测试"));
    assert_eq!(entry.former_names().collect::<Vec<_>>(), ["测试旧", "测试曾"]);
    assert_eq!(format!("{entry:?}"), "RegisterEntry(masked)");
    let entry = register.find(&document(&b)).unwrap();
    assert_eq!(
        (entry.name(), entry.original(), entry.former_names().count()),
        ("测试乙", "测试乙", 0)
    );
    assert!(register.find(&document(&number(3))).is_none());
    assert_eq!((register.len(), register.is_empty()), (2, false));
}

#[test]
fn an_empty_register_knows_nobody_and_a_byte_order_mark_is_accepted() {
    let register = FileRegister::load(format!("\u{feff}{HEADER}").as_bytes()).unwrap();
    assert!(register.is_empty());
    assert!(register.find(&document(&number(3))).is_none());
}

#[test]
fn very_long_names_survive() {
    let number = number(1);
    for chars in [84, 85, 86, 180] {
        let long = "测".repeat(chars);
        let register = register([(number.as_str(), long.as_str(), "")]);
        assert_eq!(register.find(&document(&number)).unwrap().name(), long);
    }
}

#[test]
fn a_register_with_a_fault_is_refused_with_the_place_and_without_the_cell() {
    let (a, b) = (number(1), number(2));
    assert!(matches!(refusal(""), RegisterError::Header));
    assert!(matches!(refusal("证件号码,姓名\n"), RegisterError::Header));
    let good = format!("{HEADER}01,{a},测试甲,\n");
    for (row, column) in [
        (format!("09,{b},测试乙,\n"), "证件类型"),
        (format!("01,{}9,测试乙,\n", &b[..16]), "证件号码"),
        (format!("01,{}{},测试乙,\n", &b[..6], &b[8..17]), "证件号码"),
        (format!("01,{b},,\n"), "姓名"),
        (format!("01,{b}\n"), "姓名"),
        (format!("01,{b},测试乙,123\n"), "曾用名"),
    ] {
        let error = refusal(&format!("{good}{row}"));
        assert!(
            matches!(error, RegisterError::Cell { line: 3, column: c } if c == column),
            "{error}"
        );
        assert!(
            !error.to_string().contains(&b[..10]) && !error.to_string().contains("测试"),
            "{error}"
        );
    }
    let twice = refusal(&format!("{good}01,{b},测试乙,\n01,{a},测试丙,\n"));
    assert!(matches!(twice, RegisterError::Twice { entry: 3 }));
    assert!(!twice.to_string().contains(&a));
}

#[test]
fn a_hundred_thousand_entries_are_all_found_again() {
    let mut csv = HEADER.to_owned();
    let mut numbers = std::collections::BTreeSet::new();
    for sequence in 0..100_000_u32 {
        // Two letters keep passport numbers apart from everything else.
        let passport = format!("TS{sequence:07}");
        let parity = if sequence % 2 == 0 { "EVEN" } else { "ODD" };
        writeln!(csv, "02,{passport},TEST {parity},").unwrap();
        numbers.insert(number(sequence));
    }
    for number in &numbers {
        writeln!(csv, "01,{number},测试,").unwrap();
    }
    let register = FileRegister::load(csv.as_bytes()).unwrap();
    assert_eq!(register.len(), 100_000 + numbers.len());
    for number in &numbers {
        assert_eq!(register.find(&document(number)).unwrap().name(), "测试");
    }
    for sequence in [0, 1, 99_998, 99_999] {
        let passport =
            domain::IdentityDocument::parse(domain::DocumentKind::Passport, &format!("TS{sequence:07}")).unwrap();
        let expected = if sequence % 2 == 0 { "TEST EVEN" } else { "TEST ODD" };
        assert_eq!(register.find(&passport).unwrap().name(), expected);
    }
    assert!(
        register.memory_bytes() < register.len() * 48,
        "{} bytes",
        register.memory_bytes()
    );
}
