//! `chengdang deliver`

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use app::deliver::Progress;
use domain::Uscc;
use domain::catalogue::ItemId;
use serde_json::Value;
use uuid::Uuid;

use crate::config::Config;
use crate::exit::Exit;
use crate::{output, wire};

/// Options of `deliver`.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  chengdang deliver penalties.csv --item ITM-PENALTY --provider 11370199MB0000001A
  chengdang deliver honours.xlsx --item ITM-HONOUR --provider 11370199MB0000001A --json

The same bytes again give the same receipt and have no second effect; an interrupted delivery goes on where it stopped.
Exit code 3: the file was refused as a whole; the receipt says why.")]
pub(crate) struct Args {
    /// CSV or XLSX file
    file: PathBuf,
    /// Item of the catalogue, such as ITM-PENALTY
    #[arg(long, value_name = "ITM")]
    item: String,
    /// Unified social credit code of the organisation that delivers
    #[arg(long, value_name = "USCC")]
    provider: String,
    /// Print the signed receipt as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(config: &Config, args: Args) -> anyhow::Result<Exit> {
    let item = ItemId::parse(&args.item).context("--item is not an item id")?;
    let provider = Uscc::parse(&args.provider).context("--provider is not a unified social credit code")?;
    let app = wire::open(config).await?;
    let permit = wire::may_deliver(&app, &wire::operator(), &item, &provider)?;
    let file = File::open(&args.file).with_context(|| format!("{} cannot be read", args.file.display()))?;
    let name = args
        .file
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let receipt = app::deliver::deliver_file(&app, &permit, file, &name, |progress| {
        tokio::spawn(show(progress));
    })
    .await
    .map_err(|error| anyhow!("{}: {error}", error.code()))?;
    app::sequencer::run_once(&app, Uuid::nil()).await?;
    print(&receipt, args.json)
}

/// Draws the progress until the intake ends and drops its side.
async fn show(progress: Arc<Progress>) {
    let bar = output::bar(0, "rows");
    while Arc::strong_count(&progress) > 1 {
        bar.set_length(progress.rows_total().unwrap_or_default());
        bar.set_position(progress.rows_done());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    bar.finish_and_clear();
}

fn print(receipt: &[u8], as_json: bool) -> anyhow::Result<Exit> {
    let value: Value = serde_json::from_slice(receipt).context("the receipt cannot be read")?;
    let inner = value.get("receipt").cloned().unwrap_or_default();
    let is_refused = inner.get("state").and_then(Value::as_str) == Some("refused");
    if as_json {
        output::line(String::from_utf8_lossy(receipt))?;
    } else {
        print_text(&inner)?;
    }
    Ok(if is_refused { Exit::Refused } else { Exit::Done })
}

fn print_text(receipt: &Value) -> anyhow::Result<()> {
    let text = |key: &str| receipt.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    output::line(format_args!(
        "delivery {} {} ({})",
        text("delivery"),
        text("item_name"),
        text("state")
    ))?;
    let rows = receipt.get("rows").cloned().unwrap_or_default();
    let count = |key: &str| rows.get(key).and_then(Value::as_u64).unwrap_or_default();
    output::line(format_args!(
        "received {} = recorded {} + repeated {} + held {} + pending {} + refused {}",
        count("received"),
        count("recorded"),
        count("repeated"),
        count("held"),
        count("pending"),
        count("refused")
    ))?;
    for (code, number) in receipt.get("faults").and_then(Value::as_object).into_iter().flatten() {
        output::line(format_args!("  {code}  {number}"))?;
    }
    output::line(format_args!(
        "faults line by line: chengdang faults {}",
        text("delivery")
    ))
}
