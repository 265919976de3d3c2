//! Files as departments send them: CSV in three encodings, and workbooks.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook};

use crate::SynthError;

/// Encoding of a CSV file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextEncoding {
    /// UTF-8
    Utf8,
    /// UTF-8 with a byte order mark
    Utf8Bom,
    /// GB18030
    Gb18030,
}

/// Kind of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// CSV
    Csv(TextEncoding),
    /// XLSX
    Xlsx,
}

impl FileKind {
    /// `csv` or `xlsx`.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Csv(_) => "csv",
            Self::Xlsx => "xlsx",
        }
    }

    /// `utf-8`, `utf-8-bom`, `gb18030`; workbooks are UTF-8.
    #[must_use]
    pub const fn encoding(self) -> &'static str {
        match self {
            Self::Csv(TextEncoding::Utf8) | Self::Xlsx => "utf-8",
            Self::Csv(TextEncoding::Utf8Bom) => "utf-8-bom",
            Self::Csv(TextEncoding::Gb18030) => "gb18030",
        }
    }
}

/// How a column is put into a workbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CellType {
    Text,
    Day,
    Number,
}

/// An open file; rows go in, lines come out.
pub(crate) enum Sheet {
    Csv {
        out: BufWriter<File>,
        encoding: TextEncoding,
        text: String,
        line: u32,
    },
    Xlsx {
        workbook: Box<Workbook>,
        path: PathBuf,
        types: Vec<CellType>,
        row: u32,
    },
}

impl Sheet {
    pub(crate) fn create(path: &Path, kind: FileKind, types: Vec<CellType>) -> Result<Self, SynthError> {
        Ok(match kind {
            FileKind::Csv(encoding) => {
                let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
                if encoding == TextEncoding::Utf8Bom {
                    out.write_all(b"\xef\xbb\xbf")?;
                }
                Self::Csv {
                    out,
                    encoding,
                    text: String::new(),
                    line: 1,
                }
            }
            FileKind::Xlsx => {
                let mut workbook = Box::new(Workbook::new());
                // Without this the present time would be written, and no two runs would agree.
                let created = ExcelDateTime::from_ymd(2026, 1, 1)?;
                workbook.set_properties(&DocProperties::new().set_creation_datetime(&created));
                workbook.add_worksheet();
                Self::Xlsx {
                    workbook,
                    path: path.to_owned(),
                    types,
                    row: 0,
                }
            }
        })
    }

    /// Writes a row and returns the line on which it begins.
    pub(crate) fn write(&mut self, cells: &[String]) -> Result<u32, SynthError> {
        match self {
            Self::Csv {
                out,
                encoding,
                text,
                line,
            } => {
                text.clear();
                push_csv_row(text, cells, *encoding);
                if *encoding == TextEncoding::Gb18030 {
                    out.write_all(&encoding_rs::GB18030.encode(text).0)?;
                } else {
                    out.write_all(text.as_bytes())?;
                }
                let begins = *line;
                *line += u32::try_from(text.bytes().filter(|byte| *byte == b'\n').count()).unwrap_or(1);
                Ok(begins)
            }
            Self::Xlsx {
                workbook, types, row, ..
            } => {
                let sheet = workbook.worksheet_from_index(0)?;
                let day_format = Format::new().set_num_format("yyyy/mm/dd");
                for (column, cell) in cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
                    let at = u16::try_from(column).map_err(|_| SynthError::Parameters("too many columns"))?;
                    // The header is text, whatever its column.
                    let kind = if *row == 0 {
                        CellType::Text
                    } else {
                        types.get(column).copied().unwrap_or(CellType::Text)
                    };
                    match (kind, as_day(cell), cell.parse::<f64>()) {
                        (CellType::Day, Some(day), _) => {
                            sheet.write_datetime_with_format(*row, at, &day, &day_format)?;
                        }
                        (CellType::Number, _, Ok(number)) => {
                            sheet.write_number(*row, at, number)?;
                        }
                        _ => {
                            sheet.write_string(*row, at, cell)?;
                        }
                    }
                }
                *row += 1;
                Ok(*row)
            }
        }
    }

    pub(crate) fn finish(self) -> Result<(), SynthError> {
        match self {
            Self::Csv { mut out, .. } => Ok(out.flush()?),
            Self::Xlsx { mut workbook, path, .. } => Ok(workbook.save(path)?),
        }
    }
}

/// Quotes as RFC 4180 says; lines end as on the systems that write the encoding.
fn push_csv_row(text: &mut String, cells: &[String], encoding: TextEncoding) {
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        if cell.bytes().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r')) {
            text.push('"');
            for part in cell.split_inclusive('"') {
                text.push_str(part);
                if part.ends_with('"') {
                    text.push('"');
                }
            }
            text.push('"');
        } else {
            text.push_str(cell);
        }
    }
    text.push_str(if encoding == TextEncoding::Gb18030 {
        "\r\n"
    } else {
        "\n"
    });
}

/// A day in the national form; any other text stays text.
fn as_day(cell: &str) -> Option<ExcelDateTime> {
    let mut parts = cell.split('/');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    ExcelDateTime::from_ymd(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        let cells = ["a", "b,c", "d\"e\"", "f\ng", ""].map(str::to_owned);
        let mut text = String::new();
        push_csv_row(&mut text, &cells, TextEncoding::Utf8);
        assert_eq!(text, "a,\"b,c\",\"d\"\"e\"\"\",\"f\ng\",\n");
    }

    #[test]
    fn days_that_do_not_exist_stay_text() {
        assert!(as_day("2026/02/28").is_some());
        for text in ["2026/02/30", "2026-02-28", "26/02/28", "2026/2", ""] {
            assert!(as_day(text).is_none(), "{text}");
        }
    }
}
