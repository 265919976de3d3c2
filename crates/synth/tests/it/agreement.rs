//! What intake and matching say of every row is what the truth file says: no fault missed, none invented, nobody's record
//! on another person.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;

use domain::catalogue::{Catalogue, FieldRole, ItemId};
use domain::{Day, Uscc};
use intake::{Cleaned, Cleaner, Context, Fault, FaultCode, HeaderMap, Limits, RowOperation, review_of};
use matching::{AliasStanding, Explanation, FileRegister, Verdict, judge, slip};
use synth::{City, Dirt, ExpectedFault, FileEntry, Manifest, Outcome, Purpose, TruthRow, read_truth, write_deliveries};

use crate::common::{catalogue, today};

/// What came of a row.
#[derive(Debug, PartialEq, Eq)]
struct Verdicted {
    outcome: Outcome,
    faults: BTreeSet<ExpectedFault>,
    explanation: String,
    /// Number under which it is on file, for comparison with the resident of the truth.
    number: Option<String>,
}

/// The part of the use case that remembers: facts by key and person.
#[derive(Default)]
struct Ledger(BTreeMap<(String, String), Option<Vec<u8>>>);

struct Desk<'a> {
    catalogue: &'a Catalogue,
    register: &'a FileRegister,
    today: Day,
}

impl Desk<'_> {
    fn row(&self, cleaned: Cleaned, map: &HeaderMap, item: &ItemId, ledger: &mut Ledger) -> Verdicted {
        let faults = |faults: &[Fault]| -> BTreeSet<ExpectedFault> {
            // Questions to the provider are no faults; held rows are compared by their outcome.
            let faults = faults.iter().filter(|fault| !fault.code.is_question());
            faults
                .map(|fault| ExpectedFault {
                    code: fault.code.as_str().to_owned(),
                    header: fault.header.clone().unwrap_or_default(),
                })
                .collect()
        };
        let at = |role: FieldRole, code: FaultCode| {
            let header = map.place_of(role, &self.catalogue.items[item]).1.unwrap_or_default();
            ExpectedFault {
                code: code.as_str().to_owned(),
                header,
            }
        };
        let verdicted = |outcome, faults, explanation: Option<Explanation>, number: Option<&str>| Verdicted {
            outcome,
            faults,
            explanation: explanation.map_or("", Explanation::as_str).to_owned(),
            number: number.map(str::to_owned),
        };
        match cleaned {
            Cleaned::Refused(found) => verdicted(Outcome::Refused, faults(&found), None, None),
            Cleaned::Slip(row, found) => match slip(row.kind, row.number_text(), &row.name, self.register) {
                Some((why, document)) => {
                    verdicted(Outcome::Pending, faults(&found), Some(why), Some(document.expose()))
                }
                None => verdicted(Outcome::Refused, faults(&found), None, None),
            },
            Cleaned::Row(row, found) => {
                let mut found = faults(&found);
                let number = row.document.expose().to_owned();
                match judge(&row.document, &row.name, self.register, AliasStanding::NotConfirmed) {
                    Verdict::HeldNumberUnknown => verdicted(Outcome::Held, found, None, Some(&number)),
                    Verdict::Pending(why) => {
                        if why != Explanation::Converted15 {
                            found.insert(at(FieldRole::PersonName, FaultCode::E07));
                        }
                        verdicted(Outcome::Pending, found, Some(why), Some(&number))
                    }
                    Verdict::Match
                        if row
                            .hold
                            .as_ref()
                            .is_some_and(|hold| review_of(self.catalogue, hold).is_some()) =>
                    {
                        let rule = row.hold.as_ref().and_then(|hold| review_of(self.catalogue, hold));
                        Verdicted {
                            explanation: rule.unwrap().to_string(),
                            ..verdicted(Outcome::Pending, found, None, Some(&number))
                        }
                    }
                    Verdict::Match => {
                        let content = row.content.as_bytes().to_vec();
                        let slot = ledger.0.entry((row.fact_key.clone(), number.clone()));
                        let outcome = match (slot, row.operation) {
                            (std::collections::btree_map::Entry::Vacant(_), RowOperation::Delete) => Outcome::Refused,
                            (std::collections::btree_map::Entry::Vacant(slot), _) => {
                                slot.insert(Some(content));
                                if row.hold.is_some() {
                                    Outcome::Held
                                } else {
                                    Outcome::Recorded
                                }
                            }
                            (std::collections::btree_map::Entry::Occupied(mut slot), operation) => {
                                match (slot.get().clone(), operation) {
                                    (None, _) => Outcome::Refused,
                                    (Some(_), RowOperation::Delete) => {
                                        slot.insert(None);
                                        Outcome::Withdrawn
                                    }
                                    (Some(known), _) if known == content => Outcome::Repeated,
                                    (Some(_), _) => {
                                        slot.insert(Some(content));
                                        Outcome::Corrected
                                    }
                                }
                            }
                        };
                        if outcome == Outcome::Refused {
                            found.insert(at(FieldRole::RowOperation, FaultCode::E15));
                            return verdicted(outcome, found, None, None);
                        }
                        verdicted(outcome, found, None, Some(&number))
                    }
                }
            }
        }
    }
}

