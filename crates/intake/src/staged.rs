//! A clean row as bytes, to be sealed under the delivery's key while a question about it is open.

use domain::catalogue::{BreachClass, RuleId};
use domain::record::{EncodedContent, RecordContent};
use domain::{Day, DocumentKind, IdentityDocument, Name};

use crate::{CleanRow, Hold, RowOperation, SlipRow};

/// A row that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StagedContent {
    /// Clean.
    Clean(Box<CleanRow>),
    /// Clean but for its number.
    Slip(Box<SlipRow>),
}

/// The bytes are no staged row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are no staged row")]
pub struct StagedFault;

/// First byte of the encoding.
const VERSION: u8 = 1;
const CLEAN: u8 = 0;
const SLIP: u8 = 1;

/// What both kinds of row have.
struct Shared<'a> {
    line: u32,
    operation: RowOperation,
    name: &'a Name,
    content: &'a EncodedContent,
    fact_key: &'a str,
    class: Option<BreachClass>,
    end: Day,
    decision: Day,
    hold: Option<&'a Hold>,
}

impl StagedContent {
    /// The bytes to be sealed.
    ///
    /// Version byte 1; 0 (clean) or 1 (slip); line; operation 0 to 2; code of the document's kind, its number, and 1 if it
    /// was converted from 15 digits; name; class 0 (none) to 3; end and decision in days since 1970-01-01; rules that hold;
    /// key of the fact; content. Numbers are 32 bits, little-endian; a text is its length in bytes and its UTF-8.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        let shared = match self {
            Self::Clean(row) => {
                out.push(CLEAN);
                put_text(&mut out, row.document.kind().code());
                put_text(&mut out, row.document.expose());
                out.push(u8::from(row.document.is_converted()));
                Shared {
                    line: row.line,
                    operation: row.operation,
                    name: &row.name,
                    content: &row.content,
                    fact_key: &row.fact_key,
                    class: row.class,
                    end: row.end,
                    decision: row.decision,
                    hold: row.hold.as_ref(),
                }
            }
            Self::Slip(row) => {
                out.push(SLIP);
                put_text(&mut out, row.kind.code());
                put_text(&mut out, &row.number);
                out.push(0);
                Shared {
                    line: row.line,
                    operation: row.operation,
                    name: &row.name,
                    content: &row.content,
                    fact_key: &row.fact_key,
                    class: row.class,
                    end: row.end,
                    decision: row.decision,
                    hold: row.hold.as_ref(),
                }
            }
        };
        put_shared(&mut out, &shared);
        out
    }

    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    ///
    /// [`StagedFault`] for any other bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StagedFault> {
        let mut input = Input(bytes);
        if input.byte()? != VERSION {
            return Err(StagedFault);
        }
        let tag = input.byte()?;
        let kind = DocumentKind::parse(input.text()?).ok_or(StagedFault)?;
        let number = input.text()?;
        let is_converted = input.flag()?;
        let line = input.number()?;
        let operation = match input.byte()? {
            0 => RowOperation::New,
            1 => RowOperation::Update,
            2 => RowOperation::Delete,
            _ => return Err(StagedFault),
        };
        let name = Name::parse(input.text()?).map_err(|_| StagedFault)?;
        let class = match input.byte()? {
            0 => None,
            1 => Some(BreachClass::Minor),
            2 => Some(BreachClass::General),
            3 => Some(BreachClass::Serious),
            _ => return Err(StagedFault),
        };
        let (end, decision) = (input.day()?, input.day()?);
        let hold = input.hold()?;
        let fact_key = input.text()?.to_owned();
        // Decoded once, so that no other bytes pass for a content.
        let content = RecordContent::from_bytes(input.0).map_err(|_| StagedFault)?;
        let content = EncodedContent::from(&content);
        match tag {
            CLEAN => {
                let document = document(kind, number, is_converted)?;
                let row = CleanRow {
                    line,
                    operation,
                    document,
                    name,
                    content,
                    fact_key,
                    class,
                    end,
                    decision,
                    hold,
                };
                Ok(Self::Clean(Box::new(row)))
            }
            SLIP if !is_converted => {
                let number = number.to_owned();
                let row = SlipRow {
                    line,
                    operation,
                    kind,
                    number,
                    name,
                    content,
                    fact_key,
                    class,
                    end,
                    decision,
                    hold,
                };
                Ok(Self::Slip(Box::new(row)))
            }
            _ => Err(StagedFault),
        }
    }
}

