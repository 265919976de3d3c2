//! Salts from the system's random source, fetched by the page: a question to it costs as much as sealing a record.

use std::cell::RefCell;

use crate::VaultError;
use crate::suite::Suite;

/// Bytes of a salt.
pub(crate) const SALT_BYTES: usize = 16;
/// Salts fetched at once.
const FETCHED: usize = 256;

thread_local! {
    static FRESH: RefCell<Vec<[u8; SALT_BYTES]>> = const { RefCell::new(Vec::new()) };
}

/// A salt that nobody has had. Salts are stored in the clear, so those that wait need not be hidden.
pub(crate) fn next(suite: &dyn Suite) -> Result<[u8; SALT_BYTES], VaultError> {
    FRESH.with_borrow_mut(|fresh| {
        if let Some(salt) = fresh.pop() {
            return Ok(salt);
        }
        let mut bytes = [0; FETCHED * SALT_BYTES];
        suite.fill_random(&mut bytes)?;
        let (salts, _) = bytes.as_chunks::<SALT_BYTES>();
        fresh.extend_from_slice(salts);
        fresh.pop().ok_or(VaultError::Cipher { what: "random bytes" })
    })
}
