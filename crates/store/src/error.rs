//! What a store answers when it cannot do what it was asked.

/// A store's refusal or failure. No variant carries personal data.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else wrote first; nothing was written. Read again and retry.
    #[error("the store changed meanwhile: {what}")]
    Conflict {
        /// What collided, without contents.
        what: &'static str,
    },
    /// The row that must exist does not.
    #[error("{what} does not exist")]
    Missing {
        /// What was asked for, without contents.
        what: &'static str,
    },
    /// The lease was lost to a later holder.
    #[error("the lease {name} is held by another process")]
    LeaseLost {
        /// Name of the lease.
        name: &'static str,
    },
    /// The disk is full; nothing was written. What was asked may be asked again once there is space.
    #[error("the storage is full: free space, and what waits goes on; nothing acknowledged is lost")]
    Full,
    /// The backend cannot be reached; nothing acknowledged is lost.
    #[error("the store is not available: {cause}")]
    Unavailable {
        /// The backend's error class, without row contents.
        cause: String,
    },
    /// The commit may or may not have happened; resolve by the idempotency key (I8).
    #[error("the outcome of the commit is unknown")]
    OutcomeUnknown,
    /// What was asked breaks a rule of the store whatever the others do; nothing was written. A fault of the program.
    #[error("the store refuses it: {what}")]
    Invalid {
        /// The rule, without contents.
        what: &'static str,
    },
    /// The stored data or the schema is not as this version expects.
    #[error("the store is damaged or of another version: {what}")]
    Damaged {
        /// What is wrong, without contents.
        what: String,
    },
}
