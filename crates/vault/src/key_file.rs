//! The key file: text, a few lines, readable by its owner only.
//!
//! It says what it is and what its loss or theft means, carries a version and a check line against cuts and slips of
//! an editor, and is refused wherever somebody else could have read or replaced it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::VaultError;
use crate::hash::first;
use crate::secret::{KeyBytes, random_key};
use crate::suite::{International, Suite, suite_named};

/// Line one; the number is the version of the format.
const TITLE: &str = "chengdang key file, version 1";
/// What whoever finds the file must know.
const NOTE: &str = "# SECRET. These keys open every person's records of this installation and sign its log.\n\
    # Who reads this file can read and forge them; if it is lost, every record is lost.\n\
    # Mode 0600, owned by the service user; backed up apart from the database; never mailed, printed or committed.\n\
    # Not to be edited: use `chengdang`, or restore it from its backup.\n";
/// A whole key file is about one kilobyte.
pub(crate) const FILE_BYTES_MAX: u64 = 16 * 1024;
/// Base64 of 32 bytes; the decoder asks for room in whole groups.
const DECODE_BYTES: usize = 33;

/// A key with its version.
pub(crate) struct Versioned {
    pub(crate) version: u16,
    pub(crate) key: KeyBytes,
}

/// The keys of an installation, as read.
pub(crate) struct KeyFile {
    pub(crate) suite: &'static dyn Suite,
    pub(crate) kek: Versioned,
    /// The newest first; one or two.
    pub(crate) index: Vec<Versioned>,
    pub(crate) log: Versioned,
    pub(crate) signing: Versioned,
}

impl KeyFile {
    /// Fresh keys, all of version 1.
    pub(crate) fn generate() -> Result<Self, VaultError> {
        let suite: &'static dyn Suite = &International;
        let fresh = || {
            Ok::<_, VaultError>(Versioned {
                version: 1,
                key: random_key(suite)?,
            })
        };
        Ok(Self {
            suite,
            kek: fresh()?,
            index: vec![fresh()?],
            log: fresh()?,
            signing: fresh()?,
        })
    }

    /// Adds an index key one version up; the present one stays and is probed.
    pub(crate) fn rotate_index(&mut self) -> Result<u16, VaultError> {
        let [only] = self.index.as_slice() else {
            return Err(VaultError::RotationUnfinished);
        };
        let version = only.version.checked_add(1).ok_or(VaultError::Unsupported {
            what: "version of an index key",
        })?;
        self.index.insert(
            0,
            Versioned {
                version,
                key: random_key(self.suite)?,
            },
        );
        Ok(version)
    }

    /// Drops the older index key.
    pub(crate) fn retire_index(&mut self) -> Result<u16, VaultError> {
        if self.index.len() < 2 {
            return Err(VaultError::NothingToRetire);
        }
        self.index
            .pop()
            .map(|key| key.version)
            .ok_or(VaultError::NothingToRetire)
    }

    /// Writes a new file; nothing is ever overwritten.
    pub(crate) fn create(&self, path: &Path) -> Result<(), VaultError> {
        let directory = directory_of(path);
        // A directory that has to be made is the owner's alone.
        let made = DirBuilder::new().recursive(true).mode(0o700).create(directory);
        made.map_err(|error| io_error("create", directory, &error))?;
        check_directories(directory)?;
        let exists = |path: &Path| VaultError::Exists { path: path.to_owned() };
        write_new(path, &self.render(), exists)
    }

    /// Reads a file, after checking who can get at it.
    pub(crate) fn read(path: &Path) -> Result<Self, VaultError> {
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
        Self::parse(&bytes)
    }

