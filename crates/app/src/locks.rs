//! The lock of one's own records against every look-up that no statute compels. It hangs on the number, so a person of whom
//! nothing is held can lock it, too.

use policy::{LockOwnFile, Permit, ReadOwnLookUps};
use store::NewLock;

use crate::{App, AppError, accounts, keys};

/// Locks the own records, or opens them again.
///
/// # Errors
///
/// If the store fails.
pub async fn set(app: &App, permit: &Permit<LockOwnFile>, is_locked: bool) -> Result<(), AppError> {
    let account = app.store().find_account(permit.resource().account).await?;
    let account = account.ok_or(AppError::NotFound)?;
    let (document, _) = accounts::identity_of(app, &account)?;
    let (id, at) = (app.fresh_uuid(), app.now());
    let said = [u8::from(is_locked)];
    let lock = NewLock {
        tags: keys::number_tags(app.vault(), &document).all().collect(),
        is_locked,
        by: account.uuid,
        entry_hash: translog::entry_hash(
            "lock",
            &[id.as_bytes(), account.uuid.as_bytes(), &said, &at.0.to_be_bytes()],
        ),
        at,
    };
    Ok(app.store().set_lock(&lock).await?)
}

/// Whether the own records are locked.
///
/// # Errors
///
/// If the store fails.
pub async fn is_locked(app: &App, permit: &Permit<ReadOwnLookUps>) -> Result<bool, AppError> {
    let account = app.store().find_account(permit.resource().account).await?;
    let (document, _) = accounts::identity_of(app, &account.ok_or(AppError::NotFound)?)?;
    let tags: Vec<_> = keys::number_tags(app.vault(), &document).all().collect();
    Ok(app.store().is_locked(&tags).await?)
}
