//! The synthetic city against itself (same seed, same bytes) and against intake and matching (the truth is the truth).
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a helper of a test fails as the test does"
)]

mod agreement;
mod canaries;
mod common;
mod repeatable;
