//! An installation under test, and its store read in clear: with the keys and the store's ports alone, so that what is
//! found does not pass through the use cases under test.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use domain::catalogue::{Catalogue, FieldRole};
use domain::record::RecordContent;
use serde_json::Value;
use store::{BirthState, DeliveryState, Person, PersonId, RecordId, Sealed, StagedKind, Store};
use store_postgres::testing::Cluster;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use uuid::Uuid;
use vault::{Place, Secret, SecretOwner, Vault};

use crate::support;

const PAGE: u32 = 10_000;

/// The two stores; every promise holds on both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Backend {
    Sqlite,
    Postgres,
}

/// A city's files and what installations over them share.
pub(crate) struct Ground {
    folder: TempDir,
    pub(crate) backend: Backend,
    cluster: Option<Arc<Cluster>>,
    pub(crate) runtime: Runtime,
    pub(crate) catalogue: Catalogue,
    catalogue_folder: PathBuf,
}

impl Ground {
    pub(crate) fn new(backend: Backend) -> Self {
        Self::with(backend, support::root().join("catalogue"))
    }

    /// Over another catalogue.
    pub(crate) fn with(backend: Backend, catalogue_folder: PathBuf) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            backend,
            // With the server's own durability: the store refuses another.
            cluster: (backend == Backend::Postgres).then(|| Arc::new(Cluster::start_with(&[]).unwrap())),
            runtime: Runtime::new().unwrap(),
            catalogue: catalogue::load(&catalogue_folder).unwrap(),
            catalogue_folder,
        }
    }

    /// Folder of the city: register, deliveries, truth.
    pub(crate) fn city(&self) -> PathBuf {
        self.folder.path().join("city")
    }

    /// A fresh installation, migrated.
    pub(crate) fn install(&self, name: &str) -> Installation {
        let store = match &self.cluster {
            None => "sqlite".to_owned(),
            Some(cluster) => self.runtime.block_on(cluster.empty_database()).unwrap(),
        };
        self.install_over(name, store)
    }

    /// A fresh installation over a store that is empty, migrated.
    pub(crate) fn install_over(&self, name: &str, store: String) -> Installation {
        let installation = Installation {
            data: self.folder.path().join(name),
            store,
            register: self.city().join("register.csv"),
            catalogue: self.catalogue_folder.clone(),
            chunk_rows: 20_000,
        };
        support::run(installation.command().arg("migrate"), 0);
        installation
    }

    /// Ends an installation over the cluster, whose disk is not for ever.
    pub(crate) fn uninstall(&self, installation: &Installation) {
        std::fs::remove_dir_all(&installation.data).unwrap();
        let dropped = self.cluster().drop_database(&installation.store);
        self.runtime.block_on(dropped).unwrap();
    }

    /// The server, with PostgreSQL.
    pub(crate) fn cluster(&self) -> &Arc<Cluster> {
        self.cluster.as_ref().unwrap()
    }

    /// Receipts that lie in the store.
    pub(crate) fn receipts(&self, installation: &Installation) -> Vec<Vec<u8>> {
        self.runtime.block_on(async {
            let deliveries = open_store(installation)
                .await
                .list_deliveries(None, u32::MAX >> 1)
                .await;
            let receipts = deliveries.unwrap().into_iter();
            receipts.filter_map(|delivery| delivery.receipt).collect()
        })
    }

    pub(crate) fn open(&self, installation: &Installation) -> Ledger {
        self.runtime.block_on(Ledger::read(installation, &self.catalogue))
    }

    /// What lies in each table: number of rows and a digest of them. A lease is no effect.
    pub(crate) fn tables(&self, installation: &Installation) -> BTreeMap<String, (i64, String)> {
        let mut tables = if self.cluster.is_none() {
            sqlite_tables(&installation.database())
        } else {
            self.runtime.block_on(postgres_tables(&installation.store))
        };
        tables.remove("lease");
        assert!(tables.len() > 20, "{tables:?}");
        tables
    }
}

/// One store with its keys, and the binary over it.
pub(crate) struct Installation {
    pub(crate) data: PathBuf,
    pub(crate) store: String,
    register: PathBuf,
    catalogue: PathBuf,
    pub(crate) chunk_rows: usize,
}

