//! What every page has around its content, and the texts that its template asks for.

use app::accounts::LiveSession;
use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use store::AccountKind;

use crate::assets;
use crate::fault::{Fault, HTML};
use crate::prefs::Prefs;
use crate::state::WebState;
use crate::texts::Lang;

/// A link of the navigation.
pub(crate) struct NavLink {
    pub(crate) href: &'static str,
    pub(crate) key: &'static str,
    pub(crate) is_current: bool,
}

/// Who is signed in, as the header shows it.
pub(crate) struct PageUser {
    pub(crate) display_name: String,
    pub(crate) csrf: String,
    kind: AccountKind,
}

/// Frame of a page.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one independent thing that the template asks"
)]
pub(crate) struct Page {
    pub(crate) lang: Lang,
    pub(crate) title: String,
    pub(crate) is_large: bool,
    pub(crate) is_demo: bool,
    pub(crate) is_login: bool,
    pub(crate) has_error: bool,
    pub(crate) user: Option<PageUser>,
    pub(crate) nav: Vec<NavLink>,
}

impl Page {
    /// A page that needs nobody to be signed in.
    pub(crate) fn public(state: &WebState, prefs: Prefs, title_key: &str) -> Self {
        Self {
            lang: prefs.lang,
            title: prefs.lang.text(title_key),
            is_large: prefs.is_large,
            is_demo: state.app.settings().is_demo,
            is_login: false,
            has_error: false,
            user: None,
            nav: Vec::new(),
        }
    }

    /// A page for a signed-in user; `current` is the address of the section it belongs to.
    pub(crate) fn of(state: &WebState, prefs: Prefs, session: &LiveSession, title_key: &str, current: &str) -> Self {
        let user = PageUser {
            display_name: session.login.clone(),
            csrf: session.csrf.clone(),
            kind: session.kind,
        };
        Self {
            user: Some(user),
            nav: nav(session.kind, current),
            ..Self::public(state, prefs, title_key)
        }
    }

    /// The page that tells of a fault. It does not look at the session: a fault may be that there is none.
    pub(crate) fn of_fault(state: &WebState, prefs: Prefs, fault: Fault) -> Self {
        let [title, ..] = fault.keys();
        Self::public(state, prefs, title)
    }

    /// The text under `key`.
    pub(crate) fn s(&self, key: &str) -> String {
        self.lang.text(key)
    }

    /// The text under `key` with one text argument.
    pub(crate) fn v(&self, key: &str, name: &'static str, value: impl AsRef<str>) -> String {
        self.lang.text_with(key, &[(name, value.as_ref().into())])
    }

    /// The text under `key` with two text arguments.
    pub(crate) fn vv(
        &self,
        key: &str,
        a: &'static str,
        x: impl AsRef<str>,
        b: &'static str,
        y: impl AsRef<str>,
    ) -> String {
        self.lang
            .text_with(key, &[(a, x.as_ref().into()), (b, y.as_ref().into())])
    }

    /// The text under `key` with one number.
    pub(crate) fn n(&self, key: &str, name: &'static str, value: impl Count) -> String {
        self.lang.text_with(key, &[(name, value.count().into())])
    }

    /// The text under `key` with two numbers.
    pub(crate) fn nn(&self, key: &str, a: &'static str, x: impl Count, b: &'static str, y: impl Count) -> String {
        self.lang
            .text_with(key, &[(a, x.count().into()), (b, y.count().into())])
    }

    /// The text under `key` with several numbers.
    pub(crate) fn numbers<const N: usize>(&self, key: &str, numbers: [(&'static str, u64); N]) -> String {
        self.lang
            .text_with(key, &numbers.map(|(name, value)| (name, value.count().into())))
    }

    pub(crate) fn lang_code(&self) -> &'static str {
        self.lang.code()
    }

    pub(crate) fn is_english(&self) -> bool {
        self.lang == Lang::En
    }

    /// Whether the footer speaks to a resident: on their own pages, and before anybody is signed in.
    pub(crate) fn is_residents(&self) -> bool {
        self.user.as_ref().is_none_or(|user| user.kind == AccountKind::Resident)
    }

    pub(crate) fn csrf(&self) -> &str {
        self.user.as_ref().map_or("", |user| user.csrf.as_str())
    }

    #[expect(clippy::unused_self, reason = "templates call methods of the page")]
    pub(crate) fn css_href(&self) -> String {
        assets::css_href()
    }

    #[expect(clippy::unused_self, reason = "templates call methods of the page")]
    pub(crate) fn icon_href(&self) -> String {
        assets::icon_href()
    }
}

/// Numbers that a text may count. Fluent's plural rules need no more than 53 bits.
pub(crate) trait Count {
    /// As Fluent takes it.
    fn count(self) -> i64;
}

/// Templates hand out references, at times to references.
impl<T: Count + Copy> Count for &T {
    fn count(self) -> i64 {
        (*self).count()
    }
}

macro_rules! count {
    ($($kind:ty),*) => { $(
        impl Count for $kind {
            fn count(self) -> i64 {
                i64::try_from(self).unwrap_or(i64::MAX)
            }
        }
    )* };
}
count!(u32, u64, usize);

fn nav(kind: AccountKind, current: &str) -> Vec<NavLink> {
    let links: &[(&str, &str)] = match kind {
        AccountKind::Resident => &[
            ("/me", "nav-home"),
            ("/me/records", "nav-records"),
            ("/me/look-ups", "nav-looks"),
            ("/me/notices", "nav-notices"),
        ],
        AccountKind::Officer => &[
            ("/deliveries", "nav-deliveries"),
            ("/deliver", "nav-deliver"),
            ("/look-up", "nav-look-up"),
            ("/reviews", "nav-reviews"),
            ("/emergencies", "nav-emergencies"),
            ("/reconciliation", "nav-reconciliation"),
        ],
        AccountKind::Centre => &[
            ("/deliveries", "nav-deliveries"),
            ("/look-up", "nav-look-up"),
            ("/reviews", "nav-reviews"),
            ("/reconciliation", "nav-reconciliation"),
        ],
        AccountKind::SystemAdmin => &[("/accounts", "nav-accounts")],
        AccountKind::SecurityAdmin => &[("/systems", "nav-systems")],
        AccountKind::AuditAdmin => &[("/acts", "nav-acts")],
    };
    links
        .iter()
        .chain(&[("/catalogue", "nav-catalogue")])
        .map(|(href, key)| NavLink {
            href,
            key,
            is_current: *href == current,
        })
        .collect()
}

/// Renders a page.
pub(crate) fn render(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => (status, [(header::CONTENT_TYPE, HeaderValue::from_static(HTML))], html).into_response(),
        Err(error) => {
            tracing::error!(error.code = "WEB-0500", error = %error, "a page could not be rendered");
            Fault::Internal { code: "WEB-0500" }.into_response()
        }
    }
}
