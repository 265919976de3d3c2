//! What holds a row and what answers it: for every rule of the catalogue that holds, and every item that it binds, a row is
//! delivered that it holds, then the same fact with what the question names. The answer is used and the held record is over
//! (R7). What a human decides waits for a review. The rows are the rules' own examples, so that a rule is added as data. On
//! both stores.

use std::collections::{BTreeMap, BTreeSet};

use domain::catalogue::{AS_BEFORE, Condition, FieldRole, IntakeEffect, IntakeRule, Item, ItemId, Layout};
use domain::{Day, DocumentKind, IdentityDocument};
use serde_json::{Value, json};

use crate::ledger::{Backend, Ground, Installation, receipt_of};
use crate::support;

/// Cells by role.
type Cells = BTreeMap<FieldRole, String>;

#[test]
fn every_question_has_an_answer_on_sqlite() {
    every_question(&Ground::new(Backend::Sqlite));
}

#[test]
fn every_question_has_an_answer_on_postgresql() {
    every_question(&Ground::new(Backend::Postgres));
}

/// A file of one row, as the sample command writes it.
struct Sample<'c> {
    item: &'c Item,
    layout: &'c Layout,
    headers: Vec<String>,
    cells: Vec<String>,
    provider: String,
}

impl<'c> Sample<'c> {
    fn write(ground: &Ground, installation: &Installation, item: &'c Item, layout: &'c Layout) -> Self {
        let file = ground.city().join("sample.csv");
        let mut command = installation.command();
        command
            .args(["catalogue", "sample", item.id.as_str()])
            .args(["--layout", &layout.version, "--rows", "1", "--out"])
            .arg(&file)
            .arg("--register")
            .arg(ground.city().join("register.csv"));
        let said = support::run(&mut command, 0);
        let mut reader = csv::Reader::from_path(&file).unwrap();
        let texts = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect();
        Self {
            item,
            layout,
            headers: texts(reader.headers().unwrap()),
            cells: texts(&reader.records().next().unwrap().unwrap()),
            provider: said.trim().rsplit(' ').next().unwrap().to_owned(),
        }
    }

    /// The first version of an item that has the columns which the cells fill.
    fn of(ground: &Ground, installation: &Installation, item: &'c Item, cells: &Cells) -> Option<Self> {
        let mut layouts = item.layouts.iter();
        let fills = |layout: &&Layout| {
            let mut filled = cells.iter().filter(|(_, text)| !text.is_empty());
            filled.all(|(role, _)| header_of(item, layout, *role).is_some())
        };
        Some(Self::write(ground, installation, item, layouts.find(fills)?))
    }

    /// Puts the cells into the row; `=` is what `said` says.
    fn say(&mut self, cells: &Cells, said: &[String]) {
        for (role, text) in cells {
            if let Some(header) = header_of(self.item, self.layout, *role) {
                let at = self.at(header);
                self.cells[at] = if text == AS_BEFORE {
                    said[at].clone()
                } else {
                    text.clone()
                };
            }
        }
    }

    fn set_role(&mut self, role: FieldRole, text: &str) {
        let said = self.cells.clone();
        self.say(&Cells::from([(role, text.to_owned())]), &said);
    }

    fn at(&self, header: &str) -> usize {
        let at = self.headers.iter().position(|known| known == header);
        at.unwrap_or_else(|| panic!("{} has no column {header}", self.item.id))
    }

    fn set(&mut self, header: &str, text: &str) {
        let at = self.at(header);
        text.clone_into(&mut self.cells[at]);
    }

    fn deliver(&self, ground: &Ground, installation: &Installation) -> Value {
        let file = ground.city().join("row.csv");
        let mut writer = csv::Writer::from_path(&file).unwrap();
        writer.write_record(&self.headers).unwrap();
        writer.write_record(&self.cells).unwrap();
        writer.flush().unwrap();
        let output = installation.deliver(&file, self.item.id.as_str(), &self.provider);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        receipt_of(&output.stdout)
    }
}

