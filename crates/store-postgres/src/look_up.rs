//! Look-ups: made durable with their traces, answered, closed; who is behind a number and a name.

use async_trait::async_trait;
use deadpool_postgres::GenericClient;
use domain::catalogue::PurposeId;
use domain::{Day, Moment, Uscc};
use futures::future::try_join5;
use store::{
    Alarm, AlarmKind, Answered, Asker, Closed, Counted, EntryKind, Found, IndexTag, KnownLookUp, Look, LookUpResult,
    LookUpStore, MatterId, NewAnswer, NewClosing, NewLock, NewLookUp, NewRelation, NewTrace, Person, RecordId,
    Relation, StoreError, Trace, TraceKind, TraceOutcome, Withholding,
};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::PostgresStore;
use crate::connection::{Parameter, all, commit, execute, first};
use crate::fault::{Fault, conflict, damaged, missing};
use crate::value::{bytes, get, index_tag, parts, sealed, signed_small, small, tag_arrays, word, word_or_none};
use crate::{comparison, event, log, person, record, rotation};

#[async_trait]
impl LookUpStore for PostgresStore {
    async fn append_look_ups(&self, look_ups: &[NewLookUp]) -> Result<Vec<Option<KnownLookUp>>, StoreError> {
        self.small(move || self.write_look_ups(look_ups)).await
    }

    async fn ensure_decoy(&self, uuid: Uuid, secret: &[u8]) -> Result<Person, StoreError> {
        let sql = include_str!("../sql/person/insert_decoy.sql");
        self.small_statement(sql, &[&uuid, &secret]).await?;
        let client = self.client().await?;
        let decoy = [store::DECOY.0];
        let found = first(
            &client,
            include_str!("../sql/person/get.sql"),
            &[&decoy.as_slice()],
            person::person,
        )
        .await?;
        Ok(found.ok_or_else(|| missing("the decoy"))?)
    }

