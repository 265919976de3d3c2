//! The officer looks one person up: purpose, matter number, number and name, answer with receipt. Nothing to browse, no
//! search, no export. And what waits: look-ups to close, complaints to answer.

use app::look_ups::{self, Answer, FieldAnswer, OpenLookUp, Request};
use app::own_looks::{self, ComplaintToAnswer};
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use domain::catalogue::{Purpose, PurposeId};
use domain::{DocumentKind, MatterNo, Uscc};
use policy::CallerKind;
use serde::Deserialize;
use uuid::Uuid;

use super::records::basis_text;
use crate::api::look_ups::{closing_of, permit_for, run};
use crate::fault::Fault;
use crate::forms::{PathId, SignedForm};
use crate::page::{Page, render};
use crate::prefs::query_word;
use crate::session::User;
use crate::state::WebState;
use crate::texts::Lang;

/// Complaints in the inbox.
const COMPLAINTS_MAX: u32 = 50;

#[derive(Template)]
#[template(path = "look_up.html")]
struct LookUpPage {
    p: Page,
    is_officer: bool,
    purposes: Vec<PurposeView>,
    chosen: Option<Chosen>,
    kinds: Vec<(&'static str, &'static str)>,
    error: Option<String>,
    error_code: &'static str,
    open: Vec<OpenView>,
    complaints: Vec<ComplaintView>,
}

struct PurposeView {
    id: String,
    name: String,
    statute: String,
}

/// The purpose that was chosen, and what was typed: never number or name.
struct Chosen {
    id: String,
    name: String,
    statute: String,
    duty: String,
    example: String,
    items: Vec<(String, String)>,
    ground: String,
    matter_no: String,
    key: String,
}

struct OpenView {
    id: String,
    purpose: String,
    matter_no: String,
    at: String,
    official: String,
    organisation: String,
    close_by: String,
    is_overdue: bool,
    is_due: bool,
}

struct ComplaintView {
    look_up: String,
    words: String,
    at: String,
    due: String,
    is_overdue: bool,
}

#[derive(Template)]
#[template(path = "answer.html")]
struct AnswerPage {
    p: Page,
    id: String,
    at: String,
    purpose: String,
    statute: String,
    matter_no: String,
    document: String,
    items: Vec<ItemView>,
    has_nothing: bool,
    close_by: Option<String>,
    hash: String,
    signature: String,
}

struct ItemView {
    name: String,
    is_adverse: bool,
    records: Vec<RecordView>,
}

struct RecordView {
    provider: String,
    is_disputed: bool,
    until: String,
    fields: Vec<(String, String)>,
}

/// `GET /look-up`
pub(super) async fn show(
    State(state): State<WebState>,
    user: User,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let word = |name| query_word(query.as_deref(), name).unwrap_or_default();
    let emergency = Uuid::parse_str(word("emergency")).ok();
    let typed = Typed {
        purpose: word("purpose").to_owned(),
        matter_no: emergency.map_or_else(String::new, |id| MatterNo::of_emergency(id).to_string()),
        ..Typed::default()
    };
    page(&state, &user, &typed, None).await
}

async fn page(state: &WebState, user: &User, typed: &Typed, fault: Option<Fault>) -> Result<Response, Fault> {
    let caller = &user.session.caller;
    if !matches!(caller.kind, CallerKind::Officer | CallerKind::Centre) {
        return Err(Fault::Forbidden { code: "POLICY-0002" });
    }
    let is_officer = caller.kind == CallerKind::Officer;
    let mut p = user.page(state, "nav-look-up", "/look-up");
    p.has_error = fault.is_some();
    let lang = p.lang;
    let catalogue = state.app.catalogue();
    let organisation = caller.organisation.as_ref();
    let mine = || {
        catalogue
            .purposes
            .values()
            .filter(|purpose| purpose.is_enabled && organisation.is_some_and(|own| purpose.askers.contains(own)))
    };
    let open = if is_officer {
        look_ups::open_ones(&state.app, caller, false).await?
    } else {
        look_ups::overdue(&state.app).await?
    };
    let complaints = match organisation.filter(|_| is_officer) {
        Some(organisation) => own_looks::complaints(&state.app, organisation, COMPLAINTS_MAX).await?,
        None => Vec::new(),
    };
    let today = state.app.clock().now().day();
    let chosen = PurposeId::parse(&typed.purpose)
        .ok()
        .and_then(|id| mine().find(|purpose| purpose.id == id));
    let page = LookUpPage {
        is_officer,
        purposes: mine().map(|purpose| purpose_view(lang, purpose)).collect(),
        chosen: chosen.map(|purpose| chosen_view(state, lang, purpose, typed)),
        kinds: [
            DocumentKind::parse("01"),
            DocumentKind::parse("02"),
            DocumentKind::parse("03"),
            DocumentKind::parse("04"),
            DocumentKind::parse("05"),
        ]
        .into_iter()
        .flatten()
        .map(|kind| {
            let label = if lang == Lang::En {
                kind.label_en()
            } else {
                kind.label_zh()
            };
            (kind.code(), label)
        })
        .collect(),
        error: fault.map(|fault| fault_text(lang, fault)),
        error_code: fault.map_or("", Fault::code),
        open: open
            .into_iter()
            .map(|open| open_view(state, lang, open, today))
            .collect(),
        complaints: complaints.into_iter().map(complaint_view).collect(),
        p,
    };
    let status = fault.map_or(StatusCode::OK, Fault::status);
    Ok(render(status, &page))
}

