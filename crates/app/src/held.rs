//! Rows held because the identity register did not know their number: released once it does (R7).

use domain::IdentityDocument;
use intake::{Cleaned, StagedContent};
use matching::{AliasStanding, Verdict};
use policy::{Permit, ReleaseHeld};
use store::{Delivery, StagedKind, StagedRow, StoreError};
use uuid::Uuid;
use vault::SecretOwner;

use crate::deliver::chunk::{self, Origin};
use crate::deliver::place::{self, NUMBER_UNKNOWN, Placed, Places};
use crate::{App, AppError, reviews};

/// Rows read at once.
const PAGE: u32 = 1_000;

/// What became of the held rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Released {
    /// rows looked at
    pub looked_at: u64,
    /// rows whose number and name the register now confirms: recorded
    pub recorded: u64,
    /// rows whose number the register now knows under another name: a review was opened
    pub pending: u64,
    /// rows still held
    pub still_held: u64,
}

/// Looks at every held row again, after the register was brought up to date. Each row is one transaction.
///
/// # Errors
///
/// If store or vault fail; rows released so far stay released.
pub async fn release(app: &App, _permit: &Permit<ReleaseHeld>) -> Result<Released, AppError> {
    let mut released = Released::default();
    let mut after = Uuid::nil();
    loop {
        let rows = app.store().open_staged_rows(StagedKind::Held, after, PAGE).await?;
        let Some(last) = rows.last() else { return Ok(released) };
        after = last.uuid;
        for row in rows.iter().filter(|row| row.reason == NUMBER_UNKNOWN) {
            released.looked_at += 1;
            let delivery = app.store().get_delivery(row.delivery).await?;
            match reviews::open_staged(app, row, &delivery)? {
                Some((document, StagedContent::Clean(clean))) => {
                    release_row(app, row, &delivery, &document, *clean, &mut released).await?;
                }
                Some((_, StagedContent::Slip(_))) | None => released.still_held += 1,
            }
        }
    }
}

async fn release_row(
    app: &App,
    row: &StagedRow,
    delivery: &Delivery,
    document: &IdentityDocument,
    clean: intake::CleanRow,
    released: &mut Released,
) -> Result<(), AppError> {
    let verdict = matching::judge(document, &clean.name, app.register(), AliasStanding::NotConfirmed);
    if verdict == Verdict::HeldNumberUnknown {
        released.still_held += 1;
        return Ok(());
    }
    let wrapped = delivery.key.as_ref().ok_or(AppError::Damaged {
        what: "a held row whose key was destroyed",
    })?;
    let secret = app
        .vault()
        .unwrap_secret(SecretOwner::Delivery, delivery.uuid, wrapped)?;
    let item = app.catalogue().items.get(&delivery.item).ok_or(AppError::Damaged {
        what: "an item that is gone",
    })?;
    let placed = place::place(app, vec![Cleaned::Row(Box::new(clean), Vec::new())], &Places::default()).await?;
    let is_pending = placed.iter().any(|place| matches!(place, Placed::Staged(_)));
    // A review belongs to the delivery its row came with; a recorded row stands alone.
    let origin = Origin {
        delivery: None,
        provider: &delivery.provider,
        item,
        secret: Some(&secret),
        places: &Places::default(),
    };
    let mut commit = chunk::plan(app, &origin, &placed).await?;
    commit.staged_delivery = Some(delivery.id);
    commit.resolved.push(row.uuid);
    match app.store().commit_chunk(&commit).await {
        Ok(()) if is_pending => released.pending += 1,
        Ok(()) => released.recorded += 1,
        // Another process released it first, or its person changed: it is looked at again the next time.
        Err(StoreError::Conflict { .. }) => released.still_held += 1,
        Err(other) => return Err(other.into()),
    }
    Ok(())
}
