//! Reads workbooks in a process of their own that can do nothing but read them (abuse case AB-21): what unpacks
//! them is foreign, what they hold may be hostile, and this process holds keys and records.
//!
//! [`ConfinedReader`] starts the program again as [`COMMAND`], hands it a sealed copy of the file as its standard input
//! and reads rows from its standard output, with a limit on how long it waits. [`serve`] is the other side: before it
//! looks at a byte it gives up memory beyond a limit, processor time, files, processes and, by a filter, every system call
//! but those of reading and computing. It has no environment, no other descriptor, no network.

mod child;
mod confinement;
mod filter;
mod parent;

pub use child::{Allowance, serve, serve_by};
pub use confinement::Confinement;
pub use parent::ConfinedReader;

/// The first argument of the program when it is to read a workbook.
pub const COMMAND: &str = "read-workbook";
