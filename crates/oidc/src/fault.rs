//! What can go wrong between the provider and us.

/// Why the provider's word was not taken. Repeats nothing of what was sent: whoever sent it may be anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProviderFault {
    /// It does not answer, or not as the specification says.
    #[error("the identity provider cannot be used now: {what}")]
    Away {
        /// What does not work.
        what: &'static str,
    },
    /// The answer names another issuer, or none where this one always does (RFC 9207).
    #[error("the answer comes from another identity provider")]
    OtherIssuer,
    /// The code was not exchanged: used before, over, or another client's.
    #[error("the identity provider does not take the code")]
    Code,
    /// The token is not good.
    #[error("the token of the identity provider is not good: {what}")]
    Token {
        /// Which rule it breaks.
        what: &'static str,
    },
}

impl ProviderFault {
    /// The public code; see `docs/errors.md`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Away { .. } => "SIGNIN-0001",
            Self::OtherIssuer => "SIGNIN-0004",
            Self::Code => "SIGNIN-0005",
            Self::Token { .. } => "SIGNIN-0006",
        }
    }
}
