//! The key file: who may read it, what is noticed, how the index key is rotated.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

use domain::{DocumentKind, IdentityDocument};
use tempfile::TempDir;
use uuid::Uuid;
use vault::{SecretOwner, Vault, VaultError};

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
    assert!(text.starts_with("chengdang key file, version 1\n# SECRET."));
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
    for mode in [0o640, 0o620, 0o610, 0o604, 0o602, 0o601, 0o644, 0o666, 0o777] {
        set_mode(&path, mode);
        assert_eq!(code(&path), "VAULT-0003", "{mode:o}");
        assert!(Vault::rotate_index_key(&path).is_err(), "{mode:o}");
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
        (good.replacen("version 1", "version 9", 1), "VAULT-0007"),
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
    let before = Vault::open(&path).unwrap().number_tags(&document());
    assert!(matches!(
        Vault::retire_index_key(&path),
        Err(VaultError::NothingToRetire)
    ));

    assert_eq!(Vault::rotate_index_key(&path).unwrap(), 2);
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
    let both = Vault::open(&path).unwrap();
    let tags = both.number_tags(&document());
    assert_eq!(tags.current.key_version, 2);
    assert_eq!(both.index_key_version(), 2);
    assert_eq!(
        tags.previous,
        Some(before.current),
        "what the old key tagged is still found"
    );
    assert_ne!(tags.current.tag, before.current.tag);
    assert_eq!(tags.iter().count(), 2);
    assert_eq!(both.index_uses(), 1, "one use, whether one key is live or two");
    assert!(matches!(
        Vault::rotate_index_key(&path),
        Err(VaultError::RotationUnfinished)
    ));

    assert_eq!(Vault::retire_index_key(&path).unwrap(), 1);
    let after = Vault::open(&path).unwrap().number_tags(&document());
    assert_eq!((after.current, after.previous), (tags.current, None));
    assert_eq!(Vault::rotate_index_key(&path).unwrap(), 3);
    let left = fs::read_dir(path.parent().unwrap()).unwrap().count();
    assert_eq!(left, 1, "no copy is left beside the key file");
}

#[test]
fn two_processes_do_not_change_the_file_at_once() {
    let (_directory, path) = made();
    let before = fs::read(&path).unwrap();
    let unfinished = PathBuf::from(format!("{}.new", path.display()));
    fs::write(&unfinished, "half").unwrap();
    assert!(matches!(Vault::rotate_index_key(&path), Err(VaultError::Busy { .. })));
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(fs::read(&unfinished).unwrap(), b"half");
}
