//! What the tests of this crate share: the shipped policies and invented callers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use domain::Uscc;
use domain::catalogue::{ItemId, Purpose, PurposeId, Text};
use policy::{Caller, CallerKind};
use uuid::Uuid;

/// The policies at the root of the repository.
pub(crate) fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies")
}

/// An invented authority of the test area 370199.
pub(crate) fn organisation(number: u8) -> Uscc {
    let mut body = *b"11370199MB0000000";
    body[16] = b'0' + number;
    let check = Uscc::check_character(&body).unwrap();
    Uscc::parse(&format!("{}{}", String::from_utf8_lossy(&body), char::from(check))).unwrap()
}

/// A caller of each kind; departments' officers and systems belong to organisation 1, a third party to 3, the centre's to 9.
/// A system has no second factor: a verified officer stands behind it instead.
pub(crate) fn caller(kind: CallerKind, second_factor: bool) -> Caller {
    let organisation = match kind {
        CallerKind::Officer | CallerKind::System => Some(organisation(1)),
        CallerKind::Partner => Some(organisation(3)),
        CallerKind::Centre => Some(organisation(9)),
        CallerKind::Resident
        | CallerKind::Operator
        | CallerKind::SystemAdministrator
        | CallerKind::SecurityAdministrator
        | CallerKind::AuditAdministrator => None,
    };
    Caller {
        account: Uuid::from_u128(1),
        kind,
        organisation,
        second_factor: second_factor && kind != CallerKind::System,
        behind: (second_factor && kind == CallerKind::System).then(|| Uuid::from_u128(11)),
    }
}

/// An item.
pub(crate) fn item(id: &str) -> ItemId {
    ItemId::parse(id).unwrap()
}

/// A purpose in force that `askers` may ask for, over two items.
pub(crate) fn purpose(askers: &[Uscc]) -> Purpose {
    let text = || Text {
        zh: "测试用途".to_owned(),
        en: "test purpose".to_owned(),
    };
    Purpose {
        id: PurposeId::parse("PUR-TEST").unwrap(),
        name: text(),
        statute: None,
        duty: None,
        field_of_life: None,
        cross_field_basis: None,
        is_enabled: true,
        disabled_because: None,
        items: vec![item("ITM-PENALTY"), item("ITM-PERMIT")],
        fields: BTreeMap::new(),
        linked_providers: Vec::new(),
        askers: askers.to_vec(),
        matter: None,
        law_compels: false,
        close_within_days: 5,
    }
}
