//! Deliveries: begun, read, finished.

use std::collections::BTreeMap;

use async_trait::async_trait;
use deadpool_postgres::GenericClient;
use domain::catalogue::ItemId;
use domain::{Moment, Uscc};
use store::{
    Begun, ChunkCommit, ChunkInfo, Counts, Delivery, DeliveryId, DeliveryState, DeliveryStore, EntryKind, IndexTag,
    NewDelivery, StagedKind, StagedRow, StoreError,
};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::connection::{all, commit, execute, first, snapshot};
use crate::fault::{Fault, conflict, missing};
use crate::value::{bytes, count, get, index_tag, parts, sealed, signed, signed_small, small, word, word_or_none};
use crate::{PostgresStore, chunk, log, rotation};

#[async_trait]
impl DeliveryStore for PostgresStore {
    async fn begin_delivery(&self, new: &NewDelivery) -> Result<Begun, StoreError> {
        self.small(move || self.begin(new)).await
    }

    async fn commit_chunk(&self, chunk: &ChunkCommit) -> Result<(), StoreError> {
        if chunk.delivery.is_none() {
            // A decision of a human.
            return self.small(move || self.commit_one(chunk)).await;
        }
        Ok(self.commit_one(chunk).await?)
    }

    async fn finish_delivery(
        &self,
        delivery: DeliveryId,
        state: DeliveryState,
        receipt: &[u8],
        at: Moment,
        entry_hash: [u8; 32],
    ) -> Result<Vec<u8>, StoreError> {
        let entry_hash = &entry_hash;
        self.small(move || self.finish(delivery, state, receipt, at, entry_hash))
            .await
    }

    async fn find_delivery(&self, uuid: Uuid) -> Result<Option<Delivery>, StoreError> {
        let mut client = self.client().await?;
        let snapshot = snapshot(&mut client).await?;
        let sql = include_str!("../sql/delivery/find_by_uuid.sql");
        let Some(id) = first(&snapshot, sql, &[&uuid], |row| get(row, 0)).await? else {
            return Ok(None);
        };
        Ok(Some(load(&snapshot, id).await?))
    }

    async fn list_deliveries(&self, provider: Option<&Uscc>, limit: u32) -> Result<Vec<Delivery>, StoreError> {
        let mut client = self.client().await?;
        let snapshot = snapshot(&mut client).await?;
        let provider = provider.map(Uscc::as_str);
        let sql = include_str!("../sql/delivery/list.sql");
        let ids = all(&snapshot, sql, &[&provider, &i64::from(limit)], |row| get(row, 0)).await?;
        let mut deliveries = Vec::with_capacity(ids.len());
        for id in ids {
            deliveries.push(load(&snapshot, id).await?);
        }
        Ok(deliveries)
    }

    async fn fault_block(&self, delivery: DeliveryId, chunk_no: u32) -> Result<Option<Vec<u8>>, StoreError> {
        let client = self.client().await?;
        let sql = include_str!("../sql/fault_block/get.sql");
        let block = first(&client, sql, &[&delivery.0, &signed_small(chunk_no)?], |row| {
            Ok(get::<Option<Vec<u8>>>(row, 0)?.unwrap_or_default())
        })
        .await?;
        Ok(block)
    }

