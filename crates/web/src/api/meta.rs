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

/// This document.
#[utoipa::path(
    get, path = "/openapi.json", tag = "service", operation_id = "getOpenapi",
    responses((status = 200, description = "OpenAPI 3.1.", content_type = "application/json", body = Object))
)]
pub(super) async fn openapi(State(state): State<WebState>) -> Response {
    let kind = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, kind)], state.openapi.to_string()).into_response()
}

/// Whether the process answers.
#[utoipa::path(
    get, path = "/healthz", tag = "service", operation_id = "getHealth",
    responses((status = 200, description = "It does.", body = Health))
)]
pub(super) async fn healthz() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Whether the store answers, so that requests can be sent here.
#[utoipa::path(
    get, path = "/readyz", tag = "service", operation_id = "getReadiness",
    responses(
        (status = 200, description = "It does.", body = Health),
        (status = 503, description = "It does not.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn readyz(State(state): State<WebState>) -> Result<Json<Health>, Fault> {
    // Looks up a session that cannot exist: one read of the store.
    match app::accounts::session(&state.app, "").await {
        Ok(_) => Ok(Json(Health { status: "ok" })),
        Err(error) => {
            tracing::warn!(error.code = error.code(), error = %error, "the store does not answer");
            Err(Fault::Busy { code: error.code() })
        }
    }
}
