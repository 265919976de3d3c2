//! Persons: found by tags, read by number, linked and split by events.

use async_trait::async_trait;
use domain::Moment;
use rusqlite::{Connection, Row, params};
use store::{EntryKind, IndexTag, Person, PersonEvent, PersonId, PersonStore, Sealed, StoreError, follow_links};
use uuid::Uuid;

use crate::connection::{all, count, execute, first, sealed, uuid};
use crate::fault::{Fault, conflict, damaged, missing};
use crate::{SqliteStore, log};

#[async_trait]
impl PersonStore for SqliteStore {
    async fn find_persons(&self, tags: &[IndexTag]) -> Result<Vec<Option<Person>>, StoreError> {
        let tags = tags.to_vec();
        self.read(move |connection| find(connection, &tags)).await
    }

    async fn get_persons(&self, ids: &[PersonId]) -> Result<Vec<Person>, StoreError> {
        let ids = ids.to_vec();
        self.read(move |connection| {
            let get = |id: PersonId| {
                first(connection, include_str!("../sql/person/get.sql"), [id.0], person)?
                    .ok_or_else(|| missing("the person"))
            };
            ids.into_iter().map(get).collect()
        })
        .await
    }

    async fn append_person_event(
        &self,
        person: PersonId,
        event: &PersonEvent,
        tags: &[IndexTag],
        reason: &Sealed,
        by: Uuid,
        at: Moment,
        entry_hash: [u8; 32],
    ) -> Result<(), StoreError> {
        let (event, tags, reason) = (event.clone(), tags.to_vec(), reason.clone());
        self.write(move |connection| append_event(connection, person, &event, &tags, &reason, by, at, &entry_hash))
            .await
    }

    async fn person_events(&self, person: PersonId) -> Result<Vec<(PersonEvent, Moment)>, StoreError> {
        self.read(move |connection| {
            all(
                connection,
                include_str!("../sql/person_event/list.sql"),
                [person.0],
                |row| {
                    let kind: String = row.get(0)?;
                    let other = row.get::<_, Option<i64>>(1)?.map(PersonId);
                    let event =
                        PersonEvent::from_words(&kind, other).ok_or_else(|| damaged("an unknown event of a person"))?;
                    Ok((event, Moment(row.get(2)?)))
                },
            )
        })
        .await
    }

    async fn linked_persons(&self, person: PersonId) -> Result<Vec<PersonId>, StoreError> {
        follow_links(person, |person| self.person_events(person)).await
    }

    async fn count_persons(&self) -> Result<u64, StoreError> {
        self.read(|connection| {
            let found = first(connection, include_str!("../sql/chunk/count_persons.sql"), [], |row| {
                count(row, 0)
            })?;
            Ok(found.unwrap_or_default())
        })
        .await
    }
}

/// Appends an event of a person with its outbox row.
#[expect(clippy::too_many_arguments, reason = "as the port")]
pub(crate) fn append_event(
    connection: &Connection,
    person: PersonId,
    event: &PersonEvent,
    tags: &[IndexTag],
    reason: &Sealed,
    by: Uuid,
    at: Moment,
    entry_hash: &[u8; 32],
) -> Result<(), Fault> {
    let (kind, other) = event.to_words();
    execute(
        connection,
        include_str!("../sql/person_event/insert.sql"),
        params![
            person.0,
            kind,
            other.map(|other| other.0),
            reason.salt.as_ref(),
            reason.ciphertext,
            by.as_bytes(),
            at.0,
            entry_hash
        ],
    )?;
    tags.iter().try_for_each(|tag| add_tag(connection, person, tag))?;
    log::enqueue(connection, EntryKind::PersonEvent, entry_hash)
}

/// Probes in the order of the index, so that a chunk's probes pass each page once; answers in the order asked.
fn find(connection: &Connection, tags: &[IndexTag]) -> Result<Vec<Option<Person>>, Fault> {
    let mut order: Vec<(usize, &IndexTag)> = tags.iter().enumerate().collect();
    order.sort_unstable_by_key(|(_, tag)| tag.tag);
    let mut statement = connection.prepare_cached(include_str!("../sql/person/find_by_tag.sql"))?;
    let mut found = vec![None; tags.len()];
    for (place, tag) in order {
        let mut rows = statement.query(params![&tag.tag, tag.index.code(), tag.key_version])?;
        if let (Some(row), Some(answer)) = (rows.next()?, found.get_mut(place)) {
            *answer = Some(person(row)?);
        }
    }
    Ok(found)
}

fn add_tag(connection: &Connection, person: PersonId, tag: &IndexTag) -> Result<(), Fault> {
    let key = params![&tag.tag, tag.index.code(), tag.key_version];
    let sql = include_str!("../sql/blind_index/add.sql");
    if execute(
        connection,
        sql,
        params![&tag.tag, tag.index.code(), tag.key_version, person.0],
    )? == 1
    {
        return Ok(());
    }
    let owner: Option<i64> = first(connection, include_str!("../sql/blind_index/owner.sql"), key, |row| {
        Ok(row.get(0)?)
    })?;
    if owner == Some(person.0) {
        Ok(())
    } else {
        Err(conflict("the tag belongs to another person"))
    }
}

fn person(row: &Row<'_>) -> Result<Person, Fault> {
    Ok(Person {
        id: PersonId(row.get(0)?),
        uuid: uuid(row, 1)?,
        secret: row.get(2)?,
        identity: sealed(row, 3)?,
    })
}