    async fn staged_rows(
        &self,
        delivery: DeliveryId,
        after_line: u32,
        limit: u32,
    ) -> Result<Vec<StagedRow>, StoreError> {
        let client = self.client().await?;
        let sql = include_str!("../sql/staged_row/list_of_delivery.sql");
        let page: &[crate::connection::Parameter<'_>] = &[&delivery.0, &signed_small(after_line)?, &i64::from(limit)];
        Ok(all(&client, sql, page, staged_row).await?)
    }

    async fn find_staged_row(&self, uuid: Uuid) -> Result<Option<StagedRow>, StoreError> {
        let client = self.client().await?;
        Ok(first(
            &client,
            include_str!("../sql/staged_row/find.sql"),
            &[&uuid],
            staged_row,
        )
        .await?)
    }

    async fn staged_rows_with_tag(&self, tag: &IndexTag) -> Result<Vec<StagedRow>, StoreError> {
        let client = self.client().await?;
        let sql = include_str!("../sql/staged_row/list_held_with_tag.sql");
        let key: &[crate::connection::Parameter<'_>] =
            &[&tag.tag.as_slice(), &tag.index.code(), &i32::from(tag.key_version)];
        Ok(all(&client, sql, key, staged_row).await?)
    }

    async fn open_staged_rows(&self, kind: StagedKind, after: Uuid, limit: u32) -> Result<Vec<StagedRow>, StoreError> {
        let client = self.client().await?;
        let sql = include_str!("../sql/staged_row/list_open.sql");
        Ok(all(&client, sql, &[&kind.as_str(), &after, &i64::from(limit)], staged_row).await?)
    }

    async fn scan_chunks(&self, after: i64, limit: u32) -> Result<Vec<ChunkInfo>, StoreError> {
        let client = self.client().await?;
        let sql = include_str!("../sql/chunk/scan.sql");
        Ok(all(&client, sql, &[&after, &i64::from(limit)], chunk_info).await?)
    }

    async fn destroy_delivery_key(&self, delivery: DeliveryId) -> Result<bool, StoreError> {
        // Nobody waits for it, so it takes nothing of the reserve: asked again, it is done once there is space.
        let client = self.client().await?;
        if execute(&client, include_str!("../sql/delivery/erase_key.sql"), &[&delivery.0]).await? == 1 {
            return Ok(true);
        }
        let sql = include_str!("../sql/delivery/has_key.sql");
        let has_key: Option<bool> = first(&client, sql, &[&delivery.0], |row| get(row, 0)).await?;
        match has_key {
            Some(false) => Ok(false),
            Some(true) => Err(conflict("the delivery still needs its key").into()),
            None => Err(missing("the delivery").into()),
        }
    }

    async fn find_chunk(&self, uuid: Uuid) -> Result<Option<ChunkInfo>, StoreError> {
        let client = self.client().await?;
        Ok(first(&client, include_str!("../sql/chunk/find.sql"), &[&uuid], chunk_info).await?)
    }

    async fn get_delivery(&self, id: DeliveryId) -> Result<Delivery, StoreError> {
        let mut client = self.client().await?;
        let snapshot = snapshot(&mut client).await?;
        Ok(load(&snapshot, id.0).await?)
    }
}

impl PostgresStore {
    async fn begin(&self, new: &NewDelivery) -> Result<Begun, Fault> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let (salt, ciphertext) = parts(&new.file_name);
        let (provider, item) = (new.provider.as_str(), new.item.as_str());
        let inserted = execute(
            &transaction,
            include_str!("../sql/delivery/insert.sql"),
            &[
                &new.uuid,
                &provider,
                &item,
                &new.content_hash.as_slice(),
                &signed(new.bytes)?,
                &new.key,
                &salt,
                &ciphertext,
                &new.by,
                &new.at.0,
            ],
        )
        .await?;
        if inserted > 0 {
            rotation::check_floors(&transaction, std::iter::once(new.key.as_slice()), std::iter::empty()).await?;
        }
        let sql = include_str!("../sql/delivery/find_by_content.sql");
        let key: &[crate::connection::Parameter<'_>] = &[&provider, &item, &new.content_hash.as_slice()];
        let id = first(&transaction, sql, key, |row| get(row, 0))
            .await?
            .ok_or_else(|| missing("the delivery"))?;
        let delivery = load(&transaction, id).await?;
        commit(transaction).await?;
        Ok(match (inserted, delivery.state) {
            (0, DeliveryState::Receiving) => Begun::Resumed(delivery),
            (0, DeliveryState::Done | DeliveryState::Refused) => Begun::Finished(delivery),
            _ => Begun::New(delivery),
        })
    }

    async fn commit_one(&self, new: &ChunkCommit) -> Result<(), Fault> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        chunk::write(&transaction, new).await?;
        commit(transaction).await
    }

    async fn finish(
        &self,
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
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        chunk::lock(&transaction, delivery).await?;
        let sql = include_str!("../sql/delivery_receipt/insert.sql");
        let row: &[crate::connection::Parameter<'_>] =
            &[&delivery.0, &state.as_str(), &receipt, &at.0, &entry_hash.as_slice()];
        if execute(&transaction, sql, row).await? == 1 {
            log::enqueue(&transaction, EntryKind::Receipt, &[entry_hash]).await?;
        }
        let sql = include_str!("../sql/delivery_receipt/get.sql");
        let stands = first(&transaction, sql, &[&delivery.0], |row| get(row, 0)).await?;
        commit(transaction).await?;
        stands.ok_or_else(|| missing("the receipt"))
    }
}

/// One delivery by local number.
async fn load<C: GenericClient>(client: &C, id: i64) -> Result<Delivery, Fault> {
    let mut delivery = first(client, include_str!("../sql/delivery/get.sql"), &[&id], delivery)
        .await?
        .ok_or_else(|| missing("the delivery"))?;
    let sql = include_str!("../sql/fault_count/sum.sql");
    let faults = all(client, sql, &[&id], |row| Ok((get::<String>(row, 0)?, count(row, 1)?))).await?;
    delivery.faults = faults.into_iter().collect();
    Ok(delivery)
}

fn delivery(row: &Row) -> Result<Delivery, Fault> {
    Ok(Delivery {
        id: DeliveryId(get(row, 0)?),
        uuid: get(row, 1)?,
        provider: word(row, 2, |text| Uscc::parse(text).ok())?,
        item: word(row, 3, |text| ItemId::parse(text).ok())?,
        content_hash: bytes(row, 4)?,
        bytes: count(row, 5)?,
        key: get(row, 6)?,
        file_name: sealed(row, 7)?,
        by: get(row, 9)?,
        received_at: Moment(get(row, 10)?),
        state: word_or_none(row, 11, DeliveryState::parse)?.unwrap_or(DeliveryState::Receiving),
        receipt: get(row, 12)?,
        chunks_done: small(row, 13)?,
        rows_done: count(row, 14)?,
        counts: counts(row, 15)?,
        faults: BTreeMap::new(),
    })
}

fn counts(row: &Row, column: usize) -> Result<Counts, Fault> {
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

fn chunk_info(row: &Row) -> Result<ChunkInfo, Fault> {
    Ok(ChunkInfo {
        number: get(row, 0)?,
        uuid: get(row, 1)?,
        delivery: get::<Option<i64>>(row, 2)?.map(DeliveryId),
        chunk_no: small(row, 3)?,
        rows_done: count(row, 4)?,
        at: Moment(get(row, 5)?),
        records: small(row, 6)?,
        counts: counts(row, 7)?,
        entry_hash: bytes(row, 15)?,
    })
}

fn staged_row(row: &Row) -> Result<StagedRow, Fault> {
    let content = sealed(row, 8)?;
    Ok(StagedRow {
        uuid: get(row, 0)?,
        delivery: DeliveryId(get(row, 1)?),
        line: small(row, 2)?,
        kind: word(row, 3, StagedKind::parse)?,
        reason: get(row, 4)?,
        tag: index_tag(row, 5)?,
        is_resolved: content.ciphertext.is_none(),
        content,
    })
}
