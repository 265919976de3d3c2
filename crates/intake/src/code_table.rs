//! A code list as it is looked up: code, text or alias to the value, as written and folded.

use std::sync::Arc;

use domain::catalogue::{CodeValue, Text};
use foldhash::{HashMap, HashMapExt};

use crate::fold;

/// Between several values of one cell, as stored.
pub(crate) const JOINT: &str = "；";

/// A list of no more values than these is told to whoever gave another value: a longer one would hide the remedy.
const TOLD_MAX: usize = 16;

/// A code list.
#[derive(Debug)]
pub(crate) struct CodeTable {
    /// Canonical texts.
    pub(crate) texts: Vec<String>,
    /// Folded code and folded text, for conditions.
    pub(crate) folded: Vec<(String, String)>,
    /// The values of a short list, in words.
    pub(crate) told: Option<Arc<Text>>,
    spellings: HashMap<String, u16>,
}

impl CodeTable {
    pub(crate) fn new(values: &[CodeValue]) -> Self {
        let mut spellings = HashMap::new();
        for (index, value) in values.iter().enumerate() {
            let Ok(index) = u16::try_from(index) else { break };
            // Codes and texts of all values go before aliases of any.
            for spelling in [&value.code, &value.text.zh] {
                spellings.entry(spelling.clone()).or_insert(index);
                spellings.entry(fold::value(spelling)).or_insert(index);
            }
        }
        for (index, value) in values.iter().enumerate() {
            let Ok(index) = u16::try_from(index) else { break };
            for spelling in value.aliases.iter().chain([&value.text.en]) {
                spellings.entry(spelling.clone()).or_insert(index);
                spellings.entry(fold::value(spelling)).or_insert(index);
            }
        }
        Self {
            texts: values.iter().map(|value| value.text.zh.clone()).collect(),
            folded: values
                .iter()
                .map(|value| (fold::value(&value.code), fold::value(&value.text.zh)))
                .collect(),
            told: (values.len() <= TOLD_MAX).then(|| told(values)),
            spellings,
        }
    }

    /// The value that `text` stands for.
    pub(crate) fn find(&self, text: &str) -> Option<u16> {
        self.spellings
            .get(text)
            .or_else(|| self.spellings.get(&fold::value(text)))
            .copied()
    }

    /// The values that `text` stands for, joined by `;`, `；`, `、` or commas. Texts of values have `、` inside
    /// (没收违法所得、没收非法财物), so the longest spelling wins.
    pub(crate) fn find_several(&self, text: &str) -> Option<Vec<u16>> {
        if let Some(&value) = self.spellings.get(text) {
            return Some(vec![value]);
        }
        self.find_parts(text)
            .or_else(|| self.find(text).map(|value| vec![value]))
    }

    fn find_parts(&self, text: &str) -> Option<Vec<u16>> {
        let mut found = Vec::new();
        for part in text
            .split([';', '；', ',', '，', '|'])
            .map(fold::trim)
            .filter(|part| !part.is_empty())
        {
            self.find_joined(part, &mut found)?;
        }
        (!found.is_empty()).then_some(found)
    }

    fn find_joined(&self, part: &str, found: &mut Vec<u16>) -> Option<()> {
        let mut rest = part;
        while !rest.is_empty() {
            // The longest beginning of `rest` that ends at a 、 or at its end and spells a value.
            let mut end = rest.len();
            let value = loop {
                let spelled = rest.get(..end)?;
                if let Some(value) = self.find(fold::trim(spelled)) {
                    break value;
                }
                end = spelled.rfind('、')?;
            };
            if !found.contains(&value) {
                found.push(value);
            }
            rest = rest.get(end..)?.trim_start_matches('、');
        }
        Some(())
    }

    pub(crate) fn text(&self, value: u16) -> &str {
        self.texts.get(usize::from(value)).map_or("", String::as_str)
    }

    pub(crate) fn join(&self, values: &[u16]) -> String {
        let mut joined = String::new();
        for (at, value) in values.iter().enumerate() {
            if at > 0 {
                joined.push_str(JOINT);
            }
            joined.push_str(self.text(*value));
        }
        joined
    }
}

/// Code and text of each value; one that is its own code, or has no text of the language, is told by its code.
fn told(values: &[CodeValue]) -> Arc<Text> {
    let list = |text: fn(&Text) -> &str, between: &str| {
        let each = |value: &CodeValue| match text(&value.text) {
            text if text.is_empty() || text == value.code => value.code.clone(),
            text => format!("{} {text}", value.code),
        };
        values.iter().map(each).collect::<Vec<_>>().join(between)
    };
    Arc::new(Text {
        zh: list(|text| &text.zh, "、"),
        en: list(|text| &text.en, ", "),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> CodeTable {
        let value = |code: &str, zh: &str, aliases: &[&str]| CodeValue {
            code: code.into(),
            text: Text {
                zh: zh.into(),
                en: String::new(),
            },
            aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
        };
        CodeTable::new(&[
            value("01", "警告", &["1"]),
            value("02", "没收违法所得、没收非法财物", &[]),
            value("03", "罚款", &[]),
        ])
    }

    #[test]
    fn codes_texts_and_aliases_lead_to_the_text() {
        let table = table();
        for (text, want) in [
            ("01", Some("警告")),
            ("1", Some("警告")),
            (" 警 告", Some("警告")),
            ("０１", Some("警告")),
            ("x", None),
        ] {
            assert_eq!(table.find(text).map(|value| table.text(value)), want, "{text}");
        }
    }

    #[test]
    fn a_short_list_is_told_and_a_long_one_is_not() {
        let value = |number: usize| CodeValue {
            code: format!("{number:02}"),
            text: Text {
                zh: format!("{number:02}"),
                en: format!("kind {number}"),
            },
            aliases: Vec::new(),
        };
        let values: Vec<_> = (1..=TOLD_MAX + 1).map(value).collect();
        let told = CodeTable::new(&values[..2]).told.expect("a short list");
        assert_eq!((told.zh.as_str(), told.en.as_str()), ("01、02", "01 kind 1, 02 kind 2"));
        assert!(CodeTable::new(&values[..TOLD_MAX]).told.is_some());
        assert!(CodeTable::new(&values).told.is_none());
        assert_eq!(table().told.expect("a short list").en, "01, 02, 03");
    }

    #[test]
    fn several_values_are_split_at_the_longest_spelling() {
        let table = table();
        for (text, want) in [
            (
                "罚款;没收违法所得、没收非法财物",
                Some("罚款；没收违法所得、没收非法财物"),
            ),
            (
                "警告、没收违法所得、没收非法财物、罚款",
                Some("警告；没收违法所得、没收非法财物；罚款"),
            ),
            ("01；03", Some("警告；罚款")),
            ("罚款；罚款；", Some("罚款")),
            ("罚款；没收", None),
            ("；", None),
        ] {
            assert_eq!(
                table.find_several(text).map(|values| table.join(&values)).as_deref(),
                want,
                "{text}"
            );
        }
    }
}
