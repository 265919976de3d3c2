//! Records on their way in and in their life; the catalogue; the installation.

use domain::Uscc;
use domain::catalogue::{Item, ItemId};
use uuid::Uuid;

use super::described::{Described, Name, Resource, Value};
use super::{Action, action};

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
        let provider = ("provider", Value::organisation(&self.provider));
        let entitled = ("entitled", Value::organisations(&self.item_providers));
        Resource {
            kind: "DeliveryFile",
            id: Name::Item(self.item.clone()),
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
