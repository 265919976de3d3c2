//! Doors of the host by which deliveries come (GB/T 39443), beside the service.

pub(crate) mod drop;
pub(crate) mod folder;
pub(crate) mod legacy;
mod outcome;
pub(crate) mod view;