    /// One round trip: the statements are sent together, and each is run whoever is there (R12).
    async fn find_for_look_up(
        &self,
        names: &[IndexTag],
        numbers: &[IndexTag],
        account: Uuid,
    ) -> Result<Found, StoreError> {
        let client = self.client().await?;
        let (tags, indexes, versions) = tag_arrays(names);
        let asked: &[Parameter<'_>] = &[&tags, &indexes, &versions];
        let (tags, indexes, versions) = tag_arrays(numbers);
        let locks: &[Parameter<'_>] = &[&tags, &indexes, &versions];
        let relations: &[Parameter<'_>] = &[&tags, &indexes, &versions, &account];
        let (person, records, events, is_locked, relation) = try_join5(
            first(
                &client,
                include_str!("../sql/person/find_or_decoy.sql"),
                asked,
                person::person,
            ),
            all(
                &client,
                include_str!("../sql/record/list_of_found.sql"),
                asked,
                record::record,
            ),
            all(
                &client,
                include_str!("../sql/record_event/list_of_found.sql"),
                asked,
                record::record_event,
            ),
            first(&client, include_str!("../sql/file_lock/latest.sql"), locks, |row| {
                rotation::check_asked(row, 1, numbers)?;
                is_set(row)
            }),
            first(
                &client,
                include_str!("../sql/declared_relation/find.sql"),
                relations,
                |row| {
                    rotation::check_asked(row, 1, numbers)?;
                    word_or_none(row, 0, Relation::parse)
                },
            ),
        )
        .await?;
        Ok(Found {
            person: person.ok_or_else(|| missing("the decoy"))?,
            records: record::join_events(records, events),
            is_locked: is_locked.unwrap_or(false),
            relation: relation.flatten(),
        })
    }

    async fn declare_relation(&self, relation: &NewRelation) -> Result<(), StoreError> {
        self.small(move || async move {
            let mut client = self.client().await?;
            let transaction = client.transaction().await?;
            let tags = rotation::above_floor(&transaction, &relation.tags).await?;
            let (tags, indexes, versions) = tag_arrays(&tags);
            let row: &[Parameter<'_>] = &[
                &tags,
                &indexes,
                &versions,
                &relation.account,
                &relation.relation.as_str(),
                &relation.at.0,
            ];
            execute(&transaction, include_str!("../sql/declared_relation/insert.sql"), row).await?;
            commit(transaction).await
        })
        .await
    }

    async fn append_answers(&self, answers: &[NewAnswer]) -> Result<(), StoreError> {
        self.small(move || self.write_answers(answers)).await
    }

    async fn find_look_up(&self, uuid: Uuid) -> Result<Option<Look>, StoreError> {
        let client = self.client().await?;
        Ok(first(&client, include_str!("../sql/trace/look.sql"), &[&uuid], look).await?)
    }

    async fn open_look_ups(
        &self,
        organisation: Option<&Uscc>,
        account: Option<Uuid>,
        due_before: Option<Day>,
        limit: u32,
    ) -> Result<Vec<Look>, StoreError> {
        let client = self.client().await?;
        let organisation = organisation.map(Uscc::as_str);
        let due_before = due_before.map(Day::to_epoch_days);
        let sql = include_str!("../sql/look_up_open/list.sql");
        let asked: &[Parameter<'_>] = &[&organisation, &account, &due_before, &i64::from(limit)];
        Ok(all(&client, sql, asked, look).await?)
    }

    async fn close_look_up(&self, closing: &NewClosing) -> Result<(), StoreError> {
        self.small(move || self.write_closing(closing)).await
    }

    async fn looks_of(&self, subjects: &[IndexTag], before: Option<i64>, limit: u32) -> Result<Vec<Look>, StoreError> {
        let client = self.client().await?;
        let (tags, indexes, versions) = tag_arrays(subjects);
        let before = before.unwrap_or(i64::MAX);
        let asked: &[Parameter<'_>] = &[&tags, &indexes, &versions, &before, &i64::from(limit)];
        let sql = include_str!("../sql/trace/looks_of_subjects.sql");
        Ok(all(&client, sql, asked, look).await?)
    }

    async fn counted_look_ups(&self, day: Day, after: i64, limit: u32) -> Result<Vec<Counted>, StoreError> {
        let client = self.client().await?;
        let sql = include_str!("../sql/look_up/counted.sql");
        let asked: &[Parameter<'_>] = &[&day.to_epoch_days(), &after, &i64::from(limit)];
        let counted = all(&client, sql, asked, |row| {
            Ok(Counted {
                order: get(row, 0)?,
                asker: asker(row, 1)?,
                matter: get::<Option<i64>>(row, 5)?.map(MatterId),
                tag: bytes(row, 6)?,
            })
        })
        .await?;
        Ok(counted)
    }

    async fn subjects_of_matter(&self, matter: MatterId, limit: u32) -> Result<Vec<[u8; 16]>, StoreError> {
        let client = self.client().await?;
        let sql = include_str!("../sql/look_up/subjects_of_matter.sql");
        Ok(all(&client, sql, &[&matter.0, &i64::from(limit)], |row| bytes(row, 0)).await?)
    }

    async fn withhold(&self, decision: &Withholding) -> Result<(), StoreError> {
        self.small(move || self.write_withholding(decision)).await
    }

    async fn withholdings(&self, look_up: Uuid) -> Result<Vec<Withholding>, StoreError> {
        let client = self.client().await?;
        let sql = include_str!("../sql/withholding/list.sql");
        Ok(all(&client, sql, &[&look_up], withholding).await?)
    }

    async fn set_lock(&self, lock: &NewLock) -> Result<(), StoreError> {
        self.small(move || async move {
            let mut client = self.client().await?;
            let transaction = client.transaction().await?;
            comparison::lock_effects(&transaction).await?;
            let tags = rotation::above_floor(&transaction, &lock.tags).await?;
            let (tags, indexes, versions) = tag_arrays(&tags);
            let (is_locked, hash) = (i16::from(lock.is_locked), lock.entry_hash.as_slice());
            let row: &[Parameter<'_>] = &[&tags, &indexes, &versions, &is_locked, &lock.by, &hash, &lock.at.0];
            execute(&transaction, include_str!("../sql/file_lock/insert.sql"), row).await?;
            log::enqueue(&transaction, EntryKind::PersonEvent, &[&lock.entry_hash]).await?;
            commit(transaction).await
        })
        .await
    }

    async fn is_locked(&self, numbers: &[IndexTag]) -> Result<bool, StoreError> {
        let client = self.client().await?;
        let (tags, indexes, versions) = tag_arrays(numbers);
        let sql = include_str!("../sql/file_lock/latest.sql");
        let latest = first(&client, sql, &[&tags, &indexes, &versions], |row| {
            rotation::check_asked(row, 1, numbers)?;
            is_set(row)
        })
        .await?;
        Ok(latest.unwrap_or(false))
    }

    async fn raise_alarm(&self, alarm: &Alarm) -> Result<(), StoreError> {
        self.small(move || async move {
            let client = self.client().await?;
            raise(&client, alarm).await
        })
        .await
    }

    async fn alarms(&self, limit: u32) -> Result<Vec<Alarm>, StoreError> {
        let client = self.client().await?;
        let sql = include_str!("../sql/alarm/list.sql");
        Ok(all(&client, sql, &[&i64::from(limit)], alarm).await?)
    }

    async fn add_honey_numbers(&self, tags: &[IndexTag], at: Moment) -> Result<(), StoreError> {
        self.small(move || async move {
            let mut client = self.client().await?;
            let transaction = client.transaction().await?;
            let tags = rotation::above_floor(&transaction, tags).await?;
            let (tags, indexes, versions) = tag_arrays(&tags);
            let row: &[Parameter<'_>] = &[&tags, &indexes, &versions, &at.0];
            execute(&transaction, include_str!("../sql/honey_number/insert.sql"), row).await?;
            commit(transaction).await
        })
        .await
    }

    async fn honey_numbers(&self) -> Result<Vec<IndexTag>, StoreError> {
        let client = self.client().await?;
        let sql = include_str!("../sql/honey_number/list.sql");
        Ok(all(&client, sql, &[], |row| index_tag(row, 0)).await?)
    }
}

impl PostgresStore {
    async fn write_look_ups(&self, look_ups: &[NewLookUp]) -> Result<Vec<Option<KnownLookUp>>, Fault> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let keys: Vec<&[u8]> = look_ups.iter().map(|new| new.request_key.as_slice()).collect();
        let sql = include_str!("../sql/look_up/find_by_keys.sql");
        let known = all(&transaction, sql, &[&keys], |row| {
            let Some(uuid) = get(row, 0)? else { return Ok(None) };
            Ok(Some(KnownLookUp {
                uuid,
                request_tag: bytes(row, 1)?,
                at: Moment(get(row, 2)?),
            }))
        })
        .await?;
        let new: Vec<&NewLookUp> = look_ups
            .iter()
            .zip(&known)
            .filter(|(_, known)| known.is_none())
            .map(|(new, _)| new)
            .collect();
        if new.is_empty() {
            return Ok(known);
        }
        let traces: Vec<&NewTrace> = new.iter().map(|new| &new.trace).collect();
        log::insert_traces(&transaction, &traces).await?;
        insert(&transaction, &new).await?;
        commit(transaction).await?;
        Ok(known)
    }

    async fn write_answers(&self, answers: &[NewAnswer]) -> Result<(), Fault> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let uuids: Vec<Uuid> = answers.iter().map(|answer| answer.look_up).collect();
        let (salts, contents): (Vec<_>, Vec<_>) = answers.iter().map(|answer| parts(&answer.content)).unzip();
        let due: Vec<Option<i32>> = answers
            .iter()
            .map(|answer| answer.close_by.map(Day::to_epoch_days))
            .collect();
        let hashes: Vec<&[u8]> = answers.iter().map(|answer| answer.entry_hash.as_slice()).collect();
        let moments: Vec<i64> = answers.iter().map(|answer| answer.at.0).collect();
        let columns: &[Parameter<'_>] = &[&uuids, &salts, &contents, &due, &hashes, &moments];
        let sql = include_str!("../sql/look_up_answer/insert.sql");
        let new: Vec<Uuid> = all(&transaction, sql, columns, |row| get(row, 0)).await?;
        let new: Vec<&NewAnswer> = answers.iter().filter(|answer| new.contains(&answer.look_up)).collect();
        let outcomes: Vec<(Uuid, TraceOutcome, Moment)> = new
            .iter()
            .map(|answer| (answer.look_up, answer.outcome, answer.at))
            .collect();
        log::insert_outcomes(&transaction, &outcomes).await?;
        let hashes: Vec<&[u8; 32]> = new.iter().map(|answer| &answer.entry_hash).collect();
        log::enqueue(&transaction, EntryKind::Outcome, &hashes).await?;
        let shown: Vec<(Uuid, RecordId)> = new
            .iter()
            .flat_map(|answer| answer.records.iter().map(|record| (answer.look_up, *record)))
            .collect();
        event::disclose(&transaction, &shown).await?;
        let uuids: Vec<Uuid> = new.iter().map(|answer| answer.look_up).collect();
        let due: Vec<Option<i32>> = new
            .iter()
            .map(|answer| answer.close_by.map(Day::to_epoch_days))
            .collect();
        let sql = include_str!("../sql/look_up_open/insert.sql");
        execute(&transaction, sql, &[&uuids, &due]).await?;
        commit(transaction).await
    }

    async fn write_closing(&self, closing: &NewClosing) -> Result<(), Fault> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let closed = &closing.closed;
        let (salt, reference) = parts(&closed.reference);
        let row: &[Parameter<'_>] = &[
            &closing.look_up,
            &closed.result.as_str(),
            &salt,
            &reference,
            &closed.by,
            &closed.entry_hash.as_slice(),
            &closed.at.0,
        ];
        let sql = include_str!("../sql/look_up_closing/insert.sql");
        if execute(&transaction, sql, row).await? == 0 {
            return Err(conflict("the look-up is closed"));
        }
        let sql = include_str!("../sql/look_up_open/delete.sql");
        execute(&transaction, sql, &[&closing.look_up]).await?;
        log::enqueue(&transaction, EntryKind::LookUpClosed, &[&closed.entry_hash]).await?;
        commit(transaction).await
    }

    async fn write_withholding(&self, decision: &Withholding) -> Result<(), Fault> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let sql = include_str!("../sql/withholding/list.sql");
        let earlier = all(&transaction, sql, &[&decision.look_up], withholding).await?;
        decision.check_follows(&earlier)?;
        let row: &[Parameter<'_>] = &[
            &decision.look_up,
            &signed_small(decision.step)?,
            &decision.law,
            &decision.organisation.as_str(),
            &decision.until.0,
            &decision.by,
            &decision.entry_hash.as_slice(),
            &decision.at.0,
        ];
        execute(&transaction, include_str!("../sql/withholding/insert.sql"), row).await?;
        log::enqueue(&transaction, EntryKind::Decision, &[&decision.entry_hash]).await?;
        commit(transaction).await
    }
}

/// Writes an alarm.
pub(crate) async fn raise<C: GenericClient>(client: &C, alarm: &Alarm) -> Result<(), Fault> {
    let purpose = alarm.purpose.as_ref().map(PurposeId::as_str);
    let row: &[Parameter<'_>] = &[
        &alarm.kind.as_str(),
        &alarm.organisation.as_str(),
        &alarm.account,
        &alarm.client,
        &purpose,
        &alarm.look_up,
        &alarm.at.0,
    ];
    execute(client, include_str!("../sql/alarm/insert.sql"), row).await?;
    Ok(())
}

async fn insert(transaction: &deadpool_postgres::Transaction<'_>, new: &[&NewLookUp]) -> Result<(), Fault> {
    let subjects: Vec<IndexTag> = new.iter().map(|new| new.trace.subject).collect();
    let (tags, indexes, versions) = tag_arrays(&subjects);
    let uuids: Vec<Uuid> = new.iter().map(|new| new.trace.uuid).collect();
    let organisations: Vec<&str> = new.iter().map(|new| new.organisation.as_str()).collect();
    let accounts: Vec<Uuid> = new.iter().map(|new| new.account).collect();
    let clients: Vec<Option<Uuid>> = new.iter().map(|new| new.client).collect();
    let purposes: Vec<&str> = new.iter().map(|new| new.purpose.as_str()).collect();
    let matters: Vec<Option<i64>> = new.iter().map(|new| new.matter.map(|matter| matter.0)).collect();
    let keys: Vec<&[u8]> = new.iter().map(|new| new.request_key.as_slice()).collect();
    let requests: Vec<&[u8]> = new.iter().map(|new| new.request_tag.as_slice()).collect();
    let days: Vec<i32> = new.iter().map(|new| new.day.to_epoch_days()).collect();
    let moments: Vec<i64> = new.iter().map(|new| new.trace.at.0).collect();
    let columns: &[Parameter<'_>] = &[
        &uuids,
        &organisations,
        &accounts,
        &clients,
        &purposes,
        &matters,
        &keys,
        &requests,
        &tags,
        &indexes,
        &versions,
        &days,
        &moments,
    ];
    execute(transaction, include_str!("../sql/look_up/insert.sql"), columns).await?;
    Ok(())
}

fn is_set(row: &Row) -> Result<bool, Fault> {
    get::<Option<i16>>(row, 0).map(|set| set.is_some_and(|set| set != 0))
}

/// Organisation, account, client and purpose from `column` on.
fn asker(row: &Row, column: usize) -> Result<Asker, Fault> {
    Ok(Asker {
        organisation: word(row, column, |text| Uscc::parse(text).ok())?,
        account: get(row, column + 1)?,
        client: get(row, column + 2)?,
        purpose: word(row, column + 3, |text| PurposeId::parse(text).ok())?,
    })
}

fn look(row: &Row) -> Result<Look, Fault> {
    let has_asker = get::<Option<&str>>(row, 8)?.is_some();
    let answer = match get::<Option<i64>>(row, 16)? {
        None => None,
        Some(at) => {
            let close_by = get::<Option<i32>>(row, 14)?.map(Day::from_epoch_days).transpose();
            Some(Answered {
                content: sealed(row, 12)?,
                close_by: close_by.map_err(|_| damaged("a stored day is out of range"))?,
                entry_hash: bytes(row, 15)?,
                at: Moment(at),
            })
        }
    };
    let closed = match get::<Option<i64>>(row, 22)? {
        None => None,
        Some(at) => Some(Closed {
            result: word(row, 17, LookUpResult::parse)?,
            reference: sealed(row, 18)?,
            by: get(row, 20)?,
            entry_hash: bytes(row, 21)?,
            at: Moment(at),
        }),
    };
    Ok(Look {
        order: get(row, 0)?,
        trace: Trace {
            uuid: get(row, 1)?,
            kind: word(row, 2, TraceKind::parse)?,
            content: sealed(row, 3)?,
            at: Moment(get(row, 5)?),
            outcome: word_or_none(row, 6, TraceOutcome::parse)?,
        },
        entry_hash: bytes(row, 7)?,
        asker: if has_asker { Some(asker(row, 8)?) } else { None },
        answer,
        closed,
        withheld_until: get::<Option<i64>>(row, 23)?.map(Moment),
    })
}

fn withholding(row: &Row) -> Result<Withholding, Fault> {
    Ok(Withholding {
        look_up: get(row, 0)?,
        step: small(row, 1)?,
        law: get(row, 2)?,
        organisation: word(row, 3, |text| Uscc::parse(text).ok())?,
        until: Moment(get(row, 4)?),
        by: get(row, 5)?,
        entry_hash: bytes(row, 6)?,
        at: Moment(get(row, 7)?),
    })
}

fn alarm(row: &Row) -> Result<Alarm, Fault> {
    Ok(Alarm {
        kind: word(row, 0, AlarmKind::parse)?,
        organisation: word(row, 1, |text| Uscc::parse(text).ok())?,
        account: get(row, 2)?,
        client: get(row, 3)?,
        purpose: word_or_none(row, 4, |text| PurposeId::parse(text).ok())?,
        look_up: get(row, 5)?,
        at: Moment(get(row, 6)?),
    })
}
