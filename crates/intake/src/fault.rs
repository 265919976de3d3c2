//! Faults of rows: where, which rule, what to do. A fault never repeats what a cell holds (I6): its texts are built from
//! the catalogue and from numbers only.

use std::fmt;
use std::sync::Arc;

use domain::catalogue::{RuleId, Text};
use serde::Serialize;

use crate::FileFault;

mod texts;

/// Language of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lang {
    /// Chinese, the authoritative one
    #[default]
    Zh,
    /// English
    En,
}

/// Codes of faults of deliveries, as providers know them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FaultCode {
    /// the file or its header cannot be read
    E01,
    /// a required cell is empty
    E02,
    /// a cell is too long or has not the form of its field
    E03,
    /// a value that its code list does not have
    E04,
    /// a document number has not its form, or fails its check character
    E05,
    /// the date or the area in an identity number is impossible
    E06,
    /// name and number disagree with the identity register
    E07,
    /// a unified social credit code fails its check character
    E08,
    /// a date that is none, lies in the future, or before the one it must follow
    E09,
    /// the deciding organ is not registered; that a provider may not deliver an item is said by the policies
    E10,
    /// the item was not in force on the day of the decision
    E11,
    /// the same fact twice
    E12,
    /// content that may not enter (R2)
    E13,
    /// ended already (R8)
    E14,
    /// withdrawn by the provider, or unknown where it should be known
    E15,
    /// free text that names other persons; the row is kept, the text withheld
    E16,
    /// no fault but a question to the provider: a rule holds the row until it is answered (R7)
    Q01,
    /// no fault but a question to the provider: the identity register does not know the number (R7)
    Q02,
    /// no fault: a rule puts the row before a human, who decides whether it is recorded
    Q03,
}

impl FaultCode {
    /// All codes.
    pub const ALL: [Self; 19] = [
        Self::E01,
        Self::E02,
        Self::E03,
        Self::E04,
        Self::E05,
        Self::E06,
        Self::E07,
        Self::E08,
        Self::E09,
        Self::E10,
        Self::E11,
        Self::E12,
        Self::E13,
        Self::E14,
        Self::E15,
        Self::E16,
        Self::Q01,
        Self::Q02,
        Self::Q03,
    ];

    /// Whether the row is kept for now: the provider is asked, or told what was left out.
    #[must_use]
    pub const fn keeps_row(self) -> bool {
        matches!(self, Self::E12 | Self::E16) || self.is_question()
    }

    /// Whether it asks the provider something rather than finding fault.
    #[must_use]
    pub const fn is_question(self) -> bool {
        matches!(self, Self::Q01 | Self::Q02 | Self::Q03)
    }

    /// `E01` … `E16`, `Q01` … `Q03`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::E01 => "E01",
            Self::E02 => "E02",
            Self::E03 => "E03",
            Self::E04 => "E04",
            Self::E05 => "E05",
            Self::E06 => "E06",
            Self::E07 => "E07",
            Self::E08 => "E08",
            Self::E09 => "E09",
            Self::E10 => "E10",
            Self::E11 => "E11",
            Self::E12 => "E12",
            Self::E13 => "E13",
            Self::E14 => "E14",
            Self::E15 => "E15",
            Self::E16 => "E16",
            Self::Q01 => "Q01",
            Self::Q02 => "Q02",
            Self::Q03 => "Q03",
        }
    }
}

