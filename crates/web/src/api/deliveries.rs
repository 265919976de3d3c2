//! Deliveries by programs.

use app::deliver::{self, Staged};
use app::deliveries::{self, DeliveryView};
use axum::Json;
use axum::extract::{FromRequest, Multipart, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::Uscc;
use domain::catalogue::ItemId;
use policy::{Deliver, Permit};
use serde::Deserialize;
use store::DeliveryState;
use utoipa::{IntoParams, ToSchema};

use super::wire::WireDelivery;
use crate::fault::Fault;
use crate::forms::{ApiQuery, PathId};
use crate::pages::deliveries::{fault_stream, permit_for};
use crate::problem::Problem;
use crate::session::Bearer;
use crate::state::WebState;
use crate::upload;

const CSV: &str = "text/csv";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const FORM: &str = "multipart/form-data";

/// What is delivered, and for whom.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct What {
    /// Item of the catalogue.
    #[param(example = "ITM-PERMIT")]
    item: String,
    /// Unified social credit code of the provider; the caller's own organisation if missing.
    #[param(example = "11370199MB0000001X")]
    provider: Option<String>,
}

/// A file in a form.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "describes the form in the OpenAPI document; the form itself is streamed"
)]
pub(super) struct FileForm {
    /// The file. Its name is kept encrypted.
    #[schema(value_type = String, format = Binary)]
    file: String,
}

/// Hands in a file. The same bytes for the same item and provider give the same delivery and no second effect, so a request
/// whose answer was lost can be sent again.
#[utoipa::path(
    post, path = "/api/v1/deliveries", tag = "deliveries", operation_id = "createDelivery",
    security(("bearer" = [])),
    params(What),
    request_body(
        description = "CSV (UTF-8 or GB18030), XLSX, or a form with the file in `file`.",
        content(
            (String = "text/csv"),
            (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            (FileForm = "multipart/form-data"),
        )
    ),
    responses(
        (status = 200, description = "It was taken in before; this is its receipt.", body = WireDelivery),
        (status = 202, description = "It is being taken in; `Location` tells where to ask.", body = WireDelivery,
         headers(("Location" = String, description = "Address of the delivery."))),
        (status = 400, description = "A parameter is wrong, or the upload broke off.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The caller may not deliver this item for this provider.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Another process takes in the same bytes now.", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The file is too large.", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Neither CSV nor XLSX.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Too many uploads at once; see `Retry-After`.", body = Problem, content_type = "application/problem+json"),
        (status = 507, description = "There is no space for it now; see `Retry-After`.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn create(
    State(state): State<WebState>,
    caller: Bearer,
    ApiQuery(what): ApiQuery<What>,
    request: Request,
) -> Result<Response, Fault> {
    let permit = permit(&state, &caller, &what)?;
    let staged = match media(request.headers()).as_str() {
        CSV => raw(&state, &permit, "upload.csv", request).await?,
        XLSX => raw(&state, &permit, "upload.xlsx", request).await?,
        FORM => form(&state, &permit, request).await?,
        _ => return Err(Fault::Media),
    };
    let id = deliver::begin(&state.app, &permit, staged.uuid).await?;
    let read = permit_for(&state.app, &caller.session.caller, id).await?;
    Ok(answer(deliveries::get(&state.app, &read).await?))
}

/// A delivery that has begun, or was taken in before.
pub(super) fn answer(view: DeliveryView) -> Response {
    let id = view.uuid;
    let status = if view.state == DeliveryState::Receiving {
        StatusCode::ACCEPTED
    } else {
        StatusCode::OK
    };
    let mut response = (status, Json(WireDelivery::from(view))).into_response();
    if let Ok(place) = HeaderValue::from_str(&format!("/api/v1/deliveries/{id}")) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    response
}

/// How the name of a file of this media type ends.
pub(super) fn suffix(media: &str) -> Option<&'static str> {
    match media {
        CSV => Some("csv"),
        XLSX => Some("xlsx"),
        _ => None,
    }
}

pub(super) fn permit(state: &WebState, caller: &Bearer, what: &What) -> Result<Permit<Deliver>, Fault> {
    let item = ItemId::parse(&what.item)
        .ok()
        .and_then(|id| state.app.catalogue().items.get(&id));
    let item = item.ok_or(Fault::BadRequest {
        what: "the catalogue has no such item",
    })?;
    let provider = match &what.provider {
        Some(text) => Uscc::parse(text).map_err(|_| Fault::BadRequest {
            what: "provider is not a unified social credit code",
        })?,
        None => caller.session.organisation.clone().ok_or(Fault::BadRequest {
            what: "provider is missing",
        })?,
    };
    Ok(state
        .app
        .policies()
        .decide(&caller.session.caller, Deliver::of(provider, item))?)
}

pub(super) fn media(headers: &HeaderMap) -> String {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

async fn raw(state: &WebState, permit: &Permit<Deliver>, name: &str, request: Request) -> Result<Staged, Fault> {
    let mut parts = upload::Parts(request.into_body().into_data_stream());
    let staged = deliver::stage(&state.app, permit, name, &mut parts).await;
    Ok(upload::drained_if_full(staged, parts).await?)
}

async fn form(state: &WebState, permit: &Permit<Deliver>, request: Request) -> Result<Staged, Fault> {
    const WANTED: Fault = Fault::BadRequest {
        what: "the form has no file in its field `file`",
    };
    let mut form = Multipart::from_request(request, state).await.map_err(|_| WANTED)?;
    while let Some(field) = form.next_field().await.map_err(|_| upload::BROKEN)? {
        if field.name() == Some("file") {
            let name = field.file_name().unwrap_or_default().to_owned();
            let mut parts = upload::Parts(field);
            let staged = deliver::stage(&state.app, permit, &name, &mut parts).await;
            return Ok(upload::drained_if_full(staged, parts).await?);
        }
    }
    Err(WANTED)
}

/// One delivery: its state, counts, and the signed receipt once it is finished.
#[utoipa::path(
    get, path = "/api/v1/deliveries/{id}", tag = "deliveries", operation_id = "getDelivery",
    security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The delivery.")),
    responses(
        (status = 200, description = "The delivery.", body = WireDelivery),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is none, or it is another organisation's: the same bytes.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get(
    State(state): State<WebState>,
    caller: Bearer,
    PathId(id): PathId,
) -> Result<Json<WireDelivery>, Fault> {
    let permit = permit_for(&state.app, &caller.session.caller, id).await?;
    Ok(Json(deliveries::get(&state.app, &permit).await?.into()))
}

/// Every fault, one JSON object a line: `line`, `column`, `header`, `code`, `rule`, `message`, `remedy`, `message_en`,
/// `remedy_en`. No cell content is repeated.
#[utoipa::path(
    get, path = "/api/v1/deliveries/{id}/faults", tag = "deliveries", operation_id = "getDeliveryFaults",
    security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The delivery.")),
    responses(
        (status = 200, description = "Faults, streamed.", body = String, content_type = "application/x-ndjson"),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is none, or it is another organisation's: the same bytes.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn faults(
    State(state): State<WebState>,
    caller: Bearer,
    PathId(id): PathId,
) -> Result<Response, Fault> {
    let permit = permit_for(&state.app, &caller.session.caller, id).await?;
    let body = fault_stream(state.app, permit, |lines, _| lines.to_vec());
    Ok((
        [(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"))],
        body,
    )
        .into_response())
}
