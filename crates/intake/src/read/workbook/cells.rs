//! The cells of a sheet, one after another (ECMA-376 part 1 §18.3.1.4).
//!
//! Nearly all cells of nearly all sheets look alike: those are read straight from the bytes ([`Plain`]). What looks
//! different in any way is read token by token, and means the same.

use std::io::Read;

use super::super::row::Epoch;
use super::format::{self, NumberFormat};
use super::text::{self, PlainItem, Strings, until_tag};
use super::xml::{Broken, Token, Xml};

/// A cell that is longer is read token by token.
const PLAIN_BYTES: usize = 1 << 10;

/// What a cell holds. Text and the digits of a number are in [`Cells::text`] until the next cell is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value {
    Empty,
    Text,
    /// A string of the table.
    Shared(usize),
    Number {
        are_digits_lost: bool,
    },
    /// A formula that failed.
    Failed,
}

/// A cell: row and column from 0, and its value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell {
    pub(super) row: u32,
    pub(super) column: u32,
    pub(super) value: Value,
}

/// What is known of the workbook.
#[derive(Clone, Copy)]
pub(super) struct Known<'w> {
    pub(super) strings: &'w Strings,
    pub(super) formats: &'w [NumberFormat],
    pub(super) epoch: Epoch,
    /// More of a text is not kept.
    pub(super) text_bytes_max: usize,
}

/// The cells of a sheet as a stream.
pub(super) struct Cells<'w, R> {
    xml: Xml<R>,
    known: Known<'w>,
    /// Where a cell is that does not say so.
    row: u32,
    column: u32,
    /// How the place of another cell of that row ends.
    tail: Option<Tail>,
    text: String,
    /// What stands in the file for it.
    raw: String,
}

impl<'w, R: Read> Cells<'w, R> {
    /// Reads up to the first row.
    pub(super) fn new(mut xml: Xml<R>, known: Known<'w>) -> Result<Self, Broken> {
        loop {
            match xml.next()? {
                Token::Start(tag) if tag.local_name() == b"dimension" => {
                    is_range(tag.attribute(b"ref")?.ok_or(Broken)?)?;
                }
                Token::Start(tag) if tag.local_name() == b"sheetData" => break,
                Token::Over => return Err(Broken),
                _ => {}
            }
        }
        Ok(Self {
            xml,
            known,
            row: 0,
            column: 0,
            tail: None,
            text: String::new(),
            raw: String::new(),
        })
    }

    /// The text of the cell that was read last.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The strings that cells share.
    pub(super) const fn strings(&self) -> &'w Strings {
        self.known.strings
    }

    /// What the workbook counts its days from.
    pub(super) const fn epoch(&self) -> Epoch {
        self.known.epoch
    }

    /// The next cell, also if it is empty; `None` behind the last.
    pub(super) fn next(&mut self) -> Result<Option<Cell>, Broken> {
        loop {
            let rest = self.xml.plain_rest(PLAIN_BYTES)?;
            if let Some(cell) = self.tail.and_then(|tail| Digits::of(rest, tail)) {
                let bytes = cell.bytes;
                let head = cell.head(self.known);
                self.text.clear();
                let value = match head.kind {
                    // An index that is none would be somebody else's string.
                    Kind::Shared if cell.number >= self.known.strings.len() => return Err(Broken),
                    Kind::Shared => Value::Shared(cell.number),
                    _ => head.number(cell.raw, self.known.epoch, &mut self.text)?,
                };
                self.xml.pass(bytes);
                return self.at(head, value).map(Some);
            }
            if let Some(cell) = Plain::of(rest) {
                let [place, ..] = cell.attributes;
                self.tail = place.and_then(Tail::of);
                let head = Head::new(&cell.attributes, (self.row, self.column), self.known)?;
                self.text.clear();
                let value = match cell.body {
                    Body::None => Value::Empty,
                    Body::Value(raw) => head.value(raw, self.known, &mut self.text)?,
                    Body::Inline(item) => {
                        item.push(&mut self.text)?;
                        Value::Text
                    }
                };
                let bytes = cell.bytes;
                self.xml.pass(bytes);
                return self.at(head, value).map(Some);
            }
            match self.xml.next()? {
                Token::Start(tag) if tag.local_name() == b"c" => {
                    let attributes = tag.values([b"r", b"s", b"t"])?;
                    let head = Head::new(&attributes, (self.row, self.column), self.known)?;
                    let value = self.body(head)?;
                    return self.at(head, value).map(Some);
                }
                Token::Start(tag) if tag.local_name() == b"row" => {
                    if let Some(place) = tag.attribute(b"r")? {
                        self.row = place_of(place)?.0;
                    }
                }
                Token::End(b"row", _) => {
                    self.row = self.row.checked_add(1).ok_or(Broken)?;
                    self.column = 0;
                }
                Token::End(b"sheetData", _) => return Ok(None),
                Token::Over => return Err(Broken),
                _ => {}
            }
        }
    }

    #[inline]
    fn at(&mut self, head: Head, value: Value) -> Result<Cell, Broken> {
        let Head { row, column, .. } = head;
        self.column = column.checked_add(1).ok_or(Broken)?;
        Ok(Cell { row, column, value })
    }

    /// The value of the cell whose start was just read. Of several, the last counts.
    fn body(&mut self, head: Head) -> Result<Value, Broken> {
        let depth = self.xml.depth();
        let mut value = Value::Empty;
        loop {
            match self.xml.next()? {
                Token::Start(tag) => match tag.local_name() {
                    b"is" => {
                        self.text.clear();
                        text::read_item(&mut self.xml, self.known.text_bytes_max, &mut self.text)?;
                        value = Value::Text;
                    }
                    b"v" => {
                        self.text.clear();
                        self.raw.clear();
                        text::read_text(&mut self.xml, self.known.text_bytes_max, &mut self.raw)?;
                        value = head.value(self.raw.as_bytes(), self.known, &mut self.text)?;
                    }
                    b"f" => {
                        text::skip(&mut self.xml)?;
                        value = Value::Empty;
                    }
                    _ => return Err(Broken),
                },
                Token::End(_, left) if left < depth => return Ok(value),
                Token::Over => return Err(Broken),
                _ => {}
            }
        }
    }
}

