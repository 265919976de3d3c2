//! The stored words of the small enums, one table for both backends.

use domain::record::RecordState;

use crate::{
    AccountKind, ActKind, AlarmKind, BirthState, BlindIndex, DeliveryState, KeyAlgorithm, LookUpResult,
    MatterEventKind, PersonEvent, PersonId, ProcedureKind, ProgrammeStepKind, Relation, StagedKind, TraceKind,
    TraceOutcome,
};

/// Gives an enum its stored words, both ways from one list.
macro_rules! words {
    ($name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl $name {
            /// Stored form.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
            /// Reads the stored form.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

words!(BirthState { Usable = "usable", Held = "held" });
words!(StagedKind { Held = "held", Pending = "pending" });
words!(DeliveryState { Receiving = "receiving", Done = "done", Refused = "refused" });
words!(TraceKind { OwnRead = "own_read", LookUp = "look_up" });
words!(TraceOutcome { Disclosed = "disclosed", Nothing = "nothing", Refused = "refused" });

words!(MatterEventKind { Closed = "closed", Reopened = "reopened" });
words!(Relation { Own = "own", Kin = "kin", Colleague = "colleague" });
words!(LookUpResult { NotUsed = "not_used", Proceeding = "proceeding" });
words!(ProcedureKind {
    Review = "review",
    UnrecognisedLookUp = "unrecognised_look_up",
    BreakGlass = "break_glass",
    BreakGlassReview = "break_glass_review",
});
words!(ProgrammeStepKind {
    Department = "approved_by_department",
    Centre = "approved_by_centre",
    Ended = "ended",
});
words!(AlarmKind {
    OfficerLimit = "officer_limit",
    ClientLimit = "client_limit",
    DepartmentLimit = "department_limit",
    PurposeLimit = "purpose_limit",
    CityLimit = "city_limit",
    MatterLimit = "matter_limit",
    HoneyNumber = "honey_number",
    Matterless = "matterless",
    Relation = "relation",
});
words!(AccountKind {
    Resident = "resident",
    Officer = "officer",
    Centre = "centre",
    SystemAdmin = "system_admin",
    SecurityAdmin = "security_admin",
    AuditAdmin = "audit_admin",
});
words!(ActKind {
    AccountCreated = "account_created",
    AccountEnded = "account_ended",
    SessionsEnded = "sessions_ended",
    ClientRegistered = "client_registered",
    KeyRegistered = "key_registered",
    KeyRevoked = "key_revoked",
    ClientRefused = "client_refused",
    SubjectBound = "subject_bound",
    SubjectUnbound = "subject_unbound",
    ActsRead = "acts_read",
    FiguresRead = "figures_read",
    LogVerified = "log_verified",
});
words!(KeyAlgorithm { Ed25519 = "ed25519", Sm2 = "sm2-sm3" });

impl BirthState {
    /// The state in which the life of the record begins.
    #[must_use]
    pub const fn state(self) -> RecordState {
        match self {
            Self::Usable => RecordState::Usable,
            Self::Held => RecordState::Held,
        }
    }
}

impl BlindIndex {
    /// Stored form: a code, because every row of the narrowest index carries it.
    #[must_use]
    pub const fn code(self) -> i16 {
        match self {
            Self::Number => 1,
            Self::NumberAndName => 2,
        }
    }
    /// Reads the stored form.
    #[must_use]
    pub const fn from_code(code: i16) -> Option<Self> {
        match code {
            1 => Some(Self::Number),
            2 => Some(Self::NumberAndName),
            _ => None,
        }
    }
}

impl PersonEvent {
    /// Stored form: word and other person.
    #[must_use]
    pub const fn to_words(&self) -> (&'static str, Option<PersonId>) {
        match self {
            Self::Linked { with } => ("linked", Some(*with)),
            Self::Unlinked { with } => ("unlinked", Some(*with)),
            Self::Split { into } => ("split", Some(*into)),
            Self::AliasConfirmed => ("alias_confirmed", None),
        }
    }
    /// Reads the stored form.
    #[must_use]
    pub fn from_words(kind: &str, other: Option<PersonId>) -> Option<Self> {
        match (kind, other) {
            ("linked", Some(with)) => Some(Self::Linked { with }),
            ("unlinked", Some(with)) => Some(Self::Unlinked { with }),
            ("split", Some(into)) => Some(Self::Split { into }),
            ("alias_confirmed", None) => Some(Self::AliasConfirmed),
            _ => None,
        }
    }
}
