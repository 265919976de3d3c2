//! Accounts, sessions, attempts and used one-time codes.

use async_trait::async_trait;
use deadpool_postgres::{GenericClient, Transaction};
use domain::{Moment, Uscc};
use store::{ATTEMPTS_KEPT_MS, Account, AccountKind, LoginStore, ProviderSession, Session, StoreError};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::connection::{Parameter, all, commit, execute, first};
use crate::fault::{Fault, conflict};
use crate::value::{bytes, bytes_or_none, count, get, parts, sealed, signed, word, word_or_none};
use crate::{PostgresStore, rotation};

#[async_trait]
impl LoginStore for PostgresStore {
    async fn create_account(&self, account: &Account) -> Result<(), StoreError> {
        // Somebody stands at the desk for it.
        self.small(move || async move {
            let mut client = self.client().await?;
            let transaction = client.transaction().await?;
            insert_account(&transaction, account).await?;
            commit(transaction).await
        })
        .await
    }

    async fn find_account_by_login(&self, login: &str) -> Result<Option<Account>, StoreError> {
        let client = self.client().await?;
        Ok(first(
            &client,
            include_str!("../sql/account/find_by_login.sql"),
            &[&login],
            account,
        )
        .await?)
    }

    async fn find_account(&self, uuid: Uuid) -> Result<Option<Account>, StoreError> {
        let client = self.client().await?;
        Ok(first(&client, include_str!("../sql/account/find.sql"), &[&uuid], account).await?)
    }

    async fn list_accounts(&self, limit: u32) -> Result<Vec<Account>, StoreError> {
        let client = self.client().await?;
        Ok(all(
            &client,
            include_str!("../sql/account/list.sql"),
            &[&i64::from(limit)],
            account,
        )
        .await?)
    }

    async fn put_session(&self, session: &Session) -> Result<(), StoreError> {
        let provider = session.provider.as_ref();
        self.small_statement(
            include_str!("../sql/session/insert.sql"),
            &[
                &session.token_hash.as_slice(),
                &session.account,
                &session.is_verified,
                &session.csrf.as_slice(),
                &session.created_at.0,
                &session.used_at.0,
                &session.expires_at.0,
                &provider.map(|provider| provider.binding),
                &provider
                    .and_then(|provider| provider.second_factor_until)
                    .map(|until| until.0),
                &provider.and_then(|provider| provider.session.as_ref().map(<[u8; 32]>::as_slice)),
            ],
        )
        .await?;
        Ok(())
    }

    async fn touch_session(&self, token_hash: &[u8; 32], at: Moment) -> Result<bool, StoreError> {
        // Whoever is signed in must get on.
        let sql = include_str!("../sql/session/touch.sql");
        Ok(self.small_statement(sql, &[&token_hash.as_slice(), &at.0]).await? == 1)
    }

    async fn find_session(&self, token_hash: &[u8; 32]) -> Result<Option<Session>, StoreError> {
        let client = self.client().await?;
        Ok(first(
            &client,
            include_str!("../sql/session/find.sql"),
            &[&token_hash.as_slice()],
            session,
        )
        .await?)
    }

    async fn delete_session(&self, token_hash: &[u8; 32]) -> Result<(), StoreError> {
        // Whoever signs out must be out, and a second factor ends the session of the first.
        let sql = include_str!("../sql/session/delete.sql");
        self.small_statement(sql, &[&token_hash.as_slice()]).await?;
        Ok(())
    }

    async fn delete_expired_sessions(&self, now: Moment) -> Result<u64, StoreError> {
        let client = self.client().await?;
        Ok(execute(&client, include_str!("../sql/session/delete_expired.sql"), &[&now.0]).await?)
    }

    async fn count_attempt(&self, key: &[u8; 32], at: Moment, since: Moment) -> Result<u32, StoreError> {
        self.small(move || self.count_one_more(key, at, since)).await
    }

    async fn attempts(&self, key: &[u8; 32], since: Moment) -> Result<u32, StoreError> {
        let client = self.client().await?;
        let sql = include_str!("../sql/attempt/count.sql");
        let found = first(&client, sql, &[&key.as_slice(), &since.0], |row| count(row, 0)).await?;
        Ok(clamped(found))
    }

