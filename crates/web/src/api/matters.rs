//! The registry of matters in hand, fed by the departments' own systems.

use app::matters::{self, MatterEntry};
use axum::Json;
use axum::extract::State;
use domain::catalogue::PurposeId;
use domain::{Day, MatterNo};
use policy::RegisterMatter;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::fault::Fault;
use crate::forms::ApiJson;
use crate::problem::Problem;
use crate::signed::ApiCaller;
use crate::state::WebState;

/// Matters to register.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "matters": [{ "matter_no": "测文旅导〔2026〕7号", "purpose": "PUR-TOUR-GUIDE", "opened": "2026-11-20" }]
}))]
pub(super) struct WireMatters {
    /// At most 1,000.
    matters: Vec<WireMatter>,
}

/// A matter.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WireMatter {
    /// The department's own number, in the form that the purpose asks for; never a person's.
    matter_no: String,
    /// Purpose.
    purpose: String,
    /// Day on which it began, `YYYY-MM-DD`.
    opened: String,
    /// Day from which it is closed.
    #[serde(default)]
    closed: Option<String>,
}

/// What became of a matter: an id, or a code.
#[derive(Serialize, ToSchema)]
pub(super) struct WireRegistered {
    /// As sent.
    matter_no: String,
    /// Its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Uuid>,
    /// Day from which it is closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    closed: Option<String>,
    /// Why it is not registered.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    /// The same in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'static str>,
}

/// Registers matters of the caller's organisation. Sent again, they stay as they are; with `closed` they are closed.
#[utoipa::path(
    post, path = "/api/v1/matters", tag = "look-ups", operation_id = "registerMatters",
    security(("bearer" = []), ("signature" = [])),
    request_body = WireMatters,
    responses(
        (status = 200, description = "What became of each, in the order sent.", body = [WireRegistered]),
        (status = 400, description = "Not the documented JSON, or more than 1,000.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not for this kind of account.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "One of them was changed meanwhile; send them again.", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large.", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Not JSON.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn register(
    State(state): State<WebState>,
    caller: ApiCaller,
    ApiJson(sent): ApiJson<WireMatters>,
) -> Result<Json<Vec<WireRegistered>>, Fault> {
    let caller = &caller.caller;
    let organisation = caller
        .organisation
        .clone()
        .ok_or(Fault::Forbidden { code: "POLICY-0002" })?;
    let permit = state.app.policies().decide(caller, RegisterMatter { organisation })?;
    let entries: Result<Vec<MatterEntry>, Fault> = sent.matters.iter().map(entry).collect();
    let done = matters::register(&state.app, &permit, &entries?).await?;
    let answers = sent.matters.into_iter().zip(done).map(|(sent, done)| match done {
        Ok(matter) => WireRegistered {
            matter_no: matter.matter_no.to_string(),
            id: Some(matter.uuid),
            closed: matter.closed.map(|day| day.to_string()),
            code: None,
            detail: None,
        },
        Err(fault) => WireRegistered {
            matter_no: sent.matter_no,
            id: None,
            closed: None,
            code: Some(fault.code()),
            detail: Some(fault.detail()),
        },
    });
    Ok(Json(answers.collect()))
}

fn entry(sent: &WireMatter) -> Result<MatterEntry, Fault> {
    let bad = |what| Fault::BadRequest { what };
    let day = |text: &str| Day::parse_iso(text).map_err(|_| bad("a day is not of the form YYYY-MM-DD"));
    Ok(MatterEntry {
        matter_no: MatterNo::parse(&sent.matter_no).map_err(|_| bad("a matter number is none"))?,
        purpose: PurposeId::parse(&sent.purpose).map_err(|_| bad("a purpose is none of the catalogue"))?,
        opened: day(&sent.opened)?,
        closed: sent.closed.as_deref().map(day).transpose()?,
    })
}
