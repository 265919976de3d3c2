//! `chengdang verify`

use policy::VerifyStore;
use serde_json::json;

use crate::config::Config;
use crate::exit::Exit;
use crate::{output, wire};

/// Options of `verify`.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  chengdang verify
  chengdang verify --json

Reads the whole store: counts, resume points, receipts and their signatures, every record's content and tag, the blind index,
the log. Exit code 4: damage was found, each row is named.")]
pub(crate) struct Args {
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(config: &Config, args: Args) -> anyhow::Result<Exit> {
    let app = wire::open(config).await?;
    let permit = app.policies().decide(&wire::operator(), VerifyStore)?;
    let bar = output::bar(0, "records");
    let findings = app::verify::run(&app, &permit, |records| bar.set_position(records)).await?;
    bar.finish_and_clear();
    if args.json {
        let damage: Vec<_> = findings
            .damage
            .iter()
            .map(|damage| json!({ "place": damage.place, "what": damage.what }))
            .collect();
        output::line(json!({
            "deliveries": findings.deliveries,
            "chunks": findings.chunks,
            "records": findings.records,
            "staged": findings.staged,
            "log_entries": findings.entries,
            "log_versions": findings.versions,
            "log_key_acts": findings.key_acts,
            "blocks": findings.blocks,
            "compared": findings.compared,
            "damage": damage,
        }))?;
    } else {
        output::line(format_args!(
            "read {} deliveries, {} chunks, {} records, {} waiting rows, {} rows of comparisons, {} log entries",
            findings.deliveries,
            findings.chunks,
            findings.records,
            findings.staged,
            findings.compared,
            findings.entries
        ))?;
        for damage in &findings.damage {
            output::line(format_args!("{}: {}", damage.place, damage.what))?;
        }
        output::line(if findings.damage.is_empty() {
            "no damage"
        } else {
            "DAMAGED"
        })?;
    }
    Ok(if findings.damage.is_empty() {
        Exit::Done
    } else {
        Exit::Damaged
    })
}
