//! How a row in review and an entry of the register agree, feature by feature, in words that hold no personal data.
//!
//! Features stand side by side and are never added up: no number says how near a candidate is (R1, R7).

use std::borrow::Cow;

use crate::Language;

/// How the number of a row and that of a candidate agree. Places count from 1; the last character is place 18.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NumberAgreement {
    /// Every character is the same.
    Same,
    /// The same, after the conversion from 15 digits.
    Converted,
    /// Only the check character differs.
    CheckCharacter,
    /// One character differs.
    OneCharacter {
        /// place
        at: u8,
    },
    /// Two neighbours are swapped.
    Swapped {
        /// place of the first of them
        at: u8,
    },
    /// One digit differs, and the check character with it.
    OneDigitAndCheck {
        /// place
        at: u8,
    },
    /// Two neighbouring digits are swapped, and the check character differs with them.
    SwappedAndCheck {
        /// place of the first of them
        at: u8,
    },
    /// Month and day of the birth date are exchanged.
    MonthAndDay,
    /// The birth date lies a hundred years apart.
    Century,
    /// Two digits differ.
    TwoDigits {
        /// place of the first
        first: u8,
        /// place of the second
        second: u8,
    },
    /// The birth date is the same, at least three other characters differ.
    BirthDateOnly,
}

/// How much of the number is left, for the order of a list. Not a measure: it says which words apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reach {
    Same,
    OneSlip,
    Further,
}

impl NumberAgreement {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Converted => "converted_15",
            Self::CheckCharacter => "check_character",
            Self::OneCharacter { .. } => "one_character",
            Self::Swapped { .. } => "neighbours_swapped",
            Self::OneDigitAndCheck { .. } => "one_digit_and_check",
            Self::SwappedAndCheck { .. } => "neighbours_swapped_and_check",
            Self::MonthAndDay => "month_and_day_exchanged",
            Self::Century => "century",
            Self::TwoDigits { .. } => "two_digits",
            Self::BirthDateOnly => "birth_date_only",
        }
    }

    /// What agrees and where it does not, for the officer. A place is no personal data: it says where to look on the paper.
    #[must_use]
    pub fn text(self, language: Language) -> Cow<'static, str> {
        match (self, language) {
            (Self::Same, Language::Zh) => "号码完全一致".into(),
            (Self::Same, Language::En) => "the number is the same".into(),
            (Self::Converted, Language::Zh) => "由15位旧号码换算后一致".into(),
            (Self::Converted, Language::En) => "the number is the same after the conversion from 15 digits".into(),
            (Self::CheckCharacter, Language::Zh) => "仅最后一位（校验位）不同".into(),
            (Self::CheckCharacter, Language::En) => "only the last character, the check character, differs".into(),
            (Self::OneCharacter { at }, Language::Zh) => format!("仅第{at}位不同").into(),
            (Self::OneCharacter { at }, Language::En) => format!("only character {at} differs").into(),
            (Self::Swapped { at }, Language::Zh) => format!("第{at}、{}位互换", at + 1).into(),
            (Self::Swapped { at }, Language::En) => format!("characters {at} and {} are swapped", at + 1).into(),
            (Self::OneDigitAndCheck { at }, Language::Zh) => format!("第{at}位和校验位不同").into(),
            (Self::OneDigitAndCheck { at }, Language::En) => {
                format!("digit {at} differs, and the check character with it").into()
            }
            (Self::SwappedAndCheck { at }, Language::Zh) => format!("第{at}、{}位互换，校验位不同", at + 1).into(),
            (Self::SwappedAndCheck { at }, Language::En) => format!(
                "digits {at} and {} are swapped, and the check character differs",
                at + 1
            )
            .into(),
            (Self::MonthAndDay, Language::Zh) => "出生月、日互换".into(),
            (Self::MonthAndDay, Language::En) => "month and day of the birth date are exchanged".into(),
            (Self::Century, Language::Zh) => "出生年份相差一百年，其余一致".into(),
            (Self::Century, Language::En) => {
                "the year of birth lies a hundred years apart, the rest is the same".into()
            }
            (Self::TwoDigits { first, second }, Language::Zh) => format!("第{first}、{second}位不同").into(),
            (Self::TwoDigits { first, second }, Language::En) => format!("digits {first} and {second} differ").into(),
            (Self::BirthDateOnly, Language::Zh) => "出生日期一致，其余至少三位不同".into(),
            (Self::BirthDateOnly, Language::En) => {
                "the birth date is the same, at least three other characters differ".into()
            }
        }
    }

    /// Whether another check character would be right for the candidate's number, so that it does not tell where the row's
    /// is wrong.
    pub(crate) const fn is_check_silent(self) -> bool {
        matches!(self, Self::OneDigitAndCheck { .. } | Self::SwappedAndCheck { .. })
    }

    pub(crate) const fn reach(self) -> Reach {
        match self {
            Self::Same | Self::Converted => Reach::Same,
            Self::CheckCharacter
            | Self::OneCharacter { .. }
            | Self::Swapped { .. }
            | Self::OneDigitAndCheck { .. }
            | Self::SwappedAndCheck { .. }
            | Self::MonthAndDay
            | Self::Century => Reach::OneSlip,
            Self::TwoDigits { .. } | Self::BirthDateOnly => Reach::Further,
        }
    }
}

