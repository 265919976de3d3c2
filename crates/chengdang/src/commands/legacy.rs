//! `chengdang legacy`

use std::path::PathBuf;

use anyhow::Context;
use uuid::Uuid;

use crate::adapters::legacy::migrate;
use crate::config::Config;
use crate::exit::Exit;
use crate::{output, wire};

/// Options of `legacy`.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  chengdang legacy dump --mapping mapping.toml --report purge.json

DUMP holds one CSV or XLSX file per table. The mapping says for each which item its rows are and which column is which; a table
without an item is refused as a whole and reported with its rule. docs/delivering.md shows a mapping. The report is signed like a
receipt and holds no personal data. Started again it has no second effect.")]
pub(crate) struct Args {
    /// Folder with the tables
    dump: PathBuf,
    /// What the tables are (TOML)
    #[arg(long, value_name = "FILE")]
    mapping: PathBuf,
    /// Where to write the signed purge report
    #[arg(long, value_name = "FILE")]
    report: PathBuf,
}

pub(crate) async fn run(config: &Config, args: Args) -> anyhow::Result<Exit> {
    // The limit is for uploads; what lies on the host is bounded by the reader's own limits.
    let mut config = config.clone();
    config.upload_mib_max = u64::MAX >> 20;
    let app = wire::open(&config).await?;
    let report = migrate(&app, &args.dump, &args.mapping, &config.catalogue).await?;
    app::sequencer::run_once(&app, Uuid::nil()).await?;
    let signed = app::purge::sign(&app, &report)?;
    std::fs::write(&args.report, &signed).with_context(|| format!("{} cannot be written", args.report.display()))?;
    for table in &report.tables {
        let count = |key: &str| table.delivered.get(key).copied().unwrap_or_default();
        output::line(format_args!(
            "{}: {} rows; recorded {}, repeated {}, held {}, pending {}, refused {}, not delivered {}",
            table.table,
            table.rows,
            count("recorded"),
            count("repeated"),
            count("held"),
            count("pending"),
            count("refused"),
            table.not_delivered.values().sum::<u64>()
        ))?;
    }
    for rule in &report.rules {
        output::line(format_args!(
            "not taken under {}: {} rows, {} columns, {} tables ({} {})",
            rule.rule, rule.rows, rule.columns, rule.tables, rule.document, rule.article
        ))?;
    }
    Ok(Exit::Done)
}
