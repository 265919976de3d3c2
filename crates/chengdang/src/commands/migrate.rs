//! `chengdang migrate`

use anyhow::Context;
use translog::TileFolder;
use vault::Vault;

use crate::config::Config;
use crate::exit::Exit;
use crate::{output, wire};

/// Options of `migrate`.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  chengdang migrate\n  CHENGDANG_STORE=postgresql://chengdang@localhost/chengdang chengdang migrate"
)]
pub(crate) struct Args {}

pub(crate) async fn run(config: &Config, _args: Args) -> anyhow::Result<Exit> {
    prepare(config).await?;
    output::line(format_args!("store and keys are ready in {}", config.data.display()))?;
    Ok(Exit::Done)
}

/// Creates what is missing: folder (readable by its owner only), keys, schema. Nothing that exists is overwritten.
pub(crate) async fn prepare(config: &Config) -> anyhow::Result<()> {
    create_private_dir(&config.data)?;
    let keys = config.key_file();
    if !keys.exists() {
        Vault::create(&keys).with_context(|| format!("the key file {} cannot be created", keys.display()))?;
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
