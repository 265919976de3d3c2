//! Seeded chance, by counter: what is drawn for one thing never depends on what was drawn for another.

/// What a stream is drawn for; keeps the streams of one resident or row apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Draw {
    Shuffle = 1,
    Person,
    Name,
    Row,
    Dirt,
    Text,
    Doubt,
}

/// A short stream of random numbers: `SplitMix64` (Steele, Lea, Flood 2014). Its numbers are fixed by its definition, so the
/// same seed gives the same bytes whatever library version is about.
#[derive(Debug, Clone)]
pub(crate) struct Stream(u64);

const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

impl Stream {
    pub(crate) const fn new(seed: u64, draw: Draw, index: u64) -> Self {
        Self(mix(
            mix(seed ^ (draw as u64).wrapping_mul(GAMMA)) ^ index.wrapping_mul(GAMMA)
        ))
    }

    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GAMMA);
        mix(self.0)
    }

    /// A number below `limit` (0 if `limit` is 0), by multiplication; the bias is below 2^-40 for the limits used here.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        let wide = u128::from(self.next()) * u128::from(limit);
        u64::try_from(wide >> 64).unwrap_or_default()
    }

    /// A whole number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: i32, high: i32) -> i32 {
        let span = u64::try_from(i64::from(high) - i64::from(low) + 1).unwrap_or(1);
        low.saturating_add(i32::try_from(self.below(span)).unwrap_or_default())
    }

    /// True in `per_ten_thousand` of ten thousand draws.
    pub(crate) fn chance(&mut self, per_ten_thousand: u32) -> bool {
        self.below(10_000) < u64::from(per_ten_thousand)
    }

    /// One of `pool`; the default value if it is empty.
    pub(crate) fn pick<T: Copy + Default>(&mut self, pool: &[T]) -> T {
        let at = self.pick_index(pool);
        pool.get(at).copied().unwrap_or_default()
    }

    /// An index into `pool`.
    pub(crate) fn pick_index<T>(&mut self, pool: &[T]) -> usize {
        usize::try_from(self.below(pool.len() as u64)).unwrap_or_default()
    }
}

const fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_repeat_and_differ() {
        let take = |seed, draw, index| {
            let mut stream = Stream::new(seed, draw, index);
            [stream.next(), stream.next()]
        };
        assert_eq!(take(1, Draw::Row, 7), take(1, Draw::Row, 7));
        assert_ne!(take(1, Draw::Row, 7), take(2, Draw::Row, 7));
        assert_ne!(take(1, Draw::Row, 7), take(1, Draw::Dirt, 7));
        assert_ne!(take(1, Draw::Row, 7), take(1, Draw::Row, 8));
    }

    #[test]
    fn limits_hold_and_chance_is_fair_enough() {
        let mut stream = Stream::new(1, Draw::Row, 0);
        assert_eq!(stream.below(0), 0);
        let mut hits = 0;
        for _ in 0..100_000 {
            assert!(stream.below(7) < 7);
            assert!((-3..=3).contains(&stream.between(-3, 3)));
            hits += u32::from(stream.chance(100));
        }
        assert!((800..1200).contains(&hits), "{hits}");
    }
}
