//! What a rotation of keys reads and writes, and the floor below which nothing is written any more.

use std::borrow::Cow;

use async_trait::async_trait;
use domain::Moment;
use rusqlite::{Connection, Row, params};
use store::{
    EntryKind, FloorOf, IndexTag, KeyAct, Person, PersonId, Rewrapped, RotationStore, Sealed, SecretOf, StoreError,
    TaggedBefore, TaggedTrace, TraceKind, WrappedSecret, wrapping_version,
};
use uuid::Uuid;

use crate::connection::{all, bytes, count, execute, first, index_tag, sealed, signed, uuid, word};
use crate::fault::{Fault, conflict, damaged};
use crate::{SqliteStore, log, person, run};

#[async_trait]
impl RotationStore for SqliteStore {
    async fn secrets_before(
        &self,
        of: SecretOf,
        version: u16,
        after: i64,
        limit: u32,
    ) -> Result<Vec<WrappedSecret>, StoreError> {
        let sql = match of {
            SecretOf::Person => include_str!("../sql/person/list_wrapped_before.sql"),
            SecretOf::Delivery => include_str!("../sql/delivery/list_wrapped_before.sql"),
            SecretOf::Account => include_str!("../sql/account/list_wrapped_before.sql"),
        };
        self.read(move |connection| {
            let version = version.to_be_bytes();
            all(connection, sql, params![after, version.as_slice(), limit], |row| {
                Ok(WrappedSecret {
                    number: row.get(0)?,
                    uuid: uuid(row, 1)?,
                    wrapped: row.get(2)?,
                })
            })
        })
        .await
    }

    async fn rewrap(&self, of: SecretOf, changes: &[Rewrapped]) -> Result<u64, StoreError> {
        let sql = match of {
            SecretOf::Person => include_str!("../sql/person/rewrap.sql"),
            SecretOf::Delivery => include_str!("../sql/delivery/rewrap.sql"),
            SecretOf::Account => include_str!("../sql/account/rewrap.sql"),
        };
        let changes = changes.to_vec();
        self.write(move |connection| {
            let mut rows = 0;
            for change in &changes {
                rows += execute(connection, sql, params![change.number, change.before, change.after])? as u64;
            }
            Ok(rows)
        })
        .await
    }

    async fn scan_persons(&self, after: PersonId, limit: u32) -> Result<Vec<Person>, StoreError> {
        self.read(move |connection| {
            let sql = include_str!("../sql/person/scan.sql");
            all(connection, sql, params![after.0, limit], person::person)
        })
        .await
    }

    async fn aliases_of(&self, persons: &[PersonId]) -> Result<Vec<(PersonId, Sealed)>, StoreError> {
        let persons = persons.to_vec();
        self.read(move |connection| {
            let mut found = Vec::new();
            for person in &persons {
                let sql = include_str!("../sql/person_event/list_aliases.sql");
                found.extend(all(connection, sql, [person.0], |row| Ok((*person, sealed(row, 0)?)))?);
            }
            Ok(found)
        })
        .await
    }

    async fn add_tags(&self, tags: &[(PersonId, IndexTag)]) -> Result<u64, StoreError> {
        let tags = tags.to_vec();
        self.write(move |connection| add_tags(connection, &tags)).await
    }

    async fn retag_traces(&self, moves: &[(IndexTag, IndexTag)]) -> Result<u64, StoreError> {
        let moves = moves.to_vec();
        self.write(move |connection| {
            let mut rows = 0;
            for (from, to) in &moves {
                let tags = params![&from.tag, from.index.code(), from.key_version, &to.tag, to.key_version];
                rows += execute(connection, include_str!("../sql/trace/retag.sql"), tags)? as u64;
            }
            Ok(rows)
        })
        .await
    }

    async fn retag_marks(&self, moves: &[(IndexTag, IndexTag)]) -> Result<u64, StoreError> {
        let moves = moves.to_vec();
        self.write(move |connection| {
            let floor = floors(connection)?.index;
            let below = moves.iter().filter(|(from, _)| from.key_version < floor);
            let mut rows = 0;
            for (from, to) in below {
                rows += retag_marks(connection, from, to)? as u64;
            }
            Ok(rows)
        })
        .await
    }

