//! Looking a person up, one at a time. No route lists, searches or exports persons (AB-01).

use app::look_ups::{self, Answer, ClosingAsked, FieldAnswer, ItemAnswer, LookUpState, RecordAnswer, Request};
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use policy::{Caller, CloseLookUp, Permit};
use serde::{Deserialize, Serialize};
use store::LookUpResult;
use utoipa::ToSchema;
use uuid::Uuid;

use super::wire::{WireText, rfc3339};
use crate::fault::Fault;
use crate::forms::{ApiJson, PathId};
use crate::problem::Problem;
use crate::signed::ApiCaller;
use crate::state::WebState;

/// Header of the idempotency key.
pub(super) const KEY: &str = "idempotency-key";

/// Whom, for what.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "purpose": "PUR-TOUR-GUIDE", "legal_ground": "旅游法 第三十七条、第一百零三条", "matter_no": "测文旅导〔2026〕7号",
    "document": { "kind": "01", "number": "370199198503020019" }, "name": "测试某", "items": ["ITM-PENALTY"]
}))]
pub(super) struct WireLookUp {
    /// Purpose, one of the catalogue.
    purpose: String,
    /// Legal ground: document and article.
    legal_ground: String,
    /// Number of the matter in hand.
    matter_no: String,
    /// Document of the person.
    document: WireDocument,
    /// Name as in the document. Number *and* name must agree.
    name: String,
    /// Items wanted, each once.
    items: Vec<String>,
}

/// A document.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WireDocument {
    /// Kind: 01 resident identity card, 02 passport …
    pub(super) kind: String,
    /// Number.
    pub(super) number: String,
}

/// The answer. An item without records says nothing about the person: no file, another name, nothing to show and a refusal
/// look the same.
#[derive(Serialize, ToSchema)]
pub(super) struct WireAnswer {
    /// Id of the look-up.
    id: Uuid,
    /// When it was asked.
    at: String,
    /// Items as asked.
    items: Vec<WireItem>,
    /// What the officer has to do next.
    next: WireNext,
    /// What proves the look-up.
    receipt: WireReceipt,
}

/// What the officer has to do next.
#[derive(Serialize, ToSchema)]
pub(super) struct WireNext {
    /// Whether the officer has to say what came of it: an adverse fact was returned.
    must_close: bool,
    /// The last day for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    close_by: Option<String>,
    /// The same in words.
    text: WireText,
}

/// What is shown of an item.
#[derive(Serialize, ToSchema)]
pub(super) struct WireItem {
    /// Item.
    item: String,
    /// Its name.
    name: WireText,
    /// Records, newest first.
    records: Vec<WireShownRecord>,
}

/// What is shown of a record.
#[derive(Serialize, ToSchema)]
pub(super) struct WireShownRecord {
    /// Id of the record.
    record: Uuid,
    /// Who said so.
    provider: WireText,
    /// Whether the person disputes it: it is being checked.
    is_disputed: bool,
    /// The last day on which it may be read.
    until: String,
    /// The fields that the purpose names.
    fields: Vec<WireShownField>,
}

/// A field.
#[derive(Serialize, ToSchema)]
pub(super) struct WireShownField {
    /// Code of the data standard.
    code: String,
    /// Label.
    label: WireText,
    /// Value; numbers of persons in it are masked.
    value: String,
    /// Unit of an amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<&'static str>,
}

/// Proves a look-up: the hash of its entry in the log, under the installation's signature.
#[derive(Serialize, ToSchema)]
pub(super) struct WireReceipt {
    /// Id of the look-up.
    look_up: Uuid,
    /// Hash of the entry, hex.
    entry_hash: String,
    /// When it was asked, in milliseconds since 1970.
    at_ms: i64,
    /// Ed25519 signature, hex, over `chengdang look-up receipt 1`, id, hash and milliseconds, each ended by a line feed.
    signature: String,
}

impl WireNext {
    pub(super) fn of(close_by: Option<String>) -> Self {
        let text = match &close_by {
            Some(day) => domain::catalogue::Text {
                zh: format!(
                    "请核实后在 {day} 前登记结果：未使用，或者告知程序的编号。作出不利决定前，须先告知本人并听取陈述申辩。"
                ),
                en: format!(
                    "check it, and say what came of it by {day}: not used, or the number of the proceeding; before any adverse \
                     decision the person is told and heard"
                ),
            },
            None => domain::catalogue::Text {
                zh: "没有需要登记的结果。".to_owned(),
                en: "nothing has to be reported back".to_owned(),
            },
        };
        Self {
            must_close: close_by.is_some(),
            close_by,
            text: text.into(),
        }
    }
}

