//! The objects in the token: one for each version of a key, two for a pair, found by label and id.

use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use vault::VaultError;
use vault::token::TokenKey;

use crate::error::failed;

/// The curve of Ed25519 as an object identifier in DER (RFC 8410 §3): 1.3.101.112. It must be known to the token; `SoftHSM`
/// 2.6 takes it as the printable string `edwards25519` (PKCS #11 v3.0 §2.3.10).
const ED25519: &[u8] = &[
    0x13, 0x0c, b'e', b'd', b'w', b'a', b'r', b'd', b's', b'2', b'5', b'5', b'1', b'9',
];
/// Bytes of a KEK.
const KEK_BYTES: u64 = 32;

/// Ours by label, whatever else the token holds.
fn label(key: TokenKey) -> Attribute {
    Attribute::Label(format!("chengdang {}", key.word()).into_bytes())
}

fn id(version: u16) -> Attribute {
    Attribute::Id(version.to_be_bytes().to_vec())
}

const fn secret_class(key: TokenKey) -> ObjectClass {
    match key {
        TokenKey::Kek => ObjectClass::SECRET_KEY,
        TokenKey::Signing => ObjectClass::PRIVATE_KEY,
    }
}

/// Makes a version of a key, not to be extracted (`CKA_EXTRACTABLE` false), private and kept.
pub(crate) fn generate(session: &Session, key: TokenKey, version: u16) -> Result<(), VaultError> {
    let kept = [Attribute::Token(true), label(key), id(version)];
    let hidden = [
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
    ];
    match key {
        TokenKey::Kek => {
            let uses = [
                Attribute::Encrypt(true),
                Attribute::Decrypt(true),
                Attribute::ValueLen(KEK_BYTES.into()),
            ];
            let template = [&kept[..], &hidden, &uses].concat();
            let made = session.generate_key(&Mechanism::AesKeyGen, &template);
            made.map(|_| ()).map_err(|_| failed("making a wrapping key"))
        }
        TokenKey::Signing => {
            let public = [
                &kept[..],
                &[
                    Attribute::KeyType(KeyType::EC_EDWARDS),
                    Attribute::Verify(true),
                    Attribute::EcParams(ED25519.to_vec()),
                ],
            ]
            .concat();
            let private = [&kept[..], &hidden, &[Attribute::Sign(true)]].concat();
            let made = session.generate_key_pair(&Mechanism::EccEdwardsKeyPairGen, &public, &private);
            made.map(|_| ()).map_err(|_| failed("making a signing key"))
        }
    }
}

/// The object of a version that wraps or signs.
pub(crate) fn find_secret(session: &Session, key: TokenKey, version: u16) -> Result<Option<ObjectHandle>, VaultError> {
    let template = [Attribute::Class(secret_class(key)), label(key), id(version)];
    let found = session.find_objects(&template);
    Ok(found.map_err(|_| failed("looking for a key"))?.first().copied())
}

/// Destroys every version but those in `live`.
pub(crate) fn keep_only(session: &Session, key: TokenKey, live: &[u16]) -> Result<(), VaultError> {
    let found = session.find_objects(&[label(key)]);
    for object in found.map_err(|_| failed("looking for keys"))? {
        let version = session
            .get_attributes(object, &[AttributeType::Id])
            .map_err(|_| failed("reading the number of a key"))?
            .into_iter()
            .find_map(|attribute| match attribute {
                Attribute::Id(bytes) => bytes.try_into().ok().map(u16::from_be_bytes),
                _ => None,
            });
        if version.is_some_and(|version| !live.contains(&version)) {
            session.destroy_object(object).map_err(|_| failed("destroying a key"))?;
        }
    }
    Ok(())
}

/// The public half of a signing key: 32 bytes, which PKCS#11 hands out within an octet string of DER.
pub(crate) fn public_key(session: &Session, version: u16) -> Result<[u8; 32], VaultError> {
    let template = [
        Attribute::Class(ObjectClass::PUBLIC_KEY),
        label(TokenKey::Signing),
        id(version),
    ];
    let found = session.find_objects(&template);
    let found = found.map_err(|_| failed("looking for a key"))?;
    let object = *found.first().ok_or(VaultError::NotInToken { version })?;
    let attributes = session.get_attributes(object, &[AttributeType::EcPoint]);
    let point = attributes
        .map_err(|_| failed("reading a public key"))?
        .into_iter()
        .find_map(|attribute| match attribute {
            Attribute::EcPoint(point) => Some(point),
            _ => None,
        });
    let point = point.ok_or(failed("reading a public key"))?;
    let bare = point.strip_prefix(&[0x04, 0x20]).unwrap_or(&point);
    bare.try_into().map_err(|_| failed("reading a public key"))
}
