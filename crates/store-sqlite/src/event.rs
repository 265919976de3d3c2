//! Events for those who were shown a record.

use async_trait::async_trait;
use domain::{Day, Moment, Uscc};
use rusqlite::{Connection, Row, params};
use store::{
    Alarm, DueEvent, EVENTS_LEASE, Endpoint, Event, EventCounts, EventKind, EventStore, EventWork, Lease, NewAct,
    NewEvent, Owed, PersonId, Recipient, RecordId, StoreError, chunk_and_ordinal, record_uuid,
};
use uuid::Uuid;

use crate::SqliteStore;
use crate::administrator::append;
use crate::connection::{all, count, execute, first, sealed, uuid, word};
use crate::fault::{Fault, damaged};
use crate::log::hold_lease;
use crate::look_up::{raise, uuid_or_none};

#[async_trait]
impl EventStore for SqliteStore {
    async fn set_endpoint(&self, endpoint: &Endpoint, act: &NewAct) -> Result<(), StoreError> {
        let (endpoint, act) = (endpoint.clone(), act.clone());
        self.write(move |connection| {
            append(connection, &act)?;
            let client = endpoint.client.as_bytes();
            let sql = include_str!("../sql/client_endpoint/insert.sql");
            execute(
                connection,
                sql,
                params![client, endpoint.url, endpoint.at.0, act.uuid.as_bytes()],
            )?;
            if endpoint.url.is_none() {
                let sql = include_str!("../sql/event_delivery/delete_of_client.sql");
                execute(connection, sql, [client])?;
            }
            Ok(())
        })
        .await
    }

    async fn find_endpoint(&self, client: Uuid) -> Result<Option<Endpoint>, StoreError> {
        self.read(move |connection| {
            let sql = include_str!("../sql/client_endpoint/latest.sql");
            first(connection, sql, [client.as_bytes()], |row| {
                Ok(Endpoint {
                    client: uuid(row, 0)?,
                    url: row.get(1)?,
                    at: Moment(row.get(2)?),
                })
            })
        })
        .await
    }

    async fn event_work(&self, today: Day, asked_before: Moment, limit: u32) -> Result<EventWork, StoreError> {
        self.read(move |connection| work(connection, today, asked_before, limit))
            .await
    }

    async fn append_events(
        &self,
        lease: Lease,
        work: &EventWork,
        listed: &[(Uuid, RecordId)],
        events: &[NewEvent],
    ) -> Result<(), StoreError> {
        let (work, listed, events) = (work.clone(), listed.to_vec(), events.to_vec());
        self.write(move |connection| {
            hold_lease(connection, EVENTS_LEASE, lease)?;
            listed
                .iter()
                .try_for_each(|(look_up, record)| disclose(connection, *look_up, *record))?;
            events.iter().try_for_each(|event| insert(connection, event))?;
            take_away(connection, &work)
        })
        .await
    }

    async fn due_events(&self, now: Moment, limit: u32, per_client: u32) -> Result<Vec<DueEvent>, StoreError> {
        self.read(move |connection| {
            let sql = include_str!("../sql/event_delivery/due.sql");
            all(connection, sql, params![now.0, limit, per_client], due)
        })
        .await
    }

    async fn note_told(&self, order: i64, at: Moment) -> Result<(), StoreError> {
        self.write(move |connection| {
            execute(connection, include_str!("../sql/event_delivery/delete.sql"), [order])?;
            let sql = include_str!("../sql/event_told/insert.sql");
            execute(connection, sql, params![order, at.0]).map(|_| ())
        })
        .await
    }

    async fn put_off(&self, order: i64, attempts: u32, next_at: Moment) -> Result<(), StoreError> {
        self.write(move |connection| {
            let sql = include_str!("../sql/event_delivery/put_off.sql");
            execute(connection, sql, params![order, attempts, next_at.0]).map(|_| ())
        })
        .await
    }

    async fn give_up(&self, order: i64, attempts: u32, alarm: &Alarm) -> Result<(), StoreError> {
        let alarm = alarm.clone();
        self.write(move |connection| {
            let sql = include_str!("../sql/event_delivery/give_up.sql");
            if execute(connection, sql, params![order, attempts])? == 0 {
                return Ok(());
            }
            raise(connection, &alarm)
        })
        .await
    }

    async fn find_event(&self, uuid: Uuid) -> Result<Option<Event>, StoreError> {
        self.read(move |connection| {
            let sql = include_str!("../sql/event/find.sql");
            first(connection, sql, [uuid.as_bytes()], event)
        })
        .await
    }

