//! About the service itself.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::fault::Fault;
use crate::problem::Problem;
use crate::state::WebState;

/// How the service is.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "status": "ok" }))]
pub(super) struct Health {
    /// Always `ok`; anything else is a problem document.
    status: &'static str,
}

/// Whether requests can be sent here, and how the intake is.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "status": "ok", "intake": "open", "waiting": 0 }))]
pub(super) struct Readiness {
    /// Always `ok`; anything else is a problem document.
    status: &'static str,
    /// `open`, or `full`: there is no space, deliveries wait, and everything else goes on.
    intake: &'static str,
    /// Deliveries that wait to go on by themselves.
    waiting: usize,
    /// Public code of what is the matter; the error index says what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
}

/// This document.
#[utoipa::path(
    get, path = "/openapi.json", tag = "service", operation_id = "getOpenapi",
    responses((status = 200, description = "OpenAPI 3.1.", content_type = "application/json", body = Object))
)]
pub(super) async fn openapi(State(state): State<WebState>) -> Response {
    let kind = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, kind)], state.openapi.to_string()).into_response()
}

/// The proof that the policies keep the rights floor: theorems, articles, solver, signature. It is public.
#[utoipa::path(
    get, path = "/api/v1/floor", tag = "service", operation_id = "getFloor",
    responses(
        (status = 200, description = "The signed proof that the policies were started with.", body = Object),
        (status = 404, description = "They were not started with one, as in a trial.", body = Problem,
            content_type = "application/problem+json"),
    )
)]
pub(super) async fn floor(State(state): State<WebState>) -> Result<Response, Fault> {
    let proof = state.app.policies().proof().ok_or(Fault::NotFound)?;
    Ok(Json(proof).into_response())
}

/// Whether the process answers.
#[utoipa::path(
    get, path = "/healthz", tag = "service", operation_id = "getHealth",
    responses((status = 200, description = "It does.", body = Health))
)]
pub(super) async fn healthz() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Whether the store answers, so that requests can be sent here. On a full disk it is ready: logins and reads go on.
#[utoipa::path(
    get, path = "/readyz", tag = "service", operation_id = "getReadiness",
    responses(
        (status = 200, description = "It does.", body = Readiness),
        (status = 503, description = "It does not.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn readyz(State(state): State<WebState>) -> Result<Json<Readiness>, Fault> {
    // Looks up a session that cannot exist: one read of the store.
    match app::accounts::session(&state.app, "").await {
        Ok(_) => {
            let app::Intake { has_room, waiting } = state.app.intake();
            Ok(Json(Readiness {
                status: "ok",
                intake: if has_room { "open" } else { "full" },
                waiting,
                code: (!has_room).then_some("APP-0010"),
            }))
        }
        Err(error) => {
            tracing::warn!(error.code = error.code(), error = %error, "the store does not answer");
            Err(Fault::Busy { code: error.code() })
        }
    }
}
