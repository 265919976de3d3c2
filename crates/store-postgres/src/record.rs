//! Records and the events of their life.

use std::collections::BTreeMap;

use async_trait::async_trait;
use deadpool_postgres::{GenericClient, Transaction};
use domain::catalogue::{BreachClass, ItemId};
use domain::record::RecordEventKind;
use domain::{Moment, Uscc};
use store::{
    BirthState, EntryKind, EventKind, KnownFact, NewRecordEvent, PersonId, Record, RecordEvent, RecordId, RecordStore,
    StoreError, check_event, chunk_and_ordinal, life, record_id, record_uuid, split_record_uuid,
};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::connection::{all, commit, copy_in, execute, first, snapshot};
use crate::fault::{Fault, damaged, missing};
use crate::value::{bytes, count, day, get, parts, sealed, signed_small, small, word, word_or_none};
use crate::{PostgresStore, comparison, log};

#[async_trait]
impl RecordStore for PostgresStore {
    async fn find_facts(&self, facts: &[(PersonId, i64)]) -> Result<Vec<Option<KnownFact>>, StoreError> {
        let client = self.client().await?;
        let persons: Vec<i64> = facts.iter().map(|(person, _)| person.0).collect();
        let tags: Vec<i64> = facts.iter().map(|(_, tag)| *tag).collect();
        let sql = include_str!("../sql/record/find_latest_of_facts.sql");
        Ok(all(&client, sql, &[&persons, &tags], known_fact).await?)
    }

    async fn records_of(&self, person: PersonId) -> Result<Vec<Record>, StoreError> {
        let mut client = self.client().await?;
        let snapshot = snapshot(&mut client).await?;
        let records = all(
            &snapshot,
            include_str!("../sql/record/list_of_person.sql"),
            &[&person.0],
            record,
        )
        .await?;
        Ok(with_events(&snapshot, records).await?)
    }

    async fn find_record(&self, uuid: Uuid) -> Result<Option<Record>, StoreError> {
        let mut client = self.client().await?;
        let snapshot = snapshot(&mut client).await?;
        let (base, ordinal) = split_record_uuid(uuid);
        let sql = include_str!("../sql/chunk/find.sql");
        let Some(chunk_id) = first(&snapshot, sql, &[&base], |row| get(row, 0)).await? else {
            return Ok(None);
        };
        let number = record_id(chunk_id, ordinal).0;
        let records = all(&snapshot, include_str!("../sql/record/get.sql"), &[&number], record).await?;
        Ok(with_events(&snapshot, records).await?.pop())
    }

    async fn append_record_events(
        &self,
        events: &[NewRecordEvent],
        at: Moment,
        entry_hashes: &[[u8; 32]],
    ) -> Result<(), StoreError> {
        if events.len() != entry_hashes.len() {
            return Err(StoreError::Invalid {
                what: "each event needs its entry hash",
            });
        }
        self.small(move || async move {
            let mut client = self.client().await?;
            let transaction = client.transaction().await?;
            comparison::lock_effects(&transaction).await?;
            append_events(&transaction, events, at, Some(entry_hashes)).await?;
            let hashes: Vec<&[u8; 32]> = entry_hashes.iter().collect();
            log::enqueue(&transaction, EntryKind::RecordEvent, &hashes).await?;
            commit(transaction).await
        })
        .await
    }

    async fn count_records(&self) -> Result<Vec<(ItemId, BirthState, u64)>, StoreError> {
        let client = self.client().await?;
        let counts = all(&client, include_str!("../sql/chunk_count/sum.sql"), &[], |row| {
            Ok((
                word(row, 0, |text| ItemId::parse(text).ok())?,
                word(row, 1, BirthState::parse)?,
                count(row, 2)?,
            ))
        })
        .await?;
        Ok(counts)
    }

