//! Compares what was taken in with what the synthetic city knows to be true, line by line.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::BufReader;

use anyhow::{Context, ensure};
use app::App;
use domain::Uscc;
use policy::ReadDelivery;
use serde_json::Value;
use synth::{Outcome, TruthRow};
use uuid::Uuid;

use crate::city::{Ground, Written, operator};

impl Written {
    /// The truth, row by row.
    pub(crate) fn truth(&self) -> anyhow::Result<impl Iterator<Item = anyhow::Result<TruthRow>> + use<>> {
        let name = self.entry()?.truth.as_ref().context("a delivery without truth")?;
        let file = BufReader::with_capacity(1 << 20, File::open(self.folder.join(name))?);
        Ok(synth::read_truth(file).map(|row| row.map_err(anyhow::Error::from)))
    }
}

/// The receipt's counts are those of the manifest, outcome by outcome and fault by fault.
pub(crate) fn check_counts(written: &Written, receipt: &Value) -> anyhow::Result<()> {
    let entry = written.entry()?;
    let expected = |outcomes: &[Outcome]| -> u64 {
        let counts = outcomes
            .iter()
            .filter_map(|outcome| entry.outcomes.get(outcome.as_str()));
        counts.sum()
    };
    let with_effect = [Outcome::Recorded, Outcome::Corrected, Outcome::Withdrawn];
    let pairs: [(&str, u64); 8] = [
        ("received", entry.rows),
        ("recorded", expected(&with_effect)),
        ("repeated", expected(&[Outcome::Repeated])),
        ("held", expected(&[Outcome::Held])),
        ("pending", expected(&[Outcome::Pending])),
        ("refused", expected(&[Outcome::Refused])),
        ("corrected", expected(&[Outcome::Corrected])),
        ("withdrawn", expected(&[Outcome::Withdrawn])),
    ];
    let mut wrong = Vec::new();
    for (name, wanted) in pairs {
        let counted = receipt.pointer(&format!("/rows/{name}")).and_then(Value::as_u64);
        if counted != Some(wanted) {
            wrong.push(format!("{name} {counted:?} instead of {wanted}"));
        }
    }
    let mut faults: BTreeMap<String, u64> = serde_json::from_value(receipt.get("faults").cloned().unwrap_or_default())?;
    // Questions to the provider are no faults (R7).
    faults.retain(|code, _| !code.starts_with('Q'));
    if faults != entry.faults {
        wrong.push(format!("faults {faults:?} instead of {:?}", entry.faults));
    }
    ensure!(
        wrong.is_empty(),
        "the receipt differs from the truth: {}",
        wrong.join("; ")
    );
    Ok(())
}

/// Every fault that was planted is reported with its line and column, and no other; returns how many there are.
pub(crate) async fn check_faults(
    ground: &Ground,
    written: &Written,
    app: &App,
    receipt: &Value,
) -> anyhow::Result<usize> {
    let delivery = receipt.get("delivery").and_then(Value::as_str).context("a receipt")?;
    let asked = ReadDelivery {
        delivery: Uuid::parse_str(delivery)?,
        provider: Uscc::parse(&written.entry()?.provider)?,
    };
    let permit = ground.policies.decide(&operator(), asked)?;
    let mut reported: BTreeSet<(u64, String, String)> = BTreeSet::new();
    for chunk_no in 0.. {
        let Some(lines) = app::deliveries::fault_lines(app, &permit, chunk_no).await? else {
            break;
        };
        for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let fault: Value = serde_json::from_slice(line)?;
            let text = |key: &str| fault.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            if text("code").starts_with('Q') {
                continue;
            }
            let line = fault
                .get("line")
                .and_then(Value::as_u64)
                .context("a fault without line")?;
            ensure!(
                reported.insert((line, text("code"), text("header"))),
                "line {line} has the same fault twice"
            );
        }
    }
    let found = reported.len();
    for row in written.truth()? {
        let row = row?;
        for fault in row.faults {
            let code = fault.code.clone();
            let is_found = reported.remove(&(u64::from(row.line), fault.code, fault.header));
            ensure!(is_found, "line {}: the planted {code} was not found", row.line);
        }
    }
    ensure!(
        reported.is_empty(),
        "{} false faults, the first in line {:?}",
        reported.len(),
        reported.first().map(|fault| fault.0)
    );
    Ok(found)
}
