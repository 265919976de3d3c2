//! Every limit of reading, by name. A file that passes one is refused with a clear [`crate::FileFault`].

/// Limits that bound memory and time, whatever the file says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one record (row) of text, quoted line breaks included.
    pub record_bytes_max: usize,
    /// Columns of a row.
    pub columns_max: usize,
    /// Data rows of a file.
    pub rows_max: u32,
    /// Bytes of a workbook as delivered.
    pub xlsx_bytes_max: u64,
    /// Parts of a workbook's archive.
    pub xlsx_entries_max: usize,
    /// Bytes of all parts, unpacked.
    pub xlsx_unpacked_bytes_max: u64,
    /// Unpacked bytes per packed byte, for parts above [`Self::XLSX_RATIO_FREE_BYTES`].
    pub xlsx_ratio_max: u64,
    /// Cells of the sheet, and strings of the workbook.
    pub xlsx_cells_max: u64,
}

impl Limits {
    /// Parts below this size may be packed as tightly as they like: a few kilobytes of repeated text do no harm.
    pub const XLSX_RATIO_FREE_BYTES: u64 = 4 << 20;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            record_bytes_max: 1 << 20,
            columns_max: 256,
            // The largest delivery the design speaks of has 10 million rows.
            rows_max: 20_000_000,
            xlsx_bytes_max: 64 << 20,
            xlsx_entries_max: 1_000,
            xlsx_unpacked_bytes_max: 768 << 20,
            // Sheets of real deliveries pack at 8 to 40; a sheet of one repeated row reaches about 150.
            xlsx_ratio_max: 250,
            xlsx_cells_max: 10_000_000,
        }
    }
}
