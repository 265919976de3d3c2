//! The checks of `cargo xtask tidy`: each is a pure function from the tree or the package graph to findings.

mod codes;
mod documents;
mod items;
mod layers;
mod licences;
mod packages;
mod sql;
mod text;
mod tree;

use std::fmt;
use std::path::Path;

use anyhow::Result;

use packages::Packages;
use tree::Tree;

/// One place that breaks a rule, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    place: String,
    message: String,
}

impl Finding {
    fn new(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            message: message.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.place, self.message)
    }
}

/// Runs every check on the tree at `root`, prints what it finds and returns how many findings there are.
pub(crate) fn run(root: &Path) -> Result<usize> {
    let tree = Tree::read(root)?;
    let packages = Packages::read(root)?;
    let mut findings = check(&tree, &packages);
    findings.sort();
    for finding in &findings {
        eprintln!("{finding}");
    }
    eprintln!(
        "tidy: {} files, {} packages, {} findings",
        tree.files().len(),
        packages.all().len(),
        findings.len()
    );
    Ok(findings.len())
}

fn check(tree: &Tree, packages: &Packages) -> Vec<Finding> {
    [
        layers::edges(packages),
        layers::guarded(packages),
        layers::purity(tree),
        licences::packages(packages),
        licences::npm(tree),
        codes::indexed(tree),
        items::named(tree),
        sql::placed(tree),
        sql::used(tree),
        sql::migrations(tree),
        text::lengths(tree),
        text::machine_paths(tree),
        text::crate_roots(tree),
        documents::pii_register(tree),
        documents::assurance(tree),
        documents::links(tree),
        documents::decisions(tree),
    ]
    .concat()
}
