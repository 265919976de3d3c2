//! The pages of the three administrators (三员分立): accounts; systems and their keys; acts. None shows a record.

use std::collections::BTreeMap;

use app::accounts::NewAccount;
use app::administrators::{self, AccountView};
use app::clients::{self, NewKey};
use app::sign_in;
use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::Uscc;
use policy::{ManageAccounts, ReadAuditLog, RegisterClient, RevokeClient};
use serde::Deserialize;
use store::{AccountKind, ActKind, ClientKey, KeyAlgorithm};
use uuid::Uuid;

use crate::api::sign_in::NO_PROVIDER;
use crate::fault::Fault;
use crate::forms::SignedForm;
use crate::page::{Page, render};
use crate::session::User;
use crate::state::WebState;

/// An organisation to choose.
struct Choice {
    code: String,
    name: String,
}

fn organisations(state: &WebState, p: &Page) -> Vec<Choice> {
    let all = state.app.catalogue().organisations.values();
    all.map(|organisation| Choice {
        code: organisation.uscc.to_string(),
        name: p.lang.of(&organisation.name).to_owned(),
    })
    .collect()
}

#[derive(Template)]
#[template(path = "accounts.html")]
struct AccountsPage {
    p: Page,
    accounts: Vec<AccountRow>,
    organisations: Vec<Choice>,
    created: Option<Handed>,
    has_provider: bool,
}

struct AccountRow {
    id: Uuid,
    login: String,
    kind_key: String,
    organisation: String,
    created: String,
    ended: Option<String>,
    is_unused: bool,
    is_own: bool,
    /// Since when its holder signs in by the identity provider.
    bound: Option<String>,
    can_be_bound: bool,
}

/// What the holder of a new account is handed, shown this once.
struct Handed {
    login: String,
    secret: String,
    url: String,
}

/// Key of the text that names a kind of account.
fn kind_key(kind: AccountKind) -> String {
    format!("account-kind-{}", kind.as_str().replace('_', "-"))
}

async fn accounts_page(state: &WebState, user: &User, created: Option<Handed>) -> Result<Response, Fault> {
    let permit = state.app.policies().decide(&user.session.caller, ManageAccounts)?;
    let unused = administrators::stale_accounts(&state.app, &permit).await?;
    let bound: BTreeMap<_, _> = sign_in::bound_accounts(&state.app, &permit)
        .await?
        .into_iter()
        .collect();
    let has_provider = state.provider.is_some();
    let p = user.page(state, "nav-accounts", "/accounts");
    let row = |view: AccountView| AccountRow {
        bound: bound.get(&view.uuid).map(|at| at.local_text()),
        can_be_bound: has_provider && matches!(view.kind, AccountKind::Officer | AccountKind::Centre),
        is_unused: unused.iter().any(|(stale, _)| stale.uuid == view.uuid),
        is_own: view.uuid == user.session.account,
        id: view.uuid,
        login: view.login,
        kind_key: kind_key(view.kind),
        organisation: view
            .organisation
            .and_then(|code| state.app.catalogue().organisations.get(&code))
            .map_or_else(String::new, |organisation| p.lang.of(&organisation.name).to_owned()),
        created: view.created_at.local_text(),
        ended: view.ended_at.map(domain::Moment::local_text),
    };
    let accounts = administrators::accounts(&state.app, &permit).await?;
    let accounts = accounts.into_iter().map(row).collect();
    let page = AccountsPage {
        organisations: organisations(state, &p),
        accounts,
        created,
        has_provider,
        p,
    };
    Ok(render(StatusCode::OK, &page))
}

/// `GET /accounts`
pub(super) async fn accounts(State(state): State<WebState>, user: User) -> Result<Response, Fault> {
    accounts_page(&state, &user, None).await
}

/// What the form of the accounts asks for: a new one, the end of one, or whom it stands for at the identity provider.
#[derive(Deserialize)]
pub(super) struct AccountForm {
    end: Option<Uuid>,
    bind: Option<Uuid>,
    unbind: Option<Uuid>,
    #[serde(default)]
    subject: String,
    #[serde(default)]
    login: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    organisation: String,
    #[serde(default)]
    staff_number: String,
}

