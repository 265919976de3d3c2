//! What the vault answers when it refuses or fails. No variant carries a key, a plaintext or a ciphertext.

use std::io;
use std::path::PathBuf;

use crate::KeyName;

/// A refusal or failure of the vault.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// There is a file already where a key file should be made.
    #[error("VAULT-0001 {path} exists already and is not overwritten", path = path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The operating system refused an access to the key file or its directory.
    #[error("VAULT-0002 cannot {act} {path}: {kind}", path = path.display())]
    Io {
        /// What was tried, such as `read`.
        act: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The system's error class.
        kind: io::ErrorKind,
    },
    /// Others than the owner have a right on the key file.
    #[error("VAULT-0003 {path} is open to group or others (mode {mode:03o})", path = path.display())]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The key file belongs to another user than the one that runs this process.
    #[error("VAULT-0004 {path} belongs to user {owner}, and this process runs as user {user}", path = path.display())]
    ForeignOwner {
        /// The file.
        path: PathBuf,
        /// Its owner.
        owner: u32,
        /// The effective user of the process.
        user: u32,
    },
    /// A directory on the way to the key file lets everybody replace what lies in it.
    #[error("VAULT-0005 everybody may write to {directory}, which leads to the key file", directory = directory.display())]
    UnsafeDirectory {
        /// The directory.
        directory: PathBuf,
    },
    /// The file is not a key file, or was cut or altered.
    #[error("VAULT-0006 the key file is damaged: {what}")]
    Damaged {
        /// What is wrong, without contents.
        what: &'static str,
    },
    /// The file was written by a later version or for another suite of ciphers.
    #[error("VAULT-0007 this version cannot use the key file: {what}")]
    Unsupported {
        /// What is not known.
        what: &'static str,
    },
    /// A rotation was asked for while the last one is unfinished.
    #[error("VAULT-0008 the version before of key `{key}` is live still")]
    RotationUnfinished {
        /// Which key.
        key: KeyName,
    },
    /// There is only one version of the key, which cannot be retired.
    #[error("VAULT-0009 only one version of key `{key}` is live, and it is in use")]
    NothingToRetire {
        /// Which key.
        key: KeyName,
    },
    /// Another process is changing the key file, or died while it did.
    #[error("VAULT-0010 {path} is there: another process is changing the key file", path = path.display())]
    Busy {
        /// The unfinished copy.
        path: PathBuf,
    },
    /// The secret was wrapped under a key that this key file does not hold.
    #[error("VAULT-0011 the secret was wrapped under key version {version}, which this key file does not hold")]
    UnknownKeyVersion {
        /// The version that is missing.
        version: u16,
    },
    /// The bytes do not open: altered, of another place or under another key. Which of them cannot be known.
    #[error("VAULT-0012 the sealed bytes do not open here: altered, moved from another place, or of another key")]
    DoesNotOpen,
    /// A signature does not fit the message and the public key.
    #[error("VAULT-0013 the signature does not fit")]
    BadSignature,
    /// The cipher library or the system's random source failed.
    #[error("VAULT-0014 the cipher library failed: {what}")]
    Cipher {
        /// What was tried.
        what: &'static str,
    },
    /// The key file says that keys are in a token, and none is configured.
    #[error("VAULT-0015 the wrapping and signing keys are in a token, and none is configured")]
    NeedsToken,
    /// The module or the token in it was not found.
    #[error("VAULT-0016 the token cannot be reached: {what}")]
    TokenNotFound {
        /// What is missing.
        what: &'static str,
    },
    /// The token refused the PIN.
    #[error("VAULT-0017 the token refused the PIN")]
    PinRefused,
    /// The token lacks a key that the key file names.
    #[error("VAULT-0018 version {version} of a key is not in this token")]
    NotInToken {
        /// The version that is missing.
        version: u16,
    },
    /// The token refused or did not answer.
    #[error("VAULT-0019 the token failed: {what}")]
    TokenFailed {
        /// What was tried.
        what: &'static str,
    },
    /// The SM suite was asked for together with a token.
    #[error("VAULT-0020 the SM suite cannot be kept in a token: PKCS#11 has no mechanisms for SM2 and SM4")]
    SmInToken,
    /// A signature was asked for under a key that is not live.
    #[error("VAULT-0021 no live signing key has this public half")]
    UnknownSigner,
    /// A vault in memory has no file to change.
    #[error("VAULT-0022 these keys are in no file, so that they cannot be changed")]
    NoFile,
}

