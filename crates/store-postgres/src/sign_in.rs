//! Subjects of the identity provider, questions put to it, sessions that its word began.

use async_trait::async_trait;
use deadpool_postgres::Transaction;
use domain::Moment;
use store::{NewAct, SignIn, SignInStore, StoreError, SubjectBinding};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::PostgresStore;
use crate::administrator::append;
use crate::connection::{all, commit, execute, first};
use crate::fault::{Fault, conflict, missing};
use crate::value::{bytes, bytes_or_none, get};

#[async_trait]
impl SignInStore for PostgresStore {
    async fn bind_subject(&self, binding: &SubjectBinding, act: &NewAct) -> Result<(), StoreError> {
        self.small(move || async move {
            let mut client = self.client().await?;
            let transaction = client.transaction().await?;
            append(&transaction, act).await?;
            let subject = binding.subject.as_slice();
            execute(
                &transaction,
                include_str!("../sql/account_subject/insert.sql"),
                &[
                    &binding.uuid,
                    &binding.account,
                    &subject,
                    &binding.bound_at.0,
                    &act.uuid,
                ],
            )
            .await?;
            let sql = include_str!("../sql/account_subject_live/insert.sql");
            if execute(&transaction, sql, &[&subject, &binding.account, &binding.uuid]).await? != 1 {
                return Err(conflict("the subject or the account is bound already"));
            }
            let sql = include_str!("../sql/session/delete_of_account.sql");
            execute(&transaction, sql, &[&binding.account]).await?;
            commit(transaction).await
        })
        .await
    }

    async fn unbind_account(&self, account: Uuid, act: &NewAct) -> Result<(), StoreError> {
        self.small(move || async move {
            let mut client = self.client().await?;
            let transaction = client.transaction().await?;
            append(&transaction, act).await?;
            if !end_binding(&transaction, account, act).await? {
                return Err(missing("the binding"));
            }
            commit(transaction).await
        })
        .await
    }

    async fn find_binding(&self, subject: &[u8; 32]) -> Result<Option<SubjectBinding>, StoreError> {
        let client = self.client().await?;
        let sql = include_str!("../sql/account_subject_live/find.sql");
        Ok(first(&client, sql, &[&subject.as_slice()], binding).await?)
    }

    async fn find_binding_of(&self, account: Uuid) -> Result<Option<SubjectBinding>, StoreError> {
        let client = self.client().await?;
        let sql = include_str!("../sql/account_subject_live/find_of_account.sql");
        Ok(first(&client, sql, &[&account], binding).await?)
    }

    async fn list_bindings(&self, limit: u32) -> Result<Vec<SubjectBinding>, StoreError> {
        let client = self.client().await?;
        let sql = include_str!("../sql/account_subject_live/list.sql");
        Ok(all(&client, sql, &[&i64::from(limit)], binding).await?)
    }

    async fn begin_sign_in(&self, question: &SignIn, now: Moment) -> Result<(), StoreError> {
        self.small_statement(include_str!("../sql/sign_in/delete_over.sql"), &[&now.0])
            .await?;
        self.small_statement(
            include_str!("../sql/sign_in/insert.sql"),
            &[
                &question.state_hash.as_slice(),
                &question.browser_hash.as_slice(),
                &question.session_hash.as_ref().map(<[u8; 32]>::as_slice),
                &question.return_to,
                &question.expires_at.0,
            ],
        )
        .await?;
        Ok(())
    }

    async fn take_sign_in(&self, state_hash: &[u8; 32]) -> Result<Option<SignIn>, StoreError> {
        self.small(move || async move {
            let client = self.client().await?;
            let sql = include_str!("../sql/sign_in/take.sql");
            first(&client, sql, &[&state_hash.as_slice()], sign_in).await
        })
        .await
    }

    async fn end_sessions_of_binding(&self, binding: Uuid, session: Option<&[u8; 32]>) -> Result<u64, StoreError> {
        let sql = include_str!("../sql/session/delete_of_binding.sql");
        self.small_statement(sql, &[&binding, &session.map(<[u8; 32]>::as_slice)])
            .await
    }
}

/// Ends the binding of an account with its sessions; whether there was one.
pub(crate) async fn end_binding(transaction: &Transaction<'_>, account: Uuid, act: &NewAct) -> Result<bool, Fault> {
    let sql = include_str!("../sql/account_subject_live/find_of_account.sql");
    let Some(bound) = first(transaction, sql, &[&account], binding).await? else {
        return Ok(false);
    };
    let sql = include_str!("../sql/account_subject_end/insert_of_account.sql");
    execute(transaction, sql, &[&account, &act.at.0, &act.uuid]).await?;
    let sql = include_str!("../sql/account_subject_live/delete_of_account.sql");
    execute(transaction, sql, &[&account]).await?;
    let sql = include_str!("../sql/session/delete_of_binding.sql");
    execute(transaction, sql, &[&bound.uuid, &None::<&[u8]>]).await?;
    Ok(true)
}

fn binding(row: &Row) -> Result<SubjectBinding, Fault> {
    Ok(SubjectBinding {
        uuid: get(row, 0)?,
        account: get(row, 1)?,
        subject: bytes(row, 2)?,
        bound_at: Moment(get(row, 3)?),
    })
}

fn sign_in(row: &Row) -> Result<SignIn, Fault> {
    Ok(SignIn {
        state_hash: bytes(row, 0)?,
        browser_hash: bytes(row, 1)?,
        session_hash: bytes_or_none(row, 2)?,
        return_to: get(row, 3)?,
        expires_at: Moment(get(row, 4)?),
    })
}
