//! What holds a row and what answers it: for every rule of the shipped catalogue that holds, a row is delivered that it
//! holds, then the same fact with what the question names. The answer is used and the held record is over (R7). What a
//! human decides waits for a review. On both stores.

use std::collections::BTreeSet;

use domain::catalogue::IntakeEffect;
use domain::{Day, DocumentKind, IdentityDocument};
use serde_json::{Value, json};

use crate::ledger::{Backend, Ground, Installation, receipt_of};
use crate::support;

const POLICE: &str = "11370199MB9900224D";

/// Rule, item, header version, provider (the item's first if empty), cells that make the rule hold, cells that answer. An
/// answer of `=` is what the sample said.
type Question = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static [(&'static str, &'static str)],
);

const DETENTION: (&str, &str) = ("处罚类别", "行政拘留");
const VAGUE: (&str, &str) = ("处罚依据", "有关规定");

const QUESTIONS: &[Question] = &[
    (
        "RUL-NO-PROCEDURE",
        "ITM-PENALTY",
        "2018+",
        "",
        &[("处罚程序", "")],
        &[("处罚程序", "普通程序")],
    ),
    (
        "RUL-SMALL-FINE",
        "ITM-PENALTY",
        "2018+",
        "",
        &[("处罚类别", "罚款"), ("罚款金额（万元）", "0.02"), ("处罚程序", "")],
        &[("处罚程序", "普通程序")],
    ),
    (
        "RUL-NO-CLASS",
        "ITM-PENALTY",
        "2018",
        "",
        &[("失信等级", "")],
        &[("失信等级", "=")],
    ),
    (
        "RUL-NO-ACT-END",
        "ITM-PENALTY",
        "2015",
        "",
        &[("失信行为终止日期", "")],
        &[("失信行为终止日期", "=")],
    ),
    (
        "RUL-NO-ACT-END",
        "ITM-COERCION",
        "1",
        "",
        &[("失信行为终止日期", "")],
        &[("失信行为终止日期", "=")],
    ),
    (
        "RUL-HARM-REMOVED",
        "ITM-PENALTY",
        "2018+",
        "",
        &[
            ("违法事实", "案发后主动消除危害后果"),
            ("是否轻微且主动消除危害后果", ""),
        ],
        &[("是否轻微且主动消除危害后果", "否")],
    ),
    (
        "RUL-PS-POLICE",
        "ITM-PENALTY",
        "2018+",
        POLICE,
        &[
            ("处罚依据", "《中华人民共和国出境入境管理法》第七十条"),
            ("是否治安管理处罚", ""),
        ],
        &[("是否治安管理处罚", "否")],
    ),
    (
        "RUL-PS-NO-STATUTE",
        "ITM-PENALTY",
        "2018+",
        POLICE,
        &[VAGUE],
        &[("处罚依据", "《中华人民共和国道路交通安全法》第九十条")],
    ),
    (
        "RUL-PS-DETENTION",
        "ITM-PENALTY",
        "2018+",
        "",
        &[
            DETENTION,
            ("处罚依据", "《中华人民共和国城乡规划法》第六十条"),
            ("是否治安管理处罚", ""),
        ],
        &[("是否治安管理处罚", "否")],
    ),
    (
        "RUL-PS-DETENTION-NO-STATUTE",
        "ITM-PENALTY",
        "2018+",
        "",
        &[DETENTION, VAGUE],
        &[("处罚依据", "《中华人民共和国消防法》第六十三条")],
    ),
    (
        "RUL-DISPUTED-UPSTREAM",
        "ITM-PENALTY",
        "2015",
        "",
        &[("当前状态", "异议")],
        &[("当前状态", "正常")],
    ),
    (
        "RUL-ACT-DISPUTED",
        "ITM-COERCION",
        "1",
        "",
        &[("当前状态", "异议")],
        &[("当前状态", "有效")],
    ),
    (
        "RUL-VOLUNTEER-CONSENT-MISSING",
        "ITM-VOLUNTEER",
        "1",
        "",
        &[("本人同意标识", "")],
        &[("本人同意标识", "是")],
    ),
];