fn count(receipt: &Value, key: &str) -> u64 {
    receipt["rows"][key].as_u64().unwrap()
}

/// Rules of the faults that a delivery was answered with.
fn asked(installation: &Installation, receipt: &Value) -> BTreeSet<String> {
    let text = support::run(
        installation
            .command()
            .args(["faults", receipt["delivery"].as_str().unwrap(), "--json"]),
        0,
    );
    let rule = |line: &str| {
        serde_json::from_str::<Value>(line).unwrap()["rule"]
            .as_str()
            .map(str::to_owned)
    };
    text.lines().filter_map(rule).collect()
}

/// The rules of the ground's catalogue that hold, and those that ask a human.
pub(crate) fn every_question(ground: &Ground) {
    std::fs::create_dir(ground.city()).unwrap();
    let installation = ground.install("data");
    let mut asked_questions = 0;
    for rule in rules(ground, IntakeEffect::Hold) {
        let before = asked_questions;
        for item in ground.catalogue.items.values().filter(|item| rule.binds(item)) {
            let Some(mut row) = Sample::of(ground, &installation, item, &rule.example) else {
                continue;
            };
            row.set_role(FieldRole::DocumentNo, &format!("测问〔2026〕{asked_questions}号"));
            let said = row.cells.clone();
            row.say(&rule.example, &said);
            let what = format!("{} {}", rule.id, item.id);
            let receipt = row.deliver(ground, &installation);
            assert_eq!(count(&receipt, "held"), 1, "{what}: {receipt}");
            assert!(
                asked(&installation, &receipt).contains(rule.id.as_str()),
                "{what} does not ask"
            );
            row.say(&rule.answer, &said);
            let receipt = row.deliver(ground, &installation);
            let counts = ["recorded", "corrected", "held"].map(|key| count(&receipt, key));
            assert_eq!(counts, [1, 1, 0], "{what}: {receipt}");
            assert_eq!(receipt["faults"], json!({}), "{what}");
            asked_questions += 1;
        }
        assert!(asked_questions > before, "{} asks of no item", rule.id);
    }
    let ledger = ground.open(&installation);
    for record in ledger.records() {
        let is_answer = record.revision == 1;
        assert_eq!(record.is_held, !is_answer, "{record:?}");
        assert_eq!(
            record.events,
            if is_answer { vec![] } else { vec!["corrected"] },
            "{record:?}"
        );
    }
    assert_eq!(ledger.records().count(), 2 * asked_questions);
    answers_that_refuse(ground, &installation);
    for (case, rule) in rules(ground, IntakeEffect::Review).enumerate() {
        review(ground, &installation, rule, case);
    }
    installation.verify();
    println!("{:?}: {asked_questions} questions asked and answered", ground.backend);
}

fn rules(ground: &Ground, effect: IntakeEffect) -> impl Iterator<Item = &IntakeRule> {
    ground
        .catalogue
        .intake_rules
        .iter()
        .filter(move |rule| rule.effect == effect)
}

/// The header of the first field of a version that has the role.
fn header_of<'c>(item: &'c Item, layout: &'c Layout, role: FieldRole) -> Option<&'c str> {
    let mut fields = item.fields.iter().filter(|field| field.role == role);
    fields.find_map(|field| {
        let column = layout.columns.iter().find(|column| column.field == field.code)?;
        Some(column.header.as_str())
    })
}

