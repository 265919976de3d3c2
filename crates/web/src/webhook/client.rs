//! The client: it connects to addresses that the operator allows and to no others, follows nobody elsewhere, and is bounded in
//! time and size.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use app::events::{EventSender, NotTaken, Outgoing};
use async_trait::async_trait;
use ureq::config::Config as AgentConfig;
use ureq::http::{Request, Uri};
use ureq::tls::{PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Error};

use super::{check_url, headers_of};

/// Bytes of a recipient's headers at most; its body is not read.
const HEADER_BYTES_MAX: usize = 16 * 1024;

/// A network, such as `10.20.0.0/16`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Network {
    number: u128,
    mask: u128,
    is_v4: bool,
}

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let (number, bits) = text.split_once('/')?;
        let (number, bits): (IpAddr, u32) = (number.parse().ok()?, bits.parse().ok()?);
        let width = if number.is_ipv4() { 32 } else { 128 };
        let host_bits = width - Some(bits).filter(|bits| *bits <= width)?;
        let mask = u128::MAX.checked_shl(host_bits).unwrap_or(0);
        Some(Self {
            number: number_of(number) & mask,
            mask,
            is_v4: number.is_ipv4(),
        })
    }

    fn contains(&self, address: IpAddr) -> bool {
        self.is_v4 == address.is_ipv4() && number_of(address) & self.mask == self.number
    }
}

fn number_of(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u32::from(address).into(),
        IpAddr::V6(address) => address.into(),
    }
}

/// Whether an address is anybody's on the internet: not of this host, of a private network, or of no one.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    // RFC 6890: this network, shared, protocol assignments, benchmarks, reserved.
    let is_special = first == 0
        || (first == 100 && (64..128).contains(&second))
        || (first == 192 && second == 0 && third == 0)
        || (first == 198 && (18..20).contains(&second))
        || first >= 240;
    !(is_special
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast())
}

/// Global unicast only (`2000::/3`), without what wraps an address of the older kind or stands in a book.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let is_wrapped = first == 0x2002 || (first == 0x2001 && second < 0x0200);
    let is_of_a_book = (first == 0x2001 && second == 0x0DB8) || first == 0x3FFF;
    first & 0xE000 == 0x2000 && !is_wrapped && !is_of_a_book
}

/// Leads names to addresses, and leaves only those that may be connected to: what was looked at is what is connected to.
#[derive(Debug)]
struct Guarded {
    allowed: Vec<Network>,
    allows_loopback: bool,
    names: DefaultResolver,
}

impl Guarded {
    fn may_connect(&self, address: IpAddr) -> bool {
        if address.is_loopback() {
            return self.allows_loopback;
        }
        is_public(address) || self.allowed.iter().any(|network| network.contains(address))
    }
}

impl Resolver for Guarded {
    fn resolve(&self, uri: &Uri, config: &AgentConfig, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let found = self.names.resolve(uri, config, timeout)?;
        let mut kept = self.empty();
        for address in found.iter().filter(|address| self.may_connect(address.ip())) {
            kept.push(*address);
        }
        if kept.is_empty() {
            return Err(Error::HostNotFound);
        }
        Ok(kept)
    }
}

/// To whom events may be sent.
#[derive(Debug, Clone)]
pub struct SenderSettings {
    /// Certificates (PEM) of the authorities by which endpoints are believed.
    pub authorities: Vec<u8>,
    /// Private networks in which endpoints may lie, such as `10.20.0.0/16`; public addresses are always allowed.
    pub allowed_networks: Vec<String>,
    /// Whether endpoints may lie on this host, in clear too.
    pub allows_loopback: bool,
    /// How long a recipient may take in all.
    pub patience: Duration,
}

impl Default for SenderSettings {
    fn default() -> Self {
        Self {
            authorities: Vec::new(),
            allowed_networks: Vec::new(),
            allows_loopback: false,
            patience: Duration::from_secs(10),
        }
    }
}

/// A setting cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SenderFault(&'static str);

impl std::fmt::Display for SenderFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for SenderFault {}

/// Sends events over HTTPS.
pub struct HttpSender {
    agent: Agent,
    allows_loopback: bool,
}

