//! Acts of administrators, and the accounts that they open and end.

use async_trait::async_trait;
use domain::Moment;
use rusqlite::{Connection, Row, params};
use store::{Account, ActKind, AdministratorStore, EntryKind, NewAct, StoreError};
use uuid::Uuid;

use crate::connection::{all, bytes, execute, first, uuid, word};
use crate::fault::{Fault, missing};
use crate::login::{account, insert_account};
use crate::sign_in::end_binding;
use crate::{SqliteStore, log};

#[async_trait]
impl AdministratorStore for SqliteStore {
    async fn append_act(&self, act: &NewAct) -> Result<(), StoreError> {
        let act = act.clone();
        self.write(move |connection| append(connection, &act)).await
    }

    async fn acts(&self, before: Option<i64>, limit: u32) -> Result<Vec<(i64, NewAct)>, StoreError> {
        self.read(move |connection| {
            let sql = include_str!("../sql/administrator_act/list.sql");
            all(connection, sql, params![before.unwrap_or(i64::MAX), limit], act)
        })
        .await
    }

    async fn open_account(&self, account: &Account, act: &NewAct) -> Result<(), StoreError> {
        let (account, act) = (account.clone(), act.clone());
        self.write(move |connection| {
            append(connection, &act)?;
            insert_account(connection, &account)
        })
        .await
    }

    async fn end_account(&self, account: Uuid, act: &NewAct) -> Result<(), StoreError> {
        let act = act.clone();
        self.write(move |connection| {
            append(connection, &act)?;
            let sql = include_str!("../sql/account_end/insert.sql");
            execute(
                connection,
                sql,
                params![account.as_bytes(), act.at.0, act.uuid.as_bytes()],
            )?;
            end_binding(connection, account, &act)?;
            delete_sessions(connection, account).map(|_| ())
        })
        .await
    }

    async fn end_sessions(&self, account: Uuid, act: &NewAct) -> Result<u64, StoreError> {
        let act = act.clone();
        self.write(move |connection| {
            append(connection, &act)?;
            delete_sessions(connection, account)
        })
        .await
    }

    async fn find_account_of_holder(&self, holder: &[u8; 32]) -> Result<Option<Account>, StoreError> {
        let holder = *holder;
        self.read(move |connection| {
            let sql = include_str!("../sql/account/find_by_holder.sql");
            first(connection, sql, [&holder], account)
        })
        .await
    }

    async fn note_account_use(&self, account: Uuid, at: Moment) -> Result<(), StoreError> {
        self.write(move |connection| {
            let sql = include_str!("../sql/account_use/put.sql");
            execute(connection, sql, params![account.as_bytes(), at.0]).map(|_| ())
        })
        .await
    }

    async fn stale_accounts(&self, since: Moment, limit: u32) -> Result<Vec<(Account, Option<Moment>)>, StoreError> {
        self.read(move |connection| {
            let sql = include_str!("../sql/account/list_stale.sql");
            all(connection, sql, params![since.0, limit], |row| {
                Ok((account(row)?, row.get::<_, Option<i64>>(13)?.map(Moment)))
            })
        })
        .await
    }
}

/// Writes an act and asks for its place in the log.
pub(crate) fn append(connection: &Connection, act: &NewAct) -> Result<(), Fault> {
    execute(
        connection,
        include_str!("../sql/administrator_act/insert.sql"),
        params![
            act.uuid.as_bytes(),
            act.kind.as_str(),
            act.by.as_bytes(),
            act.about,
            act.at.0,
            &act.entry_hash,
        ],
    )?;
    log::enqueue(connection, EntryKind::Administrator, &act.entry_hash)
}

fn delete_sessions(connection: &Connection, account: Uuid) -> Result<u64, Fault> {
    let sql = include_str!("../sql/account/find.sql");
    if first(connection, sql, [account.as_bytes()], |_| Ok(()))?.is_none() {
        return Err(missing("the account"));
    }
    let sql = include_str!("../sql/session/delete_of_account.sql");
    Ok(execute(connection, sql, [account.as_bytes()])? as u64)
}

fn act(row: &Row<'_>) -> Result<(i64, NewAct), Fault> {
    let act = NewAct {
        uuid: uuid(row, 1)?,
        kind: word(row, 2, ActKind::parse)?,
        by: uuid(row, 3)?,
        about: row.get(4)?,
        at: Moment(row.get(5)?),
        entry_hash: bytes(row, 6)?,
    };
    Ok((row.get(0)?, act))
}