impl From<Answer> for WireAnswer {
    fn from(answer: Answer) -> Self {
        Self {
            id: answer.id,
            at: rfc3339(answer.at),
            items: answer.items.into_iter().map(WireItem::from).collect(),
            next: WireNext::of(answer.close_by.map(|day| day.to_string())),
            receipt: WireReceipt {
                look_up: answer.receipt.look_up,
                entry_hash: hex::encode(answer.receipt.entry_hash),
                at_ms: answer.receipt.at.0,
                signature: hex::encode(answer.receipt.signature),
            },
        }
    }
}

impl From<ItemAnswer> for WireItem {
    fn from(item: ItemAnswer) -> Self {
        Self {
            item: item.item.to_string(),
            name: item.name.into(),
            records: item.records.into_iter().map(WireShownRecord::from).collect(),
        }
    }
}

impl From<RecordAnswer> for WireShownRecord {
    fn from(record: RecordAnswer) -> Self {
        Self {
            record: record.record,
            provider: record.provider.into(),
            is_disputed: record.is_disputed,
            until: record.until.to_string(),
            fields: record.fields.into_iter().map(WireShownField::from).collect(),
        }
    }
}

impl From<FieldAnswer> for WireShownField {
    fn from(field: FieldAnswer) -> Self {
        Self {
            code: field.code,
            label: field.label.into(),
            value: field.value,
            unit: field.unit,
        }
    }
}

/// The state of a look-up; what it answered is not given again.
#[derive(Serialize, ToSchema)]
pub(super) struct WireState {
    /// Id.
    id: Uuid,
    /// When it was asked.
    at: String,
    /// Purpose.
    purpose: String,
    /// Matter number.
    #[serde(skip_serializing_if = "Option::is_none")]
    matter_no: Option<String>,
    /// `answered`, or `unknown`: then it counts as disclosed.
    outcome: &'static str,
    /// The last day to say what came of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    close_by: Option<String>,
    /// `not_used` or `proceeding`.
    #[serde(skip_serializing_if = "Option::is_none")]
    closed: Option<&'static str>,
    /// Hash of its entry in the log, hex.
    entry_hash: String,
    /// That the entry is in the public log (C2SP tlog-proof), once it is published, within seconds; `chengdang-verify proof`
    /// checks it.
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<String>,
}

impl From<LookUpState> for WireState {
    fn from(state: LookUpState) -> Self {
        Self {
            id: state.id,
            at: rfc3339(state.at),
            purpose: state.purpose.to_string(),
            matter_no: state.matter_no,
            // Whether something was shown is not told again: only that it was answered.
            outcome: if state.outcome.is_some() { "answered" } else { "unknown" },
            close_by: state.close_by.map(|day| day.to_string()),
            closed: state.closed.map(|(result, _)| result.as_str()),
            entry_hash: hex::encode(state.entry_hash),
            proof: None,
        }
    }
}

/// What came of it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "result": "proceeding", "proceeding": "测文旅告〔2026〕3号" }))]
pub(super) struct WireClosing {
    /// `not_used` or `proceeding`.
    result: String,
    /// Number of the proceeding.
    #[serde(default)]
    proceeding: Option<String>,
}

