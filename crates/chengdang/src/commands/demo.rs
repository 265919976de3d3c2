//! `chengdang demo`: a synthetic city from nothing to a page in the browser. Everything in it is invented.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufReader, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use ::synth::{City, Manifest, Outcome, Purpose, Resident};
use anyhow::{Context, anyhow};
use app::App;
use app::accounts::NewAccount;
use domain::catalogue::ItemId;
use domain::{Clock, IdentityDocument, Name, Uscc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::AccountKind;
use tokio::net::TcpListener;
use uuid::Uuid;

use super::{demo_look_ups, migrate, serve};
use crate::clock::SystemClock;
use crate::config::Config;
use crate::exit::Exit;
use crate::{output, wire};

/// Options of `demo`.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  chengdang demo
  chengdang demo --data /tmp/city --port 9000 --residents 1000

The city is kept in the data folder: a second start finds it there. Delete the folder for a fresh one.")]
pub(crate) struct Args {
    /// Folder of the city
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Port on the loopback address; 0 takes a free one
    #[arg(long, default_value_t = 8370)]
    port: u16,
    /// Residents
    #[arg(long, default_value_t = 200)]
    residents: u64,
    /// Seed of the city
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print one JSON line with address and logins once the pages answer, and nothing else
    #[arg(long)]
    json_ready: bool,
}

/// A login of the demonstration. Synthetic persons only, so it may be printed.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Login {
    role: String,
    #[serde(rename = "login")]
    pub(crate) user: String,
    password: String,
    pub(crate) totp_secret: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organisation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organisation_name: Option<String>,
}

pub(crate) async fn run(mut config: Config, args: Args) -> anyhow::Result<Exit> {
    if let Some(data) = &args.data {
        config.data.clone_from(data);
    }
    // A demonstration is a test installation whatever the configuration says; it never touches a production store.
    "test".clone_into(&mut config.mode);
    "sqlite".clone_into(&mut config.store);
    config.events.allow_loopback = true;
    let files = config.data.join("city");
    migrate::prepare(&config).await?;
    let catalogue = wire::open_catalogue(&config.catalogue)?;
    let manifest = write_city(&config, &args, &catalogue, &files)?;
    config.register = files.join("register.csv");
    let app = wire::open_with(&config, wire::open_register(&config.register)?, true).await?;

    let listener = TcpListener::bind(("127.0.0.1", args.port))
        .await
        .with_context(|| format!("port {} is taken; choose another with --port", args.port))?;
    let receipts = deliver_all(&app, &manifest, &files).await?;
    let logins = logins(&app, &config, &manifest, &files).await?;
    announce(&args, &config.data, &listener, &receipts, &logins)?;
    serve::until_stopped(app, &config, listener).await
}

/// Writes the city's files once; later starts find them, so that the same bytes are delivered again without effect.
fn write_city(
    config: &Config,
    args: &Args,
    catalogue: &catalogue::Catalogue,
    files: &Path,
) -> anyhow::Result<Manifest> {
    let manifest = files.join("manifest.json");
    if !manifest.exists() {
        let city = City::new(args.seed, args.residents, SystemClock.today())?;
        return ::synth::demo_set(&city, catalogue, files)
            .with_context(|| format!("the synthetic city cannot be written to {}", config.data.display()));
    }
    let file = File::open(&manifest).with_context(|| format!("{} cannot be read", manifest.display()))?;
    serde_json::from_reader(BufReader::new(file)).with_context(|| format!("{} is not a manifest", manifest.display()))
}

