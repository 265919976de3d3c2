//! What the pages and the API share about signing in by the identity provider.

use std::sync::LazyLock;

use app::sign_in::{RETURN_TO_CHARS_MAX, SignInFault};
use axum::http::{StatusCode, Uri};
use oidc::ProviderFault;

use crate::fault::Fault;
use crate::pages;

/// Where the provider sends people back; with the address of the service before it, it is registered there.
pub const RETURN_PATH: &str = "/login/return";

/// Where the confirmation of a session begins.
const CONFIRM_PATH: &str = "/login/confirm";

/// Why the identity provider's word did not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The provider cannot be used now.
    Away,
    /// The answer belongs to no question of this browser.
    Answer,
    /// The provider, or the person there, said no.
    Declined,
    /// The answer is of another provider.
    OtherProvider,
    /// The code was not exchanged.
    Code,
    /// The token is not good.
    Token,
    /// No account is bound to the person.
    Unbound,
    /// A confirmation without a second factor of now.
    NotConfirmed,
    /// Another person confirmed.
    OtherPerson,
    /// The session lacks a second factor of now (RFC 9470).
    StepUp,
}

impl Trouble {
    pub(crate) const fn status(self) -> StatusCode {
        match self {
            Self::Away => StatusCode::SERVICE_UNAVAILABLE,
            Self::Answer | Self::Declined | Self::OtherProvider | Self::Code | Self::Token => StatusCode::BAD_REQUEST,
            Self::Unbound | Self::NotConfirmed | Self::OtherPerson => StatusCode::FORBIDDEN,
            Self::StepUp => StatusCode::UNAUTHORIZED,
        }
    }

    /// The public code; see `docs/errors.md`.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Away => "SIGNIN-0001",
            Self::Answer => "SIGNIN-0002",
            Self::Declined => "SIGNIN-0003",
            Self::OtherProvider => "SIGNIN-0004",
            Self::Code => "SIGNIN-0005",
            Self::Token => "SIGNIN-0006",
            Self::Unbound => "SIGNIN-0007",
            Self::NotConfirmed => "SIGNIN-0008",
            Self::OtherPerson => "SIGNIN-0009",
            Self::StepUp => "SIGNIN-0010",
        }
    }

    /// Keys of the texts: title, what happened, what to do.
    pub(crate) const fn keys(self) -> [&'static str; 3] {
        match self {
            Self::Away => ["provider-away", "provider-away-text", "provider-away-next"],
            Self::Answer => ["provider-answer", "provider-answer-text", "provider-again"],
            Self::Declined => ["provider-declined", "provider-declined-text", "provider-again"],
            Self::OtherProvider | Self::Code | Self::Token => {
                ["provider-token", "provider-token-text", "provider-again"]
            }
            Self::Unbound => ["provider-unbound", "provider-unbound-text", "provider-unbound-next"],
            Self::NotConfirmed => ["provider-weak", "provider-weak-text", "provider-weak-next"],
            Self::OtherPerson => ["provider-other", "provider-other-text", "provider-other-next"],
            Self::StepUp => ["provider-step-up", "provider-step-up-text", "provider-step-up-next"],
        }
    }

    /// One plain sentence for programs.
    pub(crate) const fn detail(self) -> &'static str {
        match self {
            Self::Away => "the identity provider cannot be used now",
            Self::Answer => "the answer belongs to no question of this browser",
            Self::Declined => "the identity provider declined",
            Self::OtherProvider => "the answer comes from another identity provider",
            Self::Code => "the identity provider does not take the code",
            Self::Token => "the token of the identity provider is not good",
            Self::Unbound => "no account is bound to this sign-in",
            Self::NotConfirmed => "the identity provider confirmed no second factor of now",
            Self::OtherPerson => "another person confirmed than the one who is signed in",
            Self::StepUp => "the session lacks a second factor, or it is too long ago",
        }
    }
}

impl From<ProviderFault> for Fault {
    fn from(fault: ProviderFault) -> Self {
        tracing::warn!(error.code = fault.code(), "{fault}");
        Self::Provider(match fault {
            ProviderFault::Away { .. } => Trouble::Away,
            ProviderFault::OtherIssuer => Trouble::OtherProvider,
            ProviderFault::Code => Trouble::Code,
            ProviderFault::Token { .. } => Trouble::Token,
        })
    }
}

