//! Space on a disk that is kept back for what must go on when the disk is full: a resident's look at the own file with its
//! trace (R11), a login, a decision.
//!
//! Two lines are drawn. Large work (an intake) begins its next step only while more than the reserve is free beside it, so
//! it stops before the last space is gone. What stays small goes on; if it finds the disk full all the same, because some
//! other program filled it, the reserve is given up: a file whose blocks were taken beforehand is cut to nothing. Once there
//! is space again, [`Reserve::restore`] takes them anew.
//!
//! It knows nothing of what is stored. Several processes may share the file: each asks the file system, not its memory.
//!
//! ```
//! # fn main() -> std::io::Result<()> {
//! # let folder = tempfile::tempdir()?;
//! let reserve = reserve::Reserve::new(folder.path(), 1 << 20);
//! assert!(reserve.restore()?, "the blocks are taken");
//! assert!(reserve.has_room(), "large work may begin");
//! assert!(reserve.release(), "they are given up");
//! # Ok(())
//! # }
//! ```

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rustix::fs::{FallocateFlags, fallocate, statvfs};
use rustix::io::Errno;

/// Name of the file in its folder.
pub const FILE: &str = "reserve";

/// Bytes below which a disk counts as full: the shared memory of a SQLite store takes 32 KiB, a page of it 16 KiB.
const FULL: u64 = 128 << 10;
/// Bytes written at once where blocks cannot be taken without writing them.
const PIECE: usize = 1 << 20;

/// Space that is kept back; see the crate. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Reserve(Option<Arc<Inner>>);

#[derive(Debug)]
struct Inner {
    folder: PathBuf,
    bytes: u64,
    /// What the next step of large work is likely to take.
    expected: AtomicU64,
    /// It was said that there is no room, and not yet that there is again.
    is_scarce: AtomicBool,
}

impl Reserve {
    /// Keeps nothing back: there is always room.
    #[must_use]
    pub const fn none() -> Self {
        Self(None)
    }

    /// Keeps `bytes` back on the disk of `folder`; none if it is 0. Nothing is taken before [`Self::restore`].
    #[must_use]
    pub fn new(folder: &Path, bytes: u64) -> Self {
        if bytes == 0 {
            return Self::none();
        }
        Self(Some(Arc::new(Inner {
            folder: folder.to_owned(),
            bytes,
            expected: AtomicU64::new(0),
            is_scarce: AtomicBool::new(false),
        })))
    }

    /// Says what the next step of large work is likely to take, beside what is kept back.
    pub fn expect(&self, bytes: u64) {
        if let Some(inner) = &self.0 {
            inner.expected.store(bytes, Ordering::Relaxed);
        }
    }

    /// Whether large work may begin its next step. The log is told once when there is no room, and once when there is again.
    #[must_use]
    pub fn has_room(&self) -> bool {
        let Some(inner) = &self.0 else { return true };
        let wanted = inner
            .bytes
            .saturating_add(inner.missing())
            .saturating_add(inner.expected.load(Ordering::Relaxed));
        // A file system that does not say how full it is must not stop the intake.
        let free = free_bytes(&inner.folder).unwrap_or(u64::MAX);
        let has_room = free >= wanted;
        if inner.is_scarce.swap(!has_room, Ordering::Relaxed) == has_room {
            let folder = inner.folder.display();
            let (free_kib, wanted_kib) = (free >> 10, wanted >> 10);
            if has_room {
                tracing::warn!(%folder, free_kib, wanted_kib, "there is space again: deliveries go on by themselves");
            } else {
                tracing::error!(
                    error.code = "APP-0010",
                    %folder,
                    free_kib,
                    wanted_kib,
                    "the disk is nearly full: deliveries wait, logins and reads go on; free space there, nothing else needs to be done"
                );
            }
        }
        has_room
    }

    /// Whether blocks were given up and not taken anew yet.
    #[must_use]
    pub fn is_released(&self) -> bool {
        self.0
            .as_ref()
            .is_some_and(|inner| inner.file().exists() && inner.missing() > 0)
    }

    /// Gives the space up for what cannot wait; whether there was any.
    #[must_use]
    pub fn release(&self) -> bool {
        let Some(inner) = &self.0 else { return false };
        let held = inner.held();
        if held == 0 {
            return false;
        }
        let done = OpenOptions::new().write(true).open(inner.file()).and_then(|file| {
            file.set_len(0)?;
            // A file system with a journal gives blocks back with its next commit.
            file.sync_all()
        });
        match done {
            Ok(()) => {
                let folder = inner.folder.display();
                let kib = held >> 10;
                tracing::error!(
                    error.code = "APP-0010",
                    %folder,
                    kib,
                    "the disk is full: the reserve is given up for logins and reads; free space there before it is used up too"
                );
            }
            Err(error) => {
                tracing::error!(error.code = "APP-0010", error = %error.kind(), "the reserve cannot be given up");
            }
        }
        // Cut is cut, also if the sync failed.
        inner.held() < held
    }

    /// Takes the blocks anew if large work still has room beside them; whether all are taken now.
    ///
    /// # Errors
    ///
    /// If the file cannot be made.
    pub fn restore(&self) -> io::Result<bool> {
        let Some(inner) = &self.0 else { return Ok(true) };
        let missing = inner.missing();
        if missing == 0 {
            return Ok(true);
        }
        if free_bytes(&inner.folder)? < inner.bytes.saturating_add(missing) {
            return Ok(false);
        }
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(inner.file())?;
        match fallocate(&file, FallocateFlags::empty(), 0, inner.bytes) {
            Ok(()) => {}
            Err(Errno::OPNOTSUPP) => fill(&mut file, inner.bytes)?,
            Err(error) => return Err(error.into()),
        }
        file.sync_all()?;
        Ok(inner.missing() == 0)
    }
}

impl Inner {
    fn file(&self) -> PathBuf {
        self.folder.join(FILE)
    }

    /// Bytes of the file that have blocks.
    fn held(&self) -> u64 {
        std::fs::metadata(self.file()).map_or(0, |file| file.len().min(file.blocks().saturating_mul(512)))
    }

    fn missing(&self) -> u64 {
        self.bytes.saturating_sub(self.held())
    }
}

/// Writes zeros: on a file system that cannot take blocks otherwise.
fn fill(file: &mut File, bytes: u64) -> io::Result<()> {
    let zeros = vec![0; PIECE];
    let mut left = bytes;
    while left > 0 {
        let piece = zeros
            .get(..usize::try_from(left).unwrap_or(PIECE).min(PIECE))
            .unwrap_or(&zeros);
        file.write_all(piece)?;
        left -= piece.len() as u64;
    }
    Ok(())
}

/// Bytes that this process may still take on the disk of `folder`.
///
/// # Errors
///
/// If the folder is not there, or its file system does not say.
pub fn free_bytes(folder: &Path) -> io::Result<u64> {
    let found = statvfs(folder)?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

/// Whether next to nothing is free on the disk of `folder`, so that an I/O error there is most likely want of space.
#[must_use]
pub fn is_full(folder: &Path) -> bool {
    free_bytes(folder).is_ok_and(|free| free < FULL)
}
