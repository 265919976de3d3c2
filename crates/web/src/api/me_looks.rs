//! Who looked at me, and the lock. The person follows from the token (AB-01, AB-04).

use app::comparisons::{ComparedLook, ProofPath};
use app::locks;
use app::own_looks::{self, OwnLook, OwnLooks, Proof, Who};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use policy::{LockOwnFile, ReadOwnLookUps};
use serde::{Deserialize, Serialize};
use store::TraceOutcome;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::wire::{WireText, rfc3339};
use crate::fault::Fault;
use crate::forms::{ApiJson, ApiQuery, PathId};
use crate::problem::Problem;
use crate::session::Bearer;
use crate::state::WebState;

/// Which part of the list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Part {
    /// From `older` of the page before.
    pub(crate) before: Option<i64>,
    /// From `older_compared` of the page before.
    pub(crate) before_compared: Option<i64>,
    /// Own reads too.
    #[serde(default)]
    pub(crate) own: bool,
}

impl From<Part> for own_looks::Part {
    fn from(part: Part) -> Self {
        Self {
            before: part.before,
            before_compared: part.before_compared,
            with_own: part.own,
        }
    }
}

/// Looks at the own number, newest first.
#[derive(Serialize, ToSchema)]
pub(super) struct WireLooks {
    /// Looks.
    looks: Vec<WireLook>,
    /// Asks for the next page as `before`.
    #[serde(skip_serializing_if = "Option::is_none")]
    older: Option<i64>,
    /// Rows of comparisons about the own number.
    compared: Vec<WireComparedRow>,
    /// Asks for the next page of these as `before_compared`.
    #[serde(skip_serializing_if = "Option::is_none")]
    older_compared: Option<i64>,
    /// Until when look-ups are withheld under a cited law, one entry each; they appear by themselves.
    withheld_until: Vec<String>,
    /// Whether the own records are locked.
    is_locked: bool,
    /// Moment of reading.
    as_of: String,
}

/// A look.
#[derive(Serialize, ToSchema)]
pub(super) struct WireLook {
    /// Id.
    id: Uuid,
    /// When.
    at: String,
    /// `self`, `review` or `look_up`.
    kind: &'static str,
    /// Organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    organisation: Option<WireText>,
    /// Handle of the official, the same for all looks of this official; the name is told on complaint.
    #[serde(skip_serializing_if = "Option::is_none")]
    official: Option<String>,
    /// Whether a department's system asked.
    is_by_system: bool,
    /// Purpose.
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<WireText>,
    /// Statute of the purpose.
    #[serde(skip_serializing_if = "Option::is_none")]
    statute: Option<String>,
    /// Legal ground as the officer named it.
    #[serde(skip_serializing_if = "Option::is_none")]
    legal_ground: Option<String>,
    /// Matter number.
    #[serde(skip_serializing_if = "Option::is_none")]
    matter_no: Option<String>,
    /// Items asked for, with the number of records shown.
    items: Vec<WireAsked>,
    /// `disclosed`, `nothing`, `refused` or `unknown`; `unknown` counts as disclosed.
    outcome: &'static str,
    /// Until when the officer has to say what came of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    close_by: Option<String>,
    /// `not_used` or `proceeding`.
    #[serde(skip_serializing_if = "Option::is_none")]
    closed: Option<&'static str>,
    /// Number of the proceeding.
    #[serde(skip_serializing_if = "Option::is_none")]
    proceeding: Option<String>,
    /// Whether this person complained of it.
    is_complained_of: bool,
    /// What proves it.
    proofs: Vec<WireProof>,
}

/// A row of a comparison: somebody asked about many persons at once, and about this one.
#[derive(Serialize, ToSchema)]
pub(super) struct WireComparedRow {
    /// Id.
    id: Uuid,
    /// When.
    at: String,
    /// Organisation.
    organisation: WireText,
    /// Handle of the official.
    official: String,
    /// Whether a department's system asked.
    is_by_system: bool,
    /// Programme under which it was asked.
    programme: Uuid,
    /// What the programme is for.
    aim: String,
    /// Purpose.
    purpose: WireText,
    /// Statute of the programme.
    #[serde(skip_serializing_if = "Option::is_none")]
    statute: Option<String>,
    /// Matter number.
    #[serde(skip_serializing_if = "Option::is_none")]
    matter_no: Option<String>,
    /// Items asked for, with what was said.
    items: Vec<WireFlag>,
    /// `disclosed` (that there is something), `nothing`, `refused` or `unknown`; `unknown` counts as disclosed.
    outcome: &'static str,
    /// Whether this person complained of it.
    is_complained_of: bool,
    /// What proves it: the header, which the row names by its hash, then the row, then its answer.
    proofs: Vec<WireRowProof>,
}