impl fmt::Display for FaultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What exactly is wrong. It carries limits and texts of the catalogue, never what a cell holds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Detail {
    /// the code says it all
    General,
    /// the file as a whole cannot be read (further)
    File(Box<FileNote>),
    /// no header version fits
    HeaderUnknown,
    /// a required column is missing
    ColumnMissing,
    /// two columns fill one field
    ColumnTwice,
    /// more characters than the field takes
    TooLong {
        /// characters allowed
        max: u32,
    },
    /// not the exact number of characters
    WrongLength {
        /// characters needed
        exact: u32,
    },
    /// a value that its code list, a short one, does not have
    NotInList {
        /// code and text of each value of the list
        values: Arc<Text>,
    },
    /// not a decimal number
    NotANumber,
    /// more digits than the field takes
    TooManyDigits {
        /// digits before the point
        whole: u32,
        /// digits after the point
        fraction: u32,
    },
    /// control characters, characters that turn the direction of a text, or marks of characters lost in a conversion
    ControlCharacters,
    /// not a name
    NotAName,
    /// an error value of a spreadsheet, such as a failed formula
    CellError,
    /// a number of 16 digits or more in a spreadsheet, of which it kept 15
    DigitsLost,
    /// filled cells to the right of the header
    CellsBeyondHeader,
    /// an identity number without its 18 (or 15) characters
    NumberShape,
    /// another document's number without its form
    DocumentShape,
    /// the check character of an identity number
    NumberCheck,
    /// the date in an identity number
    NumberDate,
    /// the area in an identity number
    NumberArea,
    /// a test number, which this installation does not take
    TestArea,
    /// not a day
    NotADay,
    /// later than the day of the delivery
    InFuture,
    /// earlier than the day of another field
    TooEarly {
        /// label of that field
        than: Text,
    },
    /// the deciding organ is not in the register of organisations
    OrganUnknown,
    /// about an organisation or 个体工商户, not about a person
    NotAPerson,
    /// a rule of the catalogue holds it until its question is answered
    Question {
        /// the rule's own words
        message: Text,
        /// document and article
        basis: String,
    },
    /// a rule of the catalogue refuses it
    Refused {
        /// the rule's own words
        message: Text,
        /// document and article
        basis: String,
    },
}

/// The texts of a [`FileFault`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileNote {
    /// public code, such as `INTAKE-0005`
    pub code: &'static str,
    /// what is wrong
    pub message: Text,
    /// what to do
    pub remedy: Text,
}

/// A fault, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Line in the file; the header is line 1.
    pub line: u32,
    /// Column in the file, from 1, if it lies in one.
    pub column: Option<u32>,
    /// The catalogue's text of the column's header, if it lies in one. Never the file's own text.
    pub header: Option<String>,
    /// Code.
    pub code: FaultCode,
    /// The catalogue's rule, if one refuses.
    pub rule: Option<RuleId>,
    /// What exactly is wrong.
    pub detail: Detail,
}

#[derive(Serialize)]
struct JsonLine<'a> {
    line: u32,
    column: Option<u32>,
    header: Option<&'a str>,
    code: &'a str,
    rule: Option<&'a str>,
    message: &'a str,
    remedy: &'a str,
    message_en: &'a str,
    remedy_en: &'a str,
}

impl Fault {
    /// A fault that its code describes enough.
    #[must_use]
    pub const fn new(line: u32, column: Option<u32>, header: Option<String>, code: FaultCode) -> Self {
        Self {
            line,
            column,
            header,
            code,
            rule: None,
            detail: Detail::General,
        }
    }

    /// What is wrong, in one sentence.
    #[must_use]
    pub fn message(&self, lang: Lang) -> String {
        texts::message(self, lang)
    }

    /// What to do.
    #[must_use]
    pub fn remedy(&self, lang: Lang) -> String {
        texts::remedy(self, lang)
    }

    /// Appends the fault as one JSON object and a line feed: `line`, `column`, `header`, `code`, `rule`, `message`,
    /// `remedy` (both Chinese), `message_en`, `remedy_en`.
    pub fn write_json_line(&self, into: &mut Vec<u8>) {
        let line = JsonLine {
            line: self.line,
            column: self.column,
            header: self.header.as_deref(),
            code: self.code.as_str(),
            rule: self.rule.as_ref().map(RuleId::as_str),
            message: &self.message(Lang::Zh),
            remedy: &self.remedy(Lang::Zh),
            message_en: &self.message(Lang::En),
            remedy_en: &self.remedy(Lang::En),
        };
        // Numbers and texts into memory: neither serde_json nor Vec has a reason to fail.
        if serde_json::to_writer(&mut *into, &line).is_ok() {
            into.push(b'\n');
        }
    }
}

impl From<FileFault> for Fault {
    fn from(fault: FileFault) -> Self {
        let note = FileNote {
            code: fault.code(),
            message: Text {
                zh: fault.message(Lang::Zh),
                en: fault.message(Lang::En),
            },
            remedy: Text {
                zh: fault.remedy(Lang::Zh).to_owned(),
                en: fault.remedy(Lang::En).to_owned(),
            },
        };
        Self {
            line: fault.line().unwrap_or(1),
            column: None,
            header: None,
            code: FaultCode::E01,
            rule: None,
            detail: Detail::File(Box::new(note)),
        }
    }
}
