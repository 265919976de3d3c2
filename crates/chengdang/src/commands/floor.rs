//! `chengdang floor`

use std::ffi::OsString;
use std::io::Read;
use std::path::PathBuf;
use std::process::Command as Process;

use anyhow::{Context, anyhow, bail};
use clap::Subcommand;
use policy::RequestFile;

use crate::config::Config;
use crate::exit::Exit;
use crate::{output, wire};

/// The prover lies beside this program; it is not part of it, nor is the solver.
const PROVER: &str = "chengdang-floor";

/// Options of `floor`.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  chengdang floor prove                            prove, sign, write policies/floor/bundle.json
  chengdang floor prove --check                    prove, and compare with the proof that lies there
  chengdang floor prove --save counterexamples     write each counterexample into a file
  chengdang floor replay counterexamples/01-….json
  chengdang floor show")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Prove that the policies keep the rights floor, and sign the proof; needs cvc5
    Prove {
        /// Options of the prover; `chengdang floor prove -- --help` lists them
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        options: Vec<OsString>,
    },
    /// Put a written request, such as a counterexample, to the policies; exit code 3 if they refuse
    Replay {
        /// Request as JSON; `-` reads standard input
        file: PathBuf,
    },
    /// Check the proof as the server does at its start, and print its theorems
    Show,
}

pub(crate) fn run(config: &Config, args: Args) -> anyhow::Result<Exit> {
    match args.command {
        Command::Prove { options } => prove(config, options),
        Command::Replay { file } => replay(config, &file),
        Command::Show => show(config),
    }
}

fn prove(config: &Config, options: Vec<OsString>) -> anyhow::Result<Exit> {
    let this = std::env::current_exe().context("the path of this program is not known")?;
    let prover = this.with_file_name(PROVER);
    if !prover.exists() {
        let message = format!("FLOOR-0010 the prover {} is missing", prover.display());
        bail!("{message}; install it beside this program, or build it: cargo build --bin {PROVER}");
    }
    let mut process = Process::new(&prover);
    process.arg("--policies").arg(&config.policies).args(options);
    let status = process
        .status()
        .with_context(|| format!("cannot start {}", prover.display()))?;
    // The prover has said why.
    if status.success() {
        Ok(Exit::Done)
    } else {
        bail!("the floor is not proved")
    }
}

fn replay(config: &Config, file: &PathBuf) -> anyhow::Result<Exit> {
    let mut text = String::new();
    if file.as_os_str() == "-" {
        std::io::stdin()
            .read_to_string(&mut text)
            .context("cannot read standard input")?;
    } else {
        text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    }
    let request: RequestFile =
        serde_json::from_str(&text).map_err(|error| anyhow!("POLICY-0908 no request: {error}"))?;
    // Policies that are not proved are what a counterexample is about.
    let policies = wire::load_policies(&config.policies)?;
    let replayed = policies.replay(&request)?;
    match replayed.outcome {
        Ok(policies) => {
            output::line("permitted")?;
            for (id, article) in policies {
                output::line(format_args!("  by {id} ({article})"))?;
            }
            Ok(Exit::Done)
        }
        Err(refusal) => {
            output::line(format_args!("refused: {refusal}"))?;
            for id in refusal.policies() {
                output::line(format_args!("  by {id}"))?;
            }
            Ok(Exit::Refused)
        }
    }
}

fn show(config: &Config) -> anyhow::Result<Exit> {
    let policies = wire::open_policies(config)?;
    let proof = policies.proof().context("there is no proof")?;
    let statement = &proof.statement;
    for theorem in &statement.theorems {
        output::line(format_args!(
            "{:<8} {:<36} {} {}",
            theorem.serves, theorem.id, theorem.zh, theorem.en
        ))?;
    }
    output::line(format_args!(
        "{} theorems proved on {} by {} with {}; policies {}; signed by {}",
        statement.theorems.len(),
        statement.made_at,
        statement.prover,
        statement.solver,
        statement.policies,
        proof.key,
    ))?;
    Ok(Exit::Done)
}
