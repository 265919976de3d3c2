//! Names that the catalogue gives to ids, for people to read.

use domain::Uscc;
use domain::catalogue::{Catalogue, ItemId, PurposeId, Text};

/// The name of an organisation, or its code where the catalogue no longer lists it.
pub(crate) fn organisation(catalogue: &Catalogue, uscc: &Uscc) -> Text {
    catalogue
        .organisations
        .get(uscc)
        .map_or_else(|| same(uscc.as_str()), |organisation| organisation.name.clone())
}

/// The name of an item, or its id where the catalogue no longer lists it.
pub(crate) fn item(catalogue: &Catalogue, id: &ItemId) -> Text {
    catalogue
        .items
        .get(id)
        .map_or_else(|| same(id.as_str()), |item| item.name.clone())
}

/// The name of a purpose, or its id where the catalogue no longer lists it.
pub(crate) fn purpose(catalogue: &Catalogue, id: &PurposeId) -> Text {
    catalogue
        .purposes
        .get(id)
        .map_or_else(|| same(id.as_str()), |purpose| purpose.name.clone())
}

fn same(text: &str) -> Text {
    Text {
        zh: text.to_owned(),
        en: text.to_owned(),
    }
}
