//! Migration of a legacy platform: the rows of its tables go through the same intake as any delivery, and what the law does
//! not let in is reported rule by rule. Started again, it goes on where it stopped: the same dump gives the same bytes.

mod mapping;
mod table;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use app::deliver::{deliver_staged, discard_staged, stage};
use app::purge::{PurgeReport, PurgedRule, PurgedTable, rows_by_fault};
use app::{Adapter, App};
use domain::Uscc;
use domain::catalogue::{Item, ItemId};
use futures::StreamExt;
use policy::ReadDelivery;
use serde_json::Value;
use tokio::sync::mpsc;

use self::mapping::{Mapping, NO_ITEM, NO_PROVIDER, TableRules};
use self::table::DumpTable;
use super::outcome;
use crate::wire;

/// Faults that say what the law does not let in; the others say what is wrong with a row.
const OF_LAW: [&str; 3] = ["E11", "E13", "E14"];
/// Warnings: the row is kept.
const WARNINGS: [&str; 2] = ["E12", "E16"];
const QUESTIONS: [&str; 2] = ["Q01", "Q02"];

/// Takes in the tables and draws up the report.
///
/// # Errors
///
/// If the mapping does not fit the dump or the catalogue, or the intake fails. Nothing acknowledged is lost then.
pub(crate) async fn migrate(
    app: &App,
    dump: &Path,
    mapping: &Path,
    catalogue_dir: &Path,
) -> anyhow::Result<PurgeReport> {
    let mapping = Mapping::read(mapping, dump, app.catalogue())?;
    let rules = TableRules::read(catalogue_dir, app.clock().today())?;
    // Every header is looked at before the first row is taken.
    let tables: Vec<DumpTable<'_>> = mapping
        .tables
        .iter()
        .map(|table| DumpTable::open(dump, table, &rules, app.catalogue()))
        .collect::<anyhow::Result<_>>()?;
    let mut tally = Tally::default();
    let mut report = PurgeReport {
        tables: Vec::new(),
        rules: Vec::new(),
        faulty: BTreeMap::new(),
        held: BTreeMap::new(),
        mapping_sha256: mapping.sha256.clone(),
        table_rules_sha256: rules.sha256.clone(),
    };
    for table in &tables {
        let done = one_table(app, table, &mut tally).await?;
        report.tables.push(done);
    }
    report.rules = tally
        .rules
        .iter()
        .map(|(rule, kept_out)| named(app, &rules, rule, *kept_out))
        .collect::<anyhow::Result<_>>()?;
    report.faulty = tally.faulty;
    report.held = tally.held;
    Ok(report)
}

#[derive(Debug, Clone, Copy, Default)]
struct KeptOut {
    rows: u64,
    columns: u64,
    tables: u64,
}

#[derive(Default)]
struct Tally {
    rules: BTreeMap<String, KeptOut>,
    faulty: BTreeMap<String, u64>,
    held: BTreeMap<String, u64>,
}

impl Tally {
    fn of(&mut self, rule: &str) -> &mut KeptOut {
        self.rules.entry(rule.to_owned()).or_default()
    }
}

async fn one_table(app: &App, table: &DumpTable<'_>, tally: &mut Tally) -> anyhow::Result<PurgedTable> {
    let mut done = PurgedTable {
        table: table.mapping.file.clone(),
        sha256: table::hash(&table.path)?,
        item: table.mapping.item.clone(),
        ..PurgedTable::default()
    };
    let item = match &table.mapping.item {
        Some(id) => app.catalogue().items.get(&ItemId::parse(id)?),
        None => None,
    };
    let count = tokio::task::block_in_place(|| table.count(item))?;
    done.rows = count.rows;
    let Some(item) = item else {
        let rule = table.head.table_rule.clone().unwrap_or_else(|| NO_ITEM.to_owned());
        let kept_out = tally.of(&rule);
        kept_out.tables += 1;
        kept_out.rows += count.rows;
        done.not_delivered.insert(rule.clone(), count.rows);
        done.refused_under = Some(rule);
        return Ok(done);
    };
    for rule in table.head.not_taken.values() {
        tally.of(rule).columns += 1;
    }
    done.columns_not_taken.clone_from(&table.head.not_taken);
    for (provider, rows) in &count.by_provider {
        match provider {
            None => {
                tally.of(NO_PROVIDER).rows += rows;
                done.not_delivered.insert(NO_PROVIDER.to_owned(), *rows);
            }
            Some(provider) => one_delivery(app, table, item, provider, &mut done, tally).await?,
        }
    }
    let accounted =
        done.delivered.get("received").copied().unwrap_or_default() + done.not_delivered.values().sum::<u64>();
    if accounted != done.rows {
        bail!(
            "LEGACY-0009: {}: {} rows in the table, {accounted} accounted for",
            done.table,
            done.rows
        );
    }
    Ok(done)
}

