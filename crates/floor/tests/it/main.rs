//! The floor is proved for the shipped policies, and broken by the bad ones; no mistake goes unnoticed.

#[cfg(test)]
mod bad;
#[cfg(test)]
#[path = "../../../policy/tests/it/callers.rs"]
mod callers;
#[cfg(test)]
mod changes;
#[cfg(test)]
mod mutants;
#[cfg(test)]
#[path = "../../../policy/tests/it/questions.rs"]
mod questions;
#[cfg(test)]
mod shipped;
