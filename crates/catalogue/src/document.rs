//! A parsed file, taken apart entry by entry, so that one bad entry does not hide the findings of the others.

use serde::de::DeserializeOwned;
use toml::{Table, Value};

use crate::finding::{At, Findings, LintRule};
use crate::lint::words;
use crate::source::SourceFile;

/// A file of the catalogue as a table.
#[derive(Debug, Default)]
pub(crate) struct Document {
    /// Name of the file.
    pub(crate) file: String,
    /// Whether its text is TOML; if not, nothing can be said of what it holds.
    pub(crate) is_readable: bool,
    table: Table,
}

impl Document {
    /// Parses `file`; a syntax fault is a finding, and the document is empty then. Keys that would hold a score are
    /// reported under R1 and left out.
    pub(crate) fn parse(file: &SourceFile, findings: &mut Findings) -> Self {
        let mut document = Self {
            file: file.name.clone(),
            is_readable: false,
            table: Table::new(),
        };
        let Ok(text) = std::str::from_utf8(&file.bytes) else {
            findings.add(&document.top(), LintRule::Form, "the file is not UTF-8");
            return document;
        };
        match text.parse::<Table>() {
            Ok(mut table) => {
                take_score_keys(&mut table, &document.top(), findings);
                document.table = table;
                document.is_readable = true;
            }
            Err(fault) => {
                let before = fault.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
                let line = before.matches('\n').count() + 1;
                let at = At::new(&document.file, format!("line {line}"));
                let written = text.lines().nth(line - 1).unwrap_or_default();
                findings.add(
                    &at,
                    LintRule::Form,
                    format!("not TOML: {}{}", fault.message(), hint(written)),
                );
            }
        }
        document
    }

    /// The file as a place.
    pub(crate) fn top(&self) -> At {
        At::new(&self.file, "")
    }

    /// Whether the file was there and could be parsed.
    pub(crate) fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// The whole file as one entry.
    pub(crate) fn whole<T: DeserializeOwned>(&self, findings: &mut Findings) -> Option<T> {
        take(Value::Table(self.table.clone()), &self.top(), findings)
    }

    /// The entries of the list `key`, each with its place.
    pub(crate) fn entries<T: DeserializeOwned>(&self, key: &str, findings: &mut Findings) -> Vec<(At, T)> {
        match self.table.get(key) {
            Some(Value::Array(values)) => entries(values, key, &self.top(), findings),
            Some(_) => {
                findings.add(&self.top(), LintRule::Form, format!("`{key}` is not a list"));
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    /// Reports top-level keys other than these, and a missing `source` where one belongs.
    pub(crate) fn expect_keys(&self, known: &[&str], findings: &mut Findings) {
        for key in self.table.keys().filter(|key| !known.contains(&key.as_str())) {
            findings.add(&self.top(), LintRule::Form, format!("unknown key `{key}`"));
        }
        if known.contains(&"source") && self.text("source").is_none() && !self.is_empty() {
            findings.add(
                &self.top(),
                LintRule::Form,
                "`source` is missing: each datum says where it comes from",
            );
        }
    }

    /// A top-level text.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.table
            .get(key)
            .and_then(Value::as_str)
            .filter(|text| !text.trim().is_empty())
    }

    /// A top-level whole number.
    pub(crate) fn number(&self, key: &str) -> Option<i64> {
        self.table.get(key).and_then(Value::as_integer)
    }
}

/// Takes a list apart; each entry is named by its number and by the id, code, version or header that it carries.
pub(crate) fn entries<T: DeserializeOwned>(
    values: &[Value],
    key: &str,
    at: &At,
    findings: &mut Findings,
) -> Vec<(At, T)> {
    let mut taken = Vec::new();
    for (index, value) in values.iter().enumerate() {
        let name = ["id", "code", "uscc", "version", "header", "year", "class"]
            .iter()
            .find_map(|name| value.get(name))
            .map(|name| name.as_str().map_or_else(|| name.to_string(), str::to_owned));
        let place = match name {
            Some(name) => format!("{key}[{}] {name}", index + 1),
            None => format!("{key}[{}]", index + 1),
        };
        let at = at.within(place);
        if let Some(entry) = take(value.clone(), &at, findings) {
            taken.push((at, entry));
        }
    }
    taken
}

/// Reads one value; what does not fit is a finding.
fn take<T: DeserializeOwned>(value: Value, at: &At, findings: &mut Findings) -> Option<T> {
    match value.try_into() {
        Ok(entry) => Some(entry),
        Err(fault) => {
            findings.add(at, LintRule::Form, fault.message().replace('\n', " "));
            None
        }
    }
}

/// Removes keys such as `score` or `points` wherever they stand, each with a finding.
fn take_score_keys(table: &mut Table, at: &At, findings: &mut Findings) {
    // In a legal basis, `rank` is the rank of the document.
    let is_basis = table.contains_key("document") || table.contains_key("article");
    let is_bad = |key: &&String| words::is_score_key(key) || (key.as_str() == "rank" && !is_basis);
    let bad: Vec<String> = table.keys().filter(is_bad).cloned().collect();
    for key in bad {
        table.remove(&key);
        let message = format!("`{key}`: no score, grade, rank or points of a person can be written in the catalogue");
        findings.add(at, LintRule::R1, message);
    }
    for (key, value) in table.iter_mut() {
        take_score_keys_of(value, &at.within(key), findings);
    }
}

fn take_score_keys_of(value: &mut Value, at: &At, findings: &mut Findings) {
    match value {
        Value::Table(table) => take_score_keys(table, at, findings),
        Value::Array(values) => {
            for (index, value) in values.iter_mut().enumerate() {
                take_score_keys_of(
                    value,
                    &At::new(&at.file, format!("{}[{}]", at.place, index + 1)),
                    findings,
                );
            }
        }
        Value::String(_) | Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => {}
    }
}
/// What a Chinese keyboard does to a line of TOML.
fn hint(line: &str) -> &'static str {
    let outside: String = line.split('"').step_by(2).collect();
    if outside.contains(['“', '”', '‘', '’']) {
        "; quotation marks are \" and not “ ”"
    } else if outside.contains(['，', '；', '：', '＝', '［', '］', '｛', '｝', '＂']) {
        "; the signs between texts are , = [ ] { } and not their full-width forms"
    } else {
        ""
    }
}
