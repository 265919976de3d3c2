//! The file drop through the real binary, on both stores: what lies complete in a folder is taken in exactly once, and what
//! became of it lies beside it.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use synth::FileEntry;

use crate::kill::{Spawned, end};
use crate::ledger::{Backend, Ground, Installation, receipt_of, synthesise};
use crate::support;

struct Office {
    ground: Ground,
    installation: Installation,
    entry: FileEntry,
    drop: PathBuf,
}

impl Office {
    fn new(backend: Backend, rows: &str) -> Self {
        let ground = Ground::new(backend);
        let mut installation = ground.install("data");
        installation.chunk_rows = 50;
        let arguments = ["--bulk", "--rows", rows, "--residents", "150"];
        let manifest = synthesise(&installation, &ground.city(), &arguments);
        let entry = manifest.files.into_iter().next().unwrap();
        let drop = ground.city().join("drop");
        fs::create_dir_all(drop.join(&entry.provider).join(&entry.item)).unwrap();
        Self {
            ground,
            installation,
            entry,
            drop,
        }
    }

    fn inbox(&self) -> PathBuf {
        self.drop.join(&self.entry.provider).join(&self.entry.item)
    }
    fn file(&self) -> PathBuf {
        self.ground.city().join(&self.entry.file)
    }
    fn lay(&self, name: &str) {
        fs::copy(self.file(), self.inbox().join(name)).unwrap();
    }
    fn command(&self, settle_s: u64) -> Command {
        let mut command = self.installation.command();
        command
            .env("CHENGDANG_DROP__FOLDER", &self.drop)
            .env("CHENGDANG_DROP__SETTLE_S", settle_s.to_string());
        command
    }
    /// Looks once; taken in, refused, not complete, in trouble.
    fn look(&self, settle_s: u64) -> [u64; 4] {
        let text = support::run(self.command(settle_s).args(["drop", "--once", "--json"]), 0);
        let round: Value = serde_json::from_str(&text).unwrap();
        ["taken_in", "refused", "unfinished", "troubled"].map(|key| round[key].as_u64().unwrap())
    }
    fn read(&self, path: &str) -> Vec<u8> {
        fs::read(self.inbox().join(path)).unwrap_or_else(|error| panic!("{path}: {error}; {:?}", self.listing()))
    }
    fn listing(&self) -> Vec<String> {
        let mut names: Vec<String> = ["", "taking", "done", "refused"]
            .iter()
            .flat_map(|folder| fs::read_dir(self.inbox().join(folder)).into_iter().flatten().flatten())
            .map(|entry| {
                let path = entry.path();
                path.strip_prefix(self.inbox()).unwrap().display().to_string()
            })
            .filter(|name| !["taking", "done", "refused"].contains(&name.as_str()))
            .collect();
        names.sort();
        names
    }
    fn error_of(&self, name: &str) -> String {
        let told: Value = serde_json::from_slice(&self.read(&format!("refused/{name}.error.json"))).unwrap();
        for key in ["what", "what_en", "remedy", "remedy_en"] {
            assert!(told[key].as_str().unwrap().len() > 10, "{told}");
        }
        told["code"].as_str().unwrap().to_owned()
    }
}

#[test]
fn a_dropped_file_is_answered_beside_it_on_sqlite() {
    answered(Backend::Sqlite);
}

#[test]
fn a_dropped_file_is_answered_beside_it_on_postgresql() {
    answered(Backend::Postgres);
}

