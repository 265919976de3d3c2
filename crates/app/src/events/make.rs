//! From what is owed to events: found by clear columns, each once.

use domain::Moment;
use serde_json::Value;
use store::{Alarm, AlarmKind, Asker, NewEvent, Owed, RecordId, Sealed};
use uuid::Uuid;

use super::{is_unreadable, lease};
use crate::keys::LOOK_UP_ANSWER;
use crate::{App, AppError, entry};

/// Work of each kind that shares a transaction.
const BATCH: u32 = 200;
/// A look-up whose answer is not written down after so many milliseconds will not be: it was lost with its process.
const UNCONFIRMED_MS: i64 = 2 * 60 * 1000;

/// What a batch came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Made {
    /// Events that were made.
    pub events: u64,
    /// Whether nothing waited; if something did, more may wait.
    pub is_all: bool,
}

/// Makes events of what is owed, one batch, so that what is made is sent however much there is to make; `None` if another
/// process holds the lease.
///
/// # Errors
///
/// If the store fails or the lease was lost on the way; nothing is half-done then.
pub async fn make_once(app: &App, holder: Uuid) -> Result<Option<Made>, AppError> {
    let Some(held) = lease(app, holder).await? else {
        return Ok(None);
    };
    let now = app.now();
    let asked_before = Moment(now.0.saturating_sub(UNCONFIRMED_MS));
    let work = app.store().event_work(now.day(), asked_before, BATCH).await?;
    let is_all = work.is_empty();
    let listed = listed(app, &work.unlisted).await?;
    let events: Vec<NewEvent> = work.owed.iter().map(|owed| event(owed, now)).collect();
    if !is_all {
        app.store().append_events(held, &work, &listed, &events).await?;
    }
    if !events.is_empty() {
        tracing::info!(events = events.len(), "recipients are owed events");
    }
    Ok(Some(Made {
        events: events.len() as u64,
        is_all,
    }))
}

/// The event for what is owed. Its id follows from what it tells.
fn event(owed: &Owed, now: Moment) -> NewEvent {
    let record = owed.record.map_or(Uuid::nil(), |(_, uuid)| uuid);
    let told = [
        owed.look_up.as_bytes().as_slice(),
        record.as_bytes(),
        owed.kind.as_str().as_bytes(),
    ];
    let id = uuid::Builder::from_custom_bytes(short(translog::entry_hash("event", &told))).into_uuid();
    let lane = match owed.person {
        Some(person) => short(translog::entry_hash("event lane", &[&person.0.to_be_bytes()])),
        // Whom the look-up is about is not known here.
        None => owed.look_up.into_bytes(),
    };
    NewEvent {
        uuid: id,
        owed: owed.clone(),
        lane,
        at: now,
    }
}

fn short(hash: [u8; 32]) -> [u8; 16] {
    hash.first_chunk().copied().unwrap_or_default()
}

/// Records that answers showed before there was a list of them, read from the answers. One that cannot be read is passed over,
/// and the operator is told: nobody else's events wait for it.
async fn listed(app: &App, answers: &[(Uuid, Sealed)]) -> Result<Vec<(Uuid, RecordId)>, AppError> {
    let mut listed = Vec::new();
    for (look_up, content) in answers {
        match shown(app, *look_up, content).await {
            Ok(records) => listed.extend(records.into_iter().map(|record| (*look_up, record))),
            Err(error) if is_unreadable(&error) => tell_of_unreadable(app, *look_up, &error).await?,
            Err(error) => return Err(error),
        }
    }
    Ok(listed)
}

async fn shown(app: &App, look_up: Uuid, content: &Sealed) -> Result<Vec<RecordId>, AppError> {
    let entry = entry::open(app, LOOK_UP_ANSWER, look_up, content)?;
    let content = entry.map(|entry| entry.json()).unwrap_or_default();
    let mut records = Vec::new();
    for handle in handles(&content) {
        records.extend(app.store().find_record(handle).await?.map(|record| record.id));
    }
    Ok(records)
}

/// The records of an answer, as it named them.
fn handles(content: &Value) -> Vec<Uuid> {
    let items = content.get("items").and_then(Value::as_array).into_iter().flatten();
    let records = items.filter_map(|item| item.get("records")?.as_array()).flatten();
    records
        .filter_map(|record| Uuid::parse_str(record.as_str()?).ok())
        .collect()
}

/// What the look-up showed is not known, so its asker will not be told when it falls.
async fn tell_of_unreadable(app: &App, look_up: Uuid, error: &AppError) -> Result<(), AppError> {
    tracing::error!(error.code = "EVENT-0002", %look_up, cause = error.code(), "an answer cannot be read, nobody is told of what it showed");
    let look = app.store().find_look_up(look_up).await;
    let asker: Option<Asker> = look.ok().flatten().and_then(|look| look.asker);
    let Some(asker) = asker else { return Ok(()) };
    let alarm = Alarm {
        kind: AlarmKind::EventUndelivered,
        organisation: asker.organisation,
        account: asker.account,
        client: asker.client,
        purpose: Some(asker.purpose),
        look_up: Some(look_up),
        at: app.now(),
    };
    Ok(app.store().raise_alarm(&alarm).await?)
}
