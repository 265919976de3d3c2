//! A town of three residents; one department delivers permits.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};

use app::accounts::{self, NewAccount};
use app::own_file::{self, OwnFile, OwnRecord};
use app::{App, Parts, Settings};
use domain::catalogue::{Catalogue, ItemId};
use domain::{Clock, Day, DocumentKind, IdSource, IdentityDocument, Moment, Name, ResidentId, Uscc};
use matching::FileRegister;
use policy::{Caller, CallerKind, Deliver, Policies, ReadOwnRecords};
use serde_json::Value;
use store::{AccountKind, Store};
use store_sqlite::{SqliteOptions, SqliteStore};
use uuid::{NoContext, Timestamp, Uuid};
use vault::Vault;

use crate::permits::{self, Row};

/// Moves on by itself by a millisecond a look, and otherwise as a test says.
pub(crate) struct TestClock(AtomicI64);

impl Default for TestClock {
    fn default() -> Self {
        // 2026-11-24 10:00 in China.
        Self(AtomicI64::new(1_795_485_600_000))
    }
}

impl TestClock {
    pub(crate) fn jump(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }

    /// Without moving on.
    pub(crate) fn look(&self) -> Moment {
        Moment(self.0.load(Ordering::SeqCst))
    }
}

impl Clock for TestClock {
    fn now(&self) -> Moment {
        Moment(self.0.fetch_add(1, Ordering::SeqCst))
    }
}

struct TestIds;

impl IdSource for TestIds {
    fn uuid(&self, at: Moment) -> Uuid {
        Uuid::new_v7(Timestamp::from_unix(NoContext, u64::try_from(at.0 / 1000).unwrap(), 0))
    }
}

/// The system over a store, with keys and staged uploads in `folder`.
pub(crate) fn app_over(
    folder: &Path,
    store: Arc<dyn Store>,
    clock: Arc<TestClock>,
    register: &str,
    chunk_rows: Option<usize>,
) -> App {
    let log = app::log::Log::new(
        "log.example",
        Arc::new(translog::TileFolder::open(&folder.join("log")).unwrap()),
    );
    app_with(folder, store, clock, register, chunk_rows, log)
}

/// The same with its public log.
pub(crate) fn app_with(
    folder: &Path,
    store: Arc<dyn Store>,
    clock: Arc<TestClock>,
    register: &str,
    chunk_rows: Option<usize>,
    log: app::log::Log,
) -> App {
    static SHIPPED: LazyLock<(Arc<Catalogue>, Arc<Policies>)> = LazyLock::new(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let catalogue = catalogue::load(&root.join("catalogue")).unwrap();
        let policies = Policies::load(&root.join("policies")).unwrap();
        (Arc::new(catalogue), Arc::new(policies))
    });
    let mut settings = Settings::new(folder.join("staging"));
    settings.allow_test_area = true;
    settings.chunk_rows = chunk_rows.unwrap_or(settings.chunk_rows);
    App::new(Parts {
        store,
        vault: Arc::new(Vault::open(&folder.join("keys")).unwrap()),
        catalogue: Arc::clone(&SHIPPED.0),
        policies: Arc::clone(&SHIPPED.1),
        register: Arc::new(FileRegister::load(register.as_bytes()).unwrap()),
        // No test here delivers a workbook.
        workbooks: Arc::new(confine::ConfinedReader::new("/nonexistent")),
        statements: Arc::new(app::reconcile::NoStatements),
        clock,
        ids: Arc::new(TestIds),
        log,
        settings,
    })
}

pub(crate) struct Town {
    pub(crate) app: App,
    pub(crate) provider: Uscc,
    pub(crate) provider_name: String,
    pub(crate) database: PathBuf,
    pub(crate) clock: Arc<TestClock>,
    folder: tempfile::TempDir,
}

/// The document of resident 1, 2 or 3.
pub(crate) fn document(sequence: u16) -> IdentityDocument {
    let number = ResidentId::compose("370199", Day::new(1990, 1, 1).unwrap(), sequence).unwrap();
    IdentityDocument::parse(DocumentKind::ResidentId, number.expose()).unwrap()
}

/// Their names, by the register.
pub(crate) fn name(sequence: u16) -> &'static str {
    [
        "",
        "测试甲",
        "测试乙",
        "测试丙",
        "测试丁",
        "测试戊",
        "测试己",
        "测试庚",
        "测试辛",
    ][usize::from(sequence)]
}

/// A register that knows the residents `known`; the third had another name before.
pub(crate) fn register(known: &[u16]) -> String {
    let mut register = "证件类型,证件号码,姓名,曾用名\n".to_owned();
    for sequence in known {
        let former = if *sequence == 3 { FORMER_NAME } else { "" };
        writeln!(
            register,
            "01,{},{},{former}",
            document(*sequence).expose(),
            name(*sequence)
        )
        .unwrap();
    }
    register
}

/// The name that the third resident had before.
pub(crate) const FORMER_NAME: &str = "测试旧名";

