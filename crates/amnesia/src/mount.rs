//! The disk as a mounted file system.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use fuser::{
    BackgroundSession, Config, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation, INodeNo,
    InitFlags, KernelConfig, LockOwner, MountOption, OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData,
    ReplyDirectory, ReplyEmpty, ReplyEntry, ReplyOpen, ReplyStatfs, ReplyWrite, Request, SessionACL, TimeOrNow,
    WriteFlags,
};

use crate::disk::{BLOCK, Disk, Ino, Refusal};
use crate::fault::{Call, Calls, Effect, Fault};

/// How long the kernel may believe names and attributes: nobody but the kernel changes them.
const BELIEF: Duration = Duration::from_hours(1);
/// Blocks of a disk without a quota, as `statfs` tells them: 1 TiB.
const BLOCKS_UNLIMITED: u64 = 1 << 28;

#[derive(Debug)]
struct State {
    disk: Disk,
    calls: Calls,
    fault: Option<(Fault, u64)>,
    has_struck: bool,
    is_frozen: bool,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    struck: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A disk that programs can use, until it is unmounted or dropped. Whoever mounts it is root, or has `fusermount3`.
///
/// The process that mounts must not map files of the mount itself, nor open SQLite on it: a page that it waits for holds
/// up the memory of the very threads that should bring it. [`Disk::export`] gives it a copy to look at.
#[derive(Debug)]
pub struct Mount {
    shared: Arc<Shared>,
    session: Option<BackgroundSession>,
    folder: PathBuf,
}

impl Mount {
    /// Mounts `disk` on the folder `folder`, for every user.
    ///
    /// # Errors
    ///
    /// If the kernel has no FUSE or does not let this user mount.
    pub fn new(disk: Disk, folder: &Path) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                disk,
                calls: Calls::default(),
                fault: None,
                has_struck: false,
                is_frozen: false,
            }),
            struck: Condvar::new(),
        });
        let mut config = Config::default();
        config.acl = SessionACL::All;
        config.mount_options = vec![
            MountOption::FSName("amnesia".to_owned()),
            MountOption::DefaultPermissions,
            MountOption::NoSuid,
            MountOption::NoDev,
        ];
        let session = fuser::spawn_mount(Face(Arc::clone(&shared)), folder, &config).map_err(|error| {
            let what = format!("no FUSE file system can be mounted here (root and /dev/fuse are needed): {error}");
            io::Error::new(error.kind(), what)
        })?;
        Ok(Self {
            shared,
            session: Some(session),
            folder: folder.to_owned(),
        })
    }

    /// Where it is mounted.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Lets a fault wait, instead of the one that waited.
    pub fn arm(&self, fault: Fault) {
        let mut state = self.shared.lock();
        state.fault = Some((fault, 0));
        state.has_struck = false;
    }

    /// Whether the fault that was armed last has happened.
    #[must_use]
    pub fn has_struck(&self) -> bool {
        self.shared.lock().has_struck
    }

    /// Waits until the fault that was armed last has happened, or for `patience`; whether it has.
    #[must_use]
    pub fn wait_struck(&self, patience: Duration) -> bool {
        let state = self.shared.lock();
        let waited = self
            .shared
            .struck
            .wait_timeout_while(state, patience, |state| !state.has_struck);
        waited.unwrap_or_else(PoisonError::into_inner).0.has_struck
    }

    /// Calls until now.
    #[must_use]
    pub fn calls(&self) -> Calls {
        self.shared.lock().calls.clone()
    }

    /// Bytes that files take.
    #[must_use]
    pub fn used(&self) -> u64 {
        self.shared.lock().disk.used()
    }

    /// Sets how many bytes files may take.
    pub fn set_quota(&self, bytes: Option<u64>) {
        self.shared.lock().disk.set_quota(bytes);
    }

    /// The disk as it is now.
    #[must_use]
    pub fn disk(&self) -> Disk {
        self.shared.lock().disk.clone()
    }

    /// Takes the mount away and returns the disk. Programs that used it must have ended.
    ///
    /// # Errors
    ///
    /// If something still uses it.
    pub fn unmount(mut self) -> io::Result<Disk> {
        if let Some(session) = self.session.take() {
            session.umount_and_join()?;
        }
        let mut state = self.shared.lock();
        Ok(std::mem::take(&mut state.disk))
    }
}