/// How the value of a cell is written (§18.18.11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Says nothing: a number, as far as it is one.
    None,
    Number,
    Shared,
    Bool,
    Error,
    Date,
    /// What a formula gave.
    Text,
    /// In `is`; a `v` beside it says nothing.
    Inline,
    Unknown,
}

/// What a cell's start says.
#[derive(Debug, Clone, Copy)]
struct Head {
    row: u32,
    column: u32,
    kind: Kind,
    format: NumberFormat,
}

/// The attributes `r`, `s` and `t` of a cell.
type Attributes<'x> = [Option<&'x [u8]>; 3];

impl Head {
    #[inline]
    fn new([place, style, kind]: &Attributes<'_>, next: (u32, u32), known: Known<'_>) -> Result<Self, Broken> {
        let (row, column) = match place {
            Some(place) => {
                let (row, column) = place_of(place)?;
                (row, column.ok_or(Broken)?)
            }
            None => next,
        };
        Ok(Self {
            row,
            column,
            kind: match kind {
                None => Kind::None,
                Some(b"n") => Kind::Number,
                Some(b"s") => Kind::Shared,
                Some(b"b") => Kind::Bool,
                Some(b"e") => Kind::Error,
                Some(b"d") => Kind::Date,
                Some(b"str") => Kind::Text,
                Some(b"inlineStr" | b"is") => Kind::Inline,
                Some(_) => Kind::Unknown,
            },
            format: style.map_or(NumberFormat::Number, |style| {
                let style = known.formats.get(whole_number(style).unwrap_or(0));
                style.copied().unwrap_or(NumberFormat::Number)
            }),
        })
    }

    /// The value that `raw` stands for; its text goes into `text`.
    #[inline]
    fn value(self, raw: &[u8], known: Known<'_>, text: &mut String) -> Result<Value, Broken> {
        match self.kind {
            Kind::Inline => return Ok(Value::Empty),
            Kind::Unknown => return Err(Broken),
            Kind::Date | Kind::Text => {
                text.push_str(simdutf8::basic::from_utf8(raw).map_err(|_| Broken)?);
                if self.kind == Kind::Text {
                    text::unescape(text, 0);
                }
                return Ok(Value::Text);
            }
            _ if raw.is_empty() => return Ok(Value::Empty),
            Kind::Error => return Ok(Value::Failed),
            Kind::None | Kind::Number => {}
            Kind::Shared => {
                // An index that is none would be somebody else's string.
                let number = whole_number(raw.trim_ascii()).filter(|number| *number < known.strings.len());
                return number.map(Value::Shared).ok_or(Broken);
            }
            Kind::Bool => {
                text.push_str(match raw.trim_ascii() {
                    b"" => return Ok(Value::Empty),
                    b"0" => "FALSE",
                    b"1" => "TRUE",
                    other if other.eq_ignore_ascii_case(b"false") => "FALSE",
                    other if other.eq_ignore_ascii_case(b"true") => "TRUE",
                    _ => return Err(Broken),
                });
                return Ok(Value::Text);
            }
        }
        self.number(raw, known.epoch, text)
    }