impl Installation {
    /// The same installation, which reaches its store by another address.
    pub(crate) fn reached_by(&self, store: String) -> Self {
        Self {
            store,
            ..self.moved_to(self.data.clone())
        }
    }

    /// Name of the database, with PostgreSQL.
    pub(crate) fn database_name(&self) -> &str {
        self.store.split_once("dbname=").unwrap().1
    }

    /// The same installation, with its data folder copied to `data`.
    pub(crate) fn moved_to(&self, data: PathBuf) -> Self {
        Self {
            data,
            store: self.store.clone(),
            register: self.register.clone(),
            catalogue: self.catalogue.clone(),
            chunk_rows: self.chunk_rows,
        }
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = support::chengdang(&self.data, &self.store);
        command
            .env("CHENGDANG_REGISTER", &self.register)
            .env("CHENGDANG_CATALOGUE", &self.catalogue)
            .env("CHENGDANG_CHUNK_ROWS", self.chunk_rows.to_string());
        command
    }

    /// The SQLite file.
    pub(crate) fn database(&self) -> PathBuf {
        self.data.join("chengdang.db")
    }

    pub(crate) fn deliver_command(&self, file: &Path, item: &str, provider: &str) -> Command {
        let mut command = self.command();
        command
            .arg("deliver")
            .arg(file)
            .args(["--item", item, "--provider", provider, "--json"]);
        command
    }

    /// Delivers and returns what was printed.
    pub(crate) fn deliver(&self, file: &Path, item: &str, provider: &str) -> Output {
        self.deliver_command(file, item, provider).output().unwrap()
    }

    /// Faults of a delivery, as `faults --json` prints them: line, code, header; sorted.
    pub(crate) fn faults(&self, delivery: &str) -> Vec<(u32, String, String)> {
        let text = support::run(self.command().args(["faults", delivery, "--json"]), 0);
        let mut faults: Vec<_> = text
            .lines()
            .map(|line| {
                let fault: Value = serde_json::from_str(line).unwrap();
                let word = |key: &str| fault[key].as_str().unwrap_or_default().to_owned();
                let line = u32::try_from(fault["line"].as_u64().unwrap()).unwrap();
                (line, word("code"), word("header"))
            })
            .collect();
        faults.sort();
        faults
    }

    /// Runs `verify`, which must find no damage, and each chunk and each receipt in the log once and nothing else.
    pub(crate) fn verify(&self) -> Value {
        self.verify_amid(0)
    }

    /// The same while so many deliveries may be unfinished: each is logged when it is finished.
    pub(crate) fn verify_amid(&self, unfinished: u64) -> Value {
        let text = support::run(self.command().args(["verify", "--json"]), 0);
        let findings: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(findings["damage"], Value::Array(Vec::new()));
        let count = |key: &str| findings[key].as_u64().unwrap();
        let finished = count("chunks") + count("deliveries") + count("log_versions") + count("log_key_acts");
        let entries = count("log_entries");
        assert!(
            (finished.saturating_sub(unfinished)..=finished).contains(&entries),
            "{entries} entries of the log, {finished} if all were finished"
        );
        findings
    }
}

/// The `receipt` of what `deliver --json` printed.
pub(crate) fn receipt_of(stdout: &[u8]) -> Value {
    let mut whole: Value = serde_json::from_slice(stdout).unwrap();
    whole["receipt"].take()
}

/// A record in clear, without ids, times and salts: what two undisturbed deliveries of the same file have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ClearRecord {
    pub(crate) document_no: String,
    pub(crate) revision: u32,
    pub(crate) kind: String,
    pub(crate) number: String,
    pub(crate) name: String,
    pub(crate) item: String,
    pub(crate) provider: String,
    pub(crate) is_held: bool,
    pub(crate) class: Option<&'static str>,
    pub(crate) end: i32,
    pub(crate) content: Vec<u8>,
    pub(crate) events: Vec<&'static str>,
}

/// A waiting row in clear.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ClearStaged {
    pub(crate) line: u32,
    pub(crate) is_pending: bool,
    pub(crate) reason: String,
    pub(crate) number: String,
    pub(crate) content: Vec<u8>,
}

/// What a delivery left in the store.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ClearDelivery {
    pub(crate) receipt: Option<Vec<u8>>,
    pub(crate) chunks: u64,
    /// Sorted.
    pub(crate) records: Vec<ClearRecord>,
    /// By line.
    pub(crate) staged: Vec<ClearStaged>,
    /// As they lie, JSON lines.
    pub(crate) faults: Vec<u8>,
}

