//! The public face of `matching`: judging, slips, the register file.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails as the test does")]

mod candidates;
mod common;
mod judging;
mod register_file;
