//! Faults of a file as a whole: it cannot be read, or not further than a line. Like all faults they repeat no content.

use crate::Lang;

/// Why a file cannot be read (further).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileFault {
    /// The file has no header row.
    #[error("the file is empty")]
    Empty,
    /// Not text: NUL bytes.
    #[error("the file is neither text nor a workbook")]
    NotText,
    /// UTF-16, which spreadsheet programs call "Unicode text".
    #[error("the file is UTF-16")]
    Utf16,
    /// An old workbook (`.xls`) or one locked by a password; both have the same container.
    #[error("the workbook is of the old form or locked by a password")]
    OldOrLockedWorkbook,
    /// Bytes that the encoding does not know.
    #[error("line {line} has bytes that are not {encoding}")]
    Undecodable {
        /// line in the file
        line: u32,
        /// name of the encoding decided on
        encoding: &'static str,
    },
    /// A record longer than the limit, mostly because a quotation mark is not closed.
    #[error("the row from line {line} on is longer than {bytes_max} bytes")]
    RecordTooLong {
        /// line in the file
        line: u32,
        /// limit
        bytes_max: usize,
    },
    /// The file ended inside quotation marks.
    #[error("the quotation mark opened in the row from line {line} on is never closed")]
    UnclosedQuote {
        /// line in the file
        line: u32,
    },
    /// More columns than the limit.
    #[error("line {line} has more than {columns_max} columns")]
    TooManyColumns {
        /// line in the file
        line: u32,
        /// limit
        columns_max: usize,
    },
    /// More rows than the limit.
    #[error("the file has more than {rows_max} rows")]
    TooManyRows {
        /// limit
        rows_max: u32,
    },
    /// A workbook past a cap.
    #[error("the workbook is too large: {cap}")]
    WorkbookTooLarge {
        /// which cap
        cap: WorkbookCap,
    },
    /// A workbook that cannot be read.
    #[error("the workbook is damaged")]
    DamagedWorkbook {
        /// line in the sheet, if the damage lies in one
        line: Option<u32>,
    },
    /// A workbook that took more memory or time than a workbook may.
    #[error("the workbook takes more memory or time to read than a workbook may")]
    WorkbookTooCostly,
    /// A workbook that is more than its cells: it runs programs, or fetches from elsewhere.
    #[error("the workbook has macros, links to other sources or embedded objects")]
    ActiveWorkbook,
    /// The bytes could not be fetched, or nobody could be started to read them: no fault of the file.
    #[error("the file could not be read")]
    Read(#[source] std::io::Error),
}

/// The caps of a workbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkbookCap {
    /// bytes as delivered
    Bytes,
    /// parts of the archive
    Entries,
    /// bytes unpacked
    Unpacked,
    /// unpacked against packed bytes
    Ratio,
    /// cells or strings
    Cells,
}

impl std::fmt::Display for WorkbookCap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Bytes => "its bytes",
            Self::Entries => "its parts",
            Self::Unpacked => "its unpacked bytes",
            Self::Ratio => "its packing ratio",
            Self::Cells => "its cells",
        })
    }
}

impl FileFault {
    /// The line it lies in, if it lies in one.
    #[must_use]
    pub const fn line(&self) -> Option<u32> {
        match self {
            Self::Undecodable { line, .. }
            | Self::RecordTooLong { line, .. }
            | Self::UnclosedQuote { line }
            | Self::TooManyColumns { line, .. } => Some(*line),
            Self::DamagedWorkbook { line } => *line,
            Self::Empty
            | Self::NotText
            | Self::Utf16
            | Self::OldOrLockedWorkbook
            | Self::TooManyRows { .. }
            | Self::WorkbookTooLarge { .. }
            | Self::WorkbookTooCostly
            | Self::ActiveWorkbook
            | Self::Read(_) => None,
        }
    }

