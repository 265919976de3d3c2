//! Look-ups: made durable with their traces, answered, closed; who is behind a number and a name.

use async_trait::async_trait;
use domain::catalogue::PurposeId;
use domain::{Day, Moment, Uscc};
use rusqlite::{Connection, Row, params};
use store::{Alarm, AlarmKind};
use store::{
    Answered, Asker, Closed, Counted, DECOY, EntryKind, Found, IndexTag, KnownLookUp, Look, LookUpResult, LookUpStore,
    MatterId, NewAnswer, NewClosing, NewLock, NewLookUp, NewRelation, Person, PersonId, Relation, StoreError, Trace,
    TraceKind, TraceOutcome, Withholding,
};
use uuid::Uuid;

use crate::connection::{all, bytes, execute, first, index_tag, sealed, uuid, word};
use crate::fault::{Fault, conflict, damaged, missing};
use crate::{SqliteStore, event, log, person, record, rotation, run};

#[async_trait]
impl LookUpStore for SqliteStore {
    async fn append_look_ups(&self, look_ups: &[NewLookUp]) -> Result<Vec<Option<KnownLookUp>>, StoreError> {
        let look_ups = look_ups.to_vec();
        self.write(move |connection| {
            let tags = look_ups.iter().map(|new| &new.trace.subject);
            rotation::check_floors(connection, std::iter::empty(), tags)?;
            look_ups.iter().map(|new| append(connection, new)).collect()
        })
        .await
    }

    async fn ensure_decoy(&self, uuid: Uuid, secret: &[u8]) -> Result<Person, StoreError> {
        let secret = secret.to_vec();
        self.write(move |connection| {
            let sql = include_str!("../sql/person/insert_decoy.sql");
            execute(connection, sql, params![uuid.as_bytes(), secret])?;
            person::get(connection, DECOY)
        })
        .await
    }

    async fn find_for_look_up(
        &self,
        names: &[IndexTag],
        numbers: &[IndexTag],
        account: Uuid,
    ) -> Result<Found, StoreError> {
        let (names, numbers) = (names.to_vec(), numbers.to_vec());
        self.read(move |connection| find(connection, &names, &numbers, account))
            .await
    }

    async fn declare_relation(&self, relation: &NewRelation) -> Result<(), StoreError> {
        let relation = relation.clone();
        self.write(move |connection| {
            for tag in &*rotation::above_floor(connection, &relation.tags)? {
                let row = params![
                    relation.account.as_bytes(),
                    &tag.tag,
                    tag.index.code(),
                    tag.key_version,
                    relation.relation.as_str(),
                    relation.at.0
                ];
                execute(connection, include_str!("../sql/declared_relation/insert.sql"), row)?;
            }
            Ok(())
        })
        .await
    }

    async fn append_answers(&self, answers: &[NewAnswer]) -> Result<(), StoreError> {
        let answers = answers.to_vec();
        self.write(move |connection| answers.iter().try_for_each(|answer| append_answer(connection, answer)))
            .await
    }

    async fn find_look_up(&self, uuid: Uuid) -> Result<Option<Look>, StoreError> {
        self.read(move |connection| {
            first(
                connection,
                include_str!("../sql/trace/look.sql"),
                [uuid.as_bytes()],
                look,
            )
        })
        .await
    }

    async fn open_look_ups(
        &self,
        organisation: Option<&Uscc>,
        account: Option<Uuid>,
        due_before: Option<Day>,
        limit: u32,
    ) -> Result<Vec<Look>, StoreError> {
        let organisation = organisation.map(|organisation| organisation.as_str().to_owned());
        self.read(move |connection| {
            let account = account.as_ref().map(Uuid::as_bytes);
            let due_before = due_before.map(Day::to_epoch_days);
            let sql = include_str!("../sql/look_up_open/list.sql");
            all(connection, sql, params![organisation, account, due_before, limit], look)
        })
        .await
    }

    async fn close_look_up(&self, closing: &NewClosing) -> Result<(), StoreError> {
        let closing = closing.clone();
        self.write(move |connection| close(connection, &closing)).await
    }

    async fn looks_of(&self, subjects: &[IndexTag], before: Option<i64>, limit: u32) -> Result<Vec<Look>, StoreError> {
        let subjects = subjects.to_vec();
        self.read(move |connection| looks_of(connection, &subjects, before, limit))
            .await
    }

