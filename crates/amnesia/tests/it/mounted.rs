//! Real programs on the mounted disk: what they synced is kept, and programs that do not sync are caught.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use amnesia::{Call, Crash, Disk, Effect, Fault, Mount};
use rusqlite::Connection;

fn mounted<T>(disk: Disk, body: impl FnOnce(&Mount) -> T) -> (T, Disk) {
    let folder = tempfile::tempdir().unwrap();
    let mount = Mount::new(disk, folder.path()).unwrap();
    let answer = body(&mount);
    (answer, mount.unmount().unwrap())
}

/// Replaces a file by a new version, with or without the syncs that make it safe.
fn replace(folder: &Path, content: &[u8], syncs: bool) {
    let beside = folder.join("note.new");
    let mut file = File::create(&beside).unwrap();
    file.write_all(content).unwrap();
    if syncs {
        file.sync_all().unwrap();
    }
    fs::rename(&beside, folder.join("note")).unwrap();
    if syncs {
        File::open(folder).unwrap().sync_all().unwrap();
    }
}

/// Of how many crashes neither the old nor, once it was acknowledged, the new version is whole.
fn bad_notes(syncs: bool) -> usize {
    let ((), disk) = mounted(Disk::new(), |mount| {
        replace(mount.folder(), &[b'1'; 2000], true);
        replace(mount.folder(), &[b'2'; 3000], syncs);
    });
    let crashes = (0..50).flat_map(|seed| Crash::ALL.map(|mode| disk.crash(mode, seed)));
    crashes
        .filter(|left| {
            let content = left
                .find(amnesia::ROOT, "note".as_ref())
                .and_then(|file| left.read(file, 0, 9999));
            content != Ok(&[b'2'; 3000][..])
        })
        .count()
}

#[test]
fn a_program_that_renames_without_a_sync_is_caught() {
    assert_eq!(bad_notes(true), 0);
    assert!(bad_notes(false) > 100);
}

/// A real program: inserts rows, each committed by itself, tells when it has done so and lives on without tidying up.
const PROGRAM: &str = "
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute('PRAGMA journal_mode = WAL')
db.execute('PRAGMA synchronous = ' + sys.argv[2])
db.execute('CREATE TABLE t (n INTEGER PRIMARY KEY, content BLOB)')
for _ in range(20):
    db.execute('INSERT INTO t (content) VALUES (randomblob(700))')
print('committed', flush=True)
sys.stdin.read()
";

/// The disk while that program still runs.
fn written(synchronous: &str) -> Disk {
    let (disk, _) = mounted(Disk::new(), |mount| {
        let mut program = Command::new("python3")
            .args(["-c", PROGRAM])
            .arg(mount.folder().join("a.db"))
            .arg(synchronous)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        let mut output = BufReader::new(program.stdout.take().unwrap());
        output.read_line(&mut said).unwrap();
        let disk = mount.disk();
        program.kill().unwrap();
        program.wait().unwrap();
        assert_eq!(said, "committed\n");
        disk
    });
    disk.find(amnesia::ROOT, "a.db-shm".as_ref())
        .expect("it has mapped its shared memory on the mount");
    disk
}

/// Rows that are left after a crash.
fn rows(left: &Disk) -> Result<i64, rusqlite::Error> {
    let folder = tempfile::tempdir().unwrap();
    left.export(folder.path()).unwrap();
    let connection = Connection::open(folder.path().join("a.db"))?;
    let check: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
    assert_eq!(check, "ok");
    connection.query_row("SELECT count(*) FROM t", [], |row| row.get(0))
}

#[test]
fn sqlite_loses_nothing_with_syncs_and_is_caught_without() {
    let (safe, careless) = (written("FULL"), written("OFF"));
    let crashes = (0..10).flat_map(|seed| Crash::ALL.map(|mode| (mode, seed)));
    let mut caught = 0;
    for (mode, seed) in crashes {
        assert_eq!(rows(&safe.crash(mode, seed)), Ok(20), "{mode:?} {seed}");
        // Rows that are missing, or no database at all.
        caught += usize::from(rows(&careless.crash(mode, seed)) != Ok(20));
    }
    assert!(caught >= 30, "{caught} of 40");
}

#[test]
fn chosen_calls_fail_once() {
    let ((), _) = mounted(Disk::new(), |mount| {
        let mut file = File::create(mount.folder().join("a")).unwrap();
        let arm = |call, nth, effect| {
            mount.arm(Fault {
                call: Some(call),
                nth,
                effect,
            });
        };
        arm(Call::Write, 2, Effect::Io);
        file.write_all(b"one").unwrap();
        assert_eq!(file.write(b"two").unwrap_err().raw_os_error(), Some(5));
        assert!(mount.has_struck());
        arm(Call::Write, 1, Effect::Short);
        assert_eq!(file.write(b"four").unwrap(), 2);
        assert_eq!(file.write(b"ur").unwrap(), 2);
        arm(Call::Sync, 1, Effect::Io);
        assert!(file.sync_all().is_err());
        file.sync_all().unwrap();
        assert_eq!(mount.calls().of(Call::Sync), 2);
        arm(Call::Write, 1, Effect::Freeze);
        assert!(file.write(b"x").is_err());
        assert!(file.sync_all().is_err());
        assert!(File::open(mount.folder().join("b")).is_err());
    });
}

#[test]
fn a_full_disk_refuses_to_grow_and_has_room_again_later() {
    let ((), _) = mounted(Disk::new(), |mount| {
        let path = mount.folder().join("a");
        fs::write(&path, [1; 8192]).unwrap();
        mount.set_quota(Some(8192));
        let mut file = File::options().append(true).open(&path).unwrap();
        assert_eq!(file.write(b"x").unwrap_err().kind(), ErrorKind::StorageFull);
        fs::write(&path, [2; 100]).unwrap();
        fs::write(mount.folder().join("b"), b"x").unwrap();
        mount.set_quota(None);
        fs::write(&path, [3; 9_000]).unwrap();
        assert_eq!(fs::read(&path).unwrap(), [3; 9_000]);
        assert_eq!(mount.used(), 3 * 4096 + 4096);
    });
}