    async fn retag_staged(&self, rows: &[(Uuid, IndexTag)]) -> Result<u64, StoreError> {
        let rows = rows.to_vec();
        self.write(move |connection| {
            let mut moved = 0;
            for (row, tag) in &rows {
                let to = params![row.as_bytes(), &tag.tag, tag.key_version];
                moved += execute(connection, include_str!("../sql/staged_row/retag.sql"), to)? as u64;
            }
            Ok(moved)
        })
        .await
    }

    async fn traces_before(&self, version: u16, after: i64, limit: u32) -> Result<Vec<TaggedTrace>, StoreError> {
        self.read(move |connection| {
            let sql = include_str!("../sql/trace/list_tagged_before.sql");
            all(connection, sql, params![after, version, limit], trace)
        })
        .await
    }

    async fn scan_traces(&self, after: i64, limit: u32) -> Result<Vec<TaggedTrace>, StoreError> {
        self.read(move |connection| {
            let sql = include_str!("../sql/trace/scan.sql");
            all(connection, sql, params![after, limit], trace)
        })
        .await
    }

    async fn tagged_before(&self, version: u16) -> Result<TaggedBefore, StoreError> {
        self.read(move |connection| {
            let one = |sql| first(connection, sql, [version], |row| count(row, 0)).map(Option::unwrap_or_default);
            Ok(TaggedBefore {
                traces: one(include_str!("../sql/trace/count_tagged_before.sql"))?,
                staged: one(include_str!("../sql/staged_row/count_tagged_before.sql"))?,
                compared: one(include_str!("../sql/comparison_block/count_tagged_before.sql"))?,
                marks: one(include_str!("../sql/file_lock/count_marks_before.sql"))?,
            })
        })
        .await
    }

    async fn raise_floor(&self, of: FloorOf, version: u16) -> Result<(), StoreError> {
        self.write(move |connection| {
            let sql = include_str!("../sql/key_floor/raise.sql");
            execute(connection, sql, params![of.as_str(), version]).map(|_| ())
        })
        .await
    }

    async fn forget_tags(&self, _limit: u32) -> Result<u64, StoreError> {
        // A run at a time: they are of bounded size.
        self.write_alone(|connection| {
            let floor = floors(connection)?.index;
            run::TAGS.forget(connection, |key| person::key_version(key) < floor)
        })
        .await
    }

    async fn append_key_act(&self, act: &KeyAct) -> Result<(), StoreError> {
        let act = act.clone();
        self.write(move |connection| {
            let row = params![
                act.uuid.as_bytes(),
                act.document,
                act.by.as_bytes(),
                act.at.0,
                &act.entry_hash
            ];
            execute(connection, include_str!("../sql/key_act/insert.sql"), row)?;
            log::enqueue(connection, EntryKind::Key, &act.entry_hash)
        })
        .await
    }

    async fn key_acts(&self) -> Result<Vec<KeyAct>, StoreError> {
        self.read(|connection| {
            all(connection, include_str!("../sql/key_act/list.sql"), [], |row| {
                Ok(KeyAct {
                    uuid: uuid(row, 0)?,
                    document: row.get(1)?,
                    by: uuid(row, 2)?,
                    at: Moment(row.get(3)?),
                    entry_hash: bytes(row, 4)?,
                })
            })
        })
        .await
    }
}

/// The versions below which nothing is written.
struct Floors {
    kek: u16,
    index: u16,
}

fn floors(connection: &Connection) -> Result<Floors, Fault> {
    let mut floors = Floors { kek: 0, index: 0 };
    let listed = all(connection, include_str!("../sql/key_floor/list.sql"), [], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, u16>(1)?))
    })?;
    for (key, version) in listed {
        match key.as_str() {
            "kek" => floors.kek = version,
            "index" => floors.index = version,
            _ => return Err(damaged("an unknown key")),
        }
    }
    Ok(floors)
}

