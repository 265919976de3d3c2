//! Layers: an edge points only downwards, and each foreign tongue is spoken in one room.

use super::Finding;
use super::packages::{Package, Packages};
use super::tree::Tree;

/// For each crate, the crates of ours it may use, lowest layer first. A crate that is not listed has no place yet.
/// `ARCHITECTURE.md` draws the same picture.
const MAY_USE: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("catalogue", &["domain"]),
    ("intake", &["domain", "catalogue"]),
    ("confine", &["intake"]),
    ("matching", &["domain"]),
    ("policy", &["domain"]),
    ("vault", &["domain"]),
    // The prover is a program of its own: nothing that is shipped links it.
    ("floor", &["policy", "vault"]),
    ("token", &["vault"]),
    ("translog", &[]),
    ("reserve", &[]),
    ("store", &["domain"]),
    ("store-sqlite", &["domain", "reserve", "store"]),
    ("store-postgres", &["domain", "reserve", "store"]),
    (
        "app",
        &[
            "domain",
            "catalogue",
            "intake",
            "matching",
            "policy",
            "vault",
            "translog",
            "reserve",
            "store",
        ],
    ),
    ("synth", &["domain", "catalogue"]),
    // Another service's word about who somebody is; what it is worth here is decided in `app`.
    ("oidc", &["domain"]),
    // For whoever checks from outside: it must not need the system.
    ("chengdang-verify", &["translog"]),
    (
        "web",
        &["domain", "catalogue", "policy", "translog", "store", "app", "oidc"],
    ),
    (
        "chengdang",
        &[
            "domain",
            "catalogue",
            "intake",
            "confine",
            "matching",
            "policy",
            "vault",
            "translog",
            "token",
            "reserve",
            "store",
            "store-sqlite",
            "store-postgres",
            "app",
            "synth",
            "oidc",
            "web",
        ],
    ),
    // For tests only: nothing that is shipped may use it.
    ("amnesia", &[]),
    ("xtask", &[]),
];

/// A family of packages that only some crates may name.
struct Tongue {
    what: &'static str,
    names: &'static [&'static str],
    rooms: &'static [&'static str],
    /// Crates whose tests may name it too, because they look at the system from outside.
    test_rooms: &'static [&'static str],
}

const TONGUES: &[Tongue] = &[
    Tongue {
        what: "Cedar",
        names: &["cedar-policy", "cedar-policy-core", "cedar-policy-symcc"],
        rooms: &["policy", "floor"],
        test_rooms: &[],
    },
    Tongue {
        what: "ciphers",
        names: &[
            "aes",
            "aes-gcm",
            "aws-lc-rs",
            "aws-lc-sys",
            "chacha20poly1305",
            "ed25519-dalek",
            "hkdf",
            "hmac",
            "openssl",
            "p256",
            "ring",
            "rsa",
            "sm2",
            "sm3",
            "sm4",
        ],
        rooms: &["vault"],
        // Their tests play a foreign identity provider, with keys of its own.
        test_rooms: &["oidc", "web"],
    },
    Tongue {
        what: "PKCS#11",
        names: &["cryptoki", "cryptoki-sys"],
        rooms: &["token"],
        test_rooms: &[],
    },
    Tongue {
        what: "databases",
        names: &[
            "deadpool-postgres",
            "diesel",
            "postgres",
            "refinery",
            "rusqlite",
            "sqlx",
            "tokio-postgres",
        ],
        rooms: &["store-sqlite", "store-postgres"],
        // Their tests break or count tables from outside.
        test_rooms: &["app", "chengdang", "amnesia"],
    },
    Tongue {
        what: "HTTP",
        names: &[
            "axum",
            "axum-extra",
            "hyper",
            "tower",
            "tower-http",
            "utoipa",
            "utoipa-axum",
        ],
        rooms: &["web"],
        test_rooms: &["chengdang", "oidc"],
    },
    Tongue {
        what: "asking by HTTP",
        names: &["attohttpc", "isahc", "minreq", "reqwest", "ureq"],
        rooms: &["chengdang", "oidc"],
        test_rooms: &[],
    },
    Tongue {
        what: "TLS and OpenID Connect",
        names: &["jsonwebtoken", "native-tls", "oauth2", "openidconnect", "rustls"],
        rooms: &["oidc"],
        test_rooms: &[],
    },
];

/// Crates that do no I/O, read no clock and no environment and hold no `async`.
const PURE: &[&str] = &["domain", "intake", "matching"];

const IMPURE_WORDS: &[&str] = &[
    "async fn",
    "std::env",
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "Instant::now",
    "SystemTime",
];

