//! A provider behind TLS is believed under a certificate of a known authority and of its name, and nowhere else.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use domain::{Clock, Moment};
use oidc::{Provider, ProviderFault};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, Stream};
use serde_json::json;

use crate::provider::settings;

struct Noon;

impl Clock for Noon {
    fn now(&self) -> Moment {
        Moment(1_795_485_600_000)
    }
}

/// Certificate and key, in PEM, for an address.
fn certificate(folder: &Path, address: &str) -> (Vec<u8>, Vec<u8>) {
    let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
        ])
        .args(["-subj", "/CN=provider", "-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-addext", &format!("subjectAltName=IP:{address}")])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    (std::fs::read(certificate).unwrap(), std::fs::read(key).unwrap())
}

/// Serves discovery and no keys under a certificate; its issuer.
fn serve(certificate: &[u8], key: &[u8]) -> String {
    let chain = vec![CertificateDer::from_pem_slice(certificate).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(key).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let issuer = format!("https://{}", listener.local_addr().unwrap());
    let (config, said) = (Arc::new(config), issuer.clone());
    std::thread::spawn(move || {
        for socket in listener.incoming() {
            let (mut socket, mut connection) = (socket.unwrap(), ServerConnection::new(Arc::clone(&config)).unwrap());
            // A client that does not believe us goes away; the next one is served all the same.
            drop(answer(&mut Stream::new(&mut connection, &mut socket), &said));
        }
    });
    issuer
}

fn answer(stream: &mut (impl Read + Write), issuer: &str) -> std::io::Result<()> {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        request.push(byte[0]);
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let body = if request.starts_with("GET /keys") {
        json!({ "keys": [] }).to_string()
    } else {
        json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/keys"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"]
        })
        .to_string()
    };
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )?;
    stream.flush()
}

async fn refresh(issuer: &str, authorities: &[u8]) -> Result<(), ProviderFault> {
    let mut choices = settings(issuer);
    choices.allows_loopback_http = false;
    choices.redirect = "https://credit.example/login/return".to_owned();
    choices.authorities = authorities.to_vec();
    Provider::new(choices, Arc::new(Noon)).unwrap().refresh().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_must_be_of_a_known_authority_and_of_the_providers_name() {
    let folder = tempfile::tempdir().unwrap();
    let (good, key) = certificate(folder.path(), "127.0.0.1");
    let issuer = serve(&good, &key);
    assert_eq!(refresh(&issuer, &good).await, Ok(()));
    let (other, other_key) = certificate(folder.path(), "127.0.0.1");
    assert!(
        refresh(&issuer, &other).await.is_err(),
        "an authority that is not known"
    );
    assert_eq!(refresh(&serve(&other, &other_key), &other).await, Ok(()));
    let (elsewhere, key) = certificate(folder.path(), "127.0.0.2");
    assert!(
        refresh(&serve(&elsewhere, &key), &elsewhere).await.is_err(),
        "another name"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_authorities_there_is_no_start() {
    for authorities in [
        &b""[..],
        b"no certificate",
        b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
    ] {
        let mut choices = settings("https://id.example");
        choices.allows_loopback_http = false;
        choices.redirect = "https://credit.example/login/return".to_owned();
        choices.authorities = authorities.to_vec();
        assert!(Provider::new(choices, Arc::new(Noon)).is_err());
    }
}
