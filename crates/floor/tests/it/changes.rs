//! Bad policies as files: what each changes in the shipped ones. Shared with the tests of the whole system.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tempfile::TempDir;

/// A change to the shipped policies that somebody could make.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bad {
    pub(crate) says: String,
    pub(crate) refuted_by: String,
    pub(crate) file: String,
    #[serde(default)]
    add: String,
    #[serde(default)]
    replace: Vec<Change>,
    #[serde(default)]
    schema: Vec<Change>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    from: String,
    to: String,
}

/// All of them, by file name.
pub(crate) fn bad_policies() -> Vec<(String, Bad)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../floor/tests/bad");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let read = |path: &PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let bad = toml::from_str(&fs::read_to_string(path).unwrap());
        (name, bad.unwrap_or_else(|error| panic!("{}: {error}", path.display())))
    };
    files.iter().map(read).collect()
}

impl Bad {
    /// A copy of the shipped policies with the change in it.
    pub(crate) fn written(&self) -> TempDir {
        let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies");
        let copy = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(policies).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_file() {
                fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
            }
        }
        for (file, changes) in [
            (self.file.as_str(), &self.replace),
            ("schema.cedarschema", &self.schema),
        ] {
            let path = copy.path().join(file);
            let mut text = fs::read_to_string(&path).unwrap();
            for change in changes {
                assert!(text.contains(&change.from), "{file} has no {}", change.from);
                text = text.replace(&change.from, &change.to);
            }
            if file == self.file && !self.add.is_empty() {
                text = format!("{text}\n{}", self.add);
            }
            fs::write(path, text).unwrap();
        }
        copy
    }
}
