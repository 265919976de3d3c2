//! Procedures, their steps, and the list of open ones.

use async_trait::async_trait;
use deadpool_postgres::Transaction;
use domain::{Moment, Uscc};
use store::{NewProcedure, NewProcedureStep, PersonId, Procedure, ProcedureKind, ProcedureStore, Sealed, StoreError};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::connection::{all, commit, copy_in, execute, first};
use crate::fault::{Fault, conflict, missing};
use crate::value::{get, parts, sealed, signed_small, small, word};
use crate::{PostgresStore, log};

/// State before the first step.
const OPEN: &str = "open";

#[async_trait]
impl ProcedureStore for PostgresStore {
    async fn open_procedure(&self, procedure: &NewProcedure, entry_hash: [u8; 32]) -> Result<(), StoreError> {
        self.small(move || async move {
            let mut client = self.client().await?;
            let transaction = client.transaction().await?;
            open(&transaction, std::slice::from_ref(procedure)).await?;
            log::enqueue(&transaction, NewProcedureStep::ENTRY, &[&entry_hash]).await?;
            commit(transaction).await
        })
        .await
    }

    async fn append_step(&self, step: &NewProcedureStep) -> Result<(), StoreError> {
        self.small(move || async move {
            let mut client = self.client().await?;
            let transaction = client.transaction().await?;
            append_step(&transaction, step).await?;
            commit(transaction).await
        })
        .await
    }

    async fn find_procedure(&self, uuid: Uuid) -> Result<Option<Procedure>, StoreError> {
        let client = self.client().await?;
        Ok(first(&client, include_str!("../sql/procedure/find.sql"), &[&uuid], procedure).await?)
    }

    async fn open_procedures(
        &self,
        kind: ProcedureKind,
        organisation: Option<&Uscc>,
        limit: u32,
    ) -> Result<Vec<Procedure>, StoreError> {
        let client = self.client().await?;
        let (limit, kind) = (i64::from(limit), kind.as_str());
        let open = if let Some(organisation) = organisation {
            let sql = include_str!("../sql/procedure_open/list_of_organisation.sql");
            all(&client, sql, &[&organisation.as_str(), &limit, &kind], procedure).await?
        } else {
            let sql = include_str!("../sql/procedure_open/list.sql");
            all(&client, sql, &[&limit, &kind], procedure).await?
        };
        Ok(open)
    }

    async fn step_reasons(&self, uuid: Uuid) -> Result<Vec<Sealed>, StoreError> {
        let client = self.client().await?;
        let sql = include_str!("../sql/procedure_step/reasons.sql");
        Ok(all(&client, sql, &[&uuid], |row| sealed(row, 0)).await?)
    }

    async fn procedure_steps(&self, uuid: Uuid) -> Result<Vec<(String, Uuid, Moment)>, StoreError> {
        let client = self.client().await?;
        let steps = all(
            &client,
            include_str!("../sql/procedure_step/list.sql"),
            &[&uuid],
            |row| Ok((get(row, 0)?, get(row, 1)?, Moment(get(row, 2)?))),
        )
        .await?;
        Ok(steps)
    }
}

/// Opens procedures and puts them on their organisations' lists.
pub(crate) async fn open(transaction: &Transaction<'_>, procedures: &[NewProcedure]) -> Result<(), Fault> {
    if procedures.is_empty() {
        return Ok(());
    }
    let types = [
        Type::UUID,
        Type::TEXT,
        Type::TEXT,
        Type::UUID,
        Type::INT8,
        Type::TEXT,
        Type::BYTEA,
        Type::BYTEA,
        Type::INT8,
        Type::INT8,
    ];
    let mut copy = copy_in(transaction, include_str!("../sql/procedure/copy.sql"), &types).await?;
    for new in procedures {
        let (salt, ciphertext) = parts(&new.details);
        copy.as_mut()
            .write(&[
                &new.uuid,
                &new.kind.as_str(),
                &new.organisation.as_str(),
                &new.staged_row,
                &new.person.map(|person| person.0),
                &new.reason,
                &salt,
                &ciphertext,
                &new.at.0,
                &new.due_at.map(|due| due.0),
            ])
            .await?;
    }
    copy.as_mut().finish().await?;
    let uuids: Vec<Uuid> = procedures.iter().map(|new| new.uuid).collect();
    execute(
        transaction,
        include_str!("../sql/procedure_open/insert_new.sql"),
        &[&uuids],
    )
    .await?;
    Ok(())
}

/// Appends a step unless somebody else took one meanwhile.
pub(crate) async fn append_step(transaction: &Transaction<'_>, step: &NewProcedureStep) -> Result<(), Fault> {
    let sql = include_str!("../sql/procedure/position.sql");
    let (procedure_id, organisation, steps): (i64, String, u32) = first(transaction, sql, &[&step.procedure], |row| {
        Ok((get(row, 0)?, get(row, 1)?, small(row, 2)?))
    })
    .await?
    .ok_or_else(|| missing("the procedure"))?;
    if steps != step.after_steps {
        return Err(conflict("the procedure has a newer step"));
    }
    let (salt, ciphertext) = parts(&step.reason);
    execute(
        transaction,
        include_str!("../sql/procedure_step/insert.sql"),
        &[
            &procedure_id,
            &signed_small(i64::from(steps) + 1)?,
            &step.state,
            &step.by,
            &salt,
            &ciphertext,
            &step.at.0,
            &step.entry_hash.as_slice(),
        ],
    )
    .await?;
    if step.state == OPEN {
        let sql = include_str!("../sql/procedure_open/insert.sql");
        execute(transaction, sql, &[&organisation, &procedure_id]).await?;
    } else {
        execute(
            transaction,
            include_str!("../sql/procedure_open/delete.sql"),
            &[&procedure_id],
        )
        .await?;
    }
    log::enqueue(transaction, NewProcedureStep::ENTRY, &[&step.entry_hash]).await
}

/// Reads a procedure in the order of `sql/procedure/find.sql`.
pub(crate) fn procedure(row: &Row) -> Result<Procedure, Fault> {
    Ok(Procedure {
        uuid: get(row, 0)?,
        kind: word(row, 1, ProcedureKind::parse)?,
        organisation: word(row, 2, |text| Uscc::parse(text).ok())?,
        staged_row: get(row, 3)?,
        person: get::<Option<i64>>(row, 4)?.map(PersonId),
        reason: get(row, 5)?,
        details: sealed(row, 6)?,
        opened_at: Moment(get(row, 8)?),
        due_at: get::<Option<i64>>(row, 9)?.map(Moment),
        state: get::<Option<String>>(row, 10)?.unwrap_or_else(|| OPEN.to_owned()),
        steps: small(row, 11)?,
    })
}
