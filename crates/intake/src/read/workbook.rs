//! The first visible sheet of a workbook, row by row.

use std::io::{Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};

use zip::ZipArchive;
use zip::read::ZipFile;

use super::row::Spoiled;
use super::{Encoding, RawRow, Rows};
use crate::file_fault::WorkbookCap;
use crate::{FileFault, Limits};

#[cfg(test)]
mod agreement;
mod archive;
mod book;
#[cfg(test)]
mod calamine_rows;
mod cells;
mod format;
mod text;
mod xml;

use book::Book;
use cells::{Cell, Cells, Known, Value};
use xml::Broken;

const fn damaged(line: Option<u32>) -> FileFault {
    FileFault::DamagedWorkbook { line }
}

impl From<Broken> for FileFault {
    fn from(_: Broken) -> Self {
        damaged(None)
    }
}

/// A workbook whose parts but the sheet are read.
pub(super) struct Workbook<R: Read + Seek> {
    archive: ZipArchive<R>,
    book: Book,
}

impl<R: Read + Seek> Workbook<R> {
    /// Opens a workbook; its archive is held against the caps first unless that was done.
    pub(super) fn open(mut reader: R, limits: &Limits, is_unchecked: bool) -> Result<Self, FileFault> {
        if is_unchecked {
            archive::check(&mut reader, limits)?;
        }
        // What unpacks is foreign and its input hostile: a panic in it is a fault of the file, not of the system.
        let archive = catch_unwind(AssertUnwindSafe(|| ZipArchive::new(reader))).map_err(|_| damaged(None))?;
        let mut archive = archive.map_err(|_| damaged(None))?;
        let book = Book::read(&mut archive, limits)?;
        Ok(Self { archive, book })
    }

    pub(super) fn rows(&mut self, limits: &Limits) -> Result<XlsxRows<'_, R>, FileFault> {
        let xml = book::part(&mut self.archive, &self.book.sheet)?.ok_or(Broken)?;
        let known = Known {
            strings: &self.book.strings,
            formats: &self.book.formats,
            epoch: self.book.epoch,
            text_bytes_max: limits.record_bytes_max,
        };
        Ok(XlsxRows {
            cells: Cells::new(xml, known)?,
            ahead: None,
            is_end: false,
            cells_left: limits.xlsx_cells_max,
            limits: limits.clone(),
        })
    }
}

/// The rows of a sheet.
pub(super) struct XlsxRows<'w, R: Read + Seek> {
    cells: Cells<'w, ZipFile<'w, R>>,
    /// The first cell of the next row. Its text is still with `cells`.
    ahead: Option<Cell>,
    /// The sheet must not be asked again behind its end.
    is_end: bool,
    cells_left: u64,
    limits: Limits,
}

impl<R: Read + Seek> XlsxRows<'_, R> {
    fn next_cell(&mut self, line: u32) -> Result<Option<Cell>, FileFault> {
        while !self.is_end {
            let Some(cell) = self.cells.next().map_err(|Broken| damaged(Some(line)))? else {
                self.is_end = true;
                break;
            };
            self.cells_left = self.cells_left.checked_sub(1).ok_or(FileFault::WorkbookTooLarge {
                cap: WorkbookCap::Cells,
            })?;
            // Formatted but empty cells are common, and far to the right they are no columns.
            if cell.value != Value::Empty {
                return Ok(Some(cell));
            }
        }
        Ok(None)
    }

    fn push(&self, row: &mut RawRow, cell: Cell) -> Result<(), FileFault> {
        let column = cell.column as usize;
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
        match cell.value {
            Value::Empty => row.push(""),
            Value::Text => row.push(self.cells.text()),
            Value::Shared(number) => row.push(self.cells.strings().get(number).unwrap_or_default()),
            Value::Number { are_digits_lost } => {
                row.numbers.push(column);
                if are_digits_lost {
                    row.spoiled.push((column, Spoiled::DigitsLost));
                }
                row.push(self.cells.text());
            }
            Value::Failed => {
                row.spoiled.push((column, Spoiled::CellError));
                row.push("");
            }
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

impl<R: Read + Seek> Rows for XlsxRows<'_, R> {
    fn read_into(&mut self, row: &mut RawRow) -> Result<bool, FileFault> {
        loop {
            let before = row.line;
            row.clear();
            row.epoch = Some(self.cells.epoch());
            let first = match self.ahead.take() {
                Some(cell) => Some(cell),
                None => self.next_cell(before.saturating_add(1))?,
            };
            let Some(first) = first else {
                return Ok(false);
            };
            row.line = first.row.saturating_add(1);
            self.push(row, first)?;
            while let Some(cell) = self.next_cell(row.line)? {
                if cell.row < first.row {
                    return Err(damaged(Some(row.line)));
                }
                if cell.row > first.row {
                    self.ahead = Some(cell);
                    break;
                }
                self.push(row, cell)?;
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
