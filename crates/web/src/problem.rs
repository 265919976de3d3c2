//! Problem documents, RFC 9457.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::fault::Fault;
use crate::texts::Lang;

/// Why a request was not carried out (RFC 9457). Never repeats what was sent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "type": "about:blank", "title": "There is no such page", "status": 404, "code": "WEB-0404",
    "detail": "there is nothing here for you"
}))]
pub(crate) struct Problem {
    /// Always `about:blank`: `code` says what it is.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Short title.
    title: String,
    /// HTTP status.
    status: u16,
    /// Public code, never reused; the error index explains it.
    code: &'static str,
    /// One sentence.
    detail: &'static str,
    /// Names the request in the log; not given with 404.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<Uuid>,
}

impl Problem {
    pub(crate) fn new(fault: Fault, request_id: Option<Uuid>) -> Self {
        let [title, ..] = fault.keys();
        Self {
            kind: "about:blank",
            title: Lang::En.text(title),
            status: fault.status().as_u16(),
            code: fault.code(),
            detail: fault.detail(),
            request_id,
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = axum::http::StatusCode::from_u16(self.status).unwrap_or_default();
        let kind = HeaderValue::from_static("application/problem+json");
        (status, [(header::CONTENT_TYPE, kind)], axum::Json(self)).into_response()
    }
}
