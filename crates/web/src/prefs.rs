//! What a visitor chose: language and type size. `?lang=en` and `?view=large` are kept in cookies.

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::cookies;
use crate::state::WebState;
use crate::texts::Lang;

const LANG_COOKIE: &str = "chengdang-lang";
const VIEW_COOKIE: &str = "chengdang-view";
const YEAR_S: u32 = 365 * 24 * 3600;

/// Choices that hold for one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Prefs {
    /// Language.
    pub(crate) lang: Lang,
    /// Larger type.
    pub(crate) is_large: bool,
}

/// The first value of `name` in a query string. Only for our own fixed words, so nothing is decoded.
pub(crate) fn query_word<'a>(query: Option<&'a str>, name: &str) -> Option<&'a str> {
    query?
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

fn parse_view(text: &str) -> Option<bool> {
    match text {
        "large" => Some(true),
        "normal" => Some(false),
        _ => None,
    }
}

fn read(query: Option<&str>, headers: &HeaderMap) -> (Prefs, Option<Lang>, Option<bool>) {
    let new_lang = query_word(query, "lang").and_then(Lang::parse);
    let new_view = query_word(query, "view").and_then(parse_view);
    let lang = new_lang
        .or_else(|| cookies::read(headers, LANG_COOKIE).and_then(Lang::parse))
        .unwrap_or_default();
    let is_large = new_view
        .or_else(|| cookies::read(headers, VIEW_COOKIE).and_then(parse_view))
        .unwrap_or_default();
    (Prefs { lang, is_large }, new_lang, new_view)
}

/// Puts [`Prefs`] into the request and keeps a choice made by its query.
pub(crate) async fn layer(State(state): State<WebState>, mut request: Request, next: Next) -> Response {
    let (prefs, new_lang, new_view) = read(request.uri().query(), request.headers());
    request.extensions_mut().insert(prefs);
    let mut response = next.run(request).await;
    let chosen = [
        new_lang.map(|lang| (LANG_COOKIE, lang.code())),
        new_view.map(|is_large| (VIEW_COOKIE, if is_large { "large" } else { "normal" })),
    ];
    for (name, value) in chosen.into_iter().flatten() {
        if let Some(cookie) = cookies::set(state.settings, name, value, Some(YEAR_S)) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    response
}

impl<S: Sync> FromRequestParts<S> for Prefs {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get::<Self>().copied().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_wins_over_the_cookie_and_nonsense_changes_nothing() {
        let mut headers = HeaderMap::new();
        assert_eq!(read(None, &headers).0, Prefs::default());
        headers.insert(
            header::COOKIE,
            "chengdang-lang=en; chengdang-view=large".parse().unwrap(),
        );
        assert_eq!(
            read(None, &headers).0,
            Prefs {
                lang: Lang::En,
                is_large: true
            }
        );
        assert_eq!(read(Some("lang=zh-CN&view=normal"), &headers).0, Prefs::default());
        assert_eq!(
            read(Some("lang=%0d%0a&view=huge"), &headers),
            (
                Prefs {
                    lang: Lang::En,
                    is_large: true
                },
                None,
                None
            )
        );
    }
}
