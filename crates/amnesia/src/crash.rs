//! What a loss of power leaves.

use crate::chance::Chance;

/// How a crash treats what was not synced. Whatever was, stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Crash {
    /// All of it is lost.
    Drop,
    /// Each change is kept or lost.
    Subset,
    /// As `Subset`, and writes that are kept are torn at a border of sectors.
    Tear,
    /// Later changes are kept and all earlier ones lost.
    Reorder,
}

impl Crash {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Drop, Self::Subset, Self::Tear, Self::Reorder];
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    Lost,
    Whole,
    /// Sectors `from..to` of it; the new length, if it has one, or the old.
    Torn {
        from: usize,
        to: usize,
        has_length: bool,
    },
}

/// Draws the fate of changes in their order.
pub(crate) struct Fate {
    mode: Crash,
    chance: Chance,
    /// Of four changes so many are kept.
    quarters: u64,
    /// With [`Crash::Reorder`]: what came before is lost.
    cut: u64,
}

impl Fate {
    /// `first..end` are the orders of all pending changes.
    pub(crate) fn new(mode: Crash, seed: u64, first: u64, end: u64) -> Self {
        let mut chance = Chance::new(seed);
        let quarters = 1 + chance.below(3);
        let cut = first + 1 + chance.below(end.saturating_sub(first + 1));
        Self {
            mode,
            chance,
            quarters,
            cut,
        }
    }

    /// Of a change of that order which touches so many sectors.
    pub(crate) fn of(&mut self, order: u64, sectors: usize) -> Kept {
        let is_kept = match self.mode {
            Crash::Drop => false,
            Crash::Subset | Crash::Tear => self.chance.hits(self.quarters, 4),
            Crash::Reorder => order >= self.cut,
        };
        if !is_kept {
            return Kept::Lost;
        }
        if self.mode != Crash::Tear || sectors < 2 || self.chance.hits(1, 4) {
            return Kept::Whole;
        }
        let cut = 1 + usize::try_from(self.chance.below(sectors as u64 - 1)).unwrap_or_default();
        let (from, to) = if self.chance.hits(2, 3) {
            (0, cut)
        } else {
            (cut, sectors)
        };
        Kept::Torn {
            from,
            to,
            has_length: self.chance.hits(1, 2),
        }
    }
}