    /// Replaces the file as a whole: written beside it, made durable, renamed over it.
    pub(crate) fn replace(&self, path: &Path) -> Result<(), VaultError> {
        let real = path.canonicalize().map_err(|error| io_error("find", path, &error))?;
        let mut beside = real.clone().into_os_string();
        beside.push(".new");
        let beside = PathBuf::from(beside);
        // The copy is made with O_EXCL, so that two processes cannot both change the file.
        write_new(&beside, &self.render(), |path| VaultError::Busy {
            path: path.to_owned(),
        })?;
        fs::rename(&beside, &real).map_err(|error| io_error("replace", path, &error))?;
        sync_directory(directory_of(&real))
    }

    fn render(&self) -> Zeroizing<String> {
        let capacity = usize::try_from(FILE_BYTES_MAX).unwrap_or(0);
        let mut text = Zeroizing::new(String::with_capacity(capacity));
        text.push_str(TITLE);
        text.push('\n');
        text.push_str(NOTE);
        text.push_str("suite ");
        text.push_str(self.suite.name());
        text.push('\n');
        let fixed = [
            ("kek", &self.kek),
            ("log-secret", &self.log),
            ("signing-key", &self.signing),
        ];
        let index = self.index.iter().map(|key| ("index-key", key));
        for (name, Versioned { version, key }) in fixed.into_iter().chain(index) {
            text.push_str(name);
            text.push(' ');
            text.push_str(&version.to_string());
            text.push(' ');
            STANDARD.encode_string(key.as_slice(), &mut text);
            text.push('\n');
        }
        let check = check_of(&text);
        text.push_str("check ");
        text.push_str(&check);
        text.push('\n');
        text
    }

    fn parse(bytes: &[u8]) -> Result<Self, VaultError> {
        let text = std::str::from_utf8(bytes).map_err(|_| VaultError::Damaged { what: "it is not text" })?;
        let title = text.lines().next().unwrap_or_default();
        if title != TITLE {
            return Err(match title.strip_prefix("chengdang key file, version ") {
                Some(_) => VaultError::Unsupported {
                    what: "version of its format",
                },
                None => VaultError::Damaged {
                    what: "its first line does not say that it is a key file",
                },
            });
        }
        let (body, check) = text.rsplit_once("check ").ok_or(VaultError::Damaged {
            what: "its check line is missing",
        })?;
        if check.strip_suffix('\n') != Some(check_of(body).as_str()) {
            return Err(VaultError::Damaged {
                what: "its check line does not fit",
            });
        }
        let mut found = Found::default();
        for line in body.lines().skip(1).filter(|line| !line.starts_with('#')) {
            found.take(line)?;
        }
        found.finish()
    }
}

/// Lines met so far.
#[derive(Default)]
struct Found {
    suite: Option<&'static dyn Suite>,
    kek: Option<Versioned>,
    log: Option<Versioned>,
    signing: Option<Versioned>,
    index: Vec<Versioned>,
}

impl Found {
    fn take(&mut self, line: &str) -> Result<(), VaultError> {
        let damaged = VaultError::Damaged {
            what: "a line is not of the form `name version key`",
        };
        if let Some(name) = line.strip_prefix("suite ") {
            self.suite = Some(suite_named(name).ok_or(VaultError::Unsupported {
                what: "its suite of ciphers",
            })?);
            return Ok(());
        }
        let mut words = line.split(' ');
        let (Some(name), Some(version), Some(key), None) = (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(damaged);
        };
        let Some(version) = version.parse().ok().filter(|version| *version > 0) else {
            return Err(damaged);
        };
        let key = Versioned {
            version,
            key: decode(key)?,
        };
        let slot = match name {
            "kek" => &mut self.kek,
            "log-secret" => &mut self.log,
            "signing-key" => &mut self.signing,
            "index-key" => {
                self.index.push(key);
                return Ok(());
            }
            _ => {
                return Err(VaultError::Unsupported {
                    what: "a kind of key in it",
                });
            }
        };
        if slot.replace(key).is_some() {
            return Err(VaultError::Damaged {
                what: "a key is in it twice",
            });
        }
        Ok(())
    }