/// Refuses what is under a key that is being retired: whoever wrote it must read the key file again.
pub(crate) fn check_floors<'a>(
    connection: &Connection,
    mut secrets: impl Iterator<Item = &'a [u8]>,
    mut tags: impl Iterator<Item = &'a IndexTag>,
) -> Result<(), Fault> {
    let floors = floors(connection)?;
    if secrets.any(|wrapped| wrapping_version(wrapped) < floors.kek) || tags.any(|tag| tag.key_version < floors.index) {
        return Err(conflict("a key was retired"));
    }
    Ok(())
}

/// Refuses a look by tags of retired versions alone: it would miss who is there.
pub(crate) fn check_asked(connection: &Connection, tags: &[IndexTag]) -> Result<(), Fault> {
    let floor = floors(connection)?.index;
    if !tags.is_empty() && tags.iter().all(|tag| tag.key_version < floor) {
        return Err(conflict("a key was retired"));
    }
    Ok(())
}

/// The version of the index key below which no tag is written.
pub(crate) fn index_floor(connection: &Connection) -> Result<u16, Fault> {
    Ok(floors(connection)?.index)
}

/// The tags of one thing that are written: none below the floor.
pub(crate) fn above_floor<'a>(connection: &Connection, tags: &'a [IndexTag]) -> Result<Cow<'a, [IndexTag]>, Fault> {
    Ok(store::above_floor(tags, floors(connection)?.index)?)
}

fn retag_marks(connection: &Connection, from: &IndexTag, to: &IndexTag) -> Result<usize, Fault> {
    let old = params![&from.tag, from.index.code(), from.key_version];
    let both = params![&from.tag, from.index.code(), from.key_version, &to.tag, to.key_version];
    let locks = execute(connection, include_str!("../sql/file_lock/retag.sql"), both)?;
    if locks > 0 {
        let new = params![&to.tag, to.index.code(), to.key_version];
        execute(connection, include_str!("../sql/file_lock/repeat.sql"), new)?;
    }
    execute(connection, include_str!("../sql/declared_relation/copy.sql"), both)?;
    execute(connection, include_str!("../sql/honey_number/copy.sql"), both)?;
    let mut rows = locks;
    for sql in [
        include_str!("../sql/declared_relation/forget.sql"),
        include_str!("../sql/honey_number/forget.sql"),
    ] {
        rows += execute(connection, sql, old)?;
    }
    for sql in [
        include_str!("../sql/break_glass/retag.sql"),
        include_str!("../sql/subject_notice/retag.sql"),
    ] {
        rows += execute(connection, sql, both)?;
    }
    Ok(rows)
}

fn add_tags(connection: &Connection, tags: &[(PersonId, IndexTag)]) -> Result<u64, Fault> {
    check_floors(connection, std::iter::empty(), tags.iter().map(|(_, tag)| tag))?;
    let mut entries: Vec<([u8; 19], i64)> = tags.iter().map(|(person, tag)| (person::key(tag), person.0)).collect();
    entries.sort_unstable_by_key(|(key, person)| (run::rank(key), *person));
    entries.dedup();
    let keys: Vec<[u8; 19]> = entries.iter().map(|(key, _)| *key).collect();
    let mut owners = vec![None; entries.len()];
    run::TAGS.visit(connection, &keys, |place, _, owner| {
        if let Some(known) = owners.get_mut(place) {
            *known = Some(owner);
        }
    })?;
    let mut new = Vec::new();
    for ((key, person), owner) in entries.into_iter().zip(owners) {
        match owner {
            None => new.push((key, person)),
            Some(owner) if owner == person => {}
            Some(_) => return Err(conflict("the tag belongs to another person")),
        }
    }
    let added = signed(new.len() as u64)?;
    if !run::TAGS.add(connection, new)? {
        return Err(conflict("the tag belongs to another person"));
    }
    u64::try_from(added).map_err(|_| damaged("a count is negative"))
}

fn trace(row: &Row<'_>) -> Result<TaggedTrace, Fault> {
    Ok(TaggedTrace {
        number: row.get(0)?,
        uuid: uuid(row, 1)?,
        kind: word(row, 2, TraceKind::parse)?,
        subject: index_tag(row, 3)?,
        content: sealed(row, 6)?,
    })
}
