//! Documents that must keep up with the code.

use std::collections::BTreeSet;

use super::Finding;
use super::tree::{SourceFile, Tree};

const PII_REGISTER: &str = "docs/pii-register.md";
const ASSURANCE: &str = "docs/assurance.md";
const DECISIONS: &str = "docs/adr/";

/// Files that take personal data out of its type (`.expose()`) against the rows of the register.
pub(super) fn pii_register(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let register = tree.get(PII_REGISTER).map_or("", |file| file.text.as_str());
    let listed: BTreeSet<&str> = register.lines().filter_map(first_code).collect();
    let exposing: BTreeSet<&str> = tree
        .shipped_rust()
        .filter(|file| {
            file.shipped_lines()
                .any(|(_, line)| line.contains("expose()") && !line.contains("fn expose()"))
        })
        .map(|file| file.path.as_str())
        .collect();
    for path in exposing.difference(&listed) {
        findings.push(Finding::new(
            *path,
            format!("calls expose() and has no row in {PII_REGISTER}"),
        ));
    }
    for path in listed.difference(&exposing) {
        findings.push(Finding::new(
            PII_REGISTER,
            format!("{path} does not call expose(): delete the row"),
        ));
    }
    findings
}

/// Tests that `docs/assurance.md` names and that are not there.
pub(super) fn assurance(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Some(file) = tree.get(ASSURANCE) else {
        return vec![Finding::new(ASSURANCE, "the file is missing")];
    };
    for (number, line) in numbered(file) {
        if !line.starts_with("| ") {
            continue;
        }
        let tests: Vec<&str> = codes(line).filter(|code| code.contains("::")).collect();
        for test in &tests {
            if !is_there(tree, test) {
                findings.push(Finding::new(
                    format!("{ASSURANCE}:{number}"),
                    format!("no test is called {test}"),
                ));
            }
        }
        let is_head = line.contains("| Test") || line.starts_with("| -");
        if tests.is_empty() && !line.contains("open gap") && !is_head {
            findings.push(Finding::new(
                format!("{ASSURANCE}:{number}"),
                "name a test as `crate::function`, or say `open gap`",
            ));
        }
    }
    findings
}

/// `crate::function` (or `browser::file`) names a test function of that crate (or a file of browser tests).
fn is_there(tree: &Tree, test: &str) -> bool {
    let (Some((room, _)), Some((_, function))) = (test.split_once("::"), test.rsplit_once("::")) else {
        return false;
    };
    if room == "browser" {
        return tree.holds(&format!("tests/browser/{function}.test.mjs"));
    }
    let folder = if room == "xtask" {
        "xtask/".to_owned()
    } else {
        format!("crates/{room}/")
    };
    let definition = format!("fn {function}(");
    tree.files()
        .iter()
        .any(|file| file.path.starts_with(&folder) && file.text.contains(&definition))
}

/// Relative links in documents that lead nowhere.
pub(super) fn links(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files().iter().filter(|file| file.has_extension("md")) {
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for (number, line) in numbered(file) {
            for target in line.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
                let path = target.split('#').next().unwrap_or_default();
                let is_outside = path.is_empty() || path.contains("://") || path.starts_with("mailto:");
                if !is_outside && !tree.holds(&joined(folder, path)) {
                    findings.push(Finding::new(
                        format!("{}:{number}", file.path),
                        format!("{target} leads nowhere"),
                    ));
                }
            }
        }
    }
    findings
}

/// Architecture decisions are numbered from 0001 without gaps.
pub(super) fn decisions(tree: &Tree) -> Vec<Finding> {
    let names = tree.files().iter().filter_map(|file| file.path.strip_prefix(DECISIONS));
    let numbers: Vec<&str> = names.filter_map(|name| name.get(..4)).collect();
    let wanted = (1..=numbers.len()).map(|number| format!("{number:04}"));
    if numbers.iter().copied().eq(wanted) {
        return Vec::new();
    }
    vec![Finding::new(
        DECISIONS,
        format!(
            "decisions are not numbered 0001, 0002, … without gaps: {}",
            numbers.join(", ")
        ),
    )]
}

fn numbered(file: &SourceFile) -> impl Iterator<Item = (usize, &str)> {
    file.text.lines().enumerate().map(|(index, line)| (index + 1, line))
}

/// What stands between backticks in a line.
fn codes(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// The code in the first cell of a table row.
fn first_code(line: &str) -> Option<&str> {
    let cell = line.strip_prefix("| `")?;
    cell.split('`').next()
}

fn joined(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_register_follows_the_callers() {
        let caller = "fn f(id: &ResidentId) { id.expose(); }\n";
        let files = |register: &str| {
            Tree::of(&[
                ("crates/domain/src/resident_id.rs", "pub fn expose(&self) -> &str {}\n"),
                ("crates/vault/src/index.rs", caller),
                (PII_REGISTER, register),
            ])
        };
        assert_eq!(pii_register(&files("| `crates/vault/src/index.rs` | why |\n")), []);
        assert_eq!(pii_register(&files("")).len(), 1);
        assert_eq!(
            pii_register(&files(
                "| `crates/vault/src/index.rs` | |\n| `crates/vault/src/old.rs` | |\n"
            ))
            .len(),
            1
        );
    }

    #[test]
    fn assurance_names_tests_that_exist() {
        let files = |table: &str| {
            Tree::of(&[
                ("crates/app/tests/receipt.rs", "#[test]\nfn i1_counts_add_up() {}\n"),
                ("tests/browser/resident.test.mjs", ""),
                (ASSURANCE, table),
            ])
        };
        let head = "| Row | Test |\n|---|---|\n";
        let clean = format!("{head}| I1 | `app::i1_counts_add_up`, `browser::resident` |\n| I2 | open gap |\n");
        assert_eq!(assurance(&files(&clean)), []);
        for row in [
            "| I1 | `app::i1_nothing` |\n",
            "| I1 | `vault::i1_counts_add_up` |\n",
            "| I1 | soon |\n",
            "| I1 | `browser::x` |\n",
        ] {
            let table = format!("{head}{row}");
            assert_eq!(assurance(&files(&table)).len(), 1, "{row}");
        }
    }

    #[test]
    fn a_dead_link_is_found() {
        let text = "[a](adr/0001-a.md) [b](../README.md#top) [c](https://example.org/x) [d](#here) [e](gone.md)\n";
        let tree = Tree::of(&[("docs/x.md", text), ("docs/adr/0001-a.md", ""), ("README.md", "")]);
        let findings = links(&tree);
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_eq!(findings[0].message, "gone.md leads nowhere");
    }

    #[test]
    fn a_missing_decision_is_found() {
        assert_eq!(
            decisions(&Tree::of(&[("docs/adr/0001-a.md", ""), ("docs/adr/0002-b.md", "")])),
            []
        );
        assert_eq!(
            decisions(&Tree::of(&[("docs/adr/0001-a.md", ""), ("docs/adr/0003-b.md", "")])).len(),
            1
        );
    }
}
