//! `chengdang`: installs, runs and checks a city's personal public credit records. `chengdang --help` is its table of contents.

mod adapters;
mod clock;
mod commands;
mod config;
mod exit;
#[cfg(feature = "leak-on-purpose")]
mod leak;
mod log_client;
mod monitor;
mod output;
mod wire;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::commands::{
    account, catalogue, code, deliver, deliveries, demo, drop, events, faults, floor, held, keys, legacy, log, matters,
    migrate, reconcile, reviews, serve, synth, verify, view, witness,
};

/// Rows of an intake are made on one thread and dropped on another, which the system's allocator is slow at.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// 诚档 Chengdang: a city's personal public credit records. Facts are recorded, people are not judged.
#[derive(Parser)]
#[command(name = "chengdang", version, about, max_term_width = 100, after_help = TOP_HELP)]
struct Cli {
    /// Configuration file (TOML); every setting can be overridden by CHENGDANG_… in the environment
    #[arg(long, global = true, value_name = "FILE", env = "CHENGDANG_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

const TOP_HELP: &str = "\
Examples:
  chengdang demo                                   a synthetic city with pages, logins printed
  chengdang migrate                                create or upgrade the store and the key file
  chengdang serve                                  run the pages and the API
  chengdang deliver penalties.csv --item ITM-PENALTY --provider 11370199MB0000001A
  chengdang verify                                 check the store against itself
  chengdang log verify                             check the public log

Exit codes: 0 done; 1 failed; 2 wrong call; 3 the file was refused; 4 damage was found.";

#[derive(Subcommand)]
enum Command {
    /// Run the pages and the API
    Serve(serve::Args),
    /// Bring up a synthetic city: residents, deliveries, logins, pages
    Demo(demo::Args),
    /// Print the current one-time codes of the demonstration's logins
    Code(code::Args),
    /// Write a synthetic city's files: identity register, deliveries, truth
    Synth(synth::Args),
    /// Take in a delivery file and print its receipt
    Deliver(deliver::Args),
    /// Take in what lies in the drop folders
    Drop(drop::Args),
    /// Take in the tables of a legacy platform, and report what the law does not let in
    Legacy(legacy::Args),
    /// Read what is new in the views of providers
    View(view::Args),
    /// List deliveries, newest first
    Deliveries(deliveries::Args),
    /// Compare what a provider says it sent on a day with what arrived
    Reconcile(reconcile::Args),
    /// Print the faults of a delivery
    Faults(faults::Args),
    /// Count, list and send again the events of departments' systems
    Events(events::Args),
    /// Register matters in hand, so that look-ups can be made for them
    Matters(matters::Args),
    /// List the open reviews of pending matches
    Reviews(reviews::Args),
    /// Look again at held rows, after the identity register was brought up to date
    Held(held::Args),
    /// Create, list or end the accounts of administrators
    Account(account::Args),
    /// Lint, show or compare the catalogue
    Catalogue(catalogue::Args),
    /// Prove that the policies keep the rights floor; replay a request against them
    Floor(floor::Args),
    /// Show, rotate and retire the keys of the installation
    Keys(keys::Args),
    /// Create or upgrade the store and the key file
    Migrate(migrate::Args),
    /// Check the store against itself
    Verify(verify::Args),
    /// Check, prove or watch the public log
    Log(log::Args),
    /// Cosign what logs show: a process for another machine and other people
    Witness(witness::Args),
}

fn main() -> ExitCode {
    // Before anything is read or started: this process shall do nothing but read a workbook.
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|first| first == confine::COMMAND) {
        return confine::serve(arguments.next().and_then(|pass| pass.into_string().ok()).as_deref());
    }
    let cli = Cli::parse();
    let config = match config::load(cli.config.as_deref()) {
        Ok(config) => config,
        Err(error) => return exit::report(&error),
    };
    output::init_log(&config);
    exit::install_panic_hook();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return exit::report(&error.into()),
    };
    let outcome = runtime.block_on(async {
        match cli.command {
            Command::Serve(args) => serve::run(&config, args).await,
            Command::Demo(args) => demo::run(config, args).await,
            Command::Code(args) => code::run(&config, args),
            Command::Synth(args) => synth::run(&args),
            Command::Deliver(args) => deliver::run(&config, args).await,
            Command::Drop(args) => drop::run(&config, args).await,
            Command::Legacy(args) => legacy::run(&config, args).await,
            Command::View(args) => view::run(&config, args).await,
            Command::Deliveries(args) => deliveries::run(&config, args).await,
            Command::Reconcile(args) => reconcile::run(&config, args).await,
            Command::Faults(args) => faults::run(&config, args).await,
            Command::Events(args) => events::run(&config, args).await,
            Command::Matters(args) => matters::run(&config, args).await,
            Command::Reviews(args) => reviews::run(&config, args).await,
            Command::Held(args) => held::run(&config, args).await,
            Command::Account(args) => account::run(&config, args).await,
            Command::Catalogue(args) => catalogue::run(&config, args),
            Command::Floor(args) => floor::run(&config, args),
            Command::Keys(args) => keys::run(&config, args).await,
            Command::Migrate(args) => migrate::run(&config, args).await,
            Command::Verify(args) => verify::run(&config, args).await,
            Command::Log(args) => log::run(&config, args).await,
            Command::Witness(args) => witness::run(args).await,
        }
    });
    match outcome {
        Ok(code) => code.into(),
        Err(error) => exit::report(&error),
    }
}
