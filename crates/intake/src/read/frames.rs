//! Rows as bytes: how a confined process hands the rows of a workbook to the one that asked. The reader of the frames
//! trusts nothing in them: it is as if the parser's process were the attacker's.
//!
//! A frame is a kind (1 byte), a length (4 bytes, little endian) and so many bytes. A stream is any number of rows, then
//! one fault or the end. Numbers are little endian.

use std::io::{self, Read, Write};

use super::row::{Epoch, Spoiled};
use super::{Encoding, RawRow, Rows, Table};
use crate::file_fault::WorkbookCap;
use crate::{FileFault, Limits};

const ROW: u8 = b'R';
const FAULT: u8 = b'F';
const END: u8 = b'E';
/// Line, epoch, and how many cells, spoiled cells and numbers there are.
const ROW_HEAD_BYTES: usize = 17;
/// Column and kind.
const SPOILED_BYTES: usize = 5;

/// What is asked of the process that reads a workbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// The first look: archive and every row are checked, the header and the number of rows come back.
    Count,
    /// The second: every row comes back. The archive was checked by the first.
    Rows,
}

/// A stream of frames from a process that may die at any moment.
pub trait Frames: Read + Send {
    /// Why the stream ended before its end, or broke its form. It is not asked for more bytes after this.
    fn broken(&mut self) -> FileFault;
}

/// Reads workbooks somewhere else, so that nothing hostile is parsed in the process that holds keys and records.
pub trait Workbooks: Send + Sync {
    /// Starts to read the workbook in `file`.
    ///
    /// # Errors
    ///
    /// [`FileFault`] if the file is too large, or no reader can be started ([`FileFault::Read`]).
    fn begin(&self, file: &mut dyn Read, limits: &Limits, pass: Pass) -> Result<Box<dyn Frames>, FileFault>;
}

/// The other side: reads the workbook and writes its rows as frames. It runs in the confined process.
///
/// # Errors
///
/// If nobody reads the frames any more.
pub fn write_frames<R: io::Read + io::Seek>(
    file: R,
    limits: &Limits,
    pass: Pass,
    out: &mut impl Write,
) -> io::Result<()> {
    match write_rows(file, limits, pass, out) {
        Ok(rows) => write_frame(out, END, &rows.to_le_bytes()),
        Err(Stop::Out(error)) => Err(error),
        Err(Stop::Fault(fault)) => {
            let (kind, line) = fault_bytes(&fault);
            let [a, b, c, d] = line.to_le_bytes();
            write_frame(out, FAULT, &[kind, a, b, c, d])
        }
    }?;
    out.flush()
}

enum Stop {
    Fault(FileFault),
    Out(io::Error),
}

impl From<FileFault> for Stop {
    fn from(fault: FileFault) -> Self {
        Self::Fault(fault)
    }
}

fn write_rows<R: io::Read + io::Seek>(file: R, limits: &Limits, pass: Pass, out: &mut impl Write) -> Result<u32, Stop> {
    let mut source = super::Source::workbook(file, limits, pass == Pass::Count)?;
    let mut table: Table<'_> = source.table()?;
    let mut frame = Vec::new();
    row_bytes(table.header(), &mut frame);
    write_frame(out, ROW, &frame).map_err(Stop::Out)?;
    while let Some(row) = table.next_row()? {
        if pass == Pass::Rows {
            row_bytes(row, &mut frame);
            write_frame(out, ROW, &frame).map_err(Stop::Out)?;
        }
    }
    Ok(table.rows_read())
}

fn write_frame(out: &mut impl Write, kind: u8, bytes: &[u8]) -> io::Result<()> {
    let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
    out.write_all(&[kind])?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(bytes)
}

/// Head, ends of cells, spoiled cells, columns that are numbers, text.
fn row_bytes(row: &RawRow, into: &mut Vec<u8>) {
    // A row is shorter than `record_bytes_max`; a number that does not fit is refused by the other side.
    let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes();
    into.clear();
    into.extend_from_slice(&row.line.to_le_bytes());
    into.push(match row.epoch {
        None => 0,
        Some(Epoch::Of1900) => 1,
        Some(Epoch::Of1904) => 2,
    });
    for count in [row.ends.len(), row.spoiled.len(), row.numbers.len()] {
        into.extend_from_slice(&number(count));
    }
    for end in &row.ends {
        into.extend_from_slice(&number(*end));
    }
    for (column, what) in &row.spoiled {
        into.extend_from_slice(&number(*column));
        into.push(match what {
            Spoiled::DigitsLost => 1,
            Spoiled::CellError => 2,
        });
    }
    for column in &row.numbers {
        into.extend_from_slice(&number(*column));
    }
    into.extend_from_slice(row.text.as_bytes());
}