    async fn counted_look_ups(&self, day: Day, after: i64, limit: u32) -> Result<Vec<Counted>, StoreError> {
        self.read(move |connection| {
            let sql = include_str!("../sql/look_up/counted.sql");
            all(connection, sql, params![day.to_epoch_days(), after, limit], |row| {
                Ok(Counted {
                    order: row.get(0)?,
                    asker: asker(row, 1)?,
                    matter: row.get::<_, Option<i64>>(5)?.map(MatterId),
                    tag: bytes(row, 6)?,
                })
            })
        })
        .await
    }

    async fn subjects_of_matter(&self, matter: MatterId, limit: u32) -> Result<Vec<[u8; 16]>, StoreError> {
        self.read(move |connection| {
            let sql = include_str!("../sql/look_up/subjects_of_matter.sql");
            all(connection, sql, params![matter.0, limit], |row| bytes(row, 0))
        })
        .await
    }

    async fn withhold(&self, decision: &Withholding) -> Result<(), StoreError> {
        let decision = decision.clone();
        self.write(move |connection| withhold(connection, &decision)).await
    }

    async fn withholdings(&self, look_up: Uuid) -> Result<Vec<Withholding>, StoreError> {
        self.read(move |connection| withholdings(connection, look_up)).await
    }

    async fn set_lock(&self, lock: &NewLock) -> Result<(), StoreError> {
        let lock = lock.clone();
        self.write(move |connection| {
            for tag in &*rotation::above_floor(connection, &lock.tags)? {
                let sql = include_str!("../sql/file_lock/insert.sql");
                let row = params![
                    &tag.tag,
                    tag.index.code(),
                    tag.key_version,
                    lock.is_locked,
                    lock.by.as_bytes(),
                    &lock.entry_hash,
                    lock.at.0
                ];
                execute(connection, sql, row)?;
            }
            log::enqueue(connection, EntryKind::PersonEvent, &lock.entry_hash)
        })
        .await
    }

    async fn is_locked(&self, numbers: &[IndexTag]) -> Result<bool, StoreError> {
        let numbers = numbers.to_vec();
        self.read(move |connection| is_locked(connection, &numbers)).await
    }

    async fn raise_alarm(&self, alarm: &Alarm) -> Result<(), StoreError> {
        let alarm = alarm.clone();
        self.write(move |connection| raise(connection, &alarm)).await
    }

    async fn alarms(&self, limit: u32) -> Result<Vec<Alarm>, StoreError> {
        self.read(move |connection| all(connection, include_str!("../sql/alarm/list.sql"), [limit], alarm))
            .await
    }

    async fn add_honey_numbers(&self, tags: &[IndexTag], at: Moment) -> Result<(), StoreError> {
        let tags = tags.to_vec();
        self.write(move |connection| {
            for tag in &*rotation::above_floor(connection, &tags)? {
                let row = params![&tag.tag, tag.index.code(), tag.key_version, at.0];
                execute(connection, include_str!("../sql/honey_number/insert.sql"), row)?;
            }
            Ok(())
        })
        .await
    }

    async fn honey_numbers(&self) -> Result<Vec<IndexTag>, StoreError> {
        self.read(|connection| {
            all(connection, include_str!("../sql/honey_number/list.sql"), [], |row| {
                index_tag(row, 0)
            })
        })
        .await
    }
}

fn append(connection: &Connection, new: &NewLookUp) -> Result<Option<KnownLookUp>, Fault> {
    let sql = include_str!("../sql/look_up/find_by_key.sql");
    let known = first(connection, sql, [&new.request_key], |row| {
        Ok(KnownLookUp {
            uuid: uuid(row, 0)?,
            request_tag: bytes(row, 1)?,
            at: Moment(row.get(2)?),
        })
    })?;
    if known.is_some() {
        return Ok(known);
    }
    log::append_trace(connection, &new.trace)?;
    execute(
        connection,
        include_str!("../sql/look_up/insert.sql"),
        params![
            new.trace.uuid.as_bytes(),
            new.organisation.as_str(),
            new.account.as_bytes(),
            new.client.as_ref().map(Uuid::as_bytes),
            new.purpose.as_str(),
            new.matter.map(|matter| matter.0),
            &new.request_key,
            &new.request_tag,
            &new.trace.subject.tag,
            new.trace.subject.index.code(),
            new.trace.subject.key_version,
            new.day.to_epoch_days(),
            new.trace.at.0,
        ],
    )?;
    Ok(None)
}

