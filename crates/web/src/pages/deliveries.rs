//! Deliveries: the list, one with its progress or receipt, the fault file and the receipt file.

use std::sync::Arc;

use app::App;
use app::deliver::DroppedNote;
use app::deliveries::{self, DeliveryView, WaitingNote};
use askama::Template;
use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::catalogue::Text;
use policy::{Caller, CallerKind, ListDeliveries, Permit, ReadDelivery};
use serde_json::Value;
use store::{Counts, DeliveryState, StagedKind};
use uuid::Uuid;

use super::faults::{DroppedColumn, FaultCount, columns_text};
use super::show::grouped;
use crate::fault::Fault;
use crate::forms::PathId;
use crate::page::{Page, render};
use crate::prefs::{Prefs, query_word};
use crate::session::User;
use crate::state::WebState;
use crate::texts::Lang;

/// Deliveries in the list.
const LIST_MAX: u32 = 50;
/// Held and pending rows on a receipt; the page stays below 100 kB.
const WAITING_MAX: usize = 100;

#[derive(Template)]
#[template(path = "deliveries.html")]
struct ListPage {
    p: Page,
    deliveries: Vec<Row>,
    may_deliver: bool,
    is_cut: bool,
}

struct Row {
    id: Uuid,
    at: String,
    item: String,
    provider: String,
    state_key: &'static str,
    tone: &'static str,
    received: String,
    recorded: String,
    waiting: String,
    refused: String,
}

#[derive(Template)]
#[template(path = "delivery.html")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one independent thing that the template asks"
)]
struct DeliveryPage {
    p: Page,
    id: Uuid,
    is_running: bool,
    is_paused: bool,
    is_refused: bool,
    item: String,
    provider: String,
    provider_code: String,
    file_name: Option<String>,
    received_at: String,
    rows_done: u64,
    rows_total: Option<u64>,
    counts: Vec<CountView>,
    equation: String,
    corrected: u64,
    withdrawn: u64,
    fault_codes: Vec<FaultCount>,
    held: Vec<WaitingRow>,
    is_held_cut: bool,
    /// Held rows of the count that the list does not name: records that lack something, and rows resolved since.
    held_elsewhere: u64,
    dropped: Vec<DroppedColumn>,
    unknown_columns: String,
    signature: Option<String>,
    public_key: String,
}

struct CountView {
    key: &'static str,
    label_key: &'static str,
    number: String,
    is_total: bool,
}

struct WaitingRow {
    line: u32,
    kind_key: &'static str,
    why: String,
}

/// The list a caller may see: officers that of their organisation, the centre all.
pub(super) fn asked(caller: &Caller) -> ListDeliveries {
    let provider = match caller.kind {
        CallerKind::Centre | CallerKind::Operator => None,
        CallerKind::Officer
        | CallerKind::Resident
        | CallerKind::System
        | CallerKind::Partner
        | CallerKind::SystemAdministrator
        | CallerKind::SecurityAdministrator
        | CallerKind::AuditAdministrator => caller.organisation.clone(),
    };
    ListDeliveries { provider }
}

/// `GET /deliveries`
pub(super) async fn list(State(state): State<WebState>, user: User) -> Result<Response, Fault> {
    let caller = &user.session.caller;
    let permit = state.app.policies().decide(caller, asked(caller))?;
    let found = deliveries::list(&state.app, &permit, LIST_MAX).await?;
    let p = user.page(&state, "nav-deliveries", "/deliveries");
    let lang = p.lang;
    let page = ListPage {
        p,
        may_deliver: caller.kind == CallerKind::Officer,
        is_cut: found.len() >= LIST_MAX as usize,
        deliveries: found.iter().map(|delivery| row(lang, delivery)).collect(),
    };
    Ok(render(StatusCode::OK, &page))
}

fn row(lang: Lang, delivery: &DeliveryView) -> Row {
    let (state_key, tone) = match delivery.state {
        DeliveryState::Receiving => ("delivery-state-running", "warn"),
        DeliveryState::Done => ("delivery-state-done", "good"),
        DeliveryState::Refused => ("delivery-state-refused", "bad"),
    };
    let counts = &delivery.counts;
    Row {
        id: delivery.uuid,
        at: delivery.received_at.local_text(),
        item: lang.of(&delivery.item_name).to_owned(),
        provider: lang.of(&delivery.provider_name).to_owned(),
        state_key,
        tone,
        received: grouped(counts.received),
        recorded: grouped(counts.recorded),
        waiting: grouped(counts.held + counts.pending),
        refused: grouped(counts.refused),
    }
}

