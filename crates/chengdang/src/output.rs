//! What commands print: text for people, JSON for programs; progress and logs go to standard error.

use std::io::{IsTerminal, Write};

use indicatif::{ProgressBar, ProgressStyle};
use tracing::subscriber::set_global_default;
use tracing_subscriber::EnvFilter;

use crate::config::Config;

/// Starts the log on standard error, as JSON lines in production, filtered by `log` in the configuration.
///
/// Records of the crate `log` are left out on purpose (`try_init` would let them in): at the level debug tokio-postgres logs
/// the parameters of its statements, among them whatever was typed as a login name.
pub(crate) fn init_log(config: &Config) {
    let filter = EnvFilter::try_new(&config.log).unwrap_or_else(|_| EnvFilter::new("warn"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // A second initialisation cannot happen: this is called once, by main.
    let _ = if config.is_production() {
        set_global_default(builder.json().finish())
    } else {
        set_global_default(builder.compact().finish())
    };
}

/// Prints a line on standard output.
///
/// # Errors
///
/// If standard output is closed.
pub(crate) fn line(text: impl std::fmt::Display) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout().lock(), "{text}")?)
}

/// A bar over `total` steps on standard error; hidden where that is no terminal.
pub(crate) fn bar(total: u64, what: &'static str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(total);
    if let Ok(style) = ProgressStyle::with_template("{msg} {bar:40} {human_pos}/{human_len} {per_sec} {eta}") {
        bar.set_style(style);
    }
    bar.set_message(what);
    bar
}
