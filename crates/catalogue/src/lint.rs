//! What the rights floor and the form of the files ask of a catalogue.

pub(crate) mod classes;
pub(crate) mod items;
pub(crate) mod measures;
pub(crate) mod purposes;
pub(crate) mod rules;
pub(crate) mod words;

use domain::catalogue::Catalogue;

use crate::assemble::Assembled;
use crate::finding::{At, Findings, LintRule};

/// Checks an assembled catalogue; what could not be assembled has its findings already.
pub(crate) fn lint(assembled: &Assembled, findings: &mut Findings) {
    if !assembled.is_whole {
        return;
    }
    let catalogue = &assembled.catalogue;
    for item in catalogue.items.values() {
        let file = assembled.item_files.get(&item.id).map_or("items", String::as_str);
        items::lint(item, file, catalogue, findings);
    }
    for purpose in catalogue.purposes.values() {
        purposes::lint(purpose, catalogue, findings);
    }
    purposes::limits(catalogue, findings);
    for measure in catalogue.measures.values() {
        measures::lint(measure, catalogue, findings);
    }
    classes::lint(catalogue, findings);
    rules::lint(catalogue, findings);
    code_lists(catalogue, findings);
}

/// R1 over the values of the code lists.
fn code_lists(catalogue: &Catalogue, findings: &mut Findings) {
    // Without its words no free text would be withheld for naming somebody else.
    if !catalogue.code_lists.keys().any(|id| id.as_str() == "CL-OTHER-PERSON") {
        let at = At::new("code-lists.toml", "CL-OTHER-PERSON");
        findings.add(
            &at,
            LintRule::R2,
            "the list of words for other persons is missing; it cannot be left out",
        );
    }
    for (id, values) in &catalogue.code_lists {
        let at = At::new("code-lists.toml", id.as_str());
        for value in values {
            for text in [&value.code, &value.text.zh, &value.text.en]
                .into_iter()
                .chain(&value.aliases)
            {
                if let Some(word) = words::score_word(text) {
                    let message = format!("`{text}`: `{word}` is a score, grade or rank of a person");
                    findings.add(&at, LintRule::R1, message);
                }
            }
        }
    }
}
