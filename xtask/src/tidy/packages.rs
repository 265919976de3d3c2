//! The package graph as `cargo metadata` tells it.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// The resolved packages of this host.
#[derive(Debug, Deserialize)]
pub(super) struct Packages {
    packages: Vec<Package>,
    workspace_members: Vec<String>,
}

/// One package: ours or a dependency.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Package {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) version: String,
    pub(super) license: Option<String>,
    pub(super) source: Option<String>,
    pub(super) dependencies: Vec<Dependency>,
}

/// One dependency line of a manifest.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Dependency {
    pub(super) name: String,
    pub(super) kind: Option<String>,
}

impl Dependency {
    /// Whether only tests, examples and benches see it.
    pub(super) fn is_for_tests(&self) -> bool {
        self.kind.as_deref() == Some("dev")
    }
}

#[cfg(test)]
type Member<'a> = (&'a str, &'a [(&'a str, Option<&'a str>)]);

impl Packages {
    /// Asks cargo, for this host only: packages of other systems need not have been fetched.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let host = host()?;
        let output = Command::new("cargo")
            .args([
                "metadata",
                "--format-version",
                "1",
                "--locked",
                "--filter-platform",
                &host,
            ])
            .current_dir(root)
            .output()
            .context("cargo metadata did not start")?;
        ensure!(
            output.status.success(),
            "cargo metadata failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_slice(&output.stdout).context("cargo metadata answered in an unknown form")
    }

    /// A workspace of the given members, each with its dependencies and their kinds.
    #[cfg(test)]
    pub(super) fn of(members: &[Member<'_>]) -> Self {
        let packages: Vec<_> = members
            .iter()
            .map(|(name, dependencies)| Package {
                id: (*name).to_owned(),
                name: (*name).to_owned(),
                version: "0.1.0".to_owned(),
                license: Some("Apache-2.0".to_owned()),
                source: None,
                dependencies: dependencies
                    .iter()
                    .map(|(name, kind)| Dependency {
                        name: (*name).to_owned(),
                        kind: kind.map(str::to_owned),
                    })
                    .collect(),
            })
            .collect();
        let workspace_members = packages.iter().map(|package| package.id.clone()).collect();
        Self {
            packages,
            workspace_members,
        }
    }

    #[cfg(test)]
    pub(super) fn with(mut self, package: Package) -> Self {
        self.packages.push(package);
        self
    }

    pub(super) fn all(&self) -> &[Package] {
        &self.packages
    }

    /// Our own crates.
    pub(super) fn own(&self) -> impl Iterator<Item = &Package> {
        self.packages
            .iter()
            .filter(|package| self.workspace_members.contains(&package.id))
    }

    /// Whether `name` is a crate of this workspace.
    pub(super) fn is_own(&self, name: &str) -> bool {
        self.own().any(|package| package.name == name)
    }
}

fn host() -> Result<String> {
    let output = Command::new("rustc")
        .arg("-vV")
        .output()
        .context("rustc did not start")?;
    let text = String::from_utf8(output.stdout).context("rustc answered in an unknown form")?;
    let line = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(line.context("rustc does not name its host")?.to_owned())
}
