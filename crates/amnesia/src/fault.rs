//! Calls that are counted, and faults that wait for one of them.

use std::collections::BTreeMap;

/// Kinds of calls that reach the disk. What the kernel answers from its cache does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    /// reads bytes
    Read,
    /// writes bytes
    Write,
    /// sets a length
    Length,
    /// makes bytes or names durable
    Sync,
    /// makes, renames or removes a file or folder
    Name,
}

impl Call {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Read, Self::Write, Self::Length, Self::Sync, Self::Name];
}

/// What happens at a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It and every later call fail, as if the power went at that moment. A change that was under way may be kept.
    Freeze,
    /// It fails with EIO. A sync that fails has lost what it should have made durable, and a later one does not tell, as
    /// on Linux.
    Io,
    /// A write writes the first half only, and says so. Any other call fails with EIO.
    Short,
}

/// A fault that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// Which calls are counted; `None` counts all that change something.
    pub call: Option<Call>,
    /// At which of them, counted from 1 since the fault was armed.
    pub nth: u64,
    /// What happens.
    pub effect: Effect,
}

impl Fault {
    pub(crate) fn counts(&self, call: Call) -> bool {
        self.call.map_or(call != Call::Read, |counted| counted == call)
    }
}

/// Calls since the disk was mounted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Calls(BTreeMap<Call, u64>);

impl Calls {
    pub(crate) fn add(&mut self, call: Call) {
        *self.0.entry(call).or_default() += 1;
    }

    /// Calls of one kind.
    #[must_use]
    pub fn of(&self, call: Call) -> u64 {
        self.0.get(&call).copied().unwrap_or_default()
    }

    /// Calls that change something.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.0.values().sum::<u64>() - self.of(Call::Read)
    }
}
