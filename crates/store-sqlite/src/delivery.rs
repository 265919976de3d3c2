//! Deliveries: begun, read, finished.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use domain::catalogue::ItemId;
use domain::{Moment, Uscc};
use rusqlite::{Connection, Row, params};
use store::{
    Begun, ChunkCommit, ChunkInfo, Counts, Delivery, DeliveryId, DeliveryState, DeliveryStore, EntryKind, IndexTag,
    NewDelivery, StagedKind, StagedRow, StoreError,
};
use uuid::Uuid;

use crate::connection::{all, bytes, count, execute, first, index_tag, sealed, signed, uuid, word};
use crate::fault::{Fault, conflict, missing};
use crate::{SqliteStore, chunk, log, rotation};

/// Rows in a chunk from which it commits alone.
const SMALL_CHUNK_ROWS: usize = 64;

#[async_trait]
impl DeliveryStore for SqliteStore {
    async fn begin_delivery(&self, new: &NewDelivery) -> Result<Begun, StoreError> {
        let new = new.clone();
        self.write(move |connection| begin(connection, &new)).await
    }

    async fn commit_chunk(&self, chunk: &ChunkCommit) -> Result<(), StoreError> {
        self.commit_shared_chunk(Arc::new(chunk.clone())).await
    }

    async fn commit_shared_chunk(&self, chunk: Arc<ChunkCommit>) -> Result<(), StoreError> {
        let erases = !chunk.resolved.is_empty();
        if chunk.records.len() + chunk.staged.len() + chunk.events.len() <= SMALL_CHUNK_ROWS {
            self.write(move |connection| chunk::commit(connection, &chunk)).await?;
        } else {
            self.write_alone(move |connection| chunk::commit(connection, &chunk))
                .await?;
        }
        if erases {
            self.writer.erased();
        }
        Ok(())
    }

    async fn finish_delivery(
        &self,
        delivery: DeliveryId,
        state: DeliveryState,
        receipt: &[u8],
        at: Moment,
        entry_hash: [u8; 32],
    ) -> Result<Vec<u8>, StoreError> {
        let receipt = receipt.to_vec();
        self.write(move |connection| finish(connection, delivery, state, &receipt, at, &entry_hash))
            .await
    }

    async fn find_delivery(&self, uuid: Uuid) -> Result<Option<Delivery>, StoreError> {
        self.read(move |connection| {
            let sql = include_str!("../sql/delivery/find_by_uuid.sql");
            let id: Option<i64> = first(connection, sql, [uuid.as_bytes()], |row| Ok(row.get(0)?))?;
            id.map(|id| get(connection, id)).transpose()
        })
        .await
    }

    async fn list_deliveries(&self, provider: Option<&Uscc>, limit: u32) -> Result<Vec<Delivery>, StoreError> {
        let provider = provider.cloned();
        self.read(move |connection| {
            let ids: Vec<i64> = match provider {
                Some(provider) => {
                    let sql = include_str!("../sql/delivery/list_of_provider.sql");
                    all(
                        connection,
                        sql,
                        params![provider.as_str(), limit],
                        |row| Ok(row.get(0)?),
                    )?
                }
                None => all(connection, include_str!("../sql/delivery/list.sql"), [limit], |row| {
                    Ok(row.get(0)?)
                })?,
            };
            ids.into_iter().map(|id| get(connection, id)).collect()
        })
        .await
    }

