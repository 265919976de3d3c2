//! The key file: who may read it, what is noticed, how its keys are rotated.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

use domain::{DocumentKind, IdentityDocument, Moment};
use tempfile::TempDir;
use uuid::Uuid;
use vault::suite::{SUITES, Sm, Suite};
use vault::{KeyName, Place, SealedBytes, SecretOwner, Vault, VaultError};

fn made() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys").join("chengdang.keys");
    Vault::create(&path).unwrap();
    (directory, path)
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn document() -> IdentityDocument {
    IdentityDocument::parse(DocumentKind::Passport, "E12345678").unwrap()
}

fn code(path: &Path) -> &'static str {
    let error = Vault::open(path).expect_err("it opens");
    assert!(error.to_string().starts_with(error.code()));
    assert!(!error.remedy().is_empty());
    assert!(VaultError::CODES.iter().any(|(code, _)| *code == error.code()));
    error.code()
}

#[test]
fn a_new_file_says_what_it_is_and_is_the_owners_alone() {
    let (_directory, path) = made();
    let metadata = fs::metadata(&path).unwrap();
    assert_eq!(metadata.mode() & 0o7777, 0o600);
    assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().mode() & 0o7777, 0o700);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("chengdang key file, version 2\n# SECRET."));
    for line in [
        "suite aes256gcm-sha256-ed25519",
        "kek 1 ",
        "index-key 1 ",
        "log-secret 1 ",
        "signing-key 1 ",
        "check ",
    ] {
        assert!(text.contains(&format!("\n{line}")), "{line}");
    }
    assert_eq!(
        Vault::open(&path).unwrap().fingerprint(),
        Vault::open(&path).unwrap().fingerprint()
    );
}

#[test]
fn a_file_is_never_overwritten() {
    let (_directory, path) = made();
    let before = fs::read(&path).unwrap();
    assert!(matches!(Vault::create(&path), Err(VaultError::Exists { .. })));
    assert_eq!(fs::read(&path).unwrap(), before);
    // Neither through a link that leads nowhere yet.
    let link = path.with_extension("link");
    symlink(path.with_extension("absent"), &link).unwrap();
    assert!(matches!(Vault::create(&link), Err(VaultError::Exists { .. })));
    assert!(!path.with_extension("absent").exists());
}

#[test]
fn a_file_that_others_may_touch_is_refused() {
    let (_directory, path) = made();
    let open = Vault::open(&path).unwrap();
    for mode in [0o640, 0o620, 0o610, 0o604, 0o602, 0o601, 0o644, 0o666, 0o777] {
        set_mode(&path, mode);
        assert_eq!(code(&path), "VAULT-0003", "{mode:o}");
        assert!(open.rotate(KeyName::Index).is_err(), "{mode:o}");
    }
    set_mode(&path, 0o600);
    assert!(Vault::open(&path).is_ok());
    set_mode(&path, 0o400);
    assert!(Vault::open(&path).is_ok());
}

/// Only a privileged process can give a file away; elsewhere the unit test of the rule stands alone.
#[test]
fn a_file_of_another_user_is_refused() {
    let (_directory, path) = made();
    if chown(&path, Some(12_345), None).is_ok() {
        assert_eq!(code(&path), "VAULT-0004");
    }
}

#[test]
fn a_directory_where_everybody_may_replace_the_file_is_refused() {
    let (directory, path) = made();
    let (parent, above) = (path.parent().unwrap(), directory.path());
    for step in [parent, above] {
        let before = fs::metadata(step).unwrap().mode();
        set_mode(step, 0o777);
        assert_eq!(code(&path), "VAULT-0005", "{}", step.display());
        assert!(matches!(
            Vault::create(&path.with_extension("b")),
            Err(VaultError::UnsafeDirectory { .. })
        ));
        // The sticky bit keeps others from renaming what is not theirs.
        set_mode(step, 0o1777);
        assert!(Vault::open(&path).is_ok());
        set_mode(step, before);
    }
}

#[test]
fn a_link_is_followed_and_its_target_judged() {
    let (directory, path) = made();
    let link = directory.path().join("link");
    symlink(&path, &link).unwrap();
    assert!(Vault::open(&link).is_ok());
    set_mode(&path, 0o644);
    assert_eq!(code(&link), "VAULT-0003");
    set_mode(&path, 0o600);
    set_mode(path.parent().unwrap(), 0o777);
    assert_eq!(code(&link), "VAULT-0005");
}

#[test]
fn what_is_no_key_file_is_refused() {
    let (directory, path) = made();
    assert_eq!(code(&path.with_extension("absent")), "VAULT-0002");
    assert_eq!(code(directory.path().join("keys").as_path()), "VAULT-0006");
    let good = fs::read_to_string(&path).unwrap();
    let spoilt = [
        (String::new(), "VAULT-0006"),
        ("root:x:0:0".to_owned(), "VAULT-0006"),
        (good.replacen("version 2", "version 9", 1), "VAULT-0007"),
        (good.replacen("kek 1", "kek 2", 1), "VAULT-0006"),
        (good.lines().take(8).collect::<Vec<_>>().join("\n"), "VAULT-0006"),
        (format!("{good}\n"), "VAULT-0006"),
        (format!("{good}{}", "x".repeat(1 << 20)), "VAULT-0006"),
    ];
    for (text, want) in spoilt {
        fs::write(&path, text).unwrap();
        assert_eq!(code(&path), want);
    }
}

