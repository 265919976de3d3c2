//! The residents of the synthetic city, each computed from the seed and its index alone.

use domain::{Day, DocumentKind, ResidentId};

use crate::SynthError;
use crate::stream::{Draw, Stream};

/// The unassigned area of synthetic people: no number here can be a real person's (GB/T 2260).
pub const AREA: &str = "370199";

/// Sequences 1 to 995 of a day: 996 to 999 mean births in the 1800s when a number is cut to 15 digits.
const SEQUENCES: u64 = 995;
/// Births lie from this many years before the city's year …
const OLDEST_YEARS: i16 = 80;
/// … to this many, so that the city has minors too.
const YOUNGEST_YEARS: i16 = 9;
/// Strangers that every city has beside its residents.
const STRANGERS: u64 = 1_000_000;
/// Most residents and strangers of a city together.
pub const RESIDENTS_MAX: u64 = 12_000_000;

/// Given names; `䶮` and `𬱖` are rare characters, of two and of four bytes in GB18030.
const GIVEN: [&str; 96] = [
    "甲", "乙", "丙", "丁", "戊", "己", "庚", "辛", "壬", "癸", "子", "丑", "寅", "卯", "辰", "巳", "午", "未", "申",
    "酉", "戌", "亥", "天", "地", "玄", "黄", "宇", "宙", "洪", "荒", "日", "月", "盈", "昃", "宿", "列", "张", "寒",
    "来", "暑", "往", "秋", "收", "冬", "藏", "闰", "余", "成", "岁", "律", "吕", "调", "阳", "云", "腾", "致", "雨",
    "露", "结", "为", "霜", "金", "生", "丽", "水", "玉", "出", "昆", "冈", "剑", "号", "巨", "阙", "珠", "称", "夜",
    "光", "果", "珍", "李", "柰", "菜", "重", "芥", "姜", "海", "咸", "河", "淡", "鳞", "潜", "羽", "翔", "龙", "䶮",
    "𬱖",
];

/// A resident, or a stranger whom the register does not know.
#[derive(Clone, PartialEq, Eq)]
pub struct Resident {
    /// Index in the city; strangers come after the residents.
    pub index: u64,
    /// Kind of the identity document.
    pub kind: DocumentKind,
    /// Its number.
    pub number: String,
    /// Name, in canonical form.
    pub name: String,
    /// A former name that the register knows, of some.
    pub former_name: Option<String>,
    /// Day of birth.
    pub birth: Day,
    /// A telephone number that belongs to nobody.
    pub telephone: String,
}

impl Resident {
    /// The number in its legacy form of 15 digits, if it has one: a citizen born in the 1900s.
    #[must_use]
    pub fn legacy_number(&self) -> Option<String> {
        if self.kind != DocumentKind::ResidentId || !(1900..2000).contains(&self.birth.year()) {
            return None;
        }
        Some(format!("{}{}", self.number.get(..6)?, self.number.get(8..17)?))
    }

    /// Whether the person was at least 18 on `day` (民法典 art. 17).
    #[must_use]
    pub fn is_adult_on(&self, day: Day) -> bool {
        self.birth.plus_months(18 * 12).is_ok_and(|birthday| birthday <= day)
    }
}

impl std::fmt::Debug for Resident {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resident")
            .field("index", &self.index)
            .finish_non_exhaustive()
    }
}

/// A city: `residents` people that its register knows, and strangers that it does not. Holds no people, only how to
/// compute them, so ten million cost nothing.
#[derive(Debug, Clone)]
pub struct City {
    seed: u64,
    residents: u64,
    canaries: u64,
    today: Day,
    first_birth: i32,
    slots: u64,
    /// Number slots are taken in the order `index * factor + shift (mod slots)`, a bijection.
    factor: u64,
    inverse: u64,
    shift: u64,
}

impl City {
    /// The city of this seed and size on `today`. Its people change with the year of `today`, not with the day.
    ///
    /// # Errors
    ///
    /// [`SynthError::Parameters`] for more than [`RESIDENTS_MAX`] residents or a year out of range.
    pub fn new(seed: u64, residents: u64, today: Day) -> Result<Self, SynthError> {
        if residents > RESIDENTS_MAX - STRANGERS {
            return Err(SynthError::Parameters("a city has at most eleven million residents"));
        }
        let year =
            |back: i16| Day::new(today.year() - back, 1, 1).map_err(|_| SynthError::Parameters("year out of range"));
        let first_birth = year(OLDEST_YEARS)?.to_epoch_days();
        let days = u64::try_from(year(YOUNGEST_YEARS)?.to_epoch_days() - first_birth).unwrap_or_default();
        let slots = days * SEQUENCES;
        let mut stream = Stream::new(seed, Draw::Shuffle, 0);
        let (factor, inverse) = loop {
            let factor = stream.below(slots - 2) + 1;
            if let Some(inverse) = inverse(factor, slots) {
                break (factor, inverse);
            }
        };
        let shift = stream.below(slots);
        Ok(Self {
            seed,
            residents,
            canaries: 0,
            today,
            first_birth,
            slots,
            factor,
            inverse,
            shift,
        })
    }