    async fn scan_records(&self, after: RecordId, limit: u32) -> Result<Vec<Record>, StoreError> {
        let mut client = self.client().await?;
        let snapshot = snapshot(&mut client).await?;
        let sql = include_str!("../sql/record/scan.sql");
        let records = all(&snapshot, sql, &[&after.0, &i64::from(limit)], record).await?;
        Ok(with_events(&snapshot, records).await?)
    }

    async fn notices_seen_until(&self, person: PersonId) -> Result<Option<Moment>, StoreError> {
        let client = self.client().await?;
        let sql = include_str!("../sql/notice_ack/latest.sql");
        let latest: Option<Option<i64>> = first(&client, sql, &[&person.0], |row| get(row, 0)).await?;
        Ok(latest.flatten().map(Moment))
    }

    async fn acknowledge_notices(&self, person: PersonId, until: Moment, at: Moment) -> Result<(), StoreError> {
        let sql = include_str!("../sql/notice_ack/insert.sql");
        self.small_statement(sql, &[&person.0, &until.0, &at.0]).await?;
        Ok(())
    }
}

/// What is known of a record before an event: its birth and the kinds of its events.
struct Past {
    birth: BirthState,
    kinds: Vec<RecordEventKind>,
}

/// Appends events where the records' states allow them. Without `entry_hashes` a chunk's entry stands for them.
pub(crate) async fn append_events(
    transaction: &Transaction<'_>,
    events: &[NewRecordEvent],
    at: Moment,
    entry_hashes: Option<&[[u8; 32]]>,
) -> Result<(), Fault> {
    if events.is_empty() {
        return Ok(());
    }
    let mut pasts = pasts(transaction, events).await?;
    let types = [
        Type::INT8,
        Type::INT8,
        Type::INT4,
        Type::TEXT,
        Type::INT4,
        Type::INT8,
        Type::BYTEA,
        Type::BYTEA,
        Type::BYTEA,
    ];
    let mut numbered = Vec::with_capacity(events.len());
    let (mut persons, mut records, mut numbers) = (Vec::new(), Vec::new(), Vec::new());
    for event in events {
        let past = pasts
            .get_mut(&(event.record, event.person))
            .ok_or_else(|| missing("the record"))?;
        check_event(past.birth, &past.kinds, event.kind)?;
        past.kinds.push(event.kind);
        let number = signed_small(past.kinds.len())?;
        persons.push(event.person.0);
        records.push(event.record.0);
        numbers.push(number);
        numbered.push((event, number));
    }
    let mut copy = copy_in(transaction, include_str!("../sql/record_event/copy.sql"), &types).await?;
    for (place, (event, number)) in numbered.into_iter().enumerate() {
        let (salt, ciphertext) = parts(&event.reason);
        let hash = entry_hashes
            .and_then(|hashes| hashes.get(place))
            .map(<[u8; 32]>::as_slice);
        copy.as_mut()
            .write(&[
                &event.person.0,
                &event.record.0,
                &number,
                &event.kind.as_str(),
                &event.effective.to_epoch_days(),
                &at.0,
                &salt,
                &ciphertext,
                &hash,
            ])
            .await?;
    }
    copy.as_mut().finish().await?;
    let fallen: Vec<i64> = events
        .iter()
        .filter(|event| EventKind::of_life(event.kind).is_some())
        .map(|event| event.record.0)
        .collect();
    if !fallen.is_empty() {
        let sql = include_str!("../sql/fallen_record/insert.sql");
        execute(transaction, sql, &[&fallen]).await?;
    }
    let sql = include_str!("../sql/record_change/insert.sql");
    execute(transaction, sql, &[&persons, &records, &numbers]).await?;
    Ok(())
}

