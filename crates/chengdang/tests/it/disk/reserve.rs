//! A server on a full disk: deliveries wait, logins and own reads go on with their traces, also after a restart; once there
//! is space, everything goes on by itself, and each row is there once.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use amnesia::{Crash, Disk, Mount};
use domain::Uscc;
use serde_json::Value;
use store::AccountKind;
use store_postgres::testing::Cluster;
use synth::{FileEntry, Purpose};
use tokio::runtime::Runtime;

use crate::leaks::http::{Answer, ask};
use crate::leaks::town::{Login, Server, Town, files_below};
use crate::leaks::walk::token;
use crate::support;

const MIB: u64 = 1 << 20;
/// Rows delivered: the largest file has some dozens of chunks.
const ROWS: u32 = 6_000;
const CHUNK_ROWS: &str = "100";
/// Own reads on the full disk; each is a trace, an outcome and places in the log.
const READS: u32 = 60;

/// Waits until `look` finds what it looks for. The limit is far beyond what a busy machine takes.
#[track_caller]
fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let since = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(since.elapsed() < Duration::from_mins(3), "not reached: {what}");
        std::thread::yield_now();
    }
}

struct Desk {
    address: String,
    bearer: String,
}

impl Desk {
    fn new(server: &Server, login: &Login) -> Self {
        Self {
            address: server.address.clone(),
            bearer: format!("Bearer {}", token(&server.address, login)),
        }
    }

    fn get(&self, path: &str) -> Answer {
        let headers = [("Authorization", self.bearer.as_str())];
        ask(&self.address, "GET", path, &headers, &[])
    }

    fn deliver(&self, item: &str, file: &[u8]) -> Answer {
        let headers = [("Authorization", self.bearer.as_str()), ("Content-Type", "text/csv")];
        let path = format!("/api/v1/deliveries?item={item}");
        ask(&self.address, "POST", &path, &headers, file)
    }

    fn begin_upload(&self, item: &str) -> Answer {
        let headers = [("Authorization", self.bearer.as_str()), ("Content-Type", "text/csv")];
        ask(
            &self.address,
            "POST",
            &format!("/api/v1/uploads?item={item}"),
            &headers,
            &[],
        )
    }

    /// Ends the session, which is over then.
    fn sign_out(&self) {
        let headers = [("Authorization", self.bearer.as_str())];
        let answer = ask(&self.address, "DELETE", "/api/v1/sessions", &headers, &[]);
        assert_eq!(answer.status(), 204, "{}", answer.text());
        assert_eq!(self.get("/api/v1/me/records").status(), 401);
    }

    /// Reads the own file as often as said; each answer has records.
    fn read_own(&self, times: u32) {
        for _ in 0..times {
            let own = self.get("/api/v1/me/records");
            assert_eq!(own.status(), 200, "{}", own.text());
            let groups = own.json()["groups"].as_array().map_or(0, Vec::len);
            assert!(groups > 0, "{}", own.text());
        }
    }
}

fn ready(server: &Server) -> Value {
    let answer = ask(&server.address, "GET", "/readyz", &[], &[]);
    assert_eq!(answer.status(), 200, "reads go on: {}", answer.text());
    answer.json()
}

/// A city with the records of some files, a larger one that is to come, and people with logins.
struct Stand {
    town: Town,
    large: FileEntry,
    officer: Login,
    residents: Vec<Login>,
}

impl Stand {
    fn new(store: &str) -> Self {
        let mut town = Town::build(31, ROWS, store);
        town.set("CHENGDANG_CHUNK_ROWS", CHUNK_ROWS);
        town.set("CHENGDANG_LOG", "warn");
        let is_csv = |entry: &&FileEntry| entry.purpose == Purpose::Rows && entry.format == "csv";
        let large = town.manifest.files.iter().filter(is_csv).max_by_key(|entry| entry.rows);
        let large = large.unwrap().clone();
        town.manifest
            .files
            .retain(|entry| is_csv(&entry) && entry.item == large.item && entry.file != large.file);
        for entry in &town.manifest.files {
            deliver(&town, entry);
        }
        let provider = Uscc::parse(&large.provider).unwrap();
        let mut wanted = vec![("officer".to_owned(), AccountKind::Officer, Some(provider), None)];
        let recorded = town.recorded_canaries();
        for (at, canary) in recorded.iter().take(3).enumerate() {
            wanted.push((format!("resident.{at}"), AccountKind::Resident, None, Some(*canary)));
        }
        let mut residents = town.accounts(wanted);
        let officer = residents.remove(0);
        Self {
            town,
            large,
            officer,
            residents,
        }
    }

