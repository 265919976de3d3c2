//! Comparisons: blocks with their rows in pages, answers, and what a comparison index reads.

use std::sync::Arc;

use async_trait::async_trait;
use domain::catalogue::{ItemId, PurposeId};
use domain::{Day, Moment, Uscc};
use rusqlite::{Connection, Row, params};
use store::{
    Appended, Asker, BirthState, Block, BlockAnswer, ComparisonStore, EntryKind, IndexChanges, IndexMark, IndexTag,
    IndexedRecord, KnownComparison, NewBlock, NewComparison, Page, PersonId, RecordEvent, RecordId, Relation,
    StoreError,
};
use uuid::Uuid;

use crate::connection::{all, bytes, count, execute, first, index_tag, sealed, uuid, word};
use crate::fault::{Fault, damaged, missing};
use crate::{SqliteStore, log, record, rotation, run};

#[async_trait]
impl ComparisonStore for SqliteStore {
    async fn begin_comparison(&self, new: &NewComparison) -> Result<KnownComparison, StoreError> {
        let new = new.clone();
        self.write(move |connection| begin(connection, &new)).await
    }

    async fn append_block(&self, block: Arc<NewBlock>) -> Result<Appended, StoreError> {
        self.write_alone(move |connection| append(connection, &block)).await
    }

    async fn append_block_answer(&self, block: Uuid, answer: &BlockAnswer) -> Result<Option<BlockAnswer>, StoreError> {
        let answer = answer.clone();
        self.write(move |connection| append_answer(connection, block, &answer))
            .await
    }

    async fn find_block(&self, uuid: Uuid) -> Result<Option<Block>, StoreError> {
        self.read(move |connection| find(connection, uuid)).await
    }

    async fn find_block_at(&self, comparison: Uuid, block_no: u32) -> Result<Option<Block>, StoreError> {
        self.read(move |connection| find_at(connection, comparison, block_no))
            .await
    }

    async fn pages_of(&self, block: Uuid) -> Result<Vec<Page>, StoreError> {
        self.read(move |connection| {
            let block = find(connection, block)?.ok_or_else(|| missing("the block"))?;
            let sql = include_str!("../sql/comparison_page/get.sql");
            let get = |(shard, _): &(u8, [u8; 32])| {
                let found = first(connection, sql, params![shard, block.order], |row| page(row, 0))?;
                found.ok_or_else(|| damaged("a block lacks a page"))
            };
            block.roots.iter().map(get).collect()
        })
        .await
    }

    async fn compared_rows(&self, programme: Uuid, day: Day) -> Result<u64, StoreError> {
        self.read(move |connection| compared(connection, programme, day)).await
    }

