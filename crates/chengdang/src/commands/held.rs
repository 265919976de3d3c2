//! `chengdang held`

use policy::ReleaseHeld;
use uuid::Uuid;

use crate::config::Config;
use crate::exit::Exit;
use crate::{output, wire};

/// Options of `held`.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  chengdang held        after a new identity register was put in place")]
pub(crate) struct Args {}

pub(crate) async fn run(config: &Config, _args: Args) -> anyhow::Result<Exit> {
    let app = wire::open(config).await?;
    let permit = app.policies().decide(&wire::operator(), ReleaseHeld)?;
    let released = app::held::release(&app, &permit).await?;
    app::sequencer::run_once(&app, Uuid::nil()).await?;
    output::line(format_args!(
        "held rows looked at {}: recorded {}, to review {}, still held {}",
        released.looked_at, released.recorded, released.pending, released.still_held
    ))?;
    Ok(Exit::Done)
}
