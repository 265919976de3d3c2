//! Codes of refusals, and why policies are not loaded.

use std::io;
use std::path::PathBuf;

/// Every code of this crate with one line of meaning, for the error index. Never reused.
pub const CODES: [(&str, &str); 40] = [
    ("POLICY-0001", "no policy permits it"),
    ("POLICY-0002", "this kind of account has no such action"),
    (
        "POLICY-0003",
        "the account is incomplete: an officer without an organisation, or another with one",
    ),
    ("POLICY-0004", "the request does not fit the schema of the policies"),
    ("POLICY-0005", "a policy could not be evaluated"),
    ("POLICY-0101", "it needs the second factor of the login"),
    ("POLICY-0102", "another organisation answers for it"),
    ("POLICY-0103", "the organisation is not a provider of the item"),
    ("POLICY-0104", "it belongs to another person"),
    ("POLICY-0105", "no verified officer stands behind the system's request"),
    ("POLICY-0106", "a second person must do this"),
    ("POLICY-0107", "there is no live power of attorney"),
    ("POLICY-0201", "the purpose is not in force"),
    ("POLICY-0202", "the organisation may not ask for this purpose"),
    ("POLICY-0203", "no items are asked for, or items beyond the purpose"),
    ("POLICY-0204", "no matter is in hand"),
    ("POLICY-0205", "no legal ground is named"),
    ("POLICY-0206", "the comparison programme is not in force"),
    ("POLICY-0207", "the batch has more rows than its programme allows"),
    ("POLICY-0301", "nothing is disclosed without a durable trace"),
    (
        "POLICY-0302",
        "the person locked the file and no statute compels the look-up",
    ),
    ("POLICY-0303", "the caller has a relation to the person"),
    ("POLICY-0304", "no live consent for this recipient, purpose and items"),
    ("POLICY-0305", "an employer is no recipient"),
    ("POLICY-0306", "the record is not shown to others"),
    ("POLICY-0401", "the measure is not in force"),
    ("POLICY-0402", "the measure is not linked to a fact"),
    ("POLICY-0403", "the person has not been given notice"),
    ("POLICY-0404", "the person's time to reply is not over"),
    ("POLICY-0405", "the measure is not decided and served"),
    ("POLICY-0406", "the decider reports to the proposer"),
    ("POLICY-0501", "an emergency needs a typed reason"),
    ("POLICY-0502", "an emergency is open for too long"),
    ("POLICY-0901", "a file of policies cannot be read"),
    ("POLICY-0902", "a file of policies or the schema is not well formed"),
    ("POLICY-0903", "a policy does not validate against the schema"),
    ("POLICY-0904", "an annotation is missing or wrong"),
    (
        "POLICY-0905",
        "a policy stands in the file of another action, or names none",
    ),
    ("POLICY-0906", "a file belongs to no action"),
    ("POLICY-0907", "two policies share an id"),
];

/// Codes that a `forbid` may give in its annotation `@refusal`.
pub(crate) const REFUSALS_OF_POLICIES: [&str; 28] = [
    "POLICY-0101",
    "POLICY-0102",
    "POLICY-0103",
    "POLICY-0104",
    "POLICY-0105",
    "POLICY-0106",
    "POLICY-0107",
    "POLICY-0201",
    "POLICY-0202",
    "POLICY-0203",
    "POLICY-0204",
    "POLICY-0205",
    "POLICY-0206",
    "POLICY-0207",
    "POLICY-0301",
    "POLICY-0302",
    "POLICY-0303",
    "POLICY-0304",
    "POLICY-0305",
    "POLICY-0306",
    "POLICY-0401",
    "POLICY-0402",
    "POLICY-0403",
    "POLICY-0404",
    "POLICY-0405",
    "POLICY-0406",
    "POLICY-0501",
    "POLICY-0502",
];

/// Codes of refusals that depend on the person who is asked about, not on the caller (R12).
pub(crate) const REFUSALS_BY_PERSON: [&str; 4] = ["POLICY-0302", "POLICY-0303", "POLICY-0304", "POLICY-0306"];

/// Why the policies are not loaded. None is loaded then: without policies nothing is permitted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// A file or the directory cannot be read.
    #[error("POLICY-0901 cannot read {path}: {kind}", path = path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// The system's error class.
        kind: io::ErrorKind,
    },
    /// A file is not Cedar.
    #[error("POLICY-0902 {file} is not well formed: {message}")]
    Form {
        /// File name.
        file: String,
        /// What the parser says.
        message: String,
    },
    /// A policy contradicts the schema, or can never apply.
    #[error("POLICY-0903 {file} does not validate against the schema: {message}")]
    Invalid {
        /// File name.
        file: String,
        /// What the validator says, all of it.
        message: String,
    },
    /// An annotation is missing or wrong.
    #[error("POLICY-0904 {file}, policy {policy}: {what}")]
    Annotation {
        /// File name.
        file: String,
        /// Id of the policy, or its place in the file.
        policy: String,
        /// What is wrong.
        what: &'static str,
    },
    /// A policy is not about the action of its file.
    #[error("POLICY-0905 {file}, policy {policy}: it must be about {action} and nothing else")]
    OtherAction {
        /// File name.
        file: String,
        /// Id of the policy.
        policy: String,
        /// The action of the file.
        action: &'static str,
    },
    /// A policy file belongs to no action, so nobody would ask it.
    #[error("POLICY-0906 {file} belongs to no action")]
    Stray {
        /// File name.
        file: String,
    },
    /// Two policies share an id, so a permit could not name which decided.
    #[error("POLICY-0907 the id {policy} is given twice")]
    SharedId {
        /// The id.
        policy: String,
    },
}

impl PolicyError {
    /// The public code; see `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Io { .. } => "POLICY-0901",
            Self::Form { .. } => "POLICY-0902",
            Self::Invalid { .. } => "POLICY-0903",
            Self::Annotation { .. } => "POLICY-0904",
            Self::OtherAction { .. } => "POLICY-0905",
            Self::Stray { .. } => "POLICY-0906",
            Self::SharedId { .. } => "POLICY-0907",
        }
    }

    /// What to do about it.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::Io { .. } => {
                "check the path of the policies in the configuration and that the service user may read it"
            }
            Self::Form { .. } | Self::Invalid { .. } => "correct the file, or restore the policies of this version",
            Self::Annotation { .. } => {
                "give every policy @id, @article and @reason, and every forbid a @refusal that is documented"
            }
            Self::OtherAction { .. } => "move the policy into the file of its action",
            Self::Stray { .. } => "remove the file, or name it after an action",
            Self::SharedId { .. } => "give each policy an id of its own",
        }
    }
}
