//! One table of a dump: its header held against the rules, its rows turned into the bytes of deliveries.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use bytes::Bytes;
use domain::Uscc;
use domain::catalogue::{Catalogue, DroppedColumn, Item};
use intake::{Limits, RawRow};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use super::mapping::{NO_FIELD, TableMapping, TableRules};

/// Bytes handed over at once.
const PIECE: usize = 1 << 16;

/// What the header says, and where what is.
#[derive(Debug, Default)]
pub(super) struct Head {
    /// Column of the table for each header of the delivery.
    taken: Vec<(usize, String)>,
    provider_at: Option<usize>,
    /// Columns not taken and the rule that keeps each out.
    pub(super) not_taken: BTreeMap<u32, String>,
    /// First rule for tables that a column meets.
    pub(super) table_rule: Option<String>,
}

/// What the first reading of the rows found.
#[derive(Debug, Default)]
pub(super) struct Count {
    pub(super) rows: u64,
    /// Rows by provider; `None` where it is not known or may not deliver the item.
    pub(super) by_provider: BTreeMap<Option<Uscc>, u64>,
}

pub(super) struct DumpTable<'a> {
    pub(super) path: PathBuf,
    pub(super) mapping: &'a TableMapping,
    pub(super) head: Head,
}

impl<'a> DumpTable<'a> {
    pub(super) fn open(
        dump: &Path,
        mapping: &'a TableMapping,
        rules: &TableRules,
        catalogue: &Catalogue,
    ) -> anyhow::Result<Self> {
        let path = dump.join(&mapping.file);
        let header = each_row(&path, |_| Ok(false))?;
        let mut head = Head::default();
        for (at, name) in header.iter().enumerate() {
            let number = u32::try_from(at + 1).unwrap_or(u32::MAX);
            let rule = rules.of_header(name);
            if head.table_rule.is_none() {
                head.table_rule = rule.map(|rule| rule.id.clone());
            }
            match (mapping.columns.get(name), rule) {
                (Some(_), Some(rule)) => bail!(
                    "LEGACY-0006: {}: the mapping takes column {number}, which {} keeps out",
                    mapping.file,
                    rule.id
                ),
                (Some(target), None) => head.taken.push((at, target.clone())),
                _ if mapping.provider_column.as_ref() == Some(name) => head.provider_at = Some(at),
                (None, Some(rule)) => drop(head.not_taken.insert(number, rule.id.clone())),
                (None, None) => {
                    let dropped = catalogue.dropped_columns.iter().find(|column| drops(column, name));
                    let rule = dropped.map_or_else(|| NO_FIELD.to_owned(), |column| column.id.as_str().to_owned());
                    head.not_taken.insert(number, rule);
                }
            }
        }
        let found: BTreeSet<&String> = header.iter().collect();
        let missing = mapping
            .columns
            .keys()
            .chain(&mapping.provider_column)
            .find(|name| !found.contains(name));
        if let Some(missing) = missing.filter(|_| mapping.item.is_some()) {
            bail!(
                "LEGACY-0007: {} has no column {missing}, of which the mapping speaks",
                mapping.file
            );
        }
        Ok(Self { path, mapping, head })
    }

    /// Whose a row is.
    fn provider_of(&self, row: &RawRow, item: &Item) -> Option<Uscc> {
        let text = match (&self.mapping.provider, self.head.provider_at) {
            (Some(provider), _) => provider.as_str(),
            (None, Some(at)) => row.cell(at).trim(),
            (None, None) => "",
        };
        let code = self.mapping.providers.get(text).map_or(text, String::as_str);
        Uscc::parse(code)
            .ok()
            .filter(|provider| item.providers.contains(provider))
    }

    pub(super) fn count(&self, item: Option<&Item>) -> anyhow::Result<Count> {
        let mut count = Count::default();
        each_row(&self.path, |row| {
            count.rows += 1;
            if let Some(item) = item {
                *count.by_provider.entry(self.provider_of(row, item)).or_default() += 1;
            }
            Ok(true)
        })?;
        Ok(count)
    }

    /// Writes the rows of one provider as CSV, piece by piece.
    pub(super) fn send(
        &self,
        item: &Item,
        provider: &Uscc,
        pieces: &mpsc::Sender<std::io::Result<Bytes>>,
    ) -> anyhow::Result<()> {
        let mut writer = writer();
        writer.write_record(self.head.taken.iter().map(|(_, header)| header))?;
        each_row(&self.path, |row| {
            if self.provider_of(row, item).as_ref() != Some(provider) {
                return Ok(true);
            }
            writer.write_record(self.head.taken.iter().map(|(at, _)| row.cell(*at)))?;
            writer.flush()?;
            if writer.get_ref().len() < PIECE {
                return Ok(true);
            }
            let full = std::mem::replace(&mut writer, self::writer());
            Ok(hand_over(full, pieces)?)
        })?;
        hand_over(writer, pieces)?;
        Ok(())
    }
}

fn writer() -> csv::Writer<Vec<u8>> {
    csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::with_capacity(PIECE))
}

/// Whether somebody still listens.
fn hand_over(writer: csv::Writer<Vec<u8>>, pieces: &mpsc::Sender<std::io::Result<Bytes>>) -> std::io::Result<bool> {
    let bytes = writer
        .into_inner()
        .map_err(|error| std::io::Error::other(error.into_error()))?;
    Ok(pieces.blocking_send(Ok(bytes.into())).is_ok())
}

/// Whether the rule drops a column of this header (see `catalogue/dropped-columns.toml`).
fn drops(column: &DroppedColumn, header: &str) -> bool {
    let bare = catalogue::fold_header(header);
    column
        .headers
        .iter()
        .any(|word| bare.contains(&catalogue::fold_header(word)))
        || column
            .exact_headers
            .iter()
            .any(|word| bare == catalogue::fold_header(word))
}

/// Reads a table with the reader of deliveries, so that the same encodings, caps and faults hold. Returns its header.
fn each_row(path: &Path, mut each: impl FnMut(&RawRow) -> anyhow::Result<bool>) -> anyhow::Result<Vec<String>> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let broken = |fault: intake::FileFault| {
        let fault: intake::Fault = fault.into();
        anyhow!(
            "LEGACY-0008: {name} cannot be read as a table ({}, line {})",
            fault.code.as_str(),
            fault.line
        )
    };
    let file = File::open(path).with_context(|| format!("{name} cannot be read"))?;
    let mut reader = BufReader::with_capacity(1 << 20, file);
    let mut source = intake::open(&mut reader, &name, &Limits::default()).map_err(broken)?;
    let mut table = source.table().map_err(broken)?;
    let header = table.header().cells().map(|cell| cell.trim().to_owned()).collect();
    while let Some(row) = table.next_row().map_err(broken)? {
        if !each(row)? {
            break;
        }
    }
    Ok(header)
}

pub(super) fn hash(path: &Path) -> anyhow::Result<String> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; PIECE];
    loop {
        let read = std::io::Read::read(&mut file, &mut buffer)?;
        if read == 0 {
            return Ok(hex::encode(hasher.finalize()));
        }
        hasher.update(buffer.get(..read).unwrap_or_default());
    }
}
