//! The system administrator: accounts; the audit administrator: acts and figures.

use std::collections::BTreeMap;

use app::accounts::NewAccount;
use app::administrators::{self, AccountView};
use app::sign_in;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::Uscc;
use policy::{ManageAccounts, ReadAuditLog};
use serde::{Deserialize, Serialize};
use store::{AccountKind, NewAct};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::sign_in::NO_PROVIDER;
use super::wire::rfc3339;
use crate::fault::Fault;
use crate::forms::{ApiJson, ApiQuery, PathId};
use crate::problem::Problem;
use crate::session::Bearer;
use crate::state::WebState;

/// An account to be created.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({
    "login": "officer.market", "password": "correct horse battery", "kind": "officer",
    "organisation": "11370199MB0000001X", "staff_number": "A-10234"
}))]
pub(super) struct NewLogin {
    /// Login name: 3 to 32 of a-z, 0-9, dot and hyphen; never an identity number.
    login: String,
    /// First password, at least ten characters. Left out where `subject` is given.
    #[schema(format = Password)]
    password: Option<String>,
    /// Claim `sub` of the identity provider, by which an officer signs in instead of a password and codes.
    subject: Option<String>,
    /// `officer`, `centre`, `system_admin`, `security_admin` or `audit_admin`.
    kind: String,
    /// Organisation of an officer; administrators have none.
    organisation: Option<String>,
    /// Staff number of whoever holds it: a human holds one account.
    staff_number: String,
}

/// What the holder is handed.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01981b4e-7f00-7000-8000-000000000004", "totp_secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
    "otpauth_url": "otpauth://totp/Chengdang:officer.market?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
}))]
pub(super) struct CreatedLogin {
    /// Account.
    id: Uuid,
    /// Secret of the one-time codes, base32. It is shown this once; none for an account of the identity provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    totp_secret: Option<String>,
    /// The same for an authenticator.
    #[serde(skip_serializing_if = "Option::is_none")]
    otpauth_url: Option<String>,
}

/// An account.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01981b4e-7f00-7000-8000-000000000004", "login": "officer.market", "kind": "officer",
    "organisation": "11370199MB0000001X", "created_at": "2026-11-28T12:00:00+08:00"
}))]
pub(super) struct Login {
    /// Account.
    id: Uuid,
    /// Login name.
    #[serde(rename = "login")]
    name: String,
    /// Kind.
    kind: &'static str,
    /// Organisation of an officer.
    #[serde(skip_serializing_if = "Option::is_none")]
    organisation: Option<String>,
    /// When created.
    created_at: String,
    /// When ended, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<String>,
    /// Since when its holder signs in by the identity provider, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    bound_at: Option<String>,
    /// Last use, in the list of unused ones, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    used_at: Option<String>,
}

impl From<AccountView> for Login {
    fn from(view: AccountView) -> Self {
        Self {
            id: view.uuid,
            name: view.login,
            kind: view.kind.as_str(),
            organisation: view.organisation.map(|code| code.to_string()),
            created_at: rfc3339(view.created_at),
            ended_at: view.ended_at.map(rfc3339),
            bound_at: None,
            used_at: None,
        }
    }
}

/// Accounts of officers and administrators.
#[utoipa::path(
    get, path = "/api/v1/accounts", tag = "administration", operation_id = "listAccounts",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "In order of creation.", body = [Login]),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not the system administrator's session.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list(State(state): State<WebState>, caller: Bearer) -> Result<Json<Vec<Login>>, Fault> {
    let permit = state.app.policies().decide(&caller.session.caller, ManageAccounts)?;
    let accounts = administrators::accounts(&state.app, &permit).await?;
    let bound: BTreeMap<_, _> = sign_in::bound_accounts(&state.app, &permit)
        .await?
        .into_iter()
        .collect();
    let logins = accounts.into_iter().map(|view| Login {
        bound_at: bound.get(&view.uuid).map(|at| rfc3339(*at)),
        ..Login::from(view)
    });
    Ok(Json(logins.collect()))
}

/// Accounts that nobody used for ninety days: a leaver's among them should be ended.
#[utoipa::path(
    get, path = "/api/v1/accounts/unused", tag = "administration", operation_id = "listUnusedAccounts",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "Oldest first.", body = [Login]),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not the system administrator's session.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list_unused(State(state): State<WebState>, caller: Bearer) -> Result<Json<Vec<Login>>, Fault> {
    let permit = state.app.policies().decide(&caller.session.caller, ManageAccounts)?;
    let unused = administrators::stale_accounts(&state.app, &permit).await?;
    let logins = unused.into_iter().map(|(view, used_at)| Login {
        used_at: used_at.map(rfc3339),
        ..Login::from(view)
    });
    Ok(Json(logins.collect()))
}

