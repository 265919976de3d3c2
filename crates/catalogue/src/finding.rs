//! What the linter reports.

use std::fmt;

/// The rule of the rights floor that a finding is about, or the form of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LintRule {
    /// No score, grade, rank or points of a person.
    R1,
    /// Legal basis or refusal: the seven elements, a basis of provincial or higher rank, no forbidden item or column.
    R2,
    /// Closed lists of purposes and measures, each with its statute; some cannot be expressed at all.
    R4,
    /// Linked and proportionate: nothing of one field in another unless the law says so.
    R5,
    /// No doubt against the person: what cannot be judged is held.
    R7,
    /// Time ends it.
    R8,
    /// No publication of persons.
    R9,
    /// The form of the files.
    Form,
}

impl LintRule {
    /// `R1` … `R9`, or `form`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::R1 => "R1",
            Self::R2 => "R2",
            Self::R4 => "R4",
            Self::R5 => "R5",
            Self::R7 => "R7",
            Self::R8 => "R8",
            Self::R9 => "R9",
            Self::Form => "form",
        }
    }

    /// What the rule rests on, cited unless a finding names something closer.
    #[must_use]
    pub const fn article(self) -> &'static str {
        match self {
            Self::R1 => "个人信息保护法 第六条、第二十四条",
            Self::R2 => "山东省社会信用条例 第十条",
            Self::R4 => "山东省社会信用条例 第二十二条",
            Self::R5 => "山东省社会信用条例 第二十七条",
            Self::R7 => "山东省社会信用条例 第六条",
            Self::R8 => "山东省社会信用条例 第三十八条",
            Self::R9 => "山东省社会信用条例 第二十条",
            Self::Form => "catalogue/README.md",
        }
    }
}

impl fmt::Display for LintRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing that is wrong with the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// File below the catalogue's directory, with `/` between folders.
    pub file: String,
    /// Place in the file, such as `fields[3] CF_WSH`, `line 7` or `top level`.
    pub place: String,
    /// The rule that is broken.
    pub rule: LintRule,
    /// What is wrong and what to do, in one sentence.
    pub message: String,
    /// The article that the rule rests on.
    pub article: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {}: [{}] {} ({})",
            self.file, self.place, self.rule, self.message, self.article
        )
    }
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct At {
    /// File below the catalogue's directory.
    pub(crate) file: String,
    /// Place in it.
    pub(crate) place: String,
}

impl At {
    /// The place `place` of `file`.
    pub(crate) fn new(file: &str, place: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            place: place.into(),
        }
    }
    /// A place within this one.
    pub(crate) fn within(&self, place: impl fmt::Display) -> Self {
        let place = if self.place.is_empty() {
            place.to_string()
        } else {
            format!("{} {place}", self.place)
        };
        Self {
            file: self.file.clone(),
            place,
        }
    }
}

/// The findings so far.
#[derive(Debug, Default)]
pub(crate) struct Findings(Vec<Finding>);

impl Findings {
    /// Adds a finding under the rule's own article.
    pub(crate) fn add(&mut self, at: &At, rule: LintRule, message: impl Into<String>) {
        self.cite(at, rule, message, rule.article());
    }
    /// Adds a finding that cites `article`.
    pub(crate) fn cite(&mut self, at: &At, rule: LintRule, message: impl Into<String>, article: &str) {
        self.0.push(Finding {
            file: at.file.clone(),
            place: if at.place.is_empty() {
                "top level".to_owned()
            } else {
                at.place.clone()
            },
            rule,
            message: message.into(),
            article: article.to_owned(),
        });
    }
    /// All of them, ordered by file and in each file as found; the same finding twice is one.
    pub(crate) fn into_sorted(self) -> Vec<Finding> {
        let mut all = self.0;
        all.sort_by(|a, b| a.file.cmp(&b.file));
        let mut seen = std::collections::BTreeSet::new();
        all.retain(|finding| seen.insert(finding.clone()));
        all
    }
}
