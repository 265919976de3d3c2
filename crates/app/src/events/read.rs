//! Reading events: recipients their own, from a cursor on; persons who was told about theirs; the operator what was given up.

use domain::Moment;
use domain::catalogue::Text;
use policy::{Caller, CallerKind, Permit, ReadOwnLookUps};
use store::{DueEvent, Event, EventCounts, EventKind, Recipient};
use uuid::Uuid;

use super::{EventView, view};
use crate::{App, AppError, names, own_looks};

/// Events on one page.
pub const PAGE_MAX: u32 = 100;
/// Events about one person that are shown, the newest.
const ABOUT_MAX: u32 = 500;

/// A page of events.
#[derive(Debug, Clone)]
pub struct Page {
    /// Events, oldest first.
    pub events: Vec<EventView>,
    /// Where to read on; also when the page is empty.
    pub cursor: Option<Uuid>,
}

/// Who was told what about a record of the person.
#[derive(Debug, Clone)]
pub struct ToldEvent {
    /// What happened.
    pub kind: EventKind,
    /// The record.
    pub record: Option<Uuid>,
    /// The look-up by which they knew.
    pub look_up: Uuid,
    /// Who.
    pub organisation: Text,
    /// Whether its system is told.
    pub is_to_system: bool,
    /// When it happened.
    pub at: Moment,
    /// How far it is.
    pub delivered: Delivered,
}

/// How far an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivered {
    /// The recipient took it then.
    Told(Moment),
    /// It waits for the recipient.
    Waiting,
}

/// Whose events `caller` reads: a system its own, an officer those of the officers of the organisation.
fn recipient(caller: &Caller) -> Result<Recipient, AppError> {
    let client = match caller.kind {
        CallerKind::System => Some(caller.account),
        CallerKind::Officer => None,
        _ => return Err(AppError::NotFound),
    };
    let organisation = caller.organisation.clone().ok_or(AppError::NotFound)?;
    Ok(Recipient { organisation, client })
}

/// The place of a cursor among the recipient's own events; another's is as absent as none.
async fn place(app: &App, recipient: &Recipient, cursor: Uuid) -> Result<i64, AppError> {
    let event = app.store().find_event(cursor).await?;
    let own = event.filter(|event| event.organisation == recipient.organisation && event.client == recipient.client);
    own.map(|event| event.order).ok_or(AppError::NotFound)
}

/// Events of the caller after `after`, oldest first. Whoever reads on past an event has taken it.
///
/// # Errors
///
/// [`AppError::NotFound`] if `after` is no event of the caller, or the caller receives none; if store or vault fail.
pub async fn acknowledge_and_list(
    app: &App,
    caller: &Caller,
    after: Option<Uuid>,
    limit: u32,
) -> Result<Page, AppError> {
    app.log().must_be_current()?;
    let recipient = recipient(caller)?;
    let place = match after {
        Some(cursor) => place(app, &recipient, cursor).await?,
        None => 0,
    };
    if after.is_some() {
        app.store().acknowledge_events(&recipient, place, app.now()).await?;
    }
    let events = app
        .store()
        .events_of(&recipient, place, limit.clamp(1, PAGE_MAX))
        .await?;
    let mut views = Vec::with_capacity(events.len());
    for event in &events {
        views.push(view(app, event).await?);
    }
    Ok(Page {
        cursor: views.last().map(|view| view.id).or(after),
        events: views,
    })
}

/// Sends all events of the calling system after `after` to its endpoint again, under the same ids; how many.
///
/// # Errors
///
/// [`AppError::NotFound`] if `after` is no event of the caller or the caller is no system; if the store fails.
pub async fn replay(app: &App, caller: &Caller, after: Option<Uuid>) -> Result<u64, AppError> {
    app.log().must_be_current()?;
    let recipient = recipient(caller)?;
    let client = recipient.client.ok_or(AppError::NotFound)?;
    let place = match after {
        Some(cursor) => place(app, &recipient, cursor).await?,
        None => 0,
    };
    Ok(app.store().replay_events(client, place, app.now()).await?)
}

/// Who was told that a record of the person fell, newest first. Nothing is said of a look-up that is withheld yet (R6).
///
/// # Errors
///
/// If the trace of this read cannot be written (then nothing is read), or store or vault fail.
pub async fn told_about_me(app: &App, permit: &Permit<ReadOwnLookUps>) -> Result<Vec<ToldEvent>, AppError> {
    let persons = own_looks::persons(app, permit, "own_events").await?;
    let now = app.now();
    let mut told = Vec::new();
    for event in app.store().events_about(&persons, ABOUT_MAX).await? {
        let look = app.store().find_look_up(event.look_up).await?;
        let is_withheld = look.is_none_or(|look| look.withheld_until.is_some_and(|until| until > now));
        if !is_withheld {
            told.push(told_event(app, &event));
        }
    }
    Ok(told)
}

fn told_event(app: &App, event: &Event) -> ToldEvent {
    ToldEvent {
        kind: event.kind,
        record: event.record,
        look_up: event.look_up,
        organisation: names::organisation(app.catalogue(), &event.organisation),
        is_to_system: event.client.is_some(),
        at: event.at,
        delivered: event.told_at.map_or(Delivered::Waiting, Delivered::Told),
    }
}

/// How many events wait, for the operator.
///
/// # Errors
///
/// If the store fails.
pub async fn counts(app: &App) -> Result<EventCounts, AppError> {
    Ok(app.store().event_counts().await?)
}

/// Events that were given up, for the operator: without personal data.
///
/// # Errors
///
/// If the store fails.
pub async fn dead(app: &App, limit: u32) -> Result<Vec<DueEvent>, AppError> {
    Ok(app.store().dead_events(limit).await?)
}

/// Tries all that was given up again, for the operator; how many.
///
/// # Errors
///
/// If the store fails.
pub async fn revive(app: &App) -> Result<u64, AppError> {
    Ok(app.store().revive_events(app.now()).await?)
}
