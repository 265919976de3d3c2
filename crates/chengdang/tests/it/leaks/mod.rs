//! G-25 and G-26: 64 planted persons leave the system by no way but their own page, and the search finds each way that leaks.
//!
//! One walk through the system (deliveries by command line and HTTP, with faults, held and pending rows; listings, failed
//! calls, own records) fills a [`Report`]: channel by channel, what the search found. With the binary as it is shipped it
//! must find nothing; with one built to leak (`make leaks`), something in every channel.

mod forms;
pub(crate) mod http;
mod sm3;
pub(crate) mod town;
pub(crate) mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

use synth::Canary;

use self::forms::{Hit, Kind, Planted, Scanner};
use self::town::{Town, family, files_below};
use self::walk::walk;

/// What was looked at and what was found, by channel.
struct Report<'a> {
    scanner: &'a Scanner,
    channels: BTreeMap<&'static str, Channel>,
}

#[derive(Default)]
struct Channel {
    bytes: usize,
    hits: BTreeSet<Hit>,
    /// What stood before the first hit, to find the leak by.
    before: String,
}

impl<'a> Report<'a> {
    fn new(scanner: &'a Scanner) -> Self {
        Self {
            scanner,
            channels: BTreeMap::new(),
        }
    }

    /// Looks at `bytes`; what `may` allows is not counted.
    fn look_but(&mut self, channel: &'static str, bytes: &[u8], may: impl Fn(&Planted) -> bool) {
        let found = self.scanner.scan(bytes);
        let entry = self.channels.entry(channel).or_default();
        entry.bytes += bytes.len();
        let is_first = entry.hits.is_empty();
        entry.hits.extend(found.into_iter().filter(|hit| !may(&hit.planted)));
        if is_first && !entry.hits.is_empty() {
            entry.before = self.scanner.before(bytes);
        }
    }

    fn look(&mut self, channel: &'static str, bytes: &[u8]) {
        self.look_but(channel, bytes, |_| false);
    }

    /// Looks at every file below `folder`, names included; `channel_of` sorts them.
    fn look_below(&mut self, folder: &Path, channel_of: impl Fn(&str) -> &'static str) {
        for file in files_below(folder) {
            let name = file.to_string_lossy().into_owned();
            let channel = channel_of(&name);
            self.look(channel, name.as_bytes());
            // A file may be gone again, as staged uploads are.
            if let Ok(bytes) = std::fs::read(&file) {
                self.look(channel, &bytes);
            }
        }
    }

    /// Looks at everything in the folders of a city.
    fn look_at_disk(&mut self, town: &Town) {
        self.look_below(&town.data(), |name| {
            if name.ends_with("chengdang.db") {
                "database"
            } else if name.ends_with("-wal") {
                "write-ahead log"
            } else if name.ends_with("-shm") {
                "shared memory of the database"
            } else if name.contains("/staging/") {
                "staged uploads"
            } else {
                "other data"
            }
        });
        self.look_below(&town.temporary(), |_| "temporary files");
        self.look_below(&town.logs(), |_| "log");
    }

    /// Looks at what every user of the machine can see of a process and of those it started.
    fn look_at_processes(&mut self, id: u32) {
        for member in family(id) {
            for file in ["cmdline", "environ"] {
                // A process may have ended meanwhile.
                if let Ok(bytes) = std::fs::read(format!("/proc/{member}/{file}")) {
                    self.look("processes", &bytes);
                }
            }
        }
    }

    /// Nothing was found, and in each of `channels` there was something to look at.
    #[track_caller]
    fn assert_clean(&self, channels: &[&str]) {
        for (channel, looked) in &self.channels {
            assert!(
                looked.hits.is_empty(),
                "{channel}: {:?} behind {:?}",
                looked.hits,
                looked.before
            );
        }
        for channel in channels {
            assert!(self.bytes(channel) > 0, "nothing was looked at in: {channel}");
        }
    }

