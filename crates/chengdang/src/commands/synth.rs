//! `chengdang synth`

use std::path::PathBuf;

use ::synth::{City, Dirt, FileKind, TextEncoding};
use anyhow::Context;
use domain::{Clock, Day};

use crate::clock::SystemClock;
use crate::exit::Exit;
use crate::{output, wire};

/// Options of `synth`.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  chengdang synth city                              50,000 rows over all items, versions, encodings, with dirt and truth
  chengdang synth bench --bulk --rows 1000000 --residents 300000
  chengdang synth leaks --canaries 64

The same seed and day give the same bytes. Nobody in it is real: numbers lie in the unassigned area 370199.")]
pub(crate) struct Args {
    /// Folder to write to; it is created
    dir: PathBuf,
    /// Data rows, about
    #[arg(long, default_value_t = 50_000)]
    rows: u64,
    /// Residents in the identity register
    #[arg(long, default_value_t = 20_000)]
    residents: u64,
    /// Seed
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Day that the dates are relative to; today if not given
    #[arg(long, value_name = "YYYY-MM-DD")]
    today: Option<String>,
    /// One large delivery of penalties instead of the full set
    #[arg(long)]
    bulk: bool,
    /// No dirt: every row can be recorded
    #[arg(long)]
    clean: bool,
    /// The dump of an invented legacy platform instead, with mapping and truth
    #[arg(long, conflicts_with = "bulk")]
    legacy: bool,
    /// Plant this many known persons and write them to canaries.json
    #[arg(long, default_value_t = 0)]
    canaries: u64,
    /// Folder of the catalogue
    #[arg(long, default_value = "catalogue")]
    catalogue: PathBuf,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let today = match &args.today {
        Some(text) => Day::parse_iso(text).context("--today is not a day of the form YYYY-MM-DD")?,
        None => SystemClock.today(),
    };
    let catalogue = wire::open_catalogue(&args.catalogue)?;
    let city = City::new(args.seed, args.residents, today)?.with_canaries(args.canaries);
    let dirt = if args.clean { Dirt::none() } else { Dirt::default() };
    if args.legacy {
        let truth = ::synth::write_legacy(&city, &catalogue, args.rows, &args.dir)?;
        output::line(format_args!(
            "a dump with {} rows in {}",
            truth.rows,
            args.dir.display()
        ))?;
        return Ok(Exit::Done);
    }
    let manifest = if args.bulk {
        ::synth::bulk(
            &city,
            &catalogue,
            args.rows,
            &dirt,
            FileKind::Csv(TextEncoding::Utf8),
            &args.dir,
        )?
    } else {
        ::synth::write_deliveries(&city, &catalogue, args.rows, &dirt, &args.dir)?
    };
    let rows: u64 = manifest.files.iter().map(|file| file.rows).sum();
    output::line(format_args!(
        "{} files with {rows} rows in {}",
        manifest.files.len(),
        args.dir.display()
    ))?;
    Ok(Exit::Done)
}
