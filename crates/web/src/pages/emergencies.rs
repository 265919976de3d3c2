//! Break-glass on the officer's pages: ask, and grant as the second person.

use app::emergencies::{self, EmergencyReason, GRANT_MINUTES, MINUTES_MAX};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use policy::CallerKind;
use serde::Deserialize;
use uuid::Uuid;

use crate::api::emergencies::NewEmergency;
use crate::fault::Fault;
use crate::forms::SignedForm;
use crate::page::{Page, render};
use crate::session::User;
use crate::state::WebState;

#[derive(Template)]
#[template(path = "emergencies.html")]
struct EmergenciesPage {
    p: Page,
    open: Vec<Row>,
    purposes: Vec<(String, String)>,
    reasons: Vec<(&'static str, String)>,
    minutes_max: u32,
    grant_minutes: u64,
}

struct Row {
    id: Uuid,
    reason_key: String,
    words: String,
    asked_by: String,
    minutes: u32,
    lapses_at: String,
    is_own: bool,
    granted: Option<Granted>,
}

/// What a look-up needs of a granted one.
struct Granted {
    purpose: String,
    matter_no: String,
}

/// Key of the text that names a reason.
pub(super) fn reason_key(word: &str) -> String {
    format!("emergency-reason-{}", word.replace('_', "-"))
}

/// `GET /emergencies`
pub(super) async fn show(State(state): State<WebState>, user: User) -> Result<Response, Fault> {
    let caller = &user.session.caller;
    if caller.kind != CallerKind::Officer {
        return Err(Fault::NotFound);
    }
    let open = emergencies::open(&state.app, caller).await?;
    let p = user.page(&state, "nav-emergencies", "/emergencies");
    let purposes = state.app.catalogue().purposes.values().filter(|purpose| {
        let is_asker = |code| purpose.askers.contains(code);
        purpose.is_enabled && caller.organisation.as_ref().is_some_and(is_asker)
    });
    let page = EmergenciesPage {
        purposes: purposes
            .map(|purpose| (purpose.id.to_string(), p.lang.of(&purpose.name).to_owned()))
            .collect(),
        reasons: EmergencyReason::ALL
            .map(|reason| (reason.as_str(), reason_key(reason.as_str())))
            .to_vec(),
        open: open
            .into_iter()
            .map(|row| Row {
                id: row.uuid,
                reason_key: reason_key(&row.reason),
                words: row.words,
                asked_by: row.asked_by,
                minutes: row.minutes,
                lapses_at: row.lapses_at.local_text(),
                is_own: row.is_own,
                granted: row.matter_no.map(|number| Granted {
                    purpose: row.purpose.to_string(),
                    matter_no: number.to_string(),
                }),
            })
            .collect(),
        minutes_max: MINUTES_MAX,
        grant_minutes: GRANT_MINUTES.unsigned_abs(),
        p,
    };
    Ok(render(StatusCode::OK, &page))
}

/// What the forms ask for: a grant, or a new emergency.
#[derive(Deserialize)]
pub(super) struct EmergencyForm {
    grant: Option<Uuid>,
    #[serde(default)]
    purpose: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    words: String,
    #[serde(default)]
    number: String,
    #[serde(default)]
    minutes: u32,
}

/// `POST /emergencies`
pub(super) async fn change(
    State(state): State<WebState>,
    SignedForm(user, form): SignedForm<EmergencyForm>,
) -> Result<Response, Fault> {
    let caller = &user.session.caller;
    if let Some(id) = form.grant {
        emergencies::grant(&state.app, caller, id).await?;
    } else {
        let new = NewEmergency::of_card(form.purpose, form.reason, form.words, form.number, form.minutes);
        emergencies::ask(&state.app, caller, new.read()?).await?;
    }
    Ok(Redirect::to("/emergencies").into_response())
}
