//! `chengdang reviews`

use policy::ListReviews;
use serde_json::json;

use crate::config::Config;
use crate::exit::Exit;
use crate::{output, wire};

/// Options of `reviews`.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  chengdang reviews
  chengdang reviews --json

Reviews are decided by an officer of the delivering organisation on the pages, never here.")]
pub(crate) struct Args {
    /// How many, oldest first
    #[arg(long, default_value_t = 100)]
    limit: u32,
    /// One JSON object per line
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(config: &Config, args: Args) -> anyhow::Result<Exit> {
    let app = wire::open(config).await?;
    let permit = app
        .policies()
        .decide(&wire::operator(), ListReviews { organisation: None })?;
    for review in app::reviews::list(&app, &permit, args.limit).await? {
        if args.json {
            output::line(json!({
                "review": review.uuid,
                "item": review.item.as_str(),
                "delivery": review.delivery,
                "line": review.line,
                "reason": review.reason,
                "opened_at": review.opened_at.local_text(),
            }))?;
        } else {
            output::line(format_args!(
                "{}  {}  {:<20} line {:>7}  {}",
                review.uuid,
                review.opened_at.local_text(),
                review.item,
                review.line,
                review.reason
            ))?;
        }
    }
    Ok(Exit::Done)
}