    fn finish(self) -> Result<KeyFile, VaultError> {
        let rotated = match self.index.as_slice() {
            [_] => true,
            // The newest first, next to each other.
            [newer, older] => older.version.checked_add(1) == Some(newer.version),
            _ => false,
        };
        match (self.suite, self.kek, self.log, self.signing) {
            (Some(suite), Some(kek), Some(log), Some(signing)) if rotated => Ok(KeyFile {
                suite,
                kek,
                index: self.index,
                log,
                signing,
            }),
            _ => Err(VaultError::Damaged {
                what: "a key is missing, or the index keys do not follow each other",
            }),
        }
    }
}

pub(crate) fn decode(text: &str) -> Result<KeyBytes, VaultError> {
    let damaged = || VaultError::Damaged {
        what: "a key is not 32 bytes in base64",
    };
    let mut room = Zeroizing::new([0; DECODE_BYTES]);
    let length = STANDARD
        .decode_slice(text, room.as_mut_slice())
        .map_err(|_| damaged())?;
    let mut key = KeyBytes::default();
    if length != key.len() {
        return Err(damaged());
    }
    **key = first(room.as_slice());
    Ok(key)
}

/// Against cuts and slips, not against an attacker, who has the keys anyway: 64 bits of SHA-256 in hex.
pub(crate) fn check_of(body: &str) -> String {
    hex::encode(first::<8>(&International.hash(&[body.as_bytes()])))
}

/// The directory in which `path` lies; a bare name lies in the present one.
pub(crate) fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Refuses a way to the key file on which everybody could swap a directory or the file. The sticky bit, as on `/tmp`,
/// keeps others from renaming what is not theirs.
pub(crate) fn check_directories(directory: &Path) -> Result<(), VaultError> {
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

pub(crate) fn check_owner_and_mode(path: &Path, owner: u32, mode: u32) -> Result<(), VaultError> {
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
pub(crate) fn write_new(path: &Path, text: &str, exists: impl Fn(&Path) -> VaultError) -> Result<(), VaultError> {
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

pub(crate) fn io_error(act: &'static str, path: &Path, error: &io::Error) -> VaultError {
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

    #[test]
    fn every_altered_byte_of_a_key_file_is_noticed() {
        let text = KeyFile::generate().unwrap().render();
        assert!(KeyFile::parse(text.as_bytes()).is_ok());
        for position in 0..text.len() {
            let mut bytes = text.as_bytes().to_vec();
            bytes[position] ^= 1;
            assert!(KeyFile::parse(&bytes).is_err(), "byte {position}");
            assert!(
                KeyFile::parse(&text.as_bytes()[..position]).is_err(),
                "cut at {position}"
            );
        }
    }

    /// A body with a check line that fits, as a careful forger or a later version would write it.
    fn with_check(body: &str) -> Vec<u8> {
        format!("{body}check {}\n", check_of(body)).into_bytes()
    }

    #[test]
    fn unknown_kinds_versions_and_doubles_are_refused() {
        let text = KeyFile::generate().unwrap().render();
        let body = text.rsplit_once("check ").unwrap().0;
        let key = body.lines().find_map(|line| line.strip_prefix("kek 1 ")).unwrap();
        assert!(KeyFile::parse(&with_check(body)).is_ok());
        let refused = [
            body.replace("version 1", "version 2"),
            body.replace("aes256gcm", "rot13"),
            format!("{body}kek 2 {key}\n"),
            format!("{body}index-key 3 {key}\n"),
            format!("{body}index-key 0 {key}\n"),
            format!("{body}index-key 2 {key}\nindex-key 3 {key}\n"),
            format!("{body}novel-key 1 {key}\n"),
            body.replace(key, "AAAA"),
            body.replace("log-secret 1", "# log-secret 1"),
        ];
        for body in refused {
            assert!(KeyFile::parse(&with_check(&body)).is_err());
        }
    }
}
