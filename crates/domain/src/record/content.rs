//! The content of a record, and the bytes that are encrypted.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::catalogue::FieldCode;

/// Values of a record's fields. `Debug` shows field codes only.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct RecordContent {
    /// Version of the item's layout that the row had.
    pub item_version: String,
    /// Values by field code; a field without a value is absent.
    pub fields: BTreeMap<FieldCode, String>,
    /// Fields kept and never shown to others, because they name other persons (E16).
    pub withheld: BTreeSet<FieldCode>,
}

/// A record's content in its one encoding, as it will be sealed. `Debug` shows its length only.
#[derive(Clone, PartialEq, Eq)]
pub struct EncodedContent(Vec<u8>);

impl EncodedContent {
    /// Encodes `fields` and `withheld`, both in ascending order of codes: what [`RecordContent::to_bytes`] would give,
    /// without a string for each value.
    #[must_use]
    pub fn new<V: AsRef<str>>(item_version: &str, fields: &[(&FieldCode, V)], withheld: &[&FieldCode]) -> Self {
        debug_assert!(
            fields.is_sorted_by(|(first, _), (second, _)| first < second),
            "one order"
        );
        debug_assert!(withheld.is_sorted_by(|first, second| first < second), "one order");
        let texts: usize = fields
            .iter()
            .map(|(code, value)| code.0.len() + value.as_ref().len() + 3)
            .sum();
        let mut bytes = Vec::with_capacity(16 + item_version.len() + texts);
        bytes.push(VERSION);
        put_text(&mut bytes, item_version);
        put_number(&mut bytes, fields.len());
        for (code, value) in fields {
            put_text(&mut bytes, &code.0);
            put_text(&mut bytes, value.as_ref());
        }
        put_number(&mut bytes, withheld.len());
        for code in withheld {
            put_text(&mut bytes, &code.0);
        }
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes, given away.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// The content that they stand for.
    ///
    /// # Errors
    ///
    /// [`ContentFault`] if the bytes came from elsewhere and are none.
    pub fn decode(&self) -> Result<RecordContent, ContentFault> {
        RecordContent::from_bytes(&self.0)
    }
}

impl From<&RecordContent> for EncodedContent {
    fn from(content: &RecordContent) -> Self {
        let fields: Vec<_> = content.fields.iter().collect();
        let withheld: Vec<_> = content.withheld.iter().collect();
        Self::new(&content.item_version, &fields, &withheld)
    }
}

impl fmt::Debug for EncodedContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EncodedContent({} bytes)", self.0.len())
    }
}

/// The bytes are not the content of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ContentFault {
    /// A version of the encoding that this program does not know.
    #[error("the content of a record has an encoding that this version does not know")]
    Version,
    /// Cut short, or with something after its end.
    #[error("the content of a record has a wrong length")]
    Length,
    /// Not UTF-8, or numbers and fields not in their one form and order.
    #[error("the content of a record is not in its one form")]
    Form,
}

/// First byte of the encoding.
const VERSION: u8 = 1;

impl RecordContent {
    /// The bytes to be encrypted. Equal contents have equal bytes and the other way round, so a tag over the bytes is a
    /// tag of the content.
    ///
    /// Version byte 1, then `item_version` as a text, the number of fields, each field as code and value in ascending
    /// order of codes, the number of withheld fields, each as its code in ascending order. A text is its length in bytes
    /// and its UTF-8. Numbers are unsigned LEB128 of 32 bits in their shortest form.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        EncodedContent::from(self).into_bytes()
    }

    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    ///
    /// [`ContentFault`] for any other bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ContentFault> {
        let (version, rest) = bytes.split_first().ok_or(ContentFault::Length)?;
        if *version != VERSION {
            return Err(ContentFault::Version);
        }
        let mut rest = Rest(rest);
        let item_version = rest.text()?.to_owned();
        let mut fields = BTreeMap::new();
        for _ in 0..rest.number()? {
            let code = rest.code_after(fields.last_key_value().map(|(code, _): (&FieldCode, &String)| code))?;
            fields.insert(code, rest.text()?.to_owned());
        }
        let mut withheld = BTreeSet::new();
        for _ in 0..rest.number()? {
            withheld.insert(rest.code_after(withheld.last())?);
        }
        if rest.0.is_empty() {
            Ok(Self {
                item_version,
                fields,
                withheld,
            })
        } else {
            Err(ContentFault::Length)
        }
    }
}

impl fmt::Debug for RecordContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordContent")
            .field("item_version", &self.item_version)
            .field("fields", &self.fields.keys())
            .field("withheld", &self.withheld)
            .finish()
    }
}

/// A length beyond 32 bits cannot come up: rows are bounded by far less at intake.
fn put_number(bytes: &mut Vec<u8>, number: usize) {
    let mut left = number;
    while let (low, high @ 1..) = (left & 0x7F, left >> 7) {
        bytes.push(u8::try_from(low).unwrap_or(0) | 0x80);
        left = high;
    }
    bytes.push(u8::try_from(left).unwrap_or(0));
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    put_number(bytes, text.len());
    bytes.extend_from_slice(text.as_bytes());
}

/// Bytes not yet read.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn number(&mut self) -> Result<u32, ContentFault> {
        let mut number = 0_u32;
        for shift in [0, 7, 14, 21, 28] {
            let (byte, rest) = self.0.split_first().ok_or(ContentFault::Length)?;
            self.0 = rest;
            let part = u32::from(byte & 0x7F);
            if part > u32::MAX >> shift || (*byte == 0 && shift > 0) {
                return Err(ContentFault::Form);
            }
            number |= part << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(ContentFault::Form)
    }

    fn text(&mut self) -> Result<&'a str, ContentFault> {
        let length = usize::try_from(self.number()?).map_err(|_| ContentFault::Length)?;
        let (text, rest) = self.0.split_at_checked(length).ok_or(ContentFault::Length)?;
        self.0 = rest;
        std::str::from_utf8(text).map_err(|_| ContentFault::Form)
    }

    /// A field code, greater than the one before it.
    fn code_after(&mut self, before: Option<&FieldCode>) -> Result<FieldCode, ContentFault> {
        let code = FieldCode(self.text()?.into());
        if before.is_some_and(|before| *before >= code) {
            Err(ContentFault::Form)
        } else {
            Ok(code)
        }
    }
}
