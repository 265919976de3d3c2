//! How a document is written into the register's memory.

use domain::{DocumentKind, IdentityDocument};

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
    unpacked(key).map(birth_in)
}

/// The same of the first 17 digits, read as one number.
pub(crate) fn birth_in(number: u64) -> (u32, u32, u32) {
    let date = u32::try_from(number / 1_000 % 100_000_000).unwrap_or_default();
    (date / 10_000, date / 100 % 100, date % 100)
}

/// The area in a packed key.
pub(crate) fn area_of(key: &[u8]) -> Option<u32> {
    unpacked(key).map(area_in)
}

/// The same of the first 17 digits, read as one number.
pub(crate) fn area_in(number: u64) -> u32 {
    u32::try_from(number / 100_000_000_000).unwrap_or_default()
}

/// The document of a packed key.
pub(crate) fn document_of(key: &[u8]) -> Option<IdentityDocument> {
    crate::neighbours::document_of(DocumentKind::ResidentId, unpacked(key)?)
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
    let body = number.as_bytes().first_chunk::<17>()?;
    body.iter().all(u8::is_ascii_digit).then(|| as_number(body))
}

/// Seventeen digits as one number.
pub(crate) fn as_number(body: &[u8; 17]) -> u64 {
    body.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit & 0x0f))
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
    key.chunks(8).fold(SEED, |state, chunk| {
        let mut word = [0; 8];
        for (to, from) in word.iter_mut().zip(chunk) {
            *to = *from;
        }
        mix(state ^ u64::from_le_bytes(word))
    })
}

/// The hash of a packed key, which is this number.
pub(crate) const fn hash_of_number(number: u64) -> u64 {
    mix(SEED ^ number)
}

/// Where hashes begin.
const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

const fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_hashes_as_its_packed_key() {
        let document = IdentityDocument::parse(DocumentKind::ResidentId, "370199190001010018").unwrap();
        let key = Key::of(&document).unwrap();
        assert_eq!(hash(key.as_bytes()), hash_of_number(37_019_919_000_101_001));
    }
}