/// Delivers every file of the city; returns a line about each receipt.
async fn deliver_all(app: &App, manifest: &Manifest, files: &Path) -> anyhow::Result<Vec<String>> {
    let mut lines = Vec::new();
    for entry in manifest.files.iter().filter(|entry| entry.purpose == Purpose::Rows) {
        let item = ItemId::parse(&entry.item)?;
        let provider = Uscc::parse(&entry.provider)?;
        let permit = wire::may_deliver(app, &wire::operator(), &item, &provider)?;
        let path = files.join(&entry.file);
        let file = File::open(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        let receipt = app::deliver::deliver_file(app, &permit, file, &entry.file, |_| {})
            .await
            .map_err(|error| anyhow!("{}: {error}", error.code()))?;
        let receipt: serde_json::Value = serde_json::from_slice(&receipt)?;
        let count = |key: &str| {
            receipt
                .pointer(&format!("/receipt/rows/{key}"))
                .and_then(serde_json::Value::as_u64)
                .unwrap_or(0)
        };
        lines.push(format!(
            "{:<34} {:<10} received {:>3} = recorded {} + repeated {} + held {} + pending {} + refused {}",
            entry.file,
            entry.encoding,
            count("received"),
            count("recorded"),
            count("repeated"),
            count("held"),
            count("pending"),
            count("refused")
        ));
    }
    Ok(lines)
}

const LOGINS_FILE: &str = "demo-logins.json";

/// The logins of the demonstration in `data`.
pub(crate) fn read_logins(data: &Path) -> anyhow::Result<Vec<Login>> {
    Ok(serde_json::from_reader(BufReader::new(File::open(
        data.join(LOGINS_FILE),
    )?))?)
}

/// The logins of an earlier start, or new ones.
async fn logins(app: &App, config: &Config, manifest: &Manifest, files: &Path) -> anyhow::Result<Vec<Login>> {
    let path = config.data.join(LOGINS_FILE);
    if path.exists() {
        return read_logins(&config.data);
    }
    let today = domain::Day::parse_iso(&manifest.today).context("the manifest has no day")?;
    let city = City::new(manifest.seed, manifest.residents, today)?;
    let mut logins = Vec::new();
    let (with_records, without) = two_residents(&city, manifest, files)?;
    for (login, resident) in [("resident", &with_records), ("resident-new", &without)] {
        logins.push(resident_login(app, login, resident).await?);
    }
    for (login, item) in [("officer", "ITM-PENALTY"), ("officer-volunteers", "ITM-VOLUNTEER")] {
        let provider = manifest
            .files
            .iter()
            .find(|entry| entry.item == item)
            .map(|entry| entry.provider.clone());
        let provider = provider.with_context(|| format!("the city has no delivery of {item}"))?;
        logins.push(organisation_login(app, login, AccountKind::Officer, &provider).await?.0);
    }
    // Who may look up, and has done so.
    if let Some(asker) = demo_look_ups::asker(app) {
        let (login, officer) =
            organisation_login(app, "officer-purchases", AccountKind::Officer, asker.as_str()).await?;
        logins.push(login);
        let persons = [&with_records, &without].map(|resident| demo_look_ups::Person {
            kind: resident.kind.code(),
            number: &resident.number,
            name: &resident.name,
        });
        demo_look_ups::fill(app, officer, &asker, &persons).await?;
    }
    let centre = app
        .catalogue()
        .organisations
        .values()
        .find(|organisation| organisation.name.zh.contains("公共信用信息中心"));
    let centre = centre
        .context("the catalogue has no credit centre")?
        .uscc
        .as_str()
        .to_owned();
    for (login, kind) in [
        ("system-admin", AccountKind::SystemAdmin),
        ("security-admin", AccountKind::SecurityAdmin),
        ("audit-admin", AccountKind::AuditAdmin),
    ] {
        logins.push(create(app, login, kind, None, None).await?.0);
    }
    logins.push(organisation_login(app, "centre", AccountKind::Centre, &centre).await?.0);

    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)?;
    file.write_all(serde_json::to_string_pretty(&logins)?.as_bytes())?;
    file.sync_all()?;
    Ok(logins)
}

