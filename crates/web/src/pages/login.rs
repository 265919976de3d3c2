//! Signing in and out: password, then a one-time code.

use app::accounts::{self, LoginFault};
use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use uuid::Uuid;

use crate::cookies;
use crate::fault::Fault;
use crate::forms::{LeavingForm, LoginForm};
use crate::page::{Page, render};
use crate::prefs::Prefs;
use crate::session::{self, CallerAddress, Visitor};
use crate::state::WebState;

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage {
    p: Page,
    csrf: String,
    error: Option<String>,
    /// Whether officers sign in by a provider, and whether that works now.
    provider: Option<bool>,
}

#[derive(Template)]
#[template(path = "code.html")]
struct CodePage {
    p: Page,
    csrf: String,
    error: Option<String>,
}

/// A fresh token, 244 random bits of the system's source.
fn fresh_token() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

/// The token of this browser's login forms: the one it has, so that two open tabs both work, or a fresh one.
fn form_token(state: &WebState, headers: &HeaderMap) -> String {
    cookies::read(headers, state.settings.form_cookie())
        .filter(|token| token.len() == 64 && token.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .map_or_else(fresh_token, str::to_owned)
}

/// The page of a lock-out, with the time to wait for programs as well.
fn retry_after(mut response: Response, minutes: u32) -> Response {
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from(minutes.saturating_mul(60)));
    response
}

fn with_form_cookie(state: &WebState, mut response: Response, token: &str) -> Response {
    if let Some(cookie) = cookies::set(state.settings, state.settings.form_cookie(), token, None) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

fn login_page(state: &WebState, prefs: Prefs, headers: &HeaderMap, error: Option<(StatusCode, String)>) -> Response {
    let csrf = form_token(state, headers);
    let mut p = Page::public(state, prefs, "login-title");
    p.is_login = true;
    p.has_error = error.is_some();
    let (status, error) = error.unzip();
    let page = LoginPage {
        p,
        csrf: csrf.clone(),
        error,
        provider: state.provider.as_ref().map(|provider| provider.is_available()),
    };
    with_form_cookie(state, render(status.unwrap_or_default(), &page), &csrf)
}

fn code_page(state: &WebState, prefs: Prefs, headers: &HeaderMap, error: Option<(StatusCode, String)>) -> Response {
    let csrf = form_token(state, headers);
    let mut p = Page::public(state, prefs, "code-title");
    p.is_login = true;
    p.has_error = error.is_some();
    let (status, error) = error.unzip();
    let page = CodePage {
        p,
        csrf: csrf.clone(),
        error,
    };
    with_form_cookie(state, render(status.unwrap_or_default(), &page), &csrf)
}

/// `GET /login`
pub(super) async fn show(
    State(state): State<WebState>,
    prefs: Prefs,
    visitor: Option<Visitor>,
    headers: HeaderMap,
) -> Response {
    match visitor {
        Some(visitor) => Redirect::to(session::start_of(visitor.user().session.kind)).into_response(),
        None => login_page(&state, prefs, &headers, None),
    }
}

#[derive(Deserialize)]
pub(super) struct Credentials {
    login: String,
    password: String,
}

/// `POST /login`
pub(super) async fn submit(
    State(state): State<WebState>,
    prefs: Prefs,
    CallerAddress(address): CallerAddress,
    LoginForm(parts, form): LoginForm<Credentials>,
) -> Result<Response, Fault> {
    let login = form.login.trim();
    if login.is_empty() || form.password.is_empty() {
        let text = prefs.lang.text("login-empty");
        return Ok(login_page(
            &state,
            prefs,
            &parts.headers,
            Some((StatusCode::UNPROCESSABLE_ENTITY, text)),
        ));
    }
    let error = match accounts::login(&state.app, login, &form.password, address).await {
        Ok(token) => return signed(&state, token.as_str(), "/login/code"),
        Err(LoginFault::LockedOut { minutes }) => {
            let error = (StatusCode::TOO_MANY_REQUESTS, locked(prefs, minutes));
            return Ok(retry_after(
                login_page(&state, prefs, &parts.headers, Some(error)),
                minutes,
            ));
        }
        Err(LoginFault::App(error)) => return Err(error.into()),
        Err(LoginFault::Wrong | LoginFault::CodeWrong | LoginFault::TooLate) => {
            (StatusCode::UNPROCESSABLE_ENTITY, prefs.lang.text("login-wrong"))
        }
    };
    Ok(login_page(&state, prefs, &parts.headers, Some(error)))
}

/// `GET /login/code`
pub(super) async fn show_code(
    State(state): State<WebState>,
    prefs: Prefs,
    request: Request,
) -> Result<Response, Fault> {
    let (parts, _) = request.into_parts();
    match session::from_cookie(&state, &parts).await? {
        None => Err(Fault::SignIn),
        Some((session, _)) if session.is_verified || session.by_provider => {
            Ok(Redirect::to(session::start_of(session.kind)).into_response())
        }
        Some(_) => Ok(code_page(&state, prefs, &parts.headers, None)),
    }
}

#[derive(Deserialize)]
pub(super) struct Code {
    code: String,
}

/// `POST /login/code`
pub(super) async fn submit_code(
    State(state): State<WebState>,
    prefs: Prefs,
    LoginForm(parts, form): LoginForm<Code>,
) -> Result<Response, Fault> {
    let token = cookies::read(&parts.headers, state.settings.session_cookie()).ok_or(Fault::SignIn)?;
    let error = match accounts::second_factor(&state.app, token, form.code.trim()).await {
        Ok(token) => return signed(&state, token.as_str(), "/"),
        Err(LoginFault::LockedOut { minutes }) => {
            let error = (StatusCode::TOO_MANY_REQUESTS, locked(prefs, minutes));
            return Ok(retry_after(
                code_page(&state, prefs, &parts.headers, Some(error)),
                minutes,
            ));
        }
        Err(LoginFault::TooLate) => return Err(Fault::SignIn),
        Err(LoginFault::App(error)) => return Err(error.into()),
        Err(LoginFault::CodeWrong | LoginFault::Wrong) => {
            (StatusCode::UNPROCESSABLE_ENTITY, prefs.lang.text("code-wrong"))
        }
    };
    Ok(code_page(&state, prefs, &parts.headers, Some(error)))
}

/// `POST /logout`
pub(super) async fn logout(
    State(state): State<WebState>,
    LeavingForm(visitor): LeavingForm,
) -> Result<Response, Fault> {
    accounts::logout(&state.app, &visitor.user().token).await?;
    let mut response = Redirect::to("/login").into_response();
    let settings = state.settings;
    for name in [
        settings.session_cookie(),
        settings.form_cookie(),
        settings.sign_in_cookie(),
    ] {
        if let Some(cookie) = cookies::clear(settings, name) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    // The browser drops whatever it still holds of the person's pages.
    response
        .headers_mut()
        .insert("clear-site-data", HeaderValue::from_static("\"cache\""));
    Ok(response)
}

fn locked(prefs: Prefs, minutes: u32) -> String {
    prefs.lang.text_with("login-locked", &[("minutes", minutes.into())])
}

fn signed(state: &WebState, token: &str, next: &str) -> Result<Response, Fault> {
    let cookie = cookies::set(state.settings, state.settings.session_cookie(), token, None)
        .ok_or(Fault::Internal { code: "WEB-0500" })?;
    let mut response = Redirect::to(next).into_response();
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}
