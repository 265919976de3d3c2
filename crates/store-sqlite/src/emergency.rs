//! Emergencies and what their persons are told.

use async_trait::async_trait;
use domain::catalogue::PurposeId;
use domain::{Moment, Uscc};
use rusqlite::{Row, params};
use store::{
    Emergency, EmergencyGrant, EmergencyStore, IndexTag, NewEmergency, NewProcedureStep, StoreError, SubjectNotice,
};
use uuid::Uuid;

use crate::connection::{all, execute, first, index_tag, uuid, word};
use crate::fault::{Fault, missing};
use crate::procedure::{append_step, open, procedure};
use crate::{SqliteStore, log, rotation};

#[async_trait]
impl EmergencyStore for SqliteStore {
    async fn ask_emergency(&self, new: &NewEmergency) -> Result<(), StoreError> {
        let new = new.clone();
        self.write(move |connection| {
            rotation::check_floors(connection, std::iter::empty(), std::iter::once(&new.subject))?;
            open(connection, &new.procedure)?;
            execute(
                connection,
                include_str!("../sql/break_glass/insert.sql"),
                params![
                    new.procedure.uuid.as_bytes(),
                    new.purpose.as_str(),
                    &new.subject.tag,
                    new.subject.index.code(),
                    new.subject.key_version,
                    new.by.as_bytes(),
                    new.minutes,
                    &new.entry_hash,
                ],
            )?;
            log::enqueue(connection, NewProcedureStep::ENTRY, &new.entry_hash)
        })
        .await
    }

    async fn grant_emergency(&self, grant: &EmergencyGrant) -> Result<(), StoreError> {
        let grant = grant.clone();
        self.write(move |connection| {
            append_step(connection, &grant.step)?;
            let sql = include_str!("../sql/subject_notice/insert.sql");
            let row = params![grant.step.procedure.as_bytes(), grant.step.at.0, grant.until.0];
            if execute(connection, sql, row)? != 1 {
                return Err(missing("the emergency"));
            }
            open(connection, &grant.review)
        })
        .await
    }

    async fn find_emergency(&self, uuid: Uuid) -> Result<Option<Emergency>, StoreError> {
        self.read(move |connection| {
            let sql = include_str!("../sql/procedure/find.sql");
            let Some(procedure) = first(connection, sql, [uuid.as_bytes()], procedure)? else {
                return Ok(None);
            };
            let sql = include_str!("../sql/break_glass/find.sql");
            first(connection, sql, [uuid.as_bytes()], move |row| emergency(row, procedure))
        })
        .await
    }

    async fn lasting_emergencies(&self, organisation: &Uscc, now: Moment, limit: u32) -> Result<Vec<Uuid>, StoreError> {
        let organisation = organisation.clone();
        self.read(move |connection| {
            let sql = include_str!("../sql/subject_notice/list_lasting.sql");
            all(connection, sql, params![organisation.as_str(), now.0, limit], |row| {
                uuid(row, 0)
            })
        })
        .await
    }

    async fn subject_notices(&self, subjects: &[IndexTag], limit: u32) -> Result<Vec<SubjectNotice>, StoreError> {
        let subjects = subjects.to_vec();
        self.read(move |connection| {
            let mut found = Vec::new();
            for tag in &subjects {
                let sql = include_str!("../sql/subject_notice/list_of_subject.sql");
                let key = params![&tag.tag, tag.index.code(), tag.key_version, limit];
                found.extend(all(connection, sql, key, notice)?);
            }
            found.sort_by_key(|notice| std::cmp::Reverse(notice.at));
            found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
            Ok(found)
        })
        .await
    }
}

fn emergency(row: &Row<'_>, procedure: store::Procedure) -> Result<Emergency, Fault> {
    let from: Option<i64> = row.get(6)?;
    let until: Option<i64> = row.get(7)?;
    Ok(Emergency {
        procedure,
        purpose: word(row, 0, |text| PurposeId::parse(text).ok())?,
        subject: index_tag(row, 1)?,
        by: uuid(row, 4)?,
        minutes: row.get(5)?,
        granted: from.zip(until).map(|(from, until)| (Moment(from), Moment(until))),
    })
}

fn notice(row: &Row<'_>) -> Result<SubjectNotice, Fault> {
    Ok(SubjectNotice {
        procedure: uuid(row, 0)?,
        organisation: word(row, 1, |text| Uscc::parse(text).ok())?,
        reason: row.get(2)?,
        purpose: word(row, 3, |text| PurposeId::parse(text).ok())?,
        at: Moment(row.get(4)?),
        until: Moment(row.get(5)?),
    })
}
