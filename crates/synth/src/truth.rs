//! What a delivery must lead to, row by row: what tests and benches compare with.

use std::io::{Read, Write};

use crate::SynthError;

/// What becomes of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// A new record of the resident.
    Recorded,
    /// Its content is there already.
    Repeated,
    /// A correction of an earlier row's fact.
    Corrected,
    /// A withdrawal of an earlier row's fact.
    Withdrawn,
    /// Held: the number is unknown, or data are missing to judge it.
    Held,
    /// Waits for a human.
    Pending,
    /// Refused.
    Refused,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 7] = [
        Self::Recorded,
        Self::Repeated,
        Self::Corrected,
        Self::Withdrawn,
        Self::Held,
        Self::Pending,
        Self::Refused,
    ];

    /// The word in the truth file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::Repeated => "repeated",
            Self::Corrected => "corrected",
            Self::Withdrawn => "withdrawn",
            Self::Held => "held",
            Self::Pending => "pending",
            Self::Refused => "refused",
        }
    }

    /// Reads the word in the truth file.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text)
    }
}

/// A fault that intake or matching must report for a row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExpectedFault {
    /// `E02` … `E16`.
    pub code: String,
    /// The catalogue's header of the column; empty if the fault lies in none.
    pub header: String,
}

/// The truth about one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TruthRow {
    /// Line in the delivery; the header is line 1.
    pub line: u32,
    /// What becomes of it.
    pub outcome: Outcome,
    /// Faults that must be reported, sorted.
    pub faults: Vec<ExpectedFault>,
    /// Index of the resident whose file it enters, or would after a review or an answer; strangers have theirs.
    pub resident: Option<u64>,
    /// Document number of the fact; unique in the set of deliveries.
    pub document_no: String,
    /// Explanation of a pending row, in the words of `matching`.
    pub explanation: String,
    /// What was planted in the row; empty for a clean one.
    pub planted: String,
}

const HEADER: [&str; 7] = [
    "line",
    "outcome",
    "faults",
    "resident",
    "document_no",
    "explanation",
    "planted",
];

/// Writes truth rows as CSV.
pub(crate) struct TruthWriter<W: Write> {
    csv: csv::Writer<W>,
    faults: String,
}

impl<W: Write> TruthWriter<W> {
    pub(crate) fn new(writer: W) -> Result<Self, SynthError> {
        let mut csv = csv::Writer::from_writer(writer);
        csv.write_record(HEADER)?;
        Ok(Self {
            csv,
            faults: String::new(),
        })
    }

    pub(crate) fn write(&mut self, row: &TruthRow) -> Result<(), SynthError> {
        self.faults.clear();
        for fault in &row.faults {
            if !self.faults.is_empty() {
                self.faults.push('|');
            }
            self.faults.push_str(&fault.code);
            self.faults.push('@');
            self.faults.push_str(&fault.header);
        }
        let mut numbers = [String::new(), String::new()];
        let [line, resident] = &mut numbers;
        crate::cells::push_int(line, i64::from(row.line));
        if let Some(index) = row.resident {
            crate::cells::push_int(resident, i64::try_from(index).unwrap_or_default());
        }
        self.csv.write_record([
            line.as_str(),
            row.outcome.as_str(),
            &self.faults,
            resident,
            &row.document_no,
            &row.explanation,
            &row.planted,
        ])?;
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<(), SynthError> {
        self.csv.flush()?;
        Ok(())
    }
}

/// Reads a truth file as a stream.
pub fn read_truth(reader: impl Read) -> impl Iterator<Item = Result<TruthRow, SynthError>> {
    csv::Reader::from_reader(reader)
        .into_records()
        .map(|record| parse(&record?).ok_or(SynthError::Truth))
}

fn parse(record: &csv::StringRecord) -> Option<TruthRow> {
    let faults = record.get(2)?;
    let mut expected = Vec::new();
    for fault in faults.split('|').filter(|fault| !fault.is_empty()) {
        let (code, header) = fault.split_once('@')?;
        expected.push(ExpectedFault {
            code: code.to_owned(),
            header: header.to_owned(),
        });
    }
    let resident = record.get(3)?;
    Some(TruthRow {
        line: record.get(0)?.parse().ok()?,
        outcome: Outcome::parse(record.get(1)?)?,
        faults: expected,
        resident: if resident.is_empty() {
            None
        } else {
            Some(resident.parse().ok()?)
        },
        document_no: record.get(4)?.to_owned(),
        explanation: record.get(5)?.to_owned(),
        planted: record.get(6)?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truth_round_trips() {
        let row = TruthRow {
            line: 7,
            outcome: Outcome::Refused,
            faults: vec![
                ExpectedFault {
                    code: "E02".into(),
                    header: "证件号码".into(),
                },
                ExpectedFault {
                    code: "E13".into(),
                    header: String::new(),
                },
            ],
            resident: Some(3),
            document_no: "测监罚字〔2026〕1号".into(),
            explanation: String::new(),
            planted: "required_empty".into(),
        };
        let clean = TruthRow {
            line: 8,
            outcome: Outcome::Recorded,
            faults: vec![],
            resident: None,
            ..row.clone()
        };
        let mut bytes = Vec::new();
        let mut writer = TruthWriter::new(&mut bytes).unwrap();
        writer.write(&row).unwrap();
        writer.write(&clean).unwrap();
        writer.finish().unwrap();
        let read: Vec<_> = read_truth(bytes.as_slice()).map(Result::unwrap).collect();
        assert_eq!(read, [row, clean]);
    }
}
