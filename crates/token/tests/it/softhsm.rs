//! A vault whose wrapping and signing keys are in a token: Debian's `softhsm2`, a PKCS#11 module in software.
//!
//! `SoftHSM` finds its tokens through its environment when it starts, so that each test runs in a process of its own.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use domain::Moment;
use token::Pkcs11Token;
use uuid::Uuid;
use vault::suite::{International, Sm};
use vault::token::Token;
use vault::{KeyName, Place, SecretOwner, Vault, VaultError};

const PIN: &str = "2468-1357";
const MARK: &str = "CHENGDANG_TOKEN_TEST";
const PLACE: Place<'_> = Place {
    table: "trace",
    column: "content",
    row: Uuid::from_u128(1),
};

fn module() -> PathBuf {
    let places = [
        "/usr/lib/softhsm/libsofthsm2.so",
        "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    ];
    let found = places.into_iter().map(PathBuf::from).find(|path| path.exists());
    found.expect("softhsm2 is a package of .ci/deps")
}

fn make_token(label: &str) {
    let made = Command::new("softhsm2-util")
        .args([
            "--init-token",
            "--free",
            "--label",
            label,
            "--pin",
            PIN,
            "--so-pin",
            "99999999",
        ])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// Runs `body` in a process whose `SoftHSM` keeps its tokens in a fresh folder, with one token `city`.
fn alone(test: &str, body: impl Fn(&Path)) {
    if let Some(folder) = std::env::var_os(MARK) {
        return body(Path::new(&folder));
    }
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let tokens = folder.path().join("tokens");
    fs::create_dir(&tokens).unwrap();
    let settings = folder.path().join("softhsm2.conf");
    fs::write(
        &settings,
        format!("directories.tokendir = {}\nlog.level = ERROR\n", tokens.display()),
    )
    .unwrap();
    let outcome = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("softhsm::{test}"), "--nocapture"])
        .env(MARK, folder.path())
        .env("SOFTHSM2_CONF", &settings)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&outcome.stdout);
    assert!(
        outcome.status.success(),
        "{said}\n{}",
        String::from_utf8_lossy(&outcome.stderr)
    );
    assert!(said.contains("1 passed"), "the test did not run: {said}");
}

fn open(label: &str) -> Arc<dyn Token> {
    Arc::new(Pkcs11Token::open(&module(), label, PIN).unwrap())
}

fn code(outcome: Result<impl std::fmt::Debug, VaultError>) -> &'static str {
    let error = outcome.expect_err("it works");
    assert!(!error.remedy().is_empty());
    error.code()
}

#[test]
fn keys_in_the_token_wrap_sign_and_rotate_and_the_file_holds_none_of_them() {
    alone(
        "keys_in_the_token_wrap_sign_and_rotate_and_the_file_holds_none_of_them",
        |folder| {
            make_token("city");
            let (token, path) = (open("city"), folder.join("keys"));
            Vault::create_with(&path, &International, Some(&token)).unwrap();
            let text = fs::read_to_string(&path).unwrap();
            for line in [
                "kek 1 token",
                "signing-key 1 token",
                "index-key 1 wrapped:",
                "log-secret 1 wrapped:",
            ] {
                assert!(text.contains(&format!("\n{line}")), "{line}");
            }
            let vault = Vault::open_with(&path, Some(Arc::clone(&token))).unwrap();
            let id = Uuid::from_u128(7);
            let (secret, wrapped) = vault.new_secret(SecretOwner::Person, id).unwrap();
            let again = vault.unwrap_secret(SecretOwner::Person, id, &wrapped).unwrap();
            assert_eq!(secret.fact_tag(b"x"), again.fact_tag(b"x"));
            // Bound to its owner, and every bit counts.
            assert_eq!(
                code(vault.unwrap_secret(SecretOwner::Account, id, &wrapped)),
                "VAULT-0012"
            );
            for at in 5..wrapped.len() {
                let mut altered = wrapped.clone();
                altered[at] ^= 1;
                assert_eq!(
                    code(vault.unwrap_secret(SecretOwner::Person, id, &altered)),
                    "VAULT-0012",
                    "byte {at}"
                );
            }
            let signature = vault.sign_log(b"checkpoint").unwrap();
            vault::verify(&vault.public_key(), b"checkpoint", &signature).unwrap();
            let trace = vault.log_secret().seal(&PLACE, b"who looked").unwrap();
            let before = vault.public_key();

            for key in KeyName::ALL {
                assert_eq!(vault.rotate(key).unwrap(), 2);
            }
            let rewrapped = vault.wrap_anew(SecretOwner::Person, id, &wrapped).unwrap().unwrap();
            for key in KeyName::ALL.into_iter().filter(|key| *key != KeyName::Log) {
                assert_eq!(vault.retire(key, Moment(5)).unwrap(), 1);
            }
            let vault = Vault::open_with(&path, Some(Arc::clone(&token))).unwrap();
            let again = vault.unwrap_secret(SecretOwner::Person, id, &rewrapped).unwrap();
            assert_eq!(secret.fact_tag(b"x"), again.fact_tag(b"x"));
            assert_eq!(
                code(vault.unwrap_secret(SecretOwner::Person, id, &wrapped)),
                "VAULT-0011"
            );
            let opened = vault.open_log(&PLACE, &trace.salt, &trace.ciphertext).unwrap();
            assert_eq!(
                opened,
                (1, b"who looked".to_vec()),
                "the older log secret went under the newer KEK"
            );
            assert_ne!(vault.public_key(), before);
            assert_eq!(vault.known_signers()[1].ed25519, before);
            // The retired keys are gone from the token, too.
            assert_eq!(code(token.sign(1, b"x")), "VAULT-0018");
            assert_eq!(code(token.seal(1, b"", b"x")), "VAULT-0018");
            assert!(token.sign(2, b"x").is_ok());
        },
    );
}

