//! Folders that somebody else may write to. Every step is relative to an open folder and follows no link, so that a folder
//! or file that is swapped for a link leads nowhere.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

/// An open folder.
#[derive(Debug)]
pub(crate) struct Folder(OwnedFd);

/// What lies under a name, without following it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) kind: Kind,
    pub(crate) bytes: u64,
    /// When contents or name changed last (`ctime`, which a provider cannot set), in milliseconds since 1970.
    pub(crate) changed_ms: i64,
}

/// Kinds of entries, as far as they are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// a file under one name only
    Plain,
    /// a folder
    Folder,
    /// a link, a device, a pipe, or a file with further names elsewhere
    Other,
}

const FOLDER: OFlags = OFlags::DIRECTORY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::RDONLY)
    .union(OFlags::CLOEXEC);
const PLAIN: OFlags = OFlags::NOFOLLOW
    .union(OFlags::NONBLOCK)
    .union(OFlags::RDONLY)
    .union(OFlags::CLOEXEC);

impl Folder {
    /// The folder that the operator configured; links on the way are the operator's.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let flags = FOLDER.difference(OFlags::NOFOLLOW);
        Ok(Self(rustix::fs::open(path, flags, Mode::empty())?))
    }

    /// A folder in this one; a link to one is refused.
    pub(crate) fn child(&self, name: impl AsRef<OsStr>) -> io::Result<Self> {
        Ok(Self(rustix::fs::openat(
            &self.0,
            name.as_ref().as_bytes(),
            FOLDER,
            Mode::empty(),
        )?))
    }

    /// The same, made if it is missing.
    pub(crate) fn child_or_new(&self, name: &str) -> io::Result<Self> {
        match rustix::fs::mkdirat(&self.0, name, Mode::from_raw_mode(0o770)) {
            Ok(()) | Err(Errno::EXIST) => self.child(name),
            Err(error) => Err(error.into()),
        }
    }

    /// Names in it, sorted, without those that begin with a dot.
    pub(crate) fn names(&self) -> io::Result<Vec<OsString>> {
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.0)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if !name.starts_with(b".") {
                names.push(OsStr::from_bytes(name).to_owned());
            }
        }
        names.sort();
        Ok(names)
    }

    /// What lies under a name; `None` if nothing does.
    pub(crate) fn entry(&self, name: impl AsRef<OsStr>) -> io::Result<Option<Entry>> {
        match rustix::fs::statat(&self.0, name.as_ref().as_bytes(), AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(Entry::of(&stat))),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens a plain file for reading; `None` if it is none (any more).
    pub(crate) fn plain_file(&self, name: impl AsRef<OsStr>) -> io::Result<Option<File>> {
        match rustix::fs::openat(&self.0, name.as_ref().as_bytes(), PLAIN, Mode::empty()) {
            Ok(opened) => {
                let file = File::from(opened);
                let is_plain = Entry::of_file(&file)?.kind == Kind::Plain;
                Ok(is_plain.then_some(file))
            }
            // A link, or a socket.
            Err(Errno::NOENT | Errno::LOOP | Errno::NXIO) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Moves an entry as it is, links included.
    pub(crate) fn rename(&self, name: impl AsRef<OsStr>, to: &Self, new_name: impl AsRef<OsStr>) -> io::Result<()> {
        Ok(rustix::fs::renameat(
            &self.0,
            name.as_ref().as_bytes(),
            &to.0,
            new_name.as_ref().as_bytes(),
        )?)
    }

    /// Removes a file; one that is not there is no error.
    pub(crate) fn remove(&self, name: impl AsRef<OsStr>) -> io::Result<()> {
        match rustix::fs::unlinkat(&self.0, name.as_ref().as_bytes(), AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes names that were given, moved or removed durable.
    pub(crate) fn sync(&self) -> io::Result<()> {
        Ok(rustix::fs::fsync(&self.0)?)
    }

    /// Writes a file so that its name holds either what it held before or all that `write` writes, durably.
    pub(crate) fn write(&self, name: &str, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
        // A name of our own with a dot: nobody takes it for a delivery, and what a crash left is written over.
        let beside = format!(".{name}.new");
        self.remove(&beside)?;
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::WRONLY | OFlags::CLOEXEC;
        let opened = rustix::fs::openat(&self.0, beside.as_str(), flags, Mode::from_raw_mode(0o640))?;
        let mut file = File::from(opened);
        write(&mut file)?;
        file.flush()?;
        file.sync_all()?;
        self.rename(&beside, self, name)?;
        self.sync()
    }
}

impl Entry {
    /// What an open file is now.
    pub(crate) fn of_file(file: &File) -> io::Result<Self> {
        Ok(Self::of(&rustix::fs::fstat(file)?))
    }

    fn of(stat: &Stat) -> Self {
        let kind = match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile if stat.st_nlink == 1 => Kind::Plain,
            FileType::Directory => Kind::Folder,
            _ => Kind::Other,
        };
        Self {
            kind,
            bytes: u64::try_from(stat.st_size).unwrap_or_default(),
            changed_ms: stat
                .st_ctime
                .saturating_mul(1000)
                .saturating_add(i64::try_from(stat.st_ctime_nsec).unwrap_or_default() / 1_000_000),
        }
    }
}
