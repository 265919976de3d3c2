//! Request ids, one log line per request, and panics that say nothing outside.
//!
//! A span carries method, route pattern, status and time. Addresses, queries, bodies and names never reach it.

use std::any::Any;
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument;
use uuid::Uuid;

use crate::fault::Fault;

/// Header in which the request id is told.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Names one request in logs and answers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestId(pub(crate) Uuid);

/// Gives the request an id and a span, and logs its end once.
pub(crate) async fn layer(mut request: Request, next: Next) -> Response {
    let id = RequestId(Uuid::new_v4());
    request.extensions_mut().insert(id);
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("none", MatchedPath::as_str)
        .to_owned();
    let method = method_word(request.method());
    let span = tracing::info_span!("http.request", request.id = %id.0, method, route = %route);
    let started = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    let elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    span.in_scope(|| tracing::info!(status = response.status().as_u16(), elapsed_ms, "request answered"));
    if let Ok(value) = HeaderValue::from_str(&id.0.to_string()) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// The method, if HTTP defines it (RFC 9110 §9, RFC 5789). Another one is a word of the caller's own, which could be anybody's
/// number, and is not logged.
fn method_word(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::CONNECT => "CONNECT",
        Method::OPTIONS => "OPTIONS",
        Method::TRACE => "TRACE",
        Method::PATCH => "PATCH",
        _ => "other",
    }
}

/// Turns a panic into an opaque 500. Its message is not logged: it could hold what the code was working on.
pub(crate) fn on_panic(_: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!(error.code = "WEB-0500", "a handler panicked");
    Fault::Internal { code: "WEB-0500" }.into_response()
}
