//! Emergencies and what their persons are told.

use async_trait::async_trait;
use domain::catalogue::PurposeId;
use domain::{Moment, Uscc};
use store::{
    Emergency, EmergencyGrant, EmergencyStore, IndexTag, NewEmergency, NewProcedureStep, StoreError, SubjectNotice,
};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::connection::{all, commit, execute, first};
use crate::fault::{Fault, missing};
use crate::procedure::{append_step, open, procedure};
use crate::value::{get, index_tag, signed_small, small, word};
use crate::{PostgresStore, log, rotation};

#[async_trait]
impl EmergencyStore for PostgresStore {
    async fn ask_emergency(&self, new: &NewEmergency) -> Result<(), StoreError> {
        self.small(move || async move {
            let mut client = self.client().await?;
            let transaction = client.transaction().await?;
            rotation::check_floors(&transaction, std::iter::empty(), std::iter::once(&new.subject)).await?;
            open(&transaction, std::slice::from_ref(&new.procedure)).await?;
            execute(
                &transaction,
                include_str!("../sql/break_glass/insert.sql"),
                &[
                    &new.procedure.uuid,
                    &new.purpose.as_str(),
                    &new.subject.tag.as_slice(),
                    &new.subject.index.code(),
                    &i32::from(new.subject.key_version),
                    &new.by,
                    &signed_small(new.minutes)?,
                    &new.entry_hash.as_slice(),
                ],
            )
            .await?;
            log::enqueue(&transaction, NewProcedureStep::ENTRY, &[&new.entry_hash]).await?;
            commit(transaction).await
        })
        .await
    }

    async fn grant_emergency(&self, grant: &EmergencyGrant) -> Result<(), StoreError> {
        self.small(move || async move {
            let mut client = self.client().await?;
            let transaction = client.transaction().await?;
            // The floor stays as it is until the notice stands.
            rotation::check_floors(&transaction, std::iter::empty(), std::iter::empty()).await?;
            append_step(&transaction, &grant.step).await?;
            let sql = include_str!("../sql/subject_notice/insert.sql");
            let row: &[crate::connection::Parameter<'_>] = &[&grant.step.procedure, &grant.step.at.0, &grant.until.0];
            if execute(&transaction, sql, row).await? != 1 {
                return Err(missing("the emergency"));
            }
            open(&transaction, std::slice::from_ref(&grant.review)).await?;
            commit(transaction).await
        })
        .await
    }

    async fn find_emergency(&self, uuid: Uuid) -> Result<Option<Emergency>, StoreError> {
        let client = self.client().await?;
        let sql = include_str!("../sql/procedure/find.sql");
        let Some(procedure) = first(&client, sql, &[&uuid], procedure).await? else {
            return Ok(None);
        };
        let sql = include_str!("../sql/break_glass/find.sql");
        Ok(first(&client, sql, &[&uuid], move |row| emergency(row, procedure)).await?)
    }

    async fn lasting_emergencies(&self, organisation: &Uscc, now: Moment, limit: u32) -> Result<Vec<Uuid>, StoreError> {
        let client = self.client().await?;
        let sql = include_str!("../sql/subject_notice/list_lasting.sql");
        let key: &[crate::connection::Parameter<'_>] = &[&organisation.as_str(), &now.0, &i64::from(limit)];
        Ok(all(&client, sql, key, |row| get(row, 0)).await?)
    }

    async fn subject_notices(&self, subjects: &[IndexTag], limit: u32) -> Result<Vec<SubjectNotice>, StoreError> {
        let client = self.client().await?;
        let sql = include_str!("../sql/subject_notice/list_of_subject.sql");
        let mut found = Vec::new();
        for tag in subjects {
            let key: &[crate::connection::Parameter<'_>] = &[
                &tag.tag.as_slice(),
                &tag.index.code(),
                &i32::from(tag.key_version),
                &i64::from(limit),
            ];
            found.extend(all(&client, sql, key, notice).await?);
        }
        found.sort_by_key(|notice| std::cmp::Reverse(notice.at));
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(found)
    }
}

fn emergency(row: &Row, procedure: store::Procedure) -> Result<Emergency, Fault> {
    let (from, until): (Option<i64>, Option<i64>) = (get(row, 6)?, get(row, 7)?);
    Ok(Emergency {
        procedure,
        purpose: word(row, 0, |text| PurposeId::parse(text).ok())?,
        subject: index_tag(row, 1)?,
        by: get(row, 4)?,
        minutes: small(row, 5)?,
        granted: from.zip(until).map(|(from, until)| (Moment(from), Moment(until))),
    })
}

fn notice(row: &Row) -> Result<SubjectNotice, Fault> {
    Ok(SubjectNotice {
        procedure: get(row, 0)?,
        organisation: word(row, 1, |text| Uscc::parse(text).ok())?,
        reason: get(row, 2)?,
        purpose: word(row, 3, |text| PurposeId::parse(text).ok())?,
        at: Moment(get(row, 4)?),
        until: Moment(get(row, 5)?),
    })
}