async fn pasts(
    transaction: &Transaction<'_>,
    events: &[NewRecordEvent],
) -> Result<BTreeMap<(RecordId, PersonId), Past>, Fault> {
    let mut asked: Vec<(RecordId, PersonId)> = events.iter().map(|event| (event.record, event.person)).collect();
    asked.sort_unstable();
    asked.dedup();
    let persons: Vec<i64> = asked.iter().map(|(_, person)| person.0).collect();
    let records: Vec<i64> = asked.iter().map(|(record, _)| record.0).collect();
    let sql = include_str!("../sql/record/births.sql");
    let found = all(transaction, sql, &[&persons, &records], |row| {
        Ok((
            RecordId(get(row, 0)?),
            Past {
                birth: word(row, 1, BirthState::parse)?,
                kinds: kinds(row, 2)?,
            },
        ))
    })
    .await?;
    let owners: BTreeMap<RecordId, PersonId> = asked.into_iter().collect();
    let own = |record: RecordId| owners.get(&record).map(|person| (record, *person));
    Ok(found
        .into_iter()
        .filter_map(|(record, past)| own(record).map(|key| (key, past)))
        .collect())
}

fn kinds(row: &Row, column: usize) -> Result<Vec<RecordEventKind>, Fault> {
    let words: Vec<&str> = get(row, column)?;
    words
        .into_iter()
        .map(|word| RecordEventKind::parse(word).ok_or_else(|| damaged("a stored word is unknown")))
        .collect()
}

fn known_fact(row: &Row) -> Result<Option<KnownFact>, Fault> {
    let Some(record) = get::<Option<i64>>(row, 0)? else {
        return Ok(None);
    };
    let (is_alive, is_withdrawn) = life(word(row, 3, BirthState::parse)?, &kinds(row, 4)?);
    Ok(Some(KnownFact {
        record: RecordId(record),
        revision: small(row, 1)?,
        content_tag: bytes(row, 2)?,
        is_alive,
        is_withdrawn,
    }))
}

async fn with_events<C: GenericClient>(client: &C, records: Vec<Record>) -> Result<Vec<Record>, Fault> {
    if records.is_empty() {
        return Ok(records);
    }
    let persons: Vec<i64> = records.iter().map(|record| record.person.0).collect();
    let numbers: Vec<i64> = records.iter().map(|record| record.id.0).collect();
    let sql = include_str!("../sql/record_event/list.sql");
    let events = all(client, sql, &[&persons, &numbers], record_event).await?;
    Ok(join_events(records, events))
}

/// Gives each record its events.
pub(crate) fn join_events(mut records: Vec<Record>, all: Vec<RecordEvent>) -> Vec<Record> {
    let mut events: BTreeMap<RecordId, Vec<RecordEvent>> = BTreeMap::new();
    for event in all {
        events.entry(event.record).or_default().push(event);
    }
    for record in &mut records {
        record.events = events.remove(&record.id).unwrap_or_default();
    }
    records
}

pub(crate) fn record(row: &Row) -> Result<Record, Fault> {
    let id = RecordId(get(row, 0)?);
    let (_, ordinal) = chunk_and_ordinal(id);
    let ordinal = u32::try_from(ordinal).map_err(|_| damaged("an ordinal is out of range"))?;
    Ok(Record {
        id,
        uuid: record_uuid(get(row, 1)?, ordinal),
        person: PersonId(get(row, 2)?),
        item: word(row, 3, |text| ItemId::parse(text).ok())?,
        provider: word(row, 4, |text| Uscc::parse(text).ok())?,
        birth: word(row, 5, BirthState::parse)?,
        class: word_or_none(row, 6, BreachClass::parse)?,
        end: day(row, 7)?,
        fact_tag: get(row, 8)?,
        revision: small(row, 9)?,
        content_tag: bytes(row, 10)?,
        content: sealed(row, 11)?,
        received_at: Moment(get(row, 13)?),
        events: Vec::new(),
    })
}

pub(crate) fn record_event(row: &Row) -> Result<RecordEvent, Fault> {
    Ok(RecordEvent {
        record: RecordId(get(row, 0)?),
        kind: word(row, 1, RecordEventKind::parse)?,
        at: Moment(get(row, 2)?),
        effective: day(row, 3)?,
    })
}