    async fn clear_attempts(&self, key: &[u8; 32]) -> Result<(), StoreError> {
        // A part of every login.
        let sql = include_str!("../sql/attempt/delete.sql");
        self.small_statement(sql, &[&key.as_slice()]).await?;
        Ok(())
    }

    async fn use_totp_step(&self, account: Uuid, step: u64) -> Result<bool, StoreError> {
        let sql = include_str!("../sql/totp_step/insert.sql");
        Ok(self.small_statement(sql, &[&account, &signed(step)?]).await? == 1)
    }
}

impl PostgresStore {
    async fn count_one_more(&self, key: &[u8; 32], at: Moment, since: Moment) -> Result<u32, Fault> {
        let lock = key.first_chunk().copied().map_or(0, i64::from_be_bytes);
        let key = key.as_slice();
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        execute(&transaction, include_str!("../sql/attempt/lock.sql"), &[&lock]).await?;
        let forgotten = since.0.min(at.0.saturating_sub(ATTEMPTS_KEPT_MS));
        execute(
            &transaction,
            include_str!("../sql/attempt/delete_old.sql"),
            &[&key, &forgotten],
        )
        .await?;
        execute(&transaction, include_str!("../sql/attempt/insert.sql"), &[&key, &at.0]).await?;
        let sql = include_str!("../sql/attempt/count.sql");
        let found = first(&transaction, sql, &[&key, &since.0], |row| count(row, 0)).await?;
        commit(transaction).await?;
        Ok(clamped(found))
    }
}

/// More attempts than fit are as many as fit: every limit is far below.
fn clamped(attempts: Option<u64>) -> u32 {
    u32::try_from(attempts.unwrap_or_default()).unwrap_or(u32::MAX)
}

/// Inserts an account.
pub(crate) async fn insert_account(transaction: &Transaction<'_>, account: &Account) -> Result<(), Fault> {
    rotation::check_floors(transaction, std::iter::once(account.key.as_slice()), std::iter::empty()).await?;
    let (totp_salt, totp) = parts(&account.totp_secret);
    let (identity_salt, identity) = parts(&account.identity);
    let row: &[Parameter<'_>] = &[
        &account.uuid,
        &account.kind.as_str(),
        &account.login,
        &account.password_hash,
        &totp_salt,
        &totp,
        &account.organisation.as_ref().map(Uscc::as_str),
        &identity_salt,
        &identity,
        &account.key,
        &account.created_at.0,
        &account.holder.as_ref().map(<[u8; 32]>::as_slice),
    ];
    if execute(transaction, include_str!("../sql/account/insert.sql"), row).await? == 1 {
        Ok(())
    } else {
        Err(conflict("the login name is taken, or its holder has an account"))
    }
}

/// Reads an account in the order of `sql/account/find.sql`.
pub(crate) fn account(row: &Row) -> Result<Account, Fault> {
    Ok(Account {
        uuid: get(row, 0)?,
        kind: word(row, 1, AccountKind::parse)?,
        login: get(row, 2)?,
        password_hash: get(row, 3)?,
        totp_secret: sealed(row, 4)?,
        organisation: word_or_none(row, 6, |text| Uscc::parse(text).ok())?,
        identity: sealed(row, 7)?,
        key: get::<Option<Vec<u8>>>(row, 9)?.unwrap_or_default(),
        created_at: Moment(get(row, 10)?),
        holder: get::<Option<&[u8]>>(row, 11)?.map(|_| bytes(row, 11)).transpose()?,
        ended_at: get::<Option<i64>>(row, 12)?.map(Moment),
    })
}

fn session(row: &Row) -> Result<Session, Fault> {
    Ok(Session {
        token_hash: bytes(row, 0)?,
        account: get(row, 1)?,
        is_verified: get(row, 2)?,
        csrf: bytes(row, 3)?,
        created_at: Moment(get(row, 4)?),
        used_at: Moment(get(row, 5)?),
        expires_at: Moment(get(row, 6)?),
        provider: provider(row)?,
    })
}

/// What a session hangs on, if the identity provider's word began it.
fn provider(row: &Row) -> Result<Option<ProviderSession>, Fault> {
    let Some(binding) = get::<Option<Uuid>>(row, 7)? else {
        return Ok(None);
    };
    Ok(Some(ProviderSession {
        binding,
        second_factor_until: get::<Option<i64>>(row, 8)?.map(Moment),
        session: bytes_or_none(row, 9)?,
    }))
}