#[test]
fn every_question_has_an_answer_on_sqlite() {
    every_question(Backend::Sqlite);
}

#[test]
fn every_question_has_an_answer_on_postgresql() {
    every_question(Backend::Postgres);
}

/// A file of one row, as the sample command writes it.
struct Sample {
    headers: Vec<String>,
    cells: Vec<String>,
    item: &'static str,
    provider: String,
}

impl Sample {
    fn write(ground: &Ground, installation: &Installation, item: &'static str, layout: &str, provider: &str) -> Self {
        let file = ground.city().join("sample.csv");
        let mut command = installation.command();
        command
            .args(["catalogue", "sample", item, "--layout", layout, "--rows", "1", "--out"])
            .arg(&file)
            .arg("--register")
            .arg(ground.city().join("register.csv"));
        if !provider.is_empty() {
            command.args(["--provider", provider]);
        }
        let said = support::run(&mut command, 0);
        let mut reader = csv::Reader::from_path(&file).unwrap();
        let texts = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect();
        Self {
            headers: texts(reader.headers().unwrap()),
            cells: texts(&reader.records().next().unwrap().unwrap()),
            item,
            provider: said.trim().rsplit(' ').next().unwrap().to_owned(),
        }
    }

    fn at(&self, header: &str) -> usize {
        let at = self.headers.iter().position(|known| known == header);
        at.unwrap_or_else(|| panic!("{} has no column {header}", self.item))
    }

    fn cell(&self, header: &str) -> &str {
        &self.cells[self.at(header)]
    }

    fn set(&mut self, header: &str, text: &str) {
        let at = self.at(header);
        text.clone_into(&mut self.cells[at]);
    }

    /// The only column of the document's number in any table used here.
    fn number(&mut self, number: &str) {
        let at = self
            .headers
            .iter()
            .position(|header| header.starts_with("行政处罚决定书文号"));
        let fallbacks = ["行政强制决定书文号", "活动编号", "承诺书编号", "合同编号"];
        let at = at.or_else(|| {
            fallbacks
                .iter()
                .find_map(|header| self.headers.iter().position(|known| known == header))
        });
        number.clone_into(&mut self.cells[at.unwrap()]);
    }

