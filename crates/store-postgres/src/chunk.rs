//! The transaction of an intake: everything of a chunk, or nothing.

use deadpool_postgres::Transaction;
use store::{
    ChunkCommit, DeliveryId, DeliveryProgress, EntryKind, KnownPersonEvent, NewPerson, NewRecord, NewRecordEvent,
    NewStagedRow, PersonId, PersonRef, record_id,
};
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::connection::{copy_in, execute, first, rows};
use crate::fault::{Fault, conflict, missing};
use crate::value::{count, get, parts, signed, signed_small, small};
use crate::{comparison, log, person, procedure, record, rotation};

/// Writes `chunk` into the transaction.
pub(crate) async fn write(transaction: &Transaction<'_>, chunk: &ChunkCommit) -> Result<(), Fault> {
    chunk.check()?;
    comparison::lock_effects(transaction).await?;
    if let Some(delivery) = chunk.delivery {
        chunk.check_follows(&lock(transaction, delivery).await?)?;
    }
    rotation::check_floors(
        transaction,
        chunk.new_persons.iter().map(|person| person.secret.as_slice()),
        chunk.staged.iter().map(|row| &row.tag),
    )
    .await?;
    let chunk_id = insert_chunk(transaction, chunk).await?;
    let persons = insert_persons(transaction, &chunk.new_persons).await?;
    insert_records(transaction, chunk, chunk_id, &persons).await?;
    insert_counts(transaction, chunk, chunk_id).await?;
    let number = |person| match person {
        PersonRef::Known(person) => Some(person),
        PersonRef::New(index) => persons.get(usize::try_from(index).ok()?).copied().map(PersonId),
    };
    let own = chunk
        .own_events(chunk_id, number)
        .ok_or_else(|| missing("the record of an event"))?;
    let events: Vec<NewRecordEvent> = chunk.events.iter().cloned().chain(own).collect();
    record::append_events(transaction, &events, chunk.at, None).await?;
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
        person::append_event(transaction, &known).await?;
    }
    // A line that is staged anew is resolved first: it waits once.
    resolve(transaction, &chunk.resolved, chunk_id).await?;
    insert_staged(transaction, chunk).await?;
    procedure::open(transaction, &chunk.procedures).await?;
    for step in &chunk.steps {
        procedure::append_step(transaction, step).await?;
    }
    log::enqueue(transaction, EntryKind::Chunk, &[&chunk.entry_hash]).await
}

/// Holds the delivery until the transaction ends, and says how far it is.
pub(crate) async fn lock(transaction: &Transaction<'_>, delivery: DeliveryId) -> Result<DeliveryProgress, Fault> {
    let locked = rows(transaction, include_str!("../sql/delivery/lock.sql"), &[&delivery.0]).await?;
    if locked.is_empty() {
        return Err(missing("the delivery"));
    }
    // A statement of its own: its snapshot is taken after the lock.
    first(
        transaction,
        include_str!("../sql/delivery/progress.sql"),
        &[&delivery.0],
        |row| {
            Ok(DeliveryProgress {
                is_finished: get(row, 0)?,
                chunks_done: small(row, 1)?,
                rows_done: count(row, 2)?,
            })
        },
    )
    .await?
    .ok_or_else(|| missing("the delivery"))
}

async fn insert_chunk(transaction: &Transaction<'_>, chunk: &ChunkCommit) -> Result<i64, Fault> {
    let counts = &chunk.counts;
    let inserted = rows(
        transaction,
        include_str!("../sql/chunk/insert.sql"),
        &[
            &chunk.uuid,
            &chunk.delivery.map(|delivery| delivery.0),
            &signed_small(chunk.chunk_no)?,
            &signed(chunk.rows_done)?,
            &chunk.at.0,
            &signed_small(chunk.records.len())?,
            &signed_small(chunk.new_persons.len())?,
            &signed(counts.received)?,
            &signed(counts.recorded)?,
            &signed(counts.repeated)?,
            &signed(counts.held)?,
            &signed(counts.pending)?,
            &signed(counts.refused)?,
            &signed(counts.corrected)?,
            &signed(counts.withdrawn)?,
            &chunk.entry_hash.as_slice(),
        ],
    )
    .await?;
    get(inserted.first().ok_or_else(|| missing("the chunk"))?, 0)
}

