//! Which areas (the first six digits of a resident number) occur in a register: one bit each, small enough to stay in the
//! processor's caches, so that a number of an area without anybody costs no look into the large table.

/// Areas that six digits can name.
const AREAS: usize = 1_000_000;

/// The areas that occur.
#[derive(Default)]
pub(crate) struct Areas {
    bits: Vec<u64>,
}

impl Areas {
    pub(crate) fn add(&mut self, area: u32) {
        if self.bits.is_empty() {
            self.bits = vec![0; AREAS.div_ceil(64)];
        }
        let (word, bit) = place_of(area);
        if let Some(word) = self.bits.get_mut(word) {
            *word |= bit;
        }
    }

    pub(crate) fn has(&self, area: u32) -> bool {
        let (word, bit) = place_of(area);
        self.bits.get(word).is_some_and(|word| word & bit != 0)
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        self.bits.capacity() * size_of::<u64>()
    }
}

fn place_of(area: u32) -> (usize, u64) {
    (usize::try_from(area / 64).unwrap_or(usize::MAX), 1 << (area % 64))
}
