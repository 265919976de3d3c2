//! CSV rows. Records without quotation marks are cut at their commas; the others go to the `csv` crate's own parser, fed by
//! hand: the crate's reader would let one unclosed quotation mark grow a record without bound, and gives a record the line
//! where the one before ended.

use std::io::Read;

use csv_core::ReadRecordResult;
use encoding_rs::{DecoderResult, GB18030};

use super::{Encoding, RawRow, Rows, SNIFF_BYTES};
use crate::{FileFault, Limits};

const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";
/// U+FEFF in GB18030.
const GB18030_MARK: &[u8] = b"\x84\x31\x95\x33";
const RECORD_BYTES: usize = 16 << 10;
const COLUMNS: usize = 64;

pub(super) struct CsvRows<R> {
    source: R,
    encoding: Encoding,
    /// Nothing but ASCII so far: both encodings agree.
    is_open: bool,
    decoder: Option<encoding_rs::Decoder>,
    /// Bytes of the file not yet decoded (GB18030 only).
    raw: Block,
    /// Text for the parser; UTF-8, though checked only record by record.
    input: Block,
    is_end: bool,
    has_bad_bytes: bool,
    /// Made for the first record that needs it, with its tables; most files need none.
    core: Option<Box<csv_core::Reader>>,
    record: Vec<u8>,
    ends: Vec<usize>,
    /// Line of the next byte.
    line: u32,
    /// The byte before: a line feed after a carriage return ends no second line.
    before: u8,
    limits: Limits,
}

/// A buffer with the part of it that is still to be used.
#[derive(Default)]
struct Block {
    bytes: Vec<u8>,
    from: usize,
    to: usize,
}

impl Block {
    fn rest(&self) -> &[u8] {
        self.bytes.get(self.from..self.to).unwrap_or_default()
    }

    fn fill(&mut self, source: &mut impl Read) -> Result<usize, FileFault> {
        self.bytes.resize(SNIFF_BYTES, 0);
        self.from = 0;
        loop {
            match source.read(&mut self.bytes) {
                Ok(read) => {
                    self.to = read;
                    return Ok(read);
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(FileFault::Read(error)),
            }
        }
    }
}

/// Line ends of any kind: line feeds, carriage returns alone (as old spreadsheets write them), and both together as one.
fn line_ends(bytes: &[u8], is_after_return: bool) -> usize {
    let is_second = |at: &usize| match at.checked_sub(1) {
        Some(before) => bytes.get(before) == Some(&b'\r'),
        None => is_after_return,
    };
    let feeds = memchr::memchr_iter(b'\n', bytes).filter(|at| !is_second(at)).count();
    feeds + memchr::memchr_iter(b'\r', bytes).count()
}

/// The first record of `input`, if it lies there whole, has no quotation mark and is within the limits.
fn plain_record<'i>(input: &'i [u8], limits: &Limits) -> Option<&'i str> {
    let record = input.get(..memchr::memchr2(b'\n', b'\r', input)?)?;
    let is_plain = record.len() < limits.record_bytes_max
        && memchr::memchr(b'"', record).is_none()
        && memchr::memchr_iter(b',', record).count() < limits.columns_max;
    is_plain
        .then_some(record)
        .and_then(|record| simdutf8::basic::from_utf8(record).ok())
}

impl<R: Read> CsvRows<R> {
    /// Rows of `first` and then of `source`.
    pub(super) fn new(first: Vec<u8>, source: R, limits: &Limits) -> Result<Self, FileFault> {
        let mut rows = Self {
            source,
            encoding: Encoding::Utf8,
            is_open: true,
            decoder: None,
            raw: Block::default(),
            input: Block {
                from: 0,
                to: first.len(),
                bytes: first,
            },
            is_end: false,
            has_bad_bytes: false,
            core: None,
            record: vec![0; RECORD_BYTES.min(limits.record_bytes_max)],
            ends: vec![0; COLUMNS.min(limits.columns_max)],
            line: 1,
            before: 0,
            limits: limits.clone(),
        };
        if rows.input.rest().starts_with(UTF8_MARK) {
            rows.input.from = UTF8_MARK.len();
            rows.encoding = Encoding::Utf8Bom;
            rows.is_open = false;
        } else if rows.input.rest().starts_with(GB18030_MARK) {
            rows.input.from = GB18030_MARK.len();
            rows.begin_gb18030();
            rows.decode()?;
        } else {
            rows.decide()?;
        }
        Ok(rows)
    }

