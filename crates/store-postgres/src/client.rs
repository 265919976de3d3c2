//! Business systems of departments, their keys, short sessions and used nonces.

use async_trait::async_trait;
use domain::{Moment, Uscc};
use store::{Client, ClientKey, ClientSession, ClientStore, KeyAlgorithm, NewAct, StoreError};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::PostgresStore;
use crate::administrator::append;
use crate::connection::{Parameter, all, commit, execute, first};
use crate::fault::Fault;
use crate::value::{count, get, word};

#[async_trait]
impl ClientStore for PostgresStore {
    async fn register_client(&self, client: &Client, act: &NewAct) -> Result<(), StoreError> {
        let row: &[Parameter<'_>] = &[
            &client.uuid,
            &client.organisation.as_str(),
            &client.name,
            &client.registered_at.0,
            &act.uuid,
        ];
        self.by_act(act, include_str!("../sql/client/insert.sql"), row).await
    }

    async fn register_client_key(&self, key: &ClientKey, act: &NewAct) -> Result<(), StoreError> {
        let row: &[Parameter<'_>] = &[
            &key.uuid,
            &key.client,
            &key.algorithm.as_str(),
            &key.public_key,
            &key.valid_from.0,
            &key.valid_until.0,
            &act.uuid,
        ];
        self.by_act(act, include_str!("../sql/client_key/insert.sql"), row)
            .await
    }

    async fn revoke_client_key(&self, key: Uuid, act: &NewAct) -> Result<(), StoreError> {
        self.small(move || async move {
            let mut client = self.client().await?;
            let transaction = client.transaction().await?;
            append(&transaction, act).await?;
            let sql = include_str!("../sql/client_key_end/insert.sql");
            execute(&transaction, sql, &[&key, &act.at.0, &act.uuid]).await?;
            let sql = include_str!("../sql/client_session/delete_of_key.sql");
            execute(&transaction, sql, &[&key]).await?;
            commit(transaction).await
        })
        .await
    }

    async fn find_client(&self, uuid: Uuid) -> Result<Option<Client>, StoreError> {
        let connection = self.client().await?;
        let sql = include_str!("../sql/client/find.sql");
        Ok(first(&connection, sql, &[&uuid], |row| client(row, 0)).await?)
    }

    async fn find_client_key(&self, uuid: Uuid) -> Result<Option<(ClientKey, Client)>, StoreError> {
        let connection = self.client().await?;
        let sql = include_str!("../sql/client_key/find.sql");
        let found = first(&connection, sql, &[&uuid], |row| {
            Ok((client_key(row)?, client(row, 7)?))
        })
        .await?;
        Ok(found)
    }

    async fn list_clients(&self, limit: u32) -> Result<Vec<Client>, StoreError> {
        let connection = self.client().await?;
        let sql = include_str!("../sql/client/list.sql");
        Ok(all(&connection, sql, &[&i64::from(limit)], |row| client(row, 0)).await?)
    }

    async fn keys_of_client(&self, client: Uuid) -> Result<Vec<ClientKey>, StoreError> {
        let connection = self.client().await?;
        let sql = include_str!("../sql/client_key/list_of_client.sql");
        Ok(all(&connection, sql, &[&client], client_key).await?)
    }

    async fn begin_client_session(&self, session: &ClientSession) -> Result<(), StoreError> {
        let sql = include_str!("../sql/client_session/delete_over.sql");
        self.small_statement(sql, &[&session.created_at.0]).await?;
        let sql = include_str!("../sql/client_session/insert.sql");
        let row: &[Parameter<'_>] = &[
            &session.uuid,
            &session.key,
            &session.created_at.0,
            &session.expires_at.0,
        ];
        self.small_statement(sql, row).await?;
        Ok(())
    }

    async fn find_client_session(&self, uuid: Uuid) -> Result<Option<ClientSession>, StoreError> {
        let connection = self.client().await?;
        let sql = include_str!("../sql/client_session/find.sql");
        Ok(first(&connection, sql, &[&uuid], session).await?)
    }

    async fn use_nonce(&self, nonce_hash: &[u8; 32], now: Moment, until: Moment) -> Result<bool, StoreError> {
        let sql = include_str!("../sql/client_nonce/delete_over.sql");
        self.small_statement(sql, &[&now.0]).await?;
        let sql = include_str!("../sql/client_nonce/insert.sql");
        Ok(self.small_statement(sql, &[&nonce_hash.as_slice(), &until.0]).await? == 1)
    }

    async fn count_nonces(&self) -> Result<u64, StoreError> {
        let connection = self.client().await?;
        let sql = include_str!("../sql/client_nonce/count.sql");
        Ok(first(&connection, sql, &[], |row| count(row, 0))
            .await?
            .unwrap_or_default())
    }
}

impl PostgresStore {
    /// An act and the one row that it makes.
    async fn by_act(&self, act: &NewAct, sql: &str, row: &[Parameter<'_>]) -> Result<(), StoreError> {
        self.small(move || async move {
            let mut client = self.client().await?;
            let transaction = client.transaction().await?;
            append(&transaction, act).await?;
            execute(&transaction, sql, row).await?;
            commit(transaction).await
        })
        .await
    }
}

fn client(row: &Row, column: usize) -> Result<Client, Fault> {
    Ok(Client {
        uuid: get(row, column)?,
        organisation: word(row, column + 1, |text| Uscc::parse(text).ok())?,
        name: get(row, column + 2)?,
        registered_at: Moment(get(row, column + 3)?),
    })
}

fn client_key(row: &Row) -> Result<ClientKey, Fault> {
    Ok(ClientKey {
        uuid: get(row, 0)?,
        client: get(row, 1)?,
        algorithm: word(row, 2, KeyAlgorithm::parse)?,
        public_key: get(row, 3)?,
        valid_from: Moment(get(row, 4)?),
        valid_until: Moment(get(row, 5)?),
        revoked_at: get::<Option<i64>>(row, 6)?.map(Moment),
    })
}

fn session(row: &Row) -> Result<ClientSession, Fault> {
    Ok(ClientSession {
        uuid: get(row, 0)?,
        key: get(row, 1)?,
        created_at: Moment(get(row, 2)?),
        expires_at: Moment(get(row, 3)?),
    })
}
