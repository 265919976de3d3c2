//! Both suites against the `openssl` program, both ways: what one makes the other takes.
//!
//! `openssl enc` has no authenticated ciphers. The ciphertext in GCM is that of the counter mode from 2 on (NIST SP 800-38D
//! §7.1), so that this half of GCM is compared; for the tag stand the vectors, and Python's `cryptography` where that is.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use vault::suite::{International, KEY_BYTES, Sm, Suite};

/// Runs `openssl` with `input`; its output, or `None` if it says no.
fn openssl(arguments: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    let mut child = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("openssl is a package of .ci/deps");
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    output.status.success().then_some(output.stdout)
}

fn line_of_hex(output: Vec<u8>) -> String {
    let text = String::from_utf8(output).unwrap();
    text.rsplit(' ').next().unwrap().trim().to_owned()
}

/// Messages of several lengths around a block.
fn messages() -> impl Iterator<Item = Vec<u8>> {
    [0, 1, 55, 56, 63, 64, 65, 127, 128, 1000].into_iter().map(|length| {
        let byte = |at: usize| u8::try_from(at * 7 % 251).unwrap();
        (0..length).map(byte).collect()
    })
}

#[test]
fn hashes_and_codes_agree() {
    for (suite, name) in [(&International as &dyn Suite, "-sha256"), (&Sm, "-sm3")] {
        for message in messages() {
            let theirs = openssl(&["dgst", name, "-r"], &message).unwrap();
            let theirs = String::from_utf8(theirs).unwrap();
            assert!(theirs.starts_with(&hex::encode(suite.hash(&[&message]))), "{name}");
            for key in [vec![1; 16], vec![2; 32], vec![3; 64], vec![4; 65], vec![5; 200]] {
                let option = format!("hexkey:{}", hex::encode(&key));
                let theirs = openssl(&["dgst", name, "-mac", "HMAC", "-macopt", &option], &message).unwrap();
                let ours = hex::encode(suite.mac_key(&key).mac(&[&message]));
                assert_eq!(line_of_hex(theirs), ours, "{name}");
            }
        }
    }
}

/// GB/T 32907-2016, appendix A.1, by the other side: the two then agree on it through the next test.
#[test]
fn their_sm4_is_that_of_the_standard() {
    let block = hex::decode("0123456789abcdeffedcba9876543210").unwrap();
    let arguments = ["enc", "-sm4-ecb", "-nopad", "-K", "0123456789abcdeffedcba9876543210"];
    let theirs = openssl(&arguments, &block).unwrap();
    assert_eq!(hex::encode(theirs), "681edf34d206965e86b3e94f536e4246");
}

#[test]
fn ciphertexts_agree_both_ways() {
    let key: [u8; KEY_BYTES] = std::array::from_fn(|at| u8::try_from(at * 5).unwrap());
    let nonce = [9; 12];
    let counter = hex::encode([nonce.as_slice(), &[0, 0, 0, 2]].concat());
    for (suite, cipher, bytes) in [
        (&International as &dyn Suite, "-aes-256-ctr", 32),
        (&Sm, "-sm4-ctr", 16),
    ] {
        let hex_key = hex::encode(&key[..bytes]);
        let arguments = ["enc", cipher, "-K", &hex_key, "-iv", &counter];
        for plain in messages().filter(|plain| !plain.is_empty()) {
            let mut sealed = plain.clone();
            suite.seal(&key, &nonce, b"aad", &mut sealed).unwrap();
            let (ours, tag) = sealed.split_at(plain.len());
            assert_eq!(openssl(&arguments, &plain).unwrap(), ours, "{cipher}");
            let decrypted = openssl(&[&arguments[..], &["-d"]].concat(), ours).unwrap();
            assert_eq!(decrypted, plain);
            // What they encrypt opens here with the tag over it.
            let mut theirs = [openssl(&arguments, &plain).unwrap().as_slice(), tag].concat();
            suite.open(&key, &nonce, b"aad", &mut theirs).unwrap();
            assert_eq!(theirs, plain);
        }
    }
}