/// `POST /accounts`
pub(super) async fn change_accounts(
    State(state): State<WebState>,
    SignedForm(user, form): SignedForm<AccountForm>,
) -> Result<Response, Fault> {
    let permit = state.app.policies().decide(&user.session.caller, ManageAccounts)?;
    if let Some(account) = form.end {
        administrators::end_account(&state.app, &permit, account).await?;
        return Ok(Redirect::to("/accounts").into_response());
    }
    if let Some(account) = form.unbind {
        sign_in::unbind(&state.app, &permit, account).await?;
        return Ok(Redirect::to("/accounts").into_response());
    }
    if let Some(account) = form.bind {
        let issuer = state.provider.as_ref().ok_or(NO_PROVIDER)?.issuer();
        sign_in::bind(&state.app, &permit, account, issuer, form.subject.trim()).await?;
        return Ok(Redirect::to("/accounts").into_response());
    }
    let kind = AccountKind::parse(&form.kind).ok_or(Fault::BadRequest {
        what: "there is no such kind of account",
    })?;
    // A choice that the kind has no use for is not the administrator's mistake.
    let organisation = Some(form.organisation.as_str()).filter(|code| !code.is_empty() && !kind.is_administrator());
    let organisation = organisation
        .map(Uscc::parse)
        .transpose()
        .map_err(|_| Fault::BadRequest {
            what: "organisation is not a unified social credit code",
        })?;
    let new = NewAccount {
        login: form.login.clone(),
        password: form.password,
        kind,
        organisation,
        identity: None,
        totp_secret: None,
        holder: Some(form.staff_number),
    };
    if !form.subject.trim().is_empty() {
        if !new.password.is_empty() {
            return Err(Fault::BadRequest {
                what: "an account has a password or a subject of the identity provider, one of them",
            });
        }
        let issuer = state.provider.as_ref().ok_or(NO_PROVIDER)?.issuer();
        sign_in::create_bound(&state.app, &permit, new, issuer, form.subject.trim()).await?;
        return Ok(Redirect::to("/accounts").into_response());
    }
    let created = administrators::create_account(&state.app, &permit, new).await?;
    let handed = Handed {
        login: form.login,
        secret: created.totp_secret_base32,
        url: created.otpauth_url,
    };
    accounts_page(&state, &user, Some(handed)).await
}

#[derive(Template)]
#[template(path = "systems.html")]
struct SystemsPage {
    p: Page,
    systems: Vec<SystemRow>,
    organisations: Vec<Choice>,
    policies: String,
}

struct SystemRow {
    id: Uuid,
    name: String,
    organisation: String,
    keys: Vec<KeyRow>,
}

struct KeyRow {
    id: Uuid,
    algorithm: &'static str,
    until: String,
    revoked: Option<String>,
}

impl From<ClientKey> for KeyRow {
    fn from(key: ClientKey) -> Self {
        Self {
            id: key.uuid,
            algorithm: key.algorithm.as_str(),
            until: key.valid_until.local_text(),
            revoked: key.revoked_at.map(domain::Moment::local_text),
        }
    }
}

/// `GET /systems`
pub(super) async fn systems(State(state): State<WebState>, user: User) -> Result<Response, Fault> {
    let permit = state.app.policies().decide(&user.session.caller, RegisterClient)?;
    let p = user.page(&state, "nav-systems", "/systems");
    let known = &state.app.catalogue().organisations;
    let views = clients::list(&state.app, &permit).await?;
    let systems = views.into_iter().map(|view| SystemRow {
        id: view.client.uuid,
        name: view.client.name,
        organisation: known.get(&view.client.organisation).map_or_else(
            || view.client.organisation.to_string(),
            |named| p.lang.of(&named.name).to_owned(),
        ),
        keys: view.keys.into_iter().map(KeyRow::from).collect(),
    });
    let page = SystemsPage {
        systems: systems.collect(),
        organisations: organisations(&state, &p),
        policies: state.app.policies().version().to_owned(),
        p,
    };
    Ok(render(StatusCode::OK, &page))
}