/// A whole store in clear.
pub(crate) struct Ledger {
    /// By the public id of the delivery.
    pub(crate) deliveries: BTreeMap<Uuid, ClearDelivery>,
    pub(crate) persons: u64,
}

impl Ledger {
    async fn read(installation: &Installation, catalogue: &Catalogue) -> Self {
        let vault = Vault::open(&installation.data.join("keys")).unwrap();
        let store = open_store(installation).await;
        let mut ledger = Self {
            deliveries: BTreeMap::new(),
            persons: store.count_persons().await.unwrap(),
        };
        let mut chunk_owner = HashMap::new();
        let mut uuids = HashMap::new();
        for delivery in store.list_deliveries(None, u32::MAX >> 1).await.unwrap() {
            let secret = vault
                .unwrap_secret(SecretOwner::Delivery, delivery.uuid, delivery.key.as_ref().unwrap())
                .unwrap();
            let mut clear = ClearDelivery {
                receipt: delivery.receipt,
                ..ClearDelivery::default()
            };
            assert_eq!(clear.receipt.is_some(), delivery.state != DeliveryState::Receiving);
            for chunk_no in 0.. {
                let Some(lines) = store.fault_block(delivery.id, chunk_no).await.unwrap() else {
                    break;
                };
                clear.faults.extend(lines);
            }
            read_staged(&*store, &secret, delivery.id, &mut clear).await;
            uuids.insert(delivery.id, delivery.uuid);
            ledger.deliveries.insert(delivery.uuid, clear);
        }
        let mut after = i64::MIN;
        loop {
            let chunks = store.scan_chunks(after, PAGE).await.unwrap();
            let Some(last) = chunks.last() else { break };
            after = last.number;
            for chunk in chunks {
                let owner = uuids[&chunk.delivery.unwrap()];
                ledger.deliveries.get_mut(&owner).unwrap().chunks += 1;
                chunk_owner.insert(chunk.number, owner);
            }
        }
        ledger.read_records(&*store, &vault, catalogue, &chunk_owner).await;
        for delivery in ledger.deliveries.values_mut() {
            delivery.records.sort();
        }
        ledger
    }

    async fn read_records(
        &mut self,
        store: &dyn Store,
        vault: &Vault,
        catalogue: &Catalogue,
        chunk_owner: &HashMap<i64, Uuid>,
    ) {
        let mut persons: HashMap<PersonId, (Secret, [String; 3])> = HashMap::new();
        let mut after = RecordId(i64::MIN);
        loop {
            let page = store.scan_records(after, PAGE).await.unwrap();
            let Some(last) = page.last() else { break };
            after = last.id;
            let mut new: Vec<PersonId> = page.iter().map(|record| record.person).collect();
            new.retain(|person| !persons.contains_key(person));
            new.sort_unstable();
            new.dedup();
            for person in store.get_persons(&new).await.unwrap() {
                persons.insert(person.id, open_person(vault, &person));
            }
            for record in page {
                let (secret, [kind, number, name]) = &persons[&record.person];
                let content = unseal(secret, "record", "content", record.uuid, &record.content);
                let fields = RecordContent::from_bytes(&content).unwrap().fields;
                let code = &catalogue.items[&record.item]
                    .field_with(FieldRole::DocumentNo)
                    .unwrap()
                    .code;
                let clear = ClearRecord {
                    document_no: fields[code].clone(),
                    revision: record.revision,
                    kind: kind.clone(),
                    number: number.clone(),
                    name: name.clone(),
                    item: record.item.as_str().to_owned(),
                    provider: record.provider.as_str().to_owned(),
                    is_held: record.birth == BirthState::Held,
                    class: record.class.map(domain::catalogue::BreachClass::as_str),
                    end: record.end.to_epoch_days(),
                    content,
                    events: record.events.iter().map(|event| event.kind.as_str()).collect(),
                };
                let owner = chunk_owner[&(record.id.0 >> 20)];
                self.deliveries.get_mut(&owner).unwrap().records.push(clear);
            }
        }
    }

    pub(crate) fn records(&self) -> impl Iterator<Item = &ClearRecord> {
        self.deliveries.values().flat_map(|delivery| &delivery.records)
    }
}