/// Compares one file with its truth; returns the disagreements.
fn compare(dir: &Path, entry: &FileEntry, desk: &Desk<'_>, city: &City, ledger: &mut Ledger) -> Vec<String> {
    let item = ItemId::parse(&entry.item).unwrap();
    let provider = Uscc::parse(&entry.provider).unwrap();
    let context = Context {
        catalogue: desk.catalogue,
        item: &desk.catalogue.items[&item],
        provider: &provider,
        today: desk.today,
        allow_test_area: true,
    };
    assert!(context.item.providers.contains(&provider), "{}", entry.file);
    let mut source = intake::open(
        File::open(dir.join(&entry.file)).unwrap(),
        &entry.file,
        &Limits::default(),
    )
    .unwrap();
    let mut table = source.table().unwrap();
    let map = intake::recognise(table.header(), context.item, desk.catalogue)
        .unwrap_or_else(|faults| panic!("{}: header not recognised: {faults:?}", entry.file));
    assert_eq!(map.version, entry.layout, "{}", entry.file);
    assert_eq!(map.dropped.len(), entry.dropped.len(), "{}", entry.file);
    let mut truth = read_truth(File::open(dir.join(entry.truth.as_ref().unwrap())).unwrap()).map(Result::unwrap);
    let mut cleaner = Cleaner::new(&map, &context);
    let mut disagreements = Vec::new();
    loop {
        let row = match table.next_row() {
            Ok(Some(row)) => row,
            Ok(None) => break,
            Err(fault) => {
                disagreements.push(format!("{}: {fault}", entry.file));
                break;
            }
        };
        let expected: TruthRow = truth.next().expect("as many rows as truths");
        assert_eq!(row.line(), expected.line, "{}", entry.file);
        let verdict = cleaner.clean(row);
        // What is remembered of earlier rows changes nothing.
        assert_eq!(
            format!("{verdict:?}"),
            format!("{:?}", intake::clean(row, &map, &context))
        );
        let verdicted = desk.row(verdict, &map, &item, ledger);
        let number = expected.resident.map(|index| city.person(index).unwrap().number);
        let wanted = Verdicted {
            outcome: expected.outcome,
            faults: expected.faults.iter().cloned().collect(),
            explanation: expected.explanation.clone(),
            number,
        };
        if verdicted != wanted {
            disagreements.push(format!(
                "{} line {} planted {:?}: wanted {:?} {:?} {:?}, got {:?} {:?} {:?}, same person {}",
                entry.file,
                expected.line,
                expected.planted,
                wanted.outcome,
                wanted.faults,
                wanted.explanation,
                verdicted.outcome,
                verdicted.faults,
                verdicted.explanation,
                wanted.number == verdicted.number,
            ));
        }
    }
    assert!(truth.next().is_none(), "{}: a truth without a row", entry.file);
    disagreements
}

