//! Style sheet, mark and the one script, compiled in and served under a name that carries a hash of the content.

use axum::extract::Path;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};

use crate::fault::Fault;

const CSS: &str = include_str!("../assets/style.css");
const ICON: &str = include_str!("../assets/icon.svg");
const VERIFY: &str = include_str!("../assets/verify.js");

/// FNV-1a, 64 bit: names a version for caches; it protects nothing.
const fn fnv1a(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut rest = bytes;
    while let [first, tail @ ..] = rest {
        hash = (hash ^ *first as u64).wrapping_mul(0x0100_0000_01b3);
        rest = tail;
    }
    hash
}

const CSS_HASH: u64 = fnv1a(CSS.as_bytes());
const ICON_HASH: u64 = fnv1a(ICON.as_bytes());
const VERIFY_HASH: u64 = fnv1a(VERIFY.as_bytes());

/// Address of the style sheet.
pub(crate) fn css_href() -> String {
    format!("/assets/style-{CSS_HASH:016x}.css")
}

/// Address of the mark.
pub(crate) fn icon_href() -> String {
    format!("/assets/icon-{ICON_HASH:016x}.svg")
}

/// Address of the script that checks proofs.
pub(crate) fn verify_href() -> String {
    format!("/assets/verify-{VERIFY_HASH:016x}.js")
}

/// Serves an asset; a name with another hash is not found, so that a cache never mixes versions.
pub(crate) async fn get(Path(name): Path<String>) -> Response {
    let href = format!("/assets/{name}");
    let (kind, body) = if href == css_href() {
        ("text/css; charset=utf-8", CSS)
    } else if href == icon_href() {
        ("image/svg+xml", ICON)
    } else if href == verify_href() {
        ("text/javascript; charset=utf-8", VERIFY)
    } else {
        return Fault::NotFound.into_response();
    };
    let headers: [(HeaderName, HeaderValue); 2] = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (
            header::CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=31536000, immutable"),
        ),
    ];
    (headers, body).into_response()
}
