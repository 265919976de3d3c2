//! Invented people: numbers in the unassigned area 370199, names 测试….

use std::fmt::Write as _;

use domain::{DocumentKind, IdentityDocument, Name, ResidentId};
use matching::FileRegister;

pub(crate) const HEADER: &str = "证件类型,证件号码,姓名,曾用名\n";

/// The number of the `sequence`-th synthetic person.
pub(crate) fn number(sequence: u32) -> String {
    let body = format!(
        "370199{:04}{:02}{:02}{:03}",
        1950 + sequence % 50,
        1 + sequence % 12,
        1 + sequence % 28,
        sequence % 1000
    );
    let body: [u8; 17] = body.as_bytes().try_into().unwrap();
    format!(
        "{}{}",
        std::str::from_utf8(&body).unwrap(),
        char::from(ResidentId::check_character(&body))
    )
}

pub(crate) fn document(number: &str) -> IdentityDocument {
    IdentityDocument::parse(DocumentKind::ResidentId, number).unwrap()
}

pub(crate) fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

/// A register of `(number, name, former names)`.
pub(crate) fn register<'a>(rows: impl IntoIterator<Item = (&'a str, &'a str, &'a str)>) -> FileRegister {
    let mut csv = HEADER.to_owned();
    for (number, name, former) in rows {
        writeln!(csv, "01,{number},{name},{former}").unwrap();
    }
    FileRegister::load(csv.as_bytes()).unwrap()
}
