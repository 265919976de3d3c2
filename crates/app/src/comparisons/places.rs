//! Places of comparisons: so many run at once in a process, and so many for one officer, since each holds a block in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use uuid::Uuid;

/// Comparisons that run at once in a process.
const AT_ONCE: u32 = 8;
/// Comparisons of one officer that run at once: one who begins many and sends nothing leaves places to others.
const OF_ONE: u32 = 2;

/// The places taken, by officer.
#[derive(Debug, Default)]
pub(crate) struct Places(Arc<Mutex<BTreeMap<Uuid, u32>>>);

/// A place that is taken, until it is dropped: by the stream, and by the work that it began.
#[derive(Debug)]
pub(super) struct Place {
    taken: Arc<Mutex<BTreeMap<Uuid, u32>>>,
    officer: Uuid,
}

impl Places {
    /// Takes a place; `None` if there is none.
    pub(super) fn take(&self, officer: Uuid) -> Option<Place> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all: u32 = taken.values().sum();
        let own = taken.get(&officer).copied().unwrap_or_default();
        if all >= AT_ONCE || own >= OF_ONE {
            return None;
        }
        taken.insert(officer, own + 1);
        Some(Place {
            taken: Arc::clone(&self.0),
            officer,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = taken.get_mut(&self.officer) {
            *own -= 1;
            if *own == 0 {
                taken.remove(&self.officer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_officer_leaves_places_to_others_and_a_place_comes_back() {
        let places = Places::default();
        let officer = Uuid::from_u128;
        let mut held: Vec<_> = (0..4)
            .flat_map(|no| [places.take(officer(no)), places.take(officer(no))])
            .collect();
        assert!(held.iter().all(Option::is_some));
        assert!(places.take(officer(9)).is_none(), "eight at once");
        held.truncate(7);
        assert!(places.take(officer(0)).is_none(), "two of one officer");
        let place = places.take(officer(9));
        assert!(place.is_some(), "a place that came back");
        assert!(places.take(officer(8)).is_none());
        drop((place, held));
        assert!(places.0.lock().unwrap().is_empty());
    }
}