/// Writes an alarm.
pub(crate) fn raise(connection: &Connection, alarm: &Alarm) -> Result<(), Fault> {
    let row = params![
        alarm.kind.as_str(),
        alarm.organisation.as_str(),
        alarm.account.as_bytes(),
        alarm.client.as_ref().map(Uuid::as_bytes),
        alarm.purpose.as_ref().map(PurposeId::as_str),
        alarm.look_up.as_ref().map(Uuid::as_bytes),
        alarm.at.0
    ];
    execute(connection, include_str!("../sql/alarm/insert.sql"), row).map(|_| ())
}

/// The same statements, whoever is there (R12).
fn find(connection: &Connection, names: &[IndexTag], numbers: &[IndexTag], account: Uuid) -> Result<Found, Fault> {
    let mut keys: Vec<[u8; 19]> = names.iter().map(person::key).collect();
    keys.sort_unstable();
    let mut owner = None;
    run::TAGS.visit(connection, &keys, |_, _, person| owner = Some(person))?;
    let id = owner.map_or(DECOY, PersonId);
    let person = person::get(connection, id)?;
    let records = record::of_person(connection, id)?;
    let is_locked = is_locked(connection, numbers)?;
    let mut relation = None;
    for tag in numbers {
        let sql = include_str!("../sql/declared_relation/find.sql");
        let key = params![account.as_bytes(), &tag.tag, tag.index.code(), tag.key_version];
        relation = first(connection, sql, key, |row| word(row, 0, Relation::parse))?.or(relation);
    }
    Ok(Found {
        person,
        records,
        is_locked,
        relation,
    })
}

