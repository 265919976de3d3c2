//! The reconciliation of a provider's day.

use app::App;
use app::reconcile::{self, Agreement, Compared, Line, Reconciliation};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::{Day, Uscc};
use policy::{Caller, CallerKind, ListDeliveries, Permit};
use serde::Deserialize;
use store::Counts;
use utoipa::IntoParams;
use uuid::Uuid;

use super::deliveries::asked;
use super::show::grouped;
use crate::fault::Fault;
use crate::forms::ApiQuery;
use crate::page::{Page, render};
use crate::session::User;
use crate::state::WebState;
use crate::texts::Lang;

/// Digits of a hash that tell files of one day apart.
const HASH_DIGITS: usize = 12;

/// Which day, and whose.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// Day of arrival, China Standard Time; today if missing.
    #[param(example = "2026-11-24")]
    day: Option<String>,
    /// Unified social credit code of the provider; an officer's own organisation if missing.
    #[param(example = "11370199MB0000001X")]
    provider: Option<String>,
}

#[derive(Template)]
#[template(path = "reconciliation.html")]
struct ReconciliationPage {
    p: Page,
    day: String,
    /// Today, the last day that can be asked for.
    last_day: String,
    /// Providers to choose from; none for who has one of their own.
    providers: Vec<Choice>,
    report: Option<Shown>,
}

struct Choice {
    code: String,
    name: String,
    is_chosen: bool,
}

struct Shown {
    provider: String,
    day: String,
    sums: Vec<Sum>,
    deliveries: Vec<Delivery>,
    open: Vec<Open>,
    is_statement_unreadable: bool,
    statements: Vec<Said>,
    unannounced: Vec<Uuid>,
    missing_days: String,
    days_without_calendar: String,
}

/// Rows by outcome, as cells: received, recorded, repeated, held, pending, refused.
type Cells = [Cell; 6];

struct Cell {
    label_key: &'static str,
    number: String,
}

struct Sum {
    name: String,
    cells: Cells,
}

struct Delivery {
    id: Uuid,
    at: String,
    item: String,
    door: String,
    /// State and its tone, unless it is the usual one.
    state: Option<(&'static str, &'static str)>,
    cells: Cells,
}

struct Open {
    id: Uuid,
    at: String,
    kind_key: &'static str,
    why: String,
    rows: String,
}

struct Said {
    item: String,
    rows: String,
    hash: String,
    word: String,
    tone: &'static str,
    delivery: Option<Uuid>,
}

/// The day asked for, and the permit for the provider asked for; of all providers where nobody is named and the caller has none.
pub(crate) fn permit_for(app: &App, caller: &Caller, query: &Asked) -> Result<(Day, Permit<ListDeliveries>), Fault> {
    let wrong = |what| Fault::BadRequest { what };
    let today = app.clock().now().day();
    let day = match query.day.as_deref().filter(|text| !text.is_empty()) {
        None => today,
        Some(text) => Day::parse_iso(text).map_err(|_| wrong("day is not a day of the form YYYY-MM-DD"))?,
    };
    if day > today {
        return Err(wrong("the day is still to come"));
    }
    let question = match query.provider.as_deref().filter(|text| !text.is_empty()) {
        None => asked(caller),
        Some(text) => ListDeliveries {
            provider: Some(Uscc::parse(text).map_err(|_| wrong("provider is not a unified social credit code"))?),
        },
    };
    Ok((day, app.policies().decide(caller, question)?))
}

/// `GET /reconciliation`
pub(super) async fn show(
    State(state): State<WebState>,
    user: User,
    ApiQuery(query): ApiQuery<Asked>,
) -> Result<Response, Fault> {
    let caller = &user.session.caller;
    let (day, permit) = permit_for(&state.app, caller, &query)?;
    let p = user.page(&state, "nav-reconciliation", "/reconciliation");
    let chosen = permit.resource().provider.as_ref();
    let report = match chosen {
        None => None,
        Some(_) => Some(shown(p.lang, reconcile::report(&state.app, &permit, day).await?)),
    };
    let page = ReconciliationPage {
        day: day.to_string(),
        last_day: state.app.clock().now().day().to_string(),
        providers: if caller.kind == CallerKind::Officer {
            Vec::new()
        } else {
            choices(&state.app, p.lang, chosen)
        },
        report,
        p,
    };
    Ok(render(StatusCode::OK, &page))
}

