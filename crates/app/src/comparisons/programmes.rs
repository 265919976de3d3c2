//! Comparison programmes: an officer proposes, a second officer of the organisation and the credit centre approve.

use domain::Day;
use domain::catalogue::{ItemId, PurposeId};
use policy::{ApproveProgramme, Caller, CallerKind, Permit, RegisterProgramme};
use serde_json::json;
use store::{NewProgramme, NewProgrammeStep, Programme, ProgrammeStepKind, StoreError};
use uuid::Uuid;

use super::{ComparisonFault, ITEMS_MAX};
use crate::look_ups::{LookUpFault, ask};
use crate::{App, AppError};

/// Programmes in a list.
const LIST_MAX: u32 = 200;
/// Days for which a programme may run: then it is proposed anew (PIPL art. 55 asks for a new assessment).
const DAYS_MAX: i32 = 366;
/// Characters of an aim.
const AIM_CHARS: std::ops::RangeInclusive<usize> = 4..=200;

/// What an officer proposes.
#[derive(Debug, Clone, Copy)]
pub struct Proposal<'a> {
    /// Purpose, `PUR-…`.
    pub purpose: &'a str,
    /// What it is for, in the officer's words.
    pub aim: &'a str,
    /// Items, `ITM-…`.
    pub items: &'a [String],
    /// Rows that may be compared in a day.
    pub rows_a_day: u32,
    /// Last day on which it runs.
    pub last_day: Day,
}

/// A programme, as its organisation and the credit centre see it.
#[derive(Debug, Clone)]
pub struct ProgrammeState {
    /// As stored.
    pub programme: Programme,
    /// Whether it is over.
    pub has_ended: bool,
    /// Whether batches may be compared under it.
    pub is_running: bool,
}

impl ProgrammeState {
    fn of(programme: Programme, today: Day) -> Self {
        let has_ended = programme.has_ended(today);
        let is_approved =
            programme.by(ProgrammeStepKind::Department).is_some() && programme.by(ProgrammeStepKind::Centre).is_some();
        Self {
            is_running: is_approved && !has_ended,
            has_ended,
            programme,
        }
    }
}

/// Checks what is proposed and makes the question for the policies.
///
/// # Errors
///
/// [`ComparisonFault`] for the first thing that is wrong.
pub fn propose_question(
    app: &App,
    caller: &Caller,
    proposal: &Proposal<'_>,
) -> Result<RegisterProgramme, ComparisonFault> {
    let id = PurposeId::parse(proposal.purpose).map_err(|_| LookUpFault::Purpose)?;
    let purpose = app.catalogue().purposes.get(&id).ok_or(LookUpFault::Purpose)?;
    let items = ask::items(app, proposal.items)?;
    let today = app.now().day();
    let days = proposal.last_day.to_epoch_days() - today.to_epoch_days();
    let aim = proposal.aim.trim();
    let is_whole = AIM_CHARS.contains(&aim.chars().count())
        && !aim.chars().any(char::is_control)
        && items.len() <= ITEMS_MAX
        && (1..=i32::MAX.unsigned_abs()).contains(&proposal.rows_a_day)
        && (0..=DAYS_MAX).contains(&days);
    if !is_whole {
        return Err(ComparisonFault::Proposal);
    }
    let organisation = caller.organisation.clone().ok_or(ComparisonFault::Proposal)?;
    Ok(RegisterProgramme::of(organisation, purpose, items))
}

/// Registers what was permitted; it waits for its two approvals.
///
/// # Errors
///
/// If the store fails.
pub async fn propose(
    app: &App,
    permit: &Permit<RegisterProgramme>,
    proposal: &Proposal<'_>,
) -> Result<ProgrammeState, ComparisonFault> {
    let asked = permit.resource();
    let purpose = app.catalogue().purposes.get(asked.purpose());
    let statute = purpose.and_then(|purpose| purpose.statute.as_ref());
    // A purpose in force has a statute; the policies asked for one in force.
    let statute = statute.ok_or(ComparisonFault::Proposal)?;
    let mut new = NewProgramme {
        uuid: app.fresh_uuid(),
        organisation: asked.organisation().clone(),
        purpose: asked.purpose().clone(),
        statute: format!("{} {}", statute.document, statute.article),
        aim: proposal.aim.trim().to_owned(),
        items: asked.items().to_vec(),
        rows_a_day: proposal.rows_a_day,
        last_day: proposal.last_day,
        by: permit.caller().account,
        entry_hash: [0; 32],
        at: app.now(),
    };
    new.entry_hash = translog::entry_hash("programme", &[document(&new).as_bytes()]);
    app.store().register_programme(&new).await?;
    let programme = Programme {
        proposed: new,
        steps: Vec::new(),
    };
    Ok(ProgrammeState::of(programme, app.now().day()))
}

