//! G-23: every key is rotated and its older version destroyed while residents read and a department delivers, on both stores
//! and in both suites: no read fails, none is wrong, and afterwards everything still reads.
//!
//! The readers and the intake belong to another process than the one that rotates, as far as keys go: a vault of their own over
//! the same key file. The clock stands for a day on which much is done, so that nothing is left out by its age.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use app::App;
use app::accounts::{self, NewAccount};
use app::own_file;
use app::rotation::{self, RotationError};
use domain::catalogue::ItemId;
use domain::{Day, DocumentKind, IdentityDocument, Name, ResidentId};
use policy::{
    Caller, CallerKind, Deliver, LockOwnFile, ManageKeys, Permit, ReadOwnLookUps, ReadOwnRecords, VerifyStore,
};
use store::{AccountKind, Store};
use store_postgres::testing::Cluster;
use store_postgres::{PostgresOptions, PostgresStore};
use store_sqlite::{SqliteOptions, SqliteStore};
use vault::suite::{International, Sm, Suite};
use vault::{KeyName, Vault};

use crate::permits::{self, Row};
use crate::town::{TestClock, Town, app_over, records, value};

/// Rows in all (`ROTATION_ROWS` sets others): half of them lie there before, the rest comes while keys are rotated.
const ROWS: u32 = 10_000;
/// Residents with an account, who read.
const READERS: u32 = 20;

fn rows() -> u32 {
    std::env::var("ROTATION_ROWS").map_or(ROWS, |text| text.parse().unwrap())
}

/// The document of one of many synthetic residents.
fn document(number: u32) -> IdentityDocument {
    let day = Day::new(1960 + i16::try_from(number / 12_000).unwrap(), 1, 1).unwrap();
    let day = day.plus_days(i32::try_from(number / 900 % 300).unwrap()).unwrap();
    let sequence = u16::try_from(number % 900 + 1).unwrap();
    let id = ResidentId::compose("370199", day, sequence).unwrap();
    IdentityDocument::parse(DocumentKind::ResidentId, id.expose()).unwrap()
}

fn row(number: u32) -> Row {
    let document = document(number);
    Row::new(
        &format!("证字第{number}号"),
        "测试甲",
        document.expose(),
        &format!("经营{number}"),
    )
}

/// A city over a store: what one process of it needs.
struct City {
    folder: tempfile::TempDir,
    store: Arc<dyn Store>,
    register: String,
    clock: Arc<TestClock>,
    _cluster: Option<Cluster>,
}

impl City {
    async fn new(suite: &'static dyn Suite, on_postgres: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Vault::create_with(&folder.path().join("keys"), suite, None).unwrap();
        let mut register = "证件类型,证件号码,姓名,曾用名\n".to_owned();
        for number in 0..rows() {
            writeln!(register, "01,{},测试甲,", document(number).expose()).unwrap();
        }
        let (store, cluster): (Arc<dyn Store>, _) = if on_postgres {
            let cluster = Cluster::start().unwrap();
            let url = cluster.fresh_database().await.unwrap();
            let options = PostgresOptions {
                needs_fsync: false,
                ..PostgresOptions::default()
            };
            let store = PostgresStore::connect(&url, &options).await.unwrap();
            (Arc::new(store), Some(cluster))
        } else {
            let database = folder.path().join("city.db");
            store_sqlite::migrate(&database).unwrap();
            (
                Arc::new(SqliteStore::open(&database, &SqliteOptions::default()).unwrap()),
                None,
            )
        };
        Self {
            folder,
            store,
            register,
            clock: Arc::new(TestClock::default()),
            _cluster: cluster,
        }
    }

    fn keys(&self) -> PathBuf {
        self.folder.path().join("keys")
    }

    /// A process of the city.
    fn process(&self) -> App {
        let store = Arc::clone(&self.store);
        app_over(
            self.folder.path(),
            store,
            Arc::clone(&self.clock),
            &self.register,
            Some(500),
        )
    }
}

/// Delivers the rows `from` to `to`; every one of them must be recorded.
async fn deliver(app: &App, from: u32, to: u32) {
    let rows: Vec<Row> = (from..to).map(row).collect();
    let receipt = deliver_rows(app, &rows, |_| {}).await;
    assert_eq!(receipt["receipt"]["rows"]["recorded"], to - from, "{receipt}");
}

