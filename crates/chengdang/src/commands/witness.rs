//! `chengdang witness`: a process apart, best on a machine and under people apart, that cosigns what logs show it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::Subcommand;
use domain::Clock;
use tokio::net::TcpListener;
use translog::LogKey;
use translog::witness::Witness;

use super::serve::stopped;
use crate::clock::SystemClock;
use crate::exit::Exit;
use crate::output;

/// Options of `witness`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: WitnessCommand,
}

#[derive(Subcommand)]
enum WitnessCommand {
    /// Make a witness: its folder, its key; prints the key that the log's operator and verifiers need
    Init(InitArgs),
    /// Answer add-checkpoint requests (C2SP tlog-witness)
    Serve(ServeArgs),
    /// Print name and key of a witness
    Key(KeyArgs),
}

/// Options of `witness init`.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  chengdang witness init --folder /srv/witness --name audit.example.gov.cn/witness")]
struct InitArgs {
    /// Folder of the witness, which must not exist
    #[arg(long, value_name = "DIR")]
    folder: PathBuf,
    /// Name, for ever: an address without scheme that belongs to whoever runs it
    #[arg(long, value_name = "NAME")]
    name: String,
}

/// Options of `witness serve`.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  chengdang witness serve --folder /srv/witness --log \"$(ssh credit chengdang log key)\" --listen 127.0.0.1:8371

What was cosigned last of each log lies in the folder, and is durable before an answer leaves. Never run two with one folder, and
never go on with an old copy of it: make a new witness instead. TLS is left to a proxy in front.")]
struct ServeArgs {
    /// Folder of the witness
    #[arg(long, value_name = "DIR")]
    folder: PathBuf,
    /// Keys of the logs it knows; several of one log while its key is being replaced
    #[arg(long, value_name = "VKEY", required = true)]
    log: Vec<String>,
    /// Address to listen on
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8371")]
    listen: String,
}

/// Options of `witness key`.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  chengdang witness key --folder /srv/witness")]
struct KeyArgs {
    /// Folder of the witness
    #[arg(long, value_name = "DIR")]
    folder: PathBuf,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<Exit> {
    match args.command {
        WitnessCommand::Init(args) => init(&args),
        WitnessCommand::Serve(args) => serve(args).await,
        WitnessCommand::Key(args) => {
            let (_, public) = open(&args.folder)?;
            output::line(public.to_vkey())?;
            Ok(Exit::Done)
        }
    }
}

fn init(args: &InitArgs) -> anyhow::Result<Exit> {
    if args.folder.exists() {
        bail!(
            "{} exists already: a witness begins in a folder of its own",
            args.folder.display()
        );
    }
    translog::WitnessKey::new(&args.name, [0; 32]).context("--name has white space or a plus sign")?;
    vault::WitnessKey::create(&args.folder.join("key")).context("the key cannot be made")?;
    fs::write(args.folder.join("name"), format!("{}\n", args.name))
        .and_then(|()| fs::File::open(args.folder.join("name"))?.sync_all())
        .with_context(|| format!("{} cannot be written", args.folder.display()))?;
    let (_, public) = open(&args.folder)?;
    output::line(public.to_vkey())?;
    Ok(Exit::Done)
}

/// The witness's key, and how it is known.
fn open(folder: &Path) -> anyhow::Result<(vault::WitnessKey, translog::WitnessKey)> {
    let missing = || {
        format!(
            "{} is not the folder of a witness; `chengdang witness init` makes one",
            folder.display()
        )
    };
    let name = fs::read_to_string(folder.join("name")).with_context(missing)?;
    let key = vault::WitnessKey::open(&folder.join("key")).with_context(missing)?;
    let public = translog::WitnessKey::new(name.trim_end(), key.public_key()).with_context(missing)?;
    Ok((key, public))
}

async fn serve(args: ServeArgs) -> anyhow::Result<Exit> {
    let (key, public) = open(&args.folder)?;
    let logs = args
        .log
        .iter()
        .map(|vkeys| LogKey::all_from(vkeys).with_context(|| format!("{vkeys} is not the key of a log")))
        .collect::<anyhow::Result<Vec<_>>>()?
        .concat();
    let witness = Witness::open(&args.folder, public, logs).with_context(|| {
        format!(
            "what lies in {} is not what this witness wrote; it must not go on, make a new one",
            args.folder.display()
        )
    })?;
    let answering: web::Answering = Arc::new(move |body| {
        let at_s = SystemClock.now().0.div_euclid(1000);
        let answered = witness.add_checkpoint(body, u64::try_from(at_s).unwrap_or_default(), |text| key.sign(text));
        match answered {
            Ok(response) => {
                tracing::info!(status = response.status, "a checkpoint was shown");
                Some(response)
            }
            Err(error) => {
                tracing::error!(error.code = "LOG-0013", %error, "the witness cannot keep what it saw; it cosigned nothing");
                None
            }
        }
    });
    let listener = TcpListener::bind(&args.listen)
        .await
        .with_context(|| format!("cannot listen on {}", args.listen))?;
    output::line(format_args!("http://{}", listener.local_addr()?))?;
    web::serve_witness(answering, listener, stopped())
        .await
        .context("the witness stopped")?;
    Ok(Exit::Done)
}
