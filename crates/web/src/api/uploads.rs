//! Deliveries in parts, for files that a cut line must not send back to the start (draft-ietf-httpbis-resumable-upload).

use app::deliver::{self, Upload};
use app::deliveries;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use policy::{Deliver, Permit};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::deliveries::{What, answer, media, permit, suffix};
use super::wire::WireDelivery;
use crate::fault::Fault;
use crate::forms::{ApiQuery, PathId};
use crate::pages::deliveries::permit_for;
use crate::problem::Problem;
use crate::session::Bearer;
use crate::state::WebState;
use crate::upload;

const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const COMPLETE: HeaderName = HeaderName::from_static("upload-complete");
const LIMIT: HeaderName = HeaderName::from_static("upload-limit");
const DIGEST: HeaderName = HeaderName::from_static("repr-digest");
const PART: &str = "application/partial-upload";

/// How far an upload has come.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "id": "0192f0c4-5b7e-7cc1-9a5e-0f5f3b1d2a11", "item": "ITM-PERMIT", "provider": "11370199MB0000001X", "offset": 65536 }))]
pub(super) struct WireUpload {
    /// Id.
    id: Uuid,
    /// Item of the catalogue.
    item: String,
    /// Unified social credit code of the provider.
    provider: String,
    /// Bytes that are durable: the next part begins here.
    offset: u64,
    /// The delivery, once the upload was completed.
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery: Option<Uuid>,
}

fn told(status: StatusCode, upload: &Upload, bytes_max: u64) -> Response {
    let wire = WireUpload {
        id: upload.uuid,
        item: upload.item.to_string(),
        provider: upload.provider.to_string(),
        offset: upload.offset,
        delivery: upload.delivery,
    };
    let mut response = (status, Json(wire)).into_response();
    let headers = response.headers_mut();
    headers.insert(OFFSET, upload.offset.into());
    let is_complete = if upload.delivery.is_some() { "?1" } else { "?0" };
    headers.insert(COMPLETE, HeaderValue::from_static(is_complete));
    if let Ok(limit) = HeaderValue::from_str(&format!("max-size={bytes_max}, max-age=86400")) {
        headers.insert(LIMIT, limit);
    }
    response
}

