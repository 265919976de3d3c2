//! Looking a person up: the caller's side, the person's side, and each record; one by one, in batches, and by consent.

use domain::Uscc;
use domain::catalogue::{ItemId, Purpose, PurposeId};
use domain::record::RecordState;
use uuid::Uuid;

use super::described::{Described, Name, Resource, Value};
use super::{Action, action};

/// What the catalogue says of a purpose, as far as it decides.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Terms {
    id: PurposeId,
    is_enabled: bool,
    askers: Vec<Uscc>,
    items: Vec<ItemId>,
    law_compels: bool,
}

impl Terms {
    fn of(purpose: &Purpose) -> Self {
        Self {
            id: purpose.id.clone(),
            is_enabled: purpose.is_enabled,
            askers: purpose.askers.clone(),
            items: purpose.items.clone(),
            law_compels: purpose.law_compels,
        }
    }

    fn attribute(&self) -> (&'static str, Value) {
        let terms = vec![
            ("id", Value::purpose(&self.id)),
            ("is_enabled", Value::Bool(self.is_enabled)),
            ("askers", Value::organisations(&self.askers)),
            ("items", Value::items(&self.items)),
            ("law_compels", Value::Bool(self.law_compels)),
        ];
        ("purpose", Value::Record(terms))
    }
}

/// What a caller states of a look-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookUpAsked {
    /// The items wanted.
    pub items: Vec<ItemId>,
    /// Whether a matter of the caller's organisation is in hand, as the register of matters or the form of its number
    /// says.
    pub matter_in_hand: bool,
    /// Whether the legal ground is named.
    pub names_legal_ground: bool,
}

/// Look one person up: what is decided of the caller, before anybody is searched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookUp {
    purpose: Terms,
    asked: LookUpAsked,
}

impl LookUp {
    /// A look-up for `purpose`, with the askers and items that the catalogue names.
    #[must_use]
    pub fn of(purpose: &Purpose, asked: LookUpAsked) -> Self {
        Self {
            purpose: Terms::of(purpose),
            asked,
        }
    }

    /// What is looked up for.
    #[must_use]
    pub fn purpose(&self) -> &PurposeId {
        &self.purpose.id
    }
    /// The items wanted.
    #[must_use]
    pub fn items(&self) -> &[ItemId] {
        &self.asked.items
    }

    fn attributes(&self) -> Vec<(&'static str, Value)> {
        vec![
            self.purpose.attribute(),
            ("items", Value::items(&self.asked.items)),
            ("matter_in_hand", Value::Bool(self.asked.matter_in_hand)),
            ("names_legal_ground", Value::Bool(self.asked.names_legal_ground)),
        ]
    }
}
action!(LookUp, this => Resource::with("LookUpAsked", Name::Word("asked"), this.attributes()));

/// What the one who asks is to the person who is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Relation {
    /// The same person.
    Oneself,
    /// A relation that was declared: kin, or another interest in the matter.
    Declared,
    /// Both belong to one organisation.
    Colleague,
}

impl Relation {
    /// All relations.
    pub const ALL: [Self; 3] = [Self::Oneself, Self::Declared, Self::Colleague];

    /// The stored form, and the name in the schema.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Oneself => "oneself",
            Self::Declared => "declared",
            Self::Colleague => "colleague",
        }
    }
}

/// What depends on the person who is asked about. A refusal for it looks like nothing at all (R12).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PersonSide {
    /// Whether the intent of this look-up is durable in the log (R11).
    pub is_traced: bool,
    /// Whether the person locked the own file.
    pub is_locked: bool,
    /// Whether the person consented to this recipient, purpose and these items, and the consent is live.
    pub has_consent: bool,
    /// What the caller is to the person.
    pub relation: Option<Relation>,
}