/// What was said of an item: never a fact.
#[derive(Serialize, ToSchema)]
pub(super) struct WireFlag {
    /// Its name.
    name: WireText,
    /// Whether the officer was told to open the file by a single look-up; not there if that is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_open: Option<bool>,
}

/// A commitment with its way to an entry of the log.
#[derive(Serialize, ToSchema)]
pub(super) struct WireRowProof {
    /// The commitment.
    #[serde(flatten)]
    proof: WireProof,
    /// The way to the log's entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<WirePath>,
}

/// Trees of RFC 6962 (SHA-256): the hash is a leaf of the first step, its root one of the second, whose root is the log's entry.
#[derive(Serialize, ToSchema)]
pub(super) struct WirePath {
    /// Steps.
    steps: Vec<WireStep>,
    /// Hash of the log's entry, hex. Its place is in the file of proofs.
    log_entry_hash: String,
}

/// A step.
#[derive(Serialize, ToSchema)]
pub(crate) struct WireStep {
    /// Place of the leaf.
    index: u64,
    /// Number of leaves.
    size: u64,
    /// From the leaf's sibling to the root's child, hex.
    hashes: Vec<String>,
}

impl From<translog::SubtreePath> for WireStep {
    fn from(step: translog::SubtreePath) -> Self {
        Self {
            index: step.index,
            size: step.size,
            hashes: step.hashes.iter().map(hex::encode).collect(),
        }
    }
}

impl From<ProofPath> for WirePath {
    fn from(path: ProofPath) -> Self {
        Self {
            steps: path.steps.into_iter().map(WireStep::from).collect(),
            log_entry_hash: hex::encode(path.log_entry_hash),
        }
    }
}

impl From<ComparedLook> for WireComparedRow {
    fn from(look: ComparedLook) -> Self {
        let flag = |(name, is_open): (domain::catalogue::Text, _)| WireFlag {
            name: name.into(),
            is_open,
        };
        let proof = |(proof, path): (Proof, Option<ProofPath>)| WireRowProof {
            proof: proof.into(),
            path: path.map(WirePath::from),
        };
        Self {
            id: look.id,
            at: rfc3339(look.at),
            organisation: look.by.organisation.into(),
            official: look.by.official,
            is_by_system: look.by.is_by_system,
            programme: look.programme,
            aim: look.aim,
            purpose: look.by.purpose_name.into(),
            statute: look.by.legal_ground,
            matter_no: look.by.matter_no,
            items: look.items.into_iter().map(flag).collect(),
            outcome: look.outcome.map_or("unknown", TraceOutcome::as_str),
            is_complained_of: look.complaint.is_some(),
            proofs: look.proofs.into_iter().map(proof).collect(),
        }
    }
}

/// An item of a look-up.
#[derive(Serialize, ToSchema)]
pub(super) struct WireAsked {
    /// Its name.
    name: WireText,
    /// Records that were shown; not there if that is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    records: Option<usize>,
}

/// An entry of the log: the hash that the log holds is SHA-256 over label, nonce and content, each after its length.
#[derive(Serialize, ToSchema)]
pub(super) struct WireProof {
    /// Label of the entry.
    label: &'static str,
    /// Hash of the entry, hex.
    entry_hash: String,
    /// Nonce, hex; not there once the content is erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<String>,
    /// Content, byte for byte as hashed.
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<String>,
}

impl From<Proof> for WireProof {
    fn from(proof: Proof) -> Self {
        Self {
            label: proof.label,
            entry_hash: hex::encode(proof.entry_hash),
            nonce: proof.entry.as_ref().map(|entry| hex::encode(entry.nonce)),
            content: proof.entry.map(|entry| entry.content),
        }
    }
}