    fn deliver(&self, ground: &Ground, installation: &Installation) -> Value {
        let file = ground.city().join("row.csv");
        let mut writer = csv::Writer::from_path(&file).unwrap();
        writer.write_record(&self.headers).unwrap();
        writer.write_record(&self.cells).unwrap();
        writer.flush().unwrap();
        let output = installation.deliver(&file, self.item, &self.provider);
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

fn every_question(backend: Backend) {
    let ground = Ground::new(backend);
    std::fs::create_dir(ground.city()).unwrap();
    let installation = ground.install("data");
    let mut covered: BTreeSet<String> = BTreeSet::new();
    for (case, (rule, item, layout, provider, holds, answers)) in QUESTIONS.iter().enumerate() {
        let mut row = Sample::write(&ground, &installation, item, layout, provider);
        let said: Vec<String> = answers.iter().map(|(header, _)| row.cell(header).to_owned()).collect();
        row.number(&format!("测问〔2026〕{case}号"));
        for (header, text) in *holds {
            row.set(header, text);
        }
        let receipt = row.deliver(&ground, &installation);
        assert_eq!(count(&receipt, "held"), 1, "{rule}: {receipt}");
        assert!(asked(&installation, &receipt).contains(*rule), "{rule} does not ask");
        for ((header, answer), said) in answers.iter().zip(&said) {
            row.set(header, if *answer == "=" { said } else { answer });
        }
        let receipt = row.deliver(&ground, &installation);
        let counts = [
            count(&receipt, "recorded"),
            count(&receipt, "corrected"),
            count(&receipt, "held"),
        ];
        assert_eq!(counts, [1, 1, 0], "{rule}: {receipt}");
        assert_eq!(receipt["faults"], json!({}), "{rule}");
        covered.insert((*rule).to_owned());
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
    assert_eq!(ledger.records().count(), 2 * QUESTIONS.len());
    let holding = |effect| {
        let rules = ground
            .catalogue
            .intake_rules
            .iter()
            .filter(move |rule| rule.effect == effect);
        rules.map(|rule| rule.id.to_string()).collect::<BTreeSet<_>>()
    };
    assert_eq!(
        holding(IntakeEffect::Hold),
        covered,
        "each rule that holds has a question here"
    );
    answers_that_refuse(&ground, &installation);
    assert_eq!(
        holding(IntakeEffect::Review),
        reviews(&ground, &installation),
        "each rule that asks a human"
    );
    installation.verify();
    println!("{backend:?}: {} questions asked and answered", QUESTIONS.len());
}

/// The answer may be that the row should never have been sent: it is refused, and the held record taken back.
fn answers_that_refuse(ground: &Ground, installation: &Installation) {
    for (case, (header, answer, rule)) in [
        ("处罚程序", "简易程序", "RUL-SUMMARY-PROCEDURE"),
        ("是否治安管理处罚", "是", "RUL-PS-FLAG"),
        ("是否轻微且主动消除危害后果", "是", "RUL-HARM-REMOVED-FLAG"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut row = Sample::write(ground, installation, "ITM-PENALTY", "2018+", "");
        row.number(&format!("测拒〔2026〕{case}号"));
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

/// Rows that a human decides; returns the rules seen.
fn reviews(ground: &Ground, installation: &Installation) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut wait = |row: &Sample, rule: &str| {
        let receipt = row.deliver(ground, installation);
        assert_eq!(
            [count(&receipt, "pending"), count(&receipt, "held")],
            [1, 0],
            "{rule}: {receipt}"
        );
        assert_eq!(receipt["faults"], json!({ "Q03": 1 }), "{rule}");
        let delivery = receipt["delivery"].as_str().unwrap().parse().unwrap();
        let ledger = ground.open(installation);
        let waiting = &ledger.deliveries[&delivery].staged;
        assert_eq!(waiting.len(), 1);
        assert!(waiting[0].is_pending && waiting[0].reason == rule, "{waiting:?}");
        seen.insert(waiting[0].reason.clone());
        // Day of the binary under test.
        Day::parse_iso(&receipt["received_at"].as_str().unwrap()[..10]).unwrap()
    };
    let mut days = Vec::new();
    for (item, state, number_header, rule) in [
        ("ITM-COMMITMENT", "违诺", "违诺认定文书号", "RUL-COMMITMENT-BROKEN"),
        ("ITM-CONTRACT", "违约", "违约认定文书号", "RUL-CONTRACT-BROKEN"),
    ] {
        let mut row = Sample::write(ground, installation, item, "1", "");
        row.set("履行状态", state);
        row.set(number_header, "测认〔2026〕1号");
        days.push(wait(&row, rule));
    }
    let mut row = Sample::write(ground, installation, "ITM-PENALTY", "2018+", "");
    let today = days[0];
    let act = today.plus_days(-11).unwrap();
    let (number, name) = somebody_of_sixteen(ground, act);
    for (header, text) in [
        ("证件类型", "01"),
        ("证件号码", &number),
        ("行政相对人名称", &name),
        ("处罚决定日期", &today.plus_days(-10).unwrap().to_string()),
        ("失信行为终止日期", &act.to_string()),
        ("处罚有效期", "2099/12/31"),
        ("告知送达日期", ""),
        ("履行完毕日期", ""),
        ("是否视为完全民事行为能力人", "是"),
    ] {
        row.set(header, text);
    }
    wait(&row, "RUL-MINOR-WORKING");
    seen
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
