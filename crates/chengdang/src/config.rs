//! One configuration file (`chengdang.toml`), overridden by `CHENGDANG_…` in the environment, with sane defaults.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use reserve::Reserve;
use serde::{Deserialize, Serialize};

/// The key of the proof that lies in the source tree. It is part of the program, so that whoever may write the folder of the
/// policies cannot name another.
const SHIPPED_FLOOR_KEY: &str = include_str!("../../../policies/floor/proof.pub");

/// What a deployment may set. Paths are relative to the working directory.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// `production` or `test`. In production, synthetic persons (area 370199) are refused.
    pub(crate) mode: String,
    /// Folder of the store, the keys and the staged uploads.
    pub(crate) data: PathBuf,
    /// `sqlite` (a file in `data`) or a PostgreSQL address `postgresql://user@host/name`.
    pub(crate) store: String,
    /// Space kept back on the disk of `data`, in MiB, for logins, reads and their traces when the disk is full; as much again
    /// stays free beside it, and deliveries wait. 0 keeps nothing back.
    pub(crate) reserve_mib: u64,
    /// With PostgreSQL on this host: a folder on the disk of its data, where as much is kept back for it; none if empty.
    pub(crate) reserve_folder: PathBuf,
    /// Memory that SQLite may use as its cache, in MiB.
    pub(crate) sqlite_cache_mib: u32,
    /// Key file; `keys` in `data` if empty.
    pub(crate) keys: PathBuf,
    /// Suite of ciphers with which the key file is made: `international` or `sm` (GB/T 32905, 32907, 32918). A key file that is
    /// there names its own.
    pub(crate) suite: String,
    /// Hardware module for the wrapping and signing keys; see `docs/operating.md`.
    pub(crate) token: TokenConfig,
    /// Identity register (CSV).
    pub(crate) register: PathBuf,
    /// Folder of the catalogue.
    pub(crate) catalogue: PathBuf,
    /// Folder of the policies.
    pub(crate) policies: PathBuf,
    /// Ed25519 keys (hex) of those whose proof of the policies is believed; that of the shipped proof if none is named.
    pub(crate) floor_keys: Vec<String>,
    /// Address to listen on.
    pub(crate) listen: String,
    /// Whether pages are reached by https (then cookies are marked Secure).
    pub(crate) https: bool,
    /// Whether a reverse proxy of the operator sets X-Forwarded-For.
    pub(crate) trusts_forwarded_for: bool,
    /// Largest upload in MiB.
    pub(crate) upload_mib_max: u64,
    /// Data rows per chunk.
    pub(crate) chunk_rows: usize,
    /// Filter of the log, such as `info` or `chengdang=debug,web=info`.
    pub(crate) log: String,
    /// The identity provider by which officers sign in.
    pub(crate) sign_in: SignInConfig,
    /// The public log of what happened.
    pub(crate) transparency: TransparencyConfig,
    /// Events for departments' systems.
    pub(crate) events: EventsConfig,
    /// Folders in which providers lay down files.
    pub(crate) drop: DropConfig,
    /// Views of providers that are polled, by a name of the operator's.
    pub(crate) views: BTreeMap<String, ViewConfig>,
}

/// A token behind PKCS#11. None if `module` is empty.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TokenConfig {
    /// Library of the maker, such as `/usr/lib/softhsm/libsofthsm2.so`.
    pub(crate) module: PathBuf,
    /// Label of the token.
    pub(crate) label: String,
    /// File with the user PIN in its first line, mode 0600, owned by the service user.
    pub(crate) pin_file: PathBuf,
}

/// A view of a provider (GB/T 39443), see `docs/delivering.md`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ViewConfig {
    /// Address of the PostgreSQL source; a socket or this host, as for the store.
    pub(crate) source: String,
    /// View, with or without schema.
    pub(crate) view: String,
    /// Column that only grows: timestamp or integer.
    pub(crate) watermark: String,
    /// Column that tells rows of one watermark apart: integer or UUID.
    pub(crate) key: String,
    /// Item of the catalogue.
    pub(crate) item: String,
    /// Unified social credit code of the provider.
    pub(crate) provider: String,
    /// Header of the item for each column of the view that is named otherwise.
    #[serde(default)]
    pub(crate) columns: BTreeMap<String, String>,
    /// Seconds between two polls.
    #[serde(default = "every_minute")]
    pub(crate) every_s: u64,
    /// Seconds that a row must be old: longer than the provider's longest transaction.
    #[serde(default = "every_minute")]
    pub(crate) settle_s: u64,
    /// Rows of one delivery at most.
    #[serde(default = "batch_rows")]
    pub(crate) batch_rows: u32,
}

const fn every_minute() -> u64 {
    60
}

const fn batch_rows() -> u32 {
    50_000
}