/// Takes what [`row_bytes`] wrote into `row`, or `None` if it did not write it.
fn take_row(mut bytes: &[u8], limits: &Limits, row: &mut RawRow) -> Option<()> {
    row.clear();
    row.line = number(&mut bytes)?;
    let (&epoch, rest) = bytes.split_first()?;
    bytes = rest;
    row.epoch = match epoch {
        0 => None,
        1 => Some(Epoch::Of1900),
        2 => Some(Epoch::Of1904),
        _ => return None,
    };
    let mut count = || number(&mut bytes).and_then(|count| usize::try_from(count).ok());
    let (cells, spoiled, numbers) = (count()?, count()?, count()?);
    if cells.max(spoiled).max(numbers) > limits.columns_max {
        return None;
    }
    let mut before = 0;
    for _ in 0..cells {
        let end = number(&mut bytes)? as usize;
        if end < before {
            return None;
        }
        before = end;
        row.ends.push(end);
    }
    for _ in 0..spoiled {
        let column = number(&mut bytes)? as usize;
        let (&what, rest) = bytes.split_first()?;
        bytes = rest;
        let what = match what {
            1 => Spoiled::DigitsLost,
            2 => Spoiled::CellError,
            _ => return None,
        };
        row.spoiled.push((column, what));
    }
    for _ in 0..numbers {
        row.numbers.push(number(&mut bytes)? as usize);
    }
    let text = simdutf8::basic::from_utf8(bytes).ok()?;
    let is_sound = before == text.len() && row.ends.iter().all(|end| text.is_char_boundary(*end));
    is_sound.then(|| row.text.push_str(text))
}