/// Organisations that provide an item, by their names.
fn choices(app: &App, lang: Lang, chosen: Option<&Uscc>) -> Vec<Choice> {
    let catalogue = app.catalogue();
    let is_provider = |code: &Uscc| catalogue.items.values().any(|item| item.providers.contains(code));
    let mut choices: Vec<Choice> = catalogue
        .organisations
        .iter()
        .filter(|(code, _)| is_provider(code))
        .map(|(code, organisation)| Choice {
            code: code.to_string(),
            name: lang.of(&organisation.name).to_owned(),
            is_chosen: Some(code) == chosen,
        })
        .collect();
    choices.sort_by(|a, b| (&a.name, &a.code).cmp(&(&b.name, &b.code)));
    choices
}

fn shown(lang: Lang, report: Reconciliation) -> Shown {
    let door = |word: &str| lang.text_with("door", &[("door", word.to_owned().into())]);
    let mut sums: Vec<Sum> = report
        .by_adapter
        .iter()
        .map(|(word, rows)| Sum {
            name: door(word),
            cells: cells(rows),
        })
        .collect();
    sums.push(Sum {
        name: lang.text("reconcile-total"),
        cells: cells(&report.rows),
    });
    Shown {
        provider: lang.of(&report.provider_name).to_owned(),
        sums,
        open: report.deliveries.iter().flat_map(|line| open(lang, line)).collect(),
        deliveries: report
            .deliveries
            .into_iter()
            .map(|line| Delivery {
                id: line.delivery,
                at: line.received_at,
                item: lang.of(&line.item_name).to_owned(),
                door: door(line.adapter),
                state: match line.state {
                    "receiving" => Some(("delivery-state-running", "warn")),
                    "refused" => Some(("delivery-state-refused", "bad")),
                    _ => None,
                },
                cells: cells(&line.rows),
            })
            .collect(),
        is_statement_unreadable: report.is_statement_unreadable,
        statements: report.statements.iter().map(|said| compared(lang, said)).collect(),
        unannounced: report.unannounced,
        day: report.day,
        missing_days: report.missing_days.join(" · "),
        days_without_calendar: report.days_without_calendar.join(" · "),
    }
}

fn cells(rows: &Counts) -> Cells {
    [
        ("count-received", rows.received),
        ("count-recorded", rows.recorded),
        ("count-repeated", rows.repeated),
        ("count-held", rows.held),
        ("count-pending", rows.pending),
        ("count-refused", rows.refused),
    ]
    .map(|(label_key, number)| Cell {
        label_key,
        number: grouped(number),
    })
}

fn open(lang: Lang, line: &Line) -> Vec<Open> {
    let questions = line.open.iter();
    questions
        .map(|question| Open {
            id: line.delivery,
            at: line.received_at.clone(),
            kind_key: if question.kind == "held" {
                "held-kind-held"
            } else {
                "held-kind-pending"
            },
            why: lang.of(&question.message).to_owned(),
            rows: grouped(question.rows),
        })
        .collect()
}

fn compared(lang: Lang, compared: &Compared) -> Said {
    let said = &compared.statement;
    let (word, tone) = match compared.agreement {
        Agreement::Agrees => ("agrees", "good"),
        Agreement::Differs => ("differs", "bad"),
        Agreement::Missing => ("missing", "bad"),
    };
    let item = compared.item.as_ref();
    Said {
        item: item.map_or_else(
            || lang.text("reconcile-item-unknown"),
            |(_, name)| lang.of(name).to_owned(),
        ),
        rows: said.rows.map_or_else(|| lang.text("reconcile-not-said"), grouped),
        hash: said.hash().map_or_else(
            || lang.text("reconcile-not-said"),
            |hash| hash.chars().take(HASH_DIGITS).collect(),
        ),
        word: lang.text_with("agreement", &[("agreement", word.into())]),
        tone,
        delivery: compared.delivery,
    }
}
