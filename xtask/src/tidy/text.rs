//! Rules of single files: length, no path of anybody's machine, a word of introduction at each crate root.

use super::Finding;
use super::tree::Tree;

/// Above this a newcomer no longer finds the room; aim at half of it.
const LINES_MAX: usize = 800;

const CODE: &[&str] = &["css", "ftl", "html", "js", "mjs", "py", "rs", "sh", "sql"];

/// Folders that exist on one machine only. In two halves, so that this file does not name them itself.
const MACHINE_PATHS: &[(&str, &str)] = &[
    ("/wo", "rk/"),
    ("/ro", "ot/"),
    ("/ho", "me/"),
    ("/Us", "ers/"),
    ("C:", "\\Users"),
];

/// Code files that are too long.
pub(super) fn lengths(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree
        .files()
        .iter()
        .filter(|file| CODE.iter().any(|extension| file.has_extension(extension)))
    {
        let lines = file.text.lines().count();
        if lines > LINES_MAX {
            findings.push(Finding::new(
                file.path.clone(),
                format!("{lines} lines; split by noun above {LINES_MAX}"),
            ));
        }
    }
    findings
}

/// Absolute paths that only one machine has.
pub(super) fn machine_paths(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files() {
        for (index, line) in file.text.lines().enumerate() {
            if let Some(path) = MACHINE_PATHS
                .iter()
                .map(|(head, tail)| format!("{head}{tail}"))
                .find(|path| names(line, path))
            {
                let place = format!("{}:{}", file.path, index + 1);
                findings.push(Finding::new(place, format!("`{path}` is a path of one machine")));
            }
        }
    }
    findings
}

/// Whether `path` stands in `line` as the start of an absolute path, not inside a longer one or an address.
fn names(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line.get(..at).and_then(|head| head.chars().next_back());
        !before.is_some_and(|letter| letter.is_alphanumeric() || "._-*}/>)".contains(letter))
    })
}

/// Crate roots without a word of introduction.
pub(super) fn crate_roots(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files() {
        let is_root = file.path.ends_with("/src/lib.rs") || file.path.ends_with("/src/main.rs");
        if is_root && !file.text.starts_with("//! ") {
            findings.push(Finding::new(
                file.path.clone(),
                "begin with `//!`: what the crate does and what it refuses to know",
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_is_found() {
        let long = "x\n".repeat(LINES_MAX + 1);
        let just = "x\n".repeat(LINES_MAX);
        let tree = Tree::of(&[("a.rs", &long), ("b.rs", &just), ("c.csv", &long)]);
        assert_eq!(lengths(&tree).len(), 1);
    }

    #[test]
    fn a_path_of_one_machine_is_found() {
        let home = format!("cd {}{}someone\n", "/ho", "me/");
        let tree = Tree::of(&[
            ("a.md", &home),
            ("b.md", "https://example.org/home/x and <a href=\"/me/\">\n"),
        ]);
        let findings = machine_paths(&tree);
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_eq!(findings[0].place, "a.md:1");
    }

    #[test]
    fn a_silent_crate_root_is_found() {
        let tree = Tree::of(&[
            ("crates/a/src/lib.rs", "//! Words.\n"),
            ("crates/b/src/lib.rs", "fn f() {}\n"),
        ]);
        assert_eq!(crate_roots(&tree).len(), 1);
    }
}
