//! A small town: one department that delivers permits, another one, two residents, the centre.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use app::accounts::{self, NewAccount};
use app::administrators;
use app::reconcile::{Statement, StatementUnreadable, Statements};
use app::{App, Parts, Settings};
use domain::catalogue::ItemId;
use domain::{Clock, Day, DocumentKind, IdSource, IdentityDocument, Moment, Name, ResidentId, Uscc};
use matching::FileRegister;
use policy::{Bundle, Policies};
use store::AccountKind;
use store_sqlite::{SqliteOptions, SqliteStore};
use uuid::{NoContext, Timestamp, Uuid};
use vault::Vault;
use web::WebSettings;

use crate::client::Client;

pub(crate) const PASSWORD: &str = "a password of the test";
/// Uploads of the town are small, so that the limit can be met.
pub(crate) const UPLOAD_BYTES_MAX: u64 = 256 * 1024;

/// What providers say they sent, by provider and day; `None` for what cannot be read.
type Laid = BTreeMap<(Uscc, Day), Option<Vec<Statement>>>;

/// Statements that lie ready.
#[derive(Clone, Default)]
pub(crate) struct TestStatements(Arc<Mutex<Laid>>);

impl TestStatements {
    pub(crate) fn lay(&self, provider: &Uscc, day: &str, said: Option<Vec<Statement>>) {
        let day = Day::parse_iso(day).unwrap();
        self.0.lock().unwrap().insert((provider.clone(), day), said);
    }
}

impl Statements for TestStatements {
    fn of(&self, provider: &Uscc, day: Day) -> Result<Vec<Statement>, StatementUnreadable> {
        let laid = self.0.lock().unwrap();
        match laid.get(&(provider.clone(), day)) {
            None => Ok(Vec::new()),
            Some(said) => said.clone().ok_or(StatementUnreadable),
        }
    }
}

/// 2026-11-24 10:00 in China.
const START_MS: i64 = 1_795_485_600_000;

struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Moment {
        Moment(self.0.load(Ordering::SeqCst))
    }
}

struct TestIds;

impl IdSource for TestIds {
    fn uuid(&self, at: Moment) -> Uuid {
        Uuid::new_v7(Timestamp::from_unix(NoContext, u64::try_from(at.0 / 1000).unwrap(), 0))
    }
}

/// Somebody with an account.
pub(crate) struct Login {
    pub(crate) name: &'static str,
    totp_secret: String,
}

pub(crate) struct Town {
    pub(crate) app: App,
    pub(crate) settings: WebSettings,
    pub(crate) number: String,
    /// Provider of permits, and its name.
    pub(crate) provider: Uscc,
    pub(crate) provider_name: String,
    pub(crate) resident: Login,
    pub(crate) newcomer: Login,
    pub(crate) officer: Login,
    pub(crate) stranger: Login,
    pub(crate) centre: Login,
    /// The three administrators: accounts, keys, audit.
    pub(crate) system_admin: Login,
    pub(crate) security_admin: Login,
    pub(crate) audit_admin: Login,
    pub(crate) statements: TestStatements,
    clock: Arc<TestClock>,
    vault: Arc<Vault>,
    folder: tempfile::TempDir,
}

/// The policies with the proof that lies beside them.
fn proved(folder: &Path) -> Policies {
    let proof = Bundle::read(folder).unwrap();
    let keys = [proof.key.clone()];
    let verify = |key: &[u8; 32], message: &[u8], signature: &[u8; 64]| vault::verify(key, message, signature).is_ok();
    Policies::load(folder)
        .unwrap()
        .proved_by(proof, &keys, &verify)
        .unwrap()
}

/// The system over what lies in `folder`.
fn open(folder: &Path, vault: &Arc<Vault>, clock: &Arc<TestClock>, statements: &TestStatements, register: &str) -> App {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let options = SqliteOptions {
        cache_mib: 8,
        readers: 2,
        reader_cache_mib: 2,
        ..SqliteOptions::default()
    };
    let mut choices = Settings::new(folder.join("staging"));
    choices.allow_test_area = true;
    choices.upload_bytes_max = UPLOAD_BYTES_MAX;
    App::new(Parts {
        store: Arc::new(SqliteStore::open(&folder.join("town.db"), &options).unwrap()),
        vault: Arc::clone(vault),
        catalogue: Arc::new(catalogue::load(&root.join("catalogue")).unwrap()),
        policies: Arc::new(proved(&root.join("policies"))),
        register: Arc::new(FileRegister::load(register.as_bytes()).unwrap()),
        // No test here delivers a workbook.
        workbooks: Arc::new(confine::ConfinedReader::new("/nonexistent")),
        statements: Arc::new(statements.clone()),
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        ids: Arc::new(TestIds),
        log: app::log::Log::new(
            "log.example",
            Arc::new(translog::TileFolder::open(&folder.join("log")).unwrap()),
        ),
        settings: choices,
    })
}

