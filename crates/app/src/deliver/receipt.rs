//! The receipt of a delivery: what became of each row, signed. It holds no personal data.

use domain::Moment;
use serde_json::{Value, json};
use store::{Delivery, DeliveryState};

use super::run::FileHead;
use crate::{App, AppError, names};

/// Words of a delivery's state.
#[must_use]
pub const fn state_word(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Receiving => "receiving",
        DeliveryState::Done => "done",
        DeliveryState::Refused => "refused",
    }
}

/// The receipt as bytes: `{"key": …, "receipt": {…}, "signature": …}`. The signature is Ed25519 over the compact JSON of
/// `receipt`, whose keys are in alphabetical order. An installation with the SM suite adds `key_sm2` and `signature_sm2` over
/// the same bytes.
///
/// # Errors
///
/// If the vault cannot sign.
pub(crate) fn write(
    app: &App,
    delivery: &Delivery,
    state: DeliveryState,
    head: Option<&FileHead>,
) -> Result<Vec<u8>, AppError> {
    let counts = &delivery.counts;
    let receipt = json!({
        "delivery": delivery.uuid,
        "provider": delivery.provider.as_str(),
        "provider_name": names::organisation(app.catalogue(), &delivery.provider).zh,
        "item": delivery.item.as_str(),
        "item_name": names::item(app.catalogue(), &delivery.item).zh,
        "state": state_word(state),
        "file": {
            "sha256": hex::encode(delivery.content_hash),
            "bytes": delivery.bytes,
            "format": head.map(|head| head.format),
            "encoding": head.map(|head| head.encoding),
            "header_version": head.map(|head| head.map.version.clone()),
        },
        "rows": {
            "received": counts.received,
            "recorded": counts.recorded,
            "repeated": counts.repeated,
            "held": counts.held,
            "pending": counts.pending,
            "refused": counts.refused,
            "corrected": counts.corrected,
            "withdrawn": counts.withdrawn,
        },
        "faults": delivery.faults,
        "dropped_columns": head.map(|head| head.map.dropped.iter()
            .map(|(header, rule)| json!({ "header": header, "rule": rule.as_str() })).collect::<Vec<Value>>()).unwrap_or_default(),
        "unknown_columns": head.map(|head| head.map.unknown.clone()).unwrap_or_default(),
        "catalogue_version": app.catalogue().version,
        "received_at": delivery.received_at.local_text(),
        "finished_at": app.now().local_text(),
    });
    signed(app, &receipt)
}

/// `receipt` with its signature.
pub(crate) fn signed(app: &App, receipt: &Value) -> Result<Vec<u8>, AppError> {
    let signatures = app.vault().sign_document(receipt.to_string().as_bytes())?;
    let (key, signature) = signatures.ed25519;
    let mut whole = json!({
        "receipt": receipt,
        "key": hex::encode(key),
        "signature": hex::encode(signature),
    });
    if let (Some((key, signature)), Some(whole)) = (signatures.sm2, whole.as_object_mut()) {
        whole.insert("key_sm2".to_owned(), hex::encode(key).into());
        whole.insert("signature_sm2".to_owned(), hex::encode(signature).into());
    }
    Ok(whole.to_string().into_bytes())
}

/// Whether `bytes` is a receipt that `key` signed.
#[must_use]
pub fn verifies(bytes: &[u8], key: &[u8; 32]) -> bool {
    read(bytes, "signature")
        .is_some_and(|(receipt, signature)| vault::verify(key, receipt.as_bytes(), &signature).is_ok())
}

/// Whether `bytes` is a receipt that one of the installation's keys signed, and with SM2 too, where the key has that. A key
/// that was retired before the delivery was received signed nothing of it.
pub(crate) fn verifies_here(app: &App, bytes: &[u8], received_at: Moment) -> bool {
    app.vault().known_signers().iter().any(|signer| {
        let in_time = signer.until.is_none_or(|until| received_at <= until);
        let by_sm2 = signer.sm2.as_ref().is_none_or(|key| {
            read(bytes, "signature_sm2")
                .is_some_and(|(receipt, signature)| vault::verify_sm2(key, receipt.as_bytes(), &signature).is_ok())
        });
        in_time && by_sm2 && verifies(bytes, &signer.ed25519)
    })
}

/// What was signed, and a signature of it.
fn read(bytes: &[u8], signature: &str) -> Option<(String, [u8; 64])> {
    let whole = serde_json::from_slice::<Value>(bytes).ok()?;
    let signature = whole.get(signature).and_then(Value::as_str)?;
    let signature = hex::decode(signature).ok()?.try_into().ok()?;
    Some((whole.get("receipt")?.to_string(), signature))
}
