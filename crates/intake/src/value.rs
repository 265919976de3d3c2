//! One cell to its value, by the format of its field.

use std::borrow::Cow;
use std::collections::BTreeMap;

use domain::catalogue::{Catalogue, FieldRole, FieldSpec, Organisation};
use domain::seen::turns_direction;
use domain::{Day, DocumentKind, Uscc, UsccFault};

use crate::amount::{self, AmountFault};
use crate::code_table::CodeTable;
use crate::day::{self, DayValue, NO_END};
use crate::fault::Detail;
use crate::others::Names;
use crate::plan::{CellKind, CellPlan, Plan, plain_kind_of};
use crate::read::{Epoch, Spoiled};
use crate::recent::Recent;
use crate::{FaultCode, RawRow, RowOperation, fold, others};

/// What a cell holds.
#[derive(Debug)]
pub(crate) enum Value<'r> {
    /// nothing, or a placeholder for nothing
    Empty,
    /// text, amounts and codes of organisations among it
    Text(Cow<'r, str>),
    /// a day
    Day(Day),
    /// 长期
    NoEnd,
    /// a value of the column's code list
    Code(u16),
    /// several
    Codes(Vec<u16>),
    /// 证件类型
    Kind(DocumentKind),
    /// 数据状态
    Operation(RowOperation),
    /// not what the field takes; rules still look at it
    Bad(&'r str),
}

impl Value<'_> {
    /// The form that is stored.
    pub(crate) fn text<'v>(&'v self, cell: &CellPlan, plan: &'v Plan) -> Option<Cow<'v, str>> {
        match self {
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Day(day) => Some(Cow::Owned(iso(*day))),
            Self::NoEnd => Some(Cow::Borrowed(NO_END)),
            Self::Code(value) => cell
                .table()
                .and_then(|table| plan.table(table))
                .map(|table| Cow::Borrowed(table.text(*value))),
            Self::Codes(values) => cell
                .table()
                .and_then(|table| plan.table(table))
                .map(|table| Cow::Owned(table.join(values))),
            Self::Empty | Self::Kind(_) | Self::Operation(_) | Self::Bad(_) => None,
        }
    }
}

/// `YYYY-MM-DD`, without the machinery of formatting: it runs several times a row.
fn iso(day: Day) -> String {
    let digit = |number: i16, place: i16| char::from(b'0' + u8::try_from(number / place % 10).unwrap_or(0));
    let (year, month, date) = (day.year(), i16::from(day.month()), i16::from(day.day()));
    let mut text = String::with_capacity(10);
    for place in [1000, 100, 10, 1] {
        text.push(digit(year, place));
    }
    for number in [month, date] {
        text.push('-');
        text.push(digit(number, 10));
        text.push(digit(number, 1));
    }
    text
}

/// Why a cell does not fit its field.
#[derive(Debug)]
pub(crate) struct CellFault {
    pub(crate) code: FaultCode,
    pub(crate) detail: Detail,
}

/// A cell, read.
pub(crate) struct Read<'r> {
    pub(crate) value: Value<'r>,
    pub(crate) fault: Option<CellFault>,
    /// Whether it names other persons or numbers (E16).
    pub(crate) names_others: bool,
}

impl<'r> Read<'r> {
    const fn good(value: Value<'r>) -> Self {
        Self {
            value,
            fault: None,
            names_others: false,
        }
    }

    const fn bad(text: &'r str, code: FaultCode, detail: Detail) -> Self {
        Self {
            value: Value::Bad(text),
            fault: Some(CellFault { code, detail }),
            names_others: false,
        }
    }
}

