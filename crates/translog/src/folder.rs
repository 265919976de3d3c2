//! The tiles and the checkpoint as files, which a web server can give out as they are.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::{Filled, LogFault, Tile, WIDTH};

/// Name of the checkpoint's file.
const CHECKPOINT: &str = "checkpoint";
/// What is being written lies under this name until it is whole.
const DRAFT: &str = ".draft";

/// A folder with a log's tiles and its checkpoint, named as C2SP tlog-tiles names them. One process writes to it.
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

    /// Writes tiles; when it returns, they are durable. A tile that is there already is written again: the same tree gives
    /// the same bytes.
    ///
    /// # Errors
    ///
    /// If the disk fails or is full. Tiles written before stay; no checkpoint speaks of them yet.
    pub fn write(&self, tiles: &[Filled]) -> Result<(), LogFault> {
        for Filled { tile, bytes } in tiles {
            self.replace(&tile.to_string(), bytes)?;
        }
        Ok(())
    }

    /// Publishes a checkpoint; its tiles are to be written before.
    ///
    /// # Errors
    ///
    /// If the disk fails or is full: the checkpoint before it stays.
    pub fn publish(&self, checkpoint: &[u8]) -> Result<(), LogFault> {
        self.replace(CHECKPOINT, checkpoint)
    }

    /// The checkpoint that was published last.
    ///
    /// # Errors
    ///
    /// If the disk fails.
    pub fn checkpoint(&self) -> Result<Option<Vec<u8>>, LogFault> {
        match fs::read(self.root.join(CHECKPOINT)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The hashes of a tile. Of one that is not full any more, the full one's beginning.
    ///
    /// # Errors
    ///
    /// [`LogFault::TileMissing`], or if the disk fails.
    pub fn read(&self, tile: Tile) -> Result<Vec<u8>, LogFault> {
        let bytes_of = |width: u32| width as usize * size_of::<crate::Hash>();
        for held in [tile, Tile::full(tile.level, tile.index)] {
            match fs::read(self.root.join(held.to_string())) {
                Ok(mut bytes) if bytes.len() == bytes_of(held.width) => {
                    bytes.truncate(bytes_of(tile.width));
                    return Ok(bytes);
                }
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(LogFault::TileMissing { path: tile.to_string() })
    }

    /// Removes the forms that `tile` had while it was not full; nobody needs them once the full one is published.
    ///
    /// # Errors
    ///
    /// If the disk fails.
    pub fn forget_partial(&self, tile: Tile) -> Result<(), LogFault> {
        debug_assert_eq!(tile.width, WIDTH, "only a full tile stands for its earlier forms");
        match fs::remove_dir_all(self.root.join(format!("{tile}.p"))) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Writes a file under another name, syncs it, gives it its name, syncs the folders: a stop in between leaves what was
    /// there.
    fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), LogFault> {
        let path = self.root.join(name);
        let folder = path.parent().unwrap_or(&self.root);
        Self::make(folder)?;
        let draft = folder.join(DRAFT);
        let mut file = File::create(&draft)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&draft, &path)?;
        sync_folder(folder)
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

fn sync_folder(folder: &Path) -> Result<(), LogFault> {
    Ok(File::open(folder)?.sync_all()?)
}
