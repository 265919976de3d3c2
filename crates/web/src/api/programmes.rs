//! Comparison programmes: proposed by an officer, approved by a second one and by the credit centre, ended by either.

use app::comparisons::{self, ComparisonFault, ProgrammeState, Proposal};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::Day;
use domain::catalogue::ItemId;
use policy::{ApproveProgramme, Caller, Permit};
use serde::{Deserialize, Serialize};
use store::ProgrammeStepKind;
use utoipa::ToSchema;
use uuid::Uuid;

use super::wire::rfc3339;
use crate::fault::Fault;
use crate::forms::{ApiJson, PathId};
use crate::problem::Problem;
use crate::signed::ApiCaller;
use crate::state::WebState;

/// A programme to propose.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "purpose": "PUR-FOOD-LICENCE", "aim": "食品经营许可年度复核", "items": ["ITM-PENALTY"], "rows_a_day": 1_000_000,
    "last_day": "2027-06-30"
}))]
pub(super) struct WireProposal {
    /// Purpose, one of the catalogue; its statute is the programme's.
    purpose: String,
    /// What it is for, 4 to 200 characters. The persons read it.
    aim: String,
    /// Items that may be compared, 1 to 31.
    items: Vec<String>,
    /// Rows that may be compared in a day.
    rows_a_day: u32,
    /// Last day on which it runs, `YYYY-MM-DD`, at most a year away.
    last_day: String,
}

/// A programme.
#[derive(Serialize, ToSchema)]
pub(super) struct WireProgramme {
    /// Id.
    id: Uuid,
    /// Organisation that runs it.
    organisation: String,
    /// Purpose.
    purpose: String,
    /// Document and article.
    statute: String,
    /// What it is for.
    aim: String,
    /// Items that may be compared.
    items: Vec<String>,
    /// Rows that may be compared in a day.
    rows_a_day: u32,
    /// Last day on which it runs.
    last_day: String,
    /// Account of the officer who proposed it.
    proposer: Uuid,
    /// When it was proposed.
    proposed_at: String,
    /// Account of the second officer who approved it.
    #[serde(skip_serializing_if = "Option::is_none")]
    department_approver: Option<Uuid>,
    /// Account of the credit centre's officer who approved it.
    #[serde(skip_serializing_if = "Option::is_none")]
    centre_approver: Option<Uuid>,
    /// Whether batches may be compared under it today.
    is_running: bool,
    /// Whether it is over.
    has_ended: bool,
}

impl From<ProgrammeState> for WireProgramme {
    fn from(state: ProgrammeState) -> Self {
        let programme = state.programme;
        let (department, centre) = (
            programme.by(ProgrammeStepKind::Department),
            programme.by(ProgrammeStepKind::Centre),
        );
        let proposed = programme.proposed;
        Self {
            id: proposed.uuid,
            organisation: proposed.organisation.to_string(),
            purpose: proposed.purpose.to_string(),
            statute: proposed.statute,
            aim: proposed.aim,
            items: proposed.items.iter().map(ItemId::to_string).collect(),
            rows_a_day: proposed.rows_a_day,
            last_day: proposed.last_day.to_string(),
            proposer: proposed.by,
            proposed_at: rfc3339(proposed.at),
            department_approver: department,
            centre_approver: centre,
            is_running: state.is_running,
            has_ended: state.has_ended,
        }
    }
}

/// Proposes a comparison programme of the own organisation. It runs once a second officer and the credit centre approved it.
#[utoipa::path(
    post, path = "/api/v1/programmes", tag = "look-ups", operation_id = "proposeProgramme",
    security(("bearer" = [])),
    request_body = WireProposal,
    responses(
        (status = 201, description = "It waits for its approvals.", body = WireProgramme),
        (status = 400, description = "Not the documented JSON.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not for this kind of account, or purpose or items are not permitted.", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large.", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Not JSON.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Purpose, items, aim, rows or last day are not as they must be.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn propose(
    State(state): State<WebState>,
    caller: ApiCaller,
    ApiJson(sent): ApiJson<WireProposal>,
) -> Result<(StatusCode, Json<WireProgramme>), Fault> {
    if caller.caller.organisation.is_none() {
        return Err(Fault::Forbidden { code: "POLICY-0002" });
    }
    let last_day = Day::parse_iso(&sent.last_day).map_err(|_| ComparisonFault::Proposal)?;
    let proposal = Proposal {
        purpose: &sent.purpose,
        aim: &sent.aim,
        items: &sent.items,
        rows_a_day: sent.rows_a_day,
        last_day,
    };
    let question = comparisons::propose_question(&state.app, &caller.caller, &proposal)?;
    let permit = state.app.policies().decide(&caller.caller, question)?;
    let registered = comparisons::propose(&state.app, &permit, &proposal).await?;
    Ok((StatusCode::CREATED, Json(registered.into())))
}

/// Programmes, newest first: the own organisation's; all of them for the credit centre.
#[utoipa::path(
    get, path = "/api/v1/programmes", tag = "look-ups", operation_id = "listProgrammes",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "At most 200.", body = [WireProgramme]),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Not for this kind of account.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list(State(state): State<WebState>, caller: ApiCaller) -> Result<Json<Vec<WireProgramme>>, Fault> {
    let programmes = comparisons::list(&state.app, &caller.caller).await?;
    Ok(Json(programmes.into_iter().map(WireProgramme::from).collect()))
}

/// The permit to approve or end a programme; another organisation's is as absent as none.
async fn permit(state: &WebState, caller: &Caller, id: Uuid) -> Result<Permit<ApproveProgramme>, Fault> {
    let question = comparisons::approve_question(&state.app, id).await?;
    state
        .app
        .policies()
        .decide(caller, question)
        .map_err(|refusal| match refusal.code() {
            // Who could not approve any programme of this organisation is not told that there is one.
            "POLICY-0002" | "POLICY-0102" => Fault::NotFound,
            _ => refusal.into(),
        })
}

/// Approves a programme: as a second officer of its organisation, or for the credit centre. The proposer cannot.
#[utoipa::path(
    post, path = "/api/v1/programmes/{programme}/approve", tag = "look-ups", operation_id = "approveProgramme",
    security(("bearer" = [])),
    params(("programme" = uuid::Uuid, Path, description = "Id of the programme.")),
    responses(
        (status = 200, description = "It is approved.", body = WireProgramme),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not by the proposer.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such programme, or not for this caller.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It has this approval, the same human gave the other one, or it has ended.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn approve(
    State(state): State<WebState>,
    caller: ApiCaller,
    PathId(id): PathId,
) -> Result<Json<WireProgramme>, Fault> {
    let permit = permit(&state, &caller.caller, id).await?;
    Ok(Json(comparisons::approve(&state.app, &permit).await?.into()))
}

/// Ends a programme before its last day: whoever may approve it.
#[utoipa::path(
    post, path = "/api/v1/programmes/{programme}/end", tag = "look-ups", operation_id = "endProgramme",
    security(("bearer" = [])),
    params(("programme" = uuid::Uuid, Path, description = "Id of the programme.")),
    responses(
        (status = 200, description = "It has ended.", body = WireProgramme),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not by the proposer.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such programme, or not for this caller.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It has ended.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn end(
    State(state): State<WebState>,
    caller: ApiCaller,
    PathId(id): PathId,
) -> Result<Json<WireProgramme>, Fault> {
    let permit = permit(&state, &caller.caller, id).await?;
    Ok(Json(comparisons::end(&state.app, &permit).await?.into()))
}
