//! Persons: found by tags, read by number, linked and split by events.

use async_trait::async_trait;
use domain::Moment;
use rusqlite::{Connection, Row, params};
use store::{
    EntryKind, IndexTag, KnownPersonEvent, Person, PersonEvent, PersonId, PersonStore, StoreError, follow_links,
};

use crate::connection::{all, count, execute, first, sealed, uuid};
use crate::fault::{Fault, conflict, damaged, missing};
use crate::{SqliteStore, log, rotation, run};

#[async_trait]
impl PersonStore for SqliteStore {
    async fn find_persons(&self, tags: &[IndexTag]) -> Result<Vec<Option<Person>>, StoreError> {
        let tags = tags.to_vec();
        self.read(move |connection| find(connection, &tags)).await
    }

    async fn get_persons(&self, ids: &[PersonId]) -> Result<Vec<Person>, StoreError> {
        let ids = ids.to_vec();
        self.read(move |connection| ids.into_iter().map(|id| get(connection, id)).collect())
            .await
    }

    async fn append_person_event(&self, event: &KnownPersonEvent) -> Result<(), StoreError> {
        let event = event.clone();
        self.write(move |connection| append_event(connection, &event)).await
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

/// One person.
pub(crate) fn get(connection: &Connection, id: PersonId) -> Result<Person, Fault> {
    first(connection, include_str!("../sql/person/get.sql"), [id.0], person)?.ok_or_else(|| missing("the person"))
}

/// Appends an event of a person with its outbox row.
pub(crate) fn append_event(connection: &Connection, event: &KnownPersonEvent) -> Result<(), Fault> {
    let tags = rotation::above_floor(connection, &event.tags)?;
    let (kind, other) = event.event.to_words();
    execute(
        connection,
        include_str!("../sql/person_event/insert.sql"),
        params![
            event.person.0,
            kind,
            other.map(|other| other.0),
            event.reason.salt.as_ref(),
            event.reason.ciphertext,
            event.by.as_bytes(),
            event.at.0,
            &event.entry_hash
        ],
    )?;
    tags.iter().try_for_each(|tag| add_tag(connection, event.person, tag))?;
    log::enqueue(connection, EntryKind::PersonEvent, &event.entry_hash)
}

/// Looks up in the order of the index, so that a chunk's tags pass each block once; answers in the order asked.
fn find(connection: &Connection, tags: &[IndexTag]) -> Result<Vec<Option<Person>>, Fault> {
    rotation::check_asked(connection, tags)?;
    let mut asked: Vec<([u8; 19], usize)> = tags.iter().map(key).zip(0..).collect();
    asked.sort_unstable_by_key(|(key, _)| run::rank(key));
    let keys: Vec<[u8; 19]> = asked.iter().map(|(key, _)| *key).collect();
    let mut owners = Vec::new();
    run::TAGS.visit(connection, &keys, |at, _, owner| owners.push((owner, at)))?;
    owners.sort_unstable();
    let mut statement = connection.prepare_cached(include_str!("../sql/person/get.sql"))?;
    let mut found = vec![None; tags.len()];
    for (owner, at) in owners {
        let mut rows = statement.query([owner])?;
        let row = rows.next()?.ok_or_else(|| damaged("a tag leads to nobody"))?;
        if let Some(answer) = asked.get(at).and_then(|(_, place)| found.get_mut(*place)) {
            *answer = Some(person(row)?);
        }
    }
    Ok(found)
}

/// The key of a tag in its index.
pub(crate) fn key(tag: &IndexTag) -> [u8; 19] {
    let mut key = [0; 19];
    let (head, tail) = key.split_at_mut(16);
    head.copy_from_slice(&tag.tag);
    let ([_, index], [high, low]) = (tag.index.code().to_be_bytes(), tag.key_version.to_be_bytes());
    tail.copy_from_slice(&[index, high, low]);
    key
}

/// The version of the index key in a key of the index.
pub(crate) fn key_version(key: &[u8; 19]) -> u16 {
    let [.., high, low] = *key;
    u16::from_be_bytes([high, low])
}

fn add_tag(connection: &Connection, person: PersonId, tag: &IndexTag) -> Result<(), Fault> {
    let key = key(tag);
    let mut owner = None;
    run::TAGS.visit(connection, &[key], |_, _, person| owner = Some(person))?;
    match owner {
        Some(owner) if owner == person.0 => Ok(()),
        Some(_) => Err(conflict("the tag belongs to another person")),
        None => run::TAGS.add(connection, vec![(key, person.0)]).map(|_| ()),
    }
}

pub(crate) fn person(row: &Row<'_>) -> Result<Person, Fault> {
    Ok(Person {
        id: PersonId(row.get(0)?),
        uuid: uuid(row, 1)?,
        secret: row.get(2)?,
        identity: sealed(row, 3)?,
    })
}
