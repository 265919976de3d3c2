//! A disk in memory that knows what was synced and what was not.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::{fs, io};

use crate::crash::{Crash, Fate, Kept};
use crate::file::File;

/// Number of an inode.
pub type Ino = u64;

/// The topmost folder.
pub const ROOT: Ino = 1;

/// Bytes of a block, in which space is counted.
pub const BLOCK: u64 = 4096;

/// Why the disk did not do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such thing.
    Missing,
    /// There is one already.
    Exists,
    /// The folder is not empty.
    NotEmpty,
    /// It is no folder.
    NotFolder,
    /// It is a folder.
    IsFolder,
    /// The quota is used up.
    Full,
}

/// Attributes of a file or folder. They are durable at once: nothing here is about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attributes {
    /// Permissions.
    pub mode: u16,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Names it has.
    pub links: u32,
    /// Bytes.
    pub length: u64,
    /// Whether it is a folder.
    pub is_folder: bool,
    /// Order of the last change: there is no clock here.
    pub changed: u64,
}

#[derive(Debug, Clone)]
enum Kind {
    File(File),
    Folder(Folder),
}

#[derive(Debug, Clone, Default)]
struct Folder {
    cached: BTreeMap<OsString, Ino>,
    durable: BTreeMap<OsString, Ino>,
}

#[derive(Debug, Clone)]
struct Inode {
    kind: Kind,
    mode: u16,
    uid: u32,
    gid: u32,
    links: u32,
    changed: u64,
}

/// A change of names that no sync has followed yet. A rename is one: kept whole or lost whole.
#[derive(Debug, Clone)]
struct Naming {
    order: u64,
    effects: Vec<(Ino, OsString, Option<Ino>)>,
}

/// The disk. What programs see is its cache; [`Disk::crash`] tells what is left of it.
///
/// Promises, as POSIX makes them and no more: a sync of a file makes its bytes and its length durable, and not its name;
/// a sync of a folder makes its names durable, and not what they name.
#[derive(Debug, Clone)]
pub struct Disk {
    inodes: BTreeMap<Ino, Inode>,
    namings: Vec<Naming>,
    next_ino: Ino,
    order: u64,
    quota: Option<u64>,
}

impl Default for Disk {
    fn default() -> Self {
        Self::new()
    }
}

impl Disk {
    /// An empty disk; its topmost folder is root's.
    #[must_use]
    pub fn new() -> Self {
        let root = Inode {
            kind: Kind::Folder(Folder::default()),
            mode: 0o755,
            uid: 0,
            gid: 0,
            links: 1,
            changed: 0,
        };
        Self {
            inodes: BTreeMap::from([(ROOT, root)]),
            namings: Vec::new(),
            next_ino: ROOT + 1,
            order: 0,
            quota: None,
        }
    }

    /// Bytes that files may take, in whole blocks; `None` takes the limit away. What lies there stays.
    pub const fn set_quota(&mut self, bytes: Option<u64>) {
        self.quota = bytes;
    }

    /// The quota.
    #[must_use]
    pub const fn quota(&self) -> Option<u64> {
        self.quota
    }

    /// Bytes that files take, in whole blocks.
    #[must_use]
    pub fn used(&self) -> u64 {
        let named = self.inodes.values().filter(|inode| inode.links > 0);
        named
            .map(|inode| match &inode.kind {
                Kind::File(file) => (file.cached.len() as u64).next_multiple_of(BLOCK),
                Kind::Folder(_) => 0,
            })
            .sum()
    }

    /// Fails if the file may not grow to `length`.
    fn room(&self, ino: Ino, length: u64) -> Result<(), Refusal> {
        let Some(quota) = self.quota else { return Ok(()) };
        let has = self.file(ino)?.cached.len() as u64;
        let more = length
            .next_multiple_of(BLOCK)
            .saturating_sub(has.next_multiple_of(BLOCK));
        if more > 0 && self.used() + more > quota {
            return Err(Refusal::Full);
        }
        Ok(())
    }

    /// Finds a name.
    ///
    /// # Errors
    ///
    /// [`Refusal::Missing`] or [`Refusal::NotFolder`].
    pub fn find(&self, folder: Ino, name: &OsStr) -> Result<Ino, Refusal> {
        self.folder(folder)?.cached.get(name).copied().ok_or(Refusal::Missing)
    }

    /// Attributes.
    ///
    /// # Errors
    ///
    /// [`Refusal::Missing`].
    pub fn attributes(&self, ino: Ino) -> Result<Attributes, Refusal> {
        let inode = self.inodes.get(&ino).ok_or(Refusal::Missing)?;
        let (length, is_folder) = match &inode.kind {
            Kind::File(file) => (file.cached.len() as u64, false),
            Kind::Folder(_) => (0, true),
        };
        Ok(Attributes {
            mode: inode.mode,
            uid: inode.uid,
            gid: inode.gid,
            links: inode.links + u32::from(is_folder),
            length,
            is_folder,
            changed: inode.changed,
        })
    }

