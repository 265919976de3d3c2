//! What the tests of this crate share: the shipped policies and invented callers.

use std::path::{Path, PathBuf};

use domain::Uscc;
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

/// A caller of each kind; officers of departments belong to organisation 1, the centre's to organisation 9.
pub(crate) fn caller(kind: CallerKind, second_factor: bool) -> Caller {
    let organisation = match kind {
        CallerKind::Officer => Some(organisation(1)),
        CallerKind::Centre => Some(organisation(9)),
        CallerKind::Resident | CallerKind::Operator => None,
    };
    Caller {
        account: Uuid::from_u128(1),
        kind,
        organisation,
        second_factor,
    }
}
