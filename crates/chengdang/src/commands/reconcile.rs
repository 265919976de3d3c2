//! `chengdang reconcile`

use anyhow::Context;
use app::reconcile::{Agreement, Reconciliation, reconcile};
use domain::{Clock, Day, Uscc};
use policy::ListDeliveries;
use store::Counts;

use crate::adapters::drop::statement;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::exit::Exit;
use crate::{output, wire};

/// Options of `reconcile`.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  chengdang reconcile --provider 11370199MB0000001A
  chengdang reconcile --provider 11370199MB0000001A --day 2026-11-24 --json

The provider's own statement is read from DAY.manifest.json in its drop folder: a JSON list of objects with `item` and, as far
as it likes, `sha256`, `rows` and `bytes`. Exit code 3: what is stated and what arrived differ.")]
pub(crate) struct Args {
    /// Unified social credit code of the provider
    #[arg(long, value_name = "USCC")]
    provider: String,
    /// Day of arrival, China Standard Time; today if not given
    #[arg(long, value_name = "YYYY-MM-DD")]
    day: Option<String>,
    /// The provider's statement, instead of the one in its drop folder
    #[arg(long, value_name = "FILE")]
    statement: Option<std::path::PathBuf>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(config: &Config, args: Args) -> anyhow::Result<Exit> {
    let provider = Uscc::parse(&args.provider).context("--provider is not a unified social credit code")?;
    let day = match &args.day {
        Some(text) => Day::parse_iso(text).context("--day is not a day of the form YYYY-MM-DD")?,
        None => SystemClock.today(),
    };
    let statements = match &args.statement {
        Some(path) => {
            let file = std::fs::File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
            statement::read(file)
        }
        None => statement::find(&config.drop.folder, &provider, day),
    }
    .context("RECONCILE-0001: the provider's statement cannot be read; it is a JSON list with `item`, `sha256`, `rows`, `bytes`")?;
    let app = wire::open(config).await?;
    let permit = app.policies().decide(
        &wire::operator(),
        ListDeliveries {
            provider: Some(provider),
        },
    )?;
    let report = reconcile(&app, &permit, day, statements).await?;
    if args.json {
        output::line(serde_json::to_string(&report)?)?;
    } else {
        print(&report)?;
    }
    let agrees = report
        .statements
        .iter()
        .all(|compared| compared.agreement == Agreement::Agrees);
    Ok(if agrees && report.unannounced.is_empty() {
        Exit::Done
    } else {
        Exit::Refused
    })
}

fn print(report: &Reconciliation) -> anyhow::Result<()> {
    let sum = |rows: &Counts| {
        format!(
            "received {} = recorded {} + repeated {} + held {} + pending {} + refused {}",
            rows.received, rows.recorded, rows.repeated, rows.held, rows.pending, rows.refused
        )
    };
    output::line(format_args!(
        "{} on {}: {}",
        report.provider,
        report.day,
        sum(&report.rows)
    ))?;
    for (adapter, rows) in &report.by_adapter {
        output::line(format_args!("  {adapter}: {}", sum(rows)))?;
    }
    for line in &report.deliveries {
        output::line(format_args!(
            "{}  {}  {:<20} {:<13} {:<9} {}",
            line.delivery,
            line.received_at,
            line.item,
            line.adapter,
            line.state,
            sum(&line.rows)
        ))?;
        for question in &line.open {
            let (kind, reason, rows) = (question.kind, &question.reason, question.rows);
            output::line(format_args!("    open, {kind}: {reason}: {rows}"))?;
        }
    }
    for compared in &report.statements {
        let word = match compared.agreement {
            Agreement::Agrees => "agrees",
            Agreement::Differs => "DIFFERS",
            Agreement::Missing => "MISSING",
        };
        let said = &compared.statement;
        output::line(format_args!(
            "stated: {} rows {} sha256 {}: {word}",
            said.item,
            said.rows.map_or_else(|| "-".to_owned(), |rows| rows.to_string()),
            said.sha256.as_deref().unwrap_or("-")
        ))?;
    }
    for delivery in &report.unannounced {
        output::line(format_args!("arrived but not stated: {delivery}"))?;
    }
    for day in &report.missing_days {
        output::line(format_args!("nothing arrived on the working day {day}"))?;
    }
    for day in &report.days_without_calendar {
        output::line(format_args!(
            "the official calendar of {day} is not entered: nothing is said about it"
        ))?;
    }
    Ok(())
}