/// Delivers rows; the receipt.
async fn deliver_rows(
    app: &App,
    rows: &[Row],
    on_begin: impl FnOnce(Arc<app::deliver::Progress>),
) -> serde_json::Value {
    let item = &app.catalogue().items[&ItemId::parse("ITM-PERMIT").unwrap()];
    let provider = item.providers[0].clone();
    let organ = app.catalogue().organisations[&provider].name.zh.clone();
    let file = permits::file(&permits::csv(&organ, &provider, rows));
    let caller = Caller {
        account: uuid::Uuid::from_u128(1),
        kind: CallerKind::Officer,
        organisation: Some(provider.clone()),
        second_factor: true,
        behind: None,
    };
    let permit = app.policies().decide(&caller, Deliver::of(provider, item)).unwrap();
    let receipt = app::deliver::deliver_file(app, &permit, file, "permits.csv", on_begin)
        .await
        .unwrap();
    serde_json::from_slice(&receipt).unwrap()
}

async fn resident(app: &App, number: u32) -> Permit<ReadOwnRecords> {
    let new = NewAccount {
        login: format!("resident-{number}"),
        password: "a password of the test".into(),
        kind: AccountKind::Resident,
        organisation: None,
        identity: Some((document(number), Name::parse("测试甲").unwrap())),
        totp_secret: None,
        holder: None,
    };
    let account = accounts::create(app, new).await.unwrap().uuid;
    let caller = Caller {
        account,
        kind: CallerKind::Resident,
        organisation: None,
        second_factor: true,
        behind: None,
    };
    app.policies().decide(&caller, ReadOwnRecords { account }).unwrap()
}

/// Whether resident `number` reads the own record and no other.
async fn reads(app: &App, number: u32, permit: &Permit<ReadOwnRecords>) -> Result<(), String> {
    let file = own_file::records(app, permit)
        .await
        .map_err(|error| error.to_string())?;
    let own = records(&file);
    let contents: Vec<&str> = own.iter().map(|record| value(record, "XK_NR")).collect();
    if contents == [format!("经营{number}")] {
        Ok(())
    } else {
        Err(format!("resident {number} reads {contents:?}"))
    }
}

fn manage(app: &App) -> Permit<ManageKeys> {
    app.policies().decide(&Town::operator(), ManageKeys).unwrap()
}

async fn verify(app: &App) {
    let permit = app.policies().decide(&Town::operator(), VerifyStore).unwrap();
    let findings = app::verify::run(app, &permit, |_| {}).await.unwrap();
    assert_eq!(findings.damage, []);
    assert_eq!(findings.records, u64::from(rows()));
}

/// Rotates and retires under load; readers go on until it is done.
async fn rotates_under_load(suite: &'static dyn Suite, on_postgres: bool) {
    let city = City::new(suite, on_postgres).await;
    let (rotating, serving) = (city.process(), city.process());
    let half = rows() / 2;
    deliver(&serving, 0, half).await;
    let mut residents = Vec::new();
    for number in (0..half).step_by(usize::try_from(half / READERS).unwrap()) {
        residents.push((number, resident(&serving, number).await));
    }
    let before = std::fs::read(city.keys()).unwrap();

    let (is_over, looks) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let residents = Arc::new(residents);
    let readers: Vec<_> = (0..2)
        .map(|reader| {
            let (app, residents) = (serving.clone(), Arc::clone(&residents));
            let (is_over, looks) = (Arc::clone(&is_over), Arc::clone(&looks));
            tokio::spawn(async move {
                let mut wrong = Vec::new();
                for (number, permit) in residents.iter().cycle().skip(reader * 7) {
                    if is_over.load(Ordering::Relaxed) {
                        break;
                    }
                    wrong.extend(reads(&app, *number, permit).await.err());
                    looks.fetch_add(1, Ordering::Relaxed);
                    // If the test fails the key file goes, and no read waits for anything any more.
                    tokio::task::yield_now().await;
                }
                wrong
            })
        })
        .collect();

    let permit = manage(&rotating);
    let share = half / 4;
    for (key, turn) in KeyName::ALL.into_iter().zip(0..) {
        let from = half + turn * share;
        let intake = tokio::spawn({
            let app = serving.clone();
            async move { deliver(&app, from, from + share).await }
        });
        let seen = looks.load(Ordering::Relaxed);
        let rotated = rotation::rotate(&rotating, &permit, key, |_| {}).await.unwrap();
        assert_eq!((rotated.version, rotated.is_new), (2, true), "{key}");
        let retired = rotation::retire(&rotating, &permit, key, false, |_| {}).await;
        match retired {
            Ok((version, _)) => assert_eq!(version, 1, "{key}"),
            // The log commits to what is sealed: the older secret stays as long as it is needed.
            Err(RotationError::Needed {
                key: KeyName::Log,
                version: 1,
                left,
            }) => assert!(left > 0),
            Err(other) => panic!("{key}: {other}"),
        }
        intake.await.unwrap();
        // Somebody read in the meantime, and goes on.
        while looks.load(Ordering::Relaxed) < seen + 50 {
            tokio::task::yield_now().await;
        }
    }
    is_over.store(true, Ordering::Relaxed);
    let mut wrong = Vec::new();
    for reader in readers {
        wrong.extend(reader.await.unwrap());
    }
    println!(
        "{} reads, {} failed or wrong",
        looks.load(Ordering::Relaxed),
        wrong.len()
    );
    assert_eq!(wrong, Vec::<String>::new());

    // A fresh process reads everything; the keys of before open nothing.
    let fresh = city.process();
    for (number, permit) in residents.iter() {
        reads(&fresh, *number, permit).await.unwrap();
    }
    verify(&fresh).await;
    old_keys_open_nothing(&city, &before).await;
    let acts = rotation::acts(&fresh, &manage(&fresh)).await.unwrap();
    // Four keys made, four made anew, three retired.
    assert_eq!(acts.len(), 11);
    for act in &acts {
        assert_eq!(act.entry_hash, rotation::act_hash(act.uuid, &act.document));
    }
}

