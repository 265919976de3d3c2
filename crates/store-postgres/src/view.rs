//! A provider's view as a source of rows (GB/T 39443, database exchange). It is only read: never a store of ours.
//!
//! Names of view and columns come from the operator's configuration and are quoted; values travel as parameters.

use std::fmt::Write;
use std::time::Duration;

use futures::{StreamExt, pin_mut};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, NoTls};

use crate::connection::config;
use crate::fault::translate;

/// Which view, and by which columns its news are found.
#[derive(Debug, Clone)]
pub struct ViewOptions {
    /// Address of the database, as for the store: a socket, or this host.
    pub url: String,
    /// View, with its schema or without.
    pub view: String,
    /// Column that only grows: a time or a counter.
    pub watermark: String,
    /// Column that tells rows of one watermark apart: an integer or a UUID, never a person's number.
    pub key: String,
    /// How long a row must have been there before it is read, so that slower transactions with an earlier time are not
    /// overtaken. Not used with a counter.
    pub settle: Duration,
}

/// Why a view gave no rows. No variant repeats a value.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// The source cannot be reached or failed.
    #[error("the source is not available: {cause}")]
    Unavailable {
        /// Class of the error.
        cause: String,
    },
    /// View or column is not there, or of a type that cannot be used.
    #[error("{what}")]
    Unfit {
        /// What, without values.
        what: &'static str,
    },
    /// Rows that would never be found.
    #[error("there are rows without watermark or key")]
    Unmarked,
}

/// A row as text; NULL is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewRow {
    /// Watermark in the server's ISO form.
    pub watermark: String,
    /// Key.
    pub key: String,
    /// The other columns, in the order of [`ViewSource::columns`].
    pub cells: Vec<String>,
}

/// An open connection to a view.
#[derive(Debug)]
pub struct ViewSource {
    client: Client,
    statement: String,
    columns: Vec<String>,
    has_null: String,
}

impl ViewSource {
    /// Connects and looks at the columns.
    ///
    /// # Errors
    ///
    /// [`ViewError`].
    pub async fn connect(options: &ViewOptions) -> Result<Self, ViewError> {
        let refused = |error: store::StoreError| ViewError::Unavailable {
            cause: error.to_string(),
        };
        let mut address = config(&options.url).map_err(refused)?;
        address.connect_timeout(Duration::from_secs(10));
        let (client, connection) = address
            .connect(NoTls)
            .await
            .map_err(|error| refused(translate(&error)))?;
        // It ends with the client.
        tokio::spawn(connection);
        // What is read does not depend on the server's defaults, and nothing is written whatever the account may do.
        client
            .batch_execute(
                "SET default_transaction_read_only = on; SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; \
                 SET statement_timeout = '5min'; SET client_min_messages = warning",
            )
            .await
            .map_err(|error| refused(translate(&error)))?;
        let view = options.view.split('.').map(quoted).collect::<Vec<_>>().join(".");
        let described = client
            .prepare(&format!("SELECT * FROM {view}"))
            .await
            .map_err(|error| unfit(&error, "the view is not there or cannot be read"))?;
        let type_of = |name: &str| {
            described
                .columns()
                .iter()
                .find(|column| column.name() == name)
                .map(|c| c.type_().clone())
        };
        let watermark = type_of(&options.watermark).ok_or(ViewError::Unfit {
            what: "the view has no such watermark column",
        })?;
        let key = type_of(&options.key).ok_or(ViewError::Unfit {
            what: "the view has no such key column",
        })?;
        let is_time = [Type::TIMESTAMPTZ, Type::TIMESTAMP].contains(&watermark);
        let integers = [Type::INT2, Type::INT4, Type::INT8];
        if !is_time && !integers.contains(&watermark) {
            return Err(ViewError::Unfit {
                what: "the watermark column is neither a timestamp nor an integer",
            });
        }
        if key != Type::UUID && !integers.contains(&key) {
            return Err(ViewError::Unfit {
                what: "the key column is neither an integer nor a UUID",
            });
        }
        let columns: Vec<String> = described
            .columns()
            .iter()
            .map(|column| column.name().to_owned())
            .filter(|name| *name != options.watermark && *name != options.key)
            .collect();
        let (mark, key) = (quoted(&options.watermark), quoted(&options.key));
        let cells = columns.iter().fold(String::new(), |mut text, name| {
            // Writing to a text does not fail.
            let _ = write!(text, ", {}::text", quoted(name));
            text
        });
        let settled = if is_time {
            format!(" AND {mark} <= now() - interval '{} seconds'", options.settle.as_secs())
        } else {
            String::new()
        };
        Ok(Self {
            statement: format!(
                "SELECT {mark}::text, {key}::text{cells} FROM {view} \
                 WHERE ($1::text IS NULL OR {mark} >= $1::text::{}){settled} ORDER BY {mark}, {key} LIMIT $2",
                watermark.name()
            ),
            has_null: format!("SELECT EXISTS (SELECT 1 FROM {view} WHERE {mark} IS NULL OR {key} IS NULL)"),
            client,
            columns,
        })
    }

    /// The columns that become a delivery.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Hands over rows from `from` on, that watermark included, by watermark and key, at most `limit`, until `each`
    /// answers `false`.
    ///
    /// # Errors
    ///
    /// [`ViewError`].
    pub async fn read(
        &self,
        from: Option<&str>,
        limit: i64,
        mut each: impl FnMut(ViewRow) -> bool,
    ) -> Result<(), ViewError> {
        let lost = |error: tokio_postgres::Error| ViewError::Unavailable {
            cause: translate(&error).to_string(),
        };
        let unmarked: bool = self
            .client
            .query_one(&self.has_null, &[])
            .await
            .and_then(|row| row.try_get(0))
            .map_err(lost)?;
        if unmarked {
            return Err(ViewError::Unmarked);
        }
        let parameters: [&(dyn ToSql + Sync); 2] = [&from, &limit];
        let rows = self.client.query_raw(&self.statement, parameters).await.map_err(lost)?;
        pin_mut!(rows);
        while let Some(row) = rows.next().await {
            let row = row.map_err(lost)?;
            let text = |at: usize| row.try_get::<_, Option<String>>(at).map(Option::unwrap_or_default);
            let read = ViewRow {
                watermark: text(0).map_err(lost)?,
                key: text(1).map_err(lost)?,
                cells: (2..row.len()).map(text).collect::<Result<_, _>>().map_err(lost)?,
            };
            if !each(read) {
                break;
            }
        }
        Ok(())
    }
}

fn unfit(error: &tokio_postgres::Error, what: &'static str) -> ViewError {
    if error.as_db_error().is_some() {
        ViewError::Unfit { what }
    } else {
        ViewError::Unavailable {
            cause: translate(error).to_string(),
        }
    }
}

/// A quoted identifier (SQL:2016, 5.2 delimited identifier).
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
