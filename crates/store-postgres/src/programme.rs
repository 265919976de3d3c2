//! The registry of comparison programmes.

use async_trait::async_trait;
use deadpool_postgres::{GenericClient, Transaction};
use domain::catalogue::{ItemId, PurposeId};
use domain::{Moment, Uscc};
use store::{EntryKind, NewProgramme, NewProgrammeStep, Programme, ProgrammeStepKind, ProgrammeStore, StoreError};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::connection::{Parameter, all, commit, execute, first};
use crate::fault::{Fault, conflict, damaged, missing};
use crate::value::{bytes, day, get, signed_small, small, word};
use crate::{PostgresStore, log};

#[async_trait]
impl ProgrammeStore for PostgresStore {
    async fn register_programme(&self, programme: &NewProgramme) -> Result<(), StoreError> {
        self.small(move || self.write_programme(programme)).await
    }

    async fn append_programme_step(&self, step: &NewProgrammeStep) -> Result<(), StoreError> {
        self.small(move || self.write_programme_step(step)).await
    }

    async fn find_programme(&self, uuid: Uuid) -> Result<Option<Programme>, StoreError> {
        let client = self.client().await?;
        Ok(find(&client, uuid).await?)
    }

    async fn list_programmes(&self, organisation: Option<&Uscc>, limit: u32) -> Result<Vec<Programme>, StoreError> {
        let client = self.client().await?;
        let organisation = organisation.map(Uscc::as_str);
        let sql = include_str!("../sql/programme/list.sql");
        let mut found = Vec::new();
        for proposed in all(&client, sql, &[&organisation, &i64::from(limit)], programme).await? {
            found.push(with_steps(&client, proposed).await?);
        }
        Ok(found)
    }
}

impl PostgresStore {
    async fn write_programme(&self, new: &NewProgramme) -> Result<(), Fault> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let items: Vec<&str> = new.items.iter().map(ItemId::as_str).collect();
        let row: &[Parameter<'_>] = &[
            &new.uuid,
            &new.organisation.as_str(),
            &new.purpose.as_str(),
            &new.statute,
            &new.aim,
            &items.join(","),
            &signed_small(new.rows_a_day)?,
            &new.last_day.to_epoch_days(),
            &new.by,
            &new.entry_hash.as_slice(),
            &new.at.0,
        ];
        execute(&transaction, include_str!("../sql/programme/insert.sql"), row).await?;
        log::enqueue(&transaction, EntryKind::Decision, &[&new.entry_hash]).await?;
        commit(transaction).await
    }

    async fn write_programme_step(&self, step: &NewProgrammeStep) -> Result<(), Fault> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        lock(&transaction, step.programme).await?;
        let programme = find(&transaction, step.programme).await?;
        programme.ok_or_else(|| missing("the programme"))?.check_follows(step)?;
        let row: &[Parameter<'_>] = &[
            &step.programme,
            &step.kind.as_str(),
            &step.by,
            &step.entry_hash.as_slice(),
            &step.at.0,
        ];
        let sql = include_str!("../sql/programme_step/insert.sql");
        if execute(&transaction, sql, row).await? == 0 {
            return Err(conflict("the programme has this approval"));
        }
        log::enqueue(&transaction, EntryKind::Decision, &[&step.entry_hash]).await?;
        commit(transaction).await
    }
}

/// Lets one transaction after the other count what a programme has.
pub(crate) async fn lock(transaction: &Transaction<'_>, programme: Uuid) -> Result<(), Fault> {
    let key = programme.to_string();
    all(transaction, include_str!("../sql/programme/lock.sql"), &[&key], |_| {
        Ok(())
    })
    .await?;
    Ok(())
}

async fn find<C: GenericClient>(client: &C, uuid: Uuid) -> Result<Option<Programme>, Fault> {
    let sql = include_str!("../sql/programme/find.sql");
    match first(client, sql, &[&uuid], programme).await? {
        Some(proposed) => with_steps(client, proposed).await.map(Some),
        None => Ok(None),
    }
}

async fn with_steps<C: GenericClient>(client: &C, proposed: NewProgramme) -> Result<Programme, Fault> {
    let sql = include_str!("../sql/programme_step/list.sql");
    let steps = all(client, sql, &[&proposed.uuid], |row| {
        Ok((
            word(row, 0, ProgrammeStepKind::parse)?,
            get(row, 1)?,
            Moment(get(row, 2)?),
        ))
    })
    .await?;
    Ok(Programme { proposed, steps })
}

fn programme(row: &Row) -> Result<NewProgramme, Fault> {
    let items = get::<&str>(row, 5)?
        .split(',')
        .map(ItemId::parse)
        .collect::<Result<_, _>>();
    Ok(NewProgramme {
        uuid: get(row, 0)?,
        organisation: word(row, 1, |text| Uscc::parse(text).ok())?,
        purpose: word(row, 2, |text| PurposeId::parse(text).ok())?,
        statute: get(row, 3)?,
        aim: get(row, 4)?,
        items: items.map_err(|_| damaged("a stored word is unknown"))?,
        rows_a_day: small(row, 6)?,
        last_day: day(row, 7)?,
        by: get(row, 8)?,
        entry_hash: bytes(row, 9)?,
        at: Moment(get(row, 10)?),
    })
}
