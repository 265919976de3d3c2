//! The registry of matters 办件, so that "a matter in hand" is checked before anybody is searched for.

use domain::catalogue::PurposeId;
use domain::{Day, MatterNo};
use policy::{Permit, RegisterMatter};
use store::{Matter, MatterEventKind, NewMatter, NewMatterEvent, StoreError};

use crate::{App, AppError};

/// Matters registered in one go.
pub const MATTERS_MAX: usize = 1_000;

/// A matter as an organisation states it.
#[derive(Debug, Clone)]
pub struct MatterEntry {
    /// The organisation's own number.
    pub matter_no: MatterNo,
    /// What it is about.
    pub purpose: PurposeId,
    /// On which day it began.
    pub opened: Day,
    /// From which day it is closed, if it is.
    pub closed: Option<Day>,
}

/// Why a matter is not registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MatterFault {
    /// No enabled purpose of this name.
    #[error("{}", self.detail())]
    Purpose,
    /// The purpose is another organisation's.
    #[error("{}", self.detail())]
    Asker,
    /// The number does not have the form of the purpose.
    #[error("{}", self.detail())]
    Number,
    /// It would begin in the future, or end before it began.
    #[error("{}", self.detail())]
    Days,
    /// The number stands for another matter.
    #[error("{}", self.detail())]
    Taken,
}

impl MatterFault {
    /// The public code; see `docs/errors.md`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Purpose => "MATTER-0001",
            Self::Asker => "MATTER-0002",
            Self::Number => "MATTER-0003",
            Self::Days => "MATTER-0004",
            Self::Taken => "MATTER-0005",
        }
    }

    /// What is wrong, in one sentence.
    #[must_use]
    pub const fn detail(self) -> &'static str {
        match self {
            Self::Purpose => "the catalogue has no such purpose in force",
            Self::Asker => "the purpose is not one of this organisation",
            Self::Number => "the matter number does not have the form of its purpose",
            Self::Days => "a matter begins today or earlier, and ends no earlier than it began",
            Self::Taken => "the number is registered for another purpose or day",
        }
    }
}

/// Registers matters of one organisation, each once: what was registered with the same purpose and day is answered as it
/// stands. One that says that it is closed is closed.
///
/// # Errors
///
/// [`AppError`] if the store fails. What is wrong with one matter is answered in its place, and the others are registered.
pub async fn register(
    app: &App,
    permit: &Permit<RegisterMatter>,
    entries: &[MatterEntry],
) -> Result<Vec<Result<Matter, MatterFault>>, AppError> {
    if entries.len() > MATTERS_MAX {
        return Err(AppError::Invalid {
            what: "at most 1,000 matters in one go",
        });
    }
    let organisation = &permit.resource().organisation;
    let mut answers = Vec::with_capacity(entries.len());
    let mut seen = std::collections::BTreeSet::new();
    let mut new = Vec::new();
    for entry in entries {
        let mut fault = check(app, permit, entry).err();
        if !seen.insert(&entry.matter_no) {
            fault = fault.or(Some(MatterFault::Taken));
        }
        if fault.is_none() {
            new.push(NewMatter {
                uuid: app.fresh_uuid(),
                organisation: organisation.clone(),
                matter_no: entry.matter_no.clone(),
                purpose: entry.purpose.clone(),
                opened: entry.opened,
                by: permit.caller().behind.unwrap_or(permit.caller().account),
                at: app.now(),
            });
        }
        answers.push(fault);
    }
    let mut stored = if new.is_empty() {
        Vec::new()
    } else {
        app.store().register_matters(&new).await?
    }
    .into_iter();
    let mut done = Vec::with_capacity(entries.len());
    for (entry, fault) in entries.iter().zip(answers) {
        done.push(if let Some(fault) = fault {
            Err(fault)
        } else {
            let matter = stored.next().ok_or(AppError::Damaged { what: "a matter" })?;
            settle(app, permit, entry, matter).await?
        });
    }
    Ok(done)
}

/// What stands must be what was stated; then it is closed or reopened as stated.
async fn settle(
    app: &App,
    permit: &Permit<RegisterMatter>,
    entry: &MatterEntry,
    matter: Matter,
) -> Result<Result<Matter, MatterFault>, AppError> {
    if matter.purpose != entry.purpose || matter.opened != entry.opened {
        return Ok(Err(MatterFault::Taken));
    }
    if matter.closed == entry.closed {
        return Ok(Ok(matter));
    }
    let event = NewMatterEvent {
        matter: matter.id,
        after_events: matter.events,
        kind: if entry.closed.is_some() {
            MatterEventKind::Closed
        } else {
            MatterEventKind::Reopened
        },
        effective: entry.closed.unwrap_or(app.now().day()),
        by: permit.caller().behind.unwrap_or(permit.caller().account),
        at: app.now(),
    };
    match app.store().append_matter_event(&event).await {
        Ok(()) => {}
        Err(StoreError::Conflict { .. }) => return Err(AppError::Conflict),
        Err(error) => return Err(error.into()),
    }
    let read = app.store().find_matter(&matter.organisation, &matter.matter_no).await?;
    Ok(Ok(read.ok_or(AppError::Damaged { what: "a matter" })?))
}

fn check(app: &App, permit: &Permit<RegisterMatter>, entry: &MatterEntry) -> Result<(), MatterFault> {
    let purpose = app.catalogue().purposes.get(&entry.purpose);
    let purpose = purpose
        .filter(|purpose| purpose.is_enabled)
        .ok_or(MatterFault::Purpose)?;
    if !purpose.askers.contains(&permit.resource().organisation) {
        return Err(MatterFault::Asker);
    }
    if purpose.matter.as_ref().is_some_and(|form| !form.fits(&entry.matter_no)) {
        return Err(MatterFault::Number);
    }
    let is_over_before = entry.closed.is_some_and(|closed| closed < entry.opened);
    if entry.opened > app.now().day() || is_over_before {
        return Err(MatterFault::Days);
    }
    Ok(())
}

/// Matters of an organisation, newest first.
///
/// # Errors
///
/// If the store fails.
pub async fn list(app: &App, permit: &Permit<RegisterMatter>, limit: u32) -> Result<Vec<Matter>, AppError> {
    Ok(app.store().matters_of(&permit.resource().organisation, limit).await?)
}
