//! Where everybody begins, and the resident's home.

use app::{own_file, own_looks};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use domain::record::RecordState;
use policy::{ReadOwnLookUps, ReadOwnNotices, ReadOwnRecords};

use crate::fault::Fault;
use crate::page::{Page, render};
use crate::session::{self, User};
use crate::state::WebState;

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    p: Page,
    name: String,
    records: usize,
    held: usize,
    new_records: usize,
    new_notices: usize,
    looks: usize,
}

/// Days back in which the home page counts who looked.
const LOOKS_DAYS: i64 = 90;

/// `GET /`
pub(super) async fn root(user: User) -> Response {
    Redirect::to(session::start_of(user.session.kind)).into_response()
}

/// `GET /me`
pub(super) async fn show(State(state): State<WebState>, user: User) -> Result<Response, Fault> {
    let account = user.session.account;
    let policies = state.app.policies();
    let may_read = policies.decide(&user.session.caller, ReadOwnRecords { account })?;
    let may_notice = policies.decide(&user.session.caller, ReadOwnNotices { account })?;
    let may_see_looks = policies.decide(&user.session.caller, ReadOwnLookUps { account })?;
    let looks = own_looks::count_recent(&state.app, &may_see_looks, LOOKS_DAYS).await?;
    let file = own_file::records(&state.app, &may_read).await?;
    let notices = own_file::notices(&state.app, &may_notice).await?;
    let records = || file.groups.iter().flat_map(|group| &group.records);
    let page = HomePage {
        p: user.page(&state, "nav-home", "/me"),
        records: records().count(),
        held: records().filter(|record| record.state == RecordState::Held).count(),
        new_records: records().filter(|record| record.is_new).count(),
        new_notices: notices.iter().filter(|notice| notice.is_new).count(),
        looks,
        name: file.name.clone(),
    };
    Ok(render(StatusCode::OK, &page))
}
