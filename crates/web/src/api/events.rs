//! Events for those who were shown a record: read from a cursor on, sent again, and the keys that sign them.

use app::events::{self, Delivered, EventView, ToldEvent};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use policy::ReadOwnLookUps;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::wire::{WireText, rfc3339};
use crate::fault::Fault;
use crate::forms::{ApiJson, ApiQuery};
use crate::problem::Problem;
use crate::session::Bearer;
use crate::signed::ApiCaller;
use crate::state::WebState;

/// Type of the list of keys (draft-meunier-http-message-signatures-directory).
const DIRECTORY_TYPE: &str = "application/http-message-signatures-directory+json";

/// Where to read on.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Onward {
    /// `cursor` of the page before: what came up to there is taken. From the first event on, if it is not given.
    after: Option<Uuid>,
    /// Events at most: 1 to 100.
    limit: Option<u32>,
}

/// A page of events, oldest first.
#[derive(Serialize, ToSchema)]
pub(super) struct WireEvents {
    /// Events, each as the endpoint gets it: `CloudEvents` 1.0, structured JSON.
    events: Vec<WireEvent>,
    /// Asks for what comes next as `after`; also when there is nothing yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<Uuid>,
}

/// An event (`CloudEvents` 1.0). It holds no personal data: look up again, for a matter in hand.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "specversion": "1.0", "id": "7b0c1f0e-2f0a-8c11-9a52-1d2a3c4b5d6e", "source": "//log.city.example",
    "type": "chengdang.record.withdrawn", "subject": "01981b4e-7f00-7000-8000-000000000007",
    "time": "2026-11-28T12:00:00+08:00", "datacontenttype": "application/json",
    "data": {
        "look_up": "01981b4e-7f00-7000-8000-000000000007", "record": "01981b4e-7f00-7000-8000-000000000008",
        "matter_no": "测食许〔2026〕1号", "what": "withdrawn",
        "next": { "zh": "该记录已撤销，不得再使用。", "en": "the record was withdrawn" }
    }
}))]
pub(super) struct WireEvent {
    /// `1.0`.
    specversion: String,
    /// Id: told twice, it is the same.
    id: Uuid,
    /// The city's system.
    source: String,
    /// `chengdang.record.corrected`, `.withdrawn`, `.repaired`, `.ended`, or `chengdang.look_up.unconfirmed`.
    #[serde(rename = "type")]
    kind: String,
    /// The look-up.
    subject: Uuid,
    /// When it happened.
    time: String,
    /// `application/json`.
    datacontenttype: String,
    /// What it says.
    data: WireEventData,
}

/// What an event says.
#[derive(Serialize, Deserialize, ToSchema)]
pub(super) struct WireEventData {
    /// The recipient's look-up.
    look_up: Uuid,
    /// The record, by the id that the answer gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<Uuid>,
    /// The matter for which it was looked up.
    #[serde(skip_serializing_if = "Option::is_none")]
    matter_no: Option<String>,
    /// `corrected`, `withdrawn`, `repaired`, `ended`, or `unconfirmed`: what was answered is not on record.
    what: String,
    /// What to do.
    next: WireNextStep,
}

/// A sentence in two languages.
#[derive(Serialize, Deserialize, ToSchema)]
pub(super) struct WireNextStep {
    /// Chinese.
    zh: String,
    /// English.
    en: String,
}

