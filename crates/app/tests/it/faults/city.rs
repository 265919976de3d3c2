//! A small city on either store, copied for each fault: three residents with accounts, records, two reviews, a held row.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use app::accounts::{self, NewAccount};
use app::own_file::{self, OwnFile};
use app::reviews::{self, ReviewSummary};
use app::{App, AppError, deliver::DeliverError};
use domain::catalogue::ItemId;
use domain::{Name, Uscc};
use policy::{Caller, CallerKind, Deliver, ListReviews, Permit, ReadOwnNotices, ReadOwnRecords, VerifyStore};
use serde_json::Value;
use store::{AccountKind, Store};
use store_postgres::testing::{Cluster, Line};
use store_postgres::{PostgresOptions, PostgresStore};
use store_sqlite::{SqliteOptions, SqliteStore};
use tempfile::TempDir;
use uuid::Uuid;
use vault::Vault;

use crate::faults::failing::{Failing, Plan};
use crate::permits::{self, Row};
use crate::town::{FORMER_NAME, TestClock, app_over, document, name, register};

/// Residents whom the register knows; the fifth it learns later, the sixth never.
pub(crate) const KNOWN: &[u16] = &[1, 2, 3, 4];
pub(crate) const KNOWN_LATER: &[u16] = &[1, 2, 3, 4, 5];
pub(crate) const PASSWORD: &str = "a password of the test";
/// Small, so that a delivery takes several transactions.
const CHUNK_ROWS: usize = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Backend {
    Sqlite,
    Postgres,
}

/// Who has an account.
#[derive(Debug, Clone, Default)]
pub(crate) struct Accounts {
    /// Of the residents 1 to 5.
    pub(crate) residents: Vec<Uuid>,
    pub(crate) totp_secrets: Vec<String>,
}

/// What cities are copied from.
pub(crate) struct Ground {
    cluster: Option<Cluster>,
    folder: TempDir,
    /// Address of the database, for PostgreSQL.
    base: Option<String>,
    pub(crate) accounts: Accounts,
}

impl Ground {
    /// A city with accounts and nothing else.
    pub(crate) async fn empty(backend: Backend) -> Self {
        Self::over((backend == Backend::Postgres).then(|| Cluster::start().unwrap())).await
    }

    async fn over(cluster: Option<Cluster>) -> Self {
        let folder = folder();
        Vault::create(&folder.path().join("keys")).unwrap();
        let base = if let Some(cluster) = &cluster {
            Some(cluster.fresh_database().await.unwrap())
        } else {
            store_sqlite::migrate(&database(folder.path())).unwrap();
            None
        };
        let mut ground = Self {
            cluster,
            folder,
            base,
            accounts: Accounts::default(),
        };
        let clock = Arc::new(TestClock::default());
        let store = open(ground.folder.path(), ground.base.as_deref()).await;
        let app = app_over(ground.folder.path(), Arc::clone(&store), clock, &register(KNOWN), None);
        for sequence in KNOWN_LATER {
            let new = NewAccount {
                login: format!("resident-{sequence}"),
                password: PASSWORD.into(),
                kind: AccountKind::Resident,
                organisation: None,
                identity: Some((document(*sequence), Name::parse(name(*sequence)).unwrap())),
                totp_secret: None,
                holder: None,
            };
            let created = accounts::create(&app, new).await.unwrap();
            ground.accounts.residents.push(created.uuid);
            ground.accounts.totp_secrets.push(created.totp_secret_base32);
        }
        drop(app);
        alone(store).await;
        ground
    }

    /// The same with records, reviews and a held row.
    pub(crate) async fn peopled(backend: Backend) -> Self {
        Self::empty(backend).await.with_people().await
    }

    /// The same on PostgreSQL, whose server writes down each statement that it executes.
    pub(crate) async fn peopled_and_overheard() -> Self {
        let cluster = Cluster::start_with(&[
            "-c log_statement=all",
            "-c log_line_prefix=''",
            "-c log_parameter_max_length=0",
        ])
        .unwrap();
        Self::over(Some(cluster)).await.with_people().await
    }

