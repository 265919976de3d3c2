//! The public log through the binaries: a server, a witness in a process of its own, a monitor, proofs, an old backup.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use translog::{InclusionProof, LogKey};

use crate::leaks::http::ask;
use crate::ledger::{Backend, Ground, Installation, synthesise};
use crate::support::run;

/// A process that ends with the test.
struct Process {
    child: Child,
    address: String,
    errors: PathBuf,
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Process {
    /// Starts something that prints its address first.
    fn start(command: &mut Command, errors: PathBuf) -> Self {
        let log = fs::File::create(&errors).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line
            .trim()
            .strip_prefix("http://")
            .unwrap_or_else(|| panic!("{line}"))
            .to_owned();
        Self { child, address, errors }
    }

    /// kill -9.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Size that is published; 0 if nothing is.
    fn published(&self) -> u64 {
        let answer = ask(&self.address, "GET", "/log/checkpoint", &[], &[]);
        match answer.status() {
            200 => translog::claim_of(answer.body().as_bytes()).unwrap().1,
            status => {
                assert_eq!(status, 404);
                0
            }
        }
    }
}

#[track_caller]
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let since = Instant::now();
    while !is_so() {
        assert!(since.elapsed() < Duration::from_mins(2), "not reached: {what}");
        std::thread::yield_now();
    }
}

/// An installation with a witness.
struct World {
    installation: Installation,
    folder: PathBuf,
    witness: Option<Process>,
    witness_key: String,
    log_key: String,
}

impl World {
    fn new(ground: &Ground) -> Self {
        let installation = ground.install("data");
        let folder = ground.city().parent().unwrap().to_owned();
        let log_key = run(installation.command().args(["log", "key"]), 0).trim().to_owned();
        let home = folder.join("witness");
        let init = ["witness", "init", "--name", "audit.example/w", "--folder"];
        let witness_key = run(installation.command().args(init).arg(&home), 0).trim().to_owned();
        let mut world = Self {
            installation,
            folder,
            witness: None,
            witness_key,
            log_key,
        };
        world.witness = Some(world.start_witness());
        world
    }

    fn start_witness(&self) -> Process {
        let mut command = self.installation.command();
        command
            .args([
                "witness",
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--log",
                &self.log_key,
                "--folder",
            ])
            .arg(self.folder.join("witness"));
        Process::start(&mut command, self.folder.join("witness.log"))
    }

    fn command(&self, data: &Path) -> Command {
        let witness = self.witness.as_ref().unwrap();
        let mut command = self.installation.moved_to(data.to_owned()).command();
        command
            .env(
                "CHENGDANG_TRANSPARENCY__WITNESSES__AUDIT__URL",
                format!("http://{}", witness.address),
            )
            .env("CHENGDANG_TRANSPARENCY__WITNESSES__AUDIT__VKEY", &self.witness_key);
        command
    }

    fn serve(&self, data: &Path) -> Process {
        let mut command = self.command(data);
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        Process::start(&mut command, self.folder.join("serve.log"))
    }

    fn deliver(&self, data: &Path, manifest: &synth::Manifest, number: usize) {
        let entry = &manifest.files[number];
        let installation = self.installation.moved_to(data.to_owned());
        run(
            &mut installation.deliver_command(
                &self.folder.join("city").join(&entry.file),
                &entry.item,
                &entry.provider,
            ),
            0,
        );
    }

    fn monitor(&self, server: &Process, code: i32) -> Value {
        let url = format!("http://{}/log", server.address);
        let text = run(
            self.command(&self.installation.data)
                .args([
                    "log",
                    "monitor",
                    &url,
                    "--json",
                    "--log",
                    &self.log_key,
                    "--witness",
                    &self.witness_key,
                    "--state",
                ])
                .arg(self.folder.join("seen")),
            code,
        );
        serde_json::from_str(&text).unwrap()
    }

    fn verified(&self, data: &Path) -> Value {
        let text = run(self.command(data).args(["log", "verify", "--json"]), 0);
        let findings: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(findings["damage"], Value::Array(Vec::new()));
        findings
    }
}

