//! Business systems of departments and their keys: registered and revoked by the security administrator, revoked by one
//! person, at once (AB-03).

use domain::{Moment, Uscc};
use policy::{Permit, RegisterClient, RevokeClient};
use store::{ActKind, Client, ClientKey, ENDPOINT_CHARS_MAX, Endpoint, KeyAlgorithm, StoreError};
use uuid::Uuid;

use crate::administrators::act;
use crate::{App, AppError, accounts, asking};

/// A key lasts a year at most: then it is made anew.
pub const KEY_DAYS_MAX: u32 = 366;
/// Systems listed at once.
pub const CLIENTS_MAX: u32 = 500;
const DAY_MS: i64 = 86_400_000;

/// A system with its keys.
#[derive(Debug, Clone)]
pub struct ClientView {
    /// The system.
    pub client: Client,
    /// Its keys, oldest first.
    pub keys: Vec<ClientKey>,
    /// Where its events go; `None` = nowhere, it reads them itself.
    pub endpoint: Option<Endpoint>,
}

/// A key to be registered.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// Whose.
    pub client: Uuid,
    /// Algorithm.
    pub algorithm: KeyAlgorithm,
    /// Public key.
    pub public_key: Vec<u8>,
    /// From when it is good; now if `None`.
    pub valid_from: Option<Moment>,
    /// Days for which it is good.
    pub days: u32,
}

/// Registers a system of an organisation that the catalogue knows.
///
/// # Errors
///
/// [`AppError::Invalid`] if name or organisation is not acceptable, [`AppError::Conflict`] if the organisation has one of this
/// name.
pub async fn register(
    app: &App,
    permit: &Permit<RegisterClient>,
    organisation: Uscc,
    name: &str,
) -> Result<Client, AppError> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(AppError::Invalid {
            what: "the name of a system has 1 to 100 characters",
        });
    }
    if !app.catalogue().organisations.contains_key(&organisation) {
        return Err(AppError::Invalid {
            what: "the register of organisations does not know this code",
        });
    }
    let client = Client {
        uuid: app.fresh_uuid(),
        organisation,
        name: name.to_owned(),
        registered_at: app.now(),
    };
    let by = permit.caller().account;
    let act = act(app, ActKind::ClientRegistered, by, client.uuid.to_string());
    accounts::or_conflict(app.store().register_client(&client, &act).await)?;
    Ok(client)
}

/// Registers a key of a system.
///
/// # Errors
///
/// [`AppError::Invalid`] if it cannot be a key of its algorithm or lasts too long, [`AppError::NotFound`] if there is no such
/// system, [`AppError::Conflict`] if the key is registered already, by whomever.
pub async fn register_key(app: &App, permit: &Permit<RegisterClient>, new: NewKey) -> Result<ClientKey, AppError> {
    if !asking::request_algorithm(new.algorithm).is_public_key(&new.public_key) {
        return Err(AppError::Invalid {
            what: "these bytes are no public key of the algorithm",
        });
    }
    if new.days == 0 || new.days > KEY_DAYS_MAX {
        return Err(AppError::Invalid {
            what: "a key lasts 1 to 366 days",
        });
    }
    let valid_from = new.valid_from.unwrap_or_else(|| app.now());
    let key = ClientKey {
        uuid: app.fresh_uuid(),
        client: new.client,
        algorithm: new.algorithm,
        public_key: new.public_key,
        valid_from,
        valid_until: Moment(valid_from.0.saturating_add(i64::from(new.days) * DAY_MS)),
        revoked_at: None,
    };
    let by = permit.caller().account;
    let act = act(app, ActKind::KeyRegistered, by, format!("{} {}", key.client, key.uuid));
    match app.store().register_client_key(&key, &act).await {
        Err(StoreError::Missing { .. }) => Err(AppError::NotFound),
        other => accounts::or_conflict(other),
    }?;
    Ok(key)
}

/// Revokes a key and ends its sessions. It binds the next request on every node, for nothing of it is cached (G-36).
///
/// # Errors
///
/// [`AppError::NotFound`] if there is none, [`AppError::Conflict`] if it was revoked before.
pub async fn revoke_key(app: &App, permit: &Permit<RevokeClient>, key: Uuid) -> Result<(), AppError> {
    let act = act(app, ActKind::KeyRevoked, permit.caller().account, key.to_string());
    match app.store().revoke_client_key(key, &act).await {
        Err(StoreError::Missing { .. }) => Err(AppError::NotFound),
        other => accounts::or_conflict(other),
    }
}

/// Sets where the events of a system go, or ends it. Whether the address may be used at all the edge has checked.
///
/// # Errors
///
/// [`AppError::Invalid`] if the address is too long, [`AppError::NotFound`] if there is no such system.
pub async fn set_endpoint(
    app: &App,
    permit: &Permit<RegisterClient>,
    client: Uuid,
    url: Option<&str>,
) -> Result<Endpoint, AppError> {
    if url.is_some_and(|url| url.is_empty() || url.len() > ENDPOINT_CHARS_MAX) {
        return Err(AppError::Invalid {
            what: "the address of an endpoint has 1 to 500 characters",
        });
    }
    app.store().find_client(client).await?.ok_or(AppError::NotFound)?;
    let endpoint = Endpoint {
        client,
        url: url.map(str::to_owned),
        at: app.now(),
    };
    let kind = if url.is_some() {
        ActKind::EndpointSet
    } else {
        ActKind::EndpointEnded
    };
    let act = act(app, kind, permit.caller().account, client.to_string());
    app.store().set_endpoint(&endpoint, &act).await?;
    Ok(endpoint)
}

/// All systems with their keys and endpoints.
///
/// # Errors
///
/// If the store fails.
pub async fn list(app: &App, _: &Permit<RegisterClient>) -> Result<Vec<ClientView>, AppError> {
    let mut views = Vec::new();
    for client in app.store().list_clients(CLIENTS_MAX).await? {
        let keys = app.store().keys_of_client(client.uuid).await?;
        let endpoint = app.store().find_endpoint(client.uuid).await?;
        views.push(ClientView {
            endpoint: endpoint.filter(|endpoint| endpoint.url.is_some()),
            client,
            keys,
        });
    }
    Ok(views)
}
