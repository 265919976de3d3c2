//! The schema and its versions, and the application role. Migrations run only when asked for; a database of another
//! version is not opened.

use deadpool_postgres::GenericClient;
use store::StoreError;
use tokio_postgres::NoTls;
use tokio_postgres::error::SqlState;

use crate::connection::config;
use crate::fault::{Fault, translate};
use crate::value::get;

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// Brings the database at `url` to this version's schema and grants the application role what it needs. The login must
/// own the database; if it may not create roles, an administrator creates `chengdang_app` first. Returns how many
/// migrations ran.
///
/// # Errors
///
/// [`StoreError::Damaged`] if the database was migrated by another version of the program,
/// [`StoreError::Unavailable`] if the server cannot be reached.
pub async fn migrate(url: &str) -> Result<usize, StoreError> {
    let (mut client, connection) = config(url)?.connect(NoTls).await.map_err(|error| translate(&error))?;
    let (report, ended) = tokio::join!(
        async move {
            let report = embedded::migrations::runner()
                .set_abort_divergent(true)
                .set_abort_missing(true)
                // One transaction: else a step and the note that it was made are two, and a stop between them is never got over.
                .set_grouped(true)
                .run_async(&mut client)
                .await
                .map_err(|error| refused(&error))?;
            grant(&client).await?;
            // The client ends here, and with it the connection.
            Ok(report.applied_migrations().len())
        },
        connection
    );
    ended.map_err(|error| translate(&error))?;
    report
}

/// Creates the application role if that is allowed, and grants it what the application may do.
async fn grant(client: &tokio_postgres::Client) -> Result<(), StoreError> {
    let lift = |error: tokio_postgres::Error| translate(&error);
    match client.batch_execute("CREATE ROLE chengdang_app NOLOGIN").await {
        Ok(()) => client
            .batch_execute("GRANT chengdang_app TO CURRENT_USER")
            .await
            .map_err(lift)?,
        Err(error) if is_there(&error) => {}
        Err(error) if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) => {
            tracing::warn!("the login may not create the role chengdang_app: append-only is held by triggers only");
        }
        Err(error) => return Err(lift(error)),
    }
    let exists = client
        .query_one(include_str!("../sql/role/exists.sql"), &[])
        .await
        .map_err(lift)?;
    if exists.try_get(0).map_err(lift)? {
        client
            .batch_execute(include_str!("../grants/application.sql"))
            .await
            .map_err(lift)?;
    }
    Ok(())
}

/// Another database of the cluster, or a migration at the same time, created the role.
fn is_there(error: &tokio_postgres::Error) -> bool {
    [Some(&SqlState::DUPLICATE_OBJECT), Some(&SqlState::UNIQUE_VIOLATION)].contains(&error.code())
}

/// Whether the database has exactly this version's schema.
pub(crate) async fn check<C: GenericClient>(client: &C) -> Result<(), StoreError> {
    let found = applied(client).await?;
    let runner = embedded::migrations::runner();
    let expected: Vec<(i32, String)> = runner
        .get_migrations()
        .iter()
        .map(|step| (step.version(), step.checksum().to_string()))
        .collect();
    if found == expected {
        return Ok(());
    }
    let version = |list: &[(i32, String)]| list.last().map_or(0, |(version, _)| *version);
    let (have, want) = (version(&found), version(&expected));
    let what = match have.cmp(&want) {
        std::cmp::Ordering::Less => format!("its schema is version {have}, this program needs {want}: run migrate"),
        std::cmp::Ordering::Greater => format!("its schema is version {have}, this program knows only {want}"),
        std::cmp::Ordering::Equal => format!("its schema says version {have} but was made by other migrations"),
    };
    Err(StoreError::Damaged { what })
}

/// Versions and checksums in the database's history; none if it has no history.
async fn applied<C: GenericClient>(client: &C) -> Result<Vec<(i32, String)>, Fault> {
    let exists = client
        .query_one(include_str!("../sql/refinery_schema_history/exists.sql"), &[])
        .await?;
    if !get(&exists, 0)? {
        return Ok(Vec::new());
    }
    let history = client
        .query(include_str!("../sql/refinery_schema_history/list.sql"), &[])
        .await?;
    history.iter().map(|row| Ok((get(row, 0)?, get(row, 1)?))).collect()
}

/// The tool's refusal. Its texts name migrations, not contents.
fn refused(error: &refinery::Error) -> StoreError {
    StoreError::Damaged {
        what: format!("the migration was refused: {error}"),
    }
}
