//! The public log over a real store: published, proved, damaged, restored from an old backup, shown to witnesses.

mod damage;
mod publishing;
mod witnessed;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use app::log::{self, Log, LogFindings, Publisher, WitnessAway, WitnessClient};
use app::{App, AppError, sequencer};
use async_trait::async_trait;
use domain::Clock;
use store::{EntryKind, Store};
use store_sqlite::{SqliteOptions, SqliteStore};
use tempfile::TempDir;
use translog::witness::Witness;
use translog::{LogFiles, LogKey, TileFolder, WitnessKey};
use uuid::Uuid;
use vault::Vault;

use crate::town::{TestClock, Town, app_with, register};

pub(crate) const ORIGIN: &str = "log.example/370199";
const HOLDER: Uuid = Uuid::from_u128(1);

/// A log over a store of its own.
pub(crate) struct Ledger {
    folder: TempDir,
    store: Arc<dyn Store>,
    app: App,
    clock: Arc<TestClock>,
    publisher: Publisher,
    entries: u64,
}

/// Files and witnesses of a log.
#[derive(Default, Clone)]
struct Around {
    files: Option<Arc<dyn LogFiles>>,
    witnesses: Vec<Arc<dyn WitnessClient>>,
    quorum: usize,
}

fn open(folder: &Path, clock: &Arc<TestClock>, around: &Around) -> (Arc<dyn Store>, App) {
    let options = SqliteOptions {
        cache_mib: 8,
        readers: 1,
        reader_cache_mib: 2,
        ..SqliteOptions::default()
    };
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&folder.join("town.db"), &options).unwrap());
    let files = around.files.clone();
    let files = files.unwrap_or_else(|| Arc::new(TileFolder::open(&folder.join("log")).unwrap()));
    let log = Log::new(ORIGIN, files).with_witnesses(around.witnesses.clone(), around.quorum);
    let app = app_with(
        folder,
        Arc::clone(&store),
        Arc::clone(clock),
        &register(&[1]),
        None,
        log,
    );
    (store, app)
}

impl Ledger {
    fn new() -> Self {
        Self::with(&Around::default())
    }

    fn with(around: &Around) -> Self {
        let folder = tempfile::tempdir().unwrap();
        store_sqlite::migrate(&folder.path().join("town.db")).unwrap();
        Vault::create(&folder.path().join("keys")).unwrap();
        Self::over(folder, around)
    }

    /// What lies in `folder`, as a process finds it that begins.
    fn over(folder: TempDir, around: &Around) -> Self {
        let clock = Arc::new(TestClock::default());
        let (store, app) = open(folder.path(), &clock, around);
        Self {
            publisher: Publisher::new(&app),
            folder,
            store,
            app,
            clock,
            entries: 0,
        }
    }

    /// The same folder under a process that begins anew.
    fn restarted(self, around: &Around) -> Self {
        let Self {
            folder,
            store,
            app,
            entries,
            ..
        } = self;
        drop((store, app));
        Self {
            entries,
            ..Self::over(folder, around)
        }
    }

    /// A copy of the folder, as a backup.
    fn copied(&self) -> TempDir {
        let to = tempfile::tempdir().unwrap();
        copy(self.folder.path(), to.path());
        to
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn database(&self) -> PathBuf {
        self.path().join("town.db")
    }

    fn files(&self) -> TileFolder {
        TileFolder::open(&self.path().join("log")).unwrap()
    }

    fn key(&self) -> LogKey {
        log::key(&self.app).unwrap()
    }

    /// Asks for places for `count` more entries, of all kinds in turn.
    async fn happen(&mut self, count: u64) {
        for number in self.entries..self.entries + count {
            let kind = EntryKind::ALL[usize::try_from(number).unwrap() % EntryKind::ALL.len()];
            assert!(self.store.append_version(kind, hash_of(number)).await.unwrap());
        }
        self.entries += count;
    }

    async fn publish(&mut self) -> Result<u64, AppError> {
        sequencer::publish_once(&self.app, HOLDER, &mut self.publisher)
            .await
            .map(|published| published.expect("nobody else holds the lease"))
    }

    /// Grows to `entries` and publishes.
    async fn grown_to(&mut self, entries: u64) {
        self.happen(entries - self.entries).await;
        assert_eq!(self.publish().await.unwrap(), entries);
    }

    async fn findings(&self) -> LogFindings {
        let permit = self
            .app
            .policies()
            .decide(&Town::operator(), policy::VerifyStore)
            .unwrap();
        log::verify(&self.app, &permit, |_| {}).await.unwrap()
    }

    /// Size of the tree whose head was signed last.
    async fn signed(&self) -> u64 {
        self.store.last_head(ORIGIN).await.unwrap().map_or(0, |head| head.size)
    }
}

fn hash_of(number: u64) -> [u8; 32] {
    translog::leaf_hash(&number.to_be_bytes())
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_into(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).unwrap();
        }
    }
}

fn copy_into(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    copy(from, to);
}

fn code(error: &AppError) -> &'static str {
    error.code()
}

/// A witness in this process, reached as one by HTTP is; it can be away.
pub(crate) struct NearWitness {
    key: WitnessKey,
    secret: vault::WitnessKey,
    witness: Witness,
    clock: Arc<TestClock>,
    mood: AtomicU8,
}

const HERE: u8 = 0;
const AWAY: u8 = 1;
/// It cosigns, but the answer is lost.
const LOST: u8 = 2;

impl NearWitness {
    fn new(folder: &Path, name: &str, log: Vec<LogKey>, clock: Arc<TestClock>) -> Arc<Self> {
        let file = folder.join("key");
        if !file.exists() {
            vault::WitnessKey::create(&file).unwrap();
        }
        let secret = vault::WitnessKey::open(&file).unwrap();
        let key = WitnessKey::new(name, secret.public_key()).unwrap();
        Arc::new(Self {
            witness: Witness::open(folder, key.clone(), log).unwrap(),
            key,
            secret,
            clock,
            mood: AtomicU8::new(HERE),
        })
    }

    fn is(&self, mood: u8) {
        self.mood.store(mood, Ordering::SeqCst);
    }
}

#[async_trait]
impl WitnessClient for NearWitness {
    fn key(&self) -> &WitnessKey {
        &self.key
    }

    async fn add_checkpoint(&self, request: Vec<u8>) -> Result<(u16, Vec<u8>), WitnessAway> {
        let mood = self.mood.load(Ordering::SeqCst);
        if mood == AWAY {
            return Err(WitnessAway);
        }
        let at_s = u64::try_from(self.clock.now().0 / 1000).unwrap();
        let answer = self
            .witness
            .add_checkpoint(&request, at_s, |text| self.secret.sign(text))
            .unwrap();
        if mood == LOST {
            return Err(WitnessAway);
        }
        Ok((answer.status, answer.body))
    }
}
