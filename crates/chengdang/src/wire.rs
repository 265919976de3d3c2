//! Constructs the ports and hands them to `app`: the only place that knows which backend, key file and register are used.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use app::events::{EventSender, EventSettings};
use app::log::{Log, WitnessClient};
use app::{Adapter, App, AppError, Parts, Settings};
use confine::ConfinedReader;
use domain::Uscc;
use domain::catalogue::{Catalogue, ItemId};
use matching::{FileRegister, IdentityRegister};
use oidc::Provider;
use policy::{Bundle, BundleError, Caller, CallerKind, Policies};
use reserve::Reserve;
use store::{Store, StoreError};
use token::Pkcs11Token;
use translog::{LogKey, TileFolder};
use vault::suite::{International, Sm, Suite};
use vault::token::Token;
use vault::{Vault, VaultError};
use web::webhook::{HttpSender, SenderSettings};

use crate::adapters::drop::statement::DroppedStatements;
use crate::clock::{RandomIds, SystemClock};
use crate::config::{Config, EventsConfig};
use crate::log_client::HttpWitness;

/// The whole system over the configured store.
pub(crate) async fn open(config: &Config) -> anyhow::Result<App> {
    let register = open_register(&config.register_file())?;
    open_with(config, register, false).await
}

/// The same with a register that is already read.
pub(crate) async fn open_with(
    config: &Config,
    register: Arc<dyn IdentityRegister>,
    is_demo: bool,
) -> anyhow::Result<App> {
    let mut settings = Settings::new(config.staging_dir());
    settings.upload_bytes_max = config.upload_mib_max << 20;
    settings.chunk_rows = config.chunk_rows;
    settings.allow_test_area = !config.is_production();
    settings.is_demo = is_demo;
    settings.events = event_settings(&config.events);
    let workbooks = Arc::new(ConfinedReader::of_this_program());
    let reserves = [config.reserve(), config.server_reserve()];
    let store = open_store(config, &reserves).await?;
    let vault = Arc::new(open_vault(config)?);
    settings.reserves = reserves.to_vec();
    #[cfg(feature = "leak-on-purpose")]
    let (store, register) = crate::leak::wrap(config, store, register);
    Ok(App::new(Parts {
        store,
        log: open_log(config, &vault)?,
        vault,
        catalogue: Arc::new(open_catalogue(&config.catalogue)?),
        policies: Arc::new(open_policies(config)?),
        register,
        workbooks,
        statements: Arc::new(DroppedStatements::in_folder(&config.drop.folder)),
        clock: Arc::new(SystemClock),
        ids: Arc::new(RandomIds::default()),
        settings,
    }))
}

/// How events are tried again.
fn event_settings(config: &EventsConfig) -> EventSettings {
    let ms = |seconds: u32| i64::from(seconds) * 1000;
    EventSettings {
        tried_for_ms: ms(config.tried_for_h.saturating_mul(3600)),
        first_pause_ms: ms(config.first_pause_s),
        pause_ms_max: ms(config.pause_s_max),
    }
}

/// Who sends events, within what the operator allows.
pub(crate) fn open_sender(config: &EventsConfig) -> anyhow::Result<Arc<dyn EventSender>> {
    let file = &config.authorities;
    let authorities = if file.exists() {
        std::fs::read(file).with_context(|| format!("events.authorities {} cannot be read", file.display()))?
    } else {
        tracing::warn!("events.authorities is no file of certificates: no event can be sent over https");
        Vec::new()
    };
    let sender = HttpSender::new(&SenderSettings {
        authorities,
        allowed_networks: config.allowed_networks.clone(),
        allows_loopback: config.allow_loopback,
        ..SenderSettings::default()
    })?;
    Ok(Arc::new(sender))
}

/// The public log: its name, its folder, its witnesses.
fn open_log(config: &Config, vault: &Vault) -> anyhow::Result<Log> {
    let chosen = &config.transparency;
    let origin = if chosen.origin.is_empty() {
        // Unique and lasting as the key is; a city gives its log the name of the address where it is published.
        format!("chengdang.invalid/{}", vault.fingerprint())
    } else {
        chosen.origin.clone()
    };
    LogKey::new(&origin, vault.public_key())
        .context("transparency.origin cannot be the name of a log: no white space, no plus sign")?;
    let folder = config.log_folder();
    let files = TileFolder::open(&folder)
        .with_context(|| format!("the folder {} of the log cannot be made", folder.display()))?;
    let mut witnesses: Vec<Arc<dyn WitnessClient>> = Vec::new();
    for (name, witness) in &chosen.witnesses {
        witnesses.push(Arc::new(HttpWitness::new(name, witness)?));
    }
    let quorum = chosen.quorum.unwrap_or(witnesses.len());
    Ok(Log::new(&origin, Arc::new(files)).with_witnesses(witnesses, quorum))
}

