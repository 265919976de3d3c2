//! The text files that git knows or would take.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// One text file; `path` is relative to the root, with `/` between its parts.
#[derive(Debug, Clone)]
pub(super) struct SourceFile {
    pub(super) path: String,
    pub(super) text: String,
}

/// The tree that the checks read.
#[derive(Debug, Default)]
pub(super) struct Tree {
    files: Vec<SourceFile>,
}

impl Tree {
    /// Tracked and untracked files, without those that `.gitignore` names; files that are not UTF-8 are left out.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let output = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(root)
            .output()
            .context("git must be there: it says which files belong to the tree")?;
        ensure!(
            output.status.success(),
            "git ls-files failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let names = String::from_utf8(output.stdout).context("a file name is not UTF-8")?;
        let mut files = Vec::new();
        for name in names.split('\0').filter(|name| !name.is_empty()) {
            // A file deleted in the work tree is still in the index.
            let Ok(bytes) = fs::read(root.join(name)) else { continue };
            if let Ok(text) = String::from_utf8(bytes) {
                files.push(SourceFile {
                    path: name.to_owned(),
                    text,
                });
            }
        }
        files.sort_by(|left, right| left.path.cmp(&right.path));
        Ok(Self { files })
    }

    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| SourceFile {
            path: (*path).to_owned(),
            text: (*text).to_owned(),
        });
        Self { files: files.collect() }
    }

    pub(super) fn files(&self) -> &[SourceFile] {
        &self.files
    }

    pub(super) fn get(&self, path: &str) -> Option<&SourceFile> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Whether `path` names a file, or a folder that holds one.
    pub(super) fn holds(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        self.files
            .iter()
            .any(|file| file.path == path || file.path.starts_with(&folder))
    }

    /// The Rust files of the crates that end up in the binary, without their tests.
    pub(super) fn shipped_rust(&self) -> impl Iterator<Item = &SourceFile> {
        self.files.iter().filter(|file| file.is_shipped_rust())
    }
}

impl SourceFile {
    pub(super) fn has_extension(&self, extension: &str) -> bool {
        self.path.rsplit_once('.').is_some_and(|(_, found)| found == extension)
    }

    /// The crate's folder name for a file below `crates/`.
    pub(super) fn crate_name(&self) -> Option<&str> {
        self.path.strip_prefix("crates/")?.split('/').next()
    }

    fn is_shipped_rust(&self) -> bool {
        let in_source = self.path.split('/').nth(2) == Some("src");
        let is_test = self.path.ends_with("/tests.rs") || self.path.contains("/tests/");
        self.path.starts_with("crates/") && in_source && self.has_extension("rs") && !is_test
    }

    /// Lines with their numbers from 1, without comment lines and without the tests at the end of the file.
    pub(super) fn shipped_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let end = self.text.find("#[cfg(test)]\nmod ").unwrap_or(self.text.len());
        let shipped = self.text.get(..end).unwrap_or_default();
        shipped
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line))
            .filter(|(_, line)| {
                let line = line.trim_start();
                !line.starts_with("//")
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_and_comments_do_not_ship() {
        let text = "//! about\nfn a() {}\n    // note\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\n";
        let tree = Tree::of(&[
            ("crates/x/src/lib.rs", text),
            ("crates/x/tests/it.rs", ""),
            ("crates/x/src/a/tests.rs", ""),
        ]);
        let shipped: Vec<_> = tree.shipped_rust().collect();
        assert_eq!(shipped.len(), 1);
        assert_eq!(shipped[0].shipped_lines().collect::<Vec<_>>(), [(2, "fn a() {}")]);
        assert_eq!(shipped[0].crate_name(), Some("x"));
    }

    #[test]
    fn a_folder_is_held_when_a_file_in_it_is() {
        let tree = Tree::of(&[("docs/adr/0001-a.md", "")]);
        assert!(tree.holds("docs/adr") && tree.holds("docs/adr/") && tree.holds("docs/adr/0001-a.md"));
        assert!(!tree.holds("docs/ad"));
    }
}
