//! Break-glass: one officer asks, another grants; the person reads of it.

use app::emergencies::{self, AskedEmergency, EmergencyReason, OpenEmergency};
use app::own_file::{self, EmergencyNotice};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::catalogue::PurposeId;
use domain::{DocumentKind, IdentityDocument, MatterNo};
use policy::ReadOwnNotices;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::wire::{WireText, rfc3339};
use crate::fault::Fault;
use crate::forms::{ApiJson, PathId};
use crate::problem::Problem;
use crate::session::Bearer;
use crate::state::WebState;

/// An emergency that is asked for.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({
    "purpose": "PUR-FOOD-LICENCE", "reason": "life_or_health", "words": "poisoning at a canteen, the cook must be known now",
    "document_kind": "01", "document_number": "370199199001010013", "minutes": 30
}))]
pub(crate) struct NewEmergency {
    /// Purpose of the look-up.
    purpose: String,
    /// `life_or_health`, `property` or `public_health`.
    reason: String,
    /// Why it cannot wait, in 10 to 2000 characters; kept encrypted.
    words: String,
    /// Kind of document; `01` is the resident identity card.
    document_kind: String,
    /// Number of the document.
    document_number: String,
    /// Minutes for which it lasts once granted: 60 at most.
    minutes: u32,
}

impl NewEmergency {
    /// Of a resident identity card, as the page asks.
    pub(crate) fn of_card(purpose: String, reason: String, words: String, number: String, minutes: u32) -> Self {
        Self {
            purpose,
            reason,
            words,
            document_kind: DocumentKind::ResidentId.code().to_owned(),
            document_number: number,
            minutes,
        }
    }

    /// The same with its words read.
    pub(crate) fn read(self) -> Result<AskedEmergency, Fault> {
        let bad = |what| Fault::BadRequest { what };
        let kind = DocumentKind::parse(&self.document_kind).ok_or(bad("there is no such kind of document"))?;
        Ok(AskedEmergency {
            purpose: PurposeId::parse(&self.purpose).map_err(|_| bad("purpose is not the id of a purpose"))?,
            reason: EmergencyReason::parse(&self.reason).ok_or(bad("reason is not of the closed list"))?,
            words: self.words,
            document: IdentityDocument::parse(kind, self.document_number.trim())
                .map_err(|_| bad("the number fails its check"))?,
            minutes: self.minutes,
        })
    }
}

/// An emergency that was asked for.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01981b4e-7f00-7000-8000-000000000007", "matter_no": "紧急查询01981b4e-7f00-7000-8000-000000000007"
}))]
pub(super) struct Asked {
    /// Its id.
    id: Uuid,
    /// What a look-up names as its matter number, once it is granted and while it lasts.
    matter_no: String,
}

/// Asks for an emergency: a look at one person without a registered matter. Another officer of the same organisation grants it
/// within fifteen minutes, or it lapses.
#[utoipa::path(
    post, path = "/api/v1/emergencies", tag = "emergencies", operation_id = "askEmergency",
    security(("bearer" = [])),
    request_body = NewEmergency,
    responses(
        (status = 201, description = "Asked; nothing is granted yet.", body = Asked),
        (status = 400, description = "Something about it is not acceptable; the detail says what.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Not an officer's session.", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large.", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Not JSON.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn ask(
    State(state): State<WebState>,
    caller: Bearer,
    ApiJson(new): ApiJson<NewEmergency>,
) -> Result<(StatusCode, Json<Asked>), Fault> {
    let id = emergencies::ask(&state.app, &caller.session.caller, new.read()?).await?;
    let matter_no = MatterNo::of_emergency(id).to_string();
    Ok((StatusCode::CREATED, Json(Asked { id, matter_no })))
}

/// An emergency that waits for the second person, or one of the caller's that lasts. Whom it is about is not shown.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01981b4e-7f00-7000-8000-000000000007", "purpose": "PUR-FOOD-LICENCE", "reason": "life_or_health",
    "words": "poisoning at a canteen, the cook must be known now", "asked_by": "officer.market", "minutes": 30,
    "at": "2026-11-28T12:00:00+08:00", "lapses_at": "2026-11-28T12:15:00+08:00", "is_own": false
}))]
pub(super) struct WireEmergency {
    /// Id.
    id: Uuid,
    /// Purpose.
    purpose: String,
    /// Reason of the closed list.
    reason: String,
    /// In the first officer's words.
    words: String,
    /// Login name of the first officer.
    asked_by: String,
    /// Minutes for which it lasts.
    minutes: u32,
    /// When asked.
    at: String,
    /// When it lapses, or, once granted, when it ends.
    lapses_at: String,
    /// Whether the reader asked for it and so cannot grant it.
    is_own: bool,
    /// Once granted: what a look-up names as its matter number.
    #[serde(skip_serializing_if = "Option::is_none")]
    matter_no: Option<String>,
}

