//! Identity documents: the kinds that data standards list, and the checked number of one.

use std::borrow::Cow;
use std::fmt;

use crate::resident_id::{ResidentIdKind, mask_number};
use crate::text::fold_code;
use crate::{Day, ResidentId, ResidentIdFault};

/// 证件类型, by the codes of the double-publicity standard (双公示).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DocumentKind {
    /// 居民身份证, and 港澳台居民居住证, whose number is built alike
    ResidentId,
    /// 护照
    Passport,
    /// 港澳居民来往内地通行证
    HkMacaoPass,
    /// 台湾居民来往大陆通行证
    TaiwanPass,
    /// 外国人永久居留身份证
    ForeignPermanentResident,
}

impl DocumentKind {
    /// All kinds in the order of their codes.
    pub const ALL: [Self; 5] = [
        Self::ResidentId,
        Self::Passport,
        Self::HkMacaoPass,
        Self::TaiwanPass,
        Self::ForeignPermanentResident,
    ];

    /// Code, `01` to `05`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::ResidentId => "01",
            Self::Passport => "02",
            Self::HkMacaoPass => "03",
            Self::TaiwanPass => "04",
            Self::ForeignPermanentResident => "05",
        }
    }

    /// Chinese name.
    #[must_use]
    pub const fn label_zh(self) -> &'static str {
        match self {
            Self::ResidentId => "居民身份证",
            Self::Passport => "护照",
            Self::HkMacaoPass => "港澳居民来往内地通行证",
            Self::TaiwanPass => "台湾居民来往大陆通行证",
            Self::ForeignPermanentResident => "外国人永久居留身份证",
        }
    }

    /// English name.
    #[must_use]
    pub const fn label_en(self) -> &'static str {
        match self {
            Self::ResidentId => "resident identity card",
            Self::Passport => "passport",
            Self::HkMacaoPass => "mainland travel permit for residents of Hong Kong and Macao",
            Self::TaiwanPass => "mainland travel permit for residents of Taiwan",
            Self::ForeignPermanentResident => "foreign permanent resident card",
        }
    }

    /// Reads a code, with or without its zero, or a name as departments write it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match fold_code(text).as_ref() {
            "01"
            | "1"
            | "身份证"
            | "居民身份证"
            | "中华人民共和国居民身份证"
            | "二代身份证"
            | "第二代居民身份证"
            | "公民身份号码"
            | "临时居民身份证"
            | "港澳台居民居住证"
            | "港澳居民居住证"
            | "台湾居民居住证" => Some(Self::ResidentId),
            "02" | "2" | "护照" | "普通护照" | "中国护照" | "外国护照" | "护照号" => {
                Some(Self::Passport)
            }
            // 往来港澳通行证 is another document, of mainland residents, and is not accepted.
            "03" | "3" | "港澳居民来往内地通行证" | "港澳来往内地通行证" | "港澳居民通行证" | "回乡证" => {
                Some(Self::HkMacaoPass)
            }
            "04" | "4" | "台湾居民来往大陆通行证" | "台湾来往大陆通行证" | "台湾居民通行证" | "台胞证" => {
                Some(Self::TaiwanPass)
            }
            "05" | "5" | "外国人永久居留身份证" | "外国人永久居留证" | "永久居留身份证" => {
                Some(Self::ForeignPermanentResident)
            }
            _ => None,
        }
    }
}

/// Why a text is not a number of the given kind of document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DocumentFault {
    /// Built like a resident identity number, and not one.
    #[error(transparent)]
    ResidentId(#[from] ResidentIdFault),
    /// Not the form of this kind of document.
    #[error("the document number has not the form of its kind of document")]
    Shape,
}

/// A checked document number with its kind. `Debug` is masked, there is no `Display`; see [`IdentityDocument::expose`].
///
/// Equal documents have equal kind and number, whether the number was converted or not.
#[derive(Clone)]
pub struct IdentityDocument {
    kind: DocumentKind,
    number: Box<str>, // INVARIANT: canonical, that is trimmed, ASCII, upper case, and of the form of `kind`.
    birth: Option<Day>,
    is_converted: bool,
}

impl IdentityDocument {
    /// Reads `text` as a number of `kind`: edges trimmed, full width folded, letters upper-cased.
    ///
    /// The legacy 15 digits are accepted for [`DocumentKind::ResidentId`], converted and marked. A number with the
    /// leading 9 of foreign permanent residents makes the kind [`DocumentKind::ForeignPermanentResident`], however the
    /// row calls it, so that one person has one form.
    ///
    /// # Errors
    ///
    /// [`DocumentFault`] if the number has not the form of its kind.
    pub fn parse(kind: DocumentKind, text: &str) -> Result<Self, DocumentFault> {
        let number = fold_code(text);
        match kind {
            DocumentKind::ResidentId if number.len() == 15 => {
                let id = ResidentId::from_legacy(&number)?;
                Ok(Self {
                    is_converted: true,
                    ..Self::from(&id)
                })
            }
            DocumentKind::ResidentId => Ok(Self::from(&ResidentId::parse(&number)?)),
            DocumentKind::ForeignPermanentResident if number.len() == 18 => {
                let id = ResidentId::parse(&number)?;
                let is_foreign = id.kind() == ResidentIdKind::ForeignPermanentResident;
                if is_foreign {
                    Ok(Self::from(&id))
                } else {
                    Err(DocumentFault::Shape)
                }
            }
            DocumentKind::ForeignPermanentResident => Self::shaped(kind, number, is_old_permanent_residence),
            DocumentKind::Passport => Self::shaped(kind, number, is_passport),
            DocumentKind::HkMacaoPass => Self::shaped(kind, number, is_hk_macao_pass),
            DocumentKind::TaiwanPass => Self::shaped(kind, without_brackets(number), is_taiwan_pass),
        }
    }