/// How the name of a row and that of a candidate agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NameAgreement {
    /// Canonical forms are equal.
    Equal,
    /// It is a former name of the candidate in the register.
    Former,
    /// The same but for traditional and simplified forms.
    Script,
    /// One character differs.
    OneCharacter,
    /// Characters are missing or added.
    MissingOrAdded,
    /// The same characters in another order.
    Order,
    /// The names have little in common.
    Differs,
}

impl NameAgreement {
    /// Every one.
    pub const ALL: [Self; 7] = [
        Self::Equal,
        Self::Former,
        Self::Script,
        Self::OneCharacter,
        Self::MissingOrAdded,
        Self::Order,
        Self::Differs,
    ];

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Former => "former_name",
            Self::Script => "script",
            Self::OneCharacter => "one_character",
            Self::MissingOrAdded => "missing_or_added",
            Self::Order => "order",
            Self::Differs => "differs",
        }
    }

    /// What agrees, for the officer.
    #[must_use]
    pub const fn text(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::Equal, Language::Zh) => "姓名一致",
            (Self::Equal, Language::En) => "the name is the same",
            (Self::Former, Language::Zh) => "与身份库登记的曾用名一致",
            (Self::Former, Language::En) => "the name is a former name in the register",
            (Self::Script, Language::Zh) => "仅繁简写法不同",
            (Self::Script, Language::En) => "the name differs in traditional and simplified forms only",
            (Self::OneCharacter, Language::Zh) => "姓名差一个字",
            (Self::OneCharacter, Language::En) => "one character of the name differs",
            (Self::MissingOrAdded, Language::Zh) => "姓名多字或少字",
            (Self::MissingOrAdded, Language::En) => "characters of the name are missing or added",
            (Self::Order, Language::Zh) => "姓名字序不同",
            (Self::Order, Language::En) => "the characters of the name stand in another order",
            (Self::Differs, Language::Zh) => "姓名不同",
            (Self::Differs, Language::En) => "the name is another",
        }
    }

    /// Whether it is the same name, now or formerly, in either script.
    pub(crate) const fn is_same(self) -> bool {
        matches!(self, Self::Equal | Self::Former | Self::Script)
    }
}

/// How the birth dates in both numbers agree. It follows from the numbers, and is what an officer compares first on paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BirthAgreement {
    /// The same day.
    Same,
    /// Another day.
    Differs,
    /// The number of the row has no day of the calendar in it, or this kind of document has none.
    NotInNumber,
}

impl BirthAgreement {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Same, Self::Differs, Self::NotInNumber];

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Differs => "differs",
            Self::NotInNumber => "not_in_number",
        }
    }

    /// What agrees, for the officer.
    #[must_use]
    pub const fn text(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::Same, Language::Zh) => "号码中的出生日期一致",
            (Self::Same, Language::En) => "the birth date in the number is the same",
            (Self::Differs, Language::Zh) => "号码中的出生日期不同",
            (Self::Differs, Language::En) => "the birth date in the number is another",
            (Self::NotInNumber, Language::Zh) => "号码中没有可比的出生日期",
            (Self::NotInNumber, Language::En) => "the number holds no birth date to compare",
        }
    }
}
