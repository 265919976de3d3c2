//! Deliveries as their provider sees them: list, state, receipt, faults, held and pending rows.

use std::collections::BTreeMap;

use domain::catalogue::{ItemId, RuleId, Text};
use domain::{Moment, Uscc};
use matching::{Explanation, Language};
use policy::{Caller, ListDeliveries, Permit, ReadDelivery};
use store::{Counts, Delivery, DeliveryState, StagedKind};
use uuid::Uuid;
use vault::SecretOwner;

use crate::deliver::place;
use crate::keys::{self, DELIVERY_FILE_NAME};
use crate::{App, AppError, names};

pub use intake::fault_csv;

/// A delivery for people to read.
#[derive(Debug, Clone)]
pub struct DeliveryView {
    /// Public id.
    pub uuid: Uuid,
    /// Organisation.
    pub provider: Uscc,
    /// Its name.
    pub provider_name: Text,
    /// Item.
    pub item: ItemId,
    /// Its name.
    pub item_name: Text,
    /// File name, for the provider only; it may name a person.
    pub file_name: Option<String>,
    /// State.
    pub state: DeliveryState,
    /// When it began.
    pub received_at: Moment,
    /// Size in bytes.
    pub bytes: u64,
    /// Data rows taken in.
    pub rows_done: u64,
    /// Data rows in the file, known while it runs in this process.
    pub rows_total: Option<u64>,
    /// Counts so far.
    pub counts: Counts,
    /// Faults by code so far.
    pub faults: BTreeMap<String, u64>,
    /// The signed receipt, once finished.
    pub receipt: Option<serde_json::Value>,
}

/// What a policy question needs to know of a delivery; not to be shown.
#[derive(Debug, Clone)]
pub struct DeliveryHead {
    /// Public id.
    pub uuid: Uuid,
    /// Organisation.
    pub provider: Uscc,
    /// Item.
    pub item: ItemId,
}

/// A row that is held or pending, without its contents.
#[derive(Debug, Clone)]
pub struct WaitingNote {
    /// Line in the file.
    pub line: u32,
    /// Held or pending.
    pub kind: StagedKind,
    /// Reason word.
    pub reason: String,
    /// What it means and what to do.
    pub message: Text,
}

/// Rows that [`waiting_rows`] lists at most; the count on the receipt is whole.
pub const WAITING_ROWS_SHOWN: u32 = 200;

/// Deliveries, newest first.
///
/// # Errors
///
/// If store or vault fail.
pub async fn list(app: &App, permit: &Permit<ListDeliveries>, limit: u32) -> Result<Vec<DeliveryView>, AppError> {
    let deliveries = app
        .store()
        .list_deliveries(permit.resource().provider.as_ref(), limit)
        .await?;
    deliveries
        .into_iter()
        .map(|delivery| view(app, permit.caller(), delivery))
        .collect()
}

/// Finds a delivery, to ask the policies about it.
///
/// # Errors
///
/// If the store fails.
pub async fn find(app: &App, uuid: Uuid) -> Result<Option<DeliveryHead>, AppError> {
    let found = app.store().find_delivery(uuid).await?;
    Ok(found.map(|delivery| DeliveryHead {
        uuid,
        provider: delivery.provider,
        item: delivery.item,
    }))
}

/// One delivery.
///
/// # Errors
///
/// [`AppError::NotFound`], or if store or vault fail.
pub async fn get(app: &App, permit: &Permit<ReadDelivery>) -> Result<DeliveryView, AppError> {
    view(app, permit.caller(), permitted(app, permit).await?)
}

/// Faults of one chunk as JSON lines; `None` past the last chunk, so that a caller can stream.
///
/// # Errors
///
/// [`AppError::NotFound`], or if the store fails.
pub async fn fault_lines(app: &App, permit: &Permit<ReadDelivery>, chunk_no: u32) -> Result<Option<Vec<u8>>, AppError> {
    let delivery = permitted(app, permit).await?;
    Ok(app.store().fault_block(delivery.id, chunk_no).await?)
}

/// The first held and pending rows of a delivery, with what to do.
///
/// # Errors
///
/// [`AppError::NotFound`], or if the store fails.
pub async fn waiting_rows(app: &App, permit: &Permit<ReadDelivery>) -> Result<Vec<WaitingNote>, AppError> {
    let delivery = permitted(app, permit).await?;
    let rows = app.store().staged_rows(delivery.id, 0, WAITING_ROWS_SHOWN).await?;
    Ok(rows
        .into_iter()
        .filter(|row| !row.is_resolved)
        .map(|row| WaitingNote {
            line: row.line,
            kind: row.kind,
            message: reason_text(app, &row.reason),
            reason: row.reason,
        })
        .collect())
}

/// What a reason word means, in both languages.
pub(crate) fn reason_text(app: &App, reason: &str) -> Text {
    if let Some(explanation) = Explanation::parse(reason) {
        return Text {
            zh: explanation.text(Language::Zh).to_owned(),
            en: explanation.text(Language::En).to_owned(),
        };
    }
    if reason == place::NUMBER_UNKNOWN {
        return Text {
            zh: "身份库中没有该证件号码；在身份库确认之前，该行不归集、不提供给任何人。请核对号码".to_owned(),
            en: "the identity register does not know the number; until it does, the row is attached to nobody and served to \
                 nobody; check the number"
                .to_owned(),
        };
    }
    RuleId::parse(reason)
        .ok()
        .and_then(|id| app.catalogue().intake_rules.iter().find(|rule| rule.id == id))
        .map_or_else(
            || Text {
                zh: reason.to_owned(),
                en: reason.to_owned(),
            },
            |rule| rule.message.clone(),
        )
}

async fn permitted(app: &App, permit: &Permit<ReadDelivery>) -> Result<Delivery, AppError> {
    let resource = permit.resource();
    let delivery = app
        .store()
        .find_delivery(resource.delivery)
        .await?
        .ok_or(AppError::NotFound)?;
    // The permit was given for this provider; a delivery of another one must not slip in under its id.
    if delivery.provider == resource.provider {
        Ok(delivery)
    } else {
        Err(AppError::NotFound)
    }
}

fn view(app: &App, caller: &Caller, delivery: Delivery) -> Result<DeliveryView, AppError> {
    // A file name can name a person: it goes back to the organisation that wrote it and to nobody else.
    let is_own = caller.organisation.as_ref() == Some(&delivery.provider);
    let file_name = match delivery.key.as_ref().filter(|_| is_own) {
        Some(wrapped) => {
            let secret = app
                .vault()
                .unwrap_secret(SecretOwner::Delivery, delivery.uuid, wrapped)?;
            keys::open(&secret, DELIVERY_FILE_NAME, delivery.uuid, &delivery.file_name)?
                .and_then(|bytes| String::from_utf8(bytes).ok())
        }
        None => None,
    };
    let running = app.running().progress(delivery.uuid);
    Ok(DeliveryView {
        uuid: delivery.uuid,
        provider_name: names::organisation(app.catalogue(), &delivery.provider),
        item_name: names::item(app.catalogue(), &delivery.item),
        provider: delivery.provider,
        item: delivery.item,
        file_name,
        state: delivery.state,
        received_at: delivery.received_at,
        bytes: delivery.bytes,
        rows_done: delivery.rows_done,
        rows_total: running.and_then(|progress| progress.rows_total()),
        counts: delivery.counts,
        faults: delivery.faults,
        receipt: delivery.receipt.and_then(|bytes| serde_json::from_slice(&bytes).ok()),
    })
}
