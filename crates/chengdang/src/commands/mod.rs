//! One file per command.

pub(crate) mod catalogue;
pub(crate) mod code;
pub(crate) mod deliver;
pub(crate) mod deliveries;
pub(crate) mod demo;
pub(crate) mod drop;
pub(crate) mod faults;
pub(crate) mod held;
pub(crate) mod keys;
pub(crate) mod legacy;
pub(crate) mod migrate;
pub(crate) mod reconcile;
pub(crate) mod reviews;
pub(crate) mod serve;
pub(crate) mod synth;
pub(crate) mod verify;
pub(crate) mod view;