/// What the forms of the systems ask for: a new system, a new key, the end of a key or of an account's sessions.
#[derive(Deserialize)]
pub(super) struct SystemForm {
    revoke: Option<Uuid>,
    system: Option<Uuid>,
    sessions_of: Option<Uuid>,
    #[serde(default)]
    organisation: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    algorithm: String,
    #[serde(default)]
    public_key: String,
    #[serde(default)]
    days: u32,
}

/// `POST /systems`
pub(super) async fn change_systems(
    State(state): State<WebState>,
    SignedForm(user, form): SignedForm<SystemForm>,
) -> Result<Response, Fault> {
    let caller = &user.session.caller;
    if let Some(key) = form.revoke {
        let permit = state.app.policies().decide(caller, RevokeClient)?;
        clients::revoke_key(&state.app, &permit, key).await?;
        return Ok(Redirect::to("/systems").into_response());
    }
    if let Some(account) = form.sessions_of {
        let permit = state.app.policies().decide(caller, RevokeClient)?;
        administrators::end_sessions(&state.app, &permit, account).await?;
        return Ok(Redirect::to("/systems").into_response());
    }
    let permit = state.app.policies().decide(caller, RegisterClient)?;
    if let Some(client) = form.system {
        let algorithm = KeyAlgorithm::parse(&form.algorithm).ok_or(Fault::BadRequest {
            what: "algorithm is neither ed25519 nor sm2-sm3",
        })?;
        let public_key = STANDARD.decode(form.public_key.trim()).map_err(|_| Fault::BadRequest {
            what: "public_key is not base64",
        })?;
        let new = NewKey {
            client,
            algorithm,
            public_key,
            valid_from: None,
            days: form.days,
        };
        clients::register_key(&state.app, &permit, new).await?;
    } else {
        let organisation = Uscc::parse(&form.organisation).map_err(|_| Fault::BadRequest {
            what: "organisation is not a unified social credit code",
        })?;
        clients::register(&state.app, &permit, organisation, &form.name).await?;
    }
    Ok(Redirect::to("/systems").into_response())
}

#[derive(Template)]
#[template(path = "acts.html")]
struct ActsPage {
    p: Page,
    acts: Vec<ActRow>,
    /// From where the next page goes on.
    next: Option<i64>,
    entries: u64,
    waiting: u64,
}

struct ActRow {
    at: String,
    kind_key: String,
    by: Uuid,
    about: String,
    is_whole: bool,
}

fn act_key(kind: ActKind) -> String {
    format!("act-{}", kind.as_str().replace('_', "-"))
}

/// Place in the acts.
#[derive(Deserialize)]
pub(super) struct Before {
    before: Option<i64>,
}

/// `GET /acts`
pub(super) async fn acts(
    State(state): State<WebState>,
    user: User,
    from: Result<Query<Before>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Fault> {
    let permit = state.app.policies().decide(&user.session.caller, ReadAuditLog)?;
    let before = from.ok().and_then(|Query(from)| from.before);
    let read = administrators::acts(&state.app, &permit, before).await?;
    let figures = administrators::figures(&state.app, &permit).await?;
    let is_full = u32::try_from(read.len()).is_ok_and(|count| count == administrators::ACTS_MAX);
    let page = ActsPage {
        next: read.last().map(|(order, _)| *order).filter(|_| is_full),
        acts: read
            .into_iter()
            .map(|(_, act)| ActRow {
                at: act.at.local_text(),
                kind_key: act_key(act.kind),
                by: act.by,
                is_whole: administrators::is_whole(&act),
                about: act.about,
            })
            .collect(),
        entries: figures.entries,
        waiting: figures.waiting,
        p: user.page(&state, "nav-acts", "/acts"),
    };
    Ok(render(StatusCode::OK, &page))
}