    /// Changes permissions and owner.
    ///
    /// # Errors
    ///
    /// [`Refusal::Missing`].
    pub fn set_owner(
        &mut self,
        ino: Ino,
        mode: Option<u16>,
        uid: Option<u32>,
        gid: Option<u32>,
    ) -> Result<(), Refusal> {
        let inode = self.inodes.get_mut(&ino).ok_or(Refusal::Missing)?;
        inode.mode = mode.unwrap_or(inode.mode);
        inode.uid = uid.unwrap_or(inode.uid);
        inode.gid = gid.unwrap_or(inode.gid);
        Ok(())
    }

    /// Names in a folder.
    ///
    /// # Errors
    ///
    /// [`Refusal::Missing`] or [`Refusal::NotFolder`].
    pub fn names(&self, folder: Ino) -> Result<Vec<(OsString, Ino)>, Refusal> {
        let folder = self.folder(folder)?;
        Ok(folder.cached.iter().map(|(name, ino)| (name.clone(), *ino)).collect())
    }

    /// Reads at most `length` bytes.
    ///
    /// # Errors
    ///
    /// [`Refusal::Missing`] or [`Refusal::IsFolder`].
    pub fn read(&self, ino: Ino, offset: u64, length: usize) -> Result<&[u8], Refusal> {
        let cached = &self.file(ino)?.cached;
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(cached.len());
        let end = start.saturating_add(length).min(cached.len());
        Ok(cached.get(start..end).unwrap_or_default())
    }

    /// Writes.
    ///
    /// # Errors
    ///
    /// [`Refusal::Missing`], [`Refusal::IsFolder`] or [`Refusal::Full`].
    pub fn write(&mut self, ino: Ino, offset: u64, bytes: &[u8]) -> Result<(), Refusal> {
        self.room(ino, offset.saturating_add(bytes.len() as u64))?;
        let order = self.tick(ino);
        let offset = usize::try_from(offset).map_err(|_| Refusal::Full)?;
        self.file_mut(ino)?.write(order, offset, bytes);
        Ok(())
    }

    /// Cuts or lengthens with zeros.
    ///
    /// # Errors
    ///
    /// [`Refusal::Missing`], [`Refusal::IsFolder`] or [`Refusal::Full`].
    pub fn set_length(&mut self, ino: Ino, length: u64) -> Result<(), Refusal> {
        self.room(ino, length)?;
        let order = self.tick(ino);
        let length = usize::try_from(length).map_err(|_| Refusal::Full)?;
        self.file_mut(ino)?.set_length(order, length);
        Ok(())
    }

    /// Makes a file, or a folder.
    ///
    /// # Errors
    ///
    /// [`Refusal::Exists`], [`Refusal::Missing`] or [`Refusal::NotFolder`].
    pub fn create(
        &mut self,
        folder: Ino,
        name: &OsStr,
        is_folder: bool,
        owner: (u16, u32, u32),
    ) -> Result<Ino, Refusal> {
        if self.folder(folder)?.cached.contains_key(name) {
            return Err(Refusal::Exists);
        }
        let ino = self.next_ino;
        self.next_ino += 1;
        let (mode, uid, gid) = owner;
        self.inodes.insert(
            ino,
            Inode {
                kind: if is_folder {
                    Kind::Folder(Folder::default())
                } else {
                    Kind::File(File::default())
                },
                mode,
                uid,
                gid,
                links: 0,
                changed: 0,
            },
        );
        self.tick(ino);
        self.rename_all(vec![(folder, name.to_owned(), Some(ino))])?;
        Ok(ino)
    }

    /// Gives a file one more name.
    ///
    /// # Errors
    ///
    /// [`Refusal::Exists`], [`Refusal::IsFolder`], [`Refusal::Missing`] or [`Refusal::NotFolder`].
    pub fn link(&mut self, ino: Ino, folder: Ino, name: &OsStr) -> Result<(), Refusal> {
        self.file(ino)?;
        if self.folder(folder)?.cached.contains_key(name) {
            return Err(Refusal::Exists);
        }
        self.rename_all(vec![(folder, name.to_owned(), Some(ino))])
    }

