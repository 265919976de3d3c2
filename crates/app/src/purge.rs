//! The purge report of a migration: what of a legacy platform was not taken, by which rule and law. It is signed like a
//! receipt and holds no personal data.

use std::collections::BTreeMap;

use policy::{Permit, ReadDelivery};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{App, AppError, deliver, deliveries};

/// A rule and how many rows or columns it kept out.
#[derive(Debug, Clone, Serialize)]
pub struct PurgedRule {
    /// Id of the rule, or the code of the fault.
    pub rule: String,
    /// Law or regulation.
    pub document: String,
    /// Article.
    pub article: String,
    /// Why, in Chinese.
    pub message: String,
    /// Why, in English.
    pub message_en: String,
    /// Rows not taken.
    pub rows: u64,
    /// Columns not taken.
    pub columns: u64,
    /// Tables not taken at all.
    pub tables: u64,
}

/// What became of a table.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PurgedTable {
    /// Name of its file.
    pub table: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Item, if it belongs to one.
    pub item: Option<String>,
    /// Rows in it.
    pub rows: u64,
    /// Rows that became part of a delivery, by outcome.
    pub delivered: BTreeMap<String, u64>,
    /// The deliveries, each with a receipt of its own.
    pub deliveries: Vec<uuid::Uuid>,
    /// Rule under which the whole table was refused.
    pub refused_under: Option<String>,
    /// Rows not delivered at all, by rule.
    pub not_delivered: BTreeMap<String, u64>,
    /// Columns not taken: number in the table, and rule.
    pub columns_not_taken: BTreeMap<u32, String>,
}

/// The whole report.
#[derive(Debug, Clone, Serialize)]
pub struct PurgeReport {
    /// Tables in the order of the mapping.
    pub tables: Vec<PurgedTable>,
    /// What law kept out, by rule.
    pub rules: Vec<PurgedRule>,
    /// Rows that were refused because they are faulty, by code: the provider may correct and deliver them.
    pub faulty: BTreeMap<String, u64>,
    /// Rows that are held with a question, by rule.
    pub held: BTreeMap<String, u64>,
    /// SHA-256 of the mapping.
    pub mapping_sha256: String,
    /// SHA-256 of the rules for tables.
    pub table_rules_sha256: String,
}

/// The report as signed bytes; [`deliver::receipt_verifies`] checks them.
///
/// # Errors
///
/// If the report cannot be written as JSON.
pub fn sign(app: &App, report: &PurgeReport) -> Result<Vec<u8>, AppError> {
    let damaged = |_| AppError::Damaged {
        what: "a purge report that cannot be written",
    };
    let mut value = serde_json::to_value(report).map_err(damaged)?;
    if let Value::Object(fields) = &mut value {
        fields.insert("kind".into(), json!("legacy_purge"));
        fields.insert("catalogue_version".into(), json!(app.catalogue().version));
        fields.insert("finished_at".into(), json!(app.now().local_text()));
    }
    deliver::signed(app, &value)
}

/// Rows of a delivery that have a fault, by code and rule; a row counts once for each.
///
/// # Errors
///
/// If the store fails.
pub async fn rows_by_fault(
    app: &App,
    permit: &Permit<ReadDelivery>,
) -> Result<BTreeMap<(String, Option<String>), u64>, AppError> {
    let mut rows: BTreeMap<(String, Option<String>), u64> = BTreeMap::new();
    let mut chunk_no = 0;
    while let Some(lines) = deliveries::fault_lines(app, permit, chunk_no).await? {
        let mut seen = std::collections::BTreeSet::new();
        for line in lines.split(|&byte| byte == b'\n') {
            let Ok(fault) = serde_json::from_slice::<Value>(line) else {
                continue;
            };
            let word = |key: &str| fault.get(key).and_then(Value::as_str).map(ToOwned::to_owned);
            let key = (word("code").unwrap_or_default(), word("rule"));
            if seen.insert((fault.get("line").and_then(Value::as_u64), key.clone())) {
                *rows.entry(key).or_default() += 1;
            }
        }
        chunk_no += 1;
    }
    Ok(rows)
}
