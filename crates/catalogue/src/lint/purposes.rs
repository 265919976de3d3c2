//! Purposes (R4, R5).

use domain::catalogue::{Catalogue, LegalBasis, Purpose};

use super::words;
use crate::finding::{At, Findings, LintRule};

const FILE: &str = "purposes.toml";

pub(crate) fn lint(purpose: &Purpose, catalogue: &Catalogue, findings: &mut Findings) {
    let at = At::new(FILE, purpose.id.as_str());
    for text in [Some(&purpose.name), purpose.duty.as_ref()].into_iter().flatten() {
        for text in [&text.zh, &text.en] {
            if let Some(word) = words::score_word(text) {
                findings.add(
                    &at,
                    LintRule::R1,
                    format!("`{word}`: nobody is looked up for a score, grade or rank"),
                );
            }
        }
    }
    topic(purpose, &at, findings);
    if purpose.is_enabled {
        enabled(purpose, &at, findings);
    } else if purpose.disabled_because.is_none() {
        findings.add(&at, LintRule::R4, "a disabled purpose says why (`disabled_because`)");
    }
    for id in &purpose.items {
        let Some(item) = catalogue.items.get(id) else {
            findings.add(&at, LintRule::Form, format!("unknown item `{id}`"));
            continue;
        };
        let crosses = item.field_of_life.is_some() && item.field_of_life != purpose.field_of_life;
        if crosses && purpose.cross_field_basis.is_none() {
            let message = format!(
                "{id} belongs to the field {}: a record of one field is not used in another unless the law that is \
                 cited says so (`cross_field_basis`)",
                item.field_of_life.as_deref().unwrap_or_default()
            );
            findings.add(&at, LintRule::R5, message);
        }
    }
    field_of_life(purpose.field_of_life.as_ref(), catalogue, &at, findings);
}

/// A forbidden topic may stand here only as an explanation: disabled, with the reason, without items.
fn topic(purpose: &Purpose, at: &At, findings: &mut Findings) {
    let texts = [Some(&purpose.name), purpose.duty.as_ref()];
    let Some(topic) = texts.into_iter().flatten().find_map(words::forbidden_topic) else {
        return;
    };
    if purpose.is_enabled || !purpose.items.is_empty() {
        let message =
            format!("a purpose that touches {topic} cannot be expressed; it may stand disabled, without items");
        findings.cite(
            at,
            LintRule::R4,
            message,
            "山东省社会信用条例 第六条、第二十二条; 国办发〔2020〕49号（五）",
        );
    }
}

fn enabled(purpose: &Purpose, at: &At, findings: &mut Findings) {
    if purpose.name.zh.contains("其他行政管理") || purpose.name.zh == "其他" {
        findings.add(at, LintRule::R4, "“other administration” alone is never a ground");
    }
    match &purpose.statute {
        None => findings.add(at, LintRule::R4, "an enabled purpose names its statute (`statute`)"),
        Some(statute) if is_article_22(statute) => {
            let message = "art. 22 says when authorities may look up, not who shall look what up: it enables no purpose \
                           on its own, least of all “other administration”";
            findings.add(at, LintRule::R4, message);
        }
        Some(_) => {}
    }
    if purpose.duty.is_none() {
        findings.add(
            at,
            LintRule::R4,
            "an enabled purpose says who shall look what up, as its statute has it (`duty`)",
        );
    }
    if purpose.items.is_empty() {
        findings.add(at, LintRule::R4, "an enabled purpose names its items (`items`)");
    }
}

fn is_article_22(statute: &LegalBasis) -> bool {
    statute.document.contains("山东省社会信用条例") && statute.article.contains("第二十二条")
}

pub(crate) fn field_of_life(code: Option<&String>, catalogue: &Catalogue, at: &At, findings: &mut Findings) {
    if let Some(code) = code.filter(|code| !catalogue.fields_of_life.contains_key(*code)) {
        findings.add(
            at,
            LintRule::Form,
            format!("field of life `{code}` is not in fields-of-life.toml"),
        );
    }
}
