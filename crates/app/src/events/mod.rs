//! Events for departments' systems: whoever was shown a record is told when it falls: corrected, withdrawn, repaired, ended
//! (ADR 0019). An event holds no personal data; it says which of the recipient's own look-ups to make anew.
//!
//! `answer, fall → owed → made → sent, or read by the recipient → told`. Each arrow is one transaction of the store, so a stop
//! anywhere leaves the rest to the next turn: an event is told at least once, and always under the same id.

mod make;
mod read;
mod send;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use store::{EVENTS_LEASE, Event, EventKind, Lease, StoreError};
use uuid::Uuid;
use vault::VaultError;

use crate::log::{self, Standing};
use crate::{App, AppError};

pub use make::{Made, make_once};
pub use read::{
    Delivered, PAGE_MAX, Page, ToldEvent, acknowledge_and_list, counts, dead, replay, revive, told_about_me,
};
pub use send::{NotTaken, Outgoing, Sent, key_id, send_once};

/// How long a lease lasts without renewal, in milliseconds: longer than a round of sending takes.
const LEASE_MS: i64 = 60_000;
/// Pause between two turns.
const IDLE: Duration = Duration::from_secs(1);

/// How events are tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventSettings {
    /// An event that is not taken is tried again for at least so long before it is given up and the operator is told, in
    /// milliseconds.
    pub tried_for_ms: i64,
    /// Pause after the first failure, in milliseconds; it doubles each time. Half of a pause is drawn by lot.
    pub first_pause_ms: i64,
    /// Longest pause, in milliseconds.
    pub pause_ms_max: i64,
}

impl Default for EventSettings {
    /// Three days: a system that is down from Friday evening to Monday morning is not given up.
    fn default() -> Self {
        Self {
            tried_for_ms: 72 * 3600 * 1000,
            first_pause_ms: 10_000,
            pause_ms_max: 6 * 3600 * 1000,
        }
    }
}

impl EventSettings {
    /// The pause after so many attempts: it doubles, up to a bound. Half of it is certain, the other half is drawn.
    #[must_use]
    pub const fn pause_ms(&self, attempts: u32) -> i64 {
        let doublings = attempts.saturating_sub(1);
        let doublings = if doublings < 40 { doublings } else { 40 };
        let pause = self.first_pause_ms.saturating_mul(1 << doublings);
        if pause < self.pause_ms_max {
            pause
        } else {
            self.pause_ms_max
        }
    }

    /// After how many attempts an event is given up: the fewest between which `tried_for_ms` pass however the lots fall.
    #[must_use]
    pub const fn attempts_max(&self) -> u32 {
        let (mut attempts, mut passed_ms) = (1_u32, 0_i64);
        while passed_ms < self.tried_for_ms {
            let shortest = self.pause_ms(attempts) / 2;
            passed_ms = passed_ms.saturating_add(if shortest > 0 { shortest } else { 1 });
            attempts = attempts.saturating_add(1);
        }
        attempts
    }
}

/// Carries events to endpoints.
#[async_trait]
pub trait EventSender: Send + Sync {
    /// Sends one event, signed; returns once the recipient has taken it.
    async fn send(&self, outgoing: &Outgoing) -> Result<(), NotTaken>;
}

/// An event as its recipient reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventView {
    /// Id: told twice, it is the same.
    pub id: Uuid,
    /// The event as JSON: `CloudEvents` 1.0, structured mode.
    pub json: String,
}

/// Makes and sends events until the task is dropped. A failure is logged and tried again: what is owed waits in the store.
pub async fn run(app: App, sender: Arc<dyn EventSender>) {
    let holder = app.fresh_uuid();
    let mut failures: u32 = 0;
    loop {
        // A restored backup shows nothing to others.
        if log::standing(&app) == Standing::Current {
            match turn(&app, holder, &*sender).await {
                Ok(true) => {
                    failures = 0;
                    continue;
                }
                Ok(false) => failures = 0,
                Err(error) => {
                    failures = failures.saturating_add(1);
                    // Ever more rarely: a store that is away for hours must not fill the log with the same line.
                    if failures.is_power_of_two() {
                        tracing::warn!(error.code = error.code(), %error, failures, "no events were made or sent, it is tried again");
                    }
                }
            }
        }
        tokio::time::sleep(IDLE).await;
    }
}

/// Makes a batch of what is owed and sends a round of what is due; whether there was any of it.
async fn turn(app: &App, holder: Uuid, sender: &dyn EventSender) -> Result<bool, AppError> {
    let made = make_once(app, holder).await?;
    let sent = send_once(app, holder, sender).await?.unwrap_or_default();
    Ok(made.is_some_and(|made| !made.is_all) || sent.told + sent.put_off + sent.given_up > 0)
}

/// Takes the lease, and up what keys were rotated meanwhile: what does not open then is damaged.
async fn lease(app: &App, holder: Uuid) -> Result<Option<Lease>, AppError> {
    app.vault().refresh()?;
    let held = app
        .store()
        .take_lease(EVENTS_LEASE, holder, app.now(), LEASE_MS)
        .await?;
    Ok(held)
}

/// Whether what is stored cannot be read, however often it is tried.
const fn is_unreadable(error: &AppError) -> bool {
    matches!(
        error,
        AppError::Damaged { .. }
            | AppError::NotFound
            | AppError::Store(StoreError::Damaged { .. })
            | AppError::Vault(VaultError::DoesNotOpen | VaultError::UnknownKeyVersion { .. })
    )
}

