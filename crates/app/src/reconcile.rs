//! 对账: what a provider sent on a day beside what arrived, and what is still open.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::catalogue::{ItemId, Text};
use domain::{Day, Uscc};
use policy::{ListDeliveries, Permit};
use serde::{Deserialize, Serialize};
use store::{Counts, Delivery, DeliveryState, StagedKind};

use crate::deliver::state_word;
use crate::deliveries::reason_text;
use crate::{Adapter, App, AppError, names};

/// Days before the reported one that are looked at for missing deliveries.
const LOOKED_BACK_DAYS: i32 = 30;
/// Waiting rows read at once.
const PAGE: u32 = 10_000;

/// What a provider says it sent, by a manifest or otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// Item.
    pub item: String,
    /// SHA-256 of the file in hex, if it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Data rows, if it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// Bytes, if it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
}

impl Statement {
    /// The hash, if it is one. A statement is free text of the provider's, which is not passed on unread.
    #[must_use]
    pub fn hash(&self) -> Option<&str> {
        let is_hash = |text: &&str| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        self.sha256.as_deref().filter(is_hash)
    }
}

/// Where providers' own statements lie.
pub trait Statements: Send + Sync {
    /// What `provider` says it sent on `day`; nothing if it says nothing.
    ///
    /// # Errors
    ///
    /// If there is a statement and it cannot be read.
    fn of(&self, provider: &Uscc, day: Day) -> Result<Vec<Statement>, StatementUnreadable>;
}

/// A provider's statement that is there and cannot be read; why is in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the provider's statement cannot be read")]
pub struct StatementUnreadable;

impl StatementUnreadable {
    /// The public code; see `docs/errors.md`.
    pub const CODE: &'static str = "RECONCILE-0001";
}

/// A deployment to which providers state nothing.
pub struct NoStatements;

impl Statements for NoStatements {
    fn of(&self, _: &Uscc, _: Day) -> Result<Vec<Statement>, StatementUnreadable> {
        Ok(Vec::new())
    }
}

/// How a statement compares with what arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Agreement {
    /// A delivery is what the statement says.
    Agrees,
    /// The bytes arrived, with another number of rows or bytes than stated.
    Differs,
    /// Nothing of the kind arrived on the day.
    Missing,
}

/// A statement and what became of it.
#[derive(Debug, Clone, Serialize)]
pub struct Compared {
    /// What the provider says.
    #[serde(flatten)]
    pub statement: Statement,
    /// The item, if the catalogue has it, and its name.
    #[serde(skip)]
    pub item: Option<(ItemId, Text)>,
    /// How it compares.
    pub agreement: Agreement,
    /// The delivery it speaks of.
    pub delivery: Option<uuid::Uuid>,
}

/// One delivery of the day.
#[derive(Debug, Clone, Serialize)]
pub struct Line {
    /// Public id, also of its receipt.
    pub delivery: uuid::Uuid,
    /// Item.
    pub item: String,
    /// Its name.
    #[serde(skip)]
    pub item_name: Text,
    /// By which door it came.
    pub adapter: &'static str,
    /// When, local time.
    pub received_at: String,
    /// `receiving`, `done` or `refused`.
    pub state: &'static str,
    /// SHA-256 of the bytes.
    pub sha256: String,
    /// Size.
    pub bytes: u64,
    /// Counts.
    pub rows: Counts,
    /// Whether the signed receipt is written.
    pub has_receipt: bool,
    /// Questions that are still open.
    pub open: Vec<Question>,
}

/// A question that rows of a delivery wait for.
#[derive(Debug, Clone, Serialize)]
pub struct Question {
    /// `held` or `pending`.
    pub kind: &'static str,
    /// Reason word.
    pub reason: String,
    /// Rows that wait for it.
    pub rows: u64,
    /// What it means and what to do.
    #[serde(skip)]
    pub message: Text,
}

/// The report of one provider and day. It holds no personal data.
#[derive(Debug, Clone, Serialize)]
pub struct Reconciliation {
    /// Provider.
    pub provider: String,
    /// Its name.
    #[serde(skip)]
    pub provider_name: Text,
    /// Day, of China Standard Time.
    pub day: String,
    /// What arrived, oldest first.
    pub deliveries: Vec<Line>,
    /// Sums by door.
    pub by_adapter: BTreeMap<&'static str, Counts>,
    /// Sum of all.
    pub rows: Counts,
    /// What the provider says.
    pub statements: Vec<Compared>,
    /// Whether there is a statement that cannot be read, so that nothing was compared.
    pub is_statement_unreadable: bool,
    /// Deliveries that no statement speaks of; empty if there is no statement at all.
    pub unannounced: Vec<uuid::Uuid>,
    /// Working days of the 30 days up to this one, since the provider's first delivery, on which nothing arrived.
    pub missing_days: Vec<String>,
    /// Days for which the official calendar is not entered, so that nothing is said about them.
    pub days_without_calendar: Vec<String>,
}

/// Draws up the report for the provider that the permit names, beside the statement that it laid down.
///
/// # Errors
///
/// [`AppError::Invalid`] if the permit is for all providers, or if the store fails. A statement that cannot be read is no
/// error: what arrived can still be shown.
pub async fn report(app: &App, permit: &Permit<ListDeliveries>, day: Day) -> Result<Reconciliation, AppError> {
    let provider = one_provider(permit)?.clone();
    let statements = Arc::clone(&app.0.parts.statements);
    // It is a file somewhere.
    let stated = tokio::task::spawn_blocking(move || statements.of(&provider, day))
        .await
        .map_err(|_| AppError::ShuttingDown)?;
    let is_statement_unreadable = stated.is_err();
    let report = reconcile(app, permit, day, stated.unwrap_or_default()).await?;
    Ok(Reconciliation {
        is_statement_unreadable,
        ..report
    })
}

