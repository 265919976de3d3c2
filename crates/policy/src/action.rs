//! What can be asked for. An action carries the one thing it is about, so a permit for one thing is none for another.

mod administering;
mod collecting;
pub(crate) mod described;
mod looking;
mod measures;
mod own;

pub use administering::{BreakGlass, ManageAccounts, ReadAuditLog, RegisterClient, RevokeClient};
pub use collecting::{
    CorrectRecord, DecideReview, Deliver, FindCandidates, LinkPersons, ListDeliveries, ListReviews, ManageKeys,
    ReadCatalogue, ReadDelivery, ReadReview, ReleaseHeld, VerifyStore, WithdrawRecord,
};
pub use looking::{
    ApproveProgramme, CloseLookUp, CompareBatch, ComparisonAsked, Consent, Disclose, LookUp, LookUpAsked, PersonSide,
    Programme, ReadConsented, RegisterMatter, RegisterProgramme, Relation, ShowRecord,
};
pub use measures::{ApplyMeasure, DecideMeasure, Proceeding, ProposeMeasure};
pub use own::{
    LockOwnFile, ObjectOwn, ReadAsAttorney, ReadOwnLookUps, ReadOwnNotices, ReadOwnRecords, RepairOwn,
    WithdrawOwnConsent,
};

use described::Described;

/// An action that policies decide on. Sealed: each has its own file of policies and its rows in the matrix.
pub trait Action: Described {
    /// Name, as in the schema.
    const NAME: &'static str;
}

macro_rules! action {
    ($name:ident, $this:ident => $resource:expr) => {
        impl Action for $name {
            const NAME: &'static str = stringify!($name);
        }
        impl Described for $name {
            fn resource(&self) -> Resource {
                let $this = self;
                $resource
            }
        }
    };
}
use action;

/// Names of all actions and the files of their policies.
pub const ACTIONS: [(&str, &str); 39] = [
    (Deliver::NAME, "deliver.cedar"),
    (ReadDelivery::NAME, "read_delivery.cedar"),
    (ListDeliveries::NAME, "list_deliveries.cedar"),
    (ListReviews::NAME, "list_reviews.cedar"),
    (ReadReview::NAME, "read_review.cedar"),
    (FindCandidates::NAME, "find_candidates.cedar"),
    (DecideReview::NAME, "decide_review.cedar"),
    (CorrectRecord::NAME, "correct_record.cedar"),
    (WithdrawRecord::NAME, "withdraw_record.cedar"),
    (LinkPersons::NAME, "link_persons.cedar"),
    (ReadCatalogue::NAME, "read_catalogue.cedar"),
    (VerifyStore::NAME, "verify_store.cedar"),
    (ReleaseHeld::NAME, "release_held.cedar"),
    (ManageKeys::NAME, "manage_keys.cedar"),
    (ReadOwnRecords::NAME, "read_own_records.cedar"),
    (ReadOwnNotices::NAME, "read_own_notices.cedar"),
    (ReadOwnLookUps::NAME, "read_own_look_ups.cedar"),
    (LockOwnFile::NAME, "lock_own_file.cedar"),
    (ObjectOwn::NAME, "object_own.cedar"),
    (RepairOwn::NAME, "repair_own.cedar"),
    (WithdrawOwnConsent::NAME, "withdraw_own_consent.cedar"),
    (ReadAsAttorney::NAME, "read_as_attorney.cedar"),
    (LookUp::NAME, "look_up.cedar"),
    (Disclose::NAME, "disclose.cedar"),
    (ShowRecord::NAME, "show_record.cedar"),
    (CloseLookUp::NAME, "close_look_up.cedar"),
    (RegisterMatter::NAME, "register_matter.cedar"),
    (RegisterProgramme::NAME, "register_programme.cedar"),
    (ApproveProgramme::NAME, "approve_programme.cedar"),
    (CompareBatch::NAME, "compare_batch.cedar"),
    (ReadConsented::NAME, "read_consented.cedar"),
    (ProposeMeasure::NAME, "propose_measure.cedar"),
    (DecideMeasure::NAME, "decide_measure.cedar"),
    (ApplyMeasure::NAME, "apply_measure.cedar"),
    (RegisterClient::NAME, "register_client.cedar"),
    (RevokeClient::NAME, "revoke_client.cedar"),
    (ManageAccounts::NAME, "manage_accounts.cedar"),
    (ReadAuditLog::NAME, "read_audit_log.cedar"),
    (BreakGlass::NAME, "break_glass.cedar"),
];
