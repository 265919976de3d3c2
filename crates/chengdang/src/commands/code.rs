//! `chengdang code`: for whoever tries the demonstration without an authenticator app.

use std::path::PathBuf;

use anyhow::Context;
use domain::Clock;

use super::demo;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::exit::Exit;
use crate::output;

/// Options of `code`.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  chengdang code\n  chengdang code --data /tmp/city")]
pub(crate) struct Args {
    /// Folder of the demonstration
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

pub(crate) fn run(config: &Config, args: Args) -> anyhow::Result<Exit> {
    let data = args.data.unwrap_or_else(|| config.data.clone());
    let logins = demo::read_logins(&data).with_context(|| {
        format!(
            "there is no demonstration in {}; `chengdang demo` makes one",
            data.display()
        )
    })?;
    for login in logins {
        let code = app::accounts::one_time_code(&login.totp_secret, SystemClock.now())?;
        output::line(format_args!("{:<20} {code}", login.user))?;
    }
    Ok(Exit::Done)
}