/// The identity provider (OpenID Connect), see `docs/operating.md`. None if `issuer` is empty.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SignInConfig {
    /// Issuer identifier, exactly as the provider's discovery document says it.
    pub(crate) issuer: String,
    /// Our client id there.
    pub(crate) client_id: String,
    /// File with our client secret in its first line, mode 0600, owned by the service user; none for a public client.
    pub(crate) client_secret_file: PathBuf,
    /// Address under which people reach this service, such as `https://credit.example.gov.cn`. `/login/return` below it is the
    /// redirect address to register at the provider.
    pub(crate) address: String,
    /// Values of `acr` that stand for a second factor; they are asked for.
    pub(crate) acr: Vec<String>,
    /// Values of `amr` (RFC 8176) of which one stands for a second factor, such as `otp` or `hwk`.
    pub(crate) amr: Vec<String>,
    /// Minutes after the login at the provider for which its second factor counts, 20 to 480.
    pub(crate) second_factor_minutes: u32,
    /// Whether a confirmation asks for a fresh login (`prompt=login`), for a provider that heeds neither `acr_values` nor `max_age`.
    pub(crate) login_again: bool,
    /// Certificates (PEM) of the authorities that are believed about the provider's name.
    pub(crate) authorities: PathBuf,
    /// Whether plain http on 127.0.0.1 is taken, for a provider and a service on one machine: demonstrations and tests.
    pub(crate) allows_loopback_http: bool,
}

impl Default for SignInConfig {
    fn default() -> Self {
        Self {
            issuer: String::new(),
            client_id: String::new(),
            client_secret_file: PathBuf::new(),
            address: String::new(),
            acr: Vec::new(),
            amr: Vec::new(),
            second_factor_minutes: 60,
            login_again: false,
            authorities: "/etc/ssl/certs/ca-certificates.crt".into(),
            allows_loopback_http: false,
        }
    }
}

/// The public log, see `docs/operating.md`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TransparencyConfig {
    /// Name of the log, for ever: the address under which it is published, without scheme, such as
    /// `credit.example.gov.cn/log`. A name made of the key's fingerprint if empty.
    pub(crate) origin: String,
    /// Folder of tiles and checkpoint; `log` in `data` if empty. Several servers share one.
    pub(crate) folder: PathBuf,
    /// Witnesses that must have cosigned a checkpoint before it is published; all of them if not given.
    pub(crate) quorum: Option<usize>,
    /// Witnesses, by a name of the operator's.
    pub(crate) witnesses: BTreeMap<String, WitnessConfig>,
}

/// A witness of the log.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WitnessConfig {
    /// Address before `/add-checkpoint`, `http://…`: this host, a private network or a local tunnel, since this version speaks
    /// no TLS. A cosignature proves itself; who listens learns a size and a hash.
    pub(crate) url: String,
    /// Its key, as `chengdang witness init` printed it.
    pub(crate) vkey: String,
}

/// The file drop (GB/T 39443): `folder/USCC/ITM/…`, see `docs/delivering.md`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct DropConfig {
    /// Folder that is watched; none if empty.
    pub(crate) folder: PathBuf,
    /// Seconds between two looks of `chengdang serve`.
    pub(crate) every_s: u64,
    /// A file is complete once it has not changed for this many seconds, or as soon as `NAME.done` lies beside it.
    pub(crate) settle_s: u64,
    /// Whether nothing is taken without `NAME.done`.
    pub(crate) needs_marker: bool,
    /// Days for which a file that was taken in or refused is kept; its receipt and faults stay.
    pub(crate) keep_days: u64,
}

/// Events for departments' systems, see `docs/operating.md`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct EventsConfig {
    /// Certificates of the authorities that endpoints are believed by (PEM).
    pub(crate) authorities: PathBuf,
    /// Private networks in which endpoints may lie, such as `10.20.0.0/16`; public addresses are always allowed.
    pub(crate) allowed_networks: Vec<String>,
    /// Whether endpoints may lie on this host, in clear too: a demonstration, a test, a local tunnel.
    pub(crate) allow_loopback: bool,
    /// Hours for which an event that is not taken is tried again, at least; then it is given up and the operator is told.
    pub(crate) tried_for_h: u32,
    /// Seconds between the first attempt and the second; it doubles each time.
    pub(crate) first_pause_s: u32,
    /// Seconds between two attempts at most.
    pub(crate) pause_s_max: u32,
}

impl Default for EventsConfig {
    fn default() -> Self {
        Self {
            authorities: "/etc/ssl/certs/ca-certificates.crt".into(),
            allowed_networks: Vec::new(),
            allow_loopback: false,
            tried_for_h: 72,
            first_pause_s: 10,
            pause_s_max: 6 * 3600,
        }
    }
}