    fn shaped(kind: DocumentKind, number: Cow<'_, str>, fits: fn(&[u8]) -> bool) -> Result<Self, DocumentFault> {
        if !fits(number.as_bytes()) {
            return Err(DocumentFault::Shape);
        }
        Ok(Self {
            kind,
            number: number.into(),
            birth: None,
            is_converted: false,
        })
    }

    /// Kind.
    #[must_use]
    pub const fn kind(&self) -> DocumentKind {
        self.kind
    }

    /// The full number. Each caller is listed, with its legal ground, in `docs/pii-register.md`.
    #[must_use]
    pub const fn expose(&self) -> &str {
        &self.number
    }

    /// Whether the number was given with 15 digits: a human must confirm the match.
    #[must_use]
    pub const fn is_converted(&self) -> bool {
        self.is_converted
    }

    /// The form for everybody but the person: at most the last two characters.
    #[must_use]
    pub fn masked(&self) -> String {
        mask_number(&self.number)
    }

    /// The day of birth, where the number carries it in full.
    #[must_use]
    pub const fn birth_day(&self) -> Option<Day> {
        self.birth
    }

    /// Whether the number belongs to a synthetic person (area 370199).
    #[must_use]
    pub fn is_test_area(&self) -> bool {
        self.kind == DocumentKind::ResidentId && self.number.starts_with("370199")
    }

    /// What the blind index is computed over: code of the kind, the separator 0x1F, the number.
    #[must_use]
    pub fn index_input(&self) -> Vec<u8> {
        [self.kind.code().as_bytes(), b"\x1f", self.number.as_bytes()].concat()
    }
}

impl From<&ResidentId> for IdentityDocument {
    fn from(id: &ResidentId) -> Self {
        let kind = match id.kind() {
            ResidentIdKind::ForeignPermanentResident => DocumentKind::ForeignPermanentResident,
            ResidentIdKind::Citizen | ResidentIdKind::HongKong | ResidentIdKind::Macao | ResidentIdKind::Taiwan => {
                DocumentKind::ResidentId
            }
        };
        Self {
            kind,
            number: id.expose().into(),
            birth: Some(id.birth_day()),
            is_converted: false,
        }
    }
}

impl PartialEq for IdentityDocument {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && self.number == other.number
    }
}

impl Eq for IdentityDocument {}

impl std::hash::Hash for IdentityDocument {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.kind.hash(state);
        self.number.hash(state);
    }
}

impl fmt::Debug for IdentityDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdentityDocument")
            .field("kind", &self.kind)
            .field("is_converted", &self.is_converted)
            .finish_non_exhaustive()
    }
}

/// Old booklets print the batch letter in brackets: `0012345678(B)`.
fn without_brackets(number: Cow<'_, str>) -> Cow<'_, str> {
    if number.contains(['(', ')']) {
        Cow::Owned(number.replace(['(', ')'], ""))
    } else {
        number
    }
}

fn all_digits(bytes: &[u8]) -> bool {
    bytes.iter().all(u8::is_ascii_digit)
}

/// Passports of all countries: ICAO Doc 9303 allows letters and digits; nine in the machine-readable field, more where
/// a country continues the number in the optional field.
fn is_passport(number: &[u8]) -> bool {
    (5..=15).contains(&number.len())
        && number.iter().all(u8::is_ascii_alphanumeric)
        && number.iter().any(u8::is_ascii_digit)
}

/// `H` or `M` and eight digits, on older cards two more for the number of the issue.
fn is_hk_macao_pass(number: &[u8]) -> bool {
    matches!(number, [b'H' | b'M', digits @ ..] if matches!(digits.len(), 8 | 10) && all_digits(digits))
}

/// Eight digits on cards; ten digits and perhaps a letter on older booklets.
fn is_taiwan_pass(number: &[u8]) -> bool {
    match number {
        [digits @ .., letter] if digits.len() == 10 => all_digits(digits) && letter.is_ascii_uppercase(),
        digits => matches!(digits.len(), 8 | 10) && all_digits(digits),
    }
}

/// Cards issued before December 2023: three letters of the country and twelve digits.
fn is_old_permanent_residence(number: &[u8]) -> bool {
    let (country, digits) = number.split_at_checked(3).unwrap_or_default();
    country.iter().all(u8::is_ascii_uppercase) && digits.len() == 12 && all_digits(digits)
}
