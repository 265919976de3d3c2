//! What an operator says about the provider.

use std::fmt;

use openidconnect::url::{Host, Url};

/// How a second factor is told, and for how long it counts.
#[derive(Debug, Clone)]
pub struct SecondFactor {
    /// Values of `acr` that stand for it; they are asked for in this order.
    pub acr: Vec<String>,
    /// Values of `amr` (RFC 8176) of which one stands for it.
    pub amr: Vec<String>,
    /// Minutes after `auth_time` for which it counts.
    pub minutes: u32,
    /// Whether a step-up asks for a fresh login (`prompt=login`), for providers that know neither `acr_values` nor `max_age`.
    pub login_again: bool,
}

/// The provider and our registration there.
#[derive(Clone)]
pub struct Settings {
    /// Issuer identifier, exactly as its tokens say it.
    pub issuer: String,
    /// Our id there.
    pub client_id: String,
    /// Our secret there; a client without one is public and leans on PKCE alone.
    pub client_secret: Option<String>,
    /// The one address to which the provider sends people back, as it is registered there.
    pub redirect: String,
    /// Second factor.
    pub second_factor: SecondFactor,
    /// Certificates (PEM) of the authorities that are believed about the provider's name.
    pub authorities: Vec<u8>,
    /// Whether `http` is taken on the loopback address; for tests and demonstrations.
    pub allows_loopback_http: bool,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .field("redirect", &self.redirect)
            .finish_non_exhaustive()
    }
}

/// Settings that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct SettingsFault {
    /// What is wrong.
    pub what: &'static str,
}

/// Shortest and longest time for which a second factor may count: a form that was opened can be sent, and a session lasts no longer.
const MINUTES: std::ops::RangeInclusive<u32> = 20..=480;

impl Settings {
    /// What cannot work is said before the provider is asked.
    pub(crate) fn check(&self) -> Result<(), SettingsFault> {
        let fault = |what| Err(SettingsFault { what });
        if self.client_id.is_empty() {
            return fault("sign_in.client_id is empty");
        }
        if self.client_secret.as_deref().is_some_and(str::is_empty) {
            return fault("the client secret is empty");
        }
        let Some(issuer) = self.usable(&self.issuer) else {
            return fault("sign_in.issuer is no https address");
        };
        // Discovery 1.0 §3: scheme, host, path; nothing else.
        if issuer.query().is_some() || issuer.fragment().is_some() {
            return fault("sign_in.issuer has a query or a fragment");
        }
        if self.usable(&self.redirect).is_none() {
            return fault("sign_in.address is no https address");
        }
        let factor = &self.second_factor;
        if factor.acr.is_empty() && factor.amr.is_empty() {
            return fault("sign_in.acr and sign_in.amr are both empty: nothing would tell a second factor");
        }
        if factor
            .acr
            .iter()
            .chain(&factor.amr)
            .any(|value| value.is_empty() || !value.bytes().all(is_plain))
        {
            return fault("a value of sign_in.acr or sign_in.amr is empty, or has a space, a quote or a backslash");
        }
        if !MINUTES.contains(&factor.minutes) {
            return fault("sign_in.second_factor_minutes lies between 20 and 480");
        }
        Ok(())
    }

    /// An address that may be asked or named: https, or the loopback where that is allowed.
    pub(crate) fn usable(&self, address: &str) -> Option<Url> {
        let url = Url::parse(address).ok()?;
        let is_plain = url.username().is_empty() && url.password().is_none();
        let is_safe = match url.scheme() {
            "https" => url.host().is_some(),
            "http" => self.allows_loopback_http && is_loopback(url.host().as_ref()),
            _ => false,
        };
        (is_plain && is_safe).then_some(url)
    }
}

/// What can stand between the quotes of a header.
const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_graphic() && byte != b'"' && byte != b'\\'
}

/// An address of this machine by its number; a name may be made to point elsewhere.
fn is_loopback(host: Option<&Host<&str>>) -> bool {
    match host {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(_)) | None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Settings {
        Settings {
            issuer: "https://id.example/city".to_owned(),
            client_id: "chengdang".to_owned(),
            client_secret: None,
            redirect: "https://credit.example/login/return".to_owned(),
            second_factor: SecondFactor {
                acr: vec!["loa3".to_owned()],
                amr: Vec::new(),
                minutes: 60,
                login_again: false,
            },
            authorities: Vec::new(),
            allows_loopback_http: false,
        }
    }

    #[test]
    fn what_cannot_be_safe_is_refused_before_the_start() {
        assert_eq!(good().check(), Ok(()));
        let bad: [fn(&mut Settings); 13] = [
            |s| s.client_id.clear(),
            |s| s.client_secret = Some(String::new()),
            |s| s.issuer = "http://id.example".to_owned(),
            |s| s.issuer = "https://id.example?a=b".to_owned(),
            |s| s.issuer = "https://user:secret@id.example".to_owned(),
            |s| s.issuer = "http://127.0.0.1:3000".to_owned(),
            |s| s.redirect = "http://credit.example/login/return".to_owned(),
            |s| s.redirect = "javascript:alert(1)".to_owned(),
            |s| s.second_factor.acr.clear(),
            |s| s.second_factor.amr.push("otp pin".to_owned()),
            |s| s.second_factor.acr.push("a\"b".to_owned()),
            |s| s.second_factor.minutes = 19,
            |s| s.second_factor.minutes = 481,
        ];
        for (index, change) in bad.iter().enumerate() {
            let mut settings = good();
            change(&mut settings);
            assert!(settings.check().is_err(), "no. {index}");
        }
    }

    #[test]
    fn plain_http_is_taken_on_the_loopback_only_and_only_where_it_is_allowed() {
        let mut settings = good();
        settings.allows_loopback_http = true;
        for address in ["http://127.0.0.1:3000", "http://[::1]:3000/a", "https://id.example"] {
            assert!(settings.usable(address).is_some(), "{address}");
        }
        for address in [
            "http://localhost.evil.example",
            "http://localhost:3000",
            "http://10.0.0.1",
            "ftp://127.0.0.1",
            "file:///etc/passwd",
        ] {
            assert!(settings.usable(address).is_none(), "{address}");
        }
    }

    #[test]
    fn the_secret_is_not_printed() {
        let mut settings = good();
        settings.client_secret = Some("a very secret thing".to_owned());
        assert!(!format!("{settings:?}").contains("secret thing"));
    }
}
