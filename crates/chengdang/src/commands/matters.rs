//! `chengdang matters`

use std::fs::File;
use std::io::BufRead;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use app::App;
use app::accounts;
use app::matters::{self, MATTERS_MAX, MatterEntry};
use domain::catalogue::PurposeId;
use domain::{Day, MatterNo};
use policy::{Caller, RegisterMatter};

use crate::config::Config;
use crate::exit::Exit;
use crate::{output, wire};

/// Header of the file.
const HEADER: [&str; 4] = ["办件编号", "用途", "受理日期", "办结日期"];

/// Options of `matters`.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  printf '%s\\n%s\\n' \"$PASSWORD\" \"$CODE\" | chengdang matters import matters.csv --login officer

The file is CSV (UTF-8) with the columns 办件编号,用途,受理日期,办结日期; the last may be empty. The officer's password and one-time code
are read from standard input, one a line: matters are entered by an officer of the organisation whose they are, and by nobody else.")]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Register the matters of a file, each once; those with a day of completion are closed
    Import {
        /// The file
        file: PathBuf,
        /// Login name of the officer
        #[arg(long)]
        login: String,
    },
}

pub(crate) async fn run(config: &Config, args: Args) -> anyhow::Result<Exit> {
    let What::Import { file, login } = args.what;
    let entries = read(&file)?;
    let app = wire::open(config).await?;
    let caller = sign_in(&app, &login).await?;
    let organisation = caller
        .organisation
        .clone()
        .context("the account names no organisation")?;
    let permit = app.policies().decide(&caller, RegisterMatter { organisation })?;
    let mut refused = 0_u32;
    for part in entries.chunks(MATTERS_MAX) {
        let done = matters::register(&app, &permit, part)
            .await
            .map_err(|error| anyhow!("{}: {error}", error.code()))?;
        for (entry, done) in part.iter().zip(done) {
            if let Err(fault) = done {
                refused += 1;
                output::line(format_args!("{}: {} {fault}", entry.matter_no, fault.code()))?;
            }
        }
    }
    output::line(format_args!("{} matters, {refused} of them refused", entries.len()))?;
    Ok(if refused == 0 { Exit::Done } else { Exit::Refused })
}

fn read(path: &Path) -> anyhow::Result<Vec<MatterEntry>> {
    let file = File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let mut reader = csv::Reader::from_reader(file);
    let header = reader.headers()?.clone();
    if header.iter().map(|name| name.trim_start_matches('\u{feff}')).ne(HEADER) {
        bail!("the columns of {} must be {}", path.display(), HEADER.join(","));
    }
    let mut entries = Vec::new();
    for (at, row) in reader.records().enumerate() {
        let row = row?;
        let at = at + 2;
        let cell = |column: usize| row.get(column).unwrap_or_default().trim();
        let day =
            |text: &str| Day::parse_iso(text).map_err(|_| anyhow!("line {at}: a day is not of the form YYYY-MM-DD"));
        entries.push(MatterEntry {
            matter_no: MatterNo::parse(cell(0)).map_err(|fault| anyhow!("line {at}: {fault}"))?,
            purpose: PurposeId::parse(cell(1)).map_err(|fault| anyhow!("line {at}: {fault}"))?,
            opened: day(cell(2))?,
            closed: Some(cell(3)).filter(|text| !text.is_empty()).map(day).transpose()?,
        });
    }
    Ok(entries)
}

async fn sign_in(app: &App, login: &str) -> anyhow::Result<Caller> {
    let mut lines = std::io::stdin().lock().lines();
    let mut line = |what: &str| -> anyhow::Result<String> {
        lines
            .next()
            .transpose()?
            .with_context(|| format!("the {what} is missing on standard input"))
    };
    let (password, code) = (line("password")?, line("one-time code")?);
    let coded = |fault: accounts::LoginFault| anyhow!("{}: {fault}", fault.code());
    let half = accounts::login(app, login, &password, IpAddr::V4(Ipv4Addr::LOCALHOST))
        .await
        .map_err(coded)?;
    let token = accounts::second_factor(app, half.as_str(), code.trim())
        .await
        .map_err(coded)?;
    let session = accounts::session(app, token.as_str())
        .await
        .map_err(|error| anyhow!("{}: {error}", error.code()))?;
    accounts::logout(app, token.as_str())
        .await
        .map_err(|error| anyhow!("{}: {error}", error.code()))?;
    Ok(session.context("the session ended")?.caller)
}