impl HttpSender {
    /// A client within these settings.
    ///
    /// # Errors
    ///
    /// If the certificates cannot be read or a network is none.
    pub fn new(settings: &SenderSettings) -> Result<Self, SenderFault> {
        let mut authorities = Vec::new();
        for item in parse_pem(&settings.authorities) {
            match item {
                Ok(PemItem::Certificate(certificate)) => authorities.push(certificate),
                _ => return Err(SenderFault("events.authorities is not a file of certificates (PEM)")),
            }
        }
        let networks = settings.allowed_networks.iter().map(|text| Network::parse(text));
        let allowed = networks.collect::<Option<_>>().ok_or(SenderFault(
            "events.allowed_networks: a network is written as its first address and its bits, such as 10.20.0.0/16",
        ))?;
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .root_certs(RootCerts::new_with_certs(&authorities))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .build();
        let bounds = Agent::config_builder()
            .tls_config(tls)
            .timeout_global(Some(settings.patience))
            .max_response_header_size(HEADER_BYTES_MAX)
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent("chengdang")
            // The environment does not decide through whom events go.
            .proxy(None)
            .build();
        let guarded = Guarded {
            allowed,
            allows_loopback: settings.allows_loopback,
            names: DefaultResolver::default(),
        };
        Ok(Self {
            agent: Agent::with_parts(bounds, DefaultConnector::new(), guarded),
            allows_loopback: settings.allows_loopback,
        })
    }
}

#[async_trait]
impl EventSender for HttpSender {
    async fn send(&self, outgoing: &Outgoing) -> Result<(), NotTaken> {
        // What was allowed when the endpoint was set may not be any more.
        check_url(&outgoing.url, self.allows_loopback).map_err(|why| NotTaken { why })?;
        let headers = headers_of(outgoing)?;
        let (agent, url, body) = (self.agent.clone(), outgoing.url.clone(), outgoing.body.clone());
        let asked = tokio::task::spawn_blocking(move || {
            let mut request = Request::post(url).body(body).map_err(|_| NotTaken {
                why: "the address cannot be written",
            })?;
            request.headers_mut().extend(headers);
            let response = agent.run(request).map_err(|error| NotTaken { why: reason(&error) })?;
            match response.status().as_u16() {
                200..300 => Ok(()),
                300..400 => Err("it redirects, which is not followed"),
                400..500 => Err("it refuses the request"),
                _ => Err("it fails"),
            }
            .map_err(|why| NotTaken { why })
        });
        asked.await.map_err(|_| NotTaken {
            why: "this process ends",
        })?
    }
}

/// Words of ours for a failure: those of the library may repeat what the recipient sent.
const fn reason(error: &Error) -> &'static str {
    match error {
        Error::Timeout(_) => "it did not answer in time",
        Error::HostNotFound => "its address is unknown, or one that is not connected to",
        Error::Tls(_) | Error::Rustls(_) => "its certificate is not believed",
        _ => "it cannot be reached",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guarded(allowed: &[&str], allows_loopback: bool) -> Guarded {
        Guarded {
            allowed: allowed.iter().map(|text| Network::parse(text).unwrap()).collect(),
            allows_loopback,
            names: DefaultResolver::default(),
        }
    }

    #[test]
    fn only_public_and_allowed_addresses_are_connected_to() {
        let strict = guarded(&[], false);
        let may = |guarded: &Guarded, address: &str| guarded.may_connect(address.parse().unwrap());
        for public in ["8.8.8.8", "202.96.128.86", "2001:4860:4860::8888", "2408:8000::1"] {
            assert!(may(&strict, public), "{public}");
        }
        for other in [
            "127.0.0.1",
            "::1",
            "0.0.0.0",
            "::",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "240.0.0.1",
            "203.0.113.1",
            "::ffff:10.0.0.1",
            "::ffff:8.8.8.8",
            "fe80::1",
            "fc00::1",
            "fd00::1",
            "ff02::1",
            "64:ff9b::a00:1",
            "2002:a00:1::1",
            "2001::1",
            "2001:db8::1",
            "3fff::1",
        ] {
            assert!(!may(&strict, other), "{other}");
        }
        let city = guarded(&["10.20.0.0/16", "fd12::/16", "192.168.7.9/32"], true);
        for allowed in ["10.20.255.1", "fd12::7", "192.168.7.9", "127.0.0.1", "::1", "8.8.8.8"] {
            assert!(may(&city, allowed), "{allowed}");
        }
        for other in ["10.21.0.1", "192.168.7.8", "fd13::1", "::ffff:10.20.0.1"] {
            assert!(!may(&city, other), "{other}");
        }
        for text in ["10.0.0.0", "10.0.0.0/33", "fd00::/129", "ten/8", ""] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
        assert!(
            Network::parse("0.0.0.0/0")
                .unwrap()
                .contains("9.9.9.9".parse().unwrap())
        );
    }
}