/// A programme as the log's entry stands for it. It names no person but accounts of officials.
fn document(new: &NewProgramme) -> String {
    json!({
        "v": 1,
        "kind": "programme",
        "id": new.uuid,
        "organisation": new.organisation.as_str(),
        "purpose": new.purpose.as_str(),
        "statute": new.statute,
        "aim": new.aim,
        "items": new.items.iter().map(ItemId::as_str).collect::<Vec<_>>(),
        "rows_a_day": new.rows_a_day,
        "last_day": new.last_day.to_string(),
        "by": new.by,
        "at": new.at.0,
    })
    .to_string()
}

/// The question whether the caller may approve, or end, a programme.
///
/// # Errors
///
/// [`ComparisonFault::Programme`] if there is none.
pub async fn approve_question(app: &App, programme: Uuid) -> Result<ApproveProgramme, ComparisonFault> {
    let found = app.store().find_programme(programme).await?;
    let proposed = found.ok_or(ComparisonFault::Programme)?.proposed;
    Ok(ApproveProgramme {
        programme,
        organisation: proposed.organisation,
        proposer: proposed.by,
    })
}

/// Approves a programme: for its organisation, or for the credit centre.
///
/// # Errors
///
/// [`ComparisonFault::Approval`] if it has this approval, the same human gave the other one, or it has ended.
pub async fn approve(app: &App, permit: &Permit<ApproveProgramme>) -> Result<ProgrammeState, ComparisonFault> {
    let kind = match permit.caller().kind {
        CallerKind::Centre => ProgrammeStepKind::Centre,
        _ => ProgrammeStepKind::Department,
    };
    step(app, permit.resource().programme, kind, permit.caller().account).await
}

/// Ends a programme before its last day: whoever may approve it.
///
/// # Errors
///
/// [`ComparisonFault::Approval`] if it has ended.
pub async fn end(app: &App, permit: &Permit<ApproveProgramme>) -> Result<ProgrammeState, ComparisonFault> {
    step(
        app,
        permit.resource().programme,
        ProgrammeStepKind::Ended,
        permit.caller().account,
    )
    .await
}

async fn step(
    app: &App,
    programme: Uuid,
    kind: ProgrammeStepKind,
    by: Uuid,
) -> Result<ProgrammeState, ComparisonFault> {
    let at = app.now();
    let word = kind.as_str();
    let parts: [&[u8]; 4] = [
        programme.as_bytes(),
        word.as_bytes(),
        by.as_bytes(),
        &at.0.to_be_bytes(),
    ];
    let step = NewProgrammeStep {
        programme,
        kind,
        by,
        entry_hash: translog::entry_hash("programme_step", &parts),
        at,
    };
    match app.store().append_programme_step(&step).await {
        Ok(()) => {}
        Err(StoreError::Conflict { .. }) => return Err(ComparisonFault::Approval),
        Err(StoreError::Missing { .. }) => return Err(ComparisonFault::Programme),
        Err(error) => return Err(error.into()),
    }
    let found = app.store().find_programme(programme).await?;
    Ok(ProgrammeState::of(found.ok_or(ComparisonFault::Programme)?, at.day()))
}

/// Programmes, newest first: all of them for the credit centre, the own organisation's for an officer, none for others.
///
/// # Errors
///
/// If the store fails.
pub async fn list(app: &App, caller: &Caller) -> Result<Vec<ProgrammeState>, AppError> {
    let organisation = match (caller.kind, &caller.organisation) {
        (CallerKind::Centre, _) => None,
        (CallerKind::Officer | CallerKind::System, Some(organisation)) => Some(organisation),
        _ => return Err(AppError::NotFound),
    };
    let today = app.now().day();
    let found = app.store().list_programmes(organisation, LIST_MAX).await?;
    Ok(found
        .into_iter()
        .map(|programme| ProgrammeState::of(programme, today))
        .collect())
}
