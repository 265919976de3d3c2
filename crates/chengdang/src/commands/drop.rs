//! `chengdang drop`

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde_json::json;
use uuid::Uuid;

use crate::adapters::drop::{FileDrop, watch};
use crate::config::Config;
use crate::exit::Exit;
use crate::{output, wire};

/// Options of `drop`.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  chengdang drop --once          one look, for cron; `chengdang serve` watches by itself
  chengdang drop --once --json

Files lie in FOLDER/USCC/ITM-…/ (`folder` in the table `drop` of the configuration). What became of NAME stands in done/ or
refused/ there: NAME.receipt.json, NAME.faults.csv, or NAME.error.json with a code and what to do. docs/delivering.md has the rest.")]
pub(crate) struct Args {
    /// Look once and end, instead of watching
    #[arg(long)]
    once: bool,
    /// Print what was done as JSON
    #[arg(long, requires = "once")]
    json: bool,
}

pub(crate) async fn run(config: &Config, args: Args) -> anyhow::Result<Exit> {
    let app = wire::open(config).await?;
    let stop = Arc::new(AtomicBool::new(false));
    if !args.once {
        let watching = watch(app.clone(), config.clone(), stop);
        let sequencer = app::sequencer::run(app);
        tokio::select! {
            () = watching => {}
            () = sequencer => {}
        }
        return Ok(Exit::Done);
    }
    let mut drop = FileDrop::open(&app, config, stop)?;
    let round = tokio::task::spawn_blocking(move || drop.round()).await??;
    app::sequencer::run_once(&app, Uuid::nil()).await?;
    if args.json {
        output::line(json!({
            "taken_in": round.taken_in,
            "refused": round.refused,
            "unfinished": round.unfinished,
            "troubled": round.troubled,
        }))?;
    } else {
        output::line(format_args!(
            "taken in {}, refused {}, not complete yet {}, in trouble {}",
            round.taken_in, round.refused, round.unfinished, round.troubled
        ))?;
    }
    Ok(Exit::Done)
}
