//! Records and the events of their life.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::catalogue::{BreachClass, ItemId};
use domain::record::RecordEventKind;
use domain::{Day, Moment, Uscc};
use rusqlite::{CachedStatement, Connection, Row, params};
use store::{
    BirthState, EntryKind, EventKind, KnownFact, NewRecordEvent, PersonId, Record, RecordEvent, RecordId, RecordStore,
    StoreError, check_event, chunk_and_ordinal, life, record_uuid,
};
use uuid::Uuid;

use crate::connection::{all, bytes, count, execute, first, sealed, signed, uuid, word};
use crate::fault::{Fault, damaged, missing};
use crate::{SqliteStore, chunk, log, run};

#[async_trait]
impl RecordStore for SqliteStore {
    async fn find_facts(&self, facts: &[(PersonId, i64)]) -> Result<Vec<Option<KnownFact>>, StoreError> {
        let facts = facts.to_vec();
        self.read(move |connection| {
            // In the order of the index, so that its blocks are passed once.
            let mut asked: Vec<([u8; 16], usize)> = facts.iter().map(fact_prefix).zip(0..).collect();
            asked.sort_unstable_by_key(|(prefix, _)| run::rank(prefix));
            let prefixes: Vec<[u8; 16]> = asked.iter().map(|(prefix, _)| *prefix).collect();
            let mut latest: Vec<Option<(u32, RecordId)>> = vec![None; facts.len()];
            run::FACTS.visit(connection, &prefixes, |at, key, record| {
                if let Some(known) = latest.get_mut(at) {
                    *known = (*known).max(Some((revision(key), RecordId(record))));
                }
            })?;
            let mut statement = connection.prepare_cached(include_str!("../sql/record/known.sql"))?;
            let mut found = vec![None; facts.len()];
            for ((_, place), latest) in asked.iter().zip(latest) {
                if let (Some(answer), Some((revision, record))) = (found.get_mut(*place), latest) {
                    let person = facts.get(*place).map(|(person, _)| *person);
                    *answer = find_fact(connection, &mut statement, person, revision, record)?;
                }
            }
            Ok(found)
        })
        .await
    }

    async fn records_of(&self, person: PersonId) -> Result<Vec<Record>, StoreError> {
        self.read(move |connection| of_person(connection, person)).await
    }

    async fn find_record(&self, uuid: Uuid) -> Result<Option<Record>, StoreError> {
        self.read(move |connection| {
            let Some(record_id) = chunk::find_record_id(connection, uuid)? else {
                return Ok(None);
            };
            let found = first(connection, include_str!("../sql/record/get.sql"), [record_id], record)?;
            found.map(|record| with_events(connection, record)).transpose()
        })
        .await
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
        let (events, entry_hashes) = (events.to_vec(), entry_hashes.to_vec());
        self.write(move |connection| {
            for (event, entry_hash) in events.iter().zip(&entry_hashes) {
                append_event(connection, event, at, Some(entry_hash))?;
                log::enqueue(connection, EntryKind::RecordEvent, entry_hash)?;
            }
            Ok(())
        })
        .await
    }

    async fn count_records(&self) -> Result<Vec<(ItemId, BirthState, u64)>, StoreError> {
        self.read(|connection| {
            all(connection, include_str!("../sql/chunk_count/sum.sql"), [], |row| {
                Ok((
                    word(row, 0, |text| ItemId::parse(text).ok())?,
                    word(row, 1, BirthState::parse)?,
                    count(row, 2)?,
                ))
            })
        })
        .await
    }

    async fn scan_records(&self, after: RecordId, limit: u32) -> Result<Vec<Record>, StoreError> {
        self.read(move |connection| {
            let page = all(
                connection,
                include_str!("../sql/record/scan.sql"),
                params![after.0, limit],
                record,
            )?;
            page.into_iter().map(|record| with_events(connection, record)).collect()
        })
        .await
    }

    async fn notices_seen_until(&self, person: PersonId) -> Result<Option<Moment>, StoreError> {
        self.read(move |connection| {
            let sql = include_str!("../sql/notice_ack/latest.sql");
            let latest: Option<Option<i64>> = first(connection, sql, [person.0], |row| Ok(row.get(0)?))?;
            Ok(latest.flatten().map(Moment))
        })
        .await
    }

    async fn acknowledge_notices(&self, person: PersonId, until: Moment, at: Moment) -> Result<(), StoreError> {
        self.write(move |connection| {
            execute(
                connection,
                include_str!("../sql/notice_ack/insert.sql"),
                params![person.0, until.0, at.0],
            )?;
            Ok(())
        })
        .await
    }
}

/// Appends an event if the record's state allows it. `entry_hash` is `None` where a chunk's entry stands for it.
pub(crate) fn append_event(
    connection: &Connection,
    event: &NewRecordEvent,
    at: Moment,
    entry_hash: Option<&[u8; 32]>,
) -> Result<(), Fault> {
    let birth = first(
        connection,
        include_str!("../sql/record/birth.sql"),
        [event.record.0],
        |row| Ok((row.get::<_, i64>(0)?, word(row, 1, BirthState::parse)?)),
    )?;
    let (_, birth) = birth
        .filter(|(person, _)| *person == event.person.0)
        .ok_or_else(|| missing("the record"))?;
    let kinds = event_kinds(connection, event.person, event.record)?;
    check_event(birth, &kinds, event.kind)?;
    execute(
        connection,
        include_str!("../sql/record_event/insert.sql"),
        params![
            event.person.0,
            event.record.0,
            signed(kinds.len() as u64 + 1)?,
            event.kind.as_str(),
            event.effective.to_epoch_days(),
            at.0,
            event.reason.salt.as_ref(),
            event.reason.ciphertext,
            entry_hash,
        ],
    )?;
    if EventKind::of_life(event.kind).is_some() {
        let sql = include_str!("../sql/fallen_record/insert.sql");
        execute(connection, sql, [event.record.0])?;
    }
    let change = params![event.person.0, event.record.0, signed(kinds.len() as u64 + 1)?];
    execute(connection, include_str!("../sql/record_change/insert.sql"), change)?;
    Ok(())
}

