//! Business systems of departments, their keys, short sessions and used nonces.

use async_trait::async_trait;
use domain::{Moment, Uscc};
use uuid::Uuid;

use crate::{NewAct, StoreError};

/// Bytes of the largest public key: an uncompressed point of SM2.
pub const CLIENT_KEY_BYTES_MAX: usize = 65;

/// A department's system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Public id.
    pub uuid: Uuid,
    /// Organisation that runs it.
    pub organisation: Uscc,
    /// Name of the system; unique within the organisation.
    pub name: String,
    /// When registered.
    pub registered_at: Moment,
}

/// Algorithm of a client's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyAlgorithm {
    /// Ed25519 (RFC 8032)
    Ed25519,
    /// SM2 with SM3 (GB/T 32918)
    Sm2,
}

/// A public key of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientKey {
    /// Public id: the `keyid` of a signature.
    pub uuid: Uuid,
    /// Whose.
    pub client: Uuid,
    /// Algorithm.
    pub algorithm: KeyAlgorithm,
    /// The key; no two clients share one.
    pub public_key: Vec<u8>,
    /// From when it is good.
    pub valid_from: Moment,
    /// Until when, this moment excluded.
    pub valid_until: Moment,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Moment>,
}

impl ClientKey {
    /// Whether it is good at `now`: in its time, and not revoked.
    #[must_use]
    pub fn is_good(&self, now: Moment) -> bool {
        self.revoked_at.is_none() && self.valid_from <= now && now < self.valid_until
    }
}

/// A short session of a client; its message key is derived from what stands here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientSession {
    /// Public id: the `keyid` of its messages.
    pub uuid: Uuid,
    /// Key that asked for it.
    pub key: Uuid,
    /// When begun.
    pub created_at: Moment,
    /// End.
    pub expires_at: Moment,
}

/// The clients' side of the store. Nothing here may be cached: a revocation binds every node at once (G-36).
#[async_trait]
pub trait ClientStore {
    /// Registers a client; conflict if the organisation has one of this name.
    async fn register_client(&self, client: &Client, act: &NewAct) -> Result<(), StoreError>;

    /// Registers a key; conflict if any client has it.
    async fn register_client_key(&self, key: &ClientKey, act: &NewAct) -> Result<(), StoreError>;

    /// Revokes a key and ends its sessions; conflict if it was revoked before, missing if there is none.
    async fn revoke_client_key(&self, key: Uuid, act: &NewAct) -> Result<(), StoreError>;

    /// A client.
    async fn find_client(&self, uuid: Uuid) -> Result<Option<Client>, StoreError>;

    /// A key and its client.
    async fn find_client_key(&self, uuid: Uuid) -> Result<Option<(ClientKey, Client)>, StoreError>;

    /// Clients in order of registration.
    async fn list_clients(&self, limit: u32) -> Result<Vec<Client>, StoreError>;

    /// Keys of a client, oldest first.
    async fn keys_of_client(&self, client: Uuid) -> Result<Vec<ClientKey>, StoreError>;

    /// Begins a session, and clears away some that are over.
    async fn begin_client_session(&self, session: &ClientSession) -> Result<(), StoreError>;

    /// A session.
    async fn find_client_session(&self, uuid: Uuid) -> Result<Option<ClientSession>, StoreError>;

    /// Remembers a nonce until `until`; `false` if it is remembered already. Durable when it answers. Clears away some whose
    /// time is over at `now`, more than it adds, so that the table holds what a window holds.
    async fn use_nonce(&self, nonce_hash: &[u8; 32], now: Moment, until: Moment) -> Result<bool, StoreError>;

    /// How many nonces are remembered.
    async fn count_nonces(&self) -> Result<u64, StoreError>;
}
