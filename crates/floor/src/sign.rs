//! The signed bundle that the server checks.

use std::path::Path;

use policy::{Bundle, Policies, Proved, Statement, theorems_version};
use vault::Vault;

use crate::{FloorError, Report, Theorem};

/// The key of whoever proves; made when there is none yet. A key file of its own, apart from the keys of any installation.
///
/// # Errors
///
/// [`FloorError::Io`] if the file can neither be read nor written, or others may read it.
pub fn proof_key(path: &Path) -> Result<Vault, FloorError> {
    let io = |cause: &dyn ToString| FloorError::Io {
        path: path.display().to_string(),
        cause: cause.to_string(),
    };
    if !path.exists() {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| io(&error))?;
        }
        Vault::create(path).map_err(|error| io(&error))?;
    }
    Vault::open(path).map_err(|error| io(&error))
}

/// What `report` says of `policies`, signed by `key`.
///
/// # Errors
///
/// [`FloorError::Refuted`] if not all is proved: there is no bundle of that.
pub fn signed(
    report: &Report,
    theorems: &[Theorem],
    policies: &Policies,
    solver: &str,
    made_at: &str,
    key: &Vault,
) -> Result<Bundle, FloorError> {
    if !report.is_proved() {
        return Err(FloorError::Refuted(report.counterexamples.len() + report.closed.len()));
    }
    let proved = |theorem: &Theorem| {
        let (environments, time) = report.asked.get(&theorem.id).copied().unwrap_or_default();
        Proved {
            id: theorem.id.clone(),
            serves: theorem.serves.clone(),
            article: theorem.article.clone(),
            zh: theorem.zh.clone(),
            en: theorem.en.clone(),
            environments,
            ms: u64::try_from(time.as_millis()).unwrap_or(u64::MAX),
        }
    };
    let statement = Statement {
        policies: policies.version().to_owned(),
        theorems_version: theorems_version(),
        prover: concat!("chengdang-floor ", env!("CARGO_PKG_VERSION")).to_owned(),
        solver: solver.to_owned(),
        made_at: made_at.to_owned(),
        environments: report.environments,
        never_erring: report.never_erring,
        theorems: theorems.iter().map(proved).collect(),
    };
    let signature = hex::encode(key.sign(&statement.message()));
    Ok(Bundle {
        key: hex::encode(key.public_key()),
        signature,
        statement,
    })
}
