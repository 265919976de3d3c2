//! For departments' systems: a short session instead of a signature each time, and the officer's assertion that goes into
//! their requests.

use app::asking;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::wire::rfc3339;
use crate::fault::Fault;
use crate::forms::ApiJson;
use crate::problem::Problem;
use crate::session::Bearer;
use crate::signed::{ApiCaller, System};
use crate::state::WebState;

/// A session of a department's system.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "key_id": "01981b4e-7f00-7000-8000-000000000001", "algorithm": "hmac-sha256",
    "key": "q3Jc0yYV3x1Yb2lHk0m3mQ2Q6b0n2v6o7t7x8y9z0aA=", "expires_at": "2026-11-28T12:15:00+08:00"
}))]
pub(super) struct SystemSession {
    /// `keyid` of the following requests.
    key_id: Uuid,
    /// `alg` of the following requests.
    algorithm: &'static str,
    /// Their key, base64.
    key: String,
    /// End: fifteen minutes at most. It ends earlier with the key that asked for it.
    expires_at: String,
}

/// Begins a session: the following requests carry an HMAC under its key instead of a signature. Everything else stays as it
/// is: components, time, nonce. The request itself is signed with the registered key.
#[utoipa::path(
    post, path = "/api/v1/system-sessions", tag = "systems", operation_id = "createSystemSession",
    security(("signature" = [])),
    responses(
        (status = 201, description = "The session has begun.", body = SystemSession),
        (status = 400, description = "It was asked for with a session.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "Not signed, or refused; the code says why.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn begin(
    State(state): State<WebState>,
    System(asker): System,
) -> Result<(StatusCode, Json<SystemSession>), Fault> {
    let session = asking::open_session(&state.app, &asker).await?;
    let body = SystemSession {
        key_id: session.uuid,
        algorithm: "hmac-sha256",
        key: STANDARD.encode(session.key.as_slice()),
        expires_at: rfc3339(session.expires_at),
    };
    Ok((StatusCode::CREATED, Json(body)))
}

/// Which system.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "system": "01981b4e-7f00-7000-8000-000000000002" }))]
pub(super) struct ForSystem {
    /// The system, of the officer's own organisation.
    system: Uuid,
}

/// An officer's assertion.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "assertion": "AZgbTn8AcACAAAAAAAAAAQ", "expires_at": "2026-11-28T12:10:00+08:00" }))]
pub(super) struct Assertion {
    /// Goes into the header `Chengdang-Officer`, which the signature then covers.
    assertion: String,
    /// End: ten minutes.
    expires_at: String,
}

/// An officer, logged in with both factors, says to stand behind the requests of one system of the own organisation.
#[utoipa::path(
    post, path = "/api/v1/officer-assertions", tag = "systems", operation_id = "createOfficerAssertion",
    security(("bearer" = [])),
    request_body = ForSystem,
    responses(
        (status = 201, description = "The assertion.", body = Assertion),
        (status = 400, description = "Not the documented JSON.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such system of the own organisation.", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large.", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Not JSON.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn assert_officer(
    State(state): State<WebState>,
    caller: Bearer,
    ApiJson(asked): ApiJson<ForSystem>,
) -> Result<(StatusCode, Json<Assertion>), Fault> {
    let assertion = asking::assert_officer(&state.app, &caller.session, asked.system).await?;
    let body = Assertion {
        assertion: assertion.text,
        expires_at: rfc3339(assertion.expires_at),
    };
    Ok((StatusCode::CREATED, Json(body)))
}

/// As whom the service knows the caller.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "kind": "system", "organisation": "11370199MB0000001X", "id": "01981b4e-7f00-7000-8000-000000000002",
    "officer": "01981b4e-7f00-7000-8000-000000000004"
}))]
pub(super) struct Known {
    /// Kind of caller.
    kind: &'static str,
    /// Account, or system.
    id: Uuid,
    /// Organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    organisation: Option<String>,
    /// Account of the verified officer behind a system's request.
    #[serde(skip_serializing_if = "Option::is_none")]
    officer: Option<Uuid>,
}

/// Says as whom the service knows the caller: for whoever connects a system and wants to see that signing works.
#[utoipa::path(
    get, path = "/api/v1/caller", tag = "systems", operation_id = "getCaller",
    security(("bearer" = []), ("signature" = [])),
    responses(
        (status = 200, description = "The caller.", body = Known),
        (status = 401, description = "No live session, or the signature was refused; the code says why.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn caller(asked: ApiCaller) -> Json<Known> {
    Json(Known {
        kind: asked.caller.kind.as_str(),
        id: asked.caller.account,
        organisation: asked.caller.organisation.map(|code| code.to_string()),
        officer: asked.caller.behind,
    })
}