    /// Statements that the server executed so far, without their parameters.
    pub(crate) fn statements(&self) -> Vec<String> {
        let log = self.cluster.as_ref().unwrap().log().unwrap();
        let is_new = |line: &str| !line.starts_with(['\t', ' ']);
        let mut statements: Vec<String> = Vec::new();
        let mut is_in = false;
        for line in log.lines() {
            if is_new(line) {
                let said = line.split_once("LOG:  ").map_or("", |(_, said)| said);
                let text = said.strip_prefix("statement: ");
                let executed = said.strip_prefix("execute ").and_then(|said| said.split_once(": "));
                let text = text.or(executed.map(|(_, text)| text));
                is_in = text.is_some();
                statements.extend(text.map(str::to_owned));
            } else if let (true, Some(last)) = (is_in, statements.last_mut()) {
                last.push_str(line);
            }
        }
        statements
    }

    async fn with_people(self) -> Self {
        let ground = self;
        let mut city = City::over(&ground, ground.folder.path().to_owned(), ground.base.clone()).await;
        let number = |sequence: u16| document(sequence).expose().to_owned();
        let rows = [
            Row::new("证字第1号", name(1), &number(1), "经营甲"),
            Row::new("证字第2号", name(1), &number(1), "经营乙"),
            Row::new("证字第3号", name(2), &number(2), "经营丙"),
            Row::new("证字第4号", FORMER_NAME, &number(3), "经营丁"),
            Row::new("证字第5号", "测试别人", &number(2), "经营戊"),
            Row::new("证字第6号", name(5), &number(5), "经营己"),
        ];
        let receipt = city.deliver(&rows).await.unwrap();
        assert_eq!(
            (&receipt["recorded"], &receipt["pending"], &receipt["held"]),
            (&3.into(), &2.into(), &1.into())
        );
        city.stop().await;
        ground
    }

    pub(crate) async fn copy(&self) -> City {
        self.copy_over(None).await
    }

    /// A line to the server of this ground.
    pub(crate) fn line(&self) -> Line {
        Line::to(self.cluster.as_ref().unwrap()).unwrap()
    }

    /// A copy that reaches its store over `line`, if there is one.
    pub(crate) async fn copy_over(&self, line: Option<&Line>) -> City {
        let folder = folder();
        for entry in std::fs::read_dir(self.folder.path()).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_file() {
                std::fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
            }
        }
        let url = match (&self.cluster, &self.base) {
            (Some(cluster), Some(base)) => Some(cluster.copy_of(base).await.unwrap()),
            _ => None,
        };
        let url = match (line, &url) {
            (Some(line), Some(url)) => Some(line.url(url).unwrap()),
            _ => url,
        };
        let mut city = City::over(self, folder.path().to_owned(), url).await;
        city.owned = Some(folder);
        // After what the ground was peopled with.
        city.clock.jump(60_000);
        city
    }

    /// Ends a copy.
    pub(crate) async fn discard(&self, mut city: City) {
        city.stop().await;
        if let (Some(cluster), Some(url)) = (&self.cluster, &city.url) {
            cluster.drop_database(url).await.unwrap();
        }
    }
}

/// In memory where there is such a place: what a disk forgets is tested elsewhere.
fn folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .unwrap()
}

fn database(folder: &Path) -> PathBuf {
    folder.join("city.db")
}

/// Opens the store; a program that cannot is started once more.
async fn open(folder: &Path, url: Option<&str>) -> Arc<dyn Store> {
    match url {
        None => {
            let options = SqliteOptions {
                cache_mib: 4,
                readers: 1,
                reader_cache_mib: 2,
                ..SqliteOptions::default()
            };
            Arc::new(SqliteStore::open(&database(folder), &options).unwrap())
        }
        Some(url) => {
            let options = PostgresOptions {
                connections_max: 4,
                needs_fsync: false,
                ..PostgresOptions::default()
            };
            let store = match PostgresStore::connect(url, &options).await {
                Ok(store) => store,
                Err(_) => PostgresStore::connect(url, &options).await.unwrap(),
            };
            Arc::new(store)
        }
    }
}

/// Waits until nobody else holds `store`: an intake in the background has ended then, and so has the writer of traces.
async fn alone<T: ?Sized>(store: Arc<T>) {
    while Arc::strong_count(&store) > 1 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// A running city: one process over one store.
pub(crate) struct City {
    owned: Option<TempDir>,
    folder: PathBuf,
    url: Option<String>,
    pub(crate) accounts: Accounts,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) plan: Plan,
    pub(crate) known: &'static [u16],
    running: Option<(App, Arc<Failing>)>,
    pub(crate) provider: Uscc,
    pub(crate) provider_name: String,
}