    /// The same city with so many people whose names nobody else has: three quarters are residents, the first ones, and
    /// one quarter strangers.
    #[must_use]
    pub const fn with_canaries(mut self, canaries: u64) -> Self {
        self.canaries = canaries;
        self
    }

    /// Seed.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// Number of residents that the register knows.
    #[must_use]
    pub const fn residents(&self) -> u64 {
        self.residents
    }

    /// The city's present day.
    #[must_use]
    pub const fn today(&self) -> Day {
        self.today
    }

    /// Number of canaries.
    #[must_use]
    pub const fn canaries(&self) -> u64 {
        self.canaries
    }

    /// The person with `index`: a resident below [`Self::residents`], a stranger from there on.
    ///
    /// # Errors
    ///
    /// [`SynthError::Parameters`] from [`RESIDENTS_MAX`] on.
    pub fn person(&self, index: u64) -> Result<Resident, SynthError> {
        if index >= RESIDENTS_MAX {
            return Err(SynthError::Parameters("the city has no such person"));
        }
        let slot = self.slot_of(index);
        let day = self.first_birth + i32::try_from(slot / SEQUENCES).unwrap_or_default();
        let sequence = u16::try_from(slot % SEQUENCES + 1).unwrap_or_default();
        let birth = Day::from_epoch_days(day).map_err(|_| SynthError::Parameters("year out of range"))?;
        let mut stream = Stream::new(self.seed, Draw::Person, index);
        let (kind, number) = document(&mut stream, index, birth, sequence, self.is_canary(index))?;
        let name = self.name(index);
        let former_name = stream.chance(300).then(|| former(&mut stream, &name));
        Ok(Resident {
            index,
            kind,
            number,
            name,
            former_name,
            birth,
            telephone: format!("199{index:08}"),
        })
    }

    /// The person who holds this resident identity number, if it is one of this city's residents.
    #[must_use]
    pub fn find(&self, number: &str) -> Option<Resident> {
        let id = ResidentId::parse(number).ok().filter(ResidentId::is_test_area)?;
        let sequence: u64 = number.get(14..17)?.parse().ok()?;
        let days = u64::try_from(id.birth_day().to_epoch_days() - self.first_birth).ok()?;
        let slot = days * SEQUENCES + sequence.checked_sub(1)?;
        if sequence > SEQUENCES || slot >= self.slots {
            return None;
        }
        let unshifted = u128::from(slot + self.slots - self.shift) * u128::from(self.inverse) % u128::from(self.slots);
        let index = u64::try_from(unshifted).ok().filter(|index| *index < self.residents)?;
        self.person(index).ok().filter(|person| person.number == number)
    }

    /// Whether this person is a canary: its name is nobody else's.
    #[must_use]
    pub const fn is_canary(&self, index: u64) -> bool {
        index < self.resident_canaries() || (index >= self.residents && index - self.residents < self.canaries / 4)
    }

    /// Indexes of the canaries, residents first.
    pub fn canary_indexes(&self) -> impl Iterator<Item = u64> + use<> {
        (0..self.resident_canaries()).chain(self.residents..self.residents + self.canaries / 4)
    }

    const fn resident_canaries(&self) -> u64 {
        self.canaries - self.canaries / 4
    }

    fn slot_of(&self, index: u64) -> u64 {
        let wide = u128::from(index) * u128::from(self.factor) + u128::from(self.shift);
        u64::try_from(wide % u128::from(self.slots)).unwrap_or_default()
    }

    fn name(&self, index: u64) -> String {
        let mut stream = Stream::new(self.seed, Draw::Name, index);
        if self.is_canary(index) {
            // Five characters, so that a search for the name in bytes finds nothing by chance.
            let rank = if index < self.residents {
                index
            } else {
                self.resident_canaries() + index - self.residents
            };
            let at = |n: u64| {
                GIVEN
                    .get(usize::try_from(n % 90).unwrap_or_default())
                    .copied()
                    .unwrap_or_default()
            };
            return format!("测试哨{}{}", at(rank / 90), at(rank));
        }
        let (first, second, third) = (stream.pick(&GIVEN), stream.pick(&GIVEN), stream.pick(&GIVEN));
        match stream.below(100) {
            0..3 => format!("测试·{first}"),
            3..5 => format!("测试{first}·{second}{third}"),
            5..50 => format!("测试{first}"),
            _ => format!("测试{first}{second}"),
        }
    }
}

