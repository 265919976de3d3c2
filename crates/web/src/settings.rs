//! What a deployment chooses about HTTP.

/// Settings of the web edge.
#[derive(Debug, Clone, Copy, Default)]
pub struct WebSettings {
    /// Whether people reach the service over HTTPS, as a proxy of the operator provides it. The session cookie then gets the
    /// `__Host-` prefix and `Secure`, and HSTS is sent. Without it only a demonstration on one machine makes sense.
    pub https: bool,
    /// Whether a reverse proxy of the operator sets `X-Forwarded-For`; only its last entry is believed. Attempts to log in are
    /// counted by address, so behind a proxy this must be set.
    pub trusts_forwarded_for: bool,
}

impl WebSettings {
    /// Name of the session cookie.
    pub(crate) const fn session_cookie(self) -> &'static str {
        if self.https { "__Host-chengdang" } else { "chengdang" }
    }

    /// Name of the cookie that pairs with the login forms.
    pub(crate) const fn form_cookie(self) -> &'static str {
        if self.https {
            "__Host-chengdang-form"
        } else {
            "chengdang-form"
        }
    }

    /// Name of the cookie that binds a question to the identity provider to the browser that asks.
    pub(crate) const fn sign_in_cookie(self) -> &'static str {
        if self.https {
            "__Host-chengdang-sign-in"
        } else {
            "chengdang-sign-in"
        }
    }

    pub(crate) const fn scheme(self) -> &'static str {
        if self.https { "https" } else { "http" }
    }
}