/// Whether any cell may have characters that are refused or that nobody sees ([`domain::seen::is_unseen`]): one pass over the
/// row, so that clean rows pay no more than that. It says yes to every such character and to some that are rare in Chinese.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "without branches it is a few vector instructions for many bytes"
)]
pub(crate) fn is_suspect(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_control = |byte: u8| (byte < 0x20) | (byte == 0x7f);
    let next = bytes.get(1..).unwrap_or_default();
    let found = bytes.iter().zip(next).fold(false, |found, (&first, &second)| {
        // Beginnings: of U+0080 to U+1FFF; of what lies behind U+FFFF; of U+3164 and others of U+3140 to U+317F; of U+FE00 to
        // U+FFFF but for full width.
        found
            | is_control(first)
            | (first.wrapping_sub(0xc0) < 0x22)
            | (first >= 0xf0)
            | ((first == 0xe3) & (second == 0x85))
            | ((first == 0xef) & (second >= 0xb8) & ((second & 0xfe) != 0xbc))
    });
    // U+200B to U+200F, U+202A to U+202E, U+2060 to U+206F: among dashes, quotation marks and dots, so these are looked at.
    let is_mark = |at: usize| {
        matches!(
            bytes.get(at + 1..at + 3),
            Some([0x80, 0x8b..=0x8f | 0xaa..=0xae] | [0x81, 0xa0..=0xaf])
        )
    };
    found || bytes.last().copied().is_some_and(is_control) || memchr::memchr_iter(0xe2, bytes).any(is_mark)
}

/// What no cell may hold: control characters but line breaks and tabs, which are usual inside texts; what turns the direction
/// of a text; the mark of a character lost in a conversion.
fn is_refused(c: char) -> bool {
    (c.is_control() && !matches!(c, '\t' | '\n' | '\r')) || turns_direction(c) || c == '\u{fffd}'
}

/// What departments write for nothing. `00000000000000000X` is the national placeholder of a missing social credit code.
fn is_placeholder(text: &str) -> bool {
    text.len() <= 18
        && matches!(
            text,
            "/" | "\\"
                | "-"
                | "--"
                | "—"
                | "——"
                | "－"
                | "／"
                | "无"
                | "NULL"
                | "null"
                | "Null"
                | "N/A"
                | "n/a"
                | "00000000000000000X"
                | "00000000000000000x"
        )
}

/// What a text is in its column, where that takes no place of its own and there is nothing to say about it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Known {
    Empty,
    /// as it stands
    Text,
    Code(u16),
    Kind(DocumentKind),
    Operation(RowOperation),
}

impl Known {
    fn of(read: &Read<'_>, text: &str) -> Option<Self> {
        if read.fault.is_some() || read.names_others {
            return None;
        }
        match &read.value {
            Value::Empty => Some(Self::Empty),
            Value::Text(Cow::Borrowed(same)) if *same == text => Some(Self::Text),
            Value::Code(code) => Some(Self::Code(*code)),
            Value::Kind(kind) => Some(Self::Kind(*kind)),
            Value::Operation(operation) => Some(Self::Operation(*operation)),
            _ => None,
        }
    }

    const fn value(self, text: &str) -> Value<'_> {
        match self {
            Self::Empty => Value::Empty,
            Self::Text => Value::Text(Cow::Borrowed(text)),
            Self::Code(code) => Value::Code(code),
            Self::Kind(kind) => Value::Kind(kind),
            Self::Operation(operation) => Value::Operation(operation),
        }
    }
}

/// Whether texts of such a column come again.
const fn recurs(kind: CellKind) -> bool {
    matches!(
        kind,
        CellKind::Coded { .. }
            | CellKind::DocumentKind { .. }
            | CellKind::Operation { .. }
            | CellKind::Uscc
            | CellKind::Exact(_)
            | CellKind::Text { .. }
    )
}

/// Reads the cell of `cell`'s column.
pub(crate) fn read<'r>(
    row: &'r RawRow,
    cell: &CellPlan,
    plan: &Plan,
    is_suspect: bool,
    organisations: &BTreeMap<Uscc, Organisation>,
    recent: &mut Recent<Known>,
) -> Read<'r> {
    let text = fold::trim(row.cell(cell.column));
    match row.spoiled(cell.column) {
        Some(Spoiled::DigitsLost) => {
            let code = if cell.role == FieldRole::DocumentNumber {
                FaultCode::E05
            } else {
                FaultCode::E03
            };
            return Read::bad("", code, Detail::DigitsLost);
        }
        Some(Spoiled::CellError) => return Read::bad("", FaultCode::E03, Detail::CellError),
        None => {}
    }
    if text.is_empty() {
        return Read::good(Value::Empty);
    }
    if is_suspect && text.chars().any(is_refused) {
        return Read::bad(text, FaultCode::E03, Detail::ControlCharacters);
    }
    if is_suspect && fold::is_blank(text) {
        return Read::good(Value::Empty);
    }
    if recurs(cell.kind)
        && let Some(known) = recent.find(text)
    {
        return Read::good(known.value(text));
    }
    let read = read_as(
        text,
        cell.kind,
        cell.table().and_then(|table| plan.table(table)),
        row.epoch(cell.column),
        &plan.names,
        is_suspect,
    );
    let read = match (&read.value, cell.role) {
        (Value::Text(code), FieldRole::OrganCode) if !is_registered(code, organisations) => {
            Read::bad(text, FaultCode::E10, Detail::OrganUnknown)
        }
        _ => read,
    };
    if recurs(cell.kind) {
        recent.keep(text, Known::of(&read, text));
    }
    read
}