/// Creates an account of an officer, of the centre or of an administrator.
#[utoipa::path(
    post, path = "/api/v1/accounts", tag = "administration", operation_id = "createAccount",
    security(("bearer" = [])),
    request_body = NewLogin,
    responses(
        (status = 201, description = "Created.", body = CreatedLogin),
        (status = 400, description = "Something about it is not acceptable; the detail says what.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not the system administrator's session.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The login name is taken, its holder has an account, or the subject is bound.", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large.", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Not JSON.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn create(
    State(state): State<WebState>,
    caller: Bearer,
    ApiJson(new): ApiJson<NewLogin>,
) -> Result<(StatusCode, Json<CreatedLogin>), Fault> {
    let permit = state.app.policies().decide(&caller.session.caller, ManageAccounts)?;
    let kind = AccountKind::parse(&new.kind).ok_or(Fault::BadRequest {
        what: "there is no such kind of account",
    })?;
    let organisation = new.organisation.as_deref().map(Uscc::parse).transpose();
    let organisation = organisation.map_err(|_| Fault::BadRequest {
        what: "organisation is not a unified social credit code",
    })?;
    let (password, subject) = (new.password, new.subject);
    let new = NewAccount {
        login: new.login,
        password: String::new(),
        kind,
        organisation,
        identity: None,
        totp_secret: None,
        holder: Some(new.staff_number),
    };
    let body = match (password, subject) {
        (Some(password), None) => {
            let new = NewAccount { password, ..new };
            let created = administrators::create_account(&state.app, &permit, new).await?;
            CreatedLogin {
                id: created.uuid,
                totp_secret: Some(created.totp_secret_base32),
                otpauth_url: Some(created.otpauth_url),
            }
        }
        (None, Some(subject)) => {
            let issuer = state.provider.as_ref().ok_or(NO_PROVIDER)?.issuer();
            CreatedLogin {
                id: sign_in::create_bound(&state.app, &permit, new, issuer, &subject).await?,
                totp_secret: None,
                otpauth_url: None,
            }
        }
        (Some(_), Some(_)) | (None, None) => {
            return Err(Fault::BadRequest {
                what: "an account has a password or a subject of the identity provider, one of them",
            });
        }
    };
    Ok((StatusCode::CREATED, Json(body)))
}

/// Ends an account and its sessions, at once and for good.
#[utoipa::path(
    delete, path = "/api/v1/accounts/{id}", tag = "administration", operation_id = "endAccount",
    security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The account; a resident's is nobody's business.")),
    responses(
        (status = 204, description = "Ended."),
        (status = 400, description = "Nobody ends the own account.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not the system administrator's session.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such account.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It has ended.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn end(
    State(state): State<WebState>,
    caller: Bearer,
    PathId(account): PathId,
) -> Result<StatusCode, Fault> {
    let permit = state.app.policies().decide(&caller.session.caller, ManageAccounts)?;
    administrators::end_account(&state.app, &permit, account).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// From where on.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Before {
    /// `order` of the last act that was read; the newest if missing.
    before: Option<i64>,
}

/// What an administrator did.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "order": 17, "id": "01981b4e-7f00-7000-8000-000000000005", "kind": "key_revoked",
    "by": "01981b4e-7f00-7000-8000-000000000006", "about": "01981b4e-7f00-7000-8000-000000000003",
    "at": "2026-11-28T12:00:00+08:00", "is_whole": true
}))]
pub(super) struct Act {
    /// Place in the order of acts.
    order: i64,
    /// Id.
    id: Uuid,
    /// What.
    kind: &'static str,
    /// Account of the administrator; all zeros: an operator on the host. Of a refusal: the system.
    by: Uuid,
    /// What it was done to.
    about: String,
    /// When.
    at: String,
    /// Whether the row still says what its entry in the log committed to.
    is_whole: bool,
}

impl From<(i64, NewAct)> for Act {
    fn from((order, act): (i64, NewAct)) -> Self {
        Self {
            order,
            id: act.uuid,
            kind: act.kind.as_str(),
            by: act.by,
            is_whole: administrators::is_whole(&act),
            about: act.about,
            at: rfc3339(act.at),
        }
    }
}

/// What administrators did, newest first, a hundred at once. That it was read is an act, too.
#[utoipa::path(
    get, path = "/api/v1/administrator-acts", tag = "administration", operation_id = "listAdministratorActs",
    security(("bearer" = [])),
    params(Before),
    responses(
        (status = 200, description = "Acts.", body = [Act]),
        (status = 400, description = "`before` is not a number.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not the audit administrator's session.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn acts(
    State(state): State<WebState>,
    caller: Bearer,
    ApiQuery(from): ApiQuery<Before>,
) -> Result<Json<Vec<Act>>, Fault> {
    let permit = state.app.policies().decide(&caller.session.caller, ReadAuditLog)?;
    let acts = administrators::acts(&state.app, &permit, from.before).await?;
    Ok(Json(acts.into_iter().map(Act::from).collect()))
}

/// Figures about the log, without persons.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "entries": 120_345, "waiting": 0 }))]
pub(super) struct Figures {
    /// Entries that have their place.
    entries: u64,
    /// Effects that wait for one.
    waiting: u64,
}

/// How long the log is.
#[utoipa::path(
    get, path = "/api/v1/log-figures", tag = "administration", operation_id = "getLogFigures",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "Figures.", body = Figures),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not the audit administrator's session.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn figures(State(state): State<WebState>, caller: Bearer) -> Result<Json<Figures>, Fault> {
    let permit = state.app.policies().decide(&caller.session.caller, ReadAuditLog)?;
    let figures = administrators::figures(&state.app, &permit).await?;
    Ok(Json(Figures {
        entries: figures.entries,
        waiting: figures.waiting,
    }))
}
