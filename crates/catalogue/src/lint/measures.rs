//! Measures (R3, R4, R5).

use domain::catalogue::{Catalogue, Measure, Text};

use super::{purposes, words};
use crate::finding::{At, Findings, LintRule};

const FILE: &str = "measures.toml";

pub(crate) fn lint(measure: &Measure, catalogue: &Catalogue, findings: &mut Findings) {
    let at = At::new(FILE, measure.id.as_str());
    for text in [&measure.name, &measure.linked_fact] {
        for text in [&text.zh, &text.en] {
            if let Some(word) = words::score_word(text) {
                findings.add(
                    &at,
                    LintRule::R1,
                    format!("`{word}`: no measure follows from a score, grade or rank"),
                );
            }
        }
    }
    if measure.is_enabled {
        let message = "this version has no proceedings, and without notice, reply and a second human's decision no \
                       measure can be taken: it stays disabled (R3)";
        findings.cite(
            &at,
            LintRule::R4,
            message,
            "国办发〔2020〕49号（四）; 行政处罚法 第四十四条、第四十五条",
        );
    }
    match catalogue.items.get(&measure.linked_item) {
        None => findings.add(
            &at,
            LintRule::R5,
            format!("the linked item `{}` is unknown", measure.linked_item),
        ),
        Some(item) => {
            let crosses = item.field_of_life.is_some() && item.field_of_life != measure.field_of_life;
            if crosses && measure.cross_field_basis.is_none() {
                let message = format!(
                    "{} belongs to the field {}: a measure of another field needs a law that says so \
                     (`cross_field_basis`)",
                    item.id,
                    item.field_of_life.as_deref().unwrap_or_default()
                );
                findings.add(&at, LintRule::R5, message);
            }
        }
    }
    purposes::field_of_life(measure.field_of_life.as_ref(), catalogue, &at, findings);
}

/// R4: some measures cannot be expressed, not even disabled.
pub(crate) fn forbidden_topic(name: &Text, at: &At, findings: &mut Findings) {
    if let Some(topic) = words::forbidden_topic(name) {
        let message = format!("a measure that touches {topic} cannot be expressed");
        findings.cite(
            at,
            LintRule::R4,
            message,
            "山东省社会信用条例 第二十七条; 国办发〔2020〕49号（五）",
        );
    }
}