fn is_registered(code: &str, organisations: &BTreeMap<Uscc, Organisation>) -> bool {
    Uscc::parse(code).is_ok_and(|code| organisations.contains_key(&code))
}

/// Reads trimmed, not empty text as `kind`.
fn read_as<'r>(
    text: &'r str,
    kind: CellKind,
    table: Option<&CodeTable>,
    epoch: Option<Epoch>,
    names: &Names,
    is_suspect: bool,
) -> Read<'r> {
    // Texts are stored as they came (scripts of minorities need joiners), and compared as they are seen.
    let seen = if is_suspect {
        fold::seen(text)
    } else {
        Cow::Borrowed(text)
    };
    // A code list may know a word that stands for nothing elsewhere (无 = 否), so lists come first.
    let coded = match kind {
        CellKind::Coded { is_multiple: true, .. } => table.and_then(|table| table.find_several(text)).map(Value::Codes),
        CellKind::Coded { is_multiple: false, .. } => table.and_then(|table| table.find(text)).map(Value::Code),
        CellKind::DocumentKind { .. } => document_kind(text, table).map(Value::Kind),
        CellKind::Operation { .. } => operation(text, table).map(Value::Operation),
        _ => None,
    };
    if let Some(value) = coded {
        return Read::good(value);
    }
    if is_placeholder(&seen) {
        return Read::good(Value::Empty);
    }
    match kind {
        CellKind::Coded { .. } | CellKind::DocumentKind { .. } | CellKind::Operation { .. } => {
            let told = table.and_then(|table| table.told.clone());
            let detail = told.map_or(Detail::General, |values| Detail::NotInList { values });
            Read::bad(text, FaultCode::E04, detail)
        }
        // Judged where the row is judged: what they mean hangs on each other.
        CellKind::Name { max } | CellKind::DocumentNumber { max } => match too_long(text, max) {
            Some(detail) => Read::bad(text, FaultCode::E03, detail),
            None => plain(text),
        },
        CellKind::Day => match day::parse(text, epoch) {
            Ok(DayValue::On(day)) => Read::good(Value::Day(day)),
            Ok(DayValue::NoEnd) => Read::good(Value::NoEnd),
            Err(day::NotADay) => Read::bad(text, FaultCode::E09, Detail::NotADay),
        },
        CellKind::Number {
            precision,
            scale,
            is_in_wan,
        } => match amount::parse(text, precision, scale, is_in_wan) {
            Ok(amount) => Read::good(Value::Text(amount)),
            Err(AmountFault::Form) => Read::bad(text, FaultCode::E03, Detail::NotANumber),
            Err(AmountFault::Digits) => {
                let detail = Detail::TooManyDigits {
                    whole: precision.saturating_sub(scale),
                    fraction: scale,
                };
                Read::bad(text, FaultCode::E03, detail)
            }
        },
        CellKind::Uscc => match Uscc::parse(text) {
            Ok(code) if code.as_str() == text => Read::good(Value::Text(Cow::Borrowed(text))),
            Ok(code) => Read::good(Value::Text(Cow::Owned(code.as_str().to_owned()))),
            Err(UsccFault::None) => Read::good(Value::Empty),
            Err(UsccFault::Shape | UsccFault::Check) => Read::bad(text, FaultCode::E08, Detail::General),
        },
        CellKind::DocumentNo { max } => {
            let number = fold::document_no(text);
            match too_long(&number, max) {
                Some(detail) => Read::bad(text, FaultCode::E03, detail),
                None => Read::good(Value::Text(number)),
            }
        }
        CellKind::Exact(exact) if text.chars().count() != exact as usize => {
            Read::bad(text, FaultCode::E03, Detail::WrongLength { exact })
        }
        CellKind::Exact(_) => Read {
            names_others: others::has_number(&seen),
            ..plain(text)
        },
        CellKind::Text { max, is_free } => {
            if let Some(detail) = too_long(text, max) {
                return Read::bad(text, FaultCode::E03, detail);
            }
            let names_others = others::has_number(&seen) || (is_free && names.are_in(&seen));
            Read {
                names_others,
                ..plain(text)
            }
        }
    }
}

