//! A synthetic city whose dirt is known row by row: what the system says and stores of it must be the truth, on both stores.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;
use std::time::Instant;

use domain::Day;
use serde_json::Value;
use synth::{City, FileEntry, Manifest, Outcome, Purpose, TruthRow};
use uuid::Uuid;

use crate::ledger::{Backend, ClearRecord, ClearStaged, Ground, Installation, Ledger, receipt_of};
use crate::support;

const ROWS: u64 = 50_000;
const RESIDENTS: u64 = 20_000;
const SEED: u64 = 11;

#[test]
fn fifty_thousand_rows_come_out_as_the_truth_says_on_sqlite() {
    compare(Backend::Sqlite);
}

#[test]
fn fifty_thousand_rows_come_out_as_the_truth_says_on_postgresql() {
    compare(Backend::Postgres);
}

fn compare(backend: Backend) {
    let ground = Ground::new(backend);
    let installation = ground.install("data");
    let dir = ground.city();
    let [rows, residents, seed] = [ROWS, RESIDENTS, SEED].map(|number| number.to_string());
    let args = ["--rows", &rows, "--residents", &residents, "--seed", &seed];
    support::run(installation.command().arg("synth").arg(&dir).args(args), 0);
    let manifest: Manifest = serde_json::from_reader(File::open(dir.join("manifest.json")).unwrap()).unwrap();
    let today = Day::parse_iso(&manifest.today).unwrap();
    let city = City::new(manifest.seed, manifest.residents, today).unwrap();

    let began = Instant::now();
    let mut delivered: Vec<(&FileEntry, Uuid)> = Vec::new();
    let mut refused = 0;
    for entry in &manifest.files {
        if let Some(uuid) = deliver(&installation, entry, &dir) {
            delivered.push((entry, uuid));
        }
        refused += u32::from(entry.purpose != Purpose::Rows);
    }
    let seconds = began.elapsed().as_secs_f64();
    assert_eq!(
        refused, 4,
        "a header of another item, none, a file cut off, a wrong provider"
    );

    let ledger = ground.open(&installation);
    let mut truth = Vec::new();
    let mut faults = 0;
    for (entry, uuid) in &delivered {
        let rows = truth_of(entry, &dir);
        let told = installation.faults(&uuid.to_string());
        assert_eq!(fault_differences(&rows, &told), Vec::<String>::new(), "{}", entry.file);
        assert_eq!(
            question_differences(&rows, &told),
            Vec::<String>::new(),
            "{}",
            entry.file
        );
        let staged = &ledger.deliveries[uuid].staged;
        assert_eq!(
            staged_differences(&rows, staged, &city),
            Vec::<String>::new(),
            "{}",
            entry.file
        );
        faults += told.len();
        truth.extend(rows);
    }
    assert_eq!(wrong_persons(&truth, &ledger, &city), Vec::<String>::new());
    assert_eq!(record_differences(&truth, &ledger, &city), Vec::<String>::new());

    let findings = installation.verify();
    let records = ledger.records().count() as u64;
    let staged: usize = ledger.deliveries.values().map(|delivery| delivery.staged.len()).sum();
    assert_eq!(findings["records"].as_u64(), Some(records));
    assert_eq!(findings["staged"].as_u64(), Some(staged as u64));
    println!(
        "{backend:?}: {} rows of {} files in {seconds:.1} s; {records} records of {} persons, 0 on a wrong one; {faults} \
         faults told, each at its line and column, none missing, none false; {staged} rows wait for the reason expected",
        truth.len(),
        delivered.len(),
        ledger.persons
    );
    comparison_can_fail(&installation, &ledger, delivered[0], &dir, &city);
}

