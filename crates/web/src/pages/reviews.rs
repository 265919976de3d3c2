//! Reviews: rows of which a human decides whose they are.

use app::candidates::{self, CandidateView, CandidatesView};
use app::reviews::{self, Decision, ReviewError, ReviewHead, ReviewSummary, ReviewView};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use policy::{Action, Caller, CallerKind, DecideReview, FindCandidates, ListReviews, Permit, ReadReview};
use serde::Deserialize;
use uuid::Uuid;

use super::show::Fact;
use crate::fault::Fault;
use crate::forms::{PathId, SignedForm};
use crate::page::{Page, render};
use crate::session::User;
use crate::state::WebState;
use crate::texts::Lang;

/// Reviews in the list, oldest first: those behind them come up as these are decided.
const LIST_MAX: u32 = 100;
/// Reason word of a changed name, the only case in which an alias can be confirmed.
const NAME_CHANGE: &str = "name_change";

#[derive(Template)]
#[template(path = "reviews.html")]
struct ListPage {
    p: Page,
    reviews: Vec<Row>,
}

struct Row {
    id: Uuid,
    at: String,
    item: String,
    explanation: String,
    reason: String,
    delivery: Uuid,
    line: u32,
}

#[derive(Template)]
#[template(path = "review.html")]
struct ReviewPage {
    p: Page,
    id: Uuid,
    explanation: String,
    item: String,
    delivery: Uuid,
    line: u32,
    opened_at: String,
    row_name: String,
    row_document: String,
    register_name: Option<String>,
    candidate_document: Option<String>,
    is_in_doubt: bool,
    candidates: Vec<Shown>,
    left_out: usize,
    fields: Vec<Fact>,
    is_open: bool,
    is_name_change: bool,
    after_steps: u32,
    steps: Vec<Step>,
    error: Option<String>,
    error_field: &'static str,
    chosen: &'static str,
    reason: String,
}

/// A candidate as the page shows it.
struct Shown {
    name: String,
    document: String,
    is_decided_on: bool,
    features: [Point; 3],
}

/// One feature in which row and candidate agree or differ.
struct Point {
    kind: &'static str,
    word: &'static str,
    text: String,
}

struct Step {
    at: String,
    state: String,
}

/// What was wrong with a decision, and what the officer had entered.
struct Complaint {
    status: StatusCode,
    key: &'static str,
    field: &'static str,
    chosen: &'static str,
    reason: String,
}

fn asked(caller: &Caller) -> ListReviews {
    let organisation = match caller.kind {
        CallerKind::Centre | CallerKind::Operator => None,
        CallerKind::Officer
        | CallerKind::Resident
        | CallerKind::System
        | CallerKind::Partner
        | CallerKind::SystemAdministrator
        | CallerKind::SecurityAdministrator
        | CallerKind::AuditAdministrator => caller.organisation.clone(),
    };
    ListReviews { organisation }
}

/// `GET /reviews`
pub(super) async fn list(State(state): State<WebState>, user: User) -> Result<Response, Fault> {
    let permit = state
        .app
        .policies()
        .decide(&user.session.caller, asked(&user.session.caller))?;
    let found = reviews::list(&state.app, &permit, LIST_MAX).await?;
    let p = user.page(&state, "nav-reviews", "/reviews");
    let lang = p.lang;
    let page = ListPage {
        p,
        reviews: found.into_iter().map(|summary| row(lang, summary)).collect(),
    };
    Ok(render(StatusCode::OK, &page))
}

fn row(lang: Lang, summary: ReviewSummary) -> Row {
    Row {
        id: summary.uuid,
        at: summary.opened_at.local_text(),
        item: lang.of(&summary.item_name).to_owned(),
        explanation: lang.of(&summary.explanation).to_owned(),
        reason: summary.reason,
        delivery: summary.delivery,
        line: summary.line,
    }
}

/// The permit for one review. What is absent and what is another organisation's get the same answer.
pub(crate) async fn permit_for<A: Action>(
    state: &WebState,
    caller: &Caller,
    id: Uuid,
    action: impl FnOnce(ReviewHead) -> A,
) -> Result<Permit<A>, Fault> {
    let head = reviews::find(&state.app, id).await?.ok_or(Fault::NotFound)?;
    let asked = action(head);
    state.app.policies().decide(caller, asked).map_err(|_| Fault::NotFound)
}

/// `GET /reviews/{review}`
pub(super) async fn show(State(state): State<WebState>, user: User, PathId(id): PathId) -> Result<Response, Fault> {
    page_of(&state, &user, id, None).await
}

async fn page_of(state: &WebState, user: &User, id: Uuid, complaint: Option<Complaint>) -> Result<Response, Fault> {
    let read = |head: ReviewHead| ReadReview {
        review: head.uuid,
        organisation: head.organisation,
    };
    let permit = permit_for(state, &user.session.caller, id, read).await?;
    let view = reviews::get(&state.app, &permit).await?;
    let permit = permit_for(state, &user.session.caller, id, find_candidates).await?;
    let found = candidates::find(&state.app, &permit).await?;
    let mut p = user.page(state, "review-title", "/reviews");
    p.has_error = complaint.is_some();
    let status = complaint.as_ref().map_or(StatusCode::OK, |complaint| complaint.status);
    Ok(render(status, &review_page(p, view, found, complaint)))
}

