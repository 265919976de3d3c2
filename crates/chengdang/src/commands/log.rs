//! `chengdang log`

use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};
use app::AppError;
use clap::Subcommand;
use policy::VerifyStore;
use serde_json::json;

use crate::config::Config;
use crate::exit::Exit;
use crate::monitor::{Finding, Watched, look};
use crate::{output, wire};

/// Options of `log`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: LogCommand,
}

#[derive(Subcommand)]
enum LogCommand {
    /// Check the whole log against itself: rows, leaves, tiles, signed heads, checkpoint
    Verify(VerifyArgs),
    /// Print the proof that an entry is in the published log
    Prove(ProveArgs),
    /// Follow a log from outside: whether it only ever grows
    Monitor(MonitorArgs),
    /// Print name and key of the log, as verifiers and witnesses need them
    Key(KeyArgs),
}

/// Options of `log verify`.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  chengdang log verify
  chengdang log verify --json

Reads every entry, hashes it and holds the tree against the tiles, every head that was signed, and the published checkpoint with
its cosignatures. Exit code 4: damage was found, each row or tile is named.")]
struct VerifyArgs {
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
}

/// Options of `log prove`.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  chengdang log prove 17
  chengdang log prove 5f2c…c1 > entry.tlog-proof && chengdang-verify proof entry.tlog-proof --log \"$(chengdang log key)\"")]
struct ProveArgs {
    /// Hash of the entry (64 hexadecimal digits), or its number in the log
    #[arg(value_name = "ENTRY-HASH|INDEX")]
    entry: String,
}

/// Options of `log monitor`.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  chengdang log monitor http://127.0.0.1:8370/log --log 'credit.example/log+…' --state seen.checkpoint

Keeps what it saw in the state file, and compares the next time: run it from cron, on a machine that has nothing to do with the
log. Exit code 4: the log went back, changed what it had published, or is not signed by its key or its witnesses; 1: it does not
answer.")]
struct MonitorArgs {
    /// Address of the log, before /checkpoint
    url: String,
    /// Keys of the log, as `log key` prints them; several while one is being replaced
    #[arg(long, value_name = "VKEY", required = true)]
    log: Vec<String>,
    /// Keys of its witnesses
    #[arg(long, value_name = "VKEY")]
    witness: Vec<String>,
    /// How many of the witnesses must have cosigned; all of them if not given
    #[arg(long, value_name = "N")]
    quorum: Option<usize>,
    /// File in which is kept what was seen
    #[arg(long, value_name = "FILE")]
    state: PathBuf,
    /// Print what was found as JSON
    #[arg(long)]
    json: bool,
}

/// Options of `log key`.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  chengdang log key
  chengdang log key --former

Two lines while the signing key is being replaced, the newer key first: give both to witnesses and auditors.")]
struct KeyArgs {
    /// Also keys that were retired: proofs and checkpoints of their time are signed by them
    #[arg(long)]
    former: bool,
}

pub(crate) async fn run(config: &Config, args: Args) -> anyhow::Result<Exit> {
    match args.command {
        LogCommand::Verify(args) => verify(config, &args).await,
        LogCommand::Prove(args) => prove(config, &args).await,
        LogCommand::Monitor(args) => monitor(args).await,
        LogCommand::Key(args) => {
            let app = wire::open(config).await?;
            let keys = if args.former {
                app::log::all_keys(&app)
            } else {
                app::log::keys(&app)
            };
            for key in keys.map_err(coded)? {
                output::line(key.to_vkey())?;
            }
            Ok(Exit::Done)
        }
    }
}

fn coded(error: AppError) -> anyhow::Error {
    let code = error.code();
    anyhow::Error::from(error).context(code)
}

async fn verify(config: &Config, args: &VerifyArgs) -> anyhow::Result<Exit> {
    let app = wire::open(config).await?;
    let permit = app.policies().decide(&wire::operator(), VerifyStore)?;
    let bar = output::bar(0, "entries");
    let findings = app::log::verify(&app, &permit, |entries| bar.set_position(entries))
        .await
        .map_err(coded)?;
    bar.finish_and_clear();
    let is_sound = findings.damage.is_empty();
    if args.json {
        let damage: Vec<_> = findings
            .damage
            .iter()
            .map(|damage| json!({ "place": damage.place, "what": damage.what }))
            .collect();
        output::line(json!({
            "entries": findings.entries,
            "tiles": findings.tiles,
            "heads": findings.heads,
            "published": findings.published,
            "cosigned": findings.cosigned,
            "damage": damage,
        }))?;
    } else {
        let published = findings
            .published
            .map_or_else(|| "nothing".to_owned(), |size| format!("{size} entries"));
        output::line(format_args!(
            "read {} entries, {} tiles, {} signed heads; published: {published}, cosigned by {} witnesses",
            findings.entries, findings.tiles, findings.heads, findings.cosigned
        ))?;
        for damage in &findings.damage {
            output::line(format_args!("{}: {}", damage.place, damage.what))?;
        }
        output::line(if is_sound { "no damage" } else { "DAMAGED" })?;
    }
    Ok(if is_sound { Exit::Done } else { Exit::Damaged })
}

async fn prove(config: &Config, args: &ProveArgs) -> anyhow::Result<Exit> {
    let app = wire::open(config).await?;
    let hash = hex::decode(&args.entry)
        .ok()
        .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    let proof = match (hash, args.entry.parse::<u64>()) {
        (Some(hash), _) => app::log::prove(&app, hash).await,
        (None, Ok(index)) => app::log::prove_index(&app, index).await,
        (None, Err(_)) => bail!("the entry is named by its hash (64 hexadecimal digits) or its number"),
    };
    let proof = match proof {
        Err(AppError::NotFound) => bail!("APP-0004: the log has no such entry"),
        proof => proof.map_err(coded)?,
    };
    output::line(proof.trim_end_matches('\n'))?;
    Ok(Exit::Done)
}

async fn monitor(args: MonitorArgs) -> anyhow::Result<Exit> {
    let watched = Watched::new(&args.url, &args.log, &args.witness, args.quorum)?;
    let state = args.state.clone();
    let found = tokio::task::spawn_blocking(move || look(&watched, &state))
        .await
        .map_err(|_| anyhow!("the look was cut short"))??;
    report(&args.state, &found, args.json)
}

fn report(state: &Path, found: &Finding, as_json: bool) -> anyhow::Result<Exit> {
    if as_json {
        output::line(json!({
            "is_consistent": found.fault.is_none(),
            "seen_before": found.before,
            "published": found.now,
            "code": found.fault.as_ref().map(|(code, _)| code),
            "fault": found.fault.as_ref().map(|(_, what)| what),
        }))?;
    } else if let Some((code, what)) = &found.fault {
        output::line(format_args!("{code}: {what}"))?;
        output::line(format_args!(
            "NOT CONSISTENT; what was seen before is kept in {}",
            state.display()
        ))?;
    } else {
        let now = found.now.unwrap_or_default();
        match found.before {
            Some(before) => output::line(format_args!("consistent: grew from {before} to {now} entries"))?,
            None => output::line(format_args!("seen for the first time, with {now} entries"))?,
        }
    }
    Ok(if found.fault.is_some() {
        Exit::Damaged
    } else {
        Exit::Done
    })
}
