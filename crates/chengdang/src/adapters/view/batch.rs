//! Rows of a view as the bytes of a CSV file.

use std::collections::BTreeSet;

use store_postgres::{ViewError, ViewRow, ViewSource};

use super::state::State;

/// Bytes after which a batch ends: what is held in memory at once, and far below the limit of an upload.
const BYTES_MAX: usize = 16 << 20;
/// Keys kept of one watermark. Past it the column is too coarse to poll by.
const TAKEN_MAX: usize = 1_000_000;

/// Why rows cannot be a delivery. Values are never repeated.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BatchFault {
    /// The key could be a person's number, which must not stand in state files.
    #[error("a key has the form of an identity number; use a surrogate key")]
    PersonalKey,
    /// Too many rows share a watermark.
    #[error("more than {TAKEN_MAX} rows share one watermark; use a finer column")]
    Coarse,
    /// Two rows with one key.
    #[error("two rows have the same watermark and key")]
    Doubled,
}

impl BatchFault {
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::PersonalKey => "VIEW-0004",
            Self::Coarse => "VIEW-0005",
            Self::Doubled => "VIEW-0006",
        }
    }
}

/// The rows of one delivery.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// The delivery file: UTF-8, quoted where needed, CR LF.
    pub(crate) csv: Vec<u8>,
    /// Line and key of each row.
    pub(crate) lines: Vec<u8>,
    pub(crate) rows: u64,
    /// Watermark of the last row.
    pub(crate) watermark: String,
    /// Keys taken of that watermark, those of earlier batches included.
    pub(crate) taken: BTreeSet<String>,
}

impl Batch {
    /// Reads what the state does not know yet. Rows of the watermark itself that came late are found by their keys.
    pub(crate) async fn read(
        source: &ViewSource,
        headers: &[String],
        state: &State,
        rows_max: u32,
    ) -> Result<Self, super::PollError> {
        let mut builder = Builder::new(headers, state);
        let known = i64::try_from(state.taken.len()).unwrap_or(i64::MAX);
        let limit = i64::from(rows_max).saturating_add(known);
        let mut fault = None;
        let mut last: Option<(String, String)> = None;
        source
            .read(state.watermark.as_deref(), limit, |row| {
                let place = (row.watermark.clone(), row.key.clone());
                if last.as_ref() == Some(&place) {
                    fault = Some(BatchFault::Doubled);
                    return false;
                }
                last = Some(place);
                match builder.add(&row) {
                    Ok(()) => builder.batch.rows < u64::from(rows_max) && builder.bytes() < BYTES_MAX,
                    Err(found) => {
                        fault = Some(found);
                        false
                    }
                }
            })
            .await?;
        match fault {
            Some(fault) => Err(fault.into()),
            None => builder.finish().map_err(|_| unwritable().into()),
        }
    }
}

fn unwritable() -> ViewError {
    ViewError::Unfit {
        what: "the rows cannot be written as CSV",
    }
}

struct Builder<'a> {
    writer: csv::Writer<Vec<u8>>,
    batch: Batch,
    state: &'a State,
    line: usize,
}

impl<'a> Builder<'a> {
    fn new(headers: &[String], state: &'a State) -> Self {
        let mut builder = Self {
            writer: csv::WriterBuilder::new()
                .terminator(csv::Terminator::CRLF)
                .from_writer(Vec::new()),
            batch: Batch::default(),
            state,
            line: 1,
        };
        builder.batch.lines.extend_from_slice(b"line,key\r\n");
        builder.batch.watermark = state.watermark.clone().unwrap_or_default();
        builder.batch.taken.clone_from(&state.taken);
        builder.write(headers);
        builder
    }

    /// Memory does not fail to be written to.
    fn write(&mut self, cells: &[String]) {
        let _ = self.writer.write_record(cells);
        self.line += 1 + cells.iter().map(|cell| cell.matches('\n').count()).sum::<usize>();
    }

    fn bytes(&self) -> usize {
        self.writer.get_ref().len()
    }

    fn add(&mut self, row: &ViewRow) -> Result<(), BatchFault> {
        let is_first = self.state.watermark.as_ref() == Some(&row.watermark);
        if is_first && self.state.taken.contains(&row.key) {
            return Ok(());
        }
        if domain::ResidentId::parse(&row.key).is_ok() || looks_like_a_number(&row.key) {
            return Err(BatchFault::PersonalKey);
        }
        if row.watermark != self.batch.watermark {
            self.batch.watermark.clone_from(&row.watermark);
            self.batch.taken.clear();
        }
        self.batch.taken.insert(row.key.clone());
        if self.batch.taken.len() > TAKEN_MAX {
            return Err(BatchFault::Coarse);
        }
        self.batch
            .lines
            .extend_from_slice(format!("{},{}\r\n", self.line, row.key).as_bytes());
        self.write(&row.cells);
        self.batch.rows += 1;
        Ok(())
    }

    fn finish(self) -> Result<Batch, csv::Error> {
        let mut batch = self.batch;
        batch.csv = self.writer.into_inner().map_err(csv::IntoInnerError::into_error)?;
        Ok(batch)
    }
}

/// Eighteen or fifteen digits: an identity number of today's or of the old form (GB 11643), right or mistyped.
fn looks_like_a_number(key: &str) -> bool {
    [15, 18].contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_digit())
}
