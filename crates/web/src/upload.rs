//! Files on their way in: streamed to the encrypted staging area, never whole in memory and never in a clear temporary file.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use app::AppError;
use app::deliver::DeliverError;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::extract::multipart::Field;
use axum::routing::MethodRouter;
use futures::{Stream, StreamExt};
use tower_http::limit::RequestBodyLimitLayer;

use crate::fault::Fault;
use crate::state::WebState;

/// Longest field of a form beside its file, in bytes.
const FIELD_BYTES_MAX: usize = 4 * 1024;
/// What a form may weigh beside its file.
const FORM_BYTES: u64 = 64 * 1024;

/// The limit of a route that takes files. The file itself is measured while it is staged, so that the answer to one that is
/// a little too large can still be given; a request far beyond is cut off here.
pub(crate) fn limit_layer(upload_bytes_max: u64) -> RequestBodyLimitLayer {
    let bytes = upload_bytes_max.saturating_mul(2).saturating_add(FORM_BYTES);
    RequestBodyLimitLayer::new(usize::try_from(bytes).unwrap_or(usize::MAX))
}

/// Puts the limit on a page's route.
pub(crate) fn with_limit(route: MethodRouter<WebState>, upload_bytes_max: u64) -> MethodRouter<WebState> {
    route
        .layer::<_, Infallible>(DefaultBodyLimit::disable())
        .layer(limit_layer(upload_bytes_max))
}

/// The parts of a body as they arrive.
pub(crate) struct Parts<S>(pub(crate) S);

impl<S, E> Stream for Parts<S>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
{
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0
            .poll_next_unpin(cx)
            .map(|next| next.map(|part| part.map_err(|_| io::ErrorKind::ConnectionAborted.into())))
    }
}

/// Reads what is left of a file for which there was no space, so that its sender stops sending and reads why. The limit of
/// the route bounds it.
pub(crate) async fn drained_if_full<T>(
    outcome: Result<T, DeliverError>,
    parts: impl Stream<Item = io::Result<Bytes>> + Unpin,
) -> Result<T, DeliverError> {
    if outcome.as_ref().is_err_and(DeliverError::is_full) {
        drain(parts).await;
    }
    outcome
}

/// Reads what is left, so that the browser stops sending and reads the answer.
pub(crate) async fn drain(mut parts: impl Stream<Item = io::Result<Bytes>> + Unpin) {
    while let Some(Ok(_)) = parts.next().await {}
}

/// A short text field of a multipart form.
pub(crate) async fn text_of(mut field: Field<'_>) -> Result<String, Fault> {
    let mut bytes = Vec::new();
    while let Some(part) = field.chunk().await.map_err(|_| BROKEN)? {
        if bytes.len() + part.len() > FIELD_BYTES_MAX {
            return Err(Fault::TooLarge);
        }
        bytes.extend_from_slice(&part);
    }
    String::from_utf8(bytes).map_err(|_| Fault::BadRequest {
        what: "a field of the form is not UTF-8",
    })
}

/// An upload that ended before its end.
pub(crate) const BROKEN: Fault = Fault::BadRequest {
    what: "the upload broke off; nothing was stored",
};

impl From<DeliverError> for Fault {
    fn from(error: DeliverError) -> Self {
        let code = error.code();
        match error {
            DeliverError::App(AppError::Io(io::ErrorKind::ConnectionAborted)) => BROKEN,
            DeliverError::App(error) => error.into(),
            DeliverError::TooLarge { .. } => Self::TooLarge,
            DeliverError::TooMany => Self::Busy { code },
            DeliverError::NotStaged => Self::NotFound,
            DeliverError::Elsewhere | DeliverError::Offset { .. } => Self::Conflict { code },
            DeliverError::UnknownItem => Self::BadRequest {
                what: "the catalogue has no such item",
            },
            DeliverError::Hash => Self::BadRequest {
                what: "the bytes are not those of the hash; send the file again",
            },
        }
    }
}
