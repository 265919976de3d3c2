//! The public face of `catalogue`: the shipped files, and for each rule of the linter a catalogue that breaks it (the
//! shipped one with one edit). One binary, one module per capability.

#[cfg(test)]
mod basis;
#[cfg(test)]
mod changes;
#[cfg(test)]
mod clocks;
#[cfg(test)]
mod common;
#[cfg(test)]
mod form_items;
#[cfg(test)]
mod form_rules;
#[cfg(test)]
mod shipped;
#[cfg(test)]
mod uses;
