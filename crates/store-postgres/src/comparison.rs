//! Comparisons: blocks with their rows in pages, answers, and what a comparison index reads.

use std::sync::Arc;

use async_trait::async_trait;
use deadpool_postgres::{GenericClient, Transaction};
use domain::catalogue::{ItemId, PurposeId};
use domain::{Day, Moment, Uscc};
use store::{
    Appended, Asker, BirthState, Block, BlockAnswer, ComparisonStore, EntryKind, IndexChanges, IndexMark, IndexTag,
    IndexedRecord, KnownComparison, NewBlock, NewComparison, Page, PersonId, RecordId, Relation, StoreError,
};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::connection::{Parameter, all, commit, copy_in, execute, first, rows};
use crate::fault::{Fault, damaged, missing};
use crate::value::{bytes, count, day, get, index_tag, parts, sealed, signed_small, small, word};
use crate::{PostgresStore, log, programme, rotation};

/// Number of the advisory lock that effects share. Whoever wants to know how far effects go takes it alone for a moment:
/// numbers are taken before a commit, so that a smaller one could come into sight after a larger one was read.
const EFFECTS: i64 = 0x6368_656e_6764_0a01;

#[async_trait]
impl ComparisonStore for PostgresStore {
    async fn begin_comparison(&self, new: &NewComparison) -> Result<KnownComparison, StoreError> {
        let (key, tag) = (new.request_key.as_slice(), new.request_tag.as_slice());
        let row: &[Parameter<'_>] = &[
            &new.uuid,
            &new.programme,
            &new.account,
            &new.client,
            &key,
            &tag,
            &new.at.0,
        ];
        self.small_statement(include_str!("../sql/comparison/insert.sql"), row)
            .await?;
        let client = self.client().await?;
        let sql = include_str!("../sql/comparison/find_by_key.sql");
        let known = first(&client, sql, &[&key], |row| {
            Ok(KnownComparison {
                uuid: get(row, 0)?,
                request_tag: bytes(row, 1)?,
                at: Moment(get(row, 2)?),
            })
        })
        .await?;
        Ok(known.ok_or_else(|| missing("the programme"))?)
    }

    async fn append_block(&self, block: Arc<NewBlock>) -> Result<Appended, StoreError> {
        Ok(self.write_block(&block).await?)
    }

    async fn append_block_answer(&self, block: Uuid, answer: &BlockAnswer) -> Result<Option<BlockAnswer>, StoreError> {
        self.small(move || self.write_block_answer(block, answer)).await
    }

    async fn find_block(&self, uuid: Uuid) -> Result<Option<Block>, StoreError> {
        let client = self.client().await?;
        let sql = include_str!("../sql/comparison_block/find.sql");
        Ok(first(&client, sql, &[&uuid], block).await?)
    }

    async fn find_block_at(&self, comparison: Uuid, block_no: u32) -> Result<Option<Block>, StoreError> {
        let client = self.client().await?;
        Ok(find_at(&client, comparison, block_no).await?)
    }

    async fn pages_of(&self, uuid: Uuid) -> Result<Vec<Page>, StoreError> {
        let client = self.client().await?;
        let sql = include_str!("../sql/comparison_block/find.sql");
        let block = first(&client, sql, &[&uuid], block).await?;
        let block = block.ok_or_else(|| missing("the block"))?;
        let shards: Vec<i16> = block.roots.iter().map(|(shard, _)| i16::from(*shard)).collect();
        let sql = include_str!("../sql/comparison_page/list.sql");
        Ok(all(&client, sql, &[&block.order, &shards], |row| page(row, 0)).await?)
    }

    async fn compared_rows(&self, programme: Uuid, day: Day) -> Result<u64, StoreError> {
        let client = self.client().await?;
        let sql = include_str!("../sql/comparison_block/count.sql");
        let counted = first(&client, sql, &[&programme, &day.to_epoch_days()], |row| count(row, 0)).await?;
        Ok(counted.unwrap_or_default())
    }

