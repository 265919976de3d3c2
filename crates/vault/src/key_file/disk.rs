//! Files that only their owner may read: where they lie, who owns them, how they are written whole.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use zeroize::Zeroizing;

use crate::VaultError;

/// A key file is one to two kilobytes.
pub(super) const FILE_BYTES_MAX: u64 = 64 * 1024;

/// Which state of a file was read: another one has another number, moment or size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    device: u64,
    inode: u64,
    modified: (i64, i64),
    bytes: u64,
}

impl Stamp {
    fn of(metadata: &fs::Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            bytes: metadata.len(),
        }
    }

    /// The present state of the file at `path`.
    pub(crate) fn now(path: &Path) -> Result<Self, VaultError> {
        let metadata = fs::metadata(path).map_err(|error| io_error("look at", path, &error))?;
        Ok(Self::of(&metadata))
    }
}

/// Reads a file that nobody but its owner could have read or replaced.
pub(crate) fn read_private(path: &Path) -> Result<(Zeroizing<Vec<u8>>, Stamp), VaultError> {
    // A link (a secret mounted into a container) is followed first, so that the checks meet the real place.
    let real = path.canonicalize().map_err(|error| io_error("find", path, &error))?;
    check_directories(directory_of(&real))?;
    let file = File::open(&real).map_err(|error| io_error("open", path, &error))?;
    // Of the open handle, not of the path: nobody can change the file in between.
    let metadata = file.metadata().map_err(|error| io_error("look at", path, &error))?;
    if !metadata.is_file() {
        return Err(VaultError::Damaged {
            what: "it is not a regular file",
        });
    }
    check_owner_and_mode(path, metadata.uid(), metadata.mode())?;
    // Room for all that may come: growing would leave copies of the keys behind.
    let capacity = usize::try_from(FILE_BYTES_MAX).unwrap_or(0) + 1;
    let mut bytes = Zeroizing::new(Vec::with_capacity(capacity));
    let outcome = file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes);
    outcome.map_err(|error| io_error("read", path, &error))?;
    Ok((bytes, Stamp::of(&metadata)))
}

/// Writes a new file; nothing is ever overwritten.
pub(crate) fn create(path: &Path, text: &str) -> Result<(), VaultError> {
    let directory = directory_of(path);
    // A directory that has to be made is the owner's alone.
    let made = DirBuilder::new().recursive(true).mode(0o700).create(directory);
    made.map_err(|error| io_error("create", directory, &error))?;
    check_directories(directory)?;
    let exists = |path: &Path| VaultError::Exists { path: path.to_owned() };
    write_new(path, text, exists)
}

/// A change of a file that nobody else can begin meanwhile: the copy beside it is locked before the file is read. The lock
/// ends with the process, so that what a killed one left behind is in nobody's way.
pub(super) struct Change {
    real: PathBuf,
    beside: PathBuf,
    file: File,
    is_done: bool,
}

impl Change {
    pub(super) fn begin(path: &Path) -> Result<Self, VaultError> {
        let real = path.canonicalize().map_err(|error| io_error("find", path, &error))?;
        let mut beside = real.clone().into_os_string();
        beside.push(".new");
        let beside = PathBuf::from(beside);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(0o600);
        let opened = options.open(&beside);
        let file = opened.map_err(|error| io_error("create", &beside, &error))?;
        let busy = || VaultError::Busy { path: beside.clone() };
        flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|_| busy())?;
        let ours = file.metadata().map_err(|error| io_error("look at", &beside, &error))?;
        check_owner_and_mode(&beside, ours.uid(), ours.mode())?;
        // Another process may have renamed it over the key file between the opening and the lock.
        let there = fs::metadata(&beside).map_err(|_| busy())?;
        if (there.dev(), there.ino()) != (ours.dev(), ours.ino()) {
            return Err(busy());
        }
        Ok(Self {
            real,
            beside,
            file,
            is_done: false,
        })
    }

    /// Puts `text` in the file's place as a whole: made durable, then renamed over it.
    pub(super) fn finish(mut self, text: &str) -> Result<(), VaultError> {
        let mut file = &self.file;
        let written = file
            .set_len(0)
            .and_then(|()| file.write_all(text.as_bytes()))
            .and_then(|()| file.sync_all());
        written.map_err(|error| io_error("write", &self.beside, &error))?;
        fs::rename(&self.beside, &self.real).map_err(|error| io_error("replace", &self.real, &error))?;
        self.is_done = true;
        sync_directory(directory_of(&self.real))
    }
}

impl Drop for Change {
    fn drop(&mut self) {
        if !self.is_done {
            // Best effort: the next change takes over what is left.
            drop(fs::remove_file(&self.beside));
        }
    }
}

/// The directory in which `path` lies; a bare name lies in the present one.
fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Refuses a way to the key file on which everybody could swap a directory or the file. The sticky bit, as on `/tmp`,
/// keeps others from renaming what is not theirs.
fn check_directories(directory: &Path) -> Result<(), VaultError> {
    let real = directory
        .canonicalize()
        .map_err(|error| io_error("find", directory, &error))?;
    for step in real.ancestors() {
        let mode = fs::metadata(step)
            .map_err(|error| io_error("look at", step, &error))?
            .mode();
        if mode & 0o002 != 0 && mode & 0o1000 == 0 {
            return Err(VaultError::UnsafeDirectory {
                directory: step.to_owned(),
            });
        }
    }
    Ok(())
}

fn check_owner_and_mode(path: &Path, owner: u32, mode: u32) -> Result<(), VaultError> {
    let user = rustix::process::geteuid().as_raw();
    if owner != user {
        return Err(VaultError::ForeignOwner {
            path: path.to_owned(),
            owner,
            user,
        });
    }
    if mode & 0o077 != 0 {
        return Err(VaultError::OpenToOthers {
            path: path.to_owned(),
            mode: mode & 0o7777,
        });
    }
    Ok(())
}

/// Creates `path` (`O_CREAT`, `O_EXCL`, 0600), writes and syncs it and its directory; a half-written file is removed.
fn write_new(path: &Path, text: &str, exists: impl Fn(&Path) -> VaultError) -> Result<(), VaultError> {
    let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut file = opened.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => exists(path),
        _ => io_error("create", path, &error),
    })?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    if let Err(error) = written {
        // Best effort: the error that is reported is the one of the write.
        drop(fs::remove_file(path));
        return Err(io_error("write", path, &error));
    }
    sync_directory(directory_of(path))
}

/// Makes a new name durable.
fn sync_directory(directory: &Path) -> Result<(), VaultError> {
    let synced = File::open(directory).and_then(|handle| handle.sync_all());
    synced.map_err(|error| io_error("sync", directory, &error))
}

fn io_error(act: &'static str, path: &Path, error: &io::Error) -> VaultError {
    VaultError::Io {
        act,
        path: path.to_owned(),
        kind: error.kind(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ownership cannot be changed in a test without privilege, so the rule is asked directly.
    #[test]
    fn owner_and_mode_are_judged() {
        let me = rustix::process::geteuid().as_raw();
        let path = Path::new("k");
        assert!(check_owner_and_mode(path, me, 0o100_600).is_ok());
        assert!(check_owner_and_mode(path, me, 0o100_400).is_ok());
        for mode in [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o666] {
            let judged = check_owner_and_mode(path, me, 0o100_000 | mode);
            assert!(matches!(judged, Err(VaultError::OpenToOthers { .. })), "{mode:o}");
        }
        let judged = check_owner_and_mode(path, me + 1, 0o100_600);
        assert!(matches!(judged, Err(VaultError::ForeignOwner { .. })));
    }
}