impl Town {
    /// A town whose register knows the residents `known`.
    pub(crate) fn new(known: &[u16]) -> Self {
        Self::over(tempfile::tempdir().unwrap(), &register(known))
    }

    /// A town of resident 1 and so many others who were born on the same day and have resident 2's name.
    pub(crate) fn with_namesakes(count: u16) -> Self {
        let mut text = register(&[1]);
        for sequence in 100..100 + count {
            writeln!(text, "01,{},{},", document(sequence).expose(), name(2)).unwrap();
        }
        Self::over(tempfile::tempdir().unwrap(), &text)
    }

    /// The same town with another register.
    pub(crate) fn with_register(self, known: &[u16]) -> Self {
        Self::over(self.folder, &register(known))
    }

    fn over(folder: tempfile::TempDir, register: &str) -> Self {
        let database = folder.path().join("town.db");
        store_sqlite::migrate(&database).unwrap();
        let keys = folder.path().join("keys");
        if !keys.exists() {
            Vault::create(&keys).unwrap();
        }
        let options = SqliteOptions {
            cache_mib: 8,
            readers: 2,
            reader_cache_mib: 2,
            ..SqliteOptions::default()
        };
        let store = Arc::new(SqliteStore::open(&database, &options).unwrap());
        let clock = Arc::new(TestClock::default());
        let app = app_over(folder.path(), store, Arc::clone(&clock), register, None);
        let item = &app.catalogue().items[&ItemId::parse("ITM-PERMIT").unwrap()];
        let provider = item.providers[0].clone();
        let provider_name = app.catalogue().organisations[&provider].name.zh.clone();
        Self {
            app,
            provider,
            provider_name,
            database,
            clock,
            folder,
        }
    }

    pub(crate) fn officer(&self) -> Caller {
        let organisation = Some(self.provider.clone());
        Caller {
            account: Uuid::from_u128(1),
            kind: CallerKind::Officer,
            organisation,
            second_factor: true,
            behind: None,
        }
    }

    pub(crate) fn centre(&self) -> Caller {
        Caller {
            kind: CallerKind::Centre,
            ..self.officer()
        }
    }

    pub(crate) fn operator() -> Caller {
        Caller {
            account: Uuid::nil(),
            kind: CallerKind::Operator,
            organisation: None,
            second_factor: false,
            behind: None,
        }
    }

    /// Delivers permits: document number, name, number, content. Returns the counts of the receipt.
    pub(crate) async fn deliver(&self, rows: &[(&str, &str, &str, &str)]) -> Value {
        let rows: Vec<Row> = rows
            .iter()
            .map(|(document_no, name, number, content)| Row::new(document_no, name, number, content))
            .collect();
        let file = permits::file(&permits::csv(&self.provider_name, &self.provider, &rows));
        let item = &self.app.catalogue().items[&ItemId::parse("ITM-PERMIT").unwrap()];
        let question = Deliver::of(self.provider.clone(), item);
        let permit = self.app.policies().decide(&self.officer(), question).unwrap();
        let receipt = app::deliver::deliver_file(&self.app, &permit, file, "permits.csv", |_| {})
            .await
            .unwrap();
        assert!(app::deliver::receipt_verifies(&receipt, &self.app.public_key()));
        serde_json::from_slice::<Value>(&receipt).unwrap()["receipt"]["rows"].clone()
    }

    /// Creates the account of a resident and returns a permit for the own records.
    pub(crate) async fn own(&self, sequence: u16) -> policy::Permit<ReadOwnRecords> {
        let new = NewAccount {
            login: format!("resident-{sequence}"),
            password: "a password of the test".into(),
            kind: AccountKind::Resident,
            organisation: None,
            identity: Some((document(sequence), Name::parse(name(sequence)).unwrap())),
            totp_secret: None,
            holder: None,
        };
        let account = accounts::create(&self.app, new).await.unwrap().uuid;
        let caller = Caller {
            account,
            kind: CallerKind::Resident,
            organisation: None,
            second_factor: true,
            behind: None,
        };
        self.app.policies().decide(&caller, ReadOwnRecords { account }).unwrap()
    }

    pub(crate) async fn verify(&self) {
        let permit = self
            .app
            .policies()
            .decide(&Self::operator(), policy::VerifyStore)
            .unwrap();
        let findings = app::verify::run(&self.app, &permit, |_| {}).await.unwrap();
        assert_eq!(findings.damage, []);
        assert!(findings.records > 0);
    }
}

/// All records of a file.
pub(crate) fn records(file: &OwnFile) -> Vec<&OwnRecord> {
    file.groups.iter().flat_map(|group| &group.records).collect()
}

/// The value of a field.
pub(crate) fn value<'a>(record: &'a OwnRecord, code: &str) -> &'a str {
    record
        .fields
        .iter()
        .find(|field| field.code == code)
        .map_or("", |field| &field.value)
}

pub(crate) async fn read(town: &Town, permit: &policy::Permit<ReadOwnRecords>) -> OwnFile {
    own_file::records(&town.app, permit).await.unwrap()
}