fn refused_as_a_whole(dir: &Path, entry: &FileEntry, desk: &Desk<'_>) -> FaultCode {
    let item = ItemId::parse(&entry.item).unwrap();
    let provider = Uscc::parse(&entry.provider).unwrap();
    let context = Context {
        catalogue: desk.catalogue,
        item: &desk.catalogue.items[&item],
        provider: &provider,
        today: desk.today,
        allow_test_area: true,
    };
    let mut source = intake::open(
        File::open(dir.join(&entry.file)).unwrap(),
        &entry.file,
        &Limits::default(),
    )
    .unwrap();
    let mut table = match source.table() {
        Ok(table) => table,
        Err(fault) => return Fault::from(fault).code,
    };
    if let Err(faults) = intake::recognise(table.header(), context.item, desk.catalogue) {
        return faults[0].code;
    }
    loop {
        match table.next_row() {
            Ok(Some(_)) => {}
            Ok(None) => panic!("{}: nothing wrong with it", entry.file),
            Err(fault) => return Fault::from(fault).code,
        }
    }
}

fn check(rows: u64, residents: u64, seed: u64, canaries: u64, today: Day) -> Manifest {
    let catalogue = catalogue();
    let dir = tempfile::tempdir().unwrap();
    let city = City::new(seed, residents, today).unwrap().with_canaries(canaries);
    let manifest = write_deliveries(&city, &catalogue, rows, &Dirt::default(), dir.path()).unwrap();
    let register = FileRegister::load(File::open(dir.path().join("register.csv")).unwrap()).unwrap();
    let desk = Desk {
        catalogue: &catalogue,
        register: &register,
        today,
    };
    let mut ledger = Ledger::default();
    let mut disagreements = Vec::new();
    for entry in &manifest.files {
        match entry.purpose {
            Purpose::Rows => disagreements.extend(compare(dir.path(), entry, &desk, &city, &mut ledger)),
            Purpose::HeaderUnknown | Purpose::Unreadable => {
                assert_eq!(
                    refused_as_a_whole(dir.path(), entry, &desk),
                    FaultCode::E01,
                    "{}",
                    entry.file
                );
            }
            Purpose::WrongProvider => {
                // The policies refuse it (POLICY-0103), by the same list of the catalogue.
                let item = &catalogue.items[&ItemId::parse(&entry.item).unwrap()];
                let provider = Uscc::parse(&entry.provider).unwrap();
                assert!(!item.providers.contains(&provider), "{}", entry.file);
            }
        }
    }
    if let Ok(path) = std::env::var("SYNTH_DISAGREEMENTS") {
        std::fs::write(path, disagreements.join("\n")).unwrap();
    }
    assert!(
        disagreements.is_empty(),
        "{} disagreements, the first are\n{}",
        disagreements.len(),
        disagreements[..disagreements.len().min(12)].join("\n")
    );
    manifest
}

#[test]
fn fifty_thousand_rows_agree_with_the_truth_and_show_every_code() {
    let manifest = check(50_000, 20_000, 11, 0, today());
    let rows: u64 = manifest
        .files
        .iter()
        .filter(|file| file.purpose == Purpose::Rows)
        .map(|file| file.rows)
        .sum();
    assert!(rows >= 50_000, "{rows}");
    let shown: BTreeSet<&str> = manifest
        .files
        .iter()
        .flat_map(|file| file.faults.keys().map(String::as_str))
        .collect();
    for code in FaultCode::ALL.into_iter().filter(|code| !code.is_question()) {
        // E01 is shown by whole files; E12 is no fault of a row: content repeated or corrected is an outcome.
        let is_row_fault = !matches!(code, FaultCode::E01 | FaultCode::E12);
        assert!(
            !is_row_fault || shown.contains(code.as_str()),
            "{code} is never planted"
        );
    }
    for outcome in Outcome::ALL {
        assert!(
            manifest
                .files
                .iter()
                .any(|file| file.outcomes.contains_key(outcome.as_str())),
            "{outcome:?}"
        );
    }
}

#[test]
fn a_small_city_with_canaries_agrees_too() {
    check(4_000, 300, 3, 64, today());
}

#[test]
fn the_truth_holds_on_any_day() {
    // Soon after decree 36, a leap day, years later: dates move with the day, so nothing expires by itself.
    for (seed, day) in [(21, "2026-05-20"), (22, "2028-02-29"), (23, "2031-12-31")] {
        check(6_000, 1_000, seed, 0, Day::parse_iso(day).unwrap());
    }
}
