//! Licences and sources of what is built in. There is no advisory database here: that needs a network and a date.

use super::Finding;
use super::packages::Packages;
use super::tree::Tree;

/// Permissive licences that an Apache-2.0 work may build in (SPDX names).
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Every Rust package has an allowed licence and comes from crates.io or from this tree.
pub(super) fn packages(packages: &Packages) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in packages.all() {
        let place = format!("Cargo.lock: {} {}", package.name, package.version);
        match &package.license {
            Some(licence) if is_allowed(licence) => {}
            Some(licence) => findings.push(Finding::new(
                place.clone(),
                format!("licence not on the list: {licence}"),
            )),
            None => findings.push(Finding::new(place.clone(), "the package names no licence")),
        }
        if package.source.as_deref().is_some_and(|source| source != REGISTRY) {
            findings.push(Finding::new(
                place,
                "the package comes from neither crates.io nor this tree",
            ));
        }
    }
    findings
}

/// The npm lock file names no host, so that it installs from whatever registry the machine is set to.
pub(super) fn npm(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree
        .files()
        .iter()
        .filter(|file| file.path.ends_with("package-lock.json"))
    {
        for (index, _) in file
            .text
            .lines()
            .enumerate()
            .filter(|(_, line)| line.contains("\"resolved\""))
        {
            let place = format!("{}:{}", file.path, index + 1);
            findings.push(Finding::new(
                place,
                "run `npm install --omit-lockfile-registry-resolved`",
            ));
        }
    }
    findings
}

/// Evaluates an SPDX expression; `/` is an old way to write OR.
fn is_allowed(expression: &str) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut reader = Reader {
        words: &words,
        at: 0,
        is_broken: false,
    };
    let answer = reader.any();
    answer && !reader.is_broken && reader.at == words.len()
}

/// A reader of SPDX expressions: `AND` binds more tightly than `OR`.
struct Reader<'a> {
    words: &'a [&'a str],
    at: usize,
    /// A name or a bracket is missing: nothing is allowed then.
    is_broken: bool,
}

impl<'a> Reader<'a> {
    fn next_is(&mut self, word: &str) -> bool {
        let found = self.words.get(self.at) == Some(&word);
        self.at += usize::from(found);
        found
    }

    fn any(&mut self) -> bool {
        let mut answer = self.all();
        while self.next_is("OR") {
            // Both sides are read, whatever the first one says.
            answer |= self.all();
        }
        answer
    }

    fn all(&mut self) -> bool {
        let mut answer = self.one();
        while self.next_is("AND") {
            answer &= self.one();
        }
        answer
    }

    fn one(&mut self) -> bool {
        if self.next_is("(") {
            let answer = self.any();
            self.is_broken |= !self.next_is(")");
            return answer;
        }
        let Some(name): Option<&'a str> = self.words.get(self.at).copied() else {
            self.is_broken = true;
            return false;
        };
        self.at += 1;
        if self.next_is("WITH") {
            let exception = self.words.get(self.at).copied().unwrap_or_default();
            self.at += 1;
            return ALLOWED.contains(&format!("{name} WITH {exception}").as_str());
        }
        ALLOWED.contains(&name)
    }
}

#[cfg(test)]
mod tests {
    use super::super::packages::Package;
    use super::*;

    #[test]
    fn expressions_are_read() {
        for licence in [
            "MIT",
            "MIT/Apache-2.0",
            "Apache-2.0 / MIT",
            "Apache-2.0 OR GPL-2.0-only",
            "(MIT OR GPL-3.0-only) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception OR GPL-3.0-only",
        ] {
            assert!(is_allowed(licence), "{licence}");
        }
        for licence in [
            "GPL-3.0-only",
            "MIT AND GPL-3.0-only",
            "(MIT",
            "MIT MIT",
            "",
            "MIT OR",
            "GPL-2.0 WITH LLVM-exception",
        ] {
            assert!(!is_allowed(licence), "{licence}");
        }
    }

    #[test]
    fn a_foreign_source_and_a_missing_licence_are_found() {
        let foreign = Package {
            id: "x".to_owned(),
            name: "x".to_owned(),
            version: "1.0.0".to_owned(),
            license: None,
            source: Some("git+https://example.org/x".to_owned()),
            dependencies: Vec::new(),
        };
        let clean = Packages::of(&[("domain", &[])]);
        assert_eq!(packages(&clean), []);
        assert_eq!(packages(&clean.with(foreign)).len(), 2);
    }

    #[test]
    fn a_lock_file_that_names_a_host_is_found() {
        let tree = Tree::of(&[(
            "tests/browser/package-lock.json",
            "{\n  \"resolved\": \"https://example.org/x.tgz\"\n}\n",
        )]);
        assert_eq!(npm(&tree).len(), 1);
    }
}
