//! The conformance suite: one function per rule, run on every backend.
