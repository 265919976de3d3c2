//! The proof that these policies keep the rights floor: made by the prover, signed, and checked here before the policies
//! are used. The theorems are part of the program, so that no installation runs without them; the policies are data.

use std::path::Path;
use std::{fs, io};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::Policies;

/// Where the bundle lies, in the folder of the policies.
pub const BUNDLE_FILE: &str = "floor/bundle.json";

/// Files of the theorems and their contents.
pub const THEOREMS: [(&str, &str); 6] = [
    ("consent.cedar", include_str!("../../../policies/floor/consent.cedar")),
    ("looking.cedar", include_str!("../../../policies/floor/looking.cedar")),
    ("measures.cedar", include_str!("../../../policies/floor/measures.cedar")),
    ("offices.cedar", include_str!("../../../policies/floor/offices.cedar")),
    ("own.cedar", include_str!("../../../policies/floor/own.cedar")),
    ("records.cedar", include_str!("../../../policies/floor/records.cedar")),
];

/// Label of what is signed: a signature over something else is none over a bundle.
const LABEL: &[u8] = b"chengdang floor proof v1\n";

/// SHA-256 over names and contents of the theorems, hex.
#[must_use]
pub fn theorems_version() -> String {
    let mut digest = Sha256::new();
    for part in THEOREMS.iter().flat_map(|(name, text)| [name, text]) {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    hex::encode(digest.finalize())
}

/// A signed proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// What was proved.
    pub statement: Statement,
    /// Ed25519 key of whoever proved it, hex.
    pub key: String,
    /// Signature over [`Statement::message`], hex.
    pub signature: String,
}

/// What was proved, of which policies, by what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// [`Policies::version`] of the policies.
    pub policies: String,
    /// [`theorems_version`].
    pub theorems_version: String,
    /// The prover and its version.
    pub prover: String,
    /// The solver and its version.
    pub solver: String,
    /// When, RFC 3339.
    pub made_at: String,
    /// Kinds of request that were looked at: caller, action, thing.
    pub environments: usize,
    /// Policies that were proved never to err, each in each of its environments.
    pub never_erring: usize,
    /// The theorems.
    pub theorems: Vec<Proved>,
}

/// A theorem that was proved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proved {
    /// Id.
    pub id: String,
    /// The rules of the floor that it serves.
    pub serves: String,
    /// Articles.
    pub article: String,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
    /// Environments in which it was proved; in the others it says nothing.
    pub environments: usize,
    /// Time it took, milliseconds.
    pub ms: u64,
}

impl Statement {
    /// The bytes that are signed: a label and the statement as compact JSON, fields in this order.
    #[must_use]
    pub fn message(&self) -> Vec<u8> {
        let mut message = LABEL.to_vec();
        // A struct of texts and numbers always has a JSON form.
        message.extend(serde_json::to_vec(self).unwrap_or_default());
        message
    }
}

/// Why a proof is not accepted, so that the policies are not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// There is none.
    #[error("POLICY-0911 the proof bundle {path} cannot be read: {kind}")]
    Missing {
        /// Where it should lie.
        path: String,
        /// The system's error class.
        kind: io::ErrorKind,
    },
    /// It is not a bundle.
    #[error("POLICY-0912 the proof bundle is not well formed: {0}")]
    Form(String),
    /// It is about other policies.
    #[error("POLICY-0913 the proof is about other policies than those that are loaded ({proved} instead of {loaded})")]
    OtherPolicies {
        /// Version that was proved.
        proved: String,
        /// Version that is loaded.
        loaded: String,
    },
    /// It is about other theorems.
    #[error("POLICY-0914 the proof is about other theorems than those of this version of the program")]
    OtherTheorems,
    /// A theorem stands in it without a proof, or is missing.
    #[error("POLICY-0915 the proof lacks the theorem {0}")]
    Unproved(String),
    /// It is signed by nobody whom the configuration names, or not signed at all.
    #[error("POLICY-0916 the proof is not signed by a key that the configuration names")]
    Signature,
}

impl BundleError {
    /// The public code; see `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "POLICY-0911",
            Self::Form(_) => "POLICY-0912",
            Self::OtherPolicies { .. } => "POLICY-0913",
            Self::OtherTheorems => "POLICY-0914",
            Self::Unproved(_) => "POLICY-0915",
            Self::Signature => "POLICY-0916",
        }
    }

    /// What to do about it.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::Missing { .. } | Self::Form(_) => {
                "restore the bundle of this version, or make one: chengdang floor prove"
            }
            Self::OtherPolicies { .. } => {
                "restore the policies that were proved, or prove the changed ones: chengdang floor prove"
            }
            Self::OtherTheorems | Self::Unproved(_) => "prove the policies with this version: chengdang floor prove",
            Self::Signature => {
                "name the key of whoever proves in `floor_keys`, or prove with a key that is named there"
            }
        }
    }
}

/// How a signature is checked: key, message, signature.
pub type Check<'a> = &'a dyn Fn(&[u8; 32], &[u8], &[u8; 64]) -> bool;

/// Ids of the theorems that must be proved.
fn theorem_ids() -> impl Iterator<Item = &'static str> {
    let lines = THEOREMS.iter().flat_map(|(_, text)| text.lines());
    lines.filter_map(|line| line.strip_prefix("@id(\"")?.strip_suffix("\")"))
}

impl Bundle {
    /// Reads the bundle that lies beside the policies in `directory`.
    ///
    /// # Errors
    ///
    /// [`BundleError::Missing`] or [`BundleError::Form`].
    pub fn read(directory: &Path) -> Result<Self, BundleError> {
        let path = directory.join(BUNDLE_FILE);
        let text = fs::read_to_string(&path).map_err(|error| BundleError::Missing {
            path: path.display().to_string(),
            kind: error.kind(),
        })?;
        Self::parse(&text)
    }

    /// Reads a bundle.
    ///
    /// # Errors
    ///
    /// [`BundleError::Form`].
    pub fn parse(text: &str) -> Result<Self, BundleError> {
        serde_json::from_str(text).map_err(|error| BundleError::Form(error.to_string()))
    }

    /// Checks that the bundle proves all theorems for `policies`, under one of `keys` (hex).
    ///
    /// # Errors
    ///
    /// [`BundleError`] otherwise: then the policies must not be used.
    pub fn check(&self, policies: &Policies, keys: &[String], verify: Check<'_>) -> Result<(), BundleError> {
        let statement = &self.statement;
        if statement.policies != policies.version() {
            return Err(BundleError::OtherPolicies {
                proved: statement.policies.clone(),
                loaded: policies.version().to_owned(),
            });
        }
        if statement.theorems_version != theorems_version() {
            return Err(BundleError::OtherTheorems);
        }
        if let Some(id) = theorem_ids().find(|id| !statement.theorems.iter().any(|proved| proved.id == *id)) {
            return Err(BundleError::Unproved(id.to_owned()));
        }
        let named = keys.iter().any(|key| key.eq_ignore_ascii_case(&self.key));
        let (mut key, mut signature) = ([0; 32], [0; 64]);
        let is_whole = hex::decode_to_slice(&self.key, &mut key).is_ok()
            && hex::decode_to_slice(&self.signature, &mut signature).is_ok();
        if named && is_whole && verify(&key, &statement.message(), &signature) {
            Ok(())
        } else {
            Err(BundleError::Signature)
        }
    }
}
