//! store-sqlite.