/// Opens the key file, with the token that it may need.
fn open_vault(config: &Config) -> anyhow::Result<Vault> {
    let token = open_token(config)?;
    Vault::open_with(&config.key_file(), token)
        .map_err(|error| told(&error))
        .with_context(|| key_hint(config))
}

/// Makes the key file in the configured suite, with wrapping and signing keys in the token if there is one.
pub(crate) fn create_keys(config: &Config) -> anyhow::Result<()> {
    let suite: &'static dyn Suite = if config.suite == "sm" { &Sm } else { &International };
    let token = open_token(config)?;
    let keys = config.key_file();
    Vault::create_with(&keys, suite, token.as_ref())
        .map_err(|error| told(&error))
        .with_context(|| format!("the key file {} cannot be created", keys.display()))
}

fn open_token(config: &Config) -> anyhow::Result<Option<Arc<dyn Token>>> {
    let token = &config.token;
    if token.module.as_os_str().is_empty() {
        return Ok(None);
    }
    let pin = vault::read_secret_line(&token.pin_file).map_err(|error| told(&error));
    let pin = pin.with_context(|| format!("the PIN file {} cannot be used", token.pin_file.display()))?;
    let opened = Pkcs11Token::open(&token.module, &token.label, &pin).map_err(|error| told(&error));
    let opened = opened.with_context(|| format!("the token \"{}\" cannot be used", token.label))?;
    Ok(Some(Arc::new(opened)))
}

/// A refusal of the vault with its remedy.
fn told(error: &VaultError) -> anyhow::Error {
    anyhow!("{error}: {}", error.remedy())
}

fn key_hint(config: &Config) -> String {
    format!(
        "the key file {} cannot be used; `chengdang migrate` creates a missing one",
        config.key_file().display()
    )
}

fn store_hint(file: &Path) -> String {
    // A folder that may not be entered is no missing store.
    if matches!(file.try_exists(), Ok(false)) {
        return format!(
            "there is no store {}; `chengdang migrate` makes it, and CHENGDANG_DATA names another folder of data",
            file.display()
        );
    }
    format!("the store {} cannot be opened", file.display())
}

/// Opens the configured store; a store of another version is refused with the remedy.
async fn open_store(config: &Config, [reserve, server_reserve]: &[Reserve; 2]) -> anyhow::Result<Arc<dyn Store>> {
    if config.store == "sqlite" {
        let usual = store_sqlite::SqliteOptions::default();
        let options = store_sqlite::SqliteOptions {
            cache_mib: config.sqlite_cache_mib,
            // Who allows the writer less than a reader has means the whole process.
            reader_cache_mib: usual.reader_cache_mib.min(config.sqlite_cache_mib),
            reserve: reserve.clone(),
            ..usual
        };
        let file = config.sqlite_file();
        let store = store_sqlite::SqliteStore::open(&file, &options)
            .map_err(coded)
            .with_context(|| store_hint(&file))?;
        return Ok(Arc::new(store));
    }
    let options = store_postgres::PostgresOptions {
        reserve: server_reserve.clone(),
        ..store_postgres::PostgresOptions::default()
    };
    let store = store_postgres::PostgresStore::connect(&config.store, &options)
        .await
        .map_err(coded)
        .context("the PostgreSQL store cannot be opened")?;
    Ok(Arc::new(store))
}

/// Creates or upgrades the schema of the configured store.
pub(crate) async fn migrate_store(config: &Config) -> anyhow::Result<()> {
    if config.store == "sqlite" {
        store_sqlite::migrate(&config.sqlite_file())
            .map_err(coded)
            .context("the store cannot be migrated")?;
    } else {
        store_postgres::migrate(&config.store)
            .await
            .map_err(coded)
            .context("the store cannot be migrated")?;
    }
    Ok(())
}

/// A failure of the store with its public code in front.
fn coded(error: StoreError) -> anyhow::Error {
    let error = AppError::from(error);
    anyhow!("{}: {error}", error.code())
}

pub(crate) fn open_catalogue(dir: &Path) -> anyhow::Result<Catalogue> {
    catalogue::load(dir).with_context(|| format!("the catalogue in {} cannot be used", dir.display()))
}