pub(crate) fn resident_number(sequence: u16) -> String {
    ResidentId::compose("370199", Day::new(1990, 1, 1).unwrap(), sequence)
        .unwrap()
        .expose()
        .to_owned()
}

impl Town {
    pub(crate) async fn new() -> Self {
        Self::with(WebSettings::default()).await
    }

    pub(crate) async fn with(settings: WebSettings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (number, other) = (resident_number(1), resident_number(2));
        let register = format!("证件类型,证件号码,姓名,曾用名\n01,{number},测试甲,\n01,{other},测试乙,\n");
        let file = folder.path().join("town.db");
        store_sqlite::migrate(&file).unwrap();
        let clock = Arc::new(TestClock(AtomicI64::new(START_MS)));
        let vault = Arc::new(Vault::ephemeral().unwrap());
        let statements = TestStatements::default();
        let app = open(folder.path(), &vault, &clock, &statements, &register);
        let item = &app.catalogue().items[&ItemId::parse("ITM-PERMIT").unwrap()];
        let provider = item.providers[0].clone();
        let provider_name = app.catalogue().organisations[&provider].name.zh.clone();
        let organisations = &app.catalogue().organisations;
        let other_provider = organisations
            .keys()
            .find(|code| !item.providers.contains(code))
            .unwrap()
            .clone();
        let identity = |number: &str, name: &str| {
            Some((
                IdentityDocument::parse(DocumentKind::ResidentId, number).unwrap(),
                Name::parse(name).unwrap(),
            ))
        };
        Self {
            resident: account(
                &app,
                "resident",
                AccountKind::Resident,
                None,
                identity(&number, "测试甲"),
            )
            .await,
            newcomer: account(
                &app,
                "newcomer",
                AccountKind::Resident,
                None,
                identity(&other, "测试乙"),
            )
            .await,
            officer: account(&app, "officer", AccountKind::Officer, Some(provider.clone()), None).await,
            stranger: account(
                &app,
                "stranger",
                AccountKind::Officer,
                Some(other_provider.clone()),
                None,
            )
            .await,
            centre: account(&app, "centre", AccountKind::Centre, Some(other_provider), None).await,
            system_admin: account(&app, "system-admin", AccountKind::SystemAdmin, None, None).await,
            security_admin: account(&app, "security-admin", AccountKind::SecurityAdmin, None, None).await,
            audit_admin: account(&app, "audit-admin", AccountKind::AuditAdmin, None, None).await,
            app,
            settings,
            number,
            provider,
            provider_name,
            statements,
            clock,
            vault,
            folder,
        }
    }

    /// A client of a server that was started anew over the same data.
    pub(crate) fn restarted(&self) -> Client {
        let (number, other) = (resident_number(1), resident_number(2));
        let register = format!("证件类型,证件号码,姓名,曾用名\n01,{number},测试甲,\n01,{other},测试乙,\n");
        let app = open(
            self.folder.path(),
            &self.vault,
            &self.clock,
            &self.statements,
            &register,
        );
        Client::new(web::router(app, self.settings))
    }

    /// A fresh browser.
    pub(crate) fn client(&self) -> Client {
        Client::new(web::router(self.app.clone(), self.settings))
    }

    /// The next one-time code of an account; time goes on by one step, since a code is good once.
    pub(crate) fn code(&self, login: &Login) -> String {
        self.pass(30_000);
        let totp = totp_rs::Builder::new()
            .with_secret(totp_rs::Secret::try_from_base32(&login.totp_secret).unwrap())
            .with_account_name(login.name)
            .with_issuer(Some("Chengdang"))
            .build()
            .unwrap();
        totp.generate(u64::try_from(self.clock.now().0 / 1000).unwrap())
            .to_string()
    }

    /// The present time, in seconds.
    pub(crate) fn seconds(&self) -> i64 {
        self.clock.now().0 / 1000
    }

