//! Sessions of programs: both factors at once, answered with a bearer token.

use app::accounts;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::fault::Fault;
use crate::forms::ApiJson;
use crate::problem::Problem;
use crate::session::{Bearer, CallerAddress};
use crate::state::WebState;

/// Both factors.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "login": "officer.market", "password": "correct horse battery", "code": "123456" }))]
pub(super) struct Credentials {
    /// Login name; never an identity number.
    login: String,
    /// Password.
    #[schema(format = Password)]
    password: String,
    /// Six-digit code of RFC 6238; each is good once.
    code: String,
}

/// A session.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "token": "q3Jc0yYV3x1Yb2lHk0m3mQ2Q6b0n2v6o7t7x8y9z0aA", "kind": "officer", "organisation": "11370199MB0000001X" }))]
pub(super) struct Session {
    /// To be sent as `Authorization: Bearer …`.
    token: String,
    /// `resident`, `officer`, `centre`, `system_admin`, `security_admin` or `audit_admin`.
    kind: &'static str,
    /// Unified social credit code of an officer's organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    organisation: Option<String>,
}

/// Begins a session.
#[utoipa::path(
    post, path = "/api/v1/sessions", tag = "sessions", operation_id = "createSession",
    request_body = Credentials,
    responses(
        (status = 201, description = "The session has begun.", body = Session),
        (status = 400, description = "Not the documented JSON.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "Login name, password or code is wrong.", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large.", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Not JSON.", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many attempts; see `Retry-After`.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn create(
    State(state): State<WebState>,
    CallerAddress(address): CallerAddress,
    ApiJson(given): ApiJson<Credentials>,
) -> Result<(StatusCode, Json<Session>), Fault> {
    let half = accounts::login(&state.app, given.login.trim(), &given.password, address).await?;
    let token = accounts::second_factor(&state.app, half.as_str(), given.code.trim()).await?;
    let session = accounts::session(&state.app, token.as_str())
        .await?
        .ok_or(Fault::SignIn)?;
    let body = Session {
        token: token.as_str().to_owned(),
        kind: session.kind.as_str(),
        organisation: session.organisation.map(|code| code.to_string()),
    };
    Ok((StatusCode::CREATED, Json(body)))
}

/// Ends the session of the token.
#[utoipa::path(
    delete, path = "/api/v1/sessions", tag = "sessions", operation_id = "endSession",
    security(("bearer" = [])),
    responses(
        (status = 204, description = "The session has ended."),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn end(State(state): State<WebState>, caller: Bearer) -> Result<StatusCode, Fault> {
    accounts::logout(&state.app, &caller.token).await?;
    Ok(StatusCode::NO_CONTENT)
}
