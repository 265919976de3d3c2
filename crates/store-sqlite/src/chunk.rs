//! The transaction of an intake: everything of a chunk, or nothing.

use rusqlite::{Connection, params};
use store::{
    ChunkCommit, DeliveryProgress, EntryKind, KnownPersonEvent, NewPerson, NewStagedRow, PersonId, PersonRef,
    record_id, split_record_uuid,
};

use crate::connection::{all, count, execute, first, signed};
use crate::fault::{Fault, conflict, missing};
use crate::{log, person, procedure, record, rotation, run};

/// Commits `chunk`.
pub(crate) fn commit(connection: &Connection, chunk: &ChunkCommit) -> Result<(), Fault> {
    chunk.check()?;
    if let Some(delivery) = chunk.delivery {
        chunk.check_follows(&progress(connection, delivery.0)?)?;
    }
    rotation::check_floors(
        connection,
        chunk.new_persons.iter().map(|person| person.secret.as_slice()),
        chunk.staged.iter().map(|row| &row.tag),
    )?;
    let chunk_id = insert_chunk(connection, chunk)?;
    let first_person = insert_persons(connection, &chunk.new_persons)?;
    insert_records(connection, chunk, chunk_id, first_person)?;
    for ((item, state), records) in chunk.count_by_item() {
        let sql = include_str!("../sql/chunk_count/insert.sql");
        execute(
            connection,
            sql,
            params![chunk_id, item.as_str(), state, signed(records)?],
        )?;
    }
    let number = |person| match person {
        PersonRef::Known(person) => Some(person),
        PersonRef::New(index) => Some(PersonId(first_person + i64::from(index))),
    };
    let own = chunk
        .own_events(chunk_id, number)
        .ok_or_else(|| missing("the record of an event"))?;
    for event in chunk.events.iter().chain(&own) {
        record::append_event(connection, event, chunk.at, None)?;
    }
    for new in &chunk.person_events {
        let (person, event) = number(new.person)
            .zip(new.kind.event(number))
            .ok_or_else(|| missing("the person of an event"))?;
        let known = KnownPersonEvent {
            person,
            event,
            tags: new.tags.clone(),
            reason: new.reason.clone(),
            by: new.by,
            at: chunk.at,
            entry_hash: new.entry_hash,
        };
        person::append_event(connection, &known)?;
    }
    // A line that is staged anew is resolved first: it waits once.
    resolve(connection, chunk, chunk_id)?;
    insert_staged(connection, chunk)?;
    for new in &chunk.procedures {
        procedure::open(connection, new)?;
    }
    for step in &chunk.steps {
        procedure::append_step(connection, step)?;
    }
    insert_faults(connection, chunk, chunk_id)?;
    log::enqueue(connection, EntryKind::Chunk, &chunk.entry_hash)
}

fn progress(connection: &Connection, delivery: i64) -> Result<DeliveryProgress, Fault> {
    first(
        connection,
        include_str!("../sql/delivery/progress.sql"),
        [delivery],
        |row| {
            Ok(DeliveryProgress {
                is_finished: row.get(0)?,
                chunks_done: row.get(1)?,
                rows_done: count(row, 2)?,
            })
        },
    )?
    .ok_or_else(|| missing("the delivery"))
}

fn insert_chunk(connection: &Connection, chunk: &ChunkCommit) -> Result<i64, Fault> {
    let counts = &chunk.counts;
    execute(
        connection,
        include_str!("../sql/chunk/insert.sql"),
        params![
            chunk.uuid.as_bytes(),
            chunk.delivery.map(|delivery| delivery.0),
            chunk.chunk_no,
            signed(chunk.rows_done)?,
            chunk.at.0,
            signed(chunk.records.len() as u64)?,
            signed(chunk.new_persons.len() as u64)?,
            signed(counts.received)?,
            signed(counts.recorded)?,
            signed(counts.repeated)?,
            signed(counts.held)?,
            signed(counts.pending)?,
            signed(counts.refused)?,
            signed(counts.corrected)?,
            signed(counts.withdrawn)?,
            &chunk.entry_hash,
        ],
    )?;
    Ok(connection.last_insert_rowid())
}

/// Creates the persons with consecutive numbers; the first of them.
fn insert_persons(connection: &Connection, persons: &[NewPerson]) -> Result<i64, Fault> {
    let last: i64 = connection
        .prepare_cached(include_str!("../sql/person/last_id.sql"))?
        .query_row([], |row| row.get(0))?;
    let floor = rotation::index_floor(connection)?;
    let mut person_id = last;
    let mut tags = Vec::with_capacity(persons.len() * 2);
    let mut insert = connection.prepare_cached(include_str!("../sql/person/insert.sql"))?;
    for person in persons {
        person_id += 1;
        let identity = &person.identity;
        insert.execute(params![
            person_id,
            person.uuid.as_bytes(),
            person.secret,
            identity.salt.as_ref(),
            identity.ciphertext
        ])?;
        let kept = store::above_floor(&person.tags, floor)?;
        tags.extend(kept.iter().map(|tag| (person::key(tag), person_id)));
    }
    drop(insert);
    tags.sort_unstable_by_key(|(key, _)| run::rank(key));
    let keys: Vec<[u8; 19]> = tags.iter().map(|(key, _)| *key).collect();
    if run::TAGS.has_any(connection, &keys)? || !run::TAGS.add(connection, tags)? {
        return Err(conflict("a person appeared meanwhile"));
    }
    Ok(last + 1)
}