    /// Something was found in each of `channels`.
    #[track_caller]
    fn assert_leaky(&self, channels: &[&str]) {
        for channel in channels {
            let is_found = self.channels.get(channel).is_some_and(|looked| !looked.hits.is_empty());
            assert!(is_found, "a leak was not found in: {channel}");
        }
    }

    fn bytes(&self, channel: &str) -> usize {
        self.channels.get(channel).map_or(0, |looked| looked.bytes)
    }
}

/// Channels that a walk fills with either store.
const COMMON: [&str; 8] = [
    "receipts",
    "fault files",
    "listings",
    "errors",
    "answers",
    "problem documents",
    "log",
    "processes",
];

/// Every planted person's number, name and telephone number does occur in what is delivered: a search that finds nothing
/// later had something to find.
fn assert_planted(town: &Town, scanner: &Scanner) {
    let mut planted = BTreeSet::new();
    for entry in &town.manifest.files {
        let bytes = std::fs::read(town.inputs().join(&entry.file)).expect("a delivery");
        planted.extend(scanner.scan(&bytes).into_iter().map(|hit| hit.planted));
    }
    for canary in &town.canaries {
        for kind in [Kind::Number, Kind::Name, Kind::Telephone] {
            let person = canary.index;
            assert!(
                planted.contains(&Planted { person, kind }),
                "{person}: {kind:?} is not planted"
            );
        }
    }
}

#[test]
fn planted_persons_appear_nowhere_in_clear_with_sqlite() {
    let town = Town::build(25, 3_000, "sqlite");
    let scanner = Scanner::new(&town.canaries);
    assert_planted(&town, &scanner);
    let mut report = Report::new(&scanner);
    walk(&town, &mut report, true, |_| {});
    report.assert_clean(&COMMON);
    report.assert_clean(&[
        "database",
        "write-ahead log",
        "shared memory of the database",
        "staged uploads",
    ]);
}

#[test]
fn planted_persons_appear_nowhere_in_clear_with_postgresql() {
    let cluster = talkative_cluster(false);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let url = runtime.block_on(cluster.empty_database()).expect("a database");
    let town = Town::build(26, 2_000, &url);
    let scanner = Scanner::new(&town.canaries);
    assert_planted(&town, &scanner);
    let mut report = Report::new(&scanner);
    walk(&town, &mut report, true, |report| {
        runtime.block_on(look_at_server(report, &url, &cluster));
    });
    runtime.block_on(look_at_server(&mut report, &url, &cluster));
    report.assert_clean(&COMMON);
    report.assert_clean(&[
        "tables",
        "statistics of the server",
        "log of the server",
        "files of the server",
    ]);
    assert!(
        report.bytes("tables") > 500_000,
        "the tables hold what was delivered: {}",
        report.bytes("tables")
    );
}

/// A server that logs every statement. The store refuses one that logs parameters as well, so only a test that needs no
/// store may ask for them.
fn talkative_cluster(logs_parameters: bool) -> store_postgres::testing::Cluster {
    let parameters = if logs_parameters {
        "-c log_parameter_max_length=-1"
    } else {
        "-c log_parameter_max_length=0"
    };
    let arguments = ["-c log_statement=all", "-c track_activity_query_size=16384", parameters];
    store_postgres::testing::Cluster::start_with(&arguments).expect("PostgreSQL is installed")
}

