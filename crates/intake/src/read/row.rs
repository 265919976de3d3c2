//! One row of text in one buffer.

use std::fmt;

/// Which day a workbook counts its days from (ECMA-376 part 1 §18.17.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Epoch {
    /// 1900, with the leap day that never was
    Of1900,
    /// 1904
    Of1904,
}

/// What a workbook did to a cell, so that its text cannot be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spoiled {
    /// a number of 16 digits or more: a spreadsheet keeps 15
    DigitsLost,
    /// a formula that failed, such as `#N/A`
    CellError,
}

/// A row as it stands in the file: cells as text, untouched. `Debug` shows no content.
#[derive(Clone, Default)]
pub struct RawRow {
    pub(super) line: u32,
    pub(super) text: String,
    // INVARIANT: ascending, each at a character boundary of `text`, the last one = its length.
    pub(super) ends: Vec<usize>,
    pub(super) spoiled: Vec<(usize, Spoiled)>,
    /// Columns of a workbook whose cells are plain numbers.
    pub(super) numbers: Vec<usize>,
    pub(super) epoch: Option<Epoch>,
}

impl RawRow {
    /// A row from cells, for tests and for sources other than files.
    #[must_use]
    pub fn from_cells<S: AsRef<str>>(line: u32, cells: &[S]) -> Self {
        let mut row = Self {
            line,
            ..Self::default()
        };
        for cell in cells {
            row.push(cell.as_ref());
        }
        row
    }

    /// Line in the file on which the row begins; the header is line 1.
    #[must_use]
    pub const fn line(&self) -> u32 {
        self.line
    }

    /// Number of cells.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether it has no cells.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The cell in `column`, counted from 0; empty beyond the last one.
    #[must_use]
    pub fn cell(&self, column: usize) -> &str {
        let Some(&end) = self.ends.get(column) else { return "" };
        let start = column
            .checked_sub(1)
            .and_then(|before| self.ends.get(before))
            .copied()
            .unwrap_or(0);
        self.text.get(start..end).unwrap_or("")
    }

    /// All cells.
    pub fn cells(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|column| self.cell(column))
    }

    /// The text of all cells, one after another.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn spoiled(&self, column: usize) -> Option<Spoiled> {
        // Almost always empty.
        self.spoiled.iter().find(|(at, _)| *at == column).map(|(_, what)| *what)
    }

    /// For a cell that is a plain number: what it counts its days from, if they are days.
    pub(crate) fn epoch(&self, column: usize) -> Option<Epoch> {
        self.epoch.filter(|_| self.numbers.contains(&column))
    }

    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
        self.spoiled.clear();
        self.numbers.clear();
    }

    pub(super) fn push(&mut self, cell: &str) {
        self.text.push_str(cell);
        self.ends.push(self.text.len());
    }

    /// Whether every cell is empty or white: such rows come from spreadsheets and are no rows.
    pub(super) fn is_blank(&self) -> bool {
        self.spoiled.is_empty() && self.text.chars().all(char::is_whitespace)
    }
}

impl fmt::Debug for RawRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawRow")
            .field("line", &self.line)
            .field("cells", &self.len())
            .finish_non_exhaustive()
    }
}