impl VaultError {
    /// The public code; see `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Exists { .. } => "VAULT-0001",
            Self::Io { .. } => "VAULT-0002",
            Self::OpenToOthers { .. } => "VAULT-0003",
            Self::ForeignOwner { .. } => "VAULT-0004",
            Self::UnsafeDirectory { .. } => "VAULT-0005",
            Self::Damaged { .. } => "VAULT-0006",
            Self::Unsupported { .. } => "VAULT-0007",
            Self::RotationUnfinished { .. } => "VAULT-0008",
            Self::NothingToRetire { .. } => "VAULT-0009",
            Self::Busy { .. } => "VAULT-0010",
            Self::UnknownKeyVersion { .. } => "VAULT-0011",
            Self::DoesNotOpen => "VAULT-0012",
            Self::BadSignature => "VAULT-0013",
            Self::Cipher { .. } => "VAULT-0014",
            Self::NeedsToken => "VAULT-0015",
            Self::TokenNotFound { .. } => "VAULT-0016",
            Self::PinRefused => "VAULT-0017",
            Self::NotInToken { .. } => "VAULT-0018",
            Self::TokenFailed { .. } => "VAULT-0019",
            Self::SmInToken => "VAULT-0020",
            Self::UnknownSigner => "VAULT-0021",
            Self::NoFile => "VAULT-0022",
        }
    }

    /// What to do about it.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::Exists { .. } => {
                "use that key file, or give another path; never delete a key file that data depends on"
            }
            Self::Io { .. } => {
                "check the path in the configuration, that the file exists, and that the service user owns it"
            }
            Self::OpenToOthers { .. } => "find out who may have read it, then run `chmod 600` on the key file",
            Self::ForeignOwner { .. } => {
                "run the service as the owner of the key file, or `chown` the file to the service user"
            }
            Self::UnsafeDirectory { .. } => "run `chmod o-w` on that directory, or keep the key file elsewhere",
            Self::Damaged { .. } => "restore the key file from its backup; a damaged one is never repaired by hand",
            Self::Unsupported { .. } => "run the version of chengdang that wrote the key file, or a later one",
            Self::RotationUnfinished { .. } => {
                "let `chengdang keys rotate` finish and run `chengdang keys retire` for it, then rotate again"
            }
            Self::NothingToRetire { .. } => "rotate first; a key is retired only after a newer one has taken over",
            Self::Busy { .. } => "wait for the other process; what a stopped one left behind is taken over",
            Self::UnknownKeyVersion { .. } => {
                "start with the key file that belongs to this database; an older backup lacks keys that were rotated since"
            }
            Self::DoesNotOpen => {
                "check that key file and database belong together; if they do, run `chengdang verify` and restore the row from backup"
            }
            Self::BadSignature => {
                "do not trust the document; fetch it again from its source, with the right public key"
            }
            Self::Cipher { .. } => "restart the service; if it stays, check that the machine's random source works",
            Self::NeedsToken => "set token.module, token.label and token.pin_file in the configuration",
            Self::TokenNotFound { .. } => {
                "check token.module and token.label, and that the token is plugged in or its service runs; without it nothing opens"
            }
            Self::PinRefused => "put the user PIN into token.pin_file; too many wrong ones lock the token",
            Self::NotInToken { .. } => {
                "connect the token that belongs to this key file, or restore the token from its own backup; a fresh one cannot open anything"
            }
            Self::TokenFailed { .. } => "look into the token's own log; restart its service, then this one",
            Self::SmInToken => {
                "leave the token out, or install with the international suite; a certified SM module is connected by its maker's library, which is not built in"
            }
            Self::UnknownSigner => "read the public keys anew: the signing key was rotated and the older one retired",
            Self::NoFile => "open a key file; a vault in memory is for tests",
        }
    }

    /// Every code with one line of meaning, for the error index.
    pub const CODES: [(&'static str, &'static str); 22] = [
        ("VAULT-0001", "a file exists where a key file should be made"),
        ("VAULT-0002", "the key file or its directory cannot be read or written"),
        ("VAULT-0003", "the key file is open to group or others"),
        ("VAULT-0004", "the key file belongs to another user"),
        (
            "VAULT-0005",
            "everybody may write to a directory that leads to the key file",
        ),
        ("VAULT-0006", "the key file is damaged"),
        ("VAULT-0007", "the key file is of a later version or another suite"),
        ("VAULT-0008", "the version before of a key is live still"),
        ("VAULT-0009", "the only version of a key cannot be retired"),
        ("VAULT-0010", "another process is changing the key file"),
        (
            "VAULT-0011",
            "a secret was wrapped under a key that is not in the key file",
        ),
        ("VAULT-0012", "sealed bytes do not open at this place under this key"),
        ("VAULT-0013", "a signature does not fit"),
        ("VAULT-0014", "the cipher library or the random source failed"),
        ("VAULT-0015", "the keys are in a token, and none is configured"),
        ("VAULT-0016", "the token cannot be reached"),
        ("VAULT-0017", "the token refused the PIN"),
        ("VAULT-0018", "a key is not in the token"),
        ("VAULT-0019", "the token failed"),
        ("VAULT-0020", "the SM suite cannot be kept in a token"),
        ("VAULT-0021", "no live signing key has this public half"),
        ("VAULT-0022", "a vault in memory cannot be changed"),
    ];
}
