//! The sequencer: one process at a time gives outbox rows their dense log indexes, held by a lease with fencing, and publishes
//! the log over them.

use std::time::Duration;

use store::{Lease, SEQUENCER_LEASE};
use uuid::Uuid;

use crate::log::{self, Publisher, Standing};
use crate::{App, AppError};

/// Outbox rows per transaction.
const BATCH: u32 = 4096;
/// How long a lease lasts without renewal, in milliseconds.
const LEASE_MS: i64 = 10_000;
/// Pause between two turns: an entry is sequenced and published within about half a second.
const IDLE: Duration = Duration::from_millis(400);
/// Turns at most for which publishing pauses after failures: about thirteen seconds.
const PAUSE_MAX: u32 = 32;

/// Sequences everything that waits; returns how many rows, or `None` if another process holds the lease.
///
/// # Errors
///
/// If the store fails or the lease was lost on the way; nothing is half-done then.
pub async fn run_once(app: &App, holder: Uuid) -> Result<Option<u64>, AppError> {
    let mut total = 0;
    loop {
        let Some(lease) = lease(app, holder).await? else {
            return Ok(None);
        };
        let done = app.store().sequence(lease, app.now(), BATCH).await?;
        total += u64::from(done);
        if done < BATCH {
            return Ok(Some(total));
        }
    }
}

/// Sequences and publishes everything that waits, once; the size that is published, or `None` if another process holds the
/// lease. While the store is not known to be the newest, nothing is sequenced.
///
/// # Errors
///
/// If the store fails, the lease was lost on the way, or the log cannot be published.
pub async fn publish_once(app: &App, holder: Uuid, publisher: &mut Publisher) -> Result<Option<u64>, AppError> {
    let Some(held) = lease(app, holder).await? else {
        return Ok(None);
    };
    publisher.check_clock(app)?;
    publisher.confirm(app, held).await?;
    run_once(app, holder).await?;
    let Some(held) = lease(app, holder).await? else {
        return Ok(None);
    };
    publisher.publish(app, held).await.map(Some)
}

async fn lease(app: &App, holder: Uuid) -> Result<Option<Lease>, AppError> {
    Ok(app
        .store()
        .take_lease(SEQUENCER_LEASE, holder, app.now(), LEASE_MS)
        .await?)
}

/// Runs until the task is dropped. A failure is logged and tried again: effects wait in the outbox meanwhile.
pub async fn run(app: App) {
    let holder = app.fresh_uuid();
    let mut publisher = Publisher::new(&app);
    let (mut sequencing, mut publishing) = (Failures::default(), Failures::default());
    let mut pause = 0;
    loop {
        if pause > 0 {
            pause -= 1;
            // Publishing waits, sequencing does not, unless the entries here may not be the newest, or would get wrong moments.
            if log::standing(&app) == Standing::Current && publisher.check_clock(&app).is_ok() {
                sequencing.note(run_once(&app, holder).await.map(drop));
            }
        } else {
            publishing.note(publish_once(&app, holder, &mut publisher).await.map(drop));
            pause = publishing
                .0
                .checked_sub(1)
                .map_or(0, |more| 1 << more.min(5))
                .min(PAUSE_MAX);
        }
        tokio::time::sleep(IDLE).await;
    }
}

/// How often in a row something failed.
#[derive(Default)]
struct Failures(u32);

impl Failures {
    fn note(&mut self, outcome: Result<(), AppError>) {
        let Err(error) = outcome else {
            self.0 = 0;
            return;
        };
        self.0 = self.0.saturating_add(1);
        let failures = self.0;
        // Ever more rarely: a store that is away for hours must not fill the log with the same line.
        if !failures.is_power_of_two() {
            return;
        }
        let code = error.code();
        if matches!(error, AppError::Log(_)) {
            tracing::error!(error.code = code, %error, failures, "the log is not published; docs/errors.md says what to do");
        } else {
            tracing::warn!(error.code = code, %error, failures, "sequencing failed, it is tried again");
        }
    }
}
