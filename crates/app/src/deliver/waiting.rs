//! Deliveries that stopped for a reason that passes, a full disk or a store that does not answer: they go on by themselves.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use store::StoreError;
use uuid::Uuid;

use super::room::must_have_room;
use super::{DeliverError, Started, staging, start};
use crate::{App, AppError};

/// Between two looks at what waits, and at the reserve.
const TICK: Duration = Duration::from_secs(1);
const FIRST_PAUSE_MS: i64 = 1_000;
/// A store that is away for hours is asked once a minute for each delivery.
const LONGEST_PAUSE_MS: i64 = 60_000;

/// The uploads that wait, each with its pause.
#[derive(Default)]
pub(crate) struct Waiting(Mutex<BTreeMap<Uuid, Pause>>);

#[derive(Debug, Clone, Copy, Default)]
struct Pause {
    failures: u32,
    next_ms: i64,
    /// It goes on at this moment.
    is_over: bool,
}

impl Pause {
    const fn is_due(self, now_ms: i64) -> bool {
        // A clock that was set back must not lengthen the pause.
        !self.is_over && (now_ms >= self.next_ms || self.next_ms - now_ms > LONGEST_PAUSE_MS)
    }
}

impl Waiting {
    /// How many wait.
    pub(crate) fn count(&self) -> usize {
        self.lock().values().filter(|pause| !pause.is_over).count()
    }

    /// Lets an upload wait until the next look.
    pub(super) fn hold(&self, upload: Uuid) {
        self.lock().entry(upload).or_default().is_over = false;
    }

    /// Its pause is over: until [`ended`] is called it is not looked at.
    fn begin(&self, upload: Uuid) {
        self.lock().entry(upload).or_default().is_over = true;
    }

    /// Lets an upload wait, longer with each failure; how many there were.
    fn add(&self, upload: Uuid, now_ms: i64) -> u32 {
        let mut waiting = self.lock();
        let pause = waiting.entry(upload).or_default();
        pause.failures = pause.failures.saturating_add(1);
        pause.is_over = false;
        let length = FIRST_PAUSE_MS << (pause.failures - 1).min(16);
        pause.next_ms = now_ms.saturating_add(length.min(LONGEST_PAUSE_MS));
        pause.failures
    }

    fn remove(&self, upload: Uuid) {
        self.lock().remove(&upload);
    }

    fn due(&self, now_ms: i64) -> Vec<Uuid> {
        let waiting = self.lock();
        let due = waiting.iter().filter(|(_, pause)| pause.is_due(now_ms));
        due.map(|(upload, _)| *upload).collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Uuid, Pause>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether what stopped a delivery passes, so that asking again makes sense.
const fn passes(error: &DeliverError) -> bool {
    match error {
        // Our disk or our register may come back as well.
        // What collided with other writers, or with a key that was retired, is planned anew.
        DeliverError::App(error) => {
            error.is_transient() || matches!(error, AppError::Io(_) | AppError::Store(StoreError::Conflict { .. }))
        }
        DeliverError::Elsewhere => true,
        _ => false,
    }
}

/// Notes how the intake of an upload ended, and tells the log when it stopped.
pub(super) fn ended(app: &App, upload: Uuid, outcome: &Result<(), DeliverError>) {
    let Err(error) = outcome else {
        app.waiting().remove(upload);
        return;
    };
    if passes(error) {
        let failures = app.waiting().add(upload, app.now().0);
        tracing::error!(upload.id = %upload, error.code = error.code(), %error, failures, "an intake stopped; it goes on by itself");
    } else {
        app.waiting().remove(upload);
        tracing::error!(upload.id = %upload, error.code = error.code(), %error, "an intake stopped; it is tried again at the next start");
    }
}

/// Resumes the confirmed uploads that a stop interrupted. Called once at start; what cannot go on now waits.
///
/// # Errors
///
/// If the staging folder cannot be read, or what lies there is damaged.
pub async fn resume(app: &App) -> Result<usize, DeliverError> {
    let mut resumed = 0;
    for upload in staging::confirmed(app).await? {
        match go_on(app, upload).await {
            Ok(()) => resumed += 1,
            Err(error) if passes(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(resumed)
}

/// Keeps the reserve whole and lets waiting deliveries go on, until the task is dropped.
pub async fn keep_going(app: App) {
    loop {
        restore(&app).await;
        for upload in app.waiting().due(app.now().0) {
            // Whatever it met is noted, and told.
            let _ = go_on(&app, upload).await;
        }
        tokio::time::sleep(TICK).await;
    }
}

/// Takes the reserve's blocks anew once there is space.
async fn restore(app: &App) {
    for reserve in app.settings().reserves.clone() {
        let restored = tokio::task::spawn_blocking(move || reserve.restore()).await;
        if let Ok(Err(error)) = restored {
            tracing::debug!(error = %error.kind(), "the reserve cannot be made");
        }
    }
}

/// Starts an upload again. Without room it waits on, quietly: that was told.
async fn go_on(app: &App, upload: Uuid) -> Result<(), DeliverError> {
    if let Err(full) = must_have_room(app) {
        app.waiting().hold(upload);
        return Err(full);
    }
    app.waiting().begin(upload);
    let started = match staging::open_confirmed(app, upload).await {
        Ok(opened) => start(app, opened).await,
        // Another process has finished it, or it was removed.
        Err(DeliverError::NotStaged) => {
            app.waiting().remove(upload);
            return Ok(());
        }
        Err(error) => Err(error),
    };
    match started {
        Ok(Started::Now(_)) => Ok(()),
        Ok(Started::Before(_)) => {
            app.waiting().remove(upload);
            Ok(())
        }
        Ok(Started::Already(_)) => {
            app.waiting().hold(upload);
            Ok(())
        }
        Err(error) => {
            let failed = Err(error);
            ended(app, upload, &failed);
            failed
        }
    }
}
