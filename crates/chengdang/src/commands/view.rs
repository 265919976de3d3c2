//! `chengdang view`

use anyhow::bail;
use serde_json::json;
use uuid::Uuid;

use crate::adapters::view::Views;
use crate::config::Config;
use crate::exit::Exit;
use crate::{output, wire};

/// Options of `view`.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  chengdang view                  how far each view was read, and what troubles it
  chengdang view --poll           read what is new, for cron; `chengdang serve` polls by itself
  chengdang view --poll --json

Views stand in the tables `views.NAME` of the configuration. Receipt, faults and the keys of the lines of each delivery lie in
views/NAME/ of the data folder. docs/delivering.md has the rest.")]
pub(crate) struct Args {
    /// Read what is new in every view
    #[arg(long)]
    poll: bool,
    /// Print JSON lines
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(config: &Config, args: Args) -> anyhow::Result<Exit> {
    let app = wire::open(config).await?;
    let mut views = Views::open(&app, config)?;
    let mut failed = Vec::new();
    for view in &mut views.views {
        let mut rows = 0;
        let mut deliveries = Vec::new();
        if args.poll {
            match view.poll().await {
                Ok(poll) => (rows, deliveries) = (poll.rows, poll.deliveries),
                Err(error) => failed.push(format!("{}: {}: {error}", view.name, error.code())),
            }
        }
        let report = view.report();
        if args.json {
            output::line(json!({ "rows": rows, "deliveries": deliveries, "state": report }))?;
        } else {
            output::line(format_args!(
                "{}: {rows} rows in {} deliveries; {report}",
                view.name,
                deliveries.len()
            ))?;
        }
    }
    app::sequencer::run_once(&app, Uuid::nil()).await?;
    if !failed.is_empty() {
        bail!("{}", failed.join("; "));
    }
    Ok(Exit::Done)
}
