//! One file per command.

pub(crate) mod account;
pub(crate) mod catalogue;
pub(crate) mod code;
pub(crate) mod deliver;
pub(crate) mod deliveries;
pub(crate) mod demo;
pub(crate) mod demo_look_ups;
pub(crate) mod drop;
pub(crate) mod events;
pub(crate) mod faults;
pub(crate) mod floor;
pub(crate) mod held;
pub(crate) mod keys;
pub(crate) mod legacy;
pub(crate) mod log;
pub(crate) mod matters;
pub(crate) mod migrate;
pub(crate) mod reconcile;
pub(crate) mod reviews;
pub(crate) mod serve;
pub(crate) mod synth;
pub(crate) mod verify;
pub(crate) mod view;
pub(crate) mod witness;
