//! The tiles and the checkpoint as files.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::{Filled, LogFault, Tile, WIDTH};

/// Name of the checkpoint's file.
const CHECKPOINT: &str = "checkpoint";
/// What is being written lies in this folder until it is whole.
const DRAFTS: &str = ".draft";

/// Where the tiles and the checkpoint lie. One process writes; any may read.
pub trait LogFiles: Send + Sync {
    /// Writes tiles; when it returns, they are durable. A tile that is there already is written again: the same tree gives
    /// the same bytes.
    ///
    /// # Errors
    ///
    /// If the disk fails or is full. Tiles written before stay; no checkpoint speaks of them yet.
    fn write(&self, tiles: &[Filled]) -> Result<(), LogFault>;

    /// Publishes a checkpoint; its tiles are to be written before.
    ///
    /// # Errors
    ///
    /// If the disk fails or is full: the checkpoint before it stays.
    fn publish(&self, checkpoint: &[u8]) -> Result<(), LogFault>;

    /// The checkpoint that was published last.
    ///
    /// # Errors
    ///
    /// If the disk fails.
    fn checkpoint(&self) -> Result<Option<Vec<u8>>, LogFault>;

    /// The hashes of a tile. Of one that is not full any more, the full one's beginning.
    ///
    /// # Errors
    ///
    /// [`LogFault::TileMissing`], or if the disk fails.
    fn read(&self, tile: Tile) -> Result<Vec<u8>, LogFault>;

    /// Widths in which a tile lies here that is not full, or was not when it was written.
    ///
    /// # Errors
    ///
    /// If the disk fails.
    fn partial_widths(&self, level: u8, index: u64) -> Result<Vec<u32>, LogFault>;

    /// Removes the forms that `tile` had while it was not full; nobody needs them once the full one is published.
    ///
    /// # Errors
    ///
    /// If the disk fails.
    fn forget_partial(&self, tile: Tile) -> Result<(), LogFault>;
}

/// A folder with a log's tiles and its checkpoint, named as C2SP tlog-tiles names them, which a web server can give out as it is.
#[derive(Debug, Clone)]
pub struct TileFolder {
    root: PathBuf,
}

impl TileFolder {
    /// Opens the folder, which is made if it is not there.
    ///
    /// # Errors
    ///
    /// If it cannot be made.
    pub fn open(root: &Path) -> Result<Self, LogFault> {
        let folder = Self { root: root.to_owned() };
        Self::make(root)?;
        Ok(folder)
    }

    /// Writes files under other names, syncs them, gives them their names, syncs each folder once: a stop in between leaves
    /// of each file what was there.
    fn replace(&self, files: &[(String, &[u8])]) -> Result<(), LogFault> {
        let drafts = self.root.join(DRAFTS);
        Self::make(&drafts)?;
        for (number, (_, bytes)) in files.iter().enumerate() {
            let mut file = File::create(drafts.join(number.to_string()))?;
            file.write_all(bytes)?;
            file.sync_all()?;
        }
        let mut folders = BTreeSet::new();
        for (number, (name, _)) in files.iter().enumerate() {
            let path = self.root.join(name);
            let folder = path.parent().unwrap_or(&self.root).to_owned();
            Self::make(&folder)?;
            fs::rename(drafts.join(number.to_string()), &path)?;
            folders.insert(folder);
        }
        folders.iter().try_for_each(|folder| sync_folder(folder))
    }

    /// Makes a folder and those above it, durably.
    fn make(folder: &Path) -> Result<(), LogFault> {
        if folder.is_dir() {
            return Ok(());
        }
        let above = folder.parent().filter(|above| !above.as_os_str().is_empty());
        let above = above.unwrap_or(Path::new("."));
        Self::make(above)?;
        fs::create_dir(folder).or_else(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => Ok(()),
            _ => Err(error),
        })?;
        sync_folder(above)
    }
}

impl LogFiles for TileFolder {
    fn write(&self, tiles: &[Filled]) -> Result<(), LogFault> {
        let files: Vec<(String, &[u8])> = tiles
            .iter()
            .map(|Filled { tile, bytes }| (tile.to_string(), bytes.as_slice()))
            .collect();
        self.replace(&files)
    }

    fn publish(&self, checkpoint: &[u8]) -> Result<(), LogFault> {
        self.replace(&[(CHECKPOINT.to_owned(), checkpoint)])
    }

    fn checkpoint(&self) -> Result<Option<Vec<u8>>, LogFault> {
        read_if_there(&self.root.join(CHECKPOINT))
    }

    fn read(&self, tile: Tile) -> Result<Vec<u8>, LogFault> {
        let bytes_of = |width: u32| width as usize * size_of::<crate::Hash>();
        for held in [tile, Tile::full(tile.level, tile.index)] {
            if let Some(mut bytes) = read_if_there(&self.root.join(held.to_string()))?
                && bytes.len() == bytes_of(held.width)
            {
                bytes.truncate(bytes_of(tile.width));
                return Ok(bytes);
            }
        }
        Err(LogFault::TileMissing { path: tile.to_string() })
    }

    fn partial_widths(&self, level: u8, index: u64) -> Result<Vec<u32>, LogFault> {
        let folder = self.root.join(format!("{}.p", Tile::full(level, index)));
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let mut widths = Vec::new();
        for entry in entries {
            widths.extend(entry?.file_name().to_str().and_then(|name| name.parse::<u32>().ok()));
        }
        widths.sort_unstable();
        Ok(widths)
    }

    fn forget_partial(&self, tile: Tile) -> Result<(), LogFault> {
        debug_assert_eq!(tile.width, WIDTH, "only a full tile stands for its earlier forms");
        match fs::remove_dir_all(self.root.join(format!("{tile}.p"))) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }
}

fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, LogFault> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn sync_folder(folder: &Path) -> Result<(), LogFault> {
    Ok(File::open(folder)?.sync_all()?)
}