/// What is wrong, for people: by the code where there is a text for it.
fn fault_text(lang: Lang, fault: Fault) -> String {
    let key = match fault.code() {
        "LOOKUP-0102" => "look-fault-ground",
        "LOOKUP-0103" => "look-fault-matter-form",
        "LOOKUP-0104" | "LOOKUP-0105" => "look-fault-number",
        "LOOKUP-0106" => "look-fault-name",
        "LOOKUP-0107" | "POLICY-0203" => "look-fault-items",
        "POLICY-0204" => "look-fault-matter",
        _ => {
            let [_, text, _] = fault.keys();
            text
        }
    };
    lang.text(key)
}

fn purpose_view(lang: Lang, purpose: &Purpose) -> PurposeView {
    PurposeView {
        id: purpose.id.to_string(),
        name: lang.of(&purpose.name).to_owned(),
        statute: purpose
            .statute
            .as_ref()
            .map(|basis| basis_text(lang, basis))
            .unwrap_or_default(),
    }
}

fn chosen_view(state: &WebState, lang: Lang, purpose: &Purpose, typed: &Typed) -> Chosen {
    let PurposeView { id, name, statute } = purpose_view(lang, purpose);
    let ground = if typed.legal_ground.is_empty() {
        purpose
            .statute
            .as_ref()
            .map(|basis| format!("{} {}", basis.document, basis.article))
            .unwrap_or_default()
    } else {
        typed.legal_ground.clone()
    };
    let item_name = |id: &domain::catalogue::ItemId| {
        let item = state.app.catalogue().items.get(id)?;
        Some((id.to_string(), lang.of(&item.name).to_owned()))
    };
    Chosen {
        id,
        name,
        statute,
        duty: purpose
            .duty
            .as_ref()
            .map(|duty| lang.of(duty).to_owned())
            .unwrap_or_default(),
        example: purpose
            .matter
            .as_ref()
            .map(|matter| matter.example().to_string())
            .unwrap_or_default(),
        items: purpose.items.iter().filter_map(item_name).collect(),
        ground,
        matter_no: typed.matter_no.clone(),
        // The key of the form: sent twice, it is one look-up.
        key: state.app.fresh_id().to_string(),
    }
}

fn open_view(state: &WebState, lang: Lang, open: OpenLookUp, today: domain::Day) -> OpenView {
    let name_of = |uscc: &Uscc| {
        let known = state.app.catalogue().organisations.get(uscc);
        known.map_or_else(|| uscc.to_string(), |own| lang.of(&own.name).to_owned())
    };
    OpenView {
        id: open.state.id.to_string(),
        purpose: lang.of(&open.purpose_name).to_owned(),
        matter_no: open.state.matter_no.unwrap_or_default(),
        at: open.state.at.local_text(),
        organisation: name_of(&open.organisation),
        official: open.official,
        close_by: open.state.close_by.map(|day| day.to_string()).unwrap_or_default(),
        is_due: open.state.close_by == Some(today),
        is_overdue: open.is_overdue,
    }
}

fn complaint_view(complaint: ComplaintToAnswer) -> ComplaintView {
    ComplaintView {
        look_up: complaint.look_up.to_string(),
        words: complaint.words,
        at: complaint.at.local_text(),
        due: complaint.due_at.map(|due| due.day().to_string()).unwrap_or_default(),
        is_overdue: complaint.is_overdue,
    }
}

