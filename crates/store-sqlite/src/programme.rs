//! The registry of comparison programmes.

use async_trait::async_trait;
use domain::catalogue::{ItemId, PurposeId};
use domain::{Day, Moment, Uscc};
use rusqlite::{Connection, Row, params};
use store::{EntryKind, NewProgramme, NewProgrammeStep, Programme, ProgrammeStepKind, ProgrammeStore, StoreError};
use uuid::Uuid;

use crate::connection::{all, bytes, execute, first, uuid, word};
use crate::fault::{Fault, damaged, missing};
use crate::{SqliteStore, log};

#[async_trait]
impl ProgrammeStore for SqliteStore {
    async fn register_programme(&self, programme: &NewProgramme) -> Result<(), StoreError> {
        let programme = programme.clone();
        self.write(move |connection| register(connection, &programme)).await
    }

    async fn append_programme_step(&self, step: &NewProgrammeStep) -> Result<(), StoreError> {
        let step = step.clone();
        self.write(move |connection| append(connection, &step)).await
    }

    async fn find_programme(&self, uuid: Uuid) -> Result<Option<Programme>, StoreError> {
        self.read(move |connection| find(connection, uuid)).await
    }

    async fn list_programmes(&self, organisation: Option<&Uscc>, limit: u32) -> Result<Vec<Programme>, StoreError> {
        let organisation = organisation.map(|organisation| organisation.as_str().to_owned());
        self.read(move |connection| {
            let sql = include_str!("../sql/programme/list.sql");
            let proposed = all(connection, sql, params![organisation, limit], programme)?;
            proposed.into_iter().map(|new| with_steps(connection, new)).collect()
        })
        .await
    }
}

fn register(connection: &Connection, new: &NewProgramme) -> Result<(), Fault> {
    let items: Vec<&str> = new.items.iter().map(ItemId::as_str).collect();
    let row = params![
        new.uuid.as_bytes(),
        new.organisation.as_str(),
        new.purpose.as_str(),
        new.statute,
        new.aim,
        items.join(","),
        new.rows_a_day,
        new.last_day.to_epoch_days(),
        new.by.as_bytes(),
        &new.entry_hash,
        new.at.0,
    ];
    execute(connection, include_str!("../sql/programme/insert.sql"), row)?;
    log::enqueue(connection, EntryKind::Decision, &new.entry_hash)
}

fn append(connection: &Connection, step: &NewProgrammeStep) -> Result<(), Fault> {
    let programme = find(connection, step.programme)?.ok_or_else(|| missing("the programme"))?;
    programme.check_follows(step)?;
    let row = params![
        step.programme.as_bytes(),
        step.kind.as_str(),
        step.by.as_bytes(),
        &step.entry_hash,
        step.at.0,
    ];
    execute(connection, include_str!("../sql/programme_step/insert.sql"), row)?;
    log::enqueue(connection, EntryKind::Decision, &step.entry_hash)
}

fn find(connection: &Connection, uuid: Uuid) -> Result<Option<Programme>, Fault> {
    let sql = include_str!("../sql/programme/find.sql");
    let proposed = first(connection, sql, [uuid.as_bytes()], programme)?;
    proposed.map(|new| with_steps(connection, new)).transpose()
}

fn with_steps(connection: &Connection, proposed: NewProgramme) -> Result<Programme, Fault> {
    let sql = include_str!("../sql/programme_step/list.sql");
    let steps = all(connection, sql, [proposed.uuid.as_bytes()], |row| {
        Ok((
            word(row, 0, ProgrammeStepKind::parse)?,
            uuid(row, 1)?,
            Moment(row.get(2)?),
        ))
    })?;
    Ok(Programme { proposed, steps })
}

fn programme(row: &Row<'_>) -> Result<NewProgramme, Fault> {
    let items: String = row.get(5)?;
    let items = items.split(',').map(ItemId::parse).collect::<Result<_, _>>();
    Ok(NewProgramme {
        uuid: uuid(row, 0)?,
        organisation: word(row, 1, |text| Uscc::parse(text).ok())?,
        purpose: word(row, 2, |text| PurposeId::parse(text).ok())?,
        statute: row.get(3)?,
        aim: row.get(4)?,
        items: items.map_err(|_| damaged("a stored word is unknown"))?,
        rows_a_day: row.get(6)?,
        last_day: Day::from_epoch_days(row.get(7)?).map_err(|_| damaged("a stored day is out of range"))?,
        by: uuid(row, 8)?,
        entry_hash: bytes(row, 9)?,
        at: Moment(row.get(10)?),
    })
}