impl From<OwnLook> for WireLook {
    fn from(look: OwnLook) -> Self {
        let mut wire = Self {
            id: look.id,
            at: rfc3339(look.at),
            kind: "self",
            organisation: None,
            official: None,
            is_by_system: false,
            purpose: None,
            statute: None,
            legal_ground: None,
            matter_no: None,
            items: look
                .items
                .into_iter()
                .map(|(name, records)| WireAsked {
                    name: name.into(),
                    records,
                })
                .collect(),
            outcome: look.outcome.map_or("unknown", TraceOutcome::as_str),
            close_by: look.close_by.map(|day| day.to_string()),
            closed: look.closed.as_ref().map(|closed| closed.result.as_str()),
            proceeding: look.closed.and_then(|closed| closed.proceeding),
            is_complained_of: look.complaint.is_some(),
            proofs: look.proofs.into_iter().map(WireProof::from).collect(),
        };
        match look.who {
            Who::Own { .. } => {}
            Who::Review { organisation, official } => {
                wire.kind = "review";
                wire.organisation = Some(organisation.into());
                wire.official = Some(official);
            }
            Who::LookUp(by) => {
                wire.kind = "look_up";
                wire.organisation = Some(by.organisation.into());
                wire.official = Some(by.official);
                wire.is_by_system = by.is_by_system;
                wire.purpose = Some(by.purpose_name.into());
                wire.statute = by.statute.map(|basis| format!("{} {}", basis.document, basis.article));
                wire.legal_ground = by.legal_ground;
                wire.matter_no = by.matter_no;
            }
        }
        wire
    }
}

impl From<OwnLooks> for WireLooks {
    fn from(looks: OwnLooks) -> Self {
        Self {
            looks: looks.looks.into_iter().map(WireLook::from).collect(),
            older: looks.older,
            compared: looks.compared.into_iter().map(WireComparedRow::from).collect(),
            older_compared: looks.older_compared,
            withheld_until: looks.withheld_until.into_iter().map(rfc3339).collect(),
            is_locked: looks.is_locked,
            as_of: rfc3339(looks.as_of),
        }
    }
}

/// Who looked at the own number: when, which organisation, which official, for what, what was answered, how it was closed,
/// and what proves it. Look-ups of a person of whom nothing is held are among them.
#[utoipa::path(
    get, path = "/api/v1/me/look-ups", tag = "me", operation_id = "getOwnLookUps",
    security(("bearer" = [])), params(Part),
    responses(
        (status = 200, description = "A page of looks.", body = WireLooks),
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
) -> Result<Json<WireLooks>, Fault> {
    let asked = ReadOwnLookUps {
        account: caller.session.account,
    };
    let permit = state.app.policies().decide(&caller.session.caller, asked)?;
    let looks = own_looks::list(&state.app, &permit, part.into()).await?;
    Ok(Json(looks.into()))
}

/// What the person writes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WireComplaint {
    /// At most 1,000 characters; may be empty.
    #[serde(default)]
    words: String,
}

/// "I don't recognise this": the organisation that asked has to explain it.
#[utoipa::path(
    post, path = "/api/v1/me/look-ups/{look_up}/complaint", tag = "me", operation_id = "complainOfLookUp",
    security(("bearer" = [])),
    params(("look_up" = uuid::Uuid, Path, description = "Id of the look-up.")),
    request_body = WireComplaint,
    responses(
        (status = 201, description = "The procedure is open."),
        (status = 400, description = "Not the documented JSON.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not a resident's session.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "It is not at the own number, or no look-up by others.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It was complained of.", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large.", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Not JSON.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn complain(
    State(state): State<WebState>,
    caller: Bearer,
    PathId(id): PathId,
    ApiJson(complaint): ApiJson<WireComplaint>,
) -> Result<StatusCode, Fault> {
    let asked = ReadOwnLookUps {
        account: caller.session.account,
    };
    let permit = state.app.policies().decide(&caller.session.caller, asked)?;
    own_looks::complain(&state.app, &permit, id, &complaint.words).await?;
    Ok(StatusCode::CREATED)
}

/// The lock of the own records against every look-up that no statute compels.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WireLock {
    /// Locked, or open.
    is_locked: bool,
}

/// Locks the own records, or opens them again; effective at once.
#[utoipa::path(
    put, path = "/api/v1/me/lock", tag = "me", operation_id = "setLock",
    security(("bearer" = [])),
    request_body = WireLock,
    responses(
        (status = 200, description = "It is so.", body = WireLock),
        (status = 400, description = "Not the documented JSON.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not a resident's session.", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large.", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Not JSON.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn lock(
    State(state): State<WebState>,
    caller: Bearer,
    ApiJson(lock): ApiJson<WireLock>,
) -> Result<Json<WireLock>, Fault> {
    let asked = LockOwnFile {
        account: caller.session.account,
    };
    let permit = state.app.policies().decide(&caller.session.caller, asked)?;
    locks::set(&state.app, &permit, lock.is_locked).await?;
    Ok(Json(lock))
}
