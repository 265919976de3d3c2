//! The identity provider's side: accounts bound to its subjects, and its word that a session there ended.

use app::sign_in;
use axum::extract::State;
use axum::http::StatusCode;
use policy::ManageAccounts;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::fault::Fault;
use crate::forms::{ApiForm, ApiJson, PathId};
use crate::problem::Problem;
use crate::session::Bearer;
use crate::state::WebState;

/// Whom the account stands for at the identity provider.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "subject": "5f2b7c0e-6f0d-4c52-9d6b-2a4f1c9e8d70" }))]
pub(super) struct Subject {
    /// Claim `sub` of the provider that is configured; never an identity number. Its hash is kept.
    subject: String,
}

/// Binds an officer's account to a subject of the identity provider. From then on its holder signs in there only.
#[utoipa::path(
    put, path = "/api/v1/accounts/{id}/subject", tag = "administration", operation_id = "bindSubject",
    security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "An account of an officer or of the centre.")),
    request_body = Subject,
    responses(
        (status = 204, description = "Bound."),
        (status = 400, description = "No provider is configured, the account is no officer's, or the subject cannot be one.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not the system administrator's session.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such account.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The account has ended, or either is bound already.", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large.", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Not JSON.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn bind(
    State(state): State<WebState>,
    caller: Bearer,
    PathId(account): PathId,
    ApiJson(given): ApiJson<Subject>,
) -> Result<StatusCode, Fault> {
    let permit = state.app.policies().decide(&caller.session.caller, ManageAccounts)?;
    let provider = state.provider.as_ref().ok_or(NO_PROVIDER)?;
    sign_in::bind(&state.app, &permit, account, provider.issuer(), &given.subject).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// There is nobody whose subjects could be bound.
pub(crate) const NO_PROVIDER: Fault = Fault::BadRequest {
    what: "no identity provider is configured",
};

/// Ends the binding of an account and the sessions that it began, at once.
#[utoipa::path(
    delete, path = "/api/v1/accounts/{id}/subject", tag = "administration", operation_id = "unbindSubject",
    security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The account.")),
    responses(
        (status = 204, description = "Ended."),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not the system administrator's session.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such account, or it is not bound.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn unbind(
    State(state): State<WebState>,
    caller: Bearer,
    PathId(account): PathId,
) -> Result<StatusCode, Fault> {
    let permit = state.app.policies().decide(&caller.session.caller, ManageAccounts)?;
    sign_in::unbind(&state.app, &permit, account).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What the provider sends.
#[derive(Deserialize, ToSchema)]
pub(super) struct LogoutForm {
    /// A logout token (OpenID Connect Back-Channel Logout 1.0 §2.4), signed by the provider, with `sub`.
    logout_token: String,
}

/// Back-channel logout: the identity provider says that a session there ended, and those that it began here end with it.
#[utoipa::path(
    post, path = "/api/v1/back-channel-logout", tag = "sessions", operation_id = "backChannelLogout",
    request_body(content = LogoutForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "Taken; whether there was a session is not told."),
        (status = 400, description = "No logout token, or none that is good.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No provider is configured.", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large.", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Not a form.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The provider cannot be used now.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn logout(
    State(state): State<WebState>,
    ApiForm(form): ApiForm<LogoutForm>,
) -> Result<StatusCode, Fault> {
    let provider = state.provider.clone().ok_or(Fault::NotFound)?;
    let ended = provider.logged_out(&form.logout_token).await?;
    let session = ended.session.as_deref();
    let sessions = sign_in::ended_at_provider(&state.app, provider.issuer(), &ended.subject, session).await?;
    tracing::info!(sessions, "the identity provider ended sessions");
    Ok(StatusCode::OK)
}
