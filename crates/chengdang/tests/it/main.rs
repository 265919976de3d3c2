//! The whole system through its binary: one module per capability.

mod support;
