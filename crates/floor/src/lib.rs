//! Proves that the policies keep the rights floor (R1–R12), whatever they say besides.
//!
//! The theorems are formulas in `policies/floor/`, part of the program; the policies are data. The symbolic compiler turns both
//! into questions for an SMT solver; a theorem that does not hold comes with a request that breaks it, which is then put to
//! the ordinary engine. Whatever is not proved is a failure: a solver that is missing, does not know, runs out of time or
//! answers wrongly to a question whose answer is known. The server does not link this crate: it checks the signed proof.
//!
//! What a proof rests on: requests that fit the schema, which the engine checks of each request; the symbolic compiler and the
//! solver; and that the attributes of a request say what is true, which types and tests hold (`docs/assurance.md`).

mod counterexample;
mod error;
pub mod mutants;
mod prove;
mod sign;
mod solver;
mod theorem;

pub use counterexample::Counterexample;
pub use error::FloorError;
pub use prove::{NEVER_ERRS, Prover, Report};
pub use sign::{proof_key, signed};
pub use solver::version as solver_version;
pub use theorem::{Holds, Theorem, theorems};