fn one_provider(permit: &Permit<ListDeliveries>) -> Result<&Uscc, AppError> {
    permit.resource().provider.as_ref().ok_or(AppError::Invalid {
        what: "a reconciliation is of one provider",
    })
}

/// The same beside statements that the caller has.
///
/// # Errors
///
/// [`AppError::Invalid`] if the permit is for all providers, or if the store fails.
pub async fn reconcile(
    app: &App,
    permit: &Permit<ListDeliveries>,
    day: Day,
    statements: Vec<Statement>,
) -> Result<Reconciliation, AppError> {
    let provider = one_provider(permit)?;
    let all = app
        .store()
        .list_deliveries(Some(provider), i32::MAX.unsigned_abs())
        .await?;
    let days: BTreeSet<Day> = all.iter().map(|delivery| delivery.received_at.day()).collect();
    let mut of_day: Vec<Delivery> = all
        .into_iter()
        .filter(|delivery| delivery.received_at.day() == day)
        .collect();
    of_day.sort_by_key(|delivery| delivery.id);

    let mut report = Reconciliation {
        provider: provider.to_string(),
        provider_name: names::organisation(app.catalogue(), provider),
        day: day.to_string(),
        deliveries: Vec::new(),
        by_adapter: BTreeMap::new(),
        rows: Counts::default(),
        statements: Vec::new(),
        is_statement_unreadable: false,
        unannounced: Vec::new(),
        missing_days: Vec::new(),
        days_without_calendar: Vec::new(),
    };
    compare(app, &mut report, statements, &of_day);
    for delivery in &of_day {
        let adapter = Adapter::of(delivery.by).as_str();
        report.rows += delivery.counts;
        *report.by_adapter.entry(adapter).or_default() += delivery.counts;
        report.deliveries.push(Line {
            delivery: delivery.uuid,
            item: delivery.item.to_string(),
            item_name: names::item(app.catalogue(), &delivery.item),
            adapter,
            received_at: delivery.received_at.local_text(),
            state: state_word(delivery.state),
            sha256: hex::encode(delivery.content_hash),
            bytes: delivery.bytes,
            rows: delivery.counts,
            has_receipt: delivery.state != DeliveryState::Receiving,
            open: open_questions(app, delivery).await?,
        });
    }
    missing(app, &mut report, day, &days);
    Ok(report)
}

/// Held and pending rows that nobody has answered yet, by reason.
async fn open_questions(app: &App, delivery: &Delivery) -> Result<Vec<Question>, AppError> {
    let mut open: BTreeMap<(&'static str, String), u64> = BTreeMap::new();
    let mut after = 0;
    loop {
        let rows = app.store().staged_rows(delivery.id, after, PAGE).await?;
        let Some(last) = rows.last() else { break };
        after = last.line;
        for row in rows.into_iter().filter(|row| !row.is_resolved) {
            let kind = match row.kind {
                StagedKind::Held => "held",
                StagedKind::Pending => "pending",
            };
            *open.entry((kind, row.reason)).or_default() += 1;
        }
    }
    Ok(open
        .into_iter()
        .map(|((kind, reason), rows)| Question {
            kind,
            message: reason_text(app, &reason),
            reason,
            rows,
        })
        .collect())
}

/// Each delivery answers one statement at most: by its hash where one is stated, else by item, rows and bytes.
fn compare(app: &App, report: &mut Reconciliation, statements: Vec<Statement>, deliveries: &[Delivery]) {
    let mut left: Vec<&Delivery> = deliveries.iter().collect();
    let has_statements = !statements.is_empty();
    let (hashed, others): (Vec<_>, Vec<_>) = statements.into_iter().partition(|said| said.sha256.is_some());
    for statement in hashed.into_iter().chain(others) {
        let item = ItemId::parse(&statement.item).ok();
        let is_of_item = |delivery: &Delivery| item.as_ref() == Some(&delivery.item);
        let agrees = |delivery: &Delivery| {
            statement.rows.is_none_or(|rows| rows == delivery.counts.received)
                && statement.bytes.is_none_or(|bytes| bytes == delivery.bytes)
        };
        let found = left.iter().position(|delivery| {
            is_of_item(delivery)
                && match &statement.sha256 {
                    Some(hash) => hash.eq_ignore_ascii_case(&hex::encode(delivery.content_hash)),
                    None => agrees(delivery),
                }
        });
        let delivery = found.map(|at| left.remove(at));
        report.statements.push(Compared {
            agreement: match delivery {
                None => Agreement::Missing,
                Some(delivery) if agrees(delivery) => Agreement::Agrees,
                Some(_) => Agreement::Differs,
            },
            delivery: delivery.map(|delivery| delivery.uuid),
            item: item
                .filter(|item| app.catalogue().items.contains_key(item))
                .map(|item| (item.clone(), names::item(app.catalogue(), &item))),
            statement,
        });
    }
    if has_statements {
        report.unannounced = left.into_iter().map(|delivery| delivery.uuid).collect();
    }
}

fn missing(app: &App, report: &mut Reconciliation, day: Day, days: &BTreeSet<Day>) {
    let Some(first) = days.first() else { return };
    for back in (0..LOOKED_BACK_DAYS).rev() {
        let Ok(looked_at) = day.plus_days(-back) else { continue };
        if looked_at < *first || days.contains(&looked_at) {
            continue;
        }
        match app.catalogue().calendar.is_working_day(looked_at) {
            Ok(true) => report.missing_days.push(looked_at.to_string()),
            Ok(false) => {}
            Err(_) => report.days_without_calendar.push(looked_at.to_string()),
        }
    }
}