fn insert_records(connection: &Connection, chunk: &ChunkCommit, chunk_id: i64, first_person: i64) -> Result<(), Fault> {
    let mut insert = connection.prepare_cached(include_str!("../sql/record/insert.sql"))?;
    let mut facts = Vec::with_capacity(chunk.records.len());
    // A new person's facts cannot be there.
    let mut at_risk = Vec::new();
    for record in &chunk.records {
        let person = match record.person {
            // Persons are numbered without gaps and never deleted.
            PersonRef::Known(person) if (1..first_person).contains(&person.0) => person,
            PersonRef::Known(_) => return Err(missing("the person of a record")),
            PersonRef::New(index) => PersonId(first_person + i64::from(index)),
        };
        let id = record_id(chunk_id, i64::from(record.ordinal)).0;
        let key = record::fact_key(person, record.fact_tag, record.revision);
        facts.push((key, id));
        if matches!(record.person, PersonRef::Known(_)) {
            at_risk.push(key);
        }
        insert.execute(params![
            id,
            person.0,
            record.item.as_str(),
            record.provider.as_str(),
            record.state.as_str(),
            record.class.map(domain::catalogue::BreachClass::as_str),
            record.end.to_epoch_days(),
            record.fact_tag,
            record.revision,
            &record.content_tag,
            record.content.salt.as_ref(),
            record.content.ciphertext,
        ])?;
    }
    at_risk.sort_unstable_by_key(run::rank);
    if run::FACTS.has_any(connection, &at_risk)? || !run::FACTS.add(connection, facts)? {
        return Err(conflict("a fact has a newer revision"));
    }
    Ok(())
}

fn insert_staged(connection: &Connection, chunk: &ChunkCommit) -> Result<(), Fault> {
    let Some(delivery) = chunk.staged_in() else {
        return Ok(());
    };
    let mut insert = connection.prepare_cached(include_str!("../sql/staged_row/insert.sql"))?;
    for NewStagedRow {
        uuid,
        line,
        kind,
        reason,
        tag,
        content,
    } in &chunk.staged
    {
        insert.execute(params![
            uuid.as_bytes(),
            delivery.0,
            line,
            kind.as_str(),
            reason,
            &tag.tag,
            tag.index.code(),
            tag.key_version,
            content.salt.as_ref(),
            content.ciphertext
        ])?;
    }
    Ok(())
}

/// Erases the staged rows that this transaction resolves; each once only.
fn resolve(connection: &Connection, chunk: &ChunkCommit, chunk_id: i64) -> Result<(), Fault> {
    for uuid in &chunk.resolved {
        let erased: Vec<i64> = all(
            connection,
            include_str!("../sql/staged_row/erase.sql"),
            [uuid.as_bytes()],
            |row| Ok(row.get(0)?),
        )?;
        let Some(staged_id) = erased.first() else {
            let sql = include_str!("../sql/staged_row/find.sql");
            let is_there = first(connection, sql, [uuid.as_bytes()], |_| Ok(()))?.is_some();
            return Err(if is_there {
                conflict("the staged row was resolved already")
            } else {
                missing("the staged row")
            });
        };
        execute(
            connection,
            include_str!("../sql/staged_resolution/insert.sql"),
            params![staged_id, chunk_id],
        )?;
    }
    Ok(())
}

fn insert_faults(connection: &Connection, chunk: &ChunkCommit, chunk_id: i64) -> Result<(), Fault> {
    for (code, faults) in &chunk.fault_counts {
        let sql = include_str!("../sql/fault_count/insert.sql");
        execute(connection, sql, params![chunk_id, code, signed(*faults)?])?;
    }
    if !chunk.faults.is_empty() {
        execute(
            connection,
            include_str!("../sql/fault_block/insert.sql"),
            params![chunk_id, chunk.faults],
        )?;
    }
    Ok(())
}

/// The number of the record with this public id, if its chunk is there.
pub(crate) fn find_record_id(connection: &Connection, uuid: uuid::Uuid) -> Result<Option<i64>, Fault> {
    let (base, ordinal) = split_record_uuid(uuid);
    let chunk_id: Option<i64> = first(
        connection,
        include_str!("../sql/chunk/find.sql"),
        [base.as_bytes()],
        |row| Ok(row.get(0)?),
    )?;
    Ok(chunk_id.map(|chunk_id| record_id(chunk_id, ordinal).0))
}
