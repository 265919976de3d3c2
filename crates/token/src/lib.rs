//! Keys in a hardware module, through PKCS#11 (OASIS PKCS #11 v2.40): the wrapping key and the signing key never leave it.
//!
//! It refuses to know what is wrapped and signed, and where the key file is. It has no SM mechanisms: PKCS#11 names none, and
//! what makers add is their own.

mod error;
mod objects;

use std::fmt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::aead::GcmParams;
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::object::ObjectHandle;
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use vault::VaultError;
use vault::token::{Token, TokenKey};
use zeroize::Zeroizing;

use crate::error::{failed, of_login};

/// Bytes of a nonce. It is random, so that a KEK is good for 2^32 wrappings (NIST SP 800-38D §8.3): rotate it before.
const NONCE_BYTES: usize = 12;
/// Bits of a tag.
const TAG_BITS: u64 = 128;
/// Sessions that wait to be used again.
const SESSIONS_KEPT: usize = 16;

/// A token behind a PKCS#11 module, logged in.
pub struct Pkcs11Token {
    module: Pkcs11,
    slot: Slot,
    label: String,
    /// The login holds as long as one session of the process is open: this one is never used up.
    _login: Mutex<Session>,
    idle: Mutex<Vec<Session>>,
}

impl fmt::Debug for Pkcs11Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pkcs11Token({})", self.label)
    }
}

impl Pkcs11Token {
    /// Loads the module, finds the token with this label and logs in.
    ///
    /// # Errors
    ///
    /// [`VaultError::TokenNotFound`] if there is no such module or token, [`VaultError::PinRefused`],
    /// [`VaultError::TokenFailed`].
    pub fn open(module: &Path, label: &str, pin: &str) -> Result<Self, VaultError> {
        let module = Pkcs11::new(module).map_err(|_| VaultError::TokenNotFound {
            what: "the module cannot be loaded",
        })?;
        match module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
            // Another part of this process uses the same module.
            Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
            Err(_) => {
                return Err(VaultError::TokenNotFound {
                    what: "the module does not start",
                });
            }
        }
        let slots = module.get_slots_with_initialized_token();
        let slots = slots.map_err(|_| failed("looking for tokens"))?;
        let is_asked = |slot: &Slot| {
            module
                .get_token_info(*slot)
                .is_ok_and(|info| info.label().trim_end() == label)
        };
        let slot = slots.into_iter().find(is_asked).ok_or(VaultError::TokenNotFound {
            what: "no token has this label",
        })?;
        let session = module.open_rw_session(slot).map_err(|_| failed("opening a session"))?;
        let pin = AuthPin::new(pin.into());
        session
            .login(UserType::User, Some(&pin))
            .or_else(|error| of_login(&error))?;
        Ok(Self {
            module,
            slot,
            label: label.to_owned(),
            _login: Mutex::new(session),
            idle: Mutex::new(Vec::new()),
        })
    }

    /// Runs `work` in a session of its own: a session does one thing at a time.
    fn with<T>(&self, work: impl FnOnce(&Session) -> Result<T, VaultError>) -> Result<T, VaultError> {
        let waiting = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let session = if let Some(session) = waiting {
            session
        } else {
            let opened = self.module.open_rw_session(self.slot);
            opened.map_err(|_| failed("opening a session"))?
        };
        let outcome = work(&session)?;
        // A session in which something failed is closed: an operation may still be under way in it.
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < SESSIONS_KEPT {
            idle.push(session);
        }
        Ok(outcome)
    }

    fn with_key<T>(
        &self,
        (key, version): (TokenKey, u16),
        work: impl FnOnce(&Session, ObjectHandle) -> Result<T, VaultError>,
    ) -> Result<T, VaultError> {
        self.with(|session| {
            let handle = objects::find_secret(session, key, version)?;
            work(session, handle.ok_or(VaultError::NotInToken { version })?)
        })
    }
}

impl Token for Pkcs11Token {
    fn generate(&self, key: TokenKey, version: u16) -> Result<(), VaultError> {
        self.with(|session| objects::generate(session, key, version))
    }

    fn keep_only(&self, key: TokenKey, live: &[u16]) -> Result<(), VaultError> {
        self.with(|session| objects::keep_only(session, key, live))
    }

    fn seal(&self, kek: u16, aad: &[u8], plain: &[u8]) -> Result<Vec<u8>, VaultError> {
        self.with_key((TokenKey::Kek, kek), |session, handle| {
            let mut nonce = [0; NONCE_BYTES];
            session
                .generate_random_slice(&mut nonce)
                .map_err(|_| failed("random bytes"))?;
            let mut out = nonce.to_vec();
            let mechanism = gcm(&mut nonce, aad)?;
            let sealed = session.encrypt(&mechanism, handle, plain);
            out.extend(sealed.map_err(|_| failed("encryption"))?);
            Ok(out)
        })
    }

    fn open(&self, kek: u16, aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let (nonce, ciphertext) = sealed
            .split_first_chunk::<NONCE_BYTES>()
            .ok_or(VaultError::DoesNotOpen)?;
        self.with_key((TokenKey::Kek, kek), |session, handle| {
            let mut nonce = *nonce;
            let mechanism = gcm(&mut nonce, aad)?;
            match session.decrypt(&mechanism, handle, ciphertext) {
                Ok(plain) => Ok(Zeroizing::new(plain)),
                Err(Error::Pkcs11(error, _)) if error::is_of_content(error) => Err(VaultError::DoesNotOpen),
                Err(_) => Err(failed("decryption")),
            }
        })
    }

    fn sign(&self, version: u16, message: &[u8]) -> Result<[u8; 64], VaultError> {
        self.with_key((TokenKey::Signing, version), |session, handle| {
            let mechanism = Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Ed25519));
            let signature = session
                .sign(&mechanism, handle, message)
                .map_err(|_| failed("signing"))?;
            signature.try_into().map_err(|_| failed("signing"))
        })
    }

    fn public_key(&self, version: u16) -> Result<[u8; 32], VaultError> {
        self.with(|session| objects::public_key(session, version))
    }
}

fn gcm<'a>(nonce: &'a mut [u8; NONCE_BYTES], aad: &'a [u8]) -> Result<Mechanism<'a>, VaultError> {
    let parameters = GcmParams::new(nonce, aad, TAG_BITS.into()).map_err(|_| failed("parameters of a cipher"))?;
    Ok(Mechanism::AesGcm(parameters))
}
