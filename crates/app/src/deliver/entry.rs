//! What the log entry of a chunk commits to.

use domain::Uscc;
use domain::catalogue::ItemId;
use store::{BirthState, ChunkCommit, Counts};
use uuid::Uuid;

/// The parts of a record that its chunk's log entry commits to. They stay when the content is erased, so the proof stands.
pub(crate) struct HashedRecord<'a> {
    pub(crate) item: &'a ItemId,
    pub(crate) provider: &'a Uscc,
    pub(crate) state: BirthState,
    pub(crate) class: &'a str,
    pub(crate) end: i32,
    pub(crate) fact_tag: i64,
    pub(crate) revision: u32,
    pub(crate) content_tag: [u8; 16],
}

/// Hash of the log entry for a chunk about to be committed.
pub(crate) fn hash_of(commit: &ChunkCommit) -> [u8; 32] {
    let records = commit.records.iter().map(|record| HashedRecord {
        item: &record.item,
        provider: &record.provider,
        state: record.state,
        class: record.class.map_or("", domain::catalogue::BreachClass::as_str),
        end: record.end.to_epoch_days(),
        fact_tag: record.fact_tag,
        revision: record.revision,
        content_tag: record.content_tag,
    });
    chunk_hash(commit.uuid, &commit.counts, records)
}

/// Bytes of a record in an entry, more or less.
const RECORD_BYTES: usize = 80;

/// Hash of the log entry that stands for a chunk.
pub(crate) fn chunk_hash<'a>(uuid: Uuid, counts: &Counts, records: impl Iterator<Item = HashedRecord<'a>>) -> [u8; 32] {
    let mut bytes = Vec::with_capacity(48 + records.size_hint().0 * RECORD_BYTES);
    for count in [
        counts.received,
        counts.recorded,
        counts.repeated,
        counts.held,
        counts.pending,
        counts.refused,
    ] {
        bytes.extend_from_slice(&count.to_be_bytes());
    }
    for record in records {
        for text in [record.item.as_str(), record.provider.as_str(), record.class] {
            bytes.extend_from_slice(text.as_bytes());
            bytes.push(0x1f);
        }
        bytes.push(u8::from(record.state == BirthState::Held));
        bytes.extend_from_slice(&record.end.to_be_bytes());
        bytes.extend_from_slice(&record.fact_tag.to_be_bytes());
        bytes.extend_from_slice(&record.revision.to_be_bytes());
        bytes.extend_from_slice(&record.content_tag);
    }
    translog::entry_hash("chunk", &[uuid.as_bytes(), &bytes])
}
