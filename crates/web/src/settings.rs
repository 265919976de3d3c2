//! What a deployment chooses about HTTP.

/// Settings of the web edge.
#[derive(Debug, Clone, Default)]
pub struct WebSettings {
    /// The address under which people reach the service, such as `https://credit.example`. With `https` the session
    /// cookie gets the `__Host-` prefix and `Secure`, and HSTS is sent. `None`: plain HTTP on the listener's own address,
    /// for a demonstration on one machine.
    pub public_origin: Option<String>,
    /// Whether a reverse proxy of the operator sets `X-Forwarded-For`; only its last entry is believed.
    pub trusts_forwarded_for: bool,
}

impl WebSettings {
    /// Whether people reach the service over HTTPS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.public_origin
            .as_deref()
            .is_some_and(|origin| origin.starts_with("https://"))
    }

    /// Name of the session cookie.
    pub(crate) fn session_cookie(&self) -> &'static str {
        if self.is_https() {
            "__Host-chengdang"
        } else {
            "chengdang"
        }
    }

    /// Name of the cookie that pairs with the login forms.
    pub(crate) fn form_cookie(&self) -> &'static str {
        if self.is_https() {
            "__Host-chengdang-form"
        } else {
            "chengdang-form"
        }
    }
}