fn put_shared(out: &mut Vec<u8>, shared: &Shared<'_>) {
    out.extend_from_slice(&shared.line.to_le_bytes());
    out.push(match shared.operation {
        RowOperation::New => 0,
        RowOperation::Update => 1,
        RowOperation::Delete => 2,
    });
    put_text(out, shared.name.expose());
    out.push(match shared.class {
        None => 0,
        Some(BreachClass::Minor) => 1,
        Some(BreachClass::General) => 2,
        Some(BreachClass::Serious) => 3,
    });
    out.extend_from_slice(&shared.end.to_epoch_days().to_le_bytes());
    out.extend_from_slice(&shared.decision.to_epoch_days().to_le_bytes());
    let rules: Vec<&RuleId> = shared
        .hold
        .iter()
        .flat_map(|hold| [&hold.rule].into_iter().chain(&hold.also))
        .collect();
    out.extend_from_slice(&u32::try_from(rules.len()).unwrap_or(u32::MAX).to_le_bytes());
    for rule in rules {
        put_text(out, rule.as_str());
    }
    put_text(out, shared.fact_key);
    out.extend_from_slice(shared.content.as_bytes());
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    // Cells are bounded far below 4 GiB.
    out.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

/// The document as it was: a converted number is put back to its 15 digits (GB 11643-1999 annex: century and check
/// character fall away) and converted again, so that its mark is kept.
fn document(kind: DocumentKind, number: &str, is_converted: bool) -> Result<IdentityDocument, StagedFault> {
    let document = match (is_converted, number.get(..6), number.get(8..17)) {
        (false, ..) => IdentityDocument::parse(kind, number),
        (true, Some(area), Some(rest)) => IdentityDocument::parse(kind, &[area, rest].concat()),
        (true, ..) => return Err(StagedFault),
    };
    let document = document.map_err(|_| StagedFault)?;
    if document.expose() == number {
        Ok(document)
    } else {
        Err(StagedFault)
    }
}

/// Bytes still to be read.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], StagedFault> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(StagedFault)?;
        self.0 = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, StagedFault> {
        self.take(1)?.first().copied().ok_or(StagedFault)
    }

    fn flag(&mut self) -> Result<bool, StagedFault> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(StagedFault),
        }
    }

    fn number(&mut self) -> Result<u32, StagedFault> {
        self.take(4)?
            .try_into()
            .map(u32::from_le_bytes)
            .map_err(|_| StagedFault)
    }

    fn day(&mut self) -> Result<Day, StagedFault> {
        let days = self
            .take(4)?
            .try_into()
            .map(i32::from_le_bytes)
            .map_err(|_| StagedFault)?;
        Day::from_epoch_days(days).map_err(|_| StagedFault)
    }

    fn text(&mut self) -> Result<&'a str, StagedFault> {
        let length = usize::try_from(self.number()?).map_err(|_| StagedFault)?;
        std::str::from_utf8(self.take(length)?).map_err(|_| StagedFault)
    }

    fn hold(&mut self) -> Result<Option<Hold>, StagedFault> {
        let mut rules = Vec::new();
        for _ in 0..self.number()? {
            rules.push(RuleId::parse(self.text()?).map_err(|_| StagedFault)?);
        }
        let mut rules = rules.into_iter();
        Ok(rules.next().map(|rule| Hold {
            rule,
            also: rules.collect(),
        }))
    }
}
