//! RFC 9421's own vectors (appendix B.2) through our reader and the vault's ciphers.

use axum::http::HeaderValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use vault::RequestAlgorithm;

use super::*;

/// The test request of appendix B.2.
fn request(input: &'static str, signature: &'static str) -> (Method, Uri, HeaderMap) {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("host", "example.com"),
        ("date", "Tue, 20 Apr 2021 02:07:55 GMT"),
        ("content-type", "application/json"),
        ("content-length", "18"),
        ("signature-input", input),
        ("signature", signature),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    (Method::POST, Uri::from_static("/foo?param=Value&Pet=dog"), headers)
}

/// Components, their written form and the bytes: the vectors lack parameters that we demand, so they are read in parts.
fn base_of(method: &Method, uri: &Uri, headers: &HeaderMap) -> (String, Vec<u8>) {
    let (label, list) = the_input(headers).unwrap();
    let signature = the_signature(headers, &label).unwrap();
    let read = Signature {
        components: list
            .items
            .iter()
            .map(|item| item.bare_item.as_string().unwrap().as_str().to_owned())
            .collect(),
        written: written(&list).unwrap(),
        key: String::new(),
        algorithm: String::new(),
        created: 0,
        expires: None,
        nonce: String::new(),
        bytes: Vec::new(),
    };
    let target = Target {
        method,
        scheme: "https",
        uri,
    };
    (read.base(&target, headers).unwrap(), signature)
}

#[test]
fn rfc9421_b_2_6_ed25519() {
    let input = "sig-b26=(\"date\" \"@method\" \"@path\" \"@authority\" \"content-type\" \"content-length\")\
                 ;created=1618884473;keyid=\"test-key-ed25519\"";
    let signature =
        "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:";
    let (method, uri, headers) = request(input, signature);
    let (base, bytes) = base_of(&method, &uri, &headers);
    assert_eq!(
        base,
        "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\"@method\": POST\n\"@path\": /foo\n\"@authority\": example.com\n\
         \"content-type\": application/json\n\"content-length\": 18\n\"@signature-params\": (\"date\" \"@method\" \"@path\" \
         \"@authority\" \"content-type\" \"content-length\");created=1618884473;keyid=\"test-key-ed25519\""
    );
    // The last 32 bytes of the key in B.1.4.
    let key = STANDARD
        .decode("MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=")
        .unwrap();
    let key = &key[key.len() - 32..];
    assert!(RequestAlgorithm::Ed25519.is_public_key(key));
    vault::verify_request(RequestAlgorithm::Ed25519, key, base.as_bytes(), &bytes).unwrap();
    let altered = base.replace("/foo", "/fooo");
    assert!(vault::verify_request(RequestAlgorithm::Ed25519, key, altered.as_bytes(), &bytes).is_err());
}

#[test]
fn rfc9421_b_2_5_hmac_sha256() {
    let input = "sig-b25=(\"date\" \"@authority\" \"content-type\");created=1618884473;keyid=\"test-shared-secret\"";
    let signature = "sig-b25=:pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:";
    let (method, uri, headers) = request(input, signature);
    let (base, bytes) = base_of(&method, &uri, &headers);
    let key = STANDARD
        .decode("uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==")
        .unwrap();
    vault::verify_code(&key, base.as_bytes(), &bytes).unwrap();
    assert!(vault::verify_code(&key, base.as_bytes(), &bytes[1..]).is_err());
}

/// RFC 9530, appendix B.1 and D: the digest of `{"hello": "world"}` with its line feed left out.
#[test]
fn rfc9530_digest_of_a_body() {
    let mut headers = HeaderMap::new();
    let value = "sha-512=:AAAA:, sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:";
    headers.insert(CONTENT_DIGEST, HeaderValue::from_static(value));
    let named = content_digest(&headers).unwrap();
    assert_eq!(named, vault::digest(&[b"{\"hello\": \"world\"}"]));
    headers.insert(CONTENT_DIGEST, HeaderValue::from_static("sha-512=:AAAA:"));
    assert!(content_digest(&headers).is_err());
}

