//! Accounts, sessions, attempts and used one-time codes.

use async_trait::async_trait;
use domain::{Moment, Uscc};
use rusqlite::{Connection, Row, params};
use store::{ATTEMPTS_KEPT_MS, Account, AccountKind, LoginStore, ProviderSession, Session, StoreError};
use uuid::Uuid;

use crate::connection::{all, bytes, bytes_or_none, execute, first, sealed, signed, uuid, word};
use crate::fault::{Fault, conflict};
use crate::{SqliteStore, rotation};

#[async_trait]
impl LoginStore for SqliteStore {
    async fn create_account(&self, account: &Account) -> Result<(), StoreError> {
        let account = account.clone();
        self.write(move |connection| insert_account(connection, &account)).await
    }

    async fn find_account_by_login(&self, login: &str) -> Result<Option<Account>, StoreError> {
        let login = login.to_owned();
        self.read(move |connection| {
            first(
                connection,
                include_str!("../sql/account/find_by_login.sql"),
                [login],
                account,
            )
        })
        .await
    }

    async fn find_account(&self, uuid: Uuid) -> Result<Option<Account>, StoreError> {
        self.read(move |connection| {
            first(
                connection,
                include_str!("../sql/account/find.sql"),
                [uuid.as_bytes()],
                account,
            )
        })
        .await
    }

    async fn list_accounts(&self, limit: u32) -> Result<Vec<Account>, StoreError> {
        self.read(move |connection| all(connection, include_str!("../sql/account/list.sql"), [limit], account))
            .await
    }

    async fn put_session(&self, session: &Session) -> Result<(), StoreError> {
        let session = session.clone();
        self.write(move |connection| {
            execute(
                connection,
                include_str!("../sql/session/insert.sql"),
                params![
                    &session.token_hash,
                    session.account.as_bytes(),
                    session.is_verified,
                    &session.csrf,
                    session.created_at.0,
                    session.used_at.0,
                    session.expires_at.0,
                    session.provider.map(|provider| provider.binding.into_bytes()),
                    session
                        .provider
                        .and_then(|provider| provider.second_factor_until)
                        .map(|until| until.0),
                    session.provider.and_then(|provider| provider.session),
                ],
            )?;
            Ok(())
        })
        .await
    }

    async fn touch_session(&self, token_hash: &[u8; 32], at: Moment) -> Result<bool, StoreError> {
        let token_hash = *token_hash;
        self.write(move |connection| {
            let sql = include_str!("../sql/session/touch.sql");
            Ok(execute(connection, sql, params![&token_hash, at.0])? == 1)
        })
        .await
    }

    async fn find_session(&self, token_hash: &[u8; 32]) -> Result<Option<Session>, StoreError> {
        let token_hash = *token_hash;
        self.read(move |connection| {
            first(
                connection,
                include_str!("../sql/session/find.sql"),
                [&token_hash],
                session,
            )
        })
        .await
    }

    async fn delete_session(&self, token_hash: &[u8; 32]) -> Result<(), StoreError> {
        let token_hash = *token_hash;
        self.write(move |connection| {
            execute(connection, include_str!("../sql/session/delete.sql"), [&token_hash])?;
            Ok(())
        })
        .await
    }

    async fn delete_expired_sessions(&self, now: Moment) -> Result<u64, StoreError> {
        self.write(move |connection| {
            Ok(execute(connection, include_str!("../sql/session/delete_expired.sql"), [now.0])? as u64)
        })
        .await
    }

    async fn count_attempt(&self, key: &[u8; 32], at: Moment, since: Moment) -> Result<u32, StoreError> {
        let key = *key;
        self.write(move |connection| {
            let forgotten = since.0.min(at.0.saturating_sub(ATTEMPTS_KEPT_MS));
            execute(
                connection,
                include_str!("../sql/attempt/delete_old.sql"),
                params![&key, forgotten],
            )?;
            execute(
                connection,
                include_str!("../sql/attempt/insert.sql"),
                params![&key, at.0],
            )?;
            let sql = include_str!("../sql/attempt/count.sql");
            Ok(first(connection, sql, params![&key, since.0], |row| Ok(row.get(0)?))?.unwrap_or_default())
        })
        .await
    }

