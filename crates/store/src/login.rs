//! Accounts, sessions and failed attempts.

use async_trait::async_trait;
use domain::{Moment, Uscc};
use uuid::Uuid;

use crate::{ProviderSession, Sealed, StoreError};

/// What an account may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountKind {
    /// 本人
    Resident,
    /// 部门经办人
    Officer,
    /// 市信用中心
    Centre,
    /// 系统管理员: creates and ends accounts
    SystemAdmin,
    /// 安全管理员: keys of departments' systems, sessions
    SecurityAdmin,
    /// 审计管理员: reads what administrators did
    AuditAdmin,
}

impl AccountKind {
    /// Whether it is one of the three administrators, who are kept apart (三员分立, GB/T 22239 8.1.4.2).
    #[must_use]
    pub const fn is_administrator(self) -> bool {
        matches!(self, Self::SystemAdmin | Self::SecurityAdmin | Self::AuditAdmin)
    }
}

/// Stands in place of a password's hash where the login is an identity provider's; no password fits it.
pub const EXTERNAL_LOGIN: &str = "external";

/// An account.
#[derive(Debug, Clone)]
pub struct Account {
    /// Public id; AAD row of its sealed columns.
    pub uuid: Uuid,
    /// Kind.
    pub kind: AccountKind,
    /// Login name, unique; never an identity number.
    pub login: String,
    /// argon2id hash (PHC string), or [`EXTERNAL_LOGIN`].
    pub password_hash: String,
    /// TOTP secret, sealed with the account's key.
    pub totp_secret: Sealed,
    /// Organisation of an officer.
    pub organisation: Option<Uscc>,
    /// Verified identity of a resident (document and name), sealed with the account's key.
    pub identity: Sealed,
    /// Account's key, wrapped.
    pub key: Vec<u8>,
    /// When created.
    pub created_at: Moment,
    /// Hash of the holder's staff number; a human holds one account. Administrators must have it.
    pub holder: Option<[u8; 32]>,
    /// When it ended, if it did; not written by [`LoginStore::create_account`].
    pub ended_at: Option<Moment>,
}

/// A session. The store keeps only the hash of the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of the token in the cookie.
    pub token_hash: [u8; 32],
    /// Account.
    pub account: Uuid,
    /// Whether the second factor was given.
    pub is_verified: bool,
    /// CSRF secret of the session.
    pub csrf: [u8; 32],
    /// When begun.
    pub created_at: Moment,
    /// Last use.
    pub used_at: Moment,
    /// End at the latest.
    pub expires_at: Moment,
    /// What it hangs on, if the identity provider's word began it.
    pub provider: Option<ProviderSession>,
}

/// The login side of the store.
#[async_trait]
pub trait LoginStore {
    /// Creates an account; conflict if the login name is taken or its holder has an account.
    async fn create_account(&self, account: &Account) -> Result<(), StoreError>;
    /// By login name.
    async fn find_account_by_login(&self, login: &str) -> Result<Option<Account>, StoreError>;
    /// By id.
    async fn find_account(&self, uuid: Uuid) -> Result<Option<Account>, StoreError>;
    /// All accounts, for the demo's print-out and leaver checks.
    async fn list_accounts(&self, limit: u32) -> Result<Vec<Account>, StoreError>;

    /// Begins a session; conflict if its token is another's.
    async fn put_session(&self, session: &Session) -> Result<(), StoreError>;
    /// Notes that a session is used at `at`; `false` if it has ended, which it stays.
    async fn touch_session(&self, token_hash: &[u8; 32], at: Moment) -> Result<bool, StoreError>;
    /// A session by token hash; none whose binding to the identity provider is no longer in force, and none that the
    /// provider's word did not begin while the account is bound.
    async fn find_session(&self, token_hash: &[u8; 32]) -> Result<Option<Session>, StoreError>;
    /// Ends a session.
    async fn delete_session(&self, token_hash: &[u8; 32]) -> Result<(), StoreError>;
    /// Ends sessions that expired before `now`.
    async fn delete_expired_sessions(&self, now: Moment) -> Result<u64, StoreError>;

    /// Counts one attempt under `key` (a hash of login name or address) and returns how many lie after `since`, this one included.
    async fn count_attempt(&self, key: &[u8; 32], at: Moment, since: Moment) -> Result<u32, StoreError>;
    /// How many attempts lie after `since`.
    async fn attempts(&self, key: &[u8; 32], since: Moment) -> Result<u32, StoreError>;
    /// Forgets the attempts under `key` (after a success).
    async fn clear_attempts(&self, key: &[u8; 32]) -> Result<(), StoreError>;

    /// Remembers a used one-time code step of an account; `false` if it was used before (RFC 6238 §5.2).
    async fn use_totp_step(&self, account: Uuid, step: u64) -> Result<bool, StoreError>;
}
