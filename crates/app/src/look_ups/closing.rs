//! What came of a look-up that returned an adverse fact: *not used*, or *proceeding no. X*; the person sees which (R3).

use domain::catalogue::{PurposeId, Text};
use domain::{Day, Moment, Uscc};
use policy::{Caller, CloseLookUp, Permit};
use serde_json::json;
use store::{Closed, Look, LookUpResult, NewClosing, StoreError, TraceOutcome};
use uuid::Uuid;

use super::LookUpFault;
use crate::keys::{CLOSING_REFERENCE, TRACE_CONTENT};
use crate::{App, AppError, entry};

/// Look-ups in a list.
pub const MAX_OPEN: u32 = 200;
/// Characters of the number of a proceeding.
const REFERENCE_CHARS: std::ops::RangeInclusive<usize> = 4..=60;

/// What an officer says came of it.
#[derive(Debug, Clone, Copy)]
pub enum ClosingAsked<'a> {
    /// Nothing that was learnt was used.
    NotUsed,
    /// A proceeding began.
    Proceeding(&'a str),
}

/// A look-up as its organisation sees it afterwards: its state, never its contents again.
#[derive(Debug, Clone)]
pub struct LookUpState {
    /// Public id.
    pub id: Uuid,
    /// When it was asked.
    pub at: Moment,
    /// Purpose.
    pub purpose: PurposeId,
    /// Matter number; `None` once the entry's content is erased.
    pub matter_no: Option<String>,
    /// Whether it is known what was answered; if not, it counts as disclosed.
    pub outcome: Option<TraceOutcome>,
    /// Last day to say what came of it.
    pub close_by: Option<Day>,
    /// What came of it, and when that was said.
    pub closed: Option<(LookUpResult, Moment)>,
    /// Hash of its log entry.
    pub entry_hash: [u8; 32],
}

/// A look-up that waits to be closed.
#[derive(Debug, Clone)]
pub struct OpenLookUp {
    /// What is known of it.
    pub state: LookUpState,
    /// Name of the purpose.
    pub purpose_name: Text,
    /// Organisation that asked.
    pub organisation: Uscc,
    /// Handle of the official who asked.
    pub official: String,
    /// Whether the day is over.
    pub is_overdue: bool,
}

/// What a policy question needs to know of a look-up.
///
/// # Errors
///
/// [`AppError::NotFound`] if there is none.
pub async fn head(app: &App, look_up: Uuid) -> Result<CloseLookUp, AppError> {
    if let Some(look) = app.store().find_look_up(look_up).await? {
        let organisation = look.asker.ok_or(AppError::NotFound)?.organisation;
        return Ok(CloseLookUp { look_up, organisation });
    }
    // A row of a comparison: there is nothing to close, and its organisation answers complaints about it.
    let block = app.store().find_block(store::chunk_uuid(look_up)).await?;
    let organisation = block.ok_or(AppError::NotFound)?.asker.organisation;
    Ok(CloseLookUp { look_up, organisation })
}

/// The state of a look-up, for its own organisation.
///
/// # Errors
///
/// [`AppError::NotFound`] if there is none.
pub async fn state(app: &App, permit: &Permit<CloseLookUp>) -> Result<LookUpState, AppError> {
    let look = app.store().find_look_up(permit.resource().look_up).await?;
    state_of(app, &look.ok_or(AppError::NotFound)?)
}

/// The matter number of a look-up, for its own organisation; `None` once it is erased.
pub(crate) async fn matter_no_of(app: &App, look_up: Uuid) -> Result<Option<String>, AppError> {
    let look = app.store().find_look_up(look_up).await?.ok_or(AppError::NotFound)?;
    Ok(state_of(app, &look)?.matter_no)
}

