//! `chengdang migrate`

use anyhow::Context;
use translog::TileFolder;

use crate::config::Config;
use crate::exit::Exit;
use crate::{output, wire};

/// Options of `migrate`.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  chengdang migrate\n  chengdang migrate --suite sm       with SM4, SM3 and SM2, decided once\n  CHENGDANG_STORE=postgresql://chengdang@localhost/chengdang chengdang migrate"
)]
pub(crate) struct Args {
    /// Suite of ciphers of a key file that is made now, instead of the configured one
    #[arg(long, value_parser = ["international", "sm"])]
    suite: Option<String>,
}

pub(crate) async fn run(config: &Config, args: Args) -> anyhow::Result<Exit> {
    let mut config = config.clone();
    if let Some(suite) = args.suite {
        config.suite = suite;
    }
    let config = &config;
    prepare(config).await?;
    output::line(format_args!("store and keys are ready in {}", config.data.display()))?;
    Ok(Exit::Done)
}

/// Creates what is missing: folder (readable by its owner only), keys, schema. Nothing that exists is overwritten.
pub(crate) async fn prepare(config: &Config) -> anyhow::Result<()> {
    create_private_dir(&config.data)?;
    let keys = config.key_file();
    if !keys.exists() {
        wire::create_keys(config)?;
    }
    // Made now, so that a server comes up on a full disk, too.
    let log = config.log_folder();
    TileFolder::open(&log).with_context(|| format!("the folder {} of the log cannot be made", log.display()))?;
    wire::migrate_store(config).await
}

fn create_private_dir(path: &std::path::Path) -> anyhow::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    if path.is_dir() {
        return Ok(());
    }
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("the folder {} cannot be created", path.display()))
}