/// The question about the candidates of one review.
pub(crate) fn find_candidates(head: ReviewHead) -> FindCandidates {
    FindCandidates {
        review: head.uuid,
        organisation: head.organisation,
    }
}

fn shown(lang: Lang, candidate: CandidateView) -> Shown {
    let point = |kind, feature: app::candidates::Feature| Point {
        kind,
        word: feature.word,
        text: lang.of(&feature.text).to_owned(),
    };
    Shown {
        name: candidate.name_masked,
        document: candidate.document_masked,
        is_decided_on: candidate.is_decided_on,
        features: [
            point("name", candidate.name),
            point("number", candidate.number),
            point("birth", candidate.birth),
        ],
    }
}

fn review_page(p: Page, view: ReviewView, found: CandidatesView, complaint: Option<Complaint>) -> ReviewPage {
    let lang = p.lang;
    let summary = view.summary;
    let (error, error_field, chosen, reason) = match complaint {
        Some(complaint) => (
            Some(lang.text(complaint.key)),
            complaint.field,
            complaint.chosen,
            complaint.reason,
        ),
        None => (None, "", "", String::new()),
    };
    ReviewPage {
        id: summary.uuid,
        explanation: lang.of(&summary.explanation).to_owned(),
        item: lang.of(&summary.item_name).to_owned(),
        delivery: summary.delivery,
        line: summary.line,
        opened_at: summary.opened_at.local_text(),
        is_name_change: summary.reason == NAME_CHANGE,
        is_in_doubt: found.is_in_doubt,
        candidates: found
            .candidates
            .into_iter()
            .map(|candidate| shown(lang, candidate))
            .collect(),
        left_out: found.left_out,
        row_name: view.row_name,
        row_document: view.row_document_masked,
        register_name: view.register_name_masked,
        candidate_document: Some(view.candidate_document_masked).filter(|text| !text.is_empty()),
        fields: view
            .fields
            .iter()
            .filter(|field| !field.value.is_empty() || field.is_withheld)
            .map(|field| Fact::of(lang, field))
            .collect(),
        is_open: view.is_open,
        after_steps: view.after_steps,
        steps: view
            .steps
            .into_iter()
            .map(|(state, at)| Step {
                at: at.local_text(),
                state,
            })
            .collect(),
        error,
        error_field,
        chosen,
        reason,
        p,
    }
}

#[derive(Deserialize)]
pub(super) struct DecisionForm {
    #[serde(default)]
    decision: String,
    #[serde(default)]
    confirm_alias: String,
    #[serde(default)]
    reason: String,
    after_steps: u32,
}

/// `POST /reviews/{review}`
pub(super) async fn decide(
    State(state): State<WebState>,
    PathId(id): PathId,
    SignedForm(user, form): SignedForm<DecisionForm>,
) -> Result<Response, Fault> {
    let decide = |head: ReviewHead| DecideReview {
        review: head.uuid,
        organisation: head.organisation,
    };
    let permit = permit_for(&state, &user.session.caller, id, decide).await?;
    let chosen = match form.decision.as_str() {
        "attach" => "attach",
        "refuse" => "refuse",
        _ => "",
    };
    let complain = |status, key, field| Complaint {
        status,
        key,
        field,
        chosen,
        reason: form.reason.clone(),
    };
    if chosen.is_empty() {
        let complaint = complain(StatusCode::UNPROCESSABLE_ENTITY, "review-choice-missing", "attach");
        return page_of(&state, &user, id, Some(complaint)).await;
    }
    let decision = Decision {
        attach: chosen == "attach",
        confirm_alias: form.confirm_alias == "yes",
        reason: form.reason.clone(),
        after_steps: form.after_steps,
    };
    let complaint = match reviews::decide(&state.app, &permit, &decision).await {
        Ok(()) => return Ok(Redirect::to(&format!("/reviews/{id}")).into_response()),
        Err(ReviewError::ReasonMissing) => {
            complain(StatusCode::UNPROCESSABLE_ENTITY, "review-reason-missing", "reason")
        }
        Err(ReviewError::NobodyToAttachTo) => complain(StatusCode::UNPROCESSABLE_ENTITY, "review-nobody", "attach"),
        Err(ReviewError::TooYoung) => complain(StatusCode::UNPROCESSABLE_ENTITY, "review-too-young", "attach"),
        Err(ReviewError::Conflict | ReviewError::NotOpen) => complain(StatusCode::CONFLICT, "review-changed", "attach"),
        Err(ReviewError::App(error)) => return Err(error.into()),
    };
    page_of(&state, &user, id, Some(complaint)).await
}
