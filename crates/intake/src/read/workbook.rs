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
            pieces: Vec::new(),
            own: String::new(),
            texts: Vec::new(),
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
    /// The row's cells so far, one a column.
    pieces: Vec<Piece>,
    /// Texts of those that bring their own.
    own: String,
    texts: Vec<&'w str>,
}

/// Where the text of a cell is.
#[derive(Clone, Copy)]
enum Piece {
    /// In the row's own texts, up to here.
    Own(usize),
    Shared(usize),
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

    /// Takes the cells of a row, from `first` on.
    fn take_cells(&mut self, row: &mut RawRow, first: Cell) -> Result<(), FileFault> {
        self.take(row, first)?;
        while let Some(cell) = self.next_cell(row.line)? {
            if cell.row < first.row {
                return Err(damaged(Some(row.line)));
            }
            if cell.row > first.row {
                self.ahead = Some(cell);
                break;
            }
            self.take(row, cell)?;
        }
        Ok(())
    }

    fn take(&mut self, row: &mut RawRow, cell: Cell) -> Result<(), FileFault> {
        let column = cell.column as usize;
        if column >= self.limits.columns_max {
            return Err(FileFault::TooManyColumns {
                line: row.line,
                columns_max: self.limits.columns_max,
            });
        }
        if column < self.pieces.len() {
            // Cells of a row come in order (ECMA-376 part 1 §18.3.1.73); one that does not could overwrite another.
            return Err(damaged(Some(row.line)));
        }
        self.pieces.resize(column, Piece::Own(self.own.len()));
        match cell.value {
            Value::Empty => {}
            Value::Text => self.own.push_str(self.cells.text()),
            Value::Shared(number) => {
                self.pieces.push(Piece::Shared(number));
                return Ok(());
            }
            Value::Number { are_digits_lost } => {
                row.numbers.push(column);
                if are_digits_lost {
                    row.spoiled.push((column, Spoiled::DigitsLost));
                }
                self.own.push_str(self.cells.text());
            }
            Value::Failed => row.spoiled.push((column, Spoiled::CellError)),
        }
        self.pieces.push(Piece::Own(self.own.len()));
        if self.own.len() > self.limits.record_bytes_max {
            return Err(self.too_long(row));
        }
        Ok(())
    }

    /// Puts the texts of the cells into the row. Shared ones lie far apart in memory: they are looked up together, so that
    /// the processor waits for all of them at once.
    fn put(&mut self, row: &mut RawRow) -> Result<(), FileFault> {
        let strings = self.cells.strings();
        let mut from = 0;
        self.texts.clear();
        self.texts.extend(self.pieces.iter().filter_map(|piece| match piece {
            Piece::Own(_) => None,
            Piece::Shared(number) => Some(strings.get(*number).unwrap_or_default()),
        }));
        let mut texts = self.texts.iter();
        for piece in &self.pieces {
            match piece {
                Piece::Own(end) => {
                    row.push(self.own.get(from..*end).unwrap_or_default());
                    from = *end;
                }
                Piece::Shared(_) => row.push(texts.next().unwrap_or(&"")),
            }
            if row.text.len() > self.limits.record_bytes_max {
                return Err(self.too_long(row));
            }
        }
        Ok(())
    }

    const fn too_long(&self, row: &RawRow) -> FileFault {
        FileFault::RecordTooLong {
            line: row.line,
            bytes_max: self.limits.record_bytes_max,
        }
    }
}

impl<R: Read + Seek> Rows for XlsxRows<'_, R> {
    fn read_into(&mut self, row: &mut RawRow) -> Result<bool, FileFault> {
        loop {
            let before = row.line;
            row.clear();
            self.pieces.clear();
            self.own.clear();
            row.epoch = Some(self.cells.epoch());
            let first = match self.ahead.take() {
                Some(cell) => Some(cell),
                None => self.next_cell(before.saturating_add(1))?,
            };
            let Some(first) = first else {
                return Ok(false);
            };
            // The header is row 0: what lies further down is row so-and-so of a file that is too long, whatever is between.
            if first.row > self.limits.rows_max {
                return Err(FileFault::TooManyRows {
                    rows_max: self.limits.rows_max,
                });
            }
            row.line = first.row.saturating_add(1);
            let taken = self.take_cells(row, first);
            // A row that is too long is so before what is wrong behind it.
            self.put(row)?;
            taken?;
            if !row.is_blank() {
                return Ok(true);
            }
        }
    }

    fn encoding(&self) -> Encoding {
        Encoding::Utf8
    }
}
