//! Copies of the shipped catalogue with an edit, and what the linter says of them.

use std::path::{Path, PathBuf};

use catalogue::{CatalogueError, Finding, LintRule};

pub(crate) fn shipped_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalogue")
}

/// A copy of the shipped catalogue in a folder of its own.
pub(crate) fn copy() -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    std::fs::create_dir(copy.path().join("items")).unwrap();
    for folder in ["", "items"] {
        for entry in std::fs::read_dir(shipped_dir().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                std::fs::copy(&path, copy.path().join(folder).join(path.file_name().unwrap())).unwrap();
            }
        }
    }
    copy
}

/// The findings after `from` became `to`, everywhere in `file`; with an empty `from`, `to` is appended.
pub(crate) fn findings(file: &str, from: &str, to: &str) -> Vec<Finding> {
    let copy = copy();
    let path = copy.path().join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "`{from}` is not in {file}");
    let edited = if from.is_empty() {
        format!("{text}\n{to}\n")
    } else {
        text.replace(from, to)
    };
    std::fs::write(&path, edited).unwrap();
    let findings = catalogue::lint(copy.path()).unwrap();
    match catalogue::load(copy.path()) {
        Err(CatalogueError::Lint(same)) => assert_eq!(same, findings),
        other => panic!("loaded all the same: {:?}", other.map(|catalogue| catalogue.version)),
    }
    findings
}

/// `rule` is found in `file` with `message`, and cites `article`.
#[track_caller]
pub(crate) fn refused(file: &str, from: &str, to: &str, rule: LintRule, message: &str, article: &str) {
    let findings = findings(file, from, to);
    let found = findings.iter().any(|finding| {
        finding.rule == rule
            && finding.message.contains(message)
            && finding.article.contains(article)
            && !finding.place.is_empty()
    });
    assert!(found, "no [{rule}] `{message}` ({article}) among\n{}", lines(&findings));
}

/// As [`refused`], for the form of the files; the finding is in the edited file.
#[track_caller]
pub(crate) fn malformed(file: &str, from: &str, to: &str, message: &str) {
    let findings = findings(file, from, to);
    let found = findings
        .iter()
        .any(|finding| finding.rule == LintRule::Form && finding.message.contains(message) && finding.file == file);
    assert!(found, "no [form] `{message}` in {file} among\n{}", lines(&findings));
}

pub(crate) fn lines(findings: &[Finding]) -> String {
    findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

pub(crate) const PENALTY: &str = "items/penalty.toml";
pub(crate) const HONOUR: &str = "items/honour.toml";
pub(crate) const COURT: &str = "items/court-defaulter.toml";