    async fn fault_block(&self, delivery: DeliveryId, chunk_no: u32) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(move |connection| {
            first(
                connection,
                include_str!("../sql/fault_block/get.sql"),
                params![delivery.0, chunk_no],
                |row| Ok(row.get::<_, Option<Vec<u8>>>(0)?.unwrap_or_default()),
            )
        })
        .await
    }

    async fn staged_rows(
        &self,
        delivery: DeliveryId,
        after_line: u32,
        limit: u32,
    ) -> Result<Vec<StagedRow>, StoreError> {
        self.read(move |connection| {
            let sql = include_str!("../sql/staged_row/list_of_delivery.sql");
            all(connection, sql, params![delivery.0, after_line, limit], staged_row)
        })
        .await
    }

    async fn find_staged_row(&self, uuid: Uuid) -> Result<Option<StagedRow>, StoreError> {
        self.read(move |connection| {
            first(
                connection,
                include_str!("../sql/staged_row/find.sql"),
                [uuid.as_bytes()],
                staged_row,
            )
        })
        .await
    }

    async fn staged_rows_with_tag(&self, tag: &IndexTag) -> Result<Vec<StagedRow>, StoreError> {
        let tag = *tag;
        self.read(move |connection| {
            let sql = include_str!("../sql/staged_row/list_held_with_tag.sql");
            all(
                connection,
                sql,
                params![&tag.tag, tag.index.code(), tag.key_version],
                staged_row,
            )
        })
        .await
    }

    async fn open_staged_rows(&self, kind: StagedKind, after: Uuid, limit: u32) -> Result<Vec<StagedRow>, StoreError> {
        self.read(move |connection| {
            let sql = include_str!("../sql/staged_row/list_open.sql");
            all(
                connection,
                sql,
                params![kind.as_str(), after.as_bytes(), limit],
                staged_row,
            )
        })
        .await
    }

    async fn scan_chunks(&self, after: i64, limit: u32) -> Result<Vec<ChunkInfo>, StoreError> {
        self.read(move |connection| {
            all(
                connection,
                include_str!("../sql/chunk/scan.sql"),
                params![after, limit],
                chunk_info,
            )
        })
        .await
    }

    async fn find_chunk(&self, uuid: Uuid) -> Result<Option<ChunkInfo>, StoreError> {
        self.read(move |connection| {
            first(
                connection,
                include_str!("../sql/chunk/find.sql"),
                [uuid.as_bytes()],
                chunk_info,
            )
        })
        .await
    }

    async fn destroy_delivery_key(&self, delivery: DeliveryId) -> Result<bool, StoreError> {
        let destroyed = self.write(move |connection| destroy_key(connection, delivery)).await?;
        if destroyed {
            self.writer.erased();
        }
        Ok(destroyed)
    }

    async fn get_delivery(&self, id: DeliveryId) -> Result<Delivery, StoreError> {
        self.read(move |connection| get(connection, id.0)).await
    }
}

fn begin(connection: &Connection, new: &NewDelivery) -> Result<Begun, Fault> {
    let inserted = execute(
        connection,
        include_str!("../sql/delivery/insert.sql"),
        params![
            new.uuid.as_bytes(),
            new.provider.as_str(),
            new.item.as_str(),
            &new.content_hash,
            signed(new.bytes)?,
            new.key,
            new.file_name.salt.as_ref(),
            new.file_name.ciphertext,
            new.by.as_bytes(),
            new.at.0,
        ],
    )?;
    if inserted > 0 {
        rotation::check_floors(connection, std::iter::once(new.key.as_slice()), std::iter::empty())?;
    }
    let id: Option<i64> = first(
        connection,
        include_str!("../sql/delivery/find_by_content.sql"),
        params![new.provider.as_str(), new.item.as_str(), &new.content_hash],
        |row| Ok(row.get(0)?),
    )?;
    let delivery = get(connection, id.ok_or_else(|| missing("the delivery"))?)?;
    Ok(match (inserted, delivery.state) {
        (0, DeliveryState::Receiving) => Begun::Resumed(delivery),
        (0, DeliveryState::Done | DeliveryState::Refused) => Begun::Finished(delivery),
        _ => Begun::New(delivery),
    })
}

fn finish(
    connection: &Connection,
    delivery: DeliveryId,
    state: DeliveryState,
    receipt: &[u8],
    at: Moment,
    entry_hash: &[u8; 32],
) -> Result<Vec<u8>, Fault> {
    if state == DeliveryState::Receiving {
        return Err(StoreError::Invalid {
            what: "a receipt ends a delivery",
        }
        .into());
    }
    let sql = include_str!("../sql/delivery_receipt/insert.sql");
    let inserted = execute(
        connection,
        sql,
        params![delivery.0, state.as_str(), receipt, at.0, entry_hash],
    )?;
    if inserted == 1 {
        log::enqueue(connection, EntryKind::Receipt, entry_hash)?;
    }
    let sql = include_str!("../sql/delivery_receipt/get.sql");
    first(connection, sql, [delivery.0], |row| Ok(row.get(0)?))?.ok_or_else(|| missing("the delivery"))
}

