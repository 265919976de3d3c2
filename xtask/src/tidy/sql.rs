//! SQL: only the stores hold it, each statement in a file of its own, and no file lies about unused.

use std::collections::BTreeSet;

use super::Finding;
use super::tree::{SourceFile, Tree};

/// How a statement in a string literal begins.
const OPENINGS: &[&str] = &[
    "\"SELECT ",
    "\"INSERT INTO ",
    "\"INSERT OR ",
    "\"UPDATE ",
    "\"DELETE FROM ",
    "\"CREATE TABLE ",
    "\"CREATE INDEX ",
];

fn is_store(file: &SourceFile) -> bool {
    file.crate_name().is_some_and(|name| name.starts_with("store-"))
}

/// Statements outside the `store-*` crates, in files or in string literals.
pub(super) fn placed(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree
        .files()
        .iter()
        .filter(|file| file.has_extension("sql") && !is_store(file))
    {
        findings.push(Finding::new(file.path.clone(), "SQL belongs into a store-* crate"));
    }
    for file in tree.shipped_rust().filter(|file| !is_store(file)) {
        for (number, line) in file.shipped_lines() {
            if OPENINGS.iter().any(|opening| line.contains(opening)) {
                let place = format!("{}:{number}", file.path);
                findings.push(Finding::new(
                    place,
                    "only store-* crates hold SQL: ask the port a domain question",
                ));
            }
        }
    }
    findings
}

/// Statement files (`crates/store-*/sql/<table>/<verb>.sql`) that no code of their crate names, and statements without a comment.
pub(super) fn used(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree
        .files()
        .iter()
        .filter(|file| is_store(file) && file.has_extension("sql"))
    {
        let Some((own_crate, statement)) = file.path.split_once("/sql/") else {
            continue;
        };
        let quoted = [
            format!("/{statement}\""),
            format!("\"{statement}\""),
            format!("\"{}\"", statement.trim_end_matches(".sql")),
        ];
        let is_named = tree.files().iter().any(|code| {
            let is_source = code.path.starts_with(&format!("{own_crate}/src/")) && code.has_extension("rs");
            is_source && quoted.iter().any(|name| code.text.contains(name))
        });
        if !is_named {
            findings.push(Finding::new(
                file.path.clone(),
                "no code names this statement: use it or delete it",
            ));
        }
        if !file.text.trim_start().starts_with("--") {
            findings.push(Finding::new(
                file.path.clone(),
                "begin with a comment that says what the statement answers",
            ));
        }
    }
    findings
}

/// Migrations are numbered from 1 without gaps, and both stores have the same ones.
pub(super) fn migrations(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut sets: Vec<(String, BTreeSet<&str>)> = Vec::new();
    for file in tree
        .files()
        .iter()
        .filter(|file| is_store(file) && file.has_extension("sql"))
    {
        let Some((own_crate, name)) = file.path.split_once("/migrations/") else {
            continue;
        };
        match sets.iter_mut().find(|(known, _)| known == own_crate) {
            Some((_, names)) => drop(names.insert(name)),
            None => sets.push((own_crate.to_owned(), BTreeSet::from([name]))),
        }
    }
    for (own_crate, names) in &sets {
        let mut numbers: Vec<Option<u32>> = names.iter().map(|name| migration_number(name)).collect();
        numbers.sort_unstable();
        let wanted = (1..).take(numbers.len()).map(Some);
        if !numbers.iter().copied().eq(wanted) {
            findings.push(Finding::new(
                format!("{own_crate}/migrations"),
                "migrations are not numbered 1, 2, 3, … without gaps",
            ));
        }
    }
    if let [(left_crate, left), rest @ ..] = sets.as_slice() {
        for (right_crate, right) in rest {
            for name in left.symmetric_difference(right) {
                let message =
                    format!("{left_crate} and {right_crate} must have the same migrations: {name} is in one only");
                findings.push(Finding::new(format!("{right_crate}/migrations"), message));
            }
        }
    }
    findings
}

/// The number of `V12__add_notices.sql` or `0012_add_notices.sql`.
fn migration_number(name: &str) -> Option<u32> {
    let name = name.strip_prefix('V').unwrap_or(name);
    name.split('_').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sql_outside_a_store_is_found() {
        let tree = Tree::of(&[
            ("crates/app/src/lib.rs", "const A: &str = \"SELECT 1\";\n"),
            ("crates/store-sqlite/src/lib.rs", "const A: &str = \"SELECT 1\";\n"),
            ("crates/web/x.sql", "-- what\nSELECT 1;"),
        ]);
        assert_eq!(placed(&tree).len(), 2);
    }

    #[test]
    fn an_unused_statement_is_found() {
        let tree = Tree::of(&[
            (
                "crates/store-sqlite/sql/record/insert.sql",
                "-- Adds a record.\nINSERT …",
            ),
            ("crates/store-sqlite/sql/record/find.sql", "-- Finds.\nSELECT …"),
            ("crates/store-sqlite/sql/record/count.sql", "SELECT …"),
            (
                "crates/store-sqlite/src/lib.rs",
                "include_str!(\"../sql/record/insert.sql\"); sql!(\"record/count\")",
            ),
            (
                "crates/store-postgres/src/lib.rs",
                "include_str!(\"../sql/record/find.sql\");",
            ),
        ]);
        let places: BTreeSet<_> = used(&tree).into_iter().map(|finding| finding.place).collect();
        let silent = "crates/store-sqlite/sql/record/count.sql".to_owned();
        let unused = "crates/store-sqlite/sql/record/find.sql".to_owned();
        assert_eq!(places, BTreeSet::from([silent, unused]));
    }

    #[test]
    fn migrations_go_in_pairs_without_gaps() {
        let pair = |sqlite, postgres| {
            migrations(&Tree::of(&[
                ("crates/store-sqlite/migrations/V1__first.sql", ""),
                (sqlite, ""),
                ("crates/store-postgres/migrations/V1__first.sql", ""),
                (postgres, ""),
            ]))
        };
        let second = "crates/store-postgres/migrations/V2__more.sql";
        assert_eq!(pair("crates/store-sqlite/migrations/V2__more.sql", second), []);
        assert_eq!(pair("crates/store-sqlite/migrations/V2__other.sql", second).len(), 2);
        assert_eq!(pair("crates/store-sqlite/migrations/V3__more.sql", second).len(), 3);
    }
}