/// A name before a change; never that of anybody now, for nobody is now called 旧.
fn former(stream: &mut Stream, name: &str) -> String {
    format!("{}旧{}", name.chars().take(2).collect::<String>(), stream.pick(&GIVEN))
}

fn document(
    stream: &mut Stream,
    index: u64,
    birth: Day,
    sequence: u16,
    is_canary: bool,
) -> Result<(DocumentKind, String), SynthError> {
    let share = if is_canary { 1000 } else { stream.below(1000) };
    Ok(match share {
        0..15 => (DocumentKind::Passport, format!("TST{index:08}")),
        15..25 => (DocumentKind::HkMacaoPass, format!("H{index:08}")),
        25..30 => (DocumentKind::TaiwanPass, format!("{index:08}")),
        30..34 => (DocumentKind::ForeignPermanentResident, format!("TST{index:012}")),
        _ => {
            let id =
                ResidentId::compose(AREA, birth, sequence).map_err(|_| SynthError::Parameters("no such number"))?;
            (DocumentKind::ResidentId, id.expose().to_owned())
        }
    })
}

/// The inverse of `factor` modulo `modulus`, by Euclid's algorithm; `None` if they share a divisor.
fn inverse(factor: u64, modulus: u64) -> Option<u64> {
    let (mut r, mut next_r) = (i128::from(modulus), i128::from(factor));
    let (mut t, mut next_t) = (0_i128, 1_i128);
    while next_r != 0 {
        let quotient = r / next_r;
        (r, next_r) = (next_r, r - quotient * next_r);
        (t, next_t) = (next_t, t - quotient * next_t);
    }
    if r != 1 {
        return None;
    }
    u64::try_from(t.rem_euclid(i128::from(modulus))).ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use domain::{IdentityDocument, Name};

    use super::*;

    fn city(residents: u64) -> City {
        City::new(7, residents, Day::new(2026, 11, 24).unwrap()).unwrap()
    }

    #[test]
    fn people_have_valid_unique_documents_and_canonical_names() {
        let city = city(20_000);
        let mut documents = BTreeSet::new();
        let (mut legacy, mut minors, mut former, mut dots, mut others) = (0, 0, 0, 0, 0);
        for index in 0..25_000 {
            let person = city.person(index).unwrap();
            let document = IdentityDocument::parse(person.kind, &person.number).unwrap();
            assert_eq!(
                (document.kind(), document.expose()),
                (person.kind, person.number.as_str())
            );
            assert!(documents.insert(document.index_input()));
            for name in person.former_name.iter().chain([&person.name]) {
                let parsed = Name::parse(name).unwrap();
                assert_eq!(parsed.canonical(), name);
                assert!(name.starts_with("测试"));
            }
            if let Some(short) = person.legacy_number() {
                legacy += 1;
                let converted = IdentityDocument::parse(person.kind, &short).unwrap();
                assert!(converted.is_converted() && converted.expose() == person.number);
            }
            minors += u32::from(!person.is_adult_on(city.today()));
            former += u32::from(person.former_name.is_some());
            dots += u32::from(person.name.contains('·'));
            others += u32::from(person.kind != DocumentKind::ResidentId);
        }
        assert!(legacy > 10_000 && minors > 1_000 && former > 300 && dots > 500 && others > 300);
    }

    #[test]
    fn the_last_of_ten_million_is_made_without_the_others_and_found_again() {
        let city = city(10_000_000);
        for index in [0, 1, 4_999_999, 9_999_999] {
            let person = city.person(index).unwrap();
            assert_eq!(person, city.person(index).unwrap());
            if person.kind == DocumentKind::ResidentId {
                assert_eq!(city.find(&person.number).map(|found| found.index), Some(index));
            }
        }
        assert!(
            city.find(&city.person(10_000_001).unwrap().number).is_none(),
            "a stranger"
        );
        assert!(city.person(RESIDENTS_MAX).is_err());
        assert_ne!(
            city.person(5).unwrap().number,
            City::new(8, 10, city.today()).unwrap().person(5).unwrap().number
        );
    }

    #[test]
    fn canaries_have_names_of_their_own() {
        let city = city(5_000).with_canaries(64);
        let mut names = BTreeSet::new();
        for index in (0..48).chain(5_000..5_016) {
            let person = city.person(index).unwrap();
            assert!(city.is_canary(index) && person.name.starts_with("测试哨") && names.insert(person.name));
        }
        assert_eq!(names.len(), 64);
        assert!(city.canary_indexes().eq((0..48).chain(5_000..5_016)));
        assert!((48..5_000).all(|index| !city.person(index).unwrap().name.starts_with("测试哨")));
    }
}