const fn plain(text: &str) -> Read<'_> {
    Read::good(Value::Text(Cow::Borrowed(text)))
}

fn too_long(text: &str, max: u32) -> Option<Detail> {
    let max_chars = max as usize;
    // A text has no more characters than bytes.
    let is_long = text.len() > max_chars && text.chars().nth(max_chars).is_some();
    is_long.then_some(Detail::TooLong { max })
}

fn document_kind(text: &str, table: Option<&CodeTable>) -> Option<DocumentKind> {
    DocumentKind::parse(text).or_else(|| {
        let table = table?;
        DocumentKind::parse(table.text(table.find(text)?))
    })
}

fn operation(text: &str, table: Option<&CodeTable>) -> Option<RowOperation> {
    let word = table
        .and_then(|table| table.find(text).map(|value| table.text(value)))
        .unwrap_or(text);
    match word {
        "0" | "新增" | "正常" => Some(RowOperation::New),
        "1" | "更新" | "修改" | "变更" => Some(RowOperation::Update),
        "2" | "删除" | "撤销" => Some(RowOperation::Delete),
        _ => None,
    }
}

/// The value does not fit its field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the value does not fit its field: {code}")]
pub struct ValueFault {
    /// Code of the fault that a row with this value would have.
    pub code: FaultCode,
}

/// Whether `text` fits `field`, by format and code list; for corrections by hand. An empty text fits an optional field.
///
/// # Errors
///
/// [`ValueFault`] with the fault's code.
pub fn check_value(catalogue: &Catalogue, field: &FieldSpec, text: &str) -> Result<(), ValueFault> {
    let text = fold::trim(text);
    if fold::is_blank(text) && !text.chars().any(is_refused) {
        let is_required = field.required == domain::catalogue::Required::Always;
        return if is_required {
            Err(ValueFault { code: FaultCode::E02 })
        } else {
            Ok(())
        };
    }
    if text.chars().any(is_refused) {
        return Err(ValueFault { code: FaultCode::E03 });
    }
    let table = field
        .code_list
        .as_ref()
        .and_then(|list| catalogue.code_lists.get(list))
        .map(|values| CodeTable::new(values));
    let kind = match (&table, field.role) {
        (Some(_), FieldRole::DocumentKind) => CellKind::DocumentKind { table: None },
        (Some(_), _) => CellKind::Coded {
            table: 0,
            is_multiple: field.is_multiple,
        },
        (None, _) => plain_kind_of(field, field.format),
    };
    let read = read_as(text, kind, table.as_ref(), None, &Names::new(catalogue), true);
    match read.fault {
        Some(fault) => Err(ValueFault { code: fault.code }),
        None if read.names_others => Err(ValueFault { code: FaultCode::E16 }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use domain::seen::is_unseen;

    use super::*;

    #[test]
    fn whatever_is_refused_or_not_seen_is_suspect_wherever_it_stands() {
        for c in '\0'..=char::MAX {
            let is_bad = c.is_control() || is_refused(c) || is_unseen(c);
            for text in [format!("{c}"), format!("文{c}"), format!("{c}文"), format!("a文{c}b文")] {
                assert!(!is_bad || is_suspect(&text), "{}", text.escape_unicode());
            }
        }
        let usual = ('\u{3001}'..='\u{30ff}')
            .chain('\u{4e00}'..='\u{9fff}')
            .chain('\u{3400}'..='\u{4dbf}');
        let usual: String = usual
            .chain(' '..='~')
            .chain("“”‘’…—，。（）！①℃〔〕※".chars())
            .collect();
        assert!(!is_suspect(&usual));
        assert!(!is_suspect(""));
    }
}
