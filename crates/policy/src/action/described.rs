//! What a request says of the thing asked for. Private, so that no other crate adds an action.

use domain::Uscc;
use domain::catalogue::{ItemId, PurposeId};
use uuid::Uuid;

/// A resource entity.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Resource {
    /// Entity type in the schema.
    pub(crate) kind: &'static str,
    /// Entity id.
    pub(crate) id: Name,
    /// Attributes.
    pub(crate) attributes: Vec<(&'static str, Value)>,
}

/// The id of an entity, in the form in which the caller's types hold it: a request that was answered before is found
/// again without a text being made.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Name {
    Word(&'static str),
    Uuid(Uuid),
    Organisation(Uscc),
    Item(ItemId),
    Purpose(PurposeId),
}

impl Name {
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Word(word) => (*word).to_owned(),
            Self::Uuid(uuid) => uuid.to_string(),
            Self::Organisation(code) => code.as_str().to_owned(),
            Self::Item(id) => id.to_string(),
            Self::Purpose(id) => id.to_string(),
        }
    }
}

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Value {
    Bool(bool),
    Count(i64),
    /// Type and id.
    Entity(&'static str, Name),
    /// Type of all, and their ids.
    Entities(&'static str, Vec<Name>),
    Record(Vec<(&'static str, Value)>),
}

impl Value {
    pub(crate) fn organisation(code: &Uscc) -> Self {
        Self::Entity("Organisation", Name::Organisation(code.clone()))
    }
    pub(crate) fn organisations(codes: &[Uscc]) -> Self {
        Self::Entities("Organisation", codes.iter().cloned().map(Name::Organisation).collect())
    }
    pub(crate) fn item(item: &ItemId) -> Self {
        Self::Entity("Item", Name::Item(item.clone()))
    }
    pub(crate) fn items(items: &[ItemId]) -> Self {
        Self::Entities("Item", items.iter().cloned().map(Name::Item).collect())
    }
    pub(crate) fn purpose(purpose: &PurposeId) -> Self {
        Self::Entity("Purpose", Name::Purpose(purpose.clone()))
    }
    pub(crate) fn officer(account: Uuid) -> Self {
        Self::Entity("Officer", Name::Uuid(account))
    }
    pub(crate) fn centre(account: Uuid) -> Self {
        Self::Entity("Centre", Name::Uuid(account))
    }
    pub(crate) fn resident(account: Uuid) -> Self {
        Self::Entity("Resident", Name::Uuid(account))
    }
}

impl Resource {
    pub(crate) fn bare(kind: &'static str) -> Self {
        Self::with(kind, Name::Word("all"), Vec::new())
    }
    pub(crate) fn with(kind: &'static str, id: Name, attributes: Vec<(&'static str, Value)>) -> Self {
        Self { kind, id, attributes }
    }
    pub(crate) fn of(kind: &'static str, id: Uuid, attribute: &'static str, organisation: &Uscc) -> Self {
        Self::with(
            kind,
            Name::Uuid(id),
            vec![(attribute, Value::organisation(organisation))],
        )
    }
    pub(crate) fn list(kind: &'static str, attribute: &'static str, organisation: Option<&Uscc>) -> Self {
        let id = organisation.map_or(Name::Word("all"), |code| Name::Organisation(code.clone()));
        let value = organisation.map(|organisation| (attribute, Value::organisation(organisation)));
        Self::with(kind, id, value.into_iter().collect())
    }
    pub(crate) fn credit_file(account: Uuid) -> Self {
        let holder = vec![("holder", Value::resident(account))];
        Self::with("CreditFile", Name::Uuid(account), holder)
    }
}

/// Describes the thing asked for.
pub trait Described {
    /// The resource entity of the request.
    fn resource(&self) -> Resource;
}
