//! The token over a real PKCS#11 module.

#[cfg(test)]
mod softhsm;