/// The resident with records of the most items, and one whom no row names: by the city's truth.
fn two_residents(city: &City, manifest: &Manifest, files: &Path) -> anyhow::Result<(Resident, Resident)> {
    let mut items: BTreeMap<u64, BTreeSet<&str>> = BTreeMap::new();
    let mut named = BTreeSet::new();
    for entry in &manifest.files {
        let Some(truth) = &entry.truth else { continue };
        for row in ::synth::read_truth(BufReader::new(File::open(files.join(truth))?)) {
            let row = row?;
            let Some(resident) = row.resident else { continue };
            named.insert(resident);
            if row.outcome == Outcome::Recorded {
                items.entry(resident).or_default().insert(&entry.item);
            }
        }
    }
    let (with_records, _) = items
        .iter()
        .max_by_key(|(_, items)| items.len())
        .context("the city has no resident with records")?;
    let without = (0..city.residents())
        .find(|index| !named.contains(index))
        .context("every resident has records")?;
    Ok((city.person(*with_records)?, city.person(without)?))
}

async fn resident_login(app: &App, login: &str, resident: &Resident) -> anyhow::Result<Login> {
    let document = IdentityDocument::parse(resident.kind, &resident.number)?;
    let name = Name::parse(&resident.name)?;
    let (mut made, _) = create(app, login, AccountKind::Resident, None, Some((document, name))).await?;
    made.name = Some(resident.name.clone());
    made.number = Some(resident.number.clone());
    Ok(made)
}

async fn organisation_login(
    app: &App,
    login: &str,
    kind: AccountKind,
    provider: &str,
) -> anyhow::Result<(Login, Uuid)> {
    let uscc = Uscc::parse(provider)?;
    let name = app
        .catalogue()
        .organisations
        .get(&uscc)
        .map(|organisation| organisation.name.zh.clone());
    let (mut made, account) = create(app, login, kind, Some(uscc), None).await?;
    made.organisation = Some(provider.to_owned());
    made.organisation_name = name;
    Ok((made, account))
}

async fn create(
    app: &App,
    login: &str,
    kind: AccountKind,
    organisation: Option<Uscc>,
    identity: Option<(IdentityDocument, Name)>,
) -> anyhow::Result<(Login, Uuid)> {
    let password = hex::encode(vault::random_bytes::<8>()?);
    let new = NewAccount {
        login: login.to_owned(),
        password: password.clone(),
        kind,
        organisation,
        identity,
        totp_secret: None,
        holder: (kind != AccountKind::Resident).then(|| format!("DEMO-{login}")),
    };
    let created = if kind.is_administrator() {
        app::administrators::create_first(app, new).await
    } else {
        app::accounts::create(app, new).await
    };
    let created = created.map_err(|error| anyhow!("{}: {error}", error.code()))?;
    let login = Login {
        role: kind.as_str().to_owned(),
        user: login.to_owned(),
        password,
        totp_secret: created.totp_secret_base32,
        name: None,
        number: None,
        organisation: None,
        organisation_name: None,
    };
    Ok((login, created.uuid))
}

fn announce(
    args: &Args,
    data: &Path,
    listener: &TcpListener,
    receipts: &[String],
    logins: &[Login],
) -> anyhow::Result<()> {
    let address = format!("http://{}", listener.local_addr()?);
    if args.json_ready {
        return output::line(json!({ "address": address, "logins": logins }));
    }
    output::line("诚档 Chengdang, a synthetic city (nobody in it is real)\n")?;
    output::line(format_args!("{} deliveries taken in:", receipts.len()))?;
    for line in receipts {
        output::line(format_args!("  {line}"))?;
    }
    output::line(
        "\nLogins: name, password, secret of the one-time codes (for any authenticator app; `chengdang code` prints the codes of now)",
    )?;
    for login in logins {
        let whose = login
            .name
            .as_ref()
            .or(login.organisation_name.as_ref())
            .cloned()
            .unwrap_or_default();
        output::line(format_args!(
            "  {:<20} {:<18} {}  {whose}",
            login.user, login.password, login.totp_secret
        ))?;
    }
    output::line(format_args!(
        "\nOne-time codes of now: {} code --data {}",
        std::env::current_exe()
            .map(|path| path.display().to_string())
            .unwrap_or_default(),
        data.display()
    ))?;
    output::line(format_args!("Open {address} in a browser. Ctrl-C stops."))
}
