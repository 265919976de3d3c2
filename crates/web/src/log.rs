//! The public log as static files (C2SP tlog-tiles): checkpoint and tiles. Entries are not public.

use axum::extract::{Path, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use translog::Tile;

use crate::fault::Fault;
use crate::state::WebState;

/// "This endpoint is mutable, so its headers SHOULD prevent caching beyond a few seconds."
const CHECKPOINT_CACHE: &str = "public, max-age=1";
/// A tile's path names its bytes for ever, in whichever width.
const TILE_CACHE: &str = "public, max-age=31536000, immutable";

/// What was published last.
pub(crate) async fn checkpoint(State(state): State<WebState>) -> Result<Response, Fault> {
    let checkpoint = app::log::checkpoint(&state.app).await?.ok_or(Fault::NotFound)?;
    Ok(answer("text/plain; charset=utf-8", CHECKPOINT_CACHE, checkpoint))
}

/// Hashes of a part of the published tree.
pub(crate) async fn tile(State(state): State<WebState>, Path(path): Path<String>) -> Result<Response, Fault> {
    let tile: Tile = format!("tile/{path}").parse().map_err(|_| Fault::NotFound)?;
    let bytes = app::log::tile(&state.app, tile).await?.ok_or(Fault::NotFound)?;
    Ok(answer("application/octet-stream", TILE_CACHE, bytes))
}

fn answer(kind: &'static str, cache: &'static str, body: Vec<u8>) -> Response {
    let headers: [(HeaderName, HeaderValue); 3] = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static(cache)),
        // Public, so that a page elsewhere may check it.
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
    ];
    (headers, body).into_response()
}
