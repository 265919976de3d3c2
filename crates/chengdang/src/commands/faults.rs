//! `chengdang faults`

use std::io::Write;

use anyhow::Context;
use policy::ReadDelivery;
use uuid::Uuid;

use crate::config::Config;
use crate::exit::Exit;
use crate::wire;

/// Options of `faults`.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  chengdang faults 019ab… > faults.csv\n  chengdang faults 019ab… --json | head")]
pub(crate) struct Args {
    /// Delivery, as its receipt names it
    delivery: Uuid,
    /// One JSON object per line instead of the CSV file for the provider
    #[arg(long)]
    json: bool,
    /// Messages in English instead of Chinese
    #[arg(long)]
    english: bool,
}

pub(crate) async fn run(config: &Config, args: Args) -> anyhow::Result<Exit> {
    let app = wire::open(config).await?;
    let head = app::deliveries::find(&app, args.delivery)
        .await?
        .context("there is no such delivery")?;
    let permit = app.policies().decide(
        &wire::operator(),
        ReadDelivery {
            delivery: head.uuid,
            provider: head.provider,
        },
    )?;
    let language = if args.english {
        intake::Lang::En
    } else {
        intake::Lang::Zh
    };
    let mut chunk_no = 0;
    // Chunk by chunk, so that a file that is wrong in every row needs no more memory than one chunk.
    while let Some(lines) = app::deliveries::fault_lines(&app, &permit, chunk_no).await? {
        let bytes = if args.json {
            lines
        } else {
            intake::fault_csv(&lines, language, chunk_no == 0)
        };
        std::io::stdout().lock().write_all(&bytes)?;
        chunk_no += 1;
    }
    Ok(Exit::Done)
}