async fn one_delivery(
    app: &App,
    table: &DumpTable<'_>,
    item: &Item,
    provider: &Uscc,
    done: &mut PurgedTable,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let caller = wire::adapter(Adapter::Legacy);
    let permit = wire::may_deliver(app, &caller, &item.id, provider)?;
    let (sender, receiver) = mpsc::channel(4);
    let body = futures::stream::unfold(receiver, |mut receiver| async move {
        let piece = receiver.recv().await?;
        Some((piece, receiver))
    })
    .boxed();
    // The table is read on a thread of its own while its bytes are sealed onto the disk, so that it is never whole in memory.
    let staged = std::thread::scope(|scope| {
        let reading = scope.spawn(move || table.send(item, provider, &sender));
        let name = format!("{}.csv", provider.as_str());
        let staged = tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(stage(app, &permit, &name, body))
        });
        let read = reading.join().map_err(|_| anyhow!("the table could not be read"))?;
        read.context("the table could not be turned into a delivery")?;
        staged.map_err(|error| coded(&error))
    })?;
    let receipt = deliver_staged(app, &permit, staged.uuid)
        .await
        .map_err(|error| coded(&error))?;
    discard_staged(app, &permit, staged.uuid)
        .await
        .map_err(|error| coded(&error))?;
    let (delivery, state) = outcome::named_by(&receipt)?;
    if state == "refused" {
        bail!(
            "LEGACY-0010: {}: the mapped columns are no header version of {}; see `chengdang faults {delivery}`",
            done.table,
            item.id
        );
    }
    let value: Value = serde_json::from_slice(&receipt)?;
    for (outcome, rows) in value
        .pointer("/receipt/rows")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        *done.delivered.entry(outcome.clone()).or_default() += rows.as_u64().unwrap_or_default();
    }
    done.deliveries.push(delivery);
    let permit = app.policies().decide(
        &caller,
        ReadDelivery {
            delivery,
            provider: provider.clone(),
        },
    )?;
    for ((code, rule), rows) in rows_by_fault(app, &permit).await? {
        let code = code.as_str();
        if OF_LAW.contains(&code) {
            tally.of(rule.as_deref().unwrap_or(code)).rows += rows;
        } else if QUESTIONS.contains(&code) {
            *tally.held.entry(rule.unwrap_or_else(|| code.to_owned())).or_default() += rows;
        } else if !WARNINGS.contains(&code) {
            *tally.faulty.entry(code.to_owned()).or_default() += rows;
        }
    }
    Ok(())
}

fn coded(error: &app::deliver::DeliverError) -> anyhow::Error {
    anyhow!("{}: {error}", error.code())
}

/// A rule with its legal source: from the rules for tables, the intake rules, the dropped columns or the codes.
fn named(app: &App, rules: &TableRules, id: &str, kept_out: KeptOut) -> anyhow::Result<PurgedRule> {
    let catalogue = app.catalogue();
    let of_tables = rules
        .rules
        .iter()
        .filter(|rule| rule.id == id)
        .map(|rule| (&rule.message, &rule.basis));
    let of_codes = rules
        .codes
        .iter()
        .filter(|code| code.code == id)
        .map(|code| (&code.message, &code.basis));
    let own = of_tables
        .chain(of_codes)
        .map(|(message, basis)| [&message.zh, &message.en, &basis.document, &basis.article].map(Clone::clone))
        .next();
    let of_rows = catalogue
        .intake_rules
        .iter()
        .filter(|rule| rule.id.as_str() == id)
        .map(|rule| (&rule.message, &rule.basis));
    let of_columns = catalogue
        .dropped_columns
        .iter()
        .filter(|column| column.id.as_str() == id)
        .map(|column| (&column.message, &column.basis));
    let shared = of_rows
        .chain(of_columns)
        .map(|(message, basis)| [&message.zh, &message.en, &basis.document, &basis.article].map(Clone::clone))
        .next();
    let [message, message_en, document, article] = own
        .or(shared)
        .with_context(|| format!("LEGACY-0011: {id} has no legal source in the catalogue"))?;
    Ok(PurgedRule {
        rule: id.to_owned(),
        document,
        article,
        message,
        message_en,
        rows: kept_out.rows,
        columns: kept_out.columns,
        tables: kept_out.tables,
    })
}