async fn old_keys_open_nothing(city: &City, before: &[u8]) {
    use std::os::unix::fs::OpenOptionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .unwrap();
    std::io::Write::write_all(&mut file, before).unwrap();
    let old = Vault::open(&path).unwrap();
    let newest = Vault::open(&city.keys()).unwrap();
    let persons = city
        .store
        .scan_persons(store::PersonId(i64::MIN), 100_000)
        .await
        .unwrap();
    assert_eq!(persons.len(), usize::try_from(rows()).unwrap());
    for person in &persons {
        let wrapped = person.secret.as_ref().unwrap();
        let owner = vault::SecretOwner::Person;
        assert!(old.unwrap_secret(owner, person.uuid, wrapped).is_err());
        assert!(newest.unwrap_secret(owner, person.uuid, wrapped).is_ok());
    }
    // Nor does the old index key find anybody: its tags are gone.
    let tags = [
        old.number_tags(&document(0)).current,
        newest.number_tags(&document(0)).current,
    ];
    let tags = tags.map(|tag| store::IndexTag {
        index: store::BlindIndex::Number,
        key_version: tag.key_version,
        tag: tag.tag,
    });
    let found = city.store.find_persons(&tags).await.unwrap();
    assert!(found[0].is_none() && found[1].is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn g23_every_key_rotates_under_load_on_sqlite() {
    rotates_under_load(&International, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g23_every_key_rotates_under_load_on_postgresql() {
    rotates_under_load(&International, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g23_every_key_rotates_under_load_in_the_sm_suite() {
    rotates_under_load(&Sm, false).await;
}

/// A confirmed name of a resident, as a review leaves it.
async fn confirm_name(city: &City, number: u32, name: &Name) {
    let vault = Vault::open(&city.keys()).unwrap();
    let tag = |index, tag: vault::BlindTag| store::IndexTag {
        index,
        key_version: tag.key_version,
        tag: tag.tag,
    };
    let document = document(number);
    let numbers = tag(store::BlindIndex::Number, vault.number_tags(&document).current);
    let person = city.store.find_persons(&[numbers]).await.unwrap().remove(0).unwrap();
    let secret = vault
        .unwrap_secret(vault::SecretOwner::Person, person.uuid, person.secret.as_ref().unwrap())
        .unwrap();
    let place = vault::Place {
        table: "person_event",
        column: "alias",
        row: person.uuid,
    };
    let sealed = secret.seal(&place, name.expose().as_bytes()).unwrap();
    let alias = store::KnownPersonEvent {
        person: person.id,
        event: store::PersonEvent::AliasConfirmed,
        tags: vec![tag(
            store::BlindIndex::NumberAndName,
            vault.name_tags(&document, name).current,
        )],
        reason: store::Sealed {
            salt: Some(sealed.salt),
            ciphertext: Some(sealed.ciphertext),
        },
        by: uuid::Uuid::from_u128(1),
        at: city.clock.look(),
        entry_hash: [u8::try_from(number).unwrap(); 32],
    };
    city.store.append_person_event(&alias).await.unwrap();
}

/// Rows under confirmed names, and of residents who are new, are taken in while the index key is replaced and retired again and
/// again between reading a row and recording it.
async fn an_intake_outlives_index_keys(on_postgres: bool) {
    const NAMED: u32 = 20;
    const NEW: u32 = 1_000;
    const LINES: u32 = 6_000;
    let city = City::new(&International, on_postgres).await;
    let (rotating, serving) = (city.process(), city.process());
    deliver(&serving, 0, NAMED).await;
    let name = Name::parse("测试乙").unwrap();
    for number in 0..NAMED {
        confirm_name(&city, number, &name).await;
    }
    let rows: Vec<Row> = (0..LINES)
        .map(|line| {
            let known = row(line % NAMED);
            let document_no = format!("新证第{line}号");
            if line % (LINES / NEW) == 0 {
                let new = row(NAMED + line / (LINES / NEW));
                Row { document_no, ..new }
            } else {
                let name = "测试乙".to_owned();
                Row {
                    document_no,
                    name,
                    ..known
                }
            }
        })
        .collect();
    let (begun, progress) = tokio::sync::oneshot::channel();
    let intake = tokio::spawn({
        let app = serving.clone();
        async move {
            deliver_rows(&app, &rows, |progress| {
                let _ = begun.send(progress);
            })
            .await
        }
    });
    let progress = progress.await.unwrap();
    let permit = manage(&rotating);
    for turn in 1..=5 {
        while progress.rows_done() < u64::from(turn * LINES / 8) && !intake.is_finished() {
            tokio::task::yield_now().await;
        }
        rotation::rotate(&rotating, &permit, KeyName::Index, |_| {})
            .await
            .unwrap();
        rotation::retire(&rotating, &permit, KeyName::Index, false, |_| {})
            .await
            .unwrap();
    }
    let receipt = intake.await.unwrap();
    assert_eq!(receipt["receipt"]["rows"]["recorded"], LINES, "{receipt}");
    let persons = city.store.count_persons().await.unwrap();
    assert_eq!(persons, u64::from(NAMED + NEW), "nobody was created twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_intake_finds_names_and_persons_while_index_keys_are_retired_on_sqlite() {
    an_intake_outlives_index_keys(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_intake_finds_names_and_persons_while_index_keys_are_retired_on_postgresql() {
    an_intake_outlives_index_keys(true).await;
}

/// A server that answers nothing but signed requests takes up keys that another process rotated.
#[tokio::test(flavor = "multi_thread")]
async fn a_signed_request_takes_up_rotated_keys() {
    let city = City::new(&International, false).await;
    let (rotating, serving) = (city.process(), city.process());
    let old = serving.public_key();
    rotation::rotate(&rotating, &manage(&rotating), KeyName::Signing, |_| {})
        .await
        .unwrap();
    assert_eq!(serving.public_key(), old);
    let asked = app::asking::SignedRequest {
        key: "00000000-0000-7000-8000-000000000009",
        algorithm: "ed25519",
        created: city.clock.look().0 / 1000,
        expires: None,
        nonce: "0123456789abcdef",
        base: b"base",
        signature: &[0; 64],
        officer: None,
    };
    let refused = app::asking::verify(&serving, &asked).await.unwrap_err();
    assert_eq!(refused.code(), "ASK-0006");
    assert_eq!(serving.public_key(), rotating.public_key());
}

/// What a resident locked stays locked, whom an officer is related to stays so, and a number that was never issued is still one
/// when the index key is another (R6, AB-01, AB-09): for persons with a file, with an account only, and with neither.
async fn marks_outlive_the_index_key(on_postgres: bool) {
    let city = City::new(&International, on_postgres).await;
    let app = city.process();
    deliver(&app, 0, 10).await;
    let officer = uuid::Uuid::from_u128(7);
    let mut accounts = Vec::new();
    // Number 20 has no file.
    for number in [1, 20] {
        let caller = resident(&app, number).await.caller().clone();
        let account = caller.account;
        let permit = app.policies().decide(&caller, LockOwnFile { account }).unwrap();
        app::locks::set(&app, &permit, true).await.unwrap();
        accounts.push(app.policies().decide(&caller, ReadOwnLookUps { account }).unwrap());
    }
    app::look_ups::declare_relation(&app, officer, &document(2), store::Relation::Kin)
        .await
        .unwrap();
    let honey = document(rows() + 5);
    let enter = || app::look_ups::add_honey_numbers(&app, std::slice::from_ref(&honey));
    enter().await.unwrap();
    let permit = manage(&app);
    rotation::rotate(&app, &permit, KeyName::Index, |_| {}).await.unwrap();

    let refused = rotation::retire(&app, &permit, KeyName::Index, false, |_| {}).await;
    let refused = refused.expect_err("a number never issued is nowhere but in its tag");
    let RotationError::Needed {
        key: KeyName::Index,
        left: 1,
        ..
    } = refused
    else {
        panic!("{refused}");
    };
    assert!(refused.remedy().unwrap().contains("entering them anew"));
    enter().await.unwrap();
    let (version, _) = rotation::retire(&app, &permit, KeyName::Index, false, |_| {})
        .await
        .unwrap();
    assert_eq!(version, 1);

    let fresh = city.process();
    for permit in &accounts {
        assert!(app::locks::is_locked(&fresh, permit).await.unwrap());
    }
    let vault = Vault::open(&city.keys()).unwrap();
    let tag = |document: &IdentityDocument| {
        let tags = vault.number_tags(document);
        assert!(tags.previous.is_none());
        store::IndexTag {
            index: store::BlindIndex::Number,
            key_version: tags.current.key_version,
            tag: tags.current.tag,
        }
    };
    city.store
        .ensure_decoy(uuid::Uuid::from_u128(8), &[1; 60])
        .await
        .unwrap();
    let found = |number| {
        let tag = tag(&document(number));
        let store = Arc::clone(&city.store);
        async move { store.find_for_look_up(&[], &[tag], officer).await.unwrap() }
    };
    assert!(found(1).await.is_locked && found(20).await.is_locked && !found(2).await.is_locked);
    assert_eq!(found(2).await.relation, Some(store::Relation::Kin));
    assert_eq!(city.store.honey_numbers().await.unwrap(), [tag(&honey)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn r6_ab09_locks_relations_and_numbers_never_issued_outlive_the_index_key_on_sqlite() {
    marks_outlive_the_index_key(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r6_ab09_locks_relations_and_numbers_never_issued_outlive_the_index_key_on_postgresql() {
    marks_outlive_the_index_key(true).await;
}

/// The whole way of a delivery to the person's own page, with SM4, SM3 and SM2.
#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_reaches_the_own_page_in_the_sm_suite_on_both_stores() {
    for on_postgres in [false, true] {
        let city = City::new(&Sm, on_postgres).await;
        let app = city.process();
        assert_eq!(app.suite_name(), Sm.name());
        deliver(&app, 0, 30).await;
        let permit = resident(&app, 7).await;
        reads(&app, 7, &permit).await.unwrap();
        // The receipt bears both signatures.
        let receipt = receipt_of(&city).await;
        assert!(app::deliver::receipt_verifies(&receipt, &app.public_key()));
        let whole: serde_json::Value = serde_json::from_slice(&receipt).unwrap();
        let bytes = |name: &str| hex(whole[name].as_str().unwrap());
        let signature: [u8; 64] = bytes("signature_sm2").try_into().unwrap();
        let signed = whole["receipt"].to_string();
        vault::verify_sm2(&bytes("key_sm2"), signed.as_bytes(), &signature).unwrap();
        assert!(vault::verify_sm2(&bytes("key_sm2"), b"another", &signature).is_err());
    }
}

async fn receipt_of(city: &City) -> Vec<u8> {
    let deliveries = city.store.list_deliveries(None, 1).await.unwrap();
    deliveries.into_iter().next().unwrap().receipt.unwrap()
}

fn hex(text: &str) -> Vec<u8> {
    let byte = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(byte).collect()
}

/// A person's secret is destroyed: the contents are nobody's any more, and counts, hashes and log stand.
#[tokio::test(flavor = "multi_thread")]
async fn a_destroyed_secret_leaves_proofs_and_no_contents() {
    let town = Town::new(&[1, 2]);
    let number = crate::town::document(1).expose().to_owned();
    let other = crate::town::document(2).expose().to_owned();
    town.deliver(&[
        ("证字第1号", "测试甲", &number, "经营甲"),
        ("证字第2号", "测试乙", &other, "经营乙"),
    ])
    .await;
    let (first, second) = (town.own(1).await, town.own(2).await);
    assert_eq!(records(&own_file::records(&town.app, &first).await.unwrap()).len(), 1);
    let raw = rusqlite::Connection::open(&town.database).unwrap();
    let erased = raw.execute(
        "UPDATE person SET secret = NULL, identity = NULL, identity_salt = NULL WHERE person_id = 1",
        [],
    );
    assert_eq!(erased.unwrap(), 1);
    let file = own_file::records(&town.app, &first).await;
    let gone = match &file {
        Ok(file) => records(file).iter().all(|record| value(record, "XK_NR").is_empty()),
        Err(_) => true,
    };
    assert!(gone, "nothing of the contents is read");
    let file = own_file::records(&town.app, &second).await.unwrap();
    assert_eq!(value(records(&file)[0], "XK_NR"), "经营乙");
    // Counts, the chunk's hash over all its records and the log are as they were.
    town.verify().await;
}

/// The log commits to what is sealed, so that nothing is sealed anew: the older secret stays as long as something needs it.
#[tokio::test(flavor = "multi_thread")]
async fn the_log_secret_is_retired_once_the_contents_are_purged() {
    let town = Town::new(&[1]);
    let number = crate::town::document(1).expose().to_owned();
    town.deliver(&[("证字第1号", "测试甲", &number, "经营甲")]).await;
    let own = town.own(1).await;
    own_file::records(&town.app, &own).await.unwrap();
    let permit = manage(&town.app);
    rotation::rotate(&town.app, &permit, KeyName::Log, |_| {})
        .await
        .unwrap();
    own_file::records(&town.app, &own).await.unwrap();
    let refused = rotation::retire(&town.app, &permit, KeyName::Log, false, |_| {}).await;
    let refused = refused.expect_err("a trace needs it");
    assert!(
        matches!(
            refused,
            RotationError::Needed {
                key: KeyName::Log,
                version: 1,
                left: 1
            }
        ),
        "{refused}"
    );
    assert!(refused.to_string().starts_with("KEYS-0001") && refused.remedy().is_some());
    let raw = rusqlite::Connection::open(&town.database).unwrap();
    let purged = "UPDATE trace SET content = NULL, content_salt = NULL WHERE trace_id = 1";
    assert_eq!(raw.execute(purged, []).unwrap(), 1);
    let (version, _) = rotation::retire(&town.app, &permit, KeyName::Log, false, |_| {})
        .await
        .unwrap();
    assert_eq!(version, 1);
}

/// What a receipt was signed with is known after the key is gone, and not believed after its end.
#[tokio::test(flavor = "multi_thread")]
async fn receipts_of_a_retired_key_verify_and_later_ones_under_it_do_not() {
    let town = Town::new(&[1]);
    let number = crate::town::document(1).expose().to_owned();
    town.deliver(&[("证字第1号", "测试甲", &number, "经营甲")]).await;
    let permit = manage(&town.app);
    let old = town.app.public_key();
    rotation::rotate(&town.app, &permit, KeyName::Signing, |_| {})
        .await
        .unwrap();
    assert_ne!(town.app.public_key(), old);
    // The new key is vouched for by the old one.
    let acts = rotation::acts(&town.app, &permit).await.unwrap();
    let announced = acts.last().unwrap();
    let announced: serde_json::Value = serde_json::from_slice(&announced.document).unwrap();
    assert_eq!(
        (&announced["act"]["what"], &announced["act"]["key"]),
        (&"made".into(), &"signing".into())
    );
    let act = announced["act"].to_string();
    let keys: Vec<[u8; 32]> = announced["signatures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|signature| {
            let key: [u8; 32] = hex(signature["key"].as_str().unwrap()).try_into().unwrap();
            let made: [u8; 64] = hex(signature["signature"].as_str().unwrap()).try_into().unwrap();
            vault::verify(&key, act.as_bytes(), &made).unwrap();
            key
        })
        .collect();
    assert_eq!(keys, [town.app.public_key(), old]);
    rotation::retire(&town.app, &permit, KeyName::Signing, false, |_| {})
        .await
        .unwrap();
    town.verify().await;
    // The same receipt for a delivery that came after the key's end: a stolen old key signs nothing.
    town.clock.jump(1000);
    let raw = rusqlite::Connection::open(&town.database).unwrap();
    raw.execute_batch("DROP TRIGGER delivery_keeps_columns").unwrap();
    let late = town.clock.look().0;
    raw.execute("UPDATE delivery SET received_at = ?1", [late]).unwrap();
    let check = town.app.policies().decide(&Town::operator(), VerifyStore).unwrap();
    let findings = app::verify::run(&town.app, &check, |_| {}).await.unwrap();
    assert!(
        findings.damage.iter().any(|damage| damage.what.contains("signature")),
        "{findings:?}"
    );
}