#[test]
fn secrets_and_tags_outlive_the_process() {
    let (_directory, path) = made();
    let id = Uuid::from_u128(1);
    let first = Vault::open(&path).unwrap();
    let (secret, wrapped) = first.new_secret(SecretOwner::Person, id).unwrap();
    let second = Vault::open(&path).unwrap();
    let again = second.unwrap_secret(SecretOwner::Person, id, &wrapped).unwrap();
    assert_eq!(secret.fact_tag(b"x"), again.fact_tag(b"x"));
    assert_eq!(first.log_secret().fact_tag(b"x"), second.log_secret().fact_tag(b"x"));
    assert_eq!(first.number_tags(&document()), second.number_tags(&document()));
    assert_eq!(first.public_key(), second.public_key());
}

#[test]
fn the_index_key_rotates_with_two_live_versions_and_is_retired() {
    let (_directory, path) = made();
    let vault = Vault::open(&path).unwrap();
    let before = vault.number_tags(&document());
    let other_process = Vault::open(&path).unwrap();
    assert!(matches!(
        vault.retire(KeyName::Index, Moment(0)),
        Err(VaultError::NothingToRetire { key: KeyName::Index })
    ));

    assert_eq!(vault.rotate(KeyName::Index).unwrap(), 2);
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
    let tags = vault.number_tags(&document());
    assert_eq!(tags.current.key_version, 2);
    assert_eq!(vault.index_key_version(), 2);
    assert_eq!(
        tags.previous,
        Some(before.current),
        "what the old key tagged is still found"
    );
    assert_ne!(tags.current.tag, before.current.tag);
    assert_eq!(tags.iter().count(), 2);
    assert_eq!(vault.index_uses(), 2, "one use, whether one key is live or two");
    assert!(matches!(
        vault.rotate(KeyName::Index),
        Err(VaultError::RotationUnfinished { .. })
    ));

    // A process that opened the file before takes the key up when it looks.
    assert_eq!(other_process.number_tags(&document()), before);
    assert!(other_process.refresh().unwrap());
    assert!(!other_process.refresh().unwrap());
    assert_eq!(other_process.number_tags(&document()), tags);

    assert_eq!(vault.retire(KeyName::Index, Moment(0)).unwrap(), 1);
    let after = Vault::open(&path).unwrap().number_tags(&document());
    assert_eq!((after.current, after.previous), (tags.current, None));
    assert_eq!(vault.rotate(KeyName::Index).unwrap(), 3);
    let left = fs::read_dir(path.parent().unwrap()).unwrap().count();
    assert_eq!(left, 1, "no copy is left beside the key file");
}