    async fn blocks_about(
        &self,
        numbers: &[IndexTag],
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<(Block, Page)>, StoreError> {
        let numbers = numbers.to_vec();
        self.read(move |connection| {
            let mut found = Vec::new();
            for number in &numbers {
                let before = before.unwrap_or(i64::MAX);
                let key = params![number.tag[0], &number.tag, number.key_version, before, limit];
                let sql = include_str!("../sql/comparison_page/list_about.sql");
                let with_page = all(connection, sql, key, |row| Ok((block(row)?, page(row, 22)?)))?;
                // Bytes of two tags beside each other are no tag.
                found.extend(
                    with_page
                        .into_iter()
                        .filter(|(_, page)| page.tags.contains(&number.tag)),
                );
            }
            found.sort_unstable_by_key(|(block, _)| std::cmp::Reverse(block.order));
            found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
            Ok(found)
        })
        .await
    }

    async fn scan_blocks(&self, after: i64, limit: u32) -> Result<Vec<Block>, StoreError> {
        self.read(move |connection| {
            let sql = include_str!("../sql/comparison_block/scan.sql");
            all(connection, sql, params![after, limit], block)
        })
        .await
    }

    /// One writer numbers and commits in one order, so a snapshot has no gaps.
    async fn index_end(&self) -> Result<IndexMark, StoreError> {
        self.read(|connection| {
            let end = first(connection, include_str!("../sql/record/end.sql"), [], |row| {
                Ok(IndexMark {
                    tags: row.get(0)?,
                    added_tags: 0,
                    records: row.get(1)?,
                    events: row.get(2)?,
                    locks: row.get(3)?,
                })
            })?;
            Ok(end.unwrap_or_default())
        })
        .await
    }

    async fn index_changes(&self, after: &IndexMark, to: &IndexMark, limit: u32) -> Result<IndexChanges, StoreError> {
        let (after, to) = (*after, *to);
        self.read(move |connection| changes(connection, &after, &to, limit))
            .await
    }

    async fn relations_of(&self, account: Uuid) -> Result<Vec<(IndexTag, Relation)>, StoreError> {
        self.read(move |connection| {
            let sql = include_str!("../sql/declared_relation/list.sql");
            all(connection, sql, [account.as_bytes()], |row| {
                Ok((index_tag(row, 0)?, word(row, 3, Relation::parse)?))
            })
        })
        .await
    }
}

fn begin(connection: &Connection, new: &NewComparison) -> Result<KnownComparison, Fault> {
    let row = params![
        new.uuid.as_bytes(),
        new.programme.as_bytes(),
        new.account.as_bytes(),
        new.client.as_ref().map(Uuid::as_bytes),
        &new.request_key,
        &new.request_tag,
        new.at.0,
    ];
    execute(connection, include_str!("../sql/comparison/insert.sql"), row)?;
    let sql = include_str!("../sql/comparison/find_by_key.sql");
    let known = first(connection, sql, [&new.request_key], |row| {
        Ok(KnownComparison {
            uuid: uuid(row, 0)?,
            request_tag: bytes(row, 1)?,
            at: Moment(row.get(2)?),
        })
    })?;
    known.ok_or_else(|| missing("the programme"))
}

fn append(connection: &Connection, new: &NewBlock) -> Result<Appended, Fault> {
    new.check()?;
    if let Some(known) = find_at(connection, new.comparison, new.block_no)? {
        return Ok(Appended::Known(Box::new(known)));
    }
    let floor = new.pages.first().and_then(|page| page.tags.first());
    let tag = floor.map(|tag| IndexTag {
        index: store::BlindIndex::Number,
        key_version: new.key_version,
        tag: *tag,
    });
    rotation::check_floors(connection, std::iter::empty(), tag.iter())?;
    let sql = include_str!("../sql/comparison_block/count_beside.sql");
    let key = params![new.comparison.as_bytes(), new.day.to_epoch_days()];
    let beside = first(connection, sql, key, |row| count(row, 0))?.unwrap_or_default();
    if beside + u64::from(new.rows) > u64::from(new.rows_a_day) {
        return Ok(Appended::TooMany);
    }
    let sql = include_str!("../sql/comparison_block/insert.sql");
    let row = params![
        new.uuid.as_bytes(),
        new.comparison.as_bytes(),
        new.block_no,
        new.rows,
        new.day.to_epoch_days(),
        &new.request_tag,
        new.key_version,
        new.header.salt.as_ref(),
        new.header.ciphertext,
        new.roots(),
        &new.entry_hash,
        new.at.0,
    ];
    if execute(connection, sql, row)? == 0 {
        return Err(missing("the comparison"));
    }
    let block_id = connection.last_insert_rowid();
    let mut insert = connection.prepare_cached(include_str!("../sql/comparison_page/insert.sql"))?;
    for page in &new.pages {
        insert.execute(params![
            page.shard,
            block_id,
            page.tags.as_flattened(),
            page.content.salt.as_ref(),
            page.content.ciphertext,
        ])?;
    }
    log::enqueue(connection, EntryKind::Trace, &new.entry_hash)?;
    Ok(Appended::New)
}

fn append_answer(connection: &Connection, uuid: Uuid, answer: &BlockAnswer) -> Result<Option<BlockAnswer>, Fault> {
    let known = find(connection, uuid)?.ok_or_else(|| missing("the block"))?;
    if known.answer.is_some() {
        return Ok(known.answer);
    }
    let row = params![
        uuid.as_bytes(),
        answer.flags.salt.as_ref(),
        answer.flags.ciphertext,
        answer.roots.as_flattened(),
        &answer.entry_hash,
        answer.at.0,
    ];
    execute(connection, include_str!("../sql/comparison_answer/insert.sql"), row)?;
    log::enqueue(connection, EntryKind::Outcome, &answer.entry_hash)?;
    Ok(None)
}

fn compared(connection: &Connection, programme: Uuid, day: Day) -> Result<u64, Fault> {
    let sql = include_str!("../sql/comparison_block/count.sql");
    let key = params![programme.as_bytes(), day.to_epoch_days()];
    Ok(first(connection, sql, key, |row| count(row, 0))?.unwrap_or_default())
}

fn find(connection: &Connection, uuid: Uuid) -> Result<Option<Block>, Fault> {
    let sql = include_str!("../sql/comparison_block/find.sql");
    first(connection, sql, [uuid.as_bytes()], block)
}

fn find_at(connection: &Connection, comparison: Uuid, block_no: u32) -> Result<Option<Block>, Fault> {
    let sql = include_str!("../sql/comparison_block/find_at.sql");
    first(connection, sql, params![comparison.as_bytes(), block_no], block)
}

fn changes(connection: &Connection, after: &IndexMark, to: &IndexMark, limit: u32) -> Result<IndexChanges, Fault> {
    let mut changes = IndexChanges {
        mark: *after,
        ..IndexChanges::default()
    };
    let (last_block, is_last) = run::TAGS.list(connection, (after.tags, to.tags), limit, |key, person| {
        if let Some(tag) = name_tag(key) {
            changes.tags.push((tag, PersonId(person)));
        }
    })?;
    changes.mark.tags = last_block;
    let sql = include_str!("../sql/record/list_clear.sql");
    changes.records = all(connection, sql, params![after.records, to.records, limit], indexed)?;
    let last = changes.records.last().map(|record| record.id.0);
    changes.mark.records = mark(changes.records.len(), limit, last, to.records);
    let sql = include_str!("../sql/record_change/list.sql");
    let mut last = None;
    changes.events = all(connection, sql, params![after.events, to.events, limit], |row| {
        last = Some(row.get(0)?);
        let event = RecordEvent {
            record: RecordId(row.get(2)?),
            kind: word(row, 3, domain::record::RecordEventKind::parse)?,
            at: Moment(row.get(4)?),
            effective: record::day(row, 5)?,
        };
        Ok((PersonId(row.get(1)?), event))
    })?;
    changes.mark.events = mark(changes.events.len(), limit, last, to.events);
    let sql = include_str!("../sql/file_lock/list.sql");
    changes.locks = all(connection, sql, params![after.locks, to.locks, limit], |row| {
        Ok((row.get(0)?, index_tag(row, 1)?, row.get(4)?))
    })?;
    let last = changes.locks.last().map(|(order, ..)| *order);
    changes.mark.locks = mark(changes.locks.len(), limit, last, to.locks);
    changes.is_whole = is_last && changes.mark.has_reached(to);
    Ok(changes)
}

/// How far a portion leads: to its last row if it is full, else to the end.
fn mark(found: usize, limit: u32, last: Option<i64>, to: i64) -> i64 {
    let is_full = u32::try_from(found).is_ok_and(|found| found >= limit);
    last.filter(|_| is_full).unwrap_or(to)
}

/// The tag of a key of the index, if it is one of number and name.
fn name_tag(key: &[u8; 19]) -> Option<IndexTag> {
    let (tag, rest) = key.split_first_chunk::<16>()?;
    let &[index, high, low] = rest else { return None };
    let index = store::BlindIndex::from_code(i16::from(index))?;
    (index == store::BlindIndex::NumberAndName).then_some(IndexTag {
        index,
        key_version: u16::from_be_bytes([high, low]),
        tag: *tag,
    })
}

fn indexed(row: &Row<'_>) -> Result<IndexedRecord, Fault> {
    Ok(IndexedRecord {
        id: RecordId(row.get(0)?),
        person: PersonId(row.get(1)?),
        item: word(row, 2, |text| ItemId::parse(text).ok())?,
        provider: word(row, 3, |text| Uscc::parse(text).ok())?,
        birth: word(row, 4, BirthState::parse)?,
        end: record::day(row, 5)?,
    })
}

fn block(row: &Row<'_>) -> Result<Block, Fault> {
    let is_null =
        |column| -> Result<bool, Fault> { Ok(matches!(row.get_ref(column)?, rusqlite::types::ValueRef::Null)) };
    let answer = if is_null(20)? {
        None
    } else {
        let roots: Vec<u8> = row.get(19)?;
        Some(BlockAnswer {
            flags: sealed(row, 17)?,
            roots: roots.as_chunks().0.to_vec(),
            entry_hash: bytes(row, 20)?,
            at: Moment(row.get(21)?),
        })
    };
    let roots: Vec<u8> = row.get(14)?;
    Ok(Block {
        order: row.get(0)?,
        uuid: uuid(row, 1)?,
        comparison: uuid(row, 2)?,
        programme: uuid(row, 3)?,
        asker: Asker {
            organisation: word(row, 4, |text| Uscc::parse(text).ok())?,
            account: uuid(row, 5)?,
            client: if is_null(6)? { None } else { Some(uuid(row, 6)?) },
            purpose: word(row, 7, |text| PurposeId::parse(text).ok())?,
        },
        block_no: row.get(8)?,
        rows: row.get(9)?,
        request_tag: bytes(row, 10)?,
        key_version: row.get(11)?,
        header: sealed(row, 12)?,
        roots: store::page_roots(&roots),
        entry_hash: bytes(row, 15)?,
        at: Moment(row.get(16)?),
        answer,
    })
}

fn page(row: &Row<'_>, column: usize) -> Result<Page, Fault> {
    let tags: Vec<u8> = row.get(column + 1)?;
    Ok(Page {
        shard: row.get(column)?,
        tags: tags.as_chunks().0.to_vec(),
        content: sealed(row, column + 2)?,
    })
}
