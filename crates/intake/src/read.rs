//! Bytes to rows: CSV in UTF-8 or GB18030, and the first sheet of an XLSX workbook, as streams with bounded memory.

use std::io::{Read, Seek, SeekFrom};

use crate::{FileFault, Limits};

mod csv_rows;
mod frames;
mod row;
mod workbook;

use csv_rows::CsvRows;
use frames::FrameRows;
pub use frames::{Frames, Pass, Workbooks, write_frames};
pub(crate) use row::Spoiled;
pub use row::{Epoch, RawRow};
use workbook::Workbook;

/// What kind of file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated text (RFC 4180).
    Csv,
    /// Office Open XML workbook (ECMA-376).
    Xlsx,
}

impl Format {
    /// `csv` or `xlsx`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
        }
    }
}

/// How text is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8 without a mark.
    Utf8,
    /// UTF-8 with the byte order mark that spreadsheet programs write.
    Utf8Bom,
    /// GB18030-2022, which contains GBK and GB2312.
    Gb18030,
}

impl Encoding {
    /// The name people use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Utf8 | Self::Utf8Bom => "UTF-8",
            Self::Gb18030 => "GB18030",
        }
    }
}

/// Bytes looked at to decide format and encoding.
pub const SNIFF_BYTES: usize = 64 << 10;

/// Local file header of a ZIP archive (APPNOTE.TXT §4.3.7); a workbook begins with one.
const ZIP: &[u8] = b"PK\x03\x04";
/// Compound file (MS-CFB §2.2): old workbooks, and new ones under a password.
const COMPOUND: &[u8] = &[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];

/// The format, from a file's first bytes and, where they say nothing, from its name.
///
/// # Errors
///
/// [`FileFault`] for an empty file, an old or locked workbook, UTF-16, or bytes that are no text.
pub fn sniff(first: &[u8], name_hint: &str) -> Result<Format, FileFault> {
    if first.is_empty() {
        return Err(FileFault::Empty);
    }
    if first.starts_with(ZIP) {
        return Ok(Format::Xlsx);
    }
    if first.starts_with(COMPOUND) {
        return Err(FileFault::OldOrLockedWorkbook);
    }
    if first.starts_with(&[0xff, 0xfe]) || first.starts_with(&[0xfe, 0xff]) {
        return Err(FileFault::Utf16);
    }
    if first.contains(&0) {
        let says_workbook = name_hint
            .rsplit_once('.')
            .is_some_and(|(_, end)| end.eq_ignore_ascii_case("xlsx"));
        return Err(if says_workbook {
            FileFault::DamagedWorkbook { line: None }
        } else {
            FileFault::NotText
        });
    }
    Ok(Format::Csv)
}

/// An opened file. It owns what the rows borrow; call [`Source::table`] to read them.
pub struct Source<R: Read + Seek> {
    body: Body<R>,
    limits: Limits,
}

enum Body<R: Read + Seek> {
    Csv(Option<Box<CsvRows<R>>>),
    Xlsx(Box<Workbook<R>>),
    /// A workbook that another process reads.
    Frames(Option<Box<FrameRows>>),
}

/// Opens a file: decides format and encoding and, for a workbook, holds it against the caps before it is parsed.
///
/// A workbook is parsed in this process. What comes from outside goes through [`open_with`].
///
/// ```
/// let file = std::io::Cursor::new("姓名,备注\n测试甲,\"两\n行\"\n测试乙,\n");
/// let mut source = intake::open(file, "a.csv", &intake::Limits::default())?;
/// let mut table = source.table()?;
/// assert_eq!(table.header().cell(0), "姓名");
/// let mut lines = Vec::new();
/// while let Some(row) = table.next_row()? {
///     lines.push((row.line(), row.cell(0).to_owned()));
/// }
/// assert_eq!(lines, [(2, "测试甲".to_owned()), (4, "测试乙".to_owned())]);
/// # Ok::<(), intake::FileFault>(())
/// ```
///
/// # Errors
///
/// [`FileFault`] if it cannot be read, is of no known format, or passes a cap.
pub fn open<R: Read + Seek>(mut reader: R, name_hint: &str, limits: &Limits) -> Result<Source<R>, FileFault> {
    let first = first_bytes(&mut reader)?;
    match sniff(&first, name_hint)? {
        Format::Csv => Source::text(first, reader, limits),
        Format::Xlsx => Source::workbook(reader, limits, true),
    }
}

/// The same for a file that nobody vouches for: `workbooks` reads a workbook elsewhere, and this process never parses it.
/// With [`Pass::Count`] the table of a workbook has a header and a number of rows ([`Table::count_rest`]) and no rows.
///
/// # Errors
///
/// [`FileFault`] if it cannot be read or is of no known format.
pub fn open_with<R: Read + Seek>(
    mut reader: R,
    name_hint: &str,
    limits: &Limits,
    workbooks: &dyn Workbooks,
    pass: Pass,
) -> Result<Source<R>, FileFault> {
    let first = first_bytes(&mut reader)?;
    match sniff(&first, name_hint)? {
        Format::Csv => Source::text(first, reader, limits),
        Format::Xlsx => {
            reader.seek(SeekFrom::Start(0)).map_err(FileFault::Read)?;
            let frames = workbooks.begin(&mut reader, limits, pass)?;
            Ok(Source {
                body: Body::Frames(Some(Box::new(FrameRows::new(frames, limits)))),
                limits: limits.clone(),
            })
        }
    }
}