    async fn events_of(&self, recipient: &Recipient, after: i64, limit: u32) -> Result<Vec<Event>, StoreError> {
        let recipient = recipient.clone();
        self.read(move |connection| {
            let sql = include_str!("../sql/event/list_of_recipient.sql");
            let client = recipient.client.as_ref().map(Uuid::as_bytes);
            let asked = params![recipient.organisation.as_str(), client, after, limit];
            all(connection, sql, asked, event)
        })
        .await
    }

    async fn acknowledge_events(&self, recipient: &Recipient, up_to: i64, at: Moment) -> Result<(), StoreError> {
        let recipient = recipient.clone();
        self.write(move |connection| {
            let sql = include_str!("../sql/event_ack/insert.sql");
            let client = recipient.client.as_ref().map(Uuid::as_bytes);
            let row = params![recipient.organisation.as_str(), client, up_to, at.0];
            execute(connection, sql, row).map(|_| ())
        })
        .await
    }

    async fn replay_events(&self, client: Uuid, after: i64, now: Moment) -> Result<u64, StoreError> {
        self.write(move |connection| {
            let sql = include_str!("../sql/event_delivery/replay.sql");
            Ok(execute(connection, sql, params![client.as_bytes(), after, now.0])? as u64)
        })
        .await
    }

    async fn revive_events(&self, now: Moment) -> Result<u64, StoreError> {
        self.write(move |connection| {
            let sql = include_str!("../sql/event_delivery/revive.sql");
            Ok(execute(connection, sql, [now.0])? as u64)
        })
        .await
    }

    async fn event_counts(&self) -> Result<EventCounts, StoreError> {
        self.read(|connection| {
            let sql = include_str!("../sql/event_delivery/count.sql");
            let counts = first(connection, sql, [], |row| {
                Ok(EventCounts {
                    waiting: count(row, 0)?,
                    dead: count(row, 1)?,
                    waiting_since: row.get::<_, Option<i64>>(2)?.map(Moment),
                })
            })?;
            Ok(counts.unwrap_or_default())
        })
        .await
    }

    async fn dead_events(&self, limit: u32) -> Result<Vec<DueEvent>, StoreError> {
        self.read(move |connection| all(connection, include_str!("../sql/event_delivery/dead.sql"), [limit], due))
            .await
    }

    async fn events_about(&self, persons: &[PersonId], limit: u32) -> Result<Vec<Event>, StoreError> {
        let persons: Vec<i64> = persons.iter().map(|person| person.0).collect();
        self.read(move |connection| {
            let sql = include_str!("../sql/event/list_about.sql");
            all(connection, sql, params![format!("{persons:?}"), limit], event)
        })
        .await
    }
}

/// Enters a record as shown by a look-up.
pub(crate) fn disclose(connection: &Connection, look_up: Uuid, record: RecordId) -> Result<(), Fault> {
    let sql = include_str!("../sql/disclosure/insert.sql");
    execute(connection, sql, params![record.0, look_up.as_bytes()]).map(|_| ())
}