/// What the kernel talks to.
struct Face(Arc<Shared>);

impl From<Refusal> for Errno {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Missing => Self::ENOENT,
            Refusal::Exists => Self::EEXIST,
            Refusal::NotEmpty => Self::ENOTEMPTY,
            Refusal::NotFolder => Self::ENOTDIR,
            Refusal::IsFolder => Self::EISDIR,
            Refusal::Full => Self::ENOSPC,
        }
    }
}

impl Face {
    /// Looks, unless the disk is frozen.
    fn look(&self) -> Result<MutexGuard<'_, State>, Errno> {
        let state = self.0.lock();
        if state.is_frozen { Err(Errno::EIO) } else { Ok(state) }
    }

    /// Counts a call; the effect if a fault waited for it.
    fn call(&self, call: Call) -> Result<(MutexGuard<'_, State>, Option<Effect>), Errno> {
        let mut guard = self.look()?;
        let state = &mut *guard;
        state.calls.add(call);
        let mut effect = None;
        if let Some((fault, count)) = &mut state.fault
            && fault.counts(call)
        {
            *count += 1;
            if *count == fault.nth {
                effect = Some(fault.effect);
                state.has_struck = true;
                state.is_frozen = fault.effect == Effect::Freeze;
                state.fault = None;
                self.0.struck.notify_all();
            }
        }
        Ok((guard, effect))
    }

    /// A call that changes something: with a fault it fails. What was under way as the power went may have happened.
    fn change<T>(&self, call: Call, body: impl FnOnce(&mut Disk) -> Result<T, Refusal>) -> Result<T, Errno> {
        let (mut state, effect) = self.call(call)?;
        match effect {
            None => body(&mut state.disk).map_err(Errno::from),
            Some(Effect::Freeze) if call != Call::Sync => {
                // A refusal is as good as the answer that nobody gets.
                let _ = body(&mut state.disk);
                Err(Errno::EIO)
            }
            Some(_) => Err(Errno::EIO),
        }
    }

    fn attributes(disk: &Disk, ino: Ino) -> Result<FileAttr, Refusal> {
        let found = disk.attributes(ino)?;
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(found.changed);
        Ok(FileAttr {
            ino: INodeNo(ino),
            size: found.length,
            blocks: found.length.div_ceil(BLOCK) * (BLOCK / 512),
            atime: time,
            mtime: time,
            ctime: time,
            crtime: time,
            kind: if found.is_folder {
                FileType::Directory
            } else {
                FileType::RegularFile
            },
            perm: found.mode,
            nlink: found.links,
            uid: found.uid,
            gid: found.gid,
            rdev: 0,
            blksize: 4096,
            flags: 0,
        })
    }

    fn make(
        &self,
        request: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        is_folder: bool,
    ) -> Result<FileAttr, Errno> {
        let mode = u16::try_from(mode & 0o7777).unwrap_or_default();
        let owner = (mode, request.uid(), request.gid());
        self.change(Call::Name, |disk| {
            let ino = disk.create(parent.0, name, is_folder, owner)?;
            Self::attributes(disk, ino)
        })
    }
}

fn answer(reply: ReplyEmpty, done: Result<(), Errno>) {
    match done {
        Ok(()) => reply.ok(),
        Err(error) => reply.error(error),
    }
}

fn entry(reply: ReplyEntry, found: Result<FileAttr, Errno>) {
    match found {
        Ok(attributes) => reply.entry(&BELIEF, &attributes, Generation(0)),
        Err(error) => reply.error(error),
    }
}

