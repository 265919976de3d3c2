//! No `Debug` form and no error shows a secret: keys, plaintexts, tags of persons, wrapped secrets.

use std::fmt::Debug;
use std::fs;
use std::io::{Cursor, Write};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};
use domain::{DocumentKind, IdentityDocument, Name};
use uuid::Uuid;
use vault::suite::International;
use vault::{KeyName, Place, SecretOwner, StagedReader, StagedWriter, Vault, VaultError};

/// The forms in which bytes could show themselves, from any four neighbours on.
fn forms(secret: &[u8]) -> Vec<String> {
    let mut forms = vec![
        STANDARD.encode(secret),
        STANDARD_NO_PAD.encode(secret),
        URL_SAFE.encode(secret),
    ];
    for piece in secret.windows(4) {
        let list = format!("{piece:?}");
        forms.push(list.trim_matches(['[', ']']).to_owned());
        forms.push(hex::encode(piece));
        forms.push(hex::encode_upper(piece));
    }
    forms.extend(String::from_utf8(secret.to_vec()));
    forms
}

fn shows(text: &str, secrets: &[Vec<u8>]) -> bool {
    secrets
        .iter()
        .flat_map(|secret| forms(secret))
        .any(|form| text.contains(&form))
}

/// Both ways to print.
fn debug(of: &dyn Debug) -> String {
    format!("{of:?} {of:#?}").replace('\n', " ")
}

#[test]
fn no_debug_form_of_a_public_type_shows_a_secret() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys");
    Vault::create(&path).unwrap();
    Vault::open(&path).unwrap().rotate(KeyName::Index).unwrap();
    let file = fs::read_to_string(&path).unwrap();
    let keys = file.lines().filter_map(|line| {
        STANDARD
            .decode(line.split(' ').nth(2)?)
            .ok()
            .filter(|key| key.len() == 32)
    });
    let mut secrets: Vec<Vec<u8>> = keys.collect();
    assert_eq!(secrets.len(), 5, "KEK, two index keys, log secret, signing key");

    let vault = Vault::open(&path).unwrap();
    let id = Uuid::from_u128(1);
    let (secret, wrapped) = vault.new_secret(SecretOwner::Person, id).unwrap();
    let document = IdentityDocument::parse(DocumentKind::Passport, "E12345678").unwrap();
    let (numbers, names) = (
        vault.number_tags(&document),
        vault.name_tags(&document, &Name::parse("测试甲").unwrap()),
    );
    let place = Place {
        table: "record",
        column: "content",
        row: id,
    };
    let sealed = secret.seal(&place, b"CANARY-PLAINTEXT").unwrap();
    let mut writer = StagedWriter::new(&secret, id, Vec::new()).unwrap();
    writer.write_all(b"CANARY-PLAINTEXT").unwrap();
    let writer_form = debug(&writer);
    let reader = StagedReader::new(&secret, id, Cursor::new(writer.finish().unwrap())).unwrap();

    secrets.push(b"CANARY-PLAINTEXT".to_vec());
    secrets.push(b"E12345678".to_vec());
    secrets.push("测试甲".as_bytes().to_vec());
    secrets.extend(numbers.iter().chain(names.iter()).map(|tag| tag.tag.to_vec()));
    secrets.extend([wrapped, sealed.ciphertext.clone(), sealed.salt.to_vec()]);
    // The derived keys are reached by no other means than the tags made with them.
    secrets.push(secret.content_tag(b"").to_vec());

    assert!(
        shows(&debug(&secrets[0]), &secrets),
        "the search itself finds what is there"
    );
    let printed: [(&str, String); 11] = [
        ("Vault", debug(&vault)),
        ("Secret", debug(&secret)),
        ("the log secret", debug(&vault.log_secret())),
        ("SealedBytes", debug(&sealed)),
        ("BlindTag", debug(&numbers.current)),
        ("Tags", debug(&names)),
        ("StagedWriter", writer_form),
        ("StagedReader", debug(&reader)),
        ("SecretOwner", debug(&SecretOwner::Person)),
        ("International", debug(&International)),
        ("the fingerprint", vault.fingerprint()),
    ];
    for (what, text) in printed {
        assert!(!shows(&text, &secrets), "{what}: {text}");
    }
}

#[test]
fn no_error_shows_what_it_met() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys");
    Vault::create(&path).unwrap();
    let good = fs::read_to_string(&path).unwrap();
    fs::write(&path, good.replacen("kek 1 ", "kek 1 CANARY-KEY ", 1)).unwrap();
    let secret = Vault::ephemeral()
        .unwrap()
        .new_secret(SecretOwner::Person, Uuid::nil())
        .unwrap()
        .0;
    let place = Place {
        table: "record",
        column: "content",
        row: Uuid::nil(),
    };
    let errors: [VaultError; 3] = [
        Vault::open(&path).unwrap_err(),
        secret.open(&place, &[0; 16], b"CANARY-CIPHERTEXT-CANARY").unwrap_err(),
        Vault::ephemeral()
            .unwrap()
            .unwrap_secret(SecretOwner::Person, Uuid::nil(), b"CANARY")
            .unwrap_err(),
    ];
    for error in errors {
        assert!(!format!("{error} {error:?}").contains("CANARY"), "{}", error.code());
    }
}