/// The beginning of a fact's keys in their index; a revision follows.
pub(crate) fn fact_prefix((person, fact_tag): &(PersonId, i64)) -> [u8; 16] {
    let mut prefix = [0; 16];
    let (head, tail) = prefix.split_at_mut(8);
    head.copy_from_slice(&person.0.to_be_bytes());
    tail.copy_from_slice(&fact_tag.to_be_bytes());
    prefix
}

/// The key of a record in the index of facts.
pub(crate) fn fact_key(person: PersonId, fact_tag: i64, revision: u32) -> [u8; 20] {
    let mut key = [0; 20];
    let (head, tail) = key.split_at_mut(16);
    head.copy_from_slice(&fact_prefix(&(person, fact_tag)));
    tail.copy_from_slice(&revision.to_be_bytes());
    key
}

fn revision(key: &[u8]) -> u32 {
    key.last_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes))
}

fn find_fact(
    connection: &Connection,
    statement: &mut CachedStatement<'_>,
    person: Option<PersonId>,
    revision: u32,
    record: RecordId,
) -> Result<Option<KnownFact>, Fault> {
    let mut rows = statement.query([record.0])?;
    let row = rows.next()?.ok_or_else(|| damaged("a fact leads to no record"))?;
    let (content_tag, birth) = (bytes(row, 0)?, word(row, 1, BirthState::parse)?);
    let Some(person) = person else { return Ok(None) };
    let (is_alive, is_withdrawn) = life(birth, &event_kinds(connection, person, record)?);
    Ok(Some(KnownFact {
        record,
        revision,
        content_tag,
        is_alive,
        is_withdrawn,
    }))
}

fn event_kinds(connection: &Connection, person: PersonId, record: RecordId) -> Result<Vec<RecordEventKind>, Fault> {
    let sql = include_str!("../sql/record_event/list_of_record.sql");
    all(connection, sql, [person.0, record.0], |row| {
        word(row, 1, RecordEventKind::parse)
    })
}

/// All records of a person with their events, newest first. The same statements, however many there are.
pub(crate) fn of_person(connection: &Connection, person: PersonId) -> Result<Vec<Record>, Fault> {
    let mut ids = Vec::new();
    run::FACTS.visit(connection, &[person.0.to_be_bytes()], |_, _, record| ids.push(record))?;
    let asked = format!("{ids:?}");
    let mut records = all(connection, include_str!("../sql/record/get_many.sql"), [asked], record)?;
    if records.len() != ids.len() {
        return Err(damaged("a fact leads to no record"));
    }
    let sql = include_str!("../sql/record_event/list_of_person.sql");
    let mut events: BTreeMap<RecordId, Vec<RecordEvent>> = BTreeMap::new();
    for event in all(connection, sql, [person.0], record_event)? {
        events.entry(event.record).or_default().push(event);
    }
    for record in &mut records {
        record.events = events.remove(&record.id).unwrap_or_default();
    }
    Ok(records)
}

fn with_events(connection: &Connection, mut record: Record) -> Result<Record, Fault> {
    let sql = include_str!("../sql/record_event/list_of_record.sql");
    record.events = all(connection, sql, [record.person.0, record.id.0], record_event)?;
    Ok(record)
}

fn record(row: &Row<'_>) -> Result<Record, Fault> {
    let id = RecordId(row.get(0)?);
    let (_, ordinal) = chunk_and_ordinal(id);
    let ordinal = u32::try_from(ordinal).map_err(|_| damaged("an ordinal is out of range"))?;
    let has_class = row.get_ref(6)?.as_str().is_ok();
    Ok(Record {
        id,
        uuid: record_uuid(uuid(row, 1)?, ordinal),
        person: PersonId(row.get(2)?),
        item: word(row, 3, |text| ItemId::parse(text).ok())?,
        provider: word(row, 4, |text| Uscc::parse(text).ok())?,
        birth: word(row, 5, BirthState::parse)?,
        class: if has_class {
            Some(word(row, 6, BreachClass::parse)?)
        } else {
            None
        },
        end: day(row, 7)?,
        fact_tag: row.get(8)?,
        revision: row.get(9)?,
        content_tag: bytes(row, 10)?,
        content: sealed(row, 11)?,
        received_at: Moment(row.get(13)?),
        events: Vec::new(),
    })
}

fn record_event(row: &Row<'_>) -> Result<RecordEvent, Fault> {
    Ok(RecordEvent {
        record: RecordId(row.get(0)?),
        kind: word(row, 1, RecordEventKind::parse)?,
        at: Moment(row.get(2)?),
        effective: day(row, 3)?,
    })
}

pub(crate) fn day(row: &Row<'_>, column: usize) -> Result<Day, Fault> {
    Day::from_epoch_days(row.get(column)?).map_err(|_| damaged("a stored day is out of range"))
}