fn answered(backend: Backend) {
    let office = Office::new(backend, "400");
    assert_eq!(office.look(0), [0; 4], "an empty folder");
    office.lay("三月.csv");
    assert_eq!(office.look(0), [1, 0, 0, 0]);
    let listing = [
        "done/三月.csv",
        "done/三月.csv.faults.csv",
        "done/三月.csv.receipt.json",
    ];
    assert_eq!(office.listing(), listing);
    let receipt = office.read("done/三月.csv.receipt.json");
    let told = receipt_of(&receipt);
    assert_eq!(told["rows"]["received"], 400);
    let delivery = told["delivery"].as_str().unwrap();
    let faults = support::run(office.installation.command().args(["faults", delivery]), 0);
    assert_eq!(office.read("done/三月.csv.faults.csv"), faults.as_bytes());
    assert!(faults.lines().count() > 5, "{faults}");
    // By the command line the same bytes get the same receipt: it is one use case.
    let output = office
        .installation
        .deliver(&office.file(), &office.entry.item, &office.entry.provider);
    assert_eq!(output.stdout.trim_ascii_end(), receipt);

    // The same bytes under the same name and under another: the same receipt, no second effect.
    let tables = office.ground.tables(&office.installation);
    office.lay("三月.csv");
    office.lay("again.csv");
    assert_eq!(office.look(0), [2, 0, 0, 0]);
    assert_eq!(office.read("done/again.csv.receipt.json"), receipt);
    assert_eq!(office.read("done/三月.csv.receipt.json"), receipt);
    assert_eq!(office.ground.tables(&office.installation), tables);

    // Other bytes under the same name: both receipts stay.
    let mut bytes = fs::read(office.file()).unwrap();
    let half = bytes.len() / 2;
    let end = half + bytes[half..].iter().position(|&byte| byte == b'\n').unwrap();
    bytes.truncate(end + 1);
    fs::write(office.inbox().join("三月.csv"), &bytes).unwrap();
    assert_eq!(office.look(0), [1, 0, 0, 0]);
    assert_eq!(office.read("done/三月.csv.receipt.json"), receipt);
    let second = office
        .listing()
        .into_iter()
        .find(|name| name.ends_with("-三月.csv"))
        .unwrap();
    assert_eq!(office.read(&second), bytes);
    assert_ne!(office.read(&format!("{second}.receipt.json")), receipt);

    // A file that is none is refused as a whole, with receipt and faults.
    fs::write(office.inbox().join("none.csv"), "甲,乙\r\n1,2\r\n").unwrap();
    assert_eq!(office.look(0), [0, 1, 0, 0]);
    assert_eq!(
        receipt_of(&office.read("refused/none.csv.receipt.json"))["state"],
        "refused"
    );
    assert!(
        String::from_utf8(office.read("refused/none.csv.faults.csv"))
            .unwrap()
            .contains("E01")
    );

    // Data files go when their time is over, what was said about them stays.
    let text = support::run(
        office
            .command(0)
            .env("CHENGDANG_DROP__KEEP_DAYS", "0")
            .args(["drop", "--once"]),
        0,
    );
    assert_eq!(text.trim(), "taken in 0, refused 0, not complete yet 0, in trouble 0");
    assert!(
        office
            .listing()
            .iter()
            .all(|name| name.ends_with(".receipt.json") || name.ends_with(".faults.csv"))
    );
    assert_eq!(office.read("done/三月.csv.receipt.json"), receipt);
    office.installation.verify();
}

#[test]
fn what_is_not_complete_waits() {
    let office = Office::new(Backend::Sqlite, "20");
    office.lay("young.csv");
    office.lay("written.csv.part");
    office.lay("written.tmp");
    office.lay(".hidden.csv");
    assert_eq!(office.look(3600), [0, 0, 3, 0]);
    fs::write(office.inbox().join("young.csv.done"), "").unwrap();
    assert_eq!(office.look(3600), [1, 0, 2, 0], "the marker says that it is complete");
    assert!(!office.inbox().join("young.csv.done").exists(), "the marker is used up");
    fs::rename(
        office.inbox().join("written.csv.part"),
        office.inbox().join("written.csv"),
    )
    .unwrap();
    let text = support::run(
        office
            .command(0)
            .env("CHENGDANG_DROP__NEEDS_MARKER", "true")
            .args(["drop", "--once"]),
        0,
    );
    assert!(text.starts_with("taken in 0, refused 0, not complete yet 2"), "{text}");
    assert_eq!(office.look(0), [1, 0, 1, 0]);
    assert!(
        office.inbox().join(".hidden.csv").exists(),
        "what begins with a dot is nobody's"
    );
}