fn work(connection: &Connection, today: Day, asked_before: Moment, limit: u32) -> Result<EventWork, Fault> {
    let sql = include_str!("../sql/fallen_record/list.sql");
    let fallen: Vec<(i64, i64)> = all(connection, sql, [limit], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let sql = include_str!("../sql/disclosure/fresh.sql");
    let fresh = all(connection, sql, [limit], |row| {
        Ok((RecordId(row.get(0)?), uuid(row, 1)?))
    })?;
    let mut records: Vec<i64> = fallen.iter().map(|(_, record)| *record).collect();
    records.extend(fresh.iter().map(|(record, _)| record.0));
    records.sort_unstable();
    records.dedup();
    let mut work = EventWork {
        fallen: fallen.into_iter().map(|(row, _)| row).collect(),
        fresh,
        ..EventWork::default()
    };
    let sql = include_str!("../sql/disclosure/owed.sql");
    work.owed = all(connection, sql, [format!("{records:?}")], |row| {
        let kind = word(row, 0, EventKind::parse)?;
        owed(row, 1, kind, Moment(row.get(7)?))
    })?;
    let sql = include_str!("../sql/disclosure/ended.sql");
    let ended = all(connection, sql, params![today.to_epoch_days(), limit], |row| {
        let end = Day::from_epoch_days(row.get(6)?).map_err(|_| damaged("a stored day is out of range"))?;
        let owed = owed(row, 0, EventKind::Ended, end.last_moment())?;
        Ok((owed, row.get::<_, bool>(7)?))
    })?;
    for (owed, is_over_before) in ended {
        work.ended.extend(owed.record.map(|(record, _)| (record, owed.look_up)));
        if !is_over_before {
            work.owed.push(owed);
        }
    }
    sweep(connection, asked_before, limit, &mut work)?;
    work.owed.sort_by_key(|owed| owed.at);
    Ok(work)
}

/// Looks through look-ups that were asked before a moment for those whose answer is missing.
fn sweep(connection: &Connection, asked_before: Moment, limit: u32, work: &mut EventWork) -> Result<(), Fault> {
    let sql = include_str!("../sql/event_progress/sweep.sql");
    let rows = all(connection, sql, [limit], |row| {
        let owed = Owed {
            kind: EventKind::Unconfirmed,
            look_up: uuid(row, 1)?,
            record: None,
            person: None,
            organisation: word(row, 2, |text| Uscc::parse(text).ok())?,
            client: uuid_or_none(row, 3)?,
            at: Moment(row.get(4)?),
        };
        let is_unlisted = row.get::<_, Option<bool>>(6)?.unwrap_or(false);
        let answer = is_unlisted.then(|| sealed(row, 7)).transpose()?;
        Ok((row.get::<_, i64>(0)?, owed, row.get::<_, bool>(5)?, answer))
    })?;
    for (order, owed, is_unanswered, answer) in rows {
        if owed.at >= asked_before {
            break;
        }
        work.swept_to = Some(order);
        work.unlisted.extend(answer.map(|answer| (owed.look_up, answer)));
        if is_unanswered {
            work.owed.push(owed);
        }
    }
    Ok(())
}

fn insert(connection: &Connection, new: &NewEvent) -> Result<(), Fault> {
    let owed = &new.owed;
    execute(
        connection,
        include_str!("../sql/event/insert.sql"),
        params![
            new.uuid.as_bytes(),
            owed.kind.as_str(),
            owed.look_up.as_bytes(),
            owed.record.map(|(record, _)| record.0),
            owed.organisation.as_str(),
            owed.client.as_ref().map(Uuid::as_bytes),
            &new.lane,
            owed.at.0,
            new.at.0,
        ],
    )
    .and_then(|made| {
        // What is there already was sent on its way when it was made.
        if made == 1 {
            let sql = include_str!("../sql/event_delivery/insert.sql");
            execute(connection, sql, [new.uuid.as_bytes()])?;
        }
        Ok(())
    })
}

fn take_away(connection: &Connection, work: &EventWork) -> Result<(), Fault> {
    for row in &work.fallen {
        execute(connection, include_str!("../sql/fallen_record/delete.sql"), [row])?;
    }
    for (sql, rows) in [
        (include_str!("../sql/disclosure/settle.sql"), &work.fresh),
        (include_str!("../sql/disclosure/end.sql"), &work.ended),
    ] {
        for (record, look_up) in rows {
            execute(connection, sql, params![record.0, look_up.as_bytes()])?;
        }
    }
    if let Some(order) = work.swept_to {
        execute(connection, include_str!("../sql/event_progress/set.sql"), [order])?;
    }
    Ok(())
}

/// Look-up, record, base of its public id, person, organisation and client from `column` on.
fn owed(row: &Row<'_>, column: usize, kind: EventKind, at: Moment) -> Result<Owed, Fault> {
    let record = RecordId(row.get(column + 1)?);
    Ok(Owed {
        kind,
        look_up: uuid(row, column)?,
        record: Some((record, public_id(record, uuid(row, column + 2)?)?)),
        person: Some(PersonId(row.get(column + 3)?)),
        organisation: word(row, column + 4, |text| Uscc::parse(text).ok())?,
        client: uuid_or_none(row, column + 5)?,
        at,
    })
}

fn public_id(record: RecordId, chunk: Uuid) -> Result<Uuid, Fault> {
    let (_, ordinal) = chunk_and_ordinal(record);
    let ordinal = u32::try_from(ordinal).map_err(|_| damaged("an ordinal is out of range"))?;
    Ok(record_uuid(chunk, ordinal))
}

fn event(row: &Row<'_>) -> Result<Event, Fault> {
    let record = match row.get::<_, Option<i64>>(4)? {
        Some(record) => Some(public_id(RecordId(record), uuid(row, 5)?)?),
        None => None,
    };
    Ok(Event {
        order: row.get(0)?,
        uuid: uuid(row, 1)?,
        kind: word(row, 2, EventKind::parse)?,
        look_up: uuid(row, 3)?,
        record,
        organisation: word(row, 6, |text| Uscc::parse(text).ok())?,
        client: uuid_or_none(row, 7)?,
        at: Moment(row.get(8)?),
        told_at: row.get::<_, Option<i64>>(9)?.map(Moment),
    })
}

fn due(row: &Row<'_>) -> Result<DueEvent, Fault> {
    Ok(DueEvent {
        event: event(row)?,
        client: uuid(row, 10)?,
        url: row.get(11)?,
        attempts: row.get(12)?,
    })
}
