//! The files of a catalogue as found on disk, and the version that their bytes make.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::CatalogueError;

/// Largest file that is read; the shipped ones stay below 40 kB.
const FILE_BYTES_MAX: u64 = 4 << 20;
/// Most files that a catalogue may have.
const FILES_MAX: usize = 1000;

/// One file: its name below the catalogue's directory, `/` between folders, and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SourceFile {
    /// Name, such as `items/penalty.toml`.
    pub(crate) name: String,
    /// Bytes.
    pub(crate) bytes: Vec<u8>,
}

/// Reads every `.toml` file of `dir` and of its folder `items`, sorted by name.
pub(crate) fn read_files(dir: &Path) -> Result<Vec<SourceFile>, CatalogueError> {
    let mut files = Vec::new();
    for (folder, prefix) in [(dir.to_path_buf(), ""), (dir.join("items"), "items/")] {
        for path in list(&folder)? {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let bytes = read(&path)?;
            files.push(SourceFile {
                name: format!("{prefix}{name}"),
                bytes,
            });
            if files.len() > FILES_MAX {
                return Err(CatalogueError::TooLarge(folder));
            }
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

/// SHA-256 over names and bytes in sorted order, hex. Lengths go in too, so that no two catalogues share a text.
pub(crate) fn version(files: &[SourceFile]) -> String {
    let mut hash = Sha256::new();
    for file in files {
        for part in [file.name.as_bytes(), file.bytes.as_slice()] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
    }
    hex::encode(hash.finalize())
}

fn list(folder: &Path) -> Result<Vec<PathBuf>, CatalogueError> {
    let fault = |source| CatalogueError::Read {
        path: folder.to_path_buf(),
        source,
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(fault)? {
        let path = entry.map_err(fault)?.path();
        if path.extension().is_some_and(|extension| extension == "toml") && path.is_file() {
            paths.push(path);
        }
    }
    Ok(paths)
}

fn read(path: &Path) -> Result<Vec<u8>, CatalogueError> {
    let fault = |source| CatalogueError::Read {
        path: path.to_path_buf(),
        source,
    };
    if std::fs::metadata(path).map_err(fault)?.len() > FILE_BYTES_MAX {
        return Err(CatalogueError::TooLarge(path.to_path_buf()));
    }
    std::fs::read(path).map_err(fault)
}
