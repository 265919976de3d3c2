//! Adverse measures: proposed by one human, decided by another, effective only after notice, reply and decision (R3).

use domain::Uscc;
use domain::catalogue::Measure;
use uuid::Uuid;

use super::described::{Described, Resource, Value};
use super::{Action, action};

/// Propose a measure, which opens a proceeding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposeMeasure {
    authority: Uscc,
    is_enabled: bool,
    is_linked: bool,
}

impl ProposeMeasure {
    /// A proposal of `authority` for `measure`; `is_linked` says whether it names a usable fact of the linked item (R5).
    #[must_use]
    pub fn of(authority: Uscc, measure: &Measure, is_linked: bool) -> Self {
        Self {
            authority,
            is_enabled: measure.is_enabled,
            is_linked,
        }
    }
}
action!(ProposeMeasure, this => Resource::with("MeasureAsked", "asked", vec![
    ("authority", Value::organisation(&this.authority)),
    ("is_enabled", Value::Bool(this.is_enabled)),
    ("is_linked", Value::Bool(this.is_linked)),
]));

/// A proceeding as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each step of the proceeding is a fact of its own"
)]
pub struct Proceeding {
    /// The proceeding.
    pub proceeding: Uuid,
    /// The authority that runs it.
    pub authority: Uscc,
    /// Account of the officer who proposed the measure.
    pub proposer: Uuid,
    /// Account of the officer who decided, once decided.
    pub decider: Option<Uuid>,
    /// Whether the caller reports to the proposer.
    pub reports_to_proposer: bool,
    /// Whether notice was acknowledged or served as the statute says; an unread message is no notice.
    pub notice_is_served: bool,
    /// Whether the person's time to reply is over, or the person has replied or waived.
    pub reply_period_is_over: bool,
    /// Whether the reasoned decision, with its remedies, was served.
    pub decision_is_served: bool,
}

impl Proceeding {
    fn resource(&self) -> Resource {
        let mut attributes = vec![
            ("authority", Value::organisation(&self.authority)),
            ("proposer", Value::officer(self.proposer)),
            ("reports_to_proposer", Value::Bool(self.reports_to_proposer)),
            ("notice_is_served", Value::Bool(self.notice_is_served)),
            ("reply_period_is_over", Value::Bool(self.reply_period_is_over)),
            ("decision_is_served", Value::Bool(self.decision_is_served)),
        ];
        attributes.extend(self.decider.map(|account| ("decider", Value::officer(account))));
        Resource::with("Proceeding", self.proceeding, attributes)
    }
}

/// Decide a proceeding, with reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecideMeasure(pub Proceeding);
action!(DecideMeasure, this => this.0.resource());

/// Make a decided measure effective.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplyMeasure(pub Proceeding);
action!(ApplyMeasure, this => this.0.resource());
