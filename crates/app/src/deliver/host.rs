//! Staged deliveries of adapters on this host, which wait for the receipt and then say themselves when the bytes may go.

use std::sync::Arc;

use policy::{Deliver, Permit};
use store::{Begun, NewDelivery};
use tokio::runtime::Handle;
use uuid::Uuid;

use super::{DeliverError, delivery_secret, room, run, staging};
use crate::{App, AppError};

/// Takes in a staged upload to its end and returns its receipt. The staged bytes stay: a caller that stopped asks again and
/// gets the same receipt, and calls [`discard_staged`] once whatever hangs on the receipt is durable.
///
/// # Errors
///
/// [`DeliverError::NotStaged`], [`DeliverError::Elsewhere`] while it runs already, or if reading, store or vault fail.
pub async fn deliver_staged(app: &App, permit: &Permit<Deliver>, upload: Uuid) -> Result<Vec<u8>, DeliverError> {
    let opened = staging::open(app, permit.caller().account, upload).await?;
    room::must_have_room(app)?;
    staging::confirm(app, upload).await?;
    let new = NewDelivery {
        uuid: upload,
        provider: opened.staged.provider,
        item: opened.staged.item,
        content_hash: opened.staged.content_hash,
        bytes: opened.staged.bytes,
        key: opened.wrapped,
        file_name: opened.file_name_sealed,
        by: opened.by,
        at: opened.at,
    };
    let delivery = match app.store().begin_delivery(&new).await.map_err(AppError::from)? {
        Begun::New(delivery) | Begun::Resumed(delivery) => delivery,
        Begun::Finished(delivery) => {
            return delivery.receipt.ok_or_else(|| {
                AppError::Damaged {
                    what: "a finished delivery without receipt",
                }
                .into()
            });
        }
    };
    let uuid = delivery.uuid;
    let Some(progress) = app.running().begin(uuid) else {
        return Err(DeliverError::Elsewhere);
    };
    let (intake, handle, source) = (app.clone(), Handle::current(), opened.source);
    let outcome = tokio::task::spawn_blocking(move || {
        let secret = delivery_secret(&intake, &delivery)?;
        handle.block_on(run::take_in(
            &intake,
            delivery,
            secret,
            source,
            None,
            Arc::clone(&progress),
        ))
    })
    .await;
    app.running().end(uuid);
    outcome.map_err(|_| AppError::ShuttingDown)?
}

/// Removes a staged upload of this caller; one that is not there is no error.
///
/// # Errors
///
/// If the staging folder cannot be read.
pub async fn discard_staged(app: &App, permit: &Permit<Deliver>, upload: Uuid) -> Result<(), DeliverError> {
    match staging::open(app, permit.caller().account, upload).await {
        Ok(_) => {
            staging::remove(app, upload).await;
            Ok(())
        }
        Err(DeliverError::NotStaged) => Ok(()),
        Err(other) => Err(other),
    }
}