    async fn attempts(&self, key: &[u8; 32], since: Moment) -> Result<u32, StoreError> {
        let key = *key;
        self.read(move |connection| {
            let sql = include_str!("../sql/attempt/count.sql");
            Ok(first(connection, sql, params![&key, since.0], |row| Ok(row.get(0)?))?.unwrap_or_default())
        })
        .await
    }

    async fn clear_attempts(&self, key: &[u8; 32]) -> Result<(), StoreError> {
        let key = *key;
        self.write(move |connection| {
            execute(connection, include_str!("../sql/attempt/delete.sql"), [&key])?;
            Ok(())
        })
        .await
    }

    async fn use_totp_step(&self, account: Uuid, step: u64) -> Result<bool, StoreError> {
        self.write(move |connection| {
            let sql = include_str!("../sql/totp_step/insert.sql");
            Ok(execute(connection, sql, params![account.as_bytes(), signed(step)?])? == 1)
        })
        .await
    }
}

/// Inserts an account.
pub(crate) fn insert_account(connection: &Connection, account: &Account) -> Result<(), Fault> {
    rotation::check_floors(connection, std::iter::once(account.key.as_slice()), std::iter::empty())?;
    let inserted = execute(
        connection,
        include_str!("../sql/account/insert.sql"),
        params![
            account.uuid.as_bytes(),
            account.kind.as_str(),
            account.login,
            account.password_hash,
            account.totp_secret.salt.as_ref(),
            account.totp_secret.ciphertext,
            account.organisation.as_ref().map(Uscc::as_str),
            account.identity.salt.as_ref(),
            account.identity.ciphertext,
            account.key,
            account.created_at.0,
            account.holder.as_ref(),
        ],
    )?;
    if inserted == 1 {
        Ok(())
    } else {
        Err(conflict("the login name is taken, or its holder has an account"))
    }
}

/// Reads an account in the order of `sql/account/find.sql`.
pub(crate) fn account(row: &Row<'_>) -> Result<Account, Fault> {
    let has_organisation = row.get_ref(6)?.as_str().is_ok();
    let has_holder = row.get_ref(11)?.as_blob().is_ok();
    Ok(Account {
        uuid: uuid(row, 0)?,
        kind: word(row, 1, AccountKind::parse)?,
        login: row.get(2)?,
        password_hash: row.get(3)?,
        totp_secret: sealed(row, 4)?,
        organisation: if has_organisation {
            Some(word(row, 6, |text| Uscc::parse(text).ok())?)
        } else {
            None
        },
        identity: sealed(row, 7)?,
        key: row.get::<_, Option<Vec<u8>>>(9)?.unwrap_or_default(),
        created_at: Moment(row.get(10)?),
        holder: if has_holder { Some(bytes(row, 11)?) } else { None },
        ended_at: row.get::<_, Option<i64>>(12)?.map(Moment),
    })
}

fn session(row: &Row<'_>) -> Result<Session, Fault> {
    Ok(Session {
        token_hash: bytes(row, 0)?,
        account: uuid(row, 1)?,
        is_verified: row.get(2)?,
        csrf: bytes(row, 3)?,
        created_at: Moment(row.get(4)?),
        used_at: Moment(row.get(5)?),
        expires_at: Moment(row.get(6)?),
        provider: provider(row)?,
    })
}

/// What a session hangs on, if the identity provider's word began it.
fn provider(row: &Row<'_>) -> Result<Option<ProviderSession>, Fault> {
    let Some(binding) = bytes_or_none(row, 7)? else {
        return Ok(None);
    };
    Ok(Some(ProviderSession {
        binding: Uuid::from_bytes(binding),
        second_factor_until: row.get::<_, Option<i64>>(8)?.map(Moment),
        session: bytes_or_none(row, 9)?,
    }))
}
