//! What the policies permit, and all that refuses.

#[cfg(test)]
mod callers;
#[cfg(test)]
mod kept;
#[cfg(test)]
mod matrix;
#[cfg(test)]
mod questions;
#[cfg(test)]
mod refusals;