impl City {
    async fn over(ground: &Ground, folder: PathBuf, url: Option<String>) -> Self {
        let mut city = Self {
            owned: None,
            folder,
            url,
            accounts: ground.accounts.clone(),
            clock: Arc::new(TestClock::default()),
            plan: Plan::default(),
            known: KNOWN,
            running: None,
            provider: Uscc::parse("11370199MB9900013X").unwrap(),
            provider_name: String::new(),
        };
        city.start().await;
        city.provider_name = city.app().catalogue().organisations[&city.provider].name.zh.clone();
        city
    }

    async fn start(&mut self) {
        let inner = open(&self.folder, self.url.as_deref()).await;
        let store = Arc::new(Failing {
            inner,
            plan: self.plan.clone(),
        });
        let clock = Arc::clone(&self.clock);
        let app = app_over(
            &self.folder,
            Arc::<Failing>::clone(&store),
            clock,
            &register(self.known),
            Some(CHUNK_ROWS),
        );
        self.running = Some((app, store));
    }

    /// Ends the process once everything in it has ended.
    pub(crate) async fn stop(&mut self) {
        if let Some((app, store)) = self.running.take() {
            drop(app);
            alone(store).await;
        }
    }

    pub(crate) async fn restart(&mut self) {
        self.stop().await;
        self.start().await;
    }

    pub(crate) fn app(&self) -> &App {
        &self.running.as_ref().unwrap().0
    }

    /// The store without faults.
    pub(crate) fn store(&self) -> &dyn Store {
        &*self.running.as_ref().unwrap().1.inner
    }

    pub(crate) fn officer(&self) -> Caller {
        Caller {
            account: Uuid::from_u128(7),
            kind: CallerKind::Officer,
            organisation: Some(self.provider.clone()),
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

    pub(crate) fn resident(&self, sequence: u16) -> Caller {
        Caller {
            account: self.accounts.residents[usize::from(sequence) - 1],
            kind: CallerKind::Resident,
            organisation: None,
            second_factor: true,
            behind: None,
        }
    }

    pub(crate) fn may<A: policy::Action>(&self, caller: &Caller, action: A) -> Permit<A> {
        self.app().policies().decide(caller, action).unwrap()
    }

    pub(crate) fn may_deliver(&self) -> Permit<Deliver> {
        let item = &self.app().catalogue().items[&ItemId::parse("ITM-PERMIT").unwrap()];
        self.may(&self.officer(), Deliver::of(self.provider.clone(), item))
    }

    pub(crate) fn may_read(&self, sequence: u16) -> Permit<ReadOwnRecords> {
        let caller = self.resident(sequence);
        let account = caller.account;
        self.may(&caller, ReadOwnRecords { account })
    }

    pub(crate) fn may_read_notices(&self, sequence: u16) -> Permit<ReadOwnNotices> {
        let caller = self.resident(sequence);
        let account = caller.account;
        self.may(&caller, ReadOwnNotices { account })
    }

    pub(crate) fn csv(&self, rows: &[Row]) -> String {
        permits::csv(&self.provider_name, &self.provider, rows)
    }

    /// Delivers; the counts of the receipt.
    pub(crate) async fn deliver(&self, rows: &[Row]) -> Result<Value, DeliverError> {
        self.deliver_text(&self.csv(rows)).await
    }

    pub(crate) async fn deliver_text(&self, text: &str) -> Result<Value, DeliverError> {
        let permit = self.may_deliver();
        let receipt =
            app::deliver::deliver_file(self.app(), &permit, permits::file(text), "permits.csv", |_| {}).await?;
        assert!(app::deliver::receipt_verifies(&receipt, &self.app().public_key()));
        Ok(serde_json::from_slice::<Value>(&receipt).unwrap()["receipt"]["rows"].clone())
    }

    pub(crate) async fn own(&self, sequence: u16) -> Result<OwnFile, AppError> {
        own_file::records(self.app(), &self.may_read(sequence)).await
    }

    pub(crate) async fn reviews(&self) -> Result<Vec<ReviewSummary>, AppError> {
        let organisation = Some(self.provider.clone());
        let permit = self.may(&self.officer(), ListReviews { organisation });
        reviews::list(self.app(), &permit, 100).await
    }

    pub(crate) async fn verify(&self) -> Result<(), AppError> {
        let permit = self.may(&Self::operator(), VerifyStore);
        let findings = app::verify::run(self.app(), &permit, |_| {}).await?;
        assert_eq!(findings.damage, []);
        Ok(())
    }
}
