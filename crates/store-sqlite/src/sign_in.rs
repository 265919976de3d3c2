//! Subjects of the identity provider, questions put to it, sessions that its word began.

use async_trait::async_trait;
use domain::Moment;
use rusqlite::{Connection, Row, params};
use store::{NewAct, SignIn, SignInStore, StoreError, SubjectBinding};
use uuid::Uuid;

use crate::SqliteStore;
use crate::administrator::append;
use crate::connection::{all, bytes, bytes_or_none, execute, first, uuid};
use crate::fault::{Fault, conflict, missing};

#[async_trait]
impl SignInStore for SqliteStore {
    async fn bind_subject(&self, binding: &SubjectBinding, act: &NewAct) -> Result<(), StoreError> {
        let (binding, act) = (*binding, act.clone());
        self.write(move |connection| {
            append(connection, &act)?;
            execute(
                connection,
                include_str!("../sql/account_subject/insert.sql"),
                params![
                    binding.uuid.as_bytes(),
                    binding.account.as_bytes(),
                    &binding.subject,
                    binding.bound_at.0,
                    act.uuid.as_bytes(),
                ],
            )?;
            let sql = include_str!("../sql/account_subject_live/insert.sql");
            let row = params![&binding.subject, binding.account.as_bytes(), binding.uuid.as_bytes()];
            if execute(connection, sql, row)? != 1 {
                return Err(conflict("the subject or the account is bound already"));
            }
            let sql = include_str!("../sql/session/delete_of_account.sql");
            execute(connection, sql, [binding.account.as_bytes()]).map(|_| ())
        })
        .await
    }

    async fn unbind_account(&self, account: Uuid, act: &NewAct) -> Result<(), StoreError> {
        let act = act.clone();
        self.write(move |connection| {
            append(connection, &act)?;
            if end_binding(connection, account, &act)? {
                Ok(())
            } else {
                Err(missing("the binding"))
            }
        })
        .await
    }

    async fn find_binding(&self, subject: &[u8; 32]) -> Result<Option<SubjectBinding>, StoreError> {
        let subject = *subject;
        self.read(move |connection| {
            let sql = include_str!("../sql/account_subject_live/find.sql");
            first(connection, sql, [&subject], binding)
        })
        .await
    }

    async fn find_binding_of(&self, account: Uuid) -> Result<Option<SubjectBinding>, StoreError> {
        self.read(move |connection| binding_of(connection, account)).await
    }

    async fn list_bindings(&self, limit: u32) -> Result<Vec<SubjectBinding>, StoreError> {
        self.read(move |connection| {
            let sql = include_str!("../sql/account_subject_live/list.sql");
            all(connection, sql, [limit], binding)
        })
        .await
    }

    async fn begin_sign_in(&self, question: &SignIn, now: Moment) -> Result<(), StoreError> {
        let question = question.clone();
        self.write(move |connection| {
            execute(connection, include_str!("../sql/sign_in/delete_over.sql"), [now.0])?;
            execute(
                connection,
                include_str!("../sql/sign_in/insert.sql"),
                params![
                    &question.state_hash,
                    &question.browser_hash,
                    question.session_hash.as_ref(),
                    question.return_to,
                    question.expires_at.0,
                ],
            )
            .map(|_| ())
        })
        .await
    }

    async fn take_sign_in(&self, state_hash: &[u8; 32]) -> Result<Option<SignIn>, StoreError> {
        let state_hash = *state_hash;
        self.write(move |connection| {
            let sql = include_str!("../sql/sign_in/take.sql");
            // Read to its end: a statement that is left half-way has not deleted for good.
            let taken = all(connection, sql, [&state_hash], sign_in)?;
            Ok(taken.into_iter().next())
        })
        .await
    }

    async fn end_sessions_of_binding(&self, binding: Uuid, session: Option<&[u8; 32]>) -> Result<u64, StoreError> {
        let session = session.copied();
        self.write(move |connection| {
            let sql = include_str!("../sql/session/delete_of_binding.sql");
            Ok(execute(connection, sql, params![binding.as_bytes(), session.as_ref()])? as u64)
        })
        .await
    }
}

/// Ends the binding of an account with its sessions; whether there was one.
pub(crate) fn end_binding(connection: &Connection, account: Uuid, act: &NewAct) -> Result<bool, Fault> {
    let Some(bound) = binding_of(connection, account)? else {
        return Ok(false);
    };
    let sql = include_str!("../sql/account_subject_end/insert_of_account.sql");
    execute(
        connection,
        sql,
        params![account.as_bytes(), act.at.0, act.uuid.as_bytes()],
    )?;
    let sql = include_str!("../sql/account_subject_live/delete_of_account.sql");
    execute(connection, sql, [account.as_bytes()])?;
    let sql = include_str!("../sql/session/delete_of_binding.sql");
    execute(connection, sql, params![bound.uuid.as_bytes(), None::<[u8; 32]>])?;
    Ok(true)
}

fn binding_of(connection: &Connection, account: Uuid) -> Result<Option<SubjectBinding>, Fault> {
    let sql = include_str!("../sql/account_subject_live/find_of_account.sql");
    first(connection, sql, [account.as_bytes()], binding)
}

fn binding(row: &Row<'_>) -> Result<SubjectBinding, Fault> {
    Ok(SubjectBinding {
        uuid: uuid(row, 0)?,
        account: uuid(row, 1)?,
        subject: bytes(row, 2)?,
        bound_at: Moment(row.get(3)?),
    })
}

fn sign_in(row: &Row<'_>) -> Result<SignIn, Fault> {
    Ok(SignIn {
        state_hash: bytes(row, 0)?,
        browser_hash: bytes(row, 1)?,
        session_hash: bytes_or_none(row, 2)?,
        return_to: row.get(3)?,
        expires_at: Moment(row.get(4)?),
    })
}