/// What an officer types.
#[derive(Deserialize, Default)]
pub(super) struct Typed {
    purpose: String,
    #[serde(default)]
    legal_ground: String,
    #[serde(default)]
    matter_no: String,
    #[serde(default)]
    document_kind: String,
    #[serde(default)]
    document_number: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    key: String,
    /// One item a name, so that the form reads a list: `ITM-PENALTY=on`.
    #[serde(flatten)]
    others: std::collections::BTreeMap<String, String>,
}

/// `POST /look-up`
pub(super) async fn ask(
    State(state): State<WebState>,
    SignedForm(user, typed): SignedForm<Typed>,
) -> Result<Response, Fault> {
    let items: Vec<String> = typed
        .others
        .keys()
        .filter(|name| name.starts_with("ITM-"))
        .cloned()
        .collect();
    let request = Request {
        purpose: &typed.purpose,
        legal_ground: &typed.legal_ground,
        matter_no: &typed.matter_no,
        document_kind: &typed.document_kind,
        document_number: &typed.document_number,
        name: &typed.name,
        items: &items,
        key: &typed.key,
    };
    match run(&state, &user.session.caller, &request).await {
        Ok(answer) => answer_page(&state, &user, &typed, &answer),
        Err(
            fault @ (Fault::LookUp { .. } | Fault::Limit { .. } | Fault::Forbidden { .. } | Fault::Conflict { .. }),
        ) => page(&state, &user, &typed, Some(fault)).await,
        Err(fault) => Err(fault),
    }
}

fn answer_page(state: &WebState, user: &User, typed: &Typed, answer: &Answer) -> Result<Response, Fault> {
    let p = user.page(state, "answer-title", "/look-up");
    let lang = p.lang;
    let purpose = PurposeId::parse(&typed.purpose).map_err(|_| Fault::NotFound)?;
    let purpose = state.app.catalogue().purposes.get(&purpose).ok_or(Fault::NotFound)?;
    let PurposeView { name, statute, .. } = purpose_view(lang, purpose);
    let number = typed.document_number.trim();
    let shown: String = number
        .chars()
        .rev()
        .take(2)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .collect();
    let page = AnswerPage {
        id: answer.id.to_string(),
        at: answer.at.local_text(),
        purpose: name,
        statute,
        matter_no: typed.matter_no.trim().to_owned(),
        document: format!("****************{shown}"),
        has_nothing: answer.items.iter().all(|item| item.records.is_empty()),
        items: answer
            .items
            .iter()
            .map(|item| ItemView {
                name: lang.of(&item.name).to_owned(),
                is_adverse: item.is_adverse,
                records: item
                    .records
                    .iter()
                    .map(|record| RecordView {
                        provider: lang.of(&record.provider).to_owned(),
                        is_disputed: record.is_disputed,
                        until: record.until.to_string(),
                        fields: record.fields.iter().map(|field| field_view(lang, field)).collect(),
                    })
                    .collect(),
            })
            .collect(),
        close_by: answer.close_by.map(|day| day.to_string()),
        hash: hex::encode(answer.receipt.entry_hash),
        signature: hex::encode(answer.receipt.signature),
        p,
    };
    Ok(render(StatusCode::OK, &page))
}

fn field_view(lang: Lang, field: &FieldAnswer) -> (String, String) {
    let label = lang.of(&field.label).to_owned();
    let value = match field.unit {
        Some(unit) if !label.contains(unit) => format!("{} {}", field.value, lang.text("unit-wan")),
        _ => field.value.clone(),
    };
    (label, value)
}

#[derive(Deserialize)]
pub(super) struct Closing {
    result: String,
    #[serde(default)]
    proceeding: String,
}

/// `POST /look-up/{look_up}/close`
pub(super) async fn close(
    State(state): State<WebState>,
    PathId(id): PathId,
    SignedForm(user, form): SignedForm<Closing>,
) -> Result<Response, Fault> {
    let permit = permit_for(&state, &user.session.caller, id).await?;
    let asked = closing_of(&form.result, Some(&form.proceeding))?;
    look_ups::close(&state.app, &permit, asked).await?;
    Ok(Redirect::to("/look-up").into_response())
}

#[derive(Deserialize)]
pub(super) struct Explanation {
    words: String,
}

/// `POST /look-up/{look_up}/explain`
pub(super) async fn explain(
    State(state): State<WebState>,
    PathId(id): PathId,
    SignedForm(user, form): SignedForm<Explanation>,
) -> Result<Response, Fault> {
    let id: Uuid = id;
    let permit = permit_for(&state, &user.session.caller, id).await?;
    own_looks::answer_complaint(&state.app, &permit, &form.words).await?;
    Ok(Redirect::to("/look-up").into_response())
}
