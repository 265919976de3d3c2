//! `chengdang events`

use clap::Subcommand;

use crate::config::Config;
use crate::exit::Exit;
use crate::{output, wire};

/// Events listed at once.
const LISTED_MAX: u32 = 1_000;

/// Options of `events`.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  chengdang events status      how many wait, how many were given up\n  chengdang events dead        those that were given up\n  chengdang events revive      try them again, after the recipient is back"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Say how many events wait and how many were given up
    Status,
    /// List the events that were given up
    Dead,
    /// Try all that was given up again
    Revive,
}

pub(crate) async fn run(config: &Config, args: Args) -> anyhow::Result<Exit> {
    let app = wire::open(config).await?;
    match args.command {
        Command::Status => {
            let counts = app::events::counts(&app).await?;
            let since = counts
                .waiting_since
                .map(|at| format!(", the oldest since {}", at.local_text()));
            output::line(format_args!(
                "waiting {}{}; given up {}",
                counts.waiting,
                since.unwrap_or_default(),
                counts.dead
            ))?;
        }
        Command::Dead => {
            let dead = app::events::dead(&app, LISTED_MAX).await?;
            for dead in &dead {
                output::line(format_args!(
                    "{} {} {} after {} attempts, to {} of {}",
                    dead.event.uuid,
                    dead.event.at.local_text(),
                    dead.event.kind.as_str(),
                    dead.attempts,
                    dead.url,
                    dead.event.organisation
                ))?;
            }
            if u32::try_from(dead.len()).is_ok_and(|listed| listed == LISTED_MAX) {
                output::line(format_args!("the first {LISTED_MAX} are listed; `status` counts all"))?;
            }
        }
        Command::Revive => {
            let revived = app::events::revive(&app).await?;
            output::line(format_args!("{revived} events are tried again"))?;
        }
    }
    Ok(Exit::Done)
}
