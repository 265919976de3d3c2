//! kill -9 of the server while a part of an upload is written, on both stores: after a restart the sender asks where to go
//! on, and the end is one delivery with the receipt of the whole file.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::Uscc;
use serde_json::Value;
use sha2::{Digest, Sha256};
use store::AccountKind;
use store_postgres::testing::Cluster;
use synth::{FileEntry, Purpose};

use crate::leaks::http::{Answer, Request, ask};
use crate::leaks::town::{Server, Town};
use crate::leaks::walk::token;
use crate::support;

const SEED: u64 = 43;
/// Enough for parts of several sealed segments.
const ROWS: u32 = 6_000;
const CHUNK_ROWS: &str = "100";
/// A file that has more than its head was written to; a segment is sealed at 64 KiB.
const BEGUN_BYTES: u64 = 60_000;

#[test]
fn an_upload_survives_kills_within_its_parts_on_sqlite() {
    killed("sqlite", "sqlite");
}

#[test]
fn an_upload_survives_kills_within_its_parts_on_postgresql() {
    let cluster = Cluster::start_with(&[]).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let database = || runtime.block_on(cluster.empty_database()).unwrap();
    killed(&database(), &database());
}

fn town(store: &str) -> (Town, FileEntry) {
    let mut town = Town::build(SEED, ROWS, store);
    town.set("CHENGDANG_CHUNK_ROWS", CHUNK_ROWS);
    let is_taken = |entry: &&FileEntry| entry.purpose == Purpose::Rows && entry.format == "csv";
    let largest = town
        .manifest
        .files
        .iter()
        .filter(is_taken)
        .max_by_key(|entry| entry.rows);
    let largest = largest.unwrap().clone();
    (town, largest)
}

/// A department's program.
struct Sender {
    address: String,
    bearer: String,
    path: String,
}

impl Sender {
    fn headers<'a>(&'a self, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let mut headers = vec![("Authorization", self.bearer.as_str())];
        headers.extend_from_slice(more);
        headers
    }

    /// Where the server says that the next part begins.
    fn offset(&self) -> usize {
        let answer = ask(&self.address, "GET", &self.path, &self.headers(&[]), &[]);
        assert_eq!(answer.status(), 200, "{}", answer.text());
        answer.headers("upload-offset").pop().unwrap().parse().unwrap()
    }

    fn begin_part(&self, offset: usize, length: usize) -> Request {
        let offset = offset.to_string();
        let part = [
            ("Content-Type", "application/partial-upload"),
            ("Upload-Offset", &offset),
        ];
        Request::begin(&self.address, "PATCH", &self.path, &self.headers(&part), length)
    }

    fn part(&self, offset: usize, bytes: &[u8]) -> Answer {
        let mut request = self.begin_part(offset, bytes.len());
        request.send(bytes);
        request.answer()
    }

    /// The last request: nothing more to send, and what all of it is.
    fn last(&self, offset: usize, digest: &str) -> Request {
        let offset = offset.to_string();
        let part = [
            ("Content-Type", "application/partial-upload"),
            ("Upload-Offset", &offset),
            ("Upload-Complete", "?1"),
            ("Repr-Digest", digest),
        ];
        Request::begin(&self.address, "PATCH", &self.path, &self.headers(&part), 0)
    }
}

/// Files of parts in the staging folder, with their sizes.
fn parts(town: &Town) -> Vec<(PathBuf, u64)> {
    let mut parts: Vec<(PathBuf, u64)> = fs::read_dir(town.data().join("staging"))
        .unwrap()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().contains(".part-"))
        .map(|entry| (entry.path(), entry.metadata().map_or(0, |file| file.len())))
        .collect();
    parts.sort();
    parts
}

#[track_caller]
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let since = Instant::now();
    while !is_so() {
        assert!(since.elapsed() < Duration::from_mins(2), "not reached: {what}");
        std::thread::yield_now();
    }
}

fn restarted(town: &Town, server: Server, sender: &mut Sender) -> Server {
    server.kill();
    let server = town.serve();
    sender.address.clone_from(&server.address);
    server
}

