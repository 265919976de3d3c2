//! Who calls: cookies for pages, bearer tokens for the API. Neither is ever taken for the other.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use app::accounts::{self, LiveSession};
use app::sign_in::SECOND_FACTOR_LEFT_MS;
use axum::extract::{ConnectInfo, FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Method, header};
use store::AccountKind;

use crate::cookies;
use crate::fault::Fault;
use crate::page::Page;
use crate::prefs::Prefs;
use crate::settings::WebSettings;
use crate::sign_in::Trouble;
use crate::state::WebState;

/// A signed-in user of the pages, both factors given.
pub(crate) struct User {
    pub(crate) session: LiveSession,
    pub(crate) token: String,
    prefs: Prefs,
}

impl User {
    /// Frame of a page for this user.
    pub(crate) fn page(&self, state: &WebState, title_key: &str, current: &str) -> Page {
        Page::of(state, self.prefs, &self.session, title_key, current)
    }
}

/// Where a user begins.
pub(crate) const fn start_of(kind: AccountKind) -> &'static str {
    match kind {
        AccountKind::Resident => "/me",
        AccountKind::Officer | AccountKind::Centre => "/deliveries",
        AccountKind::SystemAdmin => "/accounts",
        AccountKind::SecurityAdmin => "/systems",
        AccountKind::AuditAdmin => "/acts",
    }
}

/// The cookie's session, verified or not.
pub(crate) async fn from_cookie(state: &WebState, parts: &Parts) -> Result<Option<(LiveSession, String)>, Fault> {
    let Some(token) = cookies::read(&parts.headers, state.settings.session_cookie()) else {
        return Ok(None);
    };
    let session = accounts::session(&state.app, token).await?;
    Ok(session.map(|session| (session, token.to_owned())))
}

impl FromRequestParts<WebState> for User {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, Fault> {
        let (session, token) = from_cookie(state, parts).await?.ok_or(Fault::SignIn)?;
        check(&session)?;
        // Whoever opens a form can still send it: the second factor lasts for a while more, or is asked for now.
        let last_ms = state.app.clock().now().0.saturating_add(SECOND_FACTOR_LEFT_MS);
        let is_over_soon = session.second_factor_until.is_some_and(|until| until.0 < last_ms);
        if is_over_soon && matches!(parts.method, Method::GET | Method::HEAD) {
            return Err(Fault::Provider(Trouble::StepUp));
        }
        let prefs = parts.extensions.get::<Prefs>().copied().unwrap_or_default();
        Ok(Self { session, token, prefs })
    }
}

/// Refuses a session whose second factor is missing or over, by where it is given.
const fn check(session: &LiveSession) -> Result<(), Fault> {
    match (session.is_verified, session.by_provider) {
        (true, _) => Ok(()),
        (false, true) => Err(Fault::Provider(Trouble::StepUp)),
        (false, false) => Err(Fault::SecondFactor),
    }
}

/// Somebody who is signed in and may lack a second factor of now, as the identity provider's word may begin a session: for what
/// is open to everybody anyway, and for leaving.
pub(crate) struct Visitor(User);

impl Visitor {
    /// The user, for the frame of a page.
    pub(crate) const fn user(&self) -> &User {
        &self.0
    }
}

impl FromRequestParts<WebState> for Visitor {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, Fault> {
        let (session, token) = from_cookie(state, parts).await?.ok_or(Fault::SignIn)?;
        if !session.is_verified && !session.by_provider {
            return Err(Fault::SecondFactor);
        }
        let prefs = parts.extensions.get::<Prefs>().copied().unwrap_or_default();
        Ok(Self(User { session, token, prefs }))
    }
}

impl OptionalFromRequestParts<WebState> for Visitor {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Option<Self>, Fault> {
        match <Self as FromRequestParts<WebState>>::from_request_parts(parts, state).await {
            Ok(visitor) => Ok(Some(visitor)),
            Err(Fault::SignIn | Fault::SecondFactor) => Ok(None),
            Err(fault) => Err(fault),
        }
    }
}

/// A caller of the API: a bearer token, both factors given.
pub(crate) struct Bearer {
    pub(crate) session: LiveSession,
    pub(crate) token: String,
}

impl FromRequestParts<WebState> for Bearer {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, Fault> {
        let token = parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim().to_owned())
            .ok_or(Fault::SignIn)?;
        let session = accounts::session(&state.app, &token).await?.ok_or(Fault::SignIn)?;
        check(&session)?;
        Ok(Self { session, token })
    }
}

/// The caller's address, for counting attempts; never logged.
pub(crate) struct CallerAddress(pub(crate) IpAddr);

impl FromRequestParts<WebState> for CallerAddress {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, Fault> {
        let peer = parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map(|info| info.0.ip());
        Ok(Self(address_of(state.settings, &parts.headers, peer)))
    }
}

/// The peer, or what the operator's own proxy appended last; entries before it are whatever a caller claims.
fn address_of(settings: WebSettings, headers: &HeaderMap, peer: Option<IpAddr>) -> IpAddr {
    headers
        .get_all(HeaderName::from_static("x-forwarded-for"))
        .iter()
        .next_back()
        .filter(|_| settings.trusts_forwarded_for)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.rsplit(',').next())
        .and_then(|value| value.trim().parse().ok())
        .or(peer)
        .unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_trusted_proxy_is_believed_and_only_its_own_entry() {
        let mut headers = HeaderMap::new();
        let peer = Some("192.0.2.1".parse().unwrap());
        let address = |trusts_forwarded_for, headers: &HeaderMap| {
            address_of(
                WebSettings {
                    https: false,
                    trusts_forwarded_for,
                },
                headers,
                peer,
            )
            .to_string()
        };
        assert_eq!(address(true, &headers), "192.0.2.1");
        headers.append("x-forwarded-for", "198.51.100.9".parse().unwrap());
        headers.append("x-forwarded-for", "198.51.100.7, 203.0.113.5".parse().unwrap());
        assert_eq!(address(true, &headers), "203.0.113.5");
        assert_eq!(address(false, &headers), "192.0.2.1");
        headers.append("x-forwarded-for", "nonsense".parse().unwrap());
        assert_eq!(address(true, &headers), "192.0.2.1");
    }
}
