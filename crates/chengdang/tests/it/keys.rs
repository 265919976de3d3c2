//! `chengdang keys`: kill -9 in the middle of a rotation and go on, on both stores; an installation in the SM suite; one whose
//! keys are in a token.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::kill::undisturbed;
use crate::ledger::{Backend, Ground, Installation};
use crate::support;

const ROWS: u64 = 600;
const SIGKILL: i32 = 9;

#[test]
fn a_rotation_survives_20_kills_on_sqlite() {
    kill(Backend::Sqlite, support::chosen("KILLS", 20));
}

#[test]
fn a_rotation_survives_10_kills_on_postgresql() {
    kill(Backend::Postgres, support::chosen("KILLS", 10));
}

/// Rotates and retires the wrapping key and the index key again and again, killed on the way as long as kills are left.
fn kill(backend: Backend, kills: u32) {
    let mut state = support::seed();
    let mut chance = move |below: u64| {
        // Numerical Recipes' generator: any spread of instants will do.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below.max(1)
    };
    let ground = Ground::new(backend);
    let (references, _) = undisturbed(&ground, 1, ROWS);
    let installation = ground.install("rotated");
    let reference = &references[0];
    let output = installation.deliver(&reference.path, &reference.entry.item, &reference.entry.provider);
    assert!(output.status.success());
    let left = |ground: &Ground| ground.open(&installation).deliveries.into_values().next().unwrap();
    let before = left(&ground);

    // How long an undisturbed one takes tells where kills can fall.
    let began = std::time::Instant::now();
    finish(&installation, &["keys", "rotate", "kek"]);
    finish(&installation, &["keys", "retire", "kek"]);
    let both = began.elapsed();
    let duration = u64::try_from(both.as_millis() / 2).unwrap();
    let (mut killed, mut finished) = (0, 0);
    'all: loop {
        for words in [
            ["rotate", "kek"],
            ["retire", "kek"],
            ["rotate", "index"],
            ["retire", "index"],
        ] {
            loop {
                if killed >= kills {
                    break 'all;
                }
                let delay = Duration::from_millis(chance(duration * 5 / 4));
                let [act, key] = words;
                match end(installation.command().args(["keys", act, key, "--json"]), delay) {
                    Ended::Killed => killed += 1,
                    Ended::Well => {
                        finished += 1;
                        break;
                    }
                    // It was killed after the key was destroyed and before it said so.
                    Ended::Badly(told) if act == "retire" && told.contains("VAULT-0009") => break,
                    Ended::Badly(told) => panic!("{told}"),
                }
            }
        }
    }
    println!("{killed} kills, {finished} rotations and retirements ended by themselves");
    // What is under way is brought to its end.
    for key in ["kek", "index"] {
        let live = versions(&installation, key);
        if live.len() > 1 {
            finish(&installation, &["keys", "rotate", key]);
            finish(&installation, &["keys", "retire", key]);
        }
        assert_eq!(versions(&installation, key).len(), 1);
    }
    installation.verify();
    assert_eq!(left(&ground).records, before.records);
    acts_tell_of_every_version(&installation);
}

enum Ended {
    Well,
    Badly(String),
    Killed,
}

fn end(command: &mut Command, delay: Duration) -> Ended {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let pid = rustix::process::Pid::from_child(&child);
    let (sender, receiver) = mpsc::channel::<()>();
    let killer = thread::spawn(move || {
        if receiver.recv_timeout(delay).is_err() {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
    });
    let mut told = String::new();
    std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut told).unwrap();
    // Told before the child is waited for, so that no other process gets the signal.
    let _ = sender.send(());
    killer.join().unwrap();
    let status = child.wait().unwrap();
    match status.signal() {
        Some(SIGKILL) => Ended::Killed,
        _ if status.success() => Ended::Well,
        _ => Ended::Badly(told),
    }
}

fn finish(installation: &Installation, arguments: &[&str]) -> String {
    support::run(installation.command().args(arguments), 0)
}

fn shown(installation: &Installation) -> Value {
    serde_json::from_str(&finish(installation, &["keys", "show", "--json"])).unwrap()
}

fn versions(installation: &Installation, key: &str) -> Vec<u64> {
    let shown = shown(installation);
    let lines = shown["keys"].as_array().unwrap().iter();
    let ours = lines.filter(|line| line["key"] == key);
    ours.map(|line| line["version"].as_u64().unwrap()).collect()
}

/// Each version of each key was made once, and each that is gone was retired once.
fn acts_tell_of_every_version(installation: &Installation) {
    let shown = shown(installation);
    let mut acts: Vec<(String, String, u64)> = shown["acts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|act| {
            let act = &act["act"];
            let word = |name: &str| act[name].as_str().unwrap().to_owned();
            (word("what"), word("key"), act["version"].as_u64().unwrap())
        })
        .collect();
    let told = acts.len();
    acts.sort();
    acts.dedup();
    assert_eq!(acts.len(), told, "none is told twice");
    for key in ["kek", "index", "log", "signing"] {
        let newest = versions(installation, key)[0];
        for version in 1..=newest {
            assert!(
                acts.contains(&("made".to_owned(), key.to_owned(), version)),
                "{key} {version}"
            );
        }
        for version in 1..newest {
            assert!(
                acts.contains(&("retired".to_owned(), key.to_owned(), version)),
                "{key} {version}"
            );
        }
    }
}

