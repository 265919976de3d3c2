//! What a module answers, in the vault's words.

use cryptoki::error::{Error, RvError};
use vault::VaultError;

pub(crate) const fn failed(what: &'static str) -> VaultError {
    VaultError::TokenFailed { what }
}

/// A login that was refused; one that another session of this process made holds for this one, too.
pub(crate) fn of_login(error: &Error) -> Result<(), VaultError> {
    match error {
        Error::Pkcs11(RvError::UserAlreadyLoggedIn, _) => Ok(()),
        Error::Pkcs11(
            RvError::PinIncorrect
            | RvError::PinInvalid
            | RvError::PinLenRange
            | RvError::PinExpired
            | RvError::PinLocked
            | RvError::UserPinNotInitialized,
            _,
        ) => Err(VaultError::PinRefused),
        _ => Err(failed("logging in")),
    }
}

/// Whether a decryption failed for what was decrypted, and not for the token: `SoftHSM` answers a wrong tag by `GeneralError`.
pub(crate) const fn is_of_content(error: RvError) -> bool {
    matches!(
        error,
        RvError::EncryptedDataInvalid | RvError::EncryptedDataLenRange | RvError::GeneralError
    )
}