    /// Publishes the log as it stands; how many entries it has.
    pub(crate) async fn publish(&self) -> u64 {
        let mut publisher = app::log::Publisher::new(&self.app);
        let size = app::sequencer::publish_once(&self.app, Uuid::from_u128(1), &mut publisher).await;
        size.unwrap().unwrap()
    }

    /// The clock of this town.
    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock) as Arc<dyn Clock>
    }

    pub(crate) fn pass(&self, elapsed_ms: i64) {
        self.clock.0.fetch_add(elapsed_ms, Ordering::SeqCst);
    }

    /// A browser in which `login` is signed in.
    pub(crate) async fn signed_in(&self, login: &Login) -> Client {
        let mut client = self.client();
        client.get("/login").await;
        let reply = client
            .post("/login", &[("login", login.name), ("password", PASSWORD)])
            .await;
        assert_eq!(reply.location(), "/login/code", "{}", reply.body);
        client.get("/login/code").await;
        let code = self.code(login);
        let reply = client.post("/login/code", &[("code", &code)]).await;
        assert_eq!(reply.location(), "/", "{}", reply.body);
        client
    }

    /// A bearer token.
    pub(crate) async fn token(&self, login: &Login) -> String {
        let code = self.code(login);
        let body = serde_json::json!({ "login": login.name, "password": PASSWORD, "code": code }).to_string();
        let headers = [("content-type", "application/json")];
        let reply = self
            .client()
            .send("POST", "/api/v1/sessions", &headers, body.into_bytes())
            .await;
        assert_eq!(reply.status, 201, "{}", reply.body);
        reply.json()["token"].as_str().unwrap().to_owned()
    }

    /// A file of permits: document number, name, number and content of each row.
    pub(crate) fn permits(&self, rows: &[(&str, &str, &str, &str)]) -> String {
        let header = "行政相对人名称,行政相对人类别,行政相对人代码_1（统一社会信用代码）,行政相对人代码_2（工商注册号）,\
                      行政相对人代码_3（组织机构代码）,行政相对人代码_4（税务登记号）,行政相对人代码_5（事业单位证书号）,\
                      行政相对人代码_6（社会组织登记证号）,法定代表人,法定代表人身份证号,证件类型,证件号码,行政许可决定文书名称,\
                      行政许可决定文书号,许可类别,许可证书名称,许可编号,许可内容,许可决定日期,有效期自,有效期至,许可机关,\
                      许可机关统一社会信用代码,当前状态,数据来源单位,数据来源单位统一社会信用代码,备注";
        let mut file = format!("{header}\r\n");
        let (code, organ) = (&self.provider, &self.provider_name);
        for (wsh, name, number, content) in rows {
            let content = content.replace('"', "\"\"");
            write!(
                file,
                "{name},自然人,,,,,,,,,居民身份证,{number},准予行政许可决定书,{wsh},普通,食品经营许可证,JY-{wsh},\"{content}\",\
                 2024/03/01,2024/03/01,2099/12/31,{organ},{code},1,{organ},{code},\r\n"
            )
            .unwrap();
        }
        file
    }

    /// Delivers a file through the pages and returns the id of the finished delivery.
    pub(crate) async fn deliver(&self, client: &mut Client, name: &str, file: &[u8]) -> String {
        client.get("/deliver").await;
        let reply = client.upload("/deliver", "ITM-PERMIT", name, file).await;
        let preview = reply.location();
        assert!(preview.starts_with("/deliver/"), "{}", reply.body);
        assert_eq!(client.get(&preview).await.status, 200);
        let reply = client.post(&preview, &[]).await;
        let delivery = reply.location();
        loop {
            let page = client.get(&delivery).await;
            assert_eq!(page.status, 200);
            if !page.headers.contains_key("refresh") {
                return delivery.rsplit('/').next().unwrap().to_owned();
            }
            tokio::task::yield_now().await;
        }
    }
}

async fn account(
    app: &App,
    name: &'static str,
    kind: AccountKind,
    organisation: Option<Uscc>,
    identity: Option<(IdentityDocument, Name)>,
) -> Login {
    let new = NewAccount {
        login: name.into(),
        password: PASSWORD.into(),
        kind,
        organisation,
        identity,
        totp_secret: None,
        holder: kind.is_administrator().then(|| format!("STAFF-{name}")),
    };
    let made = if kind.is_administrator() {
        administrators::create_first(app, new).await.unwrap()
    } else {
        accounts::create(app, new).await.unwrap()
    };
    Login {
        name,
        totp_secret: made.totp_secret_base32,
    }
}