impl Filesystem for Face {
    fn init(&mut self, _: &Request, config: &mut KernelConfig) -> io::Result<()> {
        // `O_TRUNC` in the open itself, so that a program which empties a file is seen to do it.
        let _ = config.add_capabilities(InitFlags::FUSE_ATOMIC_O_TRUNC);
        Ok(())
    }

    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let found = self.look().and_then(|state| {
            let ino = state.disk.find(parent.0, name)?;
            Ok(Self::attributes(&state.disk, ino)?)
        });
        entry(reply, found);
    }

    fn getattr(&self, _: &Request, ino: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        match self.look().and_then(|state| Ok(Self::attributes(&state.disk, ino.0)?)) {
            Ok(attributes) => reply.attr(&BELIEF, &attributes),
            Err(error) => reply.error(error),
        }
    }

    fn setattr(
        &self,
        _: &Request,
        ino: INodeNo,
        mode: Option<u32>,
        uid: Option<u32>,
        gid: Option<u32>,
        size: Option<u64>,
        _atime: Option<TimeOrNow>,
        _mtime: Option<TimeOrNow>,
        _ctime: Option<SystemTime>,
        _fh: Option<FileHandle>,
        _crtime: Option<SystemTime>,
        _chgtime: Option<SystemTime>,
        _bkuptime: Option<SystemTime>,
        _flags: Option<fuser::BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let done = match size {
            Some(size) => self.change(Call::Length, |disk| disk.set_length(ino.0, size)),
            None => Ok(()),
        };
        let mode = mode.and_then(|mode| u16::try_from(mode & 0o7777).ok());
        let done = done.and_then(|()| self.look()).and_then(|mut state| {
            state.disk.set_owner(ino.0, mode, uid, gid)?;
            Ok(Self::attributes(&state.disk, ino.0)?)
        });
        match done {
            Ok(attributes) => reply.attr(&BELIEF, &attributes),
            Err(error) => reply.error(error),
        }
    }

    fn mknod(
        &self,
        request: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        umask: u32,
        _: u32,
        reply: ReplyEntry,
    ) {
        entry(reply, self.make(request, parent, name, mode & !umask, false));
    }

    fn mkdir(&self, request: &Request, parent: INodeNo, name: &OsStr, mode: u32, umask: u32, reply: ReplyEntry) {
        entry(reply, self.make(request, parent, name, mode & !umask, true));
    }

    fn create(
        &self,
        request: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        umask: u32,
        _flags: i32,
        reply: ReplyCreate,
    ) {
        match self.make(request, parent, name, mode & !umask, false) {
            Ok(attributes) => reply.created(
                &BELIEF,
                &attributes,
                Generation(0),
                FileHandle(0),
                FopenFlags::FOPEN_KEEP_CACHE,
            ),
            Err(error) => reply.error(error),
        }
    }

    fn unlink(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        answer(reply, self.change(Call::Name, |disk| disk.remove(parent.0, name)));
    }

    fn rmdir(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        answer(reply, self.change(Call::Name, |disk| disk.remove(parent.0, name)));
    }

    fn rename(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        newparent: INodeNo,
        newname: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        let done = self.change(Call::Name, |disk| {
            if flags.contains(RenameFlags::RENAME_NOREPLACE) && disk.find(newparent.0, newname).is_ok() {
                return Err(Refusal::Exists);
            }
            disk.rename((parent.0, name), (newparent.0, newname))
        });
        answer(reply, done);
    }

    fn link(&self, _: &Request, ino: INodeNo, newparent: INodeNo, newname: &OsStr, reply: ReplyEntry) {
        let done = self.change(Call::Name, |disk| {
            disk.link(ino.0, newparent.0, newname)?;
            Self::attributes(disk, ino.0)
        });
        entry(reply, done);
    }

    fn open(&self, _: &Request, ino: INodeNo, flags: OpenFlags, reply: ReplyOpen) {
        // `O_TRUNC`, asked for in `init`.
        let empties = flags.0 & 0o1000 != 0;
        let done = if empties {
            self.change(Call::Length, |disk| disk.set_length(ino.0, 0))
        } else {
            self.look().map(|_| ())
        };
        match done {
            // Cached and not `DIRECT_IO`, so that files can be mapped; SQLite maps its shared memory.
            Ok(()) => reply.opened(FileHandle(0), FopenFlags::FOPEN_KEEP_CACHE),
            Err(error) => reply.error(error),
        }
    }

    fn read(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let (state, effect) = match self.call(Call::Read) {
            Ok(called) => called,
            Err(error) => return reply.error(error),
        };
        match state.disk.read(ino.0, offset, size as usize) {
            Ok(bytes) if effect.is_none() => reply.data(bytes),
            Ok(_) => reply.error(Errno::EIO),
            Err(refusal) => reply.error(refusal.into()),
        }
    }

    fn write(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        data: &[u8],
        write_flags: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        // What was written through a mapping comes when the kernel likes: it is not counted and meets no fault.
        let called = if write_flags.contains(WriteFlags::FUSE_WRITE_CACHE) {
            self.look().map(|state| (state, None))
        } else {
            self.call(Call::Write)
        };
        let (mut state, effect) = match called {
            Ok(called) => called,
            Err(error) => return reply.error(error),
        };
        let taken = match effect {
            Some(Effect::Short) => data.get(..data.len() / 2).unwrap_or_default(),
            Some(Effect::Io) => return reply.error(Errno::EIO),
            Some(Effect::Freeze) | None => data,
        };
        match state.disk.write(ino.0, offset, taken) {
            Ok(()) if state.is_frozen => reply.error(Errno::EIO),
            Ok(()) => reply.written(u32::try_from(taken.len()).unwrap_or_default()),
            Err(refusal) => reply.error(refusal.into()),
        }
    }

    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        answer(reply, self.look().map(|_| ()));
    }

    fn fsync(&self, _: &Request, ino: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        let done = self.call(Call::Sync).and_then(|(mut state, effect)| match effect {
            None => Ok(state.disk.sync(ino.0)?),
            Some(Effect::Freeze) => Err(Errno::EIO),
            Some(Effect::Io | Effect::Short) => {
                state.disk.fail_sync(ino.0)?;
                Err(Errno::EIO)
            }
        });
        answer(reply, done);
    }

    fn fsyncdir(&self, _: &Request, ino: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        answer(reply, self.change(Call::Sync, |disk| disk.sync_folder(ino.0)));
    }

    fn readdir(&self, _: &Request, ino: INodeNo, _: FileHandle, offset: u64, mut reply: ReplyDirectory) {
        let listed = self.look().and_then(|state| {
            let mut names = vec![(".".into(), ino.0), ("..".into(), ino.0)];
            names.extend(state.disk.names(ino.0)?);
            let kinds = names.into_iter().map(|(name, ino)| {
                let is_folder = state.disk.attributes(ino).is_ok_and(|found| found.is_folder);
                (name, ino, is_folder)
            });
            Ok(kinds.collect::<Vec<_>>())
        });
        let listed = match listed {
            Ok(listed) => listed,
            Err(error) => return reply.error(error),
        };
        for (place, (name, ino, is_folder)) in (1..).zip(listed).skip(usize::try_from(offset).unwrap_or(usize::MAX)) {
            let kind = if is_folder {
                FileType::Directory
            } else {
                FileType::RegularFile
            };
            if reply.add(INodeNo(ino), place, kind, name) {
                break;
            }
        }
        reply.ok();
    }

    fn statfs(&self, _: &Request, _: INodeNo, reply: ReplyStatfs) {
        match self.look() {
            Ok(state) => {
                let blocks = state.disk.quota().map_or(BLOCKS_UNLIMITED, |quota| quota / BLOCK);
                let free = blocks.saturating_sub(state.disk.used() / BLOCK);
                reply.statfs(blocks, free, free, 1 << 20, 1 << 20, 4096, 255, 4096);
            }
            Err(error) => reply.error(error),
        }
    }

    fn fallocate(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        length: u64,
        mode: i32,
        reply: ReplyEmpty,
    ) {
        if mode != 0 {
            return reply.error(Errno::EOPNOTSUPP);
        }
        let done = self.change(Call::Length, |disk| {
            let end = offset.saturating_add(length);
            if disk.attributes(ino.0)?.length < end {
                disk.set_length(ino.0, end)?;
            }
            Ok(())
        });
        answer(reply, done);
    }
}