/// The policies, which are not used without the proof that they keep the rights floor.
pub(crate) fn open_policies(config: &Config) -> anyhow::Result<Policies> {
    let unproved = |error: BundleError| {
        let remedy = error.remedy();
        anyhow::Error::new(error).context(format!(
            "the policies are not proved to keep the rights floor; {remedy}"
        ))
    };
    let policies = load_policies(&config.policies)?;
    let bundle = Bundle::read(&config.policies).map_err(unproved)?;
    policies
        .proved_by(bundle, &config.floor_keys, &is_signed)
        .map_err(unproved)
}

/// The policies, proved or not.
pub(crate) fn load_policies(dir: &Path) -> anyhow::Result<Policies> {
    Policies::load(dir).with_context(|| format!("the policies in {} cannot be used", dir.display()))
}

fn is_signed(key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    vault::verify(key, message, signature).is_ok()
}

/// Reads the identity register; without one, every number is unknown and every row is held.
pub(crate) fn open_register(path: &Path) -> anyhow::Result<Arc<dyn IdentityRegister>> {
    if !path.exists() {
        tracing::warn!("there is no identity register: every row will be held until there is one");
        let empty = FileRegister::load(EMPTY_REGISTER.as_bytes()).context("the empty register cannot be read")?;
        return Ok(Arc::new(empty));
    }
    let file = File::open(path).with_context(|| format!("the identity register {} cannot be read", path.display()))?;
    let register = FileRegister::load(BufReader::with_capacity(1 << 20, file))
        .with_context(|| format!("the identity register {} cannot be read", path.display()))?;
    Ok(Arc::new(register))
}

const EMPTY_REGISTER: &str = "证件类型,证件号码,姓名,曾用名\n";

/// The identity provider, if one is named. It is not asked yet: what does not depend on it starts without it.
pub(crate) fn open_provider(config: &Config) -> anyhow::Result<Option<Arc<Provider>>> {
    let chosen = &config.sign_in;
    if chosen.issuer.is_empty() {
        return Ok(None);
    }
    let client_secret = if chosen.client_secret_file.as_os_str().is_empty() {
        None
    } else {
        let file = &chosen.client_secret_file;
        let secret = vault::read_secret_line(file).map_err(|error| told(&error));
        let secret = secret.with_context(|| format!("the client secret file {} cannot be used", file.display()))?;
        Some(secret.as_str().to_owned())
    };
    let authorities = &chosen.authorities;
    let authorities = std::fs::read(authorities)
        .with_context(|| format!("sign_in.authorities: {} cannot be read", authorities.display()))?;
    let settings = oidc::Settings {
        issuer: chosen.issuer.clone(),
        client_id: chosen.client_id.clone(),
        client_secret,
        redirect: format!("{}{}", chosen.address.trim_end_matches('/'), web::RETURN_PATH),
        second_factor: oidc::SecondFactor {
            acr: chosen.acr.clone(),
            amr: chosen.amr.clone(),
            minutes: chosen.second_factor_minutes,
            login_again: chosen.login_again,
        },
        authorities,
        allows_loopback_http: chosen.allows_loopback_http,
    };
    let provider = Provider::new(settings, Arc::new(SystemClock)).context("the identity provider cannot be used")?;
    Ok(Some(Arc::new(provider)))
}

/// Who asks, when a command on the host asks.
pub(crate) fn operator() -> Caller {
    adapter(Adapter::CommandLine)
}

/// Who asks, when an adapter of this host asks; deliveries keep by which adapter they came.
pub(crate) fn adapter(adapter: Adapter) -> Caller {
    Caller {
        account: adapter.account(),
        kind: CallerKind::Operator,
        organisation: None,
        second_factor: false,
        behind: None,
    }
}

/// The question whether `caller` may deliver `item` for `provider`.
///
/// # Errors
///
/// If the catalogue has no such item, or the policies refuse (with their code).
pub(crate) fn may_deliver(
    app: &App,
    caller: &Caller,
    item: &ItemId,
    provider: &Uscc,
) -> anyhow::Result<policy::Permit<policy::Deliver>> {
    let entry = app
        .catalogue()
        .items
        .get(item)
        .with_context(|| format!("the catalogue has no item {item}; `chengdang catalogue show` lists them"))?;
    app.policies()
        .decide(caller, policy::Deliver::of(provider.clone(), entry))
        .map_err(anyhow::Error::from)
}
