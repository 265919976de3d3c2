//! Why a row waits for a human, in words that hold no personal data.

/// Language of a text for the officer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Chinese
    Zh,
    /// English
    En,
}

/// What a row that is pending probably is. It helps the officer; it decides nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Explanation {
    /// One character differs, one is missing or added, two are swapped, or forms are traditional and simplified.
    NameVariant,
    /// The delivered name is a former name in the register that nobody has confirmed yet.
    NameChange,
    /// The names have little in common.
    NameDiffers,
    /// With the right check character the number is in the register, under the same name.
    CheckDigitSlip,
    /// With two neighbouring characters swapped the number is in the register, under the same name.
    Transposition,
    /// The number was converted from 15 digits.
    Converted15,
}

impl Explanation {
    /// Every explanation.
    pub const ALL: [Self; 6] = [
        Self::NameVariant,
        Self::NameChange,
        Self::NameDiffers,
        Self::CheckDigitSlip,
        Self::Transposition,
        Self::Converted15,
    ];

    /// The stored and wire form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NameVariant => "name_variant",
            Self::NameChange => "name_change",
            Self::NameDiffers => "name_differs",
            Self::CheckDigitSlip => "check_digit_slip",
            Self::Transposition => "transposition",
            Self::Converted15 => "converted_15",
        }
    }

    /// Reads the form that [`Self::as_str`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|explanation| explanation.as_str() == text)
    }

    /// What happened and what to check, for the officer who decides.
    #[must_use]
    pub const fn text(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::NameVariant, Language::Zh) => {
                "证件号码与身份库一致，姓名相近但不完全相同（差一字、多字、少字、字序或繁简不同）；请核对决定书原件上的姓名"
            }
            (Self::NameVariant, Language::En) => {
                "the number is in the identity register, the name is close to the registered one but not equal \
                 (a character differs, is missing, added or swapped, or is written in its traditional form); check the \
                 name on the original document"
            }
            (Self::NameChange, Language::Zh) => {
                "证件号码与身份库一致，姓名为身份库登记的曾用名，尚未经人工确认；请确认是否为同一人"
            }
            (Self::NameChange, Language::En) => {
                "the number is in the identity register, the name is a former name there that nobody has confirmed yet; \
                 confirm that this is the same person"
            }
            (Self::NameDiffers, Language::Zh) => {
                "证件号码与身份库一致，但姓名不同，可能是号码填错或冒用；请向提供单位核实，不得仅凭号码归集"
            }
            (Self::NameDiffers, Language::En) => {
                "the number is in the identity register, but under another name; the number may be mistyped or misused; \
                 ask the provider, and never attach by the number alone"
            }
            (Self::CheckDigitSlip, Language::Zh) => {
                "证件号码校验位不符，更正校验位后与身份库中同名人员一致；请核对决定书原件上的号码"
            }
            (Self::CheckDigitSlip, Language::En) => {
                "the number fails its check; with the right check character it is in the identity register under the \
                 same name; check the number on the original document"
            }
            (Self::Transposition, Language::Zh) => {
                "证件号码校验位不符，交换相邻两位后与身份库中同名人员一致；请核对决定书原件上的号码"
            }
            (Self::Transposition, Language::En) => {
                "the number fails its check; with two neighbouring characters swapped it is in the identity register \
                 under the same name; check the number on the original document"
            }
            // 居民身份证法 art. 3: the number is the only one of a person and for life; cards with 15 digits ended on 2013-01-01.
            (Self::Converted15, Language::Zh) => {
                "证件号码由15位旧号码换算为18位（一代证自2013年1月1日起停止使用），换算结果须经人工确认"
            }
            (Self::Converted15, Language::En) => {
                "the number was converted from 15 digits (first-generation cards ended on 2013-01-01); a human must \
                 confirm the conversion"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_round_trip_and_texts_are_told_apart() {
        let mut texts = std::collections::BTreeSet::new();
        for explanation in Explanation::ALL {
            assert_eq!(Explanation::parse(explanation.as_str()), Some(explanation));
            for language in [Language::Zh, Language::En] {
                let text = explanation.text(language);
                assert!(texts.insert(text));
                assert!(
                    !text.ends_with(['.', '。']),
                    "a plain sentence without a full stop: {text}"
                );
            }
        }
        assert_eq!(Explanation::parse("NameVariant"), None);
    }
}
