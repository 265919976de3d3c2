//! Bodies and paths, read by own extractors: what axum itself would answer never reaches a caller.

use axum::Form;
use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::header;
use axum::http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::cookies;
use crate::fault::Fault;
use crate::security;
use crate::session::{User, Visitor};
use crate::state::WebState;

/// Largest form or JSON body, in bytes.
const BODY_BYTES_MAX: usize = 64 * 1024;

#[derive(Deserialize)]
struct Token {
    csrf: String,
}

async fn read_form<T: DeserializeOwned>(parts: &Parts, body: &[u8]) -> Result<T, Fault> {
    // axum reads a form from a whole request; this one has the same head and the bytes read before.
    let mut request = Request::new(Body::from(body.to_vec()));
    *request.method_mut() = parts.method.clone();
    request.headers_mut().clone_from(&parts.headers);
    match Form::<T>::from_request(request, &()).await {
        Ok(Form(form)) => Ok(form),
        Err(_) => Err(Fault::BadRequest {
            what: "the form is incomplete",
        }),
    }
}

async fn split(request: Request) -> Result<(Parts, Vec<u8>), Fault> {
    let (parts, body) = request.into_parts();
    let bytes = axum::body::to_bytes(body, BODY_BYTES_MAX)
        .await
        .map_err(|_| Fault::TooLarge)?;
    Ok((parts, bytes.to_vec()))
}

/// A form of a signed-in user whose token and origin were checked. There is no other way to a form's content.
pub(crate) struct SignedForm<T>(pub(crate) User, pub(crate) T);

impl<T: DeserializeOwned> FromRequest<WebState> for SignedForm<T> {
    type Rejection = Fault;

    async fn from_request(request: Request, state: &WebState) -> Result<Self, Fault> {
        let (mut parts, body) = split(request).await?;
        let user = <User as FromRequestParts<WebState>>::from_request_parts(&mut parts, state).await?;
        check_token(state, &parts, &body, &user).await?;
        Ok(Self(user, read_form(&parts, &body).await?))
    }
}

async fn check_token(state: &WebState, parts: &Parts, body: &[u8], user: &User) -> Result<(), Fault> {
    if !security::is_from_own_page(state.settings, &parts.headers) {
        return Err(Fault::Csrf);
    }
    let token: Token = read_form(parts, body).await.map_err(|_| Fault::Csrf)?;
    if security::tokens_agree(&token.csrf, &user.session.csrf) {
        Ok(())
    } else {
        Err(Fault::Csrf)
    }
}

/// The form by which somebody leaves: with its token and from our page as any other, but nobody is kept in for want of a
/// second factor.
pub(crate) struct LeavingForm(pub(crate) Visitor);

impl FromRequest<WebState> for LeavingForm {
    type Rejection = Fault;

    async fn from_request(request: Request, state: &WebState) -> Result<Self, Fault> {
        let (mut parts, body) = split(request).await?;
        let visitor = <Visitor as FromRequestParts<WebState>>::from_request_parts(&mut parts, state).await?;
        check_token(state, &parts, &body, visitor.user()).await?;
        Ok(Self(visitor))
    }
}

/// A form that a program sends without a session; what is in it must prove itself.
pub(crate) struct ApiForm<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<WebState> for ApiForm<T> {
    type Rejection = Fault;

    async fn from_request(request: Request, _: &WebState) -> Result<Self, Fault> {
        let (parts, body) = split(request).await?;
        if media_type(&parts) != Some("application/x-www-form-urlencoded") {
            return Err(Fault::Media);
        }
        read_form(&parts, &body).await.map(Self)
    }
}

/// The media type without its parameters.
fn media_type(parts: &Parts) -> Option<&str> {
    let kind = parts.headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    kind.split(';').next().map(str::trim)
}

/// A login form: its token must equal the cookie set with the page (double submit), since there is no session yet.
pub(crate) struct LoginForm<T>(pub(crate) Parts, pub(crate) T);

impl<T: DeserializeOwned> FromRequest<WebState> for LoginForm<T> {
    type Rejection = Fault;

    async fn from_request(request: Request, state: &WebState) -> Result<Self, Fault> {
        let (parts, body) = split(request).await?;
        if !security::is_from_own_page(state.settings, &parts.headers) {
            return Err(Fault::Csrf);
        }
        let token: Token = read_form(&parts, &body).await.map_err(|_| Fault::Csrf)?;
        let cookie = cookies::read(&parts.headers, state.settings.form_cookie()).unwrap_or_default();
        if !security::tokens_agree(&token.csrf, cookie) {
            return Err(Fault::Csrf);
        }
        let form = read_form(&parts, &body).await?;
        Ok(Self(parts, form))
    }
}

/// A JSON body of the API.
pub(crate) struct ApiJson<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<WebState> for ApiJson<T> {
    type Rejection = Fault;

    async fn from_request(request: Request, _: &WebState) -> Result<Self, Fault> {
        let (parts, body) = split(request).await?;
        if media_type(&parts) != Some("application/json") {
            return Err(Fault::Media);
        }
        // The parser's message would repeat what was sent.
        serde_json::from_slice(&body).map(Self).map_err(|_| Fault::BadRequest {
            what: "the body is not the JSON that is documented",
        })
    }
}

/// An id in the path. One that cannot be an id is as absent as one that is not there.
pub(crate) struct PathId(pub(crate) Uuid);

impl<S: Send + Sync> FromRequestParts<S> for PathId {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Fault> {
        match Path::<Uuid>::from_request_parts(parts, state).await {
            Ok(Path(id)) => Ok(Self(id)),
            Err(_) => Err(Fault::NotFound),
        }
    }
}

/// The query.
pub(crate) struct ApiQuery<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for ApiQuery<T> {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Fault> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(query)) => Ok(Self(query)),
            Err(_) => Err(Fault::BadRequest {
                what: "a parameter of the query is missing or wrong",
            }),
        }
    }
}
