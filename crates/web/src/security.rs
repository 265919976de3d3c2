//! Headers that every answer carries, and the check that a form was sent from our own pages.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use subtle::ConstantTimeEq;

use crate::settings::WebSettings;
use crate::state::WebState;

/// Nothing runs, nothing is framed, nothing is fetched from elsewhere; no inline style either.
const CSP: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
                   frame-ancestors 'none'";

/// The same where a page checks proofs: our own script runs, and fetches from here.
const CSP_OWN_SCRIPT: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; \
                              form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Marks an answer whose page runs our own script; every other page runs none.
#[derive(Clone, Copy)]
pub(crate) struct RunsOwnScript;

const ALWAYS: &[(&str, &str)] = &[
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("x-frame-options", "DENY"),
    (
        "permissions-policy",
        "accelerometer=(), camera=(), display-capture=(), fullscreen=(), geolocation=(), gyroscope=(), magnetometer=(), \
         microphone=(), midi=(), payment=(), usb=()",
    ),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("x-robots-tag", "noindex, nofollow"),
];

/// Adds the headers.
pub(crate) async fn layer(State(state): State<WebState>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let csp = if response.extensions().get::<RunsOwnScript>().is_some() {
        CSP_OWN_SCRIPT
    } else {
        CSP
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(csp));
    for (name, value) in ALWAYS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if state.settings.https {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000"),
        );
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Whether two tokens are equal, in a time that does not tell where they differ. Empty tokens never are.
pub(crate) fn tokens_agree(left: &str, right: &str) -> bool {
    !left.is_empty() && bool::from(left.as_bytes().ct_eq(right.as_bytes()))
}

/// Whether the browser says that a form came from our own pages. A second line behind the form token.
///
/// With `Referrer-Policy: no-referrer` a browser sends `Origin: null` with a form (Fetch §3.2.5), which says nothing; then
/// `Sec-Fetch-Site` decides where it is sent, and the token alone where it is not.
pub(crate) fn is_from_own_page(settings: WebSettings, headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let site = text(HeaderName::from_static("sec-fetch-site"));
    if site.is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        return false;
    }
    match text(header::ORIGIN) {
        None | Some("null") => true,
        Some(origin) => text(header::HOST).is_some_and(|host| origin == format!("{}://{host}", settings.scheme())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_other_sites_are_told_apart() {
        let check = |https: bool, pairs: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
            }
            is_from_own_page(
                WebSettings {
                    https,
                    trusts_forwarded_for: false,
                },
                &headers,
            )
        };
        assert!(check(
            false,
            &[("host", "127.0.0.1:80"), ("origin", "http://127.0.0.1:80")]
        ));
        assert!(!check(
            false,
            &[("host", "127.0.0.1:80"), ("origin", "http://evil.example")]
        ));
        assert!(check(
            true,
            &[("host", "credit.example"), ("origin", "https://credit.example")]
        ));
        assert!(!check(
            true,
            &[("host", "credit.example"), ("origin", "http://credit.example")]
        ));
        assert!(!check(true, &[("origin", "https://credit.example")]));
        assert!(check(false, &[("origin", "null"), ("sec-fetch-site", "same-origin")]));
        assert!(!check(false, &[("origin", "null"), ("sec-fetch-site", "cross-site")]));
        assert!(!check(false, &[("sec-fetch-site", "same-site")]));
    }

    #[test]
    fn an_empty_token_never_agrees() {
        assert!(tokens_agree("abc", "abc"));
        assert!(!tokens_agree("abc", "abd"));
        assert!(!tokens_agree("", ""));
    }
}