#[test]
fn what_is_hostile_or_wrong_is_refused_with_its_code() {
    let office = Office::new(Backend::Sqlite, "20");
    let (inbox, elsewhere) = (office.inbox(), office.ground.city().join("elsewhere"));
    fs::create_dir(&elsewhere).unwrap();
    let secret = elsewhere.join("secret.csv");
    fs::copy(office.file(), &secret).unwrap();
    symlink(&secret, inbox.join("link.csv")).unwrap();
    fs::hard_link(&secret, inbox.join("second.csv")).unwrap();
    fs::create_dir(inbox.join("folder.csv")).unwrap();
    support::run(Command::new("mkfifo").arg(inbox.join("pipe.csv")), 0);
    office.lay("report.pdf");
    office.lay("turned\u{202e}vsc.csv");
    let odd = std::ffi::OsStr::from_bytes(b"\xff\xfe.csv");
    fs::copy(office.file(), inbox.join(odd)).unwrap();
    let hash = |name: &std::ffi::OsStr| hex::encode(Sha256::digest(name.as_bytes()))[..12].to_owned();

    office.lay("broken.csv");
    fs::write(inbox.join("broken.csv.manifest.json"), "{\"rows\": ").unwrap();
    office.lay("cut.csv");
    fs::write(inbox.join("cut.csv.manifest.json"), json!({ "bytes": 1 }).to_string()).unwrap();
    office.lay("mixed.csv");
    fs::write(
        inbox.join("mixed.csv.manifest.json"),
        json!({ "sha256": "00" }).to_string(),
    )
    .unwrap();
    office.lay("good.csv");
    let content = fs::read(office.file()).unwrap();
    let said = json!({ "sha256": hex::encode(Sha256::digest(&content)), "bytes": content.len(), "rows": 20 });
    fs::write(inbox.join("good.csv.manifest.json"), said.to_string()).unwrap();

    // A provider that may not deliver the item; folders that are named by nothing.
    let other = office.ground.catalogue.organisations.keys().find(|code| {
        let item = office
            .ground
            .catalogue
            .items
            .values()
            .find(|item| item.id.as_str() == office.entry.item)
            .unwrap();
        !item.providers.contains(code)
    });
    let foreign = office.drop.join(other.unwrap().as_str()).join(&office.entry.item);
    fs::create_dir_all(&foreign).unwrap();
    fs::copy(office.file(), foreign.join("a.csv")).unwrap();
    fs::create_dir_all(office.drop.join("not-a-code/ITM-PERMIT")).unwrap();
    fs::create_dir_all(office.drop.join(&office.entry.provider).join("ITM-NONE")).unwrap();

    assert_eq!(office.look(0), [1, 11, 0, 2], "{:?}", office.listing());
    for (name, code) in [
        ("link.csv", "DROP-0003"),
        ("second.csv", "DROP-0003"),
        ("folder.csv", "DROP-0003"),
        ("pipe.csv", "DROP-0003"),
        ("report.pdf", "DROP-0002"),
        (&format!("unnamed-{}", hash(odd)), "DROP-0001"),
        (
            &format!("unnamed-{}", hash("turned\u{202e}vsc.csv".as_ref())),
            "DROP-0001",
        ),
        ("broken.csv", "DROP-0004"),
        ("cut.csv", "DROP-0005"),
        ("mixed.csv", "DROP-0005"),
    ] {
        assert_eq!(office.error_of(name), code, "{name}");
    }
    let told: Value = serde_json::from_slice(&fs::read(foreign.join("refused/a.csv.error.json")).unwrap()).unwrap();
    assert_eq!(told["code"], "POLICY-0103");
    assert!(inbox.join("done/good.csv.manifest.json").exists() && !inbox.join("done/good.csv.error.json").exists());
    office.lay("short.csv");
    fs::write(inbox.join("short.csv.manifest.json"), json!({ "rows": 21 }).to_string()).unwrap();
    assert_eq!(office.look(0), [1, 0, 0, 2]);
    let told: Value = serde_json::from_slice(&office.read("done/short.csv.error.json")).unwrap();
    assert_eq!(told["code"], "DROP-0009");
    assert_eq!(fs::read(&secret).unwrap(), content, "nothing behind a link was touched");

    // Own folders that were swapped for links lead nowhere; a file that lies there is told of, not followed.
    fs::rename(inbox.join("done"), inbox.join("kept")).unwrap();
    symlink(&elsewhere, inbox.join("done")).unwrap();
    office.lay("later.csv");
    assert_eq!(office.look(0), [0, 0, 0, 3]);
    assert_eq!(
        fs::read_dir(&elsewhere).unwrap().count(),
        1,
        "nothing was written through the link"
    );
    fs::remove_file(inbox.join("done")).unwrap();
    fs::rename(inbox.join("kept"), inbox.join("done")).unwrap();
    assert_eq!(office.look(0), [1, 0, 0, 2]);
}