impl Default for DropConfig {
    fn default() -> Self {
        Self {
            folder: PathBuf::new(),
            every_s: 5,
            settle_s: 30,
            needs_marker: false,
            keep_days: 7,
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            mode: "production".to_owned(),
            data: "data".into(),
            store: "sqlite".to_owned(),
            reserve_mib: 64,
            reserve_folder: PathBuf::new(),
            sqlite_cache_mib: 128,
            keys: PathBuf::new(),
            suite: "international".to_owned(),
            token: TokenConfig::default(),
            register: PathBuf::new(),
            catalogue: "catalogue".into(),
            policies: "policies".into(),
            floor_keys: vec![SHIPPED_FLOOR_KEY.trim().to_owned()],
            listen: "127.0.0.1:8370".to_owned(),
            https: false,
            trusts_forwarded_for: false,
            upload_mib_max: 64,
            chunk_rows: app::CHUNK_ROWS_DEFAULT,
            log: "warn".to_owned(),
            sign_in: SignInConfig::default(),
            transparency: TransparencyConfig::default(),
            events: EventsConfig::default(),
            drop: DropConfig::default(),
            views: BTreeMap::new(),
        }
    }
}

impl Config {
    pub(crate) fn is_production(&self) -> bool {
        self.mode == "production"
    }
    pub(crate) fn key_file(&self) -> PathBuf {
        if self.keys.as_os_str().is_empty() {
            self.data.join("keys")
        } else {
            self.keys.clone()
        }
    }
    pub(crate) fn register_file(&self) -> PathBuf {
        if self.register.as_os_str().is_empty() {
            self.data.join("register.csv")
        } else {
            self.register.clone()
        }
    }
    pub(crate) fn sqlite_file(&self) -> PathBuf {
        self.data.join("chengdang.db")
    }
    /// What is kept back beside the data folder.
    pub(crate) fn reserve(&self) -> Reserve {
        Reserve::new(&self.data, self.reserve_mib.saturating_mul(1 << 20))
    }
    /// What is kept back for a PostgreSQL server.
    pub(crate) fn server_reserve(&self) -> Reserve {
        if self.store == "sqlite" || self.reserve_folder.as_os_str().is_empty() {
            return Reserve::none();
        }
        Reserve::new(&self.reserve_folder, self.reserve_mib.saturating_mul(1 << 20))
    }
    pub(crate) fn log_folder(&self) -> PathBuf {
        if self.transparency.folder.as_os_str().is_empty() {
            self.data.join("log")
        } else {
            self.transparency.folder.clone()
        }
    }
    pub(crate) fn staging_dir(&self) -> PathBuf {
        self.data.join("staging")
    }
}

/// Reads the file given, or `chengdang.toml` if there is one, then the environment.
///
/// # Errors
///
/// If the file given does not exist, or a setting is unknown or of the wrong kind; the message names it.
pub(crate) fn load(file: Option<&Path>) -> anyhow::Result<Config> {
    let mut figment = Figment::from(Serialized::defaults(Config::default()));
    match file {
        Some(file) if !file.exists() => bail!("the configuration file {} does not exist", file.display()),
        Some(file) => figment = figment.merge(Toml::file_exact(file)),
        None => figment = figment.merge(Toml::file("chengdang.toml")),
    }
    let config: Config = figment
        .merge(Env::prefixed("CHENGDANG_").ignore(&["config"]).split("__"))
        .extract()
        .context("the configuration cannot be used")?;
    if !matches!(config.mode.as_str(), "production" | "test") {
        bail!("mode is either \"production\" or \"test\"");
    }
    if !matches!(config.suite.as_str(), "international" | "sm") {
        bail!("suite is either \"international\" or \"sm\"");
    }
    let token = &config.token;
    if !token.module.as_os_str().is_empty() && (token.label.is_empty() || token.pin_file.as_os_str().is_empty()) {
        bail!("token.module needs token.label and token.pin_file");
    }
    if config.chunk_rows == 0 || config.chunk_rows > store::CHUNK_ROWS_MAX {
        bail!("chunk_rows lies between 1 and {}", store::CHUNK_ROWS_MAX);
    }
    let transparency = &config.transparency;
    if transparency
        .quorum
        .is_some_and(|quorum| quorum > transparency.witnesses.len())
    {
        bail!("transparency.quorum is larger than the number of witnesses");
    }
    let events = &config.events;
    if events.tried_for_h > 720 {
        bail!("events.tried_for_h is at most 720");
    }
    if events.first_pause_s == 0 || events.pause_s_max < events.first_pause_s {
        bail!("events.first_pause_s is at least 1 and at most events.pause_s_max");
    }
    if config.drop.every_s == 0 {
        bail!("drop.every_s is at least 1");
    }
    for (name, view) in &config.views {
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || name.len() > 64 || !name.chars().all(is_plain) {
            bail!("the name of a view consists of up to 64 lower-case letters, digits and hyphens");
        }
        if view.every_s == 0 || view.batch_rows == 0 || view.batch_rows > 1_000_000 {
            bail!("views.{name}: every_s is at least 1, batch_rows lies between 1 and 1000000");
        }
    }
    Ok(config)
}