#[test]
fn an_installation_with_the_sm_suite_takes_in_rotates_and_verifies() {
    let ground = Ground::new(Backend::Sqlite);
    let (references, _) = undisturbed(&ground, 1, ROWS);
    let installation = ground.install("sm");
    // `install` made a key file of the other suite; nothing is sealed under it yet.
    fs::remove_file(installation.data.join("keys")).unwrap();
    support::run(installation.command().args(["migrate", "--suite", "sm"]), 0);
    let reference = &references[0];
    let output = installation.deliver(&reference.path, &reference.entry.item, &reference.entry.provider);
    assert!(output.status.success());
    let whole: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(whole["key_sm2"].as_str().unwrap().len(), 130);
    for key in ["kek", "index", "signing"] {
        finish(&installation, &["keys", "rotate", key]);
        finish(&installation, &["keys", "retire", key]);
    }
    let shown = shown(&installation);
    assert_eq!(shown["suite"], "sm4gcm-sm3-sm2");
    installation.verify();
    let refused = support::run(installation.command().args(["keys", "retire", "kek"]), 1);
    assert_eq!(refused, "");
}

/// What is printed names keys and holds none.
#[test]
fn keys_show_prints_no_secret() {
    let ground = Ground::new(Backend::Sqlite);
    let installation = ground.install("shown");
    let file = fs::read_to_string(installation.data.join("keys")).unwrap();
    let printed = finish(&installation, &["keys", "show"]) + &finish(&installation, &["keys", "show", "--json"]);
    let keys = file
        .lines()
        .filter_map(|line| line.split(' ').nth(2))
        .filter(|key| key.len() == 44);
    let mut found = 0;
    for key in keys {
        let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, key).unwrap();
        assert!(!printed.contains(key) && !printed.contains(&hex::encode(&bytes)[..16]));
        found += 1;
    }
    assert_eq!(found, 4);
    support::run(installation.command().args(["keys", "rotate", "nothing"]), 2);
}

const PIN: &str = "2468-1357";

/// A token of `SoftHSM` in a folder of its own, and the settings of an installation that uses it.
struct Token {
    folder: tempfile::TempDir,
}

impl Token {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("tokens")).unwrap();
        let settings = format!(
            "directories.tokendir = {}/tokens\nlog.level = ERROR\n",
            folder.path().display()
        );
        fs::write(folder.path().join("softhsm2.conf"), settings).unwrap();
        let pin = folder.path().join("pin");
        fs::write(&pin, format!("{PIN}\n")).unwrap();
        fs::set_permissions(&pin, fs::Permissions::from_mode(0o600)).unwrap();
        let made = Command::new("softhsm2-util")
            .args([
                "--init-token",
                "--free",
                "--label",
                "city",
                "--pin",
                PIN,
                "--so-pin",
                "99999999",
            ])
            .env("SOFTHSM2_CONF", folder.path().join("softhsm2.conf"))
            .output()
            .expect("softhsm2 is a package of .ci/deps");
        assert!(made.status.success());
        Self { folder }
    }

    fn with<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        let places = [
            "/usr/lib/softhsm/libsofthsm2.so",
            "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
        ];
        let module = places
            .into_iter()
            .map(PathBuf::from)
            .find(|path| path.exists())
            .unwrap();
        command
            .env("SOFTHSM2_CONF", self.folder.path().join("softhsm2.conf"))
            .env("CHENGDANG_TOKEN__MODULE", module)
            .env("CHENGDANG_TOKEN__LABEL", "city")
            .env("CHENGDANG_TOKEN__PIN_FILE", self.pin())
    }

    fn pin(&self) -> PathBuf {
        self.folder.path().join("pin")
    }
}

/// Runs to its end, which is a failure that names `code`.
fn fails(command: &mut Command, code: &str) {
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains(code), "{told}");
    assert!(!told.contains(PIN));
}

#[test]
fn an_installation_with_a_token_takes_in_rotates_and_verifies_and_opens_nothing_without_it() {
    let ground = Ground::new(Backend::Sqlite);
    let (references, _) = undisturbed(&ground, 1, ROWS);
    let installation = ground.install("token");
    let keys = installation.data.join("keys");
    fs::remove_file(&keys).unwrap();
    let token = Token::new();
    let run = |arguments: &[&str]| support::run(token.with(installation.command().args(arguments)), 0);
    fails(
        token.with(installation.command().args(["migrate", "--suite", "sm"])),
        "VAULT-0020",
    );
    assert!(!Path::new(&keys).exists());
    run(&["migrate"]);
    let reference = &references[0];
    let mut deliver = installation.deliver_command(&reference.path, &reference.entry.item, &reference.entry.provider);
    support::run(token.with(&mut deliver), 0);
    for key in ["kek", "index", "signing"] {
        run(&["keys", "rotate", key]);
        run(&["keys", "retire", key]);
    }
    let findings: Value = serde_json::from_str(&run(&["verify", "--json"])).unwrap();
    assert!(findings["records"].as_u64().unwrap() > 0);
    assert_eq!(findings["damage"], Value::Array(Vec::new()));

    // Restored elsewhere: without the token, with a fresh one, with a wrong PIN, with a PIN that others may read.
    fails(installation.command().arg("verify"), "VAULT-0015");
    let fresh = Token::new();
    fails(fresh.with(installation.command().arg("verify")), "VAULT-0018");
    fs::set_permissions(token.pin(), fs::Permissions::from_mode(0o644)).unwrap();
    fails(token.with(installation.command().arg("verify")), "VAULT-0003");
    fs::set_permissions(token.pin(), fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(token.pin(), "0000").unwrap();
    fails(token.with(installation.command().arg("verify")), "VAULT-0017");
}
