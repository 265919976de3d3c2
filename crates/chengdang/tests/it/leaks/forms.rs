//! The forms in which a planted value could leave, and one search for all of them at once.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{Cursor, Read};

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use md5::Md5;
use sha2::{Digest, Sha256};
use synth::Canary;

use super::sm3;

/// What was planted: whose, and which value of theirs. `Debug` says no more, so that a failing test does not itself leak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Planted {
    pub(super) person: u64,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Number,
    /// The number without its check character, as in a slip.
    NumberBody,
    /// The number in the form of the first generation, with 15 digits.
    NumberOf15,
    Name,
    Telephone,
}

/// A planted value that was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hit {
    pub(super) planted: Planted,
    pub(super) form: &'static str,
}

/// Looks for every form of every planted value.
pub(super) struct Scanner {
    automaton: AhoCorasick,
    patterns: Vec<Hit>,
}

impl Scanner {
    pub(super) fn new(canaries: &[Canary]) -> Self {
        let mut unique: BTreeMap<Vec<u8>, Hit> = BTreeMap::new();
        for (planted, value) in canaries.iter().flat_map(values) {
            for (form, bytes) in forms_of(planted.kind, &value) {
                unique.entry(bytes).or_insert(Hit { planted, form });
            }
        }
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(unique.keys())
            .expect("the patterns fit an automaton");
        Self {
            automaton,
            patterns: unique.into_values().collect(),
        }
    }

    /// Everything planted that `bytes` contain, also inside of an archive.
    pub(super) fn scan(&self, bytes: &[u8]) -> BTreeSet<Hit> {
        let mut hits: BTreeSet<Hit> = self
            .automaton
            .find_overlapping_iter(bytes)
            .map(|found| self.patterns[found.pattern().as_usize()].clone())
            .collect();
        for member in unpacked(bytes) {
            hits.extend(self.scan(&member));
        }
        hits
    }

    /// The bytes before the first planted value, without it.
    pub(super) fn before(&self, bytes: &[u8]) -> String {
        let found = self.automaton.find(bytes);
        let start = found.map_or(0, |found| found.start());
        String::from_utf8_lossy(&bytes[start.saturating_sub(120)..start]).into_owned()
    }

    pub(super) fn patterns(&self) -> usize {
        self.patterns.len()
    }
}

/// Members of a ZIP archive (a workbook is one), wherever in `bytes` it begins.
fn unpacked(bytes: &[u8]) -> Vec<Vec<u8>> {
    let start = memchr_of(bytes, b"PK\x03\x04");
    let Some(start) = start else { return Vec::new() };
    let Ok(mut archive) = zip::ZipArchive::new(Cursor::new(&bytes[start..])) else {
        return Vec::new();
    };
    (0..archive.len())
        .filter_map(|at| {
            let mut member = Vec::new();
            archive.by_index(at).ok()?.read_to_end(&mut member).ok()?;
            Some(member)
        })
        .collect()
}

