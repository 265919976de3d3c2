//! The identity register as a port: the authoritative source of which name belongs to which number.

use domain::{Day, IdentityDocument, Name};

/// An authoritative source of persons: a file now, an interface of the public-security organs later.
pub trait IdentityRegister: Send + Sync {
    /// The entry of this document, if the register knows it. A converted number is looked up like any other.
    fn find(&self, document: &IdentityDocument) -> Option<RegisterEntry<'_>>;

    /// Number of entries.
    fn len(&self) -> usize;

    /// Says that these documents will be looked up next, so that a large register can fetch them all at once instead of
    /// one after another. Changes nothing that [`Self::find`] answers.
    fn warm(&self, documents: &mut dyn Iterator<Item = &IdentityDocument>) {
        let _ = documents;
    }

    /// Calls `visit` with the place of each number of which there may be an entry; a number here is the first 17 digits of a
    /// resident number, read as one. What is left out has no entry; what is visited may have none either, so [`Self::find`]
    /// says. Many are asked at once, since nearly none is known and a large register answers each from memory far away.
    fn sieve(&self, numbers: &[u64], visit: &mut dyn FnMut(usize)) {
        (0..numbers.len()).for_each(visit);
    }

    /// Calls `visit` for each person who was born on `birth` and bears or bore this name, in either script. It answers for
    /// one day and one name, never for a day alone or a name alone; a register that cannot be asked so says nothing.
    fn namesakes_born<'a>(
        &'a self,
        birth: Day,
        name: &Name,
        visit: &mut dyn FnMut(IdentityDocument, RegisterEntry<'a>),
    ) {
        let _ = (birth, name, visit);
    }

    /// Whether there is no entry.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Joins the former names of an entry; a control character, so no [`domain::Name`] contains it.
pub(crate) const FORMER_NAME_SEPARATOR: char = '\u{1f}';

/// What the register says of one document. Borrowed, so that the exact path copies nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RegisterEntry<'a> {
    name: &'a str,
    original: &'a str,
    former_names: &'a str,
}

impl<'a> RegisterEntry<'a> {
    /// An entry: the canonical name, the name as the register writes it, and the canonical former names, each followed
    /// by U+001F.
    #[must_use]
    pub const fn new(name: &'a str, original: &'a str, former_names: &'a str) -> Self {
        Self {
            name,
            original,
            former_names,
        }
    }

    /// The canonical name.
    #[must_use]
    pub const fn name(&self) -> &'a str {
        self.name
    }

    /// The name as the register writes it, for the person's own page.
    #[must_use]
    pub const fn original(&self) -> &'a str {
        self.original
    }

    /// Canonical former names (曾用名). They explain a mismatch; only a human's confirmation makes them agree.
    pub fn former_names(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.former_names
            .split(FORMER_NAME_SEPARATOR)
            .filter(|name| !name.is_empty())
    }
}

impl std::fmt::Debug for RegisterEntry<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RegisterEntry(masked)")
    }
}
