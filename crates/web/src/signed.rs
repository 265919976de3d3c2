//! Requests of departments' systems: verified before any handler sees them, or refused with a code and never looked at.

use std::sync::Arc;

use app::asking::{self, AskFault, Asker};
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use policy::Caller;

use crate::fault::Fault;
use crate::session::Bearer;
use crate::signature::{OFFICER, SIGNATURE, SIGNATURE_INPUT, Signature, Target, content_digest};
use crate::state::WebState;

/// Largest body of a signed request: it is held until its digest is known to be right.
const SIGNED_BODY_BYTES_MAX: usize = 16 << 20;

/// Who a verified signature says asks.
#[derive(Clone)]
pub(crate) struct Signed(pub(crate) Arc<Asker>);

/// Verifies a signature if there is one. Without one the request goes on, and each route says what it takes.
pub(crate) async fn layer(State(state): State<WebState>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    if !headers.contains_key(SIGNATURE_INPUT) && !headers.contains_key(SIGNATURE) {
        return next.run(request).await;
    }
    match verified(&state, request).await {
        Ok(request) => next.run(request).await,
        Err(fault) => fault.into_response(),
    }
}

async fn verified(state: &WebState, request: Request) -> Result<Request, Fault> {
    let (mut parts, body) = request.into_parts();
    let asker = head(state, &parts, has_body(&parts.headers, &body))
        .await
        .map_err(refused)?;
    // Only now is the body read: nobody makes us hold one without a key.
    let bytes = axum::body::to_bytes(body, SIGNED_BODY_BYTES_MAX)
        .await
        .map_err(|_| Fault::TooLarge)?;
    if let Err(fault) = check_body(&parts.headers, &bytes) {
        asking::refused(&state.app, &asker, &fault).await?;
        return Err(refused(fault));
    }
    parts.extensions.insert(Signed(Arc::new(asker)));
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

/// Everything but the body.
async fn head(state: &WebState, parts: &Parts, has_body: bool) -> Result<Asker, AskFault> {
    if parts.headers.contains_key(header::AUTHORIZATION) {
        return Err(AskFault::TwoWays);
    }
    let signature = Signature::read(&parts.headers)?;
    signature.check_cover(&parts.headers, has_body)?;
    let target = Target {
        method: &parts.method,
        scheme: state.settings.scheme(),
        uri: &parts.uri,
    };
    let base = signature.base(&target, &parts.headers)?;
    let mut officers = parts.headers.get_all(OFFICER).iter();
    let officer = match (officers.next(), officers.next()) {
        (None, _) => None,
        (Some(value), None) => Some(value.to_str().map_err(|_| AskFault::Officer)?),
        (Some(_), Some(_)) => return Err(AskFault::Officer),
    };
    asking::verify(&state.app, &signature.request(&base, officer)).await
}

fn has_body(headers: &HeaderMap, body: &Body) -> bool {
    headers.contains_key(header::TRANSFER_ENCODING) || !body.is_end_stream()
}

/// The body is the one whose digest was signed; a body that nobody announced was not signed.
fn check_body(headers: &HeaderMap, bytes: &Bytes) -> Result<(), AskFault> {
    if bytes.is_empty() && !headers.contains_key(crate::signature::CONTENT_DIGEST) {
        return Ok(());
    }
    if content_digest(headers)? == app::asking::body_digest(bytes) {
        Ok(())
    } else {
        Err(AskFault::Body)
    }
}

/// The one place where a refusal is told: to the log with its code, outside with its code and sentence.
fn refused(fault: AskFault) -> Fault {
    let code = fault.code();
    match fault {
        AskFault::App(error) => error.into(),
        fault => {
            tracing::warn!(error.code = code, "a signed request was refused");
            Fault::Unsigned {
                code,
                what: sentence(&fault),
            }
        }
    }
}

const fn sentence(fault: &AskFault) -> &'static str {
    match fault {
        AskFault::Unreadable { what } => what,
        AskFault::NotCovered { .. } => "the signature does not cover all that it must; see the error index",
        AskFault::NoParameter { .. } => "the signature lacks one of created, nonce, keyid, alg",
        AskFault::OutOfTime => "the time of the request is more than sixty seconds from ours, or its end has passed",
        AskFault::Replayed => "the nonce was used before",
        AskFault::KeyUnknown => "the key is not registered, or the session is over",
        AskFault::KeyEnded => "the key was revoked or is out of its time",
        AskFault::Algorithm => "the algorithm is not that of the key",
        AskFault::Signature => "the signature does not fit the request",
        AskFault::Body => "the body is not the one whose digest was signed",
        AskFault::Officer => "the officer's assertion is not good for this system now",
        AskFault::TwoWays => "a request comes with a token or with a signature, not with both",
        AskFault::App(_) => "try again a little later",
    }
}

/// Who asks by API: a person with a token, or a department's system with a signature. Any route may take it.
pub(crate) struct ApiCaller {
    /// For policy questions.
    pub(crate) caller: Caller,
}

impl FromRequestParts<WebState> for ApiCaller {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, Fault> {
        if let Some(Signed(asker)) = parts.extensions.get::<Signed>() {
            return Ok(Self { caller: asker.caller() });
        }
        let bearer = <Bearer as FromRequestParts<WebState>>::from_request_parts(parts, state).await?;
        Ok(Self {
            caller: bearer.session.caller,
        })
    }
}

/// A department's system, by its signature only.
pub(crate) struct System(pub(crate) Arc<Asker>);

impl FromRequestParts<WebState> for System {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &WebState) -> Result<Self, Fault> {
        let signed = parts.extensions.get::<Signed>().ok_or(Fault::SignIn)?;
        Ok(Self(Arc::clone(&signed.0)))
    }
}
