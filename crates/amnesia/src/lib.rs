//! A file system that forgets what was not synced: for tests of what a loss of power, a failing or a full disk does to a
//! program. [`Disk`] is the disk itself, in memory and without a kernel; [`Mount`] lends it to real programs over FUSE,
//! counts their calls and lets chosen calls fail. Nothing of this is in a release.
//!
//! A disk promises what POSIX promises and no more. What it may hold after a crash is written down a second time, as
//! simply as can be, in `tests/it/model.rs`, and the two are compared there.
//!
//! ```
//! use amnesia::{Crash, Disk, ROOT};
//!
//! let mut disk = Disk::new();
//! let file = disk.create(ROOT, "a".as_ref(), false, (0o600, 0, 0)).unwrap();
//! disk.write(file, 0, b"kept").unwrap();
//! disk.sync(file).unwrap();
//! assert!(disk.crash(Crash::Drop, 1).find(ROOT, "a".as_ref()).is_err(), "its name was not synced");
//! disk.sync_folder(ROOT).unwrap();
//! assert_eq!(disk.crash(Crash::Drop, 1).read(file, 0, 10), Ok(&b"kept"[..]));
//! ```

mod chance;
mod crash;
mod disk;
mod fault;
mod file;
mod mount;

pub use chance::Chance;
pub use crash::Crash;
pub use disk::{Attributes, BLOCK, Disk, Ino, ROOT, Refusal};
pub use fault::{Call, Calls, Effect, Fault};
pub use file::SECTOR;
pub use mount::Mount;
