//! Requests that this system sends: where events may go, and how they are signed (RFC 9421). What is signed is
//! written by the same construction by which requests to this system are read.

mod client;

use std::net::IpAddr;

use app::events::{NotTaken, Outgoing};
use axum::http::{HeaderMap, HeaderValue, Method, Uri, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::signature::{self, CONTENT_DIGEST, SIGNATURE, SIGNATURE_INPUT, Target};

pub use client::{HttpSender, SenderFault, SenderSettings};

/// Type of a body that is one event (`CloudEvents` 1.0, HTTP binding 3.2).
const EVENT_TYPE: &str = "application/cloudevents+json; charset=utf-8";
/// What the signature says it is for (RFC 9421 §2.3), so that it is taken for nothing else.
const TAG: &str = "chengdang-event";
/// How long a signature is good, in seconds: for the clocks of two hosts, and a slow way.
const GOOD_S: i64 = 300;

/// Whether events may be sent to `url`: over https, or in clear to this host if `allows_loopback`. Which numbers the host's name
/// may lead to is looked at when it is connected to.
///
/// # Errors
///
/// What is wrong, in words.
pub(crate) fn check_url(url: &str, allows_loopback: bool) -> Result<(), &'static str> {
    let uri: Uri = url.parse().map_err(|_| "the address of an endpoint cannot be read")?;
    let authority = uri.authority().ok_or("the address of an endpoint names no host")?;
    // Secrets do not belong into an address: it is stored and logged. The signature proves who sends.
    if authority.as_str().contains('@') || uri.query().is_some() || url.contains('#') {
        return Err("the address of an endpoint has neither user, query nor fragment");
    }
    match uri.scheme_str() {
        Some("https") => Ok(()),
        Some("http") if allows_loopback && is_loopback(authority.host()) => Ok(()),
        _ => Err("events are sent over https only"),
    }
}

/// Whether a host is this one, by number: a name may lead anywhere.
fn is_loopback(host: &str) -> bool {
    let number = host.trim_start_matches('[').trim_end_matches(']');
    number.parse::<IpAddr>().is_ok_and(|number| number.is_loopback())
}

/// Headers of the request that carries an event, its signature among them.
///
/// # Errors
///
/// [`NotTaken`] if the address cannot be read or the key does not sign.
fn headers_of(outgoing: &Outgoing) -> Result<HeaderMap, NotTaken> {
    let unwritable = NotTaken {
        why: "the address or a header cannot be written",
    };
    let value = |text: &str| HeaderValue::from_str(text).map_err(|_| unwritable);
    let uri: Uri = outgoing.url.parse().map_err(|_| unwritable)?;
    let digest = STANDARD.encode(app::asking::body_digest(&outgoing.body));
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(EVENT_TYPE));
    headers.insert(CONTENT_DIGEST, value(&format!("sha-256=:{digest}:"))?);
    let target = Target {
        method: &Method::POST,
        scheme: uri.scheme_str().unwrap_or("https"),
        uri: &uri,
    };
    let components = ["@method", "@target-uri", "content-type", "content-digest"];
    let parameters = signature::Parameters {
        key: &outgoing.key,
        created: outgoing.created,
        expires: outgoing.created.saturating_add(GOOD_S),
        nonce: &outgoing.nonce,
        tag: TAG,
    };
    let (base, input) = signature::to_be_signed(&components, &parameters, &target, &headers).map_err(|_| unwritable)?;
    let signature = STANDARD.encode(outgoing.sign(base.as_bytes())?);
    headers.insert(SIGNATURE_INPUT, value(&format!("sig={input}"))?);
    headers.insert(SIGNATURE, value(&format!("sig=:{signature}:"))?);
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_without_secrets_is_an_endpoint() {
        for url in [
            "https://system.example/events",
            "https://system.example:8443/a/b",
            "https://10.1.2.3/e",
        ] {
            assert_eq!(check_url(url, false), Ok(()), "{url}");
        }
        for url in [
            "http://system.example/events",
            "http://127.0.0.1/events",
            "ftp://system.example/events",
            "file:///etc/passwd",
            "https:///events",
            "/events",
            "",
            "https://user:secret@system.example/events",
            "https://system.example/events?token=secret",
            "https://system.example/events#part",
        ] {
            assert!(check_url(url, false).is_err(), "{url}");
        }
        for url in ["http://127.0.0.1:4000/events", "http://[::1]:4000/events"] {
            assert_eq!(check_url(url, true), Ok(()), "{url}");
        }
        for url in [
            "http://localhost:4000/events",
            "http://10.0.0.1/events",
            "http://127.0.0.1.system.example/",
        ] {
            assert!(check_url(url, true).is_err(), "{url}");
        }
    }
}
