//! A synthetic city on disk, and the system over a store.

use std::fs::File;
use std::io::BufReader;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use app::{App, Parts, Settings};
use domain::catalogue::{Catalogue, ItemId};
use domain::{Clock, Uscc};
use matching::{FileRegister, IdentityRegister};
use policy::{Caller, CallerKind, Policies};
use store::Store;
use store_sqlite::{SqliteOptions, SqliteStore};
use synth::{City, Dirt, FileEntry, FileKind, Manifest, TextEncoding};
use uuid::Uuid;
use vault::Vault;

use crate::arms::Filled;
use crate::clock::{RandomIds, SystemClock};

const SEED: u64 = 7;

/// Files of a city and what is read from them once.
pub(crate) struct Written {
    pub(crate) folder: PathBuf,
    pub(crate) city: City,
    pub(crate) manifest: Manifest,
    pub(crate) register: Arc<dyn IdentityRegister>,
}

impl Written {
    /// Writes one delivery of `rows` penalties with dirt of every kind, and the register of a third as many residents.
    pub(crate) fn write(catalogue: &Catalogue, rows: u64, folder: PathBuf) -> anyhow::Result<Self> {
        Self::write_as(catalogue, rows, FileKind::Csv(TextEncoding::Utf8), folder)
    }

    /// The same rows in another kind of file.
    pub(crate) fn write_as(catalogue: &Catalogue, rows: u64, kind: FileKind, folder: PathBuf) -> anyhow::Result<Self> {
        let city = City::new(SEED, (rows / 3).max(1000), SystemClock.today())?;
        let manifest = synth::bulk(&city, catalogue, rows, &Dirt::default(), kind, &folder)?;
        // The server, another user, reads the same file.
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755))?;
        let file = File::open(folder.join("register.csv"))?;
        let register = FileRegister::load(BufReader::with_capacity(1 << 20, file))?;
        Ok(Self {
            folder,
            city,
            manifest,
            register: Arc::new(register),
        })
    }

    pub(crate) fn entry(&self) -> anyhow::Result<&FileEntry> {
        self.manifest.files.first().context("the set has no file")
    }

    pub(crate) fn delivery(&self) -> anyhow::Result<PathBuf> {
        Ok(self.folder.join(&self.entry()?.file))
    }
}

/// What does not change between stores.
#[derive(Clone)]
pub(crate) struct Ground {
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) policies: Arc<Policies>,
    pub(crate) root: PathBuf,
    /// Rows of a transaction.
    pub(crate) chunk_rows: usize,
    /// Page cache of SQLite's writer.
    pub(crate) cache_mib: u32,
}

impl Ground {
    pub(crate) fn open(chunk_rows: usize, cache_mib: u32) -> anyhow::Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
        Ok(Self {
            catalogue: Arc::new(catalogue::load(&root.join("catalogue"))?),
            policies: Arc::new(Policies::load(&root.join("policies"))?),
            root,
            chunk_rows,
            cache_mib,
        })
    }

    /// The system over `store`; must be called within the runtime.
    pub(crate) fn app(&self, written: &Written, store: Arc<dyn Store>, folder: &Path) -> anyhow::Result<App> {
        let mut settings = Settings::new(folder.join("staging"));
        settings.allow_test_area = true;
        settings.chunk_rows = self.chunk_rows;
        Ok(App::new(Parts {
            store,
            vault: Arc::new(Vault::ephemeral()?),
            catalogue: Arc::clone(&self.catalogue),
            policies: Arc::clone(&self.policies),
            register: Arc::clone(&written.register),
            workbooks: Arc::new(confine::ConfinedReader::new(crate::idle::program()?)),
            statements: Arc::new(app::reconcile::NoStatements),
            clock: Arc::new(SystemClock),
            ids: Arc::new(RandomIds::default()),
            log: app::log::Log::new(
                "log.example",
                Arc::new(translog::TileFolder::open(&folder.join("log"))?),
            ),
            settings,
        }))
    }

    /// A fresh SQLite store in `folder`, durable as in production.
    pub(crate) fn sqlite(&self, folder: &Path) -> anyhow::Result<Arc<dyn Store>> {
        let path = folder.join("chengdang.db");
        store_sqlite::migrate(&path)?;
        let options = SqliteOptions {
            cache_mib: self.cache_mib,
            ..SqliteOptions::default()
        };
        Ok(Arc::new(SqliteStore::open(&path, &options)?))
    }

    /// Takes the city's delivery in and returns what its receipt says.
    pub(crate) async fn deliver(&self, written: &Written, app: &App) -> anyhow::Result<serde_json::Value> {
        let entry = written.entry()?;
        let item = ItemId::parse(&entry.item)?;
        let item = self.catalogue.items.get(&item).context("no such item")?;
        let permit = self
            .policies
            .decide(&operator(), policy::Deliver::of(Uscc::parse(&entry.provider)?, item))?;
        let file = File::open(written.delivery()?)?;
        let receipt = app::deliver::deliver_file(app, &permit, file, &entry.file, |_| {}).await?;
        let whole: serde_json::Value = serde_json::from_slice(&receipt)?;
        whole.get("receipt").cloned().context("a receipt")
    }
}

/// Who asks on the host.
pub(crate) fn operator() -> Caller {
    Caller {
        account: Uuid::nil(),
        kind: CallerKind::Operator,
        organisation: None,
        second_factor: false,
        behind: None,
    }
}

/// A city of `rows` rows, taken in into a SQLite store in `folder`.
pub(crate) async fn filled(ground: &Ground, rows: u64, folder: &Path) -> anyhow::Result<Filled> {
    std::fs::create_dir(folder)?;
    let written = Written::write(&ground.catalogue, rows, folder.join("city"))?;
    let app = ground.app(&written, ground.sqlite(folder)?, folder)?;
    let receipt = ground.deliver(&written, &app).await?;
    crate::truth::check_counts(&written, &receipt)?;
    Ok(Filled {
        app,
        written,
        folder: folder.to_owned(),
    })
}
