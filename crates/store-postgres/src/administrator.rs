//! Acts of administrators, and the accounts that they open and end.

use async_trait::async_trait;
use deadpool_postgres::Transaction;
use domain::Moment;
use store::{Account, ActKind, AdministratorStore, EntryKind, NewAct, StoreError};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::connection::{all, commit, execute, first};
use crate::fault::{Fault, missing};
use crate::login::{account, insert_account};
use crate::sign_in::end_binding;
use crate::value::{bytes, get, word};
use crate::{PostgresStore, log};

#[async_trait]
impl AdministratorStore for PostgresStore {
    async fn append_act(&self, act: &NewAct) -> Result<(), StoreError> {
        self.small(move || async move {
            let mut client = self.client().await?;
            let transaction = client.transaction().await?;
            append(&transaction, act).await?;
            commit(transaction).await
        })
        .await
    }

    async fn acts(&self, before: Option<i64>, limit: u32) -> Result<Vec<(i64, NewAct)>, StoreError> {
        let client = self.client().await?;
        let sql = include_str!("../sql/administrator_act/list.sql");
        Ok(all(&client, sql, &[&before.unwrap_or(i64::MAX), &i64::from(limit)], act).await?)
    }

    async fn open_account(&self, account: &Account, act: &NewAct) -> Result<(), StoreError> {
        self.small(move || async move {
            let mut client = self.client().await?;
            let transaction = client.transaction().await?;
            append(&transaction, act).await?;
            insert_account(&transaction, account).await?;
            commit(transaction).await
        })
        .await
    }

    async fn end_account(&self, account: Uuid, act: &NewAct) -> Result<(), StoreError> {
        self.small(move || async move {
            let mut client = self.client().await?;
            let transaction = client.transaction().await?;
            append(&transaction, act).await?;
            let sql = include_str!("../sql/account_end/insert.sql");
            execute(&transaction, sql, &[&account, &act.at.0, &act.uuid]).await?;
            end_binding(&transaction, account, act).await?;
            delete_sessions(&transaction, account).await?;
            commit(transaction).await
        })
        .await
    }

    async fn end_sessions(&self, account: Uuid, act: &NewAct) -> Result<u64, StoreError> {
        self.small(move || async move {
            let mut client = self.client().await?;
            let transaction = client.transaction().await?;
            append(&transaction, act).await?;
            let ended = delete_sessions(&transaction, account).await?;
            commit(transaction).await?;
            Ok(ended)
        })
        .await
    }

    async fn find_account_of_holder(&self, holder: &[u8; 32]) -> Result<Option<Account>, StoreError> {
        let client = self.client().await?;
        let sql = include_str!("../sql/account/find_by_holder.sql");
        Ok(first(&client, sql, &[&holder.as_slice()], account).await?)
    }

    async fn note_account_use(&self, account: Uuid, at: Moment) -> Result<(), StoreError> {
        let sql = include_str!("../sql/account_use/put.sql");
        self.small_statement(sql, &[&account, &at.0]).await?;
        Ok(())
    }

    async fn stale_accounts(&self, since: Moment, limit: u32) -> Result<Vec<(Account, Option<Moment>)>, StoreError> {
        let client = self.client().await?;
        let sql = include_str!("../sql/account/list_stale.sql");
        let stale = all(&client, sql, &[&since.0, &i64::from(limit)], |row| {
            Ok((account(row)?, get::<Option<i64>>(row, 13)?.map(Moment)))
        })
        .await?;
        Ok(stale)
    }
}

/// Writes an act and asks for its place in the log.
pub(crate) async fn append(transaction: &Transaction<'_>, act: &NewAct) -> Result<(), Fault> {
    execute(
        transaction,
        include_str!("../sql/administrator_act/insert.sql"),
        &[
            &act.uuid,
            &act.kind.as_str(),
            &act.by,
            &act.about,
            &act.at.0,
            &act.entry_hash.as_slice(),
        ],
    )
    .await?;
    log::enqueue(transaction, EntryKind::Administrator, &[&act.entry_hash]).await
}

async fn delete_sessions(transaction: &Transaction<'_>, account: Uuid) -> Result<u64, Fault> {
    let sql = include_str!("../sql/account/find.sql");
    if first(transaction, sql, &[&account], |_| Ok(())).await?.is_none() {
        return Err(missing("the account"));
    }
    let sql = include_str!("../sql/session/delete_of_account.sql");
    execute(transaction, sql, &[&account]).await
}

fn act(row: &Row) -> Result<(i64, NewAct), Fault> {
    let act = NewAct {
        uuid: get(row, 1)?,
        kind: word(row, 2, ActKind::parse)?,
        by: get(row, 3)?,
        about: get(row, 4)?,
        at: Moment(get(row, 5)?),
        entry_hash: bytes(row, 6)?,
    };
    Ok((get(row, 0)?, act))
}
