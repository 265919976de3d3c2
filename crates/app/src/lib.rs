//! The use cases: one function for each thing a person, an officer or the centre can do.
//!
//! This crate wires nothing and opens nothing: it receives its ports in [`Parts`]. It knows no SQL, no cipher, no Cedar
//! and no HTTP. Whatever must be allowed takes a [`policy::Permit`], which only `policy` can make.

pub mod accounts;
mod adapter;
pub mod administrators;
pub mod asking;
pub mod candidates;
pub mod clients;
pub mod comparisons;
pub mod deliver;
pub mod deliveries;
pub mod emergencies;
pub mod entry;
mod error;
mod handles;
pub mod held;
mod keys;
pub mod lifecycle;
pub mod locks;
pub mod log;
pub mod look_ups;
pub mod matters;
mod names;
pub mod own_file;
pub mod own_looks;
pub mod persons;
pub mod purge;
pub mod reconcile;
pub mod reviews;
pub mod rotation;
pub mod sequencer;
pub mod sign_in;
mod trace;
pub mod verify;

use std::path::PathBuf;
use std::sync::Arc;

use domain::catalogue::Catalogue;
use domain::{Clock, IdSource, Moment};
use matching::IdentityRegister;
use policy::Policies;
use reserve::Reserve;
use store::Store;
use uuid::Uuid;
use vault::Vault;

pub use adapter::Adapter;
pub use error::AppError;
/// What a delivery's faults are, for the edges that show them.
pub use intake::{Fault, FaultCode, Lang as Language, Workbooks};

/// What a deployment chooses.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Largest upload over HTTP, in bytes.
    pub upload_bytes_max: u64,
    /// Uploads that may lie staged at once.
    pub staged_uploads_max: usize,
    /// Folder for staged uploads; everything in it is encrypted.
    pub staging_dir: PathBuf,
    /// Data rows per chunk, each one transaction.
    pub chunk_rows: usize,
    /// Whether synthetic persons (area 370199) are accepted; never in production.
    pub allow_test_area: bool,
    /// Whether this is a demonstration with printed logins.
    pub is_demo: bool,
    /// Space kept back, on each disk that deliveries fill; they go on only while there is room beside it.
    pub reserves: Vec<Reserve>,
}

/// How the intake is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Intake {
    /// Whether deliveries are taken in now; without room they wait, and everything else goes on.
    pub has_room: bool,
    /// Deliveries that were begun and wait to go on by themselves.
    pub waiting: usize,
}

/// Rows per chunk: the indexes take keys in random order, so a chunk writes nearly every page of theirs once, whatever its
/// size; with more rows a row pays less of that. Memory stays bounded at a few chunks.
pub const CHUNK_ROWS_DEFAULT: usize = 50_000;

impl Settings {
    /// Sane settings with uploads staged in `staging_dir`.
    #[must_use]
    pub fn new(staging_dir: PathBuf) -> Self {
        Self {
            upload_bytes_max: 64 << 20,
            staged_uploads_max: 64,
            staging_dir,
            chunk_rows: CHUNK_ROWS_DEFAULT,
            allow_test_area: false,
            is_demo: false,
            reserves: Vec::new(),
        }
    }
}

/// The ports that the binary constructs and hands over.
pub struct Parts {
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// The keys.
    pub vault: Arc<Vault>,
    /// The catalogue in force.
    pub catalogue: Arc<Catalogue>,
    /// The policies in force.
    pub policies: Arc<Policies>,
    /// The authoritative identity source (R7).
    pub register: Arc<dyn IdentityRegister>,
    /// Reads workbooks outside this process (AB-21).
    pub workbooks: Arc<dyn Workbooks>,
    /// What providers say that they sent.
    pub statements: Arc<dyn reconcile::Statements>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids.
    pub ids: Arc<dyn IdSource>,
    /// The public log.
    pub log: log::Log,
    /// Choices.
    pub settings: Settings,
}

struct Inner {
    parts: Parts,
    traces: trace::GroupCommit,
    limits: look_ups::Limits,
    comparison_index: comparisons::ComparisonIndex,
    decoy: tokio::sync::OnceCell<()>,
    running: deliver::Running,
    waiting: deliver::Waiting,
}

/// The system, as its edges call it. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

impl App {
    /// Takes the ports. Must be called within a Tokio runtime: the group commit of traces is a task of it.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let traces = trace::GroupCommit::start(Arc::clone(&parts.store));
        Self(Arc::new(Inner {
            parts,
            traces,
            limits: look_ups::Limits::default(),
            comparison_index: comparisons::ComparisonIndex::default(),
            decoy: tokio::sync::OnceCell::new(),
            running: deliver::Running::default(),
            waiting: deliver::Waiting::default(),
        }))
    }

    /// The catalogue in force.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.0.parts.catalogue
    }
    /// The policies in force.
    #[must_use]
    pub fn policies(&self) -> &Policies {
        &self.0.parts.policies
    }
    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        &*self.0.parts.clock
    }
    /// Choices of the deployment.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.parts.settings
    }
    /// The Ed25519 key that signs receipts now.
    #[must_use]
    pub fn public_key(&self) -> [u8; 32] {
        self.vault().public_key()
    }

    /// Name of the suite of ciphers.
    #[must_use]
    pub fn suite_name(&self) -> &'static str {
        self.vault().suite_name()
    }

    /// Whether the store answers: one trivial read.
    ///
    /// # Errors
    ///
    /// If it does not.
    pub async fn ready(&self) -> Result<(), AppError> {
        self.store().log_sizes().await?;
        Ok(())
    }

    /// Whether there is room for deliveries, and how many of them wait to go on by themselves.
    #[must_use]
    pub fn intake(&self) -> Intake {
        Intake {
            has_room: self.settings().reserves.iter().all(Reserve::has_room),
            waiting: self.waiting().count(),
        }
    }

    /// A fresh public id.
    #[must_use]
    pub fn fresh_id(&self) -> Uuid {
        self.fresh_uuid()
    }

    fn store(&self) -> &dyn Store {
        &*self.0.parts.store
    }
    fn vault(&self) -> &Vault {
        &self.0.parts.vault
    }
    fn register(&self) -> &dyn IdentityRegister {
        &*self.0.parts.register
    }
    fn workbooks(&self) -> &dyn Workbooks {
        &*self.0.parts.workbooks
    }
    fn traces(&self) -> &trace::GroupCommit {
        &self.0.traces
    }
    fn limits(&self) -> &look_ups::Limits {
        &self.0.limits
    }
    fn comparison_index(&self) -> &comparisons::ComparisonIndex {
        &self.0.comparison_index
    }

    /// Enters the person who stands in where nobody is found, once (R12).
    async fn ensure_decoy(&self) -> Result<(), AppError> {
        let enter = || async {
            let uuid = self.fresh_uuid();
            let (_, wrapped) = self.vault().new_secret(vault::SecretOwner::Person, uuid)?;
            self.store().ensure_decoy(uuid, &wrapped).await?;
            Ok(())
        };
        self.0.decoy.get_or_try_init(enter).await.copied()
    }

    fn log(&self) -> &log::Log {
        &self.0.parts.log
    }
    fn running(&self) -> &deliver::Running {
        &self.0.running
    }
    fn waiting(&self) -> &deliver::Waiting {
        &self.0.waiting
    }
    fn now(&self) -> Moment {
        self.clock().now()
    }
    fn fresh_uuid(&self) -> Uuid {
        self.0.parts.ids.uuid(self.now())
    }
}
