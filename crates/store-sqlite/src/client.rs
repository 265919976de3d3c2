//! Business systems of departments, their keys, short sessions and used nonces.

use async_trait::async_trait;
use domain::{Moment, Uscc};
use rusqlite::{Row, params};
use store::{Client, ClientKey, ClientSession, ClientStore, KeyAlgorithm, NewAct, StoreError};
use uuid::Uuid;

use crate::SqliteStore;
use crate::administrator::append;
use crate::connection::{all, count, execute, first, uuid, word};
use crate::fault::Fault;

#[async_trait]
impl ClientStore for SqliteStore {
    async fn register_client(&self, client: &Client, act: &NewAct) -> Result<(), StoreError> {
        let (client, act) = (client.clone(), act.clone());
        self.write(move |connection| {
            append(connection, &act)?;
            execute(
                connection,
                include_str!("../sql/client/insert.sql"),
                params![
                    client.uuid.as_bytes(),
                    client.organisation.as_str(),
                    client.name,
                    client.registered_at.0,
                    act.uuid.as_bytes(),
                ],
            )
            .map(|_| ())
        })
        .await
    }

    async fn register_client_key(&self, key: &ClientKey, act: &NewAct) -> Result<(), StoreError> {
        let (key, act) = (key.clone(), act.clone());
        self.write(move |connection| {
            append(connection, &act)?;
            execute(
                connection,
                include_str!("../sql/client_key/insert.sql"),
                params![
                    key.uuid.as_bytes(),
                    key.client.as_bytes(),
                    key.algorithm.as_str(),
                    key.public_key,
                    key.valid_from.0,
                    key.valid_until.0,
                    act.uuid.as_bytes(),
                ],
            )
            .map(|_| ())
        })
        .await
    }

    async fn revoke_client_key(&self, key: Uuid, act: &NewAct) -> Result<(), StoreError> {
        let act = act.clone();
        self.write(move |connection| {
            append(connection, &act)?;
            let sql = include_str!("../sql/client_key_end/insert.sql");
            execute(connection, sql, params![key.as_bytes(), act.at.0, act.uuid.as_bytes()])?;
            let sql = include_str!("../sql/client_session/delete_of_key.sql");
            execute(connection, sql, [key.as_bytes()]).map(|_| ())
        })
        .await
    }

    async fn find_client(&self, uuid: Uuid) -> Result<Option<Client>, StoreError> {
        self.read(move |connection| {
            let sql = include_str!("../sql/client/find.sql");
            first(connection, sql, [uuid.as_bytes()], |row| client(row, 0))
        })
        .await
    }

    async fn find_client_key(&self, uuid: Uuid) -> Result<Option<(ClientKey, Client)>, StoreError> {
        self.read(move |connection| {
            let sql = include_str!("../sql/client_key/find.sql");
            first(connection, sql, [uuid.as_bytes()], |row| {
                Ok((client_key(row)?, client(row, 7)?))
            })
        })
        .await
    }

    async fn list_clients(&self, limit: u32) -> Result<Vec<Client>, StoreError> {
        self.read(move |connection| {
            let sql = include_str!("../sql/client/list.sql");
            all(connection, sql, [limit], |row| client(row, 0))
        })
        .await
    }

    async fn keys_of_client(&self, client: Uuid) -> Result<Vec<ClientKey>, StoreError> {
        self.read(move |connection| {
            let sql = include_str!("../sql/client_key/list_of_client.sql");
            all(connection, sql, [client.as_bytes()], client_key)
        })
        .await
    }

    async fn begin_client_session(&self, session: &ClientSession) -> Result<(), StoreError> {
        let session = *session;
        self.write(move |connection| {
            let sql = include_str!("../sql/client_session/delete_over.sql");
            execute(connection, sql, [session.created_at.0])?;
            execute(
                connection,
                include_str!("../sql/client_session/insert.sql"),
                params![
                    session.uuid.as_bytes(),
                    session.key.as_bytes(),
                    session.created_at.0,
                    session.expires_at.0,
                ],
            )
            .map(|_| ())
        })
        .await
    }

    async fn find_client_session(&self, uuid: Uuid) -> Result<Option<ClientSession>, StoreError> {
        self.read(move |connection| {
            let sql = include_str!("../sql/client_session/find.sql");
            first(connection, sql, [uuid.as_bytes()], session)
        })
        .await
    }

    async fn use_nonce(&self, nonce_hash: &[u8; 32], now: Moment, until: Moment) -> Result<bool, StoreError> {
        let nonce_hash = *nonce_hash;
        self.write(move |connection| {
            let sql = include_str!("../sql/client_nonce/delete_over.sql");
            execute(connection, sql, [now.0])?;
            let sql = include_str!("../sql/client_nonce/insert.sql");
            Ok(execute(connection, sql, params![&nonce_hash, until.0])? == 1)
        })
        .await
    }

    async fn count_nonces(&self) -> Result<u64, StoreError> {
        self.read(|connection| {
            let sql = include_str!("../sql/client_nonce/count.sql");
            Ok(first(connection, sql, [], |row| count(row, 0))?.unwrap_or_default())
        })
        .await
    }
}

fn client(row: &Row<'_>, column: usize) -> Result<Client, Fault> {
    Ok(Client {
        uuid: uuid(row, column)?,
        organisation: word(row, column + 1, |text| Uscc::parse(text).ok())?,
        name: row.get(column + 2)?,
        registered_at: Moment(row.get(column + 3)?),
    })
}

fn client_key(row: &Row<'_>) -> Result<ClientKey, Fault> {
    Ok(ClientKey {
        uuid: uuid(row, 0)?,
        client: uuid(row, 1)?,
        algorithm: word(row, 2, KeyAlgorithm::parse)?,
        public_key: row.get(3)?,
        valid_from: Moment(row.get(4)?),
        valid_until: Moment(row.get(5)?),
        revoked_at: row.get::<_, Option<i64>>(6)?.map(Moment),
    })
}

fn session(row: &Row<'_>) -> Result<ClientSession, Fault> {
    Ok(ClientSession {
        uuid: uuid(row, 0)?,
        key: uuid(row, 1)?,
        created_at: Moment(row.get(2)?),
        expires_at: Moment(row.get(3)?),
    })
}