/// Delivers a file and compares its receipt; the delivery, if the file has a truth.
fn deliver(installation: &Installation, entry: &FileEntry, dir: &Path) -> Option<Uuid> {
    let output = installation.deliver(&dir.join(&entry.file), &entry.item, &entry.provider);
    let errors = String::from_utf8_lossy(&output.stderr);
    if entry.purpose == Purpose::WrongProvider {
        // Refused before a byte is read: nothing is stored, so there is no receipt either.
        assert_eq!(output.status.code(), Some(1), "{}: {errors}", entry.file);
        assert!(errors.contains("POLICY-0103") && output.stdout.is_empty(), "{errors}");
        return None;
    }
    assert!(!output.stdout.is_empty(), "{}: {errors}", entry.file);
    let receipt = receipt_of(&output.stdout);
    let rows = &receipt["rows"];
    let count = |key: &str| rows[key].as_u64().unwrap();
    let sum: u64 = ["recorded", "repeated", "held", "pending", "refused"]
        .map(count)
        .iter()
        .sum();
    assert_eq!(count("received"), sum, "{}", entry.file);
    assert_eq!(
        receipt["file"]["sha256"].as_str().map(str::len),
        Some(64),
        "{}",
        entry.file
    );
    if entry.purpose != Purpose::Rows {
        assert_eq!(output.status.code(), Some(3), "{}: {errors}", entry.file);
        assert_eq!((receipt["state"].as_str(), sum), (Some("refused"), 0), "{}", entry.file);
        let faults = installation.faults(receipt["delivery"].as_str().unwrap());
        assert!(
            !faults.is_empty() && faults.iter().all(|(_, code, _)| code == "E01"),
            "{faults:?}"
        );
        assert_eq!(receipt["faults"]["E01"].as_u64(), Some(faults.len() as u64));
        return None;
    }
    assert_eq!(output.status.code(), Some(0), "{}: {errors}", entry.file);
    let outcome = |outcome: Outcome| entry.outcomes.get(outcome.as_str()).copied().unwrap_or_default();
    let (corrected, withdrawn) = (outcome(Outcome::Corrected), outcome(Outcome::Withdrawn));
    let expected = [
        ("received", entry.rows),
        ("recorded", outcome(Outcome::Recorded) + corrected + withdrawn),
        ("repeated", outcome(Outcome::Repeated)),
        ("held", outcome(Outcome::Held)),
        ("pending", outcome(Outcome::Pending)),
        ("refused", outcome(Outcome::Refused)),
        ("corrected", corrected),
        ("withdrawn", withdrawn),
    ];
    for (key, number) in expected {
        assert_eq!(count(key), number, "{key} of {}", entry.file);
    }
    let mut told: BTreeMap<String, u64> = serde_json::from_value(receipt["faults"].clone()).unwrap();
    let questions: u64 = told
        .extract_if(.., |code, _| is_question(code))
        .map(|(_, asked)| asked)
        .sum();
    assert!(
        questions >= outcome(Outcome::Held),
        "{}: {questions} questions",
        entry.file
    );
    assert_eq!(told, entry.faults, "{}", entry.file);
    let dropped: Vec<&Value> = receipt["dropped_columns"].as_array().unwrap().iter().collect();
    assert_eq!(dropped.len(), entry.dropped.len(), "{}: {dropped:?}", entry.file);
    receipt["delivery"].as_str().and_then(|id| Uuid::parse_str(id).ok())
}

fn truth_of(entry: &FileEntry, dir: &Path) -> Vec<TruthRow> {
    let file = File::open(dir.join(entry.truth.as_ref().unwrap())).unwrap();
    synth::read_truth(file).map(Result::unwrap).collect()
}

/// Faults that were planted and not told, and faults that were told and not planted.
fn fault_differences(truth: &[TruthRow], told: &[(u32, String, String)]) -> Vec<String> {
    let planted = truth.iter().flat_map(|row| {
        let at = |fault: &synth::ExpectedFault| (row.line, fault.code.clone(), fault.header.clone());
        row.faults.iter().map(at)
    });
    let faults = told.iter().filter(|(_, code, _)| !is_question(code));
    differences(planted, faults.cloned())
}

/// A question to the provider (R7): no fault, so the truth plants none.
fn is_question(code: &str) -> bool {
    code.starts_with('Q')
}

/// Held rows about which nothing was asked, and questions about rows that are neither held nor waiting.
fn question_differences(truth: &[TruthRow], told: &[(u32, String, String)]) -> Vec<String> {
    let asked: BTreeSet<u32> = told
        .iter()
        .filter(|(_, code, _)| is_question(code))
        .map(|(line, ..)| *line)
        .collect();
    let lines = |fits: fn(Outcome) -> bool| truth.iter().filter(move |row| fits(row.outcome)).map(|row| row.line);
    let held: BTreeSet<u32> = lines(|outcome| outcome == Outcome::Held).collect();
    let kept: BTreeSet<u32> = lines(|outcome| outcome != Outcome::Refused && outcome != Outcome::Withdrawn).collect();
    let unasked = held.difference(&asked).map(|line| format!("not asked: {line}"));
    let false_questions = asked.difference(&kept).map(|line| format!("asked: {line}"));
    unasked.chain(false_questions).collect()
}

/// Waiting rows that differ from the truth in line, kind, reason, or whose number it is.
fn staged_differences(truth: &[TruthRow], staged: &[ClearStaged], city: &City) -> Vec<String> {
    let expected = truth
        .iter()
        .filter(|row| row.outcome == Outcome::Pending || is_strangers(row, city))
        .map(|row| {
            let is_pending = row.outcome == Outcome::Pending;
            let reason = if is_pending { &row.explanation } else { "number_unknown" };
            let person = city.person(row.resident.unwrap()).unwrap();
            (row.line, is_pending, reason.to_owned(), person.number)
        });
    let found = staged
        .iter()
        .map(|row| (row.line, row.is_pending, row.reason.clone(), row.number.clone()));
    differences(expected, found)
}

/// Whether the row is held because the register does not know its number.
fn is_strangers(row: &TruthRow, city: &City) -> bool {
    row.outcome == Outcome::Held && row.resident.is_some_and(|resident| resident >= city.residents())
}

