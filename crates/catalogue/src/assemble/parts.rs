//! Parts that several files share: texts, days, legal bases, roles.

use domain::Day;
use domain::catalogue::{BasisRank, BreachClass, FieldRole, LegalBasis, Text};

use crate::finding::{At, Findings, LintRule};
use crate::lint::words;
use crate::raw::{RawBasis, RawText};

pub(crate) fn text(raw: RawText, at: &At, findings: &mut Findings) -> Text {
    checked_text(raw.zh, raw.en, at, findings)
}

pub(crate) fn checked_text(zh: String, en: String, at: &At, findings: &mut Findings) -> Text {
    if zh.trim().is_empty() || en.trim().is_empty() {
        findings.add(at, LintRule::Form, "a text needs both languages, `zh` and `en`");
    }
    Text { zh, en }
}

pub(crate) fn day(text: &str, key: &str, at: &At, findings: &mut Findings) -> Option<Day> {
    let day = Day::parse_iso(text).ok();
    if day.is_none() {
        findings.add(
            at,
            LintRule::Form,
            format!("`{key}` is not a day of the form YYYY-MM-DD"),
        );
    }
    day
}

/// First and last day of validity; a last day before the first is a finding.
pub(crate) fn validity(from: &str, to: Option<&str>, at: &At, findings: &mut Findings) -> Option<(Day, Option<Day>)> {
    between(("valid_from", from), ("valid_to", to), at, findings)
}

/// The same under other keys.
pub(crate) fn between(
    (from_key, from): (&str, &str),
    (to_key, to): (&str, Option<&str>),
    at: &At,
    findings: &mut Findings,
) -> Option<(Day, Option<Day>)> {
    let from = day(from, from_key, at, findings)?;
    let to = match to {
        Some(to) => Some(day(to, to_key, at, findings)?),
        None => None,
    };
    if to.is_some_and(|to| to < from) {
        findings.add(at, LintRule::Form, "the validity ends before it begins");
    }
    Some((from, to))
}

/// A legal basis. No basis below provincial rank passes (R2), nor one whose title does not fit the rank it claims.
pub(crate) fn basis(raw: &RawBasis, at: &At, findings: &mut Findings) -> Option<LegalBasis> {
    let filled = |text: &Option<String>| {
        text.as_deref()
            .map(str::trim)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    let (Some(document), Some(article)) = (filled(&raw.document), filled(&raw.article)) else {
        findings.add(at, LintRule::R2, "a legal basis names its `document` and its `article`");
        return None;
    };
    if words::is_city_document(&document) {
        let message = format!("`{document}` is a city document or memorandum, which is no legal basis");
        findings.cite(
            at,
            LintRule::R2,
            message,
            "国办发〔2020〕49号（二）（三）; 山东省社会信用条例 第十条",
        );
        return None;
    }
    let rank = match raw.rank.as_deref() {
        Some("law") => BasisRank::Law,
        Some("administrative_regulation") => BasisRank::AdministrativeRegulation,
        Some("departmental_rule") => BasisRank::DepartmentalRule,
        Some("provincial_regulation") => BasisRank::ProvincialRegulation,
        other => {
            let message = format!(
                "rank `{}`: a basis is a `law`, an `administrative_regulation`, a `departmental_rule` or a \
                 `provincial_regulation`; nothing below provincial rank carries a record",
                other.unwrap_or("")
            );
            findings.cite(
                at,
                LintRule::R2,
                message,
                "国办发〔2020〕49号（二）（三）; 山东省社会信用条例 第十条",
            );
            return None;
        }
    };
    if !words::title_fits(rank, &document) {
        findings.add(
            at,
            LintRule::R2,
            format!("the title `{document}` does not fit the rank that it claims"),
        );
    }
    Some(LegalBasis {
        document,
        article,
        rank,
    })
}

pub(crate) fn class(word: &str, at: &At, findings: &mut Findings) -> Option<BreachClass> {
    let class = BreachClass::parse(word);
    if class.is_none() {
        findings.add(at, LintRule::Form, "a class is `minor`, `general` or `serious`");
    }
    class
}

pub(crate) fn role(word: &str, at: &At, findings: &mut Findings) -> Option<FieldRole> {
    let role = role_of(word);
    if role.is_none() {
        let message = match near(word, ROLES.iter().map(|(name, _)| *name)) {
            Some(near) => format!("unknown role `{word}`; is `{near}` meant?"),
            None => format!(
                "unknown role `{word}`; the roles are {}",
                ROLES.map(|(name, _)| name).join(", ")
            ),
        };
        findings.add(at, LintRule::Form, message);
    }
    role
}

/// Every role with the word that the files use for it.
pub(crate) const ROLES: [(&str, FieldRole); 29] = [
    ("person_name", FieldRole::PersonName),
    ("subject_category", FieldRole::SubjectCategory),
    ("subject_code", FieldRole::SubjectCode),
    ("document_kind", FieldRole::DocumentKind),
    ("document_number", FieldRole::DocumentNumber),
    ("document_no", FieldRole::DocumentNo),
    ("organ_name", FieldRole::OrganName),
    ("organ_code", FieldRole::OrganCode),
    ("source_code", FieldRole::SourceCode),
    ("decision_day", FieldRole::DecisionDay),
    ("valid_from", FieldRole::ValidFrom),
    ("valid_to", FieldRole::ValidTo),
    ("act_end_day", FieldRole::ActEndDay),
    ("breach_class", FieldRole::BreachClass),
    ("procedure", FieldRole::Procedure),
    ("public_security", FieldRole::PublicSecurity),
    ("penalty_kind", FieldRole::PenaltyKind),
    ("act_kind", FieldRole::ActKind),
    ("penalty_basis", FieldRole::PenaltyBasis),
    ("fine_amount", FieldRole::FineAmount),
    ("row_operation", FieldRole::RowOperation),
    ("upstream_state", FieldRole::UpstreamState),
    ("fulfilment", FieldRole::Fulfilment),
    ("breach_decision_no", FieldRole::BreachDecisionNo),
    ("harm_removed", FieldRole::HarmRemoved),
    ("self_supporting", FieldRole::SelfSupporting),
    ("consent_flag", FieldRole::ConsentFlag),
    ("free_text", FieldRole::FreeText),
    ("plain", FieldRole::Plain),
];

/// The one of `words` that begins as `word` does, or the other way round.
pub(crate) fn near<'w>(word: &str, words: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    let word = word.to_lowercase();
    let mut fitting = words.filter(|known| !word.is_empty() && (known.starts_with(&word) || word.starts_with(known)));
    fitting.next()
}

pub(crate) fn role_of(word: &str) -> Option<FieldRole> {
    ROLES.iter().find(|(name, _)| *name == word).map(|(_, role)| *role)
}

/// The word that the files use for `role`.
pub(crate) fn role_word(role: FieldRole) -> &'static str {
    ROLES
        .iter()
        .find(|(_, known)| *known == role)
        .map_or("", |(name, _)| name)
}
