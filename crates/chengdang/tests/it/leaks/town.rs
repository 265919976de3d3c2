//! A city with planted persons, and the real binary over it: every way by which something of them could leave.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use app::accounts::NewAccount;
use app::{App, Parts, Settings};
use domain::{Clock, DocumentKind, IdSource, IdentityDocument, Moment, Name, Uscc};
use store::{AccountKind, Store};
use synth::{Canary, Manifest};
use tempfile::TempDir;
use uuid::{NoContext, Timestamp, Uuid};

use crate::support;

/// Folders of a city: inputs lie apart from what the system writes, so that nothing it writes need be left out.
pub(crate) struct Town {
    folder: TempDir,
    store: String,
    extra: Vec<(&'static str, String)>,
    pub(crate) manifest: Manifest,
    pub(crate) canaries: Vec<Canary>,
}

/// Both factors of a login.
pub(crate) struct Login {
    pub(crate) account: String,
    pub(crate) password: String,
    totp: String,
}

impl Login {
    /// The one-time code of this moment.
    pub(crate) fn code(&self) -> String {
        let secret = totp_rs::Secret::try_from_base32(&self.totp).expect("base32");
        let totp = totp_rs::Builder::new()
            .with_secret(secret)
            .build()
            .expect("a good secret");
        totp.generate(u64::try_from(Now.now().0 / 1000).expect("after 1970"))
            .to_string()
    }
}

impl Town {
    /// Writes the city's files and an empty store at `store` (`sqlite` or an address).
    pub(crate) fn build(seed: u64, rows: u32, store: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["data", "tmp", "logs", "drop"] {
            std::fs::create_dir(folder.path().join(name)).expect("a folder");
        }
        let mut town = Self {
            folder,
            store: store.to_owned(),
            extra: Vec::new(),
            manifest: Manifest {
                seed,
                today: String::new(),
                residents: 0,
                register: None,
                canaries: None,
                files: Vec::new(),
            },
            canaries: Vec::new(),
        };
        let inputs = town.inputs();
        let mut write = town.command();
        write
            .arg("synth")
            .arg(&inputs)
            .args(["--canaries", "64", "--residents", "600"]);
        write.args(["--seed", &seed.to_string(), "--rows", &rows.to_string()]);
        support::run(&mut write, 0);
        let open = |name: &str| BufReader::new(File::open(inputs.join(name)).expect("a file of the city"));
        town.manifest = serde_json::from_reader(open("manifest.json")).expect("a manifest");
        town.canaries = synth::read_canaries(open("canaries.json")).expect("canaries");
        assert_eq!(town.canaries.len(), 64);
        support::run(town.command().arg("migrate"), 0);
        town
    }

    /// Sets a variable for all later commands.
    pub(crate) fn set(&mut self, name: &'static str, value: &str) {
        self.extra.push((name, value.to_owned()));
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
    pub(crate) fn inputs(&self) -> PathBuf {
        self.path("inputs")
    }
    pub(crate) fn data(&self) -> PathBuf {
        self.path("data")
    }
    /// Where providers lay files. Nothing in it was written by the system unless a test watches it.
    pub(crate) fn dropped(&self) -> PathBuf {
        self.path("drop")
    }
    /// What the system takes for the folder of temporary files.
    pub(crate) fn temporary(&self) -> PathBuf {
        self.path("tmp")
    }
    pub(crate) fn logs(&self) -> PathBuf {
        self.path("logs")
    }

    /// The binary, with its log at the finest level.
    pub(crate) fn command(&self) -> Command {
        let mut command = support::chengdang(&self.data(), &self.store);
        command
            .env("CHENGDANG_REGISTER", self.inputs().join("register.csv"))
            .env("CHENGDANG_LOG", "trace")
            .env("CHENGDANG_LISTEN", "127.0.0.1:0")
            .env("CHENGDANG_DROP__FOLDER", self.dropped())
            .env("TMPDIR", self.temporary())
            .envs(self.extra.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Starts the server; its log goes to a file.
    pub(crate) fn serve(&self) -> Server {
        let log = File::create(self.logs().join("server")).expect("a log file");
        let mut child = self
            .command()
            .arg("serve")
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the server starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("piped");
        BufReader::new(stdout).read_line(&mut line).expect("its address");
        let address = line.trim().strip_prefix("http://").expect("an address").to_owned();
        Server { child, address }
    }

    /// Creates accounts in the store, as the operator's registration office would.
    pub(crate) fn accounts(&self, wanted: Vec<(String, AccountKind, Option<Uscc>, Option<&Canary>)>) -> Vec<Login> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let app = self.app().await;
            let mut logins = Vec::new();
            for (login, kind, organisation, person) in wanted {
                let identity = person.map(|person| {
                    let document = IdentityDocument::parse(DocumentKind::ResidentId, &person.number);
                    (document.expect("a number"), Name::parse(&person.name).expect("a name"))
                });
                let password = format!("a password of {login}");
                let new = NewAccount {
                    login: login.clone(),
                    password: password.clone(),
                    kind,
                    organisation,
                    identity,
                    totp_secret: None,
                    holder: None,
                };
                let created = app::accounts::create(&app, new).await.expect("an account");
                logins.push(Login {
                    account: login,
                    password,
                    totp: created.totp_secret_base32,
                });
            }
            logins
        })
    }