/// Looks one person up. Form, purpose, entitlement, items and matter are checked before anybody is searched for; the look-up
/// is durable in the log before the search. The same key with the same body is the same look-up: within ten minutes it is
/// answered again, without a second trace.
#[utoipa::path(
    post, path = "/api/v1/look-ups", tag = "look-ups", operation_id = "lookUp",
    security(("bearer" = []), ("signature" = [])),
    params(("Idempotency-Key" = String, Header, description = "8 to 100 printable characters, a new one for each look-up.")),
    request_body = WireLookUp,
    responses(
        (status = 200, description = "What is shown for this purpose.", body = WireAnswer),
        (status = 400, description = "Not the documented JSON.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Purpose, organisation, items or matter are not permitted; nobody was searched for.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The idempotency key was used for another look-up, or too long ago.", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large.", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Not JSON.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A form, check character or reference is wrong; nobody was searched for.", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "A limit on distinct persons is reached.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The trace could not be written, so nobody was searched for.", body = Problem, content_type = "application/problem+json"),
        (status = 507, description = "There is no space for the trace, so nobody was searched for.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn create(
    State(state): State<WebState>,
    caller: ApiCaller,
    headers: HeaderMap,
    ApiJson(asked): ApiJson<WireLookUp>,
) -> Result<Json<WireAnswer>, Fault> {
    let key = headers.get(KEY).and_then(|value| value.to_str().ok());
    let request = Request {
        purpose: &asked.purpose,
        legal_ground: &asked.legal_ground,
        matter_no: &asked.matter_no,
        document_kind: &asked.document.kind,
        document_number: &asked.document.number,
        name: &asked.name,
        items: &asked.items,
        key: key.unwrap_or_default(),
    };
    Ok(Json(run(&state, &caller.caller, &request).await?.into()))
}

/// The one way to a look-up, for programs and people.
pub(crate) async fn run(state: &WebState, caller: &Caller, request: &Request<'_>) -> Result<Answer, Fault> {
    let (question, asked) = look_ups::prepare(&state.app, caller, request).await?;
    match state.app.policies().decide(caller, question) {
        Ok(permit) => Ok(look_ups::look_up(&state.app, &permit, &asked).await?),
        Err(refusal) => {
            look_ups::note_refusal(&state.app, caller, &refusal).await;
            Err(refusal.into())
        }
    }
}

/// The permit for one look-up of the own organisation; another's is as absent as none.
pub(crate) async fn permit_for(state: &WebState, caller: &Caller, id: Uuid) -> Result<Permit<CloseLookUp>, Fault> {
    let asked = look_ups::head(&state.app, id).await?;
    state.app.policies().decide(caller, asked).map_err(|_| Fault::NotFound)
}

/// The state of a look-up, for its own organisation. It is no way to read the answer again.
#[utoipa::path(
    get, path = "/api/v1/look-ups/{look_up}", tag = "look-ups", operation_id = "getLookUp",
    security(("bearer" = []), ("signature" = [])),
    params(("look_up" = uuid::Uuid, Path, description = "Id of the look-up.")),
    responses(
        (status = 200, description = "Its state.", body = WireState),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such look-up, or another organisation asked.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get(
    State(state): State<WebState>,
    caller: ApiCaller,
    PathId(id): PathId,
) -> Result<Json<WireState>, Fault> {
    let permit = permit_for(&state, &caller.caller, id).await?;
    let found = look_ups::state(&state.app, &permit).await?;
    let proof = app::log::prove_published(&state.app, found.entry_hash).await?;
    Ok(Json(WireState { proof, ..found.into() }))
}

/// Says what came of a look-up: not used, or the number of the proceeding. The person sees it.
#[utoipa::path(
    post, path = "/api/v1/look-ups/{look_up}/close", tag = "look-ups", operation_id = "closeLookUp",
    security(("bearer" = []), ("signature" = [])),
    params(("look_up" = uuid::Uuid, Path, description = "Id of the look-up.")),
    request_body = WireClosing,
    responses(
        (status = 200, description = "It is closed.", body = WireState),
        (status = 400, description = "Not the documented JSON.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such look-up, or another organisation asked.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It is closed already.", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large.", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Not JSON.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Neither not used nor the number of a proceeding.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn close(
    State(state): State<WebState>,
    caller: ApiCaller,
    PathId(id): PathId,
    ApiJson(closing): ApiJson<WireClosing>,
) -> Result<Json<WireState>, Fault> {
    let permit = permit_for(&state, &caller.caller, id).await?;
    let asked = closing_of(&closing.result, closing.proceeding.as_deref())?;
    Ok(Json(look_ups::close(&state.app, &permit, asked).await?.into()))
}

/// What came of it, as written.
pub(crate) fn closing_of<'a>(result: &str, proceeding: Option<&'a str>) -> Result<ClosingAsked<'a>, Fault> {
    match LookUpResult::parse(result) {
        Some(LookUpResult::NotUsed) => Ok(ClosingAsked::NotUsed),
        Some(LookUpResult::Proceeding) => Ok(ClosingAsked::Proceeding(proceeding.unwrap_or_default())),
        None => Err(look_ups::LookUpFault::Closing.into()),
    }
}