fn first_bytes<R: Read + Seek>(reader: &mut R) -> Result<Vec<u8>, FileFault> {
    reader.seek(SeekFrom::Start(0)).map_err(FileFault::Read)?;
    let mut first = Vec::with_capacity(SNIFF_BYTES);
    reader
        .by_ref()
        .take(SNIFF_BYTES as u64)
        .read_to_end(&mut first)
        .map_err(FileFault::Read)?;
    Ok(first)
}

impl<R: Read + Seek> Source<R> {
    fn text(first: Vec<u8>, reader: R, limits: &Limits) -> Result<Self, FileFault> {
        Ok(Self {
            body: Body::Csv(Some(Box::new(CsvRows::new(first, reader, limits)?))),
            limits: limits.clone(),
        })
    }

    /// Parses a workbook here. Its archive is held against the caps first unless that was done.
    fn workbook(reader: R, limits: &Limits, is_unchecked: bool) -> Result<Self, FileFault> {
        Ok(Self {
            body: Body::Xlsx(Box::new(Workbook::open(reader, limits, is_unchecked)?)),
            limits: limits.clone(),
        })
    }

    /// The rows. A file is read once: a second call finds an empty table.
    ///
    /// # Errors
    ///
    /// [`FileFault`] if there is no header row or it cannot be read.
    pub fn table(&mut self) -> Result<Table<'_>, FileFault> {
        let (format, rows): (Format, Box<dyn Rows + '_>) = match &mut self.body {
            Body::Csv(rows) => (Format::Csv, rows.take().ok_or(FileFault::Empty)?),
            Body::Xlsx(workbook) => (Format::Xlsx, Box::new(workbook.rows(&self.limits)?)),
            Body::Frames(rows) => (Format::Xlsx, rows.take().ok_or(FileFault::Empty)?),
        };
        let mut table = Table {
            format,
            rows,
            header: RawRow::default(),
            row: RawRow::default(),
            count: 0,
            max: self.limits.rows_max,
        };
        if !table.rows.read_into(&mut table.header)? {
            return Err(FileFault::Empty);
        }
        Ok(table)
    }
}

/// Where rows come from.
trait Rows {
    /// Reads the next row that is not blank into `row`; `false` at the end.
    fn read_into(&mut self, row: &mut RawRow) -> Result<bool, FileFault>;
    /// Reads to the end; the number of rows, at most `max`.
    fn count_rest(&mut self, scratch: &mut RawRow, max: u32) -> Result<u32, FileFault> {
        let mut count = 0;
        while self.read_into(scratch)? {
            if count == max {
                return Err(FileFault::TooManyRows { rows_max: max });
            }
            count += 1;
        }
        Ok(count)
    }
    /// The encoding of the text, as far as it is decided.
    fn encoding(&self) -> Encoding;
}

/// The rows of a file as a stream: the header, then row by row. One row is in memory at a time.
pub struct Table<'s> {
    format: Format,
    rows: Box<dyn Rows + 's>,
    header: RawRow,
    row: RawRow,
    count: u32,
    max: u32,
}

impl Table<'_> {
    /// The header row.
    #[must_use]
    pub const fn header(&self) -> &RawRow {
        &self.header
    }

    /// The format.
    #[must_use]
    pub const fn format(&self) -> Format {
        self.format
    }

    /// The encoding; a workbook is always UTF-8.
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        self.rows.encoding()
    }

    /// Data rows read so far.
    #[must_use]
    pub const fn rows_read(&self) -> u32 {
        self.count
    }

    /// Reads to the end; the data rows in the file.
    ///
    /// # Errors
    ///
    /// [`FileFault`] if the file cannot be read to its end.
    pub fn count_rest(mut self) -> Result<(u32, Encoding), FileFault> {
        let left = self.max.saturating_sub(self.count);
        let rest = self.rows.count_rest(&mut self.row, left)?;
        Ok((self.count.saturating_add(rest), self.rows.encoding()))
    }

    /// The next data row, or `None` at the end. Blank rows are no rows. The row is overwritten by the next call.
    ///
    /// # Errors
    ///
    /// [`FileFault`] if the file cannot be read further.
    pub fn next_row(&mut self) -> Result<Option<&RawRow>, FileFault> {
        if !self.rows.read_into(&mut self.row)? {
            return Ok(None);
        }
        if self.count == self.max {
            return Err(FileFault::TooManyRows { rows_max: self.max });
        }
        self.count += 1;
        Ok(Some(&self.row))
    }
}
