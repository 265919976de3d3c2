//! Who signs in by the identity provider: subjects bound to accounts, questions whose answer is awaited.

use async_trait::async_trait;
use domain::Moment;
use uuid::Uuid;

use crate::{NewAct, StoreError};

/// A subject of the identity provider that is bound to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubjectBinding {
    /// Public id.
    pub uuid: Uuid,
    /// Account.
    pub account: Uuid,
    /// Hash of issuer and subject.
    pub subject: [u8; 32],
    /// When bound.
    pub bound_at: Moment,
}

/// What a session that the provider's word began hangs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProviderSession {
    /// The binding; with it the session ends.
    pub binding: Uuid,
    /// Until when the second factor counts.
    pub second_factor_until: Option<Moment>,
    /// Hash of the provider's name for its session.
    pub session: Option<[u8; 32]>,
}

/// A question put to the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// Hash of the state that comes back.
    pub state_hash: [u8; 32],
    /// Hash of the secret in the browser that asked.
    pub browser_hash: [u8; 32],
    /// Hash of the token of the session that is to be confirmed.
    pub session_hash: Option<[u8; 32]>,
    /// Page of ours to go on with.
    pub return_to: String,
    /// From when no answer is taken.
    pub expires_at: Moment,
}

/// The side of the store that signing in by a provider needs.
#[async_trait]
pub trait SignInStore {
    /// Binds a subject to an account, whose sessions end; conflict if either is bound.
    async fn bind_subject(&self, binding: &SubjectBinding, act: &NewAct) -> Result<(), StoreError>;

    /// Ends the binding of an account and the sessions that it began; missing if there is none.
    async fn unbind_account(&self, account: Uuid, act: &NewAct) -> Result<(), StoreError>;

    /// The binding in force of a subject.
    async fn find_binding(&self, subject: &[u8; 32]) -> Result<Option<SubjectBinding>, StoreError>;

    /// The binding in force of an account.
    async fn find_binding_of(&self, account: Uuid) -> Result<Option<SubjectBinding>, StoreError>;

    /// Bindings in force, oldest first.
    async fn list_bindings(&self, limit: u32) -> Result<Vec<SubjectBinding>, StoreError>;

    /// Remembers a question, and forgets a few that are over at `now`.
    async fn begin_sign_in(&self, question: &SignIn, now: Moment) -> Result<(), StoreError>;

    /// Takes the question that an answer belongs to; whoever takes it has it alone.
    async fn take_sign_in(&self, state_hash: &[u8; 32]) -> Result<Option<SignIn>, StoreError>;

    /// Ends the sessions that a binding began: all, or those of one session at the provider and those of which it told none;
    /// how many there were.
    async fn end_sessions_of_binding(&self, binding: Uuid, session: Option<&[u8; 32]>) -> Result<u64, StoreError>;
}
