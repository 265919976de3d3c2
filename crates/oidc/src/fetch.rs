//! Asking by HTTP: no redirects, no other schemes, bounded in size and time.

use std::sync::Arc;
use std::time::Duration;

use openidconnect::http::Response;
use openidconnect::{HttpRequest, HttpResponse};
use ureq::Agent;
use ureq::tls::{PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};

use crate::settings::{Settings, SettingsFault};

/// How long one answer may take in all.
const PATIENCE: Duration = Duration::from_secs(8);
/// Bytes of one answer at most; a discovery document has a few thousand, a set of keys seldom more.
const ANSWER_BYTES_MAX: u64 = 256 * 1024;

/// Why nothing came back.
#[derive(Debug, Clone, Copy, thiserror::Error)]
pub(crate) enum FetchFault {
    /// The address is neither https nor an allowed loopback.
    #[error("an address of the identity provider is not https")]
    Address,
    /// No answer in time, of that size, under a certificate that is believed.
    #[error("no answer within the bounds")]
    Silent,
}

/// A client for the provider.
#[derive(Clone)]
pub(crate) struct Fetcher {
    agent: Agent,
    settings: Arc<Settings>,
}

impl Fetcher {
    pub(crate) fn new(settings: Arc<Settings>) -> Result<Self, SettingsFault> {
        let mut authorities = Vec::new();
        for item in parse_pem(&settings.authorities) {
            match item {
                Ok(PemItem::Certificate(certificate)) => authorities.push(certificate),
                Ok(_) => {}
                Err(_) => {
                    return Err(SettingsFault {
                        what: "sign_in.authorities is not a file of certificates (PEM)",
                    });
                }
            }
        }
        if authorities.is_empty() && !settings.allows_loopback_http {
            return Err(SettingsFault {
                what: "sign_in.authorities holds no certificate",
            });
        }
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .root_certs(RootCerts::new_with_certs(&authorities))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .build();
        let agent = Agent::config_builder()
            .tls_config(tls)
            .https_only(!settings.allows_loopback_http)
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            .max_redirects(0)
            // The environment does not decide through whom secrets go.
            .proxy(None)
            .build()
            .into();
        Ok(Self { agent, settings })
    }

    /// Asks once. Blocks: to be called where that is allowed.
    pub(crate) fn call(&self, request: HttpRequest) -> Result<HttpResponse, FetchFault> {
        if self.settings.usable(&request.uri().to_string()).is_none() {
            return Err(FetchFault::Address);
        }
        let mut response = self.agent.run(request).map_err(|_| FetchFault::Silent)?;
        let body = response
            .body_mut()
            .with_config()
            .limit(ANSWER_BYTES_MAX)
            .read_to_vec()
            .map_err(|_| FetchFault::Silent)?;
        let (parts, _) = response.into_parts();
        Ok(Response::from_parts(parts, body))
    }
}
