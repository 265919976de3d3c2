//! A town of three residents; one department delivers permits.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use app::accounts::{self, NewAccount};
use app::own_file::{self, OwnFile, OwnRecord};
use app::{App, Parts, Settings};
use domain::catalogue::ItemId;
use domain::{Clock, Day, DocumentKind, IdSource, IdentityDocument, Moment, Name, ResidentId, Uscc};
use matching::FileRegister;
use policy::{Caller, CallerKind, Deliver, Policies, ReadOwnRecords};
use serde_json::Value;
use store::AccountKind;
use store_sqlite::{SqliteOptions, SqliteStore};
use uuid::{NoContext, Timestamp, Uuid};
use vault::Vault;

struct TestClock(AtomicI64);

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

pub(crate) struct Town {
    pub(crate) app: App,
    pub(crate) provider: Uscc,
    pub(crate) provider_name: String,
    pub(crate) database: PathBuf,
    folder: tempfile::TempDir,
}

/// The document of resident 1, 2 or 3.
pub(crate) fn document(sequence: u16) -> IdentityDocument {
    let number = ResidentId::compose("370199", Day::new(1990, 1, 1).unwrap(), sequence).unwrap();
    IdentityDocument::parse(DocumentKind::ResidentId, number.expose()).unwrap()
}

/// Their names, by the register.
pub(crate) fn name(sequence: u16) -> &'static str {
    ["", "测试甲", "测试乙", "测试丙"][usize::from(sequence)]
}

fn register_of(known: &[u16]) -> String {
    let mut register = "证件类型,证件号码,姓名,曾用名\n".to_owned();
    for sequence in known {
        writeln!(register, "01,{},{},", document(*sequence).expose(), name(*sequence)).unwrap();
    }
    register
}

impl Town {
    /// A town whose register knows the residents `known`.
    pub(crate) fn new(known: &[u16]) -> Self {
        Self::over(tempfile::tempdir().unwrap(), &register_of(known))
    }

    /// A town of resident 1 and so many others who were born on the same day and have resident 2's name.
    pub(crate) fn with_namesakes(count: u16) -> Self {
        let mut register = register_of(&[1]);
        for sequence in 100..100 + count {
            writeln!(register, "01,{},{},", document(sequence).expose(), name(2)).unwrap();
        }
        Self::over(tempfile::tempdir().unwrap(), &register)
    }

    /// The same town with another register.
    pub(crate) fn with_register(self, known: &[u16]) -> Self {
        Self::over(self.folder, &register_of(known))
    }

    fn over(folder: tempfile::TempDir, register: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
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
        };
        let mut settings = Settings::new(folder.path().join("staging"));
        settings.allow_test_area = true;
        let app = App::new(Parts {
            store: Arc::new(SqliteStore::open(&database, &options).unwrap()),
            vault: Arc::new(Vault::open(&keys).unwrap()),
            catalogue: Arc::new(catalogue::load(&root.join("catalogue")).unwrap()),
            policies: Arc::new(Policies::load(&root.join("policies")).unwrap()),
            register: Arc::new(FileRegister::load(register.as_bytes()).unwrap()),
            // 2026-11-24 10:00 in China.
            // No test here delivers a workbook.
            workbooks: Arc::new(confine::ConfinedReader::new("/nonexistent")),
            clock: Arc::new(TestClock(AtomicI64::new(1_795_485_600_000))),
            ids: Arc::new(TestIds),
            settings,
        });
        let item = &app.catalogue().items[&ItemId::parse("ITM-PERMIT").unwrap()];
        let provider = item.providers[0].clone();
        let provider_name = app.catalogue().organisations[&provider].name.zh.clone();
        Self {
            app,
            provider,
            provider_name,
            database,
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
        }
    }

    /// Delivers permits: document number, name, number, content. Returns the counts of the receipt.
    pub(crate) async fn deliver(&self, rows: &[(&str, &str, &str, &str)]) -> Value {
        let header = "行政相对人名称,行政相对人类别,行政相对人代码_1（统一社会信用代码）,行政相对人代码_2（工商注册号）,\
                      行政相对人代码_3（组织机构代码）,行政相对人代码_4（税务登记号）,行政相对人代码_5（事业单位证书号）,\
                      行政相对人代码_6（社会组织登记证号）,法定代表人,法定代表人身份证号,证件类型,证件号码,行政许可决定文书名称,\
                      行政许可决定文书号,许可类别,许可证书名称,许可编号,许可内容,许可决定日期,有效期自,有效期至,许可机关,\
                      许可机关统一社会信用代码,当前状态,数据来源单位,数据来源单位统一社会信用代码,备注";
        let mut file = tempfile::tempfile().unwrap();
        writeln!(file, "{header}").unwrap();
        let (code, organ) = (&self.provider, &self.provider_name);
        for (wsh, name, number, content) in rows {
            writeln!(
                file,
                "{name},自然人,,,,,,,,,居民身份证,{number},准予行政许可决定书,{wsh},普通,食品经营许可证,JY-{wsh},{content},\
                 2024/03/01,2024/03/01,2099/12/31,{organ},{code},1,{organ},{code},"
            )
            .unwrap();
        }
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
        };
        let account = accounts::create(&self.app, new).await.unwrap().uuid;
        let caller = Caller {
            account,
            kind: CallerKind::Resident,
            organisation: None,
            second_factor: true,
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
