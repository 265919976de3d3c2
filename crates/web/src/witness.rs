//! A witness by HTTP (C2SP tlog-witness): one route, `POST /add-checkpoint`. It shares nothing with the rest but this crate.

use std::future::Future;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use tokio::net::TcpListener;
use translog::witness::{self, REQUEST_BYTES_MAX};

/// Answers the body of a request. It blocks: what it remembers is durable before it returns. `None` if the disk failed.
pub type Answering = Arc<dyn Fn(&[u8]) -> Option<witness::Response> + Send + Sync>;

/// Serves a witness until `shutdown` is ready.
///
/// # Errors
///
/// If the listener fails.
pub async fn serve_witness(
    answering: Answering,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let router = Router::new()
        .route("/add-checkpoint", post(add_checkpoint))
        .layer(DefaultBodyLimit::max(REQUEST_BYTES_MAX))
        .with_state(answering);
    axum::serve(listener, router).with_graceful_shutdown(shutdown).await
}

async fn add_checkpoint(State(answering): State<Answering>, body: Bytes) -> Response {
    let answered = tokio::task::spawn_blocking(move || answering(&body)).await;
    let Ok(Some(response)) = answered else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let status = StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static(response.content_type))];
    (status, kind, response.body).into_response()
}
