//! What of a record is shown to somebody else: a pure function of record, catalogue, purpose and moment (R4, R5, R8).

use crate::Uscc;
use crate::catalogue::{FieldCode, FieldSpec, Item, ItemId, Purpose};
use crate::record::{RecordContent, RecordState, is_served_to_others};
use crate::time::Day;

/// What is known of a record without opening it.
#[derive(Debug, Clone, Copy)]
pub struct RecordHead<'a> {
    /// Item.
    pub item: &'a ItemId,
    /// Who delivered it.
    pub provider: &'a Uscc,
    /// State now.
    pub state: RecordState,
    /// Last day on which anybody but the person may read it.
    pub end: Day,
}

/// A field that is shown.
#[derive(Clone, PartialEq, Eq)]
pub struct ShownField<'a> {
    /// What it is.
    pub spec: &'a FieldSpec,
    /// Its value, without numbers of persons.
    pub value: String,
}

/// `Debug` shows the code only.
impl std::fmt::Debug for ShownField<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ShownField({})", self.spec.code.0)
    }
}

/// Digits in a row from which on they could be an identity number (GB 11643: 15 or 18).
const NUMBER_DIGITS: usize = 15;

/// Whether a record is shown under `purpose` at all, on `day`, to a caller who asked for `wanted`: an item that was asked for
/// and that the purpose has (R4), linked to it (R5), usable or disputed, and in time (R8; invariant I4). Decided by clear
/// columns, so that what is not shown is not opened either.
#[must_use]
pub fn is_shown(head: &RecordHead<'_>, purpose: &Purpose, item: &Item, wanted: &[ItemId], day: Day) -> bool {
    let is_asked_for = wanted.contains(head.item) && purpose.items.contains(head.item) && *head.item == item.id;
    // A penalty can be of any field of life: only whose field the purpose is in, if it names them.
    let is_linked = item.field_of_life.is_some()
        || purpose.linked_providers.is_empty()
        || purpose.linked_providers.contains(head.provider);
    purpose.is_enabled && is_asked_for && is_linked && is_served_to_others(head.state, head.end, day)
}

/// What of a record's content is shown: the fields that the purpose names, in its order. Text that was withheld because it
/// names others (E16) stays withheld, and a number of a person in any text is masked but for its last two characters.
#[must_use]
pub fn disclose<'a>(purpose: &Purpose, item: &'a Item, content: &RecordContent) -> Vec<ShownField<'a>> {
    let codes = purpose.fields.get(&item.id).map(Vec::as_slice).unwrap_or_default();
    let shown = |code: &FieldCode| {
        let value = content.fields.get(code).filter(|_| !content.withheld.contains(code))?;
        Some(ShownField {
            spec: item.field(code)?,
            value: mask_numbers(value),
        })
    };
    codes.iter().filter_map(shown).collect()
}

/// Masks whatever could be an identity number: of a run of 15 or more letters and digits that begins with as many digits, all
/// but the last two. Numbers of decisions and licences are shorter, or hold other characters.
fn mask_numbers(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut run = String::new();
    for letter in value.chars().map(Some).chain([None]) {
        if let Some(letter) = letter.filter(|letter| letter.is_ascii_digit() || matches!(letter, 'X' | 'x')) {
            run.push(letter);
            continue;
        }
        let digits = run.bytes().take_while(u8::is_ascii_digit).count();
        if digits >= NUMBER_DIGITS {
            out.extend(std::iter::repeat_n('*', run.len() - 2));
            out.push_str(run.get(run.len() - 2..).unwrap_or_default());
        } else {
            out.push_str(&run);
        }
        run.clear();
        out.extend(letter);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::mask_numbers;

    #[test]
    fn a_number_in_a_text_keeps_its_last_two_characters_only() {
        for (text, masked) in [
            ("37019919900101001X", "****************1X"),
            ("当事人（370199199001010010）违法", "当事人（****************10）违法"),
            ("370199900101001", "*************01"),
            ("测市监罚〔2026〕12号", "测市监罚〔2026〕12号"),
            ("JY13701990012345", "JY13701990012345"),
            ("0.200000", "0.200000"),
            ("", ""),
        ] {
            assert_eq!(mask_numbers(text), masked, "{text}");
        }
    }
}