/// Every table's rows, what the server tells of its sessions, its log, its files.
async fn look_at_server(report: &mut Report<'_>, url: &str, cluster: &store_postgres::testing::Cluster) {
    use futures::TryStreamExt;
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls)
        .await
        .expect("a session");
    let connection = tokio::spawn(connection);
    let tables = client
        .query(
            "SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables
             WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')",
            &[],
        )
        .await
        .expect("the tables");
    assert!(tables.len() > 20, "all tables are dumped");
    for row in tables {
        let table: String = row.get(0);
        let rows = client
            .copy_out(&format!("COPY {table} TO STDOUT"))
            .await
            .expect("its rows");
        let parts: Vec<_> = rows.try_collect().await.expect("its rows");
        report.look("tables", table.as_bytes());
        report.look("tables", &parts.concat());
    }
    for view in ["pg_stat_activity", "pg_stats", "pg_prepared_statements", "pg_locks"] {
        let rows = client
            .query(&format!("SELECT row_to_json(v)::text FROM {view} v"), &[])
            .await
            .expect("a view of the server");
        for row in rows {
            let text: String = row.get(0);
            report.look("statistics of the server", text.as_bytes());
        }
    }
    // What is in memory only must reach the files before they are read.
    client.batch_execute("CHECKPOINT").await.expect("a checkpoint");
    drop(client);
    connection.await.expect("the session ends").expect("well");
    report.look("log of the server", cluster.log().expect("its log").as_bytes());
    report.look_below(cluster.folder(), |_| "files of the server");
    if let Ok(id) = std::fs::read_to_string(cluster.folder().join("data/postmaster.pid")) {
        let id = id.lines().next().and_then(|line| line.parse().ok());
        report.look_at_processes(id.expect("an id"));
    }
}

fn somebody() -> Canary {
    Canary {
        index: 7,
        number: "370199199003070018".to_owned(),
        name: "测试哨乙丙".to_owned(),
        telephone: "19900000007".to_owned(),
    }
}

#[test]
fn every_form_of_every_planted_value_is_found() {
    let somebody = somebody();
    let scanner = Scanner::new(std::slice::from_ref(&somebody));
    assert!(scanner.patterns() > 300, "{}", scanner.patterns());
    assert!(
        scanner
            .scan("370199199003070026, 测试哨乙乙, 19900000008".as_bytes())
            .is_empty()
    );
    for (planted, value) in forms::values(&somebody) {
        for (form, bytes) in forms::forms_of(planted.kind, &value) {
            let around = [b"\x00\xff{\"a\":\"", bytes.as_slice(), b"\"}\r\n"].concat();
            let found = scanner.scan(&around);
            // Some forms of two encodings are the same bytes; whose value it is must be right.
            assert!(
                found
                    .iter()
                    .any(|hit| hit.planted == planted || planted.kind == Kind::NumberBody),
                "{planted:?} {form}"
            );
        }
    }
}

#[test]
fn a_value_within_base64_is_found_wherever_it_begins() {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    let somebody = somebody();
    let scanner = Scanner::new(std::slice::from_ref(&somebody));
    for before in 0..7 {
        for value in [&somebody.number, &somebody.name, &somebody.telephone] {
            let text = format!("{}{value}, and more", "x".repeat(before));
            assert!(!scanner.scan(STANDARD.encode(text).as_bytes()).is_empty(), "{before}");
        }
    }
}

/// A shell that says when it runs and ends with its input.
const ANNOUNCED: [&str; 2] = ["-c", "echo runs; read -r _"];

/// Looks at a child once it has said that it runs: for a moment after it was started, the kernel shows neither its arguments
/// nor its environment.
fn look_while_it_runs(report: &mut Report, child: &mut Command) {
    let mut child = child
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a shell");
    let mut said = [0; 5];
    child
        .stdout
        .as_mut()
        .expect("its output")
        .read_exact(&mut said)
        .expect("it runs");
    report.look_at_processes(child.id());
    drop(child.stdin.take());
    child.wait().expect("it ends");
}

