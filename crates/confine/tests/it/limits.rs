//! AB-21: a reader that a file has taken over can do nothing but end. Each order is obeyed by `examples/taken_over.rs`
//! behind the same confinement as the real reader's, and its end is told apart as the intake needs it.

use std::io::{Read, Write};
use std::net::{TcpListener, UdpSocket};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use confine::ConfinedReader;
use intake::{FileFault, Limits, Pass, Workbooks};

/// What a reader says that lived to tell.
const LIVED: &[u8] = b"lived";

fn reader() -> ConfinedReader {
    // Beside the folder of the tests, where cargo puts the examples that it builds with them.
    let own = std::env::current_exe().unwrap();
    let folder = own.ancestors().nth(2).unwrap();
    ConfinedReader::new(folder.join("examples/taken_over"))
}

/// What a reader says after `order`, and as which fault its end is taken.
fn obey(reader: &ConfinedReader, order: &str) -> (Vec<u8>, FileFault) {
    let mut frames = reader
        .begin(&mut order.as_bytes(), &Limits::default(), Pass::Rows)
        .unwrap();
    let mut said = Vec::new();
    let _ = frames.read_to_end(&mut said);
    (said, frames.broken())
}

/// A system call outside the list ends the process before the kernel does anything.
fn assert_forbidden(order: &str) {
    let (said, fault) = obey(&reader(), order);
    assert!(said.is_empty(), "{order}: lived to tell");
    assert!(matches!(fault, FileFault::DamagedWorkbook { .. }), "{order}: {fault:?}");
}

#[test]
fn a_reader_that_does_nothing_else_lives() {
    let reached = reader().confinement().unwrap();
    assert!(reached.is_full(), "this machine confines no reader fully: {reached}");
    assert_eq!(obey(&reader(), "nothing").0, LIVED);
}

#[test]
fn a_reader_opens_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let there: PathBuf = folder.path().join("there");
    std::fs::File::create(&there).unwrap().write_all(b"secret").unwrap();
    assert_forbidden(&format!("read {}", there.display()));
    let new = folder.path().join("new");
    assert_forbidden(&format!("write {}", new.display()));
    assert!(!new.exists());
}

#[test]
fn a_reader_has_no_network() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    assert_forbidden(&format!("connect {}", listener.local_addr().unwrap()));
    assert!(listener.accept().is_err(), "nobody came");
    let free = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_forbidden(&format!("bind {free}"));
}

#[test]
fn a_reader_starts_nothing_and_reaches_no_other_process() {
    assert_forbidden("run /bin/true");
    assert_forbidden("thread");
    assert_forbidden(&format!("signal {}", std::process::id()));
}

#[test]
fn a_reader_without_memory_or_time_is_too_costly() {
    for order in ["memory", "processor"] {
        let (said, fault) = obey(&reader(), order);
        assert!(said.is_empty(), "{order}: lived to tell");
        assert!(matches!(fault, FileFault::WorkbookTooCostly), "{order}: {fault:?}");
    }
}

#[test]
fn a_reader_that_keeps_silent_is_not_waited_for() {
    let wait = Duration::from_millis(300);
    let begin = Instant::now();
    let (said, fault) = obey(&reader().waiting_at_most(wait), "silence");
    // It keeps silent for ever: that this ends at all is the proof.
    assert!(begin.elapsed() >= wait);
    assert!(said.is_empty());
    assert!(matches!(fault, FileFault::WorkbookTooCostly), "{fault:?}");
}