/// The number of the matter; none where it was erased, or cannot be read: then the recipient knows the look-up by its id.
async fn matter_no(app: &App, event: &Event) -> Result<Option<String>, AppError> {
    match crate::look_ups::matter_no_of(app, event.look_up).await {
        Err(error) if is_unreadable(&error) => {
            tracing::error!(error.code = "EVENT-0002", look_up = %event.look_up, cause = error.code(), "a look-up cannot be read, its event lacks the matter");
            Ok(None)
        }
        read => read,
    }
}

/// The event as JSON. It names look-up, matter and record as the recipient's own answer did, and nothing about the person.
async fn view(app: &App, event: &Event) -> Result<EventView, AppError> {
    let matter_no = matter_no(app, event).await?;
    let (zh, en) = next(event.kind);
    let mut data = serde_json::json!({
        "look_up": event.look_up,
        "what": event.kind.as_str(),
        "next": { "zh": zh, "en": en },
    });
    if let Some(fields) = data.as_object_mut() {
        fields.extend(
            event
                .record
                .map(|record| ("record".to_owned(), record.to_string().into())),
        );
        fields.extend(matter_no.map(|number| ("matter_no".to_owned(), number.into())));
    }
    let about = match event.kind {
        EventKind::Unconfirmed => "look_up",
        _ => "record",
    };
    let json = serde_json::json!({
        "specversion": "1.0",
        "id": event.uuid,
        "source": format!("//{}", app.log().origin()),
        "type": format!("chengdang.{about}.{}", event.kind.as_str()),
        "subject": event.look_up,
        "time": format!("{}+08:00", event.at.local_text().replacen(' ', "T", 1)),
        "datacontenttype": "application/json",
        "data": data,
    });
    Ok(EventView {
        id: event.uuid,
        json: json.to_string(),
    })
}

/// What the recipient has to do.
const fn next(kind: EventKind) -> (&'static str, &'static str) {
    match kind {
        EventKind::Corrected => (
            "该记录已更正，原内容不得再使用。办件未结的，请重新查询；已据此作出决定的，请复核并告知本人。",
            "the record was corrected: what it said is no longer to be used; if the matter is open, look up again; if a \
             decision rests on it, review it and tell the person",
        ),
        EventKind::Withdrawn => (
            "该记录已撤销，不得再使用。已据此作出决定的，请复核并告知本人。",
            "the record was withdrawn and is no longer to be used; if a decision rests on it, review it and tell the person",
        ),
        EventKind::Repaired => (
            "该记录已完成信用修复，不得再使用，留存的副本请删除。办件未结的，请重新查询。",
            "the record was repaired and is no longer to be used: delete what you kept; if the matter is open, look up again",
        ),
        EventKind::Ended => (
            "该记录的查询期限已届满，不得再使用，留存的副本请删除。",
            "the record has reached its end and is no longer to be used: delete what you kept",
        ),
        EventKind::Unconfirmed => (
            "本次查询的答复未能登记。如已收到，请勿使用，并重新查询。",
            "what this look-up answered was not written down: if you received it, do not use it, and look up again",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::EventSettings;

    const HOUR: i64 = 3600 * 1000;

    /// Pauses between all attempts, if every lot falls on `certain` of two halves: 1 = the shortest, 2 = the longest.
    fn passed_ms(settings: &EventSettings, attempts: u32, certain: i64) -> i64 {
        (1..attempts)
            .map(|attempt| settings.pause_ms(attempt) / 2 * certain)
            .sum()
    }

    #[test]
    fn a_weekend_is_not_given_up() {
        let settings = EventSettings::default();
        let attempts = settings.attempts_max();
        // From Friday, 17:00, to Monday, 9:00.
        assert!(passed_ms(&settings, attempts, 1) >= 64 * HOUR);
        assert!(passed_ms(&settings, attempts, 1) >= settings.tried_for_ms);
        assert!(
            passed_ms(&settings, attempts - 1, 1) < settings.tried_for_ms,
            "no more than it takes"
        );
        assert!(
            passed_ms(&settings, attempts, 2) < 7 * 24 * HOUR,
            "nobody waits for ever"
        );
    }

    #[test]
    fn what_an_operator_sets_holds_as_well() {
        for (hours, first_pause_ms, pause_ms_max) in
            [(1, 1000, 1000), (1, 60_000, 60_000), (720, 1000, 24 * HOUR), (5, 3, 7)]
        {
            let settings = EventSettings {
                tried_for_ms: hours * HOUR,
                first_pause_ms,
                pause_ms_max,
            };
            assert!(
                passed_ms(&settings, settings.attempts_max(), 1) >= hours * HOUR,
                "{settings:?}"
            );
        }
        let nothing = EventSettings {
            tried_for_ms: 10,
            first_pause_ms: 0,
            pause_ms_max: 0,
        };
        assert_eq!(nothing.attempts_max(), 11, "it comes to an end");
    }

    #[test]
    fn pauses_double_up_to_their_bound() {
        let settings = EventSettings::default();
        let pauses: Vec<i64> = [1, 2, 3, 12, 13, 14, u32::MAX]
            .map(|attempts| settings.pause_ms(attempts) / 1000)
            .into();
        assert_eq!(pauses, [10, 20, 40, 20_480, 21_600, 21_600, 21_600]);
    }
}