/// G-26 without another build: whatever a channel is, the walk's own look at it finds a value put there in clear or coded.
#[test]
fn a_value_that_is_put_into_a_channel_is_found_there() {
    let somebody = somebody();
    let scanner = Scanner::new(std::slice::from_ref(&somebody));
    let mut report = Report::new(&scanner);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("chengdang.db");
    let database = rusqlite::Connection::open(&file).expect("a database");
    database
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE leak (name TEXT);")
        .expect("a table");
    database
        .execute("INSERT INTO leak VALUES (?1)", [&somebody.name])
        .expect("a row");
    report.look_below(folder.path(), |name| {
        if name.ends_with("-wal") {
            "write-ahead log"
        } else {
            "database"
        }
    });
    report.assert_leaky(&["write-ahead log"]);
    database
        .execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")
        .expect("a checkpoint");
    report.look_below(folder.path(), |_| "database");

    let mut child = Command::new("sh");
    child.args(ANNOUNCED).env("LEAKED", hex::encode(&somebody.number));
    look_while_it_runs(&mut report, &mut child);
    let mut arguments = Report::new(&scanner);
    let mut child = Command::new("sh");
    child.args(ANNOUNCED).args(["sh", &somebody.telephone]);
    look_while_it_runs(&mut arguments, &mut child);
    arguments.assert_leaky(&["processes"]);

    let problem = format!("{{\"detail\":\"no person {}\"}}", http::coded(&somebody.name));
    report.look("problem documents", problem.as_bytes());
    report.look("log", format!("{:?}", somebody.number.as_bytes()).as_bytes());
    report.assert_leaky(&["database", "write-ahead log", "processes", "problem documents", "log"]);
}

/// The same for the channels of a PostgreSQL server.
#[test]
fn a_value_that_is_put_into_a_server_is_found_there() {
    let somebody = somebody();
    let scanner = Scanner::new(std::slice::from_ref(&somebody));
    let mut report = Report::new(&scanner);
    let cluster = talkative_cluster(true);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let url = cluster.fresh_database().await.expect("a database");
        let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls)
            .await
            .expect("a session");
        let connection = tokio::spawn(connection);
        client
            .batch_execute(&format!(
                "CREATE TABLE leak AS SELECT '{}'::text AS number",
                somebody.number
            ))
            .await
            .expect("a table");
        client.query("SELECT $1::text", &[&somebody.name]).await.expect("a row");
        let asked = format!("SELECT '{}'", somebody.telephone);
        client.batch_execute(&asked).await.expect("a row");
        look_at_server(&mut report, &url, &cluster).await;
        drop(client);
        connection.await.expect("the session ends").expect("well");
    });
    report.assert_leaky(&[
        "tables",
        "statistics of the server",
        "log of the server",
        "files of the server",
    ]);
    let logged = &report.channels["log of the server"].hits;
    assert!(
        logged.iter().any(|hit| hit.planted.kind == Kind::Name),
        "parameters are logged, too"
    );
}

/// G-26 with a build that leaks on purpose (`make leaks`): the same walk finds it in every channel.
#[cfg(feature = "leak-on-purpose")]
#[test]
fn a_build_that_leaks_on_purpose_is_caught_in_each_channel() {
    let mut town = Town::build(27, 1_500, "sqlite");
    town.set("LEAK_ON_PURPOSE", "yes");
    let scanner = Scanner::new(&town.canaries);
    let mut report = Report::new(&scanner);
    walk(&town, &mut report, false, |_| {});
    report.assert_leaky(&[
        "database",
        "write-ahead log",
        "staged uploads",
        "other data",
        "temporary files",
        "log",
        "receipts",
        "fault files",
        "listings",
        "errors",
        "answers",
        "processes",
    ]);
}

/// The same with PostgreSQL.
#[cfg(feature = "leak-on-purpose")]
#[test]
fn a_build_that_leaks_on_purpose_is_caught_in_each_channel_of_postgresql() {
    let cluster = talkative_cluster(false);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let url = runtime.block_on(cluster.empty_database()).expect("a database");
    let mut town = Town::build(28, 1_500, &url);
    town.set("LEAK_ON_PURPOSE", "yes");
    let scanner = Scanner::new(&town.canaries);
    let mut report = Report::new(&scanner);
    walk(&town, &mut report, false, |_| {});
    runtime.block_on(look_at_server(&mut report, &url, &cluster));
    // Values travel as parameters, which the log does not have: see `a_value_that_is_put_into_a_server_is_found_there`.
    report.assert_leaky(&["tables", "files of the server"]);
}
