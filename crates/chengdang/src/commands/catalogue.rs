//! `chengdang catalogue`

use std::path::PathBuf;

use ::synth::{City, FileKind, SamplePlan, TextEncoding};
use anyhow::{Context, bail};
use clap::{Subcommand, ValueEnum};
use domain::Clock;
use domain::Uscc;
use domain::catalogue::{Catalogue, Item, ItemId};

use crate::clock::SystemClock;
use crate::config::Config;
use crate::exit::Exit;
use crate::{output, wire};

/// Options of `catalogue`.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  chengdang catalogue lint
  chengdang catalogue show ITM-PENALTY
  chengdang catalogue sample ITM-PENALTY --rows 20 --format xlsx
  chengdang catalogue diff ../last-year/catalogue catalogue")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check the catalogue against form and rights floor; every finding is printed (exit code 4 if there is one)
    Lint {
        /// Folder; the configured one if not given
        dir: Option<PathBuf>,
    },
    /// Show the items, or one item with its seven elements, fields and header versions; also purposes, measures, lists, rules
    Show {
        /// What, such as ITM-PENALTY, PUR-…, MSR-…, CL-…, RUL-…; everything in a few lines if not given
        item: Option<String>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Write a correct file of an item, filled with invented people: a template for providers, a trial for a new item
    Sample(SampleArgs),
    /// What changed between two catalogues
    Diff {
        /// Folder of the earlier one
        old: PathBuf,
        /// Folder of the later one
        new: PathBuf,
    },
}

#[derive(clap::Args)]
struct SampleArgs {
    /// Item, such as ITM-PENALTY
    item: String,
    /// Data rows
    #[arg(long, default_value_t = 5)]
    rows: u64,
    /// Header version, such as 2018+; the item's first if not given
    #[arg(long)]
    layout: Option<String>,
    /// Kind of file
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    format: Format,
    /// Encoding of a CSV file
    #[arg(long, value_enum, default_value_t = Encoding::Utf8)]
    encoding: Encoding,
    /// Who delivers; the item's first provider if not given
    #[arg(long, value_name = "USCC")]
    provider: Option<String>,
    /// File to write; named after item and header version if not given
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Also write the identity register of the invented people, so that a trial city knows them
    #[arg(long, value_name = "FILE")]
    register: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Csv,
    Xlsx,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Encoding {
    Utf8,
    Gb18030,
}

/// People of a sample: enough that rows are about different ones.
const SAMPLE_RESIDENTS: u64 = 400;

pub(crate) fn run(config: &Config, args: Args) -> anyhow::Result<Exit> {
    match args.command {
        Command::Lint { dir } => lint(&dir.unwrap_or_else(|| config.catalogue.clone())),
        Command::Show { item, json } => show(config, item.as_deref(), json),
        Command::Sample(args) => sample(config, &args),
        Command::Diff { old, new } => {
            for change in catalogue::diff(&wire::open_catalogue(&old)?, &wire::open_catalogue(&new)?) {
                output::line(change)?;
            }
            Ok(Exit::Done)
        }
    }
}

fn lint(dir: &std::path::Path) -> anyhow::Result<Exit> {
    let findings =
        catalogue::lint(dir).with_context(|| format!("the catalogue in {} cannot be read", dir.display()))?;
    for finding in &findings {
        output::line(finding)?;
    }
    if findings.is_empty() {
        output::line("the catalogue is sound")?;
        Ok(Exit::Done)
    } else {
        Ok(Exit::Damaged)
    }
}

fn show(config: &Config, item: Option<&str>, as_json: bool) -> anyhow::Result<Exit> {
    let catalogue = wire::open_catalogue(&config.catalogue)?;
    let text = match item {
        None if as_json => catalogue::overview_json(&catalogue).to_string(),
        None => catalogue::overview_text(&catalogue),
        Some(id) if as_json => catalogue::show_json(&catalogue, id)
            .map(|value| value.to_string())
            .with_context(|| missing(id))?,
        Some(id) => catalogue::show_text(&catalogue, id).with_context(|| missing(id))?,
    };
    output::line(text.trim_end())?;
    Ok(Exit::Done)
}

fn missing(id: &str) -> String {
    format!("the catalogue has no {id}; `chengdang catalogue show` lists what there is")
}

fn sample(config: &Config, args: &SampleArgs) -> anyhow::Result<Exit> {
    let catalogue = wire::open_catalogue(&config.catalogue)?;
    let item = ItemId::parse(&args.item)
        .ok()
        .and_then(|id| catalogue.items.get(&id))
        .with_context(|| missing(&args.item))?;
    let layout = layout_of(item, args.layout.as_deref())?;
    let provider = provider_of(&catalogue, item, args.provider.as_deref())?;
    let kind = match (args.format, args.encoding) {
        (Format::Csv, Encoding::Utf8) => FileKind::Csv(TextEncoding::Utf8),
        (Format::Csv, Encoding::Gb18030) => FileKind::Csv(TextEncoding::Gb18030),
        (Format::Xlsx, Encoding::Utf8) => FileKind::Xlsx,
        (Format::Xlsx, Encoding::Gb18030) => bail!("--encoding is for CSV; a workbook is always UTF-8"),
    };
    let path = args.out.clone().unwrap_or_else(|| {
        let name = format!("{}-{layout}.{}", item.id, kind.extension());
        PathBuf::from(name.to_lowercase())
    });
    let city = City::new(1, SAMPLE_RESIDENTS, SystemClock.today())?;
    let plan = SamplePlan {
        item: item.id.clone(),
        layout: layout.to_owned(),
        provider: provider.clone(),
        kind,
        rows: args.rows,
    };
    ::synth::write_sample(&city, &catalogue, &plan, &path)
        .with_context(|| format!("{} cannot be written", path.display()))?;
    if let Some(register) = &args.register {
        let file =
            std::fs::File::create(register).with_context(|| format!("{} cannot be written", register.display()))?;
        ::synth::write_register(&city, file)?;
    }
    output::line(format_args!(
        "{}: {} rows of {}, header version {layout}",
        path.display(),
        args.rows,
        item.id
    ))?;
    output::line(format_args!(
        "deliver it: chengdang deliver {} --item {} --provider {provider}",
        path.display(),
        item.id
    ))?;
    Ok(Exit::Done)
}

fn layout_of<'a>(item: &'a Item, wanted: Option<&str>) -> anyhow::Result<&'a str> {
    let versions: Vec<&str> = item.layouts.iter().map(|layout| layout.version.as_str()).collect();
    let found = match wanted {
        Some(wanted) => versions.iter().find(|version| **version == wanted),
        None => versions.first(),
    };
    found
        .copied()
        .with_context(|| format!("{} has these header versions: {}", item.id, versions.join(", ")))
}

/// The provider asked for, else the first of the item.
fn provider_of(catalogue: &Catalogue, item: &Item, wanted: Option<&str>) -> anyhow::Result<Uscc> {
    if let Some(wanted) = wanted {
        let code = Uscc::parse(wanted).context("--provider is not a unified social credit code")?;
        if !item.providers.contains(&code) {
            bail!(
                "{code} is no provider of {}; `chengdang catalogue show {}` lists them",
                item.id,
                item.id
            );
        }
        return Ok(code);
    }
    let is_known = |code: &&Uscc| catalogue.organisations.contains_key(*code);
    item.providers
        .iter()
        .find(is_known)
        .cloned()
        .with_context(|| format!("{} has no provider", item.id))
}