/// What was said last of any of the tags.
fn is_locked(connection: &Connection, numbers: &[IndexTag]) -> Result<bool, Fault> {
    rotation::check_asked(connection, numbers)?;
    let mut latest: Option<(i64, bool)> = None;
    for tag in numbers {
        let sql = include_str!("../sql/file_lock/latest.sql");
        let said = first(
            connection,
            sql,
            params![&tag.tag, tag.index.code(), tag.key_version],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        latest = latest.max(said);
    }
    Ok(latest.is_some_and(|(_, is_locked)| is_locked))
}

fn append_answer(connection: &Connection, answer: &NewAnswer) -> Result<(), Fault> {
    let sql = include_str!("../sql/look_up_answer/insert.sql");
    let close_by = answer.close_by.map(Day::to_epoch_days);
    let row = params![
        answer.look_up.as_bytes(),
        answer.content.salt.as_ref(),
        answer.content.ciphertext,
        close_by.is_some(),
        close_by,
        &answer.entry_hash,
        answer.at.0,
    ];
    if execute(connection, sql, row)? == 0 {
        return Ok(());
    }
    log::append_outcome(connection, answer.look_up, answer.outcome, answer.at)?;
    log::enqueue(connection, EntryKind::Outcome, &answer.entry_hash)?;
    answer
        .records
        .iter()
        .try_for_each(|record| event::disclose(connection, answer.look_up, *record))?;
    if close_by.is_some() {
        let sql = include_str!("../sql/look_up_open/insert.sql");
        execute(connection, sql, params![answer.look_up.as_bytes(), close_by])?;
    }
    Ok(())
}

fn close(connection: &Connection, closing: &NewClosing) -> Result<(), Fault> {
    let sql = include_str!("../sql/look_up_closing/insert.sql");
    let (uuid, closed) = (closing.look_up.as_bytes(), &closing.closed);
    let row = params![
        uuid,
        closed.result.as_str(),
        closed.reference.salt.as_ref(),
        closed.reference.ciphertext,
        closed.by.as_bytes(),
        &closed.entry_hash,
        closed.at.0,
    ];
    if execute(connection, sql, row)? == 0 {
        return Err(conflict("the look-up is closed"));
    }
    execute(connection, include_str!("../sql/look_up_open/delete.sql"), [uuid])?;
    log::enqueue(connection, EntryKind::LookUpClosed, &closed.entry_hash)
}

fn looks_of(
    connection: &Connection,
    subjects: &[IndexTag],
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<Look>, Fault> {
    let mut found = Vec::new();
    for tag in subjects {
        let sql = include_str!("../sql/trace/looks_of_subject.sql");
        let before = before.unwrap_or(i64::MAX);
        let key = params![&tag.tag, tag.index.code(), tag.key_version, before, limit];
        found.extend(all(connection, sql, key, look)?);
    }
    found.sort_unstable_by_key(|look| std::cmp::Reverse(look.order));
    found.dedup_by_key(|look| look.order);
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(found)
}

fn withhold(connection: &Connection, decision: &Withholding) -> Result<(), Fault> {
    decision.check_follows(&withholdings(connection, decision.look_up)?)?;
    let sql = include_str!("../sql/trace/look.sql");
    first(connection, sql, [decision.look_up.as_bytes()], |_| Ok(()))?.ok_or_else(|| missing("the look-up"))?;
    execute(
        connection,
        include_str!("../sql/withholding/insert.sql"),
        params![
            decision.look_up.as_bytes(),
            decision.step,
            decision.law,
            decision.organisation.as_str(),
            decision.until.0,
            decision.by.as_bytes(),
            &decision.entry_hash,
            decision.at.0,
        ],
    )?;
    log::enqueue(connection, EntryKind::Decision, &decision.entry_hash)
}

fn withholdings(connection: &Connection, look_up: Uuid) -> Result<Vec<Withholding>, Fault> {
    let sql = include_str!("../sql/withholding/list.sql");
    all(connection, sql, [look_up.as_bytes()], |row| {
        Ok(Withholding {
            look_up: uuid(row, 0)?,
            step: row.get(1)?,
            law: row.get(2)?,
            organisation: word(row, 3, |text| Uscc::parse(text).ok())?,
            until: Moment(row.get(4)?),
            by: uuid(row, 5)?,
            entry_hash: bytes(row, 6)?,
            at: Moment(row.get(7)?),
        })
    })
}

/// A public id that may be missing.
pub(crate) fn uuid_or_none(row: &Row<'_>, column: usize) -> Result<Option<Uuid>, Fault> {
    match row.get_ref(column)? {
        rusqlite::types::ValueRef::Null => Ok(None),
        _ => uuid(row, column).map(Some),
    }
}

fn is_null(row: &Row<'_>, column: usize) -> Result<bool, Fault> {
    Ok(matches!(row.get_ref(column)?, rusqlite::types::ValueRef::Null))
}

/// Organisation, account, client and purpose from `column` on.
fn asker(row: &Row<'_>, column: usize) -> Result<Asker, Fault> {
    Ok(Asker {
        organisation: word(row, column, |text| Uscc::parse(text).ok())?,
        account: uuid(row, column + 1)?,
        client: uuid_or_none(row, column + 2)?,
        purpose: word(row, column + 3, |text| PurposeId::parse(text).ok())?,
    })
}

fn look(row: &Row<'_>) -> Result<Look, Fault> {
    let outcome = if is_null(row, 6)? {
        None
    } else {
        Some(word(row, 6, TraceOutcome::parse)?)
    };
    let asker = if is_null(row, 8)? { None } else { Some(asker(row, 8)?) };
    let answer = if is_null(row, 16)? {
        None
    } else {
        let close_by = row.get::<_, Option<i32>>(14)?.map(Day::from_epoch_days).transpose();
        Some(Answered {
            content: sealed(row, 12)?,
            close_by: close_by.map_err(|_| damaged("a stored day is out of range"))?,
            entry_hash: bytes(row, 15)?,
            at: Moment(row.get(16)?),
        })
    };
    let closed = if is_null(row, 17)? {
        None
    } else {
        Some(Closed {
            result: word(row, 17, LookUpResult::parse)?,
            reference: sealed(row, 18)?,
            by: uuid(row, 20)?,
            entry_hash: bytes(row, 21)?,
            at: Moment(row.get(22)?),
        })
    };
    Ok(Look {
        order: row.get(0)?,
        trace: Trace {
            uuid: uuid(row, 1)?,
            kind: word(row, 2, TraceKind::parse)?,
            content: sealed(row, 3)?,
            at: Moment(row.get(5)?),
            outcome,
        },
        entry_hash: bytes(row, 7)?,
        asker,
        answer,
        closed,
        withheld_until: row.get::<_, Option<i64>>(23)?.map(Moment),
    })
}

fn alarm(row: &Row<'_>) -> Result<Alarm, Fault> {
    Ok(Alarm {
        kind: word(row, 0, AlarmKind::parse)?,
        organisation: word(row, 1, |text| Uscc::parse(text).ok())?,
        account: uuid(row, 2)?,
        client: uuid_or_none(row, 3)?,
        purpose: if is_null(row, 4)? {
            None
        } else {
            Some(word(row, 4, |text| PurposeId::parse(text).ok())?)
        },
        look_up: uuid_or_none(row, 5)?,
        at: Moment(row.get(6)?),
    })
}
