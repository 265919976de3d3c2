//! Resident identity numbers. Vectors: GB 11643-1999's own examples, and invented ones whose check characters were
//! computed with python-stdnum 2.2, that is by other code. Invented numbers outside the unassigned area 370199 are of people who
//! would have been born in the 1850s, so that none can be a living person's.

use domain::resident_id::ResidentIdKind;
use domain::{Day, ResidentId, ResidentIdFault};
use proptest::prelude::*;

fn check(text: &str, expected: Result<&str, ResidentIdFault>) {
    let parsed = ResidentId::parse(text);
    assert_eq!(
        parsed.as_ref().map(ResidentId::expose).map_err(|fault| *fault),
        expected,
        "{text}"
    );
}

fn day(text: &str) -> Day {
    Day::parse_iso(text).unwrap()
}

/// Test numbers by plain arithmetic: ten thousand of them differ in every place after the area.
fn generated(count: u64) -> impl Iterator<Item = ResidentId> {
    (0..count).map(|i| {
        let birth = day("1900-01-01")
            .plus_days(i32::try_from(i * 7919 % 73_000).unwrap())
            .unwrap();
        ResidentId::compose("370199", birth, u16::try_from(i * 31 % 1000).unwrap()).unwrap()
    })
}

#[test]
fn vectors_of_gb_11643_and_invented_people_are_valid() {
    for text in [
        "11010519491231002X",
        "440524188001010014",
        "370199190001010018",
        "370199190001020021",
        "37019919000105001X",
        "370199210001010013",
        "370199200002290011",
    ] {
        check(text, Ok(text));
    }
    check("11010519491231002x", Ok("11010519491231002X"));
}

#[test]
fn each_fault_is_named() {
    use ResidentIdFault::{Area, Check, Date, Shape};
    for (text, fault) in [
        ("", Shape),
        ("37019919000101001", Shape),
        ("3701991900010100188", Shape),
        ("37019919000101001A", Shape),
        ("3701991900010100X8", Shape),
        ("37019919000101001８", Shape),
        (" 370199190001010018", Shape),
        ("370199190001010017", Check),
        ("370199190002290031", Date), // the right check character, 29 February of a year without one
        ("370199190002290015", Date),
        ("370199210101010010", Date),
        ("370199179912310014", Date),
        ("000000185001010010", Area),
        ("160101185001010017", Area),
        ("810101185001010013", Area),
        ("000000190002290000", Check), // several faults: the first one counts
    ] {
        check(text, Err(fault));
    }
}

#[test]
fn provinces_are_those_of_gb_t_2260() {
    let known: Vec<u16> = (10..90)
        .filter(|province| ResidentId::compose(&format!("{province}0101"), day("1850-01-01"), 1).is_ok())
        .collect();
    let expected = [
        11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51, 52, 53, 54, 61, 62,
        63, 64, 65, 71,
    ];
    assert_eq!(known, expected);
}

#[test]
fn residence_permits_and_foreign_permanent_residents_have_their_kinds() {
    for (text, kind, birth) in [
        ("810000185001010011", ResidentIdKind::HongKong, "1850-01-01"),
        ("820000185112310027", ResidentIdKind::Macao, "1851-12-31"),
        ("830000185207040033", ResidentIdKind::Taiwan, "1852-07-04"),
        (
            "911840185303150019",
            ResidentIdKind::ForeignPermanentResident,
            "1853-03-15",
        ),
        ("11010519491231002X", ResidentIdKind::Citizen, "1949-12-31"),
    ] {
        let id = ResidentId::parse(text).unwrap();
        assert_eq!((id.kind(), id.birth_day()), (kind, day(birth)), "{text}");
        assert!(!id.is_test_area());
    }
}

