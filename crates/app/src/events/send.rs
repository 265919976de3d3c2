//! Sending events to endpoints: the first of each lane, again after ever longer pauses, until it is taken or given up.

use domain::Moment;
use futures::future::join_all;
use store::{Alarm, AlarmKind, DueEvent};
use uuid::Uuid;

use super::{EventView, lease, view};
use crate::{App, AppError};

/// Events sent at once.
const AT_ONCE: u32 = 32;
/// … to one system: one that answers slowly does not take the places of the others.
const AT_ONCE_PER_CLIENT: u32 = 4;

/// An event on its way, with what its signature needs (RFC 9421).
#[derive(Clone)]
pub struct Outgoing {
    /// Where to.
    pub url: String,
    /// Body: `CloudEvents` 1.0, structured JSON.
    pub body: Vec<u8>,
    /// Parameter `keyid`: by it the published key is found.
    pub key: String,
    /// Parameter `created`, in seconds.
    pub created: i64,
    /// Parameter `nonce`: each attempt has one of its own.
    pub nonce: String,
    app: App,
}

impl Outgoing {
    /// Signs a signature base with the city's key: Ed25519.
    ///
    /// # Errors
    ///
    /// [`NotTaken`] if the key is in a token and that does not answer.
    pub fn sign(&self, base: &[u8]) -> Result<[u8; 64], NotTaken> {
        self.app.vault().sign_log(base).map_err(|_| NotTaken {
            why: "the signing key does not answer",
        })
    }
}

/// The recipient did not take the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the recipient did not take it: {why}")]
pub struct NotTaken {
    /// Why, in words of ours: nothing that the recipient answered.
    pub why: &'static str,
}

/// What became of the events that were due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sent {
    /// Taken by their recipients.
    pub told: u64,
    /// To be tried again.
    pub put_off: u64,
    /// Given up.
    pub given_up: u64,
}

/// Sends what is due once; what became of it, or `None` if another process holds the lease.
///
/// # Errors
///
/// If the store fails: then it is sent again, under the same id.
pub async fn send_once(app: &App, holder: Uuid, sender: &dyn super::EventSender) -> Result<Option<Sent>, AppError> {
    if lease(app, holder).await?.is_none() {
        return Ok(None);
    }
    let due = app.store().due_events(app.now(), AT_ONCE, AT_ONCE_PER_CLIENT).await?;
    let mut sent = Sent::default();
    for outcome in join_all(due.iter().map(|due| send(app, sender, due))).await {
        match outcome? {
            Outcome::Told => sent.told += 1,
            Outcome::PutOff => sent.put_off += 1,
            Outcome::GivenUp => sent.given_up += 1,
        }
    }
    Ok(Some(sent))
}

enum Outcome {
    Told,
    PutOff,
    GivenUp,
}

async fn send(app: &App, sender: &dyn super::EventSender, due: &DueEvent) -> Result<Outcome, AppError> {
    let (client, attempts) = (due.client, due.attempts.saturating_add(1));
    let outgoing = outgoing(app, due, view(app, &due.event).await);
    let sent = match &outgoing {
        Ok(outgoing) => sender.send(outgoing).await,
        Err(fault) => Err(*fault),
    };
    let Err(refused) = sent else {
        app.store().note_told(due.event.order, app.now()).await?;
        return Ok(Outcome::Told);
    };
    if attempts < app.settings().events.attempts_max() {
        let next_at = Moment(app.now().0.saturating_add(pause_ms(app, attempts)));
        app.store().put_off(due.event.order, attempts, next_at).await?;
        tracing::info!(%client, attempts, why = refused.why, "an event was not taken, it is tried again");
        return Ok(Outcome::PutOff);
    }
    let alarm = Alarm {
        kind: AlarmKind::EventUndelivered,
        organisation: due.event.organisation.clone(),
        account: client,
        client: Some(client),
        purpose: None,
        look_up: Some(due.event.look_up),
        at: app.now(),
    };
    app.store().give_up(due.event.order, attempts, &alarm).await?;
    tracing::error!(error.code = "EVENT-0001", %client, attempts, why = refused.why, "an event was given up");
    Ok(Outcome::GivenUp)
}

/// The event as it is sent; what stands in its way is an attempt of its own, and no other waits for it.
fn outgoing(app: &App, due: &DueEvent, seen: Result<EventView, AppError>) -> Result<Outgoing, NotTaken> {
    let seen = seen.map_err(|error| {
        tracing::warn!(error.code = error.code(), %error, event = %due.event.uuid, "an event cannot be read");
        NotTaken {
            why: "it cannot be read here",
        }
    })?;
    let nonce = vault::random_bytes::<16>().map_err(|_| NotTaken {
        why: "there is no random number",
    })?;
    Ok(Outgoing {
        url: due.url.clone(),
        body: seen.json.into_bytes(),
        key: key_id(&app.public_key()),
        created: app.now().0.div_euclid(1000),
        nonce: hex::encode(nonce),
        app: app.clone(),
    })
}

/// Name of a key of the city, by which recipients find it among the published ones: the thumbprint of its JWK (RFC 7638).
#[must_use]
pub fn key_id(public_key: &[u8; 32]) -> String {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let x = URL_SAFE_NO_PAD.encode(public_key);
    let jwk = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    URL_SAFE_NO_PAD.encode(vault::digest(&[jwk.as_bytes()]))
}

/// The pause after so many attempts. Half of it is drawn, so that recipients that came back together are not asked together.
fn pause_ms(app: &App, attempts: u32) -> i64 {
    let whole = app.settings().events.pause_ms(attempts);
    // The lowest bits of a fresh id are drawn.
    let drawn = i64::try_from(app.fresh_uuid().as_u128() & 0xFFFF).unwrap_or_default();
    whole / 2 + (whole / 2).saturating_mul(drawn) / 0xFFFF
}