/// The answer may be that the row should never have been sent: it is refused, and the held record taken back.
fn answers_that_refuse(ground: &Ground, installation: &Installation) {
    let item = &ground.catalogue.items[&ItemId::parse("ITM-PENALTY").unwrap()];
    for (case, (header, answer, rule)) in [
        ("处罚程序", "简易程序", "RUL-SUMMARY-PROCEDURE"),
        ("是否治安管理处罚", "是", "RUL-PS-FLAG"),
        ("是否轻微且主动消除危害后果", "是", "RUL-HARM-REMOVED-FLAG"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut row = Sample::write(ground, installation, item, &item.layouts[0]);
        row.set_role(FieldRole::DocumentNo, &format!("测拒〔2026〕{case}号"));
        row.set("处罚程序", "");
        assert_eq!(count(&row.deliver(ground, installation), "held"), 1);
        row.set("处罚程序", "普通程序");
        row.set(header, answer);
        let receipt = row.deliver(ground, installation);
        assert_eq!(count(&receipt, "refused"), 1, "{rule}: {receipt}");
        assert_eq!(asked(installation, &receipt), BTreeSet::from([rule.to_owned()]));
        row.set("数据状态", "2");
        let receipt = row.deliver(ground, installation);
        assert_eq!(count(&receipt, "withdrawn"), 1, "{rule}: {receipt}");
    }
}

/// A row that a human decides waits for that.
fn review(ground: &Ground, installation: &Installation, rule: &IntakeRule, case: usize) {
    let mut items = ground.catalogue.items.values().filter(|item| rule.binds(item));
    let row = items.find_map(|item| Sample::of(ground, installation, item, &rule.example));
    let mut row = row.unwrap_or_else(|| panic!("{} asks of no item", rule.id));
    let said = row.cells.clone();
    row.say(&rule.example, &said);
    row.set_role(FieldRole::DocumentNo, &format!("测核〔2026〕{case}号"));
    if rule
        .conditions
        .iter()
        .any(|condition| matches!(condition, Condition::YoungerThan(_)))
    {
        of_sixteen(ground, &mut row);
    }
    let receipt = row.deliver(ground, installation);
    let counts = ["pending", "held"].map(|key| count(&receipt, key));
    assert_eq!(counts, [1, 0], "{}: {receipt}", rule.id);
    assert_eq!(receipt["faults"], json!({ "Q03": 1 }), "{}", rule.id);
    let delivery = receipt["delivery"].as_str().unwrap().parse().unwrap();
    let ledger = ground.open(installation);
    let waiting = &ledger.deliveries[&delivery].staged;
    assert_eq!(waiting.len(), 1);
    assert!(
        waiting[0].is_pending && waiting[0].reason == rule.id.as_str(),
        "{waiting:?}"
    );
}

/// Makes the row one about somebody who was sixteen or seventeen on the day that counts.
fn of_sixteen(ground: &Ground, row: &mut Sample<'_>) {
    let day = |role: FieldRole| {
        let text = &row.cells[row.at(header_of(row.item, row.layout, role).unwrap())];
        Day::parse_iso(&text.replace('/', "-")).unwrap()
    };
    let on = day(FieldRole::DecisionDay).min(day(FieldRole::ActEndDay));
    let (number, name) = somebody_of_sixteen(ground, on);
    for (role, text) in [
        (FieldRole::DocumentKind, "01"),
        (FieldRole::DocumentNumber, &number),
        (FieldRole::PersonName, &name),
    ] {
        row.set_role(role, text);
    }
}

/// Number and name of a registered person who was sixteen or seventeen on `day`.
fn somebody_of_sixteen(ground: &Ground, day: Day) -> (String, String) {
    let mut reader = csv::Reader::from_path(ground.city().join("register.csv")).unwrap();
    let years = |years: i32| day.plus_months(-12 * years).unwrap();
    let found = reader.records().map(Result::unwrap).find(|row| {
        let document = IdentityDocument::parse(DocumentKind::ResidentId, &row[1]);
        let birth = document.ok().and_then(|document| document.birth_day());
        &row[0] == "01" && birth.is_some_and(|birth| birth > years(18) && birth <= years(16))
    });
    let row = found.expect("a city of 400 has such a person");
    (row[1].to_owned(), row[2].to_owned())
}