impl From<SignInFault> for Fault {
    fn from(fault: SignInFault) -> Self {
        let code = fault.code();
        let trouble = match fault {
            SignInFault::App(error) => return error.into(),
            SignInFault::LockedOut { minutes } => return Self::TooMany { minutes },
            SignInFault::Answer => Trouble::Answer,
            SignInFault::Unbound => Trouble::Unbound,
            SignInFault::NotConfirmed => Trouble::NotConfirmed,
            SignInFault::OtherPerson => Trouble::OtherPerson,
        };
        tracing::warn!(error.code = code, "a sign-in by the identity provider was refused");
        Self::Provider(trouble)
    }
}

/// Patterns of the pages that one can go on with.
static PAGES: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let may_go_on = |path: &str| {
        !["/login", "/logout", "/assets/", "/log/"]
            .iter()
            .any(|start| path.starts_with(start))
    };
    pages::routes()
        .into_iter()
        .filter(|(path, methods)| methods.split(' ').any(|method| method == "GET") && may_go_on(path))
        .map(|(path, _)| path)
        .collect()
});

/// A page of ours, or where everybody begins: whoever writes the parameter sends nobody elsewhere.
pub(crate) fn own_page(asked: &str) -> &str {
    let (path, query) = asked.split_once('?').unwrap_or((asked, ""));
    let is_plain = |text: &str, more: &[u8]| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || more.contains(&byte))
    };
    let is_ours = asked.len() <= RETURN_TO_CHARS_MAX
        && is_plain(path, b"/-_.")
        && is_plain(query, b"=&%-_.")
        && PAGES.iter().any(|pattern| fits(pattern, path));
    if is_ours { asked } else { "/" }
}

/// Whether a path is of a pattern such as `/deliveries/{delivery}`.
fn fits(pattern: &str, path: &str) -> bool {
    let (mut wanted, mut found) = (pattern.split('/'), path.split('/'));
    loop {
        match (wanted.next(), found.next()) {
            (None, None) => return true,
            (Some(part), Some(word)) if part.starts_with('{') && !word.is_empty() && !word.starts_with('.') => {}
            (Some(part), Some(word)) if part == word => {}
            (_, _) => return false,
        }
    }
}

/// Where a session is confirmed before the request is made again. What was sent as a form is lost, so the page of the form comes
/// back: the nearest one above the form's address.
pub(crate) fn confirm_address(uri: &Uri) -> String {
    let mut to = own_page(uri.path_and_query().map_or("/", |whole| whole.as_str()));
    let mut path = uri.path();
    while to == "/" && !path.is_empty() {
        to = own_page(path);
        path = path.rsplit_once('/').map_or("", |(above, _)| above);
    }
    format!("{CONFIRM_PATH}?to={}", encoded(to))
}

fn encoded(text: &str) -> String {
    let one = |byte: u8| match byte {
        _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_goes_on_with_a_page_of_ours_and_with_nothing_else() {
        for page in [
            "/",
            "/look-up",
            "/look-up?purpose=PUR-TOUR-GUIDE&lang=en",
            "/deliveries/01981b4e-7f00-7000-8000-000000000004",
            "/catalogue/ITM-PENALTY",
        ] {
            assert_eq!(own_page(page), page);
        }
        for elsewhere in [
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "/look-up/../../evil",
            "/look-up#//evil.example",
            "/look-up?next=https://evil.example",
            "/deliveries/..",
            "/deliveries//evil.example",
            "/%2F%2Fevil.example",
            "/no-such-page",
            "/login/provider?to=%2Flook-up",
            "/logout",
            "/api/v1/look-ups",
            "javascript:alert(1)",
            "look-up",
            "",
            " /look-up",
            "/look-up\r\nSet-Cookie: a=b",
        ] {
            assert_eq!(own_page(elsewhere), "/", "{elsewhere:?}");
        }
        assert_eq!(own_page(&format!("/look-up?a={}", "x".repeat(500))), "/");
    }

    #[test]
    fn the_page_of_a_form_comes_back_after_a_confirmation() {
        let id = "01981b4e-7f00-7000-8000-000000000004";
        for (sent, page) in [
            ("/look-up?purpose=PUR-X", "%2Flook%2Dup%3Fpurpose%3DPUR%2DX"),
            (&*format!("/look-up/{id}/close"), "%2Flook%2Dup"),
            ("/nowhere", "%2F"),
            ("/", "%2F"),
        ] {
            let uri: Uri = sent.parse().unwrap();
            assert_eq!(confirm_address(&uri), format!("/login/confirm?to={page}"), "{sent}");
        }
    }
}