#[test]
fn fifteen_digits_become_eighteen() {
    for (legacy, full) in [
        ("110105491231002", "11010519491231002X"),
        ("440524800101996", "440524188001019967"),
        ("370199120301995", "370199191203019955"),
        ("370199120301999", "370199181203019999"),
        ("370199000228001", "37019919000228001X"),
    ] {
        assert_eq!(ResidentId::from_legacy(legacy).unwrap().expose(), full, "{legacy}");
    }
    for (legacy, fault) in [
        ("37019900022800", ResidentIdFault::Shape),
        ("37019900022800X", ResidentIdFault::Shape),
        ("11010519491231002X", ResidentIdFault::Shape),
        ("370199000229001", ResidentIdFault::Date),
        ("000000900101001", ResidentIdFault::Area),
        ("810000900101001", ResidentIdFault::Area),
        ("911840840315001", ResidentIdFault::Area),
    ] {
        assert_eq!(ResidentId::from_legacy(legacy).map(|_| ()), Err(fault), "{legacy}");
    }
}

#[test]
fn ab07_every_edit_of_one_character_is_refused() {
    let mut edits = 0_u32;
    for id in generated(10_000) {
        for place in 0..18 {
            for other in *b"0123456789X" {
                let mut text = id.expose().as_bytes().to_vec();
                if text[place] == other {
                    continue;
                }
                text[place] = other;
                let edited = String::from_utf8(text).unwrap();
                let fault = ResidentId::parse(&edited).unwrap_err();
                assert!(
                    matches!(fault, ResidentIdFault::Check | ResidentIdFault::Shape),
                    "{edited} of a test number"
                );
                edits += 1;
            }
        }
    }
    assert_eq!(edits, 10_000 * 18 * 10);
}

#[test]
fn ab07_every_swap_of_neighbours_is_refused() {
    let mut swaps = 0_u32;
    for id in generated(10_000) {
        for place in 0..17 {
            let mut text = id.expose().as_bytes().to_vec();
            if text[place] == text[place + 1] {
                continue;
            }
            text.swap(place, place + 1);
            let swapped = String::from_utf8(text).unwrap();
            assert!(ResidentId::parse(&swapped).is_err(), "{swapped} of a test number");
            swaps += 1;
        }
    }
    assert!(swaps > 100_000, "{swaps}");
}

#[test]
fn the_number_shows_nowhere_but_where_it_is_exposed() {
    let id = ResidentId::parse("370199190001020021").unwrap();
    assert_eq!(id.masked(), "****************21");
    assert_eq!(format!("{id:?}"), "ResidentId(masked)");
    assert!(id.is_test_area());
    for fault in [
        ResidentIdFault::Shape,
        ResidentIdFault::Check,
        ResidentIdFault::Date,
        ResidentIdFault::Area,
    ] {
        assert!(!fault.to_string().contains("3701"), "{fault}");
    }
}

proptest! {
    #[test]
    fn any_text_is_parsed_or_refused(text in "\\PC{0,24}|[0-9]{17}[0-9xX]") {
        if let Ok(id) = ResidentId::parse(&text) {
            prop_assert_eq!(id.expose(), text.to_uppercase());
        }
    }

    #[test]
    fn composing_and_parsing_agree(days in -62_000_i32..47_000, sequence in 0_u16..1000) {
        let birth = Day::from_epoch_days(days).unwrap();
        let id = ResidentId::compose("370199", birth, sequence).unwrap();
        prop_assert_eq!(id.birth_day(), birth);
        prop_assert_eq!(&ResidentId::parse(id.expose()).unwrap(), &id);
        let body: &[u8; 17] = id.expose().as_bytes().first_chunk().unwrap();
        prop_assert_eq!(ResidentId::check_character(body), id.expose().as_bytes()[17]);
    }

    #[test]
    fn legacy_and_full_form_agree(days in -25_567_i32..10_957, sequence in 0_u16..996) {
        let full = ResidentId::compose("370199", Day::from_epoch_days(days).unwrap(), sequence).unwrap();
        let text = full.expose();
        let legacy = format!("{}{}", &text[..6], &text[8..17]);
        prop_assert_eq!(ResidentId::from_legacy(&legacy).unwrap(), full);
    }

    /// The rule as the standard words it: a weighted sum of 17 digits and a table of characters.
    #[test]
    fn check_characters_follow_the_table_of_weights(digits in prop::array::uniform17(0_u8..10)) {
        const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
        let sum: u32 = digits.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(*digit) * weight).sum();
        let want = b"10X98765432"[usize::try_from(sum % 11).unwrap()];
        prop_assert_eq!(ResidentId::check_character(&digits.map(|digit| b'0' + digit)), want);
    }
}