/// The permit for one delivery. What is absent and what is another organisation's get the same answer.
pub(crate) async fn permit_for(app: &App, caller: &Caller, id: Uuid) -> Result<Permit<ReadDelivery>, Fault> {
    let head = deliveries::find(app, id).await?.ok_or(Fault::NotFound)?;
    let asked = ReadDelivery {
        delivery: head.uuid,
        provider: head.provider,
    };
    app.policies().decide(caller, asked).map_err(|_| Fault::NotFound)
}

/// `GET /deliveries/{delivery}`
pub(super) async fn show(
    State(state): State<WebState>,
    user: User,
    PathId(id): PathId,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let permit = permit_for(&state.app, &user.session.caller, id).await?;
    let view = deliveries::get(&state.app, &permit).await?;
    let is_running = view.state == DeliveryState::Receiving;
    let waiting = if is_running {
        Vec::new()
    } else {
        deliveries::waiting_rows(&state.app, &permit).await?
    };
    let is_paused = query_word(query.as_deref(), "pause") == Some("1");
    let title = match view.state {
        DeliveryState::Receiving => "delivery-running-title",
        DeliveryState::Done => "delivery-receipt-title",
        DeliveryState::Refused => "delivery-refused-title",
    };
    let p = user.page(&state, title, "/deliveries");
    let page = delivery_page(&state, p, &view, &waiting, is_paused);
    let mut response = render(StatusCode::OK, &page);
    if is_running && !is_paused {
        // A header, not a meta element: WCAG 2.2.1 wants a way to stop it, which the page's link is.
        response
            .headers_mut()
            .insert(header::REFRESH, HeaderValue::from_static("2"));
    }
    Ok(response)
}

fn delivery_page(
    state: &WebState,
    p: Page,
    view: &DeliveryView,
    waiting: &[WaitingNote],
    is_paused: bool,
) -> DeliveryPage {
    let lang = p.lang;
    let receipt = view.receipt.as_ref();
    let unknown: Vec<u32> = list_in(receipt, "unknown_columns")
        .filter_map(|column| u32::try_from(column.as_u64()?).ok())
        .collect();
    let counts = view.counts;
    DeliveryPage {
        id: view.uuid,
        is_running: view.state == DeliveryState::Receiving,
        is_paused,
        is_refused: view.state == DeliveryState::Refused,
        item: lang.of(&view.item_name).to_owned(),
        provider: lang.of(&view.provider_name).to_owned(),
        provider_code: view.provider.to_string(),
        file_name: view.file_name.clone(),
        received_at: view.received_at.local_text(),
        rows_done: view.rows_done,
        rows_total: view.rows_total,
        equation: format!(
            "{} = {} + {} + {} + {} + {}",
            counts.received, counts.recorded, counts.repeated, counts.held, counts.pending, counts.refused
        ),
        corrected: counts.corrected,
        withdrawn: counts.withdrawn,
        counts: count_views(view),
        fault_codes: view
            .faults
            .iter()
            .map(|(code, count)| FaultCount::of(lang, code, *count))
            .collect(),
        is_held_cut: waiting.len() > WAITING_MAX,
        held_elsewhere: held_elsewhere(&counts, waiting),
        held: waiting
            .iter()
            .take(WAITING_MAX)
            .map(|note| waiting_row(lang, note))
            .collect(),
        dropped: dropped(state, receipt)
            .map(|note| DroppedColumn::of(lang, note))
            .collect(),
        unknown_columns: columns_text(lang, &unknown),
        signature: text_in(receipt, "signature"),
        public_key: text_in(receipt, "key").unwrap_or_default(),
        p,
    }
}

fn count_views(view: &DeliveryView) -> Vec<CountView> {
    let counts = view.counts;
    [
        ("received", "count-received", counts.received),
        ("recorded", "count-recorded", counts.recorded),
        ("repeated", "count-repeated", counts.repeated),
        ("held", "count-held", counts.held),
        ("pending", "count-pending", counts.pending),
        ("refused", "count-refused", counts.refused),
    ]
    .into_iter()
    .map(|(key, label_key, number)| CountView {
        key,
        label_key,
        number: grouped(number),
        is_total: key == "received",
    })
    .collect()
}

