//! The resident's notices.

use app::own_file::{self, Notice, NoticeKind};
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use domain::Moment;
use domain::record::RecordEventKind;
use policy::ReadOwnNotices;
use serde::Deserialize;

use super::show::Pager;
use crate::fault::Fault;
use crate::forms::SignedForm;
use crate::page::{Page, render};
use crate::session::User;
use crate::state::WebState;

#[derive(Template)]
#[template(path = "notices.html")]
struct NoticesPage {
    p: Page,
    emergencies: Vec<EmergencyView>,
    notices: Vec<NoticeView>,
    new: usize,
    /// Moment up to which the button acknowledges: that of the newest notice.
    until: Option<i64>,
    pager: Pager,
}

/// Notices on one page.
const PER_PAGE: usize = 50;

struct EmergencyView {
    organisation: String,
    reason_key: String,
    purpose: String,
    at: String,
    until: String,
}

struct NoticeView {
    at: String,
    kind_key: &'static str,
    next_key: &'static str,
    item: String,
    provider: String,
    is_new: bool,
    is_held: bool,
}

/// `GET /me/notices`
pub(super) async fn show(
    State(state): State<WebState>,
    user: User,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let permit = state.app.policies().decide(
        &user.session.caller,
        ReadOwnNotices {
            account: user.session.account,
        },
    )?;
    let notices = own_file::notices(&state.app, &permit).await?;
    let told = own_file::emergencies(&state.app, &permit).await?;
    let p = user.page(&state, "nav-notices", "/me/notices");
    let emergencies = told.into_iter().map(|told| EmergencyView {
        organisation: p.lang.of(&told.organisation_name).to_owned(),
        reason_key: super::emergencies::reason_key(&told.reason),
        purpose: p.lang.of(&told.purpose_name).to_owned(),
        at: told.at.local_text(),
        until: told.until.local_text(),
    });
    let emergencies = emergencies.collect();
    let new = notices.iter().filter(|notice| notice.is_new).count();
    let until = notices
        .iter()
        .filter(|notice| notice.is_new)
        .map(|notice| notice.at.0)
        .max();
    let pager = Pager::new(query.as_deref(), notices.len(), PER_PAGE);
    let shown = notices
        .iter()
        .enumerate()
        .filter(|(at, _)| pager.has(*at))
        .map(|(_, notice)| view(&p, notice));
    let page = NoticesPage {
        emergencies,
        notices: shown.collect(),
        new,
        until,
        pager,
        p,
    };
    Ok(render(StatusCode::OK, &page))
}

fn view(p: &Page, notice: &Notice) -> NoticeView {
    let (kind_key, next_key) = keys(notice.kind);
    NoticeView {
        at: notice.at.local_text(),
        kind_key,
        next_key,
        item: p.lang.of(&notice.item_name).to_owned(),
        provider: p.lang.of(&notice.provider_name).to_owned(),
        is_new: notice.is_new,
        is_held: notice.kind == NoticeKind::RecordHeld,
    }
}

/// What happened, and what the person may do now.
pub(crate) const fn keys(kind: NoticeKind) -> (&'static str, &'static str) {
    match kind {
        NoticeKind::RecordReceived => ("notice-record-received", "notice-next-check"),
        NoticeKind::RecordHeld => ("notice-record-held", "notice-next-wait"),
        NoticeKind::RecordEvent(event) => match event {
            RecordEventKind::Confirmed => ("notice-record-confirmed", "notice-next-check"),
            RecordEventKind::Disputed => ("notice-record-disputed", "notice-next-wait"),
            RecordEventKind::DisputeEnded => ("notice-record-dispute-ended", "notice-next-check"),
            RecordEventKind::Corrected => ("notice-record-corrected", "notice-next-none"),
            RecordEventKind::Withdrawn => ("notice-record-withdrawn", "notice-next-none"),
            RecordEventKind::Repaired => ("notice-record-repaired", "notice-next-none"),
            RecordEventKind::Ended => ("notice-record-ended", "notice-next-none"),
            RecordEventKind::Purged => ("notice-other", "notice-next-none"),
        },
    }
}

#[derive(Deserialize)]
pub(super) struct Acknowledged {
    until: i64,
}

/// `POST /me/notices`
pub(super) async fn acknowledge(
    State(state): State<WebState>,
    SignedForm(user, form): SignedForm<Acknowledged>,
) -> Result<Response, Fault> {
    let permit = state.app.policies().decide(
        &user.session.caller,
        ReadOwnNotices {
            account: user.session.account,
        },
    )?;
    own_file::acknowledge(&state.app, &permit, Moment(form.until)).await?;
    Ok(Redirect::to("/me/notices").into_response())
}
