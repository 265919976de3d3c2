//! The whole system through its binary: one module per capability.

#[cfg(test)]
mod support;
