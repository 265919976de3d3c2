//! Procedures, their steps, and the list of open ones.

use async_trait::async_trait;
use domain::{Moment, Uscc};
use rusqlite::{Connection, Row, params};
use store::{NewProcedure, NewProcedureStep, PersonId, Procedure, ProcedureKind, ProcedureStore, Sealed, StoreError};
use uuid::Uuid;

use crate::connection::{all, execute, first, sealed, uuid, word};
use crate::fault::{Fault, conflict, missing};
use crate::{SqliteStore, log};

/// State before the first step.
const OPEN: &str = "open";

#[async_trait]
impl ProcedureStore for SqliteStore {
    async fn open_procedure(&self, procedure: &NewProcedure, entry_hash: [u8; 32]) -> Result<(), StoreError> {
        let procedure = procedure.clone();
        self.write(move |connection| {
            open(connection, &procedure)?;
            log::enqueue(connection, NewProcedureStep::ENTRY, &entry_hash)
        })
        .await
    }

    async fn append_step(&self, step: &NewProcedureStep) -> Result<(), StoreError> {
        let step = step.clone();
        self.write(move |connection| append_step(connection, &step)).await
    }

    async fn find_procedure(&self, uuid: Uuid) -> Result<Option<Procedure>, StoreError> {
        self.read(move |connection| {
            first(
                connection,
                include_str!("../sql/procedure/find.sql"),
                [uuid.as_bytes()],
                procedure,
            )
        })
        .await
    }

    async fn open_procedures(
        &self,
        kind: ProcedureKind,
        organisation: Option<&Uscc>,
        limit: u32,
    ) -> Result<Vec<Procedure>, StoreError> {
        let organisation = organisation.cloned();
        self.read(move |connection| match organisation {
            Some(organisation) => {
                let sql = include_str!("../sql/procedure_open/list_of_organisation.sql");
                let asked = params![organisation.as_str(), limit, kind.as_str()];
                all(connection, sql, asked, procedure)
            }
            None => all(
                connection,
                include_str!("../sql/procedure_open/list.sql"),
                params![limit, kind.as_str()],
                procedure,
            ),
        })
        .await
    }

    async fn step_reasons(&self, uuid: Uuid) -> Result<Vec<Sealed>, StoreError> {
        self.read(move |connection| {
            let sql = include_str!("../sql/procedure_step/reasons.sql");
            all(connection, sql, [uuid.as_bytes()], |row| sealed(row, 0))
        })
        .await
    }

    async fn procedure_steps(&self, uuid: Uuid) -> Result<Vec<(String, Uuid, Moment)>, StoreError> {
        self.read(move |connection| {
            all(
                connection,
                include_str!("../sql/procedure_step/list.sql"),
                [uuid.as_bytes()],
                |row| Ok((row.get(0)?, crate::connection::uuid(row, 1)?, Moment(row.get(2)?))),
            )
        })
        .await
    }
}

/// Opens a procedure and puts it on its organisation's list.
pub(crate) fn open(connection: &Connection, new: &NewProcedure) -> Result<(), Fault> {
    execute(
        connection,
        include_str!("../sql/procedure/insert.sql"),
        params![
            new.uuid.as_bytes(),
            new.kind.as_str(),
            new.organisation.as_str(),
            new.staged_row.as_ref().map(Uuid::as_bytes),
            new.person.map(|person| person.0),
            new.reason,
            new.details.salt.as_ref(),
            new.details.ciphertext,
            new.at.0,
            new.due_at.map(|due| due.0),
        ],
    )?;
    let procedure_id = connection.last_insert_rowid();
    let sql = include_str!("../sql/procedure_open/insert.sql");
    execute(connection, sql, params![new.organisation.as_str(), procedure_id])?;
    Ok(())
}

/// Appends a step unless somebody else took one meanwhile.
pub(crate) fn append_step(connection: &Connection, step: &NewProcedureStep) -> Result<(), Fault> {
    let sql = include_str!("../sql/procedure/position.sql");
    let (procedure_id, organisation, steps) = first(connection, sql, [step.procedure.as_bytes()], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, u32>(2)?))
    })?
    .ok_or_else(|| missing("the procedure"))?;
    if steps != step.after_steps {
        return Err(conflict("the procedure has a newer step"));
    }
    execute(
        connection,
        include_str!("../sql/procedure_step/insert.sql"),
        params![
            procedure_id,
            i64::from(steps) + 1,
            step.state,
            step.by.as_bytes(),
            step.reason.salt.as_ref(),
            step.reason.ciphertext,
            step.at.0,
            &step.entry_hash,
        ],
    )?;
    if step.state == OPEN {
        let sql = include_str!("../sql/procedure_open/insert.sql");
        execute(connection, sql, params![organisation, procedure_id])?;
    } else {
        execute(
            connection,
            include_str!("../sql/procedure_open/delete.sql"),
            [procedure_id],
        )?;
    }
    log::enqueue(connection, NewProcedureStep::ENTRY, &step.entry_hash)
}

/// Reads a procedure in the order of `sql/procedure/find.sql`.
pub(crate) fn procedure(row: &Row<'_>) -> Result<Procedure, Fault> {
    let has_staged_row = row.get_ref(3)?.as_blob().is_ok();
    Ok(Procedure {
        uuid: uuid(row, 0)?,
        kind: word(row, 1, ProcedureKind::parse)?,
        organisation: word(row, 2, |text| Uscc::parse(text).ok())?,
        staged_row: if has_staged_row { Some(uuid(row, 3)?) } else { None },
        person: row.get::<_, Option<i64>>(4)?.map(PersonId),
        reason: row.get(5)?,
        details: sealed(row, 6)?,
        opened_at: Moment(row.get(8)?),
        due_at: row.get::<_, Option<i64>>(9)?.map(Moment),
        state: row.get::<_, Option<String>>(10)?.unwrap_or_else(|| OPEN.to_owned()),
        steps: row.get(11)?,
    })
}
