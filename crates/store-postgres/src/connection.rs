//! Connections: the settings on which durability and secrecy rest, and the few ways to run a statement.

use std::net::IpAddr;
use std::pin::Pin;
use std::str::FromStr;

use deadpool_postgres::{
    GenericClient, Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime,
    Transaction,
};
use store::StoreError;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::config::Host;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Config, IsolationLevel, NoTls, Row};

use crate::PostgresOptions;
use crate::fault::{Fault, translate};

/// A parameter of a statement.
pub(crate) type Parameter<'a> = &'a (dyn ToSql + Sync);

/// Reads `url` and refuses what would carry rows over a network in clear.
pub(crate) fn config(url: &str) -> Result<Config, StoreError> {
    // The driver's own message could repeat a password.
    let mut config = Config::from_str(url).map_err(|_| StoreError::Unavailable {
        cause: "the database address cannot be read".to_owned(),
    })?;
    let is_local = |host: &Host| match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => ["localhost", "127.0.0.1", "::1"].contains(&name.as_str()),
    };
    // A number may stand in place of a name, or beside it, and is what is connected to.
    let is_loopback = |number: &IpAddr| number.is_loopback();
    if !config.get_hosts().iter().all(is_local) || !config.get_hostaddrs().iter().all(is_loopback) {
        let cause = "this version speaks no TLS: reach the server by its socket or through a local tunnel";
        return Err(StoreError::Unavailable {
            cause: cause.to_owned(),
        });
    }
    config.application_name("chengdang");
    Ok(config)
}

/// A pool whose connections are prepared when they are made.
pub(crate) fn pool(url: &str, options: &PostgresOptions) -> Result<Pool, StoreError> {
    // Verified: a connection that a restarted server dropped is found before a caller gets it, for one round trip.
    let manager = Manager::from_config(
        config(url)?,
        NoTls,
        ManagerConfig {
            recycling_method: RecyclingMethod::Verified,
        },
    );
    let statement_ms = options.statement_timeout.as_millis();
    let lock_ms = options.wait_timeout.as_millis();
    let prepare = Hook::async_fn(move |client, _| {
        Box::pin(async move { prepare(client, statement_ms, lock_ms).await.map_err(HookError::Backend) })
    });
    Pool::builder(manager)
        .max_size(options.connections_max.max(1))
        .wait_timeout(Some(options.wait_timeout))
        .create_timeout(Some(options.wait_timeout))
        .runtime(Runtime::Tokio1)
        .post_create(prepare)
        .build()
        .map_err(|_| StoreError::Unavailable {
            cause: "the connection pool cannot be made".to_owned(),
        })
}

/// Settings of a session. A commit is on disk before it is answered, whatever the server's default; parameters of a
/// failed statement do not go into the server's log; nothing waits for ever.
async fn prepare(
    client: &deadpool_postgres::ClientWrapper,
    statement_ms: u128,
    lock_ms: u128,
) -> Result<(), tokio_postgres::Error> {
    client
        .batch_execute(&format!(
            "SET synchronous_commit = on; SET log_parameter_max_length_on_error = 0; \
             SET statement_timeout = {statement_ms}; SET idle_in_transaction_session_timeout = {statement_ms}; \
             SET lock_timeout = {lock_ms}; SET client_min_messages = warning"
        ))
        .await?;
    let may_act = client
        .query_one(include_str!("../sql/role/can_be_set.sql"), &[])
        .await?;
    if may_act.try_get(0)? {
        client.batch_execute("SET ROLE chengdang_app").await?;
    }
    Ok(())
}

/// Refuses a server that answers a commit before it is on disk, or that writes parameters into its log.
pub(crate) async fn assert_durable(client: &Object, needs_fsync: bool) -> Result<(), StoreError> {
    let expected: &[(&str, &str)] = &[
        ("synchronous_commit", "on"),
        ("log_parameter_max_length_on_error", "0"),
        ("fsync", "on"),
        ("full_page_writes", "on"),
    ];
    for (name, value) in expected {
        let is_of_disk = ["fsync", "full_page_writes"].contains(name);
        if setting(client, name).await? != *value && (needs_fsync || !is_of_disk) {
            return Err(StoreError::Damaged {
                what: format!("the server must have {name} = {value}"),
            });
        }
    }
    // Statements are logged with their parameters unless their length is 0; only a superuser can set that.
    let logs_statements = setting(client, "log_statement").await? != "none"
        || setting(client, "log_min_duration_statement").await? != "-1"
        || setting(client, "log_min_duration_sample").await? != "-1";
    if logs_statements && setting(client, "log_parameter_max_length").await? != "0" {
        let what = "the server logs statements with their parameters: set log_parameter_max_length = 0";
        return Err(StoreError::Damaged { what: what.to_owned() });
    }
    Ok(())
}