/// Disclose what a look-up found: what is decided of the person, after trace and find. It asks all of the caller's side
/// again, so that nothing is disclosed that no look-up could have asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disclose {
    /// The look-up that was permitted.
    pub asked: LookUp,
    /// The person's side.
    pub person: PersonSide,
}
action!(Disclose, this => {
    let mut attributes = this.asked.attributes();
    let person = this.person;
    attributes.extend([
        ("is_traced", Value::Bool(person.is_traced)),
        ("is_locked", Value::Bool(person.is_locked)),
        ("has_consent", Value::Bool(person.has_consent)),
    ]);
    attributes.extend(person.relation.map(|relation| ("relation", Value::Entity("Relation", Name::Word(relation.as_str())))));
    Resource::with("Disclosure", Name::Word("person"), attributes)
});

/// Show one record of a disclosure to somebody else than the person (R5, R8). Decided by kind of record, not by record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShowRecord {
    /// The item of the record.
    pub item: ItemId,
    /// The items that may be disclosed.
    pub items: Vec<ItemId>,
    /// State of the record on the day.
    pub state: RecordState,
    /// Whether the day lies before the record's end.
    pub is_in_time: bool,
}
action!(ShowRecord, this => Resource::with("RecordShown", Name::Word("record"), vec![
    ("item", Value::item(&this.item)),
    ("items", Value::items(&this.items)),
    ("state", Value::Entity("RecordState", Name::Word(this.state.as_str()))),
    ("is_in_time", Value::Bool(this.is_in_time)),
]));

/// Close a look-up: *not used*, or *proceeding no. X* (R3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloseLookUp {
    /// The look-up.
    pub look_up: Uuid,
    /// Who asked, as stored.
    pub organisation: Uscc,
}
action!(CloseLookUp, this => Resource::of("TracedLookUp", this.look_up, "organisation", &this.organisation));

/// Enter a matter in the register of matters in hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterMatter {
    /// Whose matter it is.
    pub organisation: Uscc,
}
action!(RegisterMatter, this => Resource::list("Matter", "organisation", Some(&this.organisation)));

/// A comparison programme, as stored: who runs it, who proposed it, and who approved it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programme {
    /// The programme.
    pub programme: Uuid,
    /// Who runs it.
    pub organisation: Uscc,
    /// The items it may compare.
    pub items: Vec<ItemId>,
    /// Account of the officer who proposed it.
    pub proposer: Uuid,
    /// Account of the officer of the same organisation who approved it.
    pub department_approver: Option<Uuid>,
    /// Account of the credit centre's officer who approved its form.
    pub centre_approver: Option<Uuid>,
    /// Whether its end has come.
    pub has_ended: bool,
    /// Rows that may be compared: in one batch, or in a day.
    pub rows_max: u32,
}

/// Propose a comparison programme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterProgramme {
    organisation: Uscc,
    purpose: Terms,
    items: Vec<ItemId>,
}

impl RegisterProgramme {
    /// A programme that `organisation` would run for `purpose` over `items`.
    #[must_use]
    pub fn of(organisation: Uscc, purpose: &Purpose, items: Vec<ItemId>) -> Self {
        Self {
            organisation,
            purpose: Terms::of(purpose),
            items,
        }
    }

    /// Who would run it.
    #[must_use]
    pub fn organisation(&self) -> &Uscc {
        &self.organisation
    }
    /// What for.
    #[must_use]
    pub fn purpose(&self) -> &PurposeId {
        &self.purpose.id
    }
    /// Over which items.
    #[must_use]
    pub fn items(&self) -> &[ItemId] {
        &self.items
    }
}
action!(RegisterProgramme, this => Resource::with("ProgrammeAsked", Name::Word("asked"), vec![
    ("organisation", Value::organisation(&this.organisation)),
    this.purpose.attribute(),
    ("items", Value::items(&this.items)),
]));

/// Approve a comparison programme: an officer of its organisation, and the credit centre for its form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApproveProgramme {
    /// The programme.
    pub programme: Uuid,
    /// Who would run it, as stored.
    pub organisation: Uscc,
    /// Account of the officer who proposed it, as stored.
    pub proposer: Uuid,
}
action!(ApproveProgramme, this => Resource::with("Programme", Name::Uuid(this.programme), vec![
    ("organisation", Value::organisation(&this.organisation)),
    ("proposer", Value::officer(this.proposer)),
]));