    fn number(self, raw: &[u8], epoch: Epoch, text: &mut String) -> Result<Value, Broken> {
        if self.format == NumberFormat::Moment
            && let Some(day) = whole_number(raw).and_then(|day| i64::try_from(day).ok())
        {
            format::push_day(text, day, epoch);
            return Ok(Value::Text);
        }
        if self.format == NumberFormat::Number && format::push_decimal(text, raw) {
            return Ok(Value::Number { are_digits_lost: false });
        }
        let raw = simdutf8::basic::from_utf8(raw).map_err(|_| Broken)?;
        let Ok(value) = raw.parse::<f64>() else {
            if self.kind == Kind::Number {
                return Err(Broken);
            }
            text.push_str(raw);
            return Ok(Value::Text);
        };
        match self.format {
            NumberFormat::Moment => {
                format::push_moment(text, value, epoch);
                Ok(Value::Text)
            }
            NumberFormat::Duration => {
                format::push_number(text, value);
                Ok(Value::Text)
            }
            NumberFormat::Number => {
                format::push_number(text, value);
                Ok(Value::Number {
                    are_digits_lost: value.abs() >= format::DIGITS_KEPT,
                })
            }
        }
    }
}

/// So many digits always fit.
const DIGITS_MAX: usize = 18;

/// A number without sign, of at most as many digits as always fit.
#[inline]
fn whole_number(digits: &[u8]) -> Option<usize> {
    let is_number = (1..=DIGITS_MAX).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    is_number.then(|| {
        digits
            .iter()
            .fold(0, |number, digit| number * 10 + usize::from(digit - b'0'))
    })
}

/// Row and column of a place such as `B2`, from 0; the column may be missing.
#[inline]
fn place_of(place: &[u8]) -> Result<(u32, Option<u32>), Broken> {
    let letters = place.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let (letters, digits) = place.split_at_checked(letters).ok_or(Broken)?;
    let mut column = 0_u32;
    for letter in letters {
        let letter = u32::from(letter.to_ascii_uppercase() - b'A') + 1;
        column = column
            .checked_mul(26)
            .and_then(|column| column.checked_add(letter))
            .ok_or(Broken)?;
    }
    let row = whole_number(digits)
        .and_then(|row| u32::try_from(row).ok())
        .and_then(|row| row.checked_sub(1));
    Ok((row.ok_or(Broken)?, column.checked_sub(1)))
}

/// Whether it is a range such as `A1:B2`, or one place.
fn is_range(range: &[u8]) -> Result<(), Broken> {
    let mut places = range.split(|byte| *byte == b':');
    let mut place = || -> Result<Option<(u32, u32)>, Broken> {
        let Some(place) = places.next() else { return Ok(None) };
        let (row, column) = place_of(place)?;
        Ok(Some((row, column.ok_or(Broken)?)))
    };
    let (first, last, more) = (place()?.ok_or(Broken)?, place()?, place()?);
    let last = last.unwrap_or(first);
    if more.is_none() && first.0 <= last.0 && first.1 <= last.1 {
        Ok(())
    } else {
        Err(Broken)
    }
}

/// The digits of a row and the quotation mark behind them, as one number.
#[derive(Debug, Clone, Copy)]
struct Tail {
    bytes: u64,
    mask: u64,
    length: usize,
    row: u32,
}

impl Tail {
    const LENGTH_MAX: usize = 8;

    /// Of a place such as `B2`, if its row is not far off.
    fn of(place: &[u8]) -> Option<Self> {
        let letters = place.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let digits = place.get(letters..)?;
        let length = digits.len() + 1;
        if length > Self::LENGTH_MAX {
            return None;
        }
        let (row, _) = place_of(place).ok()?;
        let mut bytes = [0; Self::LENGTH_MAX];
        for (byte, digit) in bytes.iter_mut().zip(digits.iter().chain(b"\"")) {
            *byte = *digit;
        }
        Some(Self {
            bytes: u64::from_le_bytes(bytes),
            mask: u64::MAX >> (8 * (Self::LENGTH_MAX - length)),
            length,
            row,
        })
    }

    /// What stands behind it in `text`.
    #[inline]
    fn strip(self, text: &[u8]) -> Option<&[u8]> {
        let bytes = u64::from_le_bytes(*text.first_chunk()?);
        (bytes & self.mask == self.bytes).then(|| text.get(self.length..))?
    }
}

/// The cell that is the commonest of all, read in one go: an index into the shared strings or digits, with its place in the
/// row that the cell before was in.
struct Digits<'x> {
    row: u32,
    column: u32,
    style: Option<usize>,
    is_shared: bool,
    raw: &'x [u8],
    /// What `raw` stands for.
    number: usize,
    bytes: usize,
}

