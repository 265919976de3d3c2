//! The sequencer: one process at a time gives outbox rows their dense log indexes, held by a lease with fencing.

use std::time::Duration;

use store::SEQUENCER_LEASE;
use uuid::Uuid;

use crate::{App, AppError};

/// Outbox rows per transaction.
const BATCH: u32 = 4096;
/// How long a lease lasts without renewal, in milliseconds.
const LEASE_MS: i64 = 10_000;
/// Pause when the outbox is empty.
const IDLE: Duration = Duration::from_millis(250);

/// Sequences everything that waits; returns how many rows, or `None` if another process holds the lease.
///
/// # Errors
///
/// If the store fails or the lease was lost on the way; nothing is half-done then.
pub async fn run_once(app: &App, holder: Uuid) -> Result<Option<u64>, AppError> {
    let mut total = 0;
    loop {
        let now = app.now();
        let Some(lease) = app.store().take_lease(SEQUENCER_LEASE, holder, now, LEASE_MS).await? else {
            return Ok(None);
        };
        let done = app.store().sequence(lease, now, BATCH).await?;
        total += u64::from(done);
        if done < BATCH {
            return Ok(Some(total));
        }
    }
}

/// Runs until the task is dropped. A failure is logged and tried again: effects wait in the outbox meanwhile.
pub async fn run(app: App) {
    let holder = app.fresh_uuid();
    let mut failures: u32 = 0;
    loop {
        match run_once(&app, holder).await {
            Ok(_) => failures = 0,
            Err(error) => {
                failures = failures.saturating_add(1);
                // Ever more rarely: a store that is away for hours must not fill the log with the same line.
                if failures.is_power_of_two() {
                    tracing::warn!(error.code = error.code(), %error, failures, "sequencing failed, it is tried again");
                }
            }
        }
        tokio::time::sleep(IDLE).await;
    }
}
