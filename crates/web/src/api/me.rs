//! A resident's own file. The person follows from the token; nothing in a request names one (AB-01, AB-04).

use app::own_file;
use axum::Json;
use axum::extract::State;
use policy::{ReadOwnNotices, ReadOwnRecords};

use super::wire::{WireFile, WireNotice};
use crate::fault::Fault;
use crate::problem::Problem;
use crate::session::Bearer;
use crate::state::WebState;

/// The own records, each opened. The reading is traced first and marked as one's own.
#[utoipa::path(
    get, path = "/api/v1/me/records", tag = "me", operation_id = "getOwnRecords",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The own file.", body = WireFile),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not a resident's session.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The trace could not be written, so nothing was read.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn records(State(state): State<WebState>, caller: Bearer) -> Result<Json<WireFile>, Fault> {
    let asked = ReadOwnRecords {
        account: caller.session.account,
    };
    let permit = state.app.policies().decide(&caller.session.caller, asked)?;
    Ok(Json(own_file::records(&state.app, &permit).await?.into()))
}

/// Notices, newest first. Reading them here acknowledges nothing.
#[utoipa::path(
    get, path = "/api/v1/me/notices", tag = "me", operation_id = "getOwnNotices",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "Notices.", body = [WireNotice]),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not a resident's session.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The trace could not be written, so nothing was read.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn notices(State(state): State<WebState>, caller: Bearer) -> Result<Json<Vec<WireNotice>>, Fault> {
    let asked = ReadOwnNotices {
        account: caller.session.account,
    };
    let permit = state.app.policies().decide(&caller.session.caller, asked)?;
    let notices = own_file::notices(&state.app, &permit).await?;
    Ok(Json(notices.into_iter().map(WireNotice::from).collect()))
}
