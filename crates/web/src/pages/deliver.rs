//! An officer delivers a file: upload, look at what the check found, confirm.

use app::deliver::{self, DeliverError, Preview};
use askama::Template;
use axum::extract::{FromRequest, Multipart, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use domain::catalogue::{Item, ItemId};
use policy::Deliver;
use serde::Deserialize;
use uuid::Uuid;

use super::faults::{DroppedColumn, FaultRow, columns_text};
use crate::fault::Fault;
use crate::forms::{PathId, SignedForm};
use crate::page::{Page, render};
use crate::security;
use crate::session::User;
use crate::state::WebState;
use crate::texts::Lang;
use crate::upload;

#[derive(Template)]
#[template(path = "deliver.html")]
struct DeliverPage {
    p: Page,
    organisation: String,
    items: Vec<ItemChoice>,
    megabytes_max: u64,
    error: Option<String>,
}

struct ItemChoice {
    id: String,
    name: String,
    is_chosen: bool,
}

#[derive(Template)]
#[template(path = "preview.html")]
struct PreviewPage {
    p: Page,
    id: Uuid,
    item: String,
    file_name: String,
    form: String,
    header_version: Option<String>,
    checked: String,
    file_faults: Vec<FaultRow>,
    first_faults: Vec<FaultRow>,
    dropped: Vec<DroppedColumn>,
    unknown_columns: String,
}

/// Why an upload is sent back with the form.
#[derive(Clone, Copy)]
struct Complaint {
    status: StatusCode,
    key: &'static str,
}

fn form_page(
    state: &WebState,
    user: &User,
    chosen: Option<&ItemId>,
    complaint: Option<Complaint>,
) -> Result<Response, Fault> {
    let organisation = user.session.organisation.as_ref().ok_or(NOT_AN_OFFICER)?;
    let catalogue = state.app.catalogue();
    let mut p = user.page(state, "deliver-title", "/deliver");
    p.has_error = complaint.is_some();
    let lang = p.lang;
    let items = catalogue
        .items
        .values()
        .filter(|item| item.providers.contains(organisation))
        .map(|item| ItemChoice {
            id: item.id.to_string(),
            name: lang.of(&item.name).to_owned(),
            is_chosen: chosen == Some(&item.id),
        })
        .collect();
    let name = catalogue
        .organisations
        .get(organisation)
        .map_or_else(|| organisation.to_string(), |own| lang.of(&own.name).to_owned());
    let page = DeliverPage {
        p,
        organisation: name,
        items,
        megabytes_max: state.app.settings().upload_bytes_max >> 20,
        error: complaint.map(|complaint| lang.text(complaint.key)),
    };
    Ok(render(
        complaint.map_or(StatusCode::OK, |complaint| complaint.status),
        &page,
    ))
}

/// An account without an organisation has nothing to deliver; the policies say so, too.
const NOT_AN_OFFICER: Fault = Fault::Forbidden { code: "POLICY-0002" };

/// `GET /deliver`
pub(super) async fn show(State(state): State<WebState>, user: User) -> Result<Response, Fault> {
    form_page(&state, &user, None, None)
}

/// `POST /deliver`: fields in the order of the form, so that token and item are known before the file begins.
pub(super) async fn submit(State(state): State<WebState>, user: User, request: Request) -> Result<Response, Fault> {
    if !security::is_from_own_page(state.settings, request.headers()) {
        return Err(Fault::Csrf);
    }
    let mut form = Multipart::from_request(request, &state)
        .await
        .map_err(|_| Fault::BadRequest {
            what: "not an upload form",
        })?;
    let mut is_signed = false;
    let mut item = None;
    while let Some(field) = form.next_field().await.map_err(|_| upload::BROKEN)? {
        match field.name().unwrap_or_default() {
            "csrf" => is_signed = security::tokens_agree(&upload::text_of(field).await?, &user.session.csrf),
            "item" => item = ItemId::parse(&upload::text_of(field).await?).ok(),
            "file" => {
                if !is_signed {
                    return Err(Fault::Csrf);
                }
                let name = field.file_name().unwrap_or_default().to_owned();
                let mut parts = upload::Parts(field);
                let answer = take(&state, &user, item.as_ref(), &name, &mut parts).await;
                upload::drain(parts).await;
                return answer;
            }
            _ => {}
        }
    }
    if is_signed {
        form_page(&state, &user, item.as_ref(), Some(EMPTY))
    } else {
        Err(Fault::Csrf)
    }
}

const EMPTY: Complaint = Complaint {
    status: StatusCode::UNPROCESSABLE_ENTITY,
    key: "deliver-file-empty",
};

async fn take(
    state: &WebState,
    user: &User,
    item: Option<&ItemId>,
    name: &str,
    parts: &mut impl deliver::Body,
) -> Result<Response, Fault> {
    let Some(item) = item.and_then(|id| state.app.catalogue().items.get(id)) else {
        let complaint = Complaint {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            key: "deliver-item-wrong",
        };
        return form_page(state, user, None, Some(complaint));
    };
    if name.is_empty() {
        return form_page(state, user, Some(&item.id), Some(EMPTY));
    }
    let permit = state.app.policies().decide(&user.session.caller, asked(user, item)?)?;
    match deliver::stage(&state.app, &permit, name, parts).await {
        Ok(staged) => Ok(Redirect::to(&format!("/deliver/{}", staged.uuid)).into_response()),
        Err(DeliverError::TooLarge { .. }) => {
            let complaint = Complaint {
                status: StatusCode::PAYLOAD_TOO_LARGE,
                key: "deliver-file-large",
            };
            form_page(state, user, Some(&item.id), Some(complaint))
        }
        Err(error) => Err(error.into()),
    }
}

fn asked(user: &User, item: &Item) -> Result<Deliver, Fault> {
    let provider = user.session.organisation.clone().ok_or(NOT_AN_OFFICER)?;
    Ok(Deliver::of(provider, item))
}

/// The permit to go on with an upload of this very account.
async fn permit_for(state: &WebState, user: &User, id: Uuid) -> Result<policy::Permit<Deliver>, Fault> {
    let staged = deliver::staged(&state.app, user.session.account, id)
        .await?
        .ok_or(Fault::NotFound)?;
    let item = state.app.catalogue().items.get(&staged.item).ok_or(Fault::NotFound)?;
    Ok(state
        .app
        .policies()
        .decide(&user.session.caller, Deliver::of(staged.provider, item))?)
}

/// `GET /deliver/{upload}`
pub(super) async fn preview(State(state): State<WebState>, user: User, PathId(id): PathId) -> Result<Response, Fault> {
    let permit = permit_for(&state, &user, id).await?;
    let preview = deliver::preview(&state.app, &permit, id).await?;
    let p = user.page(&state, "preview-title", "/deliver");
    Ok(render(StatusCode::OK, &preview_page(&state, p, id, preview)))
}

fn preview_page(state: &WebState, p: Page, id: Uuid, preview: Preview) -> PreviewPage {
    let lang = p.lang;
    let item = state.app.catalogue().items.get(&preview.staged.item);
    PreviewPage {
        id,
        item: item.map_or_else(
            || preview.staged.item.to_string(),
            |item| lang.of(&item.name).to_owned(),
        ),
        form: form_text(lang, preview.format, preview.encoding),
        file_name: preview.file_name,
        header_version: preview.header_version,
        checked: p.numbers(
            "preview-checked-rows",
            [
                ("rows", preview.rows),
                ("checked", preview.rows_checked),
                ("refused", preview.rows_refused),
            ],
        ),
        file_faults: preview
            .file_faults
            .iter()
            .map(|fault| FaultRow::of(lang, fault))
            .collect(),
        first_faults: preview
            .first_faults
            .iter()
            .map(|fault| FaultRow::of(lang, fault))
            .collect(),
        dropped: preview
            .dropped
            .into_iter()
            .map(|note| DroppedColumn::of(lang, note))
            .collect(),
        unknown_columns: columns_text(lang, &preview.unknown_columns),
        p,
    }
}

/// `CSV · GB18030 · 12 kB`
fn form_text(lang: Lang, format: Option<&str>, encoding: Option<&str>) -> String {
    let parts: Vec<String> = [format, encoding]
        .into_iter()
        .flatten()
        .map(str::to_uppercase)
        .collect();
    if parts.is_empty() {
        lang.text("preview-form-unknown")
    } else {
        parts.join(" · ")
    }
}

#[derive(Deserialize)]
pub(super) struct Nothing {}

/// `POST /deliver/{upload}`
pub(super) async fn confirm(
    State(state): State<WebState>,
    PathId(id): PathId,
    SignedForm(user, Nothing {}): SignedForm<Nothing>,
) -> Result<Response, Fault> {
    let permit = permit_for(&state, &user, id).await?;
    let delivery = deliver::begin(&state.app, &permit, id).await?;
    Ok(Redirect::to(&format!("/deliveries/{delivery}")).into_response())
}
