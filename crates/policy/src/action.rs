//! What can be asked for. An action carries the one thing it is about, so a permit for one thing is none for another.

use domain::Uscc;
use domain::catalogue::{Item, ItemId};
use uuid::Uuid;

use described::Described;

/// An action that policies decide on. Sealed: each has its own file of policies and its rows in the matrix.
pub trait Action: Described {
    /// Name, as in the schema.
    const NAME: &'static str;
}

/// What the request says of the thing asked for. Private, so that no other crate adds an action.
pub(crate) mod described {
    use super::{Uscc, Uuid};

    /// A resource entity.
    #[derive(Debug)]
    pub struct Resource {
        /// Entity type in the schema.
        pub(crate) kind: &'static str,
        /// Entity id.
        pub(crate) id: String,
        /// Attributes.
        pub(crate) attributes: Vec<(&'static str, Value)>,
    }

    /// The value of an attribute.
    #[derive(Debug)]
    pub(crate) enum Value {
        Organisation(Uscc),
        Organisations(Vec<Uscc>),
        Resident(Uuid),
    }

    /// Describes the thing asked for.
    pub trait Described {
        /// The resource entity of the request.
        fn resource(&self) -> Resource;
    }
}

use described::{Resource, Value};

impl Resource {
    fn bare(kind: &'static str) -> Self {
        Self {
            kind,
            id: "all".to_owned(),
            attributes: Vec::new(),
        }
    }
    fn of(kind: &'static str, id: Uuid, attribute: &'static str, organisation: &Uscc) -> Self {
        let value = Value::Organisation(organisation.clone());
        Self {
            kind,
            id: id.to_string(),
            attributes: vec![(attribute, value)],
        }
    }
    fn list(kind: &'static str, attribute: &'static str, organisation: Option<&Uscc>) -> Self {
        let id = organisation.map_or("all", Uscc::as_str).to_owned();
        let value = organisation.map(|organisation| (attribute, Value::Organisation(organisation.clone())));
        Self {
            kind,
            id,
            attributes: value.into_iter().collect(),
        }
    }
    fn credit_file(account: Uuid) -> Self {
        Self {
            kind: "CreditFile",
            id: account.to_string(),
            attributes: vec![("holder", Value::Resident(account))],
        }
    }
}

/// Names of all actions and the files of their policies.
pub const ACTIONS: [(&str, &str); 16] = [
    (Deliver::NAME, "deliver.cedar"),
    (ReadDelivery::NAME, "read_delivery.cedar"),
    (ListDeliveries::NAME, "list_deliveries.cedar"),
    (ReadOwnRecords::NAME, "read_own_records.cedar"),
    (ReadOwnNotices::NAME, "read_own_notices.cedar"),
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
];

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

/// Hand in a delivery of an item for a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deliver {
    /// Whose delivery it is.
    pub provider: Uscc,
    /// What it brings.
    pub item: ItemId,
    /// Who is entitled to deliver the item, from the catalogue and nowhere else: [`Self::of`].
    pub item_providers: Vec<Uscc>,
}

impl Deliver {
    /// A delivery of `item` by `provider`, with the entitled providers that the catalogue names.
    #[must_use]
    pub fn of(provider: Uscc, item: &Item) -> Self {
        Self {
            provider,
            item: item.id.clone(),
            item_providers: item.providers.clone(),
        }
    }
}

impl Action for Deliver {
    const NAME: &'static str = "Deliver";
}

impl Described for Deliver {
    fn resource(&self) -> Resource {
        let provider = ("provider", Value::Organisation(self.provider.clone()));
        let entitled = ("entitled", Value::Organisations(self.item_providers.clone()));
        Resource {
            kind: "DeliveryFile",
            id: self.item.to_string(),
            attributes: vec![provider, entitled],
        }
    }
}

/// See the state, receipt and faults of one delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadDelivery {
    /// The delivery.
    pub delivery: Uuid,
    /// Whose it is, as stored.
    pub provider: Uscc,
}
action!(ReadDelivery, this => Resource::of("Delivery", this.delivery, "provider", &this.provider));

/// List deliveries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListDeliveries {
    /// Of one provider; `None` = of all.
    pub provider: Option<Uscc>,
}
action!(ListDeliveries, this => Resource::list("DeliveryList", "provider", this.provider.as_ref()));

/// Read the records of the person behind an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadOwnRecords {
    /// The account of that person.
    pub account: Uuid,
}
action!(ReadOwnRecords, this => Resource::credit_file(this.account));

/// Read, and acknowledge, the notices to the person behind an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadOwnNotices {
    /// The account of that person.
    pub account: Uuid,
}
action!(ReadOwnNotices, this => Resource::credit_file(this.account));

/// List reviews. It is open to centre and operator too, so the list must hold no contents of rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListReviews {
    /// Those that one organisation handles; `None` = all.
    pub organisation: Option<Uscc>,
}
action!(ListReviews, this => Resource::list("ReviewList", "organisation", this.organisation.as_ref()));

/// Read the row that a review is about: a person's data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadReview {
    /// The review.
    pub review: Uuid,
    /// Who handles it, as stored.
    pub organisation: Uscc,
}
action!(ReadReview, this => Resource::of("Review", this.review, "organisation", &this.organisation));

/// Find the few persons that the row of one review could be. It names one review, so it cannot ask for many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindCandidates {
    /// The review.
    pub review: Uuid,
    /// Who handles it, as stored.
    pub organisation: Uscc,
}
action!(FindCandidates, this => Resource::of("Review", this.review, "organisation", &this.organisation));

/// Decide a review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecideReview {
    /// The review.
    pub review: Uuid,
    /// Who handles it, as stored.
    pub organisation: Uscc,
}
action!(DecideReview, this => Resource::of("Review", this.review, "organisation", &this.organisation));

/// Correct a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorrectRecord {
    /// The record.
    pub record: Uuid,
    /// Who delivered it, as stored.
    pub provider: Uscc,
}
action!(CorrectRecord, this => Resource::of("Record", this.record, "provider", &this.provider));

/// Withdraw a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WithdrawRecord {
    /// The record.
    pub record: Uuid,
    /// Who delivered it, as stored.
    pub provider: Uscc,
}
action!(WithdrawRecord, this => Resource::of("Record", this.record, "provider", &this.provider));

/// Link two persons, or end a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkPersons;
action!(LinkPersons, _this => Resource::bare("Persons"));

/// Read the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadCatalogue;
action!(ReadCatalogue, _this => Resource::bare("Catalogue"));

/// Check the store against itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyStore;
action!(VerifyStore, _this => Resource::bare("Installation"));

/// Look at held rows again, after the identity register was brought up to date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseHeld;
action!(ReleaseHeld, _this => Resource::bare("Installation"));

/// Rotate and retire the keys of the installation. It opens nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManageKeys;
action!(ManageKeys, _this => Resource::bare("Installation"));