#[test]
fn derived_components_are_those_of_the_rfc() {
    let mut headers = HeaderMap::new();
    headers.insert(header::HOST, HeaderValue::from_static("WWW.Example.com:443"));
    headers.append("x-list", HeaderValue::from_static(" a "));
    headers.append("x-list", HeaderValue::from_static("b"));
    let method = Method::GET;
    let value = |name: &str, uri: &'static str| {
        let uri = Uri::from_static(uri);
        let target = Target {
            method: &method,
            scheme: "https",
            uri: &uri,
        };
        component(name, &target, &headers).unwrap_or_else(|fault| fault.code().to_owned())
    };
    for (name, uri, expected) in [
        ("@authority", "/", "www.example.com"),
        ("@path", "/a%20b", "/a%20b"),
        ("@query", "/a", "?"),
        ("@query", "/a?x=%E4%B8%AD", "?x=%E4%B8%AD"),
        ("@target-uri", "/a?x=1", "https://www.example.com/a?x=1"),
        ("@target-uri", "/a", "https://www.example.com/a"),
        ("@scheme", "/a", "https"),
        ("x-list", "/", "a, b"),
        ("X-List", "/", "ASK-0001"),
        ("x-none", "/", "ASK-0001"),
        ("@status", "/", "ASK-0001"),
        ("@query-param", "/?a=1", "ASK-0001"),
    ] {
        assert_eq!(value(name, uri), expected, "{name} of {uri}");
    }
}

/// What is demanded of a signature, one thing left out at a time.
#[test]
fn ab03_what_must_be_signed_is_demanded() {
    let parameters = ";created=1;nonce=\"0123456789abcdef\";keyid=\"k\";alg=\"ed25519\"";
    let check = |components: &str, parameters: &str, has_body: bool, sent: &[&'static str]| {
        let mut headers = HeaderMap::new();
        let input = HeaderValue::from_str(&format!("sig=({components}){parameters}")).unwrap();
        headers.insert(SIGNATURE_INPUT, input);
        headers.insert(SIGNATURE, HeaderValue::from_static("sig=:AAAA:"));
        for name in sent {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static("x"));
        }
        let result = Signature::read(&headers).and_then(|read| read.check_cover(&headers, has_body));
        result.map_or_else(|fault| fault.code(), |()| "good")
    };
    let whole = "\"@method\" \"@target-uri\"";
    assert_eq!(check(whole, parameters, false, &[]), "good");
    assert_eq!(
        check(
            "\"@method\" \"@authority\" \"@path\" \"@query\"",
            parameters,
            false,
            &[]
        ),
        "good"
    );
    assert_eq!(check("\"@target-uri\"", parameters, false, &[]), "ASK-0002");
    assert_eq!(
        check("\"@method\" \"@authority\" \"@path\"", parameters, false, &[]),
        "ASK-0002"
    );
    assert_eq!(check(whole, parameters, true, &[]), "ASK-0002");
    let digested = format!("{whole} \"content-digest\"");
    assert_eq!(check(&digested, parameters, true, &["content-digest"]), "ASK-0002");
    let typed = format!("{digested} \"content-type\"");
    assert_eq!(
        check(&typed, parameters, true, &["content-digest", "content-type"]),
        "good"
    );
    for sent in ["chengdang-officer", "idempotency-key", "content-type", "content-digest"] {
        assert_eq!(check(whole, parameters, false, &[sent]), "ASK-0002", "{sent}");
    }
    for missing in [
        ";created=1",
        ";nonce=\"0123456789abcdef\"",
        ";keyid=\"k\"",
        ";alg=\"ed25519\"",
    ] {
        assert_eq!(
            check(whole, &parameters.replace(missing, ""), false, &[]),
            "ASK-0003",
            "{missing}"
        );
    }
    for broken in [
        "\"@method\" \"@method\" \"@target-uri\"",
        "\"@method\";req \"@target-uri\"",
        "@method",
        "\"@method\" 1",
    ] {
        assert_eq!(check(broken, parameters, false, &[]), "ASK-0001", "{broken}");
    }
    let two = format!("{parameters}, more=(\"@method\"){parameters}");
    assert_eq!(check(whole, &two, false, &[]), "ASK-0001", "two signatures");
    assert_eq!(
        check(whole, ";created=\"1\"", false, &[]),
        "ASK-0003",
        "a time that is no number"
    );
}