/// Creates the persons; their numbers in the order given.
async fn insert_persons(transaction: &Transaction<'_>, persons: &[NewPerson]) -> Result<Vec<i64>, Fault> {
    if persons.is_empty() {
        return Ok(Vec::new());
    }
    let floor = rotation::index_floor(transaction).await?;
    let wanted = signed_small(persons.len())?;
    let taken = rows(transaction, include_str!("../sql/person/take_numbers.sql"), &[&wanted]).await?;
    let numbers: Vec<i64> = taken.iter().map(|row| get(row, 0)).collect::<Result<_, _>>()?;
    let types = [Type::INT8, Type::UUID, Type::BYTEA, Type::BYTEA, Type::BYTEA];
    let mut copy = copy_in(transaction, include_str!("../sql/person/copy.sql"), &types).await?;
    let mut tags = Vec::with_capacity(persons.len() * 2);
    for (person, number) in persons.iter().zip(&numbers) {
        let (salt, ciphertext) = parts(&person.identity);
        copy.as_mut()
            .write(&[number, &person.uuid, &person.secret, &salt, &ciphertext])
            .await?;
        let kept = store::above_floor(&person.tags, floor)?;
        tags.extend(
            kept.iter()
                .map(|tag| (tag.tag, tag.index.code(), i32::from(tag.key_version), *number)),
        );
    }
    copy.as_mut().finish().await?;
    // In the order of the index, so that each of its pages is touched once, and two chunks cannot wait for each other.
    tags.sort_unstable();
    let types = [Type::BYTEA, Type::INT2, Type::INT4, Type::INT8];
    let mut copy = copy_in(transaction, include_str!("../sql/blind_index/copy.sql"), &types).await?;
    for (tag, index, key_version, number) in &tags {
        copy.as_mut()
            .write(&[&tag.as_slice(), index, key_version, number])
            .await?;
    }
    copy.as_mut().finish().await?;
    Ok(numbers)
}

async fn insert_records(
    transaction: &Transaction<'_>,
    chunk: &ChunkCommit,
    chunk_id: i64,
    persons: &[i64],
) -> Result<(), Fault> {
    if chunk.records.is_empty() {
        return Ok(());
    }
    assert_known(transaction, chunk).await?;
    let types = [
        Type::INT8,
        Type::INT8,
        Type::TEXT,
        Type::TEXT,
        Type::TEXT,
        Type::TEXT,
        Type::INT4,
        Type::INT8,
        Type::INT4,
        Type::BYTEA,
        Type::BYTEA,
        Type::BYTEA,
    ];
    let owner = |record: &NewRecord| match record.person {
        PersonRef::Known(person) => Some(person.0),
        PersonRef::New(index) => persons.get(usize::try_from(index).ok()?).copied(),
    };
    // In the order of the index of facts, so that each of its pages is touched once, and two chunks cannot wait for each
    // other.
    let mut ordered: Vec<(Option<i64>, i64, &NewRecord)> = Vec::with_capacity(chunk.records.len());
    ordered.extend(
        chunk
            .records
            .iter()
            .map(|record| (owner(record), record.fact_tag, record)),
    );
    ordered.sort_unstable_by_key(|(person, fact_tag, _)| (*person, *fact_tag));
    let mut copy = copy_in(transaction, include_str!("../sql/record/copy.sql"), &types).await?;
    for (person, _, record) in ordered {
        let (salt, ciphertext) = parts(&record.content);
        copy.as_mut()
            .write(&[
                &record_id(chunk_id, i64::from(record.ordinal)).0,
                &person.ok_or_else(|| missing("the person"))?,
                &record.item.as_str(),
                &record.provider.as_str(),
                &record.state.as_str(),
                &record.class.map(domain::catalogue::BreachClass::as_str),
                &record.end.to_epoch_days(),
                &record.fact_tag,
                &signed_small(record.revision)?,
                &record.content_tag.as_slice(),
                &salt,
                &ciphertext,
            ])
            .await?;
    }
    copy.as_mut().finish().await?;
    Ok(())
}

