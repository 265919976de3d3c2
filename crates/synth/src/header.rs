//! Header texts as they come: brackets, underscores and spaces differ from system to system.

/// How a file spells its headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Spelling {
    /// As in the template.
    #[default]
    Template,
    /// Half-width brackets after a space.
    HalfWidth,
    /// Full-width underscores.
    FullWidthUnderscore,
    /// Hyphens for underscores.
    Hyphen,
}

pub(crate) const SPELLINGS: [Spelling; 4] = [
    Spelling::Template,
    Spelling::HalfWidth,
    Spelling::FullWidthUnderscore,
    Spelling::Hyphen,
];

impl Spelling {
    pub(crate) fn apply(self, header: &str) -> String {
        match self {
            Self::Template => header.to_owned(),
            Self::HalfWidth => header.replace('（', " (").replace('）', ")"),
            Self::FullWidthUnderscore => header.replace('_', "＿"),
            Self::Hyphen => header.replace('_', "-"),
        }
    }
}