    fn file(&self) -> Vec<u8> {
        fs::read(self.town.inputs().join(&self.large.file)).unwrap()
    }

    /// From a full disk to the end of the delivery. `between` is called when the disk has no block left and reads go on.
    fn fill_and_free(&self, mount: &Mount, reserve: &Path, slack: u64, between: impl FnOnce()) {
        let file = self.file();
        let server = self.town.serve();
        let officer = Desk::new(&server, &self.officer);
        let first = Desk::new(&server, &self.residents[0]);
        let is_whole = || (fs::metadata(reserve).ok()?.len() == MIB).then_some(());
        until("the reserve is there", is_whole);
        assert_eq!(ready(&server)["intake"], "open");

        // As much beside the reserve as the low-water mark, and a little for some chunks.
        mount.set_quota(Some(mount.used() + MIB + slack));
        let begun = officer.deliver(&self.large.item, &file);
        assert_eq!(begun.status(), 202, "{}", begun.text());
        let place = begun.headers("location").pop().unwrap();
        let full = until("the intake stops", || {
            let ready = ready(&server);
            let view = officer.get(&place).json();
            assert_eq!(
                view["state"], "receiving",
                "it is done before the disk is full: {view} {ready}"
            );
            (ready["intake"] == "full" && ready["waiting"] == 1).then_some(ready)
        });
        assert_eq!(full["code"], "APP-0010");

        let refused = officer.deliver(&self.large.item, &file);
        assert_eq!(refused.status(), 507, "{}", refused.text());
        assert_eq!(refused.json()["code"], "APP-0010");
        assert_eq!(refused.headers("retry-after"), ["300"]);
        let begun = officer.begin_upload(&self.large.item);
        assert_eq!(begun.status(), 507, "{}", begun.text());
        first.read_own(1);

        // Another program takes every block that is left.
        mount.set_quota(Some(mount.used()));
        first.read_own(READS);
        let second = Desk::new(&server, &self.residents[1]);
        second.read_own(1);
        second.sign_out();
        between();
        server.stop();
        let log = fs::read_to_string(self.town.logs().join("server")).unwrap();
        println!("{log}");
        assert_eq!(log.matches("the disk is nearly full").count(), 1, "told once: {log}");
        assert_eq!(log.matches("an intake stopped").count(), 1, "told once: {log}");

        // The machine is started again, and there is no block but the reserve's.
        if is_whole().is_some() {
            mount.set_quota(Some(mount.used()));
        }
        let server = self.town.serve();
        Desk::new(&server, &self.residents[2]).read_own(READS);
        assert!(fs::metadata(reserve).unwrap().len() < MIB, "the reserve was given up");
        assert_eq!(ready(&server)["waiting"], 1);

        mount.set_quota(None);
        until("the intake goes on", || {
            let ready = ready(&server);
            (ready["intake"] == "open" && ready["waiting"] == 0).then_some(())
        });
        let officer = Desk {
            address: server.address.clone(),
            ..officer
        };
        let done = until("the delivery is done", || {
            let view = officer.get(&place).json();
            (view["state"] != "receiving").then_some(view)
        });
        assert_eq!(done["state"], "done", "{done}");
        until("the reserve is whole again", is_whole);
        let again = officer.deliver(&self.large.item, &file);
        assert_eq!(again.status(), 200, "taken in before: {}", again.text());
        server.stop();

        let log = fs::read_to_string(self.town.logs().join("server")).unwrap();
        println!("{log}");
        assert_eq!(log.matches("the disk is nearly full").count(), 1, "told once: {log}");
        assert_eq!(log.matches("there is space again").count(), 1, "told once: {log}");
    }
}