fn held_elsewhere(counts: &Counts, waiting: &[WaitingNote]) -> u64 {
    // The list itself ends somewhere; what lies behind it is not elsewhere.
    if waiting.len() >= deliveries::WAITING_ROWS_SHOWN as usize {
        return 0;
    }
    let listed = waiting.iter().filter(|note| note.kind == StagedKind::Held).count();
    counts.held.saturating_sub(listed as u64)
}

fn waiting_row(lang: Lang, note: &WaitingNote) -> WaitingRow {
    let kind_key = match note.kind {
        StagedKind::Held => "held-kind-held",
        StagedKind::Pending => "held-kind-pending",
    };
    WaitingRow {
        line: note.line,
        kind_key,
        why: lang.of(&note.message).to_owned(),
    }
}

fn list_in<'a>(receipt: Option<&'a Value>, key: &str) -> impl Iterator<Item = &'a Value> {
    receipt
        .and_then(|whole| whole.get("receipt")?.get(key)?.as_array())
        .into_iter()
        .flatten()
}

fn text_in(receipt: Option<&Value>, key: &str) -> Option<String> {
    receipt.and_then(|whole| whole.get(key)?.as_str()).map(str::to_owned)
}

/// Dropped columns as the receipt names them; why, as today's catalogue says.
fn dropped(state: &WebState, receipt: Option<&Value>) -> impl Iterator<Item = DroppedNote> {
    list_in(receipt, "dropped_columns").filter_map(|column| {
        let text = |key: &str| column.get(key).and_then(Value::as_str).map(str::to_owned);
        let (header, rule) = (text("header")?, text("rule")?);
        let known = state
            .app
            .catalogue()
            .dropped_columns
            .iter()
            .find(|known| known.id.as_str() == rule);
        let why = known.map_or_else(
            || Text {
                zh: rule.clone(),
                en: rule.clone(),
            },
            |known| known.message.clone(),
        );
        Some(DroppedNote { header, rule, why })
    })
}

/// `GET /deliveries/{delivery}/faults.csv`: chunk after chunk, whatever their number.
pub(super) async fn faults(
    State(state): State<WebState>,
    user: User,
    prefs: Prefs,
    PathId(id): PathId,
) -> Result<Response, Fault> {
    let permit = permit_for(&state.app, &user.session.caller, id).await?;
    let lang = prefs.lang.into();
    let body = fault_stream(state.app, permit, move |lines, is_first| {
        deliveries::fault_csv(lines, lang, is_first)
    });
    let name = format!("attachment; filename=\"faults-{id}.csv\"");
    Ok(attachment("text/csv; charset=utf-8", &name, body))
}

/// Fault blocks of a delivery, each put into its form by `write`. A failure in the middle breaks the stream off, so that a
/// cut list cannot pass for a whole one.
pub(crate) fn fault_stream(
    app: App,
    permit: Permit<ReadDelivery>,
    write: impl Fn(&[u8], bool) -> Vec<u8> + Send + 'static,
) -> Body {
    let permit = Arc::new(permit);
    let blocks = futures::stream::try_unfold(0_u32, move |chunk_no| {
        let (app, permit) = (app.clone(), Arc::clone(&permit));
        async move {
            let block = deliveries::fault_lines(&app, &permit, chunk_no)
                .await
                .map_err(|error| {
                    tracing::error!(error.code = error.code(), error = %error, "a fault file broke off");
                    std::io::Error::other("the fault file broke off")
                })?;
            Ok::<_, std::io::Error>(block.map(|lines| ((lines, chunk_no == 0), chunk_no.saturating_add(1))))
        }
    });
    let parts = futures::TryStreamExt::map_ok(blocks, move |(lines, is_first)| Bytes::from(write(&lines, is_first)));
    Body::from_stream(parts)
}

fn attachment(kind: &'static str, name: &str, body: Body) -> Response {
    let mut response = body.into_response();
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(name) = HeaderValue::from_str(name) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    }
    response
}

/// `GET /deliveries/{delivery}/receipt.json`
pub(super) async fn receipt(State(state): State<WebState>, user: User, PathId(id): PathId) -> Result<Response, Fault> {
    let permit = permit_for(&state.app, &user.session.caller, id).await?;
    let view = deliveries::get(&state.app, &permit).await?;
    let receipt = view.receipt.ok_or(Fault::NotFound)?;
    let name = format!("attachment; filename=\"receipt-{id}.json\"");
    Ok(attachment("application/json", &name, Body::from(receipt.to_string())))
}
