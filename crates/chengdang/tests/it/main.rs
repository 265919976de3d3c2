//! The whole system through its binary: one module per capability.

#[cfg(test)]
mod again;
#[cfg(test)]
mod answers;
#[cfg(test)]
#[path = "../../../floor/tests/it/changes.rs"]
mod changes;
#[cfg(test)]
mod database;
#[cfg(test)]
mod disk;
#[cfg(test)]
mod drop;
#[cfg(test)]
mod floor;
#[cfg(test)]
mod guide;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod kill;
#[cfg(test)]
mod leaks;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod legacy;
#[cfg(test)]
mod production;
#[cfg(test)]
mod reconcile;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod support;
#[cfg(test)]
mod transparency;
#[cfg(test)]
mod truth;
#[cfg(test)]
mod uploads;
#[cfg(test)]
mod view;
