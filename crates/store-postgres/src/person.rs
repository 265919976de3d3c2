//! Persons: found by tags, read by number, linked and split by events.

use async_trait::async_trait;
use deadpool_postgres::Transaction;
use domain::Moment;
use store::{
    EntryKind, IndexTag, KnownPersonEvent, Person, PersonEvent, PersonId, PersonStore, StoreError, follow_links,
};
use tokio_postgres::Row;

use crate::connection::{Parameter, all, commit, execute, first};
use crate::fault::{Fault, conflict, damaged, missing};
use crate::value::{count, get, parts, sealed, tag_arrays};
use crate::{PostgresStore, comparison, log, rotation};

#[async_trait]
impl PersonStore for PostgresStore {
    async fn find_persons(&self, tags: &[IndexTag]) -> Result<Vec<Option<Person>>, StoreError> {
        let client = self.client().await?;
        let newest = tags.iter().map(|tag| i32::from(tag.key_version)).max();
        let (tags, indexes, versions) = tag_arrays(tags);
        let sql = include_str!("../sql/person/find_by_tags.sql");
        let found = all(&client, sql, &[&tags, &indexes, &versions], |row| {
            // A look by tags of retired versions alone would miss who is there.
            if newest < Some(get(row, 5)?) {
                return Err(conflict("a key was retired"));
            }
            get::<Option<i64>>(row, 0)?.map(|_| person(row)).transpose()
        })
        .await?;
        Ok(found)
    }

    async fn get_persons(&self, ids: &[PersonId]) -> Result<Vec<Person>, StoreError> {
        let client = self.client().await?;
        let numbers: Vec<i64> = ids.iter().map(|id| id.0).collect();
        let persons = all(&client, include_str!("../sql/person/get.sql"), &[&numbers], person).await?;
        if persons.len() == ids.len() {
            Ok(persons)
        } else {
            Err(missing("the person").into())
        }
    }

    async fn append_person_event(&self, event: &KnownPersonEvent) -> Result<(), StoreError> {
        self.small(move || self.append(event)).await
    }

    async fn person_events(&self, person: PersonId) -> Result<Vec<(PersonEvent, Moment)>, StoreError> {
        let client = self.client().await?;
        let events = all(
            &client,
            include_str!("../sql/person_event/list.sql"),
            &[&person.0],
            |row| {
                let other = get::<Option<i64>>(row, 1)?.map(PersonId);
                let event = PersonEvent::from_words(get(row, 0)?, other);
                Ok((
                    event.ok_or_else(|| damaged("an unknown event of a person"))?,
                    Moment(get(row, 2)?),
                ))
            },
        )
        .await?;
        Ok(events)
    }

    async fn linked_persons(&self, person: PersonId) -> Result<Vec<PersonId>, StoreError> {
        follow_links(person, |person| self.person_events(person)).await
    }

    async fn count_persons(&self) -> Result<u64, StoreError> {
        let client = self.client().await?;
        let persons = first(&client, include_str!("../sql/chunk/count_persons.sql"), &[], |row| {
            count(row, 0)
        })
        .await?;
        Ok(persons.unwrap_or_default())
    }
}

impl PostgresStore {
    async fn append(&self, event: &KnownPersonEvent) -> Result<(), Fault> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        comparison::lock_effects(&transaction).await?;
        append_event(&transaction, event).await?;
        commit(transaction).await
    }
}

/// Appends an event of a person with its outbox row.
pub(crate) async fn append_event(transaction: &Transaction<'_>, event: &KnownPersonEvent) -> Result<(), Fault> {
    let tags = rotation::above_floor(transaction, &event.tags).await?;
    let person = event.person;
    let (kind, other) = event.event.to_words();
    let (salt, ciphertext) = parts(&event.reason);
    let row: &[Parameter<'_>] = &[
        &person.0,
        &kind,
        &other.map(|other| other.0),
        &salt,
        &ciphertext,
        &event.by,
        &event.at.0,
        &event.entry_hash.as_slice(),
    ];
    execute(transaction, include_str!("../sql/person_event/insert.sql"), row).await?;
    for tag in &*tags {
        add_tag(transaction, person, tag).await?;
    }
    log::enqueue(transaction, EntryKind::PersonEvent, &[&event.entry_hash]).await
}

/// Enters a tag of a known person; 0 if it was there already.
pub(crate) async fn add_tag(transaction: &Transaction<'_>, person: PersonId, tag: &IndexTag) -> Result<u64, Fault> {
    let (bytes, index, version) = (tag.tag.as_slice(), tag.index.code(), i32::from(tag.key_version));
    let sql = include_str!("../sql/blind_index/add.sql");
    let added = execute(transaction, sql, &[&bytes, &index, &version, &person.0]).await?;
    if added > 0 {
        execute(transaction, include_str!("../sql/tag_change/insert.sql"), &[&person.0]).await?;
    }
    if added == 0 {
        let sql = include_str!("../sql/blind_index/owner.sql");
        let owner = first(transaction, sql, &[&bytes, &index, &version], |row| get(row, 0)).await?;
        if owner != Some(person.0) {
            return Err(conflict("the tag belongs to another person"));
        }
    }
    Ok(added)
}

pub(crate) fn person(row: &Row) -> Result<Person, Fault> {
    Ok(Person {
        id: PersonId(get(row, 0)?),
        uuid: get(row, 1)?,
        secret: get(row, 2)?,
        identity: sealed(row, 3)?,
    })
}
