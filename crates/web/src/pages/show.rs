//! Small things that several pages show.

use app::own_file::OwnField;
use domain::catalogue::{Disclosure, ItemNature};

use crate::prefs::query_word;
use crate::texts::Lang;

/// A labelled value.
pub(super) struct Fact {
    pub(super) label: String,
    pub(super) value: String,
    pub(super) is_withheld: bool,
}

impl Fact {
    pub(super) fn of(lang: Lang, field: &OwnField) -> Self {
        let label = lang.of(&field.label);
        // Amounts are kept as given; a label that names the unit says it once.
        let value = match field.unit {
            Some(unit) if !field.value.is_empty() && !label.contains(unit) => {
                format!("{} {}", field.value, lang.text("unit-wan"))
            }
            _ => field.value.clone(),
        };
        Self {
            label: label.to_owned(),
            value,
            is_withheld: field.is_withheld,
        }
    }
}

pub(super) const fn nature_key(nature: ItemNature) -> &'static str {
    match nature {
        ItemNature::Basic => "nature-basic",
        ItemNature::Adverse => "nature-adverse",
        ItemNature::Other => "nature-other",
    }
}

/// Who may see a record, in a sentence to its person.
pub(super) const fn disclosure_key(disclosure: Disclosure) -> &'static str {
    match disclosure {
        Disclosure::Authorised => "disclosure-authorised",
        Disclosure::Shared => "disclosure-shared",
    }
}

/// A part of a long list. Pages stay below 100 kB for poor lines; the whole can still be asked for, to print it.
pub(super) struct Pager {
    pub(super) page: usize,
    pub(super) pages: usize,
    per_page: usize,
    is_whole: bool,
}

impl Pager {
    /// The part that the query asks for: `page=2` or `page=all`; the first one if it asks for none that exists.
    pub(super) fn new(query: Option<&str>, total: usize, per_page: usize) -> Self {
        let asked = query_word(query, "page");
        let pages = total.div_ceil(per_page).max(1);
        let page = asked
            .and_then(|text| text.parse().ok())
            .filter(|page| (1..=pages).contains(page))
            .unwrap_or(1);
        Self {
            page,
            pages,
            per_page,
            is_whole: asked == Some("all"),
        }
    }

    /// Whether the entry at `place`, from 0, belongs to this part.
    pub(super) const fn has(&self, place: usize) -> bool {
        self.is_whole || place / self.per_page + 1 == self.page
    }

    /// Whether there is anything to leaf through.
    pub(super) const fn is_needed(&self) -> bool {
        self.pages > 1 && !self.is_whole
    }
}

/// `42` as it is, `1234567` as `1 234 567`: groups of three with a narrow no-break space.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    if digits.len() < 5 {
        return digits;
    }
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 * 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pager_takes_only_pages_that_exist() {
        let places = |query| {
            (0..5)
                .filter(|place| Pager::new(query, 5, 2).has(*place))
                .collect::<Vec<_>>()
        };
        assert_eq!(places(None), [0, 1]);
        assert_eq!(places(Some("page=3")), [4]);
        assert_eq!(places(Some("page=4")), [0, 1]);
        assert_eq!(places(Some("page=-1")), [0, 1]);
        assert_eq!(places(Some("page=all")), [0, 1, 2, 3, 4]);
        assert_eq!(Pager::new(None, 0, 2).pages, 1);
    }

    #[test]
    fn long_numbers_are_grouped() {
        assert_eq!(grouped(1234), "1234");
        assert_eq!(grouped(50_000), "50\u{202f}000");
        assert_eq!(grouped(1_234_567), "1\u{202f}234\u{202f}567");
    }
}