async fn open_store(installation: &Installation) -> Arc<dyn Store> {
    if installation.store == "sqlite" {
        let options = store_sqlite::SqliteOptions::default();
        Arc::new(store_sqlite::SqliteStore::open(&installation.database(), &options).unwrap())
    } else {
        let options = store_postgres::PostgresOptions::default();
        let store = store_postgres::PostgresStore::connect(&installation.store, &options);
        Arc::new(store.await.unwrap())
    }
}

async fn read_staged(store: &dyn Store, secret: &Secret, id: store::DeliveryId, clear: &mut ClearDelivery) {
    let mut after = 0;
    loop {
        let rows = store.staged_rows(id, after, PAGE).await.unwrap();
        let Some(last) = rows.last() else { break };
        after = last.line;
        for row in rows {
            assert!(!row.is_resolved, "nobody has decided anything");
            let plain = unseal(secret, "staged_row", "content", row.uuid, &row.content);
            // Kind, number and an empty name, a line feed, then the row.
            let number = plain.split(|byte| *byte == 0x1f).nth(1).unwrap();
            clear.staged.push(ClearStaged {
                line: row.line,
                is_pending: row.kind == StagedKind::Pending,
                reason: row.reason,
                number: String::from_utf8(number.to_vec()).unwrap(),
                content: plain,
            });
        }
    }
}

fn open_person(vault: &Vault, person: &Person) -> (Secret, [String; 3]) {
    let wrapped = person.secret.as_ref().unwrap();
    let secret = vault.unwrap_secret(SecretOwner::Person, person.uuid, wrapped).unwrap();
    let identity = String::from_utf8(unseal(&secret, "person", "identity", person.uuid, &person.identity)).unwrap();
    let parts: Vec<String> = identity.splitn(3, '\u{1f}').map(str::to_owned).collect();
    (secret, parts.try_into().unwrap())
}

fn unseal(secret: &Secret, table: &str, column: &str, row: Uuid, sealed: &Sealed) -> Vec<u8> {
    let place = Place { table, column, row };
    let (salt, ciphertext) = (sealed.salt.unwrap(), sealed.ciphertext.as_ref().unwrap());
    secret.open(&place, &salt, ciphertext).unwrap()
}

fn sqlite_tables(database: &Path) -> BTreeMap<String, (i64, String)> {
    let connection = rusqlite::Connection::open(database).unwrap();
    let mut names = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        .unwrap();
    let names: Vec<String> = names
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let digest = |name: &String| {
        let mut statement = connection.prepare(&format!("SELECT * FROM \"{name}\"")).unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        let mut hashes = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            let cells: Vec<String> = (0..columns)
                .map(|at| format!("{:?}", row.get_ref(at).unwrap()))
                .collect();
            hashes.push(translog::entry_hash("row", &[cells.join("|").as_bytes()]));
        }
        hashes.sort_unstable();
        let number = i64::try_from(hashes.len()).unwrap();
        (
            number,
            hex::encode(translog::entry_hash("table", &[hashes.as_flattened()])),
        )
    };
    names.iter().map(|name| (name.clone(), digest(name))).collect()
}

async fn postgres_tables(url: &str) -> BTreeMap<String, (i64, String)> {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    let names = client
        .query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", &[])
        .await
        .unwrap();
    let mut tables = BTreeMap::new();
    for name in names {
        let name: String = name.get(0);
        let sql = format!(
            "SELECT count(*), coalesce(md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))), '') FROM \"{name}\" AS t"
        );
        let row = client.query_one(&sql, &[]).await.unwrap();
        tables.insert(name, (row.get(0), row.get(1)));
    }
    drop(client);
    connection.await.unwrap().unwrap();
    tables
}

/// Writes a synthetic city; what it wrote.
pub(crate) fn synthesise(installation: &Installation, city: &Path, arguments: &[&str]) -> synth::Manifest {
    crate::support::run(installation.command().arg("synth").arg(city).args(arguments), 0);
    manifest_in(city)
}

/// What a synthetic city says of itself.
pub(crate) fn manifest_in(city: &Path) -> synth::Manifest {
    serde_json::from_reader(std::fs::File::open(city.join("manifest.json")).unwrap()).unwrap()
}
