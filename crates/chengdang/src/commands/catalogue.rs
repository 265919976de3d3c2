//! `chengdang catalogue`

use std::path::PathBuf;

use anyhow::Context;
use clap::Subcommand;

use crate::config::Config;
use crate::exit::Exit;
use crate::{output, wire};

/// Options of `catalogue`.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  chengdang catalogue lint
  chengdang catalogue show ITM-PENALTY
  chengdang catalogue diff ../last-year/catalogue catalogue")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check the catalogue against form and rights floor; every finding is printed (exit code 4 if there is one)
    Lint {
        /// Folder; the configured one if not given
        dir: Option<PathBuf>,
    },
    /// Show the items, or one item with its seven elements, fields and header versions; also purposes, measures, lists, rules
    Show {
        /// What, such as ITM-PENALTY, PUR-…, MSR-…, CL-…, RUL-…; everything in a few lines if not given
        item: Option<String>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// What changed between two catalogues
    Diff {
        /// Folder of the earlier one
        old: PathBuf,
        /// Folder of the later one
        new: PathBuf,
    },
}

pub(crate) fn run(config: &Config, args: Args) -> anyhow::Result<Exit> {
    match args.command {
        Command::Lint { dir } => lint(&dir.unwrap_or_else(|| config.catalogue.clone())),
        Command::Show { item, json } => show(config, item.as_deref(), json),
        Command::Diff { old, new } => {
            for change in catalogue::diff(&wire::open_catalogue(&old)?, &wire::open_catalogue(&new)?) {
                output::line(change)?;
            }
            Ok(Exit::Done)
        }
    }
}

fn lint(dir: &std::path::Path) -> anyhow::Result<Exit> {
    let findings =
        catalogue::lint(dir).with_context(|| format!("the catalogue in {} cannot be read", dir.display()))?;
    for finding in &findings {
        output::line(finding)?;
    }
    if findings.is_empty() {
        output::line("the catalogue is sound")?;
        Ok(Exit::Done)
    } else {
        Ok(Exit::Damaged)
    }
}

fn show(config: &Config, item: Option<&str>, as_json: bool) -> anyhow::Result<Exit> {
    let catalogue = wire::open_catalogue(&config.catalogue)?;
    let text = match item {
        None if as_json => catalogue::overview_json(&catalogue).to_string(),
        None => catalogue::overview_text(&catalogue),
        Some(id) if as_json => catalogue::show_json(&catalogue, id)
            .map(|value| value.to_string())
            .with_context(|| missing(id))?,
        Some(id) => catalogue::show_text(&catalogue, id).with_context(|| missing(id))?,
    };
    output::line(text.trim_end())?;
    Ok(Exit::Done)
}

fn missing(id: &str) -> String {
    format!("the catalogue has no {id}; `chengdang catalogue show` lists what there is")
}
