//! How a document is written into the register's memory.

use domain::{DocumentKind, IdentityDocument, ResidentId};

/// Longest key: the kind and a number of up to 40 bytes. Longer numbers are in no register.
const KEY_BYTES_MAX: usize = 41;

/// A document as bytes, on the stack. Resident numbers, which are nearly all, are packed into eight bytes: the first 17
/// digits decide the check character, so nothing is lost.
#[derive(Clone, Copy)]
pub(crate) struct Key {
    bytes: [u8; KEY_BYTES_MAX],
    len: u8,
}

impl Key {
    pub(crate) fn of(document: &IdentityDocument) -> Option<Self> {
        let number = document.expose();
        let mut bytes = [0; KEY_BYTES_MAX];
        let len = if let Some(packed) = packed(document.kind(), number) {
            bytes.get_mut(..8)?.copy_from_slice(&packed.to_le_bytes());
            8
        } else {
            // The kind comes first: a passport and a pass may have equal numbers. Such a key never equals a packed one of
            // the same length: its eighth byte is ASCII, that of a packed number is at most 1, since 10^17 < 2^57.
            *bytes.get_mut(0)? = kind_byte(document.kind());
            bytes.get_mut(1..=number.len())?.copy_from_slice(number.as_bytes());
            u8::try_from(number.len()).ok()?.checked_add(1)?
        };
        Some(Self { bytes, len })
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}

/// The year, month and day in a packed key, each as written; `None` for keys of another form.
pub(crate) fn birth_of(key: &[u8]) -> Option<(u32, u32, u32)> {
    let packed = unpacked(key)?;
    let date = u32::try_from(packed / 1_000 % 100_000_000).ok()?;
    Some((date / 10_000, date / 100 % 100, date % 100))
}

/// The document of a packed key.
pub(crate) fn document_of(key: &[u8]) -> Option<IdentityDocument> {
    let body = format!("{:017}", unpacked(key)?);
    let check = char::from(ResidentId::check_character(body.as_bytes().first_chunk()?));
    IdentityDocument::parse(DocumentKind::ResidentId, &format!("{body}{check}")).ok()
}

fn unpacked(key: &[u8]) -> Option<u64> {
    // The eighth byte of other keys is ASCII, see [`Key::of`].
    let bytes: &[u8; 8] = key.try_into().ok()?;
    bytes.last().filter(|last| **last <= 1)?;
    Some(u64::from_le_bytes(*bytes))
}

fn packed(kind: DocumentKind, number: &str) -> Option<u64> {
    if kind != DocumentKind::ResidentId || number.len() != 18 {
        return None;
    }
    number.bytes().take(17).try_fold(0_u64, |sum, b| {
        b.is_ascii_digit().then(|| sum * 10 + u64::from(b - b'0'))
    })
}

const fn kind_byte(kind: DocumentKind) -> u8 {
    match kind {
        DocumentKind::ResidentId => b'1',
        DocumentKind::Passport => b'2',
        DocumentKind::HkMacaoPass => b'3',
        DocumentKind::TaiwanPass => b'4',
        DocumentKind::ForeignPermanentResident => b'5',
    }
}

/// A hash of key bytes: eight at a time, each mixed by the finaliser of `SplitMix64` (Steele, Lea, Flood 2014). The register
/// is the city's own file, so nobody can plant collisions, and a keyed hash would cost more than the look-up.
pub(crate) fn hash(key: &[u8]) -> u64 {
    key.chunks(8).fold(0x9e37_79b9_7f4a_7c15, |state, chunk| {
        let mut word = [0; 8];
        for (to, from) in word.iter_mut().zip(chunk) {
            *to = *from;
        }
        mix(state ^ u64::from_le_bytes(word))
    })
}

const fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}