fn memchr_of(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

/// The values of one person, each long enough not to turn up by chance.
pub(super) fn values(canary: &Canary) -> Vec<(Planted, String)> {
    let number = &canary.number;
    let person = canary.index;
    let mut values = vec![
        (Kind::Number, number.clone()),
        (Kind::NumberBody, number[..17].to_owned()),
        (Kind::Name, canary.name.clone()),
        (Kind::Telephone, canary.telephone.clone()),
    ];
    if &number[6..8] == "19" {
        values.push((Kind::NumberOf15, format!("{}{}", &number[..6], &number[8..17])));
    }
    values
        .into_iter()
        .map(|(kind, value)| (Planted { person, kind }, value))
        .collect()
}

/// Every form of one value.
pub(super) fn forms_of(kind: Kind, value: &str) -> Vec<(&'static str, Vec<u8>)> {
    let mut forms = Vec::new();
    for (names, bytes) in [
        (&UTF8, value.as_bytes().to_vec()),
        (&UTF16LE, value.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        (&UTF16BE, value.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        (&GB18030, encoding_rs::GB18030.encode(value).0.into_owned()),
    ] {
        forms.extend(transformed(names, &bytes));
    }
    forms.extend(escaped(value));
    // What the blind index would hash if its key were forgotten: the number alone, or with the code of its kind before it.
    let mut inputs = vec![value.as_bytes().to_vec()];
    if matches!(kind, Kind::Number) {
        inputs.push([b"01\x1f", value.as_bytes()].concat());
        inputs.push([b"01", value.as_bytes()].concat());
        // Under which failed logins were once counted.
        inputs.push([b"login\x1f", value.as_bytes()].concat());
    }
    for input in inputs {
        forms.extend(transformed(&MD5, &Md5::digest(&input)));
        forms.extend(transformed(&SHA256, &Sha256::digest(&input)));
        // The blind index cuts its tags to 128 bits; so might a mistake.
        forms.extend(transformed(&SHA256_HALF, &Sha256::digest(&input)[..16]));
        forms.extend(transformed(&SM3, &sm3::digest(&input)));
    }
    forms
}

/// Names of the transformed forms of one encoding: raw, hex lower and upper, Base64 of either alphabet at three offsets,
/// percent-coded lower and upper, lists of bytes as Rust and JSON print them, `\x` and octal escapes.
type Names = [&'static str; 11];

macro_rules! names {
    ($of:literal) => {
        [
            $of,
            concat!($of, " as hex"),
            concat!($of, " as HEX"),
            concat!($of, " as Base64"),
            concat!($of, " as Base64 for addresses"),
            concat!($of, " percent-coded"),
            concat!($of, " PERCENT-CODED"),
            concat!($of, " as a list of bytes"),
            concat!($of, " as a dense list of bytes"),
            concat!($of, " as \\x escapes"),
            concat!($of, " as octal escapes"),
        ]
    };
}
const UTF8: Names = names!("UTF-8");
const UTF16LE: Names = names!("UTF-16LE");
const UTF16BE: Names = names!("UTF-16BE");
const GB18030: Names = names!("GB18030");
const MD5: Names = names!("MD5");
const SHA256: Names = names!("SHA-256");
const SHA256_HALF: Names = names!("SHA-256, half");
const SM3: Names = names!("SM3");

fn transformed(names: &Names, bytes: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let each = |write: &dyn Fn(&mut String, u8)| {
        let mut text = String::new();
        for byte in bytes {
            write(&mut text, *byte);
        }
        text.into_bytes()
    };
    let listed = |separator: &str| {
        let numbers: Vec<String> = bytes.iter().map(u8::to_string).collect();
        numbers.join(separator).into_bytes()
    };
    let mut forms = vec![
        (names[0], bytes.to_vec()),
        (names[1], hex::encode(bytes).into_bytes()),
        (names[2], hex::encode_upper(bytes).into_bytes()),
        (names[5], each(&|text, byte| write!(text, "%{byte:02x}").expect("text"))),
        (names[6], each(&|text, byte| write!(text, "%{byte:02X}").expect("text"))),
        (names[7], listed(", ")),
        (names[8], listed(",")),
        (
            names[9],
            each(&|text, byte| write!(text, "\\x{byte:02x}").expect("text")),
        ),
        (
            names[10],
            each(&|text, byte| write!(text, "\\{byte:03o}").expect("text")),
        ),
    ];
    for offset in 0..3 {
        forms.push((names[3], base64_at(offset, bytes, |all| STANDARD_NO_PAD.encode(all))));
        forms.push((names[4], base64_at(offset, bytes, |all| URL_SAFE_NO_PAD.encode(all))));
    }
    forms
}

/// The characters of Base64 that depend on nothing but `bytes`, which begin `offset` bytes into the text.
pub(super) fn base64_at(offset: usize, bytes: &[u8], encode: impl Fn(&[u8]) -> String) -> Vec<u8> {
    let padded = [vec![0; offset], bytes.to_vec()].concat();
    let (first, end) = ((offset * 8).div_ceil(6), padded.len() * 8 / 6);
    encode(&padded).as_bytes()[first..end].to_vec()
}

/// Escapes of text that is not ASCII: JSON, HTML.
fn escaped(value: &str) -> Vec<(&'static str, Vec<u8>)> {
    if value.is_ascii() {
        return Vec::new();
    }
    let each = |write: &dyn Fn(char) -> String| value.chars().map(write).collect::<String>().into_bytes();
    vec![
        ("JSON escapes", each(&|c| format!("\\u{:04x}", u32::from(c)))),
        ("JSON ESCAPES", each(&|c| format!("\\u{:04X}", u32::from(c)))),
        ("Rust escapes", each(&|c| format!("\\u{{{:x}}}", u32::from(c)))),
        ("HTML references", each(&|c| format!("&#{};", u32::from(c)))),
        ("HTML hex references", each(&|c| format!("&#x{:x};", u32::from(c)))),
        ("HTML HEX references", each(&|c| format!("&#x{:X};", u32::from(c)))),
    ]
}