fn number(bytes: &mut &[u8]) -> Option<u32> {
    let (number, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(u32::from_le_bytes(*number))
}

/// The faults that a workbook can have, each with its line or 0. Limits are not sent: the other side knows its own.
const fn fault_bytes(fault: &FileFault) -> (u8, u32) {
    match fault {
        FileFault::Empty => (1, 0),
        FileFault::RecordTooLong { line, .. } => (2, *line),
        FileFault::TooManyColumns { line, .. } => (3, *line),
        FileFault::TooManyRows { .. } => (4, 0),
        FileFault::WorkbookTooLarge { cap } => match cap {
            WorkbookCap::Bytes => (5, 0),
            WorkbookCap::Entries => (6, 0),
            WorkbookCap::Unpacked => (7, 0),
            WorkbookCap::Ratio => (8, 0),
            WorkbookCap::Cells => (9, 0),
        },
        FileFault::WorkbookTooCostly => (10, 0),
        FileFault::DamagedWorkbook { line: Some(line) } => (11, *line),
        FileFault::ActiveWorkbook => (13, 0),
        _ => (12, 0),
    }
}

fn take_fault(bytes: &[u8], limits: &Limits) -> Option<FileFault> {
    let (&kind, mut rest) = bytes.split_first()?;
    let line = number(&mut rest)?;
    let too_large = |cap| FileFault::WorkbookTooLarge { cap };
    let fault = match kind {
        1 => FileFault::Empty,
        2 => FileFault::RecordTooLong {
            line,
            bytes_max: limits.record_bytes_max,
        },
        3 => FileFault::TooManyColumns {
            line,
            columns_max: limits.columns_max,
        },
        4 => FileFault::TooManyRows {
            rows_max: limits.rows_max,
        },
        5 => too_large(WorkbookCap::Bytes),
        6 => too_large(WorkbookCap::Entries),
        7 => too_large(WorkbookCap::Unpacked),
        8 => too_large(WorkbookCap::Ratio),
        9 => too_large(WorkbookCap::Cells),
        10 => FileFault::WorkbookTooCostly,
        11 => FileFault::DamagedWorkbook { line: Some(line) },
        12 => FileFault::DamagedWorkbook { line: None },
        13 => FileFault::ActiveWorkbook,
        _ => return None,
    };
    rest.is_empty().then_some(fault)
}

/// The rows of a workbook that another process reads.
pub(super) struct FrameRows {
    frames: Box<dyn Frames>,
    limits: Limits,
    frame: Vec<u8>,
    /// Line of the row that came last, the header among them.
    line: Option<u32>,
    /// Rows that the other side counted, without the header, once it came to the end.
    end: Option<u32>,
    is_broken: bool,
}

impl FrameRows {
    pub(super) fn new(frames: Box<dyn Frames>, limits: &Limits) -> Self {
        Self {
            frames,
            limits: limits.clone(),
            frame: Vec::new(),
            line: None,
            end: None,
            is_broken: false,
        }
    }

    /// Reads a frame into `frame`; its kind, or `None` if the stream is broken.
    fn next_frame(&mut self) -> Option<u8> {
        let mut head = [0; 5];
        self.frames.read_exact(&mut head).ok()?;
        let [kind, a, b, c, d] = head;
        let length = u32::from_le_bytes([a, b, c, d]) as usize;
        let most = ROW_HEAD_BYTES + self.limits.columns_max * (8 + SPOILED_BYTES) + self.limits.record_bytes_max;
        if length > most {
            return None;
        }
        self.frame.resize(length, 0);
        self.frames.read_exact(&mut self.frame).ok()?;
        Some(kind)
    }

    /// `Some(true)` for a row, `Some(false)` for the end, `None` if the stream is broken.
    fn next(&mut self, row: &mut RawRow) -> Option<Result<bool, FileFault>> {
        match self.next_frame()? {
            ROW => {
                take_row(&self.frame, &self.limits, row)?;
                let is_next = self.line.is_none_or(|before| before < row.line);
                self.line = Some(row.line);
                is_next.then_some(Ok(true))
            }
            FAULT => Some(Err(take_fault(&self.frame, &self.limits)?)),
            END => {
                let mut bytes = self.frame.as_slice();
                let rows = number(&mut bytes).filter(|rows| *rows <= self.limits.rows_max && bytes.is_empty())?;
                self.end = Some(rows);
                Some(Ok(false))
            }
            _ => None,
        }
    }
}

impl Rows for FrameRows {
    fn read_into(&mut self, row: &mut RawRow) -> Result<bool, FileFault> {
        if self.end.is_some() {
            return Ok(false);
        }
        if self.is_broken {
            return Err(FileFault::DamagedWorkbook { line: None });
        }
        let next = self.next(row).unwrap_or_else(|| Err(self.frames.broken()));
        self.is_broken = next.is_err();
        next
    }

    fn count_rest(&mut self, scratch: &mut RawRow, _: u32) -> Result<u32, FileFault> {
        while self.read_into(scratch)? {}
        Ok(self.end.unwrap_or(0))
    }

    fn encoding(&self) -> Encoding {
        Encoding::Utf8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> RawRow {
        let mut row = RawRow::from_cells(7, &["测试甲", "", "1"]);
        row.epoch = Some(Epoch::Of1904);
        row.spoiled.push((1, Spoiled::CellError));
        row.numbers.push(2);
        row
    }

    #[test]
    fn a_row_comes_back_as_it_was() {
        let (mut bytes, mut back) = (Vec::new(), RawRow::default());
        row_bytes(&row(), &mut bytes);
        take_row(&bytes, &Limits::default(), &mut back).unwrap();
        let whole = |row: &RawRow| {
            let cells: Vec<String> = row.cells().map(str::to_owned).collect();
            (row.line, cells, row.spoiled.clone(), row.numbers.clone(), row.epoch)
        };
        assert_eq!(whole(&back), whole(&row()));
    }

    #[test]
    fn whatever_a_frame_says_it_is_refused_or_sound() {
        let mut bytes = Vec::new();
        row_bytes(&row(), &mut bytes);
        let (mut sound, mut refused) = (0, 0);
        for at in 0..bytes.len() {
            for value in 0..=u8::MAX {
                let mut changed = bytes.clone();
                changed[at] = value;
                let mut back = RawRow::default();
                if take_row(&changed, &Limits::default(), &mut back).is_some() {
                    sound += 1;
                    assert_eq!(back.ends.last().copied(), Some(back.text.len()));
                    assert_eq!(back.cells().map(str::len).sum::<usize>(), back.text.len());
                } else {
                    refused += 1;
                }
            }
            assert!(take_row(&bytes[..at], &Limits::default(), &mut RawRow::default()).is_none());
        }
        assert!(sound > 1_000 && refused > 5_000, "{sound} {refused}");
    }
}
