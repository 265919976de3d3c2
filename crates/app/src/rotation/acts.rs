//! What was done to keys, for the log. Acts follow from the key file: what it shows and no act tells of is noted now, so that
//! none is lost when the process dies between the two.

use std::collections::BTreeSet;

use policy::{ManageKeys, Permit};
use serde_json::{Value, json};
use store::KeyAct;
use uuid::Uuid;
use vault::KeyName;

use crate::{App, AppError};

/// Hash of the log entry of an act.
#[must_use]
pub fn entry_hash(uuid: Uuid, document: &[u8]) -> [u8; 32] {
    translog::entry_hash("key", &[uuid.as_bytes(), document])
}

/// Notes what the key file shows and no act tells of: versions that were made, and versions that are gone.
pub(super) async fn note(app: &App, permit: &Permit<ManageKeys>) -> Result<(), AppError> {
    let mut known = BTreeSet::new();
    for act in app.store().key_acts().await? {
        if let Ok(document) = serde_json::from_slice::<Value>(&act.document)
            && let Some(told) = document.get("act").and_then(read)
        {
            known.insert(told);
        }
    }
    for key in KeyName::ALL {
        let versions = app.vault().versions(key);
        let oldest = versions.last().copied().unwrap_or_default();
        let gone = (1..oldest).map(|version| ("retired", version));
        let made = versions.iter().rev().map(|version| ("made", *version));
        for (what, version) in gone.chain(made) {
            if !known.contains(&(what.to_owned(), key, version)) {
                append(app, permit, (what, key, version)).await?;
            }
        }
    }
    Ok(())
}

fn read(act: &Value) -> Option<(String, KeyName, u16)> {
    let what = act.get("what")?.as_str()?.to_owned();
    let key = KeyName::parse(act.get("key")?.as_str()?)?;
    let version = u16::try_from(act.get("version")?.as_u64()?).ok()?;
    Some((what, key, version))
}

/// `{"act": {…}, "signatures": [{"key": …, "signature": …}]}`: every live log key signs the compact JSON of `act`, so that a
/// new key is vouched for by the one before it.
async fn append(
    app: &App,
    permit: &Permit<ManageKeys>,
    (what, key, version): (&str, KeyName, u16),
) -> Result<(), AppError> {
    let mut act = json!({
        "what": what,
        "key": key.as_str(),
        "version": version,
        "suite": app.vault().suite_name(),
        "at": app.now().local_text(),
    });
    let signers = app.vault().known_signers();
    let about = signers
        .iter()
        .find(|signer| key == KeyName::Signing && signer.version == version);
    if let (Some(signer), Some(act)) = (about, act.as_object_mut()) {
        act.insert("public".to_owned(), hex::encode(signer.ed25519).into());
        if let Some(sm2) = &signer.sm2 {
            act.insert("public_sm2".to_owned(), hex::encode(sm2).into());
        }
    }
    let message = act.to_string();
    let mut signatures = Vec::new();
    for signer in signers.iter().filter(|signer| signer.until.is_none()) {
        let signature = app.vault().sign_log_as(&signer.ed25519, message.as_bytes())?;
        signatures.push(json!({ "key": hex::encode(signer.ed25519), "signature": hex::encode(signature) }));
    }
    let document = json!({ "act": act, "signatures": signatures }).to_string().into_bytes();
    let uuid = app.fresh_uuid();
    let entry_hash = entry_hash(uuid, &document);
    let act = KeyAct {
        uuid,
        document,
        by: permit.caller().account,
        at: app.now(),
        entry_hash,
    };
    Ok(app.store().append_key_act(&act).await?)
}