/// Events of the caller's own look-ups, oldest first: a system reads those of its look-ups, an officer those of the officers
/// of the organisation. It can be read again from any cursor. Reading on past an event takes it.
#[utoipa::path(
    get, path = "/api/v1/events", tag = "events", operation_id = "listEvents",
    security(("bearer" = []), ("signature" = [])), params(Onward),
    responses(
        (status = 200, description = "A page of events.", body = WireEvents),
        (status = 400, description = "A parameter is wrong.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No live session, or not signed.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "The cursor is no event of the caller, or the caller receives none.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list(
    State(state): State<WebState>,
    caller: ApiCaller,
    ApiQuery(from): ApiQuery<Onward>,
) -> Result<Json<WireEvents>, Fault> {
    let limit = from.limit.unwrap_or(events::PAGE_MAX);
    let page = events::acknowledge_and_list(&state.app, &caller.caller, from.after, limit).await?;
    Ok(Json(WireEvents {
        events: page.events.iter().map(wire).collect::<Result<_, _>>()?,
        cursor: page.cursor,
    }))
}

fn wire(event: &EventView) -> Result<WireEvent, Fault> {
    let damaged = |_| app::AppError::Damaged { what: "an event" };
    Ok(serde_json::from_str(&event.json).map_err(damaged)?)
}

/// From where to send again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "after": "7b0c1f0e-2f0a-8c11-9a52-1d2a3c4b5d6e" }))]
pub(super) struct WireReplay {
    /// The last event that is not wanted again; all are sent, if it is not given.
    #[serde(default)]
    after: Option<Uuid>,
}

/// How many are sent again.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "events": 3 }))]
pub(super) struct WireReplayed {
    /// Events on their way.
    events: u64,
}

/// Sends the system's events to its endpoint again, those after `after`, under the same ids and in the same order, whether they
/// were taken, wait or were given up.
#[utoipa::path(
    post, path = "/api/v1/events/replay", tag = "events", operation_id = "replayEvents",
    security(("signature" = [])),
    request_body = WireReplay,
    responses(
        (status = 202, description = "They are on their way; none, if the system has no endpoint.", body = WireReplayed),
        (status = 400, description = "Not the documented JSON.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "Not signed.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`after` is no event of the system, or no system asks.", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large.", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Not JSON.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn replay(
    State(state): State<WebState>,
    caller: ApiCaller,
    ApiJson(asked): ApiJson<WireReplay>,
) -> Result<(StatusCode, Json<WireReplayed>), Fault> {
    let events = events::replay(&state.app, &caller.caller, asked.after).await?;
    Ok((StatusCode::ACCEPTED, Json(WireReplayed { events })))
}

/// Who was told that a record fell.
#[derive(Serialize, ToSchema)]
pub(super) struct WireTold {
    /// `corrected`, `withdrawn`, `repaired` or `ended`.
    what: &'static str,
    /// The record.
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<Uuid>,
    /// The look-up by which the recipient knew it.
    look_up: Uuid,
    /// Who is told.
    organisation: WireText,
    /// Whether its system is told, and not its officers.
    is_to_system: bool,
    /// When it happened.
    at: String,
    /// When the recipient took it; not yet, if it is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    told_at: Option<String>,
}

impl From<ToldEvent> for WireTold {
    fn from(told: ToldEvent) -> Self {
        Self {
            what: told.kind.as_str(),
            record: told.record,
            look_up: told.look_up,
            organisation: told.organisation.into(),
            is_to_system: told.is_to_system,
            at: rfc3339(told.at),
            told_at: match told.delivered {
                Delivered::Told(at) => Some(rfc3339(at)),
                Delivered::Waiting => None,
            },
        }
    }
}

/// Who was told that a record of the person was corrected, withdrawn, repaired or ended, and when, newest first: everybody to
/// whom a look-up had shown it.
#[utoipa::path(
    get, path = "/api/v1/me/events", tag = "me", operation_id = "getOwnEvents",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "At most 500.", body = [WireTold]),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not a resident's session.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The trace could not be written, so nothing was read.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn own(State(state): State<WebState>, caller: Bearer) -> Result<Json<Vec<WireTold>>, Fault> {
    let asked = ReadOwnLookUps {
        account: caller.session.account,
    };
    let permit = state.app.policies().decide(&caller.session.caller, asked)?;
    let told = events::told_about_me(&state.app, &permit).await?;
    Ok(Json(told.into_iter().map(WireTold::from).collect()))
}

/// The keys with which the city signs what it sends.
#[derive(Serialize, ToSchema)]
pub(super) struct WireKeys {
    /// Keys, newest first.
    keys: Vec<WireKey>,
}

/// A public key (RFC 8037).
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "kty": "OKP", "crv": "Ed25519", "x": "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs", "use": "sig",
    "kid": "poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U"
}))]
pub(super) struct WireKey {
    /// `OKP`.
    kty: &'static str,
    /// `Ed25519`.
    crv: &'static str,
    /// The key.
    x: String,
    /// `sig`.
    #[serde(rename = "use")]
    usage: &'static str,
    /// `keyid` of the signatures: the thumbprint of the key (RFC 7638).
    kid: String,
    /// Since when it signs nothing any more, in seconds since 1970; it signs, if this is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<i64>,
}

/// The public keys of the signatures on events. They are read anew when a `keyid` is not among them: keys change.
#[utoipa::path(
    get, path = "/.well-known/http-message-signatures-directory", tag = "events", operation_id = "getSignatureKeys",
    responses((status = 200, description = "A JSON Web Key Set (RFC 7517).", body = WireKeys,
        content_type = "application/http-message-signatures-directory+json"))
)]
pub(super) async fn keys(State(state): State<WebState>) -> Response {
    let keys = state.app.signing_keys().into_iter().map(|(key, until)| WireKey {
        kty: "OKP",
        crv: "Ed25519",
        x: URL_SAFE_NO_PAD.encode(key),
        usage: "sig",
        kid: events::key_id(&key),
        exp: until.map(|until| until.0.div_euclid(1000)),
    });
    let keys = WireKeys { keys: keys.collect() };
    let kind = HeaderValue::from_static(DIRECTORY_TYPE);
    let mut response = Json(keys).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