    async fn app(&self) -> App {
        let root = support::root();
        let store: Arc<dyn Store> = if self.store == "sqlite" {
            let file = self.data().join("chengdang.db");
            Arc::new(store_sqlite::SqliteStore::open(&file, &store_sqlite::SqliteOptions::default()).expect("a store"))
        } else {
            let options = store_postgres::PostgresOptions::default();
            let store = store_postgres::PostgresStore::connect(&self.store, &options).await;
            Arc::new(store.expect("a store"))
        };
        let register = File::open(self.inputs().join("register.csv")).expect("a register");
        App::new(Parts {
            store,
            vault: Arc::new(vault::Vault::open(&self.data().join("keys")).expect("keys")),
            catalogue: Arc::new(catalogue::load(&root.join("catalogue")).expect("a catalogue")),
            policies: Arc::new(policy::Policies::load(&root.join("policies")).expect("policies")),
            register: Arc::new(matching::FileRegister::load(BufReader::new(register)).expect("a register")),
            workbooks: Arc::new(confine::ConfinedReader::new(env!("CARGO_BIN_EXE_chengdang"))),
            statements: Arc::new(app::reconcile::NoStatements),
            clock: Arc::new(Now),
            ids: Arc::new(Now),
            log: app::log::Log::new(
                "log.example",
                Arc::new(translog::TileFolder::open(&self.data().join("log")).expect("a folder")),
            ),
            settings: Settings::new(self.data().join("staging")),
        })
    }

    /// The residents among the planted persons who have records, most first.
    pub(crate) fn recorded_canaries(&self) -> Vec<&Canary> {
        let mut records: BTreeMap<u64, u32> = BTreeMap::new();
        for truth in self.manifest.files.iter().filter_map(|entry| entry.truth.as_ref()) {
            let file = File::open(self.inputs().join(truth)).expect("a truth file");
            for row in synth::read_truth(BufReader::new(file)) {
                let row = row.expect("a row");
                if let (synth::Outcome::Recorded, Some(resident)) = (row.outcome, row.resident) {
                    *records.entry(resident).or_default() += 1;
                }
            }
        }
        let mut found: Vec<&Canary> = self
            .canaries
            .iter()
            .filter(|canary| records.contains_key(&canary.index))
            .collect();
        found.sort_by_key(|canary| std::cmp::Reverse(records[&canary.index]));
        found
    }
}

/// The running server; it is ended with the test at the latest.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
}

impl Server {
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }
    /// kill -9.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it runs");
        assert!(!self.child.wait().expect("it ends").success());
    }
    /// Asks it to end, as the operator does, and waits until it has.
    pub(crate) fn stop(mut self) {
        let id = self.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status().expect("kill");
        assert!(asked.success());
        assert!(self.child.wait().expect("it ends").success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // After `stop` there is nobody left to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The clock of the machine, and ids of its time.
struct Now;

impl Clock for Now {
    #[expect(clippy::disallowed_methods, reason = "a test of real processes runs in real time")]
    fn now(&self) -> Moment {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let millis = since.expect("after 1970").as_millis();
        Moment(i64::try_from(millis).expect("before year 292 million"))
    }
}

impl IdSource for Now {
    fn uuid(&self, at: Moment) -> Uuid {
        let seconds = u64::try_from(at.0 / 1000).expect("after 1970");
        Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, 0))
    }
}

/// Every file below `folder`, as it is at this moment.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else if path.is_file() {
            files.push(path);
        }
    }
    files
}

/// Processes below `ancestor`, and itself.
pub(crate) fn family(ancestor: u32) -> Vec<u32> {
    let parents: Vec<(u32, u32)> = std::fs::read_dir("/proc")
        .expect("/proc")
        .flatten()
        .filter_map(|entry| {
            let id = entry.file_name().to_str()?.parse().ok()?;
            let status = std::fs::read_to_string(entry.path().join("stat")).ok()?;
            // The name in brackets may itself hold spaces and brackets.
            let parent = status.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
            Some((id, parent))
        })
        .collect();
    let mut family = vec![ancestor];
    let mut at = 0;
    while let Some(&member) = family.get(at) {
        family.extend(
            parents
                .iter()
                .filter(|(_, parent)| *parent == member)
                .map(|(id, _)| *id),
        );
        at += 1;
    }
    family
}