/// Edges between our own crates. What only tests use may point anywhere: it is not in the binary.
pub(super) fn edges(packages: &Packages) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in packages.own() {
        let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == package.name) else {
            findings.push(Finding::new(
                place(package),
                "the crate has no layer: give it a row in xtask/src/tidy/layers.rs and in ARCHITECTURE.md",
            ));
            continue;
        };
        for dependency in package
            .dependencies
            .iter()
            .filter(|dependency| !dependency.is_for_tests())
        {
            if packages.is_own(&dependency.name) && !allowed.contains(&dependency.name.as_str()) {
                let message = format!(
                    "{} must not use {}: an edge points only downwards",
                    package.name, dependency.name
                );
                findings.push(Finding::new(place(package), message));
            }
        }
    }
    findings
}

/// Dependencies that only certain crates may name.
pub(super) fn guarded(packages: &Packages) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in packages.own() {
        for dependency in &package.dependencies {
            let Some(tongue) = TONGUES
                .iter()
                .find(|tongue| tongue.names.contains(&dependency.name.as_str()))
            else {
                continue;
            };
            let name = package.name.as_str();
            let in_tests = dependency.is_for_tests() && tongue.test_rooms.contains(&name);
            if !tongue.rooms.contains(&name) && !in_tests {
                let rooms = tongue.rooms.join(" and ");
                let message = format!("{} is {}: only {rooms} may name it", dependency.name, tongue.what);
                findings.push(Finding::new(place(package), message));
            }
        }
    }
    findings
}

/// Words in pure crates that reach outside.
pub(super) fn purity(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.shipped_rust() {
        let Some(name) = file.crate_name().filter(|name| PURE.contains(name)) else {
            continue;
        };
        for (number, line) in file.shipped_lines() {
            for word in IMPURE_WORDS.iter().filter(|word| line.contains(**word)) {
                let message = format!("{name} is pure and must not say `{word}`: take it as a parameter");
                findings.push(Finding::new(format!("{}:{number}", file.path), message));
            }
        }
    }
    findings
}

fn place(package: &Package) -> String {
    if package.name == "xtask" {
        "xtask/Cargo.toml".to_owned()
    } else {
        format!("crates/{}/Cargo.toml", package.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_upwards_is_found() {
        let packages = Packages::of(&[("domain", &[("store", None)]), ("store", &[("domain", None)])]);
        let findings = edges(&packages);
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert!(findings[0].message.starts_with("domain must not use store"));
    }

    #[test]
    fn app_receives_stores_and_names_none() {
        let packages = Packages::of(&[("app", &[("store-sqlite", None)]), ("store-sqlite", &[])]);
        assert_eq!(edges(&packages).len(), 1);
        let in_tests = Packages::of(&[("app", &[("store-sqlite", Some("dev"))]), ("store-sqlite", &[])]);
        assert_eq!(edges(&in_tests), []);
    }

    #[test]
    fn a_crate_without_a_layer_is_found() {
        assert_eq!(edges(&Packages::of(&[("helpers", &[])])).len(), 1);
    }

    #[test]
    fn each_tongue_has_its_room() {
        let rooms = Packages::of(&[
            ("policy", &[("cedar-policy", None)]),
            ("vault", &[("aws-lc-rs", None)]),
            ("store-sqlite", &[("rusqlite", None)]),
            ("web", &[("axum", None)]),
            ("chengdang", &[("rusqlite", Some("dev"))]),
        ]);
        assert_eq!(guarded(&rooms), []);
        for (crate_name, dependency) in [
            ("app", "cedar-policy"),
            ("store", "rusqlite"),
            ("chengdang", "tokio-postgres"),
            ("app", "hmac"),
            ("app", "axum"),
        ] {
            assert_eq!(
                guarded(&Packages::of(&[(crate_name, &[(dependency, None)])])).len(),
                1,
                "{crate_name} {dependency}"
            );
        }
        // A pure crate's tests have no business there either.
        assert_eq!(
            guarded(&Packages::of(&[("intake", &[("rusqlite", Some("dev"))])])).len(),
            1
        );
    }

    #[test]
    fn a_pure_crate_that_reads_files_is_found() {
        let dirty = "use std::fs::File;\n// std::env is named in a comment only\n";
        let tree = Tree::of(&[("crates/intake/src/read.rs", dirty), ("crates/app/src/lib.rs", dirty)]);
        let findings = purity(&tree);
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_eq!(findings[0].place, "crates/intake/src/read.rs:1");
    }
}