fn destroy_key(connection: &Connection, delivery: DeliveryId) -> Result<bool, Fault> {
    if execute(connection, include_str!("../sql/delivery/erase_key.sql"), [delivery.0])? == 1 {
        return Ok(true);
    }
    let has_key: Option<bool> = first(
        connection,
        include_str!("../sql/delivery/has_key.sql"),
        [delivery.0],
        |row| Ok(row.get(0)?),
    )?;
    match has_key {
        Some(false) => Ok(false),
        Some(true) => Err(conflict("the delivery still needs its key")),
        None => Err(missing("the delivery")),
    }
}

/// One delivery by local number.
fn get(connection: &Connection, id: i64) -> Result<Delivery, Fault> {
    let mut delivery = first(connection, include_str!("../sql/delivery/get.sql"), [id], delivery)?
        .ok_or_else(|| missing("the delivery"))?;
    let faults = all(connection, include_str!("../sql/fault_count/sum.sql"), [id], |row| {
        Ok((row.get::<_, String>(0)?, count(row, 1)?))
    })?;
    delivery.faults = faults.into_iter().collect();
    Ok(delivery)
}

fn delivery(row: &Row<'_>) -> Result<Delivery, Fault> {
    let is_finished = row.get_ref(11)?.as_str().is_ok();
    Ok(Delivery {
        id: DeliveryId(row.get(0)?),
        uuid: uuid(row, 1)?,
        provider: word(row, 2, |text| Uscc::parse(text).ok())?,
        item: word(row, 3, |text| ItemId::parse(text).ok())?,
        content_hash: bytes(row, 4)?,
        bytes: count(row, 5)?,
        key: row.get(6)?,
        file_name: sealed(row, 7)?,
        by: uuid(row, 9)?,
        received_at: Moment(row.get(10)?),
        state: if is_finished {
            word(row, 11, DeliveryState::parse)?
        } else {
            DeliveryState::Receiving
        },
        receipt: row.get(12)?,
        chunks_done: row.get(13)?,
        rows_done: count(row, 14)?,
        counts: counts(row, 15)?,
        faults: BTreeMap::new(),
    })
}

fn counts(row: &Row<'_>, column: usize) -> Result<Counts, Fault> {
    Ok(Counts {
        received: count(row, column)?,
        recorded: count(row, column + 1)?,
        repeated: count(row, column + 2)?,
        held: count(row, column + 3)?,
        pending: count(row, column + 4)?,
        refused: count(row, column + 5)?,
        corrected: count(row, column + 6)?,
        withdrawn: count(row, column + 7)?,
    })
}

fn chunk_info(row: &Row<'_>) -> Result<ChunkInfo, Fault> {
    Ok(ChunkInfo {
        number: row.get(0)?,
        uuid: uuid(row, 1)?,
        delivery: row.get::<_, Option<i64>>(2)?.map(DeliveryId),
        chunk_no: row.get(3)?,
        rows_done: count(row, 4)?,
        at: Moment(row.get(5)?),
        records: row.get(6)?,
        counts: counts(row, 7)?,
        entry_hash: bytes(row, 15)?,
    })
}

fn staged_row(row: &Row<'_>) -> Result<StagedRow, Fault> {
    let content = sealed(row, 8)?;
    Ok(StagedRow {
        uuid: uuid(row, 0)?,
        delivery: DeliveryId(row.get(1)?),
        line: row.get(2)?,
        kind: word(row, 3, StagedKind::parse)?,
        reason: row.get(4)?,
        tag: index_tag(row, 5)?,
        is_resolved: content.ciphertext.is_none(),
        content,
    })
}
