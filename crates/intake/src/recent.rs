//! What was found of a column's latest texts: a department writes the same organ, basis and kind in row after row. It
//! changes no verdict, for what is kept hangs on the text alone.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;

/// Texts of a column that are remembered. A text has one place, by its hash; a later one takes it over.
const PLACES: usize = 64;
/// Bytes of a text that is remembered: free texts do not come again.
const TEXT_BYTES_MAX: usize = 256;
/// Texts after which a column is judged: where fewer than one in four came again, nothing is remembered any more.
const TRIAL: u32 = 512;

/// The latest texts of one column, each with what was found of it.
#[derive(Debug)]
pub(crate) struct Recent<T> {
    places: Vec<(String, Option<T>)>,
    asked: u32,
    found: u32,
    /// place of the text that was asked for and not found
    open: usize,
}

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self {
            places: Vec::new(),
            asked: 0,
            found: 0,
            open: PLACES,
        }
    }
}

impl<T> Recent<T> {
    /// What was found of `text`. If nothing is known, [`Self::keep`] may be told next.
    pub(crate) fn find(&mut self, text: &str) -> Option<&T> {
        self.open = PLACES;
        let is_worth_it = self.asked < TRIAL || self.found > self.asked / 4;
        if !is_worth_it || text.len() > TEXT_BYTES_MAX {
            return None;
        }
        if self.asked == u32::MAX {
            // Only the relation matters.
            (self.asked, self.found) = (TRIAL, TRIAL / 2);
        }
        self.asked += 1;
        #[expect(clippy::cast_possible_truncation, reason = "the low bits choose a place")]
        let at = FixedState::default().hash_one(text) as usize % PLACES;
        match self.places.get(at) {
            Some((known, Some(value))) if known == text => {
                self.found += 1;
                Some(value)
            }
            _ => {
                self.open = at;
                None
            }
        }
    }

    /// Keeps what was found of the text that [`Self::find`] did not know; `None`: nothing that hangs on it alone.
    pub(crate) fn keep(&mut self, text: &str, value: Option<T>) {
        if value.is_none() || self.open >= PLACES {
            return;
        }
        if self.places.is_empty() {
            self.places.resize_with(PLACES, || (String::new(), None));
        }
        if let Some((known, kept)) = self.places.get_mut(self.open) {
            known.clear();
            known.push_str(text);
            *kept = value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_as_long_as_no_other_took_its_place() {
        let mut recent = Recent::default();
        assert_eq!(recent.find("a"), None);
        recent.keep("a", Some(1));
        assert_eq!(recent.find("a"), Some(&1));
        assert_eq!(recent.find("b"), None);
        recent.keep("b", None);
        assert_eq!(recent.find("b"), None, "nothing was worth keeping");
        let long = "长".repeat(TEXT_BYTES_MAX);
        assert_eq!(recent.find(&long), None);
        recent.keep(&long, Some(2));
        assert_eq!(recent.find(&long), None, "too long");
    }

    #[test]
    fn what_is_found_is_always_of_that_text() {
        let mut recent = Recent::default();
        let mut hits = 0;
        for number in 0..100_000_u32 {
            let text = (number % 97 * (number % 89) % 97).to_string();
            match recent.find(&text) {
                Some(value) => {
                    assert_eq!(*value, text);
                    hits += 1;
                }
                None => recent.keep(&text, Some(text.clone())),
            }
        }
        assert!(hits > 50_000, "{hits}");
    }

    #[test]
    fn a_column_of_texts_that_never_come_again_costs_nothing_in_the_end() {
        let mut recent = Recent::default();
        for number in 0..TRIAL {
            assert_eq!(recent.find(&number.to_string()), None);
            recent.keep(&number.to_string(), Some(()));
        }
        let last = (TRIAL - 1).to_string();
        assert_eq!(recent.find(&last), None);
    }
}