#[test]
fn without_its_token_a_key_file_opens_nothing() {
    alone("without_its_token_a_key_file_opens_nothing", |folder| {
        make_token("city");
        make_token("other");
        let path = folder.join("keys");
        let token = open("city");
        Vault::create_with(&path, &International, Some(&token)).unwrap();
        assert_eq!(code(Vault::open(&path)), "VAULT-0015", "restored without a token");
        let other = open("other");
        assert_eq!(
            code(Vault::open_with(&path, Some(other))),
            "VAULT-0018",
            "restored with a fresh token"
        );
        assert_eq!(code(Pkcs11Token::open(&module(), "absent", PIN)), "VAULT-0016");
        assert_eq!(
            code(Pkcs11Token::open(Path::new("/nonexistent.so"), "city", PIN)),
            "VAULT-0016"
        );
        assert!(Vault::open_with(&path, Some(token)).is_ok());
    });
}

#[test]
fn a_wrong_pin_is_refused() {
    alone("a_wrong_pin_is_refused", |_| {
        make_token("city");
        assert_eq!(code(Pkcs11Token::open(&module(), "city", "0000")), "VAULT-0017");
    });
}

#[test]
fn the_sm_suite_is_refused_in_a_token() {
    alone("the_sm_suite_is_refused_in_a_token", |folder| {
        make_token("city");
        let path = folder.join("keys");
        let made = Vault::create_with(&path, &Sm, Some(&open("city")));
        assert_eq!(code(made), "VAULT-0020");
        assert!(!path.exists());
    });
}

#[test]
fn many_threads_share_the_token() {
    alone("many_threads_share_the_token", |folder| {
        make_token("city");
        let path = folder.join("keys");
        let token = open("city");
        Vault::create_with(&path, &International, Some(&token)).unwrap();
        let vault = Vault::open_with(&path, Some(token)).unwrap();
        std::thread::scope(|scope| {
            for thread in 0..8_u128 {
                let vault = &vault;
                scope.spawn(move || {
                    for number in 0..50 {
                        let id = Uuid::from_u128(thread << 32 | number);
                        let (secret, wrapped) = vault.new_secret(SecretOwner::Person, id).unwrap();
                        let again = vault.unwrap_secret(SecretOwner::Person, id, &wrapped).unwrap();
                        assert_eq!(secret.fact_tag(b"x"), again.fact_tag(b"x"));
                        let signature = vault.sign_log(id.as_bytes()).unwrap();
                        vault::verify(&vault.public_key(), id.as_bytes(), &signature).unwrap();
                    }
                });
            }
        });
    });
}
