//! The disk against a model, and lent to real programs.

#[cfg(test)]
mod model;
#[cfg(test)]
mod mounted;
