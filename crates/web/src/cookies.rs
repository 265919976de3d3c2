//! Reading and writing cookies.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::settings::WebSettings;

/// The value of the cookie `name`, if it was sent exactly once; two of one name are a sign of tossing, and neither counts.
pub(crate) fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut found = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value);
    let first = found.next()?;
    if found.next().is_some() { None } else { Some(first) }
}

/// A cookie that no script reads and no other site sends along. `max_age_s` of `None` ends it with the browser.
pub(crate) fn set(settings: WebSettings, name: &str, value: &str, max_age_s: Option<u32>) -> Option<HeaderValue> {
    set_for(settings, name, value, max_age_s, "Strict")
}

/// A cookie that no script reads and that comes along when another site sends the browser to a page of ours, as the identity
/// provider does with its answer. It must open nothing by itself.
pub(crate) fn set_lax(settings: WebSettings, name: &str, value: &str, max_age_s: u32) -> Option<HeaderValue> {
    set_for(settings, name, value, Some(max_age_s), "Lax")
}

fn set_for(
    settings: WebSettings,
    name: &str,
    value: &str,
    max_age_s: Option<u32>,
    same_site: &str,
) -> Option<HeaderValue> {
    let secure = if settings.https { "; Secure" } else { "" };
    let age = max_age_s
        .map(|seconds| format!("; Max-Age={seconds}"))
        .unwrap_or_default();
    HeaderValue::from_str(&format!(
        "{name}={value}; Path=/; HttpOnly; SameSite={same_site}{secure}{age}"
    ))
    .ok()
}

/// Takes a cookie away.
pub(crate) fn clear(settings: WebSettings, name: &str) -> Option<HeaderValue> {
    set(settings, name, "", Some(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_read_only_if_it_came_once() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=1; chengdang=x; b=2"));
        assert_eq!(read(&headers, "chengdang"), Some("x"));
        headers.append(header::COOKIE, HeaderValue::from_static("chengdang=y"));
        assert_eq!(read(&headers, "chengdang"), None);
    }
}