/// What a caller states of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComparisonAsked {
    /// The items wanted.
    pub items: Vec<ItemId>,
    /// Rows of the batch, or of the day up to its block.
    pub rows: u32,
    /// Whether each row has a matter number of its own.
    pub each_row_names_a_matter: bool,
}

/// Compare a batch under a registered programme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompareBatch {
    purpose: Terms,
    programme: Programme,
    asked: ComparisonAsked,
}

impl CompareBatch {
    /// A batch for `purpose` under `programme`.
    #[must_use]
    pub fn of(purpose: &Purpose, programme: Programme, asked: ComparisonAsked) -> Self {
        Self {
            purpose: Terms::of(purpose),
            programme,
            asked,
        }
    }

    /// The programme that it runs under.
    #[must_use]
    pub fn programme(&self) -> Uuid {
        self.programme.programme
    }
    /// The items wanted.
    #[must_use]
    pub fn items(&self) -> &[ItemId] {
        &self.asked.items
    }
    /// The rows asked about.
    #[must_use]
    pub fn rows(&self) -> u32 {
        self.asked.rows
    }

    /// The single look-up that a row of the batch stands for: a batch answers what single look-ups would (I7).
    #[must_use]
    pub fn single(&self) -> LookUp {
        LookUp {
            purpose: self.purpose.clone(),
            asked: LookUpAsked {
                items: self.asked.items.clone(),
                matter_in_hand: self.asked.each_row_names_a_matter,
                // The legal ground of a batch is its programme's statute.
                names_legal_ground: true,
            },
        }
    }
}
action!(CompareBatch, this => {
    let programme = &this.programme;
    let mut terms = vec![
        ("organisation", Value::organisation(&programme.organisation)),
        ("items", Value::items(&programme.items)),
        ("proposer", Value::officer(programme.proposer)),
        ("has_ended", Value::Bool(programme.has_ended)),
        ("rows_max", Value::Count(programme.rows_max.into())),
    ];
    terms.extend(programme.department_approver.map(|account| ("department_approver", Value::officer(account))));
    terms.extend(programme.centre_approver.map(|account| ("centre_approver", Value::centre(account))));
    Resource::with("Comparison", Name::Uuid(programme.programme), vec![
        this.purpose.attribute(),
        ("programme", Value::Record(terms)),
        ("items", Value::items(&this.asked.items)),
        ("rows", Value::Count(this.asked.rows.into())),
        ("each_row_names_a_matter", Value::Bool(this.asked.each_row_names_a_matter)),
    ])
});

/// A consent as stored: one recipient, one purpose, one set of items, one period (R10).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// To whom.
    pub recipient: Uscc,
    /// For what.
    pub purpose: PurposeId,
    /// Which items.
    pub items: Vec<ItemId>,
    /// Whether it was neither withdrawn nor used up nor is over.
    pub is_live: bool,
}

/// Read what a person consented to: a third party.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadConsented {
    /// The person's consent; `None` if there is none.
    pub consent: Option<Consent>,
    /// What it is read for.
    pub purpose: PurposeId,
    /// The items wanted.
    pub items: Vec<ItemId>,
    /// Whether the recipient employs the person or decides about it (R10).
    pub reads_as_employer: bool,
    /// Whether the intent is durable in the log (R11).
    pub is_traced: bool,
}
action!(ReadConsented, this => {
    let mut attributes = vec![
        ("purpose", Value::purpose(&this.purpose)),
        ("items", Value::items(&this.items)),
        ("reads_as_employer", Value::Bool(this.reads_as_employer)),
        ("is_traced", Value::Bool(this.is_traced)),
    ];
    attributes.extend(this.consent.as_ref().map(|consent| ("consent", Value::Record(vec![
        ("recipient", Value::organisation(&consent.recipient)),
        ("purpose", Value::purpose(&consent.purpose)),
        ("items", Value::items(&consent.items)),
        ("is_live", Value::Bool(consent.is_live)),
    ]))));
    Resource::with("ConsentedRead", Name::Word("asked"), attributes)
});
