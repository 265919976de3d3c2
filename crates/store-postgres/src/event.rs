//! Events for those who were shown a record.

use async_trait::async_trait;
use deadpool_postgres::Transaction;
use domain::{Day, Moment, Uscc};
use store::{
    Alarm, DueEvent, EVENTS_LEASE, Endpoint, Event, EventCounts, EventKind, EventStore, EventWork, Lease, NewAct,
    NewEvent, Owed, PersonId, Recipient, RecordId, StoreError, chunk_and_ordinal, record_uuid,
};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::PostgresStore;
use crate::administrator::append;
use crate::connection::{Parameter, all, commit, execute, first, snapshot};
use crate::fault::{Fault, damaged};
use crate::log::hold_lease;
use crate::look_up::raise;
use crate::value::{count, day, get, sealed, signed_small, small, word};

#[async_trait]
impl EventStore for PostgresStore {
    async fn set_endpoint(&self, endpoint: &Endpoint, act: &NewAct) -> Result<(), StoreError> {
        self.small(move || async move {
            let mut client = self.client().await?;
            let transaction = client.transaction().await?;
            append(&transaction, act).await?;
            let sql = include_str!("../sql/client_endpoint/insert.sql");
            let row: &[Parameter<'_>] = &[&endpoint.client, &endpoint.url, &endpoint.at.0, &act.uuid];
            execute(&transaction, sql, row).await?;
            if endpoint.url.is_none() {
                let sql = include_str!("../sql/event_delivery/delete_of_client.sql");
                execute(&transaction, sql, &[&endpoint.client]).await?;
            }
            commit(transaction).await
        })
        .await
    }

    async fn find_endpoint(&self, client: Uuid) -> Result<Option<Endpoint>, StoreError> {
        let connection = self.client().await?;
        let sql = include_str!("../sql/client_endpoint/latest.sql");
        let found = first(&connection, sql, &[&client], |row| {
            Ok(Endpoint {
                client: get(row, 0)?,
                url: get(row, 1)?,
                at: Moment(get(row, 2)?),
            })
        })
        .await?;
        Ok(found)
    }

    async fn event_work(&self, today: Day, asked_before: Moment, limit: u32) -> Result<EventWork, StoreError> {
        let mut client = self.client().await?;
        let snapshot = snapshot(&mut client).await?;
        Ok(work(&snapshot, today, asked_before, limit).await?)
    }

    async fn append_events(
        &self,
        lease: Lease,
        work: &EventWork,
        listed: &[(Uuid, RecordId)],
        events: &[NewEvent],
    ) -> Result<(), StoreError> {
        self.small(move || async move {
            let mut client = self.client().await?;
            let transaction = client.transaction().await?;
            hold_lease(&transaction, EVENTS_LEASE, lease).await?;
            disclose(&transaction, listed).await?;
            for event in events {
                insert(&transaction, event).await?;
            }
            take_away(&transaction, work).await?;
            commit(transaction).await
        })
        .await
    }

    async fn due_events(&self, now: Moment, limit: u32, per_client: u32) -> Result<Vec<DueEvent>, StoreError> {
        let client = self.client().await?;
        let sql = include_str!("../sql/event_delivery/due.sql");
        let asked: &[Parameter<'_>] = &[&now.0, &i64::from(limit), &i64::from(per_client)];
        Ok(all(&client, sql, asked, due).await?)
    }

    async fn note_told(&self, order: i64, at: Moment) -> Result<(), StoreError> {
        self.small(move || async move {
            let mut client = self.client().await?;
            let transaction = client.transaction().await?;
            let sql = include_str!("../sql/event_delivery/delete.sql");
            execute(&transaction, sql, &[&order]).await?;
            let sql = include_str!("../sql/event_told/insert.sql");
            execute(&transaction, sql, &[&order, &at.0]).await?;
            commit(transaction).await
        })
        .await
    }

    async fn put_off(&self, order: i64, attempts: u32, next_at: Moment) -> Result<(), StoreError> {
        let sql = include_str!("../sql/event_delivery/put_off.sql");
        let attempts = signed_small(attempts)?;
        self.small_statement(sql, &[&order, &attempts, &next_at.0])
            .await
            .map(|_| ())
    }

    async fn give_up(&self, order: i64, attempts: u32, alarm: &Alarm) -> Result<(), StoreError> {
        self.small(move || async move {
            let mut client = self.client().await?;
            let transaction = client.transaction().await?;
            let sql = include_str!("../sql/event_delivery/give_up.sql");
            if execute(&transaction, sql, &[&order, &signed_small(attempts)?]).await? == 1 {
                raise(&transaction, alarm).await?;
                commit(transaction).await?;
            }
            Ok(())
        })
        .await
    }

    async fn find_event(&self, uuid: Uuid) -> Result<Option<Event>, StoreError> {
        let client = self.client().await?;
        Ok(first(&client, include_str!("../sql/event/find.sql"), &[&uuid], event).await?)
    }

    async fn events_of(&self, recipient: &Recipient, after: i64, limit: u32) -> Result<Vec<Event>, StoreError> {
        let client = self.client().await?;
        let sql = include_str!("../sql/event/list_of_recipient.sql");
        let organisation = recipient.organisation.as_str();
        let asked: &[Parameter<'_>] = &[&organisation, &recipient.client, &after, &i64::from(limit)];
        Ok(all(&client, sql, asked, event).await?)
    }

    async fn acknowledge_events(&self, recipient: &Recipient, up_to: i64, at: Moment) -> Result<(), StoreError> {
        let sql = include_str!("../sql/event_ack/insert.sql");
        let organisation = recipient.organisation.as_str();
        self.small_statement(sql, &[&organisation, &recipient.client, &up_to, &at.0])
            .await
            .map(|_| ())
    }

    async fn replay_events(&self, client: Uuid, after: i64, now: Moment) -> Result<u64, StoreError> {
        let sql = include_str!("../sql/event_delivery/replay.sql");
        self.small_statement(sql, &[&client, &after, &now.0]).await
    }

    async fn revive_events(&self, now: Moment) -> Result<u64, StoreError> {
        let sql = include_str!("../sql/event_delivery/revive.sql");
        self.small_statement(sql, &[&now.0]).await
    }

    async fn event_counts(&self) -> Result<EventCounts, StoreError> {
        let client = self.client().await?;
        let sql = include_str!("../sql/event_delivery/count.sql");
        let counts = first(&client, sql, &[], |row| {
            Ok(EventCounts {
                waiting: count(row, 0)?,
                dead: count(row, 1)?,
                waiting_since: get::<Option<i64>>(row, 2)?.map(Moment),
            })
        })
        .await?;
        Ok(counts.unwrap_or_default())
    }

    async fn dead_events(&self, limit: u32) -> Result<Vec<DueEvent>, StoreError> {
        let client = self.client().await?;
        let sql = include_str!("../sql/event_delivery/dead.sql");
        Ok(all(&client, sql, &[&i64::from(limit)], due).await?)
    }

    async fn events_about(&self, persons: &[PersonId], limit: u32) -> Result<Vec<Event>, StoreError> {
        let client = self.client().await?;
        let persons: Vec<i64> = persons.iter().map(|person| person.0).collect();
        let sql = include_str!("../sql/event/list_about.sql");
        Ok(all(&client, sql, &[&persons, &i64::from(limit)], event).await?)
    }
}

/// Enters records as shown by look-ups.
pub(crate) async fn disclose(transaction: &Transaction<'_>, shown: &[(Uuid, RecordId)]) -> Result<(), Fault> {
    if shown.is_empty() {
        return Ok(());
    }
    let look_ups: Vec<Uuid> = shown.iter().map(|(look_up, _)| *look_up).collect();
    let records: Vec<i64> = shown.iter().map(|(_, record)| record.0).collect();
    let sql = include_str!("../sql/disclosure/insert.sql");
    execute(transaction, sql, &[&records, &look_ups]).await?;
    Ok(())
}

async fn work(snapshot: &Transaction<'_>, today: Day, asked_before: Moment, limit: u32) -> Result<EventWork, Fault> {
    let many = i64::from(limit);
    let sql = include_str!("../sql/fallen_record/list.sql");
    let fallen: Vec<(i64, i64)> = all(snapshot, sql, &[&many], |row| Ok((get(row, 0)?, get(row, 1)?))).await?;
    let sql = include_str!("../sql/disclosure/fresh.sql");
    let fresh = all(snapshot, sql, &[&many], |row| {
        Ok((RecordId(get(row, 0)?), get(row, 1)?))
    })
    .await?;
    let mut records: Vec<i64> = fallen.iter().map(|(_, record)| *record).collect();
    records.extend(fresh.iter().map(|(record, _): &(RecordId, Uuid)| record.0));
    records.sort_unstable();
    records.dedup();
    let mut work = EventWork {
        fallen: fallen.into_iter().map(|(row, _)| row).collect(),
        fresh,
        ..EventWork::default()
    };
    let sql = include_str!("../sql/disclosure/owed.sql");
    work.owed = all(snapshot, sql, &[&records], |row| {
        let kind = word(row, 0, EventKind::parse)?;
        owed(row, 1, kind, Moment(get(row, 7)?))
    })
    .await?;
    let sql = include_str!("../sql/disclosure/ended.sql");
    let ended = all(snapshot, sql, &[&today.to_epoch_days(), &many], |row| {
        let owed = owed(row, 0, EventKind::Ended, day(row, 6)?.last_moment())?;
        Ok((owed, get::<bool>(row, 7)?))
    })
    .await?;
    for (owed, is_over_before) in ended {
        work.ended.extend(owed.record.map(|(record, _)| (record, owed.look_up)));
        if !is_over_before {
            work.owed.push(owed);
        }
    }
    sweep(snapshot, asked_before, many, &mut work).await?;
    work.owed.sort_by_key(|owed| owed.at);
    Ok(work)
}

/// Looks through look-ups that were asked before a moment for those whose answer is missing.
async fn sweep(
    snapshot: &Transaction<'_>,
    asked_before: Moment,
    limit: i64,
    work: &mut EventWork,
) -> Result<(), Fault> {
    let sql = include_str!("../sql/event_progress/sweep.sql");
    let rows = all(snapshot, sql, &[&limit], |row| {
        let owed = Owed {
            kind: EventKind::Unconfirmed,
            look_up: get(row, 1)?,
            record: None,
            person: None,
            organisation: word(row, 2, |text| Uscc::parse(text).ok())?,
            client: get(row, 3)?,
            at: Moment(get(row, 4)?),
        };
        let is_unlisted = get::<Option<bool>>(row, 6)?.unwrap_or(false);
        let answer = is_unlisted.then(|| sealed(row, 7)).transpose()?;
        Ok((get::<i64>(row, 0)?, owed, get::<bool>(row, 5)?, answer))
    })
    .await?;
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

async fn insert(transaction: &Transaction<'_>, new: &NewEvent) -> Result<(), Fault> {
    let owed = &new.owed;
    let record = owed.record.map(|(record, _)| record.0);
    let row: &[Parameter<'_>] = &[
        &new.uuid,
        &owed.kind.as_str(),
        &owed.look_up,
        &record,
        &owed.organisation.as_str(),
        &owed.client,
        &new.lane.as_slice(),
        &owed.at.0,
        &new.at.0,
    ];
    // What is there already was sent on its way when it was made.
    if execute(transaction, include_str!("../sql/event/insert.sql"), row).await? == 1 {
        let sql = include_str!("../sql/event_delivery/insert.sql");
        execute(transaction, sql, &[&new.uuid]).await?;
    }
    Ok(())
}

async fn take_away(transaction: &Transaction<'_>, work: &EventWork) -> Result<(), Fault> {
    let sql = include_str!("../sql/fallen_record/delete.sql");
    execute(transaction, sql, &[&work.fallen]).await?;
    for (sql, rows) in [
        (include_str!("../sql/disclosure/settle.sql"), &work.fresh),
        (include_str!("../sql/disclosure/end.sql"), &work.ended),
    ] {
        let records: Vec<i64> = rows.iter().map(|(record, _)| record.0).collect();
        let look_ups: Vec<Uuid> = rows.iter().map(|(_, look_up)| *look_up).collect();
        execute(transaction, sql, &[&records, &look_ups]).await?;
    }
    if let Some(order) = work.swept_to {
        let sql = include_str!("../sql/event_progress/set.sql");
        execute(transaction, sql, &[&order]).await?;
    }
    Ok(())
}

/// Look-up, record, base of its public id, person, organisation and client from `column` on.
fn owed(row: &Row, column: usize, kind: EventKind, at: Moment) -> Result<Owed, Fault> {
    let record = RecordId(get(row, column + 1)?);
    Ok(Owed {
        kind,
        look_up: get(row, column)?,
        record: Some((record, public_id(record, get(row, column + 2)?)?)),
        person: Some(PersonId(get(row, column + 3)?)),
        organisation: word(row, column + 4, |text| Uscc::parse(text).ok())?,
        client: get(row, column + 5)?,
        at,
    })
}

fn public_id(record: RecordId, chunk: Uuid) -> Result<Uuid, Fault> {
    let (_, ordinal) = chunk_and_ordinal(record);
    let ordinal = u32::try_from(ordinal).map_err(|_| damaged("an ordinal is out of range"))?;
    Ok(record_uuid(chunk, ordinal))
}

fn event(row: &Row) -> Result<Event, Fault> {
    let record = match get::<Option<i64>>(row, 4)? {
        Some(record) => Some(public_id(RecordId(record), get(row, 5)?)?),
        None => None,
    };
    Ok(Event {
        order: get(row, 0)?,
        uuid: get(row, 1)?,
        kind: word(row, 2, EventKind::parse)?,
        look_up: get(row, 3)?,
        record,
        organisation: word(row, 6, |text| Uscc::parse(text).ok())?,
        client: get(row, 7)?,
        at: Moment(get(row, 8)?),
        told_at: get::<Option<i64>>(row, 9)?.map(Moment),
    })
}

fn due(row: &Row) -> Result<DueEvent, Fault> {
    Ok(DueEvent {
        event: event(row)?,
        client: get(row, 10)?,
        url: get(row, 11)?,
        attempts: small(row, 12)?,
    })
}
