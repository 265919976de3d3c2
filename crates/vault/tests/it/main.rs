//! What the vault promises to the other crates.

#[cfg(test)]
mod canary;
#[cfg(test)]
mod key_file;
#[cfg(test)]
mod openssl;
#[cfg(test)]
mod sealing;
#[cfg(test)]
mod staged;
#[cfg(test)]
mod vectors;
#[cfg(test)]
mod wycheproof;