    async fn blocks_about(
        &self,
        numbers: &[IndexTag],
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<(Block, Page)>, StoreError> {
        let client = self.client().await?;
        let mut found = Vec::new();
        for number in numbers {
            let (shard, tag) = (i16::from(number.tag[0]), number.tag.as_slice());
            let key: &[Parameter<'_>] = &[
                &shard,
                &tag,
                &i32::from(number.key_version),
                &before.unwrap_or(i64::MAX),
                &i64::from(limit),
            ];
            let sql = include_str!("../sql/comparison_page/list_about.sql");
            let with_page = all(&client, sql, key, |row| Ok((block(row)?, page(row, 22)?))).await?;
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
    }

    async fn scan_blocks(&self, after: i64, limit: u32) -> Result<Vec<Block>, StoreError> {
        let client = self.client().await?;
        let sql = include_str!("../sql/comparison_block/scan.sql");
        Ok(all(&client, sql, &[&after, &i64::from(limit)], block).await?)
    }

    async fn index_end(&self) -> Result<IndexMark, StoreError> {
        let mut client = self.client().await?;
        Ok(end(&mut client).await?)
    }

    async fn index_changes(&self, after: &IndexMark, to: &IndexMark, limit: u32) -> Result<IndexChanges, StoreError> {
        let client = self.client().await?;
        Ok(changes(&client, after, to, limit).await?)
    }

    async fn relations_of(&self, account: Uuid) -> Result<Vec<(IndexTag, Relation)>, StoreError> {
        let client = self.client().await?;
        let sql = include_str!("../sql/declared_relation/list.sql");
        let relations = all(&client, sql, &[&account], |row| {
            Ok((index_tag(row, 0)?, word(row, 3, Relation::parse)?))
        })
        .await?;
        Ok(relations)
    }
}

/// Begins effects that a comparison index reads: the first statement of their transaction.
pub(crate) async fn lock_effects(transaction: &Transaction<'_>) -> Result<(), Fault> {
    let sql = include_str!("../sql/role/lock_effects.sql");
    rows(transaction, sql, &[&EFFECTS]).await.map(|_| ())
}

/// Waits for all effects that have begun, and keeps others waiting until the transaction ends.
pub(crate) async fn await_effects(transaction: &Transaction<'_>) -> Result<(), Fault> {
    let sql = include_str!("../sql/role/await_effects.sql");
    rows(transaction, sql, &[&EFFECTS]).await.map(|_| ())
}

async fn end(client: &mut deadpool_postgres::Object) -> Result<IndexMark, Fault> {
    let transaction = client.transaction().await?;
    await_effects(&transaction).await?;
    // A statement of its own: its snapshot is taken after the lock.
    let end = first(&transaction, include_str!("../sql/record/end.sql"), &[], |row| {
        Ok(IndexMark {
            tags: get(row, 0)?,
            added_tags: get(row, 1)?,
            records: get(row, 2)?,
            events: get(row, 3)?,
            locks: get(row, 4)?,
        })
    })
    .await?;
    commit(transaction).await?;
    Ok(end.unwrap_or_default())
}

async fn changes<C: GenericClient>(
    client: &C,
    after: &IndexMark,
    to: &IndexMark,
    limit: u32,
) -> Result<IndexChanges, Fault> {
    let mut changes = IndexChanges {
        mark: *to,
        ..IndexChanges::default()
    };
    let rows_max = i64::from(limit);
    // By number of person: each has two tags or a few more.
    changes.mark.tags = to.tags.min(after.tags.saturating_add(rows_max));
    let sql = include_str!("../sql/blind_index/list_of_persons.sql");
    let tag = |row: &Row, column| Ok((index_tag(row, column)?, PersonId(get(row, column + 3)?)));
    changes.tags = all(client, sql, &[&after.tags, &changes.mark.tags], |row| tag(row, 0)).await?;
    let portion: &[Parameter<'_>] = &[&after.added_tags, &to.added_tags, &rows_max];
    let last = first(client, include_str!("../sql/tag_change/last.sql"), portion, |row| {
        get(row, 0)
    })
    .await?;
    let sql = include_str!("../sql/tag_change/list.sql");
    changes.tags.extend(all(client, sql, portion, |row| tag(row, 1)).await?);
    changes.mark.added_tags = last.flatten().unwrap_or(to.added_tags);
    let sql = include_str!("../sql/record/list_clear.sql");
    changes.records = all(client, sql, &[&after.records, &to.records, &rows_max], indexed).await?;
    let last = changes.records.last().map(|record| record.id.0);
    changes.mark.records = mark(changes.records.len(), limit, last, to.records);
    let sql = include_str!("../sql/record_change/list.sql");
    let events = all(client, sql, &[&after.events, &to.events, &rows_max], |row| {
        let event = store::RecordEvent {
            record: RecordId(get(row, 2)?),
            kind: word(row, 3, domain::record::RecordEventKind::parse)?,
            at: Moment(get(row, 4)?),
            effective: day(row, 5)?,
        };
        Ok((get::<i64>(row, 0)?, (PersonId(get(row, 1)?), event)))
    })
    .await?;
    changes.mark.events = mark(events.len(), limit, events.last().map(|(last, _)| *last), to.events);
    changes.events = events.into_iter().map(|(_, event)| event).collect();
    let sql = include_str!("../sql/file_lock/list.sql");
    changes.locks = all(client, sql, &[&after.locks, &to.locks, &rows_max], |row| {
        Ok((get(row, 0)?, index_tag(row, 1)?, get::<i16>(row, 4)? == 1))
    })
    .await?;
    let last = changes.locks.last().map(|(order, ..)| *order);
    changes.mark.locks = mark(changes.locks.len(), limit, last, to.locks);
    changes.is_whole = changes.mark.has_reached(to);
    Ok(changes)
}

/// How far a portion leads: to its last row if it is full, else to the end.
fn mark(found: usize, limit: u32, last: Option<i64>, to: i64) -> i64 {
    let is_full = u32::try_from(found).is_ok_and(|found| found >= limit);
    last.filter(|_| is_full).unwrap_or(to)
}

impl PostgresStore {
    async fn write_block(&self, new: &NewBlock) -> Result<Appended, Fault> {
        new.check()?;
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let sql = include_str!("../sql/comparison/programme.sql");
        let owner: Option<Uuid> = first(&transaction, sql, &[&new.comparison], |row| get(row, 0)).await?;
        programme::lock(&transaction, owner.ok_or_else(|| missing("the comparison"))?).await?;
        if let Some(known) = find_at(&transaction, new.comparison, new.block_no).await? {
            return Ok(Appended::Known(Box::new(known)));
        }
        let tag = new
            .pages
            .first()
            .and_then(|page| page.tags.first())
            .map(|tag| IndexTag {
                index: store::BlindIndex::Number,
                key_version: new.key_version,
                tag: *tag,
            });
        rotation::check_floors(&transaction, std::iter::empty(), tag.iter()).await?;
        let sql = include_str!("../sql/comparison_block/count_beside.sql");
        let key: &[Parameter<'_>] = &[&new.comparison, &new.day.to_epoch_days()];
        let beside = first(&transaction, sql, key, |row| count(row, 0))
            .await?
            .unwrap_or_default();
        if beside + u64::from(new.rows) > u64::from(new.rows_a_day) {
            return Ok(Appended::TooMany);
        }
        let block_id = insert_block(&transaction, new).await?;
        let types = [Type::INT2, Type::INT8, Type::BYTEA, Type::BYTEA, Type::BYTEA];
        let mut copy = copy_in(&transaction, include_str!("../sql/comparison_page/copy.sql"), &types).await?;
        for page in &new.pages {
            let (salt, ciphertext) = parts(&page.content);
            copy.as_mut()
                .write(&[
                    &i16::from(page.shard),
                    &block_id,
                    &page.tags.as_flattened(),
                    &salt,
                    &ciphertext,
                ])
                .await?;
        }
        copy.as_mut().finish().await?;
        log::enqueue(&transaction, EntryKind::Trace, &[&new.entry_hash]).await?;
        commit(transaction).await?;
        Ok(Appended::New)
    }

    async fn write_block_answer(&self, uuid: Uuid, answer: &BlockAnswer) -> Result<Option<BlockAnswer>, Fault> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let (salt, ciphertext) = parts(&answer.flags);
        let (roots, hash) = (answer.roots.as_flattened(), answer.entry_hash.as_slice());
        let row: &[Parameter<'_>] = &[&uuid, &salt, &ciphertext, &roots, &hash, &answer.at.0];
        if execute(&transaction, include_str!("../sql/comparison_answer/insert.sql"), row).await? == 0 {
            let sql = include_str!("../sql/comparison_block/find.sql");
            let known = first(&transaction, sql, &[&uuid], block).await?;
            let known = known.ok_or_else(|| missing("the block"))?.answer;
            return known.map(Some).ok_or_else(|| damaged("an answer vanished"));
        }
        log::enqueue(&transaction, EntryKind::Outcome, &[&answer.entry_hash]).await?;
        commit(transaction).await?;
        Ok(None)
    }
}

async fn insert_block(transaction: &Transaction<'_>, new: &NewBlock) -> Result<i64, Fault> {
    let (salt, header) = parts(&new.header);
    let (roots, hash, tag) = (new.roots(), new.entry_hash.as_slice(), new.request_tag.as_slice());
    let row: &[Parameter<'_>] = &[
        &new.uuid,
        &new.comparison,
        &signed_small(new.block_no)?,
        &signed_small(new.rows)?,
        &new.day.to_epoch_days(),
        &tag,
        &i32::from(new.key_version),
        &salt,
        &header,
        &roots,
        &hash,
        &new.at.0,
    ];
    let sql = include_str!("../sql/comparison_block/insert.sql");
    let written = first(transaction, sql, row, |row| get(row, 0)).await?;
    written.ok_or_else(|| missing("the comparison"))
}

async fn find_at<C: GenericClient>(client: &C, comparison: Uuid, block_no: u32) -> Result<Option<Block>, Fault> {
    let sql = include_str!("../sql/comparison_block/find_at.sql");
    first(client, sql, &[&comparison, &signed_small(block_no)?], block).await
}

fn indexed(row: &Row) -> Result<IndexedRecord, Fault> {
    Ok(IndexedRecord {
        id: RecordId(get(row, 0)?),
        person: PersonId(get(row, 1)?),
        item: word(row, 2, |text| ItemId::parse(text).ok())?,
        provider: word(row, 3, |text| Uscc::parse(text).ok())?,
        birth: word(row, 4, BirthState::parse)?,
        end: day(row, 5)?,
    })
}

fn block(row: &Row) -> Result<Block, Fault> {
    let answer = match get::<Option<&[u8]>>(row, 19)? {
        None => None,
        Some(roots) => Some(BlockAnswer {
            flags: sealed(row, 17)?,
            roots: roots.as_chunks().0.to_vec(),
            entry_hash: bytes(row, 20)?,
            at: Moment(get(row, 21)?),
        }),
    };
    let key_version: i32 = get(row, 11)?;
    Ok(Block {
        order: get(row, 0)?,
        uuid: get(row, 1)?,
        comparison: get(row, 2)?,
        programme: get(row, 3)?,
        asker: Asker {
            organisation: word(row, 4, |text| Uscc::parse(text).ok())?,
            account: get(row, 5)?,
            client: get(row, 6)?,
            purpose: word(row, 7, |text| PurposeId::parse(text).ok())?,
        },
        block_no: small(row, 8)?,
        rows: small(row, 9)?,
        request_tag: bytes(row, 10)?,
        key_version: u16::try_from(key_version).map_err(|_| damaged("a key version is out of range"))?,
        header: sealed(row, 12)?,
        roots: store::page_roots(get(row, 14)?),
        entry_hash: bytes(row, 15)?,
        at: Moment(get(row, 16)?),
        answer,
    })
}

fn page(row: &Row, column: usize) -> Result<Page, Fault> {
    let shard: i16 = get(row, column)?;
    Ok(Page {
        shard: u8::try_from(shard).map_err(|_| damaged("a page is out of range"))?,
        tags: get::<&[u8]>(row, column + 1)?.as_chunks().0.to_vec(),
        content: sealed(row, column + 2)?,
    })
}