fn state_of(app: &App, look: &Look) -> Result<LookUpState, AppError> {
    let asker = look.asker.as_ref().ok_or(AppError::NotFound)?;
    let entry = entry::open(app, TRACE_CONTENT, look.trace.uuid, &look.trace.content)?;
    let matter_no = entry.and_then(|entry| entry.json().get("matter_no")?.as_str().map(str::to_owned));
    Ok(LookUpState {
        id: look.trace.uuid,
        at: look.trace.at,
        purpose: asker.purpose.clone(),
        matter_no,
        outcome: look.trace.outcome,
        close_by: look.answer.as_ref().and_then(|answer| answer.close_by),
        closed: look.closed.as_ref().map(|closed| (closed.result, closed.at)),
        entry_hash: look.entry_hash,
    })
}

/// Closes a look-up.
///
/// # Errors
///
/// [`LookUpFault::Closing`] if the number of the proceeding is no number, [`LookUpFault::Closed`] if it is closed.
pub async fn close(
    app: &App,
    permit: &Permit<CloseLookUp>,
    asked: ClosingAsked<'_>,
) -> Result<LookUpState, LookUpFault> {
    let look_up = permit.resource().look_up;
    let (result, reference) = match asked {
        ClosingAsked::NotUsed => (LookUpResult::NotUsed, None),
        ClosingAsked::Proceeding(number) => {
            let number = domain::MatterNo::parse(number).map_err(|_| LookUpFault::Closing)?;
            if !REFERENCE_CHARS.contains(&number.as_str().chars().count()) {
                return Err(LookUpFault::Closing);
            }
            (LookUpResult::Proceeding, Some(number))
        }
    };
    let (by, at) = (permit.caller().behind.unwrap_or(permit.caller().account), app.now());
    let content = json!({
        "v": 1,
        "kind": "closing",
        "look_up": look_up,
        "at": at.0,
        "result": result.as_str(),
        "proceeding": reference.as_ref().map(domain::MatterNo::as_str),
    });
    let (reference, entry_hash) = entry::seal(app, entry::CLOSING, CLOSING_REFERENCE, look_up, &content)?;
    let closing = NewClosing {
        look_up,
        closed: Closed {
            result,
            reference,
            by,
            entry_hash,
            at,
        },
    };
    match app.store().close_look_up(&closing).await {
        Ok(()) => Ok(state(app, permit).await?),
        Err(StoreError::Conflict { .. }) => Err(LookUpFault::Closed),
        // A block of a comparison: it gave no fact, and each look-up that follows is closed by itself.
        Err(StoreError::Missing { .. }) => Err(AppError::NotFound.into()),
        Err(error) => Err(error.into()),
    }
}

/// Look-ups that wait to be closed, those due first coming first: the officer's own, or all of the organisation's if
/// `is_whole_organisation`.
///
/// # Errors
///
/// If the store fails.
pub async fn open_ones(app: &App, caller: &Caller, is_whole_organisation: bool) -> Result<Vec<OpenLookUp>, AppError> {
    let Some(organisation) = &caller.organisation else {
        return Ok(Vec::new());
    };
    let officer = (!is_whole_organisation).then_some(caller.behind.unwrap_or(caller.account));
    let looks = app
        .store()
        .open_look_ups(Some(organisation), officer, None, MAX_OPEN)
        .await?;
    open_of(app, &looks)
}

/// Look-ups of everybody whose day is over: for the supervisor at the credit centre.
///
/// # Errors
///
/// If the store fails.
pub async fn overdue(app: &App) -> Result<Vec<OpenLookUp>, AppError> {
    let today = app.now().day();
    let looks = app.store().open_look_ups(None, None, Some(today), MAX_OPEN).await?;
    open_of(app, &looks)
}

fn open_of(app: &App, looks: &[Look]) -> Result<Vec<OpenLookUp>, AppError> {
    let today = app.now().day();
    looks
        .iter()
        .map(|look| {
            let asker = look.asker.as_ref().ok_or(AppError::NotFound)?;
            let state = state_of(app, look)?;
            Ok(OpenLookUp {
                purpose_name: crate::names::purpose(app.catalogue(), &asker.purpose),
                organisation: asker.organisation.clone(),
                official: crate::handles::handle(app, &asker.organisation, asker.account),
                is_overdue: state.close_by.is_some_and(|day| day < today),
                state,
            })
        })
        .collect()
}