    /// Takes a name away.
    ///
    /// # Errors
    ///
    /// [`Refusal::Missing`]; [`Refusal::NotEmpty`] for a folder with something in it.
    pub fn remove(&mut self, folder: Ino, name: &OsStr) -> Result<(), Refusal> {
        let ino = self.find(folder, name)?;
        self.must_be_empty(ino)?;
        self.rename_all(vec![(folder, name.to_owned(), None)])
    }

    /// Renames, over what has the name already.
    ///
    /// # Errors
    ///
    /// [`Refusal::Missing`]; [`Refusal::NotEmpty`] if a folder with something in it has the name already.
    pub fn rename(&mut self, from: (Ino, &OsStr), to: (Ino, &OsStr)) -> Result<(), Refusal> {
        let ino = self.find(from.0, from.1)?;
        match self.find(to.0, to.1) {
            Ok(same) if same == ino => return Ok(()),
            Ok(other) => self.must_be_empty(other)?,
            Err(Refusal::Missing) => {}
            Err(refusal) => return Err(refusal),
        }
        self.rename_all(vec![
            (from.0, from.1.to_owned(), None),
            (to.0, to.1.to_owned(), Some(ino)),
        ])
    }

    /// Makes bytes and length of a file durable.
    ///
    /// # Errors
    ///
    /// [`Refusal::Missing`] or [`Refusal::IsFolder`].
    pub fn sync(&mut self, ino: Ino) -> Result<(), Refusal> {
        self.file_mut(ino)?.sync();
        Ok(())
    }

    /// Makes everything durable, as when a machine is shut down in order.
    pub fn sync_all(&mut self) {
        for naming in std::mem::take(&mut self.namings) {
            self.make_durable(&naming);
        }
        for inode in self.inodes.values_mut() {
            if let Kind::File(file) = &mut inode.kind {
                file.sync();
            }
        }
    }

    /// A sync that failed: what it should have made durable is in the cache and will never be on the disk, unless it is
    /// written anew. So does Linux.
    ///
    /// # Errors
    ///
    /// [`Refusal::Missing`] or [`Refusal::IsFolder`].
    pub fn fail_sync(&mut self, ino: Ino) -> Result<(), Refusal> {
        self.file_mut(ino)?.fail_sync();
        Ok(())
    }

    /// Makes the names in a folder durable. A rename between two folders becomes durable in both, and with it whatever
    /// came before it in the other.
    ///
    /// # Errors
    ///
    /// [`Refusal::Missing`] or [`Refusal::NotFolder`].
    pub fn sync_folder(&mut self, folder: Ino) -> Result<(), Refusal> {
        self.folder(folder)?;
        let mut folders = BTreeSet::from([folder]);
        let mut durable = Vec::new();
        let mut pending = Vec::new();
        for naming in std::mem::take(&mut self.namings).into_iter().rev() {
            if naming.effects.iter().any(|(folder, ..)| folders.contains(folder)) {
                folders.extend(naming.effects.iter().map(|(folder, ..)| *folder));
                durable.push(naming);
            } else {
                pending.push(naming);
            }
        }
        pending.reverse();
        self.namings = pending;
        for naming in durable.into_iter().rev() {
            self.make_durable(&naming);
        }
        Ok(())
    }

    /// The disk after a loss of power. The same disk, mode and seed give the same.
    #[must_use]
    pub fn crash(&self, mode: Crash, seed: u64) -> Self {
        let orders = self.namings.iter().map(|naming| naming.order).chain(
            self.inodes
                .values()
                .filter_map(|inode| match &inode.kind {
                    Kind::File(file) => Some(file.pending.iter().map(|change| change.order)),
                    Kind::Folder(_) => None,
                })
                .flatten(),
        );
        let first = orders.min().unwrap_or(self.order);
        let mut fate = Fate::new(mode, seed, first, self.order + 1);
        let mut left = self.clone();
        // Names are changed in a journal: what builds on a lost change is lost as well.
        let mut lost = BTreeSet::new();
        for naming in std::mem::take(&mut left.namings) {
            let touched = naming
                .effects
                .iter()
                .map(|(folder, name, _)| (*folder, name.clone()))
                .collect::<Vec<_>>();
            let builds_on_lost = touched.iter().any(|place| lost.contains(place));
            if fate.of(naming.order, 1) == Kept::Lost || builds_on_lost {
                lost.extend(touched);
            } else {
                left.make_durable(&naming);
            }
        }
        for inode in left.inodes.values_mut() {
            match &mut inode.kind {
                Kind::File(file) => *file = file.after(|order, sectors| fate.of(order, sectors)),
                Kind::Folder(folder) => folder.cached.clone_from(&folder.durable),
            }
        }
        left.forget_nameless();
        left
    }

