//! `chengdang keys`

use app::rotation::{self, Carried, RotationError};
use clap::Subcommand;
use policy::ManageKeys;
use serde_json::{Value, json};
use vault::KeyName;

use crate::config::Config;
use crate::exit::Exit;
use crate::{output, wire};

/// Options of `keys`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  chengdang keys show
  chengdang keys rotate kek          everything goes on meanwhile; stopped, the same command goes on
  chengdang keys retire kek          once nothing needs the older version

Keys: kek wraps the secrets of persons, deliveries and accounts; index tags numbers and names; log seals traces; signing signs
the log and receipts. Exit codes: 0 done; 1 failed; 2 wrong call. See docs/operating.md.")]
enum Command {
    /// Print the keys by version and fingerprint, and what was done to them; nothing secret
    Show(ShowArgs),
    /// Make a fresh version of a key and carry over what is under the older one
    Rotate(RotateArgs),
    /// Destroy the older version of a key, once nothing needs it
    Retire(RetireArgs),
}

#[derive(clap::Args)]
struct ShowArgs {
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

/// A key, as it is named on the command line.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Key {
    Kek,
    Index,
    Log,
    Signing,
}

impl From<Key> for KeyName {
    fn from(key: Key) -> Self {
        match key {
            Key::Kek => Self::Kek,
            Key::Index => Self::Index,
            Key::Log => Self::Log,
            Key::Signing => Self::Signing,
        }
    }
}

#[derive(clap::Args)]
struct RotateArgs {
    /// Which key
    key: Key,
    /// Print what was done as JSON
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct RetireArgs {
    /// Which key
    key: Key,
    /// Give up finding those traces by number whose number is nowhere any more (index key only)
    #[arg(long)]
    even_if_left: bool,
    /// Print what was done as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(config: &Config, args: Args) -> anyhow::Result<Exit> {
    let app = wire::open(config).await?;
    let permit = app.policies().decide(&wire::operator(), ManageKeys)?;
    match args.command {
        Command::Show(args) => show(&app, &permit, args.json).await?,
        Command::Rotate(args) => {
            let key = KeyName::from(args.key);
            let bar = output::bar(0, "carried over");
            let rotated = rotation::rotate(&app, &permit, key, |done| bar.set_position(done)).await;
            bar.finish_and_clear();
            let rotated = rotated.map_err(|error| told(&error))?;
            if args.json {
                let mut told = carried(key, rotated.version, &rotated.carried);
                if let Value::Object(fields) = &mut told {
                    fields.insert("is_new".into(), rotated.is_new.into());
                }
                output::line(told)?;
            } else {
                output::line(format_args!(
                    "key {key}: version {} is written with{}",
                    rotated.version,
                    if rotated.is_new { "" } else { " (it was made before)" }
                ))?;
                print_carried(&rotated.carried)?;
                output::line(format_args!("next: chengdang keys retire {key}"))?;
            }
        }
        Command::Retire(args) => {
            let key = KeyName::from(args.key);
            let bar = output::bar(0, "carried over");
            let retired = rotation::retire(&app, &permit, key, args.even_if_left, |done| bar.set_position(done)).await;
            bar.finish_and_clear();
            let (version, left) = retired.map_err(|error| told(&error))?;
            if args.json {
                output::line(carried(key, version, &left))?;
            } else {
                output::line(format_args!("key {key}: version {version} is destroyed"))?;
                print_carried(&left)?;
            }
        }
    }
    Ok(Exit::Done)
}

async fn show(app: &app::App, permit: &policy::Permit<ManageKeys>, as_json: bool) -> anyhow::Result<()> {
    let lines = rotation::lines(app, permit);
    let acts = rotation::acts(app, permit).await?;
    let read = |document: &[u8]| serde_json::from_slice::<Value>(document).unwrap_or_default();
    if as_json {
        let keys: Vec<Value> = lines
            .iter()
            .map(|line| {
                json!({
                    "key": line.key.as_str(), "version": line.version, "kept": line.kept,
                    "fingerprint": line.fingerprint, "public": line.public, "public_sm2": line.public_sm2,
                })
            })
            .collect();
        let acts: Vec<Value> = acts.iter().map(|act| read(&act.document)).collect();
        return output::line(json!({ "suite": app.suite_name(), "keys": keys, "acts": acts }));
    }
    output::line(format_args!("suite {}", app.suite_name()))?;
    for line in lines {
        let print = line.fingerprint.as_deref().unwrap_or("-");
        output::line(format_args!(
            "{:<8} version {:<3} {:<16}  in the {}",
            line.key.as_str(),
            line.version,
            print,
            line.kept
        ))?;
        for public in line.public.iter().chain(&line.public_sm2) {
            output::line(format_args!("         public  {public}"))?;
        }
    }
    for act in acts {
        let act = read(&act.document);
        let word = |name: &str| {
            act.pointer(&format!("/act/{name}"))
                .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
                .unwrap_or_default()
        };
        output::line(format_args!(
            "{}  {} {} version {}",
            word("at"),
            word("what"),
            word("key"),
            word("version")
        ))?;
    }
    Ok(())
}

/// An error with its remedy.
fn told(error: &RotationError) -> anyhow::Error {
    match error.remedy() {
        Some(remedy) => anyhow::anyhow!("{error}: {remedy}"),
        None => anyhow::anyhow!("{error}"),
    }
}

fn carried(key: KeyName, version: u16, carried: &Carried) -> Value {
    json!({
        "key": key.as_str(),
        "version": version,
        "secrets": carried.secrets,
        "tags": carried.tags,
        "moved": carried.moved,
        "damaged": carried.damaged,
        "uploads": carried.uploads,
        "lost_aliases": carried.lost_aliases,
        "unreachable": carried.unreachable,
        "marks": carried.marks,
        "traces": carried.traces,
    })
}

fn print_carried(carried: &Carried) -> anyhow::Result<()> {
    let told = [
        (carried.secrets, "secrets wrapped anew"),
        (carried.tags, "tags of persons entered"),
        (
            carried.moved,
            "traces, waiting rows, locks and the like moved to the newer tags",
        ),
        (carried.damaged, "secrets do not open (see `chengdang verify`)"),
        (
            carried.uploads,
            "uploads on disk are under the older key; they go when they are taken in, or within a day",
        ),
        (
            carried.lost_aliases,
            "confirmed names were kept without the name; rows under them come back as reviews",
        ),
        (
            carried.unreachable,
            "traces cannot be tagged anew: their number is nowhere any more",
        ),
        (
            carried.marks,
            "locks, relations, numbers never issued or notices cannot be tagged anew: their number is nowhere else",
        ),
        (
            carried.traces,
            "traces are under the oldest log secret; they go when their contents are purged",
        ),
    ];
    for (number, what) in told.into_iter().filter(|(number, _)| *number > 0) {
        output::line(format_args!("{number} {what}"))?;
    }
    Ok(())
}