/// What a fact says: revision, content, whether it is held, its end.
type Says = (u32, Vec<u8>, bool, i32);

/// How many descriptors of a process are open on the file, whatever it is named by now.
fn descriptors(process: u32, file: &Path) -> usize {
    let open = fs::read_dir(format!("/proc/{process}/fd"))
        .into_iter()
        .flatten()
        .flatten();
    open.filter(|descriptor| fs::read_link(descriptor.path()).is_ok_and(|target| target == file))
        .count()
}

#[test]
fn a_file_that_is_written_to_while_it_is_read_is_sent_back_and_taken_when_it_is_sent_again() {
    let office = Office::new(Backend::Sqlite, "3000");
    let taking = office.inbox().canonicalize().unwrap().join("taking");
    let whole = fs::read(office.file()).unwrap();
    let mut tries = 0;
    let name = loop {
        tries += 1;
        assert!(tries < 100, "the reader is never met");
        let name = format!("{tries}.csv");
        // Other bytes each time, or there would be nothing to read again.
        let rows = whole.split_inclusive(|&byte| byte == b'\n').count() - tries;
        let some: Vec<u8> = whole
            .split_inclusive(|&byte| byte == b'\n')
            .take(rows)
            .flatten()
            .copied()
            .collect();
        fs::write(office.inbox().join(&name), &some).unwrap();
        // The provider's program still holds the file, and its name means nothing to it.
        let mut written = fs::File::options()
            .append(true)
            .open(office.inbox().join(&name))
            .unwrap();
        let mut reader = office
            .command(0)
            .args(["drop", "--once", "--json"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let process = reader.id();
        let is_read = || descriptors(process, &taking.join(&name)) >= 2;
        // The second descriptor is that of whoever reads; how the file was before is noted by then.
        while !is_read() && reader.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        support::run(
            Command::new("sh").args(["-c", &format!("kill -STOP {process} || true")]),
            0,
        );
        let is_met = is_read();
        if is_met {
            written.write_all(b"x").unwrap();
        }
        support::run(
            Command::new("sh").args(["-c", &format!("kill -CONT {process} || true")]),
            0,
        );
        let output = reader.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        if is_met {
            let round: Value = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!(
                (&round["taken_in"], &round["refused"]),
                (&0.into(), &1.into()),
                "{round}"
            );
            break name;
        }
    };
    assert_eq!(office.error_of(&name), "DROP-0006");
    assert!(office.inbox().join("refused").join(&name).exists());
    assert!(
        !office.inbox().join(format!("refused/{name}.receipt.json")).exists(),
        "nothing was answered for"
    );

    // The remedy that it names: the whole file again.
    office.lay(&name);
    assert_eq!(office.look(0), [1, 0, 0, 0]);
    let receipt = office.read(&format!("done/{name}.receipt.json"));
    assert_eq!(receipt_of(&receipt)["rows"]["received"], 3000);
    let undisturbed = Office::new(Backend::Sqlite, "3000");
    undisturbed.lay("a.csv");
    assert_eq!(undisturbed.look(0), [1, 0, 0, 0]);
    // What each fact says in the end: a file that corrects itself does so again, with revisions of its own.
    let facts = |office: &Office| -> BTreeMap<(String, String), Says> {
        let mut facts = BTreeMap::new();
        for record in office
            .ground
            .open(&office.installation)
            .deliveries
            .into_values()
            .flat_map(|found| found.records)
        {
            let says = (record.revision, record.content, record.is_held, record.end);
            let fact = facts.entry((record.number, record.document_no)).or_insert(says.clone());
            if fact.0 < says.0 {
                *fact = says;
            }
        }
        for fact in facts.values_mut() {
            fact.0 = 0;
        }
        facts
    };
    assert!(facts(&undisturbed).len() > 500);
    assert!(facts(&office) == facts(&undisturbed), "rows that were read count once");
    office.installation.verify();
}

#[test]
fn the_server_watches_and_a_second_watcher_is_refused() {
    let office = Office::new(Backend::Sqlite, "60");
    let mut server = office
        .command(0)
        .env("CHENGDANG_DROP__EVERY_S", "1")
        .args(["serve", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    office.lay("a.csv");
    wait_for(&office.inbox().join("done/a.csv"));
    assert_eq!(
        receipt_of(&office.read("done/a.csv.receipt.json"))["rows"]["received"],
        60
    );
    let output = office.command(0).args(["drop", "--once"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("another process"));
    support::run(Command::new("kill").arg(server.id().to_string()), 0);
    assert_eq!(server.wait().unwrap().code(), Some(0), "a stop is orderly");
    office.installation.verify();
}

fn wait_for(path: &Path) {
    let began = Instant::now();
    while !path.exists() {
        assert!(
            began.elapsed() < Duration::from_mins(1),
            "{} does not come",
            path.display()
        );
        std::thread::yield_now();
    }
}

#[test]
fn a_drop_survives_40_kills_on_sqlite() {
    kills(Backend::Sqlite, 40);
}

#[test]
fn a_drop_survives_10_kills_on_postgresql() {
    kills(Backend::Postgres, 10);
}

/// kill -9 at instants spread over the whole run; after the last one, everything is there once, as if nobody had killed.
fn kills(backend: Backend, kills: u32) {
    let undisturbed = Office::new(backend, "3000");
    undisturbed.lay("a.csv");
    let began = Instant::now();
    assert_eq!(undisturbed.look(0), [1, 0, 0, 0]);
    let duration = began.elapsed();
    let expected = undisturbed.ground.open(&undisturbed.installation);

    let office = Office::new(backend, "3000");
    assert_eq!(fs::read(office.file()).unwrap(), fs::read(undisturbed.file()).unwrap());
    office.lay("a.csv");
    let (mut killed, mut in_hand, mut finished) = (0, 0, 0);
    while killed < kills {
        // Instants step through the run, each a little later than the one before.
        let delay = duration.mul_f64(f64::from(killed + 1) / f64::from(kills));
        let (printed, status) = end(office.command(0).args(["drop", "--once"]).spawned(), Some(delay));
        assert!(
            status.signal() == Some(9) || status.code() == Some(0),
            "{status}: {}",
            printed.stderr
        );
        killed += 1;
        in_hand += u32::from(office.inbox().join("taking/a.csv").exists());
        if office.inbox().join("done/a.csv").exists() {
            // It came through: the same bytes once more, which must change nothing.
            finished += 1;
            office.lay("a.csv");
        }
    }
    loop {
        // The server may still end the transaction of the process that was killed last; then the file waits.
        let [_, refused, _, troubled] = office.look(0);
        assert_eq!(refused, 0);
        if troubled == 0 {
            break;
        }
    }
    println!("{backend:?}: {killed} kills, {in_hand} with the file in hand, {finished} times finished");
    assert!(in_hand >= 3, "too few kills hit the intake: {in_hand}");
    let listing = ["done/a.csv", "done/a.csv.faults.csv", "done/a.csv.receipt.json"];
    assert_eq!(office.listing(), listing, "nothing is left in hand, and no error");
    let found = office.ground.open(&office.installation);
    assert_eq!(found.deliveries.len(), 1);
    let (found, expected) = (
        found.deliveries.values().next().unwrap(),
        expected.deliveries.values().next().unwrap(),
    );
    assert!(found.records == expected.records && found.staged == expected.staged && found.faults == expected.faults);
    assert_eq!(found.receipt.as_ref().unwrap(), &office.read("done/a.csv.receipt.json"));
    assert_eq!(receipt_of(found.receipt.as_ref().unwrap())["rows"]["received"], 3000);
    office.installation.verify();
}
