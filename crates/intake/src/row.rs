//! What cleaning makes of a row.

use std::fmt;

use domain::catalogue::{BreachClass, RuleId};
use domain::record::EncodedContent;
use domain::{Day, DocumentKind, IdentityDocument, Name};

use crate::Fault;

/// 数据状态: what a row asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowOperation {
    /// 新增; also where the file has no such column
    New,
    /// 更新
    Update,
    /// 删除
    Delete,
}

/// Rules that hold the row until the provider has answered (R7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// The first rule that fits, in the order of the catalogue.
    pub rule: RuleId,
    /// The others.
    pub also: Vec<RuleId>,
}

/// A row whose every cell was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CleanRow {
    /// Line in the file.
    pub line: u32,
    /// What it asks for.
    pub operation: RowOperation,
    /// Document; its number is checked.
    pub document: IdentityDocument,
    /// Name as delivered.
    pub name: Name,
    /// Values to store, without name, document and operation.
    pub content: EncodedContent,
    /// Key of the fact (with the person): item, document number and organ in canonical form, joined by 0x1F.
    pub fact_key: String,
    /// Class, for items whose end depends on one.
    pub class: Option<BreachClass>,
    /// Last day on which it may be served.
    pub end: Day,
    /// Day of the decision.
    pub decision: Day,
    /// What must be answered first.
    pub hold: Option<Hold>,
}

/// A row that is clean but for its number, which fails check character, date or area: perhaps a slip of the pen.
#[derive(Clone, PartialEq, Eq)]
pub struct SlipRow {
    /// Line in the file.
    pub line: u32,
    /// What it asks for.
    pub operation: RowOperation,
    /// Kind of document.
    pub kind: DocumentKind,
    pub(crate) number: String,
    /// Name as delivered.
    pub name: Name,
    /// Values to store, without name, document and operation.
    pub content: EncodedContent,
    /// Key of the fact, as in [`CleanRow`].
    pub fact_key: String,
    /// Class, for items whose end depends on one.
    pub class: Option<BreachClass>,
    /// Last day on which it may be served.
    pub end: Day,
    /// Day of the decision.
    pub decision: Day,
    /// What must be answered first.
    pub hold: Option<Hold>,
}

impl SlipRow {
    /// The number as delivered. Each caller is listed, with its legal ground, in `docs/pii-register.md`.
    #[must_use]
    pub fn number_text(&self) -> &str {
        &self.number
    }

    /// The number with all but its last two characters hidden.
    #[must_use]
    pub fn number_masked(&self) -> String {
        let length = self.number.chars().count();
        let hidden = length.saturating_sub(2);
        if length <= 4 {
            return "*".repeat(length);
        }
        self.number
            .chars()
            .enumerate()
            .map(|(at, c)| if at < hidden { '*' } else { c })
            .collect()
    }

    /// The row with the document that a human confirmed.
    #[must_use]
    pub fn with_document(self, document: IdentityDocument) -> CleanRow {
        CleanRow {
            line: self.line,
            operation: self.operation,
            document,
            name: self.name,
            content: self.content,
            fact_key: self.fact_key,
            class: self.class,
            end: self.end,
            decision: self.decision,
            hold: self.hold,
        }
    }
}

impl fmt::Debug for SlipRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SlipRow")
            .field("line", &self.line)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// The verdict on a row.
#[derive(Debug)]
pub enum Cleaned {
    /// Clean; the faults are warnings (E16).
    Row(Box<CleanRow>, Vec<Fault>),
    /// Every fault that was found.
    Refused(Vec<Fault>),
    /// Clean but for its number; the faults name it.
    Slip(Box<SlipRow>, Vec<Fault>),
}

impl Cleaned {
    /// The faults, warnings included.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        match self {
            Self::Row(_, faults) | Self::Refused(faults) | Self::Slip(_, faults) => faults,
        }
    }
}
