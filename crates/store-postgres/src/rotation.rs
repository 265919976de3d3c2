//! What a rotation of keys reads and writes, and the floor below which nothing is written any more.

use std::borrow::Cow;

use async_trait::async_trait;
use deadpool_postgres::Transaction;
use domain::Moment;
use store::{
    EntryKind, FloorOf, IndexTag, KeyAct, Person, PersonId, Rewrapped, RotationStore, Sealed, SecretOf, StoreError,
    TaggedBefore, TaggedTrace, TraceKind, WrappedSecret, wrapping_version,
};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::connection::{Parameter, all, commit, execute, first, rows};
use crate::fault::{Fault, conflict, damaged};
use crate::value::{bytes, count, get, index_tag, sealed, tag_arrays, word};
use crate::{PostgresStore, comparison, log, person};

#[async_trait]
impl RotationStore for PostgresStore {
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
        let client = self.client().await?;
        let version = version.to_be_bytes();
        let found = all(&client, sql, &[&after, &version.as_slice(), &i64::from(limit)], |row| {
            Ok(WrappedSecret {
                number: get(row, 0)?,
                uuid: get(row, 1)?,
                wrapped: get(row, 2)?,
            })
        })
        .await?;
        Ok(found)
    }

    async fn rewrap(&self, of: SecretOf, changes: &[Rewrapped]) -> Result<u64, StoreError> {
        let sql = match of {
            SecretOf::Person => include_str!("../sql/person/rewrap.sql"),
            SecretOf::Delivery => include_str!("../sql/delivery/rewrap.sql"),
            SecretOf::Account => include_str!("../sql/account/rewrap.sql"),
        };
        let numbers: Vec<i64> = changes.iter().map(|change| change.number).collect();
        let before: Vec<&[u8]> = changes.iter().map(|change| change.before.as_slice()).collect();
        let after: Vec<&[u8]> = changes.iter().map(|change| change.after.as_slice()).collect();
        self.small_statement(sql, &[&numbers, &before, &after]).await
    }

    async fn scan_persons(&self, after: PersonId, limit: u32) -> Result<Vec<Person>, StoreError> {
        let client = self.client().await?;
        let sql = include_str!("../sql/person/scan.sql");
        Ok(all(&client, sql, &[&after.0, &i64::from(limit)], person::person).await?)
    }

    async fn aliases_of(&self, persons: &[PersonId]) -> Result<Vec<(PersonId, Sealed)>, StoreError> {
        let client = self.client().await?;
        let numbers: Vec<i64> = persons.iter().map(|person| person.0).collect();
        let sql = include_str!("../sql/person_event/list_aliases.sql");
        let found = all(&client, sql, &[&numbers], |row| {
            Ok((PersonId(get(row, 0)?), sealed(row, 1)?))
        })
        .await?;
        Ok(found)
    }

    async fn add_tags(&self, tags: &[(PersonId, IndexTag)]) -> Result<u64, StoreError> {
        self.small(move || self.enter_tags(tags)).await
    }

    async fn retag_traces(&self, moves: &[(IndexTag, IndexTag)]) -> Result<u64, StoreError> {
        let from: Vec<IndexTag> = moves.iter().map(|(from, _)| *from).collect();
        let to: Vec<IndexTag> = moves.iter().map(|(_, to)| *to).collect();
        let (tags, indexes, versions) = tag_arrays(&from);
        let (later, _, later_versions) = tag_arrays(&to);
        let row: &[Parameter<'_>] = &[&tags, &indexes, &versions, &later, &later_versions];
        self.small_statement(include_str!("../sql/trace/retag.sql"), row).await
    }

    async fn retag_marks(&self, moves: &[(IndexTag, IndexTag)]) -> Result<u64, StoreError> {
        self.small(move || self.move_marks(moves)).await
    }

    async fn retag_staged(&self, rows: &[(Uuid, IndexTag)]) -> Result<u64, StoreError> {
        let uuids: Vec<Uuid> = rows.iter().map(|(row, _)| *row).collect();
        let tags: Vec<IndexTag> = rows.iter().map(|(_, tag)| *tag).collect();
        let (tags, _, versions) = tag_arrays(&tags);
        let row: &[Parameter<'_>] = &[&uuids, &tags, &versions];
        self.small_statement(include_str!("../sql/staged_row/retag.sql"), row)
            .await
    }

    async fn traces_before(&self, version: u16, after: i64, limit: u32) -> Result<Vec<TaggedTrace>, StoreError> {
        let client = self.client().await?;
        let sql = include_str!("../sql/trace/list_tagged_before.sql");
        let asked: &[Parameter<'_>] = &[&after, &i32::from(version), &i64::from(limit)];
        Ok(all(&client, sql, asked, trace).await?)
    }

    async fn scan_traces(&self, after: i64, limit: u32) -> Result<Vec<TaggedTrace>, StoreError> {
        let client = self.client().await?;
        let sql = include_str!("../sql/trace/scan.sql");
        Ok(all(&client, sql, &[&after, &i64::from(limit)], trace).await?)
    }

    async fn tagged_before(&self, version: u16) -> Result<TaggedBefore, StoreError> {
        let client = self.client().await?;
        let version = i32::from(version);
        let sql = include_str!("../sql/trace/count_tagged_before.sql");
        let traces = first(&client, sql, &[&version], |row| count(row, 0)).await?;
        let sql = include_str!("../sql/staged_row/count_tagged_before.sql");
        let staged = first(&client, sql, &[&version], |row| count(row, 0)).await?;
        let sql = include_str!("../sql/comparison_block/count_tagged_before.sql");
        let compared = first(&client, sql, &[&version], |row| count(row, 0)).await?;
        let sql = include_str!("../sql/file_lock/count_marks_before.sql");
        let marks = first(&client, sql, &[&version], |row| count(row, 0)).await?;
        Ok(TaggedBefore {
            traces: traces.unwrap_or_default(),
            staged: staged.unwrap_or_default(),
            compared: compared.unwrap_or_default(),
            marks: marks.unwrap_or_default(),
        })
    }

    async fn raise_floor(&self, of: FloorOf, version: u16) -> Result<(), StoreError> {
        let sql = include_str!("../sql/key_floor/raise.sql");
        let row: &[Parameter<'_>] = &[&of.as_str(), &i32::from(version)];
        self.small_statement(sql, row).await.map(|_| ())
    }

    async fn forget_tags(&self, limit: u32) -> Result<u64, StoreError> {
        let sql = include_str!("../sql/blind_index/forget.sql");
        self.small_statement(sql, &[&i64::from(limit)]).await
    }

    async fn append_key_act(&self, act: &KeyAct) -> Result<(), StoreError> {
        self.small(move || self.write_key_act(act)).await
    }

    async fn key_acts(&self) -> Result<Vec<KeyAct>, StoreError> {
        let client = self.client().await?;
        let acts = all(&client, include_str!("../sql/key_act/list.sql"), &[], |row| {
            Ok(KeyAct {
                uuid: get(row, 0)?,
                document: get(row, 1)?,
                by: get(row, 2)?,
                at: Moment(get(row, 3)?),
                entry_hash: bytes(row, 4)?,
            })
        })
        .await?;
        Ok(acts)
    }
}

impl PostgresStore {
    async fn write_key_act(&self, act: &KeyAct) -> Result<(), Fault> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let hash = act.entry_hash.as_slice();
        let row: &[Parameter<'_>] = &[&act.uuid, &act.document, &act.by, &act.at.0, &hash];
        execute(&transaction, include_str!("../sql/key_act/insert.sql"), row).await?;
        log::enqueue(&transaction, EntryKind::Key, &[&act.entry_hash]).await?;
        commit(transaction).await
    }

    async fn move_marks(&self, moves: &[(IndexTag, IndexTag)]) -> Result<u64, Fault> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        // Nobody locks a number or opens it meanwhile: what was said last is said again.
        comparison::await_effects(&transaction).await?;
        let floor = floors(&transaction).await?.index;
        let below = moves.iter().filter(|(from, _)| from.key_version < floor);
        let (from, to): (Vec<IndexTag>, Vec<IndexTag>) = below.copied().unzip();
        let (tags, indexes, versions) = tag_arrays(&from);
        let (later, _, later_versions) = tag_arrays(&to);
        let old: &[Parameter<'_>] = &[&tags, &indexes, &versions];
        let both: &[Parameter<'_>] = &[&tags, &indexes, &versions, &later, &later_versions];
        let sql = include_str!("../sql/file_lock/retag.sql");
        let locks = all(&transaction, sql, both, |row| index_tag(row, 0)).await?;
        let (tags, indexes, versions) = tag_arrays(&locks);
        let sql = include_str!("../sql/file_lock/repeat.sql");
        execute(&transaction, sql, &[&tags, &indexes, &versions]).await?;
        let mut rows = locks.len() as u64;
        execute(&transaction, include_str!("../sql/declared_relation/copy.sql"), both).await?;
        rows += execute(&transaction, include_str!("../sql/declared_relation/forget.sql"), old).await?;
        execute(&transaction, include_str!("../sql/honey_number/copy.sql"), both).await?;
        rows += execute(&transaction, include_str!("../sql/honey_number/forget.sql"), old).await?;
        rows += execute(&transaction, include_str!("../sql/break_glass/retag.sql"), both).await?;
        rows += execute(&transaction, include_str!("../sql/subject_notice/retag.sql"), both).await?;
        commit(transaction).await?;
        Ok(rows)
    }

    async fn enter_tags(&self, tags: &[(PersonId, IndexTag)]) -> Result<u64, Fault> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        comparison::lock_effects(&transaction).await?;
        check_floors(&transaction, std::iter::empty(), tags.iter().map(|(_, tag)| tag)).await?;
        // In the order of the index, so that two writers cannot wait for each other.
        let mut tags = tags.to_vec();
        tags.sort_unstable_by_key(|(_, tag)| (tag.tag, tag.index, tag.key_version));
        let mut added = 0;
        for (person, tag) in &tags {
            added += person::add_tag(&transaction, *person, tag).await?;
        }
        commit(transaction).await?;
        Ok(added)
    }
}

/// The versions below which nothing is written.
struct Floors {
    kek: u16,
    index: u16,
}

/// They stay as they are until the transaction ends.
async fn floors(transaction: &Transaction<'_>) -> Result<Floors, Fault> {
    let mut floors = Floors { kek: 0, index: 0 };
    let sql = include_str!("../sql/key_floor/list.sql");
    for row in rows(transaction, sql, &[]).await? {
        let version = floor(&row, 1)?;
        if get::<&str>(&row, 0)? == FloorOf::Kek.as_str() {
            floors.kek = version;
        } else {
            floors.index = version;
        }
    }
    Ok(floors)
}

fn floor(row: &Row, column: usize) -> Result<u16, Fault> {
    u16::try_from(get::<i32>(row, column)?).map_err(|_| damaged("a key version is out of range"))
}

/// Refuses what is under a key that is being retired: whoever wrote it must read the key file again. The floors stay as
/// they are until the transaction ends.
pub(crate) async fn check_floors<'a>(
    transaction: &Transaction<'_>,
    secrets: impl Iterator<Item = &'a [u8]> + Send,
    tags: impl Iterator<Item = &'a IndexTag> + Send,
) -> Result<(), Fault> {
    let (secrets, tags) = (
        secrets.map(wrapping_version).min(),
        tags.map(|tag| tag.key_version).min(),
    );
    let floors = floors(transaction).await?;
    if secrets.is_some_and(|version| version < floors.kek) || tags.is_some_and(|version| version < floors.index) {
        return Err(conflict("a key was retired"));
    }
    Ok(())
}

/// The version of the index key below which no tag is written. It stays as it is until the transaction ends.
pub(crate) async fn index_floor(transaction: &Transaction<'_>) -> Result<u16, Fault> {
    Ok(floors(transaction).await?.index)
}

/// The tags of one thing that are written: none below the floor, which stays as it is until the transaction ends.
pub(crate) async fn above_floor<'a>(
    transaction: &Transaction<'_>,
    tags: &'a [IndexTag],
) -> Result<Cow<'a, [IndexTag]>, Fault> {
    Ok(store::above_floor(tags, floors(transaction).await?.index)?)
}

/// Refuses a look by tags of retired versions alone: it would miss what is there. The row has the floor, as of its statement.
pub(crate) fn check_asked(row: &Row, column: usize, tags: &[IndexTag]) -> Result<(), Fault> {
    let newest = tags.iter().map(|tag| tag.key_version).max();
    let floor = floor(row, column)?;
    if newest.is_some_and(|newest| newest < floor) {
        return Err(conflict("a key was retired"));
    }
    Ok(())
}

fn trace(row: &Row) -> Result<TaggedTrace, Fault> {
    Ok(TaggedTrace {
        number: get(row, 0)?,
        uuid: get(row, 1)?,
        kind: word(row, 2, TraceKind::parse)?,
        subject: index_tag(row, 3)?,
        content: sealed(row, 6)?,
    })
}
