//! The binary as residents and auditors run it.

#[cfg(test)]
mod checks;
#[cfg(test)]
mod entries;