fn deliver_command(town: &Town, entry: &FileEntry) -> Command {
    let mut command = town.command();
    command.arg("deliver").arg(town.inputs().join(&entry.file));
    command.args(["--item", &entry.item, "--provider", &entry.provider, "--json"]);
    command
}

fn deliver(town: &Town, entry: &FileEntry) {
    support::run(&mut deliver_command(town, entry), 0);
}

fn copy(from: &Path, to: &Path) {
    for file in files_below(from) {
        let target = to.join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(&file, &target).unwrap();
    }
}

/// Facts of the persons before `{known}`, in either SQL: their tags are the same wherever the same keys made them. Others have
/// secrets of their own, so they are counted.
const FACTS: &str =
    "SELECT person_id || ' ' || fact_tag || ' ' || revision FROM record WHERE person_id < {known} ORDER BY 1";
const TOTALS: &str = "SELECT (SELECT count(*) FROM record) || ' ' || (SELECT count(*) FROM person) || ' ' ||
    (SELECT count(*) FROM staged_row) || ' ' || (SELECT sum(faults) FROM fault_count)";
const KNOWN: &str = "SELECT CAST(max(person_id) + 1 AS TEXT) FROM person";

/// What a store holds, to be compared.
#[derive(Debug, PartialEq, Eq)]
struct Held {
    facts: Vec<String>,
    totals: Vec<String>,
}

impl Held {
    fn read(known: &str, read: impl Fn(&str) -> Vec<String>) -> Self {
        let held = Self {
            facts: read(&FACTS.replace("{known}", known)),
            totals: read(TOTALS),
        };
        assert!(held.facts.len() > 1000, "{}", held.facts.len());
        held
    }
}

