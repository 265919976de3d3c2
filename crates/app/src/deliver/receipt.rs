//! The receipt of a delivery: what became of each row, signed. It holds no personal data.

use serde_json::{Value, json};
use store::{Delivery, DeliveryState};

use super::run::FileHead;
use crate::{App, names};

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
/// `receipt`, whose keys are in alphabetical order.
pub(crate) fn write(app: &App, delivery: &Delivery, state: DeliveryState, head: Option<&FileHead>) -> Vec<u8> {
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
pub(crate) fn signed(app: &App, receipt: &Value) -> Vec<u8> {
    let signature = app.vault().sign(receipt.to_string().as_bytes());
    json!({
        "receipt": receipt,
        "key": hex::encode(app.public_key()),
        "signature": hex::encode(signature),
    })
    .to_string()
    .into_bytes()
}

/// Whether `bytes` is a receipt that `key` signed.
#[must_use]
pub fn verifies(bytes: &[u8], key: &[u8; 32]) -> bool {
    let Ok(whole) = serde_json::from_slice::<Value>(bytes) else {
        return false;
    };
    let (Some(receipt), Some(signature)) = (whole.get("receipt"), whole.get("signature").and_then(Value::as_str))
    else {
        return false;
    };
    let Ok(Ok(signature)) = hex::decode(signature).map(<[u8; 64]>::try_from) else {
        return false;
    };
    vault::verify(key, receipt.to_string().as_bytes(), &signature).is_ok()
}
