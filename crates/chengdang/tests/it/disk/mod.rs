//! The real binary, with its data folder on a disk that forgets what was not synced, fails at chosen calls, or is full.
//!
//! The seed is printed; `CHENGDANG_TEST_SEED` sets it. The same seed draws the same points and the same crashes, though
//! the threads of the binary take their own course.

mod crash;
mod fault;
mod full;
mod reserve;

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::Duration;

use amnesia::{Chance, Disk, Mount};
use rustix::process::{Pid, Signal, kill_process};

use crate::kill::{Printed, Reference, Spawned, end, undisturbed};
use crate::ledger::{Backend, Ground, Installation};
use crate::support;

const ROWS: u64 = 240;
/// Small, so that a crash finds a chunk in every state.
const CHUNK_ROWS: usize = 30;

fn chance() -> Chance {
    Chance::new(support::seed())
}

/// Files, what they lead to on a disk that keeps everything, and an installation whose disk is lent to it by turns.
struct Stand {
    ground: Ground,
    references: Vec<Reference>,
    installation: Installation,
    folder: PathBuf,
    /// The disk after `migrate`, shut down in order.
    template: Disk,
}

impl Stand {
    fn new(files: u64) -> Self {
        let ground = Ground::new(Backend::Sqlite);
        let (references, _) = undisturbed(&ground, files, ROWS);
        let folder = ground.city().with_file_name("disk");
        fs::create_dir(&folder).unwrap();
        let mount = Mount::new(Disk::new(), &folder).unwrap();
        let mut installation = ground.install("disk/data");
        installation.chunk_rows = CHUNK_ROWS;
        let mut template = mount.unmount().unwrap();
        template.sync_all();
        Self {
            ground,
            references,
            installation,
            folder,
            template,
        }
    }

    fn mount(&self, disk: Disk) -> Mount {
        Mount::new(disk, &self.folder).unwrap()
    }

    fn deliver(&self, reference: &Reference) -> Child {
        self.deliver_command(reference).spawned()
    }

    /// Delivers with nothing kept back.
    fn deliver_to_the_last_block(&self, reference: &Reference) -> Child {
        self.deliver_command(reference)
            .env("CHENGDANG_RESERVE_MIB", "0")
            .spawned()
    }

    fn deliver_command(&self, reference: &Reference) -> Command {
        let entry = &reference.entry;
        self.installation
            .deliver_command(&reference.path, &entry.item, &entry.provider)
    }

    /// Changing calls of an undisturbed delivery of the first file.
    fn calls(&self) -> u64 {
        let mount = self.mount(self.template.clone());
        let before = mount.calls().changes();
        let (printed, status) = end(self.deliver(&self.references[0]), None);
        assert_eq!(status.code(), Some(0), "{}", printed.stderr);
        let calls = mount.calls().changes() - before;
        mount.unmount().unwrap();
        calls
    }

    /// Looks at what the disk shows, beside the mount: this process must not map files of its own mount.
    fn look<T>(&self, disk: &Disk, body: impl FnOnce(&Installation) -> T) -> T {
        let copy = tempfile::tempdir().unwrap();
        disk.export(copy.path()).unwrap();
        body(&self.installation.moved_to(copy.path().join("data")))
    }
}

/// `verify` finds no damage, in a delivery that is under way as well.
fn verify(installation: &Installation) {
    support::run(installation.command().arg("verify"), 0);
}

/// Waits for the end; if `at_once`, the process is killed as soon as the armed fault has happened.
fn watch(mount: &Mount, child: Child, at_once: bool) -> (Printed, ExitStatus) {
    let pid = Pid::from_child(&child);
    thread::scope(|scope| {
        let ended = scope.spawn(|| end(child, None));
        while at_once && !ended.is_finished() {
            if mount.wait_struck(Duration::from_millis(20)) {
                // It may have ended meanwhile; nobody has waited for it but us, so the number is still its own.
                let _ = kill_process(pid, Signal::KILL);
                break;
            }
        }
        ended.join().unwrap()
    })
}