impl From<OpenEmergency> for WireEmergency {
    fn from(waiting: OpenEmergency) -> Self {
        Self {
            id: waiting.uuid,
            purpose: waiting.purpose.to_string(),
            reason: waiting.reason,
            words: waiting.words,
            asked_by: waiting.asked_by,
            minutes: waiting.minutes,
            at: rfc3339(waiting.at),
            lapses_at: rfc3339(waiting.lapses_at),
            is_own: waiting.is_own,
            matter_no: waiting.matter_no.map(|number| number.to_string()),
        }
    }
}

/// Emergencies of the own organisation that wait for a second person, then those that the caller asked for or granted and that
/// last.
#[utoipa::path(
    get, path = "/api/v1/emergencies", tag = "emergencies", operation_id = "listEmergencies",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "Oldest first.", body = [WireEmergency]),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Not an officer's session.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list(State(state): State<WebState>, caller: Bearer) -> Result<Json<Vec<WireEmergency>>, Fault> {
    let open = emergencies::open(&state.app, &caller.session.caller).await?;
    Ok(Json(open.into_iter().map(WireEmergency::from).collect()))
}

/// A granted emergency.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "until": "2026-11-28T12:30:00+08:00" }))]
pub(super) struct Granted {
    /// When it ends by itself.
    until: String,
}

/// Grants an emergency, as the second person. From this moment it lasts, the person is told, and a review is open.
#[utoipa::path(
    post, path = "/api/v1/emergencies/{id}/grant", tag = "emergencies", operation_id = "grantEmergency",
    security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The emergency.")),
    responses(
        (status = 200, description = "Granted.", body = Granted),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The policies refuse: nobody grants what one asked for oneself.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "None waits under this id in the own organisation.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Another officer was first.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn grant(
    State(state): State<WebState>,
    caller: Bearer,
    PathId(id): PathId,
) -> Result<Json<Granted>, Fault> {
    let until = emergencies::grant(&state.app, &caller.session.caller, id).await?;
    Ok(Json(Granted { until: rfc3339(until) }))
}

/// An emergency as its person reads of it.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01981b4e-7f00-7000-8000-000000000007",
    "organisation": { "zh": "测试市市场监督管理局", "en": "Test City market regulator" },
    "reason": "life_or_health", "purpose": { "zh": "食品经营许可", "en": "Food licence" },
    "at": "2026-11-28T12:00:00+08:00", "until": "2026-11-28T12:30:00+08:00"
}))]
pub(super) struct OwnEmergency {
    /// Id, to ask about.
    id: Uuid,
    /// Whose officers.
    organisation: WireText,
    /// Reason of the closed list.
    reason: String,
    /// Purpose.
    purpose: WireText,
    /// When it was granted.
    at: String,
    /// Until when it lasted.
    until: String,
}

impl From<EmergencyNotice> for OwnEmergency {
    fn from(notice: EmergencyNotice) -> Self {
        Self {
            id: notice.uuid,
            organisation: notice.organisation_name.into(),
            reason: notice.reason,
            purpose: notice.purpose_name.into(),
            at: rfc3339(notice.at),
            until: rfc3339(notice.until),
        }
    }
}

/// Emergencies about the person, newest first.
#[utoipa::path(
    get, path = "/api/v1/me/emergencies", tag = "me", operation_id = "getOwnEmergencies",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "Emergencies.", body = [OwnEmergency]),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not a resident's session.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The trace could not be written, so nothing was read.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn own(State(state): State<WebState>, caller: Bearer) -> Result<Json<Vec<OwnEmergency>>, Fault> {
    let asked = ReadOwnNotices {
        account: caller.session.account,
    };
    let permit = state.app.policies().decide(&caller.session.caller, asked)?;
    let told = own_file::emergencies(&state.app, &permit).await?;
    Ok(Json(told.into_iter().map(OwnEmergency::from).collect()))
}