/// Records that lie with anybody but the person whom the truth names for their document number.
fn wrong_persons(truth: &[TruthRow], ledger: &Ledger, city: &City) -> Vec<String> {
    let owners: BTreeMap<&str, u64> = truth
        .iter()
        .filter_map(|row| Some((row.document_no.as_str(), row.resident?)))
        .collect();
    let is_wrong = |record: &&ClearRecord| {
        owners.get(record.document_no.as_str()).is_none_or(|owner| {
            let person = city.person(*owner).unwrap();
            (record.kind.as_str(), &record.number, &record.name) != (person.kind.code(), &person.number, &person.name)
        })
    };
    ledger
        .records()
        .filter(is_wrong)
        .map(|record| format!("{record:?}"))
        .collect()
}

/// Facts whose revisions, states at birth and events are not those that the truth leads to.
fn record_differences(truth: &[TruthRow], ledger: &Ledger, city: &City) -> Vec<String> {
    let mut expected: BTreeMap<&str, Vec<(bool, Vec<&str>)>> = BTreeMap::new();
    for row in truth {
        let revisions = expected.entry(row.document_no.as_str()).or_default();
        let mut happens = |what| revisions.last_mut().unwrap().1.push(what);
        match row.outcome {
            Outcome::Recorded => revisions.push((false, Vec::new())),
            Outcome::Held if !is_strangers(row, city) => revisions.push((true, Vec::new())),
            Outcome::Corrected => {
                happens("corrected");
                revisions.push((false, Vec::new()));
            }
            Outcome::Withdrawn => happens("withdrawn"),
            Outcome::Held | Outcome::Repeated | Outcome::Pending | Outcome::Refused => {}
        }
    }
    expected.retain(|_, revisions| !revisions.is_empty());
    let mut found: BTreeMap<&str, BTreeMap<u32, (bool, Vec<&str>)>> = BTreeMap::new();
    for record in ledger.records() {
        let revisions = found.entry(&record.document_no).or_default();
        let earlier = revisions.insert(record.revision, (record.is_held, record.events.clone()));
        assert!(earlier.is_none(), "one fact, one revision, two records");
    }
    let found = found
        .into_iter()
        .map(|(fact, revisions)| (fact, revisions.into_values().collect::<Vec<_>>()));
    differences(expected, found)
}

/// What is in one list and not in the other, at most twenty of each.
fn differences<T: Ord + std::fmt::Debug>(
    expected: impl IntoIterator<Item = T>,
    found: impl IntoIterator<Item = T>,
) -> Vec<String> {
    let mut balance: BTreeMap<T, i64> = BTreeMap::new();
    for thing in expected {
        *balance.entry(thing).or_default() -= 1;
    }
    for thing in found {
        *balance.entry(thing).or_default() += 1;
    }
    let list = |sign: i64, word: &'static str| {
        balance
            .iter()
            .filter(move |(_, balance)| **balance * sign > 0)
            .take(20)
            .map(move |(thing, _)| format!("{word}: {thing:?}"))
    };
    list(-1, "missing").chain(list(1, "false")).collect()
}

/// A truth that is wrong in one row must be noticed by each comparison: else the comparisons above would show nothing.
fn comparison_can_fail(
    installation: &Installation,
    ledger: &Ledger,
    (entry, uuid): (&FileEntry, Uuid),
    dir: &Path,
    city: &City,
) {
    let told = installation.faults(&uuid.to_string());
    let staged = &ledger.deliveries[&uuid].staged;
    let whole = Ledger {
        deliveries: [(uuid, ledger.deliveries[&uuid].clone())].into(),
        persons: 0,
    };
    let tampered = |fits: &dyn Fn(&TruthRow) -> bool, tamper: &dyn Fn(&mut TruthRow)| {
        let mut rows = truth_of(entry, dir);
        assert_eq!(wrong_persons(&rows, &whole, city), Vec::<String>::new());
        tamper(rows.iter_mut().find(|row| fits(row)).unwrap());
        rows
    };
    let mut uses: BTreeMap<String, u32> = BTreeMap::new();
    for row in truth_of(entry, dir) {
        *uses.entry(row.document_no).or_default() += 1;
    }
    let is_recorded = |row: &TruthRow| row.outcome == Outcome::Recorded && uses[&row.document_no] == 1;
    let rows = tampered(&is_recorded, &|row| row.resident = row.resident.map(|index| index + 1));
    assert_eq!(wrong_persons(&rows, &whole, city).len(), 1);
    let rows = tampered(&is_recorded, &|row| {
        row.outcome = Outcome::Refused;
    });
    assert_eq!(record_differences(&rows, &whole, city).len(), 1);
    let rows = tampered(&|row| !row.faults.is_empty(), &|row| row.line += 1);
    assert!(fault_differences(&rows, &told).len() >= 2);
    let rows = tampered(&|row| row.outcome == Outcome::Held, &|row| {
        row.outcome = Outcome::Refused;
    });
    assert_eq!(question_differences(&rows, &told).len(), 1);
    let rows = tampered(&is_recorded, &|row| {
        row.outcome = Outcome::Held;
    });
    assert_eq!(question_differences(&rows, &told).len(), 1);
    let rows = tampered(&|row| row.outcome == Outcome::Pending, &|row| {
        row.explanation = "name_changed".to_owned();
    });
    assert_eq!(staged_differences(&rows, staged, city).len(), 2);
}