fn published_watched_and_proved(backend: Backend) {
    let ground = Ground::new(backend);
    let mut world = World::new(&ground);
    let data = world.installation.data.clone();
    let manifest = synthesise(
        &world.installation,
        &ground.city(),
        &["--clean", "--rows", "300", "--residents", "100", "--seed", "7"],
    );
    world.deliver(&data, &manifest, 0);
    let server = world.serve(&data);
    // The versions of catalogue and policies, and the delivery's chunk and receipt.
    until("four entries are published", || server.published() >= 4);
    let seen = world.monitor(&server, 0);
    assert_eq!(
        (&seen["is_consistent"], &seen["seen_before"]),
        (&true.into(), &Value::Null)
    );
    let before = server.published();

    // Both processes are killed, and go on from what was durable.
    server.kill();
    world.witness.take().unwrap().kill();
    world.witness = Some(world.start_witness());
    world.deliver(&data, &manifest, 1);
    let server = world.serve(&data);
    until("what came meanwhile is published", || server.published() >= before + 2);
    assert_eq!(world.monitor(&server, 0)["seen_before"], before);

    let findings = world.verified(&data);
    assert_eq!(
        (&findings["cosigned"], &findings["published"]),
        (&1.into(), &server.published().into())
    );
    let key = LogKey::from_vkey(&world.log_key).unwrap();
    for index in 0..server.published() {
        let text = run(world.command(&data).args(["log", "prove", &index.to_string()]), 0);
        let proof = InclusionProof::from_text(&text).unwrap();
        assert_eq!(proof.check(&proof.extra, &key).unwrap().size, server.published());
    }
    world.installation.verify();
}

#[test]
fn what_happens_is_published_watched_and_proved_on_sqlite() {
    published_watched_and_proved(Backend::Sqlite);
}

#[test]
fn what_happens_is_published_watched_and_proved_on_postgresql() {
    published_watched_and_proved(Backend::Postgres);
}

/// I10, with the real processes: the data folder of yesterday is put back, the witness remembers.
#[test]
fn i10_a_restored_data_folder_publishes_nothing_until_the_newer_one_is_back() {
    let ground = Ground::new(Backend::Sqlite);
    let world = World::new(&ground);
    let data = world.installation.data.clone();
    let manifest = synthesise(
        &world.installation,
        &ground.city(),
        &["--clean", "--rows", "300", "--residents", "100", "--seed", "8"],
    );
    world.deliver(&data, &manifest, 0);
    let server = world.serve(&data);
    until("the log is published", || server.published() >= 4);
    server.kill();
    let backup = world.folder.join("backup");
    copy(&data, &backup);
    let before = signed(&backup);
    world.deliver(&data, &manifest, 1);
    let server = world.serve(&data);
    until("the log has grown", || server.published() >= before + 2);
    world.monitor(&server, 0);
    let newest = server.published();
    server.kill();

    world.deliver(&backup, &manifest, 2);
    let server = world.serve(&backup);
    until("the server says why it does not publish", || {
        fs::read_to_string(&server.errors).unwrap().contains("LOG-0005")
    });
    assert_eq!(server.published(), before);
    let found = world.monitor(&server, 4);
    assert_eq!(found["code"], "MONITOR-0003", "{found}");
    server.kill();
    assert_eq!(signed(&backup), before, "nothing was signed");

    let server = world.serve(&data);
    until("the newer one goes on", || {
        server.published() >= newest && fs::read_to_string(&server.errors).is_ok()
    });
    assert_eq!(world.monitor(&server, 0)["is_consistent"], true);
}

/// Size of the largest head that was signed.
fn signed(data: &Path) -> u64 {
    let database = rusqlite::Connection::open(data.join("chengdang.db")).unwrap();
    let size: i64 = database
        .query_row("SELECT max(size) FROM log_head", [], |row| row.get(0))
        .unwrap();
    u64::try_from(size).unwrap()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).unwrap();
        }
    }
}
