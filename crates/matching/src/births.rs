//! Entries of a register by day of birth: one list of offsets, ordered by day, and where each day begins in it.

use domain::Day;

/// Earliest year of a resident number; see `domain::ResidentId`.
const FIRST_YEAR: u32 = 1800;
/// Days of a month and of a year as they are written, with room for those that no calendar has.
const DAYS_OF_MONTH: u32 = 31;
const DAYS_OF_YEAR: u32 = 12 * DAYS_OF_MONTH;

/// Entries by day of birth.
#[derive(Default)]
pub(crate) struct Births {
    /// Place of a day → where its entries begin; one more at the end.
    begins: Vec<u32>,
    /// First day that occurs.
    first: u32,
    offsets: Vec<u32>,
}

impl Births {
    /// Offsets of the entries of those born on `day`.
    pub(crate) fn on(&self, day: Day) -> &[u32] {
        let written = (i64::from(day.year()), i64::from(day.month()), i64::from(day.day()));
        let (Ok(year), Ok(month), Ok(number)) = (
            u32::try_from(written.0),
            u32::try_from(written.1),
            u32::try_from(written.2),
        ) else {
            return &[];
        };
        self.written((year, month, number))
    }

    /// The same of a day as a number has it, which may be none of the calendar.
    pub(crate) fn written(&self, birth: (u32, u32, u32)) -> &[u32] {
        let Some(at) = place_of(birth).and_then(|place| place.checked_sub(self.first)) else {
            return &[];
        };
        let at = usize::try_from(at).unwrap_or(usize::MAX - 1);
        match (self.begins.get(at), self.begins.get(at.saturating_add(1))) {
            (Some(begin), Some(end)) => {
                let bound = |place: u32| usize::try_from(place).unwrap_or_default();
                self.offsets.get(bound(*begin)..bound(*end)).unwrap_or_default()
            }
            _ => &[],
        }
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        (self.begins.capacity() + self.offsets.capacity()) * size_of::<u32>()
    }
}

/// How many were born on each day; the first of two walks over the entries.
#[derive(Default)]
pub(crate) struct Counts {
    by_place: Vec<u32>,
}

impl Counts {
    pub(crate) fn count(&mut self, birth: Option<(u32, u32, u32)>) {
        let Some(place) = birth.and_then(place_of).and_then(|place| usize::try_from(place).ok()) else {
            return;
        };
        if self.by_place.len() <= place {
            self.by_place.resize(place + 1, 0);
        }
        if let Some(count) = self.by_place.get_mut(place) {
            *count += 1;
        }
    }

    /// Room for every entry, by day.
    pub(crate) fn into_filling(self) -> Filling {
        let skipped = self.by_place.iter().take_while(|count| **count == 0).count();
        let mut begins = Vec::with_capacity(self.by_place.len() - skipped + 1);
        let mut sum = 0;
        for count in self.by_place.iter().skip(skipped) {
            begins.push(sum);
            sum += count;
        }
        begins.push(sum);
        let births = Births {
            first: u32::try_from(skipped).unwrap_or_default(),
            offsets: vec![0; usize::try_from(sum).unwrap_or_default()],
            begins,
        };
        Filling {
            next: births.begins.clone(),
            births,
        }
    }
}

/// The second walk.
pub(crate) struct Filling {
    births: Births,
    /// Where the next entry of a day goes.
    next: Vec<u32>,
}

impl Filling {
    pub(crate) fn put(&mut self, birth: Option<(u32, u32, u32)>, offset: u32) {
        let Some(place) = birth.and_then(place_of) else { return };
        let at = usize::try_from(place.saturating_sub(self.births.first)).unwrap_or_default();
        let Some(next) = self.next.get_mut(at) else { return };
        let to = usize::try_from(*next).unwrap_or_default();
        if let Some(slot) = self.births.offsets.get_mut(to) {
            *slot = offset;
            *next += 1;
        }
    }

    pub(crate) fn finished(self) -> Births {
        self.births
    }
}

/// Days in the order of the calendar, with gaps where a month is short.
const fn place_of((year, month, day): (u32, u32, u32)) -> Option<u32> {
    if year < FIRST_YEAR || month == 0 || month > 12 || day == 0 || day > DAYS_OF_MONTH {
        return None;
    }
    Some((year - FIRST_YEAR) * DAYS_OF_YEAR + (month - 1) * DAYS_OF_MONTH + day - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_the_calendar_has_a_place_of_its_own_in_order() {
        let mut day = Day::new(1900, 1, 1).unwrap();
        let mut last = None;
        for _ in 0..50_000 {
            let written = [i64::from(day.year()), i64::from(day.month()), i64::from(day.day())];
            let [year, month, number] = written.map(|part| u32::try_from(part).unwrap());
            let place = place_of((year, month, number));
            assert!(place > last, "{day}");
            last = place;
            day = day.plus_days(1).unwrap();
        }
        for none in [(1799, 12, 31), (1990, 0, 1), (1990, 13, 1), (1990, 1, 0), (1990, 1, 32)] {
            assert_eq!(place_of(none), None);
        }
    }

    #[test]
    fn a_day_gives_back_its_own_entries_and_no_others() {
        let entries = [
            ((1990, 2, 28), 7),
            ((1990, 3, 28), 8),
            ((1985, 1, 1), 9),
            ((1990, 2, 28), 10),
        ];
        let mut counts = Counts::default();
        for (birth, _) in entries {
            counts.count(Some(birth));
        }
        counts.count(None);
        let mut filling = counts.into_filling();
        for (birth, offset) in entries {
            filling.put(Some(birth), offset);
        }
        let births = filling.finished();
        let on = |year, month, day| births.on(Day::new(year, month, day).unwrap());
        assert_eq!(on(1990, 2, 28), [7, 10]);
        assert_eq!((on(1990, 3, 28), on(1985, 1, 1)), (&[8][..], &[9][..]));
        for other in [on(1984, 12, 31), on(1985, 1, 2), on(1990, 3, 29), on(2026, 1, 1)] {
            assert!(other.is_empty());
        }
    }
}