impl<'x> Digits<'x> {
    #[inline]
    fn of(text: &'x [u8], tail: Tail) -> Option<Self> {
        let (column, rest) = column_of(text.strip_prefix(b"<c r=\"")?)?;
        let rest = tail.strip(rest)?;
        let (style, rest) = match rest.strip_prefix(b" s=\"") {
            Some(rest) => {
                let (style, rest) = leading_number(rest)?;
                (Some(style), rest.strip_prefix(b"\"")?)
            }
            None => (None, rest),
        };
        let (is_shared, rest) = match rest.strip_prefix(b" t=\"s\"") {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        let value = rest.strip_prefix(b"><v>")?;
        let (number, behind) = leading_number(value)?;
        let raw = value.get(..value.len() - behind.len())?;
        let rest = behind.strip_prefix(b"</v></c>")?;
        Some(Self {
            row: tail.row,
            column,
            style,
            is_shared,
            raw,
            number,
            bytes: text.len() - rest.len(),
        })
    }

    #[inline]
    fn head(&self, known: Known<'_>) -> Head {
        let format = self.style.and_then(|style| known.formats.get(style));
        Head {
            row: self.row,
            column: self.column,
            kind: if self.is_shared { Kind::Shared } else { Kind::None },
            format: format.copied().unwrap_or(NumberFormat::Number),
        }
    }
}

/// The column, from 0, that the capitals at the beginning stand for, and what stands behind them.
#[inline]
fn column_of(text: &[u8]) -> Option<(u32, &[u8])> {
    /// More letters are read as any cell is.
    const LETTERS_MAX: usize = 3;
    let (mut column, mut rest) = (0, text);
    for _ in 0..LETTERS_MAX {
        let [letter @ b'A'..=b'Z', behind @ ..] = rest else {
            break;
        };
        column = column * 26 + u32::from(letter - b'A') + 1;
        rest = behind;
    }
    Some((column.checked_sub(1)?, rest))
}

/// The number that the digits at the beginning are, if they are not more than always fit, and what stands behind them.
#[inline]
fn leading_number(text: &[u8]) -> Option<(usize, &[u8])> {
    let (mut number, mut rest, mut digits) = (0, text, 0);
    while let [digit @ b'0'..=b'9', behind @ ..] = rest {
        digits += 1;
        if digits > DIGITS_MAX {
            return None;
        }
        number = number * 10 + usize::from(digit - b'0');
        rest = behind;
    }
    (digits > 0).then_some((number, rest))
}

/// A cell as nearly every program writes it, whole and with nothing in it that has to be decoded.
struct Plain<'x> {
    attributes: Attributes<'x>,
    body: Body<'x>,
    bytes: usize,
}

enum Body<'x> {
    None,
    Value(&'x [u8]),
    Inline(PlainItem<'x>),
}

impl<'x> Plain<'x> {
    /// The cell that `text` begins with, if it is plain.
    #[inline]
    fn of(text: &'x [u8]) -> Option<Self> {
        let mut rest = text.strip_prefix(b"<c")?;
        let mut attributes = [None; 3];
        loop {
            match rest {
                [b' ', key, b'=', b'"', value @ ..] => {
                    let end = value.iter().take(PLAIN_BYTES).position(|byte| *byte == b'"')?;
                    let place = match key {
                        b'r' => 0,
                        b's' => 1,
                        b't' => 2,
                        _ => return None,
                    };
                    *attributes.get_mut(place)? = Some(value.get(..end)?);
                    rest = value.get(end + 1..)?;
                }
                [b'>', ..] => break,
                [b'/', b'>', behind @ ..] => {
                    return Some(Self {
                        attributes,
                        body: Body::None,
                        bytes: text.len() - behind.len(),
                    });
                }
                _ => return None,
            }
        }
        let (body, rest) = Body::of(rest.get(1..)?)?;
        Some(Self {
            attributes,
            body,
            bytes: text.len() - rest.len(),
        })
    }
}

impl<'x> Body<'x> {
    /// The inside of a cell, and what stands behind its end.
    #[inline]
    fn of(text: &'x [u8]) -> Option<(Self, &'x [u8])> {
        if let Some(value) = text.strip_prefix(b"<v>") {
            let (raw, rest) = until_tag(value)?;
            return Some((Self::Value(raw), rest.strip_prefix(b"</v></c>")?));
        }
        let (item, rest) = PlainItem::of(text, b"<is><t", b"</t></is></c>")?;
        Some((Self::Inline(item), rest))
    }
}
