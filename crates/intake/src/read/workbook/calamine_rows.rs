//! The same rows by the library calamine, which read workbooks before: what the reader is held against.

use std::fmt::Write as _;
use std::io::{Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{DataRef, Reader as _, SheetType, SheetVisible, Xlsx, XlsxCellReader};

use super::super::row::{Epoch, Spoiled};
use super::super::{Encoding, RawRow, Rows};
use super::{archive, damaged};
use crate::file_fault::WorkbookCap;
use crate::{FileFault, Limits};

/// Above this a spreadsheet's number (IEEE 754 binary64, 15 digits kept) is no longer what was typed.
const DIGITS_KEPT: f64 = 1e15;

pub(super) struct Workbook<R: Read + Seek> {
    xlsx: Xlsx<R>,
    sheet: String,
}

impl<R: Read + Seek> Workbook<R> {
    pub(super) fn open(mut reader: R, limits: &Limits, is_unchecked: bool) -> Result<Self, FileFault> {
        if is_unchecked {
            archive::check(&mut reader, limits)?;
        }
        // The parser is foreign and its input hostile: a panic in it is a fault of the file, not of the system.
        let xlsx = catch_unwind(AssertUnwindSafe(|| Xlsx::new(reader))).map_err(|_| damaged(None))?;
        let xlsx = xlsx.map_err(|_| damaged(None))?;
        let sheet = xlsx
            .sheets_metadata()
            .iter()
            .find(|sheet| sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible)
            .map(|sheet| sheet.name.clone())
            .ok_or(FileFault::Empty)?;
        Ok(Self { xlsx, sheet })
    }

    pub(super) fn rows(&mut self, limits: &Limits) -> Result<XlsxRows<'_, R>, FileFault> {
        let epoch = if self.xlsx.has_1904_epoch() {
            Epoch::Of1904
        } else {
            Epoch::Of1900
        };
        let cells = self
            .xlsx
            .worksheet_cells_reader(&self.sheet)
            .map_err(|_| damaged(None))?;
        Ok(XlsxRows {
            cells,
            ahead: None,
            is_end: false,
            epoch,
            cells_left: limits.xlsx_cells_max,
            limits: limits.clone(),
        })
    }
}

/// A cell as read: row and column from 0, and its value.
type SheetCell<'w> = (u32, usize, DataRef<'w>);

pub(super) struct XlsxRows<'w, R: Read + Seek> {
    cells: XlsxCellReader<'w, R>,
    /// The first cell of the next row.
    ahead: Option<SheetCell<'w>>,
    /// The parser must not be asked again behind the end.
    is_end: bool,
    epoch: Epoch,
    cells_left: u64,
    limits: Limits,
}

impl<'w, R: Read + Seek> XlsxRows<'w, R> {
    fn next_cell(&mut self, line: u32) -> Result<Option<SheetCell<'w>>, FileFault> {
        while !self.is_end {
            let cells = &mut self.cells;
            let cell = catch_unwind(AssertUnwindSafe(|| cells.next_cell()))
                .map_err(|_| damaged(Some(line)))?
                .map_err(|_| damaged(Some(line)))?;
            let Some(cell) = cell else {
                self.is_end = true;
                break;
            };
            self.cells_left = self.cells_left.checked_sub(1).ok_or(FileFault::WorkbookTooLarge {
                cap: WorkbookCap::Cells,
            })?;
            let (row, column) = cell.get_position();
            // Formatted but empty cells are common, and far to the right they are no columns.
            if !matches!(cell.get_value(), DataRef::Empty) {
                return Ok(Some((row, column as usize, cell.get_value().clone())));
            }
        }
        Ok(None)
    }

    fn push(&self, row: &mut RawRow, column: usize, value: &DataRef<'w>) -> Result<(), FileFault> {
        if column >= self.limits.columns_max {
            return Err(FileFault::TooManyColumns {
                line: row.line,
                columns_max: self.limits.columns_max,
            });
        }
        if column < row.len() {
            // Cells of a row come in order (ECMA-376 part 1 §18.3.1.73); one that does not could overwrite another.
            return Err(damaged(Some(row.line)));
        }
        while row.len() < column {
            row.push("");
        }
        match value {
            DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => row.push(text),
            DataRef::SharedString(text) => row.push(text),
            DataRef::Bool(value) => row.push(if *value { "TRUE" } else { "FALSE" }),
            DataRef::Int(value) => {
                row.numbers.push(column);
                row.push(&value.to_string());
            }
            DataRef::Float(value) => {
                row.numbers.push(column);
                if value.abs() >= DIGITS_KEPT {
                    row.spoiled.push((column, Spoiled::DigitsLost));
                }
                push_number(row, *value);
            }
            DataRef::DateTime(moment) if moment.is_datetime() => {
                let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
                let mut text = format!("{year:04}-{month:02}-{day:02}");
                if (hour, minute, second) != (0, 0, 0) {
                    // Writing into a String cannot fail.
                    let _ = write!(text, " {hour:02}:{minute:02}:{second:02}");
                }
                row.push(&text);
            }
            DataRef::DateTime(duration) => push_number(row, duration.as_f64()),
            DataRef::Error(_) => {
                row.spoiled.push((column, Spoiled::CellError));
                row.push("");
            }
            DataRef::Empty => row.push(""),
        }
        if row.text.len() > self.limits.record_bytes_max {
            return Err(FileFault::RecordTooLong {
                line: row.line,
                bytes_max: self.limits.record_bytes_max,
            });
        }
        Ok(())
    }
}

/// Writes a number as the spreadsheet shows it: 15 significant digits, no exponent, no trailing zeros.
fn push_number(row: &mut RawRow, value: f64) {
    // `{:.14e}` rounds to 15 significant digits; `{}` of the rounded value is its shortest form, without exponent.
    let rounded: f64 = format!("{value:.14e}").parse().unwrap_or(value);
    row.push(&rounded.to_string());
}

impl<R: Read + Seek> Rows for XlsxRows<'_, R> {
    fn read_into(&mut self, row: &mut RawRow) -> Result<bool, FileFault> {
        loop {
            let before = row.line;
            row.clear();
            row.epoch = Some(self.epoch);
            let first = match self.ahead.take() {
                Some(cell) => Some(cell),
                None => self.next_cell(before.saturating_add(1))?,
            };
            let Some((index, column, value)) = first else {
                return Ok(false);
            };
            // As ours: a row further down than a file may have rows.
            if index > self.limits.rows_max {
                return Err(FileFault::TooManyRows {
                    rows_max: self.limits.rows_max,
                });
            }
            row.line = index.saturating_add(1);
            self.push(row, column, &value)?;
            while let Some((next, column, value)) = self.next_cell(row.line)? {
                if next < index {
                    return Err(damaged(Some(row.line)));
                }
                if next > index {
                    self.ahead = Some((next, column, value));
                    break;
                }
                self.push(row, column, &value)?;
            }
            if !row.is_blank() {
                return Ok(true);
            }
        }
    }

    fn encoding(&self) -> Encoding {
        Encoding::Utf8
    }
}