/// A private key as PKCS#8 in PEM, which `openssl` reads.
fn pem(der: &[u8]) -> String {
    use base64::Engine;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
}

/// RFC 8410 §7.
fn ed25519_key(seed: &[u8; 32]) -> String {
    let head = hex::decode("302e020100300506032b657004220420").unwrap();
    pem(&[head.as_slice(), seed].concat())
}

/// RFC 5208 around RFC 5915, with the curve 1.2.156.10197.1.301.
fn sm2_key(seed: &[u8; 32]) -> String {
    let head = hex::decode("3041020100301306072a8648ce3d020106082a811ccf5501822d042730250201010420").unwrap();
    pem(&[head.as_slice(), seed].concat())
}

/// r and s as the DER that `openssl` reads and writes.
fn to_der(signature: &[u8; 64]) -> Vec<u8> {
    let integer = |half: &[u8]| {
        let significant = half.iter().position(|byte| *byte != 0).unwrap();
        let mut value = half[significant..].to_vec();
        if value[0] >= 0x80 {
            value.insert(0, 0);
        }
        [&[2, u8::try_from(value.len()).unwrap()], value.as_slice()].concat()
    };
    let body = [integer(&signature[..32]), integer(&signature[32..])].concat();
    [&[0x30, u8::try_from(body.len()).unwrap()], body.as_slice()].concat()
}

fn from_der(der: &[u8]) -> [u8; 64] {
    let mut rest = &der[2..];
    let mut integer = || {
        let length = usize::from(rest[1]);
        let value = &rest[2..2 + length];
        rest = &rest[2 + length..];
        let value = value.strip_prefix(&[0]).unwrap_or(value);
        let mut half = [0; 32];
        half[32 - value.len()..].copy_from_slice(value);
        half
    };
    [integer(), integer()].concat().try_into().unwrap()
}

#[test]
fn signatures_agree_both_ways() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (key, message, signature) = (path("key"), path("message"), path("signature"));
    let seed: [u8; 32] = std::array::from_fn(|at| u8::try_from(at + 1).unwrap());
    let sm_options = ["-digest", "sm3", "-pkeyopt", "distid:1234567812345678"];
    for (suite, text, options) in [
        (&International as &dyn Suite, ed25519_key(&seed), &[][..]),
        (&Sm, sm2_key(&seed), &sm_options[..]),
    ] {
        fs::write(&key, text).unwrap();
        let ours = suite.signing_key(&seed).unwrap();
        let is_sm = suite.name() == Sm.name();
        // The public half is the same.
        let spki = openssl(&["pkey", "-in", &key, "-pubout", "-outform", "DER"], b"").unwrap();
        assert!(spki.ends_with(&ours.public_key()), "{}", suite.name());

        for body in messages().filter(|body| !body.is_empty()) {
            fs::write(&message, &body).unwrap();
            let made = ours.sign(&body).unwrap();
            fs::write(&signature, if is_sm { to_der(&made) } else { made.to_vec() }).unwrap();
            let common = ["pkeyutl", "-inkey", &key, "-rawin", "-in", &message];
            let verify = [&common[..], &["-verify", "-sigfile", &signature], options].concat();
            assert!(openssl(&verify, b"").is_some(), "{} here, verified there", suite.name());
            let theirs = openssl(&[&common[..], &["-sign"], options].concat(), b"").unwrap();
            let theirs = if is_sm {
                from_der(&theirs)
            } else {
                theirs.try_into().unwrap()
            };
            suite.verify(&ours.public_key(), &body, &theirs).unwrap();
            // And they say no where we do.
            fs::write(&message, [&body[1..], b"!"].concat()).unwrap();
            assert!(openssl(&verify, b"").is_none(), "{}", suite.name());
        }
    }
}