    /// Copies what the disk shows into `folder`, where it can be looked at without a mount.
    ///
    /// # Errors
    ///
    /// As the host's file system fails.
    pub fn export(&self, folder: &Path) -> io::Result<()> {
        self.export_folder(ROOT, folder)
    }

    fn export_folder(&self, ino: Ino, to: &Path) -> io::Result<()> {
        for (name, ino) in self.names(ino).unwrap_or_default() {
            let to = to.join(name);
            let mode = self.attributes(ino).map(|found| found.mode).unwrap_or_default();
            if let Ok(file) = self.file(ino) {
                fs::write(&to, &file.cached)?;
            } else {
                fs::create_dir(&to)?;
                self.export_folder(ino, &to)?;
            }
            fs::set_permissions(&to, fs::Permissions::from_mode(mode.into()))?;
        }
        Ok(())
    }

    /// Counts names anew and drops what has none.
    fn forget_nameless(&mut self) {
        let mut links: BTreeMap<Ino, u32> = BTreeMap::from([(ROOT, 1)]);
        let mut folders = vec![ROOT];
        while let Some(folder) = folders.pop() {
            let Ok(names) = self.names(folder) else { continue };
            for (_, ino) in names {
                let count = links.entry(ino).or_default();
                *count += 1;
                if *count == 1 && self.folder(ino).is_ok() {
                    folders.push(ino);
                }
            }
        }
        self.inodes.retain(|ino, inode| {
            inode.links = links.get(ino).copied().unwrap_or_default();
            inode.links > 0
        });
    }

    fn make_durable(&mut self, naming: &Naming) {
        for (folder, name, ino) in &naming.effects {
            if let Ok(folder) = self.folder_mut(*folder) {
                match ino {
                    Some(ino) => folder.durable.insert(name.clone(), *ino),
                    None => folder.durable.remove(name),
                };
            }
        }
    }

    /// Changes names in the cache and notes it as one pending change.
    fn rename_all(&mut self, effects: Vec<(Ino, OsString, Option<Ino>)>) -> Result<(), Refusal> {
        for (folder, ..) in &effects {
            self.folder(*folder)?;
        }
        for (folder, name, ino) in &effects {
            let cached = &mut self.folder_mut(*folder)?.cached;
            let was = match ino {
                Some(ino) => cached.insert(name.clone(), *ino),
                None => cached.remove(name),
            };
            if let Some(inode) = was.and_then(|ino| self.inodes.get_mut(&ino)) {
                inode.links = inode.links.saturating_sub(1);
            }
            if let Some(inode) = ino.and_then(|ino| self.inodes.get_mut(&ino)) {
                inode.links += 1;
            }
        }
        let order = effects
            .iter()
            .map(|(folder, ..)| self.tick(*folder))
            .last()
            .unwrap_or(self.order);
        self.namings.push(Naming { order, effects });
        Ok(())
    }

    fn must_be_empty(&self, ino: Ino) -> Result<(), Refusal> {
        match self.folder(ino) {
            Ok(folder) if !folder.cached.is_empty() => Err(Refusal::NotEmpty),
            _ => Ok(()),
        }
    }

    /// The order of a change of `ino`.
    fn tick(&mut self, ino: Ino) -> u64 {
        self.order += 1;
        if let Some(inode) = self.inodes.get_mut(&ino) {
            inode.changed = self.order;
        }
        self.order
    }

    fn file(&self, ino: Ino) -> Result<&File, Refusal> {
        match self.inodes.get(&ino).map(|inode| &inode.kind) {
            Some(Kind::File(file)) => Ok(file),
            Some(Kind::Folder(_)) => Err(Refusal::IsFolder),
            None => Err(Refusal::Missing),
        }
    }

    fn file_mut(&mut self, ino: Ino) -> Result<&mut File, Refusal> {
        match self.inodes.get_mut(&ino).map(|inode| &mut inode.kind) {
            Some(Kind::File(file)) => Ok(file),
            Some(Kind::Folder(_)) => Err(Refusal::IsFolder),
            None => Err(Refusal::Missing),
        }
    }

    fn folder(&self, ino: Ino) -> Result<&Folder, Refusal> {
        match self.inodes.get(&ino).map(|inode| &inode.kind) {
            Some(Kind::Folder(folder)) => Ok(folder),
            Some(Kind::File(_)) => Err(Refusal::NotFolder),
            None => Err(Refusal::Missing),
        }
    }

    fn folder_mut(&mut self, ino: Ino) -> Result<&mut Folder, Refusal> {
        match self.inodes.get_mut(&ino).map(|inode| &mut inode.kind) {
            Some(Kind::Folder(folder)) => Ok(folder),
            Some(Kind::File(_)) => Err(Refusal::NotFolder),
            None => Err(Refusal::Missing),
        }
    }
}