#[test]
fn every_key_rotates_in_both_suites_and_what_the_old_one_made_stands_until_it_is_retired() {
    for suite in SUITES {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keys");
        Vault::create_with(&path, suite, None).unwrap();
        let vault = Vault::open(&path).unwrap();
        assert_eq!(vault.suite_name(), suite.name());
        let id = Uuid::from_u128(7);
        let place = Place {
            table: "trace",
            column: "content",
            row: id,
        };
        let (secret, wrapped) = vault.new_secret(SecretOwner::Person, id).unwrap();
        let trace = vault.log_secret().seal(&place, b"who looked").unwrap();
        let signed = vault.sign_document(b"receipt").unwrap();
        assert_eq!(signed.sm2.is_some(), suite.name() == Sm.name());
        let lagging = Vault::open(&path).unwrap();

        let name = vault.fingerprint();
        for key in KeyName::ALL {
            assert_eq!(vault.versions(key), [1]);
            assert_eq!(vault.rotate(key).unwrap(), 2);
            assert_eq!(vault.versions(key), [2, 1]);
        }
        // The wrapped secret opens under either, and only its wrapping changes.
        let again = vault.wrap_anew(SecretOwner::Person, id, &wrapped).unwrap().unwrap();
        assert!(vault.wrap_anew(SecretOwner::Person, id, &again).unwrap().is_none());
        for form in [&wrapped, &again] {
            let open = vault.unwrap_secret(SecretOwner::Person, id, form).unwrap();
            assert_eq!(open.fact_tag(b"x"), secret.fact_tag(b"x"));
        }
        // A process that knows the old keys only reads the file again when it meets the new ones.
        let open = lagging.unwrap_secret(SecretOwner::Person, id, &again).unwrap();
        assert_eq!(open.fact_tag(b"x"), secret.fact_tag(b"x"));
        let newer = vault.log_secret().seal(&place, b"who looked").unwrap();
        let opens = |sealed: &SealedBytes| vault.open_log(&place, &sealed.salt, &sealed.ciphertext);
        assert_eq!(opens(&trace).unwrap(), (1, b"who looked".to_vec()));
        assert_eq!(opens(&newer).unwrap(), (2, b"who looked".to_vec()));
        assert!(
            vault.sign_log_as(&signed.ed25519.0, b"m").is_ok(),
            "the log bears both signatures"
        );

        for key in KeyName::ALL {
            assert_eq!(vault.retire(key, Moment(1_000)).unwrap(), 1);
            assert_eq!(vault.versions(key), [2]);
        }
        assert!(matches!(
            vault.unwrap_secret(SecretOwner::Person, id, &wrapped),
            Err(VaultError::UnknownKeyVersion { version: 1 })
        ));
        assert!(vault.unwrap_secret(SecretOwner::Person, id, &again).is_ok());
        assert!(opens(&trace).is_err() && opens(&newer).is_ok());
        assert!(matches!(
            vault.sign_log_as(&signed.ed25519.0, b"m"),
            Err(VaultError::UnknownSigner)
        ));
        // The public halves are known, with their end.
        let known = Vault::open(&path).unwrap().known_signers();
        assert_eq!(known.len(), 2);
        assert_eq!((known[0].version, known[0].until), (2, None));
        assert_eq!((known[1].version, known[1].until), (1, Some(Moment(1_000))));
        assert_eq!(known[1].ed25519, signed.ed25519.0);
        assert_eq!(known[1].sm2, signed.sm2.as_ref().map(|(key, _)| key.clone()));
        vault::verify(&known[1].ed25519, b"receipt", &signed.ed25519.1).unwrap();
        if let Some((key, signature)) = &signed.sm2 {
            vault::verify_sm2(key, b"receipt", signature).unwrap();
            assert!(vault::verify_sm2(key, b"receipu", signature).is_err());
        }
        assert_eq!(known[0].ed25519, vault.public_key());
        assert_eq!(
            vault.fingerprint(),
            name,
            "the file keeps its name, and a log that has its name from it"
        );
        vault::verify(&vault.public_key(), b"m", &vault.sign(b"m")).unwrap();
    }
}

#[test]
fn what_is_shown_of_keys_names_them_and_holds_none() {
    let (_directory, path) = made();
    let vault = Vault::open(&path).unwrap();
    vault.rotate(KeyName::Kek).unwrap();
    let file = fs::read_to_string(&path).unwrap();
    let lines = vault.lines();
    let names: Vec<_> = lines.iter().map(|line| (line.key, line.version)).collect();
    let want = [
        (KeyName::Kek, 2),
        (KeyName::Kek, 1),
        (KeyName::Index, 1),
        (KeyName::Log, 1),
        (KeyName::Signing, 1),
    ];
    assert_eq!(names, want);
    let prints: std::collections::HashSet<_> = lines.iter().filter_map(|line| line.fingerprint.clone()).collect();
    assert_eq!(prints.len(), 5, "all differ");
    let shown = format!("{lines:?}");
    for line in file.lines().filter(|line| !line.starts_with('#')) {
        if let Some(key) = line.split(' ').nth(2) {
            let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, key).unwrap_or_default();
            assert!(!shown.contains(key));
            assert!(bytes.is_empty() || !shown.contains(&hex::encode(&bytes[..8])));
        }
    }
}

#[test]
fn two_processes_do_not_change_the_file_at_once_and_a_dead_one_is_in_nobodys_way() {
    let (_directory, path) = made();
    let vault = Vault::open(&path).unwrap();
    let before = fs::read(&path).unwrap();
    let unfinished = PathBuf::from(format!("{}.new", path.display()));
    fs::write(&unfinished, "half").unwrap();
    set_mode(&unfinished, 0o600);
    let theirs = fs::File::open(&unfinished).unwrap();
    rustix::fs::flock(&theirs, rustix::fs::FlockOperation::LockExclusive).unwrap();
    assert!(matches!(vault.rotate(KeyName::Index), Err(VaultError::Busy { .. })));
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(fs::read(&unfinished).unwrap(), b"half");
    // The lock dies with its process.
    drop(theirs);
    assert_eq!(vault.rotate(KeyName::Index).unwrap(), 2);
    assert!(!unfinished.exists());
}

/// The rotation of one key is not lost to that of another.
#[test]
fn racing_rotations_lose_nothing() {
    let (_directory, path) = made();
    std::thread::scope(|scope| {
        for key in KeyName::ALL {
            let path = &path;
            scope.spawn(move || {
                let vault = Vault::open(path).unwrap();
                loop {
                    match vault.rotate(key) {
                        Ok(_) => break,
                        Err(VaultError::Busy { .. }) => std::thread::yield_now(),
                        Err(other) => panic!("{other}"),
                    }
                }
            });
        }
    });
    let vault = Vault::open(&path).unwrap();
    for key in KeyName::ALL {
        assert_eq!(vault.versions(key), [2, 1], "{key}");
    }
}