/// Every person that a record names is there: one statement in place of a foreign key's check row by row.
async fn assert_known(transaction: &Transaction<'_>, chunk: &ChunkCommit) -> Result<(), Fault> {
    let mut known: Vec<i64> = Vec::new();
    for record in &chunk.records {
        if let PersonRef::Known(person) = record.person {
            known.push(person.0);
        }
    }
    known.sort_unstable();
    known.dedup();
    let sql = include_str!("../sql/person/count_known.sql");
    let found = first(transaction, sql, &[&known], |row| count(row, 0)).await?;
    if found == Some(known.len() as u64) {
        Ok(())
    } else {
        Err(missing("the person of a record"))
    }
}

async fn insert_counts(transaction: &Transaction<'_>, chunk: &ChunkCommit, chunk_id: i64) -> Result<(), Fault> {
    let counts = chunk.count_by_item();
    if !counts.is_empty() {
        let items: Vec<&str> = counts.keys().map(|(item, _)| item.as_str()).collect();
        let states: Vec<&str> = counts.keys().map(|(_, state)| *state).collect();
        let records: Vec<i32> = counts
            .values()
            .map(|records| signed_small(*records))
            .collect::<Result<_, _>>()?;
        let sql = include_str!("../sql/chunk_count/insert.sql");
        execute(transaction, sql, &[&chunk_id, &items, &states, &records]).await?;
    }
    if !chunk.fault_counts.is_empty() {
        let codes: Vec<&str> = chunk.fault_counts.keys().map(String::as_str).collect();
        let faults: Vec<i64> = chunk
            .fault_counts
            .values()
            .map(|faults| signed(*faults))
            .collect::<Result<_, _>>()?;
        execute(
            transaction,
            include_str!("../sql/fault_count/insert.sql"),
            &[&chunk_id, &codes, &faults],
        )
        .await?;
    }
    if !chunk.faults.is_empty() {
        let sql = include_str!("../sql/fault_block/insert.sql");
        execute(transaction, sql, &[&chunk_id, &chunk.faults.as_slice()]).await?;
    }
    Ok(())
}

/// Erases the staged rows that this transaction resolves; each once only.
async fn resolve(transaction: &Transaction<'_>, resolved: &[Uuid], chunk_id: i64) -> Result<(), Fault> {
    if resolved.is_empty() {
        return Ok(());
    }
    let erased = rows(transaction, include_str!("../sql/staged_row/erase.sql"), &[&resolved]).await?;
    if erased.len() != resolved.len() {
        let sql = include_str!("../sql/staged_row/count.sql");
        let there = first(transaction, sql, &[&resolved], |row| count(row, 0)).await?;
        return Err(if there == Some(resolved.len() as u64) {
            conflict("the staged row was resolved already")
        } else {
            missing("the staged row")
        });
    }
    let staged: Vec<i64> = erased.iter().map(|row| get(row, 0)).collect::<Result<_, _>>()?;
    execute(
        transaction,
        include_str!("../sql/staged_resolution/insert.sql"),
        &[&staged, &chunk_id],
    )
    .await?;
    Ok(())
}

async fn insert_staged(transaction: &Transaction<'_>, chunk: &ChunkCommit) -> Result<(), Fault> {
    let Some(delivery) = chunk.staged_in().filter(|_| !chunk.staged.is_empty()) else {
        return Ok(());
    };
    let types = [
        Type::UUID,
        Type::INT8,
        Type::INT4,
        Type::TEXT,
        Type::TEXT,
        Type::BYTEA,
        Type::INT2,
        Type::INT4,
        Type::BYTEA,
        Type::BYTEA,
    ];
    let mut copy = copy_in(transaction, include_str!("../sql/staged_row/copy.sql"), &types).await?;
    for NewStagedRow {
        uuid,
        line,
        kind,
        reason,
        tag,
        content,
    } in &chunk.staged
    {
        let (salt, ciphertext) = parts(content);
        copy.as_mut()
            .write(&[
                uuid,
                &delivery.0,
                &signed_small(*line)?,
                &kind.as_str(),
                reason,
                &tag.tag.as_slice(),
                &tag.index.code(),
                &i32::from(tag.key_version),
                &salt,
                &ciphertext,
            ])
            .await?;
    }
    copy.as_mut().finish().await?;
    Ok(())
}
