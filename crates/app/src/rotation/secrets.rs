//! Secrets of persons, deliveries and accounts go under the newest wrapping key.

use store::{Rewrapped, SecretOf};
use vault::{KeyName, SecretOwner, VaultError};

use super::{Carried, PORTION};
use crate::{App, AppError, deliver};

const fn owner(of: SecretOf) -> SecretOwner {
    match of {
        SecretOf::Person => SecretOwner::Person,
        SecretOf::Delivery => SecretOwner::Delivery,
        SecretOf::Account => SecretOwner::Account,
    }
}

pub(super) async fn carry(app: &App, carried: &mut Carried, on_progress: &impl Fn(u64)) -> Result<(), AppError> {
    let newest = app.vault().versions(KeyName::Kek).first().copied().unwrap_or_default();
    for of in SecretOf::ALL {
        let mut after = i64::MIN;
        loop {
            let page = app.store().secrets_before(of, newest, after, PORTION).await?;
            let Some(last) = page.last() else { break };
            after = last.number;
            let mut changes = Vec::with_capacity(page.len());
            for secret in page {
                match app.vault().wrap_anew(owner(of), secret.uuid, &secret.wrapped) {
                    Ok(Some(after)) => changes.push(Rewrapped {
                        number: secret.number,
                        before: secret.wrapped,
                        after,
                    }),
                    Ok(None) => {}
                    Err(VaultError::DoesNotOpen | VaultError::UnknownKeyVersion { .. }) => carried.damaged += 1,
                    Err(other) => return Err(other.into()),
                }
            }
            // Where the form changed meanwhile (the secret was destroyed), nothing is written.
            carried.secrets += app.store().rewrap(of, &changes).await?;
            on_progress(carried.secrets);
        }
    }
    carried.uploads = deliver::uploads_wrapped_before(app, newest).await?;
    Ok(())
}
