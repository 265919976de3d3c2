//! The dump of an invented legacy platform, as cities ran them before the law of today: penalties with columns that may not
//! be kept, scores, lists; and the truth about what of it may be taken.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{File, create_dir_all};
use std::io::BufWriter;
use std::path::Path;

use domain::Uscc;
use domain::catalogue::{Catalogue, ItemId};
use serde::{Deserialize, Serialize};

use crate::delivery::{DeliveryPlan, write_delivery};
use crate::register::write_register;
use crate::truth::{Outcome, read_truth};
use crate::{City, Dirt, FileKind, SynthError, TextEncoding};

/// What is planted and the rule, or the code, under which it is not taken.
const PLANTED: [(&str, &str); 7] = [
    ("public_security_flag", "RUL-PS-FLAG"),
    ("public_security_basis", "RUL-PS-STATUTE"),
    ("summary_procedure", "RUL-SUMMARY-PROCEDURE"),
    ("minor", "RUL-MINOR"),
    ("organisation_row", "RUL-ORGANISATION"),
    ("class_over", "E14"),
    ("act_long_ago", "E14"),
];
/// Columns that a legacy platform kept of everybody, and the rule that keeps each out today.
const KEPT_OF_EVERYBODY: [(&str, &str, &str); 4] = [
    ("民族", "测试族", "RUL-DROP-STATUS"),
    ("手机号", "00000000000", "RUL-DROP-CONTACT"),
    ("信用积分", "850", "RUL-LEGACY-SCORE"),
    ("录入人", "测试员", "RUL-LEGACY-NO-FIELD"),
];
/// Rows of an agency that no register of organisations knows, one in so many.
const STRAY: u64 = 250;

/// What a migration of the dump must lead to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegacyTruth {
    /// Rows in all tables.
    pub rows: u64,
    /// Rows, columns and tables not taken, by rule.
    pub not_taken: BTreeMap<String, [u64; 3]>,
    /// Rows of the penalties by outcome.
    pub outcomes: BTreeMap<String, u64>,
    /// Codes of the penalties' providers.
    pub providers: Vec<String>,
}

/// Writes register, `dump/`, `mapping.toml` and `legacy-truth.json` into `dir`; about `rows` rows in all.
///
/// # Errors
///
/// If a file cannot be written, or the catalogue has no penalties.
pub fn write_legacy(city: &City, catalogue: &Catalogue, rows: u64, dir: &Path) -> Result<LegacyTruth, SynthError> {
    let dump = dir.join("dump");
    create_dir_all(&dump)?;
    write_register(city, BufWriter::new(File::create(dir.join("register.csv"))?))?;
    let mut truth = LegacyTruth::default();
    let (scores, lists) = (rows / 50, rows / 100);
    penalties(city, catalogue, rows - scores - lists, dir, &mut truth)?;
    table(
        &dump.join("t_grxypf.csv"),
        &["XM", "ZJHM", "信用积分", "信用等级"],
        scores,
    )?;
    truth.count("RUL-LEGACY-SCORE", [scores, 0, 1]);
    table(&dump.join("t_mdgl.csv"), &["XM", "ZJHM", "黑名单类别"], lists)?;
    truth.count("RUL-LEGACY-LIST", [lists, 0, 1]);
    truth.rows = rows;
    serde_json::to_writer_pretty(BufWriter::new(File::create(dir.join("legacy-truth.json"))?), &truth)?;
    Ok(truth)
}

impl LegacyTruth {
    fn count(&mut self, rule: &str, more: [u64; 3]) {
        let sums = self.not_taken.entry(rule.to_owned()).or_default();
        for (sum, more) in sums.iter_mut().zip(more) {
            *sum += more;
        }
    }
}