fn texts(database: &Path, sql: &str) -> Vec<String> {
    let connection = rusqlite::Connection::open(database).unwrap();
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

const TRACES: &str = "SELECT count(*) FROM trace";
const UNFINISHED: &str = "SELECT (SELECT count(*) FROM delivery) - (SELECT count(*) FROM delivery_receipt)";

fn count(database: &Path, sql: &str) -> i64 {
    let connection = rusqlite::Connection::open(database).unwrap();
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn a_full_disk_stops_deliveries_and_nothing_else_on_sqlite() {
    let mut stand = Stand::new("sqlite");
    let folder = tempfile::tempdir().unwrap();
    let beside = folder.path().join("beside");
    copy(&stand.town.data(), &beside);
    let disk = folder.path().join("disk");
    fs::create_dir(&disk).unwrap();
    let mount = Mount::new(Disk::new(), &disk).unwrap();
    let data = disk.join("data");
    copy(&stand.town.data(), &data);
    let mut shut_down = mount.unmount().unwrap();
    shut_down.sync_all();
    let mount = Mount::new(shut_down, &disk).unwrap();
    stand.town.set("CHENGDANG_DATA", data.to_str().unwrap());

    let slack = MIB / 2 + 2 * stand.file().len() as u64;
    let crashed = folder.path().join("crashed");
    fs::create_dir(&crashed).unwrap();
    stand.fill_and_free(&mount, &data.join(reserve::FILE), slack, || {
        // If the power goes now, each look that was answered has its trace.
        mount.disk().crash(Crash::Drop, 1).export(&crashed).unwrap();
        let database = crashed.join("data/chengdang.db");
        assert_eq!(count(&database, TRACES), i64::from(READS) + 2);
        verify(&stand.town, &crashed.join("data"));
    });
    let left = folder.path().join("left");
    fs::create_dir(&left).unwrap();
    mount.unmount().unwrap().export(&left).unwrap();

    stand.town.set("CHENGDANG_DATA", beside.to_str().unwrap());
    let database = beside.join("chengdang.db");
    let known = texts(&database, KNOWN).remove(0);
    deliver(&stand.town, &stand.large);
    let undisturbed = Held::read(&known, |sql| texts(&database, sql));

    // What was answered with 202 goes on after the loss of power, too.
    let crashed = crashed.join("data");
    stand.town.set("CHENGDANG_DATA", crashed.to_str().unwrap());
    assert_eq!(count(&crashed.join("chengdang.db"), UNFINISHED), 1);
    let server = stand.town.serve();
    until("the delivery is done after the loss of power", || {
        (count(&crashed.join("chengdang.db"), UNFINISHED) == 0).then_some(())
    });
    server.stop();
    for data in [crashed, left.join("data")] {
        verify(&stand.town, &data);
        let found = Held::read(&known, |sql| texts(&data.join("chengdang.db"), sql));
        assert_eq!(found, undisturbed, "each row is there once");
    }
}

fn verify(town: &Town, data: &Path) {
    let mut command = town.command();
    command.env("CHENGDANG_DATA", data).args(["verify", "--json"]);
    let findings: Value = serde_json::from_str(&support::run(&mut command, 0)).unwrap();
    assert_eq!(findings["damage"], Value::Array(Vec::new()), "{findings}");
}

/// The tables lie on the small disk, the server's own log elsewhere: a PostgreSQL that cannot write its log stops as a whole,
/// and nothing of ours can prevent that.
#[test]
fn a_full_disk_stops_deliveries_and_nothing_else_on_postgresql() {
    let cluster = Cluster::start_with(&[]).unwrap();
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    open_to_all(folder.path());
    let mount = Mount::new(Disk::new(), folder.path()).unwrap();
    let tables = folder.path().join("tables");
    fs::create_dir(&tables).unwrap();
    give_to_server(&cluster, &tables);
    let url = runtime.block_on(on_disk(&cluster, &tables));

    let mut stand = Stand::new(&url);
    let beside = runtime.block_on(cluster.copy_of(&url)).unwrap();
    let kept = folder.path().join("kept");
    fs::create_dir(&kept).unwrap();
    stand.town.set("CHENGDANG_RESERVE_FOLDER", kept.to_str().unwrap());
    stand.fill_and_free(&mount, &kept.join(reserve::FILE), MIB / 8, || {
        let traces = runtime.block_on(column(&url, "SELECT count(*)::text FROM trace"));
        assert_eq!(traces, [(READS + 2).to_string()]);
        // Where nothing is kept back and no block is left, the server's own answer says what is wrong.
        let quota = mount.disk().quota();
        mount.set_quota(Some(mount.used()));
        let mut command = deliver_command(&stand.town, &stand.large);
        let output = command.env("CHENGDANG_RESERVE_FOLDER", "").output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.contains("chengdang: APP-0010: the storage is full"), "{told}");
        mount.set_quota(quota);
        verify(&stand.town, &stand.town.data());
    });
    verify(&stand.town, &stand.town.data());

    stand.town.set("CHENGDANG_STORE", &beside);
    let known = runtime.block_on(column(&beside, KNOWN)).remove(0);
    deliver(&stand.town, &stand.large);
    let undisturbed = Held::read(&known, |sql| runtime.block_on(column(&beside, sql)));
    let found = Held::read(&known, |sql| runtime.block_on(column(&url, sql)));
    assert_eq!(found, undisturbed, "each row is there once");
    runtime.block_on(cluster.drop_database(&url)).unwrap();
    drop(cluster);
    mount.unmount().unwrap();
}

fn open_to_all(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
}

/// The folder becomes that of the user whose the cluster is.
fn give_to_server(cluster: &Cluster, folder: &PathBuf) {
    use std::os::unix::fs::{MetadataExt, chown};
    let owner = fs::metadata(cluster.folder()).unwrap();
    chown(folder, Some(owner.uid()), Some(owner.gid())).unwrap();
}

/// A database whose tables lie in `folder`.
async fn on_disk(cluster: &Cluster, folder: &Path) -> String {
    let place = folder.display();
    for sql in [
        format!("CREATE TABLESPACE small LOCATION '{place}'"),
        "CREATE DATABASE on_small TEMPLATE template0 TABLESPACE small".to_owned(),
    ] {
        let (client, connection) = tokio_postgres::connect(&cluster.url("postgres"), tokio_postgres::NoTls)
            .await
            .unwrap();
        tokio::spawn(connection);
        client.batch_execute(&sql).await.unwrap();
    }
    cluster.url("on_small")
}

async fn column(url: &str, sql: &str) -> Vec<String> {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    let rows = client.query(sql, &[]).await.unwrap();
    drop(client);
    connection.await.unwrap().unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}