async fn setting(client: &Object, name: &str) -> Result<String, StoreError> {
    let row = client
        .query_one(include_str!("../sql/session_setting/get.sql"), &[&name])
        .await;
    row.and_then(|row| row.try_get(0)).map_err(|error| translate(&error))
}

/// Why the pool gave no connection.
pub(crate) fn refused(error: &PoolError) -> StoreError {
    match error {
        PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => match translate(error) {
            StoreError::Invalid { .. } | StoreError::Conflict { .. } | StoreError::Missing { .. } => {
                StoreError::Unavailable {
                    cause: "the server refuses the connection".to_owned(),
                }
            }
            other => other,
        },
        PoolError::Timeout(_) => StoreError::Unavailable {
            cause: "all connections are in use".to_owned(),
        },
        _ => StoreError::Unavailable {
            cause: "the server refuses the connection".to_owned(),
        },
    }
}

/// Begins a transaction that sees one snapshot and only reads.
pub(crate) async fn snapshot(client: &mut Object) -> Result<Transaction<'_>, Fault> {
    let builder = client
        .build_transaction()
        .read_only(true)
        .isolation_level(IsolationLevel::RepeatableRead);
    Ok(builder.start().await?)
}

/// Commits. A session that ends here may have committed (I8), also when the server says farewell: it can be told to
/// shut down after the commit and before its answer.
pub(crate) async fn commit(transaction: Transaction<'_>) -> Result<(), Fault> {
    let Err(error) = transaction.commit().await else {
        return Ok(());
    };
    let is_refusal = error
        .as_db_error()
        .is_some_and(|answer| answer.parsed_severity() == Some(tokio_postgres::error::Severity::Error));
    Err(if is_refusal {
        error.into()
    } else {
        StoreError::OutcomeUnknown.into()
    })
}

/// All rows of a statement.
pub(crate) async fn rows<C: GenericClient>(
    client: &C,
    sql: &str,
    parameters: &[Parameter<'_>],
) -> Result<Vec<Row>, Fault> {
    let statement = client.prepare_cached(sql).await?;
    Ok(client.query(&statement, parameters).await?)
}

/// All rows of a statement, read.
pub(crate) async fn all<C: GenericClient, T>(
    client: &C,
    sql: &str,
    parameters: &[Parameter<'_>],
    read: impl FnMut(&Row) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    rows(client, sql, parameters).await?.iter().map(read).collect()
}

/// The first row of a statement, if there is one.
pub(crate) async fn first<C: GenericClient, T>(
    client: &C,
    sql: &str,
    parameters: &[Parameter<'_>],
    read: impl FnOnce(&Row) -> Result<T, Fault>,
) -> Result<Option<T>, Fault> {
    rows(client, sql, parameters).await?.first().map(read).transpose()
}

/// Runs a statement that returns no rows; how many rows it touched.
pub(crate) async fn execute<C: GenericClient>(
    client: &C,
    sql: &str,
    parameters: &[Parameter<'_>],
) -> Result<u64, Fault> {
    let statement = client.prepare_cached(sql).await?;
    Ok(client.execute(&statement, parameters).await?)
}

/// Begins a binary COPY into the columns that `sql` names.
pub(crate) async fn copy_in(
    transaction: &Transaction<'_>,
    sql: &str,
    types: &[Type],
) -> Result<Pin<Box<BinaryCopyInWriter>>, Fault> {
    let sink = transaction.copy_in(sql).await?;
    Ok(Box::pin(BinaryCopyInWriter::new(sink, types)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_would_cross_a_network_in_clear_is_an_address() {
        for (url, is_taken) in [
            ("host=/run/postgresql user=a", true),
            ("host=localhost,127.0.0.1,::1,/run/standby user=a", true),
            ("hostaddr=127.0.0.2 user=a", true),
            ("host=localhost hostaddr=::1 user=a", true),
            ("host=192.0.2.1 user=a", false),
            ("host=127.0.0.1,db.example user=a", false),
            ("host=/run/postgresql,192.0.2.1 user=a", false),
            ("hostaddr=192.0.2.1 user=a", false),
            ("host=localhost hostaddr=192.0.2.1 user=a", false),
            ("host=localhost,localhost hostaddr=127.0.0.1,2001:db8::1 user=a", false),
        ] {
            assert_eq!(config(url).is_ok(), is_taken, "{url}");
        }
    }
}
