//! What administrators do: each act is a row, an entry of the log, and its effect, in one transaction.

use async_trait::async_trait;
use domain::Moment;
use uuid::Uuid;

use crate::{Account, StoreError};

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ActKind {
    /// an account was created
    AccountCreated,
    /// an account was ended
    AccountEnded,
    /// the sessions of an account were ended
    SessionsEnded,
    /// a department's system was registered
    ClientRegistered,
    /// a key of a department's system was registered
    KeyRegistered,
    /// a key of a department's system was revoked
    KeyRevoked,
    /// a department's system proved its key and was refused all the same
    ClientRefused,
    /// the acts of administrators were read
    ActsRead,
    /// the figures about look-ups were read
    FiguresRead,
    /// a subject of the identity provider was bound to an account
    SubjectBound,
    /// the binding of an account to a subject of the identity provider was ended
    SubjectUnbound,
    /// log and store were checked against each other
    LogVerified,
}

/// An act to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAct {
    /// Public id.
    pub uuid: Uuid,
    /// What.
    pub kind: ActKind,
    /// Account of the administrator; nil for an operator on the host.
    pub by: Uuid,
    /// What it was done to: an id or a code, never personal data.
    pub about: String,
    /// When.
    pub at: Moment,
    /// Hash of its log entry.
    pub entry_hash: [u8; 32],
}

/// The administrators' side of the store.
#[async_trait]
pub trait AdministratorStore {
    /// Writes an act that has no other effect.
    async fn append_act(&self, act: &NewAct) -> Result<(), StoreError>;

    /// Acts, newest first, those before `before` (by the order of writing) if given; each with its place in that order.
    async fn acts(&self, before: Option<i64>, limit: u32) -> Result<Vec<(i64, NewAct)>, StoreError>;

    /// Creates an account by an act; conflict if the login name is taken or its holder has an account.
    async fn open_account(&self, account: &Account, act: &NewAct) -> Result<(), StoreError>;

    /// Ends an account, its sessions and its binding to the identity provider; conflict if it has ended.
    async fn end_account(&self, account: Uuid, act: &NewAct) -> Result<(), StoreError>;

    /// Ends the sessions of an account; how many there were.
    async fn end_sessions(&self, account: Uuid, act: &NewAct) -> Result<u64, StoreError>;

    /// The account of the holder with this hash.
    async fn find_account_of_holder(&self, holder: &[u8; 32]) -> Result<Option<Account>, StoreError>;

    /// Notes a login with both factors.
    async fn note_account_use(&self, account: Uuid, at: Moment) -> Result<(), StoreError>;

    /// Accounts of officers and administrators that live and were neither created nor used since `since`, with their last
    /// use; oldest account first.
    async fn stale_accounts(&self, since: Moment, limit: u32) -> Result<Vec<(Account, Option<Moment>)>, StoreError>;
}
