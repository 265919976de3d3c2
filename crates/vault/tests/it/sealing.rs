//! Sealed bytes open at their place and nowhere else; tags and wrapped secrets keep apart what must be apart.

use std::collections::BTreeSet;

use domain::{DocumentKind, IdentityDocument, Name};
use uuid::Uuid;
use vault::suite::{SUITES, Suite};
use vault::{Place, SecretOwner, Vault, VaultError, verify};

const PLACE: Place<'_> = Place {
    table: "record",
    column: "content",
    row: Uuid::from_u128(7),
};

/// An invented person of the test area 370199.
fn document(sequence: u16) -> IdentityDocument {
    let body = format!("37019919900101{sequence:03}");
    let check = domain::ResidentId::check_character(body.as_bytes().try_into().unwrap());
    IdentityDocument::parse(DocumentKind::ResidentId, &format!("{body}{}", char::from(check))).unwrap()
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

#[test]
fn sealed_bytes_open_at_their_place_only() {
    SUITES.into_iter().for_each(sealed_bytes_open_at_their_place_only_in);
}

fn sealed_bytes_open_at_their_place_only_in(suite: &'static dyn Suite) {
    let vault = Vault::ephemeral_with(suite).unwrap();
    let (secret, _) = vault.new_secret(SecretOwner::Person, Uuid::from_u128(1)).unwrap();
    let (other_secret, _) = vault.new_secret(SecretOwner::Person, Uuid::from_u128(1)).unwrap();
    let sealed = secret.seal(&PLACE, b"fact").unwrap();
    assert_eq!(sealed.ciphertext.len(), b"fact".len() + 16);
    assert_eq!(secret.open(&PLACE, &sealed.salt, &sealed.ciphertext).unwrap(), b"fact");
    let elsewhere = [
        Place {
            table: "trace",
            ..PLACE
        },
        Place {
            column: "reason",
            ..PLACE
        },
        Place {
            row: Uuid::from_u128(8),
            ..PLACE
        },
        // The same letters, cut between table and column elsewhere.
        Place {
            table: "recordc",
            column: "ontent",
            ..PLACE
        },
    ];
    for place in elsewhere {
        let opened = secret.open(&place, &sealed.salt, &sealed.ciphertext);
        assert!(matches!(opened, Err(VaultError::DoesNotOpen)), "{place:?}");
    }
    assert!(other_secret.open(&PLACE, &sealed.salt, &sealed.ciphertext).is_err());
    assert!(
        vault
            .log_secret()
            .open(&PLACE, &sealed.salt, &sealed.ciphertext)
            .is_err()
    );
}

#[test]
fn every_flipped_bit_and_every_cut_is_noticed() {
    SUITES
        .into_iter()
        .for_each(every_flipped_bit_and_every_cut_is_noticed_in);
}

fn every_flipped_bit_and_every_cut_is_noticed_in(suite: &'static dyn Suite) {
    let vault = Vault::ephemeral_with(suite).unwrap();
    let (secret, _) = vault.new_secret(SecretOwner::Person, Uuid::from_u128(1)).unwrap();
    let sealed = secret.seal(&PLACE, "处罚决定".as_bytes()).unwrap();
    for bit in 0..sealed.ciphertext.len() * 8 {
        let mut altered = sealed.ciphertext.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        assert!(secret.open(&PLACE, &sealed.salt, &altered).is_err(), "bit {bit}");
    }
    for bit in 0..sealed.salt.len() * 8 {
        let mut altered = sealed.salt;
        altered[bit / 8] ^= 1 << (bit % 8);
        assert!(
            secret.open(&PLACE, &altered, &sealed.ciphertext).is_err(),
            "bit {bit} of the salt"
        );
    }
    for length in 0..sealed.ciphertext.len() {
        assert!(
            secret.open(&PLACE, &sealed.salt, &sealed.ciphertext[..length]).is_err(),
            "cut at {length}"
        );
    }
    let longer = [sealed.ciphertext.as_slice(), &[0]].concat();
    assert!(secret.open(&PLACE, &sealed.salt, &longer).is_err());
}

#[test]
fn the_same_bytes_sealed_again_look_different() {
    SUITES
        .into_iter()
        .for_each(the_same_bytes_sealed_again_look_different_in);
}

fn the_same_bytes_sealed_again_look_different_in(suite: &'static dyn Suite) {
    let vault = Vault::ephemeral_with(suite).unwrap();
    let (secret, _) = vault.new_secret(SecretOwner::Person, Uuid::from_u128(1)).unwrap();
    let mut seen = BTreeSet::new();
    for _ in 0..10_000 {
        let sealed = secret.seal(&PLACE, b"").unwrap();
        assert!(seen.insert(sealed.salt) && seen.insert(sealed.ciphertext.try_into().unwrap()));
    }
}

#[test]
fn a_wrapped_secret_opens_for_its_owner_only() {
    SUITES
        .into_iter()
        .for_each(a_wrapped_secret_opens_for_its_owner_only_in);
}

fn a_wrapped_secret_opens_for_its_owner_only_in(suite: &'static dyn Suite) {
    let vault = Vault::ephemeral_with(suite).unwrap();
    let id = Uuid::from_u128(1);
    let (secret, wrapped) = vault.new_secret(SecretOwner::Person, id).unwrap();
    let again = vault.unwrap_secret(SecretOwner::Person, id, &wrapped).unwrap();
    assert_eq!(again.version(), 1);
    let sealed = secret.seal(&PLACE, b"fact").unwrap();
    assert_eq!(again.open(&PLACE, &sealed.salt, &sealed.ciphertext).unwrap(), b"fact");
    for owner in [SecretOwner::Delivery, SecretOwner::Account, SecretOwner::Log] {
        assert!(vault.unwrap_secret(owner, id, &wrapped).is_err(), "{owner:?}");
    }
    assert!(
        vault
            .unwrap_secret(SecretOwner::Person, Uuid::from_u128(2), &wrapped)
            .is_err()
    );
    assert!(
        Vault::ephemeral()
            .unwrap()
            .unwrap_secret(SecretOwner::Person, id, &wrapped)
            .is_err()
    );
    for bit in 0..wrapped.len() * 8 {
        let mut altered = wrapped.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        assert!(
            vault.unwrap_secret(SecretOwner::Person, id, &altered).is_err(),
            "bit {bit}"
        );
    }
    for length in 0..wrapped.len() {
        assert!(
            vault
                .unwrap_secret(SecretOwner::Person, id, &wrapped[..length])
                .is_err(),
            "cut at {length}"
        );
    }
    let mut of_another_key = wrapped;
    of_another_key[2] = 9;
    let opened = vault.unwrap_secret(SecretOwner::Person, id, &of_another_key);
    assert!(matches!(opened, Err(VaultError::UnknownKeyVersion { version: 9 })));
}

/// The version in the wrapped form is bound: raised to 2, it opens neither itself nor what version 1 sealed.
#[test]
fn the_version_of_a_secret_is_bound() {
    SUITES.into_iter().for_each(the_version_of_a_secret_is_bound_in);
}

fn the_version_of_a_secret_is_bound_in(suite: &'static dyn Suite) {
    let vault = Vault::ephemeral_with(suite).unwrap();
    let id = Uuid::from_u128(1);
    let (_, mut wrapped) = vault.new_secret(SecretOwner::Person, id).unwrap();
    wrapped[4] = 2;
    assert!(matches!(
        vault.unwrap_secret(SecretOwner::Person, id, &wrapped),
        Err(VaultError::DoesNotOpen)
    ));
}

#[test]
fn blind_tags_keep_numbers_names_and_vaults_apart_and_are_counted() {
    SUITES
        .into_iter()
        .for_each(blind_tags_keep_numbers_names_and_vaults_apart_and_are_counted_in);
}

fn blind_tags_keep_numbers_names_and_vaults_apart_and_are_counted_in(suite: &'static dyn Suite) {
    let vault = Vault::ephemeral_with(suite).unwrap();
    let (one, two) = (document(1), document(2));
    let tags = [
        vault.number_tags(&one),
        vault.number_tags(&two),
        vault.name_tags(&one, &name("测试甲")),
        vault.name_tags(&one, &name("测试乙")),
        vault.name_tags(&two, &name("测试甲")),
        Vault::ephemeral().unwrap().number_tags(&one),
    ];
    let distinct: BTreeSet<_> = tags.iter().map(|tags| tags.current.tag).collect();
    assert_eq!(distinct.len(), tags.len());
    assert!(
        tags.iter()
            .all(|tags| tags.previous.is_none() && tags.current.key_version == 1)
    );
    assert_eq!(vault.index_uses(), 5);
    assert_eq!(vault.number_tags(&one), tags[0]);
    // Spellings with one canonical form are one name.
    assert_eq!(vault.name_tags(&one, &name("测 试 甲")), tags[2]);
    assert_eq!(vault.index_uses(), 7);
}

#[test]
fn record_tags_belong_to_one_person() {
    SUITES.into_iter().for_each(record_tags_belong_to_one_person_in);
}

fn record_tags_belong_to_one_person_in(suite: &'static dyn Suite) {
    let vault = Vault::ephemeral_with(suite).unwrap();
    let id = Uuid::from_u128(1);
    let (secret, wrapped) = vault.new_secret(SecretOwner::Person, id).unwrap();
    let (other, _) = vault.new_secret(SecretOwner::Person, Uuid::from_u128(2)).unwrap();
    let again = vault.unwrap_secret(SecretOwner::Person, id, &wrapped).unwrap();
    assert_eq!(secret.fact_tag(b"fact"), again.fact_tag(b"fact"));
    assert_eq!(secret.content_tag(b"fact"), again.content_tag(b"fact"));
    assert_ne!(secret.fact_tag(b"fact"), secret.fact_tag(b"fac"));
    assert_ne!(secret.fact_tag(b"fact"), other.fact_tag(b"fact"));
    assert_ne!(secret.content_tag(b"fact"), other.content_tag(b"fact"));
    // The two kinds of tag share no bits, so that one says nothing of the other.
    assert_ne!(secret.fact_tag(b"fact").to_be_bytes(), secret.content_tag(b"fact")[..8]);
}

#[test]
fn signatures_fit_their_message_and_key_only() {
    SUITES
        .into_iter()
        .for_each(signatures_fit_their_message_and_key_only_in);
}

fn signatures_fit_their_message_and_key_only_in(suite: &'static dyn Suite) {
    let vault = Vault::ephemeral_with(suite).unwrap();
    let signature = vault.sign(b"receipt");
    assert!(verify(&vault.public_key(), b"receipt", &signature).is_ok());
    assert!(matches!(
        verify(&vault.public_key(), b"receipts", &signature),
        Err(VaultError::BadSignature)
    ));
    assert!(verify(&Vault::ephemeral().unwrap().public_key(), b"receipt", &signature).is_err());
    for bit in 0..signature.len() * 8 {
        let mut altered = signature;
        altered[bit / 8] ^= 1 << (bit % 8);
        assert!(verify(&vault.public_key(), b"receipt", &altered).is_err(), "bit {bit}");
    }
}