fn killed(store: &str, other_store: &str) {
    let (town, entry) = town(store);
    let bytes = fs::read(town.inputs().join(&entry.file)).unwrap();
    assert!(bytes.len() > 400_000, "{}", bytes.len());
    let provider = Uscc::parse(&entry.provider).unwrap();
    let logins = town.accounts(vec![("officer".to_owned(), AccountKind::Officer, Some(provider), None)]);
    let mut server = town.serve();
    let mut sender = Sender {
        bearer: format!("Bearer {}", token(&server.address, &logins[0])),
        address: server.address.clone(),
        path: String::new(),
    };
    let uploads = format!("/api/v1/uploads?item={}", entry.item);
    let begun = ask(
        &server.address,
        "POST",
        &uploads,
        &sender.headers(&[("Content-Type", "text/csv")]),
        &[],
    );
    assert_eq!(begun.status(), 201, "{}", begun.text());
    sender.path = begun.headers("location").pop().unwrap();
    let first = bytes.len() / 4;
    assert_eq!(sender.part(0, &bytes[..first]).status(), 200);

    // The server is killed with ever more of the second part on its disk. None of it counts, and the first part does.
    let rest = &bytes[first..];
    for share in 1..4 {
        assert_eq!(sender.offset(), first);
        let mut request = sender.begin_part(first, rest.len());
        let sent = rest.len() * share / 4;
        request.send(&rest[..sent]);
        // The bytes that are sealed lie there; the last of them, up to a segment, and what is in the line may not.
        let expected = (sent as u64).saturating_sub(4 * BEGUN_BYTES).max(BEGUN_BYTES);
        until("the second part is being written", || {
            parts(&town).get(1).is_some_and(|(_, length)| *length >= expected)
        });
        server = restarted(&town, server, &mut sender);
        assert_eq!(parts(&town).len(), 2, "what the kill left is still there");
    }
    assert_eq!(sender.offset(), first, "after three kills within the part");
    let tables = verify(&town);
    assert_eq!((&tables["deliveries"], &tables["records"]), (&0.into(), &0.into()));

    // Sent as a whole, it takes the place of what was cut off.
    let answer = sender.part(first, rest);
    assert_eq!(answer.status(), 200, "{}", answer.text());
    server = restarted(&town, server, &mut sender);
    assert_eq!(sender.offset(), bytes.len(), "an answered part outlives a kill");

    // The last request is killed on its way, once before anybody can have answered and once after; both answers are lost.
    let digest = format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(&bytes)));
    let unheard = sender.last(bytes.len(), &digest);
    server = restarted(&town, server, &mut sender);
    drop(unheard);
    let heard = sender.last(bytes.len(), &digest).answer();
    assert!(matches!(heard.status(), 200 | 202), "{}", heard.text());
    let place = heard.headers("location").pop().unwrap();
    server = restarted(&town, server, &mut sender);
    let again = sender.last(bytes.len(), &digest).answer();
    assert!(matches!(again.status(), 200 | 202), "{}", again.text());
    assert_eq!(again.headers("location"), [place.as_str()], "the same delivery");
    let mut done = Value::Null;
    until("the delivery is done", || {
        done = ask(&sender.address, "GET", &place, &sender.headers(&[]), &[]).json();
        done["state"] != "receiving"
    });
    assert_eq!(done["state"], "done", "{done}");
    assert_eq!(
        done["receipt"]["receipt"]["file"]["sha256"],
        hex::encode(Sha256::digest(&bytes)).as_str()
    );
    until("nothing is left of the parts", || parts(&town).is_empty());
    server.stop();

    // The whole file by the command line: the same receipt, to the byte, and nothing is there twice.
    let by_command = deliver(&town, &entry);
    let receipt: Value = serde_json::from_str(&by_command).unwrap();
    assert_eq!(receipt, done["receipt"]);
    let found = verify(&town);
    let (undisturbed, same) = self::town(other_store);
    deliver(&undisturbed, &same);
    assert_eq!(
        without_versions(&found),
        without_versions(&verify(&undisturbed)),
        "as if nobody had killed"
    );
    assert_eq!(found["deliveries"], 1);
}

fn deliver(town: &Town, entry: &FileEntry) -> String {
    let mut command = town.command();
    command.arg("deliver").arg(town.inputs().join(&entry.file));
    command.args(["--item", &entry.item, "--provider", &entry.provider, "--json"]);
    support::run(&mut command, 0)
}

/// A server notes its catalogue and its policies in the log when it starts; the command line does not.
fn without_versions(found: &Value) -> Value {
    let count = |name: &str| found[name].as_u64().unwrap();
    let mut other = found.clone();
    other["log_entries"] = (count("log_entries") - count("log_versions")).into();
    other["log_versions"] = 0.into();
    other
}

/// What is in the store, which must be sound.
fn verify(town: &Town) -> Value {
    let found: Value = serde_json::from_str(&support::run(town.command().args(["verify", "--json"]), 0)).unwrap();
    assert_eq!(found["damage"], Value::Array(Vec::new()), "{found}");
    found
}