/// The penalties of two agencies and of one that nobody knows, under the column names of a database.
fn penalties(
    city: &City,
    catalogue: &Catalogue,
    rows: u64,
    dir: &Path,
    truth: &mut LegacyTruth,
) -> Result<(), SynthError> {
    let id = ItemId::parse("ITM-PENALTY").map_err(|_| SynthError::Catalogue("penalties"))?;
    let item = catalogue.items.get(&id).ok_or(SynthError::Catalogue("penalties"))?;
    let is_police = |code: &&Uscc| {
        catalogue
            .organisations
            .get(*code)
            .is_none_or(|found| found.name.zh.contains("公安"))
    };
    let providers: Vec<Uscc> = item
        .providers
        .iter()
        .filter(|code| !is_police(code))
        .take(2)
        .cloned()
        .collect();
    let mut writer = csv::Writer::from_writer(BufWriter::new(File::create(dir.join("dump/t_xzcf.csv"))?));
    let mut mapping = String::new();
    let dirt = Dirt {
        public_security_flag: 200,
        public_security_basis: 300,
        summary_procedure: 400,
        minor: 100,
        organisation_row: 100,
        class_over: 300,
        act_long_ago: 300,
        missing_procedure: 100,
        ..Dirt::none()
    };
    let mut left = rows;
    for (at, provider) in providers.iter().enumerate() {
        let share = if at + 1 == providers.len() { left } else { rows / 2 };
        left -= share;
        let plan = DeliveryPlan {
            name: format!("legacy-{at}"),
            item: id.clone(),
            layout: "2018+".to_owned(),
            provider: provider.clone(),
            kind: FileKind::Csv(TextEncoding::Utf8),
            rows: share,
            dirt: dirt.clone(),
            series: at as u64,
            has_extensions: true,
            has_foreign_columns: false,
        };
        let entry = write_delivery(city, catalogue, &plan, dir)?;
        let truth_file = entry.truth.ok_or(SynthError::Truth)?;
        let mut reader = csv::Reader::from_path(dir.join(&entry.file))?;
        if at == 0 {
            mapping = head(&mut writer, reader.headers()?)?;
        }
        // The agencies' own codes, as a database names them.
        let told = read_truth(File::open(dir.join(&truth_file))?);
        for (number, (record, said)) in (0_u64..).zip(reader.records().zip(told)) {
            let (record, said) = (record?, said?);
            let is_stray = number % STRAY == STRAY - 1;
            let agency = if is_stray {
                "JG-99".to_owned()
            } else {
                format!("JG-{at}")
            };
            let kept = KEPT_OF_EVERYBODY.iter().map(|(_, value, _)| *value);
            writer.write_record(record.iter().chain([agency.as_str()]).chain(kept))?;
            if is_stray {
                truth.count("RUL-LEGACY-NO-PROVIDER", [1, 0, 0]);
                continue;
            }
            *truth.outcomes.entry(said.outcome.as_str().to_owned()).or_default() += 1;
            if said.outcome == Outcome::Refused {
                let rule = PLANTED.iter().find(|(word, _)| *word == said.planted);
                truth.count(rule.ok_or(SynthError::Truth)?.1, [1, 0, 0]);
            }
        }
        std::fs::remove_file(dir.join(&entry.file))?;
        std::fs::remove_file(dir.join(&truth_file))?;
    }
    writer.flush()?;
    for (_, _, rule) in KEPT_OF_EVERYBODY {
        truth.count(rule, [0, 1, 0]);
    }
    truth.providers = providers.iter().map(|code| code.as_str().to_owned()).collect();
    let mut text = String::from("[[tables]]\nfile = \"t_grxypf.csv\"\n\n[[tables]]\nfile = \"t_mdgl.csv\"\n\n");
    text.push_str(
        "[[tables]]\nfile = \"t_xzcf.csv\"\nitem = \"ITM-PENALTY\"\nprovider_column = \"TJJG\"\n\n[tables.providers]\n",
    );
    for (at, provider) in providers.iter().enumerate() {
        line(&mut text, &format!("JG-{at}"), provider.as_str());
    }
    text.push_str("\n[tables.columns]\n");
    text.push_str(&mapping);
    std::fs::write(dir.join("mapping.toml"), text)?;
    Ok(())
}

/// Writes the header of the penalties and returns what each column is.
fn head(writer: &mut csv::Writer<BufWriter<File>>, headers: &csv::StringRecord) -> Result<String, SynthError> {
    let mut mapping = String::new();
    let mut names = Vec::new();
    for (at, header) in headers.iter().enumerate() {
        let name = format!("F{at:03}");
        line(&mut mapping, &name, header.trim_start_matches('\u{feff}'));
        names.push(name);
    }
    names.push("TJJG".to_owned());
    names.extend(KEPT_OF_EVERYBODY.iter().map(|(name, ..)| (*name).to_owned()));
    writer.write_record(&names)?;
    Ok(mapping)
}

fn line(text: &mut String, key: &str, value: &str) {
    // Writing to a text does not fail.
    let _ = writeln!(text, "\"{key}\" = \"{value}\"");
}

/// A table that no item has a place for. Its cells are words, not persons.
fn table(path: &Path, header: &[&str], rows: u64) -> Result<(), SynthError> {
    let mut writer = csv::Writer::from_writer(BufWriter::new(File::create(path)?));
    writer.write_record(header)?;
    for row in 0..rows {
        writer.write_record(header.iter().map(|name| format!("{name}{row}")))?;
    }
    writer.flush()?;
    Ok(())
}