    /// Decides the encoding by the first block that is not plain ASCII.
    fn decide(&mut self) -> Result<(), FileFault> {
        let block = self.input.rest();
        if !self.is_open || block.is_ascii() {
            return Ok(());
        }
        self.is_open = false;
        // A character cut off by the end of the block is no error.
        if std::str::from_utf8(block).is_err_and(|error| error.error_len().is_some()) {
            self.begin_gb18030();
            self.decode()?;
        }
        Ok(())
    }

    fn begin_gb18030(&mut self) {
        self.is_open = false;
        self.encoding = Encoding::Gb18030;
        self.decoder = Some(GB18030.new_decoder_without_bom_handling());
        std::mem::swap(&mut self.raw, &mut self.input);
        // A byte becomes at most three (two bytes of GBK become three of UTF-8).
        self.input = Block {
            bytes: vec![0; SNIFF_BYTES * 2],
            from: 0,
            to: 0,
        };
    }

    /// Fills `input` with more text; leaves it empty at the end of the file.
    fn refill(&mut self) -> Result<(), FileFault> {
        if self.decoder.is_some() {
            return self.decode();
        }
        self.is_end = self.input.fill(&mut self.source)? == 0;
        self.decide()
    }

    fn decode(&mut self) -> Result<(), FileFault> {
        self.input.from = 0;
        self.input.to = 0;
        while self.input.to == 0 && !self.is_end {
            if self.has_bad_bytes {
                return Err(FileFault::Undecodable {
                    line: self.line,
                    encoding: self.encoding.as_str(),
                });
            }
            let is_last = self.raw.rest().is_empty() && self.raw.fill(&mut self.source)? == 0;
            let Some(decoder) = &mut self.decoder else {
                return Ok(());
            };
            let (result, read, written) =
                decoder.decode_to_utf8_without_replacement(self.raw.rest(), &mut self.input.bytes, is_last);
            self.raw.from += read;
            self.input.to = written;
            // What came before the bad bytes is still good; its rows come first.
            self.has_bad_bytes = matches!(result, DecoderResult::Malformed(..));
            self.is_end = is_last && matches!(result, DecoderResult::InputEmpty);
        }
        Ok(())
    }

    /// Steps over line ends before a record, so that the record's line is where it begins.
    fn skip_line_ends(&mut self) -> Result<(), FileFault> {
        loop {
            while let Some(&byte @ (b'\r' | b'\n')) = self.input.rest().first() {
                self.line += u32::from(byte == b'\r' || self.before != b'\r');
                self.before = byte;
                self.input.from += 1;
            }
            if self.is_end || !self.input.rest().is_empty() {
                return Ok(());
            }
            self.refill()?;
        }
    }

    /// Takes a record that lies whole in `input` and has no quotation mark: its cells are what is between the commas. Most
    /// records are such, and the parser looks at each byte. `false` leaves everything, faults too, to the parser.
    fn take_plain(&mut self, row: &mut RawRow) -> bool {
        let Some(text) = plain_record(self.input.rest(), &self.limits) else {
            return false;
        };
        let (record, end) = (text.as_bytes(), text.len());
        let mut from = 0;
        for comma in memchr::memchr_iter(b',', record).chain([end]) {
            row.push(text.get(from..comma).unwrap_or_default());
            from = comma + 1;
        }
        self.step_over(end);
        true
    }

    /// Steps over records that [`Self::take_plain`] would take, one after another; how many were not blank.
    fn count_plain(&mut self) -> Result<u32, FileFault> {
        let mut count = 0;
        loop {
            self.skip_line_ends()?;
            let Some(text) = plain_record(self.input.rest(), &self.limits) else {
                return Ok(count);
            };
            let is_blank = text.chars().all(|c| c == ',' || c.is_whitespace());
            count += u32::from(!is_blank);
            self.step_over(text.len());
        }
    }

