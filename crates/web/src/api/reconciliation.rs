//! The reconciliation of a provider's day, for programs.

use std::collections::BTreeMap;

use app::reconcile::{self, Agreement, Compared, Line, Question, Reconciliation, StatementUnreadable};
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::wire::{WireCounts, WireText, rfc3339_of_local};
use crate::fault::Fault;
use crate::forms::ApiQuery;
use crate::pages::reconciliation::{Asked, permit_for};
use crate::problem::Problem;
use crate::session::Bearer;
use crate::state::WebState;

/// What a provider sent on a day beside what arrived. It holds no personal data.
#[derive(Serialize, ToSchema)]
pub(super) struct WireReconciliation {
    /// Unified social credit code of the provider.
    #[schema(example = "11370199MB0000001X")]
    provider: String,
    /// Name of the provider.
    provider_name: WireText,
    /// Day of arrival, China Standard Time.
    #[schema(example = "2026-11-24")]
    day: String,
    /// What arrived, oldest first.
    deliveries: Vec<WireLine>,
    /// Sums by the way of delivery: `service`, `command_line`, `file_drop`, `database_view` or `legacy`.
    by_adapter: BTreeMap<String, WireCounts>,
    /// Sum of all.
    rows: WireCounts,
    /// The provider's own statement, line by line; empty if there is none.
    statements: Vec<WireCompared>,
    /// `RECONCILE-0001` if there is a statement that cannot be read, so that nothing was compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "RECONCILE-0001")]
    statement_fault: Option<&'static str>,
    /// Deliveries that no line of the statement speaks of; empty if there is no statement at all.
    unannounced: Vec<Uuid>,
    /// Working days of the 30 days up to this one, since the provider's first delivery, on which nothing arrived.
    #[schema(example = json!(["2026-11-20"]))]
    missing_days: Vec<String>,
    /// Days of which nothing is said, since their official calendar is not entered.
    #[schema(example = json!([]))]
    days_without_calendar: Vec<String>,
}

/// A delivery of the day.
#[derive(Serialize, ToSchema)]
pub(super) struct WireLine {
    /// The delivery.
    delivery: Uuid,
    /// Item of the catalogue.
    #[schema(example = "ITM-PERMIT")]
    item: String,
    /// Its name.
    item_name: WireText,
    /// By which way it came, as in `by_adapter`.
    #[schema(example = "file_drop")]
    adapter: &'static str,
    /// When it began, RFC 3339.
    #[schema(example = "2026-11-24T09:30:00+08:00")]
    received_at: String,
    /// `receiving`, `done` or `refused`.
    #[schema(example = "done")]
    state: &'static str,
    /// SHA-256 of the bytes, hex.
    sha256: String,
    /// Size in bytes.
    bytes: u64,
    /// Counts.
    rows: WireCounts,
    /// Whether the signed receipt is written.
    has_receipt: bool,
    /// Questions that rows still wait for.
    open: Vec<WireQuestion>,
}

/// A question that rows of a delivery wait for.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "kind": "held", "reason": "number_unknown", "rows": 1,
    "message": { "zh": "身份库中没有该证件号码", "en": "the identity register does not know the number" }
}))]
pub(super) struct WireQuestion {
    /// `held` or `pending`.
    kind: &'static str,
    /// Word of the reason.
    reason: String,
    /// Rows that wait for it.
    rows: u64,
    /// What it means and what to do.
    message: WireText,
}

/// A line of the provider's statement and what became of it.
#[derive(Serialize, ToSchema)]
pub(super) struct WireCompared {
    /// Item, if the catalogue has the one that is stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "ITM-PERMIT")]
    item: Option<String>,
    /// SHA-256 of the file, if a hash is stated, hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    /// Data rows, if stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<u64>,
    /// Size, if stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    /// `agrees`, `differs` (the bytes arrived, with another number of rows or bytes than stated) or `missing`.
    #[schema(example = "agrees")]
    agreement: &'static str,
    /// The delivery it speaks of.
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery: Option<Uuid>,
}

impl From<Reconciliation> for WireReconciliation {
    fn from(report: Reconciliation) -> Self {
        let sums = report.by_adapter.iter();
        Self {
            provider: report.provider,
            provider_name: report.provider_name.into(),
            day: report.day,
            by_adapter: sums.map(|(word, rows)| ((*word).to_owned(), (*rows).into())).collect(),
            deliveries: report.deliveries.into_iter().map(WireLine::from).collect(),
            rows: report.rows.into(),
            statements: report.statements.into_iter().map(WireCompared::from).collect(),
            statement_fault: report.is_statement_unreadable.then_some(StatementUnreadable::CODE),
            unannounced: report.unannounced,
            missing_days: report.missing_days,
            days_without_calendar: report.days_without_calendar,
        }
    }
}

impl From<Line> for WireLine {
    fn from(line: Line) -> Self {
        Self {
            delivery: line.delivery,
            item: line.item,
            item_name: line.item_name.into(),
            adapter: line.adapter,
            received_at: rfc3339_of_local(&line.received_at),
            state: line.state,
            sha256: line.sha256,
            bytes: line.bytes,
            rows: line.rows.into(),
            has_receipt: line.has_receipt,
            open: line.open.into_iter().map(WireQuestion::from).collect(),
        }
    }
}

impl From<Question> for WireQuestion {
    fn from(question: Question) -> Self {
        Self {
            kind: question.kind,
            reason: question.reason,
            rows: question.rows,
            message: question.message.into(),
        }
    }
}

impl From<Compared> for WireCompared {
    fn from(compared: Compared) -> Self {
        let said = &compared.statement;
        Self {
            item: compared.item.as_ref().map(|(item, _)| item.to_string()),
            sha256: said.hash().map(str::to_owned),
            rows: said.rows,
            bytes: said.bytes,
            agreement: match compared.agreement {
                Agreement::Agrees => "agrees",
                Agreement::Differs => "differs",
                Agreement::Missing => "missing",
            },
            delivery: compared.delivery,
        }
    }
}

/// What arrived from a provider on a day, by which way, what is still open, and how it compares with the statement that the
/// provider laid into its drop folder.
#[utoipa::path(
    get, path = "/api/v1/reconciliation", tag = "deliveries", operation_id = "getReconciliation",
    security(("bearer" = [])),
    params(Asked),
    responses(
        (status = 200, description = "The report.", body = WireReconciliation),
        (status = 400, description = "A parameter is wrong, the day is still to come, or a caller of no provider names none.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The caller may not see this provider's deliveries.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get(
    State(state): State<WebState>,
    caller: Bearer,
    ApiQuery(query): ApiQuery<Asked>,
) -> Result<Json<WireReconciliation>, Fault> {
    let (day, permit) = permit_for(&state.app, &caller.session.caller, &query)?;
    if permit.resource().provider.is_none() {
        return Err(Fault::BadRequest {
            what: "provider is missing",
        });
    }
    Ok(Json(reconcile::report(&state.app, &permit, day).await?.into()))
}
