//! `chengdang-verify`: checks offline what the system gave out, for residents and auditors: that an entry is in the public log,
//! that one state of the log continues another, that a receipt is signed. It needs no access to the system, no configuration
//! and no network, and knows only the keys it is given.

mod check;
mod entries;
mod receipts;
mod texts;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// 离线验证 / Checks offline what Chengdang (诚档) gave out
#[derive(Parser)]
#[command(name = "chengdang-verify", version, about, max_term_width = 100, after_help = HELP)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const HELP: &str = "\
Examples:
  chengdang-verify proof entry.tlog-proof --log 'credit.example/log+1b2c3d4e+A…' --witness 'audit.example/w+…'
  chengdang-verify proof entry.tlog-proof --log \"$KEY\" --entry 5f2c…c1
  chengdang-verify entries proofs.json --log \"$KEY\"
  chengdang-verify consistency old.checkpoint new.checkpoint steps.proof --log \"$KEY\"
  chengdang-verify receipt receipt.json --key 9a0f…

Exit codes: 0 it holds; 4 it does not hold; 1 a file cannot be read; 2 wrong call.";

#[derive(Subcommand)]
enum Command {
    /// 某条记录确在公开日志中 / That an entry is in the public log (C2SP tlog-proof)
    Proof(ProofArgs),
    /// 本人文件中的每一条查询记录 / Each entry of the file of proofs that a resident saves (who looked at me)
    Entries(EntriesArgs),
    /// 日志只增不改 / That one checkpoint of the log continues another
    Consistency(ConsistencyArgs),
    /// 回执的签名（归集、查询、批量比对） / That a receipt is signed: of a delivery, a look-up, a block of a comparison
    Receipt(ReceiptArgs),
}

/// The keys that are trusted.
#[derive(clap::Args)]
struct Keys {
    /// Keys of the log, as they were published: what was signed before a key was replaced needs the one of then
    #[arg(long, value_name = "VKEY", required = true)]
    log: Vec<String>,
    /// Keys of its witnesses
    #[arg(long, value_name = "VKEY")]
    witness: Vec<String>,
    /// How many of the witnesses must have cosigned; all of them if not given
    #[arg(long, value_name = "N")]
    quorum: Option<usize>,
}

#[derive(clap::Args)]
struct ProofArgs {
    /// The proof
    file: PathBuf,
    #[command(flatten)]
    keys: Keys,
    /// Hash of the entry that the proof must be about (64 hexadecimal digits)
    #[arg(long, value_name = "HASH")]
    entry: Option<String>,
}

#[derive(clap::Args)]
struct EntriesArgs {
    /// The file, as the page or `/api/v1/me/look-ups/proofs` gave it
    file: PathBuf,
    #[command(flatten)]
    keys: Keys,
}

#[derive(clap::Args)]
struct ConsistencyArgs {
    /// The earlier checkpoint
    old: PathBuf,
    /// The later checkpoint
    new: PathBuf,
    /// The proof: one hash in base64 a line
    proof: PathBuf,
    #[command(flatten)]
    keys: Keys,
}

#[derive(clap::Args)]
struct ReceiptArgs {
    /// The receipt as it was given out: of a delivery; of a look-up, also within its answer; of a comparison its line `block`
    file: PathBuf,
    /// The installation's key (64 hexadecimal digits), from another source than the receipt
    #[arg(long, value_name = "KEY")]
    key: String,
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Proof(args) => check::proof(&args),
        Command::Entries(args) => entries::entries(&args),
        Command::Consistency(args) => check::consistency(&args),
        Command::Receipt(args) => receipts::receipt(&args),
    };
    // Whoever closed the output has seen enough.
    let (lines, code) = match outcome {
        Ok(Ok(lines)) => (lines, ExitCode::SUCCESS),
        Ok(Err(fault)) => (fault.lines(), ExitCode::from(4)),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "chengdang-verify: {error:#}");
            return ExitCode::FAILURE;
        }
    };
    let _ = writeln!(std::io::stdout(), "{}", lines.join("\n"));
    code
}