    /// The public code; see `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "INTAKE-0001",
            Self::NotText => "INTAKE-0002",
            Self::Utf16 => "INTAKE-0003",
            Self::OldOrLockedWorkbook => "INTAKE-0004",
            Self::Undecodable { .. } => "INTAKE-0005",
            Self::RecordTooLong { .. } => "INTAKE-0006",
            Self::UnclosedQuote { .. } => "INTAKE-0007",
            Self::TooManyColumns { .. } => "INTAKE-0008",
            Self::TooManyRows { .. } => "INTAKE-0009",
            Self::WorkbookTooLarge { .. } => "INTAKE-0010",
            Self::DamagedWorkbook { .. } => "INTAKE-0011",
            Self::Read(_) => "INTAKE-0012",
            Self::WorkbookTooCostly => "INTAKE-0013",
            Self::ActiveWorkbook => "INTAKE-0014",
        }
    }

    /// What is wrong, for the provider.
    #[must_use]
    pub fn message(&self, lang: Lang) -> String {
        if lang == Lang::En {
            return self.to_string();
        }
        match self {
            Self::Empty => "文件是空的".into(),
            Self::NotText => "文件既不是文本，也不是工作簿".into(),
            Self::Utf16 => "文件是 UTF-16 编码".into(),
            Self::OldOrLockedWorkbook => "工作簿是旧格式（.xls）或设有密码".into(),
            Self::Undecodable { line, encoding } => format!("第 {line} 行有不属于 {encoding} 编码的字节"),
            Self::RecordTooLong { line, bytes_max } => format!("自第 {line} 行起的一行数据超过 {bytes_max} 字节"),
            Self::UnclosedQuote { line } => format!("自第 {line} 行起的一行数据中引号没有成对"),
            Self::TooManyColumns { line, columns_max } => format!("第 {line} 行超过 {columns_max} 列"),
            Self::TooManyRows { rows_max } => format!("文件超过 {rows_max} 行"),
            Self::WorkbookTooLarge { cap } => {
                let cap = match cap {
                    WorkbookCap::Bytes => "文件字节数",
                    WorkbookCap::Entries => "内部文件数",
                    WorkbookCap::Unpacked => "解压后字节数",
                    WorkbookCap::Ratio => "压缩比",
                    WorkbookCap::Cells => "单元格数",
                };
                format!("工作簿过大：{cap}超限")
            }
            Self::DamagedWorkbook { line: Some(line) } => format!("工作簿损坏，第 {line} 行无法读取"),
            Self::DamagedWorkbook { line: None } => "工作簿损坏，无法读取".into(),
            Self::WorkbookTooCostly => "读取工作簿所需的内存或时间超限".into(),
            Self::ActiveWorkbook => "工作簿含有宏、指向其他来源的链接或者嵌入对象".into(),
            Self::Read(_) => "文件读取失败".into(),
        }
    }

    /// What to do.
    #[must_use]
    pub const fn remedy(&self, lang: Lang) -> &'static str {
        let (zh, en) = match self {
            Self::Empty => (
                "请检查文件，第一行应为表头",
                "check the file; its first row must be the header",
            ),
            Self::NotText | Self::DamagedWorkbook { .. } => (
                "请重新导出为 CSV（UTF-8 或 GB18030）或 XLSX 后报送",
                "export it again as CSV (UTF-8 or GB18030) or XLSX and send that",
            ),
            Self::Utf16 => (
                "请另存为 UTF-8 编码的 CSV 后报送",
                "save it as CSV in UTF-8 and send that",
            ),
            Self::OldOrLockedWorkbook => (
                "请去掉密码，另存为 XLSX 或 CSV 后报送",
                "remove the password, save it as XLSX or CSV and send that",
            ),
            Self::Undecodable { .. } => (
                "请将整个文件统一存为 UTF-8 或 GB18030 编码后报送",
                "save the whole file in one encoding, UTF-8 or GB18030, and send that",
            ),
            Self::RecordTooLong { .. } | Self::UnclosedQuote { .. } => (
                "请检查该行的引号是否成对，单元格内的引号应写两遍",
                "check that quotation marks come in pairs; one inside a cell is written twice",
            ),
            Self::TooManyColumns { .. } => ("请按模板的列报送", "deliver the columns of the template"),
            Self::TooManyRows { .. } => ("请拆分成多个文件报送", "split it into several files"),
            Self::WorkbookTooLarge { .. } | Self::WorkbookTooCostly => ("请改用 CSV 格式报送", "send CSV instead"),
            Self::ActiveWorkbook => (
                "请只复制数值到新的工作簿，或者改用 CSV 格式报送",
                "copy the values alone into a new workbook, or send CSV",
            ),
            Self::Read(_) => ("请重新报送", "send it again"),
        };
        match lang {
            Lang::Zh => zh,
            Lang::En => en,
        }
    }
}
