//! Signing in by the identity provider, and confirming a session there.

use std::sync::Arc;

use app::sign_in::{self, Proven, Question};
use askama::Template;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use oidc::{Answer, Once, Provider, Wanted};
use serde::Deserialize;

use crate::cookies;
use crate::fault::Fault;
use crate::page::{Page, render};
use crate::prefs::Prefs;
use crate::session::{CallerAddress, Visitor};
use crate::sign_in::{Trouble, own_page};
use crate::state::WebState;

/// How long the browser keeps the secret of its questions.
const SECRET_S: u32 = 600;

#[derive(Template)]
#[template(path = "signed_in.html")]
struct SignedInPage {
    p: Page,
    to: String,
    is_confirmed: bool,
}

/// Page to go on with.
#[derive(Deserialize)]
pub(super) struct To {
    #[serde(default)]
    to: String,
}

type ToQuery = Result<Query<To>, axum::extract::rejection::QueryRejection>;

fn page_of(to: ToQuery) -> String {
    to.map_or_else(|_| "/".to_owned(), |Query(to)| own_page(&to.to).to_owned())
}

fn provider(state: &WebState) -> Result<Arc<Provider>, Fault> {
    state.provider.clone().ok_or(Fault::NotFound)
}

fn once(question: &Question) -> Once {
    Once {
        state: question.state.clone(),
        nonce: question.nonce.clone(),
        verifier: question.verifier.clone(),
    }
}

/// `GET /login/provider`: a link and no form, since a browser does not follow a form's answer to another site (CSP).
pub(super) async fn begin(
    State(state): State<WebState>,
    CallerAddress(address): CallerAddress,
    headers: HeaderMap,
    to: ToQuery,
) -> Result<Response, Fault> {
    let provider = provider(&state)?;
    let browser = cookies::read(&headers, state.settings.sign_in_cookie());
    let question = sign_in::ask(&state.app, address, browser, &page_of(to), None).await?;
    sent(&state, &provider, &question, Wanted::SignIn)
}

/// `GET /login/confirm`
pub(super) async fn confirm(
    State(state): State<WebState>,
    CallerAddress(address): CallerAddress,
    visitor: Visitor,
    headers: HeaderMap,
    to: ToQuery,
) -> Result<Response, Fault> {
    let provider = provider(&state)?;
    let browser = cookies::read(&headers, state.settings.sign_in_cookie());
    let token = Some(visitor.user().token.as_str());
    let question = sign_in::ask(&state.app, address, browser, &page_of(to), token).await?;
    sent(&state, &provider, &question, Wanted::StepUp)
}

/// Sends the browser to the provider with the question, and lays the browser's secret beside it.
fn sent(state: &WebState, provider: &Provider, question: &Question, wanted: Wanted) -> Result<Response, Fault> {
    let address = provider.address(&once(question), wanted)?;
    let cookie = cookies::set_lax(
        state.settings,
        state.settings.sign_in_cookie(),
        &question.browser,
        SECRET_S,
    );
    let mut response = Redirect::to(&address).into_response();
    response
        .headers_mut()
        .append(header::SET_COOKIE, cookie.ok_or(Fault::Internal { code: "WEB-0500" })?);
    Ok(response)
}

/// What the provider says in the address.
#[derive(Deserialize)]
pub(super) struct Said {
    state: Option<String>,
    code: Option<String>,
    iss: Option<String>,
    error: Option<String>,
}

/// `GET /login/return`
pub(super) async fn finish(
    State(state): State<WebState>,
    prefs: Prefs,
    headers: HeaderMap,
    said: Result<Query<Said>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Fault> {
    let provider = provider(&state)?;
    let Query(said) = said.map_err(|_| Fault::Provider(Trouble::Answer))?;
    let browser = cookies::read(&headers, state.settings.sign_in_cookie());
    // The question is used up first, whatever the answer is.
    let answered = sign_in::answered(&state.app, said.state.as_deref().unwrap_or_default(), browser).await?;
    provider.check_issuer(said.iss.as_deref())?;
    let code = match (&said.error, &said.code) {
        (None, Some(code)) => code,
        // What the provider wrote is not repeated: anybody can write an address.
        (Some(_), _) => return Err(Fault::Provider(Trouble::Declined)),
        (None, None) => return Err(Fault::Provider(Trouble::Answer)),
    };
    let answer = Answer {
        code,
        issuer: said.iss.as_deref(),
    };
    let identity = provider.identify(answer, &once(&answered.question)).await?;
    let proven = Proven {
        issuer: provider.issuer(),
        subject: &identity.subject,
        second_factor_until: identity.second_factor_until,
        session: identity.session.as_deref(),
    };
    let signed_in = sign_in::sign_in(&state.app, &answered, &proven).await?;
    let cookie = cookies::set(
        state.settings,
        state.settings.session_cookie(),
        signed_in.token.as_str(),
        None,
    );
    // Nearly every page wants a second factor. Whoever comes without one begins where none is needed, and is asked on the way.
    let to = match answered.return_to.as_str() {
        "/" if !signed_in.is_verified => "/catalogue",
        page => page,
    };
    arrived(&state, prefs, to, answered.is_confirmation(), cookie)
}

/// A page of ours that goes on by itself. A redirect would not do: the way here began at another site, so the browser would keep
/// the new cookie (`SameSite=Strict`) back until a page of ours asks.
fn arrived(
    state: &WebState,
    prefs: Prefs,
    to: &str,
    is_confirmed: bool,
    cookie: Option<HeaderValue>,
) -> Result<Response, Fault> {
    let failed = Fault::Internal { code: "WEB-0500" };
    let mut p = Page::public(state, prefs, "signed-in-title");
    p.is_login = true;
    let page = SignedInPage {
        p,
        to: to.to_owned(),
        is_confirmed,
    };
    let mut response = render(StatusCode::OK, &page);
    let refresh = HeaderValue::from_str(&format!("0; url={to}")).map_err(|_| failed)?;
    response.headers_mut().insert(header::REFRESH, refresh);
    response.headers_mut().append(header::SET_COOKIE, cookie.ok_or(failed)?);
    Ok(response)
}