/// Begins an upload in parts. The media type is that of the whole file; the request has no body. It is dropped after a day
/// without a part.
#[utoipa::path(
    post, path = "/api/v1/uploads", tag = "deliveries", operation_id = "createUpload",
    security(("bearer" = [])),
    params(What, ("Content-Type" = String, Header, description = "`text/csv`, or that of XLSX.")),
    responses(
        (status = 201, description = "It has begun; `Location` takes its parts.", body = WireUpload,
         headers(("Location" = String, description = "Address of the upload."), ("Upload-Offset" = u64, description = "0."),
                 ("Upload-Limit" = String, description = "Largest file in bytes, and seconds without a part."))),
        (status = 400, description = "A parameter is wrong.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The caller may not deliver this item for this provider.", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Neither CSV nor XLSX.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Too many uploads at once; see `Retry-After`.", body = Problem, content_type = "application/problem+json"),
        (status = 507, description = "There is no space for it now; see `Retry-After`.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn create(
    State(state): State<WebState>,
    caller: Bearer,
    ApiQuery(what): ApiQuery<What>,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let permit = permit(&state, &caller, &what)?;
    let ending = suffix(&media(&headers)).ok_or(Fault::Media)?;
    let upload = deliver::begin_upload(&state.app, &permit, &format!("upload.{ending}")).await?;
    let mut response = told(StatusCode::CREATED, &upload, state.app.settings().upload_bytes_max);
    if let Ok(place) = HeaderValue::from_str(&format!("/api/v1/uploads/{}", upload.uuid)) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}

/// How far the upload has come. `HEAD` tells the same by `Upload-Offset` and `Upload-Complete`.
#[utoipa::path(
    get, path = "/api/v1/uploads/{resumable}", tag = "deliveries", operation_id = "getUpload",
    security(("bearer" = [])),
    params(("resumable" = Uuid, Path, description = "The upload.")),
    responses(
        (status = 200, description = "The upload.", body = WireUpload,
         headers(("Upload-Offset" = u64, description = "Where the next part begins."), ("Upload-Complete" = String, description = "`?1` once it was completed."))),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is none, or it is another account's: the same bytes.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get(State(state): State<WebState>, caller: Bearer, PathId(id): PathId) -> Result<Response, Fault> {
    let upload = deliver::find_upload(&state.app, caller.session.caller.account, id).await?;
    Ok(told(StatusCode::OK, &upload, state.app.settings().upload_bytes_max))
}

/// Appends a part at `Upload-Offset`. What arrived before a line was cut is kept: ask where it ends, and go on there. With
/// `Upload-Complete: ?1` all is there: the hash of the whole file is checked and the delivery begun, as by `createDelivery`;
/// asked again, it is the same delivery.
#[utoipa::path(
    patch, path = "/api/v1/uploads/{resumable}", tag = "deliveries", operation_id = "appendUpload",
    security(("bearer" = [])),
    params(
        ("resumable" = Uuid, Path, description = "The upload."),
        ("Upload-Offset" = u64, Header, description = "Where the part begins."),
        ("Upload-Complete" = Option<String>, Header, description = "`?1` with the last part."),
        ("Repr-Digest" = Option<String>, Header, description = "With the last part: `sha-256=:…:` of the whole file (RFC 9530)."),
    ),
    request_body(description = "The part; may be empty.", content((Vec<u8> = "application/partial-upload"))),
    responses(
        (status = 200, description = "The part is durable, or the whole file was taken in before: then its receipt.", body = WireUpload,
         headers(("Upload-Offset" = u64, description = "Where the next part begins."))),
        (status = 202, description = "All is there and is being taken in; `Location` tells where to ask.", body = WireDelivery,
         headers(("Location" = String, description = "Address of the delivery."))),
        (status = 400, description = "A header is missing or wrong, the line was cut, or the bytes are not those of the hash; then the upload is dropped.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The caller may not deliver this item for this provider (any more).", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is none, or it is another account's: the same bytes.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The upload does not end at this offset, or another request appends to it.", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The file is too large; the part is not kept.", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Not a part.", body = Problem, content_type = "application/problem+json"),
        (status = 507, description = "There is no space for it now; the part is not kept, what came before is. See `Retry-After`.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn append(
    State(state): State<WebState>,
    caller: Bearer,
    PathId(id): PathId,
    request: Request,
) -> Result<Response, Fault> {
    let account = caller.session.caller.account;
    let upload = deliver::find_upload(&state.app, account, id).await?;
    let headers = request.headers().clone();
    if media(&headers) != PART {
        return Err(Fault::Media);
    }
    let offset = headers
        .get(OFFSET)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse().ok())
        .ok_or(Fault::BadRequest {
            what: "Upload-Offset is missing or no number",
        })?;
    let is_last = headers.get(COMPLETE).is_some_and(|value| value == "?1");
    let digest = if is_last { Some(digest_of(&headers)?) } else { None };
    // Who may deliver is asked with every part: a right can end while a file is on its way.
    let permit = permit_again(&state, &caller, &upload)?;
    if upload.delivery.is_none() {
        // A caller who is gone ends the request, and with it what waits in it: what arrived is kept by a task of its own.
        let (app, mut parts) = (state.app.clone(), upload::Parts(request.into_body().into_data_stream()));
        let appending = tokio::spawn(async move {
            let appended = deliver::append(&app, &permit, id, offset, &mut parts).await;
            (permit, upload::drained_if_full(appended, parts).await)
        });
        let (permit, appended) = appending.await.map_err(|_| Fault::Internal { code: "WEB-0500" })?;
        let appended = appended?;
        let Some(digest) = digest else {
            return Ok(told(StatusCode::OK, &appended, state.app.settings().upload_bytes_max));
        };
        let delivery = deliver::complete(&state.app, &permit, id, digest).await?;
        return shown(&state, &caller, delivery).await;
    }
    match (upload.delivery, digest) {
        (Some(delivery), Some(_)) => shown(&state, &caller, delivery).await,
        _ => Err(Fault::Conflict { code: "DELIVER-0006" }),
    }
}

async fn shown(state: &WebState, caller: &Bearer, delivery: Uuid) -> Result<Response, Fault> {
    let read = permit_for(&state.app, &caller.session.caller, delivery).await?;
    Ok(answer(deliveries::get(&state.app, &read).await?))
}

/// Drops an upload.
#[utoipa::path(
    delete, path = "/api/v1/uploads/{resumable}", tag = "deliveries", operation_id = "cancelUpload",
    security(("bearer" = [])),
    params(("resumable" = Uuid, Path, description = "The upload.")),
    responses(
        (status = 204, description = "It is gone; a delivery that came of it stays."),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is none, or it is another account's: the same bytes.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Another request appends to it.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn cancel(
    State(state): State<WebState>,
    caller: Bearer,
    PathId(id): PathId,
) -> Result<StatusCode, Fault> {
    deliver::cancel(&state.app, caller.session.caller.account, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn permit_again(state: &WebState, caller: &Bearer, upload: &Upload) -> Result<Permit<Deliver>, Fault> {
    let item = state.app.catalogue().items.get(&upload.item).ok_or(Fault::BadRequest {
        what: "the catalogue has no such item",
    })?;
    let action = Deliver::of(upload.provider.clone(), item);
    Ok(state.app.policies().decide(&caller.session.caller, action)?)
}

/// The SHA-256 in `Repr-Digest` (RFC 9530 §3; a byte sequence of RFC 8941 §3.3.5).
fn digest_of(headers: &HeaderMap) -> Result<[u8; 32], Fault> {
    headers
        .get_all(DIGEST)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','))
        .filter_map(|member| member.trim().strip_prefix("sha-256=:")?.strip_suffix(':'))
        .find_map(deliver::sha256_from_base64)
        .ok_or(Fault::BadRequest {
            what: "Repr-Digest with sha-256 of the whole file is missing or wrong",
        })
}
