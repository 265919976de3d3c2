//! Records and their life: a record is immutable once written, its life is a list of events.

mod content;
mod end;

pub use content::{ContentFault, EncodedContent, RecordContent};
pub use end::{AdverseClock, EndInput, adverse_end, adverse_end_by};

use crate::{Day, Moment};

/// What happens to a record after it was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordEventKind {
    /// The question for which it was held is answered (R7).
    Confirmed,
    /// An objection (异议) was received: it is marked.
    Disputed,
    /// The objection ended and the record stands.
    DisputeEnded,
    /// A later revision takes its place.
    Corrected,
    /// The provider took it back (撤销).
    Withdrawn,
    /// Repaired (信用修复).
    Repaired,
    /// Its end was recorded. The end itself needs no event: see [`state_on`].
    Ended,
    /// Its content was erased.
    Purged,
}

impl RecordEventKind {
    /// All kinds.
    pub const ALL: [Self; 8] = [
        Self::Confirmed,
        Self::Disputed,
        Self::DisputeEnded,
        Self::Corrected,
        Self::Withdrawn,
        Self::Repaired,
        Self::Ended,
        Self::Purged,
    ];

    /// Stored form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Disputed => "disputed",
            Self::DisputeEnded => "dispute_ended",
            Self::Corrected => "corrected",
            Self::Withdrawn => "withdrawn",
            Self::Repaired => "repaired",
            Self::Ended => "ended",
            Self::Purged => "purged",
        }
    }

    /// Reads the form that [`Self::as_str`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// The state of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordState {
    /// Waits for an answer; served to nobody but the person.
    Held,
    /// Served to those who may ask.
    Usable,
    /// Served with the mark of an objection.
    Disputed,
    /// Replaced by a later revision.
    Corrected,
    /// Taken back by the provider.
    Withdrawn,
    /// Repaired: no longer given to anybody but the person.
    Repaired,
    /// Past its end.
    Ended,
    /// Its content is erased.
    Purged,
}

impl RecordState {
    /// All states.
    pub const ALL: [Self; 8] = [
        Self::Held,
        Self::Usable,
        Self::Disputed,
        Self::Corrected,
        Self::Withdrawn,
        Self::Repaired,
        Self::Ended,
        Self::Purged,
    ];

    /// Stored form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Usable => "usable",
            Self::Disputed => "disputed",
            Self::Corrected => "corrected",
            Self::Withdrawn => "withdrawn",
            Self::Repaired => "repaired",
            Self::Ended => "ended",
            Self::Purged => "purged",
        }
    }

    /// Reads the form that [`Self::as_str`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Whether the record is over for everybody but the person, whatever the day.
    #[must_use]
    pub const fn is_final(self) -> bool {
        match self {
            Self::Held | Self::Usable | Self::Disputed => false,
            Self::Corrected | Self::Withdrawn | Self::Repaired | Self::Ended | Self::Purged => true,
        }
    }
}

/// An event that the state of a record does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a record that is {} cannot be {}", from.as_str(), kind.as_str())]
pub struct IllegalEvent {
    /// State before.
    pub from: RecordState,
    /// Event.
    pub kind: RecordEventKind,
}

/// The state after an event. Pure: days are checked by the caller, who holds the clock.
///
/// A held record is not served, so an objection to it needs no mark and is a matter of the procedure alone. A fact can
/// fall after the record's end or repair: then whoever received it must still be told, so correction and withdrawal
/// stay possible. Content is erased only once the record is over.
///
/// # Errors
///
/// [`IllegalEvent`] for every pair that the life of a record does not name.
pub const fn step(from: RecordState, kind: RecordEventKind) -> Result<RecordState, IllegalEvent> {
    use {RecordEventKind as E, RecordState as S};
    match (from, kind) {
        (S::Held, E::Confirmed) | (S::Disputed, E::DisputeEnded) => Ok(S::Usable),
        (S::Usable, E::Disputed) => Ok(S::Disputed),
        (S::Held | S::Usable | S::Disputed | S::Repaired | S::Ended, E::Corrected) => Ok(S::Corrected),
        (S::Held | S::Usable | S::Disputed | S::Repaired | S::Ended, E::Withdrawn) => Ok(S::Withdrawn),
        (S::Held | S::Usable | S::Disputed, E::Repaired) => Ok(S::Repaired),
        (S::Held | S::Usable | S::Disputed, E::Ended) => Ok(S::Ended),
        (S::Corrected | S::Withdrawn | S::Repaired | S::Ended, E::Purged) => Ok(S::Purged),
        (S::Usable | S::Disputed | S::Corrected | S::Withdrawn | S::Repaired | S::Ended | S::Purged, E::Confirmed)
        | (S::Held | S::Disputed | S::Corrected | S::Withdrawn | S::Repaired | S::Ended | S::Purged, E::Disputed)
        | (S::Held | S::Usable | S::Corrected | S::Withdrawn | S::Repaired | S::Ended | S::Purged, E::DisputeEnded)
        | (S::Corrected | S::Withdrawn | S::Purged, E::Corrected | E::Withdrawn)
        | (S::Corrected | S::Withdrawn | S::Repaired | S::Ended | S::Purged, E::Repaired | E::Ended)
        | (S::Held | S::Usable | S::Disputed | S::Purged, E::Purged) => Err(IllegalEvent { from, kind }),
    }
}

/// The state after `events`, oldest first, of a record that began in `birth`.
///
/// # Errors
///
/// [`IllegalEvent`] at the first event that is not allowed.
pub fn state_after(birth: RecordState, events: &[RecordEventKind]) -> Result<RecordState, IllegalEvent> {
    events.iter().try_fold(birth, |state, kind| step(state, *kind))
}

/// The state of a record as of `day` by what was known at `known_at`. `events` are in the order in which they were
/// recorded, each with the day from which it is true and the moment at which it became known; `end` is the last day on
/// which anybody but the person may read the record.
///
/// An event can be true earlier than one that was recorded before it, so part of a legal life need not be legal itself:
/// an event that the state does not allow is passed over. That never serves more than was meant, for only two events
/// lead to [`RecordState::Usable`] and neither is allowed once the record is over; an erasure always counts.
#[must_use]
pub fn state_on(
    birth: RecordState,
    end: Day,
    events: &[(RecordEventKind, Day, Moment)],
    day: Day,
    known_at: Moment,
) -> RecordState {
    let seen = events
        .iter()
        .filter(|(_, effective, known)| *effective <= day && *known <= known_at);
    let state = seen.fold(birth, |state, (kind, _, _)| match (step(state, *kind), kind) {
        (Ok(next), _) => next,
        (Err(_), RecordEventKind::Purged) => RecordState::Purged,
        (Err(_), _) => state,
    });
    if day > end && !state.is_final() {
        RecordState::Ended
    } else {
        state
    }
}

/// Whether a record in `state` is served on `day` to anybody but the person (invariant I4).
#[must_use]
pub fn is_served_to_others(state: RecordState, end: Day, day: Day) -> bool {
    match state {
        RecordState::Usable | RecordState::Disputed => day <= end,
        RecordState::Held
        | RecordState::Corrected
        | RecordState::Withdrawn
        | RecordState::Repaired
        | RecordState::Ended
        | RecordState::Purged => false,
    }
}