    fn step_over(&mut self, bytes: usize) {
        let used = self.input.rest().get(..bytes).unwrap_or_default();
        self.before = used.last().copied().unwrap_or(self.before);
        self.input.from += bytes;
    }

    /// Parses one record into `record` and `ends`; the number of cells, or `None` at the end.
    fn parse(&mut self, line: u32) -> Result<Option<usize>, FileFault> {
        if self.is_end && self.input.rest().is_empty() {
            return Ok(None);
        }
        // Not its default: that has no tables.
        let mut core = self.core.take().unwrap_or_else(|| Box::new(csv_core::Reader::new()));
        let cells = self.parse_by(&mut core, line);
        self.core = Some(core);
        cells
    }

    fn parse_by(&mut self, core: &mut csv_core::Reader, line: u32) -> Result<Option<usize>, FileFault> {
        let (mut written, mut cells, mut quotes) = (0, 0, 0_usize);
        loop {
            let input = self.input.rest();
            let (result, read, wrote, ended) = core.read_record(
                input,
                self.record.get_mut(written..).unwrap_or_default(),
                self.ends.get_mut(cells..).unwrap_or_default(),
            );
            let used = input.get(..read).unwrap_or_default();
            let is_eof = input.is_empty();
            let lines = line_ends(used, self.before == b'\r');
            self.before = used.last().copied().unwrap_or(self.before);
            quotes += memchr::memchr_iter(b'"', used).count();
            self.line += u32::try_from(lines).unwrap_or(u32::MAX);
            self.input.from += read;
            written += wrote;
            cells += ended;
            match result {
                ReadRecordResult::InputEmpty => self.refill()?,
                ReadRecordResult::OutputFull => {
                    let bytes_max = self.limits.record_bytes_max;
                    if self.record.len() >= bytes_max {
                        return Err(FileFault::RecordTooLong { line, bytes_max });
                    }
                    self.record.resize((self.record.len() * 2).min(bytes_max), 0);
                }
                ReadRecordResult::OutputEndsFull => {
                    let columns_max = self.limits.columns_max;
                    if self.ends.len() >= columns_max {
                        return Err(FileFault::TooManyColumns { line, columns_max });
                    }
                    self.ends.resize((self.ends.len() * 2).min(columns_max), 0);
                }
                // Ended by the end of the file, with a quotation mark open: rows may have vanished into the cell.
                ReadRecordResult::Record if is_eof && quotes % 2 == 1 => return Err(FileFault::UnclosedQuote { line }),
                ReadRecordResult::Record => return Ok(Some(cells)),
                ReadRecordResult::End => return Ok(None),
            }
        }
    }
}

impl<R: Read> Rows for CsvRows<R> {
    fn read_into(&mut self, row: &mut RawRow) -> Result<bool, FileFault> {
        loop {
            row.clear();
            self.skip_line_ends()?;
            row.line = self.line;
            if self.take_plain(row) {
                if row.is_blank() {
                    continue;
                }
                return Ok(true);
            }
            let Some(cells) = self.parse(row.line)? else {
                return Ok(false);
            };
            let ends = self.ends.get(..cells).unwrap_or_default();
            let bytes = self.record.get(..ends.last().copied().unwrap_or(0)).unwrap_or_default();
            match simdutf8::compat::from_utf8(bytes) {
                Ok(text) => row.text.push_str(text),
                Err(error) => {
                    let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
                    let lines = line_ends(before, false);
                    let line = row.line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
                    return Err(FileFault::Undecodable {
                        line,
                        encoding: self.encoding.as_str(),
                    });
                }
            }
            row.ends.extend_from_slice(ends);
            if !row.is_blank() {
                return Ok(true);
            }
        }
    }

    fn count_rest(&mut self, scratch: &mut RawRow, max: u32) -> Result<u32, FileFault> {
        let mut count: u32 = 0;
        loop {
            count = count.saturating_add(self.count_plain()?);
            let is_more = self.read_into(scratch)?;
            count = count.saturating_add(u32::from(is_more));
            if count > max {
                return Err(FileFault::TooManyRows { rows_max: max });
            }
            if !is_more {
                return Ok(count);
            }
        }
    }

    fn encoding(&self) -> Encoding {
        self.encoding
    }
}
