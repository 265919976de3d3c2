//! Proofs of the looks at the own number, for a check that needs nothing else of us (R6).

use app::own_looks::{self, OwnEntry, OwnProofs, Way};
use axum::Json;
use axum::extract::State;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use policy::ReadOwnLookUps;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::me_looks::{Part, WireStep};
use crate::fault::Fault;
use crate::forms::ApiQuery;
use crate::problem::Problem;
use crate::session::Bearer;
use crate::state::WebState;

/// Entries of the log about the own number, with their places in the published tree: at most 1,000 looks, and rows of 100 blocks of
/// comparisons.
#[derive(Serialize, ToSchema)]
pub(crate) struct WireProofs {
    /// Key of the log (C2SP signed-note); compare it with the one that is published elsewhere.
    log: String,
    /// Keys of its witnesses.
    witnesses: Vec<String>,
    /// How many of them cosign a checkpoint before it is published.
    quorum: usize,
    /// Checkpoint that all the paths lead to; not there before the first was published.
    #[serde(skip_serializing_if = "Option::is_none")]
    checkpoint: Option<String>,
    /// Entries, newest look first; then rows of comparisons, newest first.
    entries: Vec<WireProven>,
    /// Asks for the next part as `before`.
    #[serde(skip_serializing_if = "Option::is_none")]
    older: Option<i64>,
    /// Asks for the next part of rows of comparisons as `before_compared`.
    #[serde(skip_serializing_if = "Option::is_none")]
    older_compared: Option<i64>,
}

/// An entry, and its place once it is published. A row of a comparison and what it was answered lie under an entry of the log, which
/// is the block's: `steps` lead there, and the place is that entry's. The header of a block has no place: the row's content names
/// its hash as `header`.
#[derive(Serialize, ToSchema)]
pub(crate) struct WireProven {
    /// The look it belongs to.
    look: Uuid,
    /// Label of the entry.
    label: &'static str,
    /// SHA-256 over label, nonce and content, each after its length; hex.
    entry_hash: String,
    /// Nonce, hex; not there once the content is erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<String>,
    /// Content, byte for byte as hashed.
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<String>,
    /// Trees of RFC 6962 (SHA-256): the hash is a leaf of the first, its root one of the second, whose root is the log's entry.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    steps: Vec<WireStep>,
    /// Hash of the row whose content names this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    named_by: Option<String>,
    /// Number of the entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<u64>,
    /// What the tree hashes, base64: version, kind, moment, hash of the log's entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    leaf: Option<String>,
    /// From the leaf's sibling to the root's child, base64.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    path: Vec<String>,
}

impl From<OwnProofs> for WireProofs {
    fn from(own: OwnProofs) -> Self {
        let entries = own.entries.into_iter().zip(own.proofs.places);
        let entries = entries.map(|(OwnEntry { look, proof, way }, place)| {
            let (steps, named_by) = match way {
                Way::Entry => (Vec::new(), None),
                Way::Within(path) => (path.steps, None),
                Way::NamedBy(hash) => (Vec::new(), Some(hex::encode(hash))),
            };
            WireProven {
                look,
                label: proof.label,
                entry_hash: hex::encode(proof.entry_hash),
                nonce: proof.entry.as_ref().map(|entry| hex::encode(entry.nonce)),
                content: proof.entry.map(|entry| entry.content),
                steps: steps.into_iter().map(WireStep::from).collect(),
                named_by,
                index: place.as_ref().map(|place| place.index),
                leaf: place.as_ref().map(|place| STANDARD.encode(&place.leaf)),
                path: place
                    .map(|place| place.path.iter().map(|hash| STANDARD.encode(hash)).collect())
                    .unwrap_or_default(),
            }
        });
        Self {
            log: own.proofs.log,
            witnesses: own.proofs.witnesses,
            quorum: own.proofs.quorum,
            checkpoint: own.proofs.checkpoint,
            entries: entries.collect(),
            older: own.older,
            older_compared: own.older_compared,
        }
    }
}

/// What proves the looks at the own number, as a file that `chengdang-verify entries` checks without access to the system. An
/// entry has its place once it is published, within seconds.
#[utoipa::path(
    get, path = "/api/v1/me/look-ups/proofs", tag = "me", operation_id = "getOwnProofs",
    security(("bearer" = [])), params(Part),
    responses(
        (status = 200, description = "Entries and their proofs.", body = WireProofs),
        (status = 400, description = "A parameter is wrong.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not a resident's session.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The trace could not be written, so nothing was read.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list(
    State(state): State<WebState>,
    caller: Bearer,
    ApiQuery(part): ApiQuery<Part>,
) -> Result<Json<WireProofs>, Fault> {
    let asked = ReadOwnLookUps {
        account: caller.session.account,
    };
    let permit = state.app.policies().decide(&caller.session.caller, asked)?;
    let proofs = own_looks::proofs(&state.app, &permit, part.into()).await?;
    Ok(Json(proofs.into()))
}
