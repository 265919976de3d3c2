//! `chengdang deliveries`

use app::deliver::state_word;
use policy::ListDeliveries;
use serde_json::json;

use crate::config::Config;
use crate::exit::Exit;
use crate::{output, wire};

/// Options of `deliveries`.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  chengdang deliveries\n  chengdang deliveries --limit 5 --json")]
pub(crate) struct Args {
    /// How many, newest first
    #[arg(long, default_value_t = 50)]
    limit: u32,
    /// One JSON object per line
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(config: &Config, args: Args) -> anyhow::Result<Exit> {
    let app = wire::open(config).await?;
    let permit = app
        .policies()
        .decide(&wire::operator(), ListDeliveries { provider: None })?;
    for delivery in app::deliveries::list(&app, &permit, args.limit).await? {
        let counts = delivery.counts;
        if args.json {
            output::line(json!({
                "delivery": delivery.uuid,
                "item": delivery.item.as_str(),
                "provider": delivery.provider.as_str(),
                "state": state_word(delivery.state),
                "received_at": delivery.received_at.local_text(),
                "rows": {
                    "received": counts.received, "recorded": counts.recorded, "repeated": counts.repeated,
                    "held": counts.held, "pending": counts.pending, "refused": counts.refused,
                },
                "faults": delivery.faults,
            }))?;
        } else {
            output::line(format_args!(
                "{}  {}  {:<20} {:<9} {:>9} rows, {} recorded, {} repeated, {} held, {} pending, {} refused",
                delivery.uuid,
                delivery.received_at.local_text(),
                delivery.item,
                state_word(delivery.state),
                counts.received,
                counts.recorded,
                counts.repeated,
                counts.held,
                counts.pending,
                counts.refused
            ))?;
        }
    }
    Ok(Exit::Done)
}
